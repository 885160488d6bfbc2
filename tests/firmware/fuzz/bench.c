#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"
#include "wire.h"

enum { SHORTEST_PERIOD_US = 3000 };

typedef struct {
    mb_core core;
    uint8_t memory[MB_SLOTS][MB_STORE_BYTES];
    uint32_t now_us;
    uint32_t next_period_us;
    mb_cobs_decoder replies;
    bool works; /* the memory */
} bench_state;

bench_record bench_seen;
mb_core bench_core;

static bench_state state, kept;

void bench_fail(const char *what)
{
    printf("%s (after %lu bytes)\n", what, bench_seen.bytes);
    fflush(stdout);
    abort();
}

static void take_reply(void)
{
    const uint8_t *raw = state.replies.raw;
    bench_seen.replies++;
    if (raw[0] == MB_TYPE_PONG) {
        bench_seen.last_token = mb_get_u16(raw + 2 + MB_PONG_TOKEN_AT);
    } else if (raw[0] == MB_TYPE_ACK) {
        const uint8_t acked = raw[2 + MB_ACK_ACKED_TYPE_AT], status = raw[2 + MB_ACK_STATUS_AT];
        bench_seen.statuses[status % 32]++;
        bench_seen.board_words += acked >= MB_TYPE_ACK;
        if ((acked == MB_TYPE_MOVE || acked == MB_TYPE_ATTACH) &&
            (status == MB_STATUS_OK || status == MB_STATUS_CLAMPED)) {
            oracle_host_lives(state.now_us);
        }
    }
}

static void drain(void)
{
    uint8_t byte;
    while (mb_transmit(&bench_core, &byte)) {
        const mb_decoded decoded = mb_cobs_take(&state.replies, byte);
        if (decoded == MB_FRAME_BAD) {
            bench_fail("the board sent a bad frame");
        }
        if (decoded == MB_FRAME_GOOD) {
            take_reply();
        }
    }
}

static void finish_store(void)
{
    uint8_t slot;
    const uint8_t *image = mb_to_store(&bench_core, &slot);
    if (image != NULL) {
        memcpy(state.memory[slot], image, MB_STORE_BYTES);
        if (!state.works) {
            state.memory[slot][0] ^= 0xFF;
        } else {
            oracle_stored(state.memory[slot]);
            bench_seen.stores++;
        }
        mb_stored(&bench_core, state.works);
        drain();
    }
}

static void check_session(void)
{
    if (bench_core.calibration.unlocked && bench_core.attached_mask != 0) {
        bench_fail("a calibration session is open while something is attached");
    }
}

void bench_pass(uint32_t us)
{
    const uint32_t until_us = state.now_us + us;
    while ((int32_t)(until_us - state.next_period_us) >= 0) {
        uint16_t pulse_us[MB_MAX_CHANNELS];
        mb_poll(&bench_core, state.next_period_us);
        check_session();
        mb_pulses(&bench_core, state.next_period_us, pulse_us);
        oracle_check(pulse_us, bench_core.calibration.unlocked, state.next_period_us);
        state.next_period_us += mb_period_us(&bench_core);
    }
    state.now_us = until_us;
    mb_poll(&bench_core, state.now_us);
}

void bench_send(const uint8_t *bytes, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        bench_pass(BYTE_US);
        mb_receive(&bench_core, bytes[i], state.now_us);
        bench_seen.bytes++;
        drain();
        finish_store();
    }
}

void bench_alarm(bool stalled, bool hot)
{
    mb_alarm(&bench_core, stalled, hot);
    mb_poll(&bench_core, state.now_us);
}

void bench_memory_works(bool works)
{
    state.works = works;
}

void bench_restart(void)
{
    const mb_board board = {MB_BOARD_VIRTUAL, CHANNELS, SHORTEST_PERIOD_US};
    mb_start(&bench_core, &board, state.now_us);
    mb_cobs_start(&state.replies);
    oracle_forget();
    for (uint8_t slot = 0; slot < MB_SLOTS; slot++) {
        (void)mb_load(&bench_core, slot, state.memory[slot]);
    }
    if (bench_core.slot < MB_SLOTS) {
        oracle_stored(state.memory[bench_core.slot]);
    }
    state.next_period_us = state.now_us + mb_period_us(&bench_core);
}

void bench_new(bool full)
{
    memset(&state, 0, sizeof state);
    memset(state.memory, 0xFF, sizeof state.memory);
    state.now_us = 4294000000u;
    state.works = true;
    if (full) {
        mb_settings settings;
        mb_settings_start(&settings);
        settings.watchdog_ms = 1000;
        for (unsigned c = 0; c < CHANNELS; c++) {
            settings.channel[c] = (mb_limits){1000, 2000, 1500, 5000, 4000, 0};
        }
        mb_store_pack(state.memory[0], &settings, CHANNELS);
    }
    bench_restart();
}

void bench_keep(void)
{
    state.core = bench_core;
    kept = state;
}

void bench_back(void)
{
    state = kept;
    bench_core = state.core;
    oracle_forget();
    oracle_stored(state.memory[bench_core.slot]);
    if (bench_core.attached_mask != 0) {
        oracle_host_lives(state.now_us);
    }
}
