#include "line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <simavr/avr_uart.h>

#include "die.h"

#define BITS_PER_BYTE 10u
/* Two in the receive buffer, one in the shift register; the next one is lost (data sheet, "Data OverRun"). */
#define UART_HOLDS 3u

typedef struct {
    avr_cycle_count_t cycle; /* of its last bit */
    uint8_t byte;
} arrival;

static avr_t *avr;
static uint32_t baud;
static avr_uart_t *uart;
static avr_irq_t *receive_line;
static avr_io_read_t read_register;
static arrival *arrivals; /* those from next_arrival on are still to come */
static size_t arrival_count, arrival_room, next_arrival;
static size_t unread, most_unread;
static uint64_t line_free_bits; /* when the last byte ends, in cycles x baud */

static void on_sent(avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq;
    (void)unused;
    printf("T %llu %u\n", (unsigned long long)avr->cycle, value & 0xFF);
}

static void hand_over(uint8_t byte)
{
    /* simavr waits a byte's time with the first of several, and takes up to 64. */
    const avr_cycle_count_t cycles_per_byte = uart->cycles_per_byte;
    if (!avr_regbit_get(avr, uart->rxen)) {
        unread = 0; /* the firmware has not started yet: nobody listens, and a reset has emptied the buffer */
        return;
    }
    if (unread == UART_HOLDS) {
        avr_regbit_setto(avr, uart->dor, 1);
        return;
    }
    uart->cycles_per_byte = 1;
    avr_raise_irq(receive_line, byte);
    uart->cycles_per_byte = cycles_per_byte;
    unread++;
    most_unread = unread > most_unread ? unread : most_unread;
}

static avr_cycle_count_t on_arrival(avr_t *core, avr_cycle_count_t when, void *unused)
{
    (void)core;
    (void)when;
    (void)unused;
    hand_over(arrivals[next_arrival].byte);
    next_arrival++;
    return next_arrival < arrival_count ? arrivals[next_arrival].cycle : 0;
}

static uint8_t on_read(avr_t *core, avr_io_addr_t address, void *parameter)
{
    unread -= unread > 0;
    uart->rx_cnt = 0; /* every byte handed over has arrived: no reading is too early */
    return read_register(core, address, parameter);
}

void line_connect(avr_t *core, uint32_t rate)
{
    uint32_t flags = 0;
    avr_io_t *io = core->io_port;
    while (io != NULL && strcmp(io->kind, "uart") != 0) {
        io = io->next;
    }
    if (io == NULL) {
        die("the simulated chip has no UART");
    }
    avr = core;
    baud = rate;
    uart = (avr_uart_t *)io;
    avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    receive_line = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_sent, NULL);
    /* Between the firmware and simavr's own reading of the data register. */
    read_register = avr->io[AVR_DATA_TO_IO(uart->r_udr)].r.c;
    avr->io[AVR_DATA_TO_IO(uart->r_udr)].r.c = on_read;
}

void line_correct_byte_time(void)
{
    static avr_cycle_count_t corrected;
    if (uart->cycles_per_byte != corrected) {
        corrected = uart->cycles_per_byte = uart->cycles_per_byte * BITS_PER_BYTE / (BITS_PER_BYTE + 1);
    }
}

static void add_arrival(uint8_t byte)
{
    if (arrival_count == arrival_room) {
        arrival_room = 2 * arrival_room + 1024;
        arrivals = realloc(arrivals, arrival_room * sizeof *arrivals);
        if (arrivals == NULL) {
            die("out of memory");
        }
    }
    line_free_bits += (uint64_t)BITS_PER_BYTE * FREQUENCY_HZ;
    arrivals[arrival_count].cycle = (line_free_bits + baud - 1) / baud;
    arrivals[arrival_count].byte = byte;
    arrival_count++;
}

void line_send(avr_cycle_count_t cycle, const char *bytes, size_t count)
{
    const int idle = next_arrival == arrival_count;
    if (cycle < avr->cycle) {
        die("cannot send at cycle %llu: it is past", (unsigned long long)cycle);
    }
    if (line_free_bits < (uint64_t)cycle * baud) {
        line_free_bits = (uint64_t)cycle * baud;
    }
    for (size_t i = 0; i < count; i++) {
        add_arrival((uint8_t)bytes[i]);
    }
    line_correct_byte_time();
    if (idle && count > 0) {
        const avr_cycle_count_t first = arrivals[next_arrival].cycle;
        avr_cycle_timer_register(avr, first > avr->cycle ? first - avr->cycle : 1, on_arrival, NULL);
    }
}

void line_reset(void)
{
    /* A reset clears the simulator's timers, those of bytes under way among them. */
    avr_cycle_timer_cancel(avr, on_arrival, NULL);
    next_arrival = arrival_count;
    unread = 0;
}

size_t line_most_waiting(void)
{
    return most_unread;
}
