/* The RP2040's USB controller as a device: endpoints with one buffer each. Called with the USB interrupt held off. */
#ifndef MANDIBLE_USB_CONTROLLER_H
#define MANDIBLE_USB_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "usb_descriptors.h"

typedef enum { USB_OUT, USB_IN } usb_direction; /* as the host sees it */

/* Switches the controller on, all endpoints but 0 off, and shows the host that a device is there. */
void usb_controller_start(void);

/* Endpoints and address as after a bus reset. */
void usb_controller_reset(void);

/* Answers to this address from now on. */
void usb_controller_set_address(uint8_t address);

/* Switches the endpoints of the configuration on or off; their packets count from DATA0. */
void usb_controller_configure(bool on);

/* Lets the host fetch a packet from an endpoint; data may be null when there are no bytes. At most USB_PACKET_BYTES. */
void usb_controller_give(uint8_t endpoint, const uint8_t *data, uint8_t count);

/* Lets the host send a packet to an endpoint. */
void usb_controller_take(uint8_t endpoint);

/* The packet that came to an endpoint, and its length. */
const volatile uint8_t *usb_controller_packet(uint8_t endpoint, uint8_t *count);

/* An endpoint answers everything with STALL until its halt is lifted; endpoint 0 until the next request. */
void usb_controller_halt(uint8_t endpoint, usb_direction direction, bool on);

/* True while an endpoint other than 0 is halted. */
bool usb_controller_halted(uint8_t endpoint, usb_direction direction);

/* The next packets of a request on endpoint 0 are DATA1. */
void usb_controller_begin_request(void);

typedef struct {
    bool reset;   /* the host has reset the bus */
    bool setup;   /* a request has come */
} usb_events;

/* What has happened since the last call. */
usb_events usb_controller_events(void);

/* The request that has come: 8 bytes. */
void usb_controller_request(uint8_t setup[8]);

/* Which buffers are done with, a bit each: 2 x endpoint + (1 for OUT). They are forgotten by this. */
uint32_t usb_controller_done(void);

#endif
