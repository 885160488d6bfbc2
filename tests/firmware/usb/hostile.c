/* A hostile computer at the Pico's USB cable: `hostile SEED COUNT`. The firmware's own USB files run on this computer, on a
 * controller that checks what is handed to it. Ends with 0, or says what went wrong and ends with 1. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rp2040.h"
#include "usb.h"
#include "usb_descriptors.h"

#define CONTROL(endpoint, out) usb_memory[0x20 + 2 * (endpoint) + (out)]
#define ENDPOINT_WORD(endpoint, out) usb_memory[2 * (endpoint) + (out)]
#define FULL (1u << 15)
#define DATA1 (1u << 13)
#define STALL (1u << 11)
#define AVAILABLE (1u << 10)
#define SETUP (1u << 17)
#define BUS_RESET (1u << 19)
#define CHECK(holds) \
    do { \
        if (!(holds)) { \
            printf("line %d, action %lu: not so: %s\n", __LINE__, actions, #holds); \
            exit(1); \
        } \
    } while (0)

uint32_t usb_memory[MEMORY_WORDS];
uint32_t usb_registers[REGISTERS + 1];

void on_usb(void);

static unsigned long actions, answered, refused, came, fetched;
static uint64_t chance;
/* The PID that the computer sends or expects next on the endpoint for bytes; its side of USB 2.0, 8.6. */
static bool next_data1[2];

static uint32_t pick(uint32_t below)
{
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(chance >> 33) % below;
}

static uint8_t *at(uint32_t offset)
{
    return (uint8_t *)usb_memory + offset;
}

/* What takes a bit back on the chip is a plain write here. */
static void interrupt(void)
{
    on_usb();
    usb_registers[SIE_STATUS] = 0;
    usb_registers[BUFFER_STATUS] = 0;
}

static void done_with(uint32_t endpoint, uint32_t out)
{
    CONTROL(endpoint, out) &= ~AVAILABLE;
    usb_registers[BUFFER_STATUS] = 1u << (2u * endpoint + out);
    interrupt();
}

/* Fetches what endpoint 0 answers; at most `most` bytes. */
static uint32_t fetch_answer(uint32_t most)
{
    uint32_t count = 0;
    bool data1 = true;
    while ((CONTROL(0, 0) & AVAILABLE) != 0) {
        const uint32_t word = CONTROL(0, 0);
        const uint32_t length = word & 0x3FFu;
        CHECK(length <= USB_PACKET_BYTES && (word & FULL) != 0);
        CHECK(((word & DATA1) != 0) == data1);
        data1 = !data1;
        count += length;
        CHECK(count <= most);
        done_with(0, 0);
        if (length < USB_PACKET_BYTES || count == most) {
            CHECK((CONTROL(0, 0) & AVAILABLE) == 0);
        }
        if (pick(16) == 0) {
            break; /* a computer that loses interest */
        }
    }
    return count;
}

static void send_data(void)
{
    const uint32_t count = pick(4) == 0 ? pick(USB_PACKET_BYTES + 1u) : 7u;
    if ((CONTROL(0, 1) & AVAILABLE) == 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        *at(0x100u + i) = (uint8_t)pick(256);
    }
    CONTROL(0, 1) = (CONTROL(0, 1) & ~0x3FFu) | count;
    done_with(0, 1);
}

static void know(const uint8_t *setup)
{
    if (setup[0] == 0 && setup[1] == 9) { /* SET_CONFIGURATION */
        next_data1[0] = next_data1[1] = false;
    } else if (setup[0] == 2 && setup[1] == 1 && (setup[4] & 0x0Fu) == USB_ENDPOINT_BYTES) { /* CLEAR_FEATURE */
        next_data1[(setup[4] & 0x80u) == 0] = false;
    }
}

