/* Twelve servo pulses from the PWM, and the board's clock.
 *
 * All slices count microseconds in step and hold a period each. Their compare values are double-buffered: widths
 * written during a period are all taken at the start of the next. The pulses need no processor: they go on, as they
 * were last set, while the flash is written. */
#ifndef MANDIBLE_PULSES_H
#define MANDIBLE_PULSES_H

#include <stdbool.h>
#include <stdint.h>

#include "pins.h"

/* Starts the clock at 0 and periods of that length with no pulses. Periods start at the clock's multiples of it. */
void pulses_start(uint16_t period_us);

/* Microseconds since pulses_start, modulo 2^32. */
uint32_t pulses_clock_us(void);

/* The length of the periods being given. */
uint16_t pulses_period_us(void);

/* Changes to periods of another length, with no pulses until the next plan. Waits for running pulses to end. */
void pulses_change_period(uint16_t period_us);

/* True from some ms before a period until its widths are planned. */
bool pulses_wanted(void);

/* When the period starts that is to be planned next, on the board's clock; 0.4 ms away at least. */
uint32_t pulses_next_us(void);

/* Sets the widths (us, at most 2500, 0 for no pulse) of that period. */
void pulses_plan(const uint16_t pulse_us[CHANNELS]);

#endif
