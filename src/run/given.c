/* Predictions that were made elsewhere, traded as if a model had made them. */
#include "given_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define SET "ofi_norm_1min,ofi_1min,depth_imbalance_l1"

static const char *const value_names[LFI_GIVEN_VALUES] = {"p_up_1min", "p_up_5min", "ret_1min_bps"};

/* ---- the table -------------------------------------------------------------------------- */

static lf_status find_column(
    lf_frame *table,
    const char *name,
    lf_column_kind kind,
    bool is_needed,
    size_t *out,
    lf_error *error
)
{
    *out = lf_frame_find(table, name);
    if (*out == SIZE_MAX) {
        return is_needed
                   ? lf_error_set(
                         error,
                         LF_MISMATCH,
                         "The predictions have no column \"%s\"; ts_event, symbol (for several "
                         "symbols), p_up_1min, p_up_5min and ret_1min_bps are read.",
                         name
                     )
                   : LF_OK;
    }
    const lf_column_kind found = lf_frame_column(table, *out).kind;
    if (found == kind || (found != LF_COLUMN_TEXT && kind != LF_COLUMN_TEXT &&
                          lf_frame_cast(table, *out, kind, NULL) == LF_OK)) {
        return LF_OK;
    }
    return lf_error_set(
        error, LF_MISMATCH, "The column \"%s\" of the predictions is of another kind.", name
    );
}

static lf_status check_values(const lfi_given *given, lf_error *error)
{
    const size_t rows = lf_frame_row_count(given->table);
    for (int v = 0; v < LFI_GIVEN_RET; v++) {
        if (given->values[v] == SIZE_MAX) {
            continue;
        }
        const double *const p = lf_frame_f64(given->table, given->values[v]);
        for (size_t i = 0; i < rows; i++) {
            if (p[i] < 0 || p[i] > 1) {
                return lf_error_set(
                    error,
                    LF_DATA,
                    "Row %zu of the predictions: %s is %g; a probability lies between 0 and 1.",
                    i,
                    value_names[v],
                    p[i]
                );
            }
        }
    }
    return LF_OK;
}

static bool several_symbols(const lf_run_job *job)
{
    for (size_t i = 1; i < job->source_count; i++) {
        if (strcmp(job->sources[i].symbol, job->sources[0].symbol) != 0) {
            return true;
        }
    }
    return false;
}

lf_model_meta lfi_meta_without_model(const lf_run_job *job, const char *kind)
{
    lf_model_meta out = {
        .step_ns = job->config->step_ns,
        .horizon_ns = job->config->model.horizon_ns,
        .horizon_long_ns = job->config->model.horizon_long_ns,
        .train_first_ns = INT64_MIN,
        .train_last_ns = INT64_MIN,
        .purge_until_ns = INT64_MIN,
        .ofi_threshold = -INFINITY,
        .ofi_extreme = INFINITY,
        .median_spread_ticks = NAN,
        .vpin_bucket_lots = job->config->vpin_bucket_lots,
        .clock = LF_CLOCK_LOCAL,
    };
    (void)snprintf(out.kind, sizeof out.kind, "%s", kind);
    (void)snprintf(out.model_id, sizeof out.model_id, "%s", kind);
    return out;
}

/* The span that they cover, with a name made of their content and no threshold of flow: they alone
   decide, unless the keys of [signal] say otherwise. */
static void make_span(const lf_run_job *job, lfi_given *given)
{
    const size_t rows = lf_frame_row_count(given->table);
    const int64_t *const times = lf_frame_i64(given->table, given->ts);
    uint64_t hash = lf_hash64(times, rows * sizeof *times, rows);
    int64_t first = INT64_MAX;
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < rows; i++) {
        first = times[i] < first ? times[i] : first;
        last = times[i] > last ? times[i] : last;
    }
    for (int v = 0; v < LFI_GIVEN_VALUES; v++) {
        hash = lf_hash64(&v, sizeof v, hash);
        if (given->values[v] != SIZE_MAX) {
            const double *const x = lf_frame_f64(given->table, given->values[v]);
            hash = lf_hash64(x, rows * sizeof *x, hash);
        }
    }
    for (size_t i = 0; given->symbol != SIZE_MAX && i < rows; i++) {
        const char *const symbol = lf_frame_text(given->table, given->symbol, i);
        hash = lf_hash64(symbol, strlen(symbol), hash);
    }
    given->span = (lf_span){
        .from_ns = rows > 0 ? first : 0,
        .to_ns = rows > 0 ? last + 1 : 0,
        .meta = lfi_meta_without_model(job, "given"),
    };
    (void)snprintf(
        given->span.meta.model_id, sizeof given->span.meta.model_id, "given-%016" PRIx64, hash
    );
}

lf_status lfi_given_open(const lf_run_job *job, lf_frame *table, lfi_given *out, lf_error *error)
{
    const lf_signal_options *const signal = &job->config->signal;
    const bool is_long = signal->horizon == LF_HORIZON_5MIN;
    const bool is_needed[LFI_GIVEN_VALUES] = {!is_long, is_long, signal->cost_factor > 0};
    *out = (lfi_given){.table = table};
    lf_status status = find_column(table, "ts_event", LF_COLUMN_TIME, true, &out->ts, error);
    if (status == LF_OK) {
        const bool several = several_symbols(job);
        status = find_column(table, "symbol", LF_COLUMN_TEXT, several, &out->symbol, error);
    }
    for (int v = 0; v < LFI_GIVEN_VALUES && status == LF_OK; v++) {
        status =
            find_column(table, value_names[v], LF_COLUMN_F64, is_needed[v], &out->values[v], error);
    }
    if (status == LF_OK) {
        status = check_values(out, error);
    }
    if (status == LF_OK && lf_frame_row_count(table) == 0) {
        status = lf_error_set(error, LF_MISMATCH, "There are no predictions to trade.");
    }
    if (status == LF_OK) {
        make_span(job, out);
    }
    return status;
}

