#include "flash.h"

#include "rom.h"
#include "rp2040.h"

#define ERASE_SECTOR 0x20u
#define READ_UNIQUE_ID 0x4Bu
#define ID_DUMMY_BYTES 4u

typedef void (*rom_call)(void);
typedef void (*rom_erase)(uint32_t offset, uint32_t count, uint32_t block_bytes, uint8_t block_command);
typedef void (*rom_program)(uint32_t offset, const uint8_t *data, uint32_t count);

static rom_call connect;
static rom_call leave_xip;
static rom_erase erase;
static rom_program program;
static rom_call flush_cache;
static rom_call enter_xip;
static bool found;

bool flash_start(void)
{
    connect = (rom_call)(uintptr_t)rom_routine('I', 'F');
    leave_xip = (rom_call)(uintptr_t)rom_routine('E', 'X');
    erase = (rom_erase)(uintptr_t)rom_routine('R', 'E');
    program = (rom_program)(uintptr_t)rom_routine('R', 'P');
    flush_cache = (rom_call)(uintptr_t)rom_routine('F', 'C');
    enter_xip = (rom_call)(uintptr_t)rom_routine('C', 'X');
    found = connect != 0 && leave_xip != 0 && erase != 0 && program != 0 && flush_cache != 0 && enter_xip != 0;
    return found;
}

/* This and read_id run from RAM, as all of the firmware does, and end with enter_xip: the flash is then read with the
 * command 03h, as the second stage sets it up. */
static void rewrite(uint32_t offset, const uint8_t *page)
{
    connect();
    leave_xip();
    erase(offset, FLASH_SECTOR_BYTES, FLASH_SECTOR_BYTES, ERASE_SECTOR);
    program(offset, page, FLASH_PAGE_BYTES);
    flush_cache();
    enter_xip();
}

static uint8_t exchange(uint8_t byte)
{
    while ((REGISTER(SSI_STATUS) & SSI_CAN_SEND) == 0) {
    }
    REGISTER(SSI_DATA) = byte;
    while ((REGISTER(SSI_STATUS) & SSI_CAN_RECEIVE) == 0) {
    }
    return (uint8_t)REGISTER(SSI_DATA);
}

static void hold_select(uint32_t level)
{
    REGISTER(IO_QSPI_SS_CTRL) = (REGISTER(IO_QSPI_SS_CTRL) & ~IO_QSPI_OUTPUT_MASK) | level;
    (void)REGISTER(IO_QSPI_SS_CTRL); /* the write is over when this is */
}

static void read_id(uint8_t *id)
{
    connect();
    leave_xip();
    hold_select(IO_QSPI_OUTPUT_LOW);
    (void)exchange(READ_UNIQUE_ID);
    for (uint32_t i = 0; i < ID_DUMMY_BYTES; i++) {
        (void)exchange(0);
    }
    for (uint32_t i = 0; i < FLASH_ID_BYTES; i++) {
        id[i] = exchange(0);
    }
    hold_select(IO_QSPI_OUTPUT_HIGH);
    flush_cache(); /* also gives the chip select back to the interface */
    enter_xip();
}

void flash_unique_id(uint8_t id[FLASH_ID_BYTES])
{
    for (uint32_t i = 0; i < FLASH_ID_BYTES; i++) {
        id[i] = 0;
    }
    if (found) {
        const uint32_t before = interrupts_off();
        read_id(id);
        interrupts_restore(before);
    }
}

const uint8_t *flash_read(uint32_t offset)
{
    return (const uint8_t *)(uintptr_t)(FLASH_AT + offset);
}

bool flash_write(uint32_t offset, const uint8_t page[FLASH_PAGE_BYTES])
{
    bool same = found;
    if (found) {
        const uint32_t before = interrupts_off();
        rewrite(offset, page);
        interrupts_restore(before);
    }
    for (uint32_t i = 0; i < FLASH_PAGE_BYTES; i++) {
        same = same && *(const volatile uint8_t *)(flash_read(offset) + i) == page[i];
    }
    return same;
}
