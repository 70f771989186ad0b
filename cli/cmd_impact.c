/* The verb impact: how order flow imbalance moves the mid, block by block and over the day. */
#include "flags.h"
#include "impact.h"

#include <stdlib.h>
#include <string.h>

#define WINDOWS_MAX 16
#define WINDOW_NS (10 * LF_NS_PER_SECOND)
#define BLOCK_NS (30 * LF_NS_PER_MINUTE)

/* clang-format off: one flag a line. */
const cli_flag cli_impact_flags[] = {
    {"window", 0, CLI_VALUE, "10s,60s", "length of one observation, or a list of them (10s)", NULL},
    {"block", 0, CLI_VALUE, "D", "observations of one regression (30min)", NULL},
    {"hours",
     0,
     CLI_VALUE,
     "HH:MM-HH:MM",
     "local time, or \"session\" (session less 30 min at both ends)",
     NULL},
    {"output", 'o', CLI_VALUE, "FILE.html", "a page with drawings instead of text", NULL},
    CLI_DATA_FLAGS,
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

const char cli_impact_about[] =
    "Each half hour: change of the mid = alpha + beta OFI, in ticks and lots, with White's error;\n"
    "trade imbalance beside it; deeper levels fitted on one half hour and judged on the next.\n"
    "  lobflow impact GOOG.zip --window 10s,60s -o impact.html";

/* What the command line asks for. */
typedef struct wish {
    int64_t windows_ns[WINDOWS_MAX];
    size_t window_count;
    int64_t block_ns;
    bool whole_session;
    bool by_clock; /* from_ns to to_ns, after local midnight of the trading day */
    int64_t from_ns, to_ns;
    bool with_observations;
} wish;

/* ---- command line ----------------------------------------------------------------------- */

static int read_block(const cli_args *args, wish *out)
{
    const char *const text = cli_text(args, "block");
    out->block_ns = BLOCK_NS;
    if (text != NULL && (lf_duration_parse(text, &out->block_ns) != LF_OK || out->block_ns <= 0)) {
        return cli_usage(args, "--block %s: a duration such as 30min.", text);
    }
    return CLI_DONE;
}

static int read_windows(const cli_args *args, wish *out)
{
    const char *text = cli_text(args, "window");
    if (text == NULL) {
        out->windows_ns[out->window_count++] = WINDOW_NS;
        return CLI_DONE;
    }
    do {
        char word[32];
        int64_t window_ns;
        const size_t length = strcspn(text, ",");
        if (out->window_count == WINDOWS_MAX) {
            return cli_usage(args, "--window: at most %d windows.", WINDOWS_MAX);
        }
        (void)snprintf(word, sizeof word, "%.*s", (int)(length < 31 ? length : 31), text);
        if (lf_duration_parse(word, &window_ns) != LF_OK || window_ns < LF_NS_PER_MILLISECOND ||
            out->block_ns % window_ns != 0 || out->block_ns / window_ns < 3) {
            char block[32];
            lf_duration_format(out->block_ns, block);
            return cli_usage(
                args,
                "--window %s: durations from 1ms on, of which 3 or more make %s, as 10s.",
                word,
                block
            );
        }
        out->windows_ns[out->window_count++] = window_ns;
        text += length;
    } while (*text++ == ',');
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

static int read_hours(const cli_args *args, wish *out)
{
    const char *const hours = cli_text(args, "hours");
    const char *at = hours;
    out->whole_session = hours != NULL && strcmp(hours, "session") == 0;
    if (hours == NULL || out->whole_session) {
        return CLI_DONE;
    }
    if (!take_clock(&at, &out->from_ns) || *at++ != '-' || !take_clock(&at, &out->to_ns) ||
        *at != '\0' || out->from_ns == out->to_ns) {
        return cli_usage(args, "--hours %s: write HH:MM-HH:MM, as 10:00-15:30.", hours);
    }
    /* Hours that end before they begin do so on the evening before. */
    out->from_ns -= out->from_ns > out->to_ns ? LF_NS_PER_DAY : 0;
    if (out->to_ns - out->from_ns < out->block_ns) {
        return cli_usage(args, "--hours %s: shorter than one block.", hours);
    }
    out->by_clock = true;
    return CLI_DONE;
}

static int read_wish(const cli_args *args, wish *out)
{
    const char *const output = cli_text(args, "output");
    const size_t length = output != NULL ? strlen(output) : 0;
    *out = (wish){.with_observations = output != NULL};
    if (output != NULL && (length < 6 || strcmp(output + length - 5, ".html") != 0)) {
        return cli_usage(args, "-o %s: the page is a FILE.html.", output);
    }
    if (output != NULL && cli_has(args, "json")) {
        return cli_usage(args, "-o writes a page, --json goes to standard output: one of them.");
    }
    int code = read_block(args, out);
    if (code == CLI_DONE) {
        code = read_windows(args, out);
    }
    return code == CLI_DONE ? read_hours(args, out) : code;
}

/* ---- studying --------------------------------------------------------------------------- */

/* The studies of one day, one for each window, under way. */
typedef struct running_day {
    lf_study *studies[WINDOWS_MAX];
    size_t count;
} running_day;

/* The first and the last half hour are a market of their own; a session too short for that is taken
   whole, and so is one around the clock, which has no open and no close. */
static void hours_of_session(const wish *wanted, impact_study *out)
{
    const lf_instrument *const in = &out->instrument;
    const int64_t length_ns = in->session_close_ns - in->session_open_ns;
    const bool is_cut = !wanted->whole_session && length_ns >= 2 * BLOCK_NS + wanted->block_ns &&
                        length_ns < LF_NS_PER_DAY;
    out->from_ns = in->session_open_ns + (is_cut ? BLOCK_NS : 0);
    out->to_ns = in->session_close_ns - (is_cut ? BLOCK_NS : 0);
}

/* Hours in the venue's time are those of the session that the trading day names: where it opens on
   the evening before, 18:00 is of that evening. */
static lf_status
hours_of_clock(const wish *wanted, const lf_zone *zone, impact_study *out, lf_error *error)
{
    const lf_instrument *const in = &out->instrument;
    const int64_t evening_ns = lf_zone_to_utc(zone, in->date, wanted->from_ns - LF_NS_PER_DAY);
    const bool is_evening = wanted->from_ns >= 0 && evening_ns >= in->session_open_ns &&
                            lf_zone_to_utc(zone, in->date, wanted->from_ns) >= in->session_close_ns;
    const int64_t shift_ns = is_evening ? LF_NS_PER_DAY : 0;
    out->from_ns = lf_zone_to_utc(zone, in->date, wanted->from_ns - shift_ns);
    out->to_ns = lf_zone_to_utc(zone, in->date, wanted->to_ns - shift_ns);
    if (wanted->from_ns < 0 && out->from_ns < in->session_open_ns) {
        return lf_error_set(
            error,
            LF_RANGE,
            "%s: the hours begin on the evening before, and the session does not.",
            in->symbol
        );
    }
    return LF_OK;
}

static lf_status set_hours(const wish *wanted, impact_study *out, lf_error *error)
{
    const lf_instrument *const in = &out->instrument;
    lf_zone *zone;
    const char *const name = in->time_zone[0] != '\0' ? in->time_zone : "UTC";
    lf_status status = lf_zone_create(NULL, name, &zone, error);
    if (status != LF_OK) {
        return status;
    }
    if (wanted->by_clock) {
        status = hours_of_clock(wanted, zone, out, error);
    } else {
        hours_of_session(wanted, out);
    }
    out->offset_s = lf_zone_offset_s(zone, out->from_ns);
    /* What remains behind the last whole block is not looked at, and not said to be. */
    out->to_ns -= (out->to_ns - out->from_ns) % out->block_ns;
    lf_zone_destroy(zone);
    return status;
}

static lf_status
begin_day(const wish *wanted, running_day *running, impact_study *out, lf_error *error)
{
    for (size_t w = 0; w < wanted->window_count; w++) {
        out[w].instrument = out[0].instrument;
        out[w].window_ns = wanted->windows_ns[w];
        out[w].block_ns = wanted->block_ns;
        lf_status status = set_hours(wanted, &out[w], error);
        const lf_study_options options = {
            .window_ns = out[w].window_ns,
            .block_ns = out[w].block_ns,
            .from_ns = out[w].from_ns,
            .to_ns = out[w].to_ns,
        };
        if (status == LF_OK) {
            status = lf_study_create(&out[w].instrument, &options, &running->studies[w], error);
        }
        if (status != LF_OK) {
            return status;
        }
        running->count++;
    }
    return LF_OK;
}

static lf_status
push_all(const cli_job *job, size_t day, const running_day *running, lf_feed *feed, lf_error *error)
{
    lf_batch batch;
    for (;;) {
        const lf_status status = lf_feed_next(feed, &batch, error);
        if (status != LF_OK || batch.event_count == 0) {
            return status;
        }
        for (size_t w = 0; w < running->count; w++) {
            if (lf_study_push(running->studies[w], &batch) != LF_OK) {
                return lf_error_set(error, LF_NOMEM, "No memory for the observations of a day.");
            }
        }
        const lf_feed_stats *const stats = lf_feed_stats_of(feed);
        const double part = stats->input_bytes_total > 0
                                ? (double)stats->input_bytes / (double)stats->input_bytes_total
                                : 0;
        if (!cli_progress(NULL, "impact", ((double)day + part) / (double)job->sources.count)) {
            return lf_error_set(error, LF_CANCELLED, "Stopped.");
        }
    }
}

static void *copy_of(const void *items, size_t count, size_t item_bytes)
{
    void *const out = calloc(count + 1, item_bytes);
    if (out != NULL && count > 0) {
        memcpy(out, items, count * item_bytes);
    }
    return out;
}

static lf_status finish_one(const wish *wanted, lf_study *study, impact_study *out, lf_error *error)
{
    const lf_study_block *blocks;
    const lf_status status = lf_study_finish(study, &out->result, &blocks, error);
    if (status != LF_OK) {
        return status;
    }
    out->blocks = copy_of(blocks, out->result.block_count, sizeof *blocks);
    bool is_kept = out->blocks != NULL;
    if (wanted->with_observations) {
        const lf_study_observation *const rows =
            lf_study_observations(study, &out->observation_count);
        out->observations = copy_of(rows, out->observation_count, sizeof *rows);
        is_kept = is_kept && out->observations != NULL;
    }
    return is_kept ? LF_OK : lf_error_set(error, LF_NOMEM, "No memory for the study of a day.");
}

/* The error of a day names its file. */
static lf_status name_file(const char *path, lf_status status, lf_error *error)
{
    if (status == LF_DATA && error->file[0] == '\0') {
        const lf_error plain = *error;
        return lf_error_set_at(
            error, status, path, LF_POSITION_NONE, LF_POSITION_NONE, "%s", plain.message
        );
    }
    return status;
}

/* Study one day with every window, in one pass; out: [window_count]. */
static lf_status
study_day(const cli_job *job, size_t day, const wish *wanted, impact_study *out, lf_error *error)
{
    const lf_source *const source = &job->sources.sources[day];
    lf_feed_options options;
    lf_feed *feed = NULL;
    running_day running = {.count = 0};
    lf_run_feed_options(&job->config, &options);
    lf_status status = lf_feed_open(source, &options, &feed, error);
    if (status == LF_OK) {
        out[0].instrument = *lf_feed_instrument(feed);
        status = begin_day(wanted, &running, out, error);
    }
    if (status == LF_OK) {
        status = push_all(job, day, &running, feed, error);
    }
    for (size_t w = 0; w < running.count && status == LF_OK; w++) {
        status =
            name_file(source->path, finish_one(wanted, running.studies[w], &out[w], error), error);
    }
    for (size_t w = 0; w < running.count; w++) {
        lf_study_destroy(running.studies[w]);
    }
    lf_feed_close(feed);
    return status;
}

/* ---- showing ---------------------------------------------------------------------------- */

static int print_json(const impact_study *studies, size_t count)
{
    json_t *const root = impact_json(studies, count, false);
    if (root == NULL) {
        fputs("lobflow: No memory for the JSON.\n", stderr);
        return CLI_FAILED;
    }
    (void)json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    (void)fputc('\n', stdout);
    json_decref(root);
    return CLI_DONE;
}

static int show(const cli_args *args, const impact_study *studies, size_t count)
{
    const char *const output = cli_text(args, "output");
    lf_error error;
    if (output != NULL) {
        return impact_page(studies, count, output, &error) == LF_OK ? CLI_DONE : cli_fail(&error);
    }
    if (cli_has(args, "json")) {
        return print_json(studies, count);
    }
    impact_text(studies, count, stdout);
    return CLI_DONE;
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
    const size_t count = job.sources.count * wanted.window_count;
    impact_study *const studies = calloc(count, sizeof *studies);
    lf_status status = studies != NULL ? LF_OK : lf_error_set(&error, LF_NOMEM, "No memory.");
    for (size_t i = 0; i < job.sources.count && status == LF_OK; i++) {
        status = study_day(&job, i, &wanted, &studies[i * wanted.window_count], &error);
    }
    cli_progress_end();
    code = status == LF_OK ? show(args, studies, count) : cli_fail(&error);
    for (size_t i = 0; studies != NULL && i < count; i++) {
        free(studies[i].blocks);
        free(studies[i].observations);
    }
    free(studies);
    cli_job_close(&job);
    return code;
}
