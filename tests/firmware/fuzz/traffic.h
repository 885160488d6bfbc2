/* Frames a host might send, good ones and damaged ones, from a repeatable source of chance. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdint.h>

#include "cobs.h"

#define BURST_BYTES 256u

void chance_seed(uint32_t seed);

/* 0 .. below - 1 */
uint32_t chance(uint32_t below);

/* Writes a correct frame of a host message, its values sensible more often than not; returns its length. */
unsigned valid_frame(uint8_t type, uint8_t seq, uint32_t clock_us, uint8_t frame[MB_FRAME_BYTES]);

/* A ping with a token of the caller's choice. */
unsigned ping_frame(uint8_t seq, uint16_t token, uint8_t frame[MB_FRAME_BYTES]);

/* Writes a burst of noise, or of frames that are damaged in one of several ways; returns its length. */
unsigned garbage(uint32_t clock_us, uint8_t burst[BURST_BYTES]);

#endif
