/* From network logits to the weights that a mouth follows: softmax, gate, one decision, attack and release.
 *
 * Contract: weights, viseme and openness are equal to those of mandible.device.decoder for every input.
 * Integers only, 32 bits wide; no allocation, loops of fixed length; nothing from libc but memset.
 * Order of the visemes: sil PP FF TH DD kk CH SS nn RR aa E ih oh ou.
 */
#ifndef MANDIBLE_DECODER_H
#define MANDIBLE_DECODER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint16_t smoothed[15]; /* weight times 128 */
    uint16_t evidence;     /* mean weight of PP of late, times 128 */
    int16_t lowest;        /* loudness in this block of hops, a sum of features */
    int16_t before;        /* the same of the block before it */
    uint16_t quiet_hops;   /* for how many the gate has been shut; 0 while it is open */
    uint8_t block_hops;    /* since this block began */
    uint8_t low_hops;      /* for which it has been too quiet for any speech, as far as that counts */
    uint8_t calm_hops;     /* for which nothing but the room was heard, as far as that counts */
    uint8_t silent_hops;   /* for which silence was shown, as far as that counts */
    uint8_t viseme;        /* the one shown */
    uint8_t age;           /* hops since it came, as far as that counts */
    uint8_t closure;       /* PP, FF or none */
    uint8_t closure_hops;  /* for which it must stay yet */
} mandible_decoder;

/* A closed, silent mouth. */
void mandible_decoder_reset(mandible_decoder *decoder);

/* Takes the logits and features of a hop; writes the weights, which sum to 255; returns the viseme shown. */
uint8_t mandible_decoder_step(mandible_decoder *decoder, const int8_t logits[15], const int8_t mel[40],
                              uint8_t weights[15]);

/* Expected jaw opening of a hop's weights, 0 (closed) to 255 (wide). */
uint8_t mandible_openness(const uint8_t weights[15]);

#ifdef __cplusplus
}
#endif

#endif
