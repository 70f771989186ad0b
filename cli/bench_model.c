/* Stages of the verb bench that need a model: one prediction, and the backtest. */
#include "bench.h"

#include <math.h>
#include <string.h>

#define FEATURES_MAX 256
/* Predictions of one pass, spread over the day. */
#define PREDICTIONS ((size_t)4096)

/* ---- fitting ---------------------------------------------------------------------------- */

/* The model of a kind, borrowed; LF_DEPENDENCY without LightGBM, for trees. */
static lf_status
get_model(bench *work, bench_model_kind kind, const lf_model **out, lf_error *error)
{
    static const char *const names[] = {"model_logistic", "model_symmetric", "model_brief"};
    lf_status status = LF_OK;
    if (work->models[kind] == NULL) {
        char path[BENCH_PATH_BYTES];
        bench_path(work, names[kind], path);
        lf_train_options options;
        lf_train_options_init(&options, kind == BENCH_BRIEF ? LF_TRAIN_BRIEF : LF_TRAIN_SYMMETRIC);
        options.kind = kind == BENCH_LOGISTIC ? LF_TRAIN_LOGISTIC : LF_TRAIN_TREES;
        /* A day may hold nothing to learn; all rounds give a forest that is worth timing. */
        options.early_stopping_share = 0;
        lf_frame *rows[] = {work->day.rows};
        status = lf_train_fit(rows, 1, INT64_MIN, INT64_MAX, &options, path, error);
        if (status == LF_OK) {
            status = lf_model_load(NULL, path, &work->models[kind], error);
        }
    }
    *out = work->models[kind];
    return status;
}

/* ---- one prediction --------------------------------------------------------------------- */

typedef struct predict_work {
    const lf_model *model;
    double *rows; /* [row_count][lf_feature_count()] */
    size_t row_count;
} predict_work;

static lf_status predict_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const predict_work *const predict = context;
    const size_t width = lf_feature_count();
    volatile double sink = 0;
    (void)work;
    (void)error;
    for (size_t i = 0; i < predict->row_count; i++) {
        lf_prediction prediction;
        bench_begin(pass);
        lf_model_predict(predict->model, predict->rows + i * width, true, &prediction);
        bench_end(pass, 1, width * sizeof(double));
        sink = prediction.p_up_1min;
    }
    (void)sink;
    return LF_OK;
}

/* Full rows in registry order out of the table of the day. */
static lf_status gather_rows(const bench *work, predict_work *out, lf_error *error)
{
    lf_frame *const frame = work->day.rows;
    const size_t width = lf_feature_count();
    const size_t count = lf_frame_row_count(frame);
    const size_t stride = count / PREDICTIONS + 1;
    const uint8_t *const valid = lf_frame_bool(frame, lf_frame_find(frame, "valid"));
    out->rows = lf_allocate(NULL, count / stride + 1, width * sizeof *out->rows);
    if (out->rows == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the rows to predict.");
    }
    for (size_t i = 0; i < count; i += stride) {
        for (size_t f = 0; f < width && valid[i] != 0; f++) {
            const size_t column = lf_frame_find(frame, lf_feature_at(f)->name);
            out->rows[out->row_count * width + f] = lf_frame_f64(frame, column)[i];
        }
        out->row_count += valid[i] != 0 ? 1 : 0;
    }
    return out->row_count > 0 ? LF_OK : lf_error_set(error, LF_DATA, "The day has no valid row.");
}

/* Without LightGBM what needs it is left out, and the person is told why. */
static lf_status skip_without_lightgbm(lf_status status)
{
    if (status == LF_DEPENDENCY) {
        cli_say(NULL, "no LightGBM is found, so nothing with trees is measured");
        return LF_OK;
    }
    return status;
}

lf_status bench_model(bench *work, lf_error *error)
{
    static const struct {
        const char *name;
        bench_model_kind kind;
    } variants[] = {
        {"a row, logistic", BENCH_LOGISTIC},
        {"a row, symmetric trees", BENCH_SYMMETRIC},
        {"a row, brief trees", BENCH_BRIEF},
    };
    predict_work predict = {0};
    lf_status status = bench_day_rows(work, error);
    if (status == LF_OK) {
        status = gather_rows(work, &predict, error);
    }
    for (size_t i = 0; i < sizeof variants / sizeof variants[0] && status == LF_OK; i++) {
        status = get_model(work, variants[i].kind, &predict.model, error);
        if (status == LF_OK) {
            status = bench_measure(work, "model", variants[i].name, predict_pass, &predict, error);
        }
    }
    lf_release(NULL, predict.rows);
    if (status == LF_OK) {
        status = bench_scorer(work, error);
    }
    return skip_without_lightgbm(status);
}

/* ---- backtest --------------------------------------------------------------------------- */

/* Batches of the feed: what reading each took, and the one that is being traded. */
typedef struct trading {
    const lf_model *model;
    lf_model_meta meta; /* of the model, for rows that are given */
    bool gives_rows;
    lf_row *rows; /* [row_count] recorded by a pass that computes them */
    size_t row_count;
    size_t row_capacity;
    double *read_ns; /* [read_count] each batch, without trading it */
    size_t read_count;
    size_t read_capacity;
    size_t batch; /* number of the batch that is being traded */
    size_t batch_events;
    bench_pass *pass;
    int64_t begin_ns;
} trading;

