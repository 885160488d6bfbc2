/* What became of a hop, for whoever looks on: a simulator, a debugger, or nobody. */
#ifndef WATCH_H
#define WATCH_H

#include <stdint.h>

#include "../line/mandible_rig.h"

typedef struct {
    uint32_t heard_us; /* when its last sample came */
    uint32_t began_us; /* when the line took it */
    uint32_t moved_us; /* when its set-point went to the firmware core */
    uint32_t due_us;   /* for when */
    uint8_t attach;    /* status of the attachment before it, WATCH_NOT_ASKED where there was none */
    uint8_t move;      /* status of the set-point */
    uint8_t shown;
    uint8_t visemes[15];
    uint16_t pulses_us[MANDIBLE_CHANNELS];
} watch_record;

#define WATCH_NOT_ASKED 255u

/* Called after every hop, with interrupts held. */
void watch_hop(const watch_record *record);

#endif
