/* The findings of a walk as text: each forecast beside what it must beat, with intervals. */
#include "flags.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static double number_at(const json_t *object, const char *key)
{
    const json_t *const value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* A number in so many columns, or a dash. */
static void print_number(double value, int width, int digits, const char *unit)
{
    if (isnan(value)) {
        printf(" %*s", width + (int)strlen(unit), "-");
    } else {
        printf(" %*.*f%s", width, digits, value, unit);
    }
}

static void print_range(const json_t *interval, double scale, int digits)
{
    const json_t *const low = json_array_get(interval, 0);
    if (json_is_number(low)) {
        const double high = json_number_value(json_array_get(interval, 1));
        printf(" [%5.*f, %5.*f]", digits, scale * json_number_value(low), digits, scale * high);
    } else {
        printf(" %14s", "-");
    }
}

/* A small p is told as a bound. */
static void print_p(double p)
{
    if (p < 0.0001) {
        printf(" %8s", "<.0001");
    } else {
        print_number(p, 8, 4, "");
    }
}

static void print_predictors(const json_t *all)
{
    const json_t *predictor = NULL;
    const char *name = NULL;
    printf(
        "  %-11s %6s %14s %6s %7s %15s %8s %7s %8s %8s\n",
        "",
        "hits %",
        "95 % interval",
        "all %",
        "AUC",
        "95 % interval",
        "log loss",
        "Brier",
        "p hits",
        "p Brier"
    );
    json_object_foreach((json_t *)(uintptr_t)all, name, predictor)
    {
        const json_t *const better = json_object_get(predictor, "model_better");
        printf("  %-11s", name);
        print_number(100 * number_at(predictor, "accuracy"), 6, 2, "");
        print_range(json_object_get(predictor, "accuracy_interval"), 100, 2);
        print_number(100 * number_at(predictor, "all_accuracy"), 6, 2, "");
        print_number(number_at(predictor, "auc"), 7, 4, "");
        printf(" ");
        print_range(json_object_get(predictor, "auc_interval"), 1, 3);
        print_number(number_at(predictor, "log_loss"), 8, 4, "");
        print_number(number_at(predictor, "brier"), 7, 4, "");
        print_p(number_at(better, "hits_p"));
        print_p(number_at(better, "brier_p"));
        printf("\n");
    }
}

static void print_bins(const json_t *list, const char *title, const char *key)
{
    size_t i;
    const json_t *bin;
    printf(
        "  %-9s %9s %9s %7s %14s %10s\n", title, "rows", "worth", "hits %", "95 %", "majority %"
    );
    json_array_foreach(list, i, bin)
    {
        printf("  %-9.0f", number_at(bin, key));
        print_number(number_at(bin, "rows"), 9, 0, "");
        print_number(number_at(bin, "effective_rows"), 9, 0, "");
        print_number(100 * number_at(bin, "accuracy"), 7, 2, "");
        print_range(json_object_get(bin, "accuracy_interval"), 100, 1);
        print_number(100 * number_at(bin, "majority"), 10, 2, "");
        if (json_object_get(bin, "low") != NULL && strcmp(key, "quarter") == 0) {
            printf("  %g to %g ticks", number_at(bin, "low"), number_at(bin, "high"));
        }
        printf("\n");
    }
}

static void print_horizon(const json_t *walk, const char *key, const char *horizon)
{
    const json_t *const all = json_object_get(walk, key);
    const json_t *const model = json_object_get(all, "model");
    printf(
        "\nUp in %s, out of sample: %.0f rows whose mid moved, %.1f %% of all, worth %.0f "
        "independent "
        "ones\n",
        horizon,
        number_at(model, "rows"),
        100 * number_at(model, "moving_share"),
        number_at(model, "effective_rows")
    );
    print_predictors(all);
    printf(
        "  More frequent direction, known afterwards: %.2f %%. Calibration error %.4f.\n",
        100 * number_at(model, "majority"),
        number_at(model, "calibration_error")
    );
}

static void print_return(const json_t *ret, const char *horizon)
{
    printf("\nReturn in %s: IC of all rows %.4f", horizon, number_at(ret, "ic_all"));
    print_range(json_object_get(ret, "ic_interval"), 1, 4);
    printf(", rank IC %.4f", number_at(ret, "rank_ic_all"));
    print_range(json_object_get(ret, "rank_ic_interval"), 1, 4);
    printf("\n  %.0f days: mean IC %.4f", number_at(ret, "days"), number_at(ret, "ic"));
    print_range(json_object_get(ret, "ic_days_interval"), 1, 4);
    printf(", mean rank IC %.4f, ICIR", number_at(ret, "rank_ic"));
    print_number(number_at(ret, "icir"), 0, 2, "");
    printf("\n  R^2 %.3f %%", 100 * number_at(ret, "r2"));
    print_range(json_object_get(ret, "r2_interval"), 100, 3);
    printf(", %.0f rows worth %.0f\n", number_at(ret, "rows"), number_at(ret, "effective_rows"));
}

/* What the paths of cpcv found, when there is more than one. */
static void print_paths(const json_t *walk, const char *near, const char *far)
{
    const struct {
        const char *key;
        const char *title;
        const char *horizon;
    } rows[] = {
        {"auc_1min", "AUC", near},
        {"logistic3_auc_1min", "logistic3", near},
        {"accuracy_1min", "accuracy", near},
        {"auc_5min", "AUC", far},
        {"accuracy_5min", "accuracy", far},
        {"ic", "IC", near},
        {"r2", "R^2", near},
    };
    const json_t *const paths = json_object_get(walk, "paths");
    if (paths == NULL) {
        return;
    }
    printf(
        "\n%.0f paths, each scoring every row once; above is the first\n", number_at(paths, "count")
    );
    printf("  %-9s %-8s %9s %9s %9s %9s\n", "", "", "mean", "sd", "least", "most");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const json_t *const row = json_object_get(paths, rows[i].key);
        printf(
            "  %-9s %-8s %9.4f %9.4f %9.4f %9.4f\n",
            rows[i].title,
            rows[i].horizon,
            number_at(row, "mean"),
            number_at(row, "sd"),
            number_at(row, "min"),
            number_at(row, "max")
        );
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

/* What a search over parameters did, when there was one. */
static void print_search(const json_t *walk)
{
    const json_t *const search = json_object_get(walk, "search");
    const json_t *value = NULL;
    const char *name = NULL;
    if (search == NULL) {
        return;
    }
    printf(
        "\nTrials: %.0f made now, %.0f recorded in all; the best is number %.0f\n"
        "  log loss %.5f against %.5f as configured; the best of many looks better than it is\n",
        number_at(search, "made"),
        number_at(search, "recorded"),
        number_at(search, "best"),
        number_at(search, "best_log_loss"),
        number_at(search, "first_log_loss")
    );
    json_object_foreach(json_object_get(search, "parameters"), name, value)
    {
        printf("  %-20s %.4g\n", name, json_number_value(value));
    }
}

/* The units of a list that the short direction needs most on unseen rows. */
static void print_needed(const json_t *list, const char *key)
{
    const size_t count = json_array_size(list);
    double last = INFINITY;
    for (size_t shown = 0; shown < 5 && shown < count; shown++) {
        const json_t *best = NULL;
        for (size_t f = 0; f < count; f++) {
            const json_t *const one = json_array_get(list, f);
            const double drop = number_at(one, "drop");
            if (drop < last && (best == NULL || drop > number_at(best, "drop"))) {
                best = one;
            }
        }
        if (best == NULL) {
            return;
        }
        last = number_at(best, "drop");
        printf("  %-24s", json_string_value(json_object_get(best, key)));
        print_number(last, 7, 4, "");
        printf(" ");
        print_range(json_object_get(best, "drop_interval"), 1, 4);
        printf("  above 0 in %.0f\n", number_at(best, "positive_folds"));
    }
}

static void print_importance(const json_t *importance)
{
    const json_t *const head = json_object_get(json_object_get(importance, "heads"), "up_1min");
    if (head == NULL) {
        return;
    }
    printf(
        "\nAUC lost without a feature, last %.0f folds, rank correlation of folds",
        number_at(importance, "folds")
    );
    print_number(number_at(head, "drop_agreement"), 0, 2, "");
    printf("\n");
    print_needed(json_object_get(head, "features"), "feature");
    if (json_array_size(json_object_get(head, "groups")) > 0) {
        printf("without a whole group\n");
        print_needed(json_object_get(head, "groups"), "group");
    }
}

static void print_permutations(const json_t *null)
{
    const char *name = NULL;
    const json_t *score = NULL;
    if (null == NULL) {
        return;
    }
    printf("\n%.0f walks on permuted labels\n", number_at(null, "count"));
    printf(
        "  %-19s %8s %8s %8s %8s %8s %8s %8s\n",
        "",
        "truth",
        "mean",
        "sd",
        "least",
        "largest",
        "reached",
        "p"
    );
    json_object_foreach((json_t *)(uintptr_t)null, name, score)
    {
        if (json_is_object(score)) {
            printf("  %-19s", name);
            print_number(number_at(score, "truth"), 8, 4, "");
            print_number(number_at(score, "mean"), 8, 4, "");
            print_number(number_at(score, "sd"), 8, 4, "");
            print_number(number_at(score, "low"), 8, 4, "");
            print_number(number_at(score, "high"), 8, 4, "");
            print_number(number_at(score, "reached"), 8, 0, "");
            print_number(number_at(score, "p"), 8, 4, "");
            printf("\n");
        }
    }
}

/* A sentence a line. */
static void print_warnings(const json_t *warnings)
{
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        printf("%s%s\n", i == 0 ? "\n" : "", json_string_value(json_array_get(warnings, i)));
    }
}

/* What is known of the held-out days, and what they said when they were asked. */
static void print_holdout(const json_t *holdout, const char *near, const char *far)
{
    if (holdout == NULL) {
        return;
    }
    printf("\n%s\n", json_string_value(json_object_get(holdout, "note")));
    if (json_object_get(holdout, "up_1min") != NULL) {
        print_horizon(holdout, "up_1min", near);
        print_horizon(holdout, "up_5min", far);
        print_return(json_object_get(holdout, "ret_1min"), near);
        print_warnings(json_object_get(holdout, "warnings"));
    }
}

void cli_train_text(const char *text, const lf_train_options *options, const char *path)
{
    char near[32];
    char far[32];
    json_t *const walk = json_loads(text, 0, NULL);
    const json_t *const one = json_object_get(json_object_get(walk, "up_1min"), "model");
    printf(
        "%s: %zu folds, %.0f rows scored. p: the model's losses against those of the line, "
        "Diebold-Mariano.\n",
        json_string_value(json_object_get(walk, "validation")),
        json_array_size(json_object_get(walk, "folds")),
        number_at(walk, "scored_rows")
    );
    lf_duration_format(options->horizon_ns, near);
    lf_duration_format(options->horizon_long_ns, far);
    print_horizon(walk, "up_1min", near);
    print_horizon(walk, "up_5min", far);
    printf("\nThe model's hits in %s among rows of a kind (for %s see walk.json)\n", near, far);
    print_bins(json_object_get(one, "by_confidence"), "sureness", "decile");
    print_bins(json_object_get(one, "by_hour"), "hour", "hour");
    print_bins(json_object_get(one, "by_spread"), "spread", "quarter");
    print_return(json_object_get(walk, "ret_1min"), near);
    print_paths(walk, near, far);
    print_rounds(walk);
    print_search(walk);
    print_importance(json_object_get(walk, "importance"));
    print_permutations(json_object_get(walk, "permutations"));
    print_warnings(json_object_get(walk, "warnings"));
    print_holdout(json_object_get(walk, "holdout"), near, far);
    printf("\nModel: %s\n", path);
    json_decref(walk);
}
