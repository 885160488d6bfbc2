/* UNTESTED: never compiled. Written from the ESP-IDF programming guide 5.x, chapter non-volatile storage. */
#include "memory.h"

#include <string.h>

#include "nvs.h"
#include "nvs_flash.h"

static const char *const keys[MB_SLOTS] = {"slot0", "slot1"};
static nvs_handle_t storage;
static bool open;

static bool read_slot(uint8_t slot, uint8_t image[MB_STORE_BYTES])
{
    size_t count = MB_STORE_BYTES;
    return open && nvs_get_blob(storage, keys[slot], image, &count) == ESP_OK && count == MB_STORE_BYTES;
}

void memory_load(mb_core *core)
{
    uint8_t image[MB_STORE_BYTES];
    /* A partition that cannot be read is left as it is: then there are no limits, and nothing can be stored. */
    open = nvs_flash_init() == ESP_OK && nvs_open("mandible", NVS_READWRITE, &storage) == ESP_OK;
    for (uint8_t slot = 0; slot < MB_SLOTS; slot++) {
        if (read_slot(slot, image)) {
            (void)mb_load(core, slot, image);
        }
    }
}

bool memory_step(mb_core *core)
{
    uint8_t slot = 0;
    uint8_t back[MB_STORE_BYTES];
    const uint8_t *image = mb_to_store(core, &slot);
    if (image == NULL || slot >= MB_SLOTS) {
        return false;
    }
    const bool written = open && nvs_set_blob(storage, keys[slot], image, MB_STORE_BYTES) == ESP_OK &&
                         nvs_commit(storage) == ESP_OK && read_slot(slot, back) &&
                         memcmp(back, image, MB_STORE_BYTES) == 0;
    mb_stored(core, written);
    return true;
}
