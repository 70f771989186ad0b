/* The verb bench: how fast each stage of the line is on this machine, beside memcpy. */
#include "bench.h"
#include "flags.h"

#include <lobflow/feature.h>

#include <math.h>
#include <string.h>
#include <unistd.h>

#define RUNS_DEFAULT 7
#define MILLION 1e6

/* clang-format off: one flag a line. */
const cli_flag cli_bench_flags[] = {
    {"data", 0, CLI_VALUE, "DATA", "the day to measure; without it one is simulated", NULL},
    {"runs", 0, CLI_VALUE, "N", "runs of each variant after one to warm up (7)", NULL},
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

const char cli_bench_about[] =
    "STAGE is memcpy, l3, feed, dbn, feature, label, model, backtest, frame or run; without it "
    "all\n"
    "are measured. docs/benchmarks.md says how, and what was found on which machine.";

/* In line order. */
static const struct {
    const char *name;
    lf_status (*measure)(bench *work, lf_error *error);
} stages[] = {
    {"l3", bench_l3},
    {"feed", bench_feed},
    {"dbn", bench_dbn},
    {"feature", bench_feature},
    {"label", bench_label},
    {"model", bench_model},
    {"backtest", bench_backtest},
    {"frame", bench_frame},
    {"run", bench_run},
};

#define STAGE_COUNT (sizeof stages / sizeof stages[0])

/* ---- command line ----------------------------------------------------------------------- */

static int take_stage(const cli_args *args, bench *work)
{
    const char *names[STAGE_COUNT + 1] = {"memcpy"};
    const char *words[2];
    const size_t count = cli_many(args, NULL, words, 2);
    if (count > 1) {
        return cli_usage(args, "one stage, or none for all; not \"%s\" too.", words[1]);
    }
    work->only = count == 1 ? words[0] : NULL;
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        names[i + 1] = stages[i].name;
    }
    for (size_t i = 0; i < STAGE_COUNT + 1 && count == 1; i++) {
        if (strcmp(names[i], words[0]) == 0) {
            return CLI_DONE;
        }
    }
    if (count == 0) {
        return CLI_DONE;
    }
    const char *const near = lf_suggest(words[0], names, STAGE_COUNT + 1);
    return near != NULL ? cli_usage(args, "no stage %s; did you mean %s?", words[0], near)
                        : cli_usage(
                              args,
                              "no stage %s; there are memcpy, l3, feed, dbn, feature, "
                              "label, model, backtest, frame and run.",
                              words[0]
                          );
}

static int take_options(const cli_args *args, bench *work)
{
    const char *const data = cli_text(args, "data");
    const char *const runs = cli_text(args, "runs");
    int64_t count = RUNS_DEFAULT;
    if (runs != NULL && (lf_int64_parse(runs, strlen(runs), &count) != LF_OK || count < 1 ||
                         count > BENCH_RUNS_MAX)) {
        return cli_usage(args, "--runs %s: a whole number from 1 to %d.", runs, BENCH_RUNS_MAX);
    }
    if (data != NULL && strlen(data) >= sizeof work->data) {
        return cli_usage(args, "--data: the path is too long.");
    }
    work->runs = (int)count;
    (void)snprintf(work->data, sizeof work->data, "%s", data != NULL ? data : "");
    return take_stage(args, work);
}

/* ---- what is printed -------------------------------------------------------------------- */

static double share_of_memcpy(const bench *work, const bench_result *result)
{
    const double ns = result->ns_mean * (double)result->events;
    return (double)result->bytes / ns / work->memory_speed;
}

static void print_text_head(const bench *work, const char *cpu)
{
    printf(
        "%s, one thread; %s; lobflow %s; features with %s\n"
        "%zu events of %s; median of %d runs after one to warm up; the clock's %.0f ns are taken "
        "off\n\n"
        "%-9s %-25s %10s %10s %10s %9s %9s %9s %9s\n",
        cpu,
        BENCH_COMPILER,
        LF_VERSION,
        lf_feature_kernel_at(0),
        work->day.event_count,
        work->day.instrument.symbol,
        work->runs,
        work->clock_ns,
        "stage",
        "variant",
        "ns p50",
        "ns p99",
        "ns mean",
        "count",
        "ms a run",
        "GB/s",
        "x memcpy"
    );
}

