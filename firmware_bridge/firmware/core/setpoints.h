/* Timed set-points: a short queue, and for each channel the straight line between the successive ones. */
#ifndef MANDIBLE_SETPOINTS_H
#define MANDIBLE_SETPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol_gen.h"

/* Lines are at most late_ms + ahead_ms long; anything longer has an old start and is taken as over. */
#define MB_LONGEST_LINE_US (2000UL * MB_AHEAD_MS)

/* Instants are the board's clock in us modulo 2^32. */
typedef struct {
    uint32_t due_us;
    uint16_t mask;
    uint16_t pulse_us[MB_MAX_CHANNELS]; /* by channel; only those in mask mean anything */
} mb_set_point;

/* In the order of due_us. Of two entries for one channel the later one in the queue is also the later one in time. */
typedef struct {
    mb_set_point entry[MB_QUEUE_SET_POINTS];
    uint8_t count;
    uint32_t from_at_us[MB_MAX_CHANNELS];    /* where each channel's line starts: the last set-point reached, */
    uint16_t from_pulse_us[MB_MAX_CHANNELS]; /* or where the channel was when the queue had nothing for it */
} mb_setpoints;

/* Microseconds from one instant to another, up to half the clock's range either way. */
int32_t mb_us_from(uint32_t from_us, uint32_t to_us);

/* Lets a channel stand at a pulse width and forgets what the queue holds for it. */
void mb_setpoints_hold(mb_setpoints *setpoints, uint8_t channel, uint16_t pulse_us, uint32_t now_us);

/* Takes channels out of every queued entry. */
void mb_setpoints_forget(mb_setpoints *setpoints, uint16_t mask);

/* Queues a set-point. For its channels it replaces entries due at the same time or later; a channel for which the queue
 * then holds nothing else starts its line from where it is now. False, and nothing changed, when the queue is full. */
bool mb_setpoints_add(mb_setpoints *setpoints, const mb_set_point *added, uint32_t now_us);

/* Makes every entry due at or before at_us the start of its channels' lines, and drops it. */
void mb_setpoints_reach(mb_setpoints *setpoints, uint32_t at_us);

/* The pulse width a channel should have at an instant: linear between set-points, constant after the last. */
uint16_t mb_setpoints_position(const mb_setpoints *setpoints, uint8_t channel, uint32_t at_us);

#endif
