/* A microphone with an amplifier of its own on GP26, which rests somewhere in the middle (MAX9814, MAX4466). The converter has
 * 12 bits, the lowest three of them noise: the plainest microphone, and the worst. */
#include "microphone.h"

#include "../boards/rp2040/rp2040.h"
#include "rp2040_samples.h"

#define RESET_ADC 1u
#define ADC_CLOCK 0x40008060u /* 2.15.7; its auxiliary source 0 is the USB PLL, 48 MHz */
#define PIN 26u
#define PAD_OUTPUT_OFF (1u << 7)

/* 4.9 */
#define ADC_CTRL 0x4004C000u
#define ADC_QUEUE_CTRL 0x4004C008u
#define ADC_QUEUE 0x4004C00Cu
#define ADC_DIVIDER 0x4004C010u
#define ADC_ON 1u
#define ADC_READY (1u << 8)
#define ADC_GOES_ON (1u << 3)
#define ADC_QUEUES (1u | 1u << 3 | 1u << 24) /* and asks the DMA for each one */
#define CLOCKS_A_SAMPLE (48000000u / 16000u)

#define LOWEST_BITS 4    /* of 16 beside 12 */
#define REST_BITS 8      /* of the resting level's fraction */
#define REST_SHIFT 10    /* it follows within 64 ms, and with it goes what is under some 2.5 Hz */

static int32_t rest = 1 << 15 << REST_BITS;

void microphone_start(void) {
    REGISTER(ADC_CLOCK) = CLK_ENABLE;
    samples_enable(RESET_ADC);
    REGISTER(PADS(PIN)) = PAD_OUTPUT_OFF;
    REGISTER(IO_CTRL(PIN)) = FUNCTION_NONE;
    REGISTER(ADC_CTRL) = ADC_ON;
    while ((REGISTER(ADC_CTRL) & ADC_READY) == 0) {
    }
    REGISTER(ADC_DIVIDER) = (CLOCKS_A_SAMPLE - 1u) << 8;
    REGISTER(ADC_QUEUE_CTRL) = ADC_QUEUES;
    samples_start(ADC_QUEUE, REQUEST_ADC, MICROPHONE_SAMPLES);
    REGISTER(ADC_CTRL) = ADC_ON | ADC_GOES_ON;
}

bool microphone_read(int16_t pcm[MICROPHONE_SAMPLES], uint32_t *heard_us) {
    static uint32_t words[MICROPHONE_SAMPLES];
    if (!samples_read(words, heard_us)) return false;
    for (int i = 0; i < MICROPHONE_SAMPLES; i++) {
        const int32_t level = (int32_t)(words[i] & 0xFFFu) << LOWEST_BITS;
        rest += ((level << REST_BITS) - rest) >> REST_SHIFT;
        pcm[i] = samples_saturated(level - (rest >> REST_BITS));
    }
    return true;
}
