#include "handlers.h"

#include "calibration.h"
#include "moving.h"
#include "replies.h"
#include "wire.h"

static uint8_t bits_in(uint16_t mask)
{
    uint8_t bits = 0;
    for (; mask != 0; mask = (uint16_t)(mask & (mask - 1u))) {
        bits++;
    }
    return bits;
}

static uint8_t move(mb_core *core, const mb_message *m)
{
    mb_set_point wanted;
    if (m->length < MB_MOVE_FIXED_BYTES) {
        return MB_STATUS_BAD_LENGTH;
    }
    wanted.due_us = mb_get_u32(m->body + MB_MOVE_DUE_US_AT);
    wanted.mask = mb_get_u16(m->body + MB_MOVE_MASK_AT);
    if (m->length != MB_MOVE_FIXED_BYTES + 2u * bits_in(wanted.mask)) {
        return MB_STATUS_BAD_LENGTH;
    }
    const uint8_t *pulse = m->body + MB_MOVE_PULSE_US_AT;
    for (uint8_t c = 0; c < MB_MAX_CHANNELS; c++) {
        if (wanted.mask >> c & 1u) {
            wanted.pulse_us[c] = mb_get_u16(pulse);
            pulse += 2;
        }
    }
    return mb_move(core, &wanted);
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
    case MB_TYPE_JOG:
        return MB_JOG_FIXED_BYTES;
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
        *status = mb_attach(core, mb_get_u16(m->body + MB_ATTACH_MASK_AT));
        return false;
    case MB_TYPE_DETACH:
        *status = mb_detach(core, mb_get_u16(m->body + MB_DETACH_MASK_AT));
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
    case MB_TYPE_JOG:
        *status = mb_jog(core, m);
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
