/* Who trains and who is scored: spans of time, and the rows around them that do neither. */
#include "train_internal.h"

#include <string.h>

void lf_train_split_options_default(lf_train_split_options *options)
{
    *options = (lf_train_split_options){
        .validation = LF_TRAIN_WALK_FORWARD,
        .folds = 6,
        .test_folds = 2,
        .train_days = 5,
        .embargo_after_ns = LFI_LOOKBACK_NS,
    };
}

const char *lf_train_validation_name(lf_train_validation validation)
{
    static const char *const names[LF_TRAIN_VALIDATION_COUNT] = {
        "walk_forward",
        "rolling",
        "kfold",
        "cpcv",
    };
    return names[validation];
}

bool lf_train_validation_trades(lf_train_validation validation)
{
    return validation == LF_TRAIN_WALK_FORWARD || validation == LF_TRAIN_ROLLING;
}

lf_status lf_train_split_options_check(const lf_train_split_options *o, lf_error *error)
{
    const struct {
        const char *name;
        const char *expected;
        bool is_good;
    } rules[] = {
        {"folds", "from 2 to 1000", o->folds >= 2 && o->folds <= 1000},
        {"test_folds",
         "from 1 to 16, and less than train.folds",
         o->validation != LF_TRAIN_CPCV ||
             (o->test_folds >= 1 && o->test_folds <= LF_TRAIN_TESTS_MAX && o->test_folds < o->folds
             )},
        {"train_days", "at least 1", o->train_days >= 1},
        {"embargo_after",
         "from 0 to 30 days",
         o->embargo_after_ns >= 0 && o->embargo_after_ns <= 30 * LF_NS_PER_DAY},
        {"holdout_days", "0 or more", o->holdout_days >= 0},
        {"holdout", "false without train.holdout_days", o->holdout_days > 0 || !o->holdout},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i].is_good) {
            return lf_error_set(
                error, LF_RANGE, "train.%s must be %s.", rules[i].name, rules[i].expected
            );
        }
    }
    return LF_OK;
}

/* ---- days ------------------------------------------------------------------------------- */

lf_status lfi_day_spans(
    const lfi_bounds *bounds, size_t day_count, lf_train_span *spans, size_t *count, lf_error *error
)
{
    *count = 0;
    for (size_t d = 0; d < day_count; d++) {
        if (bounds[d].row_count == 0) {
            continue;
        }
        const int64_t first_ns = bounds[d].first_ns;
        const int64_t end_ns = bounds[d].last_ns + 1;
        lf_train_span *last = *count > 0 ? &spans[*count - 1] : NULL;
        if (last != NULL && first_ns < last->first_ns && end_ns <= last->first_ns) {
            return lf_error_set(
                error, LF_DATA, "symbol-day %zu lies before the one in front of it; sort them.", d
            );
        }
        if (last != NULL && first_ns < last->end_ns) {
            last->first_ns = first_ns < last->first_ns ? first_ns : last->first_ns;
            last->end_ns = end_ns > last->end_ns ? end_ns : last->end_ns;
        } else {
            spans[(*count)++] = (lf_train_span){.first_ns = first_ns, .end_ns = end_ns};
        }
    }
    return *count > 0 ? LF_OK : lf_error_set(error, LF_DATA, "there are no rows to train on.");
}

/* ---- the plan --------------------------------------------------------------------------- */

/* Folds being planned. */
typedef struct planner {
    const lf_train_options *options;
    const lf_train_span *days; /* [count] those that are not held out */
    size_t count;
    lf_train_fold *folds; /* [LF_TRAIN_FOLDS_MAX] */
    size_t fold_count;
} planner;

static lf_train_fold *next_fold(planner *p, lf_error *error)
{
    if (p->fold_count == LF_TRAIN_FOLDS_MAX) {
        (void)lf_error_set(
            error,
            LF_RANGE,
            "more than %d folds; lower train.folds or train.test_folds, or give fewer days.",
            LF_TRAIN_FOLDS_MAX
        );
        return NULL;
    }
    lf_train_fold *fold = &p->folds[p->fold_count++];
    *fold = (lf_train_fold){.train_end_ns = INT64_MAX};
    return fold;
}

static void add_test(lf_train_fold *fold, lf_train_span test, int32_t path)
{
    fold->test_first_ns = fold->test_count == 0 ? test.first_ns : fold->test_first_ns;
    fold->test_end_ns = test.end_ns;
    fold->paths[fold->test_count] = path;
    fold->tests[fold->test_count++] = test;
}

