/* Throws bytes at the firmware core while time passes: fuzz SEED BYTES. Prints what it saw as JSON.
 *
 * First random and damaged traffic with whole conversations in between, then every single-bit flip of a good frame of
 * each type. After all garbage two pings must be answered: the second for certain; whether the first is, is counted. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "oracle.h"
#include "traffic.h"
#include "wire.h"

enum { HOST_TYPES = 10, FLIPPED_PERIODS_US = 100000 };

static unsigned long first_pings, pings, flips;

static void send_valid(uint8_t type)
{
    uint8_t frame[MB_FRAME_BYTES];
    bench_send(frame, valid_frame(type, (uint8_t)chance(256), bench_core.now_us, frame));
}

/* True when a ping sent now is answered. */
static bool answers(void)
{
    uint8_t frame[MB_FRAME_BYTES];
    const uint16_t token = (uint16_t)(bench_seen.last_token + 1 + chance(1000));
    bench_send(frame, ping_frame(7, token, frame));
    return bench_seen.last_token == token;
}

static void check_recovery(void)
{
    const bool first = answers();
    if (!answers()) {
        bench_fail("the second good frame after garbage was not accepted");
    }
    pings++;
    first_pings += first;
}

static void calibrate(void)
{
    send_valid(MB_TYPE_UNLOCK);
    for (unsigned i = chance(30); i > 0; i--) {
        send_valid(chance(3) != 0 ? MB_TYPE_SET_LIMITS : MB_TYPE_JOG);
        bench_pass(chance(4) != 0 ? 0 : chance(700000));
    }
    bench_memory_works(chance(8) != 0);
    send_valid(MB_TYPE_STORE);
    bench_memory_works(true);
}

/* What a host does, mostly: attach, then moves at about 100 Hz. */
static void speak(void)
{
    send_valid(MB_TYPE_ATTACH);
    for (unsigned i = chance(60); i > 0; i--) {
        send_valid(chance(20) != 0 ? MB_TYPE_MOVE : (uint8_t)(1 + chance(HOST_TYPES)));
        bench_pass(chance(12000));
    }
}

static void random_traffic(unsigned long bytes)
{
    while (bench_seen.bytes < bytes) {
        uint8_t burst[BURST_BYTES];
        switch (chance(9)) {
        case 0:
            calibrate();
            break;
        case 1:
        case 2:
            speak();
            break;
        case 3:
            bench_pass(chance(3000000));
            break;
        case 4:
            if (chance(8) == 0) {
                bench_restart();
            }
            bench_alarm(chance(4) == 0, chance(4) == 0);
            send_valid(chance(2) != 0 ? MB_TYPE_ATTACH : MB_TYPE_MOVE);
            bench_pass(chance(400000));
            send_valid(MB_TYPE_ATTACH);
            bench_alarm(false, false);
            break;
        default:
            bench_send(burst, garbage(bench_core.now_us, burst));
            if (chance(4) == 0) {
                check_recovery();
            }
        }
    }
}

/* A flipped frame may not be obeyed, and two pings later nothing is left of it. It may be refused as too short: a flip
 * can turn a last CRC byte of zero, stuffed as 01, into the delimiter, and a CRC without final inversion does not
 * notice a zero that is missing at the end; the lengths, which are all exact, do. */
static void flip_every_bit(uint8_t type, bool in_session)
{
    uint8_t frame[MB_FRAME_BYTES];
    bench_new(true);
    send_valid(MB_TYPE_PING);
    if (in_session) {
        uint8_t raw[MB_RAW_BYTES] = {MB_TYPE_UNLOCK, 1};
        mb_put_u32(raw + 2 + MB_UNLOCK_KEY_AT, MB_CALIBRATION_KEY);
        bench_send(frame, mb_cobs_frame(raw, 2 + MB_UNLOCK_FIXED_BYTES, frame));
    } else {
        uint8_t raw[MB_RAW_BYTES] = {MB_TYPE_ATTACH, 1};
        mb_put_u16(raw + 2 + MB_ATTACH_MASK_AT, 0x0FFF);
        bench_send(frame, mb_cobs_frame(raw, 2 + MB_ATTACH_FIXED_BYTES, frame));
    }
    const mb_core before = bench_core;
    bench_keep();
    const unsigned length = valid_frame(type, 9, bench_core.now_us, frame);
    for (unsigned bit = 0; bit < 8 * length; bit++) {
        uint8_t flipped[MB_FRAME_BYTES];
        bench_back();
        memcpy(flipped, frame, length);
        flipped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const unsigned long obeyed_before = bench_seen.replies - bench_seen.statuses[MB_STATUS_BAD_LENGTH];
        bench_send(flipped, length);
        if (bench_seen.replies - bench_seen.statuses[MB_STATUS_BAD_LENGTH] != obeyed_before ||
            bench_core.attached_mask != before.attached_mask ||
            bench_core.calibration.unlocked != before.calibration.unlocked ||
            memcmp(&bench_core.settings, &before.settings, sizeof before.settings) != 0) {
            bench_fail("a frame with one bit flipped was obeyed");
        }
        check_recovery();
        bench_pass(FLIPPED_PERIODS_US);
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
    bench_new(true);
    random_traffic(strtoul(arguments[2], NULL, 0));
    const unsigned long random_bytes = bench_seen.bytes;
    for (uint8_t type = 1; type <= HOST_TYPES; type++) {
        flip_every_bit(type, false);
        flip_every_bit(type, true);
    }
    if (bench_seen.board_words != 0) {
        bench_fail("the board answered its own kind of message");
    }
    const unsigned long *statuses = bench_seen.statuses;
    printf("{\"bytes\": %lu, \"pulses\": %lu, \"moved\": %lu, \"soft_starts\": %lu, \"jogged\": %lu, \"parked\": %lu,"
           " \"stores\": %lu, \"ok\": %lu, \"clamped\": %lu, \"no_limits\": %lu, \"late\": %lu, \"alarm\": %lu,"
           " \"store_failed\": %lu, \"pings\": %lu, \"first_pings\": %lu, \"flips\": %lu}\n",
           random_bytes, oracle_pulses, oracle_moved, oracle_soft_starts, oracle_jogged, oracle_parked,
           bench_seen.stores, statuses[MB_STATUS_OK], statuses[MB_STATUS_CLAMPED], statuses[MB_STATUS_NO_LIMITS],
           statuses[MB_STATUS_LATE], statuses[MB_STATUS_ALARM], statuses[MB_STATUS_STORE_FAILED], pings, first_pings,
           flips);
    return 0;
}
