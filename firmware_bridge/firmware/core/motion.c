#include "motion.h"

#include "foresight.h"

/* 2^-19 us: an eighth of a us is 65536 of them, and 2500 us still fit 31 bits */
#define UNITS_PER_EIGHTH ((int32_t)65536)
#define UNITS_PER_US (8 * UNITS_PER_EIGHTH)
#define FARTHEST (2000 * UNITS_PER_US) /* no two pulses are farther apart */
/* Below this acceleration, in eighths of a us, foresight is too coarse to be of use. */
#define COARSEST_ACCEL 4

uint16_t mb_clamp(const mb_limits *limits, uint16_t wanted_us)
{
    if (wanted_us < limits->min_us) {
        return limits->min_us;
    }
    return wanted_us > limits->max_us ? limits->max_us : wanted_us;
}

/* Not a multiplication, which would take a small chip longer. */
static inline int32_t from_eighths(uint16_t eighths)
{
    return (int32_t)((uint32_t)eighths << 16);
}

static inline int32_t within(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* value * multiplier / 15625, rounded down; value < 2^27 where the multiplier is 131072, or else fits 32 bits */
static uint32_t per_15625(uint32_t value, uint32_t multiplier)
{
    const uint32_t whole = value / 15625u;
    return whole * multiplier + (value - whole * 15625u) * multiplier / 15625u;
}

/* us/s to units per period: 2^19 / 10^6 = 8192 / 15625 */
static int32_t speed_per_period(uint16_t speed_us_per_s, uint16_t period_us)
{
    return (int32_t)per_15625((uint32_t)speed_us_per_s * period_us, 8192);
}

/* 100 us/s^2 to units per period per period: 100 * 2^19 / 10^12 = 512 / 15625 / 625. The product has up to 36 bits, so
 * it is done in two parts. */
static int32_t accel_per_period(uint16_t accel_100us_per_s2, uint16_t period_us)
{
    const uint32_t square = (uint32_t)period_us * period_us / 625u;
    const uint32_t high = accel_100us_per_s2 * (square >> 8);
    const uint32_t low = accel_100us_per_s2 * (square & 0xFFu);
    const int32_t accel = (int32_t)(per_15625(high, 131072) + per_15625(low, 512));
    return accel < 1 ? 1 : accel < FARTHEST ? accel : FARTHEST;
}

/* Where a move of full speed, slowing down from its next step on, comes to rest: n speed - n (n - 1) / 2 accel. */
static int32_t braking_distance(int32_t speed, int32_t accel)
{
    const int32_t n = (speed + accel - 1) / accel;
    if (n > FARTHEST / speed * 2) {
        return FARTHEST; /* at least n speed / 2 */
    }
    return n * speed - n * (n - 1) / 2 * accel;
}

void mb_output_wake(mb_output *output, uint16_t period_us)
{
    output->step = 0;
    output->soft_left = (uint8_t)(MB_SOFT_START_MS * 1000UL / period_us);
}

void mb_output_attach(mb_output *output, const mb_limits *limits, uint16_t period_us)
{
    /* The part of a microsecond stays: a slow servo that is attached again and again must still reach its goal. */
    mb_output_wake(output, period_us);
    output->speed = speed_per_period(limits->speed_us_per_s, period_us);
    output->accel = accel_per_period(limits->accel_100us_per_s2, period_us);
    output->brake = output->speed == 0 ? 0 : braking_distance(output->speed, output->accel);
}

/* The least n with n (n + 1) / 2 >= needed. */
static int32_t steps_needed(int32_t needed)
{
    int32_t too_few = 1, n = 2;
    while (n * (n + 1) / 2 < needed) {
        too_few = n;
        n *= 2;
    }
    while (n - too_few > 1) {
        const int32_t middle = (n + too_few) / 2;
        if (middle * (middle + 1) / 2 < needed) {
            too_few = middle;
        } else {
            n = middle;
        }
    }
    return n;
}

/* The longest first step of a move that comes to rest after a distance: of n steps, each by accel shorter than the one
 * before, the first is distance / n + (n - 1) accel / 2, for the least n whose steps can reach it. */
static int32_t stopping_step(const mb_output *output, int32_t distance)
{
    if (distance >= output->brake) {
        return output->speed;
    }
    if (distance <= output->accel) {
        return distance;
    }
    int32_t n = 2, shortening = output->accel; /* n (n - 1) / 2 accel */
    while (distance - shortening > n * output->accel && n < 8) {
        shortening += n * output->accel;
        n++;
    }
    if (n == 8) {
        n = steps_needed(distance / output->accel + 1);
        shortening = n * (n - 1) / 2 * output->accel;
    }
    return n == 2 ? (distance + shortening) / 2 : (distance + shortening) / n;
}

/* True when a move is seen to come to rest in time, in a few steps. */
static bool stops_within(const mb_output *output, int32_t length, int32_t room)
{
    for (uint8_t i = 0; i < 4 && length <= room; i++) {
        room -= length;
        length -= output->accel;
        if (length <= 0) {
            return true;
        }
    }
    return false;
}

/* A step that can still be brought to rest within the room there is in its direction. */
static int32_t shortened(const mb_output *output, int32_t step, int32_t room)
{
    const int32_t length = step < 0 ? -step : step;
    if (room <= 0) {
        return 0;
    }
    if (room >= output->brake || stops_within(output, length, room)) {
        return step;
    }
    const int32_t longest = stopping_step(output, room);
    return length <= longest ? step : step < 0 ? -longest : longest;
}

/* The step that follows a goal: in time onto its line, with the line's own slope. */
static int32_t following(const mb_output *output, const mb_goal *goal)
{
    const int32_t now = from_eighths((uint16_t)goal->eighths[0]);
    const int32_t slope = from_eighths((uint16_t)goal->eighths[1]) - now;
    const int32_t gap = now - output->position - slope; /* in this order it is at most 4000 us on the way */
    return gap < 0 ? slope - stopping_step(output, -gap) : slope + stopping_step(output, gap);
}

static int16_t eighths(int32_t units)
{
    return (int16_t)(units >> 16); /* a division would take a small chip ten times as long */
}

/* The step that serves the goal best, as far as that is known, before the limits have their say. */
static int32_t wanted_step(const mb_output *output, const mb_limits *limits, const mb_goal *goal, int32_t speed)
{
    const mb_view view = {(int16_t)(8u * limits->min_us), (int16_t)(8u * limits->max_us), eighths(speed),
                          eighths(output->accel),         eighths(output->brake),         eighths(output->position),
                          eighths(output->step)};
    if (mb_can_follow(&view, goal)) {
        return from_eighths((uint16_t)goal->eighths[0]) - output->position;
    }
    if (goal->known > 0 && view.accel >= COARSEST_ACCEL) {
        return (int32_t)mb_foresee(&view, goal) * UNITS_PER_EIGHTH;
    }
    return following(output, goal);
}

/* Keeps a step from running past all of a goal that comes to rest. */
static int32_t not_past(const mb_output *output, const mb_goal *goal, int32_t step)
{
    int16_t low = goal->eighths[0], high = low;
    for (uint8_t i = 1; i <= goal->known; i++) {
        low = goal->eighths[i] < low ? goal->eighths[i] : low;
        high = goal->eighths[i] > high ? goal->eighths[i] : high;
    }
    return shortened(output, step, step < 0 ? output->position - from_eighths((uint16_t)low)
                                            : from_eighths((uint16_t)high) - output->position);
}

static int32_t speed_now(mb_output *output, uint16_t period_us)
{
    if (output->soft_left == 0) {
        return output->speed;
    }
    output->soft_left--;
    const int32_t soft = speed_per_period(MB_SOFT_START_US_PER_S, period_us);
    return output->speed < soft ? output->speed : soft;
}

uint16_t mb_output_step(mb_output *output, const mb_limits *limits, const mb_goal *goal, uint16_t period_us)
{
    const int32_t speed = speed_now(output, period_us);
    if (output->given_us == 0) {
        output->given_us = limits->neutral_us;
        output->position = limits->neutral_us * UNITS_PER_US;
        return output->given_us;
    }
    const uint16_t inside_us = mb_clamp(limits, output->given_us);
    if (inside_us != output->given_us) {
        output->position = inside_us * UNITS_PER_US; /* the limits are new, or a person has left it outside */
    }
    int32_t step = wanted_step(output, limits, goal, speed);
    if (goal->rests) {
        step = not_past(output, goal, step);
    }
    step = within(step, output->step - output->accel, output->step + output->accel);
    step = within(step, -speed, speed);
    step = shortened(output, step, step < 0 ? output->position - from_eighths(8u * limits->min_us)
                                            : from_eighths(8u * limits->max_us) - output->position);
    output->step = step;
    output->position += step;
    output->given_us = (uint16_t)((uint32_t)(output->position + UNITS_PER_US / 2) >> 19);
    return output->given_us;
}
