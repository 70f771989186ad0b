/* Prints the folds of a plan as row numbers, for a comparison with other programs. */
#include <lobflow/train.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 500

/* Arguments: validation, rows, label rows, folds, test folds, train days, embargo rows, rows of the
   embargo behind; every row is a day of its own, so groups are made of whole rows. */
enum {
    ARG_VALIDATION = 1,
    ARG_ROWS,
    ARG_LABEL,
    ARG_FOLDS,
    ARG_TEST_FOLDS,
    ARG_TRAIN_DAYS,
    ARG_EMBARGO,
    ARG_AFTER,
    ARG_COUNT
};

static void print_rows(const uint8_t *roles, size_t rows, uint8_t role)
{
    const char *comma = "";
    (void)fputc('[', stdout);
    for (size_t i = 0; i < rows; i++) {
        if (roles[i] == role) {
            printf("%s%zu", comma, i);
            comma = ",";
        }
    }
    (void)fputc(']', stdout);
}

static void
print_fold(const lf_train_fold *fold, const int64_t *times, const int64_t *ends, size_t rows)
{
    uint8_t roles[ROWS_MAX];
    lf_train_fold_roles(fold, times, ends, rows, roles);
    fputs("{\"train\": ", stdout);
    print_rows(roles, rows, LF_TRAIN_ROLE_TRAIN);
    fputs(", \"test\": ", stdout);
    print_rows(roles, rows, LF_TRAIN_ROLE_TEST);
    fputs(", \"paths\": [", stdout);
    for (size_t i = 0; i < fold->test_count; i++) {
        printf("%s%d", i > 0 ? "," : "", fold->paths[i]);
    }
    puts("]}");
}

static lf_train_validation find_validation(const char *name)
{
    int v = 0;
    while (v + 1 < LF_TRAIN_VALIDATION_COUNT &&
           strcmp(lf_train_validation_name((lf_train_validation)v), name) != 0) {
        v++;
    }
    return (lf_train_validation)v;
}

int main(int argc, char **argv)
{
    static lf_train_fold folds[LF_TRAIN_FOLDS_MAX];
    lf_train_span days[ROWS_MAX];
    int64_t times[ROWS_MAX];
    int64_t ends[ROWS_MAX];
    int64_t numbers[ARG_COUNT] = {0};
    for (int i = ARG_ROWS; i < argc && i < ARG_COUNT; i++) {
        numbers[i] = strtoll(argv[i], NULL, 10);
    }
    const size_t rows = (size_t)numbers[ARG_ROWS];
    if (argc != ARG_COUNT || rows > ROWS_MAX || numbers[ARG_LABEL] < 1) {
        fputs("splits VALIDATION ROWS LABEL FOLDS TEST_FOLDS TRAIN_DAYS EMBARGO AFTER\n", stderr);
        return 2;
    }
    const int64_t row_ns = LF_NS_PER_MINUTE;
    const int64_t label_ns = numbers[ARG_LABEL] * row_ns;
    for (size_t i = 0; i < rows; i++) {
        times[i] = (int64_t)i * row_ns;
        ends[i] = times[i] + label_ns;
        days[i] = (lf_train_span){times[i], times[i] + 1};
    }
    lf_train_options options;
    lf_train_options_init(&options, LF_TRAIN_SYMMETRIC);
    options.horizon_long_ns = label_ns;
    options.embargo_ns = numbers[ARG_EMBARGO] * row_ns;
    options.split.validation = find_validation(argv[ARG_VALIDATION]);
    options.split.folds = (int32_t)numbers[ARG_FOLDS];
    options.split.test_folds = (int32_t)numbers[ARG_TEST_FOLDS];
    options.split.train_days = (int32_t)numbers[ARG_TRAIN_DAYS];
    options.split.embargo_after_ns = numbers[ARG_AFTER] * row_ns;
    size_t count = 0;
    lf_error error;
    if (lf_train_plan_spans(days, rows, &options, folds, &count, &error) != LF_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (size_t k = 0; k < count; k++) {
        print_fold(&folds[k], times, ends, rows);
    }
    return 0;
}
