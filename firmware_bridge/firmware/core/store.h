/* What calibration leaves behind: limits per channel and the board's settings, as an image in permanent memory.
 *
 * Image: u8 layout, u8 channels, u16 generation, u16 watchdog_ms, u16 period_us, u16 idle_detach_s, MB_MAX_CHANNELS
 * records of u16 min, max, neutral (us), speed (us per s), acceleration (100 us per s per s) and u8 traits, zeros for a
 * channel that is not calibrated, u16 CRC-16/MCRF4XX over all of it.
 *
 * Memory has two slots for it. A store writes the one that does not count, with the next generation: until that is
 * whole, the other one goes on counting, whenever the power fails. */
#ifndef MANDIBLE_STORE_H
#define MANDIBLE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol_gen.h"

#define MB_SLOTS 2u
#define MB_RECORD_BYTES 11u
#define MB_STORE_BYTES (10u + MB_RECORD_BYTES * MB_MAX_CHANNELS + 2u)

typedef struct {
    uint16_t min_us;
    uint16_t max_us;
    uint16_t neutral_us;
    uint16_t speed_us_per_s;
    uint16_t accel_100us_per_s2;
    uint8_t traits;
} mb_limits;

typedef struct {
    mb_limits channel[MB_MAX_CHANNELS];
    uint16_t watchdog_ms;
    uint16_t period_us;
    uint16_t idle_detach_s;
    uint16_t generation;
    uint16_t calibrated_mask; /* a channel outside it has limits of zero */
    uint16_t limits_crc;      /* over the records alone, as welcome reports it */
} mb_settings;

/* True for limits that may be stored: pulse_min <= min <= neutral <= max <= pulse_max, min < max, 0 < speed <= most,
 * 0 < acceleration <= most, traits that are known. */
bool mb_limits_sane(const mb_limits *limits);

/* True for the zeros that stand for no limits. */
bool mb_limits_absent(const mb_limits *limits);

/* True for the settings beside the limits, where they may be stored on a board with that shortest period. */
bool mb_settings_sane(uint16_t watchdog_ms, uint16_t period_us, uint16_t idle_detach_s, uint16_t shortest_period_us);

/* No limits, and the settings of a board that was never calibrated. */
void mb_settings_start(mb_settings *settings);

/* Writes the image of settings. */
void mb_store_pack(uint8_t image[MB_STORE_BYTES], const mb_settings *settings, uint8_t channels);

/* Replaces one channel's record in an image; mb_store_seal must follow before the image counts. */
void mb_store_set_limits(uint8_t image[MB_STORE_BYTES], uint8_t channel, const mb_limits *limits);

/* Sets the generation, what stands beside the limits, and the CRC. */
void mb_store_seal(uint8_t image[MB_STORE_BYTES], uint16_t generation, uint16_t watchdog_ms, uint16_t period_us,
                   uint16_t idle_detach_s);

/* True when every byte of an image is right for a board of that many channels and that shortest period. */
bool mb_store_right(const uint8_t image[MB_STORE_BYTES], uint8_t channels, uint16_t shortest_period_us);

/* The generation of a right image. */
uint16_t mb_store_generation(const uint8_t image[MB_STORE_BYTES]);

/* Reads a right image. */
void mb_store_unpack(mb_settings *settings, const uint8_t image[MB_STORE_BYTES]);

#endif
