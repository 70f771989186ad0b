/* The verbs backtest, run and report: a run folder, and what it was worth. */
#include "flags.h"

#include <lobflow/report.h>

#include <sched.h>
#include <string.h>

/* clang-format off: one flag a line. */
#define TRADING_FLAGS \
    {"output", 'o', CLI_VALUE, "RUN", "folder for the run", NULL}, \
        {"horizon", 0, CLI_VALUE, "1min|5min", "which probability decides", "signal.horizon"}, \
        {"entry", 0, CLI_VALUE, "KIND", "marketable or passive", "execution.entry"}, \
        {"hold", 0, CLI_VALUE, "D", "how long a position is held", "risk.hold"}, \
        {"order-size", 0, CLI_VALUE, "N", "lots", "risk.order_size"}, \
    { \
        "title", 0, CLI_VALUE, "TEXT", "of the report", "report.title" \
    }

const cli_flag cli_backtest_flags[] = {
    {"model", 'm', CLI_VALUE, "MODEL", "folder that train wrote", NULL},
    {"predictions", 0, CLI_VALUE, "FILE", "instead of a model: a table of predictions", NULL},
    TRADING_FLAGS,
    {"in-sample",
     0,
     CLI_SWITCH,
     NULL,
     "also days that the model was trained on; the report says so",
     NULL},
    {"sweep",
     0,
     CLI_VALUE,
     "KEY=A,B,C",
     "try all values, with those of other --sweep all combinations, in one pass",
     NULL},
    CLI_JOBS_FLAG,
    CLI_DATA_FLAGS,
    CLI_JSON_FLAG,
    {0},
};

const cli_flag cli_run_flags[] = {
    TRADING_FLAGS,
    {"preset", 0, CLI_VALUE, "NAME", "symmetric or brief: defaults of [model]", "model.preset"},
    CLI_HOLDOUT_FLAGS,
    CLI_JOBS_FLAG,
    CLI_DATA_FLAGS,
    CLI_JSON_FLAG,
    {0},
};

const cli_flag cli_report_flags[] = {
    {"output",
     'o',
     CLI_VALUE,
     "FILE",
     "report.html, .json or .txt; without it text on stdout",
     NULL},
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

const char cli_run_about[] =
    "Each day is traded by a model that saw only earlier days; one day alone is cut into blocks "
    "of\n"
    "time. The folder gets config.toml, orders, fills, trades, equity and predictions as Parquet,\n"
    "metrics.json, report.html and the models.";

/* ---- showing ---------------------------------------------------------------------------- */

/* The metrics on stdout, as JSON or as a page of text. */
static int print_metrics(const char *metrics, bool is_json)
{
    char *text = NULL;
    lf_error error;
    if (is_json) {
        fputs(metrics, stdout);
        return CLI_DONE;
    }
    if (lf_report_text(NULL, metrics, &text, &error) != LF_OK) {
        return cli_fail(&error);
    }
    fputs(text, stdout);
    lf_release(NULL, text);
    return CLI_DONE;
}

/* After a run: what it was worth, and where the page lies. */
static int show_run(
    const cli_args *args,
    lf_status status,
    const char *metrics,
    const char *folder,
    const lf_error *error
)
{
    cli_progress_end();
    if (status != LF_OK) {
        return cli_fail(error);
    }
    const int code = print_metrics(metrics, cli_has(args, "json"));
    fprintf(stderr, "\nReport: %s/report.html\n", folder);
    return code;
}

/* ---- verbs ------------------------------------------------------------------------------ */

/* How many days at once: what is asked for, or one for each processor that we may use. */
static int take_jobs(const cli_args *args, lf_run_job *job)
{
    const char *const word = cli_text(args, "jobs");
    int64_t jobs = 1;
    cpu_set_t set;
    if (word == NULL) {
        jobs = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    } else if (lf_int64_parse(word, strlen(word), &jobs) != LF_OK || jobs < 1 || jobs > 1024) {
        return cli_usage(args, "--jobs %s: give a number from 1 to 1024.", word);
    }
    job->jobs = (int32_t)jobs;
    return CLI_DONE;
}

int cli_run(const cli_args *args)
{
    cli_job job;
    lf_error error;
    bool done = false;
    const char *folder = NULL;
    char *metrics = NULL;
    int code = cli_has(args, "print-config") ? CLI_DONE : cli_need(args, "output", &folder);
    if (code == CLI_DONE && cli_has(args, "print-config")) {
        lf_config config;
        return cli_config(args, &config, &done);
    }
    if (code == CLI_DONE) {
        code = cli_job_open(args, 0, &job, &done);
    }
    if (code != CLI_DONE || done) {
        return code;
    }
    code = take_jobs(args, &job.job);
    if (code == CLI_DONE) {
        code = cli_check(args, &job, LF_RUN_USE_LINE);
    }
    if (code != CLI_DONE) {
        cli_job_close(&job);
        return code;
    }
    job.job.is_reported = !cli_has(args, "json");
    cli_return_memory();
    const lf_status status = lf_run_line(&job.job, folder, &metrics, &error);
    code = show_run(args, status, metrics, folder, &error);
    lf_release(NULL, metrics);
    cli_job_close(&job);
    return code;
}

/* Every --sweep, joined; they stand in for what the configuration says. */
static int take_sweep(const cli_args *args, lf_config *config)
{
    const char *words[CLI_WORDS_MAX];
    const size_t count = cli_many(args, "sweep", words, CLI_WORDS_MAX);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const int length = snprintf(
            config->sweep + used, sizeof config->sweep - used, "%s%s", i > 0 ? ";" : "", words[i]
        );
        used += (size_t)length;
        if (used >= sizeof config->sweep) {
            return cli_usage(args, "more --sweep than fits.");
        }
    }
    return CLI_DONE;
}

