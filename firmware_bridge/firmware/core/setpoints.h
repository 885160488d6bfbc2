/* Timed set-points: a short queue, and for each channel the straight line between the successive ones. */
#ifndef MANDIBLE_SETPOINTS_H
#define MANDIBLE_SETPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol_gen.h"

/* An instant of the board's clock: milliseconds modulo 65536, and 0..999 us past them. */
typedef struct {
    uint16_t ms;
    uint16_t us;
} mb_instant;

typedef struct {
    uint16_t due_ms;
    uint16_t mask;
    uint16_t pulse_us[MB_MAX_CHANNELS]; /* by channel; only those in mask mean anything */
} mb_set_point;

/* In the order of due_ms. Of two entries for one channel the later one in the queue is also the later one in time. */
typedef struct {
    mb_set_point entry[MB_QUEUE_SET_POINTS];
    uint8_t count;
    uint16_t from_ms[MB_MAX_CHANNELS];  /* where each channel's line starts: the last set-point reached, */
    uint16_t from_us[MB_MAX_CHANNELS];  /* or where the channel was when the queue had nothing for it */
} mb_setpoints;

/* Milliseconds from one reading of the millisecond clock to another, up to half its range either way. */
int16_t mb_ms_from(uint16_t from_ms, uint16_t to_ms);

/* Lets a channel stand at a pulse width and forgets what the queue holds for it. */
void mb_setpoints_hold(mb_setpoints *setpoints, uint8_t channel, uint16_t pulse_us, mb_instant now);

/* Takes channels out of every queued entry. */
void mb_setpoints_forget(mb_setpoints *setpoints, uint16_t mask);

/* Queues a set-point. For its channels it replaces entries due at the same time or later; a channel for which the queue
 * then holds nothing else starts its line from where it is now. False, and nothing changed, when the queue is full. */
bool mb_setpoints_add(mb_setpoints *setpoints, const mb_set_point *added, mb_instant now);

/* Makes every entry due at or before at the start of its channels' lines, and drops it. */
void mb_setpoints_reach(mb_setpoints *setpoints, mb_instant at);

/* The pulse width a channel should have at an instant: linear between set-points, constant after the last. */
uint16_t mb_setpoints_position(const mb_setpoints *setpoints, uint8_t channel, mb_instant at);

#endif
