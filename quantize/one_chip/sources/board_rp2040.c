/* The program on one chip on a Raspberry Pi Pico: pulses and clock of boards/rp2040, its serial lines unused. */
#include "../boards/rp2040/chip.h"
#include "../boards/rp2040/pins.h"
#include "../boards/rp2040/pulses.h"
#include "../boards/rp2040/rp2040.h"
#include "board.h"
#include "one_chip_rig.h"

#define VECTORS 48
#define FIRST_IRQ 16
#define RESET_AFTER_MS 250

#define SYSTICK_EXCEPTION 15
#define SYSTICK_CONTROL 0xE000E010u
#define SYSTICK_RELOAD 0xE000E014u
#define SYSTICK_ON 7u /* counting, with an interrupt, at the processor's clock */
#define WAKES_HZ 1000u

const mb_board BOARD = {MB_BOARD_RP2040, CHANNELS, 3000};

/* The firmware's own table, with our handlers in it. The processor wants it aligned to its size. */
static uint32_t vectors[VECTORS] __attribute__((aligned(256)));
static void (*serving)(void);

void on_period_alarm(void);
void on_poll_alarm(void);
void on_uart(void);
void on_usb(void);

void on_uart(void) {} /* never switched on */
void on_usb(void) {}

static void plan(void) {
    on_period_alarm();
    serving();
}

static void poll(void) {
    on_poll_alarm();
    serving();
}

/* Wakes the main loop, to look whether samples are there. */
static void wake(void) {}

static void start_input(uint32_t pin) {
    REGISTER(PADS(pin)) = PAD_INPUT | PAD_PULL_UP | PAD_SCHMITT;
    REGISTER(IO_CTRL(pin)) = FUNCTION_SIO;
}

void board_start(void (*serve)(void)) {
    const uint32_t *table = (const uint32_t *)REGISTER(VECTOR_TABLE);
    for (int i = 0; i < VECTORS; i++) vectors[i] = table[i];
    vectors[FIRST_IRQ + IRQ_TIMER_0] = (uint32_t)plan;
    vectors[FIRST_IRQ + IRQ_TIMER_1] = (uint32_t)poll;
    vectors[SYSTICK_EXCEPTION] = (uint32_t)wake;
    REGISTER(VECTOR_TABLE) = (uint32_t)vectors;
    serving = serve;
    chip_start();
    start_input(STALL_PIN);
    start_input(HOT_PIN);
    chip_alive_for(RESET_AFTER_MS);
    REGISTER(SYSTICK_RELOAD) = SYSTEM_HZ / WAKES_HZ - 1u;
    REGISTER(SYSTICK_CONTROL) = SYSTICK_ON;
    pulses_start(ONE_CHIP_PERIOD_US);
}

uint32_t board_clock_us(void) { return pulses_clock_us(); }

bool board_wants_pulses(uint32_t now_us, uint32_t *start_us) {
    (void)now_us;
    if (!pulses_wanted()) return false;
    *start_us = pulses_next_us();
    return true;
}

void board_give_pulses(uint32_t now_us, uint32_t start_us, uint16_t period_us,
                       const uint16_t pulse_us[MB_MAX_CHANNELS]) {
    (void)now_us;
    (void)start_us;
    (void)period_us; /* as at the start: nobody can store another */
    pulses_plan(pulse_us);
}

bool board_stalled(void) { return (REGISTER(SIO_GPIO_IN) >> STALL_PIN & 1u) == 0; }

bool board_hot(void) { return (REGISTER(SIO_GPIO_IN) >> HOT_PIN & 1u) == 0; }

void board_alive(void) { chip_alive_for(RESET_AFTER_MS); }