/* Whether a row belongs to a symbol-day. */
static bool
is_of(const lfi_given *given, const lf_instrument *instrument, int64_t ts_ns, size_t row)
{
    return ts_ns >= instrument->session_open_ns && ts_ns < instrument->session_close_ns &&
           (given->symbol == SIZE_MAX ||
            strcmp(lf_frame_text(given->table, given->symbol, row), instrument->symbol) == 0);
}

/* ---- which days ------------------------------------------------------------------------- */

lf_status lfi_given_touches(
    const lfi_given *given, const lf_run_job *job, size_t day, bool *out, lf_error *error
)
{
    lf_feed_options options;
    lf_feed *feed = NULL;
    lf_run_feed_options(job->config, &options);
    options.allocator = job->allocator;
    const lf_status status = lf_feed_open(&job->sources[day], &options, &feed, error);
    *out = false;
    if (status == LF_OK) {
        const lf_instrument *const instrument = lf_feed_instrument(feed);
        const int64_t *const times = lf_frame_i64(given->table, given->ts);
        for (size_t i = 0; i < lf_frame_row_count(given->table) && !*out; i++) {
            *out = is_of(given, instrument, times[i], i);
        }
    }
    lf_feed_close(feed);
    return status;
}

/* ---- a day ------------------------------------------------------------------------------ */

/* Every row time of the session, with the flow that the rules look at and no prediction yet. */
static lf_row *make_rows(const lf_run_job *job, lf_frame *frame)
{
    const size_t count = lf_frame_row_count(frame);
    lf_row *const rows = lf_allocate(job->allocator, count + 1, sizeof *rows);
    if (rows == NULL) {
        return NULL;
    }
    const int64_t *const times = lf_frame_i64(frame, lf_frame_find(frame, "ts_event"));
    const double *const norm = lf_frame_f64(frame, lf_frame_find(frame, "ofi_norm_1min"));
    const double *const flow = lf_frame_f64(frame, lf_frame_find(frame, "ofi_1min"));
    const double *const queue = lf_frame_f64(frame, lf_frame_find(frame, "depth_imbalance_l1"));
    for (size_t i = 0; i < count; i++) {
        rows[i] = (lf_row){
            .ts_ns = times[i],
            .prediction = {NAN, NAN, NAN},
            .ofi_norm_1min = norm[i],
            .ofi_1min = flow[i],
            .depth_imbalance_l1 = queue[i],
        };
    }
    return rows;
}

static double value_of(const lfi_given *given, int value, size_t row)
{
    return given->values[value] != SIZE_MAX ? lf_frame_f64(given->table, given->values[value])[row]
                                            : NAN;
}

/* Put the predictions of the day into its rows; seen: [count] which have one. */
static lf_status place(
    const lfi_given *given,
    const lf_run_job *job,
    const lf_instrument *instrument,
    lf_row *rows,
    size_t count,
    bool *seen,
    lf_error *error
)
{
    const int64_t *const times = lf_frame_i64(given->table, given->ts);
    const int64_t step_ns = job->config->step_ns;
    for (size_t i = 0; i < lf_frame_row_count(given->table); i++) {
        if (!is_of(given, instrument, times[i], i)) {
            continue;
        }
        const size_t at = (size_t)((times[i] - instrument->session_open_ns) / step_ns);
        char time[32];
        char step[32];
        lf_time_format(times[i], time);
        lf_duration_format(step_ns, step);
        if (at >= count || rows[at].ts_ns != times[i]) {
            return lf_error_set(
                error,
                LF_MISMATCH,
                "Row %zu of the predictions lies at %s, which is no row time: those are every %s "
                "from the session's opening on; features.step sets it.",
                i,
                time,
                step
            );
        }
        if (seen[at]) {
            return lf_error_set(
                error, LF_DATA, "Row %zu of the predictions: %s is there twice.", i, time
            );
        }
        seen[at] = true;
        rows[at].prediction = (lf_prediction){
            .p_up_1min = value_of(given, LFI_GIVEN_UP, i),
            .p_up_5min = value_of(given, LFI_GIVEN_UP_LONG, i),
            .ret_1min_bps = value_of(given, LFI_GIVEN_RET, i),
        };
    }
    return LF_OK;
}

lf_status lfi_given_rows(
    const lfi_given *given,
    const lf_run_job *job,
    size_t day,
    lf_row **out,
    size_t *count,
    lf_error *error
)
{
    const lfi_day_options options = {.set = SET, .clock = LF_CLOCK_LOCAL, .stage = "backtest"};
    lfi_day_rows read = {.frame = NULL};
    *out = NULL;
    lf_status status = lfi_day_read(job, day, &options, &read, error);
    if (status != LF_OK) {
        return status;
    }
    *count = lf_frame_row_count(read.frame);
    *out = make_rows(job, read.frame);
    bool *const seen = lf_allocate(job->allocator, *count + 1, sizeof *seen);
    if (*out == NULL || seen == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory for the predictions of a day.");
    } else {
        status = place(given, job, &read.instrument, *out, *count, seen, error);
    }
    lf_release(job->allocator, seen);
    lfi_day_clear(&read);
    if (status != LF_OK) {
        lf_release(job->allocator, *out);
        *out = NULL;
    }
    return status;
}
