/* Rows of a whole day: a feed's events through the engine, rows at grid or event times, in pieces.
 */
#include "feature_internal.h"

/* Rows of one piece: 512 rows of 64 features are 256 KB, which a second-level cache holds. */
#define PIECE_ROWS ((size_t)512)
/* ts_event, symbol, valid. */
#define HEAD_COLUMNS ((size_t)3)
#define FLOW_KINDS 3
#define FLOW_COLUMNS_MAX (LF_LEVELS_MAX * LFI_WINDOW_COUNT * FLOW_KINDS)
#define COLUMNS_MAX \
    (HEAD_COLUMNS + LFI_FEATURE_INDICES_MAX + FLOW_COLUMNS_MAX + (size_t)LFI_INGREDIENTS_MAX)
/* One pass over one day. */
typedef struct rows_run {
    const lf_feature_rows_options *options;
    const lf_instrument *instrument;
    lf_feature_engine *engine;
    lf_frame *frame;
    lf_feature_sink sink;
    void *context;
    size_t indices[LFI_FEATURE_INDICES_MAX]; /* features to emit */
    size_t index_count;
    bool is_fitted;    /* some of them are fitted */
    bool is_user;      /* some of them are of one's own */
    size_t flow_count; /* many-level columns, 0 without them */
    char flow_names[FLOW_COLUMNS_MAX][LFI_FLOW_NAME_BYTES];
    lfi_needs needs;         /* of the ingredients */
    size_t ingredient_count; /* columns of them, 0 without them */
    char ingredient_names[LFI_INGREDIENTS_MAX][LFI_FLOW_NAME_BYTES];
    size_t width;      /* columns of values: features, flows, ingredients */
    size_t row_count;  /* rows waiting in the piece */
    int64_t *times_ns; /* [PIECE_ROWS] */
    uint8_t *valid;    /* [PIECE_ROWS] */
    double *values;    /* [PIECE_ROWS][width] */
    int64_t next_ns;   /* grid: time of the next row; events: time of the last event or none */
} rows_run;

static void name_flows(rows_run *run)
{
    static const char *const kinds[FLOW_KINDS] = {"ofi_m", "bid_flow_m", "ask_flow_m"};
    for (int kind = 0; kind < FLOW_KINDS; kind++) {
        for (int m = 0; m < run->instrument->level_count; m++) {
            for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
                lfi_flow_name(kinds[kind], m, window, run->flow_names[run->flow_count++]);
            }
        }
    }
}

static lf_status choose_columns(rows_run *run, lf_error *error)
{
    const lf_feature_rows_options *options = run->options;
    const char *set = options->set != NULL ? options->set : "default";
    const bool is_all = strcmp(set, "all") == 0;
    const bool is_mlofi = strcmp(set, "mlofi") == 0;
    const int levels = run->instrument->level_count;
    const lf_feature_users *users = options->engine.users;
    lf_status status = LF_OK;
    if (is_all || is_mlofi) {
        name_flows(run);
    }
    if (!is_mlofi) {
        status = lf_feature_select_of(
            users, is_all ? "default" : set, run->indices, &run->index_count, error
        );
    }
    run->is_fitted = lf_feature_needs_fitted(run->indices, run->index_count);
    for (size_t i = 0; i < run->index_count; i++) {
        run->is_user = run->is_user || run->indices[i] >= (size_t)LFI_FEATURE_COUNT_ALL;
    }
    if (status == LF_OK && run->is_fitted && options->with_ingredients) {
        run->needs = lfi_needs_of(run->indices, run->index_count);
        run->ingredient_count = lfi_ingredient_names(&run->needs, levels, run->ingredient_names);
    }
    for (size_t i = 0; i < run->index_count && status == LF_OK; i++) {
        const bool may_be_missing = options->with_ingredients;
        if (!may_be_missing || lf_feature_fitted_has(options->fitted, run->indices[i])) {
            status = lf_feature_fitted_check(options->fitted, &run->indices[i], 1, levels, error);
        }
    }
    run->width = run->index_count + run->flow_count + run->ingredient_count;
    return status;
}

static lf_status create_frame(rows_run *run, lf_error *error)
{
    lf_column_spec specs[COLUMNS_MAX] = {
        {"ts_event", LF_COLUMN_TIME}, {"symbol", LF_COLUMN_TEXT}, {"valid", LF_COLUMN_BOOL}};
    size_t count = HEAD_COLUMNS;
    for (size_t i = 0; i < run->index_count; i++) {
        const lf_feature_info *info =
            lf_feature_info_of(run->options->engine.users, run->indices[i]);
        specs[count++] = (lf_column_spec){info->name, LF_COLUMN_F64};
    }
    for (size_t i = 0; i < run->flow_count; i++) {
        specs[count++] = (lf_column_spec){run->flow_names[i], LF_COLUMN_F64};
    }
    for (size_t i = 0; i < run->ingredient_count; i++) {
        specs[count++] = (lf_column_spec){run->ingredient_names[i], LF_COLUMN_F64};
    }
    return lf_frame_create(
        run->options->engine.allocator, specs, count, PIECE_ROWS, &run->frame, error
    );
}

