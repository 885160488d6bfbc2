/* Runs the real firmware image on a simulated ATmega328P in lockstep with a test, over stdin and stdout.
 *
 * Links libsimavr, which is GPL-3: this program is part of the tests only and never ships in a wheel.
 *
 *   harness FIRMWARE.elf
 *     send CYCLE HEX     bytes on the UART's receive line from that cycle on, at 115200 baud, one after the other
 *     advance CYCLE      run until then; prints what happened, in order:
 *                          E CYCLE CHANNEL LEVEL   an edge on a servo pin
 *                          T CYCLE BYTE            a byte sent by the firmware
 *     load HEX           put an image into the EEPROM (at address 0)
 *     eeprom COUNT       print the EEPROM's first bytes: M HEX
 *     unused             print how many bytes of SRAM nothing has ever touched: U COUNT
 *     reset              as the reset button
 * Every command ends its output with a line ". CYCLE". Any failure ends the program with a message. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <simavr/avr_eeprom.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

#include "hex.h"

#define FREQUENCY_HZ 16000000u
#define BAUD 115200u
#define BITS_PER_BYTE 10u
#define LINE_BYTES (1 << 20)
#define SERVO_CHANNELS 12
#define SRAM_AT 0x100
#define SRAM_BYTES 2048
#define UNTOUCHED 0xC5

typedef struct {
    avr_cycle_count_t cycle;
    uint8_t byte;
} arrival;

static avr_t *avr;
static avr_uart_t *uart;
static avr_irq_t *receive_line;
static arrival *arrivals; /* those from next_arrival on are still to come */
static size_t arrival_count, arrival_room, next_arrival;
static uint64_t line_free_bits; /* when the last byte ends, in cycles x BAUD */
static uint8_t level[SERVO_CHANNELS];

static void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("harness: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void on_pin(avr_irq_t *irq, uint32_t value, void *channel_pointer)
{
    const int channel = (int)(intptr_t)channel_pointer;
    (void)irq;
    if (level[channel] != (value & 1)) {
        level[channel] = (uint8_t)(value & 1);
        printf("E %llu %d %d\n", (unsigned long long)avr->cycle, channel, level[channel]);
    }
}

static void on_sent(avr_irq_t *irq, uint32_t value, void *unused)
{
    (void)irq;
    (void)unused;
    printf("T %llu %u\n", (unsigned long long)avr->cycle, value & 0xFF);
}

/* Time does not wait for the computer: a sleeping core goes straight to its next event. */
static void skip_sleep(avr_t *core, avr_cycle_count_t cycles)
{
    (void)core;
    (void)cycles;
}

static avr_cycle_count_t on_target(avr_t *core, avr_cycle_count_t when, void *unused)
{
    (void)core;
    (void)when;
    (void)unused;
    return 0;
}

static avr_cycle_count_t on_arrival(avr_t *core, avr_cycle_count_t when, void *unused)
{
    (void)core;
    (void)when;
    (void)unused;
    avr_raise_irq(receive_line, arrivals[next_arrival].byte);
    next_arrival++;
    return next_arrival < arrival_count ? arrivals[next_arrival].cycle : 0;
}

static void watch_servo_pins(void)
{
    for (int channel = 0; channel < SERVO_CHANNELS; channel++) {
        const char port = channel < 6 ? 'D' : 'C';
        const int bit = channel < 6 ? channel + 2 : channel - 6;
        avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port), bit), on_pin,
                                (void *)(intptr_t)channel);
    }
}

static void connect_uart(void)
{
    uint32_t flags = 0;
    avr_io_t *io = avr->io_port;
    while (io != NULL && strcmp(io->kind, "uart") != 0) {
        io = io->next;
    }
    if (io == NULL) {
        die("the simulated chip has no UART");
    }
    uart = (avr_uart_t *)io;
    avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    receive_line = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_sent, NULL);
}

static void start(const char *path)
{
    elf_firmware_t firmware = {0};
    if (elf_read_firmware(path, &firmware) != 0) {
        die("%s is no firmware image", path);
    }
    avr = avr_make_mcu_by_name("atmega328p");
    if (avr == NULL) {
        die("libsimavr has no atmega328p");
    }
    avr_init(avr);
    firmware.frequency = FREQUENCY_HZ;
    avr_load_firmware(avr, &firmware);
    avr->log = LOG_ERROR;
    avr->sleep = skip_sleep;
    memset(avr->data + SRAM_AT, UNTOUCHED, SRAM_BYTES);
    connect_uart();
    watch_servo_pins();
}

