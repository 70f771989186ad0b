/* Trades every combination of some keys' values in one pass, records the trials, writes tables. */
#include "sweep_internal.h"

#include <stdlib.h>
#include <string.h>

/* The strategies of all sets. */
static lf_status
make_strategies(const lf_run_job *job, const lfi_axes *axes, lfi_desk *desk, lf_error *error)
{
    lf_config *const config = lf_allocate(job->allocator, 1, sizeof *config);
    desk->strategies = lf_allocate(job->allocator, axes->set_count, sizeof *desk->strategies);
    desk->strategy_count = axes->set_count;
    lf_status status = LF_OK;
    if (config == NULL || desk->strategies == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory for %zu sets.", axes->set_count);
    }
    for (size_t i = 0; i < axes->set_count && status == LF_OK; i++) {
        status = lfi_axes_set(axes, i, job->config, config, error);
        lf_strategy_options *const strategy = &desk->strategies[i];
        strategy->signal = config->signal;
        strategy->execution = config->execution;
        strategy->risk = config->risk;
        (void)snprintf(strategy->name, sizeof strategy->name, "%04zu", i + 1);
    }
    lf_release(job->allocator, config);
    return status;
}

/* ---- trials ----------------------------------------------------------------------------- */

/* What all sets share: data, models, version. */
static void name_search(const lfi_desk *desk, char out[64])
{
    uint64_t hash = lf_hash64(LF_VERSION, sizeof LF_VERSION, 0);
    for (size_t i = 0; i < desk->units.unit_count; i++) {
        const uint64_t source = desk->units.units[i].source;
        hash = lf_hash64(&source, sizeof source, hash);
    }
    for (size_t i = 0; i < desk->trading->span_count; i++) {
        const char *const id = lfi_meta_of(&desk->trading->spans[i])->model_id;
        hash = lf_hash64(id, strlen(id), hash);
    }
    (void)snprintf(out, 64, "backtest %016llx", (unsigned long long)hash);
}

/* A set is what its whole configuration says. */
static lf_status number_set(
    const lf_run_job *job, const lfi_axes *axes, size_t set, int64_t *number, lf_error *error
)
{
    char *text = NULL;
    lf_config *const config = lf_allocate(job->allocator, 1, sizeof *config);
    lf_status status = config != NULL ? LF_OK : lf_error_set(error, LF_NOMEM, "No memory.");
    if (status == LF_OK) {
        status = lfi_axes_set(axes, set, job->config, config, error);
    }
    if (status == LF_OK) {
        status = lf_config_text(config, job->allocator, &text, error);
    }
    if (status == LF_OK) {
        *number = (int64_t)(lf_hash64(text, strlen(text), 0) >> 1);
    }
    lf_release(job->allocator, text);
    lf_release(job->allocator, config);
    return status;
}

static lf_status record_trials(
    const lfi_desk *desk, const lfi_axes *axes, const char *folder, int64_t *trials, lf_error *error
)
{
    const lf_run_job *const job = desk->job;
    const char *const named = job->config->trials_file;
    char file[LFI_PATH_BYTES];
    char search[64];
    int64_t recorded = 0;
    lf_train_choice *const choices = lf_allocate(job->allocator, axes->set_count, sizeof *choices);
    lf_status status = choices != NULL ? lfi_path(folder, "trials.sqlite", file, error)
                                       : lf_error_set(error, LF_NOMEM, "No memory for trials.");
    for (size_t i = 0; i < axes->set_count && status == LF_OK; i++) {
        status = number_set(job, axes, i, &choices[i].number, error);
        choices[i].parameters = lfi_sweep_parameters(axes, i);
        if (status == LF_OK && choices[i].parameters == NULL) {
            status = lf_error_set(error, LF_NOMEM, "No memory for trials.");
        }
    }
    if (status == LF_OK) {
        name_search(desk, search);
        status = lf_train_trials_add(
            named[0] != '\0' ? named : file, search, choices, axes->set_count, &recorded, error
        );
    }
    for (size_t i = 0; i < axes->set_count && choices != NULL; i++) {
        free((void *)(uintptr_t)choices[i].parameters);
    }
    lf_release(job->allocator, choices);
    *trials = recorded > job->config->trials ? recorded : job->config->trials;
    return status;
}

/* ---- files ------------------------------------------------------------------------------ */