static lf_status take_memory(rows_run *run, bool has_carry, lf_error *error)
{
    const lf_allocator *allocator = run->options->engine.allocator;
    run->times_ns = lf_allocate(allocator, PIECE_ROWS, sizeof *run->times_ns);
    run->valid = lf_allocate(allocator, PIECE_ROWS, sizeof *run->valid);
    run->values = lf_allocate(allocator, PIECE_ROWS, run->width * sizeof *run->values);
    if (run->times_ns == NULL || run->valid == NULL || run->values == NULL) {
        return lf_error_set(error, LF_NOMEM, "There is no memory for a piece of feature rows.");
    }
    lf_feature_options engine = run->options->engine;
    engine.users = run->is_user ? engine.users : NULL;
    engine.with_mlofi = engine.with_mlofi || run->flow_count > 0 || run->is_fitted;
    if (!has_carry) {
        engine.features = run->indices;
        engine.feature_count = run->index_count;
    }
    return lf_feature_engine_create(run->instrument, &engine, &run->engine, error);
}

/* Hands the rows of the piece to the sink. */
static lf_status flush(rows_run *run, lf_error *error)
{
    if (run->row_count == 0) {
        return LF_OK;
    }
    lf_frame_clear(run->frame);
    lf_status status = lf_frame_append(run->frame, run->row_count);
    if (status == LF_OK) {
        status = lf_frame_set_text(run->frame, 1, 0, run->row_count, run->instrument->symbol);
    }
    if (status != LF_OK) {
        return lf_error_set(error, status, "There is no memory for a piece of feature rows.");
    }
    memcpy(lf_frame_i64(run->frame, 0), run->times_ns, run->row_count * sizeof *run->times_ns);
    memcpy(lf_frame_bool(run->frame, 2), run->valid, run->row_count);
    const size_t width = run->width;
    for (size_t column = 0; column < width; column++) {
        double *out = lf_frame_f64(run->frame, HEAD_COLUMNS + column);
        for (size_t row = 0; row < run->row_count; row++) {
            out[row] = run->values[row * width + column];
        }
    }
    run->row_count = 0;
    return run->sink(run->context, run->frame, error);
}

/* The many-level flows in the order of their columns; undefined where a windowed feature is. */
static void fill_flows(rows_run *run, int64_t t_ns, bool is_valid, double *out)
{
    int64_t flows[FLOW_COLUMNS_MAX];
    bool warm[LFI_WINDOW_COUNT];
    const int count = run->instrument->level_count;
    lf_feature_mlofi(run->engine, t_ns, flows);
    for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
        warm[window] = is_valid && lf_feature_is_warm(run->engine, t_ns, lfi_window_ns(window));
    }
    for (int kind = 0; kind < FLOW_KINDS; kind++) {
        for (int m = 0; m < count; m++) {
            for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
                const int64_t flow = flows[(window * FLOW_KINDS + kind) * count + m];
                *out++ = warm[window] ? (double)flow : NAN;
            }
        }
    }
}

/* The fitted features behind the others of a row, and the columns that they are made of. */
static void fill_fitted(rows_run *run, int64_t t_ns, double *row, double *columns)
{
    static const lf_feature_fitted nothing;
    const lf_feature_fitted *fitted = run->options->fitted;
    lf_feature_ingredients ingredients;
    lf_feature_ingredients_at(run->engine, t_ns, &ingredients);
    lf_feature_fitted_row(
        fitted != NULL ? fitted : &nothing, &ingredients, row + LFI_FEATURE_COUNT
    );
    if (run->ingredient_count > 0) {
        lfi_ingredient_values(&run->needs, &ingredients, columns);
    }
}

static lf_status emit(rows_run *run, int64_t t_ns, lf_error *error)
{
    double row[LFI_FEATURE_INDICES_MAX];
    bool is_valid;
    lf_feature_row(run->engine, t_ns, row, &is_valid);
    if (run->is_user) {
        lf_feature_user_row(run->engine, t_ns, row, row + LFI_FEATURE_COUNT_ALL);
    }
    double *out = run->values + run->row_count * run->width;
    if (run->is_fitted) {
        fill_fitted(run, t_ns, row, out + run->index_count + run->flow_count);
    }
    for (size_t i = 0; i < run->index_count; i++) {
        out[i] = row[run->indices[i]];
    }
    if (run->flow_count > 0) {
        fill_flows(run, t_ns, is_valid, out + run->index_count);
    }
    run->times_ns[run->row_count] = t_ns;
    run->valid[run->row_count] = is_valid ? 1 : 0;
    run->row_count++;
    return run->row_count == PIECE_ROWS ? flush(run, error) : LF_OK;
}

