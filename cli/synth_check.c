/* What a simulated day looks like, beside what is known of real ones and beside given days. */
#include "synth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Days that fit beside one another on a page. */
#define COLUMNS_MAX ((size_t)16)

/* ---- text ------------------------------------------------------------------------------- */

/* "0.55 - 0.65", or nothing where no target is known. */
static void target_text(const lf_synth_measure *measure, int kind, char out[32])
{
    char low[LF_DOUBLE_TEXT_BYTES];
    char high[LF_DOUBLE_TEXT_BYTES];
    out[0] = '\0';
    if (!isnan(measure->least[kind])) {
        (void)lf_double_format(measure->least[kind], low);
        (void)lf_double_format(measure->most[kind], high);
        (void)snprintf(out, 32, "%.14s - %.14s", low, high);
    }
}

static bool is_outside(const lf_synth_measure *measure, const lf_synth_facts *facts)
{
    const int kind = (int)lf_synth_kind_of(facts);
    const double value = lf_synth_measure_of(facts, measure);
    return value < measure->least[kind] || value > measure->most[kind];
}

static void print_row(const lf_synth_measure *measure, const cli_synth_day *columns, size_t count)
{
    char target[32];
    target_text(measure, (int)lf_synth_kind_of(&columns[0].facts), target);
    printf("%-22s  %-11s", measure->name, target);
    for (size_t i = 0; i < count; i++) {
        const lf_synth_facts *const facts = &columns[i].facts;
        char text[32];
        (void)snprintf(text, sizeof text, "%.4g", lf_synth_measure_of(facts, measure));
        printf("  %14s%c", text, is_outside(measure, facts) ? '*' : ' ');
    }
    printf("\n");
}

