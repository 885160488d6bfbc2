/* A PDM microphone at 64 times the sample rate, 1.024 MHz: clock on GP16, data on GP18; its select pin to ground, so that
 * data stands while the clock is low.
 *
 * Bits become samples in three integrators and three combs (E. Hogenauer, "An economical class of digital filters for
 * decimation and interpolation", IEEE Transactions on ASSP 29(2), 1981). Such a filter loses treble, 2.7 dB at 4 kHz;
 * three more taps give most of it back. */
#include "microphone.h"
#include "rp2040_samples.h"

#ifndef MICROPHONE_GAIN_BITS
#define MICROPHONE_GAIN_BITS 4
#endif

#define SIDE(clock) ((clock) << 12)
#define TAKE 0x4001u
#define WAIT 0xA042u
#define NOTHING 0xA042u

static const uint16_t PROGRAM[] = {TAKE | SIDE(1u), WAIT | SIDE(0u)};

#define CLOCK_HZ (64u * 16000u)
#define WORDS_A_SAMPLE 2
#define WORDS (MICROPHONE_SAMPLES * WORDS_A_SAMPLE)
#define STAGES 3
#define HALF (1 << 17) /* of 64 to the power of 3: silence, half of the bits set */
#define SPARE_BITS 2   /* of 18 bits beside 16 */

static uint32_t sums[STAGES];
static uint32_t combs[STAGES];
static int32_t before[2];

void microphone_start(void) {
    const samples_machine machine = {PROGRAM, sizeof PROGRAM / sizeof *PROGRAM, 1, 2u * CLOCK_HZ, NOTHING, 0};
    samples_start(samples_start_machine(&machine), REQUEST_PIO0_RX0, WORDS);
}

/* Sums wrap, by intention: the combs take the wraps out again. */
static void integrate(uint32_t word) {
    uint32_t first = sums[0], second = sums[1], third = sums[2];
    for (int bit = 31; bit >= 0; bit--) {
        first += word >> bit & 1u;
        second += first;
        third += second;
    }
    sums[0] = first;
    sums[1] = second;
    sums[2] = third;
}

static int32_t combed(void) {
    uint32_t value = sums[2];
    for (int i = 0; i < STAGES; i++) {
        const uint32_t earlier = combs[i];
        combs[i] = value;
        value -= earlier;
    }
    return (int32_t)value - HALF;
}

/* (-1, 10, -1) / 8 around the sample before. */
static int32_t with_treble(int32_t sample) {
    const int32_t result = (10 * before[0] - before[1] - sample) / 8;
    before[1] = before[0];
    before[0] = sample;
    return result;
}

bool microphone_read(int16_t pcm[MICROPHONE_SAMPLES], uint32_t *heard_us) {
    static uint32_t words[WORDS];
    if (!samples_read(words, heard_us)) return false;
    for (int i = 0; i < MICROPHONE_SAMPLES; i++) {
        for (int word = 0; word < WORDS_A_SAMPLE; word++) integrate(words[i * WORDS_A_SAMPLE + word]);
        pcm[i] = samples_saturated(with_treble(combed()) * (1 << MICROPHONE_GAIN_BITS) / (1 << SPARE_BITS));
    }
    return true;
}
