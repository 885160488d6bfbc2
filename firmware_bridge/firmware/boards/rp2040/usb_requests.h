/* Requests on endpoint 0: what every USB device answers, and what a serial port does. */
#ifndef MANDIBLE_USB_REQUESTS_H
#define MANDIBLE_USB_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "usb_controller.h"

/* What the requests have led to. */
typedef struct {
    bool configured;
    bool open;      /* the host's program has the port open (DTR) */
    bool reopened;  /* ... and that is news */
    bool restarted[2]; /* by usb_direction: the bytes' endpoint was switched, halted or freed, what was under way is gone */
    bool boot_loader_wanted; /* closed at 1200 baud */
} usb_state;

/* Nothing configured, as after a bus reset. */
void usb_requests_reset(usb_state *state);

/* Begins a request. */
void usb_requests_setup(usb_state *state, const uint8_t setup[8]);

/* A packet on endpoint 0 has been fetched. */
void usb_requests_fetched(void);

/* A packet on endpoint 0 has come. */
void usb_requests_came(void);

#endif
