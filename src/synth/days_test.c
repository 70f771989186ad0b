/*
 * Goal: symbol-days are the same however many are written at once and beside whatever others, days
 * that go on begin where the last one ended, and correlated symbols move together by as much as was
 * asked for without one telling the other's future. Method: files compared byte by byte; latent
 * prices of two symbols sampled each minute of some days.
 */
#include "synth_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define MINUTES 390
#define DAYS 6

/* Fingerprint of both files of a symbol-day. */
static uint64_t file_hash(const char *folder, const char *symbol, int day)
{
    static const char *const kinds[] = {"message", "orderbook"};
    uint64_t hash = 0;
    for (int k = 0; k < 2; k++) {
        char path[1300], *text;
        size_t bytes;
        (void)snprintf(
            path,
            sizeof path,
            "%s/%s_2024-01-0%d_34200000_57600000_%s_10.csv",
            folder,
            symbol,
            2 + day,
            kinds[k]
        );
        assert_int_equal(lf_file_read_all(NULL, path, &text, &bytes, NULL), LF_OK);
        assert_true(bytes > 1000);
        hash = lf_hash64(text, bytes, hash);
        lf_release(NULL, text);
    }
    return hash;
}

typedef struct tally {
    int calls;
    double last;
} tally;

static bool count_up(void *context, int32_t day, double share)
{
    tally *t = context;
    t->calls++;
    assert_true(day + share >= t->last - 1e-9);
    t->last = day + share;
    return true;
}

static void write_days(
    const lf_synth_options *options,
    const char *folder,
    const char *const *symbols,
    size_t symbol_count,
    int32_t job_count
)
{
    tally told = {0, 0};
    const lf_synth_writing writing = {
        .symbols = symbols,
        .symbol_count = symbol_count,
        .job_count = job_count,
        .folder = folder,
        .progress = count_up,
        .context = &told,
    };
    assert_int_equal(lf_synth_write_symbols(options, &writing, NULL), LF_OK);
    const double all = (double)symbol_count * options->day_count;
    assert_true(told.calls > 0 && told.last > all - 0.2 && told.last <= all);
}

static void test_same_bytes_in_any_company(void **state)
{
    (void)state;
    static const char *const symbols[] = {"AAA", "BBB", "CCC"};
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        lf_testing_folder one, four, alone;
        assert_true(lf_testing_folder_make(&one));
        assert_true(lf_testing_folder_make(&four));
        assert_true(lf_testing_folder_make(&alone));
        lf_synth_options options;
        lf_synth_options_default(&options);
        options.activity = 0.02;
        options.day_count = 3;
        options.correlation = 0.3;
        options.is_continuous = goes_on;
        write_days(&options, one.path, symbols, 3, 1);
        write_days(&options, four.path, symbols, 3, 4);
        options.day_count = 2;
        write_days(&options, alone.path, &symbols[1], 1, 1);
        for (int day = 0; day < 3; day++) {
            for (int i = 0; i < 3; i++) {
                const uint64_t hash = file_hash(one.path, symbols[i], day);
                assert_true(hash == file_hash(four.path, symbols[i], day));
                assert_true(i != 1 || day > 1 || hash == file_hash(alone.path, symbols[i], day));
                assert_true(i == 0 || hash != file_hash(one.path, symbols[i - 1], day));
            }
        }
        lf_testing_folder_remove(&one);
        lf_testing_folder_remove(&four);
        lf_testing_folder_remove(&alone);
    }
}

static void test_days_go_on(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_synth_options options;
    lf_synth_options_default(&options);
    options.activity = 0.02;
    options.day_count = 4;
    options.is_continuous = true;
    const char *symbol = "SYN", *path = folder.path;
    write_days(&options, path, &symbol, 1, 2);
    lf_source_list list;
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 4);
    double close = 0, night_square = 0;
    for (size_t day = 0; day < list.count; day++) {
        lf_feed *feed;
        lf_batch batch;
        bool is_first = true;
        assert_int_equal(lf_feed_open(&list.sources[day], NULL, &feed, NULL), LF_OK);
        for (;;) {
            assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
            if (batch.event_count == 0) {
                break;
            }
            const lf_quotes *q = &batch.events[0].quotes;
            if (is_first && day > 0) {
                const double night = log((double)(q->bid_ticks[0] + q->ask_ticks[0]) / 2 / close);
                print_message("night %zu: %+.4f\n", day, night);
                assert_true(fabs(night) < 0.035);
                night_square += night * night;
            }
            is_first = false;
            q = &batch.events[batch.event_count - 1].quotes;
            close = (double)(q->bid_ticks[0] + q->ask_ticks[0]) / 2;
        }
        lf_feed_close(feed);
    }
    assert_true(night_square > 1e-6);
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

