#include "pulses.h"

#include "chip.h"
#include "rp2040.h"

#define FIRST_SLICE (FIRST_SERVO_PIN / 2u)
#define SLICES (CHANNELS / 2u)
#define ALL_SLICES (((1u << SLICES) - 1u) << FIRST_SLICE)

#define LONGEST_PULSE_US 2500u
/* Planning begins this long before a period: it takes 0.5 ms at most at 50 Hz, up to 3 ms where periods are short. */
#define LEAD_US 4200u
/* ... or, where periods are short, this long after the one before it has begun. */
#define AFTER_START_US 500u
/* A period nearer than this is not planned any more, it repeats the last. */
#define PLANNING_US 400
/* All slices are written within this; nobody writes so near to a period's start. */
#define WRITING_US 4
/* Long enough to work out where in a period the counters start. */
#define SETTING_US 50u
/* The main loop wakes at least this often. */
#define POLL_US 5000u

static uint64_t epoch_us; /* the chip's time when the clock was 0 */
static uint16_t period_us;
static uint32_t next_us; /* the period to be planned next starts then */
static volatile bool wanted;

uint32_t pulses_clock_us(void)
{
    return chip_time_low_us() - (uint32_t)epoch_us;
}

uint16_t pulses_period_us(void)
{
    return period_us;
}

static int32_t us_until(uint32_t when_us)
{
    return (int32_t)(when_us - pulses_clock_us());
}

void on_period_alarm(void);
void on_poll_alarm(void);

void on_period_alarm(void)
{
    REGISTER(TIMER_INTR) = 1u << 0;
    wanted = true;
}

void on_poll_alarm(void)
{
    REGISTER(TIMER_INTR) = 1u << 1;
    REGISTER(TIMER_ALARM1) = chip_time_low_us() + POLL_US;
}

static void set_alarm(void)
{
    const uint32_t most_us = period_us - AFTER_START_US;
    const uint32_t at_us = next_us - (most_us < LEAD_US ? most_us : LEAD_US);
    REGISTER(TIMER_ALARM0) = at_us + (uint32_t)epoch_us;
    /* An alarm set for a time that has passed would come in 71 minutes. */
    if (us_until(at_us) <= 0) {
        wanted = true;
    }
}

/* Starts all slices at once, their counters where the clock is within a period. */
static void start_slices(uint16_t new_period_us)
{
    const uint64_t at_us = chip_time_us() + SETTING_US;
    const uint32_t phase_us = (uint32_t)((at_us - epoch_us) % new_period_us);
    for (uint32_t slice = FIRST_SLICE; slice < FIRST_SLICE + SLICES; slice++) {
        REGISTER(PWM_SLICE(slice) + PWM_DIV) = SYSTEM_MHZ << 4;
        REGISTER(PWM_SLICE(slice) + PWM_CSR) = 0; /* after the divider: rp2040js starts a slice that gets one */
        REGISTER(PWM_SLICE(slice) + PWM_CC) = 0;
        REGISTER(PWM_SLICE(slice) + PWM_TOP) = new_period_us - 1u;
        REGISTER(PWM_SLICE(slice) + PWM_CTR) = phase_us;
    }
    while ((int32_t)((uint32_t)at_us - chip_time_low_us()) > 0) {
    }
    REGISTER(PWM_EN) = ALL_SLICES;
    period_us = new_period_us;
    next_us = (uint32_t)(at_us - epoch_us) - phase_us + new_period_us;
    wanted = false;
    set_alarm();
}

void pulses_start(uint16_t first_period_us)
{
    epoch_us = chip_time_us() + SETTING_US;
    start_slices(first_period_us);
    for (uint32_t pin = FIRST_SERVO_PIN; pin < FIRST_SERVO_PIN + CHANNELS; pin++) {
        REGISTER(PADS(pin)) = PAD_4_MA | PAD_PULL_DOWN;
        REGISTER(IO_CTRL(pin)) = FUNCTION_PWM;
    }
    REGISTER(TIMER_ALARM1) = chip_time_low_us() + POLL_US;
    REGISTER(TIMER_INTE) = 3u;
    REGISTER(NVIC_ENABLE) = 1u << IRQ_TIMER_0 | 1u << IRQ_TIMER_1;
}

static void write_slices(const uint16_t pulse_us[CHANNELS])
{
    for (uint32_t slice = 0; slice < SLICES; slice++) {
        REGISTER(PWM_SLICE(FIRST_SLICE + slice) + PWM_CC) =
            (uint32_t)pulse_us[2u * slice + 1u] << 16 | pulse_us[2u * slice];
    }
}

void pulses_change_period(uint16_t new_period_us)
{
    static const uint16_t none[CHANNELS];
    const uint32_t before = interrupts_off();
    write_slices(none);
    /* A slice that is stopped keeps its pins as they are: all must be low. The wait is at most one longest pulse. */
    while (REGISTER(PWM_SLICE(FIRST_SLICE) + PWM_CTR) <= LONGEST_PULSE_US) {
    }
    REGISTER(PWM_EN) = 0;
    start_slices(new_period_us);
    interrupts_restore(before);
}

bool pulses_wanted(void)
{
    return wanted;
}

uint32_t pulses_next_us(void)
{
    /* Only a flash write is longer away than a period. */
    const int32_t left_us = us_until(next_us);
    if (left_us < PLANNING_US) {
        const uint32_t missed = (uint32_t)(PLANNING_US - left_us + period_us - 1) / period_us;
        next_us += missed * period_us;
    }
    return next_us;
}

void pulses_plan(const uint16_t pulse_us[CHANNELS])
{
    const uint32_t before = interrupts_off();
    if (us_until(next_us) < WRITING_US) {
        /* Too late for this period after all, and too near its start: let it begin with the last widths. */
        while (us_until(next_us) > -1) {
        }
        next_us += period_us;
    }
    write_slices(pulse_us);
    next_us += period_us;
    wanted = false;
    set_alarm();
    interrupts_restore(before);
}
