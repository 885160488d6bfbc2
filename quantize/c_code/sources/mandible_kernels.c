#include "mandible_kernels.h"

#include <string.h>

#include "mandible_model.h"

/* Each of these brings full_four, depthwise_four and add_four. */
#if MANDIBLE_KERNELS == MANDIBLE_MVE && defined(__ARM_FEATURE_MVE)
#include "mandible_kernels_mve.h"
#elif MANDIBLE_KERNELS == MANDIBLE_DSP && defined(__ARM_FEATURE_SIMD32)
#include "mandible_kernels_dsp.h"
#else
#include "mandible_kernels_portable.h"
#endif

/* Most layers fill the whole int8 range; the four-channel kernels only see to that. */
static void narrow(const mandible_range *range, int8_t *values, uint16_t groups) {
    if (range->low <= INT8_MIN && range->high >= INT8_MAX)
        return;
    for (uint32_t i = 0; i < 4u * groups; i++) {
        if (values[i] < range->low)
            values[i] = (int8_t)range->low;
        else if (values[i] > range->high)
            values[i] = (int8_t)range->high;
    }
}

/* Point at the row that each tap meets, the oldest first. */
static void gather(const mandible_convolution *layer, mandible_past past, const int8_t *newest,
                   const int8_t *rows[MANDIBLE_MOST_TAPS]) {
    const uint32_t kept = (uint32_t)(layer->taps - 1) * layer->dilation;
    uint32_t at = kept ? *past.oldest : 0;
    for (uint16_t tap = 0; tap + 1 < layer->taps; tap++) {
        rows[tap] = past.rows + at * layer->stride;
        at += layer->dilation;
        if (at >= kept)
            at -= kept;
    }
    rows[layer->taps - 1] = newest;
}

static void remember(const mandible_convolution *layer, mandible_past past, const int8_t *newest) {
    const uint32_t kept = (uint32_t)(layer->taps - 1) * layer->dilation;
    if (kept == 0)
        return;
    memcpy(past.rows + (uint32_t)*past.oldest * layer->stride, newest, layer->stride);
    *past.oldest = (uint16_t)(*past.oldest + 1u < kept ? *past.oldest + 1u : 0u);
}

void mandible_full(const mandible_convolution *layer, mandible_past past, const int8_t *newest, int8_t *result) {
    const int8_t *rows[MANDIBLE_MOST_TAPS];
    const mandible_convolution plan = *layer; /* a copy: no store to result could change it */
    const mandible_scaling *scaling = plan.scalings;
    const int8_t *weights = plan.weights;
    gather(layer, past, newest, rows);
    for (uint32_t group = 0; group < plan.groups; group++)
        weights = full_four(&plan, scaling++, weights, rows, result + 4 * group);
    narrow(&layer->range, result, layer->groups);
    remember(layer, past, newest);
}

void mandible_depthwise(const mandible_convolution *layer, mandible_past past, const int8_t *newest,
                        int8_t *result) {
    const int8_t *rows[MANDIBLE_MOST_TAPS];
    const mandible_convolution plan = *layer;
    const mandible_scaling *scaling = plan.scalings;
    const int8_t *weights = plan.weights;
    gather(layer, past, newest, rows);
    for (uint32_t group = 0; group < plan.groups; group++) {
        depthwise_four(&plan, scaling++, weights, rows, 4 * group, result + 4 * group);
        weights += 4 * plan.taps;
    }
    narrow(&layer->range, result, layer->groups);
    remember(layer, past, newest);
}

void mandible_add(const mandible_addition *layer, const int8_t *first, const int8_t *second, int8_t *result) {
    const mandible_addition plan = *layer;
    for (uint32_t group = 0; group < plan.groups; group++)
        add_four(&plan, first + 4 * group, second + 4 * group, result + 4 * group);
    narrow(&layer->range, result, layer->groups);
}
