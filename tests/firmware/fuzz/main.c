/* Throws bytes at the firmware core while time passes: fuzz SEED BYTES. Prints what it saw as JSON.
 *
 * First random and damaged traffic with whole conversations in between, then every single-bit flip of a good frame of
 * each type. After all garbage two pings must be answered: the second for certain; whether the first is, is counted. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "oracle.h"
#include "traffic.h"
#include "wire.h"

enum { CHANNELS = 12, PERIOD_US = 20000, BYTE_US = 87, HOST_TYPES = 9 };

static mb_core core;
static uint8_t memory[MB_STORE_BYTES];
static uint32_t now_us = 4294000000u; /* the clock overflows within the first second */
static uint32_t next_period_us;
static mb_cobs_decoder replies;

static unsigned long bytes_sent, replies_seen, stores, statuses[32], first_pings, pings, flips;
static unsigned long board_words; /* frames of the board's own types that came back as an answer */
static uint16_t last_token;

static void fail(const char *what)
{
    printf("%s (after %lu bytes)\n", what, bytes_sent);
    exit(1);
}

static void take_reply(void)
{
    const uint8_t *raw = replies.raw;
    replies_seen++;
    if (raw[0] == MB_TYPE_PONG) {
        last_token = mb_get_u16(raw + 2 + MB_PONG_TOKEN_AT);
    } else if (raw[0] == MB_TYPE_ACK) {
        statuses[raw[2 + MB_ACK_STATUS_AT] % 32]++;
    }
    board_words += raw[0] == MB_TYPE_ACK && raw[2 + MB_ACK_ACKED_TYPE_AT] >= MB_TYPE_ACK;
}

static void drain(void)
{
    uint8_t byte;
    while (mb_transmit(&core, &byte)) {
        const mb_decoded decoded = mb_cobs_take(&replies, byte);
        if (decoded == MB_FRAME_BAD) {
            fail("the board sent a bad frame");
        }
        if (decoded == MB_FRAME_GOOD) {
            take_reply();
        }
    }
}

static void finish_store(void)
{
    const uint8_t *image = mb_to_store(&core);
    if (image != NULL) {
        memcpy(memory, image, sizeof memory);
        mb_stored(&core, true);
        oracle_stored(memory);
        stores++;
    }
}

static void pass(uint32_t us)
{
    const uint32_t until_us = now_us + us;
    while ((int32_t)(until_us - next_period_us) >= 0) {
        uint16_t pulse_us[MB_MAX_CHANNELS];
        mb_poll(&core, next_period_us);
        mb_pulses(&core, 0, pulse_us);
        oracle_check(pulse_us);
        next_period_us += PERIOD_US;
    }
    now_us = until_us;
    mb_poll(&core, now_us);
}

static void send(const uint8_t *bytes, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        pass(BYTE_US);
        mb_receive(&core, bytes[i], now_us);
        bytes_sent++;
        finish_store();
        drain();
    }
}

static void send_valid(uint8_t type)
{
    uint8_t frame[MB_FRAME_BYTES];
    send(frame, valid_frame(type, (uint8_t)chance(256), core.clock.ms, frame));
}

/* True when a ping sent now is answered. */
static bool answers(void)
{
    uint8_t frame[MB_FRAME_BYTES];
    const uint16_t token = (uint16_t)(last_token + 1 + chance(1000));
    send(frame, ping_frame(7, token, frame));
    return last_token == token;
}

static void check_recovery(void)
{
    const bool first = answers();
    if (!answers()) {
        fail("the second good frame after garbage was not accepted");
    }
    pings++;
    first_pings += first;
}

static void calibrate(void)
{
    send_valid(MB_TYPE_UNLOCK);
    for (unsigned i = chance(30); i > 0; i--) {
        send_valid(MB_TYPE_SET_LIMITS);
    }
    send_valid(MB_TYPE_STORE);
}

/* What a host does, mostly: attach, then moves at about 100 Hz. */
static void speak(void)
{
    send_valid(MB_TYPE_ATTACH);
    for (unsigned i = chance(60); i > 0; i--) {
        send_valid(chance(20) != 0 ? MB_TYPE_MOVE : (uint8_t)(1 + chance(HOST_TYPES)));
        pass(chance(12000));
    }
}

