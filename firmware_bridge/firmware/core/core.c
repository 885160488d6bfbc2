#include "core.h"

#include <string.h>

#include "handlers.h"
#include "replies.h"

void mb_start(mb_core *core, uint8_t board, uint8_t channels, const uint8_t image[MB_STORE_BYTES], uint32_t now_us)
{
    memset(core, 0, sizeof *core);
    core->board = board;
    core->channels = channels;
    core->now_us = now_us;
    mb_cobs_start(&core->decoder);
    (void)mb_store_unpack(&core->settings, image, channels);
}

static mb_instant later(mb_instant from, uint32_t passed_us)
{
    const uint32_t us = from.us + passed_us;
    const uint32_t whole_ms = us < 1000u ? 0 : us / 1000u;
    const mb_instant instant = {(uint16_t)(from.ms + whole_ms), (uint16_t)(us - whole_ms * 1000u)};
    return instant;
}

static void advance(mb_core *core, uint32_t now_us)
{
    const uint32_t passed_us = now_us - core->now_us;
    if (passed_us >= 0x80000000UL) {
        return; /* a reading from before the last one: time stands still until it is passed */
    }
    core->clock = later(core->clock, passed_us);
    core->now_us = now_us;
}

/* The host has gone quiet: to neutral under the slew limit, hold, detach. */
static void park(mb_core *core)
{
    core->parking = true;
    core->tripped = true;
    core->hold_left = MB_PARK_HOLD_PULSES;
    mb_setpoints_forget(&core->setpoints, core->attached_mask);
}

static void check_timeouts(mb_core *core)
{
    const uint32_t watchdog_us = (uint32_t)core->settings.watchdog_ms * 1000u;
    if (core->attached_mask != 0 && !core->parking && core->now_us - core->move_us >= watchdog_us) {
        park(core);
    }
    if (core->unlocked && core->now_us - core->session_us >= (uint32_t)MB_CALIBRATION_IDLE_MS * 1000u) {
        core->unlocked = false;
    }
}

void mb_poll(mb_core *core, uint32_t now_us)
{
    advance(core, now_us);
    check_timeouts(core);
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

static void finish_parking(mb_core *core, bool all_neutral)
{
    if (!all_neutral) {
        return;
    }
    if (core->hold_left > 0) {
        core->hold_left--;
        return;
    }
    core->attached_mask = 0;
    core->parking = false;
}

void mb_pulses(mb_core *core, uint16_t ahead_us, uint16_t pulse_us[MB_MAX_CHANNELS])
{
    const mb_instant at = later(core->clock, ahead_us);
    bool all_neutral = true;
    mb_setpoints_reach(&core->setpoints, at);
    for (uint8_t c = 0; c < MB_MAX_CHANNELS; c++) {
        pulse_us[c] = 0;
        if ((core->attached_mask >> c & 1u) == 0) {
            continue;
        }
        const mb_limits *limits = &core->settings.channel[c];
        const uint16_t wanted_us =
            core->parking ? limits->neutral_us : mb_setpoints_position(&core->setpoints, c, at);
        pulse_us[c] = mb_output_step(&core->output[c], limits, wanted_us);
        all_neutral = all_neutral && pulse_us[c] == limits->neutral_us;
    }
    if (core->parking) {
        finish_parking(core, all_neutral);
    }
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

const uint8_t *mb_to_store(const mb_core *core)
{
    return core->storing ? core->image : NULL;
}

void mb_stored(mb_core *core, bool written)
{
    if (!core->storing) {
        return;
    }
    if (!written) {
        core->image[0] = 0xFF; /* what memory holds is unknown: no limits until a store succeeds */
    }
    const bool right = mb_store_unpack(&core->settings, core->image, core->channels);
    core->storing = false;
    mb_acknowledge(core, MB_TYPE_STORE, core->store_seq, right ? MB_STATUS_OK : MB_STATUS_STORE_FAILED);
}
