/* The program on one chip on a board with a Cortex-M4; what differs from chip to chip is in boards/cortex_m4. */
#include "../boards/cortex_m4/clock.h"
#include "../boards/cortex_m4/hardware.h"
#include "../boards/cortex_m4/periods.h"
#include "board.h"
#include "one_chip_rig.h"

const mb_board BOARD = {MB_BOARD_CORTEX_M4, MB_MAX_CHANNELS, 3000};

static mb_periods periods;

void board_start(void (*serve)(void)) {
    hardware_start();
    mb_periods_start(&periods, 0, ONE_CHIP_PERIOD_US);
    clock_start(serve);
}

uint32_t board_clock_us(void) { return clock_us(); }

bool board_wants_pulses(uint32_t now_us, uint32_t *start_us) {
    *start_us = periods.start_us;
    return mb_periods_wanted(&periods, now_us);
}

void board_give_pulses(uint32_t now_us, uint32_t start_us, uint16_t period_us,
                       const uint16_t pulse_us[MB_MAX_CHANNELS]) {
    hardware_give_pulses(start_us, period_us, pulse_us);
    mb_periods_planned(&periods, now_us, period_us);
}

bool board_stalled(void) { return hardware_stalled(); }

bool board_hot(void) { return hardware_hot(); }

void board_alive(void) { hardware_alive(); }
