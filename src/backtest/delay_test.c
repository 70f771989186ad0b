/*
 * Goal: the strategy gets every event and its trades whole, in order, and never before it could
 * know of them. Method: random pushes and takes against what was pushed; failing memory.
 */
#include "backtest_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

enum {
    EVENTS = 20000
};

typedef struct sent {
    int64_t exchange_ns, local_ns;
    uint16_t trade_count;
} sent;

static lf_event event_of(int64_t exchange_ns, int64_t local_ns, uint16_t trades, int64_t id)
{
    return (lf_event){
        .ts_exchange_ns = exchange_ns,
        .ts_local_ns = local_ns,
        .trade_count = trades,
        .price_units = id,
    };
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        int64_t exchange_ns, local_ns, arrives_ns;
    } rows[] = {
        {100, 150, 150},
        {110, 130, 150}, /* cannot overtake */
        {160, 160, 160},
        {170, 90, 170}, /* is not known before it happened */
        {180, 400, 400},
        {190, 200, 400},
    };
    lfi_delay delay = {0};
    lfi_delay_clear(&delay);
    assert_int_equal(lfi_delay_due(&delay), INT64_MAX);
    for (int day = 0; day < 2; day++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            const lf_event event = event_of(rows[i].exchange_ns, rows[i].local_ns, 0, 0);
            assert_int_equal(lfi_delay_push(&delay, &event, NULL), LF_OK);
        }
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            const lf_trade *trades;
            assert_int_equal(lfi_delay_due(&delay), rows[i].arrives_ns);
            const lf_event *const event = lfi_delay_take(&delay, &trades);
            assert_int_equal(event->ts_local_ns, rows[i].arrives_ns);
            assert_int_equal(event->ts_exchange_ns, rows[i].exchange_ns);
        }
        /* A new day begins with nothing under way and no time to wait for. */
        const lf_event left = event_of(1, 999, 0, 0);
        assert_int_equal(lfi_delay_push(&delay, &left, NULL), LF_OK);
        lfi_delay_clear(&delay);
        assert_int_equal(lfi_delay_due(&delay), INT64_MAX);
    }
    lfi_delay_release(&delay);
}

static void test_random_traffic(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, 4, 0);
    static sent log[EVENTS];
    lfi_delay delay = {0};
    lfi_delay_clear(&delay);
    int64_t pushed = 0;
    int64_t taken = 0;
    int64_t latest = INT64_MIN;
    while (taken < EVENTS) {
        const bool fill = (pushed / 500) % 2 == 0 ? lf_random_below(&random, 4) != 0
                                                  : lf_random_below(&random, 4) == 0;
        if (pushed < EVENTS && (fill || pushed == taken)) {
            lf_trade trades[5];
            memset(trades, 0, sizeof trades);
            const uint16_t count =
                (uint16_t)(lf_random_below(&random, 3) * lf_random_below(&random, 3));
            for (int i = 0; i < count; i++) {
                trades[i].size_lots = 10 * pushed + i;
            }
            const int64_t local_ns = pushed + (int64_t)lf_random_below(&random, 300);
            const lf_event event = event_of(pushed, local_ns, count, pushed);
            latest = local_ns > latest ? local_ns : latest;
            assert_int_equal(lfi_delay_push(&delay, &event, trades), LF_OK);
            log[pushed++] = (sent){event.ts_exchange_ns, latest, count};
            continue;
        }
        const lf_trade *trades = NULL;
        assert_int_equal(lfi_delay_due(&delay), log[taken].local_ns);
        const lf_event *const event = lfi_delay_take(&delay, &trades);
        assert_int_equal(event->price_units, taken);
        assert_int_equal(event->trade_count, log[taken].trade_count);
        for (int i = 0; i < event->trade_count; i++) {
            assert_int_equal(trades[i].size_lots, 10 * taken + i);
        }
        taken++;
    }
    lfi_delay_release(&delay);
}

/* An event that finds no memory is refused whole; those under way stay as they are. */
static void test_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lfi_delay delay = {.allocator = &memory.allocator};
        lfi_delay_clear(&delay);
        int64_t pushed = 0;
        lf_status status = LF_OK;
        while (pushed < 500 && status == LF_OK) {
            const lf_trade trade = {.size_lots = pushed};
            const lf_event event = event_of(pushed, pushed, 1, pushed);
            status = lfi_delay_push(&delay, &event, &trade);
            pushed += status == LF_OK;
        }
        for (int64_t i = 0; i < pushed; i++) {
            const lf_trade *trades = NULL;
            assert_int_equal(lfi_delay_take(&delay, &trades)->price_units, i);
            assert_int_equal(trades->size_lots, i);
        }
        assert_int_equal(lfi_delay_due(&delay), INT64_MAX);
        lfi_delay_release(&delay);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    /* At a steady number of events under way no memory is taken. */
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    lfi_delay delay = {.allocator = &memory.allocator};
    lfi_delay_clear(&delay);
    uint64_t calls = 0;
    for (int64_t i = 0; i < 100000; i++) {
        const lf_trade trade = {.size_lots = i};
        const lf_event event = event_of(i, i, i % 2 == 0, i);
        const lf_trade *trades;
        assert_int_equal(lfi_delay_push(&delay, &event, &trade), LF_OK);
        if (i >= 100) {
            (void)lfi_delay_take(&delay, &trades);
        }
        calls = i == 1000 ? memory.calls : calls;
    }
    assert_int_equal(memory.calls, calls);
    lfi_delay_release(&delay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_random_traffic),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
