/* From a flat description to a network in memory. Everything the kernels rely on is checked here. */
#include "tcn_layers.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LAYERS 512
#define MAX_OUTPUTS 64
#define MAX_CHANNELS 4096
#define MAX_TAPS 4096
#define MAX_DILATION (1 << 20)
#define MAX_RING_VALUES ((uint64_t)1 << 25)
#define ADD_LEFT_SHIFT 20

typedef struct {
    const uint8_t *at;
    size_t left;
    const char *problem;
    tcn *network;
} reader;

static int fail(reader *r, const char *problem) {
    if (r->problem == NULL)
        r->problem = problem;
    return 0;
}

/* Zeroed memory that the network owns. At least one byte, so that NULL always means failure. */
static void *take(reader *r, size_t count, size_t size) {
    tcn *n = r->network;
    if (n->block_count == n->block_room) {
        const size_t room = n->block_room * 2 + 64;
        void **blocks = realloc(n->blocks, room * sizeof *blocks);
        if (blocks == NULL) {
            fail(r, "out of memory");
            return NULL;
        }
        n->blocks = blocks;
        n->block_room = room;
    }
    void *block = calloc(count ? count : 1, size);
    if (block == NULL)
        fail(r, "out of memory");
    else
        n->blocks[n->block_count++] = block;
    return block;
}

static const uint8_t *bytes(reader *r, uint64_t count) {
    if (count > r->left) {
        fail(r, "the description ends too early");
        return NULL;
    }
    const uint8_t *start = r->at;
    r->at += count;
    r->left -= (size_t)count;
    return start;
}

/* One word, checked against its range; low where it cannot be had. */
static int32_t word(reader *r, int32_t low, int32_t high, const char *problem) {
    int32_t value = low;
    const uint8_t *start = bytes(r, sizeof value);
    if (start == NULL)
        return low;
    memcpy(&value, start, sizeof value);
    if (value < low || value > high) {
        fail(r, problem);
        return low;
    }
    return value;
}

static int32_t *words(reader *r, size_t count, size_t room, int32_t low, int32_t high, const char *problem) {
    int32_t *values = take(r, room, sizeof *values);
    for (size_t i = 0; values != NULL && r->problem == NULL && i < count; i++)
        values[i] = word(r, low, high, problem);
    return values;
}

static size_t strided(size_t channels) {
    return (channels + TCN_LANES - 1) / TCN_LANES * TCN_LANES;
}

static int make_value(reader *r, size_t number, size_t channels) {
    tcn_value *value = &r->network->values[number];
    value->channels = channels;
    value->stride = strided(channels);
    value->row = take(r, value->stride, sizeof *value->row);
    return value->row != NULL;
}

static void read_clamp(reader *r, tcn_clamp *output) {
    output->zero_point = word(r, -128, 127, "an output zero point is outside int8");
    output->low = word(r, -128, 127, "an output bound is outside int8");
    output->high = word(r, -128, 127, "an output bound is outside int8");
}

/* Fold the input's zero point into a channel's bias, having checked that no sum of it can overflow. */
static int fold(reader *r, tcn_layer *layer, size_t channel, int64_t sum, int64_t absolute_sum) {
    const int64_t bias = layer->bias[channel];
    const int64_t bound = (bias < 0 ? -bias : bias) + 256 * absolute_sum;
    const int left = layer->shifts[channel] > 0 ? layer->shifts[channel] : 0;
    /* 256 below the limit: the output's zero point is still to be added. */
    if (bound > ((INT32_MAX - 256) >> left))
        return fail(r, "a sum could overflow 32 bits");
    layer->bias[channel] = (int32_t)(bias - layer->input_zero_point * sum);
    return 1;
}

