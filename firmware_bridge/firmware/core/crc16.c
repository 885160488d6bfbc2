#include "crc16.h"

/* One byte at a time in shifts and no table: 512 bytes of flash matter more here than a microsecond. */
uint16_t mb_crc16(uint16_t crc, const uint8_t *bytes, uint8_t length)
{
    for (uint8_t i = 0; i < length; i++) {
        uint8_t folded = (uint8_t)(bytes[i] ^ (uint8_t)crc);
        folded = (uint8_t)(folded ^ (uint8_t)(folded << 4));
        crc = (uint16_t)((crc >> 8) | ((uint16_t)folded << 8));
        crc = (uint16_t)(crc ^ (uint8_t)(folded >> 4) ^ ((uint16_t)folded << 3));
    }
    return crc;
}
