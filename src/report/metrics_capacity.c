/* How much could be traded: our size beside the market's, and where its impact eats the edge. */
#include "report_internal.h"

#include <lobflow/execution.h>
#include <lobflow/pipeline.h>

#include <math.h>
#include <string.h>

/* What the square-root law is asked with: I(Q) = Y sigma sqrt(Q / V), in bps of the value. */
typedef struct law {
    double factor;         /* Y */
    double volatility_bps; /* sigma, of a session */
    double volume_lots;    /* V, of a session */
    double order_lots;     /* mean lots of an order with a fill */
    double edge_bps;       /* a side, before any impact */
} law;

static double impact_bps(const law *l, double lots)
{
    return l->factor * l->volatility_bps * sqrt(lots / l->volume_lots);
}

/* ---- the edge --------------------------------------------------------------------------- */

/* Share of the traded lots that took. */
static double taker_share(const lfi_account *a)
{
    const lfi_table *fills = &a->tables[LF_BACKTEST_FILLS];
    double lots = 0;
    for (size_t i = 0; i < fills->rows; i++) {
        const char *word = lfi_cell_text(&fills->cells[LFI_FILL_LIQUIDITY], i);
        if (strcmp(word, lf_liquidity_name(LF_LIQUIDITY_TAKER)) == 0) {
            lots += lfi_cell(&fills->cells[LFI_FILL_LOTS], i);
        }
    }
    return lots / a->traded_lots;
}

/* Where the backtest charged this law already, with numbers given to it, those numbers count, and
   what takers paid belongs to the edge again. */
static law find_law(const lfi_account *a)
{
    const lf_backtest_counts *counts = a->strategy->counts;
    const lf_strategy_options *options = a->strategy->options;
    const lf_impact_options *given = options == NULL ? NULL : &options->execution.impact;
    law out = {
        .factor = 1,
        .volatility_bps = 1e4 * sqrt(a->moves_squared / a->session_count),
        .volume_lots = counts == NULL || counts->market_lots == 0
                           ? NAN
                           : (double)counts->market_lots / a->session_count,
        .order_lots = a->traded_lots / a->filled_orders,
        .edge_bps = 1e4 * (a->gross - a->fees) / a->traded_value,
    };
    if (given != NULL && given->model != LF_IMPACT_NONE) {
        out.factor = given->factor;
    }
    if (given != NULL && given->model == LF_IMPACT_SQUARE_ROOT) {
        out.volatility_bps = given->daily_volatility_bps;
        out.volume_lots = given->daily_volume_lots;
        out.edge_bps += taker_share(a) * impact_bps(&out, out.order_lots);
    }
    return out;
}

static void put_sizes(lfi_metrics *m, json_t *list, const lfi_account *a, const law *l)
{
    static const double times[] = {1, 2, 5, 10, 20, 50, 100};
    const double market = a->strategy->counts == NULL || a->strategy->counts->market_lots == 0
                              ? NAN
                              : (double)a->strategy->counts->market_lots;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        json_t *row = lfi_append_object(m, list);
        const double bps = impact_bps(l, times[i] * l->order_lots);
        lfi_put_count(m, row, "times", times[i]);
        lfi_put_number(m, row, "order_lots", times[i] * l->order_lots);
        lfi_put_number(m, row, "market_share", times[i] * a->traded_lots / market);
        lfi_put_number(m, row, "impact_bps_per_side", bps);
        lfi_put_money(m, row, "net", times[i] * a->traded_value * (l->edge_bps - bps) / 1e4);
    }
}

/* ---- displayed depth -------------------------------------------------------------------- */

/* Orders of a kind against what the book showed them when they arrived. */
static void put_depth(lfi_metrics *m, json_t *out, const lfi_account *a, lf_order_kind kind)
{
    const lfi_table *orders = &a->tables[LF_BACKTEST_ORDERS];
    double count = 0;
    double lots = 0;
    double depth = 0;
    double beyond = 0;
    for (size_t i = 0; i < orders->rows; i++) {
        const double there = lfi_cell(&orders->cells[LFI_ORDER_DEPTH], i);
        const char *word = lfi_cell_text(&orders->cells[LFI_ORDER_KIND], i);
        if (isfinite(there) && strcmp(word, lf_order_kind_name(kind)) == 0) {
            const double sent = lfi_cell(&orders->cells[LFI_ORDER_LOTS], i);
            count++;
            lots += sent;
            depth += there;
            beyond += sent > there;
        }
    }
    lfi_put_count(m, out, "orders", count);
    lfi_put_number(m, out, "depth_lots", depth / count);
    lfi_put_number(m, out, "size_to_depth", depth > 0 ? lots / depth : NAN);
    lfi_put_number(m, out, "larger_share", beyond / count);
}

/* ---- the part --------------------------------------------------------------------------- */

void lfi_metrics_capacity(lfi_metrics *m, json_t *out)
{
    const lfi_account *a = &m->accounts[0];
    const lf_backtest_counts *counts = a->strategy->counts;
    const law l = find_law(a);
    /* I(Q) = edge; and Q (edge - I(Q)) is largest where I(Q) is two thirds of it. */
    const double ratio = l.edge_bps / (l.factor * l.volatility_bps);
    const double zero_lots = ratio > 0 ? l.volume_lots * ratio * ratio : 0 * ratio;
    const double best_lots = 4 * zero_lots / 9;
    const double best_value = a->traded_value * best_lots / l.order_lots;
    const bool is_known = counts != NULL && counts->market_lots > 0;
    lfi_put_count(m, out, "sessions", a->session_count);
    lfi_put_count(m, out, "market_lots", is_known ? (double)counts->market_lots : NAN);
    lfi_put_number(
        m, out, "market_share", is_known ? a->traded_lots / (double)counts->market_lots : NAN
    );
    lfi_put_number(m, out, "order_lots", l.order_lots);
    lfi_put_number(m, out, "daily_volume_lots", l.volume_lots);
    lfi_put_number(m, out, "daily_volatility_bps", l.volatility_bps);
    lfi_put_number(m, out, "impact_factor", l.factor);
    lfi_put_number(m, out, "impact_bps_per_side", impact_bps(&l, l.order_lots));
    lfi_put_number(m, out, "edge_bps_per_side", l.edge_bps);
    lfi_put_number(m, out, "zero_lots", zero_lots);
    lfi_put_number(m, out, "best_lots", best_lots);
    lfi_put_money(m, out, "best_net", best_value * l.edge_bps / 3e4);
    json_t *depth = lfi_put_object(m, out, "depth");
    static const lf_order_kind kinds[] = {LF_ORDER_KIND_MARKETABLE, LF_ORDER_KIND_PASSIVE};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        put_depth(m, lfi_put_object(m, depth, lf_order_kind_name(kinds[k])), a, kinds[k]);
    }
    put_sizes(m, lfi_put_list(m, out, "sizes"), a, &l);
}
