#include "motion.h"

uint16_t mb_clamp(const mb_limits *limits, uint16_t wanted_us)
{
    if (wanted_us < limits->min_us) {
        return limits->min_us;
    }
    return wanted_us > limits->max_us ? limits->max_us : wanted_us;
}

void mb_output_attach(mb_output *output, const mb_limits *limits)
{
    if (output->given_us != 0) {
        output->given_us = mb_clamp(limits, output->given_us); /* the limits may be new */
    }
    /* carry stays: a slow servo that is attached again and again must still reach its goal */
    output->soft_left = MB_SOFT_START_PULSES;
}

static uint16_t speed_now(mb_output *output, const mb_limits *limits)
{
    if (output->soft_left == 0) {
        return limits->speed_us_per_s;
    }
    output->soft_left--;
    return limits->speed_us_per_s < MB_SOFT_START_US_PER_S ? limits->speed_us_per_s : MB_SOFT_START_US_PER_S;
}

uint16_t mb_output_step(mb_output *output, const mb_limits *limits, uint16_t wanted_us)
{
    const uint16_t target_us = mb_clamp(limits, wanted_us);
    const uint16_t given_us = output->given_us;
    const uint16_t budget = (uint16_t)(speed_now(output, limits) + output->carry);
    if (given_us == 0) {
        output->given_us = limits->neutral_us;
        return output->given_us;
    }
    const uint16_t reach_us = (uint16_t)(budget / MB_PERIODS_PER_S);
    const uint16_t gap_us = (uint16_t)(target_us > given_us ? target_us - given_us : given_us - target_us);
    if (gap_us <= reach_us) {
        output->given_us = target_us;
        output->carry = 0;
    } else {
        output->given_us = (uint16_t)(target_us > given_us ? given_us + reach_us : given_us - reach_us);
        output->carry = (uint8_t)(budget % MB_PERIODS_PER_S);
    }
    return output->given_us;
}
