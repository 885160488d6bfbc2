/* Received bytes on their way from the UART to the main loop. In a header so that both interrupts that empty the UART,
 * its own and the pulses' while that one waits for an edge, do it without a call. */
#ifndef MANDIBLE_INBOX_H
#define MANDIBLE_INBOX_H

#include <avr/io.h>
#include <stdbool.h>
#include <stdint.h>

#define INBOX_BYTES 128u /* a power of two */

typedef struct {
    volatile uint8_t ring[INBOX_BYTES]; /* as the indices: a byte is there before its index says so */
    volatile uint8_t write;
    volatile uint8_t read;
    volatile uint8_t lost;
} mb_inbox;

extern mb_inbox inbox;

/* Moves one byte from the UART, which must have one. Interrupts are off. */
__attribute__((always_inline)) static inline void inbox_take(void)
{
    const uint8_t overrun = UCSR0A & _BV(DOR0); /* to be read before the byte */
    const uint8_t byte = UDR0;
    const uint8_t at = inbox.write;
    const uint8_t next = (at + 1u) % INBOX_BYTES;
    const bool full = next == inbox.read;
    if (!full) {
        inbox.ring[at] = byte;
        inbox.write = next;
    }
    if ((overrun || full) && inbox.lost < UINT8_MAX) {
        inbox.lost++;
    }
}

#endif
