/* Flags that several verbs have, to be put into their tables. */
#ifndef LOBFLOW_CLI_FLAGS_H
#define LOBFLOW_CLI_FLAGS_H

#include "cli.h"

/* Which data is read, and how. */
/* clang-format off: one flag a line. */
#define CLI_DATA_FLAGS \
    {"data", 0, CLI_MANY, "DATA", "more data, for any number of words", NULL}, \
        {"format", \
         0, \
         CLI_VALUE, \
         "NAME", \
         "format of the data; without it found by content", \
         "data.format"}, \
        {"symbol", 0, CLI_VALUE, "X", "symbol, when no file name tells it", "instrument.symbol"}, \
        {"date", 0, CLI_VALUE, "YYYY-MM-DD", "day, when no file name tells it", "data.date"}, \
        {"levels", \
         0, \
         CLI_VALUE, \
         "N", \
         "levels of the book, when no file name tells it", \
         "instrument.levels"}, \
        {"tick", \
         0, \
         CLI_VALUE, \
         "X", \
         "tick, where the format does not tell it (DBN, captures)", \
         "instrument.tick"}, \
        {"lot", \
         0, \
         CLI_VALUE, \
         "X", \
         "units of what is traded in a lot, likewise", \
         "instrument.lot"}, \
    { \
        "strict", 0, CLI_SWITCH, NULL, "a book that contradicts its messages is an error", \
            "data.strict" \
    }
/* clang-format on */

/* Which days are kept for the end. */
/* clang-format off: one flag a line. */
#define CLI_HOLDOUT_FLAGS \
    {"holdout-days", 0, CLI_VALUE, "N", "keep the last N days for the end", "train.holdout_days"}, \
    { \
        "holdout", 0, CLI_SWITCH, NULL, "look at the kept days now; each look is counted", \
            "train.holdout" \
    }
/* clang-format on */

/* clang-format off: one flag a line. */
#define CLI_JOBS_FLAG \
    { \
        "jobs", 'j', CLI_VALUE, "N", "days traded at once; without it one a processor", NULL \
    }
/* clang-format on */

#define CLI_JSON_FLAG \
    { \
        "json", 0, CLI_SWITCH, NULL, "JSON instead of text", NULL \
    }

/* Print sweep.json as a table. */
void cli_sweep_text(const char *json);

/* Print the findings of a walk, lf_train_walk_json(), and where the model lies. */
void cli_train_text(const char *json, const lf_train_options *options, const char *path);

#endif
