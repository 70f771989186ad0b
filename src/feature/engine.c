/* The engine of one symbol-day: memory, order of work within an event, restarts, what a day leaves.
 */
#include "feature_internal.h"

/* 437 distinct times a second for 5 minutes; with the ring's first entry a power of two. */
#define WINDOW_EVENTS_DEFAULT (((size_t)1 << 17) - 1)
/* Probes of a side are 1 s apart: 600 mature in 5 minutes, and one more can wait to be dropped. */
#define RECOVERIES_MAX ((size_t)1000)

static lf_status check_instrument(const lf_instrument *instrument, lf_error *error)
{
    if (instrument->level_count < 1 || instrument->level_count > LF_LEVELS_MAX) {
        return lf_error_set(
            error,
            LF_RANGE,
            "The instrument's level_count must be 1 to %d, not %d.",
            LF_LEVELS_MAX,
            (int)instrument->level_count
        );
    }
    if (instrument->session_open_ns >= instrument->session_close_ns) {
        return lf_error_set(
            error, LF_RANGE, "The instrument's session must open before it closes."
        );
    }
    if (instrument->units_per_tick < 1 || instrument->tick_nano < 1 || instrument->lot_nano < 1) {
        return lf_error_set(
            error, LF_RANGE, "The instrument's units_per_tick, tick_nano and lot_nano must be >= 1."
        );
    }
    return LF_OK;
}

/* The kernel of a name, or the fastest one; NULL: this processor has none of that name. */
static const lfi_levels_kernel *find_kernel(const char *name)
{
    size_t i = 0;
    const lfi_levels_kernel *kernel = lfi_levels_kernel_at(i);
    while (name != NULL && kernel != NULL && strcmp(kernel->name, name) != 0) {
        kernel = lfi_levels_kernel_at(++i);
    }
    return kernel;
}

const char *lf_feature_kernel_at(size_t index)
{
    const lfi_levels_kernel *kernel = lfi_levels_kernel_at(index);
    return kernel != NULL ? kernel->name : NULL;
}

static lf_status
check_options(const lf_instrument *instrument, const lf_feature_options *options, lf_error *error)
{
    if (options->vpin_bucket_lots < 0) {
        return lf_error_set(error, LF_RANGE, "The bucket volume of vpin must not be negative.");
    }
    if (options->window_events_max > SIZE_MAX / 4096) {
        return lf_error_set(error, LF_RANGE, "The option window_events_max is too large.");
    }
    if (find_kernel(options->kernel) == NULL) {
        return lf_error_set(
            error,
            LF_NOT_FOUND,
            "This processor has no kernel \"%s\"; the fastest it has is \"%s\".",
            options->kernel,
            lf_feature_kernel_at(0)
        );
    }
    const lf_status status = lf_feature_users_match(options->users, options->users, NULL, error);
    return status == LF_OK ? check_instrument(instrument, error) : status;
}

/* Whether a feature that rows are asked for needs more than sums of flow. */
static bool wants_all(const lf_feature_options *options)
{
    for (size_t i = 0; options->features != NULL && i < options->feature_count; i++) {
        if (!lfi_is_flow(options->features[i])) {
            return true;
        }
    }
    return options->features == NULL;
}

static bool create_rings(lf_feature_engine *engine, const lf_feature_options *options)
{
    const size_t count =
        options->window_events_max != 0 ? options->window_events_max : WINDOW_EVENTS_DEFAULT;
    const lf_allocator *memory = engine->allocator;
    const size_t level_bytes = 2 * (size_t)engine->instrument.level_count * sizeof(uint64_t);
    return lfi_ring_create(&engine->flow, memory, count, sizeof(lfi_flow)) &&
           lfi_ring_create(&engine->depth, memory, count, sizeof(lfi_depth)) &&
           lfi_ring_create(&engine->mid, memory, count, sizeof(lfi_mid)) &&
           lfi_ring_create(&engine->trades, memory, count, sizeof(lfi_trades)) &&
           lfi_ring_create(&engine->waiting, memory, count, sizeof(lfi_waiting)) &&
           lfi_ring_create(&engine->matured, memory, count, sizeof(lfi_matured)) &&
           lfi_ring_create(&engine->recovery, memory, RECOVERIES_MAX, sizeof(lfi_recovery)) &&
           (!options->with_mlofi || lfi_ring_create(&engine->levels, memory, count, level_bytes));
}

/* Forgets everything but the last valid state and the sums of the session. */
static void restart(lf_feature_engine *engine)
{
    lfi_state_restart(engine);
    lfi_trades_restart(engine);
    lfi_probes_restart(engine);
    lfi_bars_restart(engine);
    lfi_users_restart(engine);
}