/* Rows that are due before an event at ts_ns, which may be the end of the data. */
static lf_status emit_until(rows_run *run, int64_t ts_ns, lf_error *error)
{
    const lf_instrument *instrument = run->instrument;
    if (!run->options->at_events) {
        const int64_t step_ns =
            run->options->step_ns > 0 ? run->options->step_ns : LF_NS_PER_SECOND;
        while (run->next_ns < ts_ns && run->next_ns < instrument->session_close_ns) {
            const lf_status status = emit(run, run->next_ns, error);
            if (status != LF_OK) {
                return status;
            }
            run->next_ns += step_ns;
        }
        return LF_OK;
    }
    const int64_t last_ns = run->next_ns;
    if (last_ns == ts_ns) {
        return LF_OK;
    }
    run->next_ns = ts_ns;
    const bool is_inside =
        last_ns >= instrument->session_open_ns && last_ns < instrument->session_close_ns;
    return is_inside ? emit(run, last_ns, error) : LF_OK;
}

static lf_status take_batch(rows_run *run, const lf_batch *batch, lf_error *error)
{
    const bool is_local = run->options->engine.clock == LF_CLOCK_LOCAL;
    for (size_t i = 0; i < batch->event_count; i++) {
        const lf_event *event = &batch->events[i];
        const int64_t ts_ns = is_local ? event->ts_local_ns : event->ts_exchange_ns;
        lf_status status = emit_until(run, ts_ns, error);
        if (status != LF_OK) {
            return status;
        }
        status = lf_feature_update(run->engine, event, batch->trades + event->trade_first);
        if (status != LF_OK) {
            char text[32];
            lf_time_format(ts_ns, text);
            return lf_error_set(
                error,
                status,
                "At %s the events of %s go back in time, or five minutes hold more of them than "
                "the feature engine was given room for; raise window_events_max.",
                text,
                run->instrument->symbol
            );
        }
    }
    return LF_OK;
}

static lf_status read_all(rows_run *run, lf_feed *feed, lf_error *error)
{
    const bool at_events = run->options->at_events;
    run->next_ns = at_events ? LF_TIME_NONE : run->instrument->session_open_ns;
    for (;;) {
        lf_batch batch;
        lf_status status = lf_feed_next(feed, &batch, error);
        if (status != LF_OK) {
            return status;
        }
        if (batch.event_count == 0) {
            break;
        }
        if (run->options->on_batch != NULL) {
            status = run->options->on_batch(run->context, &batch, error);
        }
        if (status == LF_OK) {
            status = take_batch(run, &batch, error);
        }
        if (status != LF_OK) {
            return status;
        }
    }
    const lf_status status = emit_until(run, INT64_MAX, error);
    return status == LF_OK ? flush(run, error) : status;
}

lf_status lf_feature_rows(
    lf_feed *feed,
    const lf_feature_rows_options *options,
    lf_feature_sink sink,
    void *context,
    lf_feature_carry *carry_out,
    lf_error *error
)
{
    assert(feed != NULL && sink != NULL);
    const lf_feature_rows_options defaults = {0};
    options = options != NULL ? options : &defaults;
    const lf_allocator *allocator = options->engine.allocator;
    rows_run *run = lf_allocate(allocator, 1, sizeof *run);
    if (run == NULL) {
        return lf_error_set(error, LF_NOMEM, "There is no memory for a pass over a day.");
    }
    run->options = options;
    run->instrument = lf_feed_instrument(feed);
    run->sink = sink;
    run->context = context;
    lf_status status = choose_columns(run, error);
    if (status == LF_OK) {
        status = create_frame(run, error);
    }
    if (status == LF_OK) {
        status = take_memory(run, carry_out != NULL, error);
    }
    if (status == LF_OK) {
        status = read_all(run, feed, error);
    }
    if (status == LF_OK && carry_out != NULL) {
        lf_feature_carry_get(run->engine, carry_out);
    }
    lf_feature_engine_destroy(run->engine);
    lf_frame_destroy(run->frame);
    lf_release(allocator, run->times_ns);
    lf_release(allocator, run->valid);
    lf_release(allocator, run->values);
    lf_release(allocator, run);
    return status;
}
