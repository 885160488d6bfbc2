#include "calibration.h"

#include "wire.h"

/* Where a session keeps what it has set so far: in the memory of the set-points, of which there are none, for nothing
 * is attached while a session is open or storing. It would take a tenth of a small board's memory. */
static uint8_t *image_of(mb_core *core)
{
    return (uint8_t *)core->setpoints.entry;
}

typedef char mb_image_fits[sizeof(((mb_setpoints *)0)->entry) >= MB_STORE_BYTES ? 1 : -1];

uint8_t mb_unlock(mb_core *core, const mb_message *m)
{
    mb_calibration *session = &core->calibration;
    if (core->attached_mask != 0) {
        return MB_STATUS_NOT_DETACHED;
    }
    if (session->storing) {
        return MB_STATUS_LOCKED;
    }
    if (mb_get_u32(m->body + MB_UNLOCK_KEY_AT) != MB_CALIBRATION_KEY) {
        return MB_STATUS_BAD_KEY;
    }
    core->setpoints.count = 0;
    mb_store_pack(image_of(core), &core->settings, core->board.channels);
    session->unlocked = true;
    session->heard_us = core->now_us;
    session->jog_channel = MB_NO_CHANNEL;
    return MB_STATUS_OK;
}

void mb_lock(mb_core *core)
{
    core->calibration.unlocked = false;
    core->calibration.jog_channel = MB_NO_CHANNEL;
}

void mb_check_session(mb_core *core)
{
    mb_calibration *session = &core->calibration;
    if (session->unlocked && core->now_us - session->heard_us >= MB_CALIBRATION_IDLE_MS * 1000UL) {
        mb_lock(core);
    }
    if (session->jog_channel != MB_NO_CHANNEL && core->now_us - session->jogged_us >= MB_JOG_TIMEOUT_MS * 1000UL) {
        session->jog_channel = MB_NO_CHANNEL;
    }
}

uint8_t mb_set_limits(mb_core *core, const mb_message *m)
{
    const uint8_t channel = m->body[MB_SET_LIMITS_CHANNEL_AT];
    const mb_limits limits = {
        .min_us = mb_get_u16(m->body + MB_SET_LIMITS_MIN_US_AT),
        .max_us = mb_get_u16(m->body + MB_SET_LIMITS_MAX_US_AT),
        .neutral_us = mb_get_u16(m->body + MB_SET_LIMITS_NEUTRAL_US_AT),
        .speed_us_per_s = mb_get_u16(m->body + MB_SET_LIMITS_SPEED_US_PER_S_AT),
        .accel_100us_per_s2 = mb_get_u16(m->body + MB_SET_LIMITS_ACCEL_100US_PER_S2_AT),
        .traits = m->body[MB_SET_LIMITS_TRAITS_AT],
    };
    if (!core->calibration.unlocked) {
        return MB_STATUS_LOCKED;
    }
    core->calibration.heard_us = core->now_us;
    if (channel >= core->board.channels || !(mb_limits_sane(&limits) || mb_limits_absent(&limits))) {
        return MB_STATUS_BAD_LIMITS;
    }
    mb_store_set_limits(image_of(core), channel, &limits);
    return MB_STATUS_OK;
}

/* What a channel may do that is moved by hand: anything a servo can, but slowly. */
static mb_limits gentle(uint16_t first_us)
{
    const mb_limits limits = {
        .min_us = MB_PULSE_MIN_US,
        .max_us = MB_PULSE_MAX_US,
        .neutral_us = first_us,
        .speed_us_per_s = MB_JOG_US_PER_S,
        .accel_100us_per_s2 = MB_ACCEL_MAX_100US_PER_S2,
    };
    return limits;
}

