/* An I2S microphone in its left slot: 64 bit clocks a sample, 24 bits of it, the highest first.
 * Clock on GP16, word select on GP17, data on GP18; the microphone's L/R pin to ground. */
#include "microphone.h"
#include "rp2040_samples.h"

/* Such microphones leave room for a jet engine; speech needs louder. 6 dB each. */
#ifndef MICROPHONE_GAIN_BITS
#define MICROPHONE_GAIN_BITS 4
#endif

/* Two instructions a bit. Clock and word select are set by their side; a bit is taken where the clock rises. */
#define SIDE(word_select, clock) ((word_select) << 12 | (clock) << 11)
#define TAKE 0x4001u
#define WAIT 0xA042u
#define COUNT_30 0xE03Du /* set x, 29 */
#define AGAIN(address) (0x0040u | (address))

static const uint16_t PROGRAM[] = {
    TAKE | SIDE(0u, 1u),     /* bits 1 to 30 of the left slot */
    AGAIN(0) | SIDE(0u, 0u), /* */
    TAKE | SIDE(0u, 1u),     /* bit 31 */
    COUNT_30 | SIDE(1u, 0u), /* word select changes one bit before its slot begins */
    TAKE | SIDE(1u, 1u),     /* bit 32 */
    WAIT | SIDE(1u, 0u),     /* */
    WAIT | SIDE(1u, 1u),     /* bits 1 to 30 of the right slot, unheard */
    AGAIN(6) | SIDE(1u, 0u), /* */
    WAIT | SIDE(1u, 1u),     /* bit 31 */
    COUNT_30 | SIDE(0u, 0u), /* */
    WAIT | SIDE(0u, 1u),     /* bit 32 */
    WAIT | SIDE(0u, 0u),     /* */
};

/* From the right slot on: the first left one is then whole. */
#define RIGHT 5
#define BIT_CLOCK_HZ (64u * 16000u)

void microphone_start(void) {
    const samples_machine machine = {PROGRAM, sizeof PROGRAM / sizeof *PROGRAM, 2, 2u * BIT_CLOCK_HZ, COUNT_30, RIGHT};
    samples_start(samples_start_machine(&machine), REQUEST_PIO0_RX0, MICROPHONE_SAMPLES);
}

bool microphone_read(int16_t pcm[MICROPHONE_SAMPLES], uint32_t *heard_us) {
    static uint32_t words[MICROPHONE_SAMPLES];
    if (!samples_read(words, heard_us)) return false;
    for (int i = 0; i < MICROPHONE_SAMPLES; i++)
        pcm[i] = samples_saturated((int32_t)words[i] >> (16 - MICROPHONE_GAIN_BITS));
    return true;
}
