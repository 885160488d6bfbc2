/* The calibration session: the only way to change the limits, and to move a channel that has none. It is open only
 * while every channel is detached. */
#ifndef MANDIBLE_CALIBRATION_H
#define MANDIBLE_CALIBRATION_H

#include "replies.h"

/* Opens a session (afresh, if one was open) on a copy of the stored limits; returns a status. */
uint8_t mb_unlock(mb_core *core, const mb_message *m);

/* Ends the session, if one is open; nothing is stored. */
void mb_lock(mb_core *core);

/* Sets one channel's limits in the session's copy, or takes them away with zeros; returns a status. */
uint8_t mb_set_limits(mb_core *core, const mb_message *m);

/* Moves one channel gently; returns a status. */
uint8_t mb_jog(mb_core *core, const mb_message *m);

/* Ends the session and hands its copy to mb_to_store; mb_stored acknowledges. False: refused, with a status. */
bool mb_store_begins(mb_core *core, const mb_message *m, uint8_t *status);

/* Ends a session that nobody uses, and a jog that nobody repeats. */
void mb_check_session(mb_core *core);

/* Gives the jogged channel its next pulse. */
void mb_jog_pulse(mb_core *core, uint16_t pulse_us[MB_MAX_CHANNELS]);

#endif
