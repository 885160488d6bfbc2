/* The calibration session: the only way to change the limits, open only while every channel is detached. */
#ifndef MANDIBLE_CALIBRATION_H
#define MANDIBLE_CALIBRATION_H

#include "replies.h"

/* Opens a session (afresh, if one was open) on a copy of the stored limits; returns a status. */
uint8_t mb_unlock(mb_core *core, const mb_message *m);

/* Sets one channel's limits in the session's copy, or takes them away with zeros; returns a status. */
uint8_t mb_set_limits(mb_core *core, const mb_message *m);

/* Ends the session and hands its copy to mb_to_store; mb_stored acknowledges. False: refused, with a status. */
bool mb_store_begins(mb_core *core, const mb_message *m, uint8_t *status);

#endif