static void random_traffic(unsigned long bytes)
{
    while (bytes_sent < bytes) {
        uint8_t burst[BURST_BYTES];
        switch (chance(8)) {
        case 0:
            calibrate();
            break;
        case 1:
        case 2:
            speak();
            break;
        case 3:
            pass(chance(3000000));
            break;
        default:
            send(burst, garbage(core.clock.ms, burst));
            if (chance(4) == 0) {
                check_recovery();
            }
        }
    }
}

static void restart(void)
{
    mb_start(&core, MB_BOARD_VIRTUAL, CHANNELS, memory, now_us);
    mb_cobs_start(&replies);
    oracle_stored(memory);
}

static void store_full_limits(void)
{
    mb_settings settings = {.watchdog_ms = 1000};
    for (unsigned c = 0; c < CHANNELS; c++) {
        settings.channel[c] = (mb_limits){1000, 2000, 1500, 5000};
    }
    mb_store_pack(memory, &settings, CHANNELS);
}

/* A flipped frame may not be obeyed, and two pings later nothing is left of it. It may be refused as too short: a flip
 * can turn a last CRC byte of zero, stuffed as 01, into the delimiter, and a CRC without final inversion does not
 * notice a zero that is missing at the end; the lengths, which are all exact, do. */
static void flip_every_bit(uint8_t type, bool in_session)
{
    uint8_t frame[MB_FRAME_BYTES];
    restart();
    send_valid(MB_TYPE_PING);
    if (in_session) {
        uint8_t raw[MB_RAW_BYTES] = {MB_TYPE_UNLOCK, 1};
        mb_put_u32(raw + 2 + MB_UNLOCK_KEY_AT, MB_CALIBRATION_KEY);
        send(frame, mb_cobs_frame(raw, 2 + MB_UNLOCK_FIXED_BYTES, frame));
    } else {
        uint8_t raw[MB_RAW_BYTES] = {MB_TYPE_ATTACH, 1};
        mb_put_u16(raw + 2 + MB_ATTACH_MASK_AT, 0x0FFF);
        send(frame, mb_cobs_frame(raw, 2 + MB_ATTACH_FIXED_BYTES, frame));
    }
    const mb_core before = core;
    const uint32_t before_us = now_us, before_period_us = next_period_us;
    const unsigned length = valid_frame(type, 9, core.clock.ms, frame);
    for (unsigned bit = 0; bit < 8 * length; bit++) {
        uint8_t flipped[MB_FRAME_BYTES];
        core = before;
        now_us = before_us;
        next_period_us = before_period_us;
        oracle_stored(memory);
        memcpy(flipped, frame, length);
        flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const unsigned long obeyed_before = replies_seen - statuses[MB_STATUS_BAD_LENGTH];
        send(flipped, length);
        if (replies_seen - statuses[MB_STATUS_BAD_LENGTH] != obeyed_before || core.attached_mask != before.attached_mask ||
            core.unlocked != before.unlocked || memcmp(&core.settings, &before.settings, sizeof core.settings) != 0) {
            fail("a frame with one bit flipped was obeyed");
        }
        check_recovery();
        pass(5 * PERIOD_US);
        flips++;
    }
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fputs("usage: fuzz SEED BYTES\n", stderr);
        return 2;
    }
    chance_seed((uint32_t)strtoul(arguments[1], NULL, 0));
    store_full_limits();
    next_period_us = now_us + PERIOD_US;
    restart();
    random_traffic(strtoul(arguments[2], NULL, 0));
    const unsigned long random_bytes = bytes_sent;
    store_full_limits();
    for (uint8_t type = 1; type <= HOST_TYPES; type++) {
        flip_every_bit(type, false);
        flip_every_bit(type, true);
    }
    if (board_words != 0) {
        fail("the board answered its own kind of message");
    }
    printf("{\"bytes\": %lu, \"pulses\": %lu, \"moved\": %lu, \"soft_starts\": %lu, \"stores\": %lu, \"ok\": %lu,"
           " \"clamped\": %lu, \"no_limits\": %lu, \"late\": %lu, \"pings\": %lu, \"first_pings\": %lu, \"flips\": %lu}\n",
           random_bytes, oracle_pulses, oracle_moved, oracle_soft_starts, stores, statuses[MB_STATUS_OK],
           statuses[MB_STATUS_CLAMPED], statuses[MB_STATUS_NO_LIMITS], statuses[MB_STATUS_LATE], pings, first_pings,
           flips);
    return 0;
}
