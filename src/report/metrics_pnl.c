/* Profit and loss, its Sharpe ratios with their doubts, risk and costs. */
#include "report_internal.h"

#include <lobflow/execution.h>
#include <lobflow/pipeline.h>
#include <lobflow/signal.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- round trips by a word -------------------------------------------------------------- */

typedef struct trade_sums {
    double count;
    double wins;
    double gross;
    double fees;
    double net;
} trade_sums;

static void
put_sums(lfi_metrics *m, json_t *list, const char *key, const char *word, const trade_sums *sums)
{
    if (sums->count == 0) {
        return;
    }
    json_t *row = lfi_append_object(m, list);
    lfi_put_text(m, row, key, word);
    lfi_put_count(m, row, "trades", sums->count);
    lfi_put_number(m, row, "win_rate", sums->wins / sums->count);
    lfi_put_money(m, row, "gross", sums->gross);
    lfi_put_money(m, row, "fees", sums->fees);
    lfi_put_money(m, row, "net", sums->net);
    lfi_put_money(m, row, "net_per_trade", sums->net / sums->count);
}

#define WORDS_MAX 16

/* Round trips by the words of a column, in a fixed order; what is none of them comes last. */
static void put_trades(
    lfi_metrics *m,
    json_t *list,
    const char *key,
    int column,
    const char *const *words,
    size_t word_count
)
{
    const lfi_table *trades = &m->accounts[0].tables[LF_BACKTEST_TRADES];
    trade_sums all[WORDS_MAX + 1] = {0};
    for (size_t i = 0; i < trades->rows; i++) {
        const char *text = lfi_cell_text(&trades->cells[column], i);
        const double net = lfi_cell(&trades->cells[LFI_TRADE_NET], i);
        size_t w = 0;
        while (w < word_count && strcmp(words[w], text) != 0) {
            w++;
        }
        all[w].count++;
        all[w].wins += net > 0;
        all[w].gross += lfi_cell(&trades->cells[LFI_TRADE_GROSS], i);
        all[w].fees += lfi_cell(&trades->cells[LFI_TRADE_FEES], i);
        all[w].net += net;
    }
    for (size_t w = 0; w <= word_count; w++) {
        put_sums(m, list, key, w < word_count ? words[w] : "other", &all[w]);
    }
}

static void put_groups(lfi_metrics *m, json_t *out)
{
    static const lf_rule rules[] = {LF_RULE_CONTINUATION, LF_RULE_REVERSION};
    const char *words[LF_EXIT_COUNT];
    for (int r = 0; r < LF_REASON_COUNT; r++) {
        words[r] = lf_reason_name((lf_reason)r);
    }
    words[LF_EXIT_OPEN] = "open";
    put_trades(
        m,
        lfi_put_list(m, out, "by_exit_reason"),
        "exit_reason",
        LFI_TRADE_REASON,
        words,
        LF_EXIT_COUNT
    );
    for (int r = 0; r < 2; r++) {
        words[r] = lf_rule_name(rules[r]);
    }
    put_trades(m, lfi_put_list(m, out, "by_rule"), "rule", LFI_TRADE_RULE, words, 2);
}

static void put_days(lfi_metrics *m, json_t *list, const lfi_account *account)
{
    for (size_t d = 0; d < account->day_count; d++) {
        const lfi_day *day = &account->days[d];
        json_t *row = lfi_append_object(m, list);
        lfi_put_date(m, row, "date", day->date);
        lfi_put_money(m, row, "gross", day->gross);
        lfi_put_money(m, row, "fees", day->fees);
        lfi_put_money(m, row, "net", day->gross - day->fees);
        lfi_put_count(m, row, "trades", (double)day->trade_count);
    }
}

/* ---- Sharpe ratios ---------------------------------------------------------------------- */

/* A series of P&L changes and how it is annualised. */
typedef struct series {
    const double *values;
    const uint32_t *blocks;
    size_t count;
    double per_year;
} series;

