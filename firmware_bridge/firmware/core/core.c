#include "core.h"

#include <string.h>

#include "calibration.h"
#include "handlers.h"
#include "parking.h"
#include "replies.h"

void mb_start(mb_core *core, const mb_board *board, uint32_t now_us)
{
    memset(core, 0, sizeof *core);
    core->board = *board;
    core->now_us = now_us;
    core->slot = MB_SLOTS;
    core->calibration.jog_channel = MB_NO_CHANNEL;
    mb_cobs_start(&core->decoder);
    mb_settings_start(&core->settings);
}

bool mb_load(mb_core *core, uint8_t slot, const uint8_t image[MB_STORE_BYTES])
{
    if (!mb_store_right(image, core->board.channels, core->board.shortest_period_us)) {
        return false;
    }
    const int16_t newer = (int16_t)(uint16_t)(mb_store_generation(image) - core->settings.generation);
    if (core->slot == MB_SLOTS || newer > 0) {
        mb_store_unpack(&core->settings, image);
        core->slot = slot;
    }
    return true;
}

void mb_poll(mb_core *core, uint32_t now_us)
{
    if (mb_us_from(core->now_us, now_us) > 0) {
        core->now_us = now_us; /* a reading from before the last one: time stands still until it is passed */
    }
    mb_check_alarms(core);
    mb_check_watchdog(core);
    mb_check_session(core);
}

void mb_receive(mb_core *core, uint8_t byte, uint32_t now_us)
{
    mb_poll(core, now_us);
    switch (mb_cobs_take(&core->decoder, byte)) {
    case MB_FRAME_GOOD:
        mb_handle_frame(core);
        break;
    case MB_FRAME_BAD:
        mb_count(&core->counters.bad_frames);
        break;
    case MB_NOTHING_YET:
        break;
    }
}

uint16_t mb_period_us(const mb_core *core)
{
    return core->settings.period_us;
}

/* A channel that has stood still for long gives no pulses until it is wanted elsewhere. */
static bool rests(mb_core *core, uint8_t channel, uint16_t wanted_us)
{
    const uint32_t idle_us = (uint32_t)core->settings.idle_detach_s * 1000000UL;
    const uint16_t bit = (uint16_t)(1u << channel);
    const mb_limits *limits = &core->settings.channel[channel];
    if (core->output[channel].given_us != mb_clamp(limits, wanted_us)) {
        if (core->resting_mask & bit) {
            mb_output_wake(&core->output[channel], core->settings.period_us);
        }
        core->resting_mask = (uint16_t)(core->resting_mask & ~bit);
        core->still_us[channel] = 0;
    } else if (idle_us == 0 || core->still_us[channel] < idle_us) {
        core->still_us[channel] += idle_us == 0 ? 0 : core->settings.period_us;
    } else {
        core->resting_mask |= bit;
    }
    return (core->resting_mask & bit) != 0;
}

void mb_pulses(mb_core *core, uint32_t start_us, uint16_t pulse_us[MB_MAX_CHANNELS])
{
    bool all_neutral = true;
    mb_horizon horizon;
    mb_goal goal;
    mb_setpoints_reach(&core->setpoints, start_us);
    mb_horizon_start(&horizon, &core->setpoints, start_us, core->settings.period_us);
    memset(pulse_us, 0, MB_MAX_CHANNELS * sizeof *pulse_us);
    for (uint8_t c = 0; c < MB_MAX_CHANNELS; c++) {
        if ((core->attached_mask >> c & 1u) == 0) {
            continue;
        }
        const mb_limits *limits = &core->settings.channel[c];
        if (core->parking) {
            mb_goal_rest(&goal, limits->neutral_us);
        } else {
            mb_goal_ahead(&goal, &horizon, c);
        }
        if (!rests(core, c, (uint16_t)((goal.eighths[0] + 4) / 8))) {
            pulse_us[c] = mb_output_step(&core->output[c], limits, &goal, core->settings.period_us);
        }
        all_neutral = all_neutral && core->output[c].given_us == limits->neutral_us;
    }
    if (core->parking) {
        mb_park_on(core, all_neutral);
    }
    mb_jog_pulse(core, pulse_us);
}

bool mb_transmit(mb_core *core, uint8_t *byte)
{
    if (core->out_count == 0) {
        return false;
    }
    *byte = core->outbox[core->out_read];
    core->out_read = (uint8_t)((core->out_read + 1u) % MB_OUTBOX_BYTES);
    core->out_count--;
    return true;
}

void mb_lost_byte(mb_core *core)
{
    mb_count(&core->counters.overruns);
}
