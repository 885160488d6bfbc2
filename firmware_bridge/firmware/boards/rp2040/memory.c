#include "memory.h"

#include <string.h>

#include "chip.h"
#include "flash.h"
#include "watchdog.h"

#define FLASH_BYTES (2048u * 1024u)
/* Erasing takes up to 0.4 s; the watchdog has to wait for it. */
#define STORE_MS 1000u

#if MB_STORE_BYTES > 256
#error "an image fills one page at most"
#endif

static uint32_t offset_of(uint8_t slot)
{
    return FLASH_BYTES - (MB_SLOTS - slot) * FLASH_SECTOR_BYTES;
}

void memory_load(mb_core *core)
{
    for (uint8_t slot = 0; slot < MB_SLOTS; slot++) {
        (void)mb_load(core, slot, flash_read(offset_of(slot)));
    }
}

void memory_step(mb_core *core)
{
    static uint8_t page[FLASH_PAGE_BYTES];
    uint8_t slot;
    const uint8_t *image = mb_to_store(core, &slot);
    if (image == 0 || slot >= MB_SLOTS) {
        return;
    }
    memset(page, 0xFF, sizeof page);
    memcpy(page, image, MB_STORE_BYTES);
    chip_alive_for(STORE_MS);
    const bool written = flash_write(offset_of(slot), page);
    chip_alive_for(WATCHDOG_MS);
    mb_stored(core, written);
}
