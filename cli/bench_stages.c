/* Stages of the verb bench up to the label: feed, feature, label. */
#include "bench.h"

#include <lobflow/label.h>

#include <string.h>

#define FEATURES_MAX 256
/* Labels: ret and up for two horizons. */
#define LABELS 2

/* ---- feed ------------------------------------------------------------------------------- */

static lf_status inflate_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    (void)context;
    int64_t bytes;
    bench_begin(pass);
    const lf_status status = bench_inflate(work->day.found.sources[0].path, NULL, &bytes, error);
    bench_end(pass, work->day.event_count, (size_t)bytes);
    return status;
}

/* Reads a source to its end, batch by batch; opening is part of the first batch. */
static lf_status read_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const lf_source *const source = context;
    (void)work;
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    int64_t text_bytes = 0;
    bench_begin(pass);
    lf_status status = lf_feed_open(source, NULL, &feed, error);
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, error);
        if (status == LF_OK) {
            const int64_t so_far = lf_feed_stats_of(feed)->text_bytes;
            bench_end(pass, batch.event_count, (size_t)(so_far - text_bytes));
            text_bytes = so_far;
            bench_begin(pass);
        }
    }
    lf_feed_close(feed);
    bench_end(pass, 0, 0);
    return status;
}

lf_status bench_feed(bench *work, lf_error *error)
{
    bench_day *const day = &work->day;
    lf_source plain = *bench_day_plain(work);
    lf_status status = LF_OK;
    if (day->text_bytes > 0) {
        status = bench_measure(work, "feed", "inflate alone", inflate_pass, NULL, error);
    } else {
        cli_say(NULL, "the data is not an archive, so nothing is inflated");
    }
    if (status == LF_OK) {
        status = bench_measure(work, "feed", "text in memory", read_pass, &plain, error);
    }
    if (status == LF_OK && day->text_bytes > 0) {
        lf_source *const whole = &day->found.sources[0];
        status = bench_measure(work, "feed", "archive", read_pass, whole, error);
    }
    return status == LF_OK ? bench_itch(work, error) : status;
}

/* ---- feature ---------------------------------------------------------------------------- */

typedef struct feature_work {
    const char *kernel; /* NULL: the fastest */
    bool with_mlofi;
    bool with_grid;  /* a row each second among the updates */
    bool rows_alone; /* only the rows are timed */
    bool at_events;  /* a row at every distinct time of events */
    const char *set; /* features that rows are asked for; NULL: all, "": none but the flows */
} feature_work;

typedef struct feature_loop {
    const feature_work *how;
    lf_feature_engine *engine;
    size_t features[FEATURES_MAX];
    size_t feature_count;
    int64_t grid_ns;
    int64_t last_ns; /* of the event before */
    int64_t open_ns;
    int64_t close_ns;
    double row[FEATURES_MAX];
    int64_t flows[LF_LEVELS_MAX * 4 * 3];
    double sink; /* so that no row is for nothing */
} feature_loop;

static void make_row(feature_loop *loop, int64_t t_ns)
{
    bool valid = true;
    if (loop->feature_count > 0) {
        lf_feature_row(loop->engine, t_ns, loop->row, &valid);
    }
    if (loop->how->with_mlofi) {
        lf_feature_mlofi(loop->engine, t_ns, loop->flows);
    }
    loop->sink += valid ? loop->row[0] + (double)loop->flows[0] : 0;
}

/* The row of the time that an event ends, when it is a later one. */
static void make_event_row(feature_loop *loop, int64_t ts_ns)
{
    if (ts_ns > loop->last_ns && loop->last_ns >= loop->open_ns && loop->last_ns < loop->close_ns) {
        make_row(loop, loop->last_ns);
    }
    loop->last_ns = ts_ns;
}

