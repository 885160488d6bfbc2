#include "watch.h"

/* A function of its own, so that a debugger can stop here. */
__attribute__((noinline)) void watch_hop(const watch_record *record) { __asm volatile("" ::"r"(record) : "memory"); }
