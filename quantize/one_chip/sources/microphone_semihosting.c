/* A file "microphone" in the folder of the simulator or debugger (raw samples, little-endian), heard at the pace of the
 * board's clock. At its end the microphone is dead, and three seconds later the simulation ends. */
#include "../boards/cortex_m4/semihosting.h"
#include "board.h"
#include "microphone.h"

#define HOP_US 10000u
#define END_US 3000000u
#define BYTES (2u * MICROPHONE_SAMPLES)

static int32_t file;
static bool over;
static uint32_t next_us;

void microphone_start(void) {
    file = semihosting_open("microphone", 10, SEMIHOSTING_TO_READ);
    over = file < 0;
    next_us = board_clock_us() + HOP_US;
}

bool microphone_read(int16_t pcm[MICROPHONE_SAMPLES], uint32_t *heard_us) {
    const int32_t since_us = (int32_t)(board_clock_us() - next_us);
    if (over && since_us >= (int32_t)END_US) semihosting_exit(0);
    if (over || since_us < 0) return false;
    over = semihosting_read(file, pcm, BYTES) != 0;
    if (over) return false;
    *heard_us = next_us;
    next_us += HOP_US;
    return true;
}
