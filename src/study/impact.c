/* Collects one day's observations on a grid and fits the blocks, the depth law and the queue logit.
 */
#include "study_internal.h"

#include <lobflow/book.h>
#include <lobflow/stats.h>

#include <math.h>
#include <string.h>

#define DEFAULT_WINDOW_NS (10 * LF_NS_PER_SECOND)
#define DEFAULT_BLOCK_NS (30 * LF_NS_PER_MINUTE)

/* One move of the mid with the queue imbalance before it. */
typedef struct move {
    double imbalance_uniform; /* at a time drawn evenly between this move and the one before */
    double imbalance_last;    /* of the state that the move ended */
    double up;
} move;

struct lf_study {
    lf_allocator memory;
    const lf_allocator *allocator;
    lf_instrument instrument;
    lf_study_options options;
    lfi_study_bin *bins; /* [block_count * bins_per_block] */
    lf_study_block *blocks;
    size_t bins_per_block, block_count, bin_count;
    lf_quotes previous; /* last valid state */
    bool has_previous;
    lf_quotes shown; /* state of the event before, valid or not */
    bool has_shown;
    int64_t mid2; /* of previous, 0 before the first */
    size_t bin_now;
    int64_t tick_sign, last_price_units;
    move *moves;
    size_t move_count, move_capacity;
    lf_random random;
    bool interval_open; /* a move was seen, so that the next interval has a begin */
    double drawn;       /* the draw within the open interval */
    int64_t drawn_total_ns, state_since_ns;
};

static double imbalance(const lf_quotes *quotes)
{
    const double bid = (double)quotes->bid_lots[0], ask = (double)quotes->ask_lots[0];
    return (bid - ask) / (bid + ask);
}

lf_status lf_study_create(
    const lf_instrument *instrument,
    const lf_study_options *options,
    lf_study **out,
    lf_error *error
)
{
    *out = NULL;
    const lf_allocator *allocator = options != NULL ? options->allocator : NULL;
    lf_study *study = lf_allocate(allocator, 1, sizeof *study);
    if (study == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the impact study");
    }
    if (options != NULL) {
        study->options = *options;
    }
    if (allocator != NULL) {
        study->memory = *allocator;
        study->allocator = &study->memory;
    }
    lf_study_options *o = &study->options;
    study->instrument = *instrument;
    o->window_ns = o->window_ns != 0 ? o->window_ns : DEFAULT_WINDOW_NS;
    o->block_ns = o->block_ns != 0 ? o->block_ns : DEFAULT_BLOCK_NS;
    o->from_ns = o->from_ns != 0 ? o->from_ns : instrument->session_open_ns;
    o->to_ns = o->to_ns != 0 ? o->to_ns : instrument->session_close_ns;
    if (o->window_ns <= 0 || o->block_ns % o->window_ns != 0 ||
        o->to_ns - o->from_ns < o->block_ns) {
        lf_study_destroy(study);
        return lf_error_set(
            error,
            LF_RANGE,
            "the impact study needs a window that divides %lld minutes and hours of at least that "
            "length",
            (long long)(o->block_ns / LF_NS_PER_MINUTE)
        );
    }
    study->bins_per_block = (size_t)(o->block_ns / o->window_ns);
    study->block_count = (size_t)((o->to_ns - o->from_ns) / o->block_ns);
    study->bin_count = study->bins_per_block * study->block_count;
    study->bins = lf_allocate(allocator, study->bin_count, sizeof *study->bins);
    study->blocks = lf_allocate(allocator, study->block_count, sizeof *study->blocks);
    if (study->bins == NULL || study->blocks == NULL) {
        lf_study_destroy(study);
        return lf_error_set(error, LF_NOMEM, "no memory for the impact study");
    }
    lf_random_seed(&study->random, o->seed, 0);
    *out = study;
    return LF_OK;
}

void lf_study_destroy(lf_study *study)
{
    if (study == NULL) {
        return;
    }
    const lf_allocator memory = study->memory;
    const lf_allocator *allocator = study->allocator != NULL ? &memory : NULL;
    lf_release(allocator, study->bins);
    lf_release(allocator, study->blocks);
    lf_release(allocator, study->moves);
    lf_release(allocator, study);
}

