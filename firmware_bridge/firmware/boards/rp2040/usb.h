/* The board as a serial port on USB. */
#ifndef MANDIBLE_USB_H
#define MANDIBLE_USB_H

#include <stdbool.h>
#include <stdint.h>

/* Appears on USB with this serial number. */
void usb_start(const uint8_t serial[8]);

/* True when usb_receive has a byte. */
bool usb_received(void);

/* Takes a byte from the host; false when there is none. A host that sends faster than it is listened to waits. */
bool usb_receive(uint8_t *byte);

/* True when usb_send has room; without a host that has configured the board, bytes go nowhere. */
bool usb_has_room(void);

/* Sends a byte; only after usb_has_room. It leaves with the next usb_flush. */
void usb_send(uint8_t byte);

/* Lets the host fetch what was sent. */
void usb_flush(void);

/* True, once, when the host has asked for the boot loader: by opening the port at 1200 baud and closing it. */
bool usb_boot_loader_wanted(void);

#endif
