#include "calibration.h"

#include "wire.h"

uint8_t mb_unlock(mb_core *core, const mb_message *m)
{
    if (core->attached_mask != 0) {
        return MB_STATUS_NOT_DETACHED;
    }
    if (core->storing) {
        return MB_STATUS_LOCKED;
    }
    if (mb_get_u32(m->body + MB_UNLOCK_KEY_AT) != MB_CALIBRATION_KEY) {
        return MB_STATUS_BAD_KEY;
    }
    mb_store_pack(core->image, &core->settings, core->channels);
    core->unlocked = true;
    core->session_us = core->now_us;
    return MB_STATUS_OK;
}

uint8_t mb_set_limits(mb_core *core, const mb_message *m)
{
    const uint8_t channel = m->body[MB_SET_LIMITS_CHANNEL_AT];
    const mb_limits limits = {
        .min_us = mb_get_u16(m->body + MB_SET_LIMITS_MIN_US_AT),
        .max_us = mb_get_u16(m->body + MB_SET_LIMITS_MAX_US_AT),
        .neutral_us = mb_get_u16(m->body + MB_SET_LIMITS_NEUTRAL_US_AT),
        .speed_us_per_s = mb_get_u16(m->body + MB_SET_LIMITS_SPEED_US_PER_S_AT),
    };
    if (!core->unlocked) {
        return MB_STATUS_LOCKED;
    }
    core->session_us = core->now_us;
    if (channel >= core->channels || !(mb_limits_sane(&limits) || mb_limits_absent(&limits))) {
        return MB_STATUS_BAD_LIMITS;
    }
    mb_store_set_limits(core->image, channel, &limits);
    return MB_STATUS_OK;
}

bool mb_store_begins(mb_core *core, const mb_message *m, uint8_t *status)
{
    const uint16_t watchdog_ms = mb_get_u16(m->body + MB_STORE_WATCHDOG_MS_AT);
    if (!core->unlocked) {
        *status = MB_STATUS_LOCKED;
        return false;
    }
    core->session_us = core->now_us;
    if (!mb_watchdog_sane(watchdog_ms)) {
        *status = MB_STATUS_BAD_LIMITS;
        return false;
    }
    mb_store_seal(core->image, watchdog_ms);
    core->unlocked = false;
    core->storing = true;
    core->store_seq = m->seq;
    return true;
}
