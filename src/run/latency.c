/*
 * What latency costs: the same models trade the same days with each delay alone and with all at
 * once. Cells that agree on the feed's delay see the same rows and share a pass over the events.
 */
#include "holdout_internal.h"
#include "latency_internal.h"

#include <math.h>
#include <string.h>

/* How long after a fill the mid is asked what the fill was worth. */
#define AFTER_FILL_NS LF_NS_PER_SECOND

static const lf_order_kind entries[] = {LF_ORDER_KIND_MARKETABLE, LF_ORDER_KIND_PASSIVE};
#define ENTRY_COUNT (sizeof entries / sizeof entries[0])

/* A surface being made. */
typedef struct surface {
    const lf_run_job *job;
    const lf_span *spans;
    size_t span_count;
    const lfi_day_rows *days; /* for carries; NULL: none */
    bool in_sample;
    lfi_holdout holdout; /* days traded here that the model's training held out */
    lfi_cell *cells;     /* [cell_count] */
    size_t cell_count;
    size_t *shared; /* [shared_count] cells of the present pass */
    size_t shared_count;
    lf_backtest *backtest; /* of the present pass and symbol */
    size_t pass;
    size_t pass_count;
    char symbols[256];
    char currency[8];
    char first_date[11];
    char last_date[11];
    int64_t day_count;
    int64_t looks; /* above 0: held-out days are traded, and how often they were looked at */
} surface;

const char *lfi_leg_name(lfi_leg leg)
{
    static const char *const names[LFI_LEG_COUNT] = {
        "feed", "decision", "entry", "cancel", "response", "all"};
    return names[leg];
}

/* ---- cells ------------------------------------------------------------------------------ */

static int64_t feed_of(const lfi_cell *cell)
{
    return cell->leg == LFI_LEG_FEED || cell->leg == LFI_LEG_ALL ? cell->latency_ns : 0;
}

/* The cell without any delay stands once for each way to enter, as the first of "all". */
static lf_status make_cells(surface *s, const int64_t *latencies_ns, size_t count, lf_error *error)
{
    const size_t most = ENTRY_COUNT * (1 + LFI_LEG_COUNT * count);
    s->cells = lf_allocate(s->job->allocator, most, sizeof *s->cells);
    s->shared = lf_allocate(s->job->allocator, most, sizeof *s->shared);
    if (s->cells == NULL || s->shared == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for %zu cells.", most);
    }
    for (size_t e = 0; e < ENTRY_COUNT; e++) {
        s->cells[s->cell_count++] = (lfi_cell){.leg = LFI_LEG_ALL, .entry = entries[e]};
        for (int leg = 0; leg < LFI_LEG_COUNT; leg++) {
            for (size_t i = 0; i < count; i++) {
                if (latencies_ns[i] > 0) {
                    s->cells[s->cell_count++] = (lfi_cell){
                        .leg = (lfi_leg)leg,
                        .latency_ns = latencies_ns[i],
                        .entry = entries[e],
                    };
                }
            }
        }
    }
    return LF_OK;
}

static void set_latency(const lfi_cell *cell, lf_latency_options *out)
{
    const bool all = cell->leg == LFI_LEG_ALL;
    const int64_t delay = cell->latency_ns;
    *out = (lf_latency_options){
        .feed_ns = feed_of(cell),
        .decision_ns = all || cell->leg == LFI_LEG_DECISION ? delay : 0,
        .entry_ns = all || cell->leg == LFI_LEG_ENTRY ? delay : 0,
        .cancel_ns = all || cell->leg == LFI_LEG_CANCEL ? delay : 0,
        .response_ns = all || cell->leg == LFI_LEG_RESPONSE ? delay : 0,
    };
}

/* The cells that see the feed with a delay. */
static void choose_cells(surface *s, int64_t feed_ns)
{
    s->shared_count = 0;
    for (size_t i = 0; i < s->cell_count; i++) {
        if (feed_of(&s->cells[i]) == feed_ns) {
            s->shared[s->shared_count++] = i;
        }
    }
}

