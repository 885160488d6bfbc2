/* A ring of bytes between an interrupt and the main loop; one side writes, the other reads. */
#ifndef MANDIBLE_RING_H
#define MANDIBLE_RING_H

#include <stdbool.h>
#include <stdint.h>

/* An index of 8 bits runs round by itself. */
#define RING_BYTES 256u

typedef struct {
    volatile uint8_t bytes[RING_BYTES]; /* as the indices: a byte is there before its index says so */
    volatile uint8_t write;
    volatile uint8_t read;
} ring;

static inline bool ring_is_empty(const ring *from)
{
    return from->write == from->read;
}

static inline bool ring_has_room(const ring *to)
{
    return (uint8_t)(to->write + 1u) != to->read;
}

/* Only with room. */
static inline void ring_put(ring *to, uint8_t byte)
{
    to->bytes[to->write] = byte;
    to->write = (uint8_t)(to->write + 1u);
}

/* Only when not empty. */
static inline uint8_t ring_take(ring *from)
{
    const uint8_t byte = from->bytes[from->read];
    from->read = (uint8_t)(from->read + 1u);
    return byte;
}

#endif
