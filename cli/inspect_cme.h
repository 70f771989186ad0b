/* The verb inspect on captures of CME MDP 3.0. */
#ifndef CLI_INSPECT_CME_H
#define CLI_INSPECT_CME_H

#include "cli.h"

/* Count and show captures; the exit code comes back. */
int cli_inspect_cme(const char *const *paths, size_t path_count, bool is_json);

#endif
