/* One stage of the exported C as a filter: records of a hop on stdin, its results on stdout, until the end. */
#include <stdio.h>
#include <string.h>

#if defined STAGE_FRONT_END

#include "logmel.h"
#define IN_BYTES (2 * LOGMEL_HOP_SAMPLES)
#define OUT_BYTES LOGMEL_BANDS
static logmel_state state;

static void reset(void) { logmel_reset(&state); }

static void step(const unsigned char *in, unsigned char *out) {
    int16_t pcm[LOGMEL_HOP_SAMPLES];
    memcpy(pcm, in, sizeof pcm);
    logmel_push(&state, pcm, (int8_t *)out);
}

#elif defined STAGE_DECODER

#include "mandible_decoder.h"
#define IN_BYTES (15 + 40)
#define OUT_BYTES (15 + 2 + 2)
static mandible_decoder state;

static void reset(void) { mandible_decoder_reset(&state); }

static void step(const unsigned char *in, unsigned char *out) {
    out[15] = mandible_decoder_step(&state, (const int8_t *)in, (const int8_t *)in + 15, out);
    out[16] = mandible_openness(out);
    out[17] = (unsigned char)state.quiet_hops;
    out[18] = (unsigned char)(state.quiet_hops >> 8);
}

#else

#include "mandible_rig.h"
#define IN_BYTES (15 + 2)
#define OUT_BYTES (2 * MANDIBLE_CHANNELS)
static mandible_rig state;

static void reset(void) { mandible_rig_reset(&state); }

static void step(const unsigned char *in, unsigned char *out) {
    uint16_t pulses_us[MANDIBLE_CHANNELS];
    mandible_rig_step(&state, in, (uint16_t)(in[15] | in[16] << 8), pulses_us);
    memcpy(out, pulses_us, sizeof pulses_us);
}

#endif

#include "filter_main.h"
