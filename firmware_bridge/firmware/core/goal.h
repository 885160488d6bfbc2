/* Where a channel is wanted when the next periods start: what the planner can know of the time ahead. */
#ifndef MANDIBLE_GOAL_H
#define MANDIBLE_GOAL_H

#include <stdbool.h>
#include <stdint.h>

#include "setpoints.h"

#define MB_GOAL_AHEAD_US 49000u /* the planner looks this far ahead at most */
#ifndef MB_GOAL_PERIODS         /* and so many periods; a board that never has so many in that time may set fewer */
#define MB_GOAL_PERIODS 10u
#endif
#define MB_GOAL_BRIEF_US 4000u /* periods shorter than this leave a small chip time for so few only */
#define MB_GOAL_BRIEF_PERIODS 5u

typedef struct {
    int16_t eighths[MB_GOAL_PERIODS + 1u]; /* of a us: pulse widths wanted at the start of period 0, 1, ... */
    uint8_t known;                         /* how many periods ahead set-points tell; one more is always filled in */
    bool rests;                            /* and after that it stays where it is */
} mb_goal;

/* The periods ahead, and what their channels have in common. */
typedef struct {
    const mb_setpoints *setpoints;
    uint16_t period_us;
    uint8_t periods; /* to look ahead */
    struct {
        uint32_t at_us;
        uint32_t from_us; /* where the line starts that share was worked out for, */
        uint8_t to;       /* and the entry it leads to */
        uint8_t next;     /* the first entry due after at_us */
        uint16_t share;   /* how far along the line at_us is, in 2^-16 */
    } period[MB_GOAL_PERIODS + 1u];
} mb_horizon;

/* Begins with the period that starts at start_us. Set-points must stay as they are as long as the horizon is used. */
void mb_horizon_start(mb_horizon *horizon, const mb_setpoints *setpoints, uint32_t start_us, uint16_t period_us);

/* Where the set-points want a channel. Between two of them the goal moves on a straight line. What follows the last one
 * is not known while they come as a stream; after one that stands alone the goal rests. */
void mb_goal_ahead(mb_goal *goal, mb_horizon *horizon, uint8_t channel);

/* A goal that rests. */
void mb_goal_rest(mb_goal *goal, uint16_t pulse_us);

#endif
