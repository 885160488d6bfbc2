#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>

/* From the image's documented layout, and from the protocol's promises. */
enum { RECORDS_AT = 4, RECORD_BYTES = 8, PERIODS_PER_S = 50, SOFT_PULSES = 15, SOFT_US_PER_S = 2000 };

typedef struct {
    long min_us, max_us, neutral_us, speed_us_per_s;
    long last_us;   /* 0: no pulse yet under these limits */
    long credit;    /* how far it may still go, in 1/50 us */
    long run;       /* pulses since the last period without one */
} channel_record;

static channel_record channels[MB_MAX_CHANNELS];

unsigned long oracle_pulses, oracle_moved, oracle_soft_starts;

static long u16_at(const uint8_t *bytes)
{
    return bytes[0] + 256L * bytes[1];
}

void oracle_stored(const uint8_t image[MB_STORE_BYTES])
{
    for (unsigned c = 0; c < MB_MAX_CHANNELS; c++) {
        const uint8_t *record = image + RECORDS_AT + RECORD_BYTES * c;
        const channel_record fresh = {
            .min_us = u16_at(record),
            .max_us = u16_at(record + 2),
            .neutral_us = u16_at(record + 4),
            .speed_us_per_s = u16_at(record + 6),
            .credit = PERIODS_PER_S - 1,
        };
        channels[c] = fresh;
    }
}

static void fail(const char *what, unsigned channel, long pulse_us)
{
    const channel_record *r = &channels[channel];
    printf("channel %u: pulse %ld us %s (last %ld, limits %ld..%ld us, %ld us/s, pulse %ld of its run)\n", channel,
           pulse_us, what, r->last_us, r->min_us, r->max_us, r->speed_us_per_s, r->run);
    exit(1);
}

/* A bucket that fills by the speed once a period and never holds more than one period's worth and the fraction of
 * a microsecond that earlier periods left: no window of any length can be faster than the speed. */
static void check_speed(channel_record *r, unsigned channel, long pulse_us)
{
    const long moved_us = labs(pulse_us - r->last_us);
    const long speed = r->run < SOFT_PULSES && r->speed_us_per_s > SOFT_US_PER_S ? SOFT_US_PER_S : r->speed_us_per_s;
    r->credit += speed;
    if (r->credit > speed + PERIODS_PER_S - 1) {
        r->credit = speed + PERIODS_PER_S - 1;
    }
    r->credit -= moved_us * PERIODS_PER_S;
    if (r->credit < 0) {
        fail("is faster than the slew limit", channel, pulse_us);
    }
    oracle_moved += moved_us != 0;
}

static void check_pulse(unsigned channel, long pulse_us)
{
    channel_record *r = &channels[channel];
    if (pulse_us == 0) {
        r->run = 0;
        return;
    }
    if (r->max_us == 0) {
        fail("on a channel without limits", channel, pulse_us);
    }
    if (pulse_us < r->min_us || pulse_us > r->max_us) {
        fail("is outside the stored limits", channel, pulse_us);
    }
    if (r->last_us != 0) {
        check_speed(r, channel, pulse_us);
    }
    oracle_soft_starts += r->run == 0;
    r->last_us = pulse_us;
    r->run++;
    oracle_pulses++;
}

void oracle_check(const uint16_t pulse_us[MB_MAX_CHANNELS])
{
    for (unsigned c = 0; c < MB_MAX_CHANNELS; c++) {
        check_pulse(c, pulse_us[c]);
    }
}
