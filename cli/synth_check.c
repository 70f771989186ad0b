/* What a simulated day looks like, beside what is known of real ones and beside given days. */
#include "synth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Days that fit beside one another on a page. */
#define DAYS_MAX 16

/* One day that is shown. */
typedef struct column {
    char name[64];
    lf_synth_facts facts;
} column;

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

static void print_row(const lf_synth_measure *measure, const column *columns, size_t count)
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

static void print_text(const column *columns, size_t count)
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

static void print_list(const char *name, const double *values)
{
    printf("\"%s\": [", name);
    for (size_t i = 0; i < LF_SYNTH_PARTS; i++) {
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
    print_list("activity", facts->activity);
    printf(",\n ");
    print_list("spread", facts->spread);
    printf(",\n ");
    print_list("depth", facts->depth);
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
static void print_json(const column *columns, size_t count)
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

int cli_synth_find(
    const cli_args *args,
    const char *const *paths,
    size_t path_count,
    lf_feed_options *options,
    lf_source_list *out
)
{
    lf_error error;
    *options = (lf_feed_options){
        .symbol = cli_text(args, "data-symbol"),
        .date = cli_text(args, "data-date"),
        .format = cli_text(args, "data-format"),
    };
    *out = (lf_source_list){0};
    return lf_feed_find(paths, path_count, options, out, &error) == LF_OK ? CLI_DONE
                                                                          : cli_fail(&error);
}

/* Facts of the days that the plain words name. */
static int check_data(const cli_args *args, column *columns, size_t *count)
{
    const char *paths[CLI_WORDS_MAX];
    const size_t path_count = cli_many(args, NULL, paths, CLI_WORDS_MAX);
    lf_feed_options options;
    lf_source_list list;
    lf_error error;
    if (path_count == 0) {
        return CLI_DONE;
    }
    int code = cli_synth_find(args, paths, path_count, &options, &list);
    if (code == CLI_DONE && list.count >= DAYS_MAX) {
        code = cli_usage(args, "at most %d days are shown.", DAYS_MAX - 1);
    }
    for (size_t i = 0; i < list.count && code == CLI_DONE; i++) {
        const lf_source *const source = &list.sources[i];
        column *const at = &columns[*count];
        char date[11];
        lf_date_format(source->date, date);
        /* The year is left to the reader. */
        (void)snprintf(at->name, sizeof at->name, "%s %s", source->symbol, date + 5);
        (*count)++;
        if (lf_synth_check_source(source, &options, &at->facts, &error) != LF_OK) {
            code = cli_fail(&error);
        }
    }
    lf_source_list_clear(&list);
    return code;
}

int cli_synth_check(const cli_args *args, const lf_synth_options *options)
{
    lf_error error;
    column *const columns = calloc(DAYS_MAX, sizeof *columns);
    size_t count = 1;
    if (columns == NULL) {
        (void)lf_error_set(&error, LF_NOMEM, "No memory to measure a day.");
        return cli_fail(&error);
    }
    (void)snprintf(columns[0].name, sizeof columns[0].name, "%s", options->symbol);
    int code = lf_synth_check_day(options, 0, &columns[0].facts, &error) == LF_OK
                   ? check_data(args, columns, &count)
                   : cli_fail(&error);
    if (code == CLI_DONE && cli_has(args, "json")) {
        print_json(columns, count);
    } else if (code == CLI_DONE) {
        print_text(columns, count);
    }
    free(columns);
    return code;
}
