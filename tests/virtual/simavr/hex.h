/* Bytes as hexadecimal digits in a command. */
#ifndef HEX_H
#define HEX_H

#include <stddef.h>
#include <string.h>

static inline int nibble(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *found = digit != '\0' ? strchr(digits, digit) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* Decodes hex into bytes of the same buffer and returns their number. */
static inline size_t unhex(char *hex)
{
    size_t count = 0;
    while (nibble(hex[2 * count]) >= 0 && nibble(hex[2 * count + 1]) >= 0) {
        hex[count] = (char)(nibble(hex[2 * count]) << 4 | nibble(hex[2 * count + 1]));
        count++;
    }
    return count;
}

#endif