static lf_status
write_set(lfi_desk *desk, const lfi_axes *axes, size_t set, const char *folder, lf_error *error)
{
    static const struct {
        lf_backtest_table table;
        const char *name;
    } tables[] = {
        {LF_BACKTEST_ORDERS, "orders.parquet"},
        {LF_BACKTEST_FILLS, "fills.parquet"},
        {LF_BACKTEST_TRADES, "trades.parquet"},
    };
    const lf_allocator *const allocator = desk->job->allocator;
    char name[32];
    char path[LFI_PATH_BYTES];
    char *text = NULL;
    lf_config *const config = lf_allocate(allocator, 1, sizeof *config);
    lf_status status = config != NULL ? LF_OK : lf_error_set(error, LF_NOMEM, "No memory.");
    (void)snprintf(name, sizeof name, "sets/%04zu", set + 1);
    if (status == LF_OK) {
        status = lfi_path(folder, name, path, error);
    }
    if (status == LF_OK) {
        status = lf_mkdirs(path, error);
    }
    if (status == LF_OK) {
        status = lfi_axes_set(axes, set, desk->job->config, config, error);
    }
    if (status == LF_OK) {
        status = lf_config_text(config, allocator, &text, error);
    }
    if (status == LF_OK) {
        status = lfi_write_text(text, path, "config.toml", error);
    }
    for (size_t t = 0; t < sizeof tables / sizeof tables[0] && status == LF_OK; t++) {
        lf_frame *const frame = lf_backtest_frame(desk->all, set, tables[t].table);
        status = lfi_write_table(frame, path, tables[t].name, error);
    }
    lf_release(allocator, text);
    lf_release(allocator, config);
    return status;
}

/* The summary comes last: a folder without it is not complete. */
static lf_status
write_summary(const lfi_sweep_facts *facts, const char *folder, char **json, lf_error *error)
{
    lf_frame *frame = NULL;
    char *text = NULL;
    char *toml = NULL;
    lf_status status = lf_config_text(facts->desk->job->config, NULL, &toml, error);
    if (status == LF_OK) {
        status = lfi_write_text(toml, folder, "config.toml", error);
    }
    if (status == LF_OK) {
        status = lfi_sweep_frame(facts, &frame, error);
    }
    if (status == LF_OK) {
        status = lfi_write_table(frame, folder, "sweep.csv", error);
    }
    if (status == LF_OK) {
        status = lfi_write_table(frame, folder, "sweep.parquet", error);
    }
    if (status == LF_OK) {
        status = lfi_sweep_json(facts, &text, error);
    }
    if (status == LF_OK) {
        status = lfi_write_text(text, folder, "sweep.json", error);
    }
    if (status == LF_OK && json != NULL) {
        *json = text;
    } else {
        lf_release(facts->desk->job->allocator, text);
    }
    lf_frame_destroy(frame);
    lf_release(NULL, toml);
    return status;
}

static lf_status
write_all(lfi_desk *desk, const lfi_axes *axes, const char *folder, char **json, lf_error *error)
{
    const lf_run_job *const job = desk->job;
    char title[256];
    lfi_set_score *const scores = lf_allocate(job->allocator, axes->set_count, sizeof *scores);
    lfi_sweep_facts facts = {
        .desk = desk,
        .axes = axes,
        .scores = scores,
        .title = title,
        .model_id = lfi_meta_of(&desk->trading->spans[0])->model_id,
    };
    lf_status status = scores != NULL ? record_trials(desk, axes, folder, &facts.trials, error)
                                      : lf_error_set(error, LF_NOMEM, "No memory for scores.");
    lfi_desk_title(desk, title, sizeof title);
    if (status == LF_OK) {
        status = lfi_sweep_score(desk, scores, error);
    }
    if (status == LF_OK) {
        status = lfi_forget(folder, "sweep.json", error);
    }
    for (size_t i = 0; i < axes->set_count && status == LF_OK; i++) {
        status = write_set(desk, axes, i, folder, error);
        if (status == LF_OK) {
            status = lfi_tell(job, "report", (double)(i + 1) / (double)axes->set_count, error);
        }
    }
    if (status == LF_OK) {
        status = write_summary(&facts, folder, json, error);
    }
    lf_release(job->allocator, scores);
    return status;
}

lf_status lfi_sweep_trade(
    const lf_run_job *job,
    const lfi_trading *trading,
    const char *folder,
    char **json,
    lf_error *error
)
{
    lfi_trading told = *trading;
    lfi_desk desk = {.job = job, .trading = &told, .folder = folder, .lean = true};
    char *findings = NULL;
    lfi_made made = {{0}};
    lfi_axes *const axes = lf_allocate(job->allocator, 1, sizeof *axes);
    desk.holdout.span = lfi_holdout_of_training(trading->training_json);
    lf_status status = axes != NULL ? LF_OK : lf_error_set(error, LF_NOMEM, "No memory.");
    if (status == LF_OK) {
        status = lfi_axes_read(job->config, axes, error);
    }
    if (status == LF_OK) {
        status = make_strategies(job, axes, &desk, error);
    }
    if (status == LF_OK) {
        status = lfi_made_begin(folder, LFI_UNITS_FOLDER, &made, error);
    }
    if (status == LF_OK) {
        status = lf_mkdirs(folder, error);
    }
    if (status == LF_OK) {
        status = lfi_desk_trade(&desk, error);
    }
    if (status == LF_OK) {
        status = lfi_desk_count_look(&desk, &told, folder, &findings, error);
    }
    if (status == LF_OK) {
        status = write_all(&desk, axes, folder, json, error);
    }
    if (status == LF_OK) {
        lfi_units_remove(&desk.units);
    } else {
        lfi_made_undo(&made);
    }
    lfi_holdout_close(job, &desk.holdout);
    lfi_desk_close(&desk);
    lf_release(job->allocator, findings);
    lf_release(job->allocator, axes);
    return status;
}
