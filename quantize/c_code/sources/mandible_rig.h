/* Viseme weights to servo pulses: each servo goes to the weighted mean of its poses, inside its limits and no
 * faster than it may. A closure keeps its pose until the servos have got there; long silence parks them. Quick
 * servos wait for slow ones, as the rig's servo_delay_ms say.
 *
 * Contract: equal to mandible.firmware_bridge's mixer, guard and arrival, one hop of 10 ms a step. Integers only,
 * 32 bits wide; no allocation, loops of fixed length; nothing from libc but memcpy.
 */
#ifndef MANDIBLE_RIG_H
#define MANDIBLE_RIG_H

#include <stdint.h>

#include "mandible_rig_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint16_t now_us[MANDIBLE_CHANNELS];
#if MANDIBLE_MOST_HELD_HOPS > 0
    uint16_t past_us[MANDIBLE_MOST_HELD_HOPS + 1][MANDIBLE_CHANNELS]; /* a ring of the last hops */
    uint8_t newest;                                                  /* its row of this hop */
    uint8_t begun;                                                   /* 0 until the first hop has filled it */
#endif
    uint8_t kept;       /* the closure whose pose is taken, or 0 */
    uint8_t left_hops;  /* for which it may be kept yet */
    uint8_t stood_hops; /* for which every servo has been there, as far as that counts */
} mandible_rig;

/* Every servo at its neutral pulse. */
void mandible_rig_reset(mandible_rig *rig);

/* Takes the weights of a hop, which sum to 255, and for how many hops the gate has been shut (`quiet_hops` of the
 * decoder; 0 where nothing is to park); writes the pulse of each servo in µs. */
void mandible_rig_step(mandible_rig *rig, const uint8_t weights[15], uint16_t quiet_hops,
                       uint16_t pulses_us[MANDIBLE_CHANNELS]);

#ifdef __cplusplus
}
#endif

#endif
