#include "store.h"

#include <string.h>

#include "crc16.h"
#include "wire.h"

#define LAYOUT 1u
#define LAYOUT_AT 0u
#define CHANNELS_AT 1u
#define WATCHDOG_AT 2u
#define RECORDS_AT 4u
#define RECORDS_BYTES (MB_RECORD_BYTES * MB_MAX_CHANNELS)
#define CRC_AT (RECORDS_AT + RECORDS_BYTES)

bool mb_limits_sane(const mb_limits *limits)
{
    return MB_PULSE_MIN_US <= limits->min_us && limits->min_us <= limits->neutral_us &&
           limits->neutral_us <= limits->max_us && limits->max_us <= MB_PULSE_MAX_US &&
           limits->min_us < limits->max_us && limits->speed_us_per_s > 0 &&
           limits->speed_us_per_s <= MB_SPEED_MAX_US_PER_S;
}

bool mb_limits_absent(const mb_limits *limits)
{
    return (limits->min_us | limits->max_us | limits->neutral_us | limits->speed_us_per_s) == 0;
}

bool mb_watchdog_sane(uint16_t watchdog_ms)
{
    return MB_WATCHDOG_MIN_MS <= watchdog_ms && watchdog_ms <= MB_WATCHDOG_MAX_MS;
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
}

void mb_store_seal(uint8_t image[MB_STORE_BYTES], uint16_t watchdog_ms)
{
    mb_put_u16(image + WATCHDOG_AT, watchdog_ms);
    mb_put_u16(image + CRC_AT, mb_crc16(MB_CRC16_START, image, CRC_AT));
}

void mb_store_pack(uint8_t image[MB_STORE_BYTES], const mb_settings *settings, uint8_t channels)
{
    image[LAYOUT_AT] = LAYOUT;
    image[CHANNELS_AT] = channels;
    for (uint8_t c = 0; c < MB_MAX_CHANNELS; c++) {
        mb_store_set_limits(image, c, &settings->channel[c]);
    }
    mb_store_seal(image, settings->watchdog_ms);
}

static void forget(mb_settings *settings)
{
    memset(settings, 0, sizeof *settings);
    settings->watchdog_ms = MB_WATCHDOG_DEFAULT_MS;
    /* The zeroed table doubles as the image of no records: a constant for it would cost the AVR 96 bytes of SRAM. */
    settings->limits_crc = mb_crc16(MB_CRC16_START, (const uint8_t *)settings->channel, RECORDS_BYTES);
}

/* The CRC vouches for the bytes; this vouches for their meaning, whatever wrote them. */
static bool unpack_channel(mb_settings *settings, const uint8_t *record, uint8_t channel, uint8_t channels)
{
    mb_limits *limits = &settings->channel[channel];
    limits->min_us = mb_get_u16(record);
    limits->max_us = mb_get_u16(record + 2);
    limits->neutral_us = mb_get_u16(record + 4);
    limits->speed_us_per_s = mb_get_u16(record + 6);
    if (mb_limits_absent(limits)) {
        return true;
    }
    settings->calibrated_mask |= (uint16_t)(1u << channel);
    return channel < channels && mb_limits_sane(limits);
}

bool mb_store_unpack(mb_settings *settings, const uint8_t image[MB_STORE_BYTES], uint8_t channels)
{
    forget(settings);
    bool right = image[LAYOUT_AT] == LAYOUT && image[CHANNELS_AT] == channels &&
                 mb_crc16(MB_CRC16_START, image, MB_STORE_BYTES) == 0 &&
                 mb_watchdog_sane(mb_get_u16(image + WATCHDOG_AT));
    for (uint8_t c = 0; right && c < MB_MAX_CHANNELS; c++) {
        right = unpack_channel(settings, image + RECORDS_AT + MB_RECORD_BYTES * c, c, channels);
    }
    if (!right) {
        forget(settings);
        return false;
    }
    settings->watchdog_ms = mb_get_u16(image + WATCHDOG_AT);
    settings->limits_crc = mb_crc16(MB_CRC16_START, image + RECORDS_AT, RECORDS_BYTES);
    return true;
}
