#include "mandible_decoder.h"

#include <string.h>

#include "mandible_decoder_tables.h"

#define VISEMES 15
#define BANDS 40
#define FULL 255
#define LOUDEST (127 * BANDS)
#define BLOCK_HOPS 100
#define LEAST_SILENCE 32 /* where silence is shown with less weight, the network has all but left it */
#define STATE_BITS 7
#define SHARE_BITS 15

enum { SIL = 0, PP = 1, FF = 2, TH = 3, NO_CLOSURE = 255 };

/* A share of the way from now to target. |target - now| <= 255 << 7 and share <= 1 << 15: the product and its
 * rounding stay under 2**31, and the result lies between now and target. */
static inline int32_t nearer(int32_t now, int32_t target, int32_t share) {
    return now + (((target - now) * share + (1 << (SHARE_BITS - 1))) >> SHARE_BITS);
}

/* Weights in proportion to the values, each rounded to nearest, and what that leaves over to the first of the
 * largest. A value is below 2**16: 255 of them and half a total stay under 2**25. The total is never 0: a
 * softmax holds 65535; and smoothing lifts what is heard most, at least 17, above 0 in one hop, since its
 * slowest share is 163. */
static void normalise(const uint16_t values[VISEMES], uint8_t weights[VISEMES]) {
    uint32_t total = 0, half, largest = 0, left = FULL;
    uint8_t *first = weights;
    for (int i = 0; i < VISEMES; i++) total += values[i];
    half = total / 2;
    for (int i = 0; i < VISEMES; i++) {
        const uint32_t weight = (FULL * (uint32_t)values[i] + half) / total;
        weights[i] = (uint8_t)weight;
        left -= weight; /* may pass 0; the last sum is right again */
        if (values[i] > largest) {
            largest = values[i];
            first = &weights[i];
        }
    }
    *first = (uint8_t)(*first + left);
}

static void softmax(const int8_t logits[VISEMES], uint8_t weights[VISEMES]) {
    uint16_t exponentials[VISEMES];
    int32_t largest = logits[0];
    for (int i = 1; i < VISEMES; i++)
        if (logits[i] > largest) largest = logits[i];
    for (int i = 0; i < VISEMES; i++) {
        const int32_t steps = largest - logits[i];
        exponentials[i] = steps < SOFTMAX_STEPS ? SOFTMAX[steps] : 0;
    }
    normalise(exponentials, weights);
}

static int32_t loudness_of(const int8_t mel[BANDS]) {
    int32_t sum = 0;
    for (int i = 0; i < BANDS; i++) sum += mel[i];
    return sum;
}

/* For how many hops something has gone on, as far as that counts. */
static uint8_t counted(uint8_t hops, int goes_on, int32_t most) {
    if (!goes_on) return 0;
    return hops < most ? (uint8_t)(hops + 1) : hops;
}

/* Whether it has been too quiet for any speech, for long enough. */
static int bottom(mandible_decoder *decoder, int32_t loudness) {
    const int low = loudness < GATE_SUM;
    decoder->low_hops = counted(decoder->low_hops, low, GATE_HOPS);
    return low && decoder->low_hops >= GATE_HOPS;
}

/* Follows the room, as loud as the quietest of this block and the one before; whether this hop is no louder. */
static int is_room(mandible_decoder *decoder, int32_t loudness) {
    int32_t room = decoder->before;
    if (loudness < decoder->lowest) decoder->lowest = (int16_t)loudness;
    if (decoder->lowest < room) room = decoder->lowest;
    if (++decoder->block_hops == BLOCK_HOPS) {
        decoder->before = decoder->lowest;
        decoder->lowest = LOUDEST;
        decoder->block_hops = 0;
    }
    return loudness <= room + GATE_MARGIN;
}

/* Whether nothing but the room is heard, or silence for long, or what is too low for any speech. */
static int gated(mandible_decoder *decoder, const uint8_t heard[VISEMES], int32_t loudness, int too_low) {
    const int silent = decoder->viseme == SIL && heard[SIL] >= LEAST_SILENCE;
    const int calm = is_room(decoder, loudness) && silent;
    decoder->calm_hops = counted(decoder->calm_hops, calm, GATE_ROOM_HOPS);
    decoder->silent_hops = counted(decoder->silent_hops, silent, GATE_SILENCE_HOPS);
    if (!too_low && !(calm && decoder->calm_hops >= GATE_ROOM_HOPS) &&
        !(GATE_SILENCE_HOPS > 0 && decoder->silent_hops >= GATE_SILENCE_HOPS)) {
        decoder->quiet_hops = 0;
        return 0;
    }
    if (decoder->quiet_hops < UINT16_MAX) decoder->quiet_hops++;
    return 1;
}

