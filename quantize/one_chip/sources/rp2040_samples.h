/* A stream of words from one of the RP2040's peripherals, kept by DMA in a ring: nothing is lost while the processor
 * thinks, and no interrupt is needed. */
#ifndef RP2040_SAMPLES_H
#define RP2040_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

/* What feeds it, as RP2040 datasheet 2.5.3 numbers the requests. */
#define REQUEST_PIO0_RX0 4u
#define REQUEST_ADC 36u

/* Takes peripherals out of reset; bits as in RESETS_RESET. */
void samples_enable(uint32_t resets);

/* Starts PIO 0's first state machine: program, its pins, and how many bits an instruction sets on them by its side.
 * Each instruction takes 1 / rate_hz; received bits are pushed in words of 32, the first one highest. */
typedef struct {
    const uint16_t *program;
    uint32_t length;
    uint32_t side_pins; /* from PIN_CLOCK on */
    uint32_t rate_hz;
    uint16_t first; /* carried out once, before the program */
    uint16_t entry; /* where the program is entered */
} samples_machine;

#define PIN_CLOCK 16u
#define PIN_DATA 18u

/* Starts the machine, and returns the address of what it receives. */
uint32_t samples_start_machine(const samples_machine *machine);

/* Begins to keep words that come from an address, so many in 10 ms; at most 320. */
void samples_start(uint32_t from, uint32_t request, uint32_t words_in_a_hop);

/* Copies the next hop's words, and says when the last of them came; false while they are not all there. After a pause
 * of 20 ms or more it goes on with the newest. */
bool samples_read(uint32_t *words, uint32_t *heard_us);

/* The nearest that 16 bits can hold. */
static inline int16_t samples_saturated(int32_t value) {
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

#endif
