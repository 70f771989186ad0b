/* The verb features: rows of features, with labels, into one table file. */
#include "flags.h"

#include <jansson.h>
#include <string.h>

/* clang-format off: one flag a line. */
const cli_flag cli_features_flags[] = {
    {"output", 'o', CLI_VALUE, "FILE", "table to write: .parquet, .arrow or .csv", NULL},
    {"step", 0, CLI_VALUE, "1s|event", "time between rows, or a row at each event", NULL},
    {"set",
     0,
     CLI_VALUE,
     "NAMES",
     "default, scale_free, fitted, mlofi, all, or names a,b,c",
     "features.set"},
    {"model",
     'm',
     CLI_VALUE,
     "MODEL",
     "its parameters for fitted features; without it from earlier days",
     NULL},
    {"labels", 0, CLI_VALUE, "1min,5min", "also labels, ret_<h> and up_<h>; see below", NULL},
    {"label-delay", 0, CLI_VALUE, "D", "labels look from row time + D", "labels.delay"},
    {"vpin-bucket",
     0,
     CLI_VALUE,
     "N",
     "lots of a vpin bucket; without it from earlier days",
     "features.vpin_bucket"},
    {"clock", 0, CLI_VALUE, "WORD", "exchange or local time", "features.clock"},
    {"list", 0, CLI_SWITCH, NULL, "list the features: name, group, unit, warm-up, source", NULL},
    {"markdown", 0, CLI_SWITCH, NULL, "the list as the page docs/features.md", NULL},
    CLI_DATA_FLAGS,
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

const char cli_features_about[] =
    "--labels takes words separated by commas. A duration gives ret_<h> (bps) and up_<h>. More:\n"
    "  smooth:<h>   smooth_<h>: the mean of the later mids against the mid, bps\n"
    "  barrier:<h>  barrier_<h>: 1, -1 or 0 for the barrier that is met first, with "
    "barrier_ret_<h>\n"
    "               (bps), barrier_hold_<h> (seconds), and its weights as below\n"
    "  meta:<h>     meta_<h>: 1 when the side of labels.meta_side earned labels.meta_cost_bps\n"
    "  weight:<h>   uniqueness_<h> and attribution_<h> (bps), weights of overlapping labels\n"
    "Their numbers are the keys of [labels]; docs/modules/label.md defines them.";

/* ---- the list --------------------------------------------------------------------------- */

static const char *const mirror_names[] = {
    [LF_MIRROR_EVEN] = "even",
    [LF_MIRROR_ODD] = "odd",
    [LF_MIRROR_SWAP] = "swap",
    [LF_MIRROR_SWAP_MINUS] = "swap_minus",
    [LF_MIRROR_INVERSE] = "inverse",
};

static void warmup_text(const lf_feature_info *info, char out[32])
{
    if (info->warmup_ns == 0) {
        memcpy(out, "-", 2);
    } else {
        lf_duration_format(info->warmup_ns, out);
    }
}

static void list_text(void)
{
    printf("%-26s %-7s %-18s %-7s %s\n", "name", "group", "unit", "warm-up", "source");
    for (size_t i = 0; i < lf_feature_count_all(); i++) {
        const lf_feature_info *const info = lf_feature_at(i);
        char warmup[32];
        warmup_text(info, warmup);
        printf(
            "%-26s %-7s %-18s %-7s %s\n", info->name, info->group, info->unit, warmup, info->source
        );
    }
}

/* Bars inside a cell would end it. */
static void cell(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            (void)fputc('\\', stdout);
        }
        (void)fputc(*text, stdout);
    }
    fputs(" | ", stdout);
}

static void list_markdown(void)
{
    fputs(
        "# Features\n\n"
        "Made by `lobflow features --list --markdown` from the registry in "
        "`src/feature/registry.c`; "
        "[the module's page](modules/feature.md) explains the terms.\n"
        "*Mirror* is what a value becomes when bid and ask change places.\n",
        stdout
    );
    const char *group = "";
    for (size_t i = 0; i < lf_feature_count_all(); i++) {
        const lf_feature_info *const info = lf_feature_at(i);
        char warmup[32];
        warmup_text(info, warmup);
        if (strcmp(group, info->group) != 0) {
            group = info->group;
            printf(
                "\n## %s\n\n| name | formula | unit | warm-up | mirror | source |\n"
                "|---|---|---|---|---|---|\n",
                group
            );
        }
        fputs("| `", stdout);
        printf("%s` | ", info->name);
        cell(info->formula);
        cell(info->unit);
        cell(warmup);
        if (info->partner >= 0) {
            printf(
                "%s `%s` | ", mirror_names[info->mirror], lf_feature_at((size_t)info->partner)->name
            );
        } else {
            cell(mirror_names[info->mirror]);
        }
        printf("%s |\n", info->source);
    }
}

