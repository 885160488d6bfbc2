/* Frames on the wire: 00 COBS(type seq body crc16) 00.
 * Consistent overhead byte stuffing: Cheshire and Baker, IEEE/ACM Transactions on Networking 7(2), 1999. */
#ifndef MANDIBLE_COBS_H
#define MANDIBLE_COBS_H

#include <stdint.h>

#include "protocol_gen.h"

#define MB_RAW_BYTES (2u + MB_MAX_BODY_BYTES + 2u) /* type seq body crc */
#define MB_FRAME_BYTES (1u + 1u + MB_RAW_BYTES + 1u)

typedef enum { MB_NOTHING_YET, MB_FRAME_GOOD, MB_FRAME_BAD } mb_decoded;

typedef struct {
    uint8_t raw[MB_RAW_BYTES]; /* on MB_FRAME_GOOD: type, seq, body, crc */
    uint8_t length;
    uint8_t code; /* the block's first byte; 0 before a frame's first block */
    uint8_t left; /* bytes still to come in this block */
    uint8_t state;
} mb_cobs_decoder;

/* Starts deaf: bytes before the first delimiter belong to a frame whose start was missed. */
void mb_cobs_start(mb_cobs_decoder *decoder);

/* Takes one received byte. MB_FRAME_GOOD: raw holds a whole frame with a correct CRC until the next byte is taken.
 * MB_FRAME_BAD: something other than a frame stood between two delimiters. */
mb_decoded mb_cobs_take(mb_cobs_decoder *decoder, uint8_t byte);

/* Adds the CRC to length bytes of type, seq and body in raw (room for two more), writes the frame with both its
 * delimiters to frame (MB_FRAME_BYTES of room) and returns its length. length is at most MB_RAW_BYTES - 2. */
uint8_t mb_cobs_frame(uint8_t *raw, uint8_t length, uint8_t *frame);

#endif
