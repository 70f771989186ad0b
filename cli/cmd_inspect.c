/* The verb inspect: what the data is, and what is wrong with it. */
#include "flags.h"
#include "inspect_cme.h"
#include "inspect_itch.h"
#include "inspect_json.h"

#include <lobflow/book.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off: one flag a line. */
const cli_flag cli_inspect_flags[] = {
    CLI_DATA_FLAGS,
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

/* What was found on one symbol-day. */
typedef struct finding {
    lf_instrument instrument;
    lf_feed_stats stats;
    lf_book_summary book;
    const lf_source *source;
} finding;

/* ---- reading ---------------------------------------------------------------------------- */

static double share_read(const lf_feed_stats *stats)
{
    return stats->input_bytes_total > 0
               ? (double)stats->input_bytes / (double)stats->input_bytes_total
               : 0;
}

static lf_status
read_all(const cli_job *job, size_t day, lf_feed *feed, lf_book_summarizer *book, lf_error *error)
{
    lf_batch batch;
    for (;;) {
        const lf_status status = lf_feed_next(feed, &batch, error);
        if (status != LF_OK || batch.event_count == 0) {
            return status;
        }
        lf_book_summarizer_push(book, &batch);
        const double part = share_read(lf_feed_stats_of(feed));
        if (!cli_progress(NULL, "inspect", ((double)day + part) / (double)job->sources.count)) {
            return lf_error_set(error, LF_CANCELLED, "Stopped.");
        }
    }
}

static lf_status inspect_day(const cli_job *job, size_t day, finding *out, lf_error *error)
{
    lf_feed_options options;
    lf_feed *feed = NULL;
    lf_book_summarizer *book = NULL;
    lf_run_feed_options(&job->config, &options);
    out->source = &job->sources.sources[day];
    lf_status status = lf_feed_open(out->source, &options, &feed, error);
    if (status == LF_OK) {
        out->instrument = *lf_feed_instrument(feed);
        status = lf_book_summarizer_create(NULL, &out->instrument, &book, error);
    }
    if (status == LF_OK) {
        status = read_all(job, day, feed, book, error);
    }
    if (status == LF_OK) {
        out->stats = *lf_feed_stats_of(feed);
        lf_book_summarizer_get(book, &out->book);
        if (isnan(out->book.median_spread_ticks)) {
            status = lf_error_set_at(
                error,
                LF_DATA,
                out->source->path,
                LF_POSITION_NONE,
                LF_POSITION_NONE,
                "the book is never valid in %lld events: no state has a bid below an ask (trades "
                "alone make no book); is it the right orderbook file?",
                (long long)out->stats.event_count
            );
        }
    }
    lf_book_summarizer_destroy(book);
    lf_feed_close(feed);
    return status;
}

/* ---- showing ---------------------------------------------------------------------------- */

static double masked_share(const finding *found)
{
    return found->book.session_ns > 0
               ? (double)found->book.masked_ns / (double)found->book.session_ns
               : 0;
}

static json_t *kinds_json(const int64_t *kinds)
{
    return json_pack(
        "{sI sI sI sI sI sI sI}",
        "add",
        (json_int_t)kinds[LF_EVENT_ADD],
        "cancel",
        (json_int_t)kinds[LF_EVENT_CANCEL],
        "delete",
        (json_int_t)kinds[LF_EVENT_DELETE],
        "execute",
        (json_int_t)kinds[LF_EVENT_EXECUTE],
        "hidden",
        (json_int_t)kinds[LF_EVENT_HIDDEN],
        "cross",
        (json_int_t)kinds[LF_EVENT_CROSS],
        "halt",
        (json_int_t)kinds[LF_EVENT_HALT]
    );
}

static json_t *facts_json(const finding *found)
{
    char date[11];
    lf_date_format(found->instrument.date, date);
    const lf_book_summary *const book = &found->book;
    return json_pack(
        "{ss ss ss ss si sf sf sI sI sI sI sI sI sI sI sI sI sI sI sI sI sf sI sI sf sI so}",
        "format",
        found->source->format,
        "symbol",
        found->instrument.symbol,
        "venue",
        found->instrument.venue,
        "date",
        date,
        "levels",
        (int)found->source->level_count,
        "tick",
        (double)found->instrument.tick_nano * 1e-9,
        "lot",
        (double)found->instrument.lot_nano * 1e-9,
        "events",
        (json_int_t)found->stats.event_count,
        "trades_visible",
        (json_int_t)(book->trade_count - book->hidden_trade_count),
        "trades_hidden",
        (json_int_t)book->hidden_trade_count,
        "crosses",
        (json_int_t)book->cross_count,
        "halts",
        (json_int_t)found->stats.halt_count,
        "mid_changes",
        (json_int_t)book->mid_change_count,
        "crossed_states",
        (json_int_t)book->crossed_count,
        "one_sided_states",
        (json_int_t)book->one_sided_count,
        "gaps",
        (json_int_t)found->stats.gap_count,
        "checks",
        (json_int_t)found->stats.check_count,
        "violations",
        (json_int_t)found->stats.violation_count,
        "stale",
        (json_int_t)found->stats.stale_count,
        "skipped",
        (json_int_t)found->stats.skipped_count,
        "clock_shift_ns",
        (json_int_t)found->stats.clock_shift_ns,
        "masked_share",
        masked_share(found),
        "first_ts",
        (json_int_t)found->stats.first_ts_ns,
        "last_ts",
        (json_int_t)found->stats.last_ts_ns,
        "median_spread_ticks",
        book->median_spread_ticks,
        "longest_silence_ns",
        (json_int_t)book->longest_silence_ns,
        "kinds",
        kinds_json(found->stats.kind_counts)
    );
}

static json_t *to_json(const finding *found)
{
    const lf_feed_stats *const stats = &found->stats;
    json_t *const root = facts_json(found);
    const struct {
        const char *key;
        int64_t count;
    } rows[] = {
        {"unknown_orders", stats->unknown_order_count},
        {"duplicate_orders", stats->duplicate_order_count},
        {"overfills", stats->overfill_count},
        {"broken_trades", stats->broken_count},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)json_object_set_new(root, rows[i].key, json_integer((json_int_t)rows[i].count));
    }
    return root;
}

