#include "store.h"

#include <string.h>

#include "crc16.h"
#include "wire.h"

#define LAYOUT 2u
#define LAYOUT_AT 0u
#define CHANNELS_AT 1u
#define GENERATION_AT 2u
#define WATCHDOG_AT 4u
#define PERIOD_AT 6u
#define IDLE_AT 8u
#define RECORDS_AT 10u
#define RECORDS_BYTES (MB_RECORD_BYTES * MB_MAX_CHANNELS)
#define CRC_AT (RECORDS_AT + RECORDS_BYTES)
#define KNOWN_TRAITS MB_TRAIT_REVERSED

bool mb_limits_sane(const mb_limits *limits)
{
    return MB_PULSE_MIN_US <= limits->min_us && limits->min_us <= limits->neutral_us &&
           limits->neutral_us <= limits->max_us && limits->max_us <= MB_PULSE_MAX_US &&
           limits->min_us < limits->max_us && limits->speed_us_per_s > 0 &&
           limits->speed_us_per_s <= MB_SPEED_MAX_US_PER_S && limits->accel_100us_per_s2 > 0 &&
           limits->accel_100us_per_s2 <= MB_ACCEL_MAX_100US_PER_S2 && (limits->traits & ~KNOWN_TRAITS) == 0;
}

bool mb_limits_absent(const mb_limits *limits)
{
    return (limits->min_us | limits->max_us | limits->neutral_us | limits->speed_us_per_s | limits->accel_100us_per_s2 |
            limits->traits) == 0;
}

bool mb_settings_sane(uint16_t watchdog_ms, uint16_t period_us, uint16_t idle_detach_s, uint16_t shortest_period_us)
{
    return MB_WATCHDOG_MIN_MS <= watchdog_ms && watchdog_ms <= MB_WATCHDOG_MAX_MS && MB_PERIOD_MIN_US <= period_us &&
           shortest_period_us <= period_us && period_us <= MB_PERIOD_MAX_US && idle_detach_s <= MB_IDLE_DETACH_MAX_S;
}

void mb_settings_start(mb_settings *settings)
{
    memset(settings, 0, sizeof *settings);
    settings->watchdog_ms = MB_WATCHDOG_DEFAULT_MS;
    settings->period_us = MB_PERIOD_MAX_US;
    settings->limits_crc = MB_CRC16_START;
    for (uint8_t i = 0; i < RECORDS_BYTES; i++) {
        const uint8_t zero = 0;
        settings->limits_crc = mb_crc16(settings->limits_crc, &zero, 1);
    }
}

static uint8_t *record_of(uint8_t *image, uint8_t channel)
{
    return image + RECORDS_AT + MB_RECORD_BYTES * channel;
}

void mb_store_set_limits(uint8_t image[MB_STORE_BYTES], uint8_t channel, const mb_limits *limits)
{
    uint8_t *record = record_of(image, channel);
    mb_put_u16(record, limits->min_us);
    mb_put_u16(record + 2, limits->max_us);
    mb_put_u16(record + 4, limits->neutral_us);
    mb_put_u16(record + 6, limits->speed_us_per_s);
    mb_put_u16(record + 8, limits->accel_100us_per_s2);
    record[10] = limits->traits;
}

static void get_limits(mb_limits *limits, const uint8_t *image, uint8_t channel)
{
    const uint8_t *record = image + RECORDS_AT + MB_RECORD_BYTES * channel;
    limits->min_us = mb_get_u16(record);
    limits->max_us = mb_get_u16(record + 2);
    limits->neutral_us = mb_get_u16(record + 4);
    limits->speed_us_per_s = mb_get_u16(record + 6);
    limits->accel_100us_per_s2 = mb_get_u16(record + 8);
    limits->traits = record[10];
}

void mb_store_seal(uint8_t image[MB_STORE_BYTES], uint16_t generation, uint16_t watchdog_ms, uint16_t period_us,
                   uint16_t idle_detach_s)
{
    mb_put_u16(image + GENERATION_AT, generation);
    mb_put_u16(image + WATCHDOG_AT, watchdog_ms);
    mb_put_u16(image + PERIOD_AT, period_us);
    mb_put_u16(image + IDLE_AT, idle_detach_s);
    mb_put_u16(image + CRC_AT, mb_crc16(MB_CRC16_START, image, CRC_AT));
}

void mb_store_pack(uint8_t image[MB_STORE_BYTES], const mb_settings *settings, uint8_t channels)
{
    image[LAYOUT_AT] = LAYOUT;
    image[CHANNELS_AT] = channels;
    for (uint8_t c = 0; c < MB_MAX_CHANNELS; c++) {
        mb_store_set_limits(image, c, &settings->channel[c]);
    }
    mb_store_seal(image, settings->generation, settings->watchdog_ms, settings->period_us, settings->idle_detach_s);
}

/* The CRC vouches for the bytes; this vouches for their meaning, whatever wrote them. */
static bool record_right(const uint8_t *image, uint8_t channel, uint8_t channels)
{
    mb_limits limits;
    get_limits(&limits, image, channel);
    return mb_limits_absent(&limits) || (channel < channels && mb_limits_sane(&limits));
}

bool mb_store_right(const uint8_t image[MB_STORE_BYTES], uint8_t channels, uint16_t shortest_period_us)
{
    bool right = image[LAYOUT_AT] == LAYOUT && image[CHANNELS_AT] == channels &&
                 mb_crc16(MB_CRC16_START, image, MB_STORE_BYTES) == 0 &&
                 mb_settings_sane(mb_get_u16(image + WATCHDOG_AT), mb_get_u16(image + PERIOD_AT),
                                  mb_get_u16(image + IDLE_AT), shortest_period_us);
    for (uint8_t c = 0; right && c < MB_MAX_CHANNELS; c++) {
        right = record_right(image, c, channels);
    }
    return right;
}

uint16_t mb_store_generation(const uint8_t image[MB_STORE_BYTES])
{
    return mb_get_u16(image + GENERATION_AT);
}

void mb_store_unpack(mb_settings *settings, const uint8_t image[MB_STORE_BYTES])
{
    memset(settings, 0, sizeof *settings);
    settings->generation = mb_store_generation(image);
    settings->watchdog_ms = mb_get_u16(image + WATCHDOG_AT);
    settings->period_us = mb_get_u16(image + PERIOD_AT);
    settings->idle_detach_s = mb_get_u16(image + IDLE_AT);
    settings->limits_crc = mb_crc16(MB_CRC16_START, image + RECORDS_AT, RECORDS_BYTES);
    for (uint8_t c = 0; c < MB_MAX_CHANNELS; c++) {
        get_limits(&settings->channel[c], image, c);
        if (!mb_limits_absent(&settings->channel[c])) {
            settings->calibrated_mask |= (uint16_t)(1u << c);
        }
    }
}
