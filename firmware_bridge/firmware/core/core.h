/* The board's portable core: bytes from the host in, replies and servo pulse widths out. No input, output or clock of
 * its own; a board layer calls it (boards/atmega328p on the chip, host/_boardmodule.c on a computer).
 *
 * Whatever arrives, a pulse lies within its channel's stored limits and within the slew limit of the one before; only a
 * channel that a person moves by hand (calibration.h) may leave its limits, slowly. */
#ifndef MANDIBLE_CORE_H
#define MANDIBLE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "cobs.h"
#include "motion.h"
#include "setpoints.h"
#include "store.h"

#define MB_OUTBOX_BYTES 64u /* a power of two, room for the longest reply and an acknowledgement */
#define MB_NO_CHANNEL 0xFFu

typedef struct {
    uint8_t id;       /* MB_BOARD_... */
    uint8_t channels; /* 1 .. MB_MAX_CHANNELS */
    uint16_t shortest_period_us;
} mb_board;

typedef struct {
    uint16_t bad_frames;
    uint16_t overruns;
    uint16_t late_set_points;
    uint16_t clamped_set_points;
} mb_counters;

/* What the board's inputs say of its servos. The flags stay after their level has gone. */
typedef struct {
    bool stall_level;
    bool hot_level;
    bool stalled;
    bool hot;
    uint32_t stall_since_us;
} mb_alarms;

/* A calibration session. */
typedef struct {
    bool unlocked; /* one is open */
    uint32_t heard_us;
    uint8_t jog_channel; /* the one that is moved by hand, or MB_NO_CHANNEL */
    uint16_t jog_pulse_us;
    uint32_t jogged_us;
    bool storing; /* what it has set is on its way to permanent memory */
    uint8_t store_seq;
} mb_calibration;

typedef struct {
    mb_board board;
    uint32_t now_us; /* the board layer's clock when the core last heard of it */

    mb_cobs_decoder decoder;
    uint8_t outbox[MB_OUTBOX_BYTES];
    uint8_t out_read;
    uint8_t out_count;

    mb_settings settings;
    uint8_t slot; /* of permanent memory, that holds the settings; MB_SLOTS: none does */
    mb_setpoints setpoints; /* empty while a session is open or storing: its image then lies in their memory */
    mb_output output[MB_MAX_CHANNELS];
    uint32_t still_us[MB_MAX_CHANNELS]; /* for how long each has stood where it should */
    uint16_t attached_mask;
    uint16_t resting_mask; /* attached, but without pulses since nothing moved for long */
    uint32_t move_us;      /* when the last valid move came, or attaching began */
    bool tripped;          /* the watchdog ended the last attachment */
    bool parking;          /* on the way to neutral, then detached */
    uint32_t hold_left_us;

    mb_alarms alarms;
    mb_calibration calibration;
    mb_counters counters;
} mb_core;

/* Starts with nothing stored, detached. Time in all calls is the board's own, in us modulo 2^32; it never runs
 * backwards. A board layer calls at least once in 30 minutes: a step of 2^31 us or more would look like one. */
void mb_start(mb_core *core, const mb_board *board, uint32_t now_us);

/* Offers what a slot of permanent memory (0 or 1) holds, after mb_start; the newest right image counts. False: not a
 * right image, as in a slot that was never written or whose writing was cut short. */
bool mb_load(mb_core *core, uint8_t slot, const uint8_t image[MB_STORE_BYTES]);

/* Takes one byte from the host. */
void mb_receive(mb_core *core, uint8_t byte, uint32_t now_us);

/* Lets time pass: watchdog and session time-outs. Call at least every few milliseconds. */
void mb_poll(mb_core *core, uint32_t now_us);

/* Takes the levels of the board's inputs, if it has such: a servo that is held fast, one that is too hot. Call it
 * with each mb_poll, before it. */
void mb_alarm(mb_core *core, bool stalled, bool hot);

/* How long the next period is. It changes only while nothing has pulses. */
uint16_t mb_period_us(const mb_core *core);

/* Gives the pulse widths of the period that starts at start_us, at most a period from the last known time; 0: no
 * pulse. Call exactly once for each period. */
void mb_pulses(mb_core *core, uint32_t start_us, uint16_t pulse_us[MB_MAX_CHANNELS]);

/* Takes the next byte for the host; false when there is none. */
bool mb_transmit(mb_core *core, uint8_t *byte);

/* Counts a received byte that the board layer had to drop. */
void mb_lost_byte(mb_core *core);

/* While not null, these MB_STORE_BYTES have to get into that slot of permanent memory; then call mb_stored. */
const uint8_t *mb_to_store(const mb_core *core, uint8_t *slot);

/* Ends a store: from here on the settings are those of the image; where it could not be written and read back, those
 * of before, which are still in the other slot. */
void mb_stored(mb_core *core, bool written);

/* What the messages of the same names do, for a board that is its own host. They return a status. */
uint8_t mb_attach(mb_core *core, uint16_t mask);
uint8_t mb_move(mb_core *core, const mb_set_point *wanted);

#endif
