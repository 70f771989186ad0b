/* The findings of a walk as JSON. */
#include "train_internal.h"

#include <math.h>
#include <string.h>

json_t *lfi_interval(lf_interval value)
{
    json_t *pair = json_array();
    (void)json_array_append_new(pair, lfi_number(value.low));
    (void)json_array_append_new(pair, lfi_number(value.high));
    return pair;
}

/* The model's advantage over a predictor and whether it is more than chance. */
static json_t *against(const lf_train_direction *d)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o}",
        "hits",
        lfi_number(d->hits_test.better),
        "hits_t",
        lfi_number(d->hits_test.t),
        "hits_p",
        lfi_number(d->hits_test.p),
        "brier",
        lfi_number(d->brier_test.better),
        "brier_t",
        lfi_number(d->brier_test.t),
        "brier_p",
        lfi_number(d->brier_test.p)
    );
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
        {"all_rows", d->all_rows},
        {"all_effective_rows", d->all_effective_rows},
        {"all_accuracy", d->all_accuracy},
    };
    const struct {
        const char *name;
        lf_interval value;
    } intervals[] = {
        {"accuracy_interval", d->accuracy_interval},
        {"less_majority_interval", d->less_majority_interval},
        {"auc_interval", d->auc_interval},
        {"log_loss_interval", d->log_loss_interval},
        {"brier_interval", d->brier_interval},
        {"all_accuracy_interval", d->all_accuracy_interval},
    };
    json_t *entry = json_object();
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        (void)json_object_set_new(entry, plain[i].name, lfi_number(plain[i].value));
    }
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        (void)json_object_set_new(entry, intervals[i].name, lfi_interval(intervals[i].value));
    }
    return entry;
}

static json_t *directions(const lf_train_direction *list, const lf_train_bins *bins)
{
    json_t *all = json_object();
    for (int p = 0; p < LF_TRAIN_PREDICTOR_COUNT; p++) {
        const char *name = lf_train_predictor_name((lf_train_predictor)p);
        json_t *entry = direction(&list[p]);
        if (p == LF_TRAIN_MODEL) {
            json_t *more = lfi_bins_json(bins);
            (void)json_object_update(entry, more);
            json_decref(more);
        } else {
            (void)json_object_set_new(entry, "model_better", against(&list[p]));
        }
        (void)json_object_set_new(all, name, entry);
    }
    return all;
}

static json_t *days(const lfi_findings *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->day_count; i++) {
        const lf_train_day *day = &f->days[i];
        const json_int_t first_ns = (json_int_t)day->first_ns;
        json_t *entry = json_pack(
            "{s:s, s:I, s:o, s:o, s:o, s:o, s:o}",
            "symbol",
            lf_frame_text(f->predictions, 1, day->first_row),
            "first_ns",
            first_ns,
            "rows",
            lfi_number(day->rows),
            "ic",
            lfi_number(day->ic),
            "ic_interval",
            lfi_interval(day->ic_interval),
            "rank_ic",
            lfi_number(day->rank_ic),
            "rank_ic_interval",
            lfi_interval(day->rank_ic_interval)
        );
        (void)json_array_append_new(list, entry);
    }
    return list;
}

static json_t *returns(const lf_train_return *r)
{
    const struct {
        const char *name;
        double value;
    } plain[] = {
        {"rows", r->rows},
        {"effective_rows", r->effective_rows},
        {"days", r->days},
        {"ic", r->ic},
        {"rank_ic", r->rank_ic},
        {"ic_all", r->ic_all},
        {"rank_ic_all", r->rank_ic_all},
        {"icir", r->icir},
        {"rank_icir", r->rank_icir},
        {"r2", r->r2},
        {"queue_ic", r->queue_ic},
        {"ic_less_queue", r->ic_less_queue},
    };
    const struct {
        const char *name;
        lf_interval value;
    } intervals[] = {
        {"ic_interval", r->ic_interval},
        {"rank_ic_interval", r->rank_ic_interval},
        {"ic_days_interval", r->ic_days_interval},
        {"r2_interval", r->r2_interval},
        {"ic_less_queue_interval", r->ic_less_queue_interval},
    };
    json_t *entry = json_object();
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        (void)json_object_set_new(entry, plain[i].name, lfi_number(plain[i].value));
    }
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        (void)json_object_set_new(entry, intervals[i].name, lfi_interval(intervals[i].value));
    }
    return entry;
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

/* Scored spans, when there is more than one. */
static json_t *test_list(const lf_train_fold *fold)
{
    json_t *list = json_array();
    for (size_t i = 0; i < fold->test_count; i++) {
        (void)json_array_append_new(
            list,
            json_pack(
                "{s:I, s:I, s:i}",
                "first_ns",
                (json_int_t)fold->tests[i].first_ns,
                "end_ns",
                (json_int_t)fold->tests[i].end_ns,
                "path",
                fold->paths[i]
            )
        );
    }
    return list;
}

static json_t *fold_entry(const lf_train_fold *fold)
{
    json_t *entry = json_pack(
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
    if (entry != NULL && fold->train_end_ns == INT64_MAX) {
        (void)json_object_set_new(entry, "train_end_ns", json_null());
    }
    if (entry != NULL && fold->test_count > 1) {
        (void)json_object_set_new(entry, "tests", test_list(fold));
    }
    return entry;
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

static json_t *permutations(const lf_train_null *null)
{
    json_t *all = json_pack("{s:o}", "count", lfi_number(null->count));
    for (int i = 0; i < LF_TRAIN_NULL_COUNT; i++) {
        const lf_train_stand *s = &null->scores[i];
        json_t *entry = json_pack(
            "{s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
            "truth",
            lfi_number(s->truth),
            "mean",
            lfi_number(s->mean),
            "sd",
            lfi_number(s->sd),
            "low",
            lfi_number(s->low),
            "high",
            lfi_number(s->high),
            "reached",
            lfi_number(s->reached),
            "p",
            lfi_number(s->p)
        );
        (void)json_object_set_new(all, lf_train_null_name((lf_train_null_score)i), entry);
    }
    return all;
}

char *lfi_walk_json(const lfi_findings *f)
{
    const lf_train_scores *scores = f->scores;
    json_t *list = json_array();
    for (size_t i = 0; i < f->fold_count; i++) {
        (void)json_array_append_new(list, fold_entry(&f->folds[i]));
    }
    json_t *ret = returns(&scores->ret_1min);
    (void)json_object_set_new(ret, "by_day", days(f));
    json_t *root = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
        "folds",
        list,
        "up_1min",
        directions(scores->up_1min, &scores->bins_1min),
        "up_5min",
        directions(scores->up_5min, &scores->bins_5min),
        "ret_1min",
        ret,
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
    if (root != NULL) {
        lfi_put_split(root, f);
    }
    if (root != NULL && f->importance != NULL) {
        (void)json_object_set(root, "importance", f->importance);
    }
    if (root != NULL && f->null != NULL) {
        (void)json_object_set_new(root, "permutations", permutations(f->null));
    }
    if (root != NULL && f->permute_seed != 0) {
        (void)json_object_set_new(
            root, "permute_seed", json_integer((json_int_t)(f->permute_seed & INT64_MAX))
        );
    }
    char *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    json_decref(root);
    return text;
}
