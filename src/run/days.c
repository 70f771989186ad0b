/* Symbol-days as rows: features in one pass with the path that the labels are read from. */
#include "line_internal.h"

#include <math.h>
#include <string.h>

/* ---- progress and paths ----------------------------------------------------------------- */

lf_status lfi_tell(const lf_run_job *job, const char *stage, double share, lf_error *error)
{
    if (job->progress != NULL && !job->progress(job->progress_context, stage, share)) {
        return lf_error_set(error, LF_CANCELLED, "Stopped; what was finished is kept.");
    }
    return LF_OK;
}

lf_status lfi_tell_day(
    const lf_run_job *job, const char *stage, size_t day, const lf_feed *feed, lf_error *error
)
{
    const lf_feed_stats *const stats = lf_feed_stats_of(feed);
    const double part = stats->input_bytes_total > 0
                            ? (double)stats->input_bytes / (double)stats->input_bytes_total
                            : 0;
    return lfi_tell(job, stage, ((double)day + fmin(part, 1)) / (double)job->source_count, error);
}

lf_status lfi_path(const char *folder, const char *name, char out[LFI_PATH_BYTES], lf_error *error)
{
    const int length = snprintf(out, LFI_PATH_BYTES, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= LFI_PATH_BYTES) {
        return lf_error_set(error, LF_RANGE, "The path %s/%s is too long.", folder, name);
    }
    return LF_OK;
}

/* ---- one day ---------------------------------------------------------------------------- */

typedef struct day_pass {
    const lf_run_job *job;
    const lfi_day_options *options;
    size_t day;
    const lf_feed *feed;
    lf_label_path *path;
    lf_frame *frame;
    size_t feature_columns; /* ts_event, symbol and valid included */
} day_pass;

static lf_status on_batch(void *context, const lf_batch *batch, lf_error *error)
{
    day_pass *const pass = context;
    for (size_t i = 0; i < batch->event_count; i++) {
        if (lf_label_path_push(pass->path, &batch->events[i]) != LF_OK) {
            return lf_error_set(error, LF_NOMEM, "No memory for the path of the mid.");
        }
    }
    return lfi_tell_day(pass->job, pass->options->stage, pass->day, pass->feed, error);
}

/* Columns of a day: those of the pieces, then what is read off the path. */
#define EXTRA_MAX ((size_t)96)

/* Names of the label columns and of the spread; SIZE_MAX when they are too many. */
static size_t extra_names(const lfi_day_options *options, char names[][LFI_LABEL_NAME_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; i < options->label_count; i++) {
        if (used + LFI_LABEL_COLUMNS_MAX + 1 > EXTRA_MAX) {
            return SIZE_MAX;
        }
        used += lfi_label_names(&options->labels[i], names + used);
    }
    if (options->with_spread) {
        memcpy(names[used++], "spread_ticks", sizeof "spread_ticks");
    }
    return used;
}

static lf_status create_frame(day_pass *pass, const lf_frame *piece, lf_error *error)
{
    const lfi_day_options *const options = pass->options;
    const size_t columns = lf_frame_column_count(piece);
    char names[EXTRA_MAX][LFI_LABEL_NAME_BYTES];
    const size_t extra = extra_names(options, names);
    if (extra == SIZE_MAX) {
        return lf_error_set(error, LF_RANGE, "More than %zu label columns.", EXTRA_MAX);
    }
    const lf_allocator *const allocator = pass->job->allocator;
    lf_column_spec *const specs = lf_allocate(allocator, columns + extra, sizeof *specs);
    if (specs == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the rows of a day.");
    }
    for (size_t i = 0; i < columns; i++) {
        specs[i] = lf_frame_column(piece, i);
    }
    for (size_t i = 0; i < extra; i++) {
        specs[columns + i] = (lf_column_spec){names[i], LF_COLUMN_F64};
    }
    pass->feature_columns = columns;
    const lf_status status =
        lf_frame_create(allocator, specs, columns + extra, 32768, &pass->frame, error);
    lf_release(allocator, specs);
    return status;
}

static lf_status copy_text(lf_frame *to, size_t column, size_t first, const lf_frame *from)
{
    /* A day has one symbol, so one piece of text. */
    const size_t count = lf_frame_row_count(from);
    return count == 0 ? LF_OK
                      : lf_frame_set_text(to, column, first, count, lf_frame_text(from, column, 0));
}

static lf_status on_rows(void *context, const lf_frame *rows, lf_error *error)
{
    day_pass *const pass = context;
    lf_status status = pass->frame != NULL ? LF_OK : create_frame(pass, rows, error);
    if (status != LF_OK) {
        return status;
    }
    const size_t first = lf_frame_row_count(pass->frame);
    const size_t count = lf_frame_row_count(rows);
    status = lf_frame_append(pass->frame, count);
    /* Reading needs the same pointers as writing; nothing is written to the piece. */
    lf_frame *const from = (lf_frame *)(uintptr_t)rows;
    for (size_t i = 0; i < pass->feature_columns && status == LF_OK; i++) {
        switch (lf_frame_column(rows, i).kind) {
        case LF_COLUMN_F64:
            memcpy(
                lf_frame_f64(pass->frame, i) + first, lf_frame_f64(from, i), count * sizeof(double)
            );
            break;
        case LF_COLUMN_I64:
        case LF_COLUMN_TIME:
            memcpy(
                lf_frame_i64(pass->frame, i) + first, lf_frame_i64(from, i), count * sizeof(int64_t)
            );
            break;
        case LF_COLUMN_BOOL:
            memcpy(lf_frame_bool(pass->frame, i) + first, lf_frame_bool(from, i), count);
            break;
        case LF_COLUMN_TEXT:
            status = copy_text(pass->frame, i, first, rows);
            break;
        }
    }
    return status == LF_OK ? LF_OK
                           : lf_error_set(error, status, "No memory for the rows of a day.");
}

