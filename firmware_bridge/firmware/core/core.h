/* The board's portable core: bytes from the host in, replies and servo pulse widths out. No input, output or clock of
 * its own; a board layer calls it (boards/atmega328p on the chip, host/_boardmodule.c on a computer).
 *
 * Whatever arrives, a pulse lies within its channel's stored limits and within the slew limit of the one before. */
#ifndef MANDIBLE_CORE_H
#define MANDIBLE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "cobs.h"
#include "motion.h"
#include "setpoints.h"
#include "store.h"

#define MB_OUTBOX_BYTES 128u /* a power of two, room for two of the longest replies */

typedef struct {
    uint16_t bad_frames;
    uint16_t overruns;
    uint16_t late_set_points;
    uint16_t clamped_set_points;
} mb_counters;

typedef struct {
    uint8_t board;    /* MB_BOARD_... */
    uint8_t channels; /* 1 .. MB_MAX_CHANNELS */

    uint32_t now_us; /* the board layer's clock when the core last heard of it */
    mb_instant clock;

    mb_cobs_decoder decoder;
    uint8_t outbox[MB_OUTBOX_BYTES];
    uint8_t out_read;
    uint8_t out_count;

    mb_settings settings;
    mb_setpoints setpoints;
    mb_output output[MB_MAX_CHANNELS];
    uint16_t attached_mask;
    uint32_t move_us; /* when the last valid move came, or attaching began */
    bool tripped;     /* the watchdog ended the last attachment */
    bool parking;     /* on the way to neutral, then detached */
    uint8_t hold_left;

    bool unlocked; /* a calibration session is open: image holds what it has set so far */
    uint32_t session_us;
    bool storing; /* image is on its way to permanent memory */
    uint8_t store_seq;
    uint8_t image[MB_STORE_BYTES];

    mb_counters counters;
} mb_core;

/* Starts with what permanent memory holds (all of it right, or no channel has limits), detached. */
void mb_start(mb_core *core, uint8_t board, uint8_t channels, const uint8_t image[MB_STORE_BYTES], uint32_t now_us);

/* Takes one byte from the host. Time in all calls is the board's own, in us modulo 2^32; it never
 * runs backwards. A board layer calls at least once in 30 minutes: a step of 2^31 us or more would look like one. */
void mb_receive(mb_core *core, uint8_t byte, uint32_t now_us);

/* Lets time pass: watchdog and session time-outs. Call at least every few milliseconds. */
void mb_poll(mb_core *core, uint32_t now_us);

/* Gives the pulse widths of the period that starts ahead_us (at most a period) after the last known time; 0: no pulse.
 * Call exactly once for each period of MB_PERIOD_US. */
void mb_pulses(mb_core *core, uint16_t ahead_us, uint16_t pulse_us[MB_MAX_CHANNELS]);

/* Takes the next byte for the host; false when there is none. */
bool mb_transmit(mb_core *core, uint8_t *byte);

/* Counts a received byte that the board layer had to drop. */
void mb_lost_byte(mb_core *core);

/* While not null, these MB_STORE_BYTES have to get into permanent memory; then call mb_stored. */
const uint8_t *mb_to_store(const mb_core *core);

/* Ends a store: from here on the limits are those of the image, or none if it could not be written and read back. */
void mb_stored(mb_core *core, bool written);

#endif
