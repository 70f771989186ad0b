/* sweep.json as a table on a terminal. */
#include "flags.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* Numbers that are shown: key, head, width, factor and digits. */
static const struct {
    const char *key, *head;
    int width;
    double factor;
    int digits;
} columns[] = {
    {"trades", "trades", 7, 1, 0},
    {"fill_rate", "filled %", 9, 100, 1},
    {"win_rate", "won %", 6, 100, 1},
    {"gross", "gross", 11, 1, 2},
    {"fees", "fees", 10, 1, 2},
    {"net", "net", 11, 1, 2},
    {"sharpe_annual", "Sharpe", 8, 1, 2},
    {"sharpe_deflated", "deflated", 9, 1, 3},
    {"max_drawdown", "fall", 10, 1, 2},
};
#define COLUMN_COUNT (sizeof columns / sizeof columns[0])

static const char *text_at(const json_t *object, const char *key)
{
    const char *const text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static double number_at(const json_t *object, const char *key)
{
    const json_t *const value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* Width of a varied key's column: of its name without the section, and of its values. */
static int width_of(const json_t *axis, const char **head)
{
    const char *const key = text_at(axis, "key");
    const char *const point = strchr(key, '.');
    const json_t *const values = json_object_get(axis, "values");
    *head = point != NULL ? point + 1 : key;
    size_t width = strlen(*head);
    for (size_t i = 0; i < json_array_size(values); i++) {
        const size_t length = json_string_length(json_array_get(values, i));
        width = length > width ? length : width;
    }
    return (int)width;
}

static void print_head(const json_t *axes)
{
    printf("%5s", "set");
    for (size_t a = 0; a < json_array_size(axes); a++) {
        const char *head = NULL;
        const int width = width_of(json_array_get(axes, a), &head);
        printf("  %*s", width, head);
    }
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        printf("%*s", columns[c].width, columns[c].head);
    }
    printf("\n");
}

static void print_set(const json_t *axes, const json_t *set, double best)
{
    const double number = number_at(set, "set");
    printf("%5.0f", number);
    for (size_t a = 0; a < json_array_size(axes); a++) {
        const json_t *const axis = json_array_get(axes, a);
        const char *head = NULL;
        const int width = width_of(axis, &head);
        const json_t *const parameters = json_object_get(set, "parameters");
        printf("  %*s", width, text_at(parameters, text_at(axis, "key")));
    }
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        const double value = number_at(set, columns[c].key) * columns[c].factor;
        if (isnan(value)) {
            printf("%*s", columns[c].width, "-");
        } else {
            printf("%*.*f", columns[c].width, columns[c].digits, value);
        }
    }
    printf("%s\n", number == best ? " <" : "");
}

void cli_sweep_text(const char *json)
{
    json_t *const root = json_loads(json, 0, NULL);
    const json_t *const axes = json_object_get(root, "axes");
    const json_t *const sets = json_object_get(root, "sets");
    const double best = number_at(root, "best");
    const double trials = number_at(root, "trials");
    printf(
        "%s%s\n\n",
        text_at(root, "title"),
        json_is_true(json_object_get(root, "in_sample")) ? " (IN SAMPLE)" : ""
    );
    print_head(axes);
    for (size_t i = 0; i < json_array_size(sets); i++) {
        print_set(axes, json_array_get(sets, i), best);
    }
    printf(
        "\nConfigurations looked at so far: %.0f. The best of as many without skill would show a\n"
        "Sharpe ratio of about %.2f a year. Give model.trials_file and report.trials_sharpe_sd =\n"
        "%.4g to a run of one of them, so that its deflated ratio knows.\n",
        trials,
        number_at(root, "sharpe_best_by_chance_annual"),
        number_at(root, "sharpe_sd_annual")
    );
    json_decref(root);
}