/* The spread in ticks of the last valid state, from the path and the features. */
static void fill_spread(const day_pass *pass)
{
    lf_frame *const frame = pass->frame;
    const size_t rows = lf_frame_row_count(frame);
    const int64_t *const times = lf_frame_i64(frame, lf_frame_find(frame, "ts_event"));
    const size_t bps = lf_frame_find(frame, "spread_bps");
    if (!pass->options->with_spread || bps == SIZE_MAX) {
        return;
    }
    double *const spread = lf_frame_f64(frame, lf_frame_find(frame, "spread_ticks"));
    const double *const spread_bps = lf_frame_f64(frame, bps);
    for (size_t i = 0; i < rows; i++) {
        const int64_t mid2 = lf_label_mid2(pass->path, times[i]);
        spread[i] = mid2 > 0 ? round(spread_bps[i] * 1e-4 * 0.5 * (double)mid2) : NAN;
    }
}

static lf_status read_feed(day_pass *pass, lf_feed *feed, lfi_day_rows *out, lf_error *error)
{
    const lf_config *const config = pass->job->config;
    const lf_feature_rows_options options = {
        .engine =
            {
                .allocator = pass->job->allocator,
                .clock = pass->options->clock,
                .vpin_bucket_lots = config->vpin_bucket_lots,
                .carry = &out->carry,
                .users = pass->job->users,
            },
        .set = pass->options->set,
        .fitted = pass->options->fitted,
        .with_ingredients = pass->options->with_ingredients,
        .step_ns = config->step_ns,
        .at_events = pass->options->at_events,
        .on_batch = on_batch,
    };
    lf_status status = lf_label_path_create(
        pass->job->allocator, &out->instrument, pass->options->clock, &pass->path, error
    );
    if (status == LF_OK) {
        status = lf_feature_rows(feed, &options, on_rows, pass, &out->carry_out, error);
    }
    if (status == LF_OK && pass->frame == NULL) {
        status = lf_error_set(
            error, LF_DATA, "%s: the session has no rows.", pass->job->sources[pass->day].path
        );
    }
    if (status == LF_OK) {
        fill_spread(pass);
        status = lfi_labels_fill(
            pass->job, pass->path, pass->options, pass->frame, pass->feature_columns, error
        );
    }
    lf_label_path_destroy(pass->path);
    return status;
}

/* Rows of which none is valid are told of: they would be missed only where they are used. */
static void say_void(const lf_run_job *job, size_t day, const lfi_day_rows *rows)
{
    const size_t column = lf_frame_find(rows->frame, "valid");
    const size_t count = lf_frame_row_count(rows->frame);
    const lf_feed_stats *const stats = &rows->stats;
    if (job->say == NULL || memchr(lf_frame_bool(rows->frame, column), 1, count) != NULL) {
        return;
    }
    char line[LFI_PATH_BYTES + 256];
    char date[11];
    lf_date_format(rows->instrument.date, date);
    (void)snprintf(
        line,
        sizeof line,
        "%s: none of the %zu rows of %s %s is valid; %s",
        job->sources[day].path,
        count,
        rows->instrument.symbol,
        date,
        stats->kind_counts[LF_EVENT_TRADE] == stats->event_count
            ? "trades alone make no book: name the file with the book, or with the best levels, "
              "as well"
            : "lobflow inspect tells what is wrong with the book"
    );
    job->say(job->say_context, line);
}

lf_status lfi_day_read(
    const lf_run_job *job,
    size_t day,
    const lfi_day_options *options,
    lfi_day_rows *out,
    lf_error *error
)
{
    lf_feed_options feed_options;
    lf_run_feed_options(job->config, &feed_options);
    feed_options.allocator = job->allocator;
    feed_options.feed_latency_ns =
        options->clock == LF_CLOCK_LOCAL ? job->config->execution.latency.feed_ns : 0;
    lf_feed *feed = NULL;
    lf_status status = lf_feed_open(&job->sources[day], &feed_options, &feed, error);
    if (status != LF_OK) {
        return status;
    }
    out->instrument = *lf_feed_instrument(feed);
    day_pass pass = {.job = job, .options = options, .day = day, .feed = feed};
    if (options->to_trade) {
        lf_fees fees;
        status = lf_fees_resolve(&job->config->execution.fees, &out->instrument, &fees, error);
    }
    if (status == LF_OK) {
        status = read_feed(&pass, feed, out, error);
    }
    out->stats = *lf_feed_stats_of(feed);
    lf_feed_close(feed);
    if (status != LF_OK) {
        lf_frame_destroy(pass.frame);
        return status;
    }
    out->frame = pass.frame;
    say_void(job, day, out);
    return LF_OK;
}

