/* The kernels. Contract: every byte equals TensorFlow Lite's int8 reference kernels (BUILTIN_REF). */
#include "tcn_layers.h"

#include <string.h>

static int16_t clamped(int32_t value, const tcn_clamp *output) {
    value += output->zero_point;
    value = value < output->low ? output->low : value;
    return (int16_t)(value > output->high ? output->high : value);
}

/* Sum of products over whole lanes. */
static int32_t dot(const int16_t *restrict a, const int16_t *restrict b, size_t stride) {
    int32_t sum = 0;
    for (size_t i = 0; i < stride / TCN_LANES * TCN_LANES; i++)
        sum += (int32_t)a[i] * b[i];
    return sum;
}

/* Point rows[tap] at the frame each tap meets: the ring's, oldest first, then the newest. */
static void gather(tcn_layer *layer, const tcn_value *source) {
    size_t frame = layer->ring_position;
    for (size_t tap = 0; tap + 1 < layer->taps; tap++) {
        layer->rows[tap] = layer->ring + frame * source->stride;
        frame += layer->dilation;
        if (frame >= layer->ring_frames)
            frame -= layer->ring_frames;
    }
    layer->rows[layer->taps - 1] = source->row;
}

/* The newest frame takes the oldest one's place. */
static void remember(tcn_layer *layer, const tcn_value *source) {
    if (layer->ring_frames == 0)
        return;
    memcpy(layer->ring + layer->ring_position * source->stride, source->row,
           source->stride * sizeof(int16_t));
    if (++layer->ring_position == layer->ring_frames)
        layer->ring_position = 0;
}

static void conv(const tcn_layer *layer, const tcn_value *source, tcn_value *result) {
    const int16_t *weights = layer->weights;
    for (size_t o = 0; o < result->channels; o++) {
        int32_t acc = layer->bias[o];
        for (size_t tap = 0; tap < layer->taps; tap++, weights += source->stride)
            acc += dot(weights, layer->rows[tap], source->stride);
        acc = tcn_rescale(acc, layer->significands[o], layer->shifts[o]);
        result->row[o] = clamped(acc, &layer->output);
    }
}

static void accumulate(int32_t *restrict sums, const int16_t *restrict weights, const int16_t *restrict row,
                       size_t stride) {
    for (size_t c = 0; c < stride / TCN_LANES * TCN_LANES; c++)
        sums[c] += (int32_t)weights[c] * row[c];
}

static void depthwise(const tcn_layer *layer, tcn_value *result) {
    memcpy(layer->sums, layer->bias, result->stride * sizeof(int32_t));
    for (size_t tap = 0; tap < layer->taps; tap++)
        accumulate(layer->sums, layer->weights + tap * result->stride, layer->rows[tap], result->stride);
    for (size_t c = 0; c < result->channels; c++) {
        const int32_t acc = tcn_rescale(layer->sums[c], layer->significands[c], layer->shifts[c]);
        result->row[c] = clamped(acc, &layer->output);
    }
}

static void add(const tcn_layer *layer, const tcn_value *left, const tcn_value *right, tcn_value *result) {
    for (size_t c = 0; c < result->channels; c++) {
        const int32_t sum = layer->left[left->row[c] + 128] + layer->right[right->row[c] + 128];
        result->row[c] = clamped(tcn_rescale(sum, layer->significand, layer->shift), &layer->output);
    }
}

void tcn_step(tcn *network, const int8_t *features, int8_t *results) {
    tcn_value *values = network->values;
    for (size_t c = 0; c < values[0].channels; c++)
        values[0].row[c] = features[c];
    for (size_t i = 0; i < network->layer_count; i++) {
        tcn_layer *layer = &network->layers[i];
        tcn_value *source = &values[layer->source], *result = &values[i + 1];
        if (layer->kind == TCN_ADD) {
            add(layer, source, &values[layer->source2], result);
            continue;
        }
        gather(layer, source);
        if (layer->kind == TCN_CONV)
            conv(layer, source, result);
        else
            depthwise(layer, result);
        remember(layer, source);
    }
    for (size_t i = 0; i < network->output_count; i++) {
        const int16_t *row = values[network->outputs[i].value].row;
        for (size_t c = 0; c < network->outputs[i].channels; c++)
            *results++ = (int8_t)row[c];
    }
}

void tcn_reset(tcn *network) {
    for (size_t i = 0; i < network->layer_count; i++) {
        tcn_layer *layer = &network->layers[i];
        const size_t count = layer->ring_frames * network->values[layer->source].stride;
        for (size_t k = 0; k < count; k++)
            layer->ring[k] = (int16_t)layer->input_zero_point;
        layer->ring_position = 0;
    }
}

size_t tcn_inputs(const tcn *network) {
    return network->values[0].channels;
}

size_t tcn_outputs(const tcn *network) {
    return network->result_count;
}