/* All sets side by side instead of a report. */
static int
sweep(const cli_args *args, const lf_run_job *job, const lf_model *model, const char *folder)
{
    char *json = NULL;
    lf_error error;
    const lf_status status =
        lf_run_sweep(job, model, cli_has(args, "in-sample"), folder, &json, &error);
    cli_progress_end();
    if (status != LF_OK) {
        return cli_fail(&error);
    }
    if (cli_has(args, "json")) {
        fputs(json, stdout);
    } else {
        cli_sweep_text(json);
    }
    fprintf(stderr, "\nSets: %s/sweep.csv\n", folder);
    lf_release(NULL, json);
    return CLI_DONE;
}

/* Predictions of the user's instead of a model's. */
static int trade_predictions(const cli_args *args, const char *folder)
{
    cli_job job;
    lf_error error;
    lf_frame *table = NULL;
    bool done = false;
    char *metrics = NULL;
    if (lf_frame_check_path(cli_text(args, "predictions"), &error) != LF_OK) {
        return cli_refuse(args, &error);
    }
    int code = cli_job_open(args, 0, &job, &done);
    if (code != CLI_DONE || done) {
        return code;
    }
    code = take_jobs(args, &job.job);
    if (code == CLI_DONE) {
        lf_status status = lf_frame_read(cli_text(args, "predictions"), &table, &error);
        if (status == LF_OK) {
            status = lf_run_backtest_predictions(&job.job, table, folder, &metrics, &error);
        }
        code = show_run(args, status, metrics, folder, &error);
    }
    lf_release(NULL, metrics);
    lf_frame_destroy(table);
    cli_job_close(&job);
    return code;
}

int cli_backtest(const cli_args *args)
{
    cli_job job;
    lf_error error;
    lf_model *model = NULL;
    bool done = false;
    const char *folder = NULL;
    const char *path = NULL;
    char *metrics = NULL;
    int code = CLI_DONE;
    if (!cli_has(args, "print-config")) {
        const bool given = cli_has(args, "predictions");
        path = cli_text(args, "model");
        if (given && (path != NULL || cli_has(args, "sweep"))) {
            return cli_usage(args, "--predictions stands alone, without --model and --sweep.");
        }
        if (!given && path == NULL) {
            return cli_usage(args, "-m MODEL is needed, or --predictions FILE.");
        }
        code = cli_need(args, "output", &folder);
        if (code == CLI_DONE && given) {
            return trade_predictions(args, folder);
        }
    }
    if (code == CLI_DONE) {
        code = cli_job_open(args, 0, &job, &done);
    }
    if (code != CLI_DONE || done) {
        return code;
    }
    code = take_jobs(args, &job.job);
    if (code == CLI_DONE) {
        code = take_sweep(args, &job.config);
    }
    if (code == CLI_DONE && job.config.sweep[0] != '\0') {
        code = cli_check(args, &job, LF_RUN_USE_SWEEP);
    }
    if (code != CLI_DONE) {
        cli_job_close(&job);
        return code;
    }
    lf_status status = lf_model_load(NULL, path, &model, &error);
    if (status == LF_OK && job.config.sweep[0] != '\0') {
        code = sweep(args, &job.job, model, folder);
        lf_model_destroy(model);
        cli_job_close(&job);
        return code;
    }
    if (status == LF_OK) {
        const bool in_sample = cli_has(args, "in-sample");
        status = lf_run_backtest(&job.job, model, in_sample, folder, &metrics, &error);
    }
    code = show_run(args, status, metrics, folder, &error);
    lf_release(NULL, metrics);
    lf_model_destroy(model);
    cli_job_close(&job);
    return code;
}

static bool ends_in(const char *text, const char *ending)
{
    const size_t length = strlen(text);
    const size_t bytes = strlen(ending);
    return length > bytes && strcmp(text + length - bytes, ending) == 0;
}

/* The endings of a report. */
static bool is_report(const char *path)
{
    return ends_in(path, ".html") || ends_in(path, ".json") || ends_in(path, ".txt");
}

/* Write what the file's ending asks for. */
static lf_status write_report(const lf_report_folder *run, const char *path, lf_error *error)
{
    const char *const metrics = lf_report_folder_metrics(run);
    char *text = NULL;
    if (ends_in(path, ".html")) {
        return lf_report_html(lf_report_folder_run(run), metrics, path, error);
    }
    if (ends_in(path, ".json")) {
        return lf_file_write_atomic(path, metrics, strlen(metrics), error);
    }
    lf_status status = lf_report_text(NULL, metrics, &text, error);
    if (status == LF_OK) {
        status = lf_file_write_atomic(path, text, strlen(text), error);
    }
    lf_release(NULL, text);
    return status;
}

int cli_report(const cli_args *args)
{
    lf_report_folder *run = NULL;
    lf_error error;
    const char *const folder = cli_text_at(args, 0);
    const char *const path = cli_text(args, "output");
    if (folder == NULL || cli_text_at(args, 1) != NULL) {
        return cli_usage(args, "name one run folder.");
    }
    if (path != NULL && !is_report(path)) {
        return cli_usage(args, "%s: the report can be .html, .json or .txt.", path);
    }
    if (lf_report_folder_open(NULL, folder, &run, &error) != LF_OK) {
        return cli_fail(&error);
    }
    int code = CLI_DONE;
    if (path == NULL) {
        code = print_metrics(lf_report_folder_metrics(run), cli_has(args, "json"));
    } else {
        const lf_status status = write_report(run, path, &error);
        code = status == LF_OK ? CLI_DONE : cli_fail(&error);
    }
    lf_report_folder_close(run);
    return code;
}
