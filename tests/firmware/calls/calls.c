/* What a board layer may do that no host sees: memory that takes its time or fails, a line that takes no bytes, a clock
 * that is read out of order. Each function is one case; the first that does not hold ends the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "replies.h"
#include "wire.h"

#define EXPECT(what) expect(what, #what, __LINE__)

static const mb_board board = {MB_BOARD_VIRTUAL, MB_MAX_CHANNELS, MB_PERIOD_MIN_US};
static mb_core core;
static uint32_t now_us;

static void expect(bool holds, const char *what, int line)
{
    if (!holds) {
        printf("line %d: not so: %s\n", line, what);
        exit(1);
    }
}

static void send(uint8_t type, const uint8_t *body, uint8_t length)
{
    uint8_t raw[MB_RAW_BYTES] = {type, 7}, frame[MB_FRAME_BYTES];
    memcpy(raw + 2, body, length);
    const uint8_t bytes = mb_cobs_frame(raw, (uint8_t)(2 + length), frame);
    for (uint8_t i = 0; i < bytes; i++) {
        mb_receive(&core, frame[i], now_us);
    }
}

/* The status of the next acknowledgement; 255: there is none, 254: it is no acknowledgement. */
static uint8_t status(void)
{
    mb_cobs_decoder decoder;
    uint8_t byte;
    mb_cobs_start(&decoder);
    while (mb_transmit(&core, &byte)) {
        if (mb_cobs_take(&decoder, byte) == MB_FRAME_GOOD) {
            return decoder.raw[0] == MB_TYPE_ACK ? decoder.raw[2 + MB_ACK_STATUS_AT] : 254;
        }
    }
    return 255;
}

static uint8_t ask(uint8_t type, const uint8_t *body, uint8_t length)
{
    send(type, body, length);
    return status();
}

static uint8_t attach(void)
{
    return ask(MB_TYPE_ATTACH, (const uint8_t[]){1, 0}, 2);
}

static uint8_t unlock(void)
{
    uint8_t key[MB_UNLOCK_FIXED_BYTES];
    mb_put_u32(key, MB_CALIBRATION_KEY);
    return ask(MB_TYPE_UNLOCK, key, sizeof key);
}

/* Begins to store limits whose minimum is min_us; the answer comes when memory has done its part. */
static void begin_to_store(uint16_t min_us)
{
    uint8_t limits[MB_SET_LIMITS_FIXED_BYTES] = {0}, settings[MB_STORE_FIXED_BYTES] = {0};
    EXPECT(unlock() == MB_STATUS_OK);
    mb_put_u16(limits + MB_SET_LIMITS_MIN_US_AT, min_us);
    mb_put_u16(limits + MB_SET_LIMITS_MAX_US_AT, 2000);
    mb_put_u16(limits + MB_SET_LIMITS_NEUTRAL_US_AT, 1500);
    mb_put_u16(limits + MB_SET_LIMITS_SPEED_US_PER_S_AT, 5000);
    mb_put_u16(limits + MB_SET_LIMITS_ACCEL_100US_PER_S2_AT, 4000);
    EXPECT(ask(MB_TYPE_SET_LIMITS, limits, sizeof limits) == MB_STATUS_OK);
    mb_put_u16(settings + MB_STORE_WATCHDOG_MS_AT, 300);
    mb_put_u16(settings + MB_STORE_PERIOD_US_AT, 20000);
    EXPECT(ask(MB_TYPE_STORE, settings, sizeof settings) == 255);
}

static void start(void)
{
    now_us = 1000;
    mb_start(&core, &board, now_us);
}

static void while_memory_is_written_nothing_starts(void)
{
    uint8_t slot, held[MB_STORE_BYTES];
    start();
    begin_to_store(1000);
    const uint8_t *image = mb_to_store(&core, &slot);
    EXPECT(image != NULL && slot == 0);
    memcpy(held, image, sizeof held);
    EXPECT(attach() == MB_STATUS_NO_LIMITS);
    EXPECT(unlock() == MB_STATUS_LOCKED);
    EXPECT(ask(MB_TYPE_JOG, (const uint8_t[]){0, 0xDC, 5}, 3) == MB_STATUS_LOCKED);
    EXPECT(memcmp(held, image, sizeof held) == 0);
    mb_stored(&core, true);
    EXPECT(status() == MB_STATUS_OK);
    EXPECT(mb_to_store(&core, &slot) == NULL);
    begin_to_store(1100);
    EXPECT(attach() == MB_STATUS_LOCKED);
    mb_stored(&core, true);
    EXPECT(status() == MB_STATUS_OK);
    EXPECT(attach() == MB_STATUS_OK);
}

