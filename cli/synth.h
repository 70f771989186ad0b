/* What the files of the verb synth share. */
#ifndef LOBFLOW_CLI_SYNTH_H
#define LOBFLOW_CLI_SYNTH_H

#include "cli.h"

#include <lobflow/synth.h>

/* Find the days that plain words of the command line name; an exit code. */
int cli_synth_find(
    const cli_args *args,
    const char *const *paths,
    size_t path_count,
    lf_feed_options *options,
    lf_source_list *out
);

/* Print the facts of the first simulated day, beside targets and the days that are named. */
int cli_synth_check(const cli_args *args, const lf_synth_options *options);

#endif
