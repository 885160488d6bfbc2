#include "clock.h"

#include <stdbool.h>
#include <stddef.h>

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_CURRENT (*(volatile uint32_t *)0xE000E018u)
#define INTERRUPT_STATE (*(volatile uint32_t *)0xE000ED04u)
#define SYSTICK_ON 7u /* counting, with an interrupt, at the processor's clock */
#define SYSTICK_PENDING (1u << 26)

#define TICKS_PER_MS (CLOCK_HZ / 1000u)
#define TICKS_PER_US (CLOCK_HZ / 1000000u)

static volatile uint32_t passed_ms;
static void (*called_each_ms)(void);

void clock_start(void (*each_ms)(void))
{
    passed_ms = 0;
    called_each_ms = each_ms;
    SYSTICK_RELOAD = TICKS_PER_MS - 1u;
    SYSTICK_CURRENT = 0;
    SYSTICK_CONTROL = SYSTICK_ON;
}

void clock_interrupt(void);
void clock_interrupt(void)
{
    passed_ms++;
    if (called_each_ms != NULL) {
        called_each_ms();
    }
}

uint32_t clock_us(void)
{
    uint32_t ms;
    uint32_t left;
    bool waiting;
    do {
        ms = passed_ms;
        left = SYSTICK_CURRENT;
        /* Interrupts may be held off: then a millisecond that is over has not been counted yet. */
        waiting = (INTERRUPT_STATE & SYSTICK_PENDING) != 0;
        if (waiting) {
            left = SYSTICK_CURRENT;
        }
    } while (ms != passed_ms); /* once more at most, unless a millisecond passes in between */
    /* It pends on reaching 0, and counts on from the reload value. */
    const uint32_t ticks = left == 0 ? 0 : TICKS_PER_MS - left;
    return (ms + (waiting ? 1u : 0u)) * 1000u + ticks / TICKS_PER_US;
}
