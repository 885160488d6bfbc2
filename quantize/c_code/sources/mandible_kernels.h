/* The layers of a streaming int8 viseme network, four channels at a time.
 *
 * Contract: every byte equals TensorFlow Lite's int8 reference kernels (BUILTIN_REF). Integers only, no
 * allocation, no recursion, loops bounded by the constants of the model; nothing from libc but memcpy and
 * memset. Right shifts of negative numbers are arithmetic, as on every compiler this project meets.
 *
 * Rows of values are filled up with zeros (or anything: their weights are zero) to whole lanes.
 */
#ifndef MANDIBLE_KERNELS_H
#define MANDIBLE_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Values of MANDIBLE_KERNELS in mandible_model.h: which kernels its weights are laid out for. Where the
 * processor lacks what they need, the portable ones do the same work on the same weights. */
#define MANDIBLE_PORTABLE 0
#define MANDIBLE_DSP 1 /* Armv7E-M and Armv8-M with SIMD32: Cortex-M4, M7, M33 */
#define MANDIBLE_MVE 2 /* Armv8.1-M vector extension: Cortex-M55, M85 */

/* How four sums become int8: ((sum << left) * significand rounded to its high word) >> right, rounded.
 * The factor is TensorFlow Lite's significand and shift; left is one more than its own, for the high word. */
typedef struct {
    int32_t bias[4]; /* of a convolution, with the input's zero point folded in */
    int32_t significand[4];
    int8_t left[4];
    int8_t right[4];
} mandible_scaling;

/* What a layer adds to its scaled sums, and the bounds of its values. */
typedef struct {
    int16_t zero_point, low, high;
} mandible_range;

/* A convolution over time. Weights of a full one: [outputs / 4][taps][inputs / lanes][4][lanes]; of a
 * depthwise one: [outputs / 4][taps][4]. The last tap meets the newest row. */
typedef struct {
    const int8_t *weights;
    const mandible_scaling *scalings; /* one for each four outputs */
    uint16_t groups;                  /* outputs / 4, rounded up */
    uint16_t stride;                  /* values in a row of the input, whole lanes */
    uint16_t taps;
    uint16_t dilation; /* rows from tap to tap */
    mandible_range range;
} mandible_convolution;

/* (first << 19) + (second << 21, scaled) + offset, scaled again. TensorFlow Lite brings both sides to twice the
 * coarser scale: for the coarser side that is a shift, so it comes first. */
typedef struct {
    int32_t first_offset; /* zero point << 19, to be subtracted */
    int32_t second_offset; /* zero point << 21, to be subtracted */
    int32_t second_significand, significand;
    int16_t second_right; /* may be 0, where both sides have one scale */
    int16_t right;        /* at least 1 */
    uint16_t groups;
    mandible_range range;
} mandible_addition;

/* The past of a layer's input: (taps - 1) * dilation rows; the oldest one is the next to be replaced. */
typedef struct {
    int8_t *rows;
    uint16_t *oldest;
} mandible_past;

/* Both take the newest row of the input, write the result, and then remember the row. result may not be the
 * input's memory. past is ignored where there is one tap. */
void mandible_full(const mandible_convolution *layer, mandible_past past, const int8_t *newest, int8_t *result);
void mandible_depthwise(const mandible_convolution *layer, mandible_past past, const int8_t *newest,
                        int8_t *result);

/* result may be the memory of either side. */
void mandible_add(const mandible_addition *layer, const int8_t *first, const int8_t *second, int8_t *result);

#ifdef __cplusplus
}
#endif

#endif
