/* The same board for libFuzzer: its bytes are a script of what a host, a cable and a power supply may do, and coverage
 * of the core leads it. Frames are wrapped here, so that it does not have to guess checksums; raw bytes are there, too. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "oracle.h"
#include "wire.h"

enum { LONGEST_PASS_US = 50000, SHORT_PASS_US = 100 };

enum { FRAME, MOVE_SOON, RAW, PASS, LONG_PASS, RESTART, ALARM, UNLOCK, BROKEN_STORE, CABLE, ACTIONS };

typedef struct {
    const uint8_t *next;
    size_t left;
} script;

static uint8_t take(script *from)
{
    if (from->left == 0) {
        return 0;
    }
    from->left--;
    return *from->next++;
}

/* A good frame of any type, its body from the script. */
static unsigned frame_of(script *from, uint8_t frame[MB_FRAME_BYTES])
{
    uint8_t raw[MB_RAW_BYTES] = {take(from), take(from)};
    const uint8_t length = take(from) % (MB_MAX_BODY_BYTES + 1);
    for (uint8_t i = 0; i < length; i++) {
        raw[2 + i] = take(from);
    }
    return mb_cobs_frame(raw, (uint8_t)(2 + length), frame);
}

/* Attach, and a set-point that is due soon, which would be hard to guess. */
static void move_soon(script *from)
{
    uint8_t frame[MB_FRAME_BYTES];
    uint8_t attach[MB_RAW_BYTES] = {MB_TYPE_ATTACH, 1};
    uint8_t move[MB_RAW_BYTES] = {MB_TYPE_MOVE, 2};
    const uint16_t mask = (uint16_t)(bench_core.settings.calibrated_mask & (take(from) | 0x0F00u));
    unsigned length = 2 + MB_MOVE_FIXED_BYTES;
    mb_put_u16(attach + 2 + MB_ATTACH_MASK_AT, mask);
    bench_send(frame, mb_cobs_frame(attach, 2 + MB_ATTACH_FIXED_BYTES, frame));
    mb_put_u32(move + 2 + MB_MOVE_DUE_US_AT, bench_core.now_us + 500u * take(from));
    mb_put_u16(move + 2 + MB_MOVE_MASK_AT, mask);
    for (unsigned c = 0; c < CHANNELS; c++) {
        if (mask >> c & 1) {
            mb_put_u16(move + length, (uint16_t)(400 + 9 * take(from)));
            length += 2;
        }
    }
    bench_send(frame, mb_cobs_frame(move, (uint8_t)length, frame));
}

static void unlock(void)
{
    uint8_t frame[MB_FRAME_BYTES];
    uint8_t raw[MB_RAW_BYTES] = {MB_TYPE_UNLOCK, 3};
    mb_put_u32(raw + 2 + MB_UNLOCK_KEY_AT, MB_CALIBRATION_KEY);
    bench_send(frame, mb_cobs_frame(raw, 2 + MB_UNLOCK_FIXED_BYTES, frame));
}

static void do_next(script *from)
{
    uint8_t frame[MB_FRAME_BYTES];
    unsigned length;
    switch (take(from) % ACTIONS) {
    case FRAME:
        bench_send(frame, frame_of(from, frame));
        break;
    case MOVE_SOON:
        move_soon(from);
        break;
    case RAW:
        frame[0] = take(from);
        bench_send(frame, 1);
        break;
    case PASS:
        bench_pass(SHORT_PASS_US * take(from));
        break;
    case LONG_PASS:
        bench_pass(LONGEST_PASS_US * take(from));
        break;
    case RESTART:
        bench_restart();
        break;
    case ALARM:
        bench_alarm(take(from) & 1, take(from) & 1);
        break;
    case UNLOCK:
        unlock();
        break;
    case BROKEN_STORE:
        bench_memory_works(take(from) & 1);
        break;
    default: /* the cable comes out in the middle of a frame */
        length = frame_of(from, frame);
        bench_send(frame, take(from) % length);
        bench_pass(LONGEST_PASS_US * take(from));
    }
}

static void report(void)
{
    printf("{\"bytes\": %lu, \"pulses\": %lu, \"moved\": %lu, \"jogged\": %lu, \"parked\": %lu, \"stores\": %lu}\n",
           bench_seen.bytes, oracle_pulses, oracle_moved, oracle_jogged, oracle_parked, bench_seen.stores);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    return atexit(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script from = {data, size};
    bench_new((take(&from) & 1) == 0);
    while (from.left > 0) {
        do_next(&from);
    }
    if (bench_seen.board_words != 0) {
        bench_fail("the board answered its own kind of message");
    }
    return 0;
}
