/*
 * Goal: ten levels of a record taken at once are those taken one by one, in every value, and what
 *       is no usual price is left to the reader of single levels.
 * Method: random records near each other, with missing levels, prices between ticks and far ones;
 *         expected quotes by division. Skipped where the processor cannot.
 */
#include "dbn.h"

#include <lobflow/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define RECORDS 200000
#define TICK_NANO 10000000
#define EXACT_MAX (INT64_C(1) << 53)

/* A price of one of the sorts that files have; most are whole ticks, of which there may be none. */
static int64_t some_price(lf_random *random, int64_t tick_nano)
{
    static const int64_t odd[] = {
        DBN_PRICE_NONE,
        INT64_MIN,
        -INT64_MAX,
        INT64_MAX / 4,
        -(INT64_MAX / 4),
        INT64_MAX / 4 - 1,
        1,
        -1,
    };
    const int64_t ticks = (int64_t)lf_random_below(random, 4000) - 500;
    const uint64_t what = lf_random_below(random, 2000);
    return what < 8 ? odd[what] : what < 10 ? ticks * tick_nano + 3 : ticks * tick_nano;
}

static void change_level(lf_random *random, dbn_level *level, int64_t tick_nano)
{
    switch (lf_random_below(random, 6)) {
    case 0:
        level->bid_price = some_price(random, tick_nano);
        break;
    case 1:
        level->ask_price = some_price(random, tick_nano);
        break;
    case 2:
        level->bid_size = (uint32_t)lf_random_next(random);
        break;
    case 3:
        level->ask_size = (uint32_t)lf_random_below(random, 5);
        break;
    case 4:
        level->bid_count++;
        break;
    default:
        *level = (dbn_level){.bid_price = DBN_PRICE_NONE, .ask_price = DBN_PRICE_NONE};
    }
}

/* One price and size; false when they are left to the other reader. */
static bool
expect_one(int64_t price, uint32_t size, int64_t tick_nano, int64_t none, int64_t out[2])
{
    const bool has = price != DBN_PRICE_NONE && size > 0;
    /* A price that doubles do not tell exactly is far, too. */
    const bool is_far = !lfi_dbn_is_price(price) || price > EXACT_MAX || price < -EXACT_MAX;
    if (has && (is_far || price % tick_nano != 0)) {
        return false;
    }
    out[0] = has ? price / tick_nano : none;
    out[1] = has ? size : 0;
    return true;
}

static bool expect_all(const dbn_level *levels, int64_t tick_nano, lf_quotes *out)
{
    bool is_usual = true;
    for (int m = 0; m < DBN_LEVELS; m++) {
        const dbn_level *const level = &levels[m];
        int64_t bid[2] = {0}, ask[2] = {0};
        is_usual &= expect_one(level->bid_price, level->bid_size, tick_nano, LF_BID_NONE, bid);
        is_usual &= expect_one(level->ask_price, level->ask_size, tick_nano, LF_ASK_NONE, ask);
        out->bid_ticks[m] = bid[0];
        out->bid_lots[m] = bid[1];
        out->ask_ticks[m] = ask[0];
        out->ask_lots[m] = ask[1];
    }
    return is_usual;
}

static void run_records(uint64_t seed, int64_t tick_nano)
{
    lf_random random;
    dbn_level levels[DBN_LEVELS] = {0}, raw[DBN_LEVELS] = {0};
    unsigned char bytes[sizeof levels + 1];
    lf_quotes quotes = {0}, expected;
    size_t usual_count = 0;
    lf_random_seed(&random, seed, 0);
    for (int m = 0; m < DBN_LEVELS; m++) {
        quotes.bid_ticks[m] = LF_BID_NONE;
        quotes.ask_ticks[m] = LF_ASK_NONE;
    }
    for (int i = 0; i < RECORDS; i++) {
        const uint64_t changes = lf_random_below(&random, i % 100 == 0 ? 40 : 3);
        for (uint64_t k = 0; k < changes; k++) {
            change_level(&random, &levels[lf_random_below(&random, DBN_LEVELS)], tick_nano);
        }
        memcpy(bytes + 1, levels, sizeof levels); /* records are not aligned */
        const lf_quotes before = quotes;
        dbn_level raw_before[DBN_LEVELS];
        memcpy(raw_before, raw, sizeof raw);
        const bool is_usual = expect_all(levels, tick_nano, &expected);
        assert_int_equal(
            lfi_dbn_levels(bytes + 1, tick_nano, 1 / (double)tick_nano, raw, &quotes), is_usual
        );
        assert_memory_equal(&quotes, is_usual ? &expected : &before, sizeof quotes);
        assert_memory_equal(raw, is_usual ? levels : raw_before, sizeof raw);
        usual_count += is_usual;
        for (int m = 0; m < DBN_LEVELS && !is_usual; m++) { /* else it would stay */
            levels[m].bid_price = levels[m].ask_price = (int64_t)m * tick_nano;
        }
    }
    assert_true(usual_count > RECORDS / 2 && usual_count < RECORDS);
}

static void test_levels(void **state)
{
    (void)state;
    if (!lfi_dbn_levels_usable()) {
        puts("skipped: the processor has no AVX-512");
        return;
    }
    run_records(1, TICK_NANO);
    run_records(2, 250000000);
    run_records(3, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
