/* What each servo output really gets: the next pulse on the way to its goal, within range, speed and acceleration. */
#ifndef MANDIBLE_MOTION_H
#define MANDIBLE_MOTION_H

#include <stdint.h>

#include "goal.h"
#include "store.h"

/* Widths, and steps from one period to the next, in units of 2^-19 us: the slowest servo creeps exactly. */
typedef struct {
    uint16_t given_us; /* the last pulse given since the board started; 0: none yet */
    uint8_t soft_left; /* pulses still under the soft-start limit */
    int32_t position;  /* what given_us is rounded from */
    int32_t step;      /* from the position before it */
    int32_t speed;     /* the longest step, */
    int32_t accel;     /* the largest change of it, */
    int32_t brake;     /* and the distance from which a step of full speed can still be brought to rest */
} mb_output;

/* Prepares for pulses every period_us, from rest. A servo that has had pulses is taken to stand where the last one put
 * it; another starts at neutral. */
void mb_output_attach(mb_output *output, const mb_limits *limits, uint16_t period_us);

/* Prepares an attached channel that rested without pulses for the next ones, from rest. */
void mb_output_wake(mb_output *output, uint16_t period_us);

/* Returns the pulse of the period that goal begins with. Always: within the range, and no step over the speed. Unless
 * that is impossible: no change of step over the acceleration, no overshoot of a goal at rest. */
uint16_t mb_output_step(mb_output *output, const mb_limits *limits, const mb_goal *goal, uint16_t period_us);

/* Returns wanted_us if it is within limits, else the nearer limit. */
uint16_t mb_clamp(const mb_limits *limits, uint16_t wanted_us);

#endif
