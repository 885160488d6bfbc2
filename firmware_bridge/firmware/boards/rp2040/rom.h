/* Routines in the RP2040's boot ROM, which has a table of them (datasheet 2.8.3). */
#ifndef MANDIBLE_ROM_H
#define MANDIBLE_ROM_H

/* The address of the routine with that two-letter code; null where the ROM has none, as in a simulator without it. */
void *rom_routine(char first, char second);

/* Resets into the boot loader on USB, which takes a new image as a file. Comes back only where there is no ROM. */
void rom_start_boot_loader(void);

#endif
