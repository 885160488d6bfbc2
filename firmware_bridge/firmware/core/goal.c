#include "goal.h"

/* A line longer than this is no part of a stream of set-points, even of one that lost a few. */
#define LONGEST_GAP_US 50000UL
#define NO_ENTRY 0xFFu

/* Where a line starts: an entry of the queue, or where the channel was before its first. */
typedef struct {
    uint32_t at_us;
    uint16_t pulse_us;
} line_start;

void mb_horizon_start(mb_horizon *horizon, const mb_setpoints *setpoints, uint32_t start_us, uint16_t period_us)
{
    const uint16_t periods = (uint16_t)(MB_GOAL_AHEAD_US / period_us);
    uint8_t next = 0;
    horizon->setpoints = setpoints;
    horizon->period_us = period_us;
    const uint8_t most = period_us < MB_GOAL_BRIEF_US && MB_GOAL_BRIEF_PERIODS < MB_GOAL_PERIODS ? MB_GOAL_BRIEF_PERIODS
                                                                                               : MB_GOAL_PERIODS;
    horizon->periods = (uint8_t)(periods < most ? periods : most);
    for (uint8_t i = 0; i <= horizon->periods; i++) {
        while (next < setpoints->count && mb_us_from(setpoints->entry[next].due_us, start_us) >= 0) {
            next++;
        }
        horizon->period[i].at_us = start_us;
        horizon->period[i].next = next;
        horizon->period[i].to = NO_ENTRY;
        start_us += period_us;
    }
}

void mb_goal_rest(mb_goal *goal, uint16_t pulse_us)
{
    goal->eighths[0] = goal->eighths[1] = (int16_t)(8u * pulse_us);
    goal->known = 0;
    goal->rests = true;
}

static uint8_t entry_from(const mb_setpoints *setpoints, uint8_t index, uint16_t bit)
{
    while (index < setpoints->count && (setpoints->entry[index].mask & bit) == 0) {
        index++;
    }
    return index < setpoints->count ? index : NO_ENTRY;
}

static uint8_t entry_before(const mb_setpoints *setpoints, uint8_t index, uint16_t bit)
{
    while (index > 0) {
        index--;
        if (setpoints->entry[index].mask & bit) {
            return index;
        }
    }
    return NO_ENTRY;
}

static line_start start_of(const mb_setpoints *setpoints, uint8_t entry, uint8_t channel)
{
    line_start start = {setpoints->from_at_us[channel], setpoints->from_pulse_us[channel]};
    if (entry != NO_ENTRY) {
        start.at_us = setpoints->entry[entry].due_us;
        start.pulse_us = setpoints->entry[entry].pulse_us[channel];
    }
    return start;
}

static uint16_t share_of(uint32_t elapsed_us, uint32_t span_us)
{
    while (span_us > UINT16_MAX) {
        span_us >>= 1;
        elapsed_us >>= 1;
    }
    return elapsed_us < span_us ? (uint16_t)((elapsed_us << 16) / span_us) : UINT16_MAX; /* equal once both are halved */
}

/* The goal in eighths on the line to an entry, which most channels have in common. */
static int16_t on_line(mb_horizon *horizon, uint8_t period, line_start start, uint8_t to, uint8_t channel)
{
    const mb_set_point *end = &horizon->setpoints->entry[to];
    const uint16_t end_us = end->pulse_us[channel];
    const uint16_t rise_us = (uint16_t)(end_us > start.pulse_us ? end_us - start.pulse_us : start.pulse_us - end_us);
    const uint16_t from = (uint16_t)(8u * start.pulse_us);
    if (rise_us == 0) {
        return (int16_t)from;
    }
    if (horizon->period[period].to != to || horizon->period[period].from_us != start.at_us) {
        const uint32_t at_us = horizon->period[period].at_us;
        const bool over = end->due_us - start.at_us > MB_LONGEST_LINE_US;
        const bool begun = mb_us_from(start.at_us, at_us) > 0;
        horizon->period[period].to = to;
        horizon->period[period].from_us = start.at_us;
        horizon->period[period].share =
            over ? UINT16_MAX : begun ? share_of(at_us - start.at_us, end->due_us - start.at_us) : 0;
    }
    /* at most 2000 eight times, of 2^16: fits 32 bits */
    const uint16_t part = (uint16_t)(((uint32_t)(uint16_t)(8u * rise_us) * horizon->period[period].share + 32768u) >> 16);
    return (int16_t)(end_us > start.pulse_us ? from + part : from - part);
}

void mb_goal_ahead(mb_goal *goal, mb_horizon *horizon, uint8_t channel)
{
    const mb_setpoints *setpoints = horizon->setpoints;
    const uint16_t bit = (uint16_t)(1u << channel);
    if (entry_from(setpoints, horizon->period[0].next, bit) == NO_ENTRY) {
        const uint8_t last = entry_before(setpoints, horizon->period[0].next, bit);
        mb_goal_rest(goal, start_of(setpoints, last, channel).pulse_us);
        return;
    }
    goal->known = 0;
    goal->rests = false;
    for (uint8_t i = 0; i <= horizon->periods; i++) {
        const uint8_t to = entry_from(setpoints, horizon->period[i].next, bit);
        const uint8_t from = entry_before(setpoints, horizon->period[i].next, bit);
        const line_start start = start_of(setpoints, from, channel);
        if (to != NO_ENTRY) {
            goal->eighths[i] = on_line(horizon, i, start, to, channel);
        } else {
            const line_start before = start_of(setpoints, entry_before(setpoints, from, bit), channel);
            goal->eighths[i] = (int16_t)(8u * start.pulse_us);
            if (start.at_us - before.at_us <= LONGEST_GAP_US && start.at_us != horizon->period[i].at_us) {
                break;
            }
        }
        goal->known = i;
    }
    const uint8_t last = goal->known;
    goal->rests = last > 0 && goal->eighths[last] == goal->eighths[last - 1];
}
