/* Trades the days of a job, strategies side by side, and puts the days of all symbols together. */
#include "trade_internal.h"

#include <math.h>
#include <string.h>

/* ---- strategies ------------------------------------------------------------------------- */

static void name_strategy(lf_strategy_options *strategy)
{
    const char *const kind = lf_order_kind_name(strategy->execution.entry);
    const bool gated = strategy->signal.cost_factor > 0;
    (void)snprintf(strategy->name, sizeof strategy->name, "%s%s", kind, gated ? "_gated" : "");
}

/* The queue models at both ends of what a book of levels allows, unless they are configured. */
static size_t add_bracket(
    const lf_strategy_options *configured,
    const char *name,
    size_t count,
    lf_strategy_options out[LFI_STRATEGIES_MAX]
)
{
    static const lf_queue_model bracket[] = {LF_QUEUE_RISK_AVERSE, LF_QUEUE_OPTIMISTIC};
    for (size_t b = 0; b < sizeof bracket / sizeof bracket[0]; b++) {
        if (bracket[b] != configured->execution.queue.model) {
            lf_strategy_options *const end = &out[count++];
            *end = *configured;
            end->execution.queue.model = bracket[b];
            const char *const queue = lf_queue_model_name(bracket[b]);
            (void)snprintf(end->name, sizeof end->name, "%s_%s", name, queue);
        }
    }
    return count;
}

/* One's own strategy, which chooses its kinds of orders itself. */
static size_t own_strategies(const lf_run_job *job, lf_strategy_options out[LFI_STRATEGIES_MAX])
{
    const lf_config *const config = job->config;
    out[0] = (lf_strategy_options){
        .name = "strategy",
        .signal = config->signal,
        .execution = config->execution,
        .risk = config->risk,
        .decide = job->strategy->decide,
        .context = job->strategy->context,
        .state_bytes = job->strategy->state_bytes,
    };
    return job->strategy->alone ? 1 : add_bracket(&out[0], "strategy", 1, out);
}

size_t lfi_strategies(const lf_run_job *job, lf_strategy_options out[LFI_STRATEGIES_MAX])
{
    static const lf_order_kind kinds[] = {LF_ORDER_KIND_MARKETABLE, LF_ORDER_KIND_PASSIVE};
    const lf_config *const config = job->config;
    if (job->strategy != NULL) {
        return own_strategies(job, out);
    }
    const double factors[] = {config->signal.cost_factor, config->signal.cost_factor > 0 ? 0 : 1};
    const lf_strategy_options configured = {
        .signal = config->signal,
        .execution = config->execution,
        .risk = config->risk,
    };
    size_t count = 0;
    out[count] = configured;
    name_strategy(&out[count++]);
    /* Beside it: the other way to enter, and both with the other choice of the cost gate. */
    for (size_t f = 0; f < sizeof factors / sizeof factors[0]; f++) {
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            if (f == 0 && kinds[k] == config->execution.entry) {
                continue;
            }
            out[count] = configured;
            out[count].execution.entry = kinds[k];
            out[count].signal.cost_factor = factors[f];
            name_strategy(&out[count++]);
        }
    }
    lf_strategy_options passive = configured;
    passive.execution.entry = LF_ORDER_KIND_PASSIVE;
    return add_bracket(&passive, "passive", count, out);
}

/* ---- the walk's predictions, again ------------------------------------------------------ */

static bool same_number(double left, double right)
{
    return left == right || (isnan(left) && isnan(right));
}

static lf_status walk_differs(const char *symbol, int64_t time_ns, lf_error *error)
{
    char time[32];
    lf_time_format(time_ns, time);
    return lf_error_set(
        error,
        LF_INVARIANT,
        "%s at %s: the prediction made while trading is not the one that was scored; please report "
        "it.",
        symbol,
        time
    );
}

/* The next row of the walk that is of a symbol; the number of its rows when there is none. */
static size_t next_of(const lf_frame *walk, const char *symbol, size_t row)
{
    const size_t symbols = lf_frame_find(walk, "symbol");
    while (row < lf_frame_row_count(walk) && strcmp(lf_frame_text(walk, symbols, row), symbol) != 0
    ) {
        row++;
    }
    return row;
}