static void print_text(const cli_synth_day *columns, size_t count)
{
    static const char *const kinds[] = {"small tick", "large tick"};
    size_t measure_count;
    const lf_synth_measure *const measures = lf_synth_measures(&measure_count);
    printf("%-22s  %-11s", "", kinds[lf_synth_kind_of(&columns[0].facts)]);
    for (size_t i = 0; i < count; i++) {
        printf("  %14s ", columns[i].name);
    }
    printf("\n");
    for (size_t i = 0; i < measure_count; i++) {
        print_row(&measures[i], columns, count);
    }
    printf("* outside of what is known of stocks of its kind\n");
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void print_number(const char *name, double value)
{
    char text[LF_DOUBLE_TEXT_BYTES];
    (void)lf_double_format(value, text);
    printf("\"%s\": %s", name, isfinite(value) ? text : "null");
}

static void print_list(const char *name, const double *values, size_t count)
{
    printf("\"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        char text[LF_DOUBLE_TEXT_BYTES];
        (void)lf_double_format(values[i], text);
        printf("%s%s", i == 0 ? "" : ", ", isfinite(values[i]) ? text : "null");
    }
    printf("]");
}

static void print_facts(const lf_synth_facts *facts)
{
    size_t count;
    const lf_synth_measure *const measures = lf_synth_measures(&count);
    printf("\"events\": %lld,\n ", (long long)facts->event_count);
    for (size_t i = 0; i < count; i++) {
        print_number(measures[i].name, lf_synth_measure_of(facts, &measures[i]));
        printf(",\n ");
    }
    print_list("activity", facts->activity, LF_SYNTH_PARTS);
    printf(",\n ");
    print_list("spread", facts->spread, LF_SYNTH_PARTS);
    printf(",\n ");
    print_list("depth", facts->depth, LF_SYNTH_PARTS);
    printf(",\n ");
    print_list("sign_acf_bins", facts->sign_bins, LF_SYNTH_SIGN_BINS);
}

static void print_targets(int kind)
{
    size_t count;
    bool is_first = true;
    const lf_synth_measure *const measures = lf_synth_measures(&count);
    printf("\"targets\": {");
    for (size_t i = 0; i < count; i++) {
        char low[LF_DOUBLE_TEXT_BYTES];
        char high[LF_DOUBLE_TEXT_BYTES];
        if (!isnan(measures[i].least[kind])) {
            (void)lf_double_format(measures[i].least[kind], low);
            (void)lf_double_format(measures[i].most[kind], high);
            printf("%s\"%s\": [%s, %s]", is_first ? "" : ", ", measures[i].name, low, high);
            is_first = false;
        }
    }
    printf("}");
}

/* The simulated day's facts, the targets of its kind, and the given days' facts. */
static void print_json(const cli_synth_day *columns, size_t count)
{
    printf("{");
    print_facts(&columns[0].facts);
    printf(",\n ");
    print_targets((int)lf_synth_kind_of(&columns[0].facts));
    printf(",\n \"data\": [");
    for (size_t i = 1; i < count; i++) {
        printf("%s{\"name\": \"%s\", ", i == 1 ? "" : ",\n ", columns[i].name);
        print_facts(&columns[i].facts);
        printf("}");
    }
    printf("]}\n");
}

/* ---- measuring -------------------------------------------------------------------------- */

/* Means of the days that would be written. */
static lf_status measure_simulated(
    const lf_synth_options *options, lf_synth_facts *scratch, lf_synth_facts *out, lf_error *error
)
{
    for (int32_t day = 0; day < options->day_count; day++) {
        const lf_status status = lf_synth_check_day(options, day, &scratch[day], error);
        if (status != LF_OK) {
            return status;
        }
        if (!cli_progress(NULL, "check", (day + 1.0) / options->day_count)) {
            return lf_error_set(error, LF_CANCELLED, "Stopped.");
        }
    }
    cli_progress_end();
    lf_synth_facts_mean(scratch, (size_t)options->day_count, out);
    return LF_OK;
}

/* The columns behind the first: the day that was fitted, then those of the plain words. */
static int
add_data(const cli_args *args, const cli_synth_plan *plan, cli_synth_day *columns, size_t *count)
{
    const char *paths[CLI_WORDS_MAX];
    const size_t path_count = cli_many(args, NULL, paths, CLI_WORDS_MAX);
    cli_synth_day *days = NULL;
    size_t day_count = 0;
    if (plan->is_fitted) {
        memcpy(columns[*count].name, plan->like, sizeof plan->like);
        columns[(*count)++].facts = plan->like_facts;
    }
    if (path_count == 0) {
        return CLI_DONE;
    }
    const int code = cli_synth_measure(args, paths, path_count, &days, &day_count);
    if (code == CLI_DONE && *count + day_count > COLUMNS_MAX) {
        free(days);
        return cli_usage(args, "at most %zu days are shown.", COLUMNS_MAX - *count);
    }
    for (size_t i = 0; i < day_count; i++) {
        columns[(*count)++] = days[i];
    }
    free(days);
    return code;
}

int cli_synth_check(const cli_args *args, const cli_synth_plan *plan)
{
    lf_error error;
    const lf_synth_options *const options = &plan->options;
    cli_synth_day *const columns = calloc(COLUMNS_MAX, sizeof *columns);
    lf_synth_facts *const scratch = calloc((size_t)options->day_count, sizeof *scratch);
    size_t count = 1;
    int code = CLI_DONE;
    if (columns == NULL || scratch == NULL) {
        (void)lf_error_set(&error, LF_NOMEM, "No memory to measure a day.");
        code = cli_fail(&error);
    } else if (measure_simulated(options, scratch, &columns[0].facts, &error) != LF_OK) {
        code = cli_fail(&error);
    } else {
        memcpy(columns[0].name, options->symbol, sizeof options->symbol);
        code = add_data(args, plan, columns, &count);
    }
    if (code == CLI_DONE && cli_has(args, "json")) {
        print_json(columns, count);
    } else if (code == CLI_DONE) {
        print_text(columns, count);
    }
    free(scratch);
    free(columns);
    return code;
}
