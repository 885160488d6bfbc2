#include "usb_controller.h"

#include "rp2040.h"

/* The controller's memory (datasheet 4.1.2.5): control words of endpoints 1.., of all buffers, then the buffers. */
#define ENDPOINT_CONTROL(endpoint, out) (USB_MEMORY + 8u * (endpoint) + ((out) ? 4u : 0u))
#define BUFFER_CONTROL(endpoint, out) (USB_MEMORY + 0x80u + 8u * (endpoint) + ((out) ? 4u : 0u))
#define BUFFER_0 0x100u /* both directions of endpoint 0 */
#define BUFFER_NEWS 0x180u
#define BUFFER_BYTES_OUT 0x1C0u
#define BUFFER_BYTES_IN 0x200u
#define MEMORY_USED_BYTES 0x240u

#define CONTROL_ENABLE (1u << 31)
#define CONTROL_EACH_BUFFER (1u << 29)
#define CONTROL_TYPE(type) ((uint32_t)(type) << 26)
#define TYPE_BULK 2u
#define TYPE_INTERRUPT 3u

#define BUFFER_FULL (1u << 15)
#define BUFFER_DATA1 (1u << 13)
#define BUFFER_STALL (1u << 11)
#define BUFFER_AVAILABLE (1u << 10)
#define BUFFER_LENGTH 0x3FFu

#define MUXING_TO_PHY (1u << 0)
#define MUXING_SOFTCON (1u << 3)
#define POWER_VBUS_DETECT (1u << 3)
#define POWER_VBUS_OVERRIDE (1u << 2)
#define SIE_EP0_EACH_BUFFER (1u << 29)
#define SIE_PULL_UP (1u << 16)
#define SIE_SETUP (1u << 17)
#define SIE_BUS_RESET (1u << 19)
#define INT_BUFFER (1u << 4)
#define INT_BUS_RESET (1u << 12)
#define INT_SETUP (1u << 16)

#define ENDPOINTS 3u

/* The PID of each endpoint's next packet: DATA0 or DATA1. */
static bool next_data1[ENDPOINTS][2];

static volatile uint8_t *buffer_of(uint8_t endpoint, bool out)
{
    uint32_t offset = BUFFER_0;
    if (endpoint == USB_ENDPOINT_BYTES) {
        offset = out ? BUFFER_BYTES_OUT : BUFFER_BYTES_IN;
    } else if (endpoint == USB_ENDPOINT_NEWS) {
        offset = BUFFER_NEWS;
    }
    return (volatile uint8_t *)(uintptr_t)(USB_MEMORY + offset);
}

/* The bit that hands a buffer over must come after the others have reached the controller, which runs at 48 MHz:
 * three of its cycles (4.1.2.5.1). */
static void hand_over(uint8_t endpoint, bool out, uint32_t word)
{
    bool *data1 = &next_data1[endpoint][out ? USB_OUT : USB_IN];
    word |= *data1 ? BUFFER_DATA1 : 0;
    *data1 = !*data1;
    REGISTER(BUFFER_CONTROL(endpoint, out)) = word;
    __asm volatile("nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop\n nop");
    REGISTER(BUFFER_CONTROL(endpoint, out)) = word | BUFFER_AVAILABLE;
}

void usb_controller_start(void)
{
    for (uint32_t at = 0; at < MEMORY_USED_BYTES; at += 4u) {
        REGISTER(USB_MEMORY + at) = 0;
    }
    REGISTER(USB_MUXING) = MUXING_TO_PHY | MUXING_SOFTCON;
    /* A Pico has its 5 V from the cable; whether that is so needs no pin of its own. */
    REGISTER(USB_POWER) = POWER_VBUS_DETECT | POWER_VBUS_OVERRIDE;
    REGISTER(USB_INTE) = INT_BUFFER | INT_BUS_RESET | INT_SETUP;
    REGISTER(USB_SIE_CTRL) = SIE_EP0_EACH_BUFFER;
    REGISTER(USB_MAIN_CTRL) = 1u;
    usb_controller_reset();
    SET_BITS(USB_SIE_CTRL) = SIE_PULL_UP;
    REGISTER(NVIC_ENABLE) = 1u << IRQ_USB;
}

