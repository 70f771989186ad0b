/* Strategies side by side, and the sentences that keep a reader from believing too much. */
#include "report_internal.h"

#include <lobflow/execution.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lfi_metrics_variants(lfi_metrics *m, json_t *out)
{
    for (size_t s = 0; s < m->run->strategy_count; s++) {
        const lfi_account *a = &m->accounts[s];
        const lf_strategy_options *options = a->strategy->options;
        json_t *row = lfi_append_object(m, out);
        lfi_put_text(m, row, "name", a->strategy->name);
        lfi_put_text(
            m, row, "entry", options == NULL ? NULL : lf_order_kind_name(options->execution.entry)
        );
        lfi_put_text(
            m,
            row,
            "queue",
            options == NULL || options->execution.entry != LF_ORDER_KIND_PASSIVE
                ? NULL
                : lf_queue_model_name(options->execution.queue.model)
        );
        lfi_put_number(m, row, "cost_factor", options == NULL ? NAN : options->signal.cost_factor);
        lfi_put_count(m, row, "orders", a->order_count);
        lfi_put_number(m, row, "fill_rate", a->filled_orders / a->order_count);
        lfi_put_count(m, row, "trades", a->trade_count);
        lfi_put_money(m, row, "gross_at_mid", a->gross + a->spread_cost);
        lfi_put_money(m, row, "gross", a->gross);
        lfi_put_money(m, row, "fees", a->fees);
        lfi_put_money(m, row, "net", a->gross - a->fees);
        lfi_put_money(m, row, "net_per_trade", (a->gross - a->fees) / a->trade_count);
        lfi_put_money(m, row, "max_drawdown", a->drawdown.amount);
        lfi_put_number(m, row, "break_even_bps_per_side", lfi_break_even_bps(a));
        lfi_put_number(m, row, "win_rate", a->winning_trades / a->trade_count);
    }
}

/* ---- warnings --------------------------------------------------------------------------- */

LF_PRINTF(3, 4) static void warn(lfi_metrics *m, json_t *out, const char *format, ...)
{
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    m->failed = json_array_append_new(out, json_string(sentence)) != 0 || m->failed;
}

/* The sentences of the scores, one a line: the leak alarm and the majority rate. */
static void take_over(lfi_metrics *m, json_t *out)
{
    for (const char *line = m->scores.warnings; *line != '\0';) {
        const size_t bytes = strcspn(line, "\n");
        m->failed = json_array_append_new(out, json_stringn(line, bytes)) != 0 || m->failed;
        line += bytes + (line[bytes] == '\n');
    }
    const double alpha = m->facts->planted_alpha;
    if (alpha >= 0 && alpha <= 1) {
        const lf_train_direction *d = &m->scores.up_1min[LF_TRAIN_MODEL];
        warn(
            m,
            out,
            "The data are simulated with a planted alpha of %.4g, which bounds the accuracy at "
            "%.4f; this forecast was right in %.4f of the moving rows.",
            alpha,
            0.5 + asin(sqrt(alpha)) / acos(-1),
            d->accuracy
        );
    }
}

static void warn_of_signal(lfi_metrics *m, json_t *out)
{
    static const char *const horizons[] = {"1 minute", "5 minutes"};
    for (int h = 0; h < 2; h++) {
        const lf_train_direction *all = h == 0 ? m->scores.up_1min : m->scores.up_5min;
        const lf_interval auc = all[LF_TRAIN_MODEL].auc_interval;
        if (all[LF_TRAIN_MODEL].rows == 0) {
            warn(m, out, "At %s no row that moved was predicted: nothing to score.", horizons[h]);
        } else if (auc.low <= 0.5 && auc.high >= 0.5) {
            warn(
                m,
                out,
                "No evidence of a signal at %s: the interval of AUC, %.4f to %.4f, holds one half.",
                horizons[h],
                auc.low,
                auc.high
            );
        } else if (auc.high < 0.5) {
            warn(
                m,
                out,
                "At %s the forecasts point the wrong way: AUC %.4f, interval %.4f to %.4f.",
                horizons[h],
                all[LF_TRAIN_MODEL].auc,
                auc.low,
                auc.high
            );
        }
    }
}