/* Close the bins that end before an instant: the mid stays what it was. */
static void advance(lf_study *study, size_t bin)
{
    while (study->bin_now < bin && study->bin_now < study->bin_count) {
        study->bins[study->bin_now].mid2_end = study->mid2;
        study->bin_now++;
        if (study->bin_now < study->bin_count) {
            study->bins[study->bin_now].mid2_begin = study->mid2;
        }
    }
}

/* Lee-Ready for feeds that do not tell; the tick rule remembers the last change of price. */
static int64_t trade_sign(lf_study *study, const lf_trade *trade)
{
    if (study->last_price_units != 0 && trade->price_units != study->last_price_units) {
        study->tick_sign = trade->price_units > study->last_price_units ? 1 : -1;
    }
    study->last_price_units = trade->price_units;
    if (trade->sign != LF_SIGN_UNKNOWN) {
        return trade->sign;
    }
    const int64_t mid_units2 = study->mid2 * study->instrument.units_per_tick;
    if (study->mid2 == 0 || 2 * trade->price_units == mid_units2) {
        return study->tick_sign;
    }
    return 2 * trade->price_units > mid_units2 ? 1 : -1;
}

static void take_trades(lf_study *study, const lf_event *event, const lf_trade *trades, bool counts)
{
    int64_t signed_lots = 0;
    for (uint32_t i = 0; i < event->trade_count; i++) {
        signed_lots += trade_sign(study, &trades[i]) * trades[i].size_lots;
    }
    if (counts) {
        study->bins[study->bin_now].trade_imbalance += signed_lots;
    }
}

static void take_flow(lfi_study_bin *bin, const lf_quotes *from, const lf_quotes *to, size_t levels)
{
    for (size_t m = 0; m < levels; m++) {
        const int64_t flow = lf_book_ofi(from, to, (int)m);
        bin->ofi[m] += flow;
        if (m == 0 && from->bid_ticks[0] == to->bid_ticks[0] &&
            from->ask_ticks[0] == to->ask_ticks[0]) {
            bin->ofi_no_price_change += flow;
        }
    }
}

static void take_depth(lfi_study_bin *bin, const lf_quotes *quotes, size_t levels, bool is_update)
{
    bin->row_count++;
    for (size_t m = 0; m < levels; m++) {
        bin->row_depth2 += quotes->bid_lots[m] + quotes->ask_lots[m];
    }
    if (is_update) {
        bin->update_count++;
        bin->update_depth2 += quotes->bid_lots[0] + quotes->ask_lots[0];
    }
}

/* The state before now held its imbalance for some time: keep it with that time's share. */
static void draw(lf_study *study, int64_t now_ns)
{
    const int64_t held_ns = now_ns - study->state_since_ns;
    study->state_since_ns = now_ns;
    if (!study->interval_open || held_ns <= 0) {
        return;
    }
    study->drawn_total_ns += held_ns;
    if (lf_random_uniform(&study->random) * (double)study->drawn_total_ns < (double)held_ns) {
        study->drawn = imbalance(&study->previous);
    }
}

static lf_status take_move(lf_study *study, int64_t mid2)
{
    if (study->interval_open && study->drawn_total_ns > 0) {
        const lf_status status = lf_grow(
            study->allocator,
            (void **)&study->moves,
            &study->move_capacity,
            study->move_count + 1,
            sizeof *study->moves
        );
        if (status != LF_OK) {
            return status;
        }
        study->moves[study->move_count++] = (move){
            .imbalance_uniform = study->drawn,
            .imbalance_last = imbalance(&study->previous),
            .up = mid2 > study->mid2 ? 1 : 0,
        };
    }
    study->interval_open = true;
    study->drawn_total_ns = 0;
    return LF_OK;
}

/* True for what a level-1 file would hold: a changed best quote, or a hidden execution. */
static bool is_best_update(const lf_study *study, const lf_event *event)
{
    const lf_quotes *a = &study->shown, *b = &event->quotes;
    return !study->has_shown || event->kind == LF_EVENT_HIDDEN ||
           a->bid_ticks[0] != b->bid_ticks[0] || a->bid_lots[0] != b->bid_lots[0] ||
           a->ask_ticks[0] != b->ask_ticks[0] || a->ask_lots[0] != b->ask_lots[0];
}

