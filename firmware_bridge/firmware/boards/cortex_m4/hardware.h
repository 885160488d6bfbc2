/* What a chip with a Cortex-M4 has to bring. These functions, and CLOCK_HZ, are all that differs from one such chip to
 * the next; mps2.c is the one for the board that QEMU simulates. */
#ifndef MANDIBLE_HARDWARE_H
#define MANDIBLE_HARDWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../core/core.h"

/* Clocks, pins, serial line and the servos' timers, which give no pulses yet; a watchdog of about 250 ms. */
void hardware_start(void);

/* Says that the program is alive: restarts the chip's watchdog. A chip that was reset gives no pulses. */
void hardware_alive(void);

/* Takes a byte from the host, and the time at which it was taken; false when there is none. */
bool hardware_receive(uint8_t *byte, uint32_t *at_us);

/* Returns how many received bytes were lost since the last call. */
uint8_t hardware_lost(void);

/* Sends a byte to the host; false when there is no room for it yet. */
bool hardware_send(uint8_t byte);

/* Sets the widths (us, 0 for no pulse) of the period that starts at start_us: into the compare registers' preloads,
 * so that all are taken together. Comes 2 ms before; the next period is period_us later. */
void hardware_give_pulses(uint32_t start_us, uint16_t period_us, const uint16_t pulse_us[MB_MAX_CHANNELS]);

/* Reads a slot of the permanent memory. */
void hardware_load(uint8_t slot, uint8_t image[MB_STORE_BYTES]);

/* Writes a slot and reads it back; false when it does not hold the image. May take as long as flash takes: nothing is
 * attached then. */
bool hardware_store(uint8_t slot, const uint8_t image[MB_STORE_BYTES]);

/* Inputs that say "a servo is stalled" and "a servo is hot", where the board has them. */
bool hardware_stalled(void);
bool hardware_hot(void);

/* Called for every interrupt of the chip's own parts, with its number. */
void hardware_interrupt(uint32_t number);

#endif
