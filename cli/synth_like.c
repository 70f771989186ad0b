/* A market like a given day: measures the day and fits the model, or reads a model. */
#include "synth.h"

#include <stdlib.h>
#include <string.h>

static int find(
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

int cli_synth_measure(
    const cli_args *args,
    const char *const *paths,
    size_t path_count,
    cli_synth_day **out,
    size_t *count
)
{
    lf_feed_options options;
    lf_source_list list;
    lf_error error;
    *out = NULL;
    *count = 0;
    int code = find(args, paths, path_count, &options, &list);
    if (code != CLI_DONE) {
        return code;
    }
    *out = calloc(list.count, sizeof **out);
    for (size_t i = 0; i < list.count && *out != NULL && code == CLI_DONE; i++) {
        const lf_source *const source = &list.sources[i];
        cli_synth_day *const day = &(*out)[i];
        char date[11];
        lf_date_format(source->date, date);
        /* The year is left to the reader. */
        (void)snprintf(day->name, sizeof day->name, "%s %s", source->symbol, date + 5);
        if (lf_synth_check_source(source, &options, &day->facts, &error) != LF_OK) {
            code = cli_fail(&error);
        }
    }
    *count = code == CLI_DONE && *out != NULL ? list.count : 0;
    if (*out == NULL) {
        (void)lf_error_set(&error, LF_NOMEM, "No memory to measure a day.");
        code = cli_fail(&error);
    }
    lf_source_list_clear(&list);
    return code;
}

static bool on_round(void *context, int32_t day, double share)
{
    (void)day;
    return cli_progress(context, "fit", share);
}

/* One symbol, so that the mean over its days says something. */
static bool is_one_symbol(const cli_synth_day *days, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const size_t length = strcspn(days[0].name, " ") + 1;
        if (strncmp(days[i].name, days[0].name, length) != 0) {
            return false;
        }
    }
    return true;
}

static int fit(const cli_args *args, cli_synth_plan *plan)
{
    const char *paths[CLI_WORDS_MAX];
    const size_t path_count = cli_many(args, "like", paths, CLI_WORDS_MAX);
    cli_synth_day *days;
    size_t count;
    lf_error error;
    int code = cli_synth_measure(args, paths, path_count, &days, &count);
    if (code == CLI_DONE && !is_one_symbol(days, count)) {
        code = cli_usage(args, "--like: days of several symbols; choose with --data-symbol.");
    }
    lf_synth_facts *const facts = calloc(count + 1, sizeof *facts);
    if (code == CLI_DONE && facts != NULL) {
        for (size_t i = 0; i < count; i++) {
            facts[i] = days[i].facts;
        }
        memcpy(plan->like, days[0].name, sizeof plan->like);
        lf_synth_facts_mean(facts, count, &plan->like_facts);
        if (lf_synth_fit(NULL, &plan->like_facts, on_round, NULL, &plan->model, &error) != LF_OK) {
            code = cli_fail(&error);
        }
        cli_progress_end();
    }
    free(facts);
    free(days);
    return code;
}

int cli_synth_model(const cli_args *args, cli_synth_plan *plan)
{
    lf_error error;
    const char *const config = cli_text(args, "config");
    const bool has_like = cli_has(args, "like");
    if ((config != NULL) + has_like + cli_has(args, "preset") > 1) {
        return cli_usage(args, "--config, --like and --preset: one of them.");
    }
    if (config != NULL) {
        plan->options.model = &plan->model;
        return cli_toml_synth(config, &plan->options.preset, &plan->model, &error) == LF_OK
                   ? CLI_DONE
                   : (cli_fail(&error), CLI_USAGE);
    }
    if (!has_like) {
        return CLI_DONE;
    }
    const int code = fit(args, plan);
    plan->is_fitted = code == CLI_DONE;
    plan->options.model = &plan->model;
    plan->options.preset = lf_synth_kind_of(&plan->like_facts);
    if (!cli_has(args, "levels")) {
        plan->options.level_count = plan->like_facts.level_count;
    }
    return code;
}