static lf_status create_backtest(surface *s, lf_error *error)
{
    const lf_config *const config = s->job->config;
    lf_strategy_options *const strategies =
        lf_allocate(s->job->allocator, s->shared_count, sizeof *strategies);
    if (strategies == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for %zu strategies.", s->shared_count);
    }
    for (size_t i = 0; i < s->shared_count; i++) {
        strategies[i] = (lf_strategy_options){
            .signal = config->signal,
            .execution = config->execution,
            .risk = config->risk,
        };
        (void)snprintf(strategies[i].name, sizeof strategies[i].name, "cell_%zu", s->shared[i]);
        strategies[i].execution.entry = s->cells[s->shared[i]].entry;
        set_latency(&s->cells[s->shared[i]], &strategies[i].execution.latency);
    }
    const lf_backtest_options options = {
        .allocator = s->job->allocator,
        .strategies = strategies,
        .strategy_count = s->shared_count,
        .step_ns = config->step_ns,
        .in_sample = s->in_sample,
        .lean = true,
    };
    const lf_status status = lf_backtest_create(&options, &s->backtest, error);
    lf_release(s->job->allocator, strategies);
    return status;
}

/* ---- what a day and a symbol came to ---------------------------------------------------- */

static size_t column(const lf_frame *frame, const char *name)
{
    return lf_frame_find(frame, name);
}

/* Fills of a day, beside the mid a second later; NaN where that is not known. */
static void note_fills(
    lfi_cell *cell, lf_frame *fills, size_t first, const lf_label_path *path, double half_tick
)
{
    const int64_t *const times = lf_frame_i64(fills, column(fills, "ts_venue"));
    const int64_t *const sides = lf_frame_i64(fills, column(fills, "side"));
    const int64_t *const lots = lf_frame_i64(fills, column(fills, "lots"));
    const double *const prices = lf_frame_f64(fills, column(fills, "price"));
    const double *const mids = lf_frame_f64(fills, column(fills, "mid_venue"));
    const double *const decided = lf_frame_f64(fills, column(fills, "mid_decision"));
    const uint8_t *const late = lf_frame_bool(fills, column(fills, "after_cancel"));
    const size_t liquidity = column(fills, "liquidity");
    for (size_t i = first; i < lf_frame_row_count(fills); i++) {
        const double side = (double)sides[i];
        const double size = (double)lots[i];
        const double after = (double)lf_label_mid2(path, times[i] + AFTER_FILL_NS) * half_tick;
        if (!isnan(decided[i])) {
            cell->value += decided[i] * size;
            cell->slippage += side * (prices[i] - decided[i]) * size;
        }
        if (strcmp(lf_frame_text(fills, liquidity, i), "taker") != 0 && after > 0) {
            cell->maker_value += mids[i] * size;
            cell->adverse += side * (mids[i] - after) * size;
        }
        if (late[i]) {
            cell->race_fills++;
            cell->race_loss += after > 0 ? side * (prices[i] - after) * size : 0;
        }
    }
}

static void note_orders(lfi_cell *cell, lf_frame *orders)
{
    const int64_t *const lots = lf_frame_i64(orders, column(orders, "lots"));
    const int64_t *const filled = lf_frame_i64(orders, column(orders, "filled_lots"));
    const size_t reason = column(orders, "reason");
    for (size_t i = 0; i < lf_frame_row_count(orders); i++) {
        const char *const word = lf_frame_text(orders, reason, i);
        if (strcmp(word, lf_reason_name(LF_REASON_ENTRY)) == 0 ||
            strcmp(word, lf_reason_name(LF_REASON_REVERSE)) == 0) {
            cell->entry_lots += lots[i];
            cell->entry_filled_lots += filled[i];
        }
    }
}

