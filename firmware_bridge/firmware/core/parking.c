#include "parking.h"

static void park(mb_core *core)
{
    core->parking = true;
    core->hold_left_us = MB_PARK_HOLD_MS * 1000UL;
    mb_setpoints_forget(&core->setpoints, core->attached_mask);
}

void mb_check_watchdog(mb_core *core)
{
    const uint32_t watchdog_us = (uint32_t)core->settings.watchdog_ms * 1000u;
    if (core->attached_mask != 0 && !core->parking && core->now_us - core->move_us >= watchdog_us) {
        core->tripped = true;
        park(core);
    }
}

/* Whatever holds the servo, pushing on does not help. */
static void let_go(mb_core *core)
{
    mb_setpoints_forget(&core->setpoints, core->attached_mask);
    core->attached_mask = 0;
    core->resting_mask = 0;
    core->parking = false;
    core->calibration.jog_channel = MB_NO_CHANNEL;
}

void mb_alarm(mb_core *core, bool stalled, bool hot)
{
    mb_alarms *alarms = &core->alarms;
    if (stalled && !alarms->stall_level) {
        alarms->stall_since_us = core->now_us;
    }
    alarms->stall_level = stalled;
    alarms->hot_level = hot;
}

void mb_check_alarms(mb_core *core)
{
    mb_alarms *alarms = &core->alarms;
    if (alarms->stall_level && core->now_us - alarms->stall_since_us >= MB_STALL_MS * 1000UL) {
        alarms->stalled = true;
        let_go(core);
    }
    if (alarms->hot_level) {
        alarms->hot = true;
        core->calibration.jog_channel = MB_NO_CHANNEL;
        if (core->attached_mask != 0 && !core->parking) {
            park(core);
        }
    }
}

void mb_park_on(mb_core *core, bool all_neutral)
{
    if (!all_neutral) {
        return;
    }
    if (core->hold_left_us > core->settings.period_us) {
        core->hold_left_us -= core->settings.period_us;
        return;
    }
    core->attached_mask = 0;
    core->resting_mask = 0;
    core->parking = false;
}
