/* Life of a backtest, and what it hands out. The days themselves are in day.c. */
#include "backtest_internal.h"

#include <math.h>
#include <string.h>

const lf_allocator *lfi_backtest_allocator(const lf_backtest *backtest)
{
    return backtest->has_allocator ? &backtest->allocator : NULL;
}

static lf_status check(const lf_backtest_options *options, lf_error *error)
{
    if (options->strategy_count == 0) {
        return lf_error_set(error, LF_RANGE, "A backtest needs at least one strategy.");
    }
    if (options->first_day < 0) {
        return lf_error_set(error, LF_RANGE, "The number of a first day must not be below 0.");
    }
    if (options->step_ns < 0 || !isfinite(options->starting_cash)) {
        return lf_error_set(
            error, LF_RANGE, "The step must be above 0 and the starting cash a number."
        );
    }
    const int64_t feed_ns = options->strategies[0].execution.latency.feed_ns;
    for (size_t i = 0; i < options->strategy_count; i++) {
        const lf_strategy_options *const strategy = &options->strategies[i];
        lf_status status = lf_signal_options_check(&strategy->signal, error);
        if (status == LF_OK) {
            status = lf_execution_options_check(&strategy->execution, error);
        }
        if (status == LF_OK) {
            status = lf_risk_options_check(&strategy->risk, error);
        }
        if (status == LF_OK && strategy->execution.latency.feed_ns != feed_ns) {
            status = lf_error_set(
                error,
                LF_MISMATCH,
                "Strategy %zu has a feed latency of %lld ns and strategy 0 one of %lld ns; "
                "strategies of one backtest see the same feed.",
                i,
                (long long)strategy->execution.latency.feed_ns,
                (long long)feed_ns
            );
        }
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

/* Messages that can be on their way at once without new memory. */
#define CHANNEL_ITEMS ((size_t)64)

static lf_status
make_keeper(const lf_allocator *allocator, lfi_book_keeper *keeper, lf_error *error)
{
    lf_status status = LF_OK;
    for (int t = 0; t < LF_BACKTEST_TABLE_COUNT && status == LF_OK; t++) {
        status =
            lfi_backtest_table_create(allocator, (lf_backtest_table)t, &keeper->tables[t], error);
    }
    if (status == LF_OK) {
        status = lf_latency_create(
            allocator, &keeper->options.execution.latency, &keeper->latency, error
        );
    }
    if (status == LF_OK) {
        status = lf_channel_create(
            allocator, sizeof(lf_request), CHANNEL_ITEMS, &keeper->requests, error
        );
    }
    if (status == LF_OK) {
        status =
            lf_channel_create(allocator, sizeof(lf_report), CHANNEL_ITEMS, &keeper->reports, error);
    }
    return status;
}

static lf_status build(lf_backtest *backtest, const lf_backtest_options *options, lf_error *error)
{
    const lf_allocator *const allocator = lfi_backtest_allocator(backtest);
    lf_status status = lfi_predictions_create(allocator, &backtest->predictions, error);
    if (status != LF_OK) {
        return status;
    }
    backtest->strategies =
        lf_allocate(allocator, options->strategy_count, sizeof *backtest->strategies);
    if (backtest->strategies == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the strategies of a backtest.");
    }
    backtest->strategy_count = options->strategy_count;
    for (size_t i = 0; i < options->strategy_count && status == LF_OK; i++) {
        backtest->strategies[i].options = options->strategies[i];
        status = make_keeper(allocator, &backtest->strategies[i], error);
    }
    return status;
}

lf_status lf_backtest_create(const lf_backtest_options *options, lf_backtest **out, lf_error *error)
{
    *out = NULL;
    lf_status status = check(options, error);
    if (status != LF_OK) {
        return status;
    }
    lf_backtest *const backtest = lf_allocate(options->allocator, 1, sizeof *backtest);
    if (backtest == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for a backtest.");
    }
    backtest->has_allocator = options->allocator != NULL;
    if (options->allocator != NULL) {
        backtest->allocator = *options->allocator;
    }
    backtest->step_ns = options->step_ns;
    backtest->starting_cash = options->starting_cash;
    backtest->in_sample = options->in_sample;
    backtest->check_every_fill = options->check_every_fill;
    backtest->lean = options->lean;
    backtest->is_unit = options->is_unit;
    backtest->first_day = options->first_day;
    backtest->last_close_ns = INT64_MIN;
    backtest->delay.allocator = lfi_backtest_allocator(backtest);
    status = build(backtest, options, error);
    if (status != LF_OK) {
        lf_backtest_destroy(backtest);
        return status;
    }
    *out = backtest;
    return LF_OK;
}

void lf_backtest_destroy(lf_backtest *backtest)
{
    if (backtest == NULL) {
        return;
    }
    const lf_allocator allocator = backtest->allocator;
    const lf_allocator *const used = backtest->has_allocator ? &allocator : NULL;
    for (size_t i = 0; i < backtest->strategy_count; i++) {
        lfi_book_keeper *const keeper = &backtest->strategies[i];
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT; t++) {
            lf_frame_destroy(keeper->tables[t]);
        }
        lf_venue_destroy(keeper->venue);
        lf_latency_destroy(keeper->latency);
        lf_channel_destroy(keeper->requests);
        lf_channel_destroy(keeper->reports);
        lf_release(used, keeper->sent);
        lf_release(used, keeper->accounts);
    }
    lf_frame_destroy(backtest->predictions);
    lfi_delay_release(&backtest->delay);
    lf_release(used, backtest->strategies);
    lf_release(used, backtest);
}

/* ---- what it hands out ------------------------------------------------------------------ */

lf_frame *lf_backtest_frame(lf_backtest *backtest, size_t strategy, lf_backtest_table table)
{
    return backtest->strategies[strategy].tables[table];
}

lf_frame *lf_backtest_predictions(lf_backtest *backtest)
{
    return backtest->predictions;
}

const lf_backtest_counts *lf_backtest_counts_of(const lf_backtest *backtest, size_t strategy)
{
    return &backtest->strategies[strategy].counts;
}

lf_ledger *lf_backtest_ledger(lf_backtest *backtest, size_t strategy)
{
    return &backtest->strategies[strategy].ledger;
}

const lf_strategy_options *lf_backtest_strategy(const lf_backtest *backtest, size_t strategy)
{
    return &backtest->strategies[strategy].options;
}

size_t lf_backtest_strategy_count(const lf_backtest *backtest)
{
    return backtest->strategy_count;
}

lf_status lf_backtest_set_labels(
    lf_backtest *backtest,
    size_t first_row,
    size_t count,
    const double *ret_1min,
    const double *up_1min,
    const double *ret_5min,
    const double *up_5min,
    lf_error *error
)
{
    lf_frame *const frame = backtest->predictions;
    const size_t rows = lf_frame_row_count(frame);
    if (first_row > rows || count > rows - first_row) {
        return lf_error_set(
            error,
            LF_RANGE,
            "Labels for %zu rows from row %zu, but there are %zu predictions.",
            count,
            first_row,
            rows
        );
    }
    const struct {
        size_t column;
        const double *values;
    } labels[] = {
        {LFI_PREDICTIONS_LABEL_RET_1MIN, ret_1min},
        {LFI_PREDICTIONS_LABEL_UP_1MIN, up_1min},
        {LFI_PREDICTIONS_LABEL_RET_5MIN, ret_5min},
        {LFI_PREDICTIONS_LABEL_UP_5MIN, up_5min},
    };
    for (size_t i = 0; i < sizeof labels / sizeof labels[0] && count > 0; i++) {
        memcpy(
            lf_frame_f64(frame, labels[i].column) + first_row,
            labels[i].values,
            count * sizeof(double)
        );
    }
    return LF_OK;
}
