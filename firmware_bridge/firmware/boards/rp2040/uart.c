#include "uart.h"

#include "pins.h"
#include "ring.h"
#include "rp2040.h"

#ifndef BAUD
#define BAUD 115200u
#endif

/* The divisor in 64ths, rounded: clock / (16 x baud). */
#define DIVISOR_64THS ((8u * SYSTEM_HZ / (BAUD) + 1u) / 2u)

static ring in;
static ring out;
static volatile uint8_t lost;

/* As much as goes in; the interrupt for more comes when half of it has left, so only while something waits. */
static void fill(void)
{
    while (!ring_is_empty(&out) && (REGISTER(UART_FLAGS) & UART_SEND_FULL) == 0) {
        REGISTER(UART_DATA) = ring_take(&out);
    }
    REGISTER(UART_IMSC) =
        UART_INT_RECEIVE | UART_INT_TIMEOUT | (ring_is_empty(&out) ? 0 : UART_INT_SEND);
}

static void count_lost(void)
{
    if (lost < UINT8_MAX) {
        lost++;
    }
}

static void drain(void)
{
    while ((REGISTER(UART_FLAGS) & UART_RECEIVE_EMPTY) == 0) {
        const uint32_t word = REGISTER(UART_DATA);
        if ((word & UART_OVERRUN) != 0) {
            count_lost();
        }
        if ((word & UART_FRAMING_ERROR) != 0 || !ring_has_room(&in)) {
            count_lost();
        } else {
            ring_put(&in, (uint8_t)word);
        }
    }
}

void on_uart(void);

void on_uart(void)
{
    REGISTER(UART_ICR) = UART_INT_RECEIVE | UART_INT_TIMEOUT | UART_INT_SEND;
    drain();
    fill();
}

void uart_start(void)
{
    REGISTER(UART_IBRD) = DIVISOR_64THS / 64u;
    REGISTER(UART_FBRD) = DIVISOR_64THS % 64u;
    REGISTER(UART_LINE) = UART_8_BITS | UART_FIFOS;
    REGISTER(UART_IFLS) = 2u << 3 | 2u; /* interrupts at half full */
    REGISTER(UART_CTRL) = UART_ON;
    REGISTER(PADS(UART_SEND_PIN)) = PAD_4_MA;
    REGISTER(PADS(UART_RECEIVE_PIN)) = PAD_INPUT | PAD_PULL_UP | PAD_SCHMITT; /* quiet when nothing is wired */
    REGISTER(IO_CTRL(UART_SEND_PIN)) = FUNCTION_UART;
    REGISTER(IO_CTRL(UART_RECEIVE_PIN)) = FUNCTION_UART;
    REGISTER(UART_IMSC) = UART_INT_RECEIVE | UART_INT_TIMEOUT;
    REGISTER(NVIC_ENABLE) = 1u << IRQ_UART0;
}

bool uart_received(void)
{
    return !ring_is_empty(&in);
}

bool uart_receive(uint8_t *byte)
{
    if (ring_is_empty(&in)) {
        return false;
    }
    *byte = ring_take(&in);
    return true;
}

bool uart_has_room(void)
{
    return ring_has_room(&out);
}

void uart_send(uint8_t byte)
{
    const uint32_t before = interrupts_off();
    ring_put(&out, byte);
    fill();
    interrupts_restore(before);
}

uint8_t uart_lost(void)
{
    const uint32_t before = interrupts_off();
    const uint8_t count = lost;
    lost = 0;
    interrupts_restore(before);
    return count;
}
