/* The measured part of the program: one hop from harness_input to harness_output.
 *
 * STAGE_FRONT_END: 160 samples (int16) to 40 features (int8).
 * STAGE_NETWORK:   40 features (int8) to 15 logits (int8).
 * STAGE_LINE:      160 samples (int16) to 15 weights (uint8) and the viseme shown (uint8).
 */
#ifndef HARNESS_STAGE_H
#define HARNESS_STAGE_H

#include <stdint.h>

#if defined STAGE_NETWORK
#define HARNESS_INPUT_BYTES 40
#define HARNESS_OUTPUT_BYTES 15
#elif defined STAGE_FRONT_END
#define HARNESS_INPUT_BYTES 320
#define HARNESS_OUTPUT_BYTES 40
#elif defined STAGE_LINE
#define HARNESS_INPUT_BYTES 320
#define HARNESS_OUTPUT_BYTES 16
#else
#error "define STAGE_FRONT_END, STAGE_NETWORK or STAGE_LINE"
#endif

/* Whole words, so that samples lie where the core wants them. */
extern uint32_t harness_input[];
extern uint32_t harness_output[];

void harness_reset(void);
void harness_step(void);

/* What a measurement costs when nothing is measured. */
void harness_nothing(void);

#endif
