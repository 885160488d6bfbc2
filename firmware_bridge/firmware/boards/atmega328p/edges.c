#include "edges.h"

#define CYCLES_PER_US 16u
#define CYCLES_PER_LOOP 4u
#define CYCLES_AROUND 12u /* from edge to edge, beside the loops */

/* The next fall is gap_us after the one before it. */
static uint8_t counted_loops(uint16_t gap_us)
{
    if (gap_us >= NEAR_US) {
        return 0;
    }
    return (uint8_t)((gap_us * CYCLES_PER_US - CYCLES_AROUND) / CYCLES_PER_LOOP);
}

static uint8_t sort_by_width(uint8_t order[CHANNELS_PER_PORT], const uint16_t pulse_us[CHANNELS_PER_PORT])
{
    uint8_t count = 0;
    for (uint8_t i = 0; i < CHANNELS_PER_PORT; i++) {
        if (pulse_us[i] == 0) {
            continue;
        }
        uint8_t at = count++;
        while (at > 0 && pulse_us[order[at - 1]] > pulse_us[i]) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
    return count;
}

void edges_plan(half_plan *plan, const uint16_t pulse_us[CHANNELS_PER_PORT], uint8_t shift, uint8_t rest)
{
    uint8_t order[CHANNELS_PER_PORT];
    const uint8_t pulses = sort_by_width(order, pulse_us);
    uint8_t level = rest;
    uint16_t last_us = 0;
    edge *at = plan->edges;
    for (uint8_t i = 0; i < pulses; i++) {
        level = (uint8_t)(level | 1u << (order[i] + shift));
    }
    *at = (edge){0, level, 0};
    for (uint8_t i = 0; i < pulses; i++) {
        const uint16_t us = pulse_us[order[i]];
        level = (uint8_t)(level & ~(1u << (order[i] + shift)));
        if (us != last_us) {
            if (i > 0) {
                at->loops = counted_loops(us - last_us);
            }
            at++;
            *at = (edge){us * TICKS_PER_US, level, 0};
            last_us = us;
        } else {
            at->level = level;
        }
    }
    plan->count = (uint8_t)(at - plan->edges + 1);
}
