#include "pulses.h"

#include <avr/interrupt.h>
#include <util/atomic.h>

/* Timer1 counts half microseconds and runs freely. */
#define TICKS_PER_US 2u
#define PERIOD_US 20000u
#define PERIOD_TICKS (PERIOD_US * TICKS_PER_US)
#define SLOTS 6u
#define SLOT_TICKS (PERIOD_TICKS / SLOTS)
/* The longest that another interrupt, and this one's own way in, may take. */
#define LEAD_TICKS 40
/* The way out of the interrupt and in again: a nearer edge is waited for inside. */
#define STAY_TICKS (LEAD_TICKS + 24)
/* Longer than working out the next edge takes: two falls nearer than this are worked out together. */
#define NEAR_TICKS 40u

typedef struct {
    uint8_t both_mask;
    uint8_t first_mask; /* those that end at first_ticks; the rest of both_mask ends at second_ticks */
    uint16_t first_ticks;
    uint16_t second_ticks;
} slot_plan;

enum phase { RISE, FIRST_FALL, SECOND_FALL };

static slot_plan plans[2][SLOTS];
static volatile uint8_t current; /* the plan being given; the other one is being made */
static volatile bool planned;    /* the other plan waits for the next period */
static volatile bool wanted;
static volatile uint16_t period_ticks; /* Timer1 at the period's start */
static volatile uint32_t period_us;    /* the clock then */

static uint8_t slot;
static enum phase phase;
static uint16_t slot_start_ticks;
static uint16_t edge_ticks; /* when the next edge is due */

static void begin_period(void)
{
    period_ticks = edge_ticks;
    period_us += PERIOD_US;
    if (planned) {
        current ^= 1u;
        planned = false;
    }
}

static inline int16_t ticks_to(uint16_t when)
{
    return (int16_t)(when - TCNT1);
}

static void begin_next_slot(void)
{
    phase = RISE;
    slot++;
    if (slot == SLOTS) {
        slot = 0;
        edge_ticks = period_ticks + PERIOD_TICKS;
    } else {
        edge_ticks = slot_start_ticks + SLOT_TICKS;
    }
    if (slot == SLOTS - 1) {
        wanted = true;
    }
}

static void choose_next_edge(const slot_plan *plan)
{
    if (phase == RISE && plan->both_mask != 0) {
        phase = FIRST_FALL;
        edge_ticks = slot_start_ticks + plan->first_ticks;
    } else if (phase == FIRST_FALL && plan->first_mask != plan->both_mask) {
        phase = SECOND_FALL;
        edge_ticks = slot_start_ticks + plan->second_ticks;
    } else {
        begin_next_slot();
    }
}

static inline void wait_until(uint16_t when)
{
    while (ticks_to(when) > 0) {
    }
}

/* One edge, or two near ones. What to write is known before its time comes, and every edge is written alike. */
static void give_edge(void)
{
    if (phase == RISE) {
        slot_start_ticks = edge_ticks;
        if (slot == 0) {
            begin_period();
        }
    }
    const slot_plan *plan = &plans[current][slot];
    volatile uint8_t *const port = slot < SLOTS / 2 ? &PORTD : &PORTC;
    const uint8_t low = (uint8_t)(*port & ~plan->both_mask);
    const uint16_t due = edge_ticks;
    uint8_t level = low;
    uint16_t second_due = due;
    if (phase == RISE) {
        level = low | plan->both_mask;
    } else if (phase == FIRST_FALL && plan->first_mask != plan->both_mask) {
        const uint16_t apart_ticks = plan->second_ticks - plan->first_ticks;
        if (apart_ticks < NEAR_TICKS) {
            second_due = due + apart_ticks;
            phase = SECOND_FALL;
        }
        level = (uint8_t)(low | (plan->both_mask ^ plan->first_mask));
    }
    wait_until(due);
    *port = level;
    if (second_due != due) {
        wait_until(second_due);
        *port = low;
    }
    choose_next_edge(plan);
}

ISR(TIMER1_COMPA_vect)
{
    do {
        give_edge();
    } while (ticks_to(edge_ticks) < STAY_TICKS);
    OCR1A = edge_ticks - LEAD_TICKS;
}

void pulses_start(void)
{
    DDRD |= PORTD_SERVOS;
    DDRC |= PORTC_SERVOS;
    period_us = 0UL - PERIOD_US; /* so that the first period starts at 0 */
    edge_ticks = PERIOD_TICKS / 8;
    period_ticks = edge_ticks - PERIOD_TICKS;
    TCCR1A = 0;
    OCR1A = edge_ticks - LEAD_TICKS;
    TIMSK1 = _BV(OCIE1A);
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

uint16_t pulses_next_us(uint32_t now_us)
{
    uint32_t next_us = 0;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        next_us = period_us + PERIOD_US;
    }
    return (uint16_t)(next_us - now_us);
}

static void plan_slot(slot_plan *plan, uint8_t mask, uint16_t one_us, uint16_t other_us)
{
    const uint8_t one_mask = one_us != 0 ? mask : 0;
    const uint8_t other_mask = other_us != 0 ? (uint8_t)(mask << 1) : 0;
    plan->both_mask = one_mask | other_mask;
    if (other_mask == 0 || (one_mask != 0 && one_us < other_us)) {
        plan->first_mask = one_mask;
        plan->first_ticks = one_us * TICKS_PER_US;
        plan->second_ticks = other_us * TICKS_PER_US;
    } else if (one_mask != 0 && one_us == other_us) {
        plan->first_mask = plan->both_mask;
        plan->first_ticks = one_us * TICKS_PER_US;
    } else {
        plan->first_mask = other_mask;
        plan->first_ticks = other_us * TICKS_PER_US;
        plan->second_ticks = one_us * TICKS_PER_US;
    }
}

void pulses_plan(const uint16_t pulse_us[CHANNELS])
{
    slot_plan *next = plans[current ^ 1u];
    for (uint8_t s = 0; s < SLOTS; s++) {
        const uint8_t bit = (uint8_t)(s < SLOTS / 2 ? 2u * s + PORTD_SHIFT : 2u * s - CHANNELS_PER_PORT);
        plan_slot(&next[s], (uint8_t)(1u << bit), pulse_us[2 * s], pulse_us[2 * s + 1]);
    }
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        wanted = false;
        planned = true;
    }
}
