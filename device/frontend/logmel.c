#include "logmel.h"

#include <string.h>

#include "logmel_tables.h"

#define WINDOW_SAMPLES (LOGMEL_HISTORY_SAMPLES + LOGMEL_HOP_SAMPLES)
#define POINTS 256 /* complex points of the FFT; even samples are real parts, odd ones imaginary */
#define BLOCK_BITS 13
#define LARGEST_BLOCK_SHIFT 12
#define MEL_WEIGHT_BITS 10
#define STEPS_PER_OCTAVE 6
#define ZERO_LOG2 20

typedef struct {
    int32_t re, im;
} complex32;

static int bit_length(uint64_t value) {
    int bits = 0;
    if (value >> 32) { value >>= 32; bits += 32; }
    if (value >> 16) { value >>= 16; bits += 16; }
    if (value >> 8) { value >>= 8; bits += 8; }
    if (value >> 4) { value >>= 4; bits += 4; }
    if (value >> 2) { value >>= 2; bits += 2; }
    if (value >> 1) { value >>= 1; bits += 1; }
    return bits + (int)value;
}

static int reversed(int index) { /* the eight bits of index, mirrored */
    unsigned i = (unsigned)index;
    i = ((i & 0x0Fu) << 4) | (i >> 4);
    i = ((i & 0x33u) << 2) | ((i >> 2) & 0x33u);
    i = ((i & 0x55u) << 1) | ((i >> 1) & 0x55u);
    return (int)i;
}

static inline complex32 turned(complex32 z, int32_t root_re, int32_t root_im) {
    const int64_t half = 1 << 14;
    complex32 out;
    out.re = (int32_t)(((int64_t)z.re * root_re - (int64_t)z.im * root_im + half) >> 15);
    out.im = (int32_t)(((int64_t)z.re * root_im + (int64_t)z.im * root_re + half) >> 15);
    return out;
}

static inline void butterfly(complex32 *upper, complex32 *lower, complex32 t) {
    lower->re = upper->re - t.re;
    lower->im = upper->im - t.im;
    upper->re += t.re;
    upper->im += t.im;
}

/* Window the samples, scale the block so that its largest has 13 bits, and store them bit-reversed.
 * Returns the left shift that was applied. */
static int load_block(const int16_t window[WINDOW_SAMPLES], complex32 z[POINTS]) {
    int32_t samples[WINDOW_SAMPLES];
    int32_t peak = 1;
    int shift;
    for (int i = 0; i < WINDOW_SAMPLES; i++) {
        int32_t value = ((int32_t)window[i] * WINDOW[i] + (1 << 14)) >> 15;
        samples[i] = value;
        if (value < 0) value = -value;
        if (value > peak) peak = value;
    }
    shift = BLOCK_BITS - bit_length((uint64_t)peak);
    if (shift > LARGEST_BLOCK_SHIFT) shift = LARGEST_BLOCK_SHIFT;
    memset(z, 0, POINTS * sizeof z[0]);
    for (int i = 0; i < WINDOW_SAMPLES; i += 2) {
        complex32 *point = &z[reversed(i / 2)];
        point->re = shift >= 0 ? samples[i] * (1 << shift) : samples[i] >> -shift;
        point->im = shift >= 0 ? samples[i + 1] * (1 << shift) : samples[i + 1] >> -shift;
    }
    return shift;
}

/* Radix-2, decimation in time. Turning by 1 and by -i is exact and free. */
static void fft(complex32 z[POINTS]) {
    for (int half = 1; half < POINTS; half *= 2) {
        const int stride = POINTS / 2 / half;
        for (int start = 0; start < POINTS; start += 2 * half) {
            complex32 *upper = &z[start], *lower = &z[start + half];
            butterfly(&upper[0], &lower[0], lower[0]);
            for (int k = 1; k < half; k++) {
                if (2 * k == half) {
                    const complex32 quarter = {lower[k].im, -lower[k].re};
                    butterfly(&upper[k], &lower[k], quarter);
                } else {
                    butterfly(&upper[k], &lower[k],
                              turned(lower[k], TWIDDLE_RE[k * stride], TWIDDLE_IM[k * stride]));
                }
            }
        }
    }
}

static uint64_t power_of(int32_t re, int32_t im) {
    return (uint64_t)((int64_t)re * re) + (uint64_t)((int64_t)im * im);
}

/* Spectrum of the 512 real samples from the 256 complex points, as power of bins 0..256. */
static void split_power(const complex32 z[POINTS], uint64_t power[POINTS + 1]) {
    power[0] = power_of(z[0].re + z[0].im, 0);
    power[POINTS] = power_of(z[0].re - z[0].im, 0);
    for (int k = 1; k <= POINTS / 2; k++) {
        const complex32 near = z[k], far = z[POINTS - k];
        const int32_t even_re = near.re + far.re, even_im = near.im - far.im;
        const complex32 odd = {near.im + far.im, far.re - near.re};
        const complex32 t = turned(odd, SPLIT_RE[k], SPLIT_IM[k]);
        power[POINTS - k] = power_of((even_re - t.re) >> 1, (t.im - even_im) >> 1);
        power[k] = power_of((even_re + t.re) >> 1, (even_im + t.im) >> 1);
    }
}

static int32_t log2_q16(uint64_t value) {
    const int exponent = bit_length(value) - 1;
    const int32_t mantissa =
        (int32_t)((exponent >= 23 ? value >> (exponent - 23) : value << (23 - exponent)) - (1u << 23));
    const int32_t index = mantissa >> 16, rest = mantissa & 0xFFFF;
    const int32_t step = LOG2[index + 1] - LOG2[index];
    return exponent * 65536 + LOG2[index] + (int32_t)(((int64_t)step * rest) >> 16);
}

void logmel_reset(logmel_state *state) { memset(state, 0, sizeof *state); }

void logmel_push(logmel_state *state, const int16_t pcm[LOGMEL_HOP_SAMPLES], int8_t mel[LOGMEL_BANDS]) {
    int16_t window[WINDOW_SAMPLES];
    complex32 z[POINTS];
    uint64_t power[POINTS + 1];
    int shift;

    memcpy(window, state->history, sizeof state->history);
    memcpy(window + LOGMEL_HISTORY_SAMPLES, pcm, LOGMEL_HOP_SAMPLES * sizeof pcm[0]);
    memcpy(state->history, window + LOGMEL_HOP_SAMPLES, sizeof state->history);

    shift = load_block(window, z);
    fft(z);
    split_power(z, power);
    for (int band = 0; band < LOGMEL_BANDS; band++) {
        const uint64_t *bin = &power[MEL_FIRST_BIN[band]];
        uint64_t energy = 0;
        int32_t level, step;
        for (int i = MEL_START[band]; i < MEL_START[band + 1]; i++) energy += *bin++ * MEL_WEIGHT[i];
        energy >>= MEL_WEIGHT_BITS;
        level = log2_q16(energy > 0 ? energy : 1) - shift * 131072;
        if (level < 0) level = 0;
        step = ((level - ZERO_LOG2 * 65536) * STEPS_PER_OCTAVE + 32768) >> 16;
        mel[band] = (int8_t)(step < -128 ? -128 : step > 127 ? 127 : step);
    }
}