void usb_controller_reset(void)
{
    REGISTER(USB_ADDRESS) = 0;
    REGISTER(BUFFER_CONTROL(0u, false)) = 0;
    REGISTER(BUFFER_CONTROL(0u, true)) = 0;
    usb_controller_configure(false);
}

void usb_controller_set_address(uint8_t address)
{
    REGISTER(USB_ADDRESS) = address;
}

static uint32_t endpoint_word(uint32_t buffer, uint32_t type, bool on)
{
    return on ? CONTROL_ENABLE | CONTROL_EACH_BUFFER | CONTROL_TYPE(type) | buffer : 0;
}

void usb_controller_configure(bool on)
{
    for (uint8_t endpoint = 1; endpoint < ENDPOINTS; endpoint++) {
        REGISTER(BUFFER_CONTROL(endpoint, false)) = 0;
        REGISTER(BUFFER_CONTROL(endpoint, true)) = 0;
        next_data1[endpoint][USB_IN] = false;
        next_data1[endpoint][USB_OUT] = false;
    }
    REGISTER(ENDPOINT_CONTROL(USB_ENDPOINT_NEWS, false)) = endpoint_word(BUFFER_NEWS, TYPE_INTERRUPT, on);
    REGISTER(ENDPOINT_CONTROL(USB_ENDPOINT_BYTES, false)) = endpoint_word(BUFFER_BYTES_IN, TYPE_BULK, on);
    REGISTER(ENDPOINT_CONTROL(USB_ENDPOINT_BYTES, true)) = endpoint_word(BUFFER_BYTES_OUT, TYPE_BULK, on);
}

void usb_controller_give(uint8_t endpoint, const uint8_t *data, uint8_t count)
{
    volatile uint8_t *to = buffer_of(endpoint, false);
    for (uint8_t i = 0; i < count; i++) {
        to[i] = data[i];
    }
    hand_over(endpoint, false, BUFFER_FULL | count);
}

void usb_controller_take(uint8_t endpoint)
{
    hand_over(endpoint, true, USB_PACKET_BYTES);
}

const volatile uint8_t *usb_controller_packet(uint8_t endpoint, uint8_t *count)
{
    const uint32_t length = REGISTER(BUFFER_CONTROL(endpoint, true)) & BUFFER_LENGTH;
    *count = (uint8_t)(length < USB_PACKET_BYTES ? length : USB_PACKET_BYTES);
    return buffer_of(endpoint, true);
}

void usb_controller_halt(uint8_t endpoint, usb_direction direction, bool on)
{
    const bool out = direction == USB_OUT;
    if (endpoint == 0) {
        SET_BITS(USB_STALL_ARM) = out ? 2u : 1u;
    }
    REGISTER(BUFFER_CONTROL(endpoint, out)) = on ? BUFFER_STALL : 0;
    if (!on) {
        next_data1[endpoint][direction] = false;
    }
}

bool usb_controller_halted(uint8_t endpoint, usb_direction direction)
{
    return (REGISTER(BUFFER_CONTROL(endpoint, direction == USB_OUT)) & BUFFER_STALL) != 0;
}

void usb_controller_begin_request(void)
{
    next_data1[0][USB_IN] = true;
    next_data1[0][USB_OUT] = true;
}

usb_events usb_controller_events(void)
{
    const uint32_t status = REGISTER(USB_SIE_STATUS);
    const usb_events events = {(status & SIE_BUS_RESET) != 0, (status & SIE_SETUP) != 0};
    REGISTER(USB_SIE_STATUS) = status & (SIE_BUS_RESET | SIE_SETUP); /* a 1 takes it back */
    return events;
}

void usb_controller_request(uint8_t setup[8])
{
    for (uint32_t i = 0; i < 8u; i++) {
        setup[i] = *(const volatile uint8_t *)(uintptr_t)(USB_MEMORY + i);
    }
}

uint32_t usb_controller_done(void)
{
    const uint32_t done = REGISTER(USB_BUFFER_STATUS);
    REGISTER(USB_BUFFER_STATUS) = done;
    return done;
}
