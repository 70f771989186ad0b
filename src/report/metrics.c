/* The metrics of a run as one JSON text: who it was, and the order of the sections. */
#include "report_internal.h"

#include <lobflow/execution.h>
#include <lobflow/pipeline.h>
#include <lobflow/signal.h>

#include <math.h>
#include <string.h>

/* ---- meta ------------------------------------------------------------------------------- */

static void put_strategy(lfi_metrics *m, json_t *out, const lf_strategy_options *o)
{
    lfi_put_text(m, out, "entry", lf_order_kind_name(o->execution.entry));
    lfi_put_text(m, out, "horizon", lf_horizon_name(o->signal.horizon));
    lfi_put_number(m, out, "p_long", o->signal.p_long);
    lfi_put_number(m, out, "p_short", o->signal.p_short);
    lfi_put_number(m, out, "threshold_quantile", o->signal.threshold_quantile);
    lfi_put_number(m, out, "extreme_quantile", o->signal.extreme_quantile);
    lfi_put_number(m, out, "cost_factor", o->signal.cost_factor);
    lfi_put(m, out, "continuation", json_boolean(o->signal.continuation));
    lfi_put(m, out, "reversion", json_boolean(o->signal.reversion));
    lfi_put_count(m, out, "order_size_lots", (double)o->risk.order_size);
    lfi_put_count(m, out, "max_position_lots", (double)o->risk.max_position);
    lfi_put_count(m, out, "hold_ns", (double)o->risk.hold_ns);
    lfi_put_number(m, out, "stop_ticks", o->risk.stop_ticks);
    lfi_put_number(m, out, "stop_spreads", o->risk.stop_spreads);
    lfi_put_count(m, out, "flatten_ns", (double)o->risk.flatten_ns);
    lfi_put_number(m, out, "max_daily_loss", o->risk.max_daily_loss);
    lfi_put_count(m, out, "passive_limit_ns", (double)o->execution.passive_limit_ns);
    lfi_put_text(m, out, "passive_timeout", lf_timeout_name(o->execution.passive_timeout));
    lfi_put_text(m, out, "fee_schedule", lf_fee_schedule_name(o->execution.fees.schedule));
    lfi_put_text(m, out, "impact", lf_impact_name(o->execution.impact.model));
    lfi_put_text(m, out, "queue", lf_queue_model_name(o->execution.queue.model));
    lfi_put_number(m, out, "queue_power", o->execution.queue.n);
    lfi_put_text(m, out, "self_trade", lf_self_trade_name(o->execution.self_trade));
    json_t *latency = lfi_put_object(m, out, "latency");
    lfi_put_count(m, latency, "feed_ns", (double)o->execution.latency.feed_ns);
    lfi_put_count(m, latency, "decision_ns", (double)o->execution.latency.decision_ns);
    lfi_put_count(m, latency, "entry_ns", (double)o->execution.latency.entry_ns);
    lfi_put_count(m, latency, "cancel_ns", (double)o->execution.latency.cancel_ns);
    lfi_put_count(m, latency, "response_ns", (double)o->execution.latency.response_ns);
}

/* Gain and splits of each feature for each head that has trees, as shares of the head's sum. */
static void put_importance(lfi_metrics *m, json_t *out)
{
    json_t *training = lfi_parse(m->facts->training_json);
    const char *head;
    json_t *entry;
    json_object_foreach(json_object_get(training, "heads"), head, entry)
    {
        json_t *gains = json_object_get(entry, "importance_gain");
        json_t *splits = json_object_get(entry, "importance_split");
        json_t *list = json_is_object(gains) ? lfi_put_list(m, out, head) : NULL;
        const char *feature;
        json_t *gain;
        double sum = 0;
        json_object_foreach(gains, feature, gain)
        {
            sum += json_number_value(gain);
        }
        json_object_foreach(gains, feature, gain)
        {
            json_t *row = lfi_append_object(m, list);
            const double value = json_number_value(gain);
            lfi_put_text(m, row, "feature", feature);
            lfi_put_number(m, row, "gain", value);
            lfi_put_number(m, row, "gain_share", sum > 0 ? value / sum : NAN);
            lfi_put_count(m, row, "split", json_number_value(json_object_get(splits, feature)));
        }
    }
    json_decref(training);
}

