#include "usb_requests.h"

#include "usb_controller.h"
#include "usb_descriptors.h"

/* USB 2.0, chapter 9.3: bmRequestType. */
#define KIND_MASK 0x7Fu
#define TO_HOST 0x80u
#define DEVICE 0x00u
#define INTERFACE 0x01u
#define ENDPOINT 0x02u
#define CLASS_DEVICE 0x20u
#define CLASS_INTERFACE 0x21u

enum standard {
    GET_STATUS = 0,
    CLEAR_FEATURE = 1,
    SET_FEATURE = 3,
    SET_ADDRESS = 5,
    GET_DESCRIPTOR = 6,
    GET_CONFIGURATION = 8,
    SET_CONFIGURATION = 9,
    GET_INTERFACE = 10,
    SET_INTERFACE = 11,
};

enum serial { SET_LINE_CODING = 0x20, GET_LINE_CODING = 0x21, SET_LINE_STATE = 0x22, SEND_BREAK = 0x23 };

#define ENDPOINT_HALT 0u
#define LINE_OPEN 1u
#define LINE_CODING_BYTES 7u
#define BOOT_LOADER_BAUD 1200u
#define NO_ADDRESS 0xFFu

typedef struct {
    uint8_t kind;
    uint8_t request;
    uint16_t value;
    uint16_t index;
    uint16_t length;
} usb_request;

static const uint8_t *rest; /* of the answer */
static uint16_t rest_bytes;
static bool end_with_empty; /* the answer is shorter than asked for and ends with a full packet */
static uint8_t new_address = NO_ADDRESS;
static bool coding_expected;
static uint8_t line_coding[LINE_CODING_BYTES] = {0x00, 0xC2, 0x01, 0x00, 0, 0, 8}; /* 115200 8N1 */
static uint8_t small_answer[2];

void usb_requests_reset(usb_state *state)
{
    rest_bytes = 0;
    end_with_empty = false;
    new_address = NO_ADDRESS;
    coding_expected = false;
    state->configured = false;
    state->open = false;
    state->restarted[USB_OUT] = state->restarted[USB_IN] = true;
    usb_controller_reset();
}

static void give_part(void)
{
    const uint8_t count = (uint8_t)(rest_bytes < USB_PACKET_BYTES ? rest_bytes : USB_PACKET_BYTES);
    usb_controller_give(0, rest, count);
    rest += count;
    rest_bytes = (uint16_t)(rest_bytes - count);
}

static bool answer(const usb_request *asked, const uint8_t *data, uint16_t length)
{
    rest = data;
    rest_bytes = length < asked->length ? length : asked->length;
    end_with_empty = rest_bytes < asked->length && rest_bytes % USB_PACKET_BYTES == 0 && rest_bytes > 0;
    usb_controller_take(0); /* the host's empty packet at the end */
    give_part();
    return true;
}

static bool done(void)
{
    usb_controller_give(0, 0, 0);
    return true;
}

static void refuse(void)
{
    usb_controller_halt(0, USB_IN, true);
    usb_controller_halt(0, USB_OUT, true);
}

static bool answer_small(const usb_request *asked, uint8_t value, uint16_t length)
{
    small_answer[0] = value;
    small_answer[1] = 0;
    return answer(asked, small_answer, length);
}

static void configure(usb_state *state, bool on)
{
    usb_controller_configure(on);
    state->configured = on;
    state->open = state->open && on;
    state->restarted[USB_OUT] = state->restarted[USB_IN] = true;
}

static bool to_device(usb_state *state, const usb_request *asked)
{
    const uint8_t low = (uint8_t)asked->value;
    const uint8_t *descriptor;
    uint16_t length = 0;
    switch (asked->request) {
    case GET_STATUS:
        return answer_small(asked, 0, 2);
    case GET_DESCRIPTOR:
        descriptor = usb_descriptor((uint8_t)(asked->value >> 8), low, &length);
        return descriptor != 0 && answer(asked, descriptor, length);
    case GET_CONFIGURATION:
        return answer_small(asked, state->configured ? USB_CONFIGURATION : 0, 1);
    case SET_ADDRESS:
        new_address = (uint8_t)(asked->value & 0x7Fu); /* counts once the host has fetched the acknowledgement */
        return done();
    case SET_CONFIGURATION:
        if (asked->value > USB_CONFIGURATION) {
            return false;
        }
        configure(state, asked->value == USB_CONFIGURATION);
        return done();
    default:
        return false;
    }
}

static bool to_interface(const usb_request *asked)
{
    if (asked->index >= USB_INTERFACES) {
        return false;
    }
    switch (asked->request) {
    case GET_STATUS:
        return answer_small(asked, 0, 2);
    case GET_INTERFACE:
        return answer_small(asked, 0, 1);
    case SET_INTERFACE:
        return asked->value == 0 && done();
    default:
        return false;
    }
}