/* Fewer blocks than this have too few different resamples for an interval. */
#define BLOCKS_MIN 5

static lf_status put_sharpe(lfi_metrics *m, json_t *out, const char *name, const series *s)
{
    const lf_bootstrap_options boot = {.allocator = m->allocator, .seed = m->facts->seed};
    const lf_sharpe sharpe = lf_stats_sharpe(s->values, s->count);
    const double scale = sqrt(s->per_year);
    lf_interval interval = {NAN, NAN};
    lf_status status = LF_OK;
    if (s->count > 0 && s->blocks[s->count - 1] + 1 >= BLOCKS_MIN) {
        status = lf_stats_bootstrap_sharpe(s->values, s->blocks, s->count, &boot, &interval);
    }
    /* Trials without skill differ by the error of a ratio that is 0: 1 / (count - 1). */
    const double trials = (double)m->facts->trial_count;
    const double variance = m->facts->trial_variance > 0 ? m->facts->trial_variance / s->per_year
                            : s->count > 1               ? 1 / ((double)s->count - 1)
                                                         : NAN;
    const double best = sqrt(variance) * lf_stats_expected_max(trials);
    json_t *entry = lfi_put_object(m, out, name);
    lfi_put_count(m, entry, "periods", (double)s->count);
    lfi_put_number(m, entry, "per_period", sharpe.ratio);
    lfi_put_number(m, entry, "annual", sharpe.ratio * scale);
    lfi_put_interval(
        m, entry, "annual_interval", (lf_interval){interval.low * scale, interval.high * scale}
    );
    lfi_put_number(m, entry, "skewness", sharpe.skewness);
    lfi_put_number(m, entry, "kurtosis", sharpe.kurtosis);
    lfi_put_number(m, entry, "psr", lf_stats_psr(&sharpe, 0));
    lfi_put_number(m, entry, "deflated", lf_stats_deflated_sharpe(&sharpe, trials, variance));
    lfi_put_number(m, entry, "deflated_benchmark_annual", best * scale);
    lfi_put_number(
        m, entry, "min_track_record_periods", lf_stats_min_track_record(&sharpe, 0, 0.95)
    );
    return status;
}

/* Minutes in blocks that outlast a holding by far: three times it, 15 minutes at least. Blocks do
   not cross days. */
static void number_minutes(const lfi_account *account, uint32_t *blocks)
{
    const lf_strategy_options *options = account->strategy->options;
    const int64_t hold_ns = options == NULL ? 0 : options->risk.hold_ns;
    const int64_t minutes = 3 * hold_ns / LF_NS_PER_MINUTE;
    const size_t width = minutes > 15 ? (size_t)minutes : 15;
    uint32_t block = 0;
    for (size_t i = 0, first = 0; i < account->minutes.count; i++) {
        const bool same_day = account->minutes.days[i] == account->minutes.days[first];
        if (i - first >= width || !same_day) {
            block++;
            first = i;
        }
        blocks[i] = block;
    }
}

