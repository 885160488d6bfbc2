/* The board under test: the core with two slots of memory, its periods kept, every pulse shown to the oracle. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>

#include "core.h"

enum { CHANNELS = 12, BYTE_US = 87 };

/* What the board has said so far. */
typedef struct {
    unsigned long bytes;        /* taken from the host */
    unsigned long replies;
    unsigned long statuses[32]; /* acknowledgements by status */
    unsigned long board_words;  /* the board's own kinds of message, acknowledged: never */
    unsigned long stores;
    uint16_t last_token;        /* of the last pong */
} bench_record;

extern bench_record bench_seen;
extern mb_core bench_core;

/* Erases memory, but for slot 0 if full: all channels with common limits. The clock overflows within the first second. */
void bench_new(bool full);

/* Switches the board off and on. */
void bench_restart(void);

/* Lets time pass. */
void bench_pass(uint32_t us);

/* Sends bytes one after the other. */
void bench_send(const uint8_t *bytes, unsigned length);

/* Sets the inputs' levels. */
void bench_alarm(bool stalled, bool hot);

/* Whether the next store gets into memory. */
void bench_memory_works(bool works);

/* A copy of the board and its time, to go back to. */
void bench_keep(void);
void bench_back(void);

/* Ends the program with a message. */
void bench_fail(const char *what);

#endif
