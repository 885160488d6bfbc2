/* The kernels with the packed arithmetic of Armv7E-M and Armv8-M: two products of 16 bits an instruction.
 *
 * SXTB16 widens bytes 0 and 2 of a word, or after a rotation 1 and 3; values and weights are both widened so,
 * and their order does not matter to a sum. SMMULR is the rounded high word. */
#ifndef MANDIBLE_KERNELS_DSP_H
#define MANDIBLE_KERNELS_DSP_H

#include <arm_acle.h>
#include <string.h>

#include "mandible_kernels.h"

#if MANDIBLE_LANES != 8
#error "these kernels read weights in lanes of 8"
#endif

static inline uint32_t word_at(const int8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static inline int16x2_t even(uint32_t word) {
    int16x2_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(word));
    return pair;
}

static inline int16x2_t odd(uint32_t word) {
    int16x2_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
    return pair;
}

static inline int32_t high_word(int32_t value, int32_t significand) {
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(value), "r"(significand));
    return high;
}

/* value >> right, rounded half away from zero, plus (offset - 1) / 2, for right > 0 and an odd offset: one bit
 * is kept for the rounding, which then costs nothing. */
static inline int32_t shifted(int32_t value, int right, int32_t offset) {
    return (((value + (value >> 31)) >> (right - 1)) + offset) >> 1;
}

static inline int8_t saturated(int32_t value) {
    __asm__("ssat %0, #8, %1" : "=r"(value) : "r"(value));
    return (int8_t)value;
}

/* offset is twice the zero point, plus one. */
static inline int8_t finished(const mandible_scaling *scaling, int i, int32_t sum, int32_t offset) {
    const int right = scaling->right[i];
#if MANDIBLE_SHIFTS_RIGHT
    const int32_t high = high_word(sum * 2, scaling->significand[i]);
#else
    const int32_t high = high_word(sum * (1 << scaling->left[i]), scaling->significand[i]);
    if (right == 0)
        return saturated(high + (offset >> 1));
#endif
    return saturated(shifted(high, right, offset));
}

static inline int32_t dot(const int16x2_t row[4], const int8_t *weights, int32_t sum) {
    const uint32_t first = word_at(weights), second = word_at(weights + 4);
    sum = __smlad(odd(first), row[1], __smlad(even(first), row[0], sum));
    return __smlad(odd(second), row[3], __smlad(even(second), row[2], sum));
}

static inline const int8_t *full_four(const mandible_convolution *layer, const mandible_scaling *scaling,
                                      const int8_t *weights, const int8_t *const *rows, int8_t *result) {
    const int32_t offset = 2 * layer->range.zero_point + 1;
    int32_t s0 = scaling->bias[0], s1 = scaling->bias[1], s2 = scaling->bias[2], s3 = scaling->bias[3];
    for (uint32_t tap = 0; tap < layer->taps; tap++) {
        const int8_t *row = rows[tap];
        const int8_t *const end = row + layer->stride;
        do {
            const uint32_t first = word_at(row), second = word_at(row + 4);
            const int16x2_t eight[4] = {even(first), odd(first), even(second), odd(second)};
            s0 = dot(eight, weights, s0);
            s1 = dot(eight, weights + 8, s1);
            s2 = dot(eight, weights + 16, s2);
            s3 = dot(eight, weights + 24, s3);
            weights += 32;
            row += 8;
        } while (row != end);
    }
    result[0] = finished(scaling, 0, s0, offset);
    result[1] = finished(scaling, 1, s1, offset);
    result[2] = finished(scaling, 2, s2, offset);
    result[3] = finished(scaling, 3, s3, offset);
    return weights;
}

static inline void depthwise_four(const mandible_convolution *layer, const mandible_scaling *scaling,
                                  const int8_t *weights, const int8_t *const *rows, uint32_t at, int8_t *result) {
    const int32_t offset = 2 * layer->range.zero_point + 1;
    const int8_t *const end = weights + 4 * layer->taps;
    int32_t s0 = scaling->bias[0], s1 = scaling->bias[1], s2 = scaling->bias[2], s3 = scaling->bias[3];
    do {
        const uint32_t row = word_at(*rows++ + at), weight = word_at(weights);
        const int16x2_t row_even = even(row), row_odd = odd(row);
        const int16x2_t weight_even = even(weight), weight_odd = odd(weight);
        s0 = __smlabb(row_even, weight_even, s0);
        s1 = __smlabb(row_odd, weight_odd, s1);
        s2 = __smlatt(row_even, weight_even, s2);
        s3 = __smlatt(row_odd, weight_odd, s3);
        weights += 4;
    } while (weights != end);
    result[0] = finished(scaling, 0, s0, offset);
    result[1] = finished(scaling, 1, s1, offset);
    result[2] = finished(scaling, 2, s2, offset);
    result[3] = finished(scaling, 3, s3, offset);
}

static inline void add_four(const mandible_addition *layer, const int8_t *first, const int8_t *second,
                            int8_t *result) {
    const int32_t offset = 2 * layer->range.zero_point + 1;
    for (int i = 0; i < 4; i++) {
        int32_t other = high_word(second[i] * (1 << 21) - layer->second_offset, layer->second_significand);
        if (layer->second_right > 0)
            other = shifted(other, layer->second_right, 1);
        const int32_t sum = first[i] * (1 << 19) - layer->first_offset + other;
        result[i] = saturated(shifted(high_word(sum * 2, layer->significand), layer->right, offset));
    }
}

#endif
