/* The firmware of an Arduino Uno or Nano: the portable core between the UART, twelve servo pins and the EEPROM. */
#include <avr/interrupt.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#include "../../core/core.h"
#include "memory.h"
#include "pulses.h"
#include "uart.h"

#if MB_GOAL_AHEAD_US / PULSES_SHORTEST_PERIOD_US > MB_GOAL_PERIODS
#error "the planner has to look as many periods ahead as it does elsewhere: see MB_GOAL_PERIODS in the Makefile"
#endif

static mb_core core;

static void take_bytes(void)
{
    uint8_t byte;
    for (uint8_t lost = uart_lost(); lost > 0; lost--) {
        mb_lost_byte(&core);
    }
    /* Pulses go first, also in a flood of bytes. */
    while (!pulses_wanted() && uart_receive(&byte)) {
        mb_receive(&core, byte, pulses_clock_us());
    }
}

static void send_bytes(void)
{
    uint8_t byte;
    while (uart_has_room() && mb_transmit(&core, &byte)) {
        uart_send(byte);
    }
}

static void look_around(void)
{
    const uint8_t inputs = PINB;
    mb_alarm(&core, (inputs & _BV(STALLED_PIN)) == 0, (inputs & _BV(HOT_PIN)) == 0);
    mb_poll(&core, pulses_clock_us());
}

/* How many can have pulses at once: those with limits, or the one that is moved by hand. */
static uint8_t servos(void)
{
    uint8_t count = 0;
    for (uint16_t mask = core.settings.calibrated_mask; mask != 0; mask &= mask - 1u) {
        count++;
    }
    return count > 0 ? count : 1u;
}

static void plan_pulses(void)
{
    uint16_t pulse_us[MB_MAX_CHANNELS] = {0};
    if (!pulses_wanted()) {
        return;
    }
    look_around();
    /* After a change of the period: rest until one of its multiples. The core hears of no period meanwhile. */
    const uint16_t period_us = mb_period_us(&core);
    const uint16_t gap_us = pulses_gap_us(period_us);
    if (gap_us == 0) {
        GPIOR0 = 1; /* for a simulator to time it */
        mb_pulses(&core, pulses_next_us(), pulse_us);
        GPIOR0 = 0;
    }
    pulses_plan(pulse_us, gap_us == 0 ? period_us : gap_us, PULSES_AHEAD_US(servos()));
    /* Without a new plan for a quarter of a second the chip resets, and a reset chip gives no pulses. */
    wdt_reset();
}

static void sleep_until_interrupt(void)
{
    cli();
    if (!pulses_wanted() && !uart_received()) {
        sleep_enable();
        sei(); /* takes effect after the next instruction: an interrupt cannot slip in before it */
        sleep_cpu();
        sleep_disable();
    }
    sei();
}

/* A function of its own, so that the image does not stay on the stack. */
__attribute__((noinline)) static void load_settings(void)
{
    uint8_t image[MB_STORE_BYTES];
    for (uint8_t slot = 0; slot < MB_SLOTS; slot++) {
        memory_read(slot, image);
        (void)mb_load(&core, slot, image);
    }
}

int main(void)
{
    static const mb_board board = {MB_BOARD_ATMEGA328P, CHANNELS, PULSES_SHORTEST_PERIOD_US};
    MCUSR = 0; /* a watchdog reset keeps the watchdog on until its flag is cleared */
    wdt_enable(WDTO_250MS);
    EICRA = 0x0F; /* unused; but simavr polls the level-triggered default on PD2 and PD3 at every cycle */
    SMCR = 0; /* sleep means idle: timer and UART go on */
    PORTB = _BV(STALLED_PIN) | _BV(HOT_PIN);
    mb_start(&core, &board, 0);
    load_settings();
    uart_start();
    pulses_start(mb_period_us(&core));
    sei();
    for (;;) {
        look_around();
        plan_pulses();
        take_bytes();
        send_bytes();
        memory_step(&core);
        sleep_until_interrupt();
    }
}