/* The causal lane computes features and predictions anew while it trades. They must be those that
   the offline lane was scored with, row by row and to the last bit, or one of the two sees another
   past. Compares the rows from the first one on. */
static lf_status check_walk(lfi_desk *desk, const char *symbol, size_t first, lf_error *error)
{
    static const char *const heads[] = {"p_up_1min", "p_up_5min", "ret_1min_bps"};
    lf_frame *const walk = desk->trading->walk;
    lf_frame *const live = lf_backtest_predictions(desk->backtest);
    if (walk == NULL) {
        return LF_OK;
    }
    const int64_t *const walk_times = lf_frame_i64(walk, lf_frame_find(walk, "ts_event"));
    const int64_t *const times = lf_frame_i64(live, lf_frame_find(live, "ts_event"));
    const double *scored[3];
    const double *made[3];
    for (size_t h = 0; h < 3; h++) {
        scored[h] = lf_frame_f64(walk, lf_frame_find(walk, heads[h]));
        made[h] = lf_frame_f64(live, lf_frame_find(live, heads[h]));
    }
    for (size_t at = first; at < lf_frame_row_count(live); at++) {
        const size_t i = next_of(walk, symbol, desk->walk_row);
        const bool is_there = i < lf_frame_row_count(walk);
        bool same = is_there && times[at] == walk_times[i];
        for (size_t h = 0; h < 3 && same; h++) {
            same = same_number(made[h][at], scored[h][i]);
        }
        if (!same) {
            return walk_differs(symbol, is_there ? walk_times[i] : times[at], error);
        }
        desk->walk_row = i + 1;
    }
    return LF_OK;
}

/* No row of the symbol is left when its last day was traded. */
static lf_status check_walk_end(lfi_desk *desk, const char *symbol, lf_error *error)
{
    lf_frame *const walk = desk->trading->walk;
    const size_t left = walk != NULL ? next_of(walk, symbol, desk->walk_row) : 0;
    desk->walk_row = 0;
    if (walk == NULL || left == lf_frame_row_count(walk)) {
        return LF_OK;
    }
    return walk_differs(symbol, lf_frame_i64(walk, lf_frame_find(walk, "ts_event"))[left], error);
}

/* ---- one symbol, all symbols ------------------------------------------------------------ */

static lf_status create_backtest(lfi_desk *desk, lf_error *error)
{
    const lf_config *const config = desk->job->config;
    const lf_backtest_options options = {
        .allocator = desk->job->allocator,
        .strategies = desk->strategies,
        .strategy_count = desk->strategy_count,
        .step_ns = config->step_ns,
        .starting_cash = config->starting_cash,
        .in_sample = desk->trading->in_sample,
        .check_every_fill = config->check_every_fill,
        .lean = desk->lean,
    };
    return lf_backtest_create(&options, &desk->backtest, error);
}

/* Put a symbol's tables behind those of the symbols before it. */
static lf_status merge(lfi_desk *desk, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t i = 0; i < desk->strategy_count; i++) {
        const lf_ledger *const ledger = lf_backtest_ledger(desk->backtest, i);
        desk->turnover[i] += (double)(ledger->bought_nano + ledger->sold_nano) * 1e-9;
        lf_backtest_counts_add(&desk->counts[i], lf_backtest_counts_of(desk->backtest, i));
    }
    if (desk->all == NULL) {
        desk->all = desk->backtest;
        desk->backtest = NULL;
        return LF_OK;
    }
    status = lf_frame_concat(
        lf_backtest_predictions(desk->all), lf_backtest_predictions(desk->backtest)
    );
    for (size_t i = 0; i < desk->strategy_count && status == LF_OK; i++) {
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT && status == LF_OK; t++) {
            const lf_backtest_table table = (lf_backtest_table)t;
            status = lf_frame_concat(
                lf_backtest_frame(desk->all, i, table), lf_backtest_frame(desk->backtest, i, table)
            );
        }
    }
    lf_backtest_destroy(desk->backtest);
    desk->backtest = NULL;
    return status == LF_OK ? LF_OK : lf_error_set(error, status, "No memory for the tables.");
}

