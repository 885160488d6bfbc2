/* The flash chip, by way of the boot ROM's routines: while they work, nothing can be read or run from flash, where
 * the vector table is: interrupts are off. The PWM goes on by itself. */
#ifndef MANDIBLE_FLASH_H
#define MANDIBLE_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#define FLASH_SECTOR_BYTES 4096u
#define FLASH_PAGE_BYTES 256u
#define FLASH_ID_BYTES 8u

/* Finds the boot ROM's routines. False, and everything below refuses, when it lacks one (a simulator without a ROM). */
bool flash_start(void);

/* Reads the flash chip's unique number, the same that its maker gave it for life; zeros when there is no ROM. */
void flash_unique_id(uint8_t id[FLASH_ID_BYTES]);

/* Erases the sector at offset from the flash's start, and writes one page at its start. Takes 45 ms, at most 400
 * (W25Q16JV datasheet, 9.6). False: it does not read back as written. */
bool flash_write(uint32_t offset, const uint8_t page[FLASH_PAGE_BYTES]);

/* What lies at an offset. */
const uint8_t *flash_read(uint32_t offset);

#endif