void lfi_metrics_meta(lfi_metrics *m, json_t *out)
{
    const lf_report_facts *f = m->facts;
    const lfi_account *account = &m->accounts[0];
    const double alpha = f->planted_alpha;
    lfi_put_text(m, out, "title", f->title);
    lfi_put_text(m, out, "data", f->data_text);
    lfi_put_text(m, out, "symbol", f->symbol);
    lfi_put_text(m, out, "time_zone", f->time_zone);
    lfi_put_count(m, out, "day_shift_ns", (double)f->day_shift_ns);
    lfi_put_text(m, out, "strategy", m->run->strategies[0].name);
    lfi_put_count(m, out, "days", (double)account->day_count);
    lfi_put_date(m, out, "first_date", account->days[0].date);
    lfi_put_date(m, out, "last_date", account->days[account->day_count - 1].date);
    lfi_put_count(m, out, "rows", (double)account->equity_rows);
    lfi_put_count(m, out, "predicted_rows", (double)m->predicted_rows);
    lfi_put_count(m, out, "trades", account->trade_count);
    lfi_put_count(m, out, "step_ns", (double)f->step_ns);
    lfi_put(m, out, "seed", json_integer((json_int_t)(f->seed & INT64_MAX)));
    lfi_put_count(m, out, "trials", (double)f->trial_count);
    lfi_put_text(m, out, "version", f->version);
    lfi_put(m, out, "in_sample", json_boolean(f->in_sample));
    lfi_put_money(m, out, "starting_cash", f->starting_cash);
    lfi_put_number(m, out, "lot_size", account->lot_size);
    lfi_put_number(m, out, "tick", f->tick > 0 ? f->tick : NAN);
    lfi_put_number(m, out, "planted_alpha", alpha);
    /* A sign forecast that knows the drift of a Gaussian move with correlation sqrt(alpha). */
    lfi_put_number(
        m,
        out,
        "planted_accuracy_bound",
        alpha >= 0 && alpha <= 1 ? 0.5 + asin(sqrt(alpha)) / acos(-1) : NAN
    );
    const lf_report_strategy *first = &m->run->strategies[0];
    lfi_put_text(m, out, "fees", first->counts == NULL ? NULL : first->counts->fees_name);
    json_t *options = lfi_put_object(m, out, "options");
    if (first->options != NULL) {
        put_strategy(m, options, first->options);
    }
    put_importance(m, lfi_put_object(m, out, "importance"));
    lfi_put_text(m, out, "config_toml", f->config_toml);
}

/* ---- the whole -------------------------------------------------------------------------- */

static lf_status put_sections(lfi_metrics *m, lf_error *error)
{
    lf_status status = lfi_metrics_signal(m, lfi_put_object(m, m->root, "signal"), error);
    if (status == LF_OK) {
        status = lfi_metrics_execution(m, lfi_put_object(m, m->root, "execution"), error);
    }
    if (status == LF_OK) {
        status = lfi_metrics_pnl(m, lfi_put_object(m, m->root, "pnl"), error);
    }
    if (status == LF_OK) {
        lfi_metrics_risk(m, lfi_put_object(m, m->root, "risk"));
        lfi_metrics_costs(m, lfi_put_object(m, m->root, "costs"));
        lfi_metrics_meta(m, lfi_put_object(m, m->root, "meta"));
        lfi_metrics_variants(m, lfi_put_list(m, m->root, "variants"));
        lfi_metrics_warnings(m, lfi_put_list(m, m->root, "warnings"));
    }
    return status;
}

/* The text in memory of the allocator. 15 digits hold every decimal that a person would write. */
static lf_status dump(const lfi_metrics *m, char **out, lf_error *error)
{
    const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(15);
    const size_t bytes = m->failed ? 0 : json_dumpb(m->root, NULL, 0, flags);
    char *text = bytes > 0 ? lf_allocate(m->allocator, bytes + 2, 1) : NULL;
    if (text == NULL || json_dumpb(m->root, text, bytes, flags) != bytes) {
        lf_release(m->allocator, text);
        return lf_error_set(error, LF_NOMEM, "not enough memory for the text of the metrics.");
    }
    text[bytes] = '\n';
    *out = text;
    return LF_OK;
}

static lf_status read_accounts(lfi_metrics *m, lf_error *error)
{
    const lf_report_run *run = m->run;
    const int64_t step_ns = m->facts->step_ns > 0 ? m->facts->step_ns : LF_NS_PER_SECOND;
    const char *zone = m->facts->time_zone != NULL ? m->facts->time_zone : "UTC";
    lf_status status = lf_zone_create(m->allocator, zone, &m->calendar.zone, error);
    m->accounts = lf_allocate(m->allocator, run->strategy_count, sizeof *m->accounts);
    if (status == LF_OK && m->accounts == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the strategies.");
    }
    for (size_t s = 0; s < run->strategy_count && status == LF_OK; s++) {
        status = lfi_account_create(
            m->allocator, &run->strategies[s], &m->calendar, step_ns, NULL, &m->accounts[s], error
        );
    }
    return status;
}

lf_status lf_report_metrics(
    const lf_report_run *run, const lf_report_facts *facts, char **out, lf_error *error
)
{
    lfi_metrics m = {
        .run = run,
        .facts = facts,
        .allocator = run->allocator,
        .calendar.shift_ns = facts->day_shift_ns,
    };
    *out = NULL;
    m.root = json_object();
    lf_status status = read_accounts(&m, error);
    if (status == LF_OK) {
        status = lfi_metrics_choose(&m, error);
    }
    if (status == LF_OK) {
        status = put_sections(&m, error);
    }
    if (status == LF_OK) {
        status = dump(&m, out, error);
    }
    for (size_t s = 0; m.accounts != NULL && s < run->strategy_count; s++) {
        lfi_account_release(&m.accounts[s]);
    }
    lf_release(m.allocator, m.accounts);
    if (m.predictions != run->predictions) {
        lf_frame_destroy(m.predictions);
    }
    lf_zone_destroy(m.calendar.zone);
    json_decref(m.root);
    return status;
}
