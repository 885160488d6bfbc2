/* A whole export as a filter: with STAGE_NETWORK features in and logits out, else samples in, weights, viseme
 * and openness out. */
#include <stdio.h>
#include <string.h>

#ifdef STAGE_NETWORK

#include "mandible_model.h"
#define IN_BYTES MANDIBLE_FEATURES
#define OUT_BYTES (MANDIBLE_VISEMES + HEAD_BYTES)
static mandible_network state;

static void reset(void) { mandible_network_reset(&state); }

static void step(const unsigned char *in, unsigned char *out) {
    mandible_network_step(&state, (const int8_t *)in, (int8_t *)out);
#if HEAD_BYTES
    memcpy(out + MANDIBLE_VISEMES, state.HEAD, HEAD_BYTES);
#endif
}

#else

#include "mandible.h"
#define IN_BYTES 320
#define OUT_BYTES 17
static mandible state;

static void reset(void) { mandible_reset(&state); }

static void step(const unsigned char *in, unsigned char *out) {
    int16_t pcm[160];
    memcpy(pcm, in, sizeof pcm);
    out[15] = mandible_push(&state, pcm, out);
    out[16] = mandible_openness(out);
}

#endif

#include "filter_main.h"
