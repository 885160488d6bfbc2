/* What the decoder looks up, chosen while the program runs. On a microcontroller a generated header of the same
 * name holds constants instead; the decoder's source is the same for both. */
#ifndef MANDIBLE_DECODER_TABLES_H
#define MANDIBLE_DECODER_TABLES_H

#include <stdint.h>

#define MOST_SOFTMAX_STEPS 256
#define MOST_LEADS 256

typedef struct {
    int32_t closure_threshold, closure_evidence, evidence_share, teeth_threshold, closure_release, closure_hops;
    int32_t hysteresis, dwell_hops, gate_sum, gate_hops, gate_margin, gate_room_hops, gate_silence_hops;
    int32_t softmax_steps;
    uint16_t softmax[MOST_SOFTMAX_STEPS];
    uint16_t attack[15], release[15];
    uint16_t lead[MOST_LEADS];
    uint8_t openness[15];
} decoder_tables;

/* Those of the decoder that works now. The interpreter's lock keeps all others waiting meanwhile. */
extern const decoder_tables *decoder_tables_now;

#define CLOSURE_THRESHOLD (decoder_tables_now->closure_threshold)
#define CLOSURE_EVIDENCE (decoder_tables_now->closure_evidence)
#define EVIDENCE_SHARE (decoder_tables_now->evidence_share)
#define TEETH_THRESHOLD (decoder_tables_now->teeth_threshold)
#define CLOSURE_RELEASE (decoder_tables_now->closure_release)
#define CLOSURE_HOPS (decoder_tables_now->closure_hops)
#define HYSTERESIS (decoder_tables_now->hysteresis)
#define DWELL_HOPS (decoder_tables_now->dwell_hops)
#define GATE_SUM (decoder_tables_now->gate_sum)
#define GATE_HOPS (decoder_tables_now->gate_hops)
#define GATE_MARGIN (decoder_tables_now->gate_margin)
#define GATE_ROOM_HOPS (decoder_tables_now->gate_room_hops)
#define GATE_SILENCE_HOPS (decoder_tables_now->gate_silence_hops)
#define SOFTMAX_STEPS (decoder_tables_now->softmax_steps)
#define SOFTMAX (decoder_tables_now->softmax)
#define ATTACK (decoder_tables_now->attack)
#define RELEASE (decoder_tables_now->release)
#define LEAD (decoder_tables_now->lead)
#define OPENNESS (decoder_tables_now->openness)

#endif
