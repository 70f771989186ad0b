/* The verbs train and predict. */
#include "flags.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* clang-format off: one flag a line. */
const cli_flag cli_train_flags[] = {
    {"output", 'o', CLI_VALUE, "MODEL", "folder for the model", NULL},
    {"preset", 0, CLI_VALUE, "NAME", "symmetric or brief: defaults of [model]", "model.preset"},
    {"step", 0, CLI_VALUE, "D", "time between rows", "features.step"},
    {"horizon", 0, CLI_VALUE, "D", "of the direction and the return, 1min", "labels.horizon"},
    {"label-delay", 0, CLI_VALUE, "D", "labels look from row time + D", "labels.delay"},
    {"clock", 0, CLI_VALUE, "WORD", "exchange or local time", "features.clock"},
    CLI_DATA_FLAGS,
    CLI_JSON_FLAG,
    {0},
};

const cli_flag cli_predict_flags[] = {
    {"output", 'o', CLI_VALUE, "FILE", "table to write: .parquet, .arrow or .csv", NULL},
    {"in-sample", 0, CLI_SWITCH, NULL, "also rows that the model was trained on", NULL},
    CLI_DATA_FLAGS,
    {0},
};
/* clang-format on */

/* ---- scores as text --------------------------------------------------------------------- */

static double number_at(const json_t *object, const char *key)
{
    const json_t *const value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void print_share(double share)
{
    if (isnan(share)) {
        printf(" %9s", "-");
    } else {
        printf(" %8.2f%%", 100 * share);
    }
}

static void print_range(const json_t *interval, double scale)
{
    const double low = json_number_value(json_array_get(interval, 0));
    const double high = json_number_value(json_array_get(interval, 1));
    if (json_is_number(json_array_get(interval, 0))) {
        printf("  [%6.2f, %6.2f]", scale * low, scale * high);
    } else {
        printf("  %16s", "-");
    }
}

static void print_horizon(const json_t *walk, const char *key, const char *horizon)
{
    const json_t *const all = json_object_get(walk, key);
    const json_t *predictor = NULL;
    const char *name = NULL;
    printf(
        "\nUp in %s, out of sample, rows whose mid moved (%.1f %% of all)\n",
        horizon,
        100 * number_at(json_object_get(all, "model"), "moving_share")
    );
    printf("  %-12s %9s  %16s %9s %9s\n", "", "accuracy", "95 % interval", "majority", "AUC");
    json_object_foreach((json_t *)(uintptr_t)all, name, predictor)
    {
        printf("  %-12s", name);
        print_share(number_at(predictor, "accuracy"));
        print_range(json_object_get(predictor, "accuracy_interval"), 100);
        print_share(number_at(predictor, "majority"));
        printf(" %9.4f\n", number_at(predictor, "auc"));
    }
}

/* Trees that each head keeps, fold by fold; nothing for linear models. */
static void print_rounds(const json_t *walk)
{
    static const char *const heads[] = {"up_1min", "up_5min", "ret_1min"};
    const json_t *const folds = json_object_get(walk, "folds");
    const json_t *const first = json_object_get(json_array_get(folds, 0), "best_rounds");
    if (json_object_size(first) == 0) {
        return;
    }
    printf("\nBest rounds, fold by fold\n");
    for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++) {
        printf("  %-12s", heads[h]);
        for (size_t k = 0; k < json_array_size(folds); k++) {
            const json_t *const best = json_object_get(json_array_get(folds, k), "best_rounds");
            const json_t *const rounds = json_object_get(best, heads[h]);
            printf(" %lld", (long long)json_integer_value(rounds));
        }
        printf("\n");
    }
}

static void print_walk(const char *text, const lf_train_options *options, const char *path)
{
    char near[32];
    char far[32];
    json_t *const walk = json_loads(text, 0, NULL);
    const json_t *const ret = json_object_get(walk, "ret_1min");
    const json_t *const warnings = json_object_get(walk, "warnings");
    printf(
        "%zu folds, %.0f rows scored\n",
        json_array_size(json_object_get(walk, "folds")),
        number_at(walk, "scored_rows")
    );
    lf_duration_format(options->horizon_ns, near);
    lf_duration_format(options->horizon_long_ns, far);
    print_horizon(walk, "up_1min", near);
    print_horizon(walk, "up_5min", far);
    printf(
        "\nReturn of %s: IC %.4f, rank IC %.4f, R^2 %.3f %%\n",
        near,
        number_at(ret, "ic"),
        number_at(ret, "rank_ic"),
        100 * number_at(ret, "r2")
    );
    print_rounds(walk);
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        printf("%s%s\n", i == 0 ? "\n" : "", json_string_value(json_array_get(warnings, i)));
    }
    printf("\nModel: %s\n", path);
    json_decref(walk);
}

/* ---- verbs ------------------------------------------------------------------------------ */

int cli_train(const cli_args *args)
{
    cli_job job;
    lf_error error;
    bool done = false;
    const char *path = NULL;
    char *json = NULL;
    int code = cli_has(args, "print-config") ? CLI_DONE : cli_need(args, "output", &path);
    if (code == CLI_DONE) {
        code = cli_job_open(args, 0, &job, &done);
    }
    if (code != CLI_DONE || done) {
        return code;
    }
    if (!cli_has(args, "json")) {
        job.job.say = NULL; /* the text says it */
    }
    cli_return_memory();
    const lf_status status = lf_run_train(&job.job, path, &json, &error);
    cli_progress_end();
    if (status != LF_OK) {
        code = cli_fail(&error);
    } else if (cli_has(args, "json")) {
        printf("%s\n", json);
    } else {
        print_walk(json, &job.config.model, path);
    }
    lf_release(NULL, json);
    cli_job_close(&job);
    return code;
}

int cli_predict(const cli_args *args)
{
    cli_job job;
    lf_error error;
    lf_model *model = NULL;
    bool done = false;
    const char *path = NULL;
    const char *const folder = cli_text_at(args, 0);
    int code = cli_has(args, "print-config") ? CLI_DONE : cli_need(args, "output", &path);
    if (code == CLI_DONE && folder == NULL && !cli_has(args, "print-config")) {
        code = cli_usage(args, "no model is named.");
    }
    if (code == CLI_DONE) {
        code = cli_job_open(args, 1, &job, &done);
    }
    if (code != CLI_DONE || done) {
        return code;
    }
    lf_status status = lf_model_load(NULL, folder, &model, &error);
    if (status == LF_OK) {
        job.config.step_ns = lf_model_meta_of(model)->step_ns;
        job.config.vpin_bucket_lots = lf_model_meta_of(model)->vpin_bucket_lots;
        status = lf_run_predict(&job.job, model, cli_has(args, "in-sample"), path, &error);
    }
    cli_progress_end();
    code = status == LF_OK ? CLI_DONE : cli_fail(&error);
    lf_model_destroy(model);
    cli_job_close(&job);
    return code;
}
