/* The firmware of an Arduino Uno or Nano: the portable core between the UART, twelve servo pins and the EEPROM. */
#include <avr/interrupt.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

#include "../../core/core.h"
#include "memory.h"
#include "pulses.h"
#include "uart.h"

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

static void plan_pulses(void)
{
    uint16_t pulse_us[MB_MAX_CHANNELS];
    if (pulses_wanted()) {
        const uint32_t now_us = pulses_clock_us();
        mb_poll(&core, now_us);
        mb_pulses(&core, pulses_next_us(now_us), pulse_us);
        pulses_plan(pulse_us);
        /* Without a new plan for a quarter of a second the chip resets, and a reset chip gives no pulses. */
        wdt_reset();
    }
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

int main(void)
{
    uint8_t image[MB_STORE_BYTES];
    MCUSR = 0; /* a watchdog reset keeps the watchdog on until its flag is cleared */
    wdt_enable(WDTO_250MS);
    EICRA = 0x0F; /* unused; but simavr polls the level-triggered default on PD2 and PD3 at every cycle */
    SMCR = 0; /* sleep means idle: timer and UART go on */
    memory_read(image);
    mb_start(&core, MB_BOARD_ATMEGA328P, CHANNELS, image, 0);
    uart_start();
    pulses_start();
    sei();
    for (;;) {
        mb_poll(&core, pulses_clock_us());
        plan_pulses();
        take_bytes();
        send_bytes();
        memory_step(&core);
        sleep_until_interrupt();
    }
}