/* Latent price at the end of each minute. */
static void sample(const lf_synth_options *options, int32_t day, double out[MINUTES + 1])
{
    lf_synth *synth;
    lf_batch batch;
    int at = 0;
    assert_int_equal(lf_synth_open(options, day, &synth, NULL), LF_OK);
    const int64_t open_ns = lf_synth_instrument(synth)->session_open_ns;
    for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
        const lfi_synth_trace *traces = lfi_synth_traces(synth);
        for (size_t i = 0; i < batch.event_count; i++) {
            const int64_t since_ns = batch.events[i].ts_exchange_ns - open_ns;
            while (at <= MINUTES && at * LF_NS_PER_MINUTE <= since_ns) {
                out[at++] = traces[i].latent;
            }
        }
    }
    while (at <= MINUTES) {
        out[at] = out[at - 1];
        at++;
    }
    lf_synth_close(synth);
}

typedef struct sums {
    double aa, bb, ab, lead;
    double n;
} sums;

static void add_day(const lf_synth_options *options, int32_t day, sums *out)
{
    double a[MINUTES + 1], b[MINUTES + 1];
    lf_synth_options own = *options;
    sample(&own, day, a);
    memcpy(own.symbol, "OTHER", 6);
    sample(&own, day, b);
    for (int i = 1; i <= MINUTES; i++) {
        const double x = a[i] - a[i - 1], y = b[i] - b[i - 1];
        out->aa += x * x;
        out->bb += y * y;
        out->ab += x * y;
        out->lead += i < MINUTES ? x * (b[i + 1] - b[i]) : 0;
        out->n++;
    }
}

static void test_symbols_move_together(void **state)
{
    (void)state;
    static const struct {
        lf_synth_preset preset;
        double correlation;
    } rows[] = {
        {LF_SYNTH_SMALL_TICK, 0},
        {LF_SYNTH_SMALL_TICK, 0.4},
        {LF_SYNTH_LARGE_TICK, 0.5},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        lf_synth_options options;
        lf_synth_options_default(&options);
        options.preset = rows[r].preset;
        options.activity = 0.1;
        options.correlation = rows[r].correlation;
        /* Changing activities, each symbol's its own, take a little of it. */
        lf_synth_model model;
        lf_synth_model_default(rows[r].preset, &model);
        model.activity_sd = 0;
        options.model = &model;
        sums all = {0, 0, 0, 0, 0};
        for (int32_t day = 0; day < DAYS; day++) {
            add_day(&options, day, &all);
        }
        const double scale = sqrt(all.aa * all.bb);
        const double usual = model.volatility * model.volatility * 60 * options.activity;
        print_message(
            "correlation %.2f: found %.3f, of the next minute %.3f, variance %.3f of the model's\n",
            rows[r].correlation,
            all.ab / scale,
            all.lead / scale,
            all.aa / all.n / usual
        );
        /* Four standard errors of independent minutes. */
        assert_true(fabs(all.ab / scale - rows[r].correlation) < 4 / sqrt(all.n));
        assert_true(fabs(all.lead / scale) < 4 / sqrt(all.n));
        assert_true(fabs(all.aa / all.n / usual - 1) < 0.2);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const symbols[] = {"AAA", "AAA", "A_B"};
    static const struct {
        size_t first, symbols;
        int32_t jobs;
        double correlation;
        const char *says;
    } rows[] = {
        {0, 2, 1, 0, "twice"},
        {1, 2, 1, 0, "first no mark"},
        {0, 0, 1, 0, "at least 1 symbol"},
        {0, 1, 0, 0, "jobs"},
        {0, 1, 1, 0.5, "from 0 to 0.40"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_synth_options options;
        lf_error error;
        lf_synth_options_default(&options);
        options.correlation = rows[i].correlation;
        const lf_synth_writing writing = {
            .symbols = symbols + rows[i].first,
            .symbol_count = rows[i].symbols,
            .job_count = rows[i].jobs,
            .folder = "/no/such/folder",
        };
        assert_int_equal(lf_synth_write_symbols(&options, &writing, &error), LF_RANGE);
        assert_non_null(strstr(error.message, rows[i].says));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes_in_any_company),
        cmocka_unit_test(test_days_go_on),
        cmocka_unit_test(test_symbols_move_together),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
