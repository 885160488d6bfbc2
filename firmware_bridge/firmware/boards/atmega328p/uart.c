#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#define BAUD 115200UL
/* Double speed: 117647 baud, 2.1 % off, as on every Arduino; single speed would be 3.5 % off. */
#define UBRR_VALUE ((F_CPU + 4UL * BAUD) / (8UL * BAUD) - 1UL)

/* 11 ms of bytes, more than the main loop is ever away. Powers of two. */
#define IN_BYTES 128u
#define OUT_BYTES 64u

static uint8_t in_ring[IN_BYTES];
static volatile uint8_t in_write;
static volatile uint8_t in_read;
static uint8_t out_ring[OUT_BYTES];
static volatile uint8_t out_write;
static volatile uint8_t out_read;
static volatile uint8_t lost;

ISR(USART_RX_vect)
{
    const uint8_t status = UCSR0A;
    const uint8_t byte = UDR0;
    const uint8_t next = (in_write + 1u) % IN_BYTES;
    if ((status & _BV(DOR0)) && lost < UINT8_MAX) {
        lost++;
    }
    if (next != in_read) {
        in_ring[in_write] = byte;
        in_write = next;
    } else if (lost < UINT8_MAX) {
        lost++;
    }
}

ISR(USART_UDRE_vect)
{
    if (out_read == out_write) {
        UCSR0B &= (uint8_t)~_BV(UDRIE0);
    } else {
        UDR0 = out_ring[out_read];
        out_read = (out_read + 1u) % OUT_BYTES;
    }
}

void uart_start(void)
{
    UCSR0A = _BV(U2X0); /* before UBRR0: simavr works out the byte time when that is written */
    UBRR0 = UBRR_VALUE;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

bool uart_received(void)
{
    return in_read != in_write;
}

bool uart_receive(uint8_t *byte)
{
    if (!uart_received()) {
        return false;
    }
    *byte = in_ring[in_read];
    in_read = (in_read + 1u) % IN_BYTES;
    return true;
}

bool uart_has_room(void)
{
    return (out_write + 1u) % OUT_BYTES != out_read;
}

void uart_send(uint8_t byte)
{
    out_ring[out_write] = byte;
    out_write = (out_write + 1u) % OUT_BYTES;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        UCSR0B |= _BV(UDRIE0);
    }
}

uint8_t uart_lost(void)
{
    uint8_t count = 0;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        count = lost;
        lost = 0;
    }
    return count;
}
