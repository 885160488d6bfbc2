#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From the image's documented layout, and from the protocol's promises. */
enum { WATCHDOG_AT = 4, PERIOD_AT = 6, RECORDS_AT = 10, RECORD_BYTES = 11 };
enum { SOFT_US = 300000, SOFT_US_PER_S = 2000, JOG_US_PER_S = 200, PULSE_MIN_US = 500, PULSE_MAX_US = 2500 };
enum { HOLD_US = 500000, SLACK_US = 100000, US_PER_S = 1000000 };

typedef struct {
    long min_us, max_us, neutral_us, speed_us_per_s, accel_us_per_s2;
    long last_us;      /* 0: no pulse yet, or the limits are new */
    long long ahead[2]; /* of where its speed could have brought it since any earlier pulse, up and down, in 1e-6 us */
    long run_us;       /* how long it has had pulses */
} channel_record;

static channel_record channels[MB_MAX_CHANNELS];
static long period_us, watchdog_us;
static uint32_t lived_us;
static bool lived;

unsigned long oracle_pulses, oracle_moved, oracle_soft_starts, oracle_jogged, oracle_parked;

static long u16_at(const uint8_t *bytes)
{
    return bytes[0] + 256L * bytes[1];
}

void oracle_forget(void)
{
    memset(channels, 0, sizeof channels);
    period_us = 20000;
    watchdog_us = 300000;
    lived = false;
}

void oracle_stored(const uint8_t image[MB_STORE_BYTES])
{
    period_us = u16_at(image + PERIOD_AT);
    watchdog_us = 1000 * u16_at(image + WATCHDOG_AT);
    for (unsigned c = 0; c < MB_MAX_CHANNELS; c++) {
        const uint8_t *record = image + RECORDS_AT + RECORD_BYTES * c;
        const channel_record fresh = {
            .min_us = u16_at(record),
            .max_us = u16_at(record + 2),
            .neutral_us = u16_at(record + 4),
            .speed_us_per_s = u16_at(record + 6),
            .accel_us_per_s2 = 100 * u16_at(record + 8),
        };
        channels[c] = fresh;
    }
}

void oracle_host_lives(uint32_t now_us)
{
    lived_us = now_us;
    lived = true;
}

static void fail(const char *what, unsigned channel, long pulse_us)
{
    const channel_record *r = &channels[channel];
    printf("channel %u: pulse %ld us %s (last %ld, limits %ld..%ld us, %ld us/s, %ld us/s/s, %ld us into its run, "
           "period %ld us)\n",
           channel, pulse_us, what, r->last_us, r->min_us, r->max_us, r->speed_us_per_s, r->accel_us_per_s2, r->run_us,
           period_us);
    fflush(stdout);
    abort();
}

/* Over a window of any length a pulse has come no farther than its speed allows, and less than the microsecond that
 * rounding may add. */
static void check_speed(channel_record *r, unsigned channel, long pulse_us, long speed_us_per_s)
{
    const long long reach = (long long)speed_us_per_s * period_us;
    const long long moved = (long long)(pulse_us - r->last_us) * US_PER_S;
    for (int down = 0; down < 2; down++) {
        const long long ahead = r->ahead[down] + (down ? -moved : moved) - reach;
        r->ahead[down] = ahead > 0 ? ahead : 0;
        if (ahead >= US_PER_S) {
            fail("is faster than the slew limit", channel, pulse_us);
        }
    }
    oracle_moved += moved != 0;
}

static long speed_of(const channel_record *r)
{
    const bool soft = r->run_us + period_us <= SOFT_US && r->speed_us_per_s > SOFT_US_PER_S;
    return soft ? SOFT_US_PER_S : r->speed_us_per_s;
}

/* A host that has gone: after its watchdog's time, the time to brake, and the longest way at the slowest speed it may
 * take, a channel stands at neutral; and after that was held, it has no pulses. */
static void check_parking(const channel_record *r, unsigned channel, long pulse_us, uint32_t now_us)
{
    const long long quiet_us = (long long)(uint32_t)(now_us - lived_us) - watchdog_us;
    const long slow = r->speed_us_per_s < SOFT_US_PER_S ? r->speed_us_per_s : SOFT_US_PER_S;
    const long long brake_us = 3LL * US_PER_S * r->speed_us_per_s / r->accel_us_per_s2;
    const long long way_us = (long long)(r->max_us - r->min_us) * US_PER_S / slow + brake_us + 2LL * period_us + SLACK_US;
    if (quiet_us <= 0) {
        return;
    }
    oracle_parked++;
    if (quiet_us > way_us && pulse_us != r->neutral_us) {
        fail("is not neutral although the host has long gone", channel, pulse_us);
    }
}

static void check_pulse(unsigned channel, long pulse_us, uint32_t now_us)
{
    channel_record *r = &channels[channel];
    if (pulse_us == 0) {
        r->run_us = 0;
        return;
    }
    if (r->max_us == 0) {
        fail("on a channel without limits", channel, pulse_us);
    }
    if (pulse_us < r->min_us || pulse_us > r->max_us) {
        fail("is outside the stored limits", channel, pulse_us);
    }
    if (!lived) {
        fail("without any host", channel, pulse_us);
    }
    if (r->last_us >= r->min_us && r->last_us <= r->max_us) {
        check_speed(r, channel, pulse_us, speed_of(r));
    } else {
        memset(r->ahead, 0, sizeof r->ahead); /* it begins, or comes from beyond its limits, where a person left it */
    }
    check_parking(r, channel, pulse_us, now_us);
    oracle_soft_starts += r->run_us == 0;
    r->last_us = pulse_us;
    r->run_us += period_us;
    oracle_pulses++;
}

/* Moved by hand, at most one, and gently; it may leave the limits, which are what is being looked for. */
static void check_jogged(unsigned channel, long pulse_us)
{
    channel_record *r = &channels[channel];
    if (pulse_us < PULSE_MIN_US || pulse_us > PULSE_MAX_US) {
        fail("is one that no servo should get", channel, pulse_us);
    }
    if (r->last_us != 0) {
        check_speed(r, channel, pulse_us, JOG_US_PER_S);
    }
    r->last_us = pulse_us;
    oracle_jogged++;
}

void oracle_check(const uint16_t pulse_us[MB_MAX_CHANNELS], bool in_session, uint32_t now_us)
{
    unsigned jogged = 0;
    for (unsigned c = 0; c < MB_MAX_CHANNELS; c++) {
        if (!in_session) {
            check_pulse(c, pulse_us[c], now_us);
        } else if (pulse_us[c] != 0) {
            check_jogged(c, pulse_us[c]);
            jogged++;
        } else {
            channels[c].run_us = 0;
        }
    }
    if (jogged > 1) {
        fail("is not the only one in a calibration session", 0, pulse_us[0]);
    }
}