static void a_store_that_fails_leaves_what_was_and_tries_the_same_slot_again(void)
{
    uint8_t slot;
    start();
    for (uint8_t turn = 0; turn < 5; turn++) {
        begin_to_store((uint16_t)(1000 + turn));
        EXPECT(mb_to_store(&core, &slot) != NULL && slot == turn % 2);
        mb_stored(&core, false);
        EXPECT(status() == MB_STATUS_STORE_FAILED);
        EXPECT(core.settings.channel[0].min_us == (turn == 0 ? 0 : 999 + turn));
        begin_to_store((uint16_t)(1000 + turn));
        EXPECT(mb_to_store(&core, &slot) != NULL && slot == turn % 2);
        EXPECT(mb_store_generation(mb_to_store(&core, &slot)) == turn + 1);
        mb_stored(&core, true);
        EXPECT(status() == MB_STATUS_OK);
        EXPECT(core.settings.channel[0].min_us == 1000 + turn);
    }
    mb_stored(&core, true); /* of a store that never was */
    EXPECT(status() == 255);
}

static void replies_are_sent_whole_or_not_at_all(void)
{
    mb_cobs_decoder decoder;
    uint8_t byte;
    uint16_t good = 0, sent = 0;
    start();
    mb_cobs_start(&decoder);
    for (uint16_t turn = 0; turn < 500; turn++) {
        /* Replies of several lengths, and every so often some bytes get away. */
        const uint8_t body[2] = {(uint8_t)turn, 1};
        send(turn % 3 == 0 ? MB_TYPE_PING : turn % 3 == 1 ? MB_TYPE_QUERY : MB_TYPE_DETACH, body, turn % 3 == 1 ? 0 : 2);
        sent++;
        EXPECT(core.out_count <= MB_OUTBOX_BYTES);
        for (uint16_t i = 0; i < turn % 23 && mb_transmit(&core, &byte); i++) {
            const mb_decoded decoded = mb_cobs_take(&decoder, byte);
            EXPECT(decoded != MB_FRAME_BAD);
            good = (uint16_t)(good + (decoded == MB_FRAME_GOOD));
        }
    }
    while (mb_transmit(&core, &byte)) {
        const mb_decoded decoded = mb_cobs_take(&decoder, byte);
        EXPECT(decoded != MB_FRAME_BAD);
        good = (uint16_t)(good + (decoded == MB_FRAME_GOOD));
    }
    EXPECT(good > 100 && good < sent);
    EXPECT(core.counters.overruns == sent - good);
}

static void a_reply_that_just_fits_is_sent(void)
{
    start();
    core.out_read = 100;
    core.out_count = MB_OUTBOX_BYTES - 9; /* an acknowledgement's length */
    mb_acknowledge(&core, 1, 1, 1);
    EXPECT(core.out_count == MB_OUTBOX_BYTES && core.counters.overruns == 0);
    mb_acknowledge(&core, 1, 1, 1);
    EXPECT(core.out_count == MB_OUTBOX_BYTES && core.counters.overruns == 1);
    core.out_count = MB_OUTBOX_BYTES - 8;
    mb_acknowledge(&core, 1, 1, 1);
    EXPECT(core.out_count == MB_OUTBOX_BYTES - 8 && core.counters.overruns == 2);
}

static void a_clock_that_is_read_out_of_order_stands_still(void)
{
    start();
    begin_to_store(1000);
    mb_stored(&core, true);
    EXPECT(status() == MB_STATUS_OK);
    EXPECT(attach() == MB_STATUS_OK);
    mb_poll(&core, now_us + 5000);
    mb_poll(&core, now_us);
    EXPECT(core.now_us == now_us + 5000);
    EXPECT(core.attached_mask == 1 && !core.parking);
    mb_poll(&core, now_us + 299999);
    EXPECT(!core.parking);
    mb_poll(&core, now_us + 300000);
    EXPECT(core.parking);
}

static void equal_or_older_memory_does_not_replace_what_counts(void)
{
    uint8_t slot, first[MB_STORE_BYTES], second[MB_STORE_BYTES];
    start();
    begin_to_store(1000);
    memcpy(first, mb_to_store(&core, &slot), sizeof first);
    mb_stored(&core, true);
    (void)status();
    begin_to_store(1001);
    memcpy(second, mb_to_store(&core, &slot), sizeof second);
    for (uint8_t broken = 0; broken < 4; broken++) {
        uint8_t image[MB_SLOTS][MB_STORE_BYTES];
        memcpy(image[0], first, sizeof first);
        memcpy(image[1], second, sizeof second);
        for (uint8_t s = 0; s < MB_SLOTS; s++) {
            image[s][50] ^= broken >> s & 1;
        }
        start();
        EXPECT(mb_load(&core, 0, image[0]) == ((broken & 1) == 0));
        EXPECT(mb_load(&core, 1, image[1]) == ((broken & 2) == 0));
        EXPECT(core.slot == (broken == 3 ? MB_SLOTS : broken == 2 ? 0 : 1));
        EXPECT(core.settings.channel[0].min_us == (broken == 3 ? 0 : broken == 2 ? 1000 : 1001));
        begin_to_store(1002);
        EXPECT(mb_to_store(&core, &slot) != NULL && slot == (broken == 2 ? 1 : 0));
    }
}

int main(void)
{
    while_memory_is_written_nothing_starts();
    a_store_that_fails_leaves_what_was_and_tries_the_same_slot_again();
    replies_are_sent_whole_or_not_at_all();
    a_reply_that_just_fits_is_sent();
    a_clock_that_is_read_out_of_order_stands_still();
    equal_or_older_memory_does_not_replace_what_counts();
    return 0;
}
