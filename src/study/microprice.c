/*
 * Stoikov's micro-price: a Markov chain of imbalance and spread, and what the mid does from there.
 *
 * Letters as in the paper: Q chances of a next state without a move of the mid, R those with one,
 * G1 the expected first move, B = (I - Q)^-1 R, G* = sum of B^k G1.
 */
#include "study_internal.h"

#include <lobflow/stats.h>

#include <math.h>
#include <string.h>

#define DEFAULT_IMBALANCES 9
#define DEFAULT_SPREADS 3
#define DEFAULT_TOLERANCE_TICKS 1e-9
#define DEFAULT_TERMS_MAX 10000

#define NO_STATE SIZE_MAX

/* Transitions between the n states, then the chain. */
typedef struct chain {
    size_t n;
    double *quiet;    /* [n][n] transitions without a move; then I - Q, then its factors */
    double *moving;   /* [n][n] with one; then R */
    double *moved;    /* [n][n] sum of those moves, ticks */
    double *first;    /* [n] G1 */
    double *term;     /* [n] B^k G1 */
    double *sum;      /* [n] G* */
    double *next;     /* [n] */
    size_t *pivots;   /* [n] rows exchanged while factoring */
    bool *is_usable;  /* [n] a move was seen from here, or from where one gets to */
    bool *is_reached; /* [n] */
} chain;

static void chain_clear(const lf_allocator *allocator, chain *c)
{
    lf_release(allocator, c->quiet);
    lf_release(allocator, c->pivots);
    lf_release(allocator, c->is_usable);
}

static lf_status chain_create(const lf_allocator *allocator, size_t n, chain *c)
{
    *c = (chain){.n = n};
    c->quiet = lf_allocate(allocator, 3 * n * n + 4 * n, sizeof *c->quiet);
    c->pivots = lf_allocate(allocator, n, sizeof *c->pivots);
    c->is_usable = lf_allocate(allocator, 2 * n, sizeof *c->is_usable);
    if (c->quiet == NULL || c->pivots == NULL || c->is_usable == NULL) {
        chain_clear(allocator, c);
        return LF_NOMEM;
    }
    c->moving = c->quiet + n * n;
    c->moved = c->moving + n * n;
    c->first = c->moved + n * n;
    c->term = c->first + n;
    c->sum = c->term + n;
    c->next = c->sum + n;
    c->is_reached = c->is_usable + n;
    return LF_OK;
}

/* ---- states ----------------------------------------------------------------------------- */

static double imbalance_of(int64_t bid_lots, int64_t ask_lots)
{
    return ((double)bid_lots - (double)ask_lots) / ((double)bid_lots + (double)ask_lots);
}

static size_t state_of(const lf_feature_microprice *fit, const lf_study_states *rows, size_t i)
{
    if (!lfi_study_state_valid(rows, i)) {
        return NO_STATE;
    }
    const int32_t spread =
        lf_feature_microprice_spread(fit, rows->ask_ticks[i] - rows->bid_ticks[i]);
    if (spread < 0) {
        return NO_STATE;
    }
    const double imbalance = imbalance_of(rows->bid_lots[i], rows->ask_lots[i]);
    return (size_t
    )(spread * fit->imbalance_count + lf_feature_microprice_imbalance(fit, imbalance));
}

static size_t mirrored(const lf_feature_microprice *fit, size_t state)
{
    const size_t m = (size_t)fit->imbalance_count;
    return state / m * m + (m - 1 - state % m);
}

/* Bounds such that each of the states would hold as many rows, mirrored ones included. */
static lf_status set_bounds(
    const lf_study_states *rows, const lf_study_microprice_options *o, lf_feature_microprice *fit
)
{
    const int32_t half = fit->imbalance_count / 2;
    for (int32_t j = 0; j < half; j++) {
        fit->bounds[j] = (2 * j + 1) / (double)fit->imbalance_count;
    }
    if (o->has_equal_width) {
        return LF_OK;
    }
    double *sizes = lf_allocate(o->allocator, rows->count + 1, sizeof *sizes);
    if (sizes == NULL) {
        return LF_NOMEM;
    }
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (state_of(fit, rows, i) != NO_STATE) {
            sizes[n++] = fabs(imbalance_of(rows->bid_lots[i], rows->ask_lots[i]));
        }
    }
    lf_stats_sort(sizes, n);
    for (int32_t j = 0; j < half && n > 0; j++) {
        fit->bounds[j] = lf_stats_quantile(sizes, n, (2 * j + 1) / (double)fit->imbalance_count);
    }
    lf_release(o->allocator, sizes);
    return LF_OK;
}

/* ---- transitions ------------------------------------------------------------------------ */

static void add_transition(chain *c, size_t from, size_t to, int64_t move_ticks2)
{
    if (move_ticks2 == 0) {
        c->quiet[from * c->n + to] += 1;
    } else {
        c->moving[from * c->n + to] += 1;
        c->moved[from * c->n + to] += (double)move_ticks2 / 2;
    }
}

