#include "memory.h"

#include <avr/eeprom.h>
#include <util/atomic.h>

#define NO_LAYOUT 0xFFu

/* The layout byte is spoilt first and written last: a store cut short leaves nothing in its slot rather than a mixture.
 * The other slot is not touched. */
enum step { IDLE, SPOIL, WRITE, SEAL, VERIFY };

static enum step step;
static uint8_t at;

static uint8_t *address_of(uint8_t slot, uint8_t offset)
{
    return (uint8_t *)(slot * MB_STORE_BYTES + offset);
}

/* Starts a write unless the byte is there already. The chip must be ready. */
static void begin_write(uint8_t *address, uint8_t byte)
{
    if (eeprom_read_byte(address) != byte) {
        EEAR = (uint16_t)address;
        EEDR = byte;
        EECR = 0; /* erase and write */
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            EECR |= _BV(EEMPE);
            EECR |= _BV(EEPE);
        }
    }
}

void memory_read(uint8_t slot, uint8_t image[MB_STORE_BYTES])
{
    eeprom_read_block(image, address_of(slot, 0), MB_STORE_BYTES);
}

static bool verified(uint8_t slot, const uint8_t *image)
{
    bool same = true;
    for (uint8_t i = 0; i < MB_STORE_BYTES; i++) {
        same = same && eeprom_read_byte(address_of(slot, i)) == image[i];
    }
    return same;
}

void memory_step(mb_core *core)
{
    uint8_t slot = 0;
    const uint8_t *image = mb_to_store(core, &slot);
    if (image == NULL || !eeprom_is_ready()) {
        return;
    }
    switch (step) {
    case IDLE:
        step = SPOIL;
        break;
    case SPOIL:
        begin_write(address_of(slot, 0), NO_LAYOUT);
        step = WRITE;
        at = 1;
        break;
    case WRITE:
        begin_write(address_of(slot, at), image[at]);
        at++;
        if (at == MB_STORE_BYTES) {
            step = SEAL;
        }
        break;
    case SEAL:
        begin_write(address_of(slot, 0), image[0]);
        step = VERIFY;
        break;
    case VERIFY:
        step = IDLE;
        mb_stored(core, verified(slot, image));
        break;
    }
}
