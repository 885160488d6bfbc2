/* What must hold for every pulse, whatever was sent. Knows the stored image and the pulses, not how the core works. */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdint.h>

#include "store.h"

/* Takes what permanent memory holds from now on. */
void oracle_stored(const uint8_t image[MB_STORE_BYTES]);

/* Checks one period's pulses; ends the program with a message when one may not be. */
void oracle_check(const uint16_t pulse_us[MB_MAX_CHANNELS]);

extern unsigned long oracle_pulses;      /* how many were checked */
extern unsigned long oracle_moved;       /* how many differed from the one before */
extern unsigned long oracle_soft_starts; /* how often pulses began */

#endif
