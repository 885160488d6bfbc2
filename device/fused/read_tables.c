#include "read_tables.h"

#include <string.h>

#define VISEMES 15
#define BANDS 40
#define Q15_ONE 32768
#define STATE_BITS 7

typedef struct {
    int32_t lowest, highest;
} bounds;

/* In the order in which the structure has them. Hops are counted in bytes. */
static const bounds CONSTANTS[] = {
    {0, 255},                         /* closure_threshold */
    {0, 255 << STATE_BITS},           /* closure_evidence */
    {163, Q15_ONE},                   /* evidence_share */
    {0, 255},                         /* teeth_threshold */
    {0, 255},                         /* closure_release */
    {0, 255},                         /* closure_hops */
    {0, 255},                         /* hysteresis */
    {0, 254},                         /* dwell_hops */
    {-128 * BANDS, 127 * BANDS},      /* gate_sum */
    {0, 255},                         /* gate_hops */
    {0, 255 * BANDS},                 /* gate_margin */
    {0, 255},                         /* gate_room_hops */
    {0, 254},                         /* gate_silence_hops */
    {1, MOST_SOFTMAX_STEPS},          /* softmax_steps */
};
enum { CONSTANT_COUNT = sizeof CONSTANTS / sizeof *CONSTANTS, DWELL_HOPS_AT = 7, SOFTMAX_STEPS_AT = 13 };

static int within(const int32_t *words, size_t count, int32_t lowest, int32_t highest) {
    for (size_t i = 0; i < count; i++)
        if (words[i] < lowest || words[i] > highest) return 0;
    return 1;
}

static void narrow(uint16_t *to, const int32_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = (uint16_t)words[i];
}

const char *read_tables(const int32_t *words, size_t count, decoder_tables *tables) {
    const int32_t *softmax, *attack, *lead, *openness;
    size_t steps, leads;
    if (count < CONSTANT_COUNT) return "the decoder's tables are cut short";
    for (size_t i = 0; i < CONSTANT_COUNT; i++)
        if (words[i] < CONSTANTS[i].lowest || words[i] > CONSTANTS[i].highest)
            return "a constant of the decoder is out of range";
    steps = (size_t)words[SOFTMAX_STEPS_AT];
    /* A viseme has the age 1 at least, also where none counts as new. */
    leads = words[DWELL_HOPS_AT] == 0 ? 2 : (size_t)words[DWELL_HOPS_AT] + 1;
    if (count != CONSTANT_COUNT + steps + 2 * VISEMES + leads + VISEMES)
        return "the decoder's tables have another length than their constants say";
    softmax = words + CONSTANT_COUNT;
    attack = softmax + steps;
    lead = attack + 2 * VISEMES;
    openness = lead + leads;
    /* The first step is the largest logit's own: a softmax without it would divide by nothing. */
    if (softmax[0] != UINT16_MAX || !within(softmax, steps, 0, UINT16_MAX))
        return "the decoder's softmax is out of range";
    if (!within(attack, 2 * VISEMES, 163, Q15_ONE) || !within(lead, leads, 0, 2 * 255) ||
        !within(openness, VISEMES, 0, 255))
        return "a table of the decoder is out of range";
    memset(tables, 0, sizeof *tables);
    memcpy(tables, words, CONSTANT_COUNT * sizeof *words);
    narrow(tables->softmax, softmax, steps);
    narrow(tables->attack, attack, VISEMES);
    narrow(tables->release, attack + VISEMES, VISEMES);
    narrow(tables->lead, lead, leads);
    for (size_t i = 0; i < VISEMES; i++) tables->openness[i] = (uint8_t)openness[i];
    return NULL;
}