static void print_text(const bench *work, const char *cpu)
{
    print_text_head(work, cpu);
    for (size_t i = 0; i < work->result_count; i++) {
        const bench_result *const result = &work->results[i];
        const double ns = result->ns_mean * (double)result->events;
        /* One event of memcpy is one byte. */
        const int digits = result->ns_mean < 10 ? 3 : 1;
        printf(
            "%-9s %-25s %10.*f %10.*f %10.*f %9zu %9.2f %9.3f %9.3f\n",
            result->stage,
            result->variant,
            digits,
            result->ns_p50,
            digits,
            result->ns_p99,
            digits,
            result->ns_mean,
            result->events,
            ns / MILLION,
            (double)result->bytes / ns,
            share_of_memcpy(work, result)
        );
    }
}

static void print_number(const char *key, double value)
{
    char text[LF_DOUBLE_TEXT_BYTES];
    (void)lf_double_format(value, text);
    printf(", \"%s\": %s", key, isfinite(value) ? text : "null");
}

/* Names of machines and compilers are plain text; what JSON would need escaped is left out. */
static void print_word(const char *key, const char *text)
{
    printf(", \"%s\": \"", key);
    for (; *text != '\0'; text++) {
        if (*text >= ' ' && *text <= '~' && *text != '"' && *text != '\\') {
            putchar(*text);
        }
    }
    putchar('"');
}

/* A list with one entry a line of the table; the first, memcpy, also names the machine. */
static void print_json(const bench *work, const char *cpu)
{
    for (size_t i = 0; i < work->result_count; i++) {
        const bench_result *const result = &work->results[i];
        printf("%s{\"stage\": \"%s\"", i == 0 ? "[" : " ", result->stage);
        print_word("variant", result->variant);
        print_number("ns_p50", result->ns_p50);
        print_number("ns_p99", result->ns_p99);
        print_number("ns_mean", result->ns_mean);
        printf(", \"events\": %zu, \"bytes\": %zu", result->events, result->bytes);
        print_number("memcpy_share", share_of_memcpy(work, result));
        if (i == 0) {
            print_word("cpu", cpu);
            print_word("compiler", BENCH_COMPILER);
            print_word("version", LF_VERSION);
            print_word("feature_kernel", lf_feature_kernel_at(0));
            print_word("symbol", work->day.instrument.symbol);
            printf(", \"runs\": %d", work->runs);
            print_number("clock_ns", work->clock_ns);
        }
        printf("}%s\n", i + 1 < work->result_count ? "," : "]");
    }
}

/* ---- the verb --------------------------------------------------------------------------- */

static lf_status measure_all(bench *work, lf_error *error)
{
    const bool has_day = work->only == NULL || strcmp(work->only, "memcpy") != 0;
    lf_status status = has_day ? bench_day_open(work, error) : LF_OK;
    work->clock_ns = bench_clock_cost();
    if (status == LF_OK) {
        status = bench_memcpy(work, error);
    }
    for (size_t i = 0; i < STAGE_COUNT && status == LF_OK; i++) {
        if (bench_wants(work, stages[i].name)) {
            status = stages[i].measure(work, error);
        }
    }
    return status;
}

int cli_bench(const cli_args *args)
{
    bench work = {0};
    lf_error error = {0};
    char cpu[128];
    const int code = take_options(args, &work);
    if (code != CLI_DONE) {
        return code;
    }
    const ssize_t length = readlink("/proc/self/exe", work.program, sizeof work.program - 1);
    work.program[length > 0 ? length : 0] = '\0';
    bench_cpu_name(cpu, sizeof cpu);
    const lf_status status = measure_all(&work, &error);
    cli_progress_end();
    if (status == LF_OK && cli_has(args, "json")) {
        print_json(&work, cpu);
    } else if (status == LF_OK) {
        print_text(&work, cpu);
    }
    bench_day_close(&work);
    return status == LF_OK ? CLI_DONE : cli_fail(&error);
}
