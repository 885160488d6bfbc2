#include "traffic.h"

#include <string.h>

#include "wire.h"

enum { BODY_AT = 2 };

static uint32_t chance_state = 1;

void chance_seed(uint32_t seed)
{
    chance_state = seed != 0 ? seed : 1;
}

/* xorshift32: G. Marsaglia, Journal of Statistical Software 8(14), 2003. */
uint32_t chance(uint32_t below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 17;
    chance_state ^= chance_state << 5;
    return (uint32_t)(((uint64_t)chance_state * below) >> 32);
}

static uint16_t any_mask(void)
{
    static const uint16_t masks[] = {0x0FFF, 0x0FFF, 0x003F, 0x07FF, 0x0001, 0x0000, 0xFFFF};
    return chance(3) != 0 ? masks[chance(7)] : (uint16_t)chance(0x10000);
}

static uint16_t any_pulse_us(void)
{
    return (uint16_t)(chance(4) != 0 ? 400 + chance(2200) : chance(0x10000));
}

static unsigned move_body(uint8_t *body, uint32_t clock_us)
{
    const uint16_t mask = any_mask();
    unsigned length = MB_MOVE_FIXED_BYTES;
    mb_put_u32(body + MB_MOVE_DUE_US_AT, clock_us + (chance(8) != 0 ? chance(120000) : chance(0xFFFFFFFF)));
    mb_put_u16(body + MB_MOVE_MASK_AT, mask);
    for (unsigned bit = 0; bit < 16; bit++) {
        if (mask >> bit & 1 && length + 2 <= MB_MAX_BODY_BYTES) {
            mb_put_u16(body + length, any_pulse_us());
            length += 2;
        }
    }
    return length;
}

static unsigned limits_body(uint8_t *body)
{
    const uint16_t min_us = (uint16_t)(chance(8) != 0 ? 500 + chance(900) : chance(0x10000));
    const uint16_t max_us = (uint16_t)(min_us + chance(1100));
    body[MB_SET_LIMITS_CHANNEL_AT] = (uint8_t)chance(14);
    mb_put_u16(body + MB_SET_LIMITS_MIN_US_AT, min_us);
    mb_put_u16(body + MB_SET_LIMITS_MAX_US_AT, max_us);
    mb_put_u16(body + MB_SET_LIMITS_NEUTRAL_US_AT, (uint16_t)(min_us + chance(1 + max_us - (uint32_t)min_us % 65536)));
    mb_put_u16(body + MB_SET_LIMITS_SPEED_US_PER_S_AT, (uint16_t)(1 + chance(chance(2) ? 200 : 25000)));
    mb_put_u16(body + MB_SET_LIMITS_ACCEL_100US_PER_S2_AT, (uint16_t)(1 + chance(chance(2) ? 200 : 55000)));
    body[MB_SET_LIMITS_TRAITS_AT] = (uint8_t)(chance(8) != 0 ? chance(2) : chance(256));
    return MB_SET_LIMITS_FIXED_BYTES;
}

static unsigned body_of(uint8_t type, uint32_t clock_us, uint8_t *body)
{
    switch (type) {
    case MB_TYPE_HELLO:
        body[MB_HELLO_MAJOR_AT] = MB_VERSION_MAJOR;
        return MB_HELLO_FIXED_BYTES;
    case MB_TYPE_PING:
        return MB_PING_FIXED_BYTES;
    case MB_TYPE_ATTACH:
        mb_put_u16(body + MB_ATTACH_MASK_AT, any_mask());
        return MB_ATTACH_FIXED_BYTES;
    case MB_TYPE_DETACH:
        mb_put_u16(body + MB_DETACH_MASK_AT, any_mask());
        return MB_DETACH_FIXED_BYTES;
    case MB_TYPE_MOVE:
        return move_body(body, clock_us);
    case MB_TYPE_UNLOCK:
        mb_put_u32(body + MB_UNLOCK_KEY_AT, chance(4) != 0 ? MB_CALIBRATION_KEY : chance(0xFFFFFFFF));
        return MB_UNLOCK_FIXED_BYTES;
    case MB_TYPE_SET_LIMITS:
        return limits_body(body);
    case MB_TYPE_STORE:
        mb_put_u16(body + MB_STORE_WATCHDOG_MS_AT, (uint16_t)(50 + chance(2200)));
        mb_put_u16(body + MB_STORE_PERIOD_US_AT, (uint16_t)(chance(2) ? 20000 : 2000 + chance(19000)));
        mb_put_u16(body + MB_STORE_IDLE_DETACH_S_AT, (uint16_t)(chance(2) ? chance(3) : chance(4000)));
        return MB_STORE_FIXED_BYTES;
    case MB_TYPE_JOG:
        body[MB_JOG_CHANNEL_AT] = (uint8_t)chance(14);
        mb_put_u16(body + MB_JOG_PULSE_US_AT, any_pulse_us());
        return MB_JOG_FIXED_BYTES;
    default:
        return 0;
    }
}

unsigned valid_frame(uint8_t type, uint8_t seq, uint32_t clock_us, uint8_t frame[MB_FRAME_BYTES])
{
    uint8_t raw[MB_RAW_BYTES] = {type, seq};
    const unsigned length = BODY_AT + body_of(type, clock_us, raw + BODY_AT);
    return mb_cobs_frame(raw, (uint8_t)length, frame);
}

unsigned ping_frame(uint8_t seq, uint16_t token, uint8_t frame[MB_FRAME_BYTES])
{
    uint8_t raw[MB_RAW_BYTES] = {MB_TYPE_PING, seq};
    mb_put_u16(raw + BODY_AT + MB_PING_TOKEN_AT, token);
    return mb_cobs_frame(raw, BODY_AT + MB_PING_FIXED_BYTES, frame);
}

static unsigned damaged(uint8_t *frame, unsigned length)
{
    const unsigned at = chance(length);
    switch (chance(5)) {
    case 0:
        frame[at] ^= (uint8_t)(1u << chance(8));
        return length;
    case 1:
        frame[at] = (uint8_t)chance(256);
        return length;
    case 2: /* the cable is out in mid-frame */
        return at;
    case 3: /* a byte is lost */
        memmove(frame + at, frame + at + 1, length - at - 1);
        return length - 1;
    default: /* a byte comes twice */
        memmove(frame + at + 1, frame + at, length - at);
        return length + 1;
    }
}

unsigned garbage(uint32_t clock_us, uint8_t burst[BURST_BYTES])
{
    unsigned length = 0;
    const unsigned wanted = 1 + chance(BURST_BYTES - 2 * MB_FRAME_BYTES);
    const unsigned kind = chance(4);
    while (length < wanted) {
        uint8_t *next = burst + length;
        if (kind == 0) {
            *next = (uint8_t)chance(256);
            length++;
        } else if (kind == 1) {
            *next = (uint8_t)(chance(2) != 0 ? 0 : 0xFF);
            length++;
        } else {
            /* Types past the known ones too, and those of the board. */
            const uint8_t type = (uint8_t)(chance(8) != 0 ? 1 + chance(11) : chance(256));
            const unsigned frame = valid_frame(type, (uint8_t)chance(256), clock_us, next);
            length += damaged(next, frame);
        }
    }
    return length;
}
