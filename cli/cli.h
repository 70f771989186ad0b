/* What the verbs of the program share: flags, configuration, progress, errors. */
#ifndef LOBFLOW_CLI_H
#define LOBFLOW_CLI_H

#include <lobflow/run.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Exit codes of the program. */
enum {
    CLI_DONE = 0,
    CLI_FAILED = 1,        /* bad data, or the work failed */
    CLI_USAGE = 2,         /* the command line or the configuration is wrong */
    CLI_INTERRUPTED = 130, /* as shells report SIGINT */
};

/* ---- flags ------------------------------------------------------------------------------ */

typedef enum cli_kind {
    CLI_SWITCH, /* no value */
    CLI_VALUE,  /* one value; the last one given counts */
    CLI_MANY,   /* a value each time, and all plain words that follow it */
} cli_kind;

/* One flag. Parsing, --help and the configuration are made from this one table. */
typedef struct cli_flag {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    cli_kind kind;
    const char *value; /* how help names the value */
    const char *help;
    const char *key; /* configuration key that it sets, or NULL */
} cli_flag;

#define CLI_WORDS_MAX ((size_t)1024)

/* A command line that was understood; all texts are those of argv. */
typedef struct cli_args {
    const struct cli_verb *verb;
    struct {
        const cli_flag *flag; /* NULL: a plain word */
        const char *value;    /* NULL: a switch */
    } words[CLI_WORDS_MAX];
    size_t count;
} cli_args;

typedef struct cli_verb {
    const char *name;
    const char *usage;     /* what follows the verb */
    const char *help;      /* one line */
    const char *about;     /* some lines below the flags, or NULL */
    const cli_flag *flags; /* ended by a NULL name */
    bool takes_config;     /* also --config, --set and --print-config */
    int (*act)(const cli_args *args);
} cli_verb;

/* Understand argv; returns CLI_DONE, or CLI_USAGE after saying what is wrong. */
int cli_parse(const cli_verb *verb, int argc, char **argv, cli_args *out);
/* True when a flag is there. */
bool cli_has(const cli_args *args, const char *name);
/* Value of a flag, or NULL. */
const char *cli_text(const cli_args *args, const char *name);
/* Plain word by number, or NULL. */
const char *cli_text_at(const cli_args *args, size_t index);
/* Values of a flag, or the plain words when name is NULL; returns how many. */
size_t cli_many(const cli_args *args, const char *name, const char **out, size_t capacity);
/* Print the help of a verb, made from its tables. */
void cli_help(const cli_verb *verb, FILE *to);
/* Say what is wrong with the command line; returns CLI_USAGE. */
int cli_usage(const cli_args *args, const char *format, ...) LF_PRINTF(2, 3);
/* Print an error as one line, with file and place; returns the exit code for it. */
int cli_fail(const lf_error *error);
/* Print an error as one of the command line or the configuration, unless memory is what was
   missing; returns the exit code for it. */
int cli_refuse(const cli_args *args, const lf_error *error);

/* ---- configuration ---------------------------------------------------------------------- */

/* Defaults, then the file of --config, then flags with a key, then --set. Returns an exit code;
   prints the whole configuration and sets *done when --print-config is there. */
int cli_config(const cli_args *args, lf_config *out, bool *done);
/* Read a TOML file into a configuration; a preset that is not NULL stands in for the file's. */
lf_status cli_toml(const char *path, const char *preset, lf_config *config, lf_error *error);
/* True for a word that names a TOML file. */
bool cli_is_toml(const char *word);
/* Value of a flag that must be there; CLI_USAGE after saying so when it is not. */
int cli_need(const cli_args *args, const char *name, const char **out);
/* cli_need() of the output, which must be a table by its name. */
int cli_need_table(const cli_args *args, const char **out);

/* ---- jobs ------------------------------------------------------------------------------- */

/* Configuration and symbol-days of a verb. */
typedef struct cli_job {
    lf_config config;
    lf_source_list sources;
    lf_run_job job;
} cli_job;

/* Make a job of a command line: data from the plain words from number `skip` on and from --data.
   Returns an exit code; *done as in cli_config(). End it with cli_job_close(). */
int cli_job_open(const cli_args *args, size_t skip, cli_job *out, bool *done);
void cli_job_close(cli_job *job);
/* Ask lf_run_check(); returns an exit code. */
int cli_check(const cli_args *args, const cli_job *job, lf_run_use use);
/* Let the C library return what is freed to the system: training has large parts one after the
   other, and their sum would stay. */
void cli_return_memory(void);

/* ---- progress --------------------------------------------------------------------------- */

/* For lf_run_job.progress; false after SIGINT or SIGTERM. Draws only on a terminal. */
bool cli_progress(void *context, const char *stage, double share);
/* For lf_run_job.say: a sentence on stderr. */
void cli_say(void *context, const char *sentence);
/* Clears the line of the bar. */
void cli_progress_end(void);
/* Let SIGINT and SIGTERM ask long work to stop; a second one kills. */
void cli_catch_signals(void);

/* ---- verbs ------------------------------------------------------------------------------ */

extern const cli_verb cli_verbs[]; /* ended by a NULL name */
const cli_verb *cli_find_verb(const char *name);
/* Flag of a verb by number: its own, the common ones, help; NULL after the last. */
const cli_flag *cli_flag_at(const cli_verb *verb, size_t index);

extern const cli_flag cli_synth_flags[];
extern const cli_flag cli_inspect_flags[];
extern const cli_flag cli_convert_flags[];
extern const cli_flag cli_features_flags[];
extern const cli_flag cli_impact_flags[];
extern const cli_flag cli_latency_flags[];
extern const cli_flag cli_calibrate_flags[];
extern const cli_flag cli_compare_flags[];
extern const cli_flag cli_train_flags[];
extern const cli_flag cli_predict_flags[];
extern const cli_flag cli_backtest_flags[];
extern const cli_flag cli_report_flags[];
extern const cli_flag cli_run_flags[];
extern const cli_flag cli_bench_flags[];

extern const char cli_synth_about[];
extern const char cli_convert_about[];
extern const char cli_features_about[];
extern const char cli_impact_about[];
extern const char cli_latency_about[];
extern const char cli_calibrate_about[];
extern const char cli_compare_about[];
extern const char cli_run_about[];
extern const char cli_bench_about[];

int cli_synth(const cli_args *args);
int cli_inspect(const cli_args *args);
int cli_convert(const cli_args *args);
int cli_features(const cli_args *args);
int cli_impact(const cli_args *args);
int cli_latency(const cli_args *args);
int cli_calibrate(const cli_args *args);
int cli_compare(const cli_args *args);
int cli_train(const cli_args *args);
int cli_predict(const cli_args *args);
int cli_backtest(const cli_args *args);
int cli_report(const cli_args *args);
int cli_run(const cli_args *args);
int cli_bench(const cli_args *args);

/* Manual page (roff) and shell completion (bash), made from the tables of verbs and flags. */
void cli_print_man(FILE *to);
void cli_print_completion(FILE *to);

#ifdef __cplusplus
}
#endif

#endif
