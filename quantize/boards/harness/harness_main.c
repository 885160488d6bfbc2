/* Runs every hop of the file "hops" through the stage and writes down what came out and what it took.
 *
 * Files, all in the simulator's working folder: hops (in), outputs (out), counts (out): three words a
 * measurement, see harness_count, first CALIBRATIONS of a loop of known length, then OVERHEADS of nothing,
 * then one a hop, at last one with the bytes of stack used. Python turns ticks into instructions.
 */
#include <stdint.h>

#include "harness_semihosting.h"
#include "harness_stage.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_CURRENT (*(volatile uint32_t *)0xE000E018u)
#define SYSTICK_MASK 0x00FFFFFFu
#define SYSTICK_ON_CORE_CLOCK 5u

#define CALIBRATIONS 4
#define CALIBRATION_LOOPS 500000u /* of two instructions each */
#define OVERHEADS 64
#define PAINT 0xC5C5C5C5u

/* Python knows these. */
#define STATUS_NO_FILE 2
#define STATUS_SHORT_WRITE 3

extern uint32_t harness_stack_limit;

/* SysTick counts down, and a tick lasts many instructions. Both ends of a measurement therefore wait for
 * the next tick, in steps of four instructions: the steps waited at the end are taken off again. */
typedef struct {
    uint32_t ticks, steps_before, steps_after;
} harness_count;

ALWAYS_INLINE uint32_t next_tick(uint32_t *steps) {
    uint32_t now = SYSTICK_CURRENT, seen, count = 0;
    __asm volatile(
        "0: ldr %[seen], [%[timer]]\n"
        "adds %[count], #1\n"
        "cmp %[seen], %[now]\n"
        "beq 0b\n"
        : [seen] "=&l"(seen), [count] "+l"(count)
        : [now] "l"(now), [timer] "l"(&SYSTICK_CURRENT)
        : "cc", "memory");
    *steps = count;
    return seen;
}

static void known_loop(void) {
    uint32_t left = CALIBRATION_LOOPS;
    __asm volatile("0: subs %0, #1\n bne 0b" : "+l"(left)::"cc");
}

ALWAYS_INLINE harness_count measured(void (*step)(void)) {
    harness_count count;
    uint32_t started = next_tick(&count.steps_before);
    step();
    count.ticks = (started - next_tick(&count.steps_after)) & SYSTICK_MASK;
    return count;
}

int main(void) {
    void (*volatile step)(void) = harness_step; /* called as a stranger would: never inlined here */
    void (*volatile nothing)(void) = harness_nothing;
    void (*volatile loop)(void) = known_loop;
    int32_t hops = semihosting_open("hops", 4, OPEN_READ_BINARY);
    int32_t outputs = semihosting_open("outputs", 7, OPEN_WRITE_BINARY);
    int32_t counts = semihosting_open("counts", 6, OPEN_WRITE_BINARY);
    harness_count count;
    uint32_t *here, *word;
    int32_t lost = 0;
    if (hops < 0 || outputs < 0 || counts < 0) return STATUS_NO_FILE;

    SYSTICK_RELOAD = SYSTICK_MASK;
    SYSTICK_CURRENT = 0;
    SYSTICK_CONTROL = SYSTICK_ON_CORE_CLOCK;
    for (int i = 0; i < CALIBRATIONS; i++) {
        count = measured(loop);
        lost |= semihosting_move(SYS_WRITE, counts, &count, sizeof count);
    }
    for (int i = 0; i < OVERHEADS; i++) {
        count = measured(nothing);
        lost |= semihosting_move(SYS_WRITE, counts, &count, sizeof count);
    }

    harness_reset();
    __asm volatile("mov %0, sp" : "=r"(here));
    for (word = &harness_stack_limit; word < here; word++) *word = PAINT;
    while (semihosting_move(SYS_READ, hops, harness_input, HARNESS_INPUT_BYTES) == 0) {
        count = measured(step);
        lost |= semihosting_move(SYS_WRITE, outputs, harness_output, HARNESS_OUTPUT_BYTES);
        lost |= semihosting_move(SYS_WRITE, counts, &count, sizeof count);
    }
    for (word = &harness_stack_limit; word < here && *word == PAINT; word++) {
    }
    count.ticks = (uint32_t)((uintptr_t)here - (uintptr_t)word);
    lost |= semihosting_move(SYS_WRITE, counts, &count, sizeof count);
    semihosting_close(outputs);
    semihosting_close(counts);
    return lost == 0 ? 0 : STATUS_SHORT_WRITE;
}
