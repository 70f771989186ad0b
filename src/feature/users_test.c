/*
 * Goal: features of one's own obey what built-in ones do: a row depends on the past alone, repeats
 * to the bit, mirrors by its rule, begins anew at a reset, and the engine takes no memory later;
 * what cannot be registered, and what a model misses, is refused by name.
 * Method: random sessions of market_testing.h; the values beside a loop over the events.
 */
#include "market_testing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define SEEDS 5
#define OWN 4
#define WARMUP_NS (20 * LF_NS_PER_SECOND)

/* ---- four features ---------------------------------------------------------------------- */

/* Lots traded on both sides since t_0, unsigned ones left out. */
typedef struct volume {
    int64_t lots[2]; /* bought, sold */
} volume;

static void take_volume(const lf_event *event, const lf_trade *trades, void *state)
{
    volume *const sums = state;
    for (size_t i = 0; i < event->trade_count; i++) {
        sums->lots[0] += trades[i].sign == 1 ? trades[i].size_lots : 0;
        sums->lots[1] += trades[i].sign == -1 ? trades[i].size_lots : 0;
    }
}

static double bought(const lf_feature_view *view, const double *row, const void *state)
{
    (void)view;
    (void)row;
    return (double)((const volume *)state)->lots[0];
}

static double sold(const lf_feature_view *view, const double *row, const void *state)
{
    (void)view;
    (void)row;
    return (double)((const volume *)state)->lots[1];
}

/* Lots on the bid less those on the ask, all levels: of the state alone. */
static double lean(const lf_feature_view *view, const double *row, const void *state)
{
    (void)row;
    assert_null(state);
    int64_t sum = 0;
    for (int64_t m = 0; m < view->level_count; m++) {
        sum += view->quotes.bid_lots[m] - view->quotes.ask_lots[m];
    }
    return (double)sum;
}

/* Of a built-in feature; without a value where that has none, infinite where it is 0. */
static double of_row(const lf_feature_view *view, const double *row, const void *state)
{
    (void)state;
    assert_true(view->ts_ns >= view->start_ns + WARMUP_NS);
    return 1 / row[LFI_TRADE_IMBALANCE_10S];
}

static const lf_feature_user items[OWN] = {
    {
        .name = "bought",
        .unit = "lots",
        .mirror = LF_MIRROR_SWAP,
        .partner = "sold",
        .state_bytes = sizeof(volume),
        .take = take_volume,
        .value = bought,
    },
    {
        .name = "lean",
        .mirror = LF_MIRROR_ODD,
        .version = "2",
        .value = lean,
    },
    {
        .name = "sold",
        .unit = "lots",
        .mirror = LF_MIRROR_SWAP,
        .partner = "bought",
        .state_bytes = sizeof(volume),
        .take = take_volume,
        .value = sold,
    },
    {
        .name = "inverse_10s",
        .mirror = LF_MIRROR_ODD,
        .warmup_ns = WARMUP_NS,
        .value = of_row,
    },
};

static lf_feature_users *new_users(void)
{
    lf_feature_users *users = NULL;
    assert_int_equal(lf_feature_users_create(NULL, items, OWN, &users, NULL), LF_OK);
    return users;
}

/* ---- rows ------------------------------------------------------------------------------- */

static market_options options_of(uint64_t seed)
{
    return (market_options){
        .seed = seed,
        .event_count = 4000,
        .length_s = 1000,
        .base_ticks = 100000,
        .level_count = seed % 2 == 0 ? 10 : 3,
        .is_clean = seed % 4 == 0,
    };
}

typedef struct table {
    double (*values)[OWN]; /* [count] */
    bool *valid;
    size_t count;
} table;

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void ask(lf_feature_engine *engine, int64_t t_ns, double *values, bool *valid)
{
    double row[LFI_FEATURE_COUNT];
    lf_feature_row(engine, t_ns, row, valid);
    lf_feature_user_row(engine, t_ns, row, values);
}

