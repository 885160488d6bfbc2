/* Twelve servo pulses every 20 ms from one Timer1 compare unit, and the board's clock.
 *
 * The period has six slots of 3.33 ms with two outputs each, so it keeps its length even with every pulse at 2500 us.
 * An edge's interrupt comes 20 us early and waits on the timer: what other interrupts take does not reach the pin. */
#ifndef MANDIBLE_PULSES_H
#define MANDIBLE_PULSES_H

#include <stdbool.h>
#include <stdint.h>

#include "pins.h"

/* Starts the timer with no pulses. */
void pulses_start(void);

/* Microseconds since pulses_start, modulo 2^32. */
uint32_t pulses_clock_us(void);

/* True from 3.3 ms before a period until its widths are planned. */
bool pulses_wanted(void);

/* Microseconds from a recent reading of the clock until the next period starts. */
uint16_t pulses_next_us(uint32_t now_us);

/* Sets the widths (us, 0 for no pulse) for the next period; they are taken all together at its start. */
void pulses_plan(const uint16_t pulse_us[CHANNELS]);

#endif
