/* Feeds mutated network descriptions to the C engine: fuzz_tcn FILE ROUNDS SEED.
 *
 * Meant to be built with -fsanitize=address,undefined, which turn a read or write out of bounds, a leak or
 * an overflow into a failure. Prints how many descriptions were accepted (and run) and how many refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../device/engines/tcn.h"

#define MAX_FILE_BYTES (1 << 20)
#define HOPS 40

static uint64_t state;

static uint32_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static const int32_t hostile[] = {0, 1, -1, 2, 15, 16, 17, 127, 128, -128, 511, 4096, 65535, 1 << 20, INT32_MAX, INT32_MIN};

static int32_t word(const uint8_t *content, size_t index) {
    int32_t value;
    memcpy(&value, content + 4 * index, 4);
    return value;
}

/* Most words are weights and biases; half of all mutations go to small numbers, which hold the structure. */
static size_t pick_word(const uint8_t *content, size_t words) {
    size_t index = next_random() % words;
    for (int tries = 0; tries < 1000 && next_random() % 64 != 0; tries++) {
        const int32_t value = word(content, index);
        if (value >= -128 && value <= 127) break;
        index = next_random() % words;
    }
    return index;
}

static void mutate(uint8_t *content, size_t words) {
    for (uint32_t changes = 1 + next_random() % 3; changes > 0; changes--) {
        const size_t index = next_random() % 3 == 0 ? pick_word(content, words < 16 ? words : 16) : pick_word(content, words);
        const int32_t value = next_random() % 4 ? hostile[next_random() % (sizeof hostile / sizeof *hostile)]
                                                : (int32_t)next_random();
        memcpy(content + 4 * index, &value, 4);
    }
}

int main(int argc, char **argv) {
    static uint8_t original[MAX_FILE_BYTES];
    unsigned accepted = 0, refused = 0;
    FILE *file = argc == 4 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) return 2;
    const size_t size = fread(original, 1, sizeof original, file);
    fclose(file);
    state = strtoull(argv[3], NULL, 10) * 2654435769u + 1;
    for (long round = strtol(argv[2], NULL, 10); round > 0; round--) {
        const size_t cut = next_random() % 8 ? size : next_random() % (size + 1);
        uint8_t *content = malloc(cut ? cut : 1); /* exactly as long as needed: the sanitizer guards its end */
        const char *problem = NULL;
        memcpy(content, original, cut);
        if (cut >= 4) mutate(content, cut / 4);
        tcn *network = tcn_create(content, cut, &problem);
        free(content);
        if (network == NULL) {
            if (problem == NULL) return 3;
            refused++;
            continue;
        }
        int8_t *features = malloc(tcn_inputs(network)), *results = malloc(tcn_outputs(network));
        for (int hop = 0; hop < HOPS; hop++) {
            for (size_t i = 0; i < tcn_inputs(network); i++) features[i] = (int8_t)next_random();
            tcn_step(network, features, results);
        }
        free(features);
        free(results);
        tcn_destroy(network);
        accepted++;
    }
    printf("%u %u\n", accepted, refused);
    return 0;
}
