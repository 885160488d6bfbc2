/* CRC-16/MCRF4XX: reflected polynomial 0x8408, start 0xFFFF; "123456789" gives 0x6F91. */
#ifndef MANDIBLE_CRC16_H
#define MANDIBLE_CRC16_H

#include <stdint.h>

#define MB_CRC16_START 0xFFFFu

/* Returns crc continued over length bytes. A message followed by its own CRC gives 0. */
uint16_t mb_crc16(uint16_t crc, const uint8_t *bytes, uint8_t length);

#endif
