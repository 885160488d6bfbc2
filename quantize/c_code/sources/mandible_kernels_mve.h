/* The kernels with the vector extension of Armv8.1-M: sixteen products an instruction. */
#ifndef MANDIBLE_KERNELS_MVE_H
#define MANDIBLE_KERNELS_MVE_H

#include <arm_mve.h>

#include "mandible_kernels.h"

#if MANDIBLE_LANES != 16
#error "these kernels read weights in lanes of 16"
#endif

/* high >> right, rounded half away from zero: a negative value loses one first, except where there is nothing
 * to shift. */
static inline int32x4_t shifted(int32x4_t high, int32x4_t minus_right) {
    const int32x4_t fix = vshrq_n_s32(vandq_s32(high, minus_right), 31);
    return vrshlq_s32(vaddq_s32(high, fix), minus_right);
}

static inline int32x4_t scaled(int32x4_t value, int32_t significand, int32_t right) {
    return shifted(vrmulhq_s32(value, vdupq_n_s32(significand)), vdupq_n_s32(-right));
}

/* Store four values in the int8 range. */
static inline void put(int32x4_t values, int8_t *result) {
    const int32x4_t low = vdupq_n_s32(INT8_MIN), high = vdupq_n_s32(INT8_MAX);
    vstrbq_s32(result, vminq_s32(vmaxq_s32(values, low), high));
}

static inline void finish(const mandible_scaling *scaling, int32_t zero_point, int32x4_t sums, int8_t *result) {
#if MANDIBLE_SHIFTS_RIGHT
    const int32x4_t value = vshlq_n_s32(sums, 1);
#else
    const int32x4_t value = vshlq_s32(sums, vldrbq_s32(scaling->left));
#endif
    const int32x4_t high = vrmulhq_s32(value, vld1q_s32(scaling->significand));
    const int32x4_t minus_right = vnegq_s32(vldrbq_s32(scaling->right));
    put(vaddq_n_s32(shifted(high, minus_right), zero_point), result);
}

static inline const int8_t *full_four(const mandible_convolution *layer, const mandible_scaling *scaling,
                                      const int8_t *weights, const int8_t *const *rows, int8_t *result) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (uint32_t tap = 0; tap < layer->taps; tap++) {
        const int8_t *row = rows[tap];
        for (uint32_t left = layer->stride / 16u; left > 0; left--) {
            const int8x16_t values = vld1q_s8(row);
            s0 = vmladavaq_s8(s0, values, vld1q_s8(weights));
            s1 = vmladavaq_s8(s1, values, vld1q_s8(weights + 16));
            s2 = vmladavaq_s8(s2, values, vld1q_s8(weights + 32));
            s3 = vmladavaq_s8(s3, values, vld1q_s8(weights + 48));
            weights += 64;
            row += 16;
        }
    }
    const int32x4_t sums = {s0, s1, s2, s3};
    finish(scaling, layer->range.zero_point, vaddq_s32(sums, vld1q_s32(scaling->bias)), result);
    return weights;
}

static inline void depthwise_four(const mandible_convolution *layer, const mandible_scaling *scaling,
                                  const int8_t *weights, const int8_t *const *rows, uint32_t at, int8_t *result) {
    int32x4_t sums = vld1q_s32(scaling->bias);
    for (uint32_t tap = layer->taps; tap > 0; tap--) {
        sums = vaddq_s32(sums, vmulq_s32(vldrbq_s32(*rows++ + at), vldrbq_s32(weights)));
        weights += 4;
    }
    finish(scaling, layer->range.zero_point, sums, result);
}

static inline void add_four(const mandible_addition *layer, const int8_t *first, const int8_t *second,
                            int8_t *result) {
    const int32x4_t one = vsubq_n_s32(vshlq_n_s32(vldrbq_s32(first), 19), layer->first_offset);
    const int32x4_t other = vsubq_n_s32(vshlq_n_s32(vldrbq_s32(second), 21), layer->second_offset);
    const int32x4_t sum = vaddq_s32(one, scaled(other, layer->second_significand, layer->second_right));
    const int32x4_t total = scaled(vshlq_n_s32(sum, 1), layer->significand, layer->right);
    put(vaddq_n_s32(total, layer->range.zero_point), result);
}

#endif
