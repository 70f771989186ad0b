/* The verb impact: how order flow imbalance moves the mid, block by block and over the day. */
#include "flags.h"

#include <lobflow/study.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off: one flag a line. */
const cli_flag cli_impact_flags[] = {
    {"window", 0, CLI_VALUE, "D", "length of one observation (10s)", NULL},
    {"block", 0, CLI_VALUE, "D", "observations of one regression (30min)", NULL},
    {"hours", 0, CLI_VALUE, "HH:MM-HH:MM", "part of the day, local time (the session)", NULL},
    CLI_DATA_FLAGS,
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

/* What the command line asks for. */
typedef struct wish {
    int64_t window_ns;
    int64_t block_ns;
    int64_t from_ns, to_ns; /* after local midnight; both 0: the session */
} wish;

/* One symbol-day, studied. */
typedef struct study_day {
    lf_instrument instrument;
    lf_study_result result;
    lf_study_block *blocks; /* [result.block_count], owned */
} study_day;

/* ---- command line ----------------------------------------------------------------------- */

static int read_duration(const cli_args *args, const char *name, int64_t *out)
{
    const char *const text = cli_text(args, name);
    if (text != NULL && (lf_duration_parse(text, out) != LF_OK || *out <= 0)) {
        return cli_usage(args, "--%s %s: a duration such as 10s.", name, text);
    }
    return CLI_DONE;
}

/* HH:MM at *text, to ns after midnight. */
static bool take_clock(const char **text, int64_t *out_ns)
{
    const char *const t = *text;
    for (int i = 0; i < 5; i++) {
        if (i == 2 ? t[i] != ':' : t[i] < '0' || t[i] > '9') {
            return false;
        }
    }
    const int64_t minutes = 60 * (10 * (t[0] - '0') + t[1] - '0') + 10 * (t[3] - '0') + t[4] - '0';
    *out_ns = minutes * LF_NS_PER_MINUTE;
    *text = t + 5;
    return minutes <= 24 * 60 && t[3] < '6';
}

static int read_wish(const cli_args *args, wish *out)
{
    const char *const hours = cli_text(args, "hours");
    const char *at = hours;
    *out = (wish){0};
    int code = read_duration(args, "window", &out->window_ns);
    if (code == CLI_DONE) {
        code = read_duration(args, "block", &out->block_ns);
    }
    if (code == CLI_DONE && hours != NULL &&
        (!take_clock(&at, &out->from_ns) || *at++ != '-' || !take_clock(&at, &out->to_ns) ||
         *at != '\0' || out->from_ns >= out->to_ns)) {
        return cli_usage(args, "--hours %s: write HH:MM-HH:MM, as 10:00-15:30.", hours);
    }
    return code;
}

/* ---- studying --------------------------------------------------------------------------- */

static lf_status set_hours(
    const wish *wanted, const lf_instrument *instrument, lf_study_options *options, lf_error *error
)
{
    lf_zone *zone;
    if (wanted->to_ns == 0) {
        return LF_OK;
    }
    const lf_status status = lf_zone_create(NULL, instrument->time_zone, &zone, error);
    if (status == LF_OK) {
        options->from_ns = lf_zone_to_utc(zone, instrument->date, wanted->from_ns);
        options->to_ns = lf_zone_to_utc(zone, instrument->date, wanted->to_ns);
        lf_zone_destroy(zone);
    }
    return status;
}

static lf_status push_all(lf_study *study, lf_feed *feed, lf_error *error)
{
    lf_batch batch;
    for (;;) {
        const lf_status status = lf_feed_next(feed, &batch, error);
        if (status != LF_OK || batch.event_count == 0) {
            return status;
        }
        if (lf_study_push(study, &batch) != LF_OK) {
            return lf_error_set(error, LF_NOMEM, "No memory for the observations of a day.");
        }
    }
}

static lf_status keep_blocks(const lf_study_block *blocks, study_day *out, lf_error *error)
{
    const size_t count = out->result.block_count;
    out->blocks = calloc(count + 1, sizeof *out->blocks);
    if (out->blocks == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the blocks of a day.");
    }
    memcpy(out->blocks, blocks, count * sizeof *blocks);
    return LF_OK;
}

static lf_status
study_one(const cli_job *job, size_t day, const wish *wanted, study_day *out, lf_error *error)
{
    lf_feed_options feed_options;
    lf_study_options options = {.window_ns = wanted->window_ns, .block_ns = wanted->block_ns};
    lf_feed *feed = NULL;
    lf_study *study = NULL;
    const lf_study_block *blocks = NULL;
    lf_run_feed_options(&job->config, &feed_options);
    lf_status status = lf_feed_open(&job->sources.sources[day], &feed_options, &feed, error);
    if (status == LF_OK) {
        out->instrument = *lf_feed_instrument(feed);
        status = set_hours(wanted, &out->instrument, &options, error);
    }
    if (status == LF_OK) {
        status = lf_study_create(&out->instrument, &options, &study, error);
    }
    if (status == LF_OK) {
        status = push_all(study, feed, error);
    }
    if (status == LF_OK) {
        status = lf_study_finish(study, &out->result, &blocks, error);
    }
    if (status == LF_OK) {
        status = keep_blocks(blocks, out, error);
    }
    lf_study_destroy(study);
    lf_feed_close(feed);
    if (status == LF_OK &&
        !cli_progress(NULL, "impact", (double)(day + 1) / (double)job->sources.count)) {
        return lf_error_set(error, LF_CANCELLED, "Stopped.");
    }
    return status;
}

/* ---- showing ---------------------------------------------------------------------------- */

/* A mean over the day, as JSON and text call it. */
typedef struct entry {
    const char *key;
    const char *text;
    double value;
    bool of_levels; /* only where the feed has more than one level */
} entry;

#define ENTRIES_MAX 32

static size_t list_entries(const lf_study_result *r, entry out[ENTRIES_MAX])
{
    const entry all[] = {
        {"r2_ofi", "R^2 of the mid's change on OFI", r->r2_ofi, false},
        {"r2_trade_imbalance", "R^2 on trade imbalance", r->r2_trade_imbalance, false},
        {"r2_ofi_no_price_change",
         "R^2 on OFI without price changes",
         r->r2_ofi_no_price_change,
         false},
        {"r2_next", "R^2 of the next change on this OFI", r->r2_next, false},
        {"beta_mean", "beta, ticks a lot", r->beta_mean, false},
        {"depth_mean", "depth of the best level, lots", r->depth_mean, false},
        {"lambda", "lambda of beta = c / depth^lambda", r->lambda, false},
        {"c", "c", r->c, false},
        {"auc_queue_imbalance", "AUC of queue imbalance", r->auc_queue_imbalance, false},
        {"auc_queue_imbalance_last",
         "AUC of its state before a move",
         r->auc_queue_imbalance_last,
         false},
        {"logit_intercept", "logit of queue imbalance, intercept", r->logit_intercept, false},
        {"logit_slope", "logit of queue imbalance, slope", r->logit_slope, false},
        {"r2_is_best", "in sample, best level", r->r2_is_best, true},
        {"r2_is_ridge", "in sample, all levels, ridge", r->r2_is_ridge, true},
        {"r2_is_integrated", "in sample, integrated OFI", r->r2_is_integrated, true},
        {"r2_oos_best", "out of sample, best level", r->r2_oos_best, true},
        {"r2_oos_ridge", "out of sample, all levels, ridge", r->r2_oos_ridge, true},
        {"r2_oos_integrated", "out of sample, integrated OFI", r->r2_oos_integrated, true},
        {"pc1_share", "levels: share of the first component", r->pc1_share, true},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (!all[i].of_levels || r->level_count > 1) {
            out[count++] = all[i];
        }
    }
    return count;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *block_json(const lf_study_block *b)
{
    return json_pack(
        "{sI sI so so so so so so so}",
        "begin_ns",
        (json_int_t)b->begin_ns,
        "observations",
        (json_int_t)b->observation_count,
        "alpha",
        number(b->alpha),
        "beta",
        number(b->beta),
        "beta_se",
        number(b->beta_se),
        "r2_ofi",
        number(b->r2_ofi),
        "r2_trade_imbalance",
        number(b->r2_trade_imbalance),
        "r2_ofi_no_price_change",
        number(b->r2_ofi_no_price_change),
        "depth_mean",
        number(b->depth_mean)
    );
}

static json_t *levels_json(const double *values, int32_t count)
{
    json_t *const list = json_array();
    for (int32_t m = 0; m < count; m++) {
        (void)json_array_append_new(list, number(values[m]));
    }
    return list;
}

static json_t *day_json(const study_day *day, int64_t window_ns)
{
    const lf_study_result *const r = &day->result;
    entry entries[ENTRIES_MAX];
    char date[11];
    lf_date_format(day->instrument.date, date);
    json_t *const halfhours = json_array();
    for (size_t i = 0; i < r->block_count; i++) {
        (void)json_array_append_new(halfhours, block_json(&day->blocks[i]));
    }
    json_t *const out = json_pack(
        "{ss ss sI sI so}",
        "symbol",
        day->instrument.symbol,
        "date",
        date,
        "window_ns",
        (json_int_t)window_ns,
        "moves",
        (json_int_t)r->move_count,
        "halfhours",
        halfhours
    );
    const size_t count = list_entries(r, entries);
    for (size_t i = 0; i < count; i++) {
        (void)json_object_set_new(out, entries[i].key, number(entries[i].value));
    }
    if (r->level_count > 1) {
        (void
        )json_object_set_new(out, "r2_is_levels", levels_json(r->r2_is_levels, r->level_count));
        (void
        )json_object_set_new(out, "r2_oos_levels", levels_json(r->r2_oos_levels, r->level_count));
    }
    return out;
}

static void print_day(const study_day *day)
{
    const lf_study_result *const r = &day->result;
    entry entries[ENTRIES_MAX];
    char date[11];
    lf_date_format(day->instrument.date, date);
    printf("%s %s\n", day->instrument.symbol, date);
    printf(
        "  %-14s %5s %9s %9s %7s %7s %8s %8s\n",
        "block from, UTC",
        "n",
        "beta",
        "s.e.",
        "R^2",
        "trades",
        "no move",
        "depth"
    );
    for (size_t i = 0; i < r->block_count; i++) {
        const lf_study_block *const b = &day->blocks[i];
        char time[32];
        lf_time_format(b->begin_ns, time);
        printf(
            "  %-15.5s %5lld %9.5f %9.5f %7.3f %7.3f %8.3f %8.1f\n",
            time + 11,
            (long long)b->observation_count,
            b->beta,
            b->beta_se,
            b->r2_ofi,
            b->r2_trade_imbalance,
            b->r2_ofi_no_price_change,
            b->depth_mean
        );
    }
    const size_t count = list_entries(r, entries);
    for (size_t i = 0; i < count; i++) {
        printf("  %-38s %10.4f\n", entries[i].text, entries[i].value);
    }
}

static void show(const study_day *days, size_t count, int64_t window_ns, bool is_json)
{
    for (size_t i = 0; i < count && !is_json; i++) {
        printf("%s", i > 0 ? "\n" : "");
        print_day(&days[i]);
    }
    if (is_json) {
        json_t *const root = count == 1 ? day_json(days, window_ns) : json_array();
        for (size_t i = 0; i < count && count > 1; i++) {
            (void)json_array_append_new(root, day_json(&days[i], window_ns));
        }
        (void)json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        (void)fputc('\n', stdout);
        json_decref(root);
    }
}

int cli_impact(const cli_args *args)
{
    cli_job job;
    wish wanted;
    lf_error error;
    bool done = false;
    int code = read_wish(args, &wanted);
    if (code == CLI_DONE) {
        code = cli_job_open(args, 0, &job, &done);
    }
    if (code != CLI_DONE || done) {
        return code;
    }
    study_day *const days = calloc(job.sources.count, sizeof *days);
    lf_status status = days != NULL ? LF_OK : lf_error_set(&error, LF_NOMEM, "No memory.");
    for (size_t i = 0; i < job.sources.count && status == LF_OK; i++) {
        status = study_one(&job, i, &wanted, &days[i], &error);
    }
    cli_progress_end();
    if (status == LF_OK) {
        const int64_t window_ns = wanted.window_ns != 0 ? wanted.window_ns : 10 * LF_NS_PER_SECOND;
        show(days, job.sources.count, window_ns, cli_has(args, "json"));
    } else {
        code = cli_fail(&error);
    }
    for (size_t i = 0; days != NULL && i < job.sources.count; i++) {
        free(days[i].blocks);
    }
    free(days);
    cli_job_close(&job);
    return code;
}