static lf_status open_delayed(const bench *work, lf_feed **out, lf_error *error)
{
    lf_strategy_options strategy;
    lf_strategy_options_default(&strategy);
    const lf_feed_options options = {.feed_latency_ns = strategy.execution.latency.feed_ns};
    return lf_feed_open(bench_day_plain(work), &options, out, error);
}

/* The time of each lf_feed_next(), to be taken off again. */
static lf_status time_reading(const bench *work, trading *desk, lf_error *error)
{
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    lf_status status = open_delayed(work, &feed, error);
    desk->read_count = 0;
    while (status == LF_OK && batch.event_count > 0) {
        void *read_ns = desk->read_ns;
        const size_t needed = desk->read_count + 1;
        if (lf_grow(NULL, &read_ns, &desk->read_capacity, needed, sizeof(double)) != LF_OK) {
            status = lf_error_set(error, LF_NOMEM, "No memory for the times of the batches.");
            break;
        }
        desk->read_ns = read_ns;
        const int64_t begin_ns = lf_clock_monotonic_ns();
        status = lf_feed_next(feed, &batch, error);
        desk->read_ns[desk->read_count++] = (double)(lf_clock_monotonic_ns() - begin_ns);
    }
    lf_feed_close(feed);
    return status;
}

/* Between two calls lie the trading of one batch and the reading of the next. */
static void note_batch(trading *desk)
{
    const double taken_ns = (double)(lf_clock_monotonic_ns() - desk->begin_ns);
    const size_t next = desk->batch + 1;
    const double read_ns = next < desk->read_count ? desk->read_ns[next] : 0;
    const size_t bytes = desk->batch_events * sizeof(lf_event);
    bench_note(desk->pass, taken_ns - read_ns, desk->batch_events, bytes);
    desk->batch = next;
}

static lf_status on_batch(void *context, const lf_batch *batch, lf_error *error)
{
    trading *const desk = context;
    (void)error;
    if (desk->batch_events > 0) {
        note_batch(desk);
    }
    desk->batch_events = batch->event_count;
    desk->begin_ns = lf_clock_monotonic_ns();
    return LF_OK;
}

static lf_status on_row(void *context, const lf_row *row, const double *features, lf_error *error)
{
    trading *const desk = context;
    (void)features;
    void *rows = desk->rows;
    if (lf_grow(NULL, &rows, &desk->row_capacity, desk->row_count + 1, sizeof *row) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "No memory for the rows of a backtest.");
    }
    desk->rows = rows;
    desk->rows[desk->row_count++] = *row;
    return LF_OK;
}

static lf_status trade(const bench *work, trading *desk, lf_backtest *backtest, lf_error *error)
{
    const lf_instrument *const instrument = &work->day.instrument;
    const lf_span span = {
        .from_ns = instrument->session_open_ns,
        .to_ns = instrument->session_close_ns,
        .model = desk->gives_rows ? NULL : desk->model,
        .meta = desk->meta,
    };
    const lf_backtest_day_options options = {
        .spans = &span,
        .span_count = 1,
        .rows = desk->gives_rows ? desk->rows : NULL,
        .row_count = desk->gives_rows ? desk->row_count : 0,
        .on_batch = on_batch,
        .on_row = desk->row_count == 0 ? on_row : NULL,
        .context = desk,
    };
    lf_feed *feed = NULL;
    lf_status status = open_delayed(work, &feed, error);
    desk->batch = 0;
    desk->batch_events = 0;
    if (status == LF_OK) {
        status = lf_backtest_day(backtest, feed, &options, error);
    }
    if (status == LF_OK && desk->batch_events > 0) {
        note_batch(desk);
    }
    lf_feed_close(feed);
    return status;
}

static lf_status trade_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    trading *const desk = context;
    lf_strategy_options strategy;
    lf_strategy_options_default(&strategy);
    const lf_backtest_options options = {
        .strategies = &strategy,
        .strategy_count = 1,
        .starting_cash = 100000,
        .in_sample = true,
    };
    lf_backtest *backtest = NULL;
    desk->pass = pass;
    lf_status status = time_reading(work, desk, error);
    if (status == LF_OK) {
        status = lf_backtest_create(&options, &backtest, error);
    }
    if (status == LF_OK) {
        status = trade(work, desk, backtest, error);
    }
    lf_backtest_destroy(backtest);
    return status;
}

static lf_status trade_with(
    bench *work, bench_model_kind kind, const char *given, const char *computed, lf_error *error
)
{
    const lf_model *model = NULL;
    lf_status status = get_model(work, kind, &model, error);
    if (status != LF_OK) {
        return status;
    }
    trading desk = {.model = model, .meta = *lf_model_meta_of(model)};
    status = bench_measure(work, "backtest", computed, trade_pass, &desk, error);
    if (status == LF_OK && given != NULL) {
        desk.gives_rows = true;
        status = bench_measure(work, "backtest", given, trade_pass, &desk, error);
    }
    lf_release(NULL, desk.rows);
    lf_release(NULL, desk.read_ns);
    return status;
}

lf_status bench_backtest(bench *work, lf_error *error)
{
    lf_status status = bench_venue(work, error);
    if (status == LF_OK) {
        status = bench_day_rows(work, error);
    }
    if (status == LF_OK) {
        status = trade_with(work, BENCH_LOGISTIC, "rows given", "features and logistic", error);
    }
    if (status == LF_OK) {
        status = trade_with(work, BENCH_SYMMETRIC, NULL, "features and trees", error);
        status = skip_without_lightgbm(status);
    }
    return status;
}
