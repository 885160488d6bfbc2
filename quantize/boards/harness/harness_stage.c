#include "harness_stage.h"

#if defined STAGE_NETWORK
#include "mandible_model.h"
typedef mandible_network harness_context;
#elif defined STAGE_FRONT_END
#include "logmel.h"
typedef logmel_state harness_context;
#else
#include "mandible.h"
typedef mandible harness_context;
#endif

/* The state belongs to what is measured, so it has a section of its own to be weighed in. */
__attribute__((section(".bss.context"))) static harness_context context;

uint32_t harness_input[(HARNESS_INPUT_BYTES + 3) / 4];
uint32_t harness_output[(HARNESS_OUTPUT_BYTES + 3) / 4];

void harness_reset(void) {
#if defined STAGE_NETWORK
    mandible_network_reset(&context);
#elif defined STAGE_FRONT_END
    logmel_reset(&context);
#else
    mandible_reset(&context);
#endif
}

void harness_step(void) {
#if defined STAGE_NETWORK
    mandible_network_step(&context, (const int8_t *)harness_input, (int8_t *)harness_output);
#elif defined STAGE_FRONT_END
    logmel_push(&context, (const int16_t *)(const void *)harness_input, (int8_t *)harness_output);
#else
    uint8_t *output = (uint8_t *)harness_output;
    output[15] = mandible_push(&context, (const int16_t *)(const void *)harness_input, output);
#endif
}

__attribute__((noinline)) void harness_nothing(void) { __asm volatile("" ::: "memory"); }