void lfi_day_clear(lfi_day_rows *rows)
{
    lf_frame_destroy(rows->frame);
    rows->frame = NULL;
}

/* ---- all days --------------------------------------------------------------------------- */

void lfi_day_carry(
    const lf_run_job *job, const lfi_day_rows *days, size_t day, lf_feature_carry *out
)
{
    memset(out, 0, sizeof *out);
    for (size_t i = day; i-- > 0;) {
        if (strcmp(job->sources[i].symbol, job->sources[day].symbol) == 0) {
            *out = days[i].carry_out;
            return;
        }
    }
}

/* Blocks of five short horizons, but of 5 min at least; each day has its own order. */
static lf_status permute(const lf_run_job *job, size_t day, lf_frame *frame, lf_error *error)
{
    const uint64_t seed = job->config->model.permute_seed;
    const int64_t horizon_ns = job->config->model.horizon_ns;
    const int64_t unit_ns = horizon_ns > LF_NS_PER_MINUTE ? horizon_ns : LF_NS_PER_MINUTE;
    return lf_train_permute_labels(frame, 5 * unit_ns, lf_hash64(&day, sizeof day, seed), error);
}

/* The set of the rows, with what the fitted features of the model are made of. */
lf_status lfi_set_for_training(
    const lf_run_job *job, lf_clock clock, char set[LFI_SET_BYTES], lf_error *error
)
{
    lf_train_options options;
    size_t features[LF_MODEL_FEATURES_MAX];
    size_t count = 0;
    lfi_run_train_options(job, clock, &options);
    const lf_status status =
        lf_feature_select_of(job->users, options.features, features, &count, error);
    if (status == LF_OK) {
        lfi_fitted_set(features, count, set);
    }
    return status;
}

/* Rows of all days have the same columns, and each level's flow is a column of its own. */
lf_status lfi_check_levels(
    const lf_run_job *job, const lfi_day_rows *days, size_t day, const char *set, lf_error *error
)
{
    const int32_t first = days[0].instrument.level_count;
    const int32_t levels = days[day].instrument.level_count;
    if (levels == first || strstr(set, "ofi_integrated_") == NULL) {
        return LF_OK;
    }
    return lf_error_set(
        error,
        LF_MISMATCH,
        "%s has books of %d levels, %s of %d; ofi_integrated needs the same number on all days.",
        job->sources[0].path,
        (int)first,
        job->sources[day].path,
        (int)levels
    );
}

lf_status lfi_training_day(
    const lf_run_job *job,
    lf_clock clock,
    bool to_trade,
    size_t day,
    char set[LFI_SET_BYTES],
    lfi_day_rows *rows,
    lf_error *error
)
{
    const lf_train_options *const model = &job->config->model;
    const bool has_long = model->horizon_long_ns != model->horizon_ns;
    const lf_label_spec labels[] = {
        {LF_LABEL_RETURN, model->horizon_ns}, {LF_LABEL_RETURN, model->horizon_long_ns}};
    lf_status status = lfi_set_for_training(job, clock, set, error);
    if (status != LF_OK) {
        return status;
    }
    const lfi_day_options options = {
        .set = set,
        .with_ingredients = true,
        .clock = clock,
        .to_trade = to_trade,
        .with_spread = true,
        .labels = labels,
        .label_count = has_long ? 2 : 1,
        .stage = "features",
    };
    status = lfi_day_read(job, day, &options, rows, error);
    return status == LF_OK && model->permute_seed != 0 ? permute(job, day, rows->frame, error)
                                                       : status;
}

lf_status lfi_days_read(
    const lf_run_job *job,
    lf_clock clock,
    bool to_trade,
    lfi_store *store,
    lfi_day_rows **out,
    lf_error *error
)
{
    char set[LFI_SET_BYTES];
    *out = NULL;
    lf_status status = LF_OK;
    lfi_day_rows *const days = lf_allocate(job->allocator, job->source_count + 1, sizeof *days);
    if (days == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for %zu days.", job->source_count);
    }
    for (size_t i = 0; i < job->source_count; i++) {
        lfi_day_carry(job, days, i, &days[i].carry);
        status = lfi_training_day(job, clock, to_trade, i, set, &days[i], error);
        if (status == LF_OK) {
            status = lfi_check_levels(job, days, i, set, error);
        }
        if (status == LF_OK) {
            status = lfi_store_put(store, days[i].frame, job->sources[i].symbol, error);
        }
        lfi_day_clear(&days[i]);
        if (status != LF_OK) {
            lfi_days_release(job, days);
            return status;
        }
    }
    *out = days;
    return LF_OK;
}

void lfi_days_release(const lf_run_job *job, lfi_day_rows *days)
{
    for (size_t i = 0; days != NULL && i < job->source_count; i++) {
        lfi_day_clear(&days[i]);
    }
    lf_release(job->allocator, days);
}