uint8_t mb_jog(mb_core *core, const mb_message *m)
{
    mb_calibration *session = &core->calibration;
    const uint8_t channel = m->body[MB_JOG_CHANNEL_AT];
    const uint16_t asked_us = mb_get_u16(m->body + MB_JOG_PULSE_US_AT);
    if (!session->unlocked) {
        return MB_STATUS_LOCKED;
    }
    session->heard_us = core->now_us;
    if (channel >= core->board.channels) {
        return MB_STATUS_BAD_LIMITS;
    }
    if (core->alarms.stall_level || core->alarms.hot_level) {
        return MB_STATUS_ALARM;
    }
    if (core->alarms.stalled || core->alarms.hot) {
        /* Told once, so that no jog that is on its way already goes on pushing. */
        core->alarms.stalled = false;
        core->alarms.hot = false;
        return MB_STATUS_ALARM;
    }
    mb_output *output = &core->output[channel];
    const mb_limits limits = gentle(asked_us);
    uint16_t goal_us = mb_clamp(&limits, asked_us);
    if (output->given_us != 0 && goal_us > output->given_us + MB_JOG_REACH_US) {
        goal_us = (uint16_t)(output->given_us + MB_JOG_REACH_US);
    } else if (goal_us + MB_JOG_REACH_US < output->given_us) {
        goal_us = (uint16_t)(output->given_us - MB_JOG_REACH_US);
    }
    if (session->jog_channel != channel) {
        mb_output_attach(output, &limits, core->settings.period_us);
    }
    session->jog_channel = channel;
    session->jog_pulse_us = goal_us;
    session->jogged_us = core->now_us;
    return goal_us == asked_us ? MB_STATUS_OK : MB_STATUS_CLAMPED;
}

void mb_jog_pulse(mb_core *core, uint16_t pulse_us[MB_MAX_CHANNELS])
{
    const mb_calibration *session = &core->calibration;
    if (session->jog_channel != MB_NO_CHANNEL) {
        const mb_limits limits = gentle(session->jog_pulse_us);
        mb_goal goal;
        mb_goal_rest(&goal, session->jog_pulse_us);
        pulse_us[session->jog_channel] =
            mb_output_step(&core->output[session->jog_channel], &limits, &goal, core->settings.period_us);
    }
}

bool mb_store_begins(mb_core *core, const mb_message *m, uint8_t *status)
{
    mb_calibration *session = &core->calibration;
    const uint16_t watchdog_ms = mb_get_u16(m->body + MB_STORE_WATCHDOG_MS_AT);
    const uint16_t period_us = mb_get_u16(m->body + MB_STORE_PERIOD_US_AT);
    const uint16_t idle_detach_s = mb_get_u16(m->body + MB_STORE_IDLE_DETACH_S_AT);
    if (!session->unlocked) {
        *status = MB_STATUS_LOCKED;
        return false;
    }
    session->heard_us = core->now_us;
    if (!mb_settings_sane(watchdog_ms, period_us, idle_detach_s, core->board.shortest_period_us)) {
        *status = MB_STATUS_BAD_LIMITS;
        return false;
    }
    mb_store_seal(image_of(core), (uint16_t)(core->settings.generation + 1u), watchdog_ms, period_us, idle_detach_s);
    mb_lock(core);
    session->storing = true;
    session->store_seq = m->seq;
    return true;
}

static uint8_t other_slot(const mb_core *core)
{
    return core->slot == 0 ? 1u : 0u;
}

const uint8_t *mb_to_store(const mb_core *core, uint8_t *slot)
{
    *slot = other_slot(core);
    return core->calibration.storing ? (const uint8_t *)core->setpoints.entry : 0;
}

void mb_stored(mb_core *core, bool written)
{
    mb_calibration *session = &core->calibration;
    if (!session->storing) {
        return;
    }
    session->storing = false;
    if (written) {
        core->slot = other_slot(core);
        mb_store_unpack(&core->settings, image_of(core));
    }
    mb_acknowledge(core, MB_TYPE_STORE, session->store_seq, written ? MB_STATUS_OK : MB_STATUS_STORE_FAILED);
}