/* The closure that this hop asks for; the stronger where it asks for both. */
static int32_t begun(mandible_decoder *decoder, const uint8_t heard[VISEMES]) {
    const int32_t lips = heard[PP], teeth = heard[FF];
    const int32_t evidence = nearer(decoder->evidence, lips * (1 << STATE_BITS), EVIDENCE_SHARE);
    int meet;
    decoder->evidence = (uint16_t)evidence;
    /* The mean may still be high when the lips have parted: what is gone does not begin again. */
    meet = lips >= CLOSURE_THRESHOLD || (evidence >= CLOSURE_EVIDENCE && lips >= CLOSURE_RELEASE);
    if (teeth >= TEETH_THRESHOLD && (!meet || teeth > lips)) return FF;
    return meet ? PP : NO_CLOSURE;
}

static void follow_closure(mandible_decoder *decoder, const uint8_t heard[VISEMES]) {
    const int32_t next = begun(decoder, heard);
    int32_t closure = decoder->closure, hops = decoder->closure_hops;
    int starts = closure == NO_CLOSURE;
    if (!starts) {
        const int32_t weight = heard[closure];
        if (next != NO_CLOSURE && heard[next] > weight + HYSTERESIS) {
            starts = 1;
        } else if (hops == 0 && weight < CLOSURE_RELEASE) {
            closure = NO_CLOSURE;
            starts = 1;
        }
    }
    if (starts && next != NO_CLOSURE) {
        closure = next;
        hops = CLOSURE_HOPS;
    }
    decoder->closure = (uint8_t)closure;
    decoder->closure_hops = (uint8_t)(hops > 0 ? hops - 1 : 0);
}

/* The strongest viseme but the closures, if its lead is large enough. */
static int32_t chosen(const mandible_decoder *decoder, const uint8_t heard[VISEMES]) {
    const int32_t present = decoder->viseme;
    int32_t best = SIL;
    for (int32_t i = TH; i < VISEMES; i++)
        if (heard[i] > heard[best]) best = i;
    if (present == PP || present == FF) return best;
    return heard[best] > heard[present] + LEAD[decoder->age] ? best : present;
}

static void decide(mandible_decoder *decoder, const uint8_t heard[VISEMES]) {
    int32_t viseme, age = decoder->age;
    follow_closure(decoder, heard);
    viseme = decoder->closure == NO_CLOSURE ? chosen(decoder, heard) : decoder->closure;
    if (viseme != decoder->viseme)
        age = 1;
    else if (age < DWELL_HOPS)
        age++;
    decoder->viseme = (uint8_t)viseme;
    decoder->age = (uint8_t)age;
}

static void smooth(mandible_decoder *decoder, const uint8_t heard[VISEMES]) {
    if (decoder->closure != NO_CLOSURE) { /* takes the whole mouth at once */
        memset(decoder->smoothed, 0, sizeof decoder->smoothed);
        decoder->smoothed[decoder->closure] = FULL << STATE_BITS;
        return;
    }
    for (int i = 0; i < VISEMES; i++) {
        const int32_t now = decoder->smoothed[i], target = heard[i] * (1 << STATE_BITS);
        decoder->smoothed[i] = (uint16_t)nearer(now, target, target > now ? ATTACK[i] : RELEASE[i]);
    }
}

void mandible_decoder_reset(mandible_decoder *decoder) {
    memset(decoder, 0, sizeof *decoder);
    decoder->smoothed[SIL] = FULL << STATE_BITS;
    decoder->lowest = LOUDEST;
    decoder->before = LOUDEST;
    decoder->low_hops = (uint8_t)GATE_HOPS;
    decoder->calm_hops = (uint8_t)GATE_ROOM_HOPS;
    decoder->silent_hops = (uint8_t)GATE_SILENCE_HOPS;
    decoder->viseme = SIL;
    decoder->age = (uint8_t)DWELL_HOPS;
    decoder->closure = NO_CLOSURE;
}

static void silence(uint8_t heard[VISEMES]) {
    memset(heard, 0, VISEMES);
    heard[SIL] = FULL;
}

uint8_t mandible_decoder_step(mandible_decoder *decoder, const int8_t logits[VISEMES],
                              const int8_t mel[BANDS], uint8_t weights[VISEMES]) {
    const int32_t loudness = loudness_of(mel);
    const int too_low = bottom(decoder, loudness);
    uint8_t heard[VISEMES];
    if (too_low)
        silence(heard);
    else
        softmax(logits, heard);
    decide(decoder, heard);
    if (gated(decoder, heard, loudness, too_low)) silence(heard);
    smooth(decoder, heard);
    normalise(decoder->smoothed, weights);
    return decoder->viseme;
}

uint8_t mandible_openness(const uint8_t weights[VISEMES]) {
    uint32_t sum = FULL / 2;
    for (int i = 0; i < VISEMES; i++) sum += (uint32_t)OPENNESS[i] * weights[i];
    return (uint8_t)(sum / FULL);
}
