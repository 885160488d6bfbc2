/* Twelve servo pulses from both MCPWM groups: three operators each, two outputs each. UNTESTED. */
#ifndef MANDIBLE_PULSES_H
#define MANDIBLE_PULSES_H

#include <stdint.h>

#include "pins.h"

/* Pulses must be over when the next period is planned. */
#define PULSES_SHORTEST_PERIOD_US 5000u

/* Starts periods of that length with no pulses; the first begins at the board's clock's 0, which is now. */
void pulses_start(uint16_t period_us);

/* Microseconds since pulses_start, modulo 2^32. */
uint32_t pulses_clock_us(void);

/* Takes widths (us, 0 for no pulse) for the next period. Only in the last 2 ms before it, when no pulse is running. */
void pulses_plan(const uint16_t pulse_us[CHANNELS]);

#endif
