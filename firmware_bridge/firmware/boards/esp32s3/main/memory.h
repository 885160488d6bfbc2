/* The limits' image in the NVS partition, a blob for each slot. UNTESTED. */
#ifndef MANDIBLE_MEMORY_H
#define MANDIBLE_MEMORY_H

#include "core.h"

/* Opens the partition and gives the core what both slots hold. */
void memory_load(mb_core *core);

/* Does a store that is asked for. True when there was one: the board's settings may be others now. */
bool memory_step(mb_core *core);

#endif