static int read_conv_weights(reader *r, tcn_layer *layer, const tcn_value *source, const tcn_value *result) {
    const size_t rows = result->channels * layer->taps;
    const uint64_t count = (uint64_t)rows * source->channels;
    const int8_t *weights = (const int8_t *)bytes(r, (count + 3) / 4 * 4);
    if (weights == NULL || (layer->weights = take(r, rows * source->stride, sizeof(int16_t))) == NULL)
        return 0;
    for (size_t o = 0; o < result->channels; o++) {
        int64_t sum = 0, absolute_sum = 0;
        for (size_t tap = 0; tap < layer->taps; tap++) {
            int16_t *row = layer->weights + (o * layer->taps + tap) * source->stride;
            for (size_t i = 0; i < source->channels; i++, weights++) {
                row[i] = *weights;
                sum += *weights;
                absolute_sum += abs(*weights);
            }
        }
        if (!fold(r, layer, o, sum, absolute_sum))
            return 0;
    }
    return 1;
}

static int read_depthwise_weights(reader *r, tcn_layer *layer, const tcn_value *result) {
    const size_t count = layer->taps * result->channels;
    const int8_t *weights = (const int8_t *)bytes(r, ((uint64_t)count + 3) / 4 * 4);
    if (weights == NULL || (layer->weights = take(r, layer->taps * result->stride, sizeof(int16_t))) == NULL ||
        (layer->sums = take(r, result->stride, sizeof(int32_t))) == NULL)
        return 0;
    for (size_t c = 0; c < result->channels; c++) {
        int64_t sum = 0, absolute_sum = 0;
        for (size_t tap = 0; tap < layer->taps; tap++) {
            const int8_t weight = weights[tap * result->channels + c];
            layer->weights[tap * result->stride + c] = weight;
            sum += weight;
            absolute_sum += abs(weight);
        }
        if (!fold(r, layer, c, sum, absolute_sum))
            return 0;
    }
    return 1;
}

static int read_convolution(reader *r, tcn_layer *layer, size_t number) {
    layer->source = (size_t)word(r, 0, (int32_t)number, "a layer reads a value that is computed later");
    const size_t channels = (size_t)word(r, 1, MAX_CHANNELS, "a layer has an impossible number of channels");
    layer->taps = (size_t)word(r, 1, MAX_TAPS, "a layer has an impossible number of taps");
    layer->dilation = (size_t)word(r, 1, MAX_DILATION, "a layer has an impossible dilation");
    layer->input_zero_point = word(r, -128, 127, "an input zero point is outside int8");
    read_clamp(r, &layer->output);
    const tcn_value *source = &r->network->values[layer->source], *result = &r->network->values[number + 1];
    if (r->problem != NULL || !make_value(r, number + 1, channels))
        return 0;
    if (layer->kind == TCN_DEPTHWISE && channels != source->channels)
        return fail(r, "a depthwise layer changes the number of channels");
    layer->bias = words(r, channels, result->stride, INT32_MIN, INT32_MAX, "");
    layer->significands = words(r, channels, channels, 0, INT32_MAX, "a factor is negative");
    layer->shifts = words(r, channels, channels, -31, 30, "a factor's shift is outside -31..30");
    layer->ring_frames = (layer->taps - 1) * layer->dilation;
    if ((uint64_t)layer->ring_frames * source->stride > MAX_RING_VALUES)
        return fail(r, "a layer remembers too much");
    layer->ring = take(r, layer->ring_frames * source->stride, sizeof *layer->ring);
    layer->rows = take(r, layer->taps, sizeof *layer->rows);
    if (r->problem != NULL)
        return 0;
    return layer->kind == TCN_CONV ? read_conv_weights(r, layer, source, result)
                                   : read_depthwise_weights(r, layer, result);
}

