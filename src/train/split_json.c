/* How time was split, and what the paths of a walk found side by side, as JSON. */
#include "train_internal.h"

#include <math.h>

/* One number of a path's scores. */
typedef struct path_number {
    const char *name;
    double (*value)(const lf_train_scores *scores);
} path_number;

static double auc_1min(const lf_train_scores *s)
{
    return s->up_1min[LF_TRAIN_MODEL].auc;
}

static double auc_5min(const lf_train_scores *s)
{
    return s->up_5min[LF_TRAIN_MODEL].auc;
}

static double accuracy_1min(const lf_train_scores *s)
{
    return s->up_1min[LF_TRAIN_MODEL].accuracy;
}

static double accuracy_5min(const lf_train_scores *s)
{
    return s->up_5min[LF_TRAIN_MODEL].accuracy;
}

static double logistic3_auc_1min(const lf_train_scores *s)
{
    return s->up_1min[LF_TRAIN_LOGISTIC3].auc;
}

static double ic(const lf_train_scores *s)
{
    return s->ret_1min.ic;
}

static double r2(const lf_train_scores *s)
{
    return s->ret_1min.r2;
}

static const path_number numbers[] = {
    {"auc_1min", auc_1min},
    {"auc_5min", auc_5min},
    {"accuracy_1min", accuracy_1min},
    {"accuracy_5min", accuracy_5min},
    {"logistic3_auc_1min", logistic3_auc_1min},
    {"ic", ic},
    {"r2", r2},
};

/* The number on every path, and how far apart the paths are. */
static json_t *spread_of(const path_number *number, const lfi_findings *findings)
{
    const double count = (double)findings->path_count;
    double sum = 0;
    double squares = 0;
    double least = INFINITY;
    double most = -INFINITY;
    json_t *values = json_array();
    for (size_t i = 0; i < findings->path_count; i++) {
        const double value = number->value(&findings->scores[i]);
        (void)json_array_append_new(values, lfi_number(value));
        sum += value;
        least = fmin(least, value);
        most = fmax(most, value);
    }
    for (size_t i = 0; i < findings->path_count; i++) {
        const double off = number->value(&findings->scores[i]) - sum / count;
        squares += off * off;
    }
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o}",
        "mean",
        lfi_number(sum / count),
        "sd",
        lfi_number(sqrt(squares / (count - 1))),
        "min",
        lfi_number(least),
        "max",
        lfi_number(most),
        "values",
        values
    );
}

void lfi_put_split(json_t *root, const lfi_findings *findings)
{
    const lf_train_split_options *split = findings->split;
    const char *name = split->holdout ? "holdout" : lf_train_validation_name(split->validation);
    (void)json_object_set_new(root, "validation", json_string(name));
    if (findings->path_count < 2) {
        return;
    }
    json_t *paths = json_pack("{s:I}", "count", (json_int_t)findings->path_count);
    for (size_t i = 0; paths != NULL && i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)json_object_set_new(paths, numbers[i].name, spread_of(&numbers[i], findings));
    }
    (void)json_object_set_new(root, "paths", paths);
}
