/* UART0 at BAUD (a build option) 8N1 with interrupts and a ring each way. */
#ifndef MANDIBLE_UART_H
#define MANDIBLE_UART_H

#include <stdbool.h>
#include <stdint.h>

void uart_start(void);

/* Takes a received byte; false when there is none. */
bool uart_receive(uint8_t *byte);

/* True when uart_receive has one. */
bool uart_received(void);

/* True when uart_send has room. */
bool uart_has_room(void);

/* Sends a byte; only after uart_has_room. */
void uart_send(uint8_t byte);

/* Returns how many received bytes were lost since the last call. */
uint8_t uart_lost(void);

#endif
