#include "foresight.h"

#define WHOLE 256u /* a share of 1 */

/* Over fewer periods than these, refining finds the best course without other plans to begin with. */
#define FEWEST_TO_ANTICIPATE 3u
#define REFINEMENTS 2u

/* What plans follow: the goal of so many periods later. Half of a move that is centred on its goal's jump lies before
 * the jump; what is between these, their mixes do. */
static const uint8_t plan_ahead[] = {6, 4, 3, 2, 1};

/* ... and the one that follows the goal as it is, and the one with the hardest first step. */
#define MOST_PLANS (sizeof plan_ahead + 2u)

/* A plan played through: its first step, and how far from the goal it then is at the start of each period. The errors
 * are quarters of a us: the sum of the squares of eleven fits 32 bits. */
typedef struct {
    int16_t step;
    int16_t error[MB_GOAL_PERIODS + 1u];
    int32_t cost;
} played;

static inline int16_t within(int16_t value, int16_t low, int16_t high)
{
    return value < low ? low : value > high ? high : value;
}

bool mb_can_follow(const mb_view *view, const mb_goal *goal)
{
    int16_t position = view->position;
    int16_t step = view->step;
    for (uint8_t i = 0; i <= goal->known; i++) {
        const int16_t next = (int16_t)(goal->eighths[i] - position);
        const int16_t change = (int16_t)(next - step);
        if (next > view->speed || next < -view->speed || change > view->accel || change < -view->accel) {
            return false;
        }
        position = goal->eighths[i];
        step = next;
    }
    return true;
}

/* The longest first step of a move that comes to rest after a distance: n steps, each by accel shorter than the one
 * before it, cover n first - n (n - 1) / 2 accel. */
static int16_t stopping_step(const mb_view *view, uint16_t distance)
{
    const uint16_t accel = (uint16_t)view->accel;
    if (distance <= accel) {
        return (int16_t)distance;
    }
    if (distance >= (uint16_t)view->brake) {
        return view->speed;
    }
    uint8_t n = 2;
    uint16_t shortening = accel; /* n (n - 1) / 2 accel */
    while (distance - shortening > (uint16_t)(n * accel) && n < 16u) {
        shortening = (uint16_t)(shortening + n * accel);
        n++;
    }
    const uint16_t all = (uint16_t)(distance + shortening);
    return (int16_t)(n == 2 ? all >> 1 : all / n);
}

/* The step that follows the goal, as far as speed and acceleration allow. */
static inline int16_t following(const mb_view *view, int16_t gap, int16_t slope, int16_t step)
{
    const int16_t wanted =
        (int16_t)(gap < 0 ? slope - stopping_step(view, (uint16_t)-gap) : slope + stopping_step(view, (uint16_t)gap));
    const int16_t allowed = within((int16_t)(wanted - step), (int16_t)-view->accel, view->accel);
    return within((int16_t)(step + allowed), (int16_t)-view->speed, view->speed);
}

static int16_t first_step(const mb_view *view, const mb_goal *goal, uint8_t ahead)
{
    const int16_t *wanted = &goal->eighths[ahead];
    const int16_t slope = ahead < goal->known ? (int16_t)(wanted[1] - wanted[0]) : 0;
    return following(view, (int16_t)(*wanted - slope - view->position), slope, view->step);
}

/* Follows the goal of some periods later; the first step is given. */
static void play(const mb_view *view, const mb_goal *goal, uint8_t ahead, int16_t step, played *plan)
{
    const int16_t *const last = &goal->eighths[goal->known];
    const int16_t *wanted = &goal->eighths[ahead];
    const int16_t *nearest = goal->eighths;
    int16_t *error = plan->error;
    int16_t position = view->position;
    int16_t slope = ahead < goal->known ? (int16_t)(wanted[1] - wanted[0]) : 0;
    plan->step = step;
    plan->cost = 0;
    for (;;) {
        position = within((int16_t)(position + step), view->shortest, view->longest);
        *error = (int16_t)((position - *nearest) >> 1);
        plan->cost += (int32_t)*error * *error;
        if (nearest == last) {
            return;
        }
        nearest++;
        error++;
        wanted += wanted < last;
        if (wanted < last) {
            slope = (int16_t)(wanted[1] - wanted[0]); /* at the end of what is known it goes on as it was */
        }
        step = following(view, (int16_t)(*wanted - slope - position), slope, step);
    }
}

static inline int16_t moved(int16_t difference, int16_t share)
{
    return (int16_t)((int32_t)difference * share >> 8);
}

/* Mixes a plan with another one if that betters it. With e and o their errors, that share of the other is best that
 * makes the sum of (e - share (e - o))^2 least. */
static void mix(played *plan, const played *other, uint8_t known)
{
    int32_t along = 0, apart = 0;
    for (uint8_t i = 0; i <= known; i++) {
        const int16_t difference = (int16_t)(plan->error[i] - other->error[i]);
        along += (int32_t)plan->error[i] * difference;
        apart += (int32_t)difference * difference;
    }
    if (along <= 0) {
        return;
    }
    if (along > apart) {
        along = apart;
    }
    while (apart > 0xFFFF) {
        apart >>= 8;
        along >>= 8;
    }
    uint16_t whole = (uint16_t)apart, part = (uint16_t)along;
    while (whole > 0xFF) {
        whole >>= 1;
        part >>= 1;
    }
    const int16_t share = (int16_t)(part * WHOLE / whole);
    plan->step = (int16_t)(plan->step + moved((int16_t)(other->step - plan->step), share));
    for (uint8_t i = 0; i <= known; i++) {
        plan->error[i] = (int16_t)(plan->error[i] + moved((int16_t)(other->error[i] - plan->error[i]), share));
    }
}

