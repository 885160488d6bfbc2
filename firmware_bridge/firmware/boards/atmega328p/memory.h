/* The two slots for the settings in EEPROM, one behind the other from address 0. Writing goes on byte by byte beside
 * everything else: the chip takes 3.4 ms a byte by itself and holds up no pulse. */
#ifndef MANDIBLE_MEMORY_H
#define MANDIBLE_MEMORY_H

#include "../../core/core.h"

/* Reads what a slot holds. */
void memory_read(uint8_t slot, uint8_t image[MB_STORE_BYTES]);

/* Does the next bit of work of a store, if one is under way; never waits. */
void memory_step(mb_core *core);

#endif