static bool to_endpoint(usb_state *state, const usb_request *asked)
{
    const uint8_t endpoint = (uint8_t)(asked->index & 0x0Fu);
    const usb_direction direction = (asked->index & TO_HOST) != 0 ? USB_IN : USB_OUT;
    const bool known = endpoint == 0 || endpoint == USB_ENDPOINT_BYTES ||
                       (endpoint == USB_ENDPOINT_NEWS && direction == USB_IN);
    if (!known || !state->configured) {
        return false;
    }
    if (asked->request == GET_STATUS) {
        return answer_small(asked, endpoint != 0 && usb_controller_halted(endpoint, direction), 2);
    }
    if (asked->value != ENDPOINT_HALT || (asked->request != SET_FEATURE && asked->request != CLEAR_FEATURE)) {
        return false;
    }
    if (endpoint != 0) {
        usb_controller_halt(endpoint, direction, asked->request == SET_FEATURE);
        state->restarted[direction] = state->restarted[direction] || endpoint == USB_ENDPOINT_BYTES;
    }
    return done();
}

static uint32_t coded_baud(void)
{
    return (uint32_t)line_coding[0] | (uint32_t)line_coding[1] << 8 | (uint32_t)line_coding[2] << 16 |
           (uint32_t)line_coding[3] << 24;
}

static bool to_serial(usb_state *state, const usb_request *asked)
{
    bool open;
    switch (asked->request) {
    case SET_LINE_CODING:
        coding_expected = asked->length == LINE_CODING_BYTES;
        if (coding_expected) {
            usb_controller_take(0);
        }
        return coding_expected;
    case GET_LINE_CODING:
        return answer(asked, line_coding, LINE_CODING_BYTES);
    case SET_LINE_STATE:
        open = (asked->value & LINE_OPEN) != 0;
        state->reopened = state->reopened || (open && !state->open);
        state->boot_loader_wanted =
            state->boot_loader_wanted || (!open && state->open && coded_baud() == BOOT_LOADER_BAUD);
        state->open = open;
        return done();
    case SEND_BREAK:
        return done();
    default:
        return false;
    }
}

static bool obey(usb_state *state, const usb_request *asked)
{
    switch (asked->kind & KIND_MASK) {
    case DEVICE:
        return to_device(state, asked);
    case INTERFACE:
        return to_interface(asked);
    case ENDPOINT:
        return to_endpoint(state, asked);
    case CLASS_DEVICE: /* some hosts address the line's requests to the device */
    case CLASS_INTERFACE:
        return to_serial(state, asked);
    default:
        return false;
    }
}

/* The direction bit must fit the request: an answer nobody fetches, or data nobody sends, would be left lying. */
static bool direction_fits(const usb_request *asked)
{
    const bool to_host = (asked->kind & TO_HOST) != 0;
    bool answers = asked->request == GET_STATUS || asked->request == GET_DESCRIPTOR ||
                   asked->request == GET_CONFIGURATION || asked->request == GET_INTERFACE;
    if ((asked->kind & KIND_MASK) >= CLASS_DEVICE) {
        answers = asked->request == GET_LINE_CODING;
    }
    return answers == to_host && (!to_host || asked->length > 0);
}

void usb_requests_setup(usb_state *state, const uint8_t setup[8])
{
    const usb_request asked = {
        .kind = setup[0],
        .request = setup[1],
        .value = (uint16_t)(setup[2] | setup[3] << 8),
        .index = (uint16_t)(setup[4] | setup[5] << 8),
        .length = (uint16_t)(setup[6] | setup[7] << 8),
    };
    rest_bytes = 0;
    end_with_empty = false;
    coding_expected = false;
    new_address = NO_ADDRESS;
    usb_controller_begin_request();
    if (!direction_fits(&asked) || !obey(state, &asked)) {
        refuse();
    }
}

void usb_requests_fetched(void)
{
    if (new_address != NO_ADDRESS) {
        usb_controller_set_address(new_address);
        new_address = NO_ADDRESS;
    } else if (rest_bytes > 0) {
        give_part();
    } else if (end_with_empty) {
        end_with_empty = false;
        usb_controller_give(0, 0, 0);
    }
}

void usb_requests_came(void)
{
    uint8_t count;
    const volatile uint8_t *packet = usb_controller_packet(0, &count);
    if (!coding_expected) {
        return; /* the host's empty packet after an answer */
    }
    coding_expected = false;
    if (count != LINE_CODING_BYTES) {
        refuse();
        return;
    }
    for (uint8_t i = 0; i < LINE_CODING_BYTES; i++) {
        line_coding[i] = packet[i];
    }
    (void)done();
}