static inline void keep_within(int16_t *least, int16_t *most, int16_t low, int16_t high)
{
    *least = low > *least ? low : *least;
    *most = high < *most ? high : *most;
}

/* How far value may change in either direction and stay within limit. */
static inline void keep_size(int16_t *least, int16_t *most, int16_t value, int16_t limit)
{
    keep_within(least, most, (int16_t)(-limit - value), (int16_t)(limit - value));
}

/* A plan that is being refined, in eighths: the step into each period, and the error there. Every change keeps to speed
 * and acceleration; a step that rounding in a mix has brought a little over them stays as it is. */
typedef struct {
    int16_t error[MB_GOAL_PERIODS + 1u];
    int16_t step[MB_GOAL_PERIODS + 1u];
    uint8_t count;
} course;

static int16_t change_at(const mb_view *view, const course *c, uint8_t i)
{
    return (int16_t)(c->step[i] - (i > 0 ? c->step[i - 1] : view->step));
}

/* What betters a sum of squares most is the pull of the errors divided by the sum of the squares of their weights: 1, 1 + 4,
 * 1 + 4 + 9 ... where the errors grow by 1, 2, 3 ..., and their number where all grow alike. These are the powers of two
 * nearest to that: going a little too far or not quite far enough converges as well, and needs no division. */
static const uint8_t turn_log2[] = {0, 2, 4, 5, 6, 6, 7, 8, 8, 9, 9};
static const uint8_t shift_log2[] = {0, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3};

/* Makes all steps from one on longer, by as much as serves best: the errors grow by 1, 2, 3 ... times that. */
static void turn(const mb_view *view, course *c, uint8_t from)
{
    int16_t least = INT16_MIN, most = INT16_MAX;
    int32_t pull = 0;
    keep_size(&least, &most, change_at(view, c, from), view->accel);
    for (uint8_t i = from, n = 1; i < c->count; i++, n++) {
        pull -= (int32_t)c->error[i] * n;
        keep_size(&least, &most, c->step[i], view->speed);
    }
    if (least > 0 || most < 0) {
        return;
    }
    const int16_t by = within((int16_t)(pull >> turn_log2[c->count - from - 1]), least, most);
    for (uint8_t i = from, n = 1; i < c->count; i++, n++) {
        c->error[i] = (int16_t)(c->error[i] + n * by);
        c->step[i] = (int16_t)(c->step[i] + by);
    }
}

/* Makes one step longer: all errors from there on grow by as much. */
static void shift(const mb_view *view, course *c, uint8_t from)
{
    int16_t least = INT16_MIN, most = INT16_MAX;
    int32_t pull = 0;
    keep_size(&least, &most, change_at(view, c, from), view->accel);
    keep_size(&least, &most, c->step[from], view->speed);
    const int16_t after = change_at(view, c, (uint8_t)(from + 1));
    keep_within(&least, &most, (int16_t)(after - view->accel), (int16_t)(after + view->accel));
    for (uint8_t i = from; i < c->count; i++) {
        pull -= c->error[i];
    }
    if (least > 0 || most < 0) {
        return;
    }
    const int16_t by = within((int16_t)(pull >> shift_log2[c->count - from - 1]), least, most);
    c->step[from] = (int16_t)(c->step[from] + by);
    for (uint8_t i = from; i < c->count; i++) {
        c->error[i] = (int16_t)(c->error[i] + by);
    }
}

/* The first step of a plan after it was bettered little by little. */
static int16_t refined(const mb_view *view, const mb_goal *goal, const played *plan)
{
    course c;
    int16_t before = view->position;
    c.count = (uint8_t)(goal->known + 1u);
    for (uint8_t i = 0; i < c.count; i++) {
        c.error[i] = (int16_t)(2 * plan->error[i]);
        c.step[i] = (int16_t)(goal->eighths[i] + c.error[i] - before);
        before = (int16_t)(goal->eighths[i] + c.error[i]);
    }
    for (uint8_t round = 0; round < REFINEMENTS; round++) {
        for (uint8_t i = 0; i < goal->known; i++) {
            turn(view, &c, i);
            shift(view, &c, i);
        }
        turn(view, &c, goal->known);
    }
    return c.step[0];
}

int16_t mb_foresee(const mb_view *view, const mb_goal *goal)
{
    played plan[MOST_PLANS];
    uint8_t count = 1, best = 0, ahead = 0;
    play(view, goal, 0, first_step(view, goal, 0), &plan[0]);
    if (goal->known < FEWEST_TO_ANTICIPATE) {
        return refined(view, goal, &plan[0]);
    }
    for (uint8_t p = 0; p < sizeof plan_ahead; p++) {
        if (plan_ahead[p] <= goal->known) {
            play(view, goal, plan_ahead[p], first_step(view, goal, plan_ahead[p]), &plan[count]);
            if (plan[count].cost < plan[best].cost) {
                best = count;
                ahead = plan_ahead[p];
            }
            count++;
        }
    }
    int16_t balance = 0; /* on which side of the goal the best plan is, all in all */
    for (uint8_t i = 0; i <= goal->known; i++) {
        balance = (int16_t)(balance + (plan[best].error[i] >> 3));
    }
    const int16_t hardest = (int16_t)(balance > 0 ? view->step - view->accel : view->step + view->accel);
    play(view, goal, ahead, within(hardest, (int16_t)-view->speed, view->speed), &plan[count]);
    count++;
    for (uint8_t p = 0; p < count; p++) {
        if (p != best) {
            mix(&plan[best], &plan[p], goal->known);
        }
    }
    return refined(view, goal, &plan[best]);
}
