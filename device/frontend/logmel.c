#include "logmel.h"

#include <string.h>

#include "logmel_tables.h"

#define WINDOW_SAMPLES (LOGMEL_HISTORY_SAMPLES + LOGMEL_HOP_SAMPLES)
#define POINTS 256 /* complex points of the FFT; even samples are real parts, odd ones imaginary */
#define QUARTER (POINTS / 4)
#define BLOCK_BITS 13
#define LARGEST_BLOCK_SHIFT 12
#define MEL_WEIGHT_BITS 10
#define STEPS_PER_OCTAVE 6
#define ZERO_LOG2 20

/* Each inner loop fills the registers of a 32-bit core; merged into one function they would spill. */
#ifdef __GNUC__
#define APART __attribute__((noinline))
#else
#define APART
#endif

/* Where a product of 64 bits is a call, the same bits come cheaper from products of 32 bits. */
#if !defined SHORT_PRODUCTS && (defined __ARM_ARCH_6M__ || defined __ARM_ARCH_8M_BASE__)
#define SHORT_PRODUCTS
#endif

/* A point is kept as four times its value, and a root of unity as 2**30 times. A sum of their products then
 * ends on a word boundary, where rounding costs one instruction, and products of 1 and -i are exact.
 * |value| <= 256 * 2**13.5, so that two points still add up in 32 bits. */
typedef struct {
    int32_t re, im;
} complex32;

typedef union { /* the spectrum replaces the points, bin by bin */
    complex32 point;
    uint64_t power;
} bin;

static inline int leading_zeros(uint32_t value) { /* of a value that is not 0 */
#ifdef __GNUC__
    return __builtin_clzl(value) - 8 * (int)(sizeof(unsigned long) - sizeof value);
#else
    int zeros = 0;
    for (; value < 0x80000000u; value <<= 1) zeros++;
    return zeros;
#endif
}

static inline complex32 sum(complex32 a, complex32 b) {
    const complex32 result = {a.re + b.re, a.im + b.im};
    return result;
}

static inline complex32 difference(complex32 a, complex32 b) {
    const complex32 result = {a.re - b.re, a.im - b.im};
    return result;
}

/* Four times the upper word of a * x + b * y, rounded half up; a, b are parts of points and x, y of roots. */
static inline int32_t rounded(int32_t a, int32_t x, int32_t b, int32_t y) {
#ifdef SHORT_PRODUCTS
    const int32_t x15 = x >> 15, y15 = y >> 15; /* nothing is lost: roots have 15 bits */
    const int32_t upper = (a >> 10) * x15 + (b >> 10) * y15, lower = (a & 1023) * x15 + (b & 1023) * y15;
    return ((upper + ((lower + 65536) >> 10)) >> 7) * 4;
#else
    const int64_t product = (int64_t)a * x + (int64_t)b * y;
    return ((int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31)) * 4;
#endif
}

static inline complex32 turned(complex32 z, const int32_t root[2]) {
    const int32_t re = root[0], im = root[1];
    const complex32 result = {rounded(z.re, re, z.im, -im), rounded(z.re, im, z.im, re)};
    return result;
}

static inline complex32 turned_90(complex32 z) { /* by -i */
    const complex32 result = {z.im, -z.re};
    return result;
}

static inline complex32 turned_45(complex32 z) { /* both parts of that root have one size, taken out here */
    const int32_t size = ROOT[QUARTER][0];
    const complex32 result = {rounded(z.re + z.im, size, 0, 0), rounded(z.im - z.re, size, 0, 0)};
    return result;
}

static inline void butterfly(bin *upper, bin *lower, complex32 t) {
    const complex32 u = upper->point;
    upper->point = sum(u, t);
    lower->point = difference(u, t);
}

/* Window some samples; returns the bits of all their magnitudes. */
static inline uint32_t windowed(int16_t *out, const int16_t *samples, const int16_t *window, int count) {
    uint32_t bits = 0;
    for (const int16_t *end = samples + count; samples < end;) {
        const int32_t value = ((int32_t)*samples++ * *window++ + (1 << 14)) >> 15;
        *out++ = (int16_t)value;
        bits |= (uint32_t)(value < 0 ? -value : value);
    }
    return bits;
}