static void begin_session(lf_feature_engine *engine, const lf_feature_options *options)
{
    const lf_instrument *instrument = &engine->instrument;
    engine->clock = options->clock;
    engine->kernel = find_kernel(options->kernel);
    engine->keeps_all = wants_all(options);
    engine->keeps_flow = options->features == NULL || options->feature_count > 0;
    engine->now_ns = LF_TIME_NONE;
    engine->start_ns = LF_TIME_NONE;
    engine->due_ns = LF_TIME_NONE;
    engine->session.last_trade_ns = LF_TIME_NONE;
    engine->session.last_mid_change_ns = LF_TIME_NONE;
    engine->bars.end_ns = instrument->session_open_ns;
    engine->units_to_currency = (double)instrument->tick_nano / (double)instrument->units_per_tick *
                                (double)instrument->lot_nano * 1e-18;
    lfi_vpin_begin(engine, options->carry, options->vpin_bucket_lots);
    restart(engine);
}

lf_status lf_feature_engine_create(
    const lf_instrument *instrument,
    const lf_feature_options *options,
    lf_feature_engine **out,
    lf_error *error
)
{
    assert(instrument != NULL && out != NULL);
    const lf_feature_options defaults = {0};
    *out = NULL;
    options = options != NULL ? options : &defaults;
    const lf_status status = check_options(instrument, options, error);
    if (status != LF_OK) {
        return status;
    }
    lf_feature_engine *engine = lf_allocate(options->allocator, 1, sizeof *engine);
    if (engine == NULL) {
        return lf_error_set(error, LF_NOMEM, "There is no memory for a feature engine.");
    }
    engine->instrument = *instrument;
    if (options->allocator != NULL) {
        engine->own_allocator = *options->allocator;
        engine->allocator = &engine->own_allocator;
    }
    if (!create_rings(engine, options) || !lfi_users_begin(engine, options->users)) {
        lf_feature_engine_destroy(engine);
        return lf_error_set(
            error,
            LF_NOMEM,
            "There is no memory for the windows of the features; lower window_events_max."
        );
    }
    begin_session(engine, options);
    *out = engine;
    return LF_OK;
}

void lf_feature_engine_destroy(lf_feature_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    lfi_ring *rings[] = {
        &engine->flow,
        &engine->levels,
        &engine->depth,
        &engine->mid,
        &engine->trades,
        &engine->waiting,
        &engine->matured,
        &engine->recovery,
    };
    const lf_allocator allocator = engine->own_allocator;
    const lf_allocator *memory = engine->allocator != NULL ? &allocator : NULL;
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
        lfi_ring_destroy(rings[i], memory);
    }
    lf_release(memory, engine->user_states);
    lf_release(memory, engine);
}

void lfi_advance(lf_feature_engine *engine, int64_t t_ns)
{
    if (engine->print.is_open && engine->print.ts_ns <= t_ns) {
        lfi_print_close(engine);
        lfi_probes_start(engine, engine->print.ts_ns);
    }
    lfi_bars_close(engine, t_ns);
    engine->due_ns = engine->bars.end_ns;
    lfi_due(engine, lfi_trades_mature(engine, t_ns));
    lfi_due(engine, lfi_probes_mature(engine, t_ns));
}

lf_status
lf_feature_update(lf_feature_engine *engine, const lf_event *event, const lf_trade *trades)
{
    const int64_t ts_ns =
        engine->clock == LF_CLOCK_LOCAL ? event->ts_local_ns : event->ts_exchange_ns;
    if (ts_ns < engine->now_ns) {
        return LF_RANGE;
    }
    const bool is_outside =
        ts_ns < engine->instrument.session_open_ns || ts_ns >= engine->instrument.session_close_ns;
    if (ts_ns > engine->now_ns) {
        if (ts_ns > engine->due_ns && !is_outside && engine->keeps_all) {
            lfi_advance(engine, ts_ns - 1);
        }
        if (engine->instrument.ties_unordered) {
            engine->earlier = engine->last;
        }
        engine->now_ns = ts_ns;
    }
    if (is_outside) {
        lfi_state_take_quotes(engine, event);
        return LF_OK;
    }
    const bool is_reset = (event->flags & LF_EVENT_RESET) != 0;
    if (is_reset) {
        engine->last.is_set = false;
        engine->earlier.is_set = false;
    }
    if (is_reset || engine->start_ns == LF_TIME_NONE) {
        restart(engine);
        engine->start_ns = ts_ns;
    }
    if (event->trade_count > 0 && engine->keeps_all) {
        const lf_status status = lfi_trades_update(engine, event, trades, ts_ns);
        if (status != LF_OK) {
            return status;
        }
    }
    const lf_status status = lfi_state_update(engine, event, ts_ns);
    if (engine->users != NULL && status == LF_OK) {
        lfi_users_update(engine, event, trades);
    }
    return status;
}

const lf_quotes *lf_feature_quotes(const lf_feature_engine *engine)
{
    return engine->is_valid ? &engine->quotes : NULL;
}

void lf_feature_carry_get(const lf_feature_engine *engine, lf_feature_carry *out)
{
    *out = engine->vpin;
    out->day_count++;
    out->volume_lots += engine->session.volume_lots;
    /* The tick rule begins anew each day. */
    out->last_trade_units = 0;
}
