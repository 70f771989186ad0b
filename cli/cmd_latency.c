/* The verb latency: what each delay costs. */
#include "flags.h"
#include "latency.h"

#include <string.h>

#define LATENCIES_MAX 32
#define LATENCY_MAX_NS (10 * LF_NS_PER_MINUTE)

/* clang-format off: one flag a line. */
const cli_flag cli_latency_flags[] = {
    {"output", 'o', CLI_VALUE, "DIR", "folder for latency.json and latency.html", NULL},
    {"model",
     'm',
     CLI_VALUE,
     "MODEL",
     "folder that train wrote; without it days are walked as by run",
     NULL},
    {"latencies",
     0,
     CLI_VALUE,
     "1ms,50ms",
     "delays to try, ascending (10us to 500ms in eight steps)",
     NULL},
    {"in-sample", 0, CLI_SWITCH, NULL, "with --model: also days that it was trained on", NULL},
    CLI_DATA_FLAGS,
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

const char cli_latency_about[] =
    "The days are traded with each delay (feed, decision, entry, cancel, response) alone, all\n"
    "others at 0, and with all at once, marketable and passive. Feeds with local times of their\n"
    "own keep them: their feed delay is not varied.\n"
    "\n"
    "  lobflow latency days -o surface --latencies 1ms,10ms,100ms";

static int read_latencies(const cli_args *args, int64_t out[LATENCIES_MAX], size_t *count)
{
    const char *word = cli_text(args, "latencies");
    *count = 0;
    while (word != NULL) {
        char one[32];
        const size_t length = strcspn(word, ",");
        (void)snprintf(one, sizeof one, "%.*s", (int)(length < 31 ? length : 31), word);
        if (*count == LATENCIES_MAX) {
            return cli_usage(args, "--latencies: at most %d delays.", LATENCIES_MAX);
        }
        if (lf_duration_parse(one, &out[*count]) != LF_OK || out[*count] > LATENCY_MAX_NS) {
            return cli_usage(
                args, "--latencies %s: durations up to 10min with commas, as 1ms,50ms.", one
            );
        }
        if (*count > 0 && out[*count] <= out[*count - 1]) {
            return cli_usage(args, "--latencies %s: delays ascend, as 1ms,50ms.", one);
        }
        (*count)++;
        word = word[length] == ',' ? word + length + 1 : NULL;
    }
    return CLI_DONE;
}

static int show(const cli_args *args, const char *folder, const char *json)
{
    char path[2048];
    lf_error error;
    json_t *const surface = json_loads(json, 0, NULL);
    lf_status status = LF_OK;
    if (surface == NULL) {
        status = lf_error_set(&error, LF_NOMEM, "No memory for the surface.");
    }
    if (status == LF_OK) {
        (void)snprintf(path, sizeof path, "%s/latency.html", folder);
        status = latency_page(surface, path, &error);
    }
    if (status == LF_OK && cli_has(args, "json")) {
        printf("%s\n", json);
    } else if (status == LF_OK) {
        latency_text(surface, stdout);
    }
    json_decref(surface);
    if (status != LF_OK) {
        return cli_fail(&error);
    }
    fprintf(stderr, "\nPage: %s\n", path);
    return CLI_DONE;
}

int cli_latency(const cli_args *args)
{
    cli_job job;
    lf_error error;
    lf_model *model = NULL;
    int64_t latencies[LATENCIES_MAX];
    lf_run_latency_options options = {.latencies_ns = latencies};
    bool done = false;
    const char *folder = NULL;
    char *json = NULL;
    int code = read_latencies(args, latencies, &options.latency_count);
    if (code == CLI_DONE && !cli_has(args, "print-config")) {
        code = cli_need(args, "output", &folder);
    }
    if (code == CLI_DONE) {
        code = cli_job_open(args, 0, &job, &done);
    }
    if (code != CLI_DONE || done) {
        return code;
    }
    const char *const path = cli_text(args, "model");
    code = path == NULL ? cli_check(args, &job, LF_RUN_USE_LINE) : CLI_DONE;
    if (code != CLI_DONE) {
        cli_job_close(&job);
        return code;
    }
    lf_status status = path != NULL ? lf_model_load(NULL, path, &model, &error) : LF_OK;
    if (status == LF_OK) {
        const bool in_sample = cli_has(args, "in-sample");
        status = lf_run_latency(&job.job, model, in_sample, &options, folder, &json, &error);
    }
    cli_progress_end();
    code = status == LF_OK ? show(args, folder, json) : cli_fail(&error);
    lf_release(NULL, json);
    lf_model_destroy(model);
    cli_job_close(&job);
    return code;
}
