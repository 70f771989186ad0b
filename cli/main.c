/* The program: a table of verbs. */
#include "cli.h"

#include <string.h>

/* clang-format off: in line order, one verb a group of lines. */
const cli_verb cli_verbs[] = {
    {"synth",
     "-o DIR [--days N] [--seed S] | --check [DATA...]",
     "simulated days in LOBSTER's format",
     cli_synth_about,
     cli_synth_flags,
     false,
     cli_synth},
    {"inspect",
     "DATA...",
     "what a file is, and what is wrong with it",
     NULL,
     cli_inspect_flags,
     true,
     cli_inspect},
    {"convert",
     "DATA -o OUT.dbn[.zst] --schema NAME",
     "any feed as a Databento DBN file",
     cli_convert_about,
     cli_convert_flags,
     false,
     cli_convert},
    {"features",
     "DATA... -o F.{parquet,arrow,csv}",
     "feature rows, with labels if asked for",
     cli_features_about,
     cli_features_flags,
     true,
     cli_features},
    {"impact",
     "DATA... [--window 10s] [--hours 10:00-15:30]",
     "how order flow imbalance moves the mid",
     cli_impact_about,
     cli_impact_flags,
     true,
     cli_impact},
    {"train",
     "DATA... -o MODEL",
     "walk forward, then fit the final models",
     NULL,
     cli_train_flags,
     true,
     cli_train},
    {"predict",
     "MODEL DATA... -o P.{parquet,arrow,csv}",
     "predictions of a model at each row",
     NULL,
     cli_predict_flags,
     true,
     cli_predict},
    {"backtest",
     "DATA... --model MODEL -o RUN | DATA... --predictions FILE -o RUN",
     "trade data with a model, or on predictions made elsewhere",
     NULL,
     cli_backtest_flags,
     true,
     cli_backtest},
    {"latency",
     "DATA... [--model MODEL] -o DIR",
     "what each delay costs, alone and all together",
     cli_latency_about,
     cli_latency_flags,
     true,
     cli_latency},
    {"calibrate",
     "DATA...",
     "which queue model tells what single orders show",
     cli_calibrate_about,
     cli_calibrate_flags,
     true,
     cli_calibrate},
    {"compare",
     "RUN RUN...",
     "runs side by side",
     cli_compare_about,
     cli_compare_flags,
     false,
     cli_compare},
    {"report",
     "RUN [-o report.html]",
     "a run as text, JSON or one page",
     NULL,
     cli_report_flags,
     false,
     cli_report},
    {"run",
     "[CONFIG.toml] [DATA...] -o RUN",
     "the whole line, out of sample by construction",
     cli_run_about,
     cli_run_flags,
     true,
     cli_run},
    {"bench",
     "[STAGE] [--data DATA]",
     "speed of each stage on this machine, beside memcpy",
     cli_bench_about,
     cli_bench_flags,
     false,
     cli_bench},
    {NULL, NULL, NULL, NULL, NULL, false, NULL},
};
/* clang-format on */

const cli_verb *cli_find_verb(const char *name)
{
    for (const cli_verb *verb = cli_verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, name) == 0) {
            return verb;
        }
    }
    return NULL;
}

static int unknown_verb(const char *name)
{
    const char *names[32];
    size_t count = 0;
    for (const cli_verb *verb = cli_verbs; verb->name != NULL && count < 31; verb++) {
        names[count++] = verb->name;
    }
    names[count++] = "help";
    const char *const near = lf_suggest(name, names, count);
    fprintf(stderr, "lobflow: there is no verb \"%s\"", name);
    if (near != NULL) {
        fprintf(stderr, "; did you mean %s?\n", near);
    } else {
        fprintf(stderr, ". Try: lobflow help\n");
    }
    return CLI_USAGE;
}

static void print_verbs(FILE *to)
{
    fputs(
        "lobflow: order books in, an honest profit-and-loss statement out\n\n"
        "lobflow VERB [WORDS] [FLAGS]\n\n",
        to
    );
    for (const cli_verb *verb = cli_verbs; verb->name != NULL; verb++) {
        fprintf(to, "  %-10s %s\n", verb->name, verb->help);
    }
    fputs(
        "  help       this list, or the flags of one verb: lobflow help VERB\n\n"
        "stdout is data, stderr is talk. Exit codes: 0 done, 1 bad data or failed, 2 usage, 130 "
        "interrupted.\n"
        "For research and teaching; trade on paper before anything else.\n",
        to
    );
}

static int help(int argc, char **argv)
{
    if (argc == 0) {
        print_verbs(stdout);
        return CLI_DONE;
    }
    if (strcmp(argv[0], "--man") == 0) {
        cli_print_man(stdout);
        return CLI_DONE;
    }
    if (strcmp(argv[0], "--completion") == 0) {
        cli_print_completion(stdout);
        return CLI_DONE;
    }
    const cli_verb *const verb = cli_find_verb(argv[0]);
    if (verb == NULL) {
        return unknown_verb(argv[0]);
    }
    cli_help(verb, stdout);
    return CLI_DONE;
}

/* What was printed must have arrived: a full disk behind a pipe is a failure too. */
static int finish(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("lobflow: standard output cannot be written.\n", stderr);
        return code == CLI_DONE ? CLI_FAILED : code;
    }
    return code;
}

int main(int argc, char **argv)
{
    static cli_args args;
    if (argc < 2) {
        print_verbs(stderr);
        return CLI_USAGE;
    }
    const char *const name = argv[1];
    if (strcmp(name, "--version") == 0) {
        printf("lobflow %s\n", LF_VERSION);
        return finish(CLI_DONE);
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return finish(help(argc - 2, argv + 2));
    }
    const cli_verb *const verb = cli_find_verb(name);
    if (verb == NULL) {
        return unknown_verb(name);
    }
    const int code = cli_parse(verb, argc - 2, argv + 2, &args);
    if (code != CLI_DONE) {
        return code;
    }
    if (cli_has(&args, "help")) {
        cli_help(verb, stdout);
        return finish(CLI_DONE);
    }
    cli_catch_signals();
    return finish(verb->act(&args));
}