/* A symbol's days are over. */
static void note_symbol(surface *s)
{
    for (size_t i = 0; i < s->shared_count; i++) {
        lfi_cell *const cell = &s->cells[s->shared[i]];
        const lf_ledger *const ledger = lf_backtest_ledger(s->backtest, i);
        lf_frame *const trades = lf_backtest_frame(s->backtest, i, LF_BACKTEST_TRADES);
        const double *const net = lf_frame_f64(trades, column(trades, "net"));
        cell->gross += (double)(ledger->cash_nano + ledger->fees_nano) * 1e-9;
        cell->fees += (double)ledger->fees_nano * 1e-9;
        cell->late_cancels += lf_backtest_counts_of(s->backtest, i)->strategy.cancel_race_count;
        for (size_t k = 0; k < lf_frame_row_count(trades); k++) {
            cell->trips++;
            cell->trip_sum += net[k];
            cell->trip_squares += net[k] * net[k];
        }
        note_orders(cell, lf_backtest_frame(s->backtest, i, LF_BACKTEST_ORDERS));
    }
}

static void note_day(surface *s, const lf_instrument *instrument)
{
    char date[11];
    lf_date_format(instrument->date, date);
    if (s->first_date[0] == '\0' || strcmp(date, s->first_date) < 0) {
        memcpy(s->first_date, date, sizeof s->first_date);
    }
    if (strcmp(date, s->last_date) > 0) {
        memcpy(s->last_date, date, sizeof s->last_date);
    }
    memcpy(s->currency, instrument->currency, sizeof s->currency);
    s->day_count++;
}

/* ---- days ------------------------------------------------------------------------------- */

typedef struct day_pass {
    surface *s;
    size_t day;
    lf_feed *feed;
    lf_label_path *path;
} day_pass;

static lf_status on_batch(void *context, const lf_batch *batch, lf_error *error)
{
    const day_pass *const pass = context;
    const surface *const s = pass->s;
    for (size_t i = 0; i < batch->event_count; i++) {
        if (lf_label_path_push(pass->path, &batch->events[i]) != LF_OK) {
            return lf_error_set(error, LF_NOMEM, "No memory for the path of the mid.");
        }
    }
    const lf_feed_stats *const stats = lf_feed_stats_of(pass->feed);
    const double part = stats->input_bytes_total > 0
                            ? (double)stats->input_bytes / (double)stats->input_bytes_total
                            : 0;
    const double days = (double)s->job->source_count;
    const double done = (double)s->pass + ((double)pass->day + fmin(part, 1)) / days;
    return lfi_tell(s->job, "latency", done / (double)s->pass_count, error);
}

static lf_status trade_feed(surface *s, day_pass *pass, lf_feature_carry *carry, lf_error *error)
{
    size_t *const first = lf_allocate(s->job->allocator, s->shared_count, sizeof *first);
    const lf_instrument *const instrument = lf_feed_instrument(pass->feed);
    if (first == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for a day.");
    }
    for (size_t i = 0; i < s->shared_count; i++) {
        first[i] = lf_frame_row_count(lf_backtest_frame(s->backtest, i, LF_BACKTEST_FILLS));
    }
    const lf_feature_carry before = s->days != NULL ? s->days[pass->day].carry : *carry;
    const lf_backtest_day_options options = {
        .spans = s->spans,
        .span_count = s->span_count,
        .carry = &before,
        .carry_out = carry,
        .users = s->job->users,
        .on_batch = on_batch,
        .context = pass,
    };
    const lf_status status = lf_backtest_day(s->backtest, pass->feed, &options, error);
    for (size_t i = 0; i < s->shared_count && status == LF_OK; i++) {
        note_fills(
            &s->cells[s->shared[i]],
            lf_backtest_frame(s->backtest, i, LF_BACKTEST_FILLS),
            first[i],
            pass->path,
            (double)instrument->tick_nano / 2e9
        );
    }
    if (status == LF_OK && s->pass == 0) {
        note_day(s, instrument);
    }
    lf_release(s->job->allocator, first);
    return status;
}

/* True when a span holds a part of the day's session. */
static bool is_traded(const surface *s, const lf_instrument *instrument)
{
    for (size_t i = 0; i < s->span_count; i++) {
        if (s->spans[i].from_ns < instrument->session_close_ns &&
            s->spans[i].to_ns > instrument->session_open_ns) {
            return true;
        }
    }
    return false;
}

