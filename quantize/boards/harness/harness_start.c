/* What runs before main, and the end of a program that faults. */
#include <stdint.h>

#include "harness_semihosting.h"

#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xE000ED88u)
#define FULL_ACCESS_10_AND_11 (0xFu << 20)

/* Python knows these: a status of 100 + n says that exception n came. */
#define STATUS_EXCEPTION 100u

extern uint32_t harness_stack_top, harness_data_load, harness_data_start, harness_data_end;
extern uint32_t harness_bss_start, harness_bss_end;

int main(void);

void harness_start(void) {
    const uint32_t *from = &harness_data_load;
#if defined HARNESS_COPROCESSORS
    COPROCESSOR_ACCESS |= FULL_ACCESS_10_AND_11;
    __asm volatile("dsb\n isb" ::: "memory");
#endif
    for (uint32_t *to = &harness_data_start; to < &harness_data_end; to++) *to = *from++;
    for (uint32_t *to = &harness_bss_start; to < &harness_bss_end; to++) *to = 0;
    semihosting_exit((uint32_t)main());
}

static void unexpected(void) { /* an endless loop here would look like very slow code */
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    semihosting_exit(STATUS_EXCEPTION + exception);
}

__attribute__((section(".vectors"), used)) void *const harness_vectors[16] = {
    &harness_stack_top,  (void *)harness_start, (void *)unexpected, (void *)unexpected,
    (void *)unexpected, (void *)unexpected,    (void *)unexpected, (void *)unexpected,
    (void *)unexpected, (void *)unexpected,    (void *)unexpected, (void *)unexpected,
    (void *)unexpected, (void *)unexpected,    (void *)unexpected, (void *)unexpected,
};
