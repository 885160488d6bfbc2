/* Twelve servo pulses each period from one Timer1 compare unit, and the board's clock.
 *
 * A period has two halves, one for each port: its six outputs rise together and fall in the order of their widths. So
 * the period keeps its length even with every pulse at 2500 us. An edge's interrupt comes early and waits on the timer,
 * emptying the UART meanwhile: what other interrupts take does not reach the pin. Falls too near to one another for the
 * timer are given by counted cycles. */
#ifndef MANDIBLE_PULSES_H
#define MANDIBLE_PULSES_H

#include <stdbool.h>
#include <stdint.h>

#include "pins.h"

/* How long before a period its pulses are worked out: longer than that takes beside a full serial line. What a mouth of
 * few servos saves here it is less late. */
#define PULSES_AHEAD_US(servos) (840u + 680u * (servos))
/* What planning twelve moving channels beside a full serial line leaves time for, 60 Hz. The edges alone would do with
 * 5200 us: two pulses of 2500 us and what lies around them. */
#define PULSES_SHORTEST_PERIOD_US 16666u

/* Starts the timer with no pulses. The clock reads 0; the first period starts at period_us. */
void pulses_start(uint16_t period_us);

/* Microseconds since pulses_start, modulo 2^32. */
uint32_t pulses_clock_us(void);

/* True from the time before a period at which it is to be planned until it is. */
bool pulses_wanted(void);

/* The clock at the start of the period that is to be planned. */
uint32_t pulses_next_us(void);

/* How far the next start lies from where periods of that length start (their multiples); 0 when it is one of those. */
uint16_t pulses_gap_us(uint16_t period_us);

/* Sets the widths (us, 0 for no pulse) and the length of the next period, which are taken all together at its start,
 * and how long before the one after it planning begins. */
void pulses_plan(const uint16_t pulse_us[CHANNELS], uint16_t period_us, uint16_t ahead_us);

#endif
