#include "usb_descriptors.h"

enum { DEVICE = 1, CONFIGURATION = 2, STRING = 3, INTERFACE = 4, ENDPOINT = 5, CLASS_INTERFACE = 0x24 };
enum { NO_TEXT, MAKER, PRODUCT, SERIAL, TEXTS };

#define LOW(word) ((word)&0xFFu)
#define HIGH(word) ((word) >> 8)
#define WORD(word) LOW(word), HIGH(word)

/* Raspberry Pi's numbers for a serial port of a program on an RP2040: every system has a driver for it. */
#define VENDOR 0x2E8Au
#define PRODUCT_ID 0x000Au
#define VERSION 0x0200u
#define ENGLISH 0x0409u

#define CLASS_COMMUNICATION 2u
#define SUBCLASS_ACM 2u
#define CLASS_DATA 10u
#define ENDPOINT_IN 0x80u
#define TYPE_BULK 2u
#define TYPE_INTERRUPT 3u
#define NEWS_BYTES 8u
#define NEWS_EVERY_MS 16u
#define POWER_2_MA 50u /* 100 mA: servos have a supply of their own */
#define BUS_POWERED 0x80u
#define LINE_CODING 2u /* takes the line's settings, does nothing with them */

static const uint8_t device[] = {
    18, DEVICE, WORD(0x0200u), CLASS_COMMUNICATION, 0, 0, USB_PACKET_BYTES,
    WORD(VENDOR), WORD(PRODUCT_ID), WORD(VERSION), MAKER, PRODUCT, SERIAL, 1,
};

#define CONFIGURATION_BYTES 67u

static const uint8_t configuration[CONFIGURATION_BYTES] = {
    9, CONFIGURATION, WORD(CONFIGURATION_BYTES), USB_INTERFACES, USB_CONFIGURATION, NO_TEXT, BUS_POWERED, POWER_2_MA,
    9, INTERFACE, 0, 0, 1, CLASS_COMMUNICATION, SUBCLASS_ACM, 0, NO_TEXT,
    5, CLASS_INTERFACE, 0, WORD(0x0120u),
    5, CLASS_INTERFACE, 1, 0, 1,
    4, CLASS_INTERFACE, 2, LINE_CODING,
    5, CLASS_INTERFACE, 6, 0, 1,
    7, ENDPOINT, ENDPOINT_IN | USB_ENDPOINT_NEWS, TYPE_INTERRUPT, WORD(NEWS_BYTES), NEWS_EVERY_MS,
    9, INTERFACE, 1, 0, 2, CLASS_DATA, 0, 0, NO_TEXT,
    7, ENDPOINT, USB_ENDPOINT_BYTES, TYPE_BULK, WORD(USB_PACKET_BYTES), 0,
    7, ENDPOINT, ENDPOINT_IN | USB_ENDPOINT_BYTES, TYPE_BULK, WORD(USB_PACKET_BYTES), 0,
};

static char serial[2u * USB_SERIAL_BYTES + 1u];
static const char *const texts[TEXTS] = {
    [MAKER] = "mandible", [PRODUCT] = "mandible servo board (Pico)", [SERIAL] = serial};

#define LONGEST_TEXT 30u
static uint8_t string[2u + 2u * LONGEST_TEXT];

void usb_set_serial(const uint8_t id[USB_SERIAL_BYTES])
{
    static const char digits[] = "0123456789ABCDEF";
    for (uint32_t i = 0; i < USB_SERIAL_BYTES; i++) {
        serial[2u * i] = digits[id[i] >> 4];
        serial[2u * i + 1u] = digits[id[i] & 0xFu];
    }
}

static const uint8_t *string_descriptor(uint8_t index, uint16_t *length)
{
    uint8_t count = 0;
    if (index >= TEXTS) {
        return 0;
    }
    if (index == NO_TEXT) { /* the languages */
        string[2] = LOW(ENGLISH);
        string[3] = HIGH(ENGLISH);
        count = 1;
    } else {
        while (count < LONGEST_TEXT && texts[index][count] != '\0') {
            string[2u + 2u * count] = (uint8_t)texts[index][count];
            string[3u + 2u * count] = 0;
            count++;
        }
    }
    string[0] = (uint8_t)(2u + 2u * count);
    string[1] = STRING;
    *length = string[0];
    return string;
}

const uint8_t *usb_descriptor(uint8_t type, uint8_t index, uint16_t *length)
{
    if (type == DEVICE && index == 0) {
        *length = sizeof device;
        return device;
    }
    if (type == CONFIGURATION && index == 0) {
        *length = sizeof configuration;
        return configuration;
    }
    return type == STRING ? string_descriptor(index, length) : 0;
}
