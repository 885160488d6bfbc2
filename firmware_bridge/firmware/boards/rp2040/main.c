/* The firmware of a Raspberry Pi Pico: the portable core between USB or UART, twelve servo pins and the flash. */
#include "../../core/core.h"
#include "chip.h"
#include "flash.h"
#include "memory.h"
#include "pins.h"
#include "pulses.h"
#include "rom.h"
#include "rp2040.h"
#include "uart.h"
#include "usb.h"
#include "watchdog.h"

#define SHORTEST_PERIOD_US 3000u

static mb_core core;
static bool by_usb; /* where the last byte came from, and replies go */

/* At most so many bytes go before pulses that are due: in a flood, and where planning takes all the time there is. */
#define BYTES_AT_ONCE 64u

static void take_bytes(void)
{
    uint8_t byte;
    uint32_t count = 0;
    for (uint8_t lost = uart_lost(); lost > 0; lost--) {
        mb_lost_byte(&core);
    }
    while ((count < BYTES_AT_ONCE || !pulses_wanted()) && uart_receive(&byte)) {
        count++;
        by_usb = false;
        mb_receive(&core, byte, pulses_clock_us());
    }
    while ((count < BYTES_AT_ONCE || !pulses_wanted()) && usb_receive(&byte)) {
        count++;
        by_usb = true;
        mb_receive(&core, byte, pulses_clock_us());
    }
}

static void send_bytes(void)
{
    uint8_t byte;
    while ((by_usb ? usb_has_room() : uart_has_room()) && mb_transmit(&core, &byte)) {
        if (by_usb) {
            usb_send(byte);
        } else {
            uart_send(byte);
        }
    }
    usb_flush();
}

static void look_around(void)
{
    const uint32_t inputs = REGISTER(SIO_GPIO_IN);
    mb_alarm(&core, (inputs & 1u << STALL_PIN) == 0, (inputs & 1u << HOT_PIN) == 0);
    mb_poll(&core, pulses_clock_us());
}

static void plan_pulses(void)
{
    uint16_t pulse_us[MB_MAX_CHANNELS];
    if (!pulses_wanted()) {
        return;
    }
    look_around();
    if (pulses_period_us() == mb_period_us(&core)) {
        mb_pulses(&core, pulses_next_us(), pulse_us);
        pulses_plan(pulse_us);
    } else {
        pulses_change_period(mb_period_us(&core));
    }
    /* Without a new plan for a quarter of a second the chip resets, and a reset chip gives no pulses. */
    chip_alive_for(WATCHDOG_MS);
}

static void start_inputs(void)
{
    for (uint32_t pin = STALL_PIN; pin <= HOT_PIN; pin++) {
        REGISTER(PADS(pin)) = PAD_INPUT | PAD_PULL_UP | PAD_SCHMITT;
        REGISTER(IO_CTRL(pin)) = FUNCTION_SIO;
    }
}

static void sleep_until_interrupt(void)
{
    const uint32_t before = interrupts_off();
    if (!pulses_wanted() && !uart_received() && !usb_received()) {
        __asm volatile("wfi"); /* what comes before it ends it all the same */
    }
    interrupts_restore(before);
}

int main(void)
{
    static const mb_board board = {MB_BOARD_RP2040, CHANNELS, SHORTEST_PERIOD_US};
    uint8_t serial[FLASH_ID_BYTES];
    chip_start();
    chip_alive_for(WATCHDOG_MS);
    start_inputs();
    (void)flash_start(); /* without it nothing can be stored, and the core says so */
    flash_unique_id(serial);
    mb_start(&core, &board, 0);
    memory_load(&core);
    uart_start();
    pulses_start(mb_period_us(&core));
    usb_start(serial);
    for (;;) {
        look_around();
        plan_pulses();
        take_bytes();
        send_bytes();
        memory_step(&core);
        if (usb_boot_loader_wanted() && core.attached_mask == 0) {
            rom_start_boot_loader();
        }
        sleep_until_interrupt();
    }
}
