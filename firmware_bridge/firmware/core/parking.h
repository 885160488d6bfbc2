/* How the board lets go of the servos by itself: a host that has gone quiet, a servo that is held fast or too hot. */
#ifndef MANDIBLE_PARKING_H
#define MANDIBLE_PARKING_H

#include "core.h"

/* Parks when no valid move has come for the watchdog's time. */
void mb_check_watchdog(mb_core *core);

/* Detaches at once when a servo has been held fast for MB_STALL_MS; parks when one is too hot. */
void mb_check_alarms(mb_core *core);

/* Ends one period of parking: at neutral, held there for a while, detached. */
void mb_park_on(mb_core *core, bool all_neutral);

#endif