/* Rows on the 1-s grid from the first events; with asks_often at every event time too. */
static table
run_day(const market *day, const lf_feature_users *users, size_t event_count, bool asks_often)
{
    lf_feature_engine *engine;
    const lf_feature_options options = {.users = users, .vpin_bucket_lots = 50};
    assert_int_equal(lf_feature_engine_create(&day->instrument, &options, &engine, NULL), LF_OK);
    const int64_t open_ns = day->instrument.session_open_ns;
    const int64_t length_ns = day->instrument.session_close_ns - open_ns;
    table out = {.count = (size_t)(length_ns / LF_NS_PER_SECOND)};
    out.values = calloc(out.count, sizeof *out.values);
    out.valid = calloc(out.count, sizeof *out.valid);
    size_t next = 0;
    for (size_t k = 0; k < out.count; k++) {
        const int64_t t_ns = open_ns + (int64_t)k * LF_NS_PER_SECOND;
        while (next < event_count && day->events[next].ts_exchange_ns <= t_ns) {
            const lf_event *const event = &day->events[next];
            double values[OWN];
            bool valid;
            assert_int_equal(
                lf_feature_update(engine, event, day->trades + event->trade_first), LF_OK
            );
            next++;
            if (asks_often &&
                (next == event_count || event[1].ts_exchange_ns > event->ts_exchange_ns)) {
                ask(engine, event->ts_exchange_ns, values, &valid);
            }
        }
        ask(engine, t_ns, out.values[k], &out.valid[k]);
    }
    lf_feature_engine_destroy(engine);
    return out;
}

static void free_table(table *rows)
{
    free(rows->values);
    free(rows->valid);
}

/* ---- tests ------------------------------------------------------------------------------ */

/* Beside a loop over the events: sums begin at t_0 and at each reset. */
static void test_values(void **state)
{
    (void)state;
    lf_feature_users *users = new_users();
    size_t resets = 0;
    size_t defined = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const market_options options = options_of(seed);
        market day = market_make(&options);
        table rows = run_day(&day, users, day.event_count, false);
        volume sums = {{0, 0}};
        size_t next = 0;
        for (size_t k = 0; k < rows.count; k++) {
            const int64_t t_ns = day.instrument.session_open_ns + (int64_t)k * LF_NS_PER_SECOND;
            for (; next < day.event_count && day.events[next].ts_exchange_ns <= t_ns; next++) {
                const lf_event *const event = &day.events[next];
                if ((event->flags & LF_EVENT_RESET) != 0) {
                    memset(&sums, 0, sizeof sums);
                    resets++;
                }
                if (event->ts_exchange_ns >= day.instrument.session_open_ns) {
                    take_volume(event, day.trades + event->trade_first, &sums);
                }
            }
            const double *const v = rows.values[k];
            assert_true(same(v[0], rows.valid[k] ? (double)sums.lots[0] : NAN));
            assert_true(same(v[2], rows.valid[k] ? (double)sums.lots[1] : NAN));
            assert_true(isnan(v[1]) == !rows.valid[k]);
            assert_true(isnan(v[3]) || (rows.valid[k] && isfinite(v[3])));
            defined += isnan(v[3]) ? 0 : 1;
        }
        free_table(&rows);
        market_free(&day);
    }
    assert_true(resets > 0 && defined > 0);
    lf_feature_users_destroy(users);
}

/* A file that ends early gives the same rows up to its end; asking often changes nothing. */
static void test_prefix(void **state)
{
    (void)state;
    lf_feature_users *users = new_users();
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const market_options options = options_of(seed);
        market day = market_make(&options);
        table whole = run_day(&day, users, day.event_count, false);
        table often = run_day(&day, users, day.event_count, true);
        assert_memory_equal(whole.values, often.values, whole.count * sizeof *whole.values);
        for (size_t part = 1; part < 5; part++) {
            const size_t cut = day.event_count * part / 5;
            const int64_t end_ns = day.events[cut].ts_exchange_ns;
            table prefix = run_day(&day, users, cut, false);
            size_t compared = 0;
            for (size_t k = 0; k < whole.count; k++) {
                const int64_t t_ns = day.instrument.session_open_ns + (int64_t)k * LF_NS_PER_SECOND;
                for (int i = 0; i < OWN && t_ns < end_ns; i++) {
                    assert_true(same(whole.values[k][i], prefix.values[k][i]));
                    compared++;
                }
            }
            assert_true(compared > 0);
            free_table(&prefix);
        }
        free_table(&whole);
        free_table(&often);
        market_free(&day);
    }
    lf_feature_users_destroy(users);
}

