#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "inbox.h"

/* Double speed: 115200 becomes 117647 baud, 2.1 % off, as on every Arduino (single speed: 3.5 %). 57600 is 0.8 % off,
 * the round rates are exact. */
#define UBRR_VALUE ((F_CPU + 4UL * BAUD) / (8UL * BAUD) - 1UL)
#define TRUE_BAUD (F_CPU / (8UL * (UBRR_VALUE + 1UL)))

/* Receiver and transmitter share what error there may be (the data sheet allows the pair about 2 % each). */
#if TRUE_BAUD * 1000UL > BAUD * 1025UL || TRUE_BAUD * 1000UL < BAUD * 975UL
#error "no such rate comes out of 16 MHz: take 57600, 115200, 250000 or 500000"
#endif

#define OUT_BYTES 16u /* a power of two */

mb_inbox inbox;

static volatile uint8_t out_ring[OUT_BYTES];
static volatile uint8_t out_write;
static volatile uint8_t out_read;

ISR(USART_RX_vect)
{
    inbox_take();
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
    return inbox.read != inbox.write;
}

bool uart_receive(uint8_t *byte)
{
    if (!uart_received()) {
        return false;
    }
    *byte = inbox.ring[inbox.read];
    inbox.read = (inbox.read + 1u) % INBOX_BYTES;
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
        count = inbox.lost;
        inbox.lost = 0;
    }
    return count;
}