/* One day behind those so far. */
static lf_status put_unit(lfi_desk *desk, const lfi_unit *unit, lf_error *error)
{
    const char *const symbol = desk->job->sources[unit->day].symbol;
    const size_t first = lf_frame_row_count(lf_backtest_predictions(desk->backtest));
    char path[LFI_PATH_BYTES];
    lfi_unit_note note;
    lf_status status = lfi_unit_path(&desk->units, unit, path, error);
    if (status == LF_OK) {
        status = lf_backtest_append(desk->backtest, path, unit->key, &note, sizeof note, error);
    }
    if (status == LF_OK) {
        lfi_desk_note(desk, &note.instrument, &note.stats);
        status = check_walk(desk, symbol, first, error);
    }
    return status == LF_OK && desk->spool != NULL ? lfi_spool_put(desk, symbol, error) : status;
}

/* The days of a symbol in order of time. */
static lf_status put_symbol(lfi_desk *desk, const char *symbol, lf_error *error)
{
    lf_status status = create_backtest(desk, error);
    for (size_t i = 0; i < desk->units.unit_count && status == LF_OK; i++) {
        const lfi_unit *const unit = &desk->units.units[i];
        if (strcmp(desk->job->sources[unit->day].symbol, symbol) == 0) {
            status = put_unit(desk, unit, error);
        }
    }
    if (status == LF_OK) {
        status = check_walk_end(desk, symbol, error);
    }
    return status == LF_OK ? merge(desk, error) : status;
}

/* What is traded, and room to count in. */
static lf_status make_room(lfi_desk *desk, lf_error *error)
{
    const lf_allocator *const allocator = desk->job->allocator;
    if (desk->strategies == NULL) {
        desk->strategies = lf_allocate(allocator, LFI_STRATEGIES_MAX, sizeof *desk->strategies);
        desk->strategy_count =
            desk->strategies != NULL ? lfi_strategies(desk->job, desk->strategies) : 0;
    }
    desk->counts = lf_allocate(allocator, desk->strategy_count + 1, sizeof *desk->counts);
    desk->turnover = lf_allocate(allocator, desk->strategy_count + 1, sizeof *desk->turnover);
    return desk->strategies != NULL && desk->counts != NULL && desk->turnover != NULL
               ? LF_OK
               : lf_error_set(error, LF_NOMEM, "No memory for the strategies.");
}

static lf_status begin(lfi_desk *desk, lf_error *error)
{
    const lf_status status = make_room(desk, error);
    if (status != LF_OK) {
        return status;
    }
    desk->units = (lfi_units){
        .job = desk->job,
        .trading = desk->trading,
        .strategies = desk->strategies,
        .strategy_count = desk->strategy_count,
        .lean = desk->lean,
    };
    return lfi_units_begin(&desk->units, desk->folder, error);
}

lf_status lfi_desk_trade_part(lfi_desk *desk, size_t first, size_t count, lf_error *error)
{
    const lf_status status = begin(desk, error);
    return status == LF_OK ? lfi_units_trade_part(&desk->units, first, count, error) : status;
}

lf_status lfi_desk_trade(lfi_desk *desk, lf_error *error)
{
    const lf_run_job *const job = desk->job;
    lf_status status = begin(desk, error);
    if (status == LF_OK) {
        status = lfi_units_trade(&desk->units, error);
    }
    for (size_t i = 0; i < job->source_count && status == LF_OK; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            seen = strcmp(job->sources[j].symbol, job->sources[i].symbol) == 0;
        }
        status = seen ? LF_OK : put_symbol(desk, job->sources[i].symbol, error);
    }
    if (status == LF_OK && desk->counts[0].day_count == 0) {
        status = lf_error_set(error, LF_DATA, "There is no day to trade.");
    }
    return status;
}

void lfi_desk_close(lfi_desk *desk)
{
    lfi_spool_destroy(desk->spool);
    lf_backtest_destroy(desk->backtest);
    lf_backtest_destroy(desk->all);
    if (desk->units.job != NULL) {
        lfi_units_end(&desk->units);
    }
    lf_release(desk->job->allocator, desk->strategies);
    lf_release(desk->job->allocator, desk->counts);
    lf_release(desk->job->allocator, desk->turnover);
    lf_release(desk->job->allocator, desk->data_text);
}
