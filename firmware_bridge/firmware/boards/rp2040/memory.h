/* The limits' image in the last two sectors of a Pico's flash, a slot each. A store writes one of them whole while
 * the other stays as it was. */
#ifndef MANDIBLE_MEMORY_H
#define MANDIBLE_MEMORY_H

#include "../../core/core.h"

/* Gives the core what both slots hold. */
void memory_load(mb_core *core);

/* Does a store that is asked for: 45 ms, in which no byte is taken and no period planned. */
void memory_step(mb_core *core);

#endif
