/* The verb calibrate: single orders replayed as levels, to see which queue model tells the truth.
 */
#include "flags.h"

#include <lobflow/calibrate.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off: one flag a line. */
const cli_flag cli_calibrate_flags[] = {
    CLI_DATA_FLAGS,
    {"horizon", 0, CLI_VALUE, "TIME", "how long a probe rests (default 10s)", NULL},
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

const char cli_calibrate_about[] =
    "Needs data of single orders (Databento mbo). On each side a probe of one lot joins the best\n"
    "queue and rests until it is filled or its time is over; then the next one. Its true fate is\n"
    "known from the orders, and each queue model (execution.queue, execution.queue_power) tells\n"
    "it from the levels alone. The best model has the smallest log loss.";

/* ---- reading ---------------------------------------------------------------------------- */

static lf_status
replay(const cli_job *job, size_t day, lf_feed *feed, lf_calibrator *probes, lf_error *error)
{
    lf_batch batch;
    for (;;) {
        lf_status status = lf_feed_next(feed, &batch, error);
        if (status != LF_OK || batch.event_count == 0) {
            return status;
        }
        for (size_t i = 0; i < batch.event_count && status == LF_OK; i++) {
            const lf_event *const event = &batch.events[i];
            size_t count;
            const lf_order_change *const changes = lf_feed_changes(feed, i, &count);
            status = lf_calibrate_event(
                probes, event, batch.trades + event->trade_first, changes, count, error
            );
        }
        if (status != LF_OK) {
            return status;
        }
        const lf_feed_stats *const stats = lf_feed_stats_of(feed);
        const double part = stats->input_bytes_total > 0
                                ? (double)stats->input_bytes / (double)stats->input_bytes_total
                                : 0;
        if (!cli_progress(NULL, "calibrate", ((double)day + part) / (double)job->sources.count)) {
            return lf_error_set(error, LF_CANCELLED, "Stopped.");
        }
    }
}

static lf_status replay_day(const cli_job *job, size_t day, lf_calibrator *probes, lf_error *error)
{
    lf_feed_options options;
    lf_feed *feed = NULL;
    lf_run_feed_options(&job->config, &options);
    options.with_orders = true;
    lf_status status = lf_feed_open(&job->sources.sources[day], &options, &feed, error);
    if (status == LF_OK) {
        status = lf_calibrate_begin(probes, lf_feed_instrument(feed), error);
    }
    if (status == LF_OK) {
        status = replay(job, day, feed, probes, error);
    }
    lf_feed_close(feed);
    return status;
}

/* ---- showing ---------------------------------------------------------------------------- */

/* A fit in numbers. Shares are of all probes; NaN where there was none to speak of. */
typedef struct verdict {
    const lf_calibrate_fit *fit;
    double filled, missed, false_fills, log_loss;
    double time_bias_s, time_distance_s;
} verdict;

static double share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static verdict judge(const lf_calibrate_fit *fit, int64_t probes)
{
    const int64_t missed = fit->counts[0][0][1] + fit->counts[1][0][1];
    const int64_t invented = fit->counts[0][1][0] + fit->counts[1][1][0];
    const int64_t both = fit->counts[0][1][1] + fit->counts[1][1][1];
    return (verdict){
        .fit = fit,
        .filled = share(both + invented, probes),
        .missed = share(missed, probes),
        .false_fills = share(invented, probes),
        .log_loss = lf_calibrate_log_loss(fit),
        .time_bias_s = share(fit->time_bias_ns, fit->time_count) * 1e-9,
        .time_distance_s = share(fit->time_distance_ns, fit->time_count) * 1e-9,
    };
}

/* By log loss; where that ties, who is nearer in time. */
static int compare_verdicts(const void *left, const void *right)
{
    const verdict *const a = left, *const b = right;
    if (a->log_loss != b->log_loss) {
        return a->log_loss < b->log_loss ? -1 : 1;
    }
    return a->time_distance_s < b->time_distance_s ? -1 : a->time_distance_s > b->time_distance_s;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
to_json(const lf_calibrate_result *study, const verdict *verdicts, int64_t horizon_ns)
{
    json_t *const list = json_array();
    for (int i = 0; i < LF_CALIBRATE_FITS; i++) {
        const verdict *const v = &verdicts[i];
        json_array_append_new(
            list,
            json_pack(
                "{ss so so so so so so so so}",
                "queue",
                lf_queue_model_name(v->fit->model),
                "queue_power",
                v->fit->n > 0.0 ? json_real(v->fit->n) : json_null(),
                "filled_share",
                number(v->filled),
                "bias",
                number(v->false_fills - v->missed),
                "missed_share",
                number(v->missed),
                "false_share",
                number(v->false_fills),
                "time_bias_s",
                number(v->time_bias_s),
                "time_distance_s",
                number(v->time_distance_s),
                "log_loss",
                number(v->log_loss)
            )
        );
    }
    return json_pack(
        "{sI sI sI sI so so so so}",
        "horizon_ns",
        (json_int_t)horizon_ns,
        "probes",
        (json_int_t)study->probe_count,
        "void",
        (json_int_t)study->void_count,
        "crossed",
        (json_int_t)study->crossed_count,
        "filled_share",
        number(share(study->filled_count, study->probe_count)),
        "fill_time_s",
        number(share(study->fill_ns, study->filled_count) * 1e-9),
        "log_loss_base",
        number(lf_calibrate_base_loss(&study->fits[0])),
        "models",
        list
    );
}

static void
print_text(const lf_calibrate_result *study, const verdict *verdicts, int64_t horizon_ns)
{
    char horizon[32];
    lf_duration_format(horizon_ns, horizon);
    printf(
        "%lld probes of one lot, up to %s each; %lld more ended with a reset or the session\n",
        (long long)study->probe_count,
        horizon,
        (long long)study->void_count
    );
    printf(
        "truly filled %.2f %%, after %.3f s; %.2f %% because the price was crossed, which no queue "
        "decides\n\n",
        100 * share(study->filled_count, study->probe_count),
        share(study->fill_ns, study->filled_count) * 1e-9,
        100 * share(study->crossed_count, study->probe_count)
    );
    printf("queue         power  filled %%  missed %%   false %%  time bias s  apart s  log loss\n"
    );
    for (int i = 0; i < LF_CALIBRATE_FITS; i++) {
        const verdict *const v = &verdicts[i];
        char power[16] = "";
        if (v->fit->n > 0.0) {
            (void)snprintf(power, sizeof power, "%.1f", v->fit->n);
        }
        printf(
            "%-12s %6s %9.2f %9.2f %9.2f %12.3f %8.3f %9.4f\n",
            lf_queue_model_name(v->fit->model),
            power,
            100 * v->filled,
            100 * v->missed,
            100 * v->false_fills,
            v->time_bias_s,
            v->time_distance_s,
            v->log_loss
        );
    }
    printf(
        "%-12s %6s %9s %9s %9s %12s %8s %9.4f\n",
        "no model",
        "",
        "",
        "",
        "",
        "",
        "",
        lf_calibrate_base_loss(&study->fits[0])
    );
}

static int show(const cli_args *args, const lf_calibrate_result *study, int64_t horizon_ns)
{
    verdict verdicts[LF_CALIBRATE_FITS];
    for (int i = 0; i < LF_CALIBRATE_FITS; i++) {
        verdicts[i] = judge(&study->fits[i], study->probe_count);
    }
    if (study->probe_count == 0) {
        lf_error error;
        (void)lf_error_set(
            &error, LF_DATA, "No probe had a fate: the book was never valid in the session."
        );
        return cli_fail(&error);
    }
    qsort(verdicts, LF_CALIBRATE_FITS, sizeof verdicts[0], compare_verdicts);
    if (!cli_has(args, "json")) {
        print_text(study, verdicts, horizon_ns);
        return CLI_DONE;
    }
    json_t *const root = to_json(study, verdicts, horizon_ns);
    (void)json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    (void)fputc('\n', stdout);
    json_decref(root);
    return CLI_DONE;
}

int cli_calibrate(const cli_args *args)
{
    cli_job job;
    lf_error error;
    bool done = false;
    int64_t horizon_ns = 10 * LF_NS_PER_SECOND;
    const char *const text = cli_text(args, "horizon");
    if (text != NULL && (lf_duration_parse(text, &horizon_ns) != LF_OK || horizon_ns <= 0)) {
        return cli_usage(args, "--horizon is \"%s\"; write a time above 0 such as 10s.", text);
    }
    int code = cli_job_open(args, 0, &job, &done);
    if (code != CLI_DONE || done) {
        return code;
    }
    lf_calibrator *probes = NULL;
    lf_status status = lf_calibrate_create(NULL, horizon_ns, &probes, &error);
    for (size_t i = 0; i < job.sources.count && status == LF_OK; i++) {
        status = replay_day(&job, i, probes, &error);
    }
    cli_progress_end();
    code =
        status == LF_OK ? show(args, lf_calibrate_result_of(probes), horizon_ns) : cli_fail(&error);
    lf_calibrate_destroy(probes);
    cli_job_close(&job);
    return code;
}
