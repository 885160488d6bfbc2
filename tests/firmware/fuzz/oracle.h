/* What must hold for every pulse, whatever was sent. Knows the stored image and the pulses, not how the core works. */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

/* The board starts: it has no limits, and no pulse was ever given. */
void oracle_forget(void);

/* Takes what permanent memory holds from now on. */
void oracle_stored(const uint8_t image[MB_STORE_BYTES]);

/* A host attached or moved something, and the board agreed. */
void oracle_host_lives(uint32_t now_us);

/* Checks the pulses of the period that starts at now_us; ends the program with a message when one may not be. In a
 * calibration session one channel may be moved by hand. */
void oracle_check(const uint16_t pulse_us[MB_MAX_CHANNELS], bool in_session, uint32_t now_us);

extern unsigned long oracle_pulses;      /* how many were checked */
extern unsigned long oracle_moved;       /* how many differed from the one before */
extern unsigned long oracle_soft_starts; /* how often pulses began */
extern unsigned long oracle_jogged;      /* how many were of a channel that is moved by hand */
extern unsigned long oracle_parked;      /* how many pulses came from a board whose host has gone */

#endif