static lf_status
trade_day(surface *s, size_t day, int64_t feed_ns, lf_feature_carry *carry, lf_error *error)
{
    lf_feed_options options;
    lf_run_feed_options(s->job->config, &options);
    options.allocator = s->job->allocator;
    options.feed_latency_ns = feed_ns;
    options.with_orders = s->job->config->execution.queue.model == LF_QUEUE_FIFO;
    lf_feed *feed = NULL;
    lf_status status = lf_feed_open(&s->job->sources[day], &options, &feed, error);
    if (status != LF_OK) {
        return status;
    }
    const lf_instrument *const instrument = lf_feed_instrument(feed);
    if (is_traded(s, instrument)) {
        day_pass pass = {.s = s, .day = day, .feed = feed};
        status = lf_label_path_create(
            s->job->allocator, instrument, LF_CLOCK_EXCHANGE, &pass.path, error
        );
        if (status == LF_OK) {
            status = trade_feed(s, &pass, carry, error);
        }
        lf_label_path_destroy(pass.path);
        if (status == LF_OK && s->pass == 0) {
            const lf_feed_stats *const stats = lf_feed_stats_of(feed);
            status = lfi_holdout_traded(s->job, &s->holdout, instrument, stats, error);
        }
    }
    lf_feed_close(feed);
    return status;
}

static lf_status trade_symbol(surface *s, const char *symbol, int64_t feed_ns, lf_error *error)
{
    lf_feature_carry carry = {0};
    lf_status status = create_backtest(s, error);
    for (size_t i = 0; i < s->job->source_count && status == LF_OK; i++) {
        if (strcmp(s->job->sources[i].symbol, symbol) == 0) {
            status = trade_day(s, i, feed_ns, &carry, error);
        }
    }
    if (status == LF_OK) {
        note_symbol(s);
    }
    lf_backtest_destroy(s->backtest);
    s->backtest = NULL;
    return status;
}

static void list_symbol(surface *s, const char *symbol)
{
    const size_t used = strlen(s->symbols);
    if (used + strlen(symbol) + 2 < sizeof s->symbols) {
        (void
        )snprintf(s->symbols + used, sizeof s->symbols - used, "%s%s", used > 0 ? " " : "", symbol);
    }
}

/* All days of all symbols as they look with one delay of the feed. */
static lf_status trade_pass(surface *s, int64_t feed_ns, lf_error *error)
{
    const lf_source *const sources = s->job->sources;
    choose_cells(s, feed_ns);
    for (size_t i = 0; i < s->job->source_count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            seen = strcmp(sources[j].symbol, sources[i].symbol) == 0;
        }
        if (seen) {
            continue;
        }
        if (s->pass == 0) {
            list_symbol(s, sources[i].symbol);
        }
        const lf_status status = trade_symbol(s, sources[i].symbol, feed_ns, error);
        if (status != LF_OK) {
            return status;
        }
    }
    s->pass++;
    return s->day_count > 0 ? LF_OK : lf_error_set(error, LF_DATA, "There is no day to trade.");
}

/* ---- the verb --------------------------------------------------------------------------- */

static const int64_t default_latencies_ns[] = {
    10 * LF_NS_PER_MICROSECOND,
    100 * LF_NS_PER_MICROSECOND,
    LF_NS_PER_MILLISECOND,
    5 * LF_NS_PER_MILLISECOND,
    10 * LF_NS_PER_MILLISECOND,
    50 * LF_NS_PER_MILLISECOND,
    100 * LF_NS_PER_MILLISECOND,
    500 * LF_NS_PER_MILLISECOND,
};

static lf_status check_latencies(const int64_t *latencies_ns, size_t count, lf_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (latencies_ns[i] < 0 || latencies_ns[i] > 10 * LF_NS_PER_MINUTE ||
            (i > 0 && latencies_ns[i] <= latencies_ns[i - 1])) {
            return lf_error_set(
                error,
                LF_RANGE,
                "The latencies must ascend and lie between 0 and 10min; number %zu is %lld ns.",
                i + 1,
                (long long)latencies_ns[i]
            );
        }
    }
    return LF_OK;
}