static lf_status put_sharpes(lfi_metrics *m, json_t *out, const lfi_account *account)
{
    const size_t days = account->day_count;
    const lfi_curve *minutes = &account->minutes;
    double *daily = lf_allocate(m->allocator, days + 1, 2 * sizeof *daily);
    uint32_t *blocks = lf_allocate(m->allocator, minutes->count + days + 1, sizeof *blocks);
    lf_status status = daily == NULL || blocks == NULL ? LF_NOMEM : LF_OK;
    if (status == LF_OK) {
        for (size_t d = 0; d < days; d++) {
            daily[d] = account->days[d].gross;
            daily[days + d] = account->days[d].gross - account->days[d].fees;
            blocks[d] = (uint32_t)d;
        }
        number_minutes(account, blocks + days);
        const double a_year = m->facts->days_per_year > 0 ? m->facts->days_per_year : 252;
        const double a_day = m->facts->minutes_per_day > 0 ? m->facts->minutes_per_day : 390;
        const series all[] = {
            {daily, blocks, days, a_year},
            {daily + days, blocks, days, a_year},
            {minutes->gross, blocks + days, minutes->count, a_year * a_day},
            {minutes->net, blocks + days, minutes->count, a_year * a_day},
        };
        static const char *const names[] = {
            "daily_gross", "daily_net", "intraday_gross", "intraday_net"};
        for (int s = 0; s < 4 && status == LF_OK; s++) {
            status = put_sharpe(m, out, names[s], &all[s]);
        }
        lfi_put_number(m, out, "days_per_year", a_year);
        lfi_put_number(m, out, "minutes_per_year", a_year * a_day);
        lfi_put_count(m, out, "trials", (double)m->facts->trial_count);
        lfi_put_number(
            m,
            out,
            "trial_variance_annual",
            m->facts->trial_variance > 0 ? m->facts->trial_variance : NAN
        );
        /* How long the best of so many trials without skill shows a ratio of 1. */
        lfi_put_number(
            m,
            out,
            "min_backtest_years",
            lf_stats_min_backtest_years((double)m->facts->trial_count, 1)
        );
    }
    lf_release(m->allocator, daily);
    lf_release(m->allocator, blocks);
    return status;
}

/* ---- the section ------------------------------------------------------------------------ */

lf_status lfi_metrics_pnl(lfi_metrics *m, json_t *out, lf_error *error)
{
    const lfi_account *a = &m->accounts[0];
    const double net = a->gross - a->fees;
    const double shares = a->trade_lots * a->lot_size;
    const double at_mid = a->gross + a->spread_cost;
    lfi_put_money(m, out, "gross_at_mid", at_mid);
    lfi_put_money(m, out, "spread_cost", a->spread_cost);
    lfi_put_money(m, out, "gross", a->gross);
    lfi_put_money(m, out, "fees", a->fees);
    lfi_put_money(m, out, "net", net);
    lfi_put_count(m, out, "trades", a->trade_count);
    lfi_put_money(m, out, "gross_per_trade", a->gross / a->trade_count);
    lfi_put_money(m, out, "fees_per_trade", a->fees / a->trade_count);
    lfi_put_money(m, out, "net_per_trade", net / a->trade_count);
    lfi_put_money(m, out, "gross_per_share", a->gross / shares);
    lfi_put_money(m, out, "net_per_share", net / shares);
    lfi_put_number(m, out, "win_rate", a->winning_trades / a->trade_count);
    lfi_put_number(m, out, "mean_hold_seconds", a->hold_seconds / a->trade_count);
    lfi_put_number(m, out, "break_even_bps_per_side", lfi_break_even_bps(a));
    lfi_put_number(m, out, "break_even_per_share", lfi_break_even_per_share(a));
    lfi_put_number(m, out, "break_even_at_mid_bps_per_side", 1e4 * at_mid / a->traded_value);
    lfi_put_number(m, out, "cost_paid_bps_per_side", 1e4 * a->fees / a->traded_value);
    lfi_put_count(m, out, "traded_lots", a->traded_lots);
    lfi_put_money(m, out, "traded_value", a->traded_value);
    lfi_put_number(
        m,
        out,
        "turnover_per_day",
        m->facts->starting_cash > 0
            ? a->traded_value / m->facts->starting_cash / (double)a->day_count
            : NAN
    );
    put_groups(m, out);
    if (lfi_metrics_attribution(m, lfi_put_object(m, out, "attribution")) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the parts of the net.");
    }
    lfi_metrics_capacity(m, lfi_put_object(m, out, "capacity"));
    put_days(m, lfi_put_list(m, out, "by_day"), a);
    if (put_sharpes(m, lfi_put_object(m, out, "sharpe"), a) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the Sharpe ratios.");
    }
    return LF_OK;
}

/* ---- risk ------------------------------------------------------------------------------- */