/* gain is four times that of the block; bits that a gain below one shifts out of the value are dropped. */
static inline complex32 loaded(const int16_t *pair, int32_t gain) {
    const complex32 point = {(pair[0] * gain) & ~3, (pair[1] * gain) & ~3};
    return point;
}

/* The samples as points in bit-reversed order, and the first two stages of the FFT, which turn by 1 and -i.
 * The points behind the samples are zero. */
APART static void load(bin z[POINTS], const int16_t samples[WINDOW_SAMPLES], int32_t gain) {
    static const complex32 zero = {0, 0};
    for (int k = 0; k < QUARTER; k++, samples += 2) {
        bin *four = &z[REVERSED[k]];
        const complex32 first = loaded(samples, gain), second = loaded(samples + 2 * QUARTER, gain);
        const complex32 third = loaded(samples + 4 * QUARTER, gain);
        const complex32 fourth =
            k + 3 * QUARTER < WINDOW_SAMPLES / 2 ? loaded(samples + 6 * QUARTER, gain) : zero;
        four[0].point = sum(first, third);
        four[1].point = difference(first, third);
        butterfly(&four[0], &four[2], sum(second, fourth));
        butterfly(&four[1], &four[3], turned_90(difference(second, fourth)));
    }
}

/* The third stage turns by 0, 45, 90 and 135 degrees. */
APART static void third_stage(bin z[POINTS]) {
    for (bin *eight = z; eight < z + POINTS; eight += 8) {
        butterfly(&eight[0], &eight[4], eight[4].point);
        butterfly(&eight[1], &eight[5], turned_45(eight[5].point));
        butterfly(&eight[2], &eight[6], turned_90(eight[6].point));
        butterfly(&eight[3], &eight[7], turned_45(turned_90(eight[7].point)));
    }
}

/* A stage of radix 2, decimation in time, that combines blocks of half its size. */
APART static void stage(bin z[POINTS], int half) {
    const int stride = POINTS / half;
    for (bin *upper = z; upper < z + POINTS; upper += half) {
        const int32_t (*root)[2] = ROOT;
        bin *lower = upper + half;
        for (const bin *end = lower; upper < end; upper++, lower++, root += stride)
            butterfly(upper, lower, turned(lower->point, *root));
    }
}

static inline uint64_t power_of(int32_t re, int32_t im) {
#ifdef SHORT_PRODUCTS
    const int32_t re_upper = re >> 11, re_lower = re & 2047, im_upper = im >> 11, im_lower = im & 2047;
    const int32_t upper = re_upper * re_upper + im_upper * im_upper;
    const int32_t mixed = re_upper * re_lower + im_upper * im_lower;
    const int32_t lower = re_lower * re_lower + im_lower * im_lower;
    return (uint64_t)(((int64_t)upper * (1 << 10) + mixed) * (1 << 12) + lower);
#else
    return (uint64_t)((int64_t)re * re + (int64_t)im * im);
#endif
}

/* Spectrum of the 512 real samples from the 256 complex points, as power of bins 2..254: all we need. */
APART static void split_power(bin z[POINTS]) {
    bin *up = z + 2, *down = z + POINTS - 2;
    for (const int32_t (*root)[2] = ROOT + 2; up < down; up++, down--, root++) {
        const complex32 near = up->point, far = down->point;
        const int32_t even_re = near.re + far.re, even_im = near.im - far.im;
        const complex32 odd = {near.im + far.im, far.re - near.re};
        const complex32 t = turned(odd, *root);
        down->power = power_of((even_re - t.re) >> 3, (t.im - even_im) >> 3);
        up->power = power_of((even_re + t.re) >> 3, (even_im + t.im) >> 3);
    }
    up->power = power_of(up->point.re >> 2, up->point.im >> 2); /* the middle bin is its own mirror image */
}

