#include "setpoints.h"

int32_t mb_us_from(uint32_t from_us, uint32_t to_us)
{
    return (int32_t)(to_us - from_us);
}

static void remove_entry(mb_setpoints *setpoints, uint8_t index)
{
    setpoints->count--;
    for (uint8_t i = index; i < setpoints->count; i++) {
        setpoints->entry[i] = setpoints->entry[i + 1];
    }
}

/* Takes channels out of the entries from index first on; entries left without channels go. */
static void clear_channels(mb_setpoints *setpoints, uint8_t first, uint16_t mask)
{
    uint8_t i = first;
    while (i < setpoints->count) {
        setpoints->entry[i].mask = (uint16_t)(setpoints->entry[i].mask & ~mask);
        if (setpoints->entry[i].mask == 0) {
            remove_entry(setpoints, i);
        } else {
            i++;
        }
    }
}

void mb_setpoints_forget(mb_setpoints *setpoints, uint16_t mask)
{
    clear_channels(setpoints, 0, mask);
}

void mb_setpoints_hold(mb_setpoints *setpoints, uint8_t channel, uint16_t pulse_us, uint32_t now_us)
{
    clear_channels(setpoints, 0, (uint16_t)(1u << channel));
    setpoints->from_pulse_us[channel] = pulse_us;
    setpoints->from_at_us[channel] = now_us;
}

/* Index of the first entry due at due_us or later. */
static uint8_t first_not_before(const mb_setpoints *setpoints, uint32_t due_us)
{
    uint8_t i = 0;
    while (i < setpoints->count && mb_us_from(setpoints->entry[i].due_us, due_us) > 0) {
        i++;
    }
    return i;
}

static bool has_room(const mb_setpoints *setpoints, uint8_t first_replaced, uint16_t mask)
{
    uint8_t staying = first_replaced;
    for (uint8_t i = first_replaced; i < setpoints->count; i++) {
        if ((setpoints->entry[i].mask & ~mask) != 0) {
            staying++;
        }
    }
    return staying < MB_QUEUE_SET_POINTS;
}

bool mb_setpoints_add(mb_setpoints *setpoints, const mb_set_point *added, uint32_t now_us)
{
    const uint8_t first = first_not_before(setpoints, added->due_us);
    if (!has_room(setpoints, first, added->mask)) {
        return false;
    }
    uint16_t earlier = 0;
    for (uint8_t i = 0; i < first; i++) {
        earlier |= setpoints->entry[i].mask;
    }
    const uint16_t starting = (uint16_t)(added->mask & ~earlier);
    for (uint8_t c = 0; c < MB_MAX_CHANNELS; c++) {
        /* One that was reached ahead of its time, for pulses still to come, is itself where the next line starts. */
        const bool ahead = setpoints->from_at_us[c] - now_us <= MB_PERIOD_MAX_US;
        if ((starting >> c & 1u) != 0 && !ahead) {
            setpoints->from_pulse_us[c] = mb_setpoints_position(setpoints, c, now_us);
            setpoints->from_at_us[c] = now_us;
        }
    }
    clear_channels(setpoints, first, added->mask);
    /* Other channels' entries with the same due time stay before the new one. */
    uint8_t at = setpoints->count++;
    while (at > first && mb_us_from(added->due_us, setpoints->entry[at - 1].due_us) > 0) {
        setpoints->entry[at] = setpoints->entry[at - 1];
        at--;
    }
    setpoints->entry[at] = *added;
    return true;
}

void mb_setpoints_reach(mb_setpoints *setpoints, uint32_t at_us)
{
    while (setpoints->count > 0 && mb_us_from(setpoints->entry[0].due_us, at_us) >= 0) {
        const mb_set_point *reached = &setpoints->entry[0];
        for (uint8_t c = 0; c < MB_MAX_CHANNELS; c++) {
            if (reached->mask >> c & 1u) {
                setpoints->from_pulse_us[c] = reached->pulse_us[c];
                setpoints->from_at_us[c] = reached->due_us;
            }
        }
        remove_entry(setpoints, 0);
    }
}

static uint16_t on_line(uint16_t from_us, uint16_t to_us, uint32_t elapsed_us, uint32_t span_us)
{
    const uint16_t rise_us = (uint16_t)(to_us > from_us ? to_us - from_us : from_us - to_us);
    /* At most 2000 us x 2 s + half of 2 s: fits 32 bits. */
    const uint16_t part_us = (uint16_t)((rise_us * elapsed_us + span_us / 2) / span_us);
    return (uint16_t)(to_us > from_us ? from_us + part_us : from_us - part_us);
}

uint16_t mb_setpoints_position(const mb_setpoints *setpoints, uint8_t channel, uint32_t at_us)
{
    const uint16_t from_pulse_us = setpoints->from_pulse_us[channel];
    const uint32_t from_at_us = setpoints->from_at_us[channel];
    uint8_t i = 0;
    while (i < setpoints->count && (setpoints->entry[i].mask >> channel & 1u) == 0) {
        i++;
    }
    if (i == setpoints->count || setpoints->entry[i].pulse_us[channel] == from_pulse_us) {
        return from_pulse_us;
    }
    const uint16_t to_pulse_us = setpoints->entry[i].pulse_us[channel];
    const uint32_t span_us = setpoints->entry[i].due_us - from_at_us;
    if (mb_us_from(setpoints->entry[i].due_us, at_us) >= 0 || span_us > MB_LONGEST_LINE_US) {
        return to_pulse_us;
    }
    if (mb_us_from(from_at_us, at_us) < 0) {
        return from_pulse_us;
    }
    return on_line(from_pulse_us, to_pulse_us, at_us - from_at_us, span_us);
}