static lf_status take_event(lf_study *study, const lf_event *event, const lf_trade *trades)
{
    const lf_study_options *o = &study->options;
    const int64_t ts = event->ts_exchange_ns;
    const bool counts = ts > o->from_ns && ts < o->to_ns;
    const size_t levels = (size_t)study->instrument.level_count;
    if (counts) {
        advance(study, (size_t)((ts - o->from_ns - 1) / o->window_ns));
    }
    if (counts && study->bin_now >= study->bin_count) {
        return LF_OK;
    }
    lfi_study_bin *bin = &study->bins[study->bin_now];
    if ((event->flags & LF_EVENT_RESET) != 0) {
        study->has_previous = false;
        study->interval_open = false;
    }
    take_trades(study, event, trades, counts);
    const bool is_update = is_best_update(study, event);
    study->shown = event->quotes;
    study->has_shown = true;
    if (!lf_book_event_valid(event)) {
        return LF_OK;
    }
    const int64_t mid2 = lf_book_mid2(&event->quotes);
    if (counts) {
        take_depth(bin, &event->quotes, levels, is_update);
        if (study->has_previous) {
            take_flow(bin, &study->previous, &event->quotes, levels);
            draw(study, ts);
            if (mid2 != study->mid2) {
                const lf_status status = take_move(study, mid2);
                if (status != LF_OK) {
                    return status;
                }
            }
        }
    }
    study->state_since_ns = ts;
    study->previous = event->quotes;
    study->has_previous = true;
    study->mid2 = mid2;
    if (!counts && ts <= o->from_ns) {
        study->bins[0].mid2_begin = mid2;
    }
    return LF_OK;
}

lf_status lf_study_push(lf_study *study, const lf_batch *batch)
{
    for (size_t i = 0; i < batch->event_count; i++) {
        const lf_event *event = &batch->events[i];
        if (event->ts_exchange_ns >= study->options.to_ns) {
            break;
        }
        const lf_status status = take_event(study, event, batch->trades + event->trade_first);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

/* x and y of a block's regressions: [bins_per_block] each. */
typedef struct columns {
    double *change, *ofi, *trade, *quiet;
} columns;

static void fit_block(lf_study *study, size_t index, columns c)
{
    const lfi_study_bin *bins = &study->bins[index * study->bins_per_block];
    lf_study_block *block = &study->blocks[index];
    size_t n = 0;
    int64_t updates = 0, depth2 = 0;
    for (size_t i = 0; i < study->bins_per_block; i++) {
        updates += bins[i].update_count;
        depth2 += bins[i].update_depth2;
        if (bins[i].mid2_begin == 0 || bins[i].mid2_end == 0) {
            continue;
        }
        c.change[n] = (double)(bins[i].mid2_end - bins[i].mid2_begin) / 2;
        c.ofi[n] = (double)bins[i].ofi[0];
        c.trade[n] = (double)bins[i].trade_imbalance;
        c.quiet[n] = (double)bins[i].ofi_no_price_change;
        n++;
    }
    const lfi_study_line line = lfi_study_ols(c.ofi, c.change, n);
    *block = (lf_study_block){
        .begin_ns = study->options.from_ns + (int64_t)index * study->options.block_ns,
        .observation_count = (int64_t)n,
        .alpha = line.alpha,
        .beta = line.beta,
        .beta_se = line.beta_se,
        .r2_ofi = line.r2,
        .r2_trade_imbalance = lfi_study_ols(c.trade, c.change, n).r2,
        .r2_ofi_no_price_change = lfi_study_ols(c.quiet, c.change, n).r2,
        .depth_mean = updates > 0 ? (double)depth2 / (2.0 * (double)updates) : NAN,
    };
}

static double block_mean(const lf_study *study, size_t offset)
{
    double sum = 0;
    int64_t count = 0;
    for (size_t i = 0; i < study->block_count; i++) {
        double value;
        memcpy(&value, (const char *)&study->blocks[i] + offset, sizeof value);
        if (!isnan(value)) {
            sum += value;
            count++;
        }
    }
    return count > 0 ? sum / (double)count : NAN;
}

/* beta = c / depth^lambda in the two steps of Cont, Kukanov, Stoikov; x and y are work space. */
static void fit_depth_law(const lf_study *study, double *x, double *y, lf_study_result *result)
{
    size_t n = 0;
    for (size_t i = 0; i < study->block_count; i++) {
        const lf_study_block *block = &study->blocks[i];
        if (block->beta > 0 && block->depth_mean > 0) {
            x[n] = log(block->depth_mean);
            y[n++] = log(block->beta);
        }
    }
    result->lambda = -lfi_study_ols(x, y, n).beta;
    for (size_t i = 0; i < n; i++) {
        x[i] = exp(-result->lambda * x[i]);
        y[i] = exp(y[i]);
    }
    result->c = lfi_study_ols(x, y, n).beta;
}

static void fit_next(const lf_study *study, double *x, double *y, lf_study_result *result)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < study->bin_count; i++) {
        const lfi_study_bin *now = &study->bins[i], *next = &study->bins[i + 1];
        if (now->mid2_begin != 0 && next->mid2_begin != 0) {
            x[n] = (double)now->ofi[0];
            y[n++] = (double)(next->mid2_end - next->mid2_begin) / 2;
        }
    }
    result->r2_next = lfi_study_ols(x, y, n).r2;
}