static void warn_of_training(lfi_metrics *m, json_t *out)
{
    json_t *walk = json_object_get(json_object_get(m->root, "signal"), "walk");
    json_t *at = json_object_get(walk, "up_1min");
    json_t *best = json_object_get(walk, "least_best_round");
    if (json_is_false(json_object_get(walk, "model_beats_logistic3"))) {
        json_t *logistic = json_object_get(json_object_get(at, "logistic3"), "auc");
        warn(
            m,
            out,
            "The model does not beat the three-feature logistic at 1 minute: AUC %.4f against "
            "%.4f.",
            json_number_value(json_object_get(at, "model_auc")),
            json_number_value(logistic)
        );
    }
    if (json_is_number(best) && json_number_value(best) < 10) {
        warn(
            m,
            out,
            "Boosting kept %.0f round%s in some fold: there is little to learn beyond what it "
            "starts from.",
            json_number_value(best),
            json_number_value(best) == 1 ? "" : "s"
        );
    }
}

/* Cents; what rounds to nothing has no sign. */
static double cents(double money)
{
    return fabs(money) < 0.005 ? 0 : money;
}

static void warn_of_money(lfi_metrics *m, json_t *out)
{
    const lfi_account *a = &m->accounts[0];
    const double paid_bps = 1e4 * a->fees / a->traded_value;
    if (a->trade_count == 0) {
        warn(m, out, "There are no trades: nothing can be said about profit or loss.");
        return;
    }
    if (a->gross <= 0) {
        warn(
            m,
            out,
            "Gross P&L is %.2f before fees (%.2f at the mid): no schedule of fees makes this pay.",
            cents(a->gross),
            cents(a->gross + a->spread_cost)
        );
    } else if (a->gross < a->fees) {
        warn(
            m,
            out,
            "Gross P&L of %.2f does not cover fees of %.2f: it breaks even at %.3f bps a side, "
            "%.3f were paid.",
            a->gross,
            a->fees,
            lfi_break_even_bps(a),
            paid_bps
        );
    }
    if (a->trade_count < 30) {
        warn(m, out, "%.0f trades are too few to judge a strategy by.", a->trade_count);
    }
}

static void warn_of_data(lfi_metrics *m, json_t *out)
{
    const lfi_account *a = &m->accounts[0];
    const lf_backtest_counts *counts = a->strategy->counts;
    const double masked = lfi_masked_share(a);
    if (masked > 0.05) {
        warn(m, out, "%.1f %% of the session had no valid book.", 100 * masked);
    }
    if (a->day_count < 20) {
        warn(
            m,
            out,
            "%zu day%s: Sharpe ratios and drawdowns of less than a month are anecdotes.",
            a->day_count,
            a->day_count == 1 ? "" : "s"
        );
    }
    if (counts != NULL && counts->unflat_days > 0) {
        warn(
            m,
            out,
            "%lld day%s ended with a position, settled at the mid without costs.",
            (long long)counts->unflat_days,
            counts->unflat_days == 1 ? "" : "s"
        );
    }
}

/* Days that are kept for the end, and how often somebody has looked at them. */
static void warn_of_holdout(lfi_metrics *m, json_t *out)
{
    json_t *walk = json_object_get(json_object_get(m->root, "signal"), "walk");
    const char *note = json_string_value(json_object_get(json_object_get(walk, "holdout"), "note"));
    if (note != NULL) {
        warn(m, out, "%s", note);
    }
}

static void warn_of_stop(lfi_metrics *m, json_t *out)
{
    json_t *risk = json_object_get(m->root, "risk");
    const char *note = json_string_value(json_object_get(risk, "stop_note"));
    if (note != NULL) {
        warn(m, out, "%s", note);
    }
}

/* Names do not follow the horizons, so whoever reads them is told. */
static void warn_of_horizons(lfi_metrics *m, json_t *out)
{
    const int64_t near_ns = m->facts->horizon_ns;
    const int64_t far_ns = m->facts->horizon_long_ns;
    char near[32];
    char far[32];
    if ((near_ns == 0 || near_ns == LF_NS_PER_MINUTE) &&
        (far_ns == 0 || far_ns == 5 * LF_NS_PER_MINUTE)) {
        return;
    }
    lf_duration_format(near_ns == 0 ? LF_NS_PER_MINUTE : near_ns, near);
    lf_duration_format(far_ns == 0 ? 5 * LF_NS_PER_MINUTE : far_ns, far);
    warn(
        m, out, "The models look %s and %s ahead: read 1 min and 5 min of the signal so.", near, far
    );
}

void lfi_metrics_warnings(lfi_metrics *m, json_t *out)
{
    if (m->facts->in_sample) {
        warn(m, out, "In sample: the model was trained on rows that it trades here.");
    }
    warn_of_holdout(m, out);
    warn_of_horizons(m, out);
    if (m->has_scores) {
        take_over(m, out);
        warn_of_signal(m, out);
    }
    warn_of_training(m, out);
    warn_of_stop(m, out);
    warn_of_money(m, out);
    warn_of_data(m, out);
}
