#include "mandible_rig.h"

#include <string.h>

#define VISEMES 15
#define FULL 255
#define STAND_HOPS 2 /* a servo gets a pulse every 20 ms */

enum { NO_CLOSURE = 0, PP = 1, FF = 2 };

static inline int32_t clamped(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

void mandible_rig_reset(mandible_rig *rig) {
    memcpy(rig->now_us, MANDIBLE_NEUTRAL_US, sizeof rig->now_us);
    rig->kept = NO_CLOSURE;
    rig->left_hops = 0;
    rig->stood_hops = 0;
#if MANDIBLE_MOST_HELD_HOPS > 0
    rig->begun = 0;
#endif
}

/* A closure that has all weight is kept until every servo has stood at its pose, as long as it may. */
static void follow_closure(mandible_rig *rig, const uint8_t weights[VISEMES]) {
    const uint8_t asked = weights[PP] == FULL ? PP : weights[FF] == FULL ? FF : NO_CLOSURE;
    if (asked != NO_CLOSURE) {
        if (asked == rig->kept) return;
        rig->kept = asked;
        rig->left_hops = MANDIBLE_CLOSURE_HOPS;
        rig->stood_hops = 0;
    } else if (rig->left_hops == 0 || rig->stood_hops >= STAND_HOPS) {
        rig->kept = NO_CLOSURE;
    }
}

/* Where a servo should go. Rounds to nearest; a pulse is at most 2500: far from 32 bits. */
static int32_t mixed(const uint8_t weights[VISEMES], const uint16_t *poses_us) {
    uint32_t sum = FULL / 2;
    for (int viseme = 0; viseme < VISEMES; viseme++) sum += (uint32_t)weights[viseme] * poses_us[viseme];
    return (int32_t)(sum / FULL);
}

#if MANDIBLE_MOST_HELD_HOPS > 0

/* Replaces the pulses of channels that would arrive too early by their own of some hops ago. */
static void hold_back(mandible_rig *rig, uint16_t pulses_us[MANDIBLE_CHANNELS]) {
    const int rows = MANDIBLE_MOST_HELD_HOPS + 1;
    if (!rig->begun) {
        for (int row = 0; row < rows; row++) memcpy(rig->past_us[row], rig->now_us, sizeof rig->now_us);
        rig->newest = 0;
        rig->begun = 1;
    } else {
        rig->newest = (uint8_t)(rig->newest + 1 < rows ? rig->newest + 1 : 0);
        memcpy(rig->past_us[rig->newest], rig->now_us, sizeof rig->now_us);
    }
    for (int i = 0; i < MANDIBLE_CHANNELS; i++) {
        const int row = rig->newest - MANDIBLE_HELD_HOPS[i];
        pulses_us[i] = rig->past_us[row < 0 ? row + rows : row][i];
    }
}

#endif

void mandible_rig_step(mandible_rig *rig, const uint8_t weights[VISEMES], uint16_t quiet_hops,
                       uint16_t pulses_us[MANDIBLE_CHANNELS]) {
    const uint16_t *poses_us = MANDIBLE_POSES_US;
    const int parks = MANDIBLE_PARK_HOPS > 0 && quiet_hops > MANDIBLE_PARK_HOPS;
    int there = 1;
    follow_closure(rig, weights);
    for (int i = 0; i < MANDIBLE_CHANNELS; i++, poses_us += VISEMES) {
        const int32_t now_us = rig->now_us[i];
        int32_t wanted_us, reach_us = MANDIBLE_REACH_US[i];
        if (rig->kept != NO_CLOSURE) {
            wanted_us = poses_us[rig->kept];
        } else if (parks) {
            wanted_us = MANDIBLE_NEUTRAL_US[i];
            reach_us = MANDIBLE_PARK_REACH_US[i];
        } else {
            wanted_us = mixed(weights, poses_us);
        }
        wanted_us = clamped(wanted_us, MANDIBLE_LOWEST_US[i], MANDIBLE_HIGHEST_US[i]);
        rig->now_us[i] = (uint16_t)clamped(wanted_us, now_us - reach_us, now_us + reach_us);
        pulses_us[i] = rig->now_us[i];
        if (rig->now_us[i] != wanted_us) there = 0;
    }
    if (rig->kept != NO_CLOSURE) {
        if (rig->left_hops > 0) rig->left_hops--;
        if (!there)
            rig->stood_hops = 0;
        else if (rig->stood_hops < STAND_HOPS)
            rig->stood_hops++;
    }
#if MANDIBLE_MOST_HELD_HOPS > 0
    hold_back(rig, pulses_us);
#endif
}
