#include "moving.h"

#include "calibration.h"
#include "replies.h"

static uint8_t may_attach(const mb_core *core, uint16_t mask)
{
    if ((mask & ~core->settings.calibrated_mask) != 0) {
        return MB_STATUS_NO_LIMITS;
    }
    if (core->calibration.storing) {
        return MB_STATUS_LOCKED;
    }
    return core->alarms.stall_level || core->alarms.hot_level ? MB_STATUS_ALARM : MB_STATUS_OK;
}

uint8_t mb_attach(mb_core *core, uint16_t mask)
{
    if (mask == 0) {
        return MB_STATUS_OK;
    }
    const uint8_t status = may_attach(core, mask);
    if (status != MB_STATUS_OK) {
        return status;
    }
    const uint16_t fresh = (uint16_t)(core->parking ? mask | core->attached_mask : mask & ~core->attached_mask);
    /* Parking ones are under way, and go on from that. */
    const uint16_t starting = (uint16_t)(fresh & (uint16_t)(~core->attached_mask | core->resting_mask));
    for (uint8_t c = 0; c < core->board.channels; c++) {
        if (starting >> c & 1u) {
            mb_output_attach(&core->output[c], &core->settings.channel[c], core->settings.period_us);
        }
        if (fresh >> c & 1u) {
            mb_setpoints_hold(&core->setpoints, c, core->settings.channel[c].neutral_us, core->now_us);
            core->still_us[c] = 0;
        }
    }
    if (core->attached_mask == 0 || core->parking) {
        core->move_us = core->now_us;
    }
    core->attached_mask |= mask;
    core->resting_mask = (uint16_t)(core->resting_mask & ~fresh);
    core->parking = false;
    core->tripped = false;
    core->alarms.stalled = false;
    core->alarms.hot = false;
    mb_lock(core);
    return MB_STATUS_OK;
}

uint8_t mb_detach(mb_core *core, uint16_t mask)
{
    core->attached_mask = (uint16_t)(core->attached_mask & ~mask);
    core->resting_mask = (uint16_t)(core->resting_mask & ~mask);
    core->parking = core->parking && core->attached_mask != 0;
    mb_setpoints_forget(&core->setpoints, mask);
    const uint8_t jogged = core->calibration.jog_channel;
    if (jogged != MB_NO_CHANNEL && (mask >> jogged & 1u) != 0) {
        core->calibration.jog_channel = MB_NO_CHANNEL; /* whatever moves it, a detached channel gets no pulses */
    }
    return MB_STATUS_OK;
}

static uint8_t timely(mb_core *core, uint32_t due_us)
{
    const int32_t ahead_us = mb_us_from(core->now_us, due_us);
    uint8_t status = MB_STATUS_OK;
    if (ahead_us < -(int32_t)(MB_LATE_MS * 1000L)) {
        status = MB_STATUS_LATE;
    } else if (ahead_us > (int32_t)(MB_AHEAD_MS * 1000L)) {
        status = MB_STATUS_TOO_FAR;
    } else {
        return status;
    }
    mb_count(&core->counters.late_set_points);
    return status;
}

uint8_t mb_move(mb_core *core, const mb_set_point *wanted)
{
    mb_set_point added = *wanted;
    if (wanted->mask == 0 || (wanted->mask & ~core->attached_mask) != 0 || core->parking) {
        return MB_STATUS_NOT_ATTACHED;
    }
    uint8_t status = timely(core, wanted->due_us);
    if (status != MB_STATUS_OK) {
        return status;
    }
    for (uint8_t c = 0; c < core->board.channels; c++) {
        if (wanted->mask >> c & 1u) {
            added.pulse_us[c] = mb_clamp(&core->settings.channel[c], wanted->pulse_us[c]);
            if (added.pulse_us[c] != wanted->pulse_us[c]) {
                status = MB_STATUS_CLAMPED;
            }
        }
    }
    mb_setpoints_reach(&core->setpoints, core->now_us);
    if (!mb_setpoints_add(&core->setpoints, &added, core->now_us)) {
        mb_count(&core->counters.overruns);
        return MB_STATUS_QUEUE_FULL;
    }
    if (status == MB_STATUS_CLAMPED) {
        mb_count(&core->counters.clamped_set_points);
    }
    core->move_us = core->now_us;
    return status;
}