/* A span that is scored by a model of what lies before it. */
static lf_status
add_forward(planner *p, int64_t train_first_ns, lf_train_span test, lf_error *error)
{
    lf_train_fold *fold = next_fold(p, error);
    if (fold == NULL) {
        return LF_RANGE;
    }
    fold->train_first_ns = train_first_ns;
    fold->train_end_ns = test.first_ns - p->options->embargo_ns;
    add_test(fold, test, 0);
    return LF_OK;
}

/* Part k of n equal parts of one day. */
static lf_train_span part_of_day(lf_train_span day, int64_t k, int64_t n)
{
    /* The length of a day times a number of parts stays far below 2^63. */
    const int64_t part_ns = (day.end_ns - day.first_ns) / n;
    return (lf_train_span){
        .first_ns = day.first_ns + part_ns * k,
        .end_ns = k + 1 == n ? day.end_ns : day.first_ns + part_ns * (k + 1),
    };
}

static lf_status plan_forward(planner *p, lf_error *error)
{
    const lf_train_split_options *split = &p->options->split;
    const bool is_rolling = split->validation == LF_TRAIN_ROLLING;
    const size_t parts = (size_t)p->options->blocks_in_day;
    const size_t count = p->count > 1 ? p->count : parts;
    const size_t least = is_rolling ? (size_t)split->train_days : 1;
    if (count <= least) {
        return lf_error_set(
            error,
            LF_RANGE,
            "train.train_days is %zu, but there are only %zu %s; a rolling walk needs one more.",
            least,
            count,
            p->count > 1 ? "days" : "blocks of one day (model.blocks_in_day)"
        );
    }
    lf_status status = LF_OK;
    for (size_t k = least; k < count && status == LF_OK; k++) {
        const size_t from = is_rolling ? k - least : 0;
        const bool has_days = p->count > 1;
        const lf_train_span first =
            has_days ? p->days[from] : part_of_day(p->days[0], (int64_t)from, (int64_t)count);
        const lf_train_span test =
            has_days ? p->days[k] : part_of_day(p->days[0], (int64_t)k, (int64_t)count);
        status = add_forward(p, first.first_ns, test, error);
    }
    return status;
}

/* ---- groups that are all scored ---------------------------------------------------------- */

/* The time at which k of n parts of all days' time are over; the next day's begin at its end. */
static int64_t time_at_part(const planner *p, int64_t k, int64_t n)
{
    int64_t whole_ns = 0;
    for (size_t d = 0; d < p->count; d++) {
        whole_ns += p->days[d].end_ns - p->days[d].first_ns;
    }
    int64_t left_ns = whole_ns / n * k;
    for (size_t d = 0; d < p->count; d++) {
        const int64_t length_ns = p->days[d].end_ns - p->days[d].first_ns;
        if (left_ns < length_ns) {
            return p->days[d].first_ns + left_ns;
        }
        left_ns -= length_ns;
    }
    return p->days[p->count - 1].end_ns;
}

/* Group g of the folds: whole days when there are enough of them, else a part of the time. The
   first groups have one day more when the days cannot be shared out evenly. */
static lf_train_span group_at(const planner *p, size_t g)
{
    const size_t n = (size_t)p->options->split.folds;
    if (p->count < n) {
        return (lf_train_span){
            .first_ns = time_at_part(p, (int64_t)g, (int64_t)n),
            .end_ns = g + 1 == n ? p->days[p->count - 1].end_ns
                                 : time_at_part(p, (int64_t)g + 1, (int64_t)n),
        };
    }
    const size_t size = p->count / n;
    const size_t larger = p->count % n;
    const size_t first = g * size + (g < larger ? g : larger);
    const size_t last = first + size + (g < larger ? 1 : 0) - 1;
    return (lf_train_span){.first_ns = p->days[first].first_ns, .end_ns = p->days[last].end_ns};
}

/* Rows that may not train because a span is scored: their labels end too late before it, or their
   features begin too early after its labels. */
static lf_train_span purged_around(const lf_train_options *options, lf_train_span test)
{
    const int64_t label_ns = options->label_delay_ns + lfi_horizon_max_ns(options);
    return (lf_train_span){
        .first_ns = test.first_ns - options->embargo_ns,
        .end_ns =
            test.end_ns - 1 + label_ns + options->embargo_ns + options->split.embargo_after_ns,
    };
}

