/* How the forecast of the return went with what came: correlations by day, R^2, intervals. */
#include "train_internal.h"

#include <math.h>

/* ---- days ------------------------------------------------------------------------------- */

/* Running sums of what each day says. */
typedef struct day_sums {
    double count;
    double sum;
    double squares;
} day_sums;

static void add_day(day_sums *sums, double value)
{
    sums->count += 1;
    sums->sum += value;
    sums->squares += value * value;
}

static double mean_of(const day_sums *s)
{
    return s->count > 0 ? s->sum / s->count : NAN;
}

/* Sample standard deviation over the days; NaN below two or when they are equal. */
static double sd_of(const day_sums *s)
{
    const double mean = mean_of(s);
    const double variance =
        s->count > 1 ? (s->squares - s->count * mean * mean) / (s->count - 1) : NAN;
    return variance > 0 ? sqrt(variance) : NAN;
}

/* Ranks of both columns into part and whole. */
static lf_status rank_both(lfi_subset *s)
{
    const lf_status status = lf_stats_midranks(s->allocator, s->forecast, s->count, s->part);
    return status != LF_OK ? status : lf_stats_midranks(s->allocator, s->truth, s->count, s->whole);
}

/* Both correlations of the rows in the subset, with intervals. */
static lf_status
score_day(const lf_bootstrap_options *boot, int64_t horizon_ns, lfi_subset *s, lf_train_day *out)
{
    out->rows = (double)s->count;
    out->ic_interval = out->rank_ic_interval = (lf_interval){NAN, NAN};
    lf_status status = rank_both(s);
    out->ic = lf_stats_pearson(s->forecast, s->truth, s->count);
    out->rank_ic = lf_stats_pearson(s->part, s->whole, s->count);
    if (status != LF_OK || !isfinite(out->ic) || !isfinite(out->rank_ic)) {
        return status;
    }
    lfi_subset_blocks(s, horizon_ns);
    status = lf_stats_bootstrap_pearson(
        s->forecast, s->truth, s->blocks, s->count, boot, &out->ic_interval
    );
    return status != LF_OK
               ? status
               : lf_stats_bootstrap_pearson(
                     s->part, s->whole, s->blocks, s->count, boot, &out->rank_ic_interval
                 );
}

static void put_row(const lfi_scored *rows, size_t i, lfi_subset *s)
{
    if (!isnan(rows->ret[i]) && !isnan(rows->labels[LF_HEAD_RET_1MIN][i])) {
        s->forecast[s->count] = rows->ret[i];
        s->truth[s->count] = rows->labels[LF_HEAD_RET_1MIN][i];
        s->times[s->count++] = rows->times[i];
    }
}

/* Correlations of each symbol-day, averaged. */
static lf_status score_days(
    const lfi_scored *rows,
    const lf_train_score_options *options,
    lfi_subset *s,
    lf_train_return *out
)
{
    const lf_bootstrap_options boot = lfi_score_bootstrap(options);
    day_sums plain = {0};
    day_sums ranked = {0};
    lf_train_day *next = options->by_day;
    for (size_t first = 0; first < rows->count;) {
        lf_train_day day = {.first_row = first, .first_ns = rows->times[first]};
        size_t end = first;
        s->count = 0;
        for (; end < rows->count && rows->days[end] == rows->days[first]; end++) {
            put_row(rows, end, s);
        }
        if (score_day(&boot, lfi_score_horizon_ns(options, 0), s, &day) != LF_OK) {
            return LF_NOMEM;
        }
        if (isfinite(day.ic) && isfinite(day.rank_ic)) {
            add_day(&plain, day.ic);
            add_day(&ranked, day.rank_ic);
        }
        if (next != NULL) {
            *next++ = day;
        }
        first = end;
    }
    out->days = plain.count;
    out->ic = mean_of(&plain);
    out->rank_ic = mean_of(&ranked);
    out->icir = out->ic / sd_of(&plain);
    out->rank_icir = out->rank_ic / sd_of(&ranked);
    out->ic_days_interval = (lf_interval){NAN, NAN};
    if (plain.count > 2) {
        const double half =
            lf_stats_t_quantile(0.975, plain.count - 1) * sd_of(&plain) / sqrt(plain.count);
        out->ic_days_interval = (lf_interval){out->ic - half, out->ic + half};
    }
    return LF_OK;
}

/* ---- all rows --------------------------------------------------------------------------- */

/* Rows that would tell a correlation as well if they were independent: those of the mean of the
   products of both columns, standardised. */
static double effective_rows(lfi_subset *s, size_t lag)
{
    const double mean_x = lf_stats_mean(s->forecast, s->count);
    const double mean_y = lf_stats_mean(s->truth, s->count);
    for (size_t i = 0; i < s->count; i++) {
        s->part[i] = (s->forecast[i] - mean_x) * (s->truth[i] - mean_y);
    }
    return lf_stats_newey_west(s->part, s->count, lag).effective_count;
}

