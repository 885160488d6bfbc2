/* What runs before main: vectors, variables; and what ends a program that faults. */
#include <stdint.h>

#include "hardware.h"

#define APPLICATION_RESET (*(volatile uint32_t *)0xE000ED0Cu)
#define RESET_NOW 0x05FA0004u
#define OWN_INTERRUPTS 96u
#define FIRST_OWN 16u

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;

int main(void);
void start(void);
void clock_interrupt(void);

void start(void)
{
    const uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    (void)main();
}

/* A fault, or the watchdog's warning: nothing can be trusted any more. A chip that was reset gives no pulses. */
static void unexpected(void)
{
    APPLICATION_RESET = RESET_NOW;
    for (;;) { /* the reset takes some cycles */
    }
}

static void own(void)
{
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    hardware_interrupt(exception - FIRST_OWN);
}

typedef void (*vector)(void);

/* The first word is the stack pointer. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    vector exception[FIRST_OWN - 1u];
    vector interrupt[OWN_INTERRUPTS];
} VECTORS = {
    &stack_top,
    {start, unexpected, unexpected, unexpected, unexpected, unexpected, unexpected, unexpected, unexpected, unexpected,
     unexpected, unexpected, unexpected, unexpected, clock_interrupt},
    {own, own, own, own, own, own, own, own, own, own, own, own, own, own, own, own,
     own, own, own, own, own, own, own, own, own, own, own, own, own, own, own, own,
     own, own, own, own, own, own, own, own, own, own, own, own, own, own, own, own,
     own, own, own, own, own, own, own, own, own, own, own, own, own, own, own, own,
     own, own, own, own, own, own, own, own, own, own, own, own, own, own, own, own,
     own, own, own, own, own, own, own, own, own, own, own, own, own, own, own, own},
};