/* One fold that scores the chosen groups; counts[g] is how often group g was chosen before. */
static lf_status add_choice(planner *p, const size_t *chosen, int32_t *counts, lf_error *error)
{
    const size_t tests =
        p->options->split.validation == LF_TRAIN_CPCV ? (size_t)p->options->split.test_folds : 1;
    lf_train_fold *fold = next_fold(p, error);
    if (fold == NULL) {
        return LF_RANGE;
    }
    fold->train_first_ns = p->days[0].first_ns;
    for (size_t i = 0; i < tests; i++) {
        const lf_train_span test = group_at(p, chosen[i]);
        fold->purged[fold->test_count] = purged_around(p->options, test);
        add_test(fold, test, counts[chosen[i]]++);
    }
    fold->purged_count = fold->test_count;
    return LF_OK;
}

/* The next choice of groups in lexicographic order; false after the last. */
static bool next_choice(size_t *chosen, size_t tests, size_t groups)
{
    size_t i = tests;
    while (i > 0 && chosen[i - 1] == groups - tests + i - 1) {
        i--;
    }
    if (i == 0) {
        return false;
    }
    chosen[i - 1]++;
    for (; i < tests; i++) {
        chosen[i] = chosen[i - 1] + 1;
    }
    return true;
}

static lf_status plan_groups(planner *p, lf_error *error)
{
    const lf_train_split_options *split = &p->options->split;
    const size_t groups = (size_t)split->folds;
    const size_t tests = split->validation == LF_TRAIN_CPCV ? (size_t)split->test_folds : 1;
    size_t chosen[LF_TRAIN_TESTS_MAX];
    int32_t counts[1000] = {0}; /* as many as train.folds allows */
    for (size_t i = 0; i < tests; i++) {
        chosen[i] = i;
    }
    lf_status status = LF_OK;
    do {
        status = add_choice(p, chosen, counts, error);
    } while (status == LF_OK && next_choice(chosen, tests, groups));
    return status;
}

lf_status lf_train_plan_spans(
    const lf_train_span *days,
    size_t day_count,
    const lf_train_options *options,
    lf_train_fold *folds,
    size_t *fold_count,
    lf_error *error
)
{
    *fold_count = 0;
    const lf_train_split_options *split = &options->split;
    lf_status status = lf_train_split_options_check(split, error);
    if (status != LF_OK) {
        return status;
    }
    const size_t held = (size_t)split->holdout_days;
    if (held >= day_count) {
        return lf_error_set(
            error,
            day_count == 0 ? LF_DATA : LF_RANGE,
            "train.holdout_days is %zu, but there are only %zu days.",
            held,
            day_count
        );
    }
    planner p = {.options = options, .days = days, .count = day_count - held, .folds = folds};
    if (split->holdout) {
        const lf_train_span test = {days[p.count].first_ns, days[day_count - 1].end_ns};
        status = add_forward(&p, days[0].first_ns, test, error);
    } else if (lf_train_validation_trades(split->validation)) {
        status = plan_forward(&p, error);
    } else {
        status = plan_groups(&p, error);
    }
    *fold_count = status == LF_OK ? p.fold_count : 0;
    return status;
}

/* ---- rows ------------------------------------------------------------------------------- */

bool lfi_is_purged(const lf_train_span *purged, size_t count, int64_t t_ns, int64_t label_end_ns)
{
    bool is_purged = false;
    for (size_t i = 0; i < count; i++) {
        is_purged = is_purged || (label_end_ns >= purged[i].first_ns && t_ns <= purged[i].end_ns);
    }
    return is_purged;
}

void lf_train_fold_roles(
    const lf_train_fold *fold,
    const int64_t *times_ns,
    const int64_t *label_ends_ns,
    size_t count,
    uint8_t *roles
)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t t = times_ns[i];
        const int64_t end = label_ends_ns[i];
        roles[i] = LF_TRAIN_ROLE_NONE;
        if (t >= fold->train_first_ns && end <= fold->train_end_ns &&
            !lfi_is_purged(fold->purged, fold->purged_count, t, end)) {
            roles[i] = LF_TRAIN_ROLE_TRAIN;
        }
        for (size_t k = 0; k < fold->test_count; k++) {
            if (t >= fold->tests[k].first_ns && t < fold->tests[k].end_ns) {
                roles[i] = LF_TRAIN_ROLE_TEST;
            }
        }
    }
}

int32_t lf_train_path_count(const lf_train_fold *folds, size_t fold_count)
{
    int32_t count = 0;
    for (size_t i = 0; i < fold_count; i++) {
        for (size_t k = 0; k < folds[i].test_count; k++) {
            count = folds[i].paths[k] + 1 > count ? folds[i].paths[k] + 1 : count;
        }
    }
    return count;
}
