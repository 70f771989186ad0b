/* How orders were filled: counts, slippage against three mids, what the price did afterwards. */
#include "report_internal.h"

#include <lobflow/execution.h>
#include <lobflow/pipeline.h>

#include <math.h>
#include <string.h>

/* ---- orders ----------------------------------------------------------------------------- */

/* Words of a column in a fixed order; what is none of them is counted under "other". */
static void put_word_counts(
    lfi_metrics *m,
    json_t *out,
    const lfi_table *table,
    int column,
    const char *const *words,
    size_t word_count
)
{
    double counts[16] = {0};
    double others = 0;
    for (size_t i = 0; i < table->rows; i++) {
        const char *text = lfi_cell_text(&table->cells[column], i);
        size_t w = 0;
        while (w < word_count && strcmp(words[w], text) != 0) {
            w++;
        }
        if (w < word_count) {
            counts[w]++;
        } else {
            others++;
        }
    }
    for (size_t w = 0; w < word_count; w++) {
        lfi_put_count(m, out, words[w], counts[w]);
    }
    if (others > 0) {
        lfi_put_count(m, out, "other", others);
    }
}

/* Share of the orders of a kind with any fill; NULL: of all. */
static double fill_rate(const lfi_table *orders, const char *kind, bool entries_only)
{
    double count = 0;
    double filled = 0;
    for (size_t i = 0; i < orders->rows; i++) {
        const char *reason = lfi_cell_text(&orders->cells[LFI_ORDER_REASON], i);
        const bool is_entry = strcmp(reason, lf_reason_name(LF_REASON_ENTRY)) == 0 ||
                              strcmp(reason, lf_reason_name(LF_REASON_REVERSE)) == 0;
        if ((kind == NULL || strcmp(kind, lfi_cell_text(&orders->cells[LFI_ORDER_KIND], i)) == 0) &&
            (is_entry || !entries_only)) {
            count++;
            filled += lfi_cell(&orders->cells[LFI_ORDER_FILLED], i) > 0;
        }
    }
    return count > 0 ? filled / count : NAN;
}

static void put_orders(lfi_metrics *m, json_t *out, const lfi_account *account)
{
    static const char *const statuses[] = {"filled", "partial", "cancelled", "rejected", "expired"};
    const char *reasons[LF_REASON_COUNT];
    const char *kinds[2] = {
        lf_order_kind_name(LF_ORDER_KIND_MARKETABLE), lf_order_kind_name(LF_ORDER_KIND_PASSIVE)};
    const lfi_table *orders = &account->tables[LF_BACKTEST_ORDERS];
    double lots = 0;
    double filled = 0;
    for (int r = 0; r < LF_REASON_COUNT; r++) {
        reasons[r] = lf_reason_name((lf_reason)r);
    }
    for (size_t i = 0; i < orders->rows; i++) {
        lots += lfi_cell(&orders->cells[LFI_ORDER_LOTS], i);
        filled += lfi_cell(&orders->cells[LFI_ORDER_FILLED], i);
    }
    lfi_put_count(m, out, "orders", account->order_count);
    put_word_counts(m, lfi_put_object(m, out, "by_kind"), orders, LFI_ORDER_KIND, kinds, 2);
    put_word_counts(m, lfi_put_object(m, out, "by_status"), orders, LFI_ORDER_STATUS, statuses, 5);
    put_word_counts(
        m, lfi_put_object(m, out, "by_reason"), orders, LFI_ORDER_REASON, reasons, LF_REASON_COUNT
    );
    lfi_put_number(m, out, "fill_rate", fill_rate(orders, NULL, false));
    lfi_put_number(m, out, "fill_rate_entries", fill_rate(orders, NULL, true));
    lfi_put_number(m, out, "fill_rate_marketable", fill_rate(orders, kinds[0], false));
    lfi_put_number(m, out, "fill_rate_passive", fill_rate(orders, kinds[1], false));
    lfi_put_number(m, out, "lot_fill_rate", lots > 0 ? filled / lots : NAN);
}

