/* What calibration leaves behind: limits per channel and the watchdog time, as an image in permanent memory.
 *
 * Image: u8 layout, u8 channels, u16 watchdog_ms, MB_MAX_CHANNELS records of u16 min, max, neutral (us) and speed
 * (us per s), zeros for a channel that is not calibrated, u16 CRC-16/MCRF4XX over all of it. An image that is not
 * right in every byte counts as no image: channels then have no limits, and a channel without limits never attaches. */
#ifndef MANDIBLE_STORE_H
#define MANDIBLE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol_gen.h"

#define MB_RECORD_BYTES 8u
#define MB_STORE_BYTES (4u + MB_RECORD_BYTES * MB_MAX_CHANNELS + 2u)

typedef struct {
    uint16_t min_us;
    uint16_t max_us;
    uint16_t neutral_us;
    uint16_t speed_us_per_s;
} mb_limits;

typedef struct {
    mb_limits channel[MB_MAX_CHANNELS];
    uint16_t watchdog_ms;
    uint16_t calibrated_mask; /* a channel outside it has limits of zero */
    uint16_t limits_crc;      /* over the records alone, as welcome reports it */
} mb_settings;

/* True for limits that may be stored: pulse_min <= min <= neutral <= max <= pulse_max, min < max, 0 < speed <= most. */
bool mb_limits_sane(const mb_limits *limits);

/* True for the zeros that stand for no limits. */
bool mb_limits_absent(const mb_limits *limits);

/* True for a watchdog time that may be stored. */
bool mb_watchdog_sane(uint16_t watchdog_ms);

/* Writes the image of settings. */
void mb_store_pack(uint8_t image[MB_STORE_BYTES], const mb_settings *settings, uint8_t channels);

/* Replaces one channel's record in an image; mb_store_seal must follow before the image counts. */
void mb_store_set_limits(uint8_t image[MB_STORE_BYTES], uint8_t channel, const mb_limits *limits);

/* Sets the watchdog time and the CRC. */
void mb_store_seal(uint8_t image[MB_STORE_BYTES], uint16_t watchdog_ms);

/* Reads an image for a board of that many channels. False, and settings without any limits, unless all of it is right. */
bool mb_store_unpack(mb_settings *settings, const uint8_t image[MB_STORE_BYTES], uint8_t channels);

#endif
