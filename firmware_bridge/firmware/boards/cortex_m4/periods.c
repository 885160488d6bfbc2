#include "periods.h"

void mb_periods_start(mb_periods *periods, uint32_t now_us, uint16_t period_us)
{
    periods->start_us = (now_us / period_us + 1u) * period_us;
}

bool mb_periods_wanted(const mb_periods *periods, uint32_t now_us)
{
    return (int32_t)(periods->start_us - now_us) <= (int32_t)PLANNED_AHEAD_US;
}

void mb_periods_planned(mb_periods *periods, uint32_t now_us, uint16_t period_us)
{
    uint32_t next_us = periods->start_us + period_us;
    const int32_t late_us = (int32_t)(now_us - next_us);
    if (late_us >= 0) {
        next_us += ((uint32_t)late_us / period_us + 1u) * period_us;
    }
    /* A length that was changed: on to the first multiple of the new one. Every 71 minutes the clock begins again at 0,
     * and the multiples go on counting from before. */
    if (next_us >= period_us && (next_us - periods->start_us) % period_us != 0) {
        next_us = (next_us + period_us - 1u) / period_us * period_us;
    }
    periods->start_us = next_us;
}
