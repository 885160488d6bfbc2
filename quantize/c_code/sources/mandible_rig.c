#include "mandible_rig.h"

#include <string.h>

#define VISEMES 15
#define FULL 255

static inline int32_t clamped(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

void mandible_rig_reset(mandible_rig *rig) { memcpy(rig->now_us, MANDIBLE_NEUTRAL_US, sizeof rig->now_us); }

void mandible_rig_step(mandible_rig *rig, const uint8_t weights[VISEMES],
                       uint16_t pulses_us[MANDIBLE_CHANNELS]) {
    const uint16_t *pose_us = MANDIBLE_POSES_US;
    for (int i = 0; i < MANDIBLE_CHANNELS; i++) {
        const int32_t now_us = rig->now_us[i], reach_us = MANDIBLE_REACH_US[i];
        uint32_t sum = FULL / 2; /* rounds to nearest; a pulse is at most 2500: far from 32 bits */
        int32_t wanted_us;
        for (int viseme = 0; viseme < VISEMES; viseme++) sum += (uint32_t)weights[viseme] * *pose_us++;
        wanted_us = clamped((int32_t)(sum / FULL), MANDIBLE_LOWEST_US[i], MANDIBLE_HIGHEST_US[i]);
        rig->now_us[i] = (uint16_t)clamped(wanted_us, now_us - reach_us, now_us + reach_us);
        pulses_us[i] = rig->now_us[i];
    }
}
