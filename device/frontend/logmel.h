/* Fixed-point log-mel features, one 10 ms hop at a time.
 *
 * Contract: equal, byte for byte, to mandible.device.frontend.reference for every input.
 * Integers only, no allocation, nothing from libc but memcpy and memset.
 */
#ifndef MANDIBLE_LOGMEL_H
#define MANDIBLE_LOGMEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LOGMEL_HOP_SAMPLES 160
#define LOGMEL_HISTORY_SAMPLES 240
#define LOGMEL_BANDS 40

typedef struct {
    int16_t history[LOGMEL_HISTORY_SAMPLES];
} logmel_state;

/* Forget all samples: zeros precede the first hop. */
void logmel_reset(logmel_state *state);

/* Takes 160 samples, writes the 40 features of the 400-sample window that ends with them. */
void logmel_push(logmel_state *state, const int16_t pcm[LOGMEL_HOP_SAMPLES], int8_t mel[LOGMEL_BANDS]);

#ifdef __cplusplus
}
#endif

#endif
