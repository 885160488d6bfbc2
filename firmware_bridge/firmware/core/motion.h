/* What each servo output really gets: set-points clamped to the stored limits, then held to the slew limit. */
#ifndef MANDIBLE_MOTION_H
#define MANDIBLE_MOTION_H

#include <stdint.h>

#include "store.h"

#define MB_PERIOD_US 20000u
#define MB_PERIODS_PER_S 50u
#define MB_SOFT_START_PULSES (MB_SOFT_START_MS / 20u)
#define MB_PARK_HOLD_PULSES (MB_PARK_HOLD_MS / 20u)

typedef struct {
    uint16_t given_us;  /* the last pulse given since the board started; 0: none yet */
    uint8_t carry;      /* slew not yet used, in 1/50 us, so that slow speeds are exact over several pulses */
    uint8_t soft_left;  /* pulses still under the soft-start limit */
} mb_output;

/* Prepares for pulses. A servo that has had pulses is taken to stand where the last one put it; another
 * starts at neutral. */
void mb_output_attach(mb_output *output, const mb_limits *limits);

/* Returns the next period's pulse on the way to wanted_us, always within limits and in reach of the last pulse. */
uint16_t mb_output_step(mb_output *output, const mb_limits *limits, uint16_t wanted_us);

/* Returns wanted_us if it is within limits, else the nearer limit. */
uint16_t mb_clamp(const mb_limits *limits, uint16_t wanted_us);

#endif
