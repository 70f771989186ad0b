/* The verb convert: any feed as one Databento DBN file, or one of its days as ITCH. */
#include "flags.h"

#include <string.h>

/* clang-format off: one flag a line. */
const cli_flag cli_convert_flags[] = {
    {"output",
     'o',
     CLI_VALUE,
     "FILE",
     "file to write: .dbn, .dbn.zst to compress it, or .itch",
     NULL},
    {"schema", 0, CLI_VALUE, "NAME", "of DBN: mbp-10, mbo or trades", NULL},
    CLI_DATA_FLAGS,
    {0},
};
/* clang-format on */

const char cli_convert_about[] =
    "mbp-10 holds the ten best levels after each message, mbo single orders, trades no book.\n"
    "One DBN file keeps all its instruments unless --symbol chooses one; days of other feeds\n"
    "must be of one symbol. docs/formats/dbn.md says what each event becomes. A name that ends\n"
    "in .itch makes one day of a US equity NASDAQ ITCH 5.0 (docs/formats/itch.md).";

static const struct {
    const char *name;
    lf_dbn_schema schema;
} schemas[] = {
    {"mbp-10", LF_DBN_MBP_10},
    {"mbo", LF_DBN_MBO},
    {"trades", LF_DBN_TRADES},
};

static int take_schema(const cli_args *args, lf_dbn_schema *out)
{
    const char *text;
    const char *names[sizeof schemas / sizeof schemas[0]];
    const int code = cli_need(args, "schema", &text);
    if (code != CLI_DONE) {
        return code;
    }
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        names[i] = schemas[i].name;
        if (strcmp(text, names[i]) == 0) {
            *out = schemas[i].schema;
            return CLI_DONE;
        }
    }
    const char *const near = lf_suggest(text, names, sizeof schemas / sizeof schemas[0]);
    return near != NULL ? cli_usage(
                              args,
                              "--schema is mbp-10, mbo or trades, not \"%s\"; did you mean %s?",
                              text,
                              near
                          )
                        : cli_usage(args, "--schema is mbp-10, mbo or trades, not \"%s\".", text);
}

static bool ends_in(const char *path, const char *ending)
{
    const size_t length = strlen(path), bytes = strlen(ending);
    return length > bytes && strcmp(path + length - bytes, ending) == 0;
}

/* The file's name must say what it is, since every reader goes by it. */
static int take_output(const cli_args *args, const char **out, bool *as_itch)
{
    const int code = cli_need(args, "output", out);
    if (code != CLI_DONE) {
        return code;
    }
    *as_itch = ends_in(*out, ".itch");
    const bool is_dbn =
        ends_in(*out, ".dbn") || ends_in(*out, ".dbn.zst") || strncmp(*out, "/dev/", 5) == 0;
    if (*as_itch && cli_has(args, "schema")) {
        return cli_usage(args, "--schema is for DBN; a file of ITCH holds all messages.");
    }
    return is_dbn || *as_itch
               ? CLI_DONE
               : cli_usage(args, "%s: the file must be .dbn, .dbn.zst or .itch.", *out);
}

static bool progress(void *context, double share)
{
    return cli_progress(context, "convert", share);
}

static void say_count(int64_t count, const char *what)
{
    char sentence[256];
    if (count > 0) {
        (void)snprintf(sentence, sizeof sentence, "%lld %s", (long long)count, what);
        cli_say(NULL, sentence);
    }
}

static void say_what_itch_lost(const lf_convert_report *report)
{
    say_count(report->reset_count, "resets of the book without a halt are not in the file");
    say_count(report->local_count, "local times are not in the file");
    say_count(
        report->repair_count,
        "changes of made-up orders (marked by tracking number) keep the book that of the feed"
    );
}

static void say_what_was_lost(const lf_convert_report *report)
{
    say_count(
        report->hidden_count,
        "hidden executions are trades with flag 2, which only lobflow reads as hidden"
    );
    say_count(
        report->cross_count,
        "auction trades are notes (action N), which are no trades to any reader"
    );
    say_count(
        report->halt_count, "halts are notes, and the book is marked as doubtful until they end"
    );
    say_count(report->reset_count, "resets of the book without a halt are not in the file");
    say_count(report->silent_count, "messages without a trade are not in the file");
    say_count(report->other_count, "records of other kinds, fills and notes are not in the file");
    say_count(
        report->repair_count, "changes of made-up orders (flag 2) keep the book that of the feed"
    );
}

int cli_convert(const cli_args *args)
{
    cli_job job;
    lf_error error;
    lf_feed_options feed;
    lf_convert_options options = {.progress = progress, .feed = &feed};
    lf_convert_report report;
    const char *path;
    bool done = false;
    int code = take_output(args, &path, &options.as_itch);
    if (code == CLI_DONE && !options.as_itch) {
        code = take_schema(args, &options.schema);
    }
    if (code == CLI_DONE) {
        code = cli_job_open(args, 0, &job, &done);
    }
    if (code != CLI_DONE || done) {
        return code;
    }
    lf_run_feed_options(&job.config, &feed);
    const lf_status status = lf_feed_convert(&job.sources, &options, path, &report, &error);
    cli_progress_end();
    if (status == LF_OK) {
        options.as_itch ? say_what_itch_lost(&report) : say_what_was_lost(&report);
        (void)fprintf(
            stderr,
            options.as_itch ? "Wrote %s: %lld messages, %lld bytes.\n"
                            : "Wrote %s: %lld records, %lld bytes before compression.\n",
            path,
            (long long)report.record_count,
            (long long)report.plain_bytes
        );
    } else {
        code = cli_fail(&error);
    }
    cli_job_close(&job);
    return code;
}
