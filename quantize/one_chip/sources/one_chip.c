/* Samples in, servo pulses out, no computer: the line from sound to visemes and the servo firmware on one chip.
 *
 * The main loop hears and thinks. An interrupt moves the servos, so that a hop that takes long, or a
 * microphone that has died, holds up no pulse: the firmware core then brings the mouth to rest, as it does when a
 * computer goes quiet. */
#include <stdbool.h>
#include <stdint.h>

#include "../line/mandible.h"
#include "../line/mandible_rig.h"
#include "board.h"
#include "microphone.h"
#include "one_chip_rig.h"
#include "watch.h"

/* A main loop that stood still for so long will not go on; by then the mouth is at rest, and the chip may reset. */
#define STUCK_US 5000000u

static mandible mouth;
static mandible_rig rig;
static mb_core core;
static volatile uint32_t alive_us;
static bool follows;
static uint32_t moved_us;

static void serve(void) {
    uint16_t pulse_us[MB_MAX_CHANNELS];
    uint32_t start_us;
    const uint32_t now_us = board_clock_us();
    mb_alarm(&core, board_stalled(), board_hot());
    mb_poll(&core, now_us);
    if (board_wants_pulses(now_us, &start_us)) {
        const uint16_t period_us = mb_period_us(&core);
        mb_pulses(&core, start_us, pulse_us);
        board_give_pulses(now_us, start_us, period_us, pulse_us);
    }
    if (now_us - alive_us < STUCK_US) board_alive();
}

/* Hands a hop's pulses to the core. After a pause in which its watchdog has parked the mouth, it attaches anew. */
static void move(watch_record *record) {
    mb_set_point wanted = {record->due_us, ONE_CHIP_MASK, {0}};
    for (int i = 0; i < MANDIBLE_CHANNELS; i++) wanted.pulse_us[ONE_CHIP_OUTPUTS[i]] = record->pulses_us[i];
    record->attach = WATCH_NOT_ASKED;
    if (!follows || record->moved_us - moved_us >= ONE_CHIP_WATCHDOG_US)
        record->attach = mb_attach(&core, ONE_CHIP_MASK);
    record->move = mb_move(&core, &wanted);
    follows = record->move != MB_STATUS_NOT_ATTACHED;
    moved_us = record->moved_us;
}

static void hop(const int16_t pcm[MICROPHONE_SAMPLES], uint32_t heard_us) {
    watch_record record = {0};
    record.heard_us = heard_us;
    record.began_us = board_clock_us();
    record.due_us = heard_us + ONE_CHIP_LEAD_US;
    record.shown = mandible_push(&mouth, pcm, record.visemes);
    mandible_rig_step(&rig, record.visemes, mouth.decoder.quiet_hops, record.pulses_us);
    board_hold();
    record.moved_us = board_clock_us();
    mb_poll(&core, record.moved_us);
    move(&record);
    watch_hop(&record);
    board_release();
}

int main(void) {
    static int16_t pcm[MICROPHONE_SAMPLES];
    uint32_t heard_us;
    mandible_reset(&mouth);
    mandible_rig_reset(&rig);
    mb_start(&core, &BOARD, 0);
    /* Limits that the core does not accept leave it without any: then nothing attaches. */
    (void)mb_load(&core, 0, ONE_CHIP_LIMITS);
    board_start(serve);
    microphone_start();
    for (;;) {
        alive_us = board_clock_us();
        while (microphone_read(pcm, &heard_us)) hop(pcm, heard_us);
        board_sleep();
    }
}
