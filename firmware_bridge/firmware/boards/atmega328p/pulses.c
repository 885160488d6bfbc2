#include "pulses.h"

#include <avr/interrupt.h>
#include <stddef.h>
#include <util/atomic.h>

#include "edges.h"
#include "inbox.h"

/* The longest that another interrupt, this one's own way in, and a new period's beginning may take. */
#define LEAD_TICKS 52
/* The way out of the interrupt and in again: a nearer edge is waited for inside. */
#define STAY_TICKS (LEAD_TICKS + 30)
/* So near to an edge there is no time to look after the UART (a byte takes 6 ticks); */
#define TIGHT_TICKS 14
/* and so near, the timer may have passed it before the wait begins. */
#define TOO_LATE_TICKS 6
/* A rest shorter than this is lengthened by a period. */
#define SHORTEST_REST_US 1000u

typedef struct {
    half_plan half[PORTS];
    uint16_t period_us;
} period_plan;

static period_plan plans[2];
static volatile uint8_t current; /* the plan being given; the other one is being made */
static volatile bool planned;    /* the other plan waits for the next period */
static volatile bool wanted;
static volatile uint16_t length_us;    /* of the period being given */
static volatile uint16_t period_ticks; /* Timer1 at its start */
static volatile uint32_t period_us;    /* the clock then */
static volatile uint16_t turns;        /* how often the clock has wrapped */
static volatile uint16_t ahead_ticks = PULSES_AHEAD_US(CHANNELS) * TICKS_PER_US;

static uint8_t half;
static const edge *next; /* the next edge, or NULL: it is the rise of the next half */
static const edge *end;
static uint16_t half_ticks;
static uint16_t edge_ticks; /* when the next edge is due */

static inline int16_t ticks_to(uint16_t when)
{
    return (int16_t)(when - TCNT1);
}

static void begin_period(void)
{
    const uint32_t before_us = period_us;
    period_ticks = edge_ticks;
    period_us = before_us + length_us;
    if (period_us < before_us) {
        turns++;
    }
    if (planned) {
        current ^= 1u;
        planned = false;
    }
    length_us = plans[current].period_us;
    OCR1B = (uint16_t)(edge_ticks + length_us * TICKS_PER_US - ahead_ticks);
}

static inline void begin_half(void)
{
    half ^= 1u;
    if (half == 0) {
        begin_period();
    }
    const half_plan *plan = &plans[current].half[half];
    next = plan->edges;
    end = next + plan->count;
    half_ticks = edge_ticks;
}

/* Waits, then gives the next edge and those right behind it. What to write is known before its time comes. */
static inline void give_edges(void)
{
    int16_t left = ticks_to(edge_ticks);
    while (left > TIGHT_TICKS) {
        if (UCSR0A & _BV(RXC0)) {
            inbox_take();
        }
        left = ticks_to(edge_ticks);
    }
    uint16_t due_ticks = edge_ticks;
    if (left < TOO_LATE_TICKS) {
        due_ticks = TCNT1 + TOO_LATE_TICKS; /* missed: as soon as can be, rather than a turn of the low byte later */
    }
    next = edges_give(half == 0 ? &PORTD : &PORTC, next, (uint8_t)due_ticks) + 1;
    if (next != end) {
        edge_ticks = half_ticks + next->ticks;
    } else {
        next = NULL;
        edge_ticks = period_ticks + (half == 0 ? length_us : length_us * TICKS_PER_US);
    }
}

ISR(TIMER1_COMPA_vect)
{
    do {
        if (next == NULL) {
            begin_half();
        }
        give_edges();
    } while (ticks_to(edge_ticks) < STAY_TICKS);
    OCR1A = edge_ticks - LEAD_TICKS;
}

ISR(TIMER1_COMPB_vect)
{
    wanted = true;
}

static void make_plan(period_plan *plan, const uint16_t pulse_us[CHANNELS], uint16_t length)
{
    edges_plan(&plan->half[0], pulse_us, PORTD_SHIFT, PORTD_REST);
    edges_plan(&plan->half[1], pulse_us + CHANNELS_PER_PORT, 0, 0);
    plan->period_us = length;
}

void pulses_start(uint16_t first_us)
{
    const uint16_t none[CHANNELS] = {0};
    PORTD = PORTD_REST;
    DDRD |= PORTD_SERVOS;
    DDRC |= PORTC_SERVOS;
    make_plan(&plans[current], none, first_us);
    length_us = first_us;
    half = 1; /* as if in a period's second half, all its edges given */
    edge_ticks = first_us * TICKS_PER_US;
    TCCR1A = 0;
    OCR1A = edge_ticks - LEAD_TICKS;
    OCR1B = edge_ticks - ahead_ticks;
    TIMSK1 = _BV(OCIE1A) | _BV(OCIE1B);
    TCCR1B = _BV(CS11); /* 16 MHz / 8, from 0 */
}

uint32_t pulses_clock_us(void)
{
    uint32_t now_us = 0;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        now_us = period_us + (uint16_t)(TCNT1 - period_ticks) / TICKS_PER_US;
    }
    return now_us;
}

bool pulses_wanted(void)
{
    /* A plan that came too late for its period serves the next: one plan for each period, never two. */
    return wanted && !planned;
}

uint32_t pulses_next_us(void)
{
    uint32_t next_us = 0;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        next_us = period_us + length_us;
    }
    return next_us;
}

/* How often the clock will have wrapped when the next period starts. */
static uint16_t next_turns(uint32_t next_us)
{
    uint16_t count = 0;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        count = next_us < period_us ? turns + 1u : turns;
    }
    return count;
}

uint16_t pulses_gap_us(uint16_t grid_us)
{
    if (plans[current].period_us == grid_us) {
        return 0;
    }
    /* The clock modulo the period, counting 2^32 modulo the period for each of its turns. */
    const uint32_t next_us = pulses_next_us();
    const uint32_t turn_us = (UINT32_MAX % grid_us + 1u) % grid_us;
    const uint16_t past_us = (uint16_t)((next_turns(next_us) % grid_us * turn_us + next_us % grid_us) % grid_us);
    if (past_us == 0) {
        return 0;
    }
    const uint16_t gap_us = grid_us - past_us;
    return gap_us < SHORTEST_REST_US ? gap_us + grid_us : gap_us;
}

void pulses_plan(const uint16_t pulse_us[CHANNELS], uint16_t length, uint16_t ahead_us)
{
    make_plan(&plans[current ^ 1u], pulse_us, length);
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        wanted = false;
        planned = true;
        ahead_ticks = ahead_us * TICKS_PER_US;
    }
}