/* Ways to trade that one could choose among; another model of the queue is no choice. */
static bool is_choice(const lfi_metrics *m, size_t s)
{
    const lf_strategy_options *const first = m->accounts[0].strategy->options;
    const lf_strategy_options *const options = m->accounts[s].strategy->options;
    return m->accounts[s].minutes.count == m->accounts[0].minutes.count &&
           (first == NULL || options == NULL ||
            options->execution.queue.model == first->execution.queue.model);
}

/* Net P&L of each minute and choice, [minutes][choices]; NULL without memory. */
static double *gather_minutes(const lfi_metrics *m, size_t choices)
{
    const size_t minutes = m->accounts[0].minutes.count;
    double *values = lf_allocate(m->allocator, minutes + 1, choices * sizeof *values);
    size_t column = 0;
    for (size_t s = 0; values != NULL && s < m->run->strategy_count; s++) {
        if (!is_choice(m, s)) {
            continue;
        }
        for (size_t i = 0; i < minutes; i++) {
            values[i * choices + column] = m->accounts[s].minutes.net[i];
        }
        column++;
    }
    return values;
}

/* Blocks outlast a holding by far: half an hour at least, 16 of them at most. */
static size_t overfit_blocks(size_t minutes)
{
    const size_t blocks = minutes / 30 / 2 * 2;
    return blocks < LF_PBO_BLOCKS_MAX ? blocks : LF_PBO_BLOCKS_MAX;
}

/* The probability that the best of the variants is best by chance. */
static void put_overfitting(lfi_metrics *m, json_t *out)
{
    size_t choices = 0;
    for (size_t s = 0; s < m->run->strategy_count; s++) {
        choices += is_choice(m, s);
    }
    const lf_pbo_options options = {
        .allocator = m->allocator,
        .rows = m->accounts[0].minutes.count,
        .trials = choices,
        .blocks = overfit_blocks(m->accounts[0].minutes.count),
    };
    lf_pbo found = {.probability = NAN, .loss_probability = NAN};
    if (choices > 1 && options.blocks >= 4) {
        double *values = gather_minutes(m, choices);
        m->failed = m->failed || values == NULL || lf_stats_pbo(values, &options, &found) != LF_OK;
        lf_release(m->allocator, values);
    }
    lfi_put_count(m, out, "variants", (double)choices);
    lfi_put_count(m, out, "blocks", choices > 1 ? (double)options.blocks : 0);
    lfi_put_count(m, out, "combinations", found.combinations);
    lfi_put_number(m, out, "probability", found.probability);
    lfi_put_number(m, out, "loss_probability", found.loss_probability);
}

/* A stop nearer than the spread is reached by the quotes alone. Where the spreads of training hold
   it at a distance on purpose, somewhat wider ones of the days traded are no news. */
static void put_stop(lfi_metrics *m, json_t *out)
{
    const lf_strategy_options *options = m->accounts[0].strategy->options;
    const double known = m->facts->stop_spread_ticks > 0 ? m->facts->stop_spread_ticks : 0;
    const double traded = m->has_scores ? m->scores.median_spread_ticks : NAN;
    const double spread = traded > 0 ? traded : known;
    if (options == NULL) {
        return;
    }
    const lf_risk_options *risk = &options->risk;
    const double distance = fmax(risk->stop_ticks, risk->stop_spreads * known);
    lfi_put_number(m, out, "stop_distance_ticks", distance > 0 ? distance : NAN);
    if (distance > 0 && distance < spread && !(known > 0 && risk->stop_spreads >= 1)) {
        char note[256];
        (void)snprintf(
            note,
            sizeof note,
            "The stop lies %g ticks from the mid, within the median spread of %g ticks: quotes "
            "alone will reach it. Raise risk.stop_ticks, or risk.stop_spreads to 1 with a model.",
            distance,
            spread
        );
        lfi_put_text(m, out, "stop_note", note);
    }
}