static void request(void)
{
    static const uint8_t kinds[] = {0x00, 0x80, 0x01, 0x81, 0x02, 0x82, 0x21, 0xA1, 0x20, 0xA0, 0xC0};
    static const uint8_t requests[] = {0, 1, 3, 5, 6, 8, 9, 10, 11, 0x20, 0x21, 0x22, 0x23};
    static const uint8_t values[] = {0, 1, 2, 3, 4, 5, 0x80, 0x81, 0x82, 0xFF};
    static const uint8_t right[][8] = {
        {0x80, 6, 0, 1, 0, 0, 64, 0}, {0x80, 6, 0, 2, 0, 0, 255, 0}, {0x80, 6, 3, 3, 9, 4, 255, 255}, /* descriptors */
        {0x02, 3, 0, 0, 0x82, 0, 0, 0}, {0x02, 3, 0, 0, 0x02, 0, 0, 0}, /* halts, */
        {0x02, 1, 0, 0, 0x82, 0, 0, 0}, {0x02, 1, 0, 0, 0x02, 0, 0, 0}, /* and their ends */
        {0x00, 5, 9, 0, 0, 0, 0, 0}, {0x21, 0x20, 0, 0, 0, 0, 7, 0}, {0xA1, 0x21, 0, 0, 0, 0, 7, 0}, {0x21, 0x22, 1, 0, 0, 0, 0, 0},
    };
    uint8_t setup[8];
    for (uint32_t i = 0; i < sizeof setup; i++) {
        setup[i] = pick(4) != 0 ? values[pick(sizeof values)] : (uint8_t)pick(256);
    }
    setup[0] = pick(8) != 0 ? kinds[pick(sizeof kinds)] : setup[0];
    setup[1] = pick(8) != 0 ? requests[pick(sizeof requests)] : setup[1];
    if (pick(2) == 0) { /* nearly right */
        memcpy(setup, right[pick(sizeof right / sizeof right[0])], sizeof setup);
        if (pick(4) == 0) {
            setup[pick(sizeof setup)] = (uint8_t)pick(256);
        }
    }
    if (setup[1] == 6 && pick(2) == 0) { /* descriptors that there are, and those beside them */
        setup[2] = (uint8_t)pick(8);
        setup[3] = (uint8_t)pick(5);
    }
    CONTROL(0, 0) = CONTROL(0, 1) = 0; /* a request ends the one before it */
    usb_registers[STALL_ARM] = 0;
    memcpy(usb_memory, setup, sizeof setup);
    usb_registers[SIE_STATUS] = SETUP;
    interrupt();
    if (usb_registers[STALL_ARM] != 0) {
        CHECK((CONTROL(0, 0) & STALL) != 0 && (CONTROL(0, 1) & STALL) != 0);
        refused++;
        return;
    }
    answered++;
    know(setup);
    if ((setup[0] & 0x80u) != 0) {
        CHECK((CONTROL(0, 0) & AVAILABLE) != 0);
        (void)fetch_answer(setup[6] | (uint32_t)setup[7] << 8);
    } else {
        send_data();
        CHECK(fetch_answer(0) == 0);
    }
}

static void send_bytes(void)
{
    const uint32_t count = pick(USB_PACKET_BYTES + 1u);
    const uint32_t word = CONTROL(USB_ENDPOINT_BYTES, 1);
    if ((word & STALL) != 0 || (word & AVAILABLE) == 0) {
        return;
    }
    CHECK((ENDPOINT_WORD(USB_ENDPOINT_BYTES, 1) >> 31) == 1u);
    CHECK(((word & DATA1) != 0) == next_data1[1]); /* else the packet is taken for the one before, and lost */
    next_data1[1] = !next_data1[1];
    memset(at(0x200), (int)pick(256), count);
    CONTROL(USB_ENDPOINT_BYTES, 1) = (word & ~0x3FFu) | count;
    done_with(USB_ENDPOINT_BYTES, 1);
    came++;
}

static void fetch_bytes(void)
{
    const uint32_t word = CONTROL(USB_ENDPOINT_BYTES, 0);
    if ((word & STALL) != 0 || (word & AVAILABLE) == 0) {
        return;
    }
    CHECK((word & 0x3FFu) < USB_PACKET_BYTES && (word & FULL) != 0);
    CHECK(((word & DATA1) != 0) == next_data1[0]);
    next_data1[0] = !next_data1[0];
    done_with(USB_ENDPOINT_BYTES, 0);
    fetched++;
}

static void reset_bus(void)
{
    usb_registers[SIE_STATUS] = BUS_RESET | (pick(2) != 0 ? SETUP : 0u);
    usb_registers[BUFFER_STATUS] = pick(64);
    next_data1[0] = next_data1[1] = false;
    interrupt();
    CHECK(usb_registers[ADDRESS] == 0);
}

/* What the firmware's main loop does. */
static void main_loop(void)
{
    uint8_t byte;
    for (uint32_t most = pick(100); most > 0 && usb_receive(&byte); most--) {
        if (usb_has_room()) {
            usb_send(byte);
        }
    }
    usb_flush();
    (void)usb_boot_loader_wanted();
}

static void configure(void)
{
    static const uint8_t setup[8] = {0, 9, 1};
    CONTROL(0, 0) = CONTROL(0, 1) = 0;
    memcpy(usb_memory, setup, sizeof setup);
    usb_registers[SIE_STATUS] = SETUP;
    interrupt();
    know(setup);
    CHECK(fetch_answer(0) == 0);
}

int main(int count, char **words)
{
    static const uint8_t serial[USB_SERIAL_BYTES] = {1, 2, 3};
    if (count != 3) {
        return 2;
    }
    chance = strtoull(words[1], 0, 10);
    const unsigned long most = strtoul(words[2], 0, 10);
    usb_start(serial);
    for (actions = 0; actions < most; actions++) {
        switch (pick(40)) {
        case 0:
            reset_bus();
            break;
        case 1:
        case 2:
            configure();
            break;
        case 3:
        case 4:
        case 5:
        case 6:
        case 7:
        case 8:
            request();
            break;
        default:
            send_bytes();
            main_loop();
            fetch_bytes();
        }
        CHECK(usb_registers[ADDRESS] < 128u);
    }
    printf("%lu answered, %lu refused, %lu packets came, %lu were fetched\n", answered, refused, came, fetched);
    return 0;
}
