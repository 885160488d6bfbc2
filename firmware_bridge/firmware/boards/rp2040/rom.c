#include "rom.h"

#include <stdint.h>

/* 16-bit addresses of the table of routines, and of the routine that looks one up. */
#define TABLE_AT 0x14u
#define LOOK_UP_AT 0x18u

typedef void *(*look_up_routine)(const uint16_t *table, uint32_t code);
typedef void (*boot_loader_routine)(uint32_t activity_pins, uint32_t interfaces_off);

static uintptr_t pointer_at(uintptr_t at)
{
    /* Through a variable: the compiler takes whatever lies at a constant address near 0 for a null pointer's. */
    const volatile uint16_t *volatile from = (const volatile uint16_t *)at;
    return *from;
}

void *rom_routine(char first, char second)
{
    const uint16_t *table = (const uint16_t *)pointer_at(TABLE_AT);
    const look_up_routine look_up = (look_up_routine)pointer_at(LOOK_UP_AT);
    if (table == 0 || look_up == 0) {
        return 0;
    }
    return look_up(table, (uint32_t)(uint8_t)second << 8 | (uint8_t)first);
}

void rom_start_boot_loader(void)
{
    const boot_loader_routine routine = (boot_loader_routine)(uintptr_t)rom_routine('U', 'B');
    if (routine != 0) {
        routine(0, 0);
    }
}
