/* The levels that one port goes through in its half of a period. */
#ifndef MANDIBLE_EDGES_H
#define MANDIBLE_EDGES_H

#include <stdint.h>

#include "pins.h"

#define TICKS_PER_US 2u /* of Timer1 */
/* Falls nearer than this are given by counting cycles, without a look at the timer. */
#define NEAR_US 9u

typedef struct {
    uint16_t ticks; /* after the half's start */
    uint8_t level;  /* of the whole port from then on */
    uint8_t loops;  /* of four cycles until the next edge, counted; 0: the timer tells when that is due */
} edge;

typedef struct {
    edge edges[1 + CHANNELS_PER_PORT]; /* the rise of all, then the falls in their order */
    uint8_t count;                     /* 1 where there are no pulses */
} half_plan;

/* Works out the edges of six outputs with these widths (us, 0 for none): output i is bit i + shift; rest is the level of
 * the port's other pins. */
void edges_plan(half_plan *plan, const uint16_t pulse_us[CHANNELS_PER_PORT], uint8_t shift, uint8_t rest);

/* Waits until the timer's low byte reads due_low, gives that edge and those counted from it; returns the last one given.
 * At most 255 ticks ahead, and not past. */
static inline const edge *edges_give(volatile uint8_t *port, const edge *first, uint8_t due_low)
{
    uint8_t level;
    uint8_t loops;
    /* The wait notices the tick within 5 cycles of 62.5 ns. From one st to the next: 4 x loops + 12 cycles. */
    __asm__ volatile("    ldd %[level], Z+2\n"
                     "1:  lds %[loops], %[timer]\n"
                     "    cp %[loops], %[due]\n"
                     "    brne 1b\n"
                     "2:  st %a[port], %[level]\n"
                     "    ldd %[loops], Z+3\n"
                     "    tst %[loops]\n"
                     "    breq 4f\n"
                     "    adiw %[at], %[size]\n"
                     "    ldd %[level], Z+2\n"
                     "    nop\n"
                     "3:  dec %[loops]\n"
                     "    nop\n"
                     "    brne 3b\n"
                     "    rjmp 2b\n"
                     "4:\n"
                     : [at] "+z"(first), [level] "=&r"(level), [loops] "=&r"(loops)
                     : [port] "x"(port), [due] "r"(due_low), [timer] "n"(_SFR_MEM_ADDR(TCNT1L)), [size] "n"(sizeof(edge))
                     : "memory");
    return first;
}

#endif
