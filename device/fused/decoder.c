/* The decoder as a microcontroller runs it, its constants replaced by tables that are chosen at run time. */
#include "mandible_decoder_tables.h"

const decoder_tables *decoder_tables_now;

#include "../decoder_c/mandible_decoder.c"