static lf_status
take_piece(feature_loop *loop, const bench_day *day, size_t from, size_t to, bench_pass *pass)
{
    const size_t row_bytes = lf_feature_count() * sizeof(double);
    const bool has_rows = loop->how->with_grid || loop->how->rows_alone;
    for (size_t i = from; i < to; i++) {
        const lf_event *const event = &day->events[i];
        const int64_t ts_ns = event->ts_exchange_ns;
        while (has_rows && loop->grid_ns < ts_ns && loop->grid_ns < loop->close_ns) {
            if (loop->how->rows_alone) {
                bench_begin(pass);
            }
            make_row(loop, loop->grid_ns);
            loop->grid_ns += LF_NS_PER_SECOND;
            if (loop->how->rows_alone) {
                bench_end(pass, 1, row_bytes);
            }
        }
        if (loop->how->at_events) {
            make_event_row(loop, ts_ns);
        }
        const lf_status status =
            lf_feature_update(loop->engine, event, day->trades + event->trade_first);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

static lf_status feature_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const bench_day *const day = &work->day;
    const feature_work *const how = context;
    feature_loop loop = {
        .how = how,
        .grid_ns = day->instrument.session_open_ns,
        .last_ns = LF_TIME_NONE,
        .open_ns = day->instrument.session_open_ns,
        .close_ns = day->instrument.session_close_ns,
    };
    const char *const set = how->set != NULL ? how->set : "default";
    lf_status status = LF_OK;
    if (set[0] != '\0') {
        status = lf_feature_select(set, loop.features, &loop.feature_count, error);
    }
    if (status != LF_OK) {
        return status;
    }
    const lf_feature_options options = {
        .features = loop.features,
        .feature_count = loop.feature_count,
        .kernel = how->kernel,
        .with_mlofi = how->with_mlofi,
        .vpin_bucket_lots = 2000,
    };
    status = lf_feature_engine_create(&day->instrument, &options, &loop.engine, error);
    for (size_t from = 0; from < day->event_count && status == LF_OK; from += BENCH_PIECE) {
        const size_t rest = day->event_count - from;
        const size_t count = rest < BENCH_PIECE ? rest : BENCH_PIECE;
        if (!how->rows_alone) {
            bench_begin(pass);
        }
        if (take_piece(&loop, day, from, from + count, pass) != LF_OK) {
            status = lf_error_set(error, LF_RANGE, "Five minutes hold too many events.");
        }
        if (!how->rows_alone) {
            bench_end(pass, count, count * sizeof(lf_event));
        }
    }
    lf_feature_engine_destroy(loop.engine);
    return status;
}

/* The slower kernels of this processor, beside the fastest one that all other lines are of. */
static lf_status bench_other_kernels(bench *work, lf_error *error)
{
    static const struct {
        const char *kernel;
        const char *plain;
        const char *mlofi;
    } names[] = {
        {"avx2", "updates, avx2", "updates, mlofi, avx2"},
        {"scalar", "updates, scalar", "updates, mlofi, scalar"},
    };
    lf_status status = LF_OK;
    for (size_t i = 1; lf_feature_kernel_at(i) != NULL; i++) {
        for (size_t k = 0; k < sizeof names / sizeof names[0] && status == LF_OK; k++) {
            feature_work how = {.kernel = names[k].kernel};
            if (strcmp(how.kernel, lf_feature_kernel_at(i)) != 0) {
                continue;
            }
            status = bench_measure(work, "feature", names[k].plain, feature_pass, &how, error);
            how.with_mlofi = true;
            if (status == LF_OK) {
                status = bench_measure(work, "feature", names[k].mlofi, feature_pass, &how, error);
            }
        }
    }
    return status;
}

lf_status bench_feature(bench *work, lf_error *error)
{
    static const struct {
        const char *name;
        feature_work how;
    } variants[] = {
        {"updates", {.with_mlofi = false}},
        {"updates, mlofi", {.with_mlofi = true}},
        {"updates, 1 s rows", {.with_grid = true}},
        {"updates, 1 s rows, mlofi", {.with_grid = true, .with_mlofi = true}},
        {"a row", {.rows_alone = true}},
        {"a row, mlofi", {.rows_alone = true, .with_mlofi = true}},
        {"event rows", {.at_events = true}},
        {"event rows, 4 of OFI", {.at_events = true, .set = "ofi_1s,ofi_10s,ofi_1min,ofi_5min"}},
        {"event rows, mlofi alone", {.at_events = true, .with_mlofi = true, .set = ""}},
    };
    lf_status status = LF_OK;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0] && status == LF_OK; i++) {
        feature_work how = variants[i].how;
        status = bench_measure(work, "feature", variants[i].name, feature_pass, &how, error);
    }
    return status == LF_OK ? bench_other_kernels(work, error) : status;
}

/* ---- label ------------------------------------------------------------------------------ */

typedef struct label_work {
    lf_label_path *path; /* of the last pass */
    int64_t *times_ns;   /* [row_count] */
    double *values;      /* [row_count] */
    size_t row_count;
} label_work;

static lf_status path_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const bench_day *const day = &work->day;
    label_work *const labels = context;
    lf_label_path_destroy(labels->path);
    lf_status status =
        lf_label_path_create(NULL, &day->instrument, LF_CLOCK_EXCHANGE, &labels->path, error);
    for (size_t from = 0; from < day->event_count && status == LF_OK; from += BENCH_PIECE) {
        const size_t rest = day->event_count - from;
        const size_t count = rest < BENCH_PIECE ? rest : BENCH_PIECE;
        bench_begin(pass);
        for (size_t i = from; i < from + count && status == LF_OK; i++) {
            status = lf_label_path_push(labels->path, &day->events[i]);
        }
        bench_end(pass, count, count * sizeof(lf_event));
    }
    return status;
}

static lf_status horizon_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    static const int64_t horizons_ns[LABELS] = {LF_NS_PER_MINUTE, 5 * LF_NS_PER_MINUTE};
    label_work *const labels = context;
    const size_t rows = labels->row_count;
    (void)work;
    (void)error;
    for (size_t i = 0; i < LABELS; i++) {
        double *const ret_bps = labels->values + 2 * i * rows;
        bench_begin(pass);
        lf_label_horizon(
            labels->path, labels->times_ns, rows, horizons_ns[i], 0, ret_bps, ret_bps + rows
        );
        bench_end(pass, rows, 2 * rows * sizeof(double));
    }
    return LF_OK;
}

lf_status bench_label(bench *work, lf_error *error)
{
    const lf_instrument *const instrument = &work->day.instrument;
    const int64_t session_ns = instrument->session_close_ns - instrument->session_open_ns;
    label_work labels = {.row_count = (size_t)(session_ns / LF_NS_PER_SECOND)};
    labels.times_ns = lf_allocate(NULL, labels.row_count, sizeof *labels.times_ns);
    labels.values = lf_allocate(NULL, labels.row_count, 2 * LABELS * sizeof *labels.values);
    lf_status status = LF_OK;
    if (labels.times_ns == NULL || labels.values == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory for labels.");
    }
    for (size_t i = 0; status == LF_OK && i < labels.row_count; i++) {
        labels.times_ns[i] = instrument->session_open_ns + (int64_t)i * LF_NS_PER_SECOND;
    }
    if (status == LF_OK) {
        status = bench_measure(work, "label", "path of the mid", path_pass, &labels, error);
    }
    if (status == LF_OK) {
        status = bench_measure(work, "label", "two labels of a row", horizon_pass, &labels, error);
    }
    lf_label_path_destroy(labels.path);
    lf_release(NULL, labels.times_ns);
    lf_release(NULL, labels.values);
    return status;
}
