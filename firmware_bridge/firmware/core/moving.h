/* Attaching, moving and detaching channels. mb_attach and mb_move are in core.h: a board may be its own host. */
#ifndef MANDIBLE_MOVING_H
#define MANDIBLE_MOVING_H

#include "core.h"

/* Stops the pulses of channels; returns a status. */
uint8_t mb_detach(mb_core *core, uint16_t mask);

#endif