static void test_mirror(void **state)
{
    (void)state;
    lf_feature_users *users = new_users();
    size_t indices[OWN];
    for (size_t i = 0; i < OWN; i++) {
        indices[i] = lf_feature_find_of(users, items[i].name);
        assert_int_equal(indices[i], lf_feature_count_all() + i);
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const market_options options = options_of(seed);
        market day = market_make(&options);
        market mirrored = market_mirror(&day, 2 * options.base_ticks + MARKET_TICKS);
        table rows = run_day(&day, users, day.event_count, false);
        table others = run_day(&mirrored, users, day.event_count, false);
        for (size_t k = 0; k < rows.count; k++) {
            double expected[OWN];
            assert_int_equal(
                lf_feature_mirror_row_of(users, indices, OWN, rows.values[k], expected, NULL), LF_OK
            );
            for (int i = 0; i < OWN; i++) {
                assert_true(same(others.values[k][i], expected[i]));
            }
        }
        free_table(&rows);
        free_table(&others);
        market_free(&day);
        market_free(&mirrored);
    }
    lf_error error;
    double out[1];
    assert_int_equal(
        lf_feature_mirror_row_of(users, indices, 1, &(double){1}, out, &error), LF_RANGE
    );
    assert_non_null(strstr(error.message, "partner sold"));
    lf_feature_users_destroy(users);
}

