#include "replies.h"

#include "wire.h"

void mb_count(uint16_t *counter)
{
    if (*counter < UINT16_MAX) {
        (*counter)++;
    }
}

static void reply(mb_core *core, uint8_t *raw, uint8_t length)
{
    uint8_t frame[MB_FRAME_BYTES];
    const uint8_t frame_length = mb_cobs_frame(raw, length, frame);
    if (frame_length > MB_OUTBOX_BYTES - core->out_count) {
        mb_count(&core->counters.overruns);
        return;
    }
    for (uint8_t i = 0; i < frame_length; i++) {
        core->outbox[(uint8_t)(core->out_read + core->out_count) % MB_OUTBOX_BYTES] = frame[i];
        core->out_count++;
    }
}

void mb_acknowledge(mb_core *core, uint8_t type, uint8_t seq, uint8_t status)
{
    uint8_t raw[MB_BODY_AT + MB_ACK_FIXED_BYTES + 2u] = {MB_TYPE_ACK, seq};
    raw[MB_BODY_AT + MB_ACK_ACKED_TYPE_AT] = type;
    raw[MB_BODY_AT + MB_ACK_STATUS_AT] = status;
    reply(core, raw, MB_BODY_AT + MB_ACK_FIXED_BYTES);
}

void mb_reply_welcome(mb_core *core, uint8_t seq)
{
    uint8_t raw[MB_BODY_AT + MB_WELCOME_FIXED_BYTES + 2u] = {MB_TYPE_WELCOME, seq};
    uint8_t *body = raw + MB_BODY_AT;
    body[MB_WELCOME_MAJOR_AT] = MB_VERSION_MAJOR;
    body[MB_WELCOME_MINOR_AT] = MB_VERSION_MINOR;
    body[MB_WELCOME_BOARD_AT] = core->board.id;
    body[MB_WELCOME_CHANNELS_AT] = core->board.channels;
    mb_put_u16(body + MB_WELCOME_CALIBRATED_MASK_AT, core->settings.calibrated_mask);
    mb_put_u16(body + MB_WELCOME_WATCHDOG_MS_AT, core->settings.watchdog_ms);
    mb_put_u16(body + MB_WELCOME_PERIOD_US_AT, core->settings.period_us);
    mb_put_u16(body + MB_WELCOME_SHORTEST_PERIOD_US_AT, core->board.shortest_period_us);
    mb_put_u16(body + MB_WELCOME_IDLE_DETACH_S_AT, core->settings.idle_detach_s);
    mb_put_u16(body + MB_WELCOME_LIMITS_CRC_AT, core->settings.limits_crc);
    mb_put_u32(body + MB_WELCOME_CLOCK_US_AT, core->now_us);
    reply(core, raw, MB_BODY_AT + MB_WELCOME_FIXED_BYTES);
}

void mb_reply_pong(mb_core *core, const mb_message *ping)
{
    uint8_t raw[MB_BODY_AT + MB_PONG_FIXED_BYTES + 2u] = {MB_TYPE_PONG, ping->seq};
    mb_put_u16(raw + MB_BODY_AT + MB_PONG_TOKEN_AT, mb_get_u16(ping->body + MB_PING_TOKEN_AT));
    mb_put_u32(raw + MB_BODY_AT + MB_PONG_CLOCK_US_AT, core->now_us);
    reply(core, raw, MB_BODY_AT + MB_PONG_FIXED_BYTES);
}

static uint16_t flags(const mb_core *core)
{
    return (uint16_t)((core->tripped ? MB_FLAG_WATCHDOG_TRIPPED : 0u) | (core->parking ? MB_FLAG_PARKING : 0u) |
                      (core->calibration.unlocked ? MB_FLAG_UNLOCKED : 0u) |
                      (core->alarms.stalled ? MB_FLAG_STALLED : 0u) | (core->alarms.hot ? MB_FLAG_HOT : 0u) |
                      (core->resting_mask != 0 ? MB_FLAG_IDLE : 0u));
}

static uint16_t pulsing(const mb_core *core)
{
    const uint8_t jogged = core->calibration.jog_channel;
    return (uint16_t)((core->attached_mask & ~core->resting_mask) | (jogged == MB_NO_CHANNEL ? 0u : 1u << jogged));
}

void mb_reply_state(mb_core *core, uint8_t seq)
{
    uint8_t raw[MB_RAW_BYTES] = {MB_TYPE_STATE, seq};
    uint8_t *body = raw + MB_BODY_AT;
    const uint16_t pulses_mask = pulsing(core);
    mb_put_u16(body + MB_STATE_ATTACHED_MASK_AT, core->attached_mask);
    mb_put_u16(body + MB_STATE_FLAGS_AT, flags(core));
    mb_put_u16(body + MB_STATE_BAD_FRAMES_AT, core->counters.bad_frames);
    mb_put_u16(body + MB_STATE_OVERRUNS_AT, core->counters.overruns);
    mb_put_u16(body + MB_STATE_LATE_SET_POINTS_AT, core->counters.late_set_points);
    mb_put_u16(body + MB_STATE_CLAMPED_SET_POINTS_AT, core->counters.clamped_set_points);
    for (uint8_t c = 0; c < core->board.channels; c++) {
        const bool given = pulses_mask >> c & 1u;
        mb_put_u16(body + MB_STATE_PULSE_US_AT + 2u * c, given ? core->output[c].given_us : 0);
    }
    reply(core, raw, (uint8_t)(MB_BODY_AT + MB_STATE_PULSE_US_AT + 2u * core->board.channels));
}
