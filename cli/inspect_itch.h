/* The verb inspect on ITCH of several stocks (inspect_itch.c). */
#ifndef LOBFLOW_CLI_INSPECT_ITCH_H
#define LOBFLOW_CLI_INSPECT_ITCH_H

#include "cli.h"

/* Count what files and captures hold, and print it; the exit code. */
int cli_inspect_itch(const char *const *paths, size_t path_count, bool is_json);

#endif
