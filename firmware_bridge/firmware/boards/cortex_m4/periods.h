/* When which period has to be planned. Periods start at multiples of their length on the board's clock. */
#ifndef MANDIBLE_PERIODS_H
#define MANDIBLE_PERIODS_H

#include <stdbool.h>
#include <stdint.h>

#define PLANNED_AHEAD_US 2000u

typedef struct {
    uint32_t start_us; /* of the next one to be planned */
} mb_periods;

/* The first period is the one after now. */
void mb_periods_start(mb_periods *periods, uint32_t now_us, uint16_t period_us);

/* True from 2 ms before a period until it was planned. */
bool mb_periods_wanted(const mb_periods *periods, uint32_t now_us);

/* The period was planned at now; it is period_us long. Those that are over by now are left out. */
void mb_periods_planned(mb_periods *periods, uint32_t now_us, uint16_t period_us);

#endif
