/* The held-out days of a job: found, counted, and told of. */
#include "holdout_internal.h"

#include <stdlib.h>
#include <string.h>

bool lfi_holdout_any(const lfi_holdout *holdout)
{
    return holdout->span.first_ns < holdout->span.end_ns;
}

void lfi_held_day_of(const lf_instrument *instrument, const lf_feed_stats *stats, lfi_held_day *out)
{
    *out = (lfi_held_day){.event_count = stats->event_count};
    (void)snprintf(out->symbol, sizeof out->symbol, "%s", instrument->symbol);
    lf_date_format(instrument->date, out->date);
}

static lf_status
find_held_days(const lf_run_job *job, const lfi_day_rows *rows, lfi_holdout *out, lf_error *error)
{
    out->days = lf_allocate(job->allocator, job->source_count + 1, sizeof *out->days);
    if (out->days == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the held-out days.");
    }
    for (size_t i = 0; i < job->source_count; i++) {
        const lf_instrument *const instrument = &rows[i].instrument;
        if (instrument->session_close_ns > out->span.first_ns &&
            instrument->session_open_ns < out->span.end_ns) {
            lfi_held_day_of(instrument, &rows[i].stats, &out->days[out->count++]);
        }
    }
    return LF_OK;
}

lf_status lfi_holdout_open(
    const lf_run_job *job,
    const lfi_day_rows *rows,
    const lf_train_days *days,
    lfi_holdout *out,
    lf_error *error
)
{
    lf_train_options options;
    lfi_run_train_options(job, job->config->clock, &options);
    *out = (lfi_holdout){.is_scored = job->config->split.holdout};
    lf_status status = lf_train_holdout_days(days, &options, &out->span, error);
    if (status == LF_OK && lfi_holdout_any(out)) {
        status = find_held_days(job, rows, out, error);
    }
    return status;
}

lf_status lfi_holdout_look(
    const lf_run_job *job,
    lfi_holdout *holdout,
    const char *verb,
    const char *folder,
    lf_error *error
)
{
    lf_status status = LF_OK;
    if (holdout->count == 0) {
        return LF_OK;
    }
    if (holdout->is_scored) {
        status = lfi_ledger_add(job, holdout->days, holdout->count, verb, folder, error);
    }
    if (status == LF_OK) {
        status = lfi_ledger_count(job, holdout->days, holdout->count, &holdout->looks, error);
    }
    if (status == LF_IO && !holdout->is_scored) {
        holdout->looks = -1; /* nothing is looked at, so this stops nobody */
        return LF_OK;
    }
    return status;
}

lf_status lfi_holdout_traded(
    const lf_run_job *job,
    lfi_holdout *holdout,
    const lf_instrument *instrument,
    const lf_feed_stats *stats,
    lf_error *error
)
{
    if (instrument->session_close_ns <= holdout->span.first_ns ||
        instrument->session_open_ns >= holdout->span.end_ns) {
        return LF_OK;
    }
    void *days = holdout->days;
    const lf_status status = lf_grow(
        job->allocator, &days, &holdout->capacity, holdout->count + 1, sizeof *holdout->days
    );
    holdout->days = days;
    if (status != LF_OK) {
        return lf_error_set(error, status, "No memory for the held-out days.");
    }
    lfi_held_day_of(instrument, stats, &holdout->days[holdout->count++]);
    return LF_OK;
}

void lfi_holdout_close(const lf_run_job *job, lfi_holdout *holdout)
{
    lf_release(job->allocator, holdout->days);
    holdout->days = NULL;
}

/* ---- telling ---------------------------------------------------------------------------- */

/* Calendar days: symbol-days of one date are one. They stand in order of time. */
static size_t date_count(const lfi_holdout *holdout)
{
    size_t count = 0;
    for (size_t i = 0; i < holdout->count; i++) {
        count += i == 0 || strcmp(holdout->days[i].date, holdout->days[i - 1].date) != 0;
    }
    return count;
}

void lfi_holdout_note(const lfi_holdout *holdout, char *out, size_t bytes)
{
    const size_t days = date_count(holdout);
    const char *const first = holdout->count > 0 ? holdout->days[0].date : "";
    const char *const plural = days == 1 ? "" : "s";
    const long long looks = (long long)holdout->looks;
    if (!holdout->is_scored) {
        char times[64] = "how often they were looked at is not known.";
        if (looks >= 0) {
            (void)snprintf(
                times, sizeof times, "looked at %lld time%s so far.", looks, looks == 1 ? "" : "s"
            );
        }
        (void)snprintf(
            out,
            bytes,
            "%zu day%s from %s on held out: not trained on and not scored here; %s",
            days,
            plural,
            first,
            times
        );
        return;
    }
    (void)snprintf(
        out,
        bytes,
        "%zu held-out day%s from %s on: the hold-out has been looked at %lld time%s, this one "
        "included.%s",
        days,
        plural,
        first,
        looks,
        looks == 1 ? "" : "s",
        looks > 1 ? " What was chosen after the first look is not out of sample here." : ""
    );
}

static json_t *entry_of(const lfi_holdout *holdout, const char *scores)
{
    static const char *const taken[] = {
        "up_1min", "up_5min", "ret_1min", "scored_rows", "leak_suspected", "warnings"};
    char note[512];
    lfi_holdout_note(holdout, note, sizeof note);
    json_t *const entry = json_pack(
        "{s:I, s:I, s:I, s:b, s:o, s:s}",
        "days",
        (json_int_t)date_count(holdout),
        "first_ns",
        (json_int_t)holdout->span.first_ns,
        "end_ns",
        (json_int_t)holdout->span.end_ns,
        "is_scored",
        holdout->is_scored,
        "looks",
        holdout->looks < 0 ? json_null() : json_integer((json_int_t)holdout->looks),
        "note",
        note
    );
    json_t *const walk = scores == NULL ? NULL : json_loads(scores, 0, NULL);
    for (size_t i = 0; walk != NULL && i < sizeof taken / sizeof taken[0]; i++) {
        (void)json_object_set(entry, taken[i], json_object_get(walk, taken[i]));
    }
    json_decref(walk);
    return entry;
}

lf_status lfi_holdout_findings(
    const lf_run_job *job,
    const lfi_holdout *holdout,
    json_t *findings,
    const char *scores,
    char **out,
    lf_error *error
)
{
    *out = NULL;
    if (findings != NULL && lfi_holdout_any(holdout)) {
        (void)json_object_set_new(findings, "holdout", entry_of(holdout, scores));
    }
    char *const text = json_dumps(findings, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    if (text != NULL) {
        *out = lf_allocate(job->allocator, strlen(text) + 1, 1);
    }
    if (*out != NULL) {
        memcpy(*out, text, strlen(text) + 1);
    }
    free(text);
    return *out != NULL ? LF_OK : lf_error_set(error, LF_NOMEM, "No memory for the findings.");
}

lf_train_span lfi_holdout_of_training(const char *training_json)
{
    lf_train_span out = {INT64_MAX, INT64_MAX};
    json_t *const root = training_json == NULL ? NULL : json_loads(training_json, 0, NULL);
    json_t *const span = json_object_get(json_object_get(root, "options"), "holdout");
    if (json_is_integer(json_object_get(span, "first_ns")) &&
        json_is_integer(json_object_get(span, "end_ns"))) {
        out.first_ns = json_integer_value(json_object_get(span, "first_ns"));
        out.end_ns = json_integer_value(json_object_get(span, "end_ns"));
    }
    json_decref(root);
    return out;
}
