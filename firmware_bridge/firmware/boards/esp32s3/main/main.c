/* The firmware of an ESP32-S3: the portable core between the USB port of the chip itself, twelve servo pins and the
 * NVS partition. UNTESTED: never compiled, never run. One task does everything, once a millisecond. */
#include "core.h"
#include "driver/gpio.h"
#include "driver/usb_serial_jtag.h"
#include "esp_err.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "freertos/FreeRTOS.h"
#include "memory.h"
#include "pins.h"
#include "pulses.h"

#define LEAD_US 2000
#define RING_BYTES 1024
#define CHUNK_BYTES 64
#define WATCHDOG_MS 250

static mb_core core;
static uint32_t next_us; /* the period to be planned next starts then */

/* Waits a tick at most, so that this is also the loop's rest. */
static void take_bytes(void)
{
    uint8_t bytes[CHUNK_BYTES];
    const int count = usb_serial_jtag_read_bytes(bytes, sizeof bytes, 1);
    for (int i = 0; i < count; i++) {
        mb_receive(&core, bytes[i], pulses_clock_us());
    }
}

static void send_bytes(void)
{
    uint8_t bytes[CHUNK_BYTES];
    size_t count = 0;
    while (count < sizeof bytes && mb_transmit(&core, &bytes[count])) {
        count++;
    }
    if (count > 0) {
        (void)usb_serial_jtag_write_bytes(bytes, count, 0); /* what nobody fetches is dropped */
    }
}

static void plan_pulses(void)
{
    uint16_t pulse_us[MB_MAX_CHANNELS];
    const uint16_t period_us = mb_period_us(&core);
    const int32_t left_us = (int32_t)(next_us - pulses_clock_us());
    if (left_us > LEAD_US) {
        return;
    }
    if (left_us > 0) {
        mb_pulses(&core, next_us, pulse_us);
        pulses_plan(pulse_us);
        ESP_ERROR_CHECK(esp_task_wdt_reset());
    }
    next_us += period_us; /* one that was missed repeats the last widths */
}

static void start_inputs(void)
{
    const gpio_config_t inputs = {
        .pin_bit_mask = 1ULL << STALL_PIN | 1ULL << HOT_PIN,
        .mode = GPIO_MODE_INPUT,
        .pull_up_en = GPIO_PULLUP_ENABLE,
    };
    ESP_ERROR_CHECK(gpio_config(&inputs));
}

void app_main(void)
{
    static const mb_board board = {MB_BOARD_ESP32S3, CHANNELS, PULSES_SHORTEST_PERIOD_US};
    usb_serial_jtag_driver_config_t port = {.tx_buffer_size = RING_BYTES, .rx_buffer_size = RING_BYTES};
    const esp_task_wdt_config_t watchdog = {.timeout_ms = WATCHDOG_MS, .trigger_panic = true};
    start_inputs();
    mb_start(&core, &board, 0);
    memory_load(&core);
    ESP_ERROR_CHECK(usb_serial_jtag_driver_install(&port));
    pulses_start(mb_period_us(&core));
    const uint16_t period_us = mb_period_us(&core);
    next_us = period_us;
    ESP_ERROR_CHECK(esp_task_wdt_init(&watchdog));
    ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
    for (;;) {
        mb_alarm(&core, gpio_get_level(STALL_PIN) == 0, gpio_get_level(HOT_PIN) == 0);
        mb_poll(&core, pulses_clock_us());
        plan_pulses();
        take_bytes();
        send_bytes();
        if (memory_step(&core) && mb_period_us(&core) != period_us) {
            send_bytes(); /* the acknowledgement; then the timers start afresh with the new period */
            (void)usb_serial_jtag_wait_tx_done(pdMS_TO_TICKS(100));
            esp_restart();
        }
    }
}
