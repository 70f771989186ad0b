/* Writes a run folder: configuration, tables, metrics and page. */
#include "trade_internal.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- what was read ---------------------------------------------------------------------- */

/* Whether a list separated by spaces holds a word, whole. */
static bool holds(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = strstr(list, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static void note_symbol(lfi_desk *desk, const char *symbol)
{
    const size_t used = strlen(desk->symbols);
    if (holds(desk->symbols, symbol)) {
        return;
    }
    const char *const text = used + strlen(symbol) + 5 < sizeof desk->symbols ? symbol : "...";
    if (used == 0 || strcmp(desk->symbols + used - (used < 3 ? used : 3), "...") != 0) {
        (void)snprintf(
            desk->symbols + used, sizeof desk->symbols - used, "%s%s", used > 0 ? " " : "", text
        );
    }
}

/* How long before its day a session begins. */
static lf_status note_shift(lfi_desk *desk, const lf_instrument *instrument)
{
    lf_zone *zone = NULL;
    const lf_status status =
        lf_zone_create(desk->job->allocator, instrument->time_zone, &zone, NULL);
    if (status == LF_OK) {
        const int64_t early_ns =
            lf_zone_to_utc(zone, instrument->date, 0) - instrument->session_open_ns;
        desk->day_shift_ns = early_ns > 0 ? early_ns : 0;
    }
    lf_zone_destroy(zone);
    return status == LF_NOMEM ? status : desk->held_status;
}

double lfi_desk_days_per_year(const lfi_desk *desk)
{
    return desk->session_ns >= LF_NS_PER_DAY ? 365 : 252;
}

double lfi_desk_minutes_per_day(const lfi_desk *desk)
{
    return (double)desk->session_ns / (double)LF_NS_PER_MINUTE;
}

void lfi_desk_note(lfi_desk *desk, const lf_instrument *instrument, const lf_feed_stats *stats)
{
    const char *const symbol = instrument->symbol;
    char date[11];
    char line[256];
    lf_date_format(instrument->date, date);
    const int length = snprintf(
        line,
        sizeof line,
        "%s %s: %lld events, %lld book violations in %lld checks, %lld halts, %lld gaps\n",
        symbol,
        date,
        (long long)stats->event_count,
        (long long)stats->violation_count,
        (long long)stats->check_count,
        (long long)stats->halt_count,
        (long long)stats->gap_count
    );
    if (lfi_holdout_traded(desk->job, &desk->holdout, instrument, stats, NULL) != LF_OK) {
        desk->held_status = LF_NOMEM;
    }
    const double tick = (double)instrument->tick_nano / 1e9;
    desk->tick = desk->data_bytes == 0 || desk->tick == tick ? tick : NAN;
    const int64_t session_ns = instrument->session_close_ns - instrument->session_open_ns;
    desk->session_ns = session_ns > desk->session_ns ? session_ns : desk->session_ns;
    if (desk->time_zone[0] == '\0') {
        memcpy(desk->time_zone, instrument->time_zone, sizeof desk->time_zone);
        desk->held_status = note_shift(desk, instrument);
    }
    note_symbol(desk, symbol);
    if (desk->first_date[0] == '\0' || strcmp(date, desk->first_date) < 0) {
        memcpy(desk->first_date, date, sizeof desk->first_date);
    }
    if (strcmp(date, desk->last_date) > 0) {
        memcpy(desk->last_date, date, sizeof desk->last_date);
    }
    void *text = desk->data_text;
    const size_t needed = desk->data_bytes + (size_t)length + 1;
    const lf_status status = lf_grow(desk->job->allocator, &text, &desk->data_capacity, needed, 1);
    desk->data_text = text;
    if (status == LF_OK) {
        memcpy(desk->data_text + desk->data_bytes, line, (size_t)length + 1);
        desk->data_bytes += (size_t)length;
    }
}

/* Nobody should take held-out days for ordinary ones. */
static void add_looks(const lfi_desk *desk, char *title, size_t bytes)
{
    const size_t used = strlen(title);
    if (desk->trading->holdout_looks > 0) {
        (void)snprintf(
            title + used,
            bytes - used,
            " (HELD-OUT DAYS, LOOK %lld)",
            (long long)desk->trading->holdout_looks
        );
    }
}

void lfi_desk_title(const lfi_desk *desk, char *out, size_t bytes)
{
    const char *const given = desk->job->config->title;
    if (given[0] != '\0') {
        (void)snprintf(out, bytes, "%s", given);
    } else if (strcmp(desk->first_date, desk->last_date) == 0) {
        (void)snprintf(out, bytes, "%s %s", desk->symbols, desk->first_date);
    } else {
        (void)snprintf(out, bytes, "%s %s to %s", desk->symbols, desk->first_date, desk->last_date);
    }
}

/* ---- files ------------------------------------------------------------------------------ */

lf_status
lfi_write_table(const lf_frame *frame, const char *folder, const char *name, lf_error *error)
{
    char path[LFI_PATH_BYTES];
    const lf_status status = lfi_path(folder, name, path, error);
    return status == LF_OK ? lf_frame_write(frame, path, error) : status;
}

lf_status lfi_write_text(const char *text, const char *folder, const char *name, lf_error *error)
{
    char path[LFI_PATH_BYTES];
    const lf_status status = lfi_path(folder, name, path, error);
    return status == LF_OK ? lf_file_write_atomic(path, text, strlen(text), error) : status;
}

lf_status lfi_forget(const char *folder, const char *name, lf_error *error)
{
    char path[LFI_PATH_BYTES];
    const lf_status status = lfi_path(folder, name, path, error);
    if (status != LF_OK || unlink(path) == 0 || errno == ENOENT) {
        return status;
    }
    return lf_error_set(
        error, LF_IO, "%s of an older run cannot be removed: %s.", path, strerror(errno)
    );
}

lf_status
lfi_desk_folder(const lfi_desk *desk, size_t strategy, char out[LFI_PATH_BYTES], lf_error *error)
{
    return lfi_path(
        desk->folder, strategy == 0 ? "." : desk->strategies[strategy].name, out, error
    );
}

/* The short tables; the long ones are on their way already. */
static lf_status write_tables(const lfi_desk *desk, const lf_report_run *run, lf_error *error)
{
    static const struct {
        lf_backtest_table table;
        const char *name;
    } files[] = {
        {LF_BACKTEST_ORDERS, "orders.parquet"},
        {LF_BACKTEST_FILLS, "fills.parquet"},
        {LF_BACKTEST_TRADES, "trades.parquet"},
    };
    lf_status status = LF_OK;
    for (size_t i = 0; i < run->strategy_count && status == LF_OK; i++) {
        char path[LFI_PATH_BYTES];
        status = lfi_desk_folder(desk, i, path, error);
        for (size_t f = 0; f < sizeof files / sizeof files[0] && status == LF_OK; f++) {
            const lf_frame *const frame = run->strategies[i].tables[files[f].table];
            status = lfi_write_table(frame, path, files[f].name, error);
        }
    }
    return status == LF_OK ? lfi_spool_finish(desk->spool, error) : status;
}

/* What the report notes of the stop, told to the person too: it spoils the run at hand. */
static void say_stop(const lf_run_job *job, const char *metrics)
{
    if (job->say == NULL) {
        return;
    }
    json_t *const root = json_loads(metrics, 0, NULL);
    const char *const note =
        json_string_value(json_object_get(json_object_get(root, "risk"), "stop_note"));
    if (note != NULL) {
        job->say(job->say_context, note);
    }
    json_decref(root);
}

static lf_status write_run(
    lfi_desk *desk,
    const lf_report_run *run,
    const lf_report_facts *facts,
    const char *folder,
    char **metrics,
    lf_error *error
)
{
    const lf_run_job *const job = desk->job;
    char page[LFI_PATH_BYTES];
    char *json = NULL;
    lf_status status = lfi_tell(job, "report", 0, error);
    if (status == LF_OK) {
        status = lf_report_metrics(run, facts, &json, error);
    }
    if (status == LF_OK) {
        say_stop(job, json);
        status = lfi_tell(job, "report", 0.5, error);
    }
    /* From here on the folder is of this run; until it is whole there are no metrics in it. */
    if (status == LF_OK) {
        status = lfi_forget(folder, "metrics.json", error);
    }
    if (status == LF_OK) {
        status = lfi_forget(folder, "report.html", error);
    }
    if (status == LF_OK) {
        status = lfi_write_text(facts->config_toml, folder, "config.toml", error);
    }
    if (status == LF_OK) {
        status = write_tables(desk, run, error);
    }
    if (status == LF_OK) {
        status = lfi_write_text(json, folder, "metrics.json", error);
    }
    if (status == LF_OK) {
        status = lfi_path(folder, "report.html", page, error);
    }
    if (status == LF_OK) {
        status = lf_report_html(run, json, page, error);
    }
    if (status == LF_OK) {
        status = lfi_tell(job, "report", 1, error);
    }
    if (status == LF_OK && metrics != NULL) {
        *metrics = json;
    } else {
        lf_release(job->allocator, json);
    }
    return status;
}

static lf_status
report(lfi_desk *desk, const char *folder, const char *toml, char **metrics, lf_error *error)
{
    const lf_config *const config = desk->job->config;
    lf_report_strategy strategies[LFI_STRATEGIES_MAX];
    for (size_t i = 0; i < desk->strategy_count; i++) {
        strategies[i] = (lf_report_strategy){
            .counts = &desk->counts[i],
            .options = lf_backtest_strategy(desk->all, i),
        };
        memcpy(strategies[i].name, desk->strategies[i].name, sizeof strategies[i].name);
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT; t++) {
            strategies[i].tables[t] = lf_backtest_frame(desk->all, i, (lf_backtest_table)t);
        }
        strategies[i].tables[LF_BACKTEST_EQUITY] = NULL;
        strategies[i].equity = lfi_spool_equity(desk->spool, i);
    }
    const lf_report_run run = {
        .allocator = desk->job->allocator,
        .prediction_parts = lfi_spool_predictions(desk->spool),
        .strategies = strategies,
        .strategy_count = desk->strategy_count,
    };
    char title[256];
    lfi_desk_title(desk, title, sizeof title);
    add_looks(desk, title, sizeof title);
    const lf_model_meta *const model = lfi_meta_of(&desk->trading->spans[0]);
    const lf_report_facts facts = {
        .title = title,
        .data_text = desk->data_text,
        .symbol = desk->symbols,
        .time_zone = desk->time_zone,
        .day_shift_ns = desk->day_shift_ns,
        .days_per_year = lfi_desk_days_per_year(desk),
        .minutes_per_day = lfi_desk_minutes_per_day(desk),
        .scores_json = desk->trading->scores_json,
        .training_json = desk->trading->training_json,
        .config_toml = toml,
        .version = LF_VERSION,
        .step_ns = config->step_ns,
        .horizon_ns = model->horizon_ns,
        .horizon_long_ns = model->horizon_long_ns,
        .planted_alpha = config->planted_alpha,
        .seed = config->model.seed,
        .trial_count = desk->trial_count,
        .trial_variance = isnan(config->trials_sharpe_sd)
                              ? 0
                              : config->trials_sharpe_sd * config->trials_sharpe_sd,
        .starting_cash = config->starting_cash,
        .tick = desk->tick,
        .stop_spread_ticks = model->median_spread_ticks,
        .in_sample = desk->trading->in_sample,
    };
    return write_run(desk, &run, &facts, folder, metrics, error);
}

lf_status lfi_desk_count_look(
    lfi_desk *desk, lfi_trading *trading, const char *folder, char **findings, lf_error *error
)
{
    lfi_holdout *const held = &desk->holdout;
    if (desk->held_status != LF_OK) {
        return lf_error_set(error, desk->held_status, "No memory for what is known of the days.");
    }
    if (held->count == 0) {
        return LF_OK;
    }
    held->is_scored = true;
    lf_status status = lfi_holdout_look(desk->job, held, "backtest", folder, error);
    if (status == LF_OK) {
        json_t *const empty = json_object();
        status = lfi_holdout_findings(desk->job, held, empty, NULL, findings, error);
        json_decref(empty);
    }
    trading->scores_json = *findings;
    trading->holdout_looks = held->looks;
    return status;
}

lf_status lfi_trade_part(
    const lf_run_job *job,
    const lfi_trading *trading,
    const char *folder,
    size_t first,
    size_t count,
    lf_error *error
)
{
    lfi_desk desk = {.job = job, .trading = trading, .folder = folder};
    lf_status status = lf_mkdirs(folder, error);
    if (status == LF_OK) {
        status = lfi_desk_trade_part(&desk, first, count, error);
    }
    lfi_desk_close(&desk);
    return status;
}

lf_status lfi_trade(
    const lf_run_job *job,
    const lfi_trading *trading,
    const char *folder,
    char **metrics,
    lf_error *error
)
{
    lfi_trading told = *trading;
    lfi_desk desk = {.job = job, .trading = &told, .folder = folder};
    char *toml = NULL;
    char *findings = NULL;
    /* A walk knows of its held-out days; a model may come from anywhere. */
    desk.holdout.span = trading->walk != NULL ? (lf_train_span){INT64_MAX, INT64_MAX}
                                              : lfi_holdout_of_training(trading->training_json);
    if (metrics != NULL) {
        *metrics = NULL;
    }
    lfi_made made;
    lf_status status = lfi_made_begin(folder, LFI_UNITS_FOLDER, &made, error);
    if (status == LF_OK) {
        status = lf_mkdirs(folder, error);
    }
    if (status == LF_OK) {
        status = lf_config_text(job->config, job->allocator, &toml, error);
    }
    if (status == LF_OK) {
        status = lfi_trial_count(job, &desk.trial_count, error);
    }
    if (status == LF_OK) {
        status = lfi_spool_create(job, &desk.spool, error);
    }
    if (status == LF_OK) {
        status = lfi_desk_trade(&desk, error);
    }
    if (status == LF_OK) {
        status = lfi_desk_count_look(&desk, &told, folder, &findings, error);
    }
    if (status == LF_OK) {
        status = report(&desk, folder, toml, metrics, error);
    }
    lfi_spool_destroy(desk.spool);
    desk.spool = NULL;
    /* Days of a strategy of one's own cannot be taken by a later call. */
    if (desk.units.job != NULL && (status == LF_OK || job->strategy != NULL)) {
        lfi_units_remove(&desk.units);
    }
    if (status != LF_OK) {
        lfi_made_undo(&made);
    }
    lfi_holdout_close(job, &desk.holdout);
    lfi_desk_close(&desk);
    lf_release(job->allocator, findings);
    lf_release(job->allocator, toml);
    return status;
}