static void test_select(void **state)
{
    (void)state;
    lf_feature_users *users = new_users();
    size_t indices[LFI_FEATURE_INDICES_MAX];
    size_t count = 0;
    const size_t first = lf_feature_count_all();
    assert_int_equal(lf_feature_select_of(users, "sold,vpin,user", indices, &count, NULL), LF_OK);
    assert_int_equal(count, OWN + 1);
    assert_int_equal(indices[0], first + 2);
    assert_int_equal(indices[1], LFI_VPIN);
    assert_int_equal(indices[2], first);
    assert_int_equal(lf_feature_select_of(users, "default", indices, &count, NULL), LF_OK);
    assert_int_equal(count, lf_feature_count());
    lf_error error;
    assert_int_equal(
        lf_feature_select_of(users, "inverse_1s", indices, &count, &error), LF_NOT_FOUND
    );
    assert_non_null(strstr(error.message, "\"inverse_10s\""));
    assert_int_equal(lf_feature_select_of(NULL, "user", indices, &count, NULL), LF_NOT_FOUND);
    assert_string_equal(lf_feature_info_of(users, first + 1)->name, "lean");
    assert_string_equal(lf_feature_info_of(users, first + 1)->group, "user");
    lf_feature_users_destroy(users);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *says;
        lf_feature_user item;
    } cases[] = {
        {"no name", {.name = NULL}},
        {"no name", {.name = ""}},
        {"no name", {.name = "Big"}},
        {"no name", {.name = "1st"}},
        {"no name", {.name = "a name"}},
        {"no name", {.name = "a23456789012345678901234567890123456789012345678"}},
        {"built in", {.name = "vpin"}},
        {"built in", {.name = "ofi_integrated_1s"}},
        {"built in", {.name = "ofi_norm_m1_1s"}},
        {"built in", {.name = "default"}},
        {"twice", {.name = "lean"}},
        {"a partner goes", {.name = "x", .mirror = LF_MIRROR_SWAP}},
        {"a partner goes", {.name = "x", .mirror = LF_MIRROR_ODD, .partner = "lean"}},
        {"its partner", {.name = "x", .mirror = LF_MIRROR_SWAP, .partner = "lean"}},
        {"its partner", {.name = "x", .mirror = LF_MIRROR_SWAP, .partner = "x"}},
        {"its partner", {.name = "x", .mirror = LF_MIRROR_SWAP, .partner = "vpin"}},
        {"its partner", {.name = "x", .mirror = LF_MIRROR_SWAP_MINUS, .partner = "sold"}},
        {"warm-up", {.name = "x", .warmup_ns = -1}},
        {"1 MiB", {.name = "x", .state_bytes = LF_FEATURE_STATE_BYTES_MAX + 1}},
        {"mirror rule", {.name = "x", .mirror = (lf_mirror)7}},
        {"more than 63",
         {.name = "x",
          .version = "0123456789012345678901234567890123456789012345678901234567890123456789"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lf_feature_user list[OWN + 1];
        lf_feature_users *users = NULL;
        lf_error error;
        memcpy(list, items, sizeof items);
        list[OWN] = cases[i].item;
        assert_int_equal(lf_feature_users_create(NULL, list, OWN + 1, &users, &error), LF_RANGE);
        assert_null(users);
        assert_non_null(strstr(error.message, cases[i].says));
    }
    lf_feature_users *users = NULL;
    assert_int_equal(lf_feature_users_create(NULL, items, 0, &users, NULL), LF_RANGE);
    assert_int_equal(lf_feature_users_create(NULL, items, 33, &users, NULL), LF_RANGE);
}

/* What a model wants is found by name wherever it stands, and has to be the same. */
static void test_match(void **state)
{
    (void)state;
    lf_feature_users *have = new_users();
    const lf_feature_user wanted[] = {
        {.name = "lean", .mirror = LF_MIRROR_ODD, .version = "2"},
        {.name = "bought", .mirror = LF_MIRROR_SWAP, .partner = "sold"},
        {.name = "sold", .mirror = LF_MIRROR_SWAP, .partner = "bought"},
    };
    lf_feature_users *want = NULL;
    size_t places[3];
    lf_error error;
    assert_int_equal(lf_feature_users_create(NULL, wanted, 3, &want, NULL), LF_OK);
    assert_int_equal(lf_feature_users_match(have, want, places, NULL), LF_OK);
    assert_int_equal(places[0], 1);
    assert_int_equal(places[1], 0);
    assert_int_equal(places[2], 2);
    assert_int_equal(lf_feature_users_match(have, NULL, NULL, NULL), LF_OK);
    assert_int_equal(lf_feature_users_match(NULL, want, places, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "\"lean\" is not built in, and nothing makes it"));
    assert_int_equal(lf_feature_users_match(want, want, places, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "no function"));
    lf_feature_users_destroy(want);
    const lf_feature_user others[] = {
        {.name = "lean", .mirror = LF_MIRROR_ODD, .version = "3"},
        {.name = "lean", .mirror = LF_MIRROR_EVEN, .version = "2"},
    };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lf_feature_users_create(NULL, &others[i], 1, &want, NULL), LF_OK);
        assert_int_equal(lf_feature_users_match(have, want, places, &error), LF_MISMATCH);
        assert_non_null(strstr(error.message, i == 0 ? "version" : "mirror rule"));
        /* An engine takes no feature that is only declared. */
        const market_options options = options_of(1);
        market day = market_make(&options);
        const lf_feature_options engine_options = {.users = want};
        lf_feature_engine *engine = NULL;
        assert_int_equal(
            lf_feature_engine_create(&day.instrument, &engine_options, &engine, NULL), LF_MISMATCH
        );
        market_free(&day);
        lf_feature_users_destroy(want);
    }
    lf_feature_users_destroy(have);
}

static void test_memory(void **state)
{
    (void)state;
    const market_options options = options_of(2);
    market day = market_make(&options);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_feature_users *users = NULL;
        lf_feature_engine *engine = NULL;
        lf_status status = lf_feature_users_create(&memory.allocator, items, OWN, &users, NULL);
        if (status == LF_OK) {
            const lf_feature_options engine_options = {
                .allocator = &memory.allocator, .users = users};
            status = lf_feature_engine_create(&day.instrument, &engine_options, &engine, NULL);
        }
        const uint64_t calls = memory.calls;
        for (size_t i = 0; i < day.event_count && status == LF_OK; i++) {
            double values[OWN];
            bool valid;
            const lf_event *const event = &day.events[i];
            status = lf_feature_update(engine, event, day.trades + event->trade_first);
            ask(engine, event->ts_exchange_ns, values, &valid);
        }
        assert_int_equal(memory.calls, calls);
        lf_feature_engine_destroy(engine);
        lf_feature_users_destroy(users);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    market_free(&day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