static void print_count(const char *name, int64_t count, const char *remark)
{
    printf("  %-20s %12lld%s%s\n", name, (long long)count, remark[0] != '\0' ? "  " : "", remark);
}

/* What only some feeds have. */
static void print_notes(const lf_feed_stats *stats)
{
    if (stats->stale_count > 0) {
        print_count("doubled or late", stats->stale_count, "messages, passed over");
    }
    if (stats->skipped_count > 0) {
        print_count("of other kinds", stats->skipped_count, "messages, passed over");
    }
    if (stats->unknown_order_count > 0) {
        print_count("unknown orders", stats->unknown_order_count, "that messages are about");
    }
    if (stats->duplicate_order_count > 0) {
        print_count("doubled orders", stats->duplicate_order_count, "added while they were there");
    }
    if (stats->overfill_count > 0) {
        print_count("overfilled orders", stats->overfill_count, "that lost more than they had");
    }
    if (stats->broken_count > 0) {
        print_count("broken trades", stats->broken_count, "declared void later, kept as they were");
    }
    if (stats->clock_shift_ns > 0) {
        printf(
            "  %-20s %12.3f  s behind the exchange's at most; all local times are shifted by it\n",
            "local clock",
            (double)stats->clock_shift_ns * 1e-9
        );
    }
}