/* simavr counts eleven bits to a byte, start, parity and stop; without parity there are ten. */
static void correct_byte_time(void)
{
    static avr_cycle_count_t corrected;
    if (uart->cycles_per_byte != corrected) {
        corrected = uart->cycles_per_byte = uart->cycles_per_byte * BITS_PER_BYTE / (BITS_PER_BYTE + 1);
    }
}

static void advance(avr_cycle_count_t target)
{
    correct_byte_time();
    if (target > avr->cycle) {
        avr_cycle_timer_register(avr, target - avr->cycle, on_target, NULL);
    }
    while (avr->cycle < target) {
        const int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            die("the firmware %s at cycle %llu", state == cpu_Done ? "ended" : "crashed",
                (unsigned long long)avr->cycle);
        }
    }
    avr_cycle_timer_cancel(avr, on_target, NULL);
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
    arrivals[arrival_count].cycle = (line_free_bits + BAUD - 1) / BAUD;
    arrivals[arrival_count].byte = byte;
    arrival_count++;
    line_free_bits += (uint64_t)BITS_PER_BYTE * FREQUENCY_HZ;
}

/* A byte that starts at a cycle counts as received one byte time later: simavr's UART adds that itself. */
static void send(avr_cycle_count_t cycle, const char *bytes, size_t count)
{
    const int idle = next_arrival == arrival_count;
    if (cycle < avr->cycle) {
        die("cannot send at cycle %llu: it is past", (unsigned long long)cycle);
    }
    if (line_free_bits < (uint64_t)cycle * BAUD) {
        line_free_bits = (uint64_t)cycle * BAUD;
    }
    for (size_t i = 0; i < count; i++) {
        add_arrival((uint8_t)bytes[i]);
    }
    correct_byte_time();
    if (idle && count > 0) {
        const avr_cycle_count_t first = arrivals[next_arrival].cycle;
        avr_cycle_timer_register(avr, first > avr->cycle ? first - avr->cycle : 1, on_arrival, NULL);
    }
}

static void reset(void)
{
    avr_reset(avr);
    avr->state = cpu_Running;
    /* A reset clears the simulator's timers, those of bytes under way among them. */
    avr_cycle_timer_cancel(avr, on_arrival, NULL);
    next_arrival = arrival_count;
}

static void load_eeprom(char *bytes, size_t count)
{
    avr_eeprom_desc_t content = {.ee = (uint8_t *)bytes, .offset = 0, .size = (uint32_t)count};
    avr_eeprom_desc_t now = {.ee = NULL, .offset = 0, .size = (uint32_t)count};
    /* Neither call's result says whether it worked. */
    avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &content);
    avr_ioctl(avr, AVR_IOCTL_EEPROM_GET, &now);
    if (now.ee == NULL || memcmp(now.ee, bytes, count) != 0) {
        die("the EEPROM does not take %zu bytes", count);
    }
}

static void print_eeprom(uint32_t count)
{
    avr_eeprom_desc_t content = {.ee = NULL, .offset = 0, .size = count};
    avr_ioctl(avr, AVR_IOCTL_EEPROM_GET, &content);
    fputs("M ", stdout);
    for (uint32_t i = 0; i < count; i++) {
        printf("%02x", content.ee[i]);
    }
    fputc('\n', stdout);
}

/* The gap between the variables and the deepest the stack has come. */
static void print_unused(void)
{
    int longest = 0;
    int run = 0;
    for (int i = 0; i < SRAM_BYTES; i++) {
        run = avr->data[SRAM_AT + i] == UNTOUCHED ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    printf("U %d\n", longest);
}

static void obey(char *line)
{
    char name[16] = "";
    char *rest = line;
    int used = 0;
    sscanf(line, "%15s %n", name, &used);
    rest += used;
    if (strcmp(name, "advance") == 0) {
        advance(strtoull(rest, NULL, 10));
    } else if (strcmp(name, "send") == 0) {
        const avr_cycle_count_t cycle = strtoull(rest, &rest, 10);
        rest += strspn(rest, " ");
        send(cycle, rest, unhex(rest));
    } else if (strcmp(name, "load") == 0) {
        load_eeprom(rest, unhex(rest));
    } else if (strcmp(name, "eeprom") == 0) {
        print_eeprom((uint32_t)strtoul(rest, NULL, 10));
    } else if (strcmp(name, "unused") == 0) {
        print_unused();
    } else if (strcmp(name, "reset") == 0) {
        reset();
    } else {
        die("no such command: %s", line);
    }
}

int main(int count, char **arguments)
{
    static char line[LINE_BYTES];
    if (count != 2) {
        die("usage: harness FIRMWARE.elf");
    }
    start(arguments[1]);
    while (fgets(line, sizeof line, stdin) != NULL) {
        obey(line);
        printf(". %llu\n", (unsigned long long)avr->cycle);
        fflush(stdout);
    }
    return 0;
}