/* log2 of 1..2**52 in Q16: 128 table steps with linear interpolation. */
static int32_t log2_q16(uint64_t value) {
    const uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    uint32_t mantissa, start, step; /* the mantissa's highest bit is its 1 */
    int32_t exponent;
    if (high > 0) {
        const int zeros = leading_zeros(high); /* at least 11 */
        exponent = 63 - zeros;
        mantissa = high << zeros | low >> (32 - zeros);
    } else {
        const int zeros = leading_zeros(low);
        exponent = 31 - zeros;
        mantissa = low << zeros;
    }
    start = LOG2[mantissa >> 24 & 127];
    step = (LOG2[(mantissa >> 24 & 127) + 1] - start) & 0xFFFF; /* the table ends with 65536, stored as 0 */
    return exponent * 65536 + (int32_t)(start + (step * (mantissa >> 8 & 0xFFFF) >> 16));
}

static inline int8_t feature(uint64_t energy, int32_t shift) {
    int32_t level, step;
    energy >>= MEL_WEIGHT_BITS;
    level = log2_q16(energy > 0 ? energy : 1) - shift * 131072;
    if (level < 0) level = 0;
    step = ((level - ZERO_LOG2 * 65536) * STEPS_PER_OCTAVE + 32768) >> 16;
    return (int8_t)(step < -128 ? -128 : step > 127 ? 127 : step);
}

static inline uint64_t weighted(uint64_t power, uint32_t weight) {
#ifdef SHORT_PRODUCTS
    const uint32_t low = (uint32_t)power & 0xFFFF, middle = (uint32_t)power >> 16;
    const uint32_t high = (uint32_t)(power >> 32);
    return ((uint64_t)(high * weight) << 32) + ((uint64_t)(middle * weight) << 16) + low * weight;
#else
    return power * weight;
#endif
}

/* A bin lies between the centres of two bands: the table has its weight in the lower one, where the triangle
 * falls, and its weight in the upper one is what that lacks to 1. */
APART static void mel_bands(const bin z[POINTS], int32_t shift, int8_t mel[LOGMEL_BANDS]) {
    const bin *next = z + MEL_FIRST_BIN;
    const uint16_t *weight = MEL_FALLING;
    uint64_t rising = 0;
    for (int band = -1; band < LOGMEL_BANDS; band++) {
        uint64_t total = 0, falling = 0;
        for (const bin *end = z + MEL_END_BIN[band + 1]; next < end; next++) {
            total += next->power;
            falling += weighted(next->power, *weight++);
        }
        if (band >= 0) mel[band] = feature(rising + falling, shift);
        rising = (total << MEL_WEIGHT_BITS) - falling;
    }
}

void logmel_reset(logmel_state *state) { memset(state, 0, sizeof *state); }

void logmel_push(logmel_state *state, const int16_t pcm[LOGMEL_HOP_SAMPLES], int8_t mel[LOGMEL_BANDS]) {
    const size_t hop = LOGMEL_HOP_SAMPLES, history = LOGMEL_HISTORY_SAMPLES, kept = history - hop;
    int16_t samples[WINDOW_SAMPLES];
    bin z[POINTS];
    uint32_t bits;
    int32_t shift;

    bits = windowed(samples, state->history, WINDOW, LOGMEL_HISTORY_SAMPLES);
    bits |= windowed(samples + history, pcm, WINDOW + history, LOGMEL_HOP_SAMPLES);
    memcpy(state->history, state->history + hop, kept * sizeof pcm[0]);
    memcpy(state->history + kept, pcm, hop * sizeof pcm[0]);

    shift = BLOCK_BITS - 32 + leading_zeros(bits | 1); /* the largest sample gets 13 bits */
    if (shift > LARGEST_BLOCK_SHIFT) shift = LARGEST_BLOCK_SHIFT;
    load(z, samples, (int32_t)1 << (shift + 2)); /* a sample has at most 15 bits: the shift is at least -2 */
    third_stage(z);
    for (int half = 8; half < POINTS; half *= 2) stage(z, half);
    split_power(z);
    mel_bands(z, shift, mel);
}
