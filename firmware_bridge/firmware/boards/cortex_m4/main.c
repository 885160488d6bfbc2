/* The firmware of a board with a Cortex-M4: the portable core between serial line, servo timers and memory. */
#include <stddef.h>

#include "../../core/core.h"
#include "clock.h"
#include "hardware.h"
#include "periods.h"

static const mb_board BOARD = {MB_BOARD_CORTEX_M4, MB_MAX_CHANNELS, 3000};

static mb_core core;
static mb_periods periods;

static void plan_pulses(void)
{
    uint16_t pulse_us[MB_MAX_CHANNELS];
    const uint32_t now_us = clock_us();
    if (!mb_periods_wanted(&periods, now_us)) {
        return;
    }
    const uint16_t period_us = mb_period_us(&core);
    mb_poll(&core, now_us);
    mb_pulses(&core, periods.start_us, pulse_us);
    hardware_give_pulses(periods.start_us, period_us, pulse_us);
    mb_periods_planned(&periods, now_us, period_us);
    hardware_alive();
}

static void take_bytes(void)
{
    uint8_t byte;
    uint32_t at_us;
    for (uint8_t lost = hardware_lost(); lost > 0; lost--) {
        mb_lost_byte(&core);
    }
    /* Pulses go first, also in a flood of bytes. */
    while (!mb_periods_wanted(&periods, clock_us()) && hardware_receive(&byte, &at_us)) {
        mb_receive(&core, byte, at_us);
    }
}

/* True while a byte waits for room on the line. */
static bool send_bytes(void)
{
    static uint8_t byte;
    static bool waiting;
    while (waiting || mb_transmit(&core, &byte)) {
        waiting = !hardware_send(byte);
        if (waiting) {
            break;
        }
    }
    return waiting;
}

static void keep_limits(void)
{
    uint8_t slot;
    const uint8_t *image = mb_to_store(&core, &slot);
    if (image != NULL) {
        mb_stored(&core, hardware_store(slot, image));
    }
}

int main(void)
{
    uint8_t image[MB_STORE_BYTES];
    hardware_start();
    clock_start(NULL);
    mb_start(&core, &BOARD, clock_us());
    for (uint8_t slot = 0; slot < MB_SLOTS; slot++) {
        hardware_load(slot, image);
        (void)mb_load(&core, slot, image);
    }
    mb_periods_start(&periods, clock_us(), mb_period_us(&core));
    for (;;) {
        mb_alarm(&core, hardware_stalled(), hardware_hot());
        mb_poll(&core, clock_us());
        plan_pulses();
        take_bytes();
        const bool busy = send_bytes();
        keep_limits();
        if (!busy) {
            __asm volatile("wfi"); /* a byte, or the next millisecond, wakes it */
        }
    }
}