static void count_transitions(
    const lf_study_states *rows,
    const lf_study_microprice_options *o,
    const lf_feature_microprice *fit,
    chain *c
)
{
    size_t before = NO_STATE;
    int64_t mid2_before = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const size_t now = state_of(fit, rows, i);
        const int64_t mid2 = now != NO_STATE ? rows->bid_ticks[i] + rows->ask_ticks[i] : 0;
        const int64_t move = mid2 - mid2_before, size = move < 0 ? -move : move;
        const bool is_small = o->move_ticks2_max == 0 || size <= o->move_ticks2_max;
        if (before != NO_STATE && now != NO_STATE && is_small) {
            add_transition(c, before, now, move);
            if (!o->keeps_asymmetry) {
                add_transition(c, mirrored(fit, before), mirrored(fit, now), -move);
            }
        }
        before = now;
        mid2_before = mid2;
    }
}

/* Marks the states from which a move to a usable state is reached through usable states. */
static bool mark_reached(chain *c)
{
    const size_t n = c->n;
    memset(c->is_reached, 0, n * sizeof *c->is_reached);
    for (bool grows = true; grows;) {
        grows = false;
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n && c->is_usable[i] && !c->is_reached[i]; j++) {
                const bool moves = c->moving[i * n + j] > 0 && c->is_usable[j];
                if (moves || (c->quiet[i * n + j] > 0 && c->is_reached[j])) {
                    c->is_reached[i] = grows = true;
                }
            }
        }
    }
    return memcmp(c->is_reached, c->is_usable, n * sizeof *c->is_usable) == 0;
}

/*
 * Keeps the states for which the sums exist, and makes shares of their transitions: quiet becomes
 * I - Q, moving R, and first the expected move of one step.
 */
static void make_shares(chain *c, lf_study_microprice *fit)
{
    const size_t n = c->n;
    double all = 0, moves = 0;
    memset(c->is_usable, 1, n * sizeof *c->is_usable);
    while (!mark_reached(c)) {
        memcpy(c->is_usable, c->is_reached, n * sizeof *c->is_usable);
    }
    for (size_t i = 0; i < n; i++) {
        double total = 0;
        for (size_t j = 0; j < n; j++) {
            const size_t k = i * n + j;
            if (!c->is_usable[i] || !c->is_usable[j]) {
                c->quiet[k] = c->moving[k] = c->moved[k] = 0;
            }
            total += c->quiet[k] + c->moving[k];
            moves += c->moving[k];
        }
        all += total;
        c->first[i] = 0;
        for (size_t j = 0; j < n; j++) {
            const size_t k = i * n + j;
            const double share = total > 0 ? 1 / total : 0;
            c->first[i] += c->moved[k] * share;
            c->moving[k] *= share;
            c->quiet[k] = (i == j ? 1 : 0) - c->quiet[k] * share;
        }
    }
    fit->transition_count = (int64_t)all;
    fit->move_count = (int64_t)moves;
}

/* ---- linear algebra --------------------------------------------------------------------- */

/* Factors I - Q in place with row exchanges; false when it is singular up to rounding. */
static bool factor(chain *c)
{
    const size_t n = c->n;
    double *a = c->quiet;
    for (size_t j = 0; j < n; j++) {
        size_t pivot = j;
        for (size_t i = j + 1; i < n; i++) {
            pivot = fabs(a[i * n + j]) > fabs(a[pivot * n + j]) ? i : pivot;
        }
        c->pivots[j] = pivot;
        if (!(fabs(a[pivot * n + j]) > 1e-14)) {
            return false;
        }
        for (size_t k = 0; k < n && pivot != j; k++) {
            const double kept = a[j * n + k];
            a[j * n + k] = a[pivot * n + k];
            a[pivot * n + k] = kept;
        }
        for (size_t i = j + 1; i < n; i++) {
            const double share = a[i * n + j] / a[j * n + j];
            a[i * n + j] = share;
            for (size_t k = j + 1; k < n && share != 0; k++) {
                a[i * n + k] -= share * a[j * n + k];
            }
        }
    }
    return true;
}

/* b becomes (I - Q)^-1 b. */
static void apply_inverse(const chain *c, double *b)
{
    const size_t n = c->n;
    for (size_t j = 0; j < n; j++) {
        const double kept = b[j];
        b[j] = b[c->pivots[j]];
        b[c->pivots[j]] = kept;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            b[i] -= c->quiet[i * n + k] * b[k];
        }
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) {
            b[i] -= c->quiet[i * n + k] * b[k];
        }
        b[i] /= c->quiet[i * n + i];
    }
}

