/* The decoder's tables from the words that Python packs. */
#ifndef MANDIBLE_READ_TABLES_H
#define MANDIBLE_READ_TABLES_H

#include <stddef.h>

#include "mandible_decoder_tables.h"

/* Fills *tables; returns NULL, or what is wrong with the words: the decoder's integers rely on every bound. */
const char *read_tables(const int32_t *words, size_t count, decoder_tables *tables);

#endif
