/* What the files of the verb synth share. */
#ifndef LOBFLOW_CLI_SYNTH_H
#define LOBFLOW_CLI_SYNTH_H

#include "cli.h"

#include <lobflow/synth.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CLI_SYMBOLS_MAX 128

/* What is simulated, and the day that it is to be like. */
typedef struct cli_synth_plan {
    lf_synth_options options;
    lf_synth_model model; /* options.model is NULL or points here */
    const char *symbols[CLI_SYMBOLS_MAX];
    size_t symbol_count;
    int32_t job_count;
    char names[1024]; /* where the symbols lie */
    bool is_fitted;
    char like[64]; /* name of the day, where it is fitted */
    lf_synth_facts like_facts;
} cli_synth_plan;

/* Model of --config or --like; an exit code. */
int cli_synth_model(const cli_args *args, cli_synth_plan *plan);

/* Read a model of a market. */
lf_status
cli_toml_synth(const char *path, lf_synth_preset *preset, lf_synth_model *model, lf_error *error);

/* Facts of each day behind some paths, [*count], end with free(); names are "SYMBOL MM-DD". */
typedef struct cli_synth_day {
    char name[64];
    lf_synth_facts facts;
} cli_synth_day;

int cli_synth_measure(
    const cli_args *args,
    const char *const *paths,
    size_t path_count,
    cli_synth_day **out,
    size_t *count
);

/* Print the mean facts of the simulated days, beside targets and the days that are named. */
int cli_synth_check(const cli_args *args, const cli_synth_plan *plan);

#ifdef __cplusplus
}
#endif

#endif