/* Trading days that a model's training held out is a look, written down before anything is shown.
 */
static lf_status count_look(surface *s, const char *folder, lf_error *error)
{
    char note[512];
    s->holdout.is_scored = true;
    const lf_status status = lfi_holdout_look(s->job, &s->holdout, "latency", folder, error);
    if (status == LF_OK && s->holdout.count > 0) {
        s->looks = s->holdout.looks;
        lfi_holdout_note(&s->holdout, note, sizeof note);
        if (s->job->say != NULL) {
            s->job->say(s->job->say_context, note);
        }
    }
    return status;
}

static lf_status
write_surface(const surface *s, json_t *measured, const char *folder, char **json, lf_error *error)
{
    char path[LFI_PATH_BYTES];
    const lfi_latency_facts facts = {
        .cells = s->cells,
        .cell_count = s->cell_count,
        .symbols = s->symbols,
        .first_date = s->first_date,
        .last_date = s->last_date,
        .currency = s->currency,
        .day_count = s->day_count,
        .in_sample = s->in_sample,
        .holdout_looks = s->looks,
    };
    json_t *const root = lfi_latency_json(&facts);
    if (measured != NULL) {
        json_object_set(root, "measured", measured);
    }
    char *const text = root != NULL ? json_dumps(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    if (text == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the latency surface.");
    }
    const size_t bytes = strlen(text) + 1;
    lf_status status = lfi_path(folder, "latency.json", path, error);
    if (status == LF_OK) {
        status = lf_file_write_atomic(path, text, bytes - 1, error);
    }
    if (status == LF_OK && json != NULL) {
        *json = lf_allocate(s->job->allocator, bytes, 1);
        if (*json != NULL) {
            memcpy(*json, text, bytes);
        } else {
            status = lf_error_set(error, LF_NOMEM, "No memory for the latency surface.");
        }
    }
    free(text);
    return status;
}

lf_status lfi_latency_trade(
    const lf_run_job *job,
    const lfi_trading *trading,
    const lf_run_latency_options *options,
    const char *folder,
    char **json,
    lf_error *error
)
{
    const bool given = options != NULL && options->latency_count > 0;
    const int64_t *const latencies = given ? options->latencies_ns : default_latencies_ns;
    const size_t count =
        given ? options->latency_count : sizeof default_latencies_ns / sizeof *latencies;
    surface s = {
        .job = job,
        .spans = trading->spans,
        .span_count = trading->span_count,
        .days = trading->days,
        .in_sample = trading->in_sample,
        .pass_count = 1,
        .looks = trading->holdout_looks,
    };
    /* A walk knows of its held-out days; a model may come from anywhere. */
    s.holdout.span = trading->walk != NULL ? (lf_train_span){INT64_MAX, INT64_MAX}
                                           : lfi_holdout_of_training(trading->training_json);
    lf_status status = check_latencies(latencies, count, error);
    if (status == LF_OK) {
        status = make_cells(&s, latencies, count, error);
    }
    for (size_t i = 0; i < count; i++) {
        s.pass_count += latencies[i] > 0;
    }
    if (status == LF_OK) {
        status = trade_pass(&s, 0, error);
    }
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        status = latencies[i] > 0 ? trade_pass(&s, latencies[i], error) : LF_OK;
    }
    json_t *measured = NULL;
    if (status == LF_OK) {
        status = count_look(&s, folder, error);
    }
    if (status == LF_OK) {
        status = lfi_latency_measure(job, trading, folder, &measured, error);
    }
    if (status == LF_OK) {
        status = write_surface(&s, measured, folder, json, error);
    }
    json_decref(measured);
    lfi_holdout_close(job, &s.holdout);
    lf_release(job->allocator, s.cells);
    lf_release(job->allocator, s.shared);
    return status;
}
