#include "rp2040_samples.h"

#include "../boards/rp2040/rp2040.h"
#include "board.h"

#define RESET_DMA (1u << 2)
#define RESET_PIO0 (1u << 10)
#define FUNCTION_PIO0 6u

/* RP2040 datasheet 2.5.7, channel 0 */
#define DMA_READ 0x50000000u
#define DMA_WRITE 0x50000004u
#define DMA_COUNT 0x50000008u
#define DMA_CTRL 0x5000000Cu
#define DMA_ON 1u
#define DMA_WORDS (2u << 2)
#define DMA_MOVES_ON (1u << 5)
#define DMA_RING(bits) ((bits) << 6 | 1u << 10) /* wraps the addresses that it writes to */
#define DMA_REQUEST(number) ((number) << 15)
#define DMA_QUIET (1u << 21)
#define DMA_BUSY (1u << 24)

/* 3.7: PIO 0, state machine 0 */
#define PIO0 0x50200000u
#define PIO_CTRL (PIO0 + 0x00u)
#define PIO_RECEIVED (PIO0 + 0x20u)
#define PIO_PROGRAM(n) (PIO0 + 0x48u + 4u * (n))
#define PIO_DIVIDER (PIO0 + 0xC8u)
#define PIO_EXECUTION (PIO0 + 0xCCu)
#define PIO_SHIFTING (PIO0 + 0xD0u)
#define PIO_INSTRUCTION (PIO0 + 0xD8u)
#define PIO_PINS (PIO0 + 0xDCu)
#define PIO_WRAP_TOP(n) ((n) << 12)
#define PIO_PUSHES_WORDS (1u << 16 | 1u << 31) /* 32 bits, leftwards; both queues as one */
#define PIO_PINS_AT(side, count, in, set) ((count) << 29 | (count) << 26 | (in) << 15 | (side) << 10 | (set) << 5)
#define PIO_OUTPUTS(mask) (0xE080u | (mask)) /* set pindirs, mask */

#define RING_BITS 12u
#define RING_WORDS (1u << RING_BITS >> 2)
/* What may be overwritten while it is copied. */
#define MARGIN_WORDS 64u
#define ENDLESS 0xFFFFFFFFu /* a day and a half at least; then it starts afresh */
#define HOP_US 10000u

static uint32_t ring[RING_WORDS] __attribute__((aligned(1u << RING_BITS)));
static uint32_t hop_words;
static uint32_t taken;
static uint32_t control;

void samples_enable(uint32_t resets) {
    CLEAR_BITS(RESETS_RESET) = resets;
    while ((REGISTER(RESETS_DONE) & resets) != resets) {
    }
}

uint32_t samples_start_machine(const samples_machine *machine) {
    samples_enable(RESET_PIO0);
    for (uint32_t i = 0; i < machine->length; i++) REGISTER(PIO_PROGRAM(i)) = machine->program[i];
    REGISTER(PIO_DIVIDER) = (uint32_t)((uint64_t)SYSTEM_HZ * 256u / machine->rate_hz) << 8;
    REGISTER(PIO_EXECUTION) = PIO_WRAP_TOP(machine->length - 1u);
    REGISTER(PIO_SHIFTING) = PIO_PUSHES_WORDS;
    REGISTER(PIO_PINS) = PIO_PINS_AT(PIN_CLOCK, machine->side_pins, PIN_DATA, PIN_CLOCK);
    for (uint32_t pin = PIN_CLOCK; pin < PIN_CLOCK + machine->side_pins; pin++) {
        REGISTER(PADS(pin)) = PAD_4_MA;
        REGISTER(IO_CTRL(pin)) = FUNCTION_PIO0;
    }
    REGISTER(PADS(PIN_DATA)) = PAD_INPUT | PAD_PULL_DOWN | PAD_SCHMITT;
    REGISTER(IO_CTRL(PIN_DATA)) = FUNCTION_PIO0;
    REGISTER(PIO_INSTRUCTION) = PIO_OUTPUTS((1u << machine->side_pins) - 1u);
    REGISTER(PIO_INSTRUCTION) = machine->first;
    REGISTER(PIO_INSTRUCTION) = machine->entry; /* as an instruction: jump there */
    REGISTER(PIO_CTRL) = 1;
    return PIO_RECEIVED;
}

static void begin(void) {
    taken = 0;
    REGISTER(DMA_WRITE) = (uint32_t)ring;
    REGISTER(DMA_COUNT) = ENDLESS;
    REGISTER(DMA_CTRL) = control;
}

void samples_start(uint32_t from, uint32_t request, uint32_t words_in_a_hop) {
    samples_enable(RESET_DMA);
    hop_words = words_in_a_hop;
    control = DMA_ON | DMA_WORDS | DMA_MOVES_ON | DMA_RING(RING_BITS) | DMA_REQUEST(request) | DMA_QUIET;
    REGISTER(DMA_READ) = from;
    begin();
}

bool samples_read(uint32_t *words, uint32_t *heard_us) {
    const uint32_t written = ENDLESS - REGISTER(DMA_COUNT);
    const uint32_t now_us = board_clock_us();
    uint32_t waiting = written - taken;
    if ((REGISTER(DMA_CTRL) & DMA_BUSY) == 0) {
        begin();
        return false;
    }
    if (waiting < hop_words) return false;
    if (waiting > RING_WORDS - MARGIN_WORDS) {
        taken = written - hop_words;
        waiting = hop_words;
    }
    for (uint32_t i = 0; i < hop_words; i++) words[i] = ring[(taken + i) % RING_WORDS];
    taken += hop_words;
    *heard_us = now_us - (waiting - hop_words) * HOP_US / hop_words;
    return true;
}
