/* Arm's MPS2 board with a Cortex-M4 (AN386) as QEMU simulates it: serial line 0 is the host's, the pulses are records on
 * serial line 1, and the permanent memory is two files in QEMU's folder. It has no servo pins.
 *
 * Registers: Arm, "Cortex-M System Design Kit Technical Reference Manual", APB UART and APB watchdog. */
#include <string.h>

#include "clock.h"
#include "hardware.h"
#include "report.h"
#include "semihosting.h"

typedef struct {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupt;
    volatile uint32_t divider;
} serial;

#define HOST ((serial *)0x40004000u)
#define RECORD ((serial *)0x40005000u)
#define SEND_FULL 1u
#define RECEIVED 2u
#define OVERRUN 8u
#define SENDS 1u
#define RECEIVES_WITH_INTERRUPT 10u
#define BAUD 115200u

#define WATCHDOG_LOAD (*(volatile uint32_t *)0x40008000u)
#define WATCHDOG_CONTROL (*(volatile uint32_t *)0x40008008u)
#define WATCHDOG_CLEAR (*(volatile uint32_t *)0x4000800Cu)
#define WATCHDOG_RESETS 3u
#define WATCHDOG_MS 125u /* warns once, which resets us; then resets by itself */

#define INTERRUPTS_ON (*(volatile uint32_t *)0xE000E100u)
#define HOST_RECEIVED 0u /* number of the interrupt */

#define RING_BYTES 256u /* a power of two */

static volatile uint8_t ring[RING_BYTES];
static volatile uint8_t ring_in;
static volatile uint8_t ring_out;
static volatile uint8_t lost;

void hardware_start(void)
{
    HOST->divider = CLOCK_HZ / BAUD;
    HOST->control = SENDS | RECEIVES_WITH_INTERRUPT;
    RECORD->divider = CLOCK_HZ / BAUD;
    RECORD->control = SENDS;
    INTERRUPTS_ON = 1u << HOST_RECEIVED;
    WATCHDOG_LOAD = CLOCK_HZ / 1000u * WATCHDOG_MS;
    WATCHDOG_CONTROL = WATCHDOG_RESETS;
}

void hardware_alive(void)
{
    WATCHDOG_CLEAR = 1;
}

void hardware_interrupt(uint32_t number)
{
    if (number != HOST_RECEIVED) {
        return;
    }
    HOST->interrupt = RECEIVED; /* writing it clears it */
    if ((HOST->state & OVERRUN) != 0) {
        HOST->state = OVERRUN;
        lost++;
    }
    if ((HOST->state & RECEIVED) == 0) {
        return;
    }
    const uint8_t byte = (uint8_t)HOST->data;
    if ((uint8_t)(ring_in - ring_out) == RING_BYTES - 1u) {
        lost++;
    } else {
        ring[ring_in] = byte;
        ring_in++;
    }
}

bool hardware_receive(uint8_t *byte, uint32_t *at_us)
{
    uint8_t record[6] = {'R'};
    if (ring_in == ring_out) {
        return false;
    }
    *byte = ring[ring_out];
    *at_us = clock_us();
    ring_out++;
    memcpy(record + 1, at_us, 4);
    record[5] = *byte;
    report(record, sizeof record);
    return true;
}

uint8_t hardware_lost(void)
{
    const uint8_t count = lost;
    lost = (uint8_t)(lost - count);
    return count;
}

bool hardware_send(uint8_t byte)
{
    if ((HOST->state & SEND_FULL) != 0) {
        return false;
    }
    HOST->data = byte;
    return true;
}

void report(const void *bytes, uint32_t count)
{
    const uint8_t *next = bytes;
    for (uint32_t i = 0; i < count; i++) {
        while ((RECORD->state & SEND_FULL) != 0) {
        }
        RECORD->data = next[i];
    }
}

void hardware_give_pulses(uint32_t start_us, uint16_t period_us, const uint16_t pulse_us[MB_MAX_CHANNELS])
{
    uint8_t record[9 + 2 * MB_MAX_CHANNELS] = {'P'};
    const uint32_t planned_us = clock_us();
    (void)period_us;
    memcpy(record + 1, &planned_us, 4);
    memcpy(record + 5, &start_us, 4);
    memcpy(record + 9, pulse_us, 2 * MB_MAX_CHANNELS);
    report(record, sizeof record);
}

static int32_t slot_file(uint8_t slot, uint32_t mode)
{
    const char name[] = {'s', 'l', 'o', 't', (char)('0' + slot), '\0'};
    return semihosting_open(name, sizeof name - 1u, mode);
}

void hardware_load(uint8_t slot, uint8_t image[MB_STORE_BYTES])
{
    memset(image, 0xFF, MB_STORE_BYTES);
    const int32_t file = slot_file(slot, SEMIHOSTING_TO_READ);
    if (file >= 0) {
        (void)semihosting_read(file, image, MB_STORE_BYTES);
        semihosting_close(file);
    }
}

bool hardware_store(uint8_t slot, const uint8_t image[MB_STORE_BYTES])
{
    uint8_t stored[MB_STORE_BYTES];
    const int32_t file = slot_file(slot, SEMIHOSTING_TO_WRITE);
    if (file < 0) {
        return false;
    }
    (void)semihosting_write(file, image, MB_STORE_BYTES);
    semihosting_close(file);
    hardware_load(slot, stored);
    return memcmp(stored, image, MB_STORE_BYTES) == 0;
}

bool hardware_stalled(void)
{
    return false;
}

bool hardware_hot(void)
{
    return false;
}
