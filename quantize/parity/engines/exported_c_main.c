/* Runs an exported network on a computer: 40 int8 features a hop on standard input, 15 int8 logits a hop on
 * standard output, and in the end, on standard error, the microseconds a hop of the quickest hundred. */
#define _POSIX_C_SOURCE 199309L

#include "mandible_model.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define FEATURES 40
#define LOGITS 15
#define TIMED_HOPS 100

static int8_t features[TIMED_HOPS][FEATURES];
static int8_t logits[TIMED_HOPS][LOGITS];
static mandible_network network;

static double now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(void) {
    double quickest_us = 0.0;
    int measured = 0;
    size_t hops;
    mandible_network_reset(&network);
    while ((hops = fread(features, FEATURES, TIMED_HOPS, stdin)) > 0) {
        const double before_us = now_us();
        for (size_t hop = 0; hop < hops; hop++)
            mandible_network_step(&network, features[hop], logits[hop]);
        const double hop_us = (now_us() - before_us) / (double)hops;
        /* The last few hops are too short to time, unless there are no others. */
        if (!measured || (hops == TIMED_HOPS && hop_us < quickest_us))
            quickest_us = hop_us;
        measured = 1;
        if (fwrite(logits, LOGITS, hops, stdout) != hops)
            return 1;
    }
    fprintf(stderr, "%.3f\n", quickest_us);
    return measured ? 0 : 1;
}
