/*
 * The metrics of the small run of report_testing.h, and numbers in them by their paths. Header
 * only; include it after cmocka.h.
 */
#ifndef LOBFLOW_METRICS_TESTING_H
#define LOBFLOW_METRICS_TESTING_H

#include "report_testing.h"

/* The value at a path such as "pnl.by_day.1.net"; NULL when there is none. */
static json_t *find(json_t *root, const char *path)
{
    json_t *value = root;
    while (*path != '\0' && value != NULL) {
        char key[64];
        const size_t bytes = strcspn(path, ".");
        (void)snprintf(key, sizeof key, "%.*s", (int)bytes, path);
        value = json_is_array(value) ? json_array_get(value, (size_t)atoll(key))
                                     : json_object_get(value, key);
        path += bytes + (path[bytes] == '.');
    }
    return value;
}

typedef struct expected {
    const char *path;
    double value; /* NaN: null */
} expected;

static void check_numbers(json_t *root, const expected *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_t *found = find(root, rows[i].path);
        const double value = json_number_value(found);
        const double within = 1e-9 * (1 + fabs(rows[i].value));
        const bool same = isnan(rows[i].value)
                              ? json_is_null(found)
                              : json_is_number(found) && fabs(value - rows[i].value) < within;
        if (!same) {
            print_message("%s: %.15g, expected %.15g\n", rows[i].path, value, rows[i].value);
        }
        assert_true(same);
    }
}

static json_t *metrics_of(const testing_run *t, const lf_report_facts *facts)
{
    char *text = NULL;
    lf_error error;
    const lf_status status = lf_report_metrics(&t->run, facts, &text, &error);
    if (status != LF_OK) {
        print_message("%s\n", error.message);
    }
    assert_int_equal(status, LF_OK);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_object(root));
    lf_release(NULL, text);
    return root;
}

#endif
