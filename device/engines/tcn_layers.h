/* The network in memory, shared by the reader of descriptions (tcn_read.c) and the kernels (tcn.c).
 *
 * Activations and weights are int8 values kept as int16: compilers turn sums of int16 products into
 * multiply-add instructions that every 64-bit processor has. Rows are filled up with zero weights to a
 * multiple of TCN_LANES, so that loops need no remainder.
 */
#ifndef MANDIBLE_TCN_LAYERS_H
#define MANDIBLE_TCN_LAYERS_H

#include "tcn.h"

#define TCN_LANES 16

enum { TCN_CONV = 0, TCN_DEPTHWISE = 1, TCN_ADD = 2 };

typedef struct {
    size_t channels;
    size_t stride; /* channels, filled up to whole lanes */
    int16_t *row;
} tcn_value;

typedef struct {
    int32_t zero_point, low, high;
} tcn_clamp;

typedef struct {
    int32_t kind;
    size_t source, source2; /* value numbers; the second one only for add */
    tcn_clamp output;

    /* conv and depthwise */
    size_t taps, dilation;
    int32_t input_zero_point;
    int16_t *weights; /* conv [channels][taps][stride of source], depthwise [taps][stride] */
    int32_t *bias;    /* the input's zero point is folded in */
    int32_t *significands, *shifts;
    int16_t *ring; /* the last ring_frames rows of the source; the oldest is at ring_position */
    size_t ring_frames, ring_position;
    const int16_t **rows; /* room for one pointer per tap */
    int32_t *sums;        /* depthwise: room for one sum per lane */

    /* add: each side's rescaled value, by its int8 value + 128 */
    int32_t *left, *right;
    int32_t significand, shift;
} tcn_layer;

typedef struct {
    size_t value, channels;
} tcn_output;

struct tcn {
    size_t output_count, result_count; /* outputs, and numbers in all of them */
    tcn_output *outputs;
    size_t layer_count;
    tcn_layer *layers;
    tcn_value *values; /* layer_count + 1 */
    void **blocks;     /* everything allocated, for tcn_destroy */
    size_t block_count, block_room;
};

/* acc * significand / 2^31 * 2^shift, rounded twice: gemmlowp's saturating rounding doubling high
 * multiplication (it cannot saturate here), then its rounding division, half away from zero.
 * Right shifts of negative numbers are arithmetic, as on every compiler this project meets. */
static inline int32_t tcn_rescale(int32_t acc, int32_t significand, int32_t shift) {
    const int left = shift > 0 ? shift : 0;
    const int right = shift < 0 ? -shift : 0;
    const int64_t product = ((int64_t)acc * ((int64_t)1 << left) * significand + (1 << 30)) >> 31;
    const int64_t half = ((int64_t)1 << right) >> 1;
    return (int32_t)((product + half - (right > 0 && product < 0)) >> right);
}

#endif
