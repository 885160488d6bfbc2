/* What a board layer is to the program on one chip. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "../core/core.h"

/* What the firmware core is told of the board. */
extern const mb_board BOARD;

/* Starts clock, pins and the servos' timers, which give no pulses yet. From here on serve is called from an interrupt:
 * every few milliseconds, and whenever pulses are to be given. */
void board_start(void (*serve)(void));

/* Microseconds since board_start, modulo 2^32. */
uint32_t board_clock_us(void);

/* True when the pulses of the period that begins at start_us are to be given now. */
bool board_wants_pulses(uint32_t now_us, uint32_t *start_us);

/* Gives them (us, 0 for no pulse). Each period is period_us long. */
void board_give_pulses(uint32_t now_us, uint32_t start_us, uint16_t period_us,
                       const uint16_t pulse_us[MB_MAX_CHANNELS]);

/* Inputs that say "a servo is stalled" and "a servo is hot", where the board has them. */
bool board_stalled(void);
bool board_hot(void);

/* Restarts the chip's watchdog. */
void board_alive(void);

/* Between the two serve is not called; under a millisecond, please. */
static inline void board_hold(void) { __asm volatile("cpsid i" ::: "memory"); }
static inline void board_release(void) { __asm volatile("cpsie i" ::: "memory"); }

/* Sleeps until the next interrupt. */
static inline void board_sleep(void) { __asm volatile("wfi"); }

#endif
