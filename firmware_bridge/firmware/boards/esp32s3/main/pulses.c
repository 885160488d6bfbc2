/* UNTESTED: never compiled. Written from the ESP-IDF programming guide 5.x, chapter MCPWM. */
#include "pulses.h"

#include <stdbool.h>

#include "driver/mcpwm_prelude.h"
#include "esp_err.h"
#include "esp_timer.h"

#define GROUPS 2
#define CHANNELS_PER_GROUP (CHANNELS / GROUPS)
#define OUTPUTS_PER_OPERATOR 2
#define TICKS_PER_S 1000000u
#define RELEASED (-1)

static mcpwm_cmpr_handle_t comparator[CHANNELS];
static mcpwm_gen_handle_t generator[CHANNELS];
static int64_t epoch_us;

static void start_output(int channel, mcpwm_oper_handle_t operator)
{
    static const int pins[CHANNELS] = SERVO_PINS;
    const mcpwm_comparator_config_t compare = {.flags.update_cmp_on_tez = true};
    const mcpwm_generator_config_t generate = {.gen_gpio_num = pins[channel]};
    ESP_ERROR_CHECK(mcpwm_new_comparator(operator, &compare, &comparator[channel]));
    ESP_ERROR_CHECK(mcpwm_new_generator(operator, &generate, &generator[channel]));
    ESP_ERROR_CHECK(mcpwm_generator_set_force_level(generator[channel], 0, true));
    ESP_ERROR_CHECK(mcpwm_generator_set_action_on_timer_event(
        generator[channel],
        MCPWM_GEN_TIMER_EVENT_ACTION(MCPWM_TIMER_DIRECTION_UP, MCPWM_TIMER_EVENT_EMPTY, MCPWM_GEN_ACTION_HIGH)));
    ESP_ERROR_CHECK(mcpwm_generator_set_action_on_compare_event(
        generator[channel],
        MCPWM_GEN_COMPARE_EVENT_ACTION(MCPWM_TIMER_DIRECTION_UP, comparator[channel], MCPWM_GEN_ACTION_LOW)));
}

static mcpwm_timer_handle_t start_group(int group, uint16_t period_us)
{
    mcpwm_timer_handle_t timer;
    mcpwm_oper_handle_t operator = NULL;
    const mcpwm_timer_config_t count = {
        .group_id = group,
        .clk_src = MCPWM_TIMER_CLK_SRC_DEFAULT,
        .resolution_hz = TICKS_PER_S,
        .count_mode = MCPWM_TIMER_COUNT_MODE_UP,
        .period_ticks = period_us,
    };
    const mcpwm_operator_config_t operate = {.group_id = group};
    ESP_ERROR_CHECK(mcpwm_new_timer(&count, &timer));
    for (int i = 0; i < CHANNELS_PER_GROUP; i++) {
        if (i % OUTPUTS_PER_OPERATOR == 0) {
            ESP_ERROR_CHECK(mcpwm_new_operator(&operate, &operator));
            ESP_ERROR_CHECK(mcpwm_operator_connect_timer(operator, timer));
        }
        start_output(group * CHANNELS_PER_GROUP + i, operator);
    }
    ESP_ERROR_CHECK(mcpwm_timer_enable(timer));
    return timer;
}

void pulses_start(uint16_t period_us)
{
    mcpwm_timer_handle_t timer[GROUPS];
    for (int group = 0; group < GROUPS; group++) {
        timer[group] = start_group(group, period_us);
    }
    epoch_us = esp_timer_get_time();
    for (int group = 0; group < GROUPS; group++) {
        ESP_ERROR_CHECK(mcpwm_timer_start_stop(timer[group], MCPWM_TIMER_START_NO_STOP));
    }
}

uint32_t pulses_clock_us(void)
{
    return (uint32_t)(esp_timer_get_time() - epoch_us);
}

void pulses_plan(const uint16_t pulse_us[CHANNELS])
{
    for (int channel = 0; channel < CHANNELS; channel++) {
        const bool pulse = pulse_us[channel] != 0;
        if (pulse) {
            ESP_ERROR_CHECK(mcpwm_comparator_set_compare_value(comparator[channel], pulse_us[channel]));
        }
        /* Low now, and so until the period's start sets it high, or for good. */
        ESP_ERROR_CHECK(mcpwm_generator_set_force_level(generator[channel], pulse ? RELEASED : 0, true));
    }
}