static void list_json(void)
{
    json_t *const list = json_array();
    for (size_t i = 0; i < lf_feature_count_all(); i++) {
        const lf_feature_info *const info = lf_feature_at(i);
        const char *const partner =
            info->partner >= 0 ? lf_feature_at((size_t)info->partner)->name : NULL;
        (void)json_array_append_new(
            list,
            json_pack(
                "{ss ss ss ss ss sI ss ss? sb sb sb}",
                "name",
                info->name,
                "group",
                info->group,
                "unit",
                info->unit,
                "formula",
                info->formula,
                "source",
                info->source,
                "warmup_ns",
                (json_int_t)info->warmup_ns,
                "mirror",
                mirror_names[info->mirror],
                "partner",
                partner,
                "is_integer",
                info->is_integer,
                "is_scale_free",
                info->is_scale_free,
                "is_fitted",
                info->is_fitted
            )
        );
    }
    (void)json_dumpf(list, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
    json_decref(list);
}

static int list(const cli_args *args)
{
    if (cli_has(args, "json")) {
        list_json();
    } else if (cli_has(args, "markdown")) {
        list_markdown();
    } else {
        list_text();
    }
    return CLI_DONE;
}

/* ---- rows ------------------------------------------------------------------------------- */

#define LABELS_MAX ((size_t)16)

/* The words of --labels. */
static int read_labels(const cli_args *args, lf_label_spec *out, size_t *count)
{
    const char *const text = cli_text(args, "labels");
    lf_error error;
    *count = 0;
    if (text == NULL || lf_label_parse(text, out, LABELS_MAX, count, &error) == LF_OK) {
        return CLI_DONE;
    }
    return cli_usage(args, "--labels: %s", error.message);
}

/* --step is a duration, or the word event. */
static int read_step(const cli_args *args, lf_config *config, bool *at_events)
{
    const char *const step = cli_text(args, "step");
    lf_error error;
    *at_events = step != NULL && strcmp(step, "event") == 0;
    if (step == NULL || *at_events) {
        return CLI_DONE;
    }
    if (lf_config_set_text(config, "features.step", step, &error) != LF_OK ||
        lf_config_check(config, &error) != LF_OK) {
        return cli_usage(args, "--step %s: a duration such as 1s, or event.", step);
    }
    return CLI_DONE;
}

int cli_features(const cli_args *args)
{
    lf_label_spec labels[LABELS_MAX];
    cli_job job;
    lf_error error;
    bool done = false;
    const char *path = NULL;
    lf_run_features_options options = {.labels = labels};
    if (cli_has(args, "list")) {
        return list(args);
    }
    int code = cli_has(args, "print-config") ? CLI_DONE : cli_need_table(args, &path);
    if (code == CLI_DONE) {
        code = read_labels(args, labels, &options.label_count);
    }
    if (code == CLI_DONE) {
        code = cli_job_open(args, 0, &job, &done);
    }
    if (code != CLI_DONE || done) {
        return code;
    }
    code = read_step(args, &job.config, &options.each_event);
    if (code == CLI_DONE) {
        code = cli_check(args, &job, LF_RUN_USE_FEATURES);
    }
    if (code == CLI_DONE) {
        lf_model *model = NULL;
        const char *const folder = cli_text(args, "model");
        lf_status status = folder != NULL ? lf_model_load(NULL, folder, &model, &error) : LF_OK;
        if (status == LF_OK) {
            options.model = model;
            status = lf_run_features(&job.job, &options, path, &error);
        }
        cli_progress_end();
        code = status == LF_OK ? CLI_DONE : cli_fail(&error);
        lf_model_destroy(model);
    }
    cli_job_close(&job);
    return code;
}
