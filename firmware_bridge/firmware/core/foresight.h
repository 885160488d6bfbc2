/* Chooses a channel's next step where its goal asks for more than its speed and acceleration allow. */
#ifndef MANDIBLE_FORESIGHT_H
#define MANDIBLE_FORESIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "goal.h"

/* A channel as foresight sees it: pulse widths and steps in eighths of a us. */
typedef struct {
    int16_t shortest; /* the range */
    int16_t longest;
    int16_t speed;    /* the longest step */
    int16_t accel;    /* the largest change from one step to the next */
    int16_t brake;    /* from farther than this away a step of full speed can still be brought to rest */
    int16_t position; /* where it is */
    int16_t step;     /* the last step */
} mb_view;

/* True when a channel can be exactly where its goal is, now and for as long as that is known. */
bool mb_can_follow(const mb_view *view, const mb_goal *goal);

/* Returns the step whose consequences stay nearest to the goal for as long as it is known.
 *
 * Plays a few plans through to the end of what is known: following the goal as it is; following it from some periods
 * ahead, so that a move that takes time begins in time; and the best of those with the hardest first step towards
 * where its error lies. The sum of the squares of the distances to the goal tells how good a plan is. The limits are
 * convex, so a mix of plans is a plan as well: that costs least which lies at the foot of the perpendicular. Then each
 * step in turn is bettered, alone and with all that follow (coordinate descent), twice over. */
int16_t mb_foresee(const mb_view *view, const mb_goal *goal);

#endif
