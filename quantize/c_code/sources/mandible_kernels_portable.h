/* The kernels in plain C, for every processor and as the definition of the others. */
#ifndef MANDIBLE_KERNELS_PORTABLE_H
#define MANDIBLE_KERNELS_PORTABLE_H

#include "mandible_kernels.h"

/* Cortex-M0+ multiplies 32 by 32 bits to 32 only: there a long product is a call of a library. */
#if !defined SHORT_PRODUCTS && (defined __ARM_ARCH_6M__ || defined __ARM_ARCH_8M_BASE__)
#define SHORT_PRODUCTS
#endif

/* value * significand, rounded to its high word; significand >= 0. */
static inline int32_t high_word(int32_t value, int32_t significand) {
#ifdef SHORT_PRODUCTS
    /* In halves of 16 bits. No sum leaves 32: 32768 * 65535 + 65535 < 2^31, and 65535 * 32767 is smaller. */
    const int32_t upper = value >> 16, factor_upper = significand >> 16;
    const uint32_t lower = (uint32_t)value & 0xFFFFu, factor_lower = (uint32_t)significand & 0xFFFFu;
    const int32_t middle = upper * (int32_t)factor_lower + (int32_t)((lower * factor_lower) >> 16);
    const uint32_t rest = lower * (uint32_t)factor_upper + ((uint32_t)middle & 0xFFFFu);
    return upper * factor_upper + (middle >> 16) + (int32_t)((rest + 0x8000u) >> 16);
#else
    return (int32_t)(((int64_t)value * significand + ((int64_t)1 << 31)) >> 32);
#endif
}

/* value * significand, rounded to its high word, then >> right, rounded half away from zero. */
static inline int32_t scaled(int32_t value, int32_t significand, int right) {
    const int32_t high = high_word(value, significand);
    const int32_t half = right > 0 ? (1 << (right - 1)) - (high < 0) : 0;
    return (high + half) >> right;
}

static inline int8_t saturated(int32_t value) {
    return (int8_t)(value < INT8_MIN ? INT8_MIN : value > INT8_MAX ? INT8_MAX : value);
}

static inline void finish(const mandible_scaling *scaling, int16_t zero_point, const int32_t sums[4],
                          int8_t *result) {
    for (int i = 0; i < 4; i++) {
        const int32_t value = sums[i] * (1 << scaling->left[i]);
        result[i] = saturated(scaled(value, scaling->significand[i], scaling->right[i]) + zero_point);
    }
}

static inline const int8_t *full_four(const mandible_convolution *layer, const mandible_scaling *scaling,
                                      const int8_t *weights, const int8_t *const *rows, int8_t *result) {
    int32_t s0 = scaling->bias[0], s1 = scaling->bias[1], s2 = scaling->bias[2], s3 = scaling->bias[3];
    for (uint32_t tap = 0; tap < layer->taps; tap++) {
        const int8_t *row = rows[tap];
        const int8_t *const end = row + layer->stride;
        while (row != end) {
            for (int lane = 0; lane < MANDIBLE_LANES; lane++, weights++) {
                const int32_t value = *row++;
                s0 += weights[0] * value;
                s1 += weights[MANDIBLE_LANES] * value;
                s2 += weights[2 * MANDIBLE_LANES] * value;
                s3 += weights[3 * MANDIBLE_LANES] * value;
            }
            weights += 3 * MANDIBLE_LANES;
        }
    }
    const int32_t sums[4] = {s0, s1, s2, s3};
    finish(scaling, layer->range.zero_point, sums, result);
    return weights;
}

static inline void depthwise_four(const mandible_convolution *layer, const mandible_scaling *scaling,
                                  const int8_t *weights, const int8_t *const *rows, uint32_t at, int8_t *result) {
    int32_t s0 = scaling->bias[0], s1 = scaling->bias[1], s2 = scaling->bias[2], s3 = scaling->bias[3];
    for (uint32_t tap = 0; tap < layer->taps; tap++, weights += 4) {
        const int8_t *four = rows[tap] + at;
        s0 += weights[0] * four[0];
        s1 += weights[1] * four[1];
        s2 += weights[2] * four[2];
        s3 += weights[3] * four[3];
    }
    const int32_t sums[4] = {s0, s1, s2, s3};
    finish(scaling, layer->range.zero_point, sums, result);
}

static inline void add_four(const mandible_addition *layer, const int8_t *first, const int8_t *second,
                            int8_t *result) {
    for (int i = 0; i < 4; i++) {
        const int32_t one = first[i] * (1 << 19) - layer->first_offset;
        const int32_t other = second[i] * (1 << 21) - layer->second_offset;
        const int32_t sum = one + scaled(other, layer->second_significand, layer->second_right);
        result[i] = saturated(scaled(sum * 2, layer->significand, layer->right) + layer->range.zero_point);
    }
}

#endif
