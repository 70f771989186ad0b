/* Losses of the rows that stop the boosting, round by round, and the round that is kept. */
#include "train_internal.h"

#include <math.h>
#include <string.h>

static lf_status count_rows(void *context, const lfi_matrix *rows, lf_error *error)
{
    size_t *const count = context;
    (void)error;
    *count += rows->row_count;
    return LF_OK;
}

/* Rows on their way in. */
typedef struct taking {
    lfi_stopping *out;
    int64_t *times; /* [row_count] */
    size_t count;
} taking;

static lf_status take_rows(void *context, const lfi_matrix *rows, lf_error *error)
{
    taking *const t = context;
    (void)error;
    memcpy(t->out->truths + t->count, rows->y32, rows->row_count * sizeof *rows->y32);
    memcpy(t->times + t->count, rows->times, rows->row_count * sizeof *rows->times);
    t->count += rows->row_count;
    return LF_OK;
}

lf_status lfi_stopping_create(const lfi_query *query, lfi_stopping *out, lf_error *error)
{
    const lf_train_options *const o = query->data->options;
    const lf_allocator *const allocator = query->data->allocator;
    *out = (lfi_stopping){
        .allocator = allocator,
        .is_return = query->head == LF_HEAD_RET_1MIN,
        .weights = {1, 1},
    };
    lf_status status = lfi_each_day(query, count_rows, &out->row_count, error);
    if (status != LF_OK || out->row_count == 0) {
        return status;
    }
    taking t = {.out = out};
    uint32_t *numbers = lf_allocate(allocator, out->row_count, sizeof *numbers);
    t.times = lf_allocate(allocator, out->row_count, sizeof *t.times);
    out->truths = lf_allocate(allocator, out->row_count, sizeof *out->truths);
    out->forecasts = lf_allocate(allocator, out->row_count, sizeof *out->forecasts);
    bool is_whole = numbers != NULL && t.times != NULL;
    is_whole = is_whole && out->truths != NULL && out->forecasts != NULL;
    if (is_whole) {
        status = lfi_each_day(query, take_rows, &t, error);
    }
    if (is_whole && status == LF_OK) {
        const bool is_long = query->head == LF_HEAD_UP_5MIN;
        const int64_t block_ns = lfi_block_ns(is_long ? o->horizon_long_ns : o->horizon_ns);
        out->block_count = lf_stats_time_blocks(t.times, out->row_count, block_ns, numbers);
        const size_t rounds = (size_t)o->rounds_max;
        out->blocks = lf_allocate(allocator, out->block_count, sizeof *out->blocks);
        out->losses = lf_allocate(allocator, rounds, out->block_count * sizeof *out->losses);
        is_whole = out->blocks != NULL && out->losses != NULL;
        for (size_t i = 0; i < out->row_count && is_whole; i++) {
            out->blocks[numbers[i]] = i + 1;
        }
    }
    lf_release(allocator, numbers);
    lf_release(allocator, t.times);
    return is_whole ? status
                    : lf_error_set(error, LF_NOMEM, "not enough memory for the stopping rows.");
}

void lfi_stopping_release(lfi_stopping *stop)
{
    lf_release(stop->allocator, stop->truths);
    lf_release(stop->allocator, stop->forecasts);
    lf_release(stop->allocator, stop->blocks);
    lf_release(stop->allocator, stop->losses);
}

/* Adds a row's loss to that of its block. */
static void add_row(lfi_stopping *stop, size_t row, double *loss)
{
    const double truth = (double)stop->truths[row];
    const double forecast = stop->forecasts[row];
    const double weight = stop->weights[!stop->is_return && truth > 0.5];
    *loss += weight * (stop->is_return ? lf_stats_brier(&forecast, &truth, 1)
                                       : lf_stats_log_loss(&forecast, &truth, 1));
    stop->weight += weight;
}

void lfi_stopping_add(lfi_stopping *stop)
{
    double *const losses = stop->losses + (size_t)stop->round_count++ * stop->block_count;
    size_t row = 0;
    stop->weight = 0;
    for (size_t b = 0; b < stop->block_count; b++) {
        losses[b] = 0;
        for (; row < stop->blocks[b]; row++) {
            add_row(stop, row, &losses[b]);
        }
    }
}

double lfi_stopping_loss(const lfi_stopping *stop, int32_t round)
{
    const double *const losses = stop->losses + (size_t)(round - 1) * stop->block_count;
    double sum = 0;
    for (size_t b = 0; b < stop->block_count; b++) {
        sum += losses[b];
    }
    return sum / stop->weight;
}

/* By how much a round's loss exceeds the best one's, summed, and the standard error of that sum. */
static double excess(const lfi_stopping *stop, int32_t round, int32_t best, double *error)
{
    const size_t count = stop->block_count;
    const double *const a = stop->losses + (size_t)(round - 1) * count;
    const double *const b = stop->losses + (size_t)(best - 1) * count;
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += a[i] - b[i];
    }
    const double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        const double d = a[i] - b[i] - mean;
        squares += d * d;
    }
    *error = sqrt(squares * (double)count / (double)(count - 1));
    return sum;
}

int32_t lfi_stopping_choose(const lfi_stopping *stop, int32_t best, double errors)
{
    if (!(errors > 0) || stop->block_count < 2) {
        return best;
    }
    for (int32_t round = 1; round < best; round++) {
        double error = 0;
        if (excess(stop, round, best, &error) <= errors * error) {
            return round;
        }
    }
    return best;
}
