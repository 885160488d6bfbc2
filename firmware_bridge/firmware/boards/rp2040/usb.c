#include "usb.h"

#include "ring.h"
#include "rp2040.h"
#include "usb_controller.h"
#include "usb_requests.h"

/* A packet shorter than the endpoint's ends a transfer: the host's program gets its bytes at once. */
#define SENT_PACKET_BYTES (USB_PACKET_BYTES - 1u)

#define DONE(endpoint, direction) (1u << (2u * (endpoint) + ((direction) == USB_OUT ? 1u : 0u)))

static usb_state state;
static ring out;
static volatile bool sending;
static volatile uint8_t in_count; /* of the packet in the controller's buffer */
static volatile uint8_t in_read;

static void begin_sending(void)
{
    state.restarted[USB_IN] = false;
    sending = false;
    out.read = out.write;
}

/* Only where the endpoint was restarted: one that is handed over twice expects the wrong packet, and loses the next. */
static void begin_receiving(void)
{
    state.restarted[USB_OUT] = false;
    in_count = 0;
    in_read = 0;
    if (state.configured && !usb_controller_halted(USB_ENDPOINT_BYTES, USB_OUT)) {
        usb_controller_take(USB_ENDPOINT_BYTES);
    }
}

static void buffers_done(uint32_t done)
{
    if ((done & DONE(0u, USB_IN)) != 0) {
        usb_requests_fetched();
    }
    if ((done & DONE(0u, USB_OUT)) != 0) {
        usb_requests_came();
    }
    if ((done & DONE(USB_ENDPOINT_BYTES, USB_IN)) != 0) {
        sending = false;
    }
    if ((done & DONE(USB_ENDPOINT_BYTES, USB_OUT)) != 0) {
        uint8_t count;
        (void)usb_controller_packet(USB_ENDPOINT_BYTES, &count);
        in_count = count;
        in_read = 0;
        if (count == 0) {
            usb_controller_take(USB_ENDPOINT_BYTES);
        }
    }
}

void on_usb(void);

void on_usb(void)
{
    uint8_t setup[8];
    const uint32_t done = usb_controller_done();
    const usb_events events = usb_controller_events();
    if (events.reset) {
        usb_requests_reset(&state);
    } else {
        buffers_done(done);
    }
    if (events.setup) {
        usb_controller_request(setup);
        usb_requests_setup(&state, setup);
    }
    if (state.restarted[USB_IN]) {
        begin_sending();
    }
    if (state.restarted[USB_OUT]) {
        begin_receiving();
    }
    if (state.reopened) {
        state.reopened = false;
        out.read = out.write; /* answers to whoever had the port before */
    }
}

void usb_start(const uint8_t serial[8])
{
    usb_set_serial(serial);
    usb_controller_start();
}

bool usb_received(void)
{
    return in_read < in_count;
}

bool usb_receive(uint8_t *byte)
{
    const uint32_t before = interrupts_off();
    const bool any = usb_received();
    if (any) {
        uint8_t count;
        *byte = usb_controller_packet(USB_ENDPOINT_BYTES, &count)[in_read];
        in_read++;
        if (in_read == in_count) {
            usb_controller_take(USB_ENDPOINT_BYTES);
        }
    }
    interrupts_restore(before);
    return any;
}

bool usb_has_room(void)
{
    return !state.configured || ring_has_room(&out);
}

void usb_send(uint8_t byte)
{
    const uint32_t before = interrupts_off();
    if (state.configured && ring_has_room(&out)) {
        ring_put(&out, byte);
    }
    interrupts_restore(before);
}

void usb_flush(void)
{
    uint8_t packet[SENT_PACKET_BYTES];
    uint8_t count = 0;
    const uint32_t before = interrupts_off();
    if (state.configured && !sending && !usb_controller_halted(USB_ENDPOINT_BYTES, USB_IN)) {
        while (count < SENT_PACKET_BYTES && !ring_is_empty(&out)) {
            packet[count++] = ring_take(&out);
        }
        if (count > 0) {
            sending = true;
            usb_controller_give(USB_ENDPOINT_BYTES, packet, count);
        }
    }
    interrupts_restore(before);
}

bool usb_boot_loader_wanted(void)
{
    const uint32_t before = interrupts_off();
    const bool wanted = state.boot_loader_wanted;
    state.boot_loader_wanted = false;
    interrupts_restore(before);
    return wanted;
}
