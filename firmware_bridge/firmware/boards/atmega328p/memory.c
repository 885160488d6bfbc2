#include "memory.h"

#include <avr/eeprom.h>
#include <util/atomic.h>

#define NO_LAYOUT 0xFFu

/* The layout byte is spoilt first and written last: a store cut short leaves no image rather than a mixed one. */
enum step { IDLE, SPOIL, WRITE, SEAL, VERIFY };

static enum step step;
static uint8_t at;

static uint8_t read_byte(uint8_t address)
{
    return eeprom_read_byte((const uint8_t *)(uintptr_t)address);
}

/* Starts a write unless the byte is there already. The chip must be ready. */
static void begin_write(uint8_t address, uint8_t byte)
{
    if (read_byte(address) != byte) {
        EEAR = address;
        EEDR = byte;
        EECR = 0; /* erase and write */
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            EECR |= _BV(EEMPE);
            EECR |= _BV(EEPE);
        }
    }
}

void memory_read(uint8_t image[MB_STORE_BYTES])
{
    eeprom_read_block(image, (const void *)0, MB_STORE_BYTES);
}

static bool verified(const uint8_t *image)
{
    bool same = true;
    for (uint8_t i = 0; i < MB_STORE_BYTES; i++) {
        same = same && read_byte(i) == image[i];
    }
    return same;
}

void memory_step(mb_core *core)
{
    const uint8_t *image = mb_to_store(core);
    if (image == NULL || !eeprom_is_ready()) {
        return;
    }
    switch (step) {
    case IDLE:
        step = SPOIL;
        break;
    case SPOIL:
        begin_write(0, NO_LAYOUT);
        step = WRITE;
        at = 1;
        break;
    case WRITE:
        begin_write(at, image[at]);
        at++;
        if (at == MB_STORE_BYTES) {
            step = SEAL;
        }
        break;
    case SEAL:
        begin_write(0, image[0]);
        step = VERIFY;
        break;
    case VERIFY:
        step = IDLE;
        mb_stored(core, verified(image));
        break;
    }
}
