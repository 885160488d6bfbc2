#include "handlers.h"

#include "calibration.h"
#include "replies.h"
#include "wire.h"

static uint8_t attach(mb_core *core, const mb_message *m)
{
    const uint16_t mask = mb_get_u16(m->body + MB_ATTACH_MASK_AT);
    if (mask == 0) {
        return MB_STATUS_OK;
    }
    if ((mask & ~core->settings.calibrated_mask) != 0) {
        return MB_STATUS_NO_LIMITS;
    }
    if (core->storing) {
        return MB_STATUS_LOCKED;
    }
    const uint16_t fresh = (uint16_t)(core->parking ? mask | core->attached_mask : mask & ~core->attached_mask);
    for (uint8_t c = 0; c < core->channels; c++) {
        if (fresh >> c & 1u) {
            mb_output_attach(&core->output[c], &core->settings.channel[c]);
            mb_setpoints_hold(&core->setpoints, c, core->settings.channel[c].neutral_us, core->clock);
        }
    }
    if (core->attached_mask == 0 || core->parking) {
        core->move_us = core->now_us;
    }
    core->attached_mask |= mask;
    core->parking = false;
    core->tripped = false;
    core->unlocked = false;
    return MB_STATUS_OK;
}

static uint8_t detach(mb_core *core, const mb_message *m)
{
    const uint16_t mask = mb_get_u16(m->body + MB_DETACH_MASK_AT);
    core->attached_mask = (uint16_t)(core->attached_mask & ~mask);
    core->parking = core->parking && core->attached_mask != 0;
    mb_setpoints_forget(&core->setpoints, mask);
    return MB_STATUS_OK;
}

static uint8_t bits_in(uint16_t mask)
{
    uint8_t bits = 0;
    for (; mask != 0; mask = (uint16_t)(mask & (mask - 1u))) {
        bits++;
    }
    return bits;
}

static bool move_may_come(mb_core *core, uint16_t due_ms, uint8_t *status)
{
    const int16_t ahead_ms = mb_ms_from(core->clock.ms, due_ms);
    if (ahead_ms < -(int16_t)MB_LATE_MS) {
        *status = MB_STATUS_LATE;
    } else if (ahead_ms > (int16_t)MB_AHEAD_MS) {
        *status = MB_STATUS_TOO_FAR;
    } else {
        return true;
    }
    mb_count(&core->counters.late_set_points);
    return false;
}

static uint8_t move(mb_core *core, const mb_message *m)
{
    mb_set_point added;
    if (m->length < MB_MOVE_FIXED_BYTES) {
        return MB_STATUS_BAD_LENGTH;
    }
    added.due_ms = mb_get_u16(m->body + MB_MOVE_DUE_MS_AT);
    added.mask = mb_get_u16(m->body + MB_MOVE_MASK_AT);
    if (m->length != MB_MOVE_FIXED_BYTES + 2u * bits_in(added.mask)) {
        return MB_STATUS_BAD_LENGTH;
    }
    if (added.mask == 0 || (added.mask & ~core->attached_mask) != 0 || core->parking) {
        return MB_STATUS_NOT_ATTACHED;
    }
    uint8_t status = MB_STATUS_OK;
    if (!move_may_come(core, added.due_ms, &status)) {
        return status;
    }
    const uint8_t *wanted = m->body + MB_MOVE_PULSE_US_AT;
    for (uint8_t c = 0; c < core->channels; c++) {
        if (added.mask >> c & 1u) {
            added.pulse_us[c] = mb_clamp(&core->settings.channel[c], mb_get_u16(wanted));
            if (added.pulse_us[c] != mb_get_u16(wanted)) {
                status = MB_STATUS_CLAMPED;
            }
            wanted += 2;
        }
    }
    mb_setpoints_reach(&core->setpoints, core->clock);
    if (!mb_setpoints_add(&core->setpoints, &added, core->clock)) {
        mb_count(&core->counters.overruns);
        return MB_STATUS_QUEUE_FULL;
    }
    if (status == MB_STATUS_CLAMPED) {
        mb_count(&core->counters.clamped_set_points);
    }
    core->move_us = core->now_us;
    return status;
}

/* The body length of a message with a fixed one; 0xFF for the others. */
static uint8_t fixed_length(uint8_t type)
{
    switch (type) {
    case MB_TYPE_HELLO:
        return MB_HELLO_FIXED_BYTES;
    case MB_TYPE_PING:
        return MB_PING_FIXED_BYTES;
    case MB_TYPE_ATTACH:
        return MB_ATTACH_FIXED_BYTES;
    case MB_TYPE_DETACH:
        return MB_DETACH_FIXED_BYTES;
    case MB_TYPE_QUERY:
        return MB_QUERY_FIXED_BYTES;
    case MB_TYPE_UNLOCK:
        return MB_UNLOCK_FIXED_BYTES;
    case MB_TYPE_SET_LIMITS:
        return MB_SET_LIMITS_FIXED_BYTES;
    case MB_TYPE_STORE:
        return MB_STORE_FIXED_BYTES;
    default:
        return 0xFF;
    }
}

/* True when the handler has replied, or will; else status is for the acknowledgement. */
static bool replied(mb_core *core, const mb_message *m, uint8_t *status)
{
    switch (m->type) {
    case MB_TYPE_HELLO:
        *status = MB_STATUS_BAD_VERSION;
        if (m->body[MB_HELLO_MAJOR_AT] != MB_VERSION_MAJOR) {
            return false;
        }
        mb_reply_welcome(core, m->seq);
        return true;
    case MB_TYPE_PING:
        mb_reply_pong(core, m);
        return true;
    case MB_TYPE_QUERY:
        mb_reply_state(core, m->seq);
        return true;
    case MB_TYPE_STORE:
        return mb_store_begins(core, m, status);
    case MB_TYPE_ATTACH:
        *status = attach(core, m);
        return false;
    case MB_TYPE_DETACH:
        *status = detach(core, m);
        return false;
    case MB_TYPE_MOVE:
        *status = move(core, m);
        return false;
    case MB_TYPE_UNLOCK:
        *status = mb_unlock(core, m);
        return false;
    case MB_TYPE_SET_LIMITS:
        *status = mb_set_limits(core, m);
        return false;
    default:
        *status = MB_STATUS_UNKNOWN_TYPE;
        return false;
    }
}

void mb_handle_frame(mb_core *core)
{
    const uint8_t *raw = core->decoder.raw;
    const mb_message m = {raw[0], raw[1], raw + MB_BODY_AT, (uint8_t)(core->decoder.length - MB_BODY_AT - 2u)};
    if (m.type >= MB_TYPE_ACK) {
        mb_count(&core->counters.bad_frames); /* an echo of the board's own words, never answered */
        return;
    }
    const uint8_t wanted_length = fixed_length(m.type);
    uint8_t status = MB_STATUS_BAD_LENGTH;
    if (wanted_length != 0xFF && m.length != wanted_length) {
        mb_acknowledge(core, m.type, m.seq, status);
    } else if (!replied(core, &m, &status)) {
        mb_acknowledge(core, m.type, m.seq, status);
    }
}
