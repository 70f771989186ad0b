/* The findings of a walk as JSON. */
#include "train_internal.h"

#include <math.h>
#include <string.h>

static json_t *interval(lf_interval value)
{
    json_t *pair = json_array();
    (void)json_array_append_new(pair, lfi_number(value.low));
    (void)json_array_append_new(pair, lfi_number(value.high));
    return pair;
}

static json_t *direction(const lf_train_direction *d)
{
    const struct {
        const char *name;
        double value;
    } plain[] = {
        {"rows", d->rows},
        {"moving_share", d->moving_share},
        {"effective_rows", d->effective_rows},
        {"accuracy", d->accuracy},
        {"majority", d->majority},
        {"less_majority", d->less_majority},
        {"auc", d->auc},
        {"log_loss", d->log_loss},
        {"brier", d->brier},
    };
    json_t *entry = json_object();
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        (void)json_object_set_new(entry, plain[i].name, lfi_number(plain[i].value));
    }
    (void)json_object_set_new(entry, "accuracy_interval", interval(d->accuracy_interval));
    (void)json_object_set_new(entry, "less_majority_interval", interval(d->less_majority_interval));
    (void)json_object_set_new(entry, "auc_interval", interval(d->auc_interval));
    return entry;
}

static json_t *directions(const lf_train_direction *list)
{
    json_t *all = json_object();
    for (int p = 0; p < LF_TRAIN_PREDICTOR_COUNT; p++) {
        const char *name = lf_train_predictor_name((lf_train_predictor)p);
        (void)json_object_set_new(all, name, direction(&list[p]));
    }
    return all;
}

static json_t *returns(const lf_train_return *r)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "rows",
        lfi_number(r->rows),
        "days",
        lfi_number(r->days),
        "ic",
        lfi_number(r->ic),
        "rank_ic",
        lfi_number(r->rank_ic),
        "icir",
        lfi_number(r->icir),
        "ic_interval",
        interval(r->ic_interval),
        "r2",
        lfi_number(r->r2),
        "r2_interval",
        interval(r->r2_interval),
        "queue_ic",
        lfi_number(r->queue_ic),
        "ic_less_queue",
        lfi_number(r->ic_less_queue),
        "ic_less_queue_interval",
        interval(r->ic_less_queue_interval)
    );
}

static json_t *best_rounds(const lf_train_fold *fold)
{
    json_t *all = json_object();
    for (int head = 0; head < LF_HEAD_COUNT && fold->best_rounds[head] > 0; head++) {
        const char *name = lf_head_name((lf_head)head);
        (void)json_object_set_new(all, name, json_integer(fold->best_rounds[head]));
    }
    return all;
}

static json_t *fold_entry(const lf_train_fold *fold)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:o, s:s}",
        "train_first_ns",
        (json_int_t)fold->train_first_ns,
        "train_end_ns",
        (json_int_t)fold->train_end_ns,
        "test_first_ns",
        (json_int_t)fold->test_first_ns,
        "test_end_ns",
        (json_int_t)fold->test_end_ns,
        "best_rounds",
        best_rounds(fold),
        "model_id",
        fold->model == NULL ? "" : lf_model_meta_of(fold->model)->model_id
    );
}

static json_t *warning_list(const char *warnings)
{
    json_t *list = json_array();
    while (*warnings != '\0') {
        const size_t bytes = strcspn(warnings, "\n");
        (void)json_array_append_new(list, json_stringn(warnings, bytes));
        warnings += bytes + (warnings[bytes] == '\n');
    }
    return list;
}

char *lfi_walk_json(
    const lf_train_fold *folds, size_t count, const lf_train_scores *scores, uint64_t permute_seed
)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, fold_entry(&folds[i]));
    }
    json_t *root = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
        "folds",
        list,
        "up_1min",
        directions(scores->up_1min),
        "up_5min",
        directions(scores->up_5min),
        "ret_1min",
        returns(&scores->ret_1min),
        "scored_rows",
        lfi_number(scores->scored_rows),
        "least_best_round",
        lfi_number(scores->least_best_round),
        "median_spread_ticks",
        lfi_number(scores->median_spread_ticks),
        "leak_suspected",
        scores->leak_suspected,
        "warnings",
        warning_list(scores->warnings)
    );
    if (root != NULL && permute_seed != 0) {
        (void)json_object_set_new(
            root, "permute_seed", json_integer((json_int_t)(permute_seed & INT64_MAX))
        );
    }
    char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    json_decref(root);
    return text;
}