static void print_text(const finding *found)
{
    const lf_feed_stats *const stats = &found->stats;
    const lf_book_summary *const book = &found->book;
    char date[11];
    char first[32];
    char last[32];
    char remark[128] = "";
    lf_date_format(found->instrument.date, date);
    lf_time_format(stats->first_ts_ns, first);
    lf_time_format(stats->last_ts_ns, last);
    printf("%s %s\n", found->instrument.symbol, date);
    printf(
        "  %-20s %s, %d levels, tick %g %s\n",
        "format",
        found->source->format,
        (int)found->source->level_count,
        (double)found->instrument.tick_nano * 1e-9,
        found->instrument.currency
    );
    printf("  %-20s %s to %s\n", "time", first, last);
    print_count("events", stats->event_count, "");
    print_count("trades, visible", book->trade_count - book->hidden_trade_count, "");
    print_count("trades, hidden", book->hidden_trade_count, "");
    print_count("crosses", book->cross_count, "");
    print_count("halts", stats->halt_count, "");
    print_count("gaps", stats->gap_count, "");
    print_count("mid changes", book->mid_change_count, "");
    printf("  %-20s %12g  ticks\n", "median spread", book->median_spread_ticks);
    print_count("crossed states", book->crossed_count, "");
    print_count("one-sided states", book->one_sided_count, "");
    if (stats->violation_count > 0) {
        (void)snprintf(
            remark,
            sizeof remark,
            "of %lld checks, first at line %lld",
            (long long)stats->check_count,
            (long long)stats->first_violation_line
        );
    } else {
        (void)snprintf(remark, sizeof remark, "in %lld checks", (long long)stats->check_count);
    }
    print_count("book violations", stats->violation_count, remark);
    printf("  %-20s %11.3f%%  of the session\n", "masked", 100 * masked_share(found));
    printf("  %-20s %12.1f  s\n", "longest silence", (double)book->longest_silence_ns * 1e-9);
    print_notes(stats);
}

static int show(const finding *found, size_t count, bool is_json)
{
    if (!is_json) {
        for (size_t i = 0; i < count; i++) {
            printf("%s", i > 0 ? "\n" : "");
            print_text(&found[i]);
        }
        return CLI_DONE;
    }
    json_t *const list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, to_json(&found[i]));
    }
    inspect_print_json(list);
    json_decref(list);
    return CLI_DONE;
}

/* The paths when all that is named is of one sort (captures of CME, ITCH of several stocks), which
   are counted as they are; a symbol asks for a book. */
static size_t paths_of(const cli_args *args, bool (*is_one)(const char *path), const char **paths)
{
    size_t count = cli_many(args, NULL, paths, CLI_WORDS_MAX);
    count += cli_many(args, "data", paths + count, CLI_WORDS_MAX - count);
    for (size_t i = 0; i < count; i++) {
        if (cli_has(args, "symbol") || !is_one(paths[i])) {
            return 0;
        }
    }
    return count;
}

int cli_inspect(const cli_args *args)
{
    const char *captures[CLI_WORDS_MAX];
    size_t count = paths_of(args, lf_cme_is_capture, captures);
    if (count > 0) {
        return cli_inspect_cme(captures, count, cli_has(args, "json"));
    }
    count = paths_of(args, lf_itch_is_market, captures);
    if (count > 0) {
        return cli_inspect_itch(captures, count, cli_has(args, "json"));
    }
    cli_job job;
    lf_error error;
    bool done = false;
    int code = cli_job_open(args, 0, &job, &done);
    if (code != CLI_DONE || done) {
        return code;
    }
    finding *const found = calloc(job.sources.count, sizeof *found);
    lf_status status = found != NULL ? LF_OK : lf_error_set(&error, LF_NOMEM, "No memory.");
    for (size_t i = 0; i < job.sources.count && status == LF_OK; i++) {
        status = inspect_day(&job, i, &found[i], &error);
    }
    cli_progress_end();
    code =
        status == LF_OK ? show(found, job.sources.count, cli_has(args, "json")) : cli_fail(&error);
    free(found);
    cli_job_close(&job);
    return code;
}
