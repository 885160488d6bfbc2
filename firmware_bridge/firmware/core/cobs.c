#include "cobs.h"

#include "crc16.h"
#include "wire.h"

enum { DEAF, LISTENING, TOO_LONG };

#define SHORTEST_RAW_BYTES 4u

static void start_frame(mb_cobs_decoder *decoder)
{
    decoder->length = 0;
    decoder->code = 0;
    decoder->left = 0;
    decoder->state = LISTENING;
}

void mb_cobs_start(mb_cobs_decoder *decoder)
{
    start_frame(decoder);
    decoder->state = DEAF;
}

static void append(mb_cobs_decoder *decoder, uint8_t byte)
{
    if (decoder->length < MB_RAW_BYTES) {
        decoder->raw[decoder->length++] = byte;
    } else {
        decoder->state = TOO_LONG;
    }
}

static mb_decoded end_frame(const mb_cobs_decoder *decoder)
{
    if (decoder->state == DEAF || decoder->code == 0) {
        return MB_NOTHING_YET; /* the closing delimiter of one frame beside the opening one of the next */
    }
    if (decoder->state == TOO_LONG || decoder->left != 0 || decoder->length < SHORTEST_RAW_BYTES) {
        return MB_FRAME_BAD;
    }
    return mb_crc16(MB_CRC16_START, decoder->raw, decoder->length) == 0 ? MB_FRAME_GOOD : MB_FRAME_BAD;
}

mb_decoded mb_cobs_take(mb_cobs_decoder *decoder, uint8_t byte)
{
    if (byte == 0) {
        const uint8_t length = decoder->length;
        const mb_decoded result = end_frame(decoder);
        start_frame(decoder);
        if (result == MB_FRAME_GOOD) {
            decoder->length = length;
        }
        return result;
    }
    if (decoder->state != LISTENING) {
        return MB_NOTHING_YET;
    }
    if (decoder->code == 0) {
        decoder->length = 0;
    }
    if (decoder->left != 0) {
        append(decoder, byte);
        decoder->left--;
        return MB_NOTHING_YET;
    }
    if (decoder->code != 0 && decoder->code != 0xFF) {
        append(decoder, 0); /* the zero that this block's code byte stands for */
    }
    decoder->code = byte;
    decoder->left = (uint8_t)(byte - 1);
    return MB_NOTHING_YET;
}

uint8_t mb_cobs_frame(uint8_t *raw, uint8_t length, uint8_t *frame)
{
    mb_put_u16(raw + length, mb_crc16(MB_CRC16_START, raw, length));
    length = (uint8_t)(length + 2);
    uint8_t block = 1; /* where the current block's code byte goes */
    uint8_t at = 2;
    frame[0] = 0;
    /* Frames are far shorter than 254 bytes, so a block never fills up. */
    for (uint8_t i = 0; i < length; i++) {
        if (raw[i] == 0) {
            frame[block] = (uint8_t)(at - block);
            block = at++;
        } else {
            frame[at++] = raw[i];
        }
    }
    frame[block] = (uint8_t)(at - block);
    frame[at++] = 0;
    return at;
}
