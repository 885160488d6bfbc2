/* Any failure of the harness ends it with a message. */
#ifndef DIE_H
#define DIE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static inline void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("harness: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

#endif
