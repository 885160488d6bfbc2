/* Runs the real firmware image on a simulated ATmega328P in lockstep with a test, over stdin and stdout.
 *
 * Links libsimavr, which is GPL-3: this program is part of the tests only and never ships in a wheel.
 *
 *   harness FIRMWARE.elf BAUD
 *     send CYCLE HEX     bytes on the UART's receive line from that cycle on, at that rate, one after the other
 *     advance CYCLE      run until then; prints what happened, in order:
 *                          E CYCLE CHANNEL LEVEL   an edge on a servo pin
 *                          T CYCLE BYTE            a byte sent by the firmware
 *     load HEX           put an image into the EEPROM (at address 0)
 *     eeprom COUNT       print the EEPROM's first bytes: M HEX
 *     unused             print how many bytes of SRAM nothing has ever touched: U COUNT
 *     input BIT LEVEL    drive a pin of port B from outside
 *     figures            print what was counted since power-up: F ASLEEP WAITING PLANS WORST TOTAL, that is cycles asleep;
 *                        the most received bytes that waited in the UART; how often pulses were planned (GPIOR0 is 1
 *                        meanwhile), the most cycles that took, and all of them together
 *     watch              from now on `advance` also prints
 *                          I VECTOR BEGAN ENDED    an interrupt, from its vector to its return
 *                          P CYCLES                pulses were planned, and took so long
 *     reset              as the reset button
 * Every command ends its output with a line ". CYCLE". Any failure ends the program with a message. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <simavr/avr_eeprom.h>
#include <simavr/avr_ioport.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_interrupts.h>

#include "die.h"
#include "hex.h"
#include "line.h"

#define LINE_BYTES (1 << 20)
#define SERVO_CHANNELS 12
#define SRAM_AT 0x100
#define SRAM_BYTES 2048
#define UNTOUCHED 0xC5
#define GPIOR0_AT 0x3E
#define VECTORS 26

static avr_t *avr;
static struct {
    avr_cycle_count_t asleep;
    avr_cycle_count_t plan_began, plan_worst, plan_total;
    unsigned long plans;
} figures;
static uint8_t level[SERVO_CHANNELS];
static int watching;
static avr_cycle_count_t interrupt_began[VECTORS];

static void on_pin(avr_irq_t *irq, uint32_t value, void *channel_pointer)
{
    const int channel = (int)(intptr_t)channel_pointer;
    (void)irq;
    if (level[channel] != (value & 1)) {
        level[channel] = (uint8_t)(value & 1);
        printf("E %llu %d %d\n", (unsigned long long)avr->cycle, channel, level[channel]);
    }
}

/* Time does not wait for the computer: a sleeping core goes straight to its next event. */
static void skip_sleep(avr_t *core, avr_cycle_count_t cycles)
{
    (void)core;
    figures.asleep += cycles;
}

static void on_planning(avr_t *core, avr_io_addr_t address, uint8_t value, void *unused)
{
    (void)unused;
    core->data[address] = value;
    if (value != 0) {
        figures.plan_began = core->cycle;
    } else if (figures.plan_began != 0) {
        const avr_cycle_count_t took = core->cycle - figures.plan_began;
        figures.plans++;
        figures.plan_total += took;
        figures.plan_worst = took > figures.plan_worst ? took : figures.plan_worst;
        if (watching) {
            printf("P %llu\n", (unsigned long long)took);
        }
    }
}

static void on_interrupt(avr_irq_t *irq, uint32_t running, void *vector_pointer)
{
    const int vector = (int)(intptr_t)vector_pointer;
    (void)irq;
    if (running) {
        interrupt_began[vector] = avr->cycle;
    } else if (watching && interrupt_began[vector] != 0) {
        printf("I %d %llu %llu\n", vector, (unsigned long long)interrupt_began[vector],
               (unsigned long long)avr->cycle);
        interrupt_began[vector] = 0;
    }
}

static void watch_interrupts(void)
{
    for (int vector = 1; vector < VECTORS; vector++) {
        avr_irq_t *irq = avr_get_interrupt_irq(avr, (uint8_t)vector);
        if (irq != NULL) {
            avr_irq_register_notify(irq + AVR_INT_IRQ_RUNNING, on_interrupt, (void *)(intptr_t)vector);
        }
    }
    watching = 1;
}

static avr_cycle_count_t on_target(avr_t *core, avr_cycle_count_t when, void *unused)
{
    (void)core;
    (void)when;
    (void)unused;
    return 0;
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

static void start(const char *path, uint32_t baud)
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
    line_connect(avr, baud);
    watch_servo_pins();
    avr_register_io_write(avr, GPIOR0_AT, on_planning, NULL);
}

static void advance(avr_cycle_count_t target)
{
    line_correct_byte_time();
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

static void reset(void)
{
    avr_reset(avr);
    avr->state = cpu_Running;
    /* A reset clears PINB but not what simavr thinks it last told it: a pull-up would not be told again. */
    for (int bit = 0; bit < 8; bit++) {
        avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('B'), bit)->value = 0;
    }
    line_reset();
}

static void drive_input(int bit, int high)
{
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('B'), bit), high != 0);
}

static void print_figures(void)
{
    printf("F %llu %zu %lu %llu %llu\n", (unsigned long long)figures.asleep, line_most_waiting(), figures.plans,
           (unsigned long long)figures.plan_worst, (unsigned long long)figures.plan_total);
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
        line_send(cycle, rest, unhex(rest));
    } else if (strcmp(name, "load") == 0) {
        load_eeprom(rest, unhex(rest));
    } else if (strcmp(name, "eeprom") == 0) {
        print_eeprom((uint32_t)strtoul(rest, NULL, 10));
    } else if (strcmp(name, "unused") == 0) {
        print_unused();
    } else if (strcmp(name, "input") == 0) {
        const int bit = (int)strtol(rest, &rest, 10);
        drive_input(bit, (int)strtol(rest, NULL, 10));
    } else if (strcmp(name, "figures") == 0) {
        print_figures();
    } else if (strcmp(name, "watch") == 0) {
        watch_interrupts();
    } else if (strcmp(name, "reset") == 0) {
        reset();
    } else {
        die("no such command: %s", line);
    }
}

int main(int count, char **arguments)
{
    static char line[LINE_BYTES];
    const uint32_t baud = count == 3 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 0;
    if (baud == 0) {
        die("usage: harness FIRMWARE.elf BAUD");
    }
    start(arguments[1], baud);
    while (fgets(line, sizeof line, stdin) != NULL) {
        obey(line);
        printf(". %llu\n", (unsigned long long)avr->cycle);
        fflush(stdout);
    }
    return 0;
}
