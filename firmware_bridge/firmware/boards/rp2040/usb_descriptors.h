/* What the board says of itself on USB: a serial port (CDC-ACM, class definitions for communication devices 1.2). */
#ifndef MANDIBLE_USB_DESCRIPTORS_H
#define MANDIBLE_USB_DESCRIPTORS_H

#include <stdint.h>

/* Endpoints: one for news of the line, of which there are none, and one each way for bytes. */
#define USB_ENDPOINT_NEWS 1u
#define USB_ENDPOINT_BYTES 2u
#define USB_PACKET_BYTES 64u
#define USB_CONFIGURATION 1u
#define USB_INTERFACES 2u

#define USB_SERIAL_BYTES 8u

/* Spells the serial number, which is part of a string descriptor. */
void usb_set_serial(const uint8_t id[USB_SERIAL_BYTES]);

/* Returns a descriptor of a type and index, and its length; null when there is none. A string stays until the next. */
const uint8_t *usb_descriptor(uint8_t type, uint8_t index, uint16_t *length);

#endif
