#include "mandible.h"

void mandible_reset(mandible *mouth) {
    logmel_reset(&mouth->front_end);
    mandible_network_reset(&mouth->network);
    mandible_decoder_reset(&mouth->decoder);
}

uint8_t mandible_push(mandible *mouth, const int16_t pcm[160], uint8_t visemes[15]) {
    int8_t mel[MANDIBLE_FEATURES];
    int8_t logits[MANDIBLE_VISEMES];
    logmel_push(&mouth->front_end, pcm, mel);
    mandible_network_step(&mouth->network, mel, logits);
    return mandible_decoder_step(&mouth->decoder, logits, mel, visemes);
}
