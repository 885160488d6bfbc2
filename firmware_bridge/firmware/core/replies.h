/* Messages to the host. Each is queued whole, or dropped and counted as an overrun when there is no room for it. */
#ifndef MANDIBLE_REPLIES_H
#define MANDIBLE_REPLIES_H

#include "core.h"

#define MB_BODY_AT 2u /* in type seq body crc */

/* A message of the host, inside the decoder's buffer. */
typedef struct {
    uint8_t type;
    uint8_t seq;
    const uint8_t *body;
    uint8_t length; /* of the body */
} mb_message;

void mb_acknowledge(mb_core *core, uint8_t type, uint8_t seq, uint8_t status);
void mb_reply_welcome(mb_core *core, uint8_t seq);
void mb_reply_pong(mb_core *core, const mb_message *ping);
void mb_reply_state(mb_core *core, uint8_t seq);

/* Counts up and stays at the highest value. */
void mb_count(uint16_t *counter);

#endif
