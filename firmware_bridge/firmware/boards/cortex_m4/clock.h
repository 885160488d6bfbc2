/* The board's clock, from the SysTick timer that every Cortex-M4 has. */
#ifndef MANDIBLE_CLOCK_H
#define MANDIBLE_CLOCK_H

#include <stdint.h>

/* What the processor runs at; 25 MHz is what QEMU's board says of itself. */
#ifndef CLOCK_HZ
#define CLOCK_HZ 25000000u
#endif

/* Starts at 0. Calls each_ms (may be null) from an interrupt once a millisecond. */
void clock_start(void (*each_ms)(void));

/* Microseconds since clock_start, modulo 2^32; right in interrupts and with interrupts held off for under 1 ms, too. */
uint32_t clock_us(void);

#endif
