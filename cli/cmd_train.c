/* The verbs train and predict. */
#include "flags.h"

/* clang-format off: one flag a line. */
const cli_flag cli_train_flags[] = {
    {"output", 'o', CLI_VALUE, "MODEL", "folder for the model", NULL},
    {"preset", 0, CLI_VALUE, "NAME", "symmetric or brief: defaults of [model]", "model.preset"},
    {"kind", 0, CLI_VALUE, "NAME", "trees or logistic", "model.kind"},
    {"trials",
     0,
     CLI_VALUE,
     "N",
     "search parameters first, so many trials all in all",
     "model.trials"},
    {"validation",
     0,
     CLI_VALUE,
     "WORD",
     "walk_forward, rolling, kfold or cpcv",
     "train.validation"},
    CLI_HOLDOUT_FLAGS,
    {"step", 0, CLI_VALUE, "D", "time between rows", "features.step"},
    {"horizon", 0, CLI_VALUE, "D", "of the direction and the return, 1min", "labels.horizon"},
    {"label-delay", 0, CLI_VALUE, "D", "labels look from row time + D", "labels.delay"},
    {"clock", 0, CLI_VALUE, "WORD", "exchange or local time", "features.clock"},
    {"permutations",
     0,
     CLI_VALUE,
     "N",
     "also walk on permuted labels N times",
     "model.permutations"},
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
    code = cli_check(args, &job, LF_RUN_USE_TRAIN);
    if (code != CLI_DONE) {
        cli_job_close(&job);
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
        cli_train_text(json, &job.config.model, path);
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
    int code = cli_has(args, "print-config") ? CLI_DONE : cli_need_table(args, &path);
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