/* G* term by term; the number of terms, or 0 when they do not vanish. */
static int32_t add_terms(chain *c, double tolerance, int32_t terms_max)
{
    const size_t n = c->n;
    apply_inverse(c, c->first);
    memcpy(c->term, c->first, n * sizeof *c->term);
    memset(c->sum, 0, n * sizeof *c->sum);
    for (int32_t count = 1; count <= terms_max; count++) {
        double largest = 0;
        for (size_t i = 0; i < n; i++) {
            c->sum[i] += c->term[i];
            largest = fmax(largest, fabs(c->term[i]));
        }
        if (largest <= tolerance) {
            return count;
        }
        for (size_t i = 0; i < n; i++) {
            c->next[i] = 0;
            for (size_t j = 0; j < n; j++) {
                c->next[i] += c->moving[i * n + j] * c->term[j];
            }
        }
        apply_inverse(c, c->next);
        memcpy(c->term, c->next, n * sizeof *c->term);
    }
    return 0;
}

/* ---- the calls -------------------------------------------------------------------------- */

/* Half the difference of a state and its mirror image: what rounding left over goes. */
static double antisymmetric(const double *values, size_t state, size_t mirror)
{
    return (values[state] - values[mirror]) / 2;
}

static void fill_offsets(const chain *c, bool keeps_asymmetry, lf_study_microprice *fit)
{
    lf_feature_microprice *p = &fit->parameters;
    for (size_t s = 0; s < LF_FEATURE_SPREADS_MAX; s++) {
        for (size_t m = 0; m < LF_FEATURE_IMBALANCES_MAX; m++) {
            p->offset_ticks[s][m] = fit->first_ticks[s][m] = NAN;
        }
    }
    for (size_t i = 0; i < c->n; i++) {
        const size_t s = i / (size_t)p->imbalance_count, m = i % (size_t)p->imbalance_count;
        if (c->is_usable[i]) {
            const size_t mirror = mirrored(p, i);
            p->offset_ticks[s][m] = keeps_asymmetry ? c->sum[i] : antisymmetric(c->sum, i, mirror);
            fit->first_ticks[s][m] =
                keeps_asymmetry ? c->first[i] : antisymmetric(c->first, i, mirror);
        }
    }
    if (!keeps_asymmetry) {
        fit->transition_count /= 2;
        fit->move_count /= 2;
    }
}

static lf_status fit_chain(
    const lf_study_states *rows,
    const lf_study_microprice_options *o,
    chain *c,
    lf_study_microprice *fit,
    lf_error *error
)
{
    count_transitions(rows, o, &fit->parameters, c);
    make_shares(c, fit);
    if (fit->move_count == 0) {
        return lf_error_set(
            error,
            LF_DATA,
            "the micro-price needs moves of the mid; %zu rows have none",
            rows->count
        );
    }
    if (factor(c)) {
        fit->term_count = add_terms(c, o->tolerance_ticks, o->terms_max);
    }
    if (fit->term_count == 0) {
        return lf_error_set(
            error,
            LF_DATA,
            "the sum of the micro-price does not converge: more rows, fewer states or mirrored "
            "rows "
            "help"
        );
    }
    fill_offsets(c, o->keeps_asymmetry, fit);
    return LF_OK;
}

static bool complete(lf_study_microprice_options *o)
{
    o->imbalance_count = o->imbalance_count != 0 ? o->imbalance_count : DEFAULT_IMBALANCES;
    o->spread_count = o->spread_count != 0 ? o->spread_count : DEFAULT_SPREADS;
    o->tolerance_ticks = o->tolerance_ticks != 0 ? o->tolerance_ticks : DEFAULT_TOLERANCE_TICKS;
    o->terms_max = o->terms_max != 0 ? o->terms_max : DEFAULT_TERMS_MAX;
    return o->imbalance_count >= 1 && o->imbalance_count <= LF_FEATURE_IMBALANCES_MAX &&
           o->imbalance_count % 2 == 1 && o->spread_count >= 1 &&
           o->spread_count <= LF_FEATURE_SPREADS_MAX && o->tolerance_ticks > 0 &&
           o->terms_max > 0 && o->move_ticks2_max >= 0;
}

lf_status lf_study_microprice_fit(
    const lf_study_states *states,
    const lf_study_microprice_options *options,
    lf_study_microprice *out,
    lf_error *error
)
{
    lf_study_microprice_options o = {0};
    if (options != NULL) {
        o = *options;
    }
    if (!complete(&o)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "the micro-price takes an odd number of imbalances up to %d, 1 to %d spreads, and "
            "bounds that are not negative",
            LF_FEATURE_IMBALANCES_MAX,
            LF_FEATURE_SPREADS_MAX
        );
    }
    lf_study_microprice fit = {
        .parameters =
            {
                .imbalance_count = o.imbalance_count,
                .spread_count = o.spread_count,
                .pools_wide = o.pools_wide,
            },
    };
    chain c;
    lf_status status = set_bounds(states, &o, &fit.parameters);
    if (status == LF_OK) {
        status = chain_create(o.allocator, (size_t)(o.imbalance_count * o.spread_count), &c);
    }
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the micro-price");
    }
    status = fit_chain(states, &o, &c, &fit, error);
    chain_clear(o.allocator, &c);
    if (status == LF_OK) {
        *out = fit;
    }
    return status;
}
