/* UART0 on GP0 (out) and GP1 (in), 8N1, at 115200 baud unless built with BAUD=..., by interrupts. */
#ifndef MANDIBLE_UART_H
#define MANDIBLE_UART_H

#include <stdbool.h>
#include <stdint.h>

void uart_start(void);

/* True when uart_receive has a byte. */
bool uart_received(void);

/* Takes a received byte; false when there is none. */
bool uart_receive(uint8_t *byte);

/* True when uart_send has room. */
bool uart_has_room(void);

/* Sends a byte; only after uart_has_room. */
void uart_send(uint8_t byte);

/* Returns how many received bytes were lost or damaged since the last call. */
uint8_t uart_lost(void);

#endif
