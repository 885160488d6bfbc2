/* Clocks, resets, the time and the watchdog. */
#ifndef MANDIBLE_CHIP_H
#define MANDIBLE_CHIP_H

#include <stdint.h>

/* From the boot ROM's clocks to 125 MHz (48 MHz for USB) from the crystal, and the peripherals out of reset. */
void chip_start(void);

/* Microseconds since power-up, from the crystal. */
uint64_t chip_time_us(void);

/* The low half of chip_time_us. */
uint32_t chip_time_low_us(void);

/* Starts the watchdog, or feeds it: in that many ms (at most 8000) the chip resets unless this is called again. */
void chip_alive_for(uint32_t ms);

/* Takes the pins from the PWM, which ends every pulse, and resets the chip. Does not return. */
void chip_reset(void) __attribute__((noreturn));

#endif
