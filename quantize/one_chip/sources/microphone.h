/* Where the samples come from: mono, 16 kHz, signed 16 bits, 160 at a time. Another microphone needs these two functions. */
#ifndef MICROPHONE_H
#define MICROPHONE_H

#include <stdbool.h>
#include <stdint.h>

#define MICROPHONE_SAMPLES 160

/* Starts listening. */
void microphone_start(void);

/* Takes the next 160 samples, and the board's time at which the last of them came; false while they are not all there.
 * Never waits. What is not taken for more than 10 ms may be lost, never mixed up with what came later. */
bool microphone_read(int16_t pcm[MICROPHONE_SAMPLES], uint32_t *heard_us);

#endif