/* ---- the mid after a fill --------------------------------------------------------------- */

/* The mid at the first grid time at or after an instant; NaN past the end of the day. */
static double mid_after(const lfi_table *equity, const lfi_piece *where, int64_t time_ns)
{
    size_t low = where->first;
    size_t high = where->end;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (lfi_cell_time(&equity->cells[LFI_EQUITY_TIME], middle) < time_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const double mid = low < where->end ? lfi_cell(&equity->cells[LFI_EQUITY_MID], low) : NAN;
    return mid > 0 ? mid : NAN;
}

/* ---- fills ------------------------------------------------------------------------------ */

#define MARKOUT_COUNT 4

static const struct {
    const char *name;
    int64_t after_ns;
} markouts[MARKOUT_COUNT] = {
    {"1s", LF_NS_PER_SECOND},
    {"10s", 10 * LF_NS_PER_SECOND},
    {"1min", LF_NS_PER_MINUTE},
    {"5min", 5 * LF_NS_PER_MINUTE},
};

/* A mean weighted by lots, in bps of the price and in currency a share. */
typedef struct weighted {
    double lots;
    double bps;
    double money;
} weighted;

static void weigh(weighted *sum, double lots, double money, double price)
{
    if (isfinite(money) && price > 0) {
        sum->lots += lots;
        sum->bps += lots * 1e4 * money / price;
        sum->money += lots * money;
    }
}

/* Sums over some of the fills. */
typedef struct fill_sums {
    double fills;
    double lots;
    double fees;
    weighted from_decision;
    weighted from_arrival;
    weighted from_venue;
    weighted latency; /* from the mid at the decision to that at arrival */
    weighted after[MARKOUT_COUNT];
} fill_sums;

/* What one fill is compared with. */
typedef struct fill_view {
    double side;
    double lots;
    double price;
    double fee;
    double mid_decision;
    double mid_arrival;
    double mid_venue;
    double mid_after[MARKOUT_COUNT];
} fill_view;

static double over(double side, double price, double mid)
{
    return mid > 0 ? side * (price - mid) : NAN;
}

static void add_fill(fill_sums *sums, const fill_view *f)
{
    sums->fills++;
    sums->lots += f->lots;
    sums->fees += f->fee;
    weigh(&sums->from_decision, f->lots, over(f->side, f->price, f->mid_decision), f->mid_decision);
    weigh(&sums->from_arrival, f->lots, over(f->side, f->price, f->mid_arrival), f->mid_arrival);
    weigh(&sums->from_venue, f->lots, over(f->side, f->price, f->mid_venue), f->mid_venue);
    if (f->mid_arrival > 0) {
        const double moved = over(f->side, f->mid_arrival, f->mid_decision);
        weigh(&sums->latency, f->lots, moved, f->mid_decision);
    }
    for (int k = 0; k < MARKOUT_COUNT; k++) {
        weigh(&sums->after[k], f->lots, f->side * (f->mid_after[k] - f->price), f->price);
    }
}

static void put_weighted(
    lfi_metrics *m, json_t *out, const char *bps_key, const char *money_key, const weighted *sum
)
{
    lfi_put_number(m, out, bps_key, sum->bps / sum->lots);
    lfi_put_number(m, out, money_key, sum->money / sum->lots);
}

static void put_fills(lfi_metrics *m, json_t *out, const fill_sums *sums, double all_lots)
{
    lfi_put_count(m, out, "fills", sums->fills);
    lfi_put_count(m, out, "lots", sums->lots);
    lfi_put_number(m, out, "lot_share", all_lots > 0 ? sums->lots / all_lots : NAN);
    lfi_put_money(m, out, "fees", sums->fees);
    put_weighted(
        m, out, "slippage_decision_bps", "slippage_decision_per_share", &sums->from_decision
    );
    put_weighted(m, out, "slippage_arrival_bps", "slippage_arrival_per_share", &sums->from_arrival);
    put_weighted(m, out, "half_spread_bps", "half_spread_per_share", &sums->from_venue);
    put_weighted(m, out, "latency_cost_bps", "latency_cost_per_share", &sums->latency);
    json_t *list = lfi_put_list(m, out, "markouts");
    for (int k = 0; k < MARKOUT_COUNT; k++) {
        json_t *row = lfi_append_object(m, list);
        lfi_put_text(m, row, "after", markouts[k].name);
        lfi_put_count(m, row, "after_ns", (double)markouts[k].after_ns);
        lfi_put_count(m, row, "lots", sums->after[k].lots);
        put_weighted(m, row, "bps", "per_share", &sums->after[k]);
    }
}

/* Everything that a fill is looked up in. */
typedef struct fill_index {
    const lfi_table *orders;
    lfi_order_key *keys;
    lfi_account *account;
} fill_index;

/* The mids after a fill, from the piece that it lies in; NaN without one. */
static lf_status view_mids(
    const fill_index *index,
    const char *symbol,
    int64_t day,
    int64_t time_ns,
    fill_view *out,
    lf_error *error
)
{
    lfi_account *account = index->account;
    const lfi_piece *here = NULL;
    for (size_t p = 0; p < account->piece_count && here == NULL; p++) {
        const lfi_piece *piece = &account->pieces[p];
        if (piece->date == day && strcmp(account->symbols[piece->symbol], symbol) == 0) {
            here = piece;
        }
    }
    const lf_status status = here == NULL ? LF_OK : lfi_account_open(account, here->part, error);
    for (int k = 0; k < MARKOUT_COUNT; k++) {
        const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
        out->mid_after[k] = here == NULL || status != LF_OK
                                ? NAN
                                : mid_after(equity, here, time_ns + markouts[k].after_ns);
    }
    return status;
}

static lf_status view_fill(
    const lfi_metrics *m,
    const fill_index *index,
    const lfi_table *fills,
    size_t i,
    fill_view *out,
    lf_error *error
)
{
    const int64_t time_ns = lfi_cell_time(&fills->cells[LFI_FILL_TIME], i);
    const int64_t day = lfi_local_day(&m->calendar, time_ns);
    const char *symbol = lfi_cell_text(&fills->cells[LFI_FILL_SYMBOL], i);
    const double order_id = lfi_cell(&fills->cells[LFI_FILL_ORDER], i);
    const size_t found = lfi_join_find(index->keys, index->orders->rows, symbol, day, order_id);
    *out = (fill_view){
        .side = lfi_cell(&fills->cells[LFI_FILL_SIDE], i),
        .lots = lfi_cell(&fills->cells[LFI_FILL_LOTS], i),
        .price = lfi_cell(&fills->cells[LFI_FILL_PRICE], i),
        .fee = lfi_cell(&fills->cells[LFI_FILL_FEE], i),
        .mid_decision = lfi_cell(&fills->cells[LFI_FILL_MID_DECISION], i),
        .mid_venue = lfi_cell(&fills->cells[LFI_FILL_MID], i),
        .mid_arrival =
            found == SIZE_MAX ? NAN : lfi_cell(&index->orders->cells[LFI_ORDER_MID_ARRIVAL], found),
    };
    return view_mids(index, symbol, day, time_ns, out, error);
}

static lf_status put_all_fills(lfi_metrics *m, json_t *out, lfi_account *account, lf_error *error)
{
    const lfi_table *fills = &account->tables[LF_BACKTEST_FILLS];
    fill_index index = {
        .orders = &account->tables[LF_BACKTEST_ORDERS],
        .account = account,
    };
    fill_sums sums[LF_LIQUIDITY_COUNT + 1] = {0}; /* the last: all */
    index.keys = lfi_join_index(m->allocator, &m->calendar, index.orders);
    if (index.keys == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the fills.");
    }
    lf_status status = LF_OK;
    for (size_t i = 0; i < fills->rows && status == LF_OK; i++) {
        const char *text = lfi_cell_text(&fills->cells[LFI_FILL_LIQUIDITY], i);
        fill_view view;
        status = view_fill(m, &index, fills, i, &view, error);
        add_fill(&sums[LF_LIQUIDITY_COUNT], &view);
        for (int l = 0; l < LF_LIQUIDITY_COUNT; l++) {
            if (strcmp(text, lf_liquidity_name((lf_liquidity)l)) == 0) {
                add_fill(&sums[l], &view);
            }
        }
    }
    lf_release(m->allocator, index.keys);
    put_fills(m, out, &sums[LF_LIQUIDITY_COUNT], sums[LF_LIQUIDITY_COUNT].lots);
    json_t *parts = lfi_put_object(m, out, "by_liquidity");
    for (int l = 0; l < LF_LIQUIDITY_COUNT; l++) {
        json_t *part = lfi_put_object(m, parts, lf_liquidity_name((lf_liquidity)l));
        put_fills(m, part, &sums[l], sums[LF_LIQUIDITY_COUNT].lots);
    }
    return status;
}

/* ---- the section ------------------------------------------------------------------------ */

/* ---- the queue -------------------------------------------------------------------------- */

/* The strategies that differ from the first in the queue model only, careful ones first. */
static void put_bracket(lfi_metrics *m, json_t *out)
{
    static const lf_queue_model order[LF_QUEUE_COUNT] = {
        LF_QUEUE_RISK_AVERSE,
        LF_QUEUE_POWER,
        LF_QUEUE_POWER2,
        LF_QUEUE_POWER3,
        LF_QUEUE_LOG,
        LF_QUEUE_LOG2,
        LF_QUEUE_FIFO,
        LF_QUEUE_OPTIMISTIC};
    const lf_strategy_options *const first = m->accounts[0].strategy->options;
    for (int q = 0; q < LF_QUEUE_COUNT; q++) {
        for (size_t s = 0; s < m->run->strategy_count; s++) {
            const lfi_account *const a = &m->accounts[s];
            const lf_strategy_options *const options = a->strategy->options;
            if (options == NULL || options->execution.entry != LF_ORDER_KIND_PASSIVE ||
                options->execution.queue.model != order[q] ||
                options->signal.cost_factor != first->signal.cost_factor) {
                continue;
            }
            json_t *row = lfi_append_object(m, out);
            lfi_put_text(m, row, "queue", lf_queue_model_name(order[q]));
            lfi_put_number(m, row, "fill_rate", a->filled_orders / a->order_count);
            lfi_put_count(m, row, "trades", a->trade_count);
            lfi_put_money(m, row, "gross", a->gross);
            lfi_put_money(m, row, "net", a->gross - a->fees);
        }
    }
}

lf_status lfi_metrics_execution(lfi_metrics *m, json_t *out, lf_error *error)
{
    lfi_account *account = &m->accounts[0];
    const lf_backtest_counts *counts = account->strategy->counts;
    put_orders(m, out, account);
    const lf_status status = put_all_fills(m, out, account, error);
    if (status != LF_OK) {
        return status;
    }
    put_bracket(m, lfi_put_list(m, out, "queue_bracket"));
    json_t *rejects = lfi_put_object(m, out, "rejects");
    for (int r = 1; counts != NULL && r < LF_REJECT_COUNT; r++) {
        const double count = r == LF_REJECT_GATEWAY ? (double)counts->gateway_rejects
                                                    : (double)counts->venue.reject_counts[r];
        lfi_put_count(m, rejects, lf_reject_name((lf_reject)r), count);
    }
    const lf_strategy_stats *stats = counts == NULL ? NULL : &counts->strategy;
    lfi_put_count(m, out, "signals", stats == NULL ? NAN : (double)stats->signal_count);
    lfi_put_count(m, out, "rejected", stats == NULL ? NAN : (double)stats->reject_count);
    lfi_put_count(m, out, "cancel_races", stats == NULL ? NAN : (double)stats->cancel_race_count);
    lfi_put_count(m, out, "retries", stats == NULL ? NAN : (double)stats->retry_count);
    return LF_OK;
}
