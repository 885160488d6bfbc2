/* The serial line into the simulated UART, at any rate, and what would have waited in the real chip's. */
#ifndef LINE_H
#define LINE_H

#include <stddef.h>
#include <stdint.h>

#include <simavr/sim_avr.h>

#define FREQUENCY_HZ 16000000u

/* Connects to UART0; bytes that the firmware sends are printed. */
void line_connect(avr_t *avr, uint32_t baud);

/* Call before every run: simavr counts eleven bits to a byte, start, parity and stop; without parity there are ten. */
void line_correct_byte_time(void);

/* Puts bytes on the line from that cycle on, behind what is on it already. The cycle must not be past. */
void line_send(avr_cycle_count_t cycle, const char *bytes, size_t count);

/* What was on its way is lost. */
void line_reset(void);

/* The most received bytes that ever waited in the UART. It overruns as the chip's does. */
size_t line_most_waiting(void);

#endif
