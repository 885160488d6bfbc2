/* Lip-sync on a microcontroller: 10 ms of sound in, the weights of fifteen visemes out.
 *
 *     static mandible mouth;
 *     uint8_t visemes[15];
 *     mandible_reset(&mouth);
 *     for (;;) {
 *         read 160 samples at 16 kHz into pcm;
 *         uint8_t shown = mandible_push(&mouth, pcm, visemes);
 *     }
 *
 * Order of the visemes: sil PP FF TH DD kk CH SS nn RR aa E ih oh ou. Contract: every byte equals what
 * `mandible run` computes from the same samples. Integers only; no allocation; all state is in the struct. */
#ifndef MANDIBLE_H
#define MANDIBLE_H

#include <stdint.h>

#include "logmel.h"
#include "mandible_decoder.h"
#include "mandible_model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    logmel_state front_end;
    mandible_network network;
    mandible_decoder decoder;
} mandible;

/* Forget all sound: silence, and a closed mouth. */
void mandible_reset(mandible *mouth);

/* Takes 160 samples; writes the weights that a mouth follows, which sum to 255; returns the viseme shown. */
uint8_t mandible_push(mandible *mouth, const int16_t pcm[160], uint8_t visemes[15]);

#ifdef __cplusplus
}
#endif

#endif