/* What one side of an addition becomes, for each of its 256 possible values. */
static int32_t *read_operand(reader *r, size_t number, size_t *source) {
    *source = (size_t)word(r, 0, (int32_t)number, "an addition reads a value that is computed later");
    const int32_t zero_point = word(r, -128, 127, "an input zero point is outside int8");
    const int32_t significand = word(r, 0, INT32_MAX, "a factor is negative");
    const int32_t shift = word(r, -31, 0, "an addition's shift is outside -31..0");
    int32_t *table = take(r, 256, sizeof *table);
    for (int32_t q = -128; table != NULL && q <= 127; q++)
        table[q + 128] = tcn_rescale((q - zero_point) * (1 << ADD_LEFT_SHIFT), significand, shift);
    return table;
}

static int read_add(reader *r, tcn_layer *layer, size_t number) {
    layer->left = read_operand(r, number, &layer->source);
    layer->right = read_operand(r, number, &layer->source2);
    layer->significand = word(r, 0, INT32_MAX, "a factor is negative");
    layer->shift = word(r, -31, 0, "an addition's shift is outside -31..0");
    read_clamp(r, &layer->output);
    const tcn_value *values = r->network->values;
    if (r->problem != NULL)
        return 0;
    if (values[layer->source].channels != values[layer->source2].channels)
        return fail(r, "an addition's sides differ in channels");
    return make_value(r, number + 1, values[layer->source].channels);
}

static int read_outputs(reader *r) {
    tcn *n = r->network;
    n->outputs = take(r, n->output_count, sizeof *n->outputs);
    for (size_t i = 0; r->problem == NULL && i < n->output_count; i++) {
        tcn_output *output = &n->outputs[i];
        output->value = (size_t)word(r, 1, (int32_t)n->layer_count, "an output shows a value that no layer computes");
        output->channels = (size_t)word(r, 1, MAX_CHANNELS, "an output has an impossible number of channels");
        n->result_count += output->channels;
    }
    return r->problem == NULL;
}

static int check_outputs(reader *r) {
    const tcn *n = r->network;
    for (size_t i = 0; i < n->output_count; i++) {
        if (n->values[n->outputs[i].value].channels != n->outputs[i].channels)
            return fail(r, "an output differs in channels from the value it shows");
    }
    return 1;
}

static int read_network(reader *r) {
    tcn *n = r->network;
    if (word(r, INT32_MIN, INT32_MAX, "") != TCN_MARK)
        return fail(r, "this is no network description");
    const size_t inputs = (size_t)word(r, 1, MAX_CHANNELS, "the number of features is impossible");
    n->layer_count = (size_t)word(r, 1, MAX_LAYERS, "the number of layers is impossible");
    n->output_count = (size_t)word(r, 1, MAX_OUTPUTS, "the number of outputs is impossible");
    if (r->problem != NULL || !read_outputs(r))
        return 0;
    n->layers = take(r, n->layer_count, sizeof *n->layers);
    n->values = take(r, n->layer_count + 1, sizeof *n->values);
    if (n->layers == NULL || n->values == NULL || !make_value(r, 0, inputs))
        return 0;
    for (size_t i = 0; i < n->layer_count; i++) {
        tcn_layer *layer = &n->layers[i];
        layer->kind = word(r, TCN_CONV, TCN_ADD, "a layer is of unknown kind");
        if (!(layer->kind == TCN_ADD ? read_add(r, layer, i) : read_convolution(r, layer, i)))
            return 0;
    }
    if (r->left != 0)
        return fail(r, "the description goes on after its last layer");
    return check_outputs(r);
}

tcn *tcn_create(const uint8_t *description, size_t size, const char **problem) {
    reader r = {description, size, NULL, calloc(1, sizeof(tcn))};
    *problem = "out of memory";
    if (r.network == NULL)
        return NULL;
    if (!read_network(&r) || r.problem != NULL) {
        *problem = r.problem;
        tcn_destroy(r.network);
        return NULL;
    }
    tcn_reset(r.network);
    return r.network;
}

void tcn_destroy(tcn *network) {
    if (network == NULL)
        return;
    for (size_t i = 0; i < network->block_count; i++)
        free(network->blocks[i]);
    free(network->blocks);
    free(network);
}