void lfi_metrics_risk(lfi_metrics *m, json_t *out)
{
    const lfi_account *a = &m->accounts[0];
    const lf_backtest_counts *counts = a->strategy->counts;
    double losing = 0;
    size_t worst = 0;
    for (size_t d = 0; d < a->day_count; d++) {
        const double net = a->days[d].gross - a->days[d].fees;
        losing += net < 0;
        worst = net < a->days[worst].gross - a->days[worst].fees ? d : worst;
    }
    lfi_put_money(m, out, "max_drawdown", a->drawdown.amount);
    lfi_put_time(m, out, "max_drawdown_from", a->drawdown.peak_ns);
    lfi_put_time(m, out, "max_drawdown_to", a->drawdown.trough_ns);
    lfi_put_count(m, out, "losing_days", losing);
    lfi_put_count(m, out, "days", (double)a->day_count);
    lfi_put_date(m, out, "worst_day", a->days[worst].date);
    lfi_put_money(m, out, "worst_day_net", a->days[worst].gross - a->days[worst].fees);
    lfi_put_number(m, out, "exposure", a->in_position_rows / (double)a->equity_rows);
    lfi_put_number(m, out, "masked_share", lfi_masked_share(a));
    lfi_put_count(m, out, "loss_stop_days", counts == NULL ? NAN : (double)counts->loss_stop_days);
    lfi_put_count(m, out, "kill_days", counts == NULL ? NAN : (double)counts->kill_days);
    lfi_put_count(
        m, out, "rate_limited", counts == NULL ? NAN : (double)counts->strategy.rate_limited_count
    );
    lfi_put_count(m, out, "unflat_days", counts == NULL ? NAN : (double)counts->unflat_days);
    lfi_put_count(m, out, "ledger_checks", counts == NULL ? NAN : (double)counts->ledger_checks);
    put_stop(m, out);
    put_overfitting(m, lfi_put_object(m, out, "overfitting"));
}

/* ---- costs ------------------------------------------------------------------------------ */

/* What the options say of commission; the rest of the fees went to venue and regulators. */
static double commission_of(const lfi_account *a)
{
    const lf_strategy_options *options = a->strategy->options;
    if (options == NULL) {
        return NAN;
    }
    const lf_fee_options *fees = &options->execution.fees;
    const bool is_charged =
        fees->schedule == LF_FEE_SCHEDULE_US_NASDAQ || fees->schedule == LF_FEE_SCHEDULE_COMMISSION;
    return fees->schedule == LF_FEE_SCHEDULE_CME ? fees->commission_per_contract * a->traded_lots
           : is_charged ? fees->commission_per_share * a->traded_lots * a->lot_size
                        : 0;
}

void lfi_metrics_costs(lfi_metrics *m, json_t *out)
{
    const lfi_account *a = &m->accounts[0];
    const lf_backtest_counts *counts = a->strategy->counts;
    const double shares = a->traded_lots * a->lot_size;
    const double total = a->fees + a->spread_cost;
    lfi_put_text(m, out, "fees_name", counts == NULL ? NULL : counts->fees_name);
    lfi_put_money(m, out, "total", total);
    lfi_put_money(m, out, "fees", a->fees);
    lfi_put_money(m, out, "commission", commission_of(a));
    lfi_put_money(m, out, "exchange_and_regulatory", a->fees - commission_of(a));
    lfi_put_money(m, out, "spread", a->spread_cost);
    lfi_put_money(m, out, "total_per_share", total / shares);
    lfi_put_money(m, out, "fees_per_share", a->fees / shares);
    lfi_put_money(m, out, "spread_per_share", a->spread_cost / shares);
    lfi_put_number(m, out, "total_bps_per_side", 1e4 * total / a->traded_value);
    lfi_put_number(m, out, "fees_bps_per_side", 1e4 * a->fees / a->traded_value);
    lfi_put_number(m, out, "spread_bps_per_side", 1e4 * a->spread_cost / a->traded_value);
}
