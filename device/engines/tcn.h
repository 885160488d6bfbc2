/* The streaming int8 viseme network in portable C99, byte for byte TensorFlow Lite's reference kernels.
 *
 * A network is made from a flat description: 32-bit words in the machine's byte order,
 *   mark, input channels, number of layers, number of outputs, then per output
 *       value, channels, then per layer
 *   0 (conv) or 1 (depthwise): kind, source value, channels, taps, dilation, input zero point,
 *       output zero point, low, high, then bias, significands and shifts (one word per channel each),
 *       then int8 weights ([channels][taps][inputs] or [taps][channels]) filled up to whole words;
 *   2 (add): kind, (source value, zero point, significand, shift) twice, significand, shift,
 *       output zero point, low, high.
 * Value 0 is the features of a hop; layer i computes value i + 1. The first output is the logits, the
 * others are heads.
 * Nothing in a description is trusted: sizes, references, shifts and sums are checked when it is read.
 */
#ifndef MANDIBLE_TCN_H
#define MANDIBLE_TCN_H

#include <stddef.h>
#include <stdint.h>

#define TCN_MARK 0x324e4354 /* "TCN2" */

typedef struct tcn tcn;

/* Returns a network in its initial state, or NULL with the reason in *problem. */
tcn *tcn_create(const uint8_t *description, size_t size, const char **problem);
void tcn_destroy(tcn *network);

/* Fills every ring with its zero point: the state before the first hop. */
void tcn_reset(tcn *network);

/* One hop: features[tcn_inputs()] in, the outputs one after the other, results[tcn_outputs()], out. */
void tcn_step(tcn *network, const int8_t *features, int8_t *results);

size_t tcn_inputs(const tcn *network);
size_t tcn_outputs(const tcn *network);

#endif