static lf_status fit_queue(lf_study *study, lf_study_result *result)
{
    const size_t n = study->move_count;
    result->move_count = (int64_t)n;
    double *memory = lf_allocate(study->allocator, 3 * (n + 1), sizeof *memory);
    if (memory == NULL) {
        return LF_NOMEM;
    }
    double *uniform = memory, *last = memory + n, *up = memory + 2 * n;
    for (size_t i = 0; i < n; i++) {
        uniform[i] = study->moves[i].imbalance_uniform;
        last[i] = study->moves[i].imbalance_last;
        up[i] = study->moves[i].up;
    }
    lf_status status = lf_stats_auc(study->allocator, uniform, up, n, &result->auc_queue_imbalance);
    if (status == LF_OK) {
        status = lf_stats_auc(study->allocator, last, up, n, &result->auc_queue_imbalance_last);
    }
    if (!lfi_study_logit(uniform, up, n, &result->logit_intercept, &result->logit_slope)) {
        result->logit_intercept = result->logit_slope = NAN;
    }
    lf_release(study->allocator, memory);
    return status;
}

static void fit_means(const lf_study *study, lf_study_result *result)
{
    result->block_count = study->block_count;
    result->level_count = study->instrument.level_count;
    result->r2_ofi = block_mean(study, offsetof(lf_study_block, r2_ofi));
    result->r2_trade_imbalance = block_mean(study, offsetof(lf_study_block, r2_trade_imbalance));
    result->r2_ofi_no_price_change =
        block_mean(study, offsetof(lf_study_block, r2_ofi_no_price_change));
    result->beta_mean = block_mean(study, offsetof(lf_study_block, beta));
    result->depth_mean = block_mean(study, offsetof(lf_study_block, depth_mean));
}

lf_status lf_study_finish(
    lf_study *study, lf_study_result *result, const lf_study_block **blocks, lf_error *error
)
{
    if (study->mid2 == 0) {
        return lf_error_set(
            error, LF_DATA, "the impact study found no valid book in the hours asked for"
        );
    }
    advance(study, study->bin_count);
    /* The longest columns are those of the next-interval regression; a block's four are shorter. */
    const size_t longest = 4 * study->bins_per_block + study->bin_count + study->block_count;
    double *work = lf_allocate(study->allocator, 2 * longest, sizeof *work);
    if (work == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the impact study");
    }
    const size_t n = study->bins_per_block;
    for (size_t i = 0; i < study->block_count; i++) {
        fit_block(study, i, (columns){work, work + n, work + 2 * n, work + 3 * n});
    }
    *result = (lf_study_result){0};
    fit_means(study, result);
    fit_depth_law(study, work, work + longest, result);
    fit_next(study, work, work + longest, result);
    lf_release(study->allocator, work);
    lf_status status = fit_queue(study, result);
    if (status == LF_OK) {
        status = lfi_study_levels(
            study->allocator,
            study->bins,
            study->bins_per_block,
            study->block_count,
            (size_t)study->instrument.level_count,
            result
        );
    }
    *blocks = study->blocks;
    return status == LF_OK ? LF_OK : lf_error_set(error, status, "no memory for the impact study");
}
