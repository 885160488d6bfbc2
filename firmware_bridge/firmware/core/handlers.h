/* What each message of the host does. */
#ifndef MANDIBLE_HANDLERS_H
#define MANDIBLE_HANDLERS_H

#include "core.h"

/* Acts on the good frame in the decoder and queues its one reply. */
void mb_handle_frame(mb_core *core);

#endif