/* The rank correlation over all rows and its interval. */
static lf_status score_ranks(const lf_bootstrap_options *boot, lfi_subset *s, lf_train_return *out)
{
    const lf_status status = rank_both(s);
    out->rank_ic_all = lf_stats_pearson(s->part, s->whole, s->count);
    return status != LF_OK
               ? status
               : lf_stats_bootstrap_pearson(
                     s->part, s->whole, s->blocks, s->count, boot, &out->rank_ic_interval
                 );
}

/*
 * The queue beside the model on the same rows. The difference of the two correlations is the mean
 * of (a - b) c with all three standardised, so a block bootstrap of a mean gives its interval; the
 * standard deviations are held fixed, which matters little where correlations are small.
 */
static lf_status compare_with_queue(
    const lfi_scored *rows, const lf_bootstrap_options *boot, lfi_subset *s, lf_train_return *out
)
{
    const double *queue = rows->up[0][LF_TRAIN_QUEUE_SIGN];
    size_t n = 0;
    out->queue_ic = out->ic_less_queue = NAN;
    out->ic_less_queue_interval = (lf_interval){NAN, NAN};
    if (queue == NULL) {
        return LF_OK;
    }
    for (size_t i = 0; i < rows->count; i++) {
        if (!isnan(rows->labels[LF_HEAD_RET_1MIN][i]) && !isnan(rows->ret[i])) {
            /* Nothing to say is a balanced queue, as in the hit rates. */
            s->part[n++] = isnan(queue[i]) ? 0 : queue[i];
        }
    }
    const double model = lf_stats_pearson(s->forecast, s->truth, n);
    out->queue_ic = lf_stats_pearson(s->part, s->truth, n);
    out->ic_less_queue = model - out->queue_ic;
    if (!isfinite(out->ic_less_queue)) {
        return LF_OK;
    }
    const double *columns[3] = {s->forecast, s->part, s->truth};
    double mean[3];
    double sd[3];
    for (int c = 0; c < 3; c++) {
        double squares = 0;
        mean[c] = lf_stats_mean(columns[c], n);
        for (size_t i = 0; i < n; i++) {
            squares += (columns[c][i] - mean[c]) * (columns[c][i] - mean[c]);
        }
        sd[c] = sqrt(squares / (double)n);
    }
    for (size_t i = 0; i < n; i++) {
        s->whole[i] = ((s->forecast[i] - mean[0]) / sd[0] - (s->part[i] - mean[1]) / sd[1]) *
                      (s->truth[i] - mean[2]) / sd[2];
    }
    return lf_stats_bootstrap_ratio(
        s->whole, NULL, s->blocks, n, boot, &out->ic_less_queue_interval
    );
}

lf_status lfi_score_return(
    const lfi_scored *rows,
    const lf_train_score_options *options,
    lfi_subset *s,
    lf_train_return *out
)
{
    const lf_bootstrap_options boot = lfi_score_bootstrap(options);
    const int64_t horizon_ns = lfi_score_horizon_ns(options, 0);
    double errors = 0;
    double squares = 0;
    *out = (lf_train_return){0};
    if (score_days(rows, options, s, out) != LF_OK) {
        return LF_NOMEM;
    }
    s->count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        put_row(rows, i, s);
    }
    lfi_subset_blocks(s, horizon_ns);
    out->effective_rows =
        effective_rows(s, (size_t)((horizon_ns + options->label_delay_ns) / options->step_ns));
    lf_status status = score_ranks(&boot, s, out);
    for (size_t i = 0; i < s->count; i++) {
        s->part[i] = (s->forecast[i] - s->truth[i]) * (s->forecast[i] - s->truth[i]);
        s->whole[i] = s->truth[i] * s->truth[i];
        errors += s->part[i];
        squares += s->whole[i];
    }
    out->rows = (double)s->count;
    out->ic_all = lf_stats_pearson(s->forecast, s->truth, s->count);
    out->r2 = squares > 0 ? 1 - errors / squares : NAN;
    lf_interval ratio = {NAN, NAN};
    if (status == LF_OK) {
        status = lf_stats_bootstrap_ratio(s->part, s->whole, s->blocks, s->count, &boot, &ratio);
    }
    if (status == LF_OK) {
        out->r2_interval = (lf_interval){1 - ratio.high, 1 - ratio.low};
        status = lf_stats_bootstrap_pearson(
            s->forecast, s->truth, s->blocks, s->count, &boot, &out->ic_interval
        );
    }
    if (status == LF_OK) {
        status = compare_with_queue(rows, &boot, s, out);
    }
    return status;
}
