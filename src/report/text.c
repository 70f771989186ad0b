/* The metrics as a page of plain text: money first, then what to think of it. */
#include "report_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS 100

/* A page being written. */
typedef struct page {
    const lf_allocator *allocator;
    char *text;
    size_t bytes;
    size_t capacity;
    bool failed;
    char cells[24][32]; /* numbers of the line at hand, used in turn */
    size_t next_cell;
} page;

/* ---- lines and cells -------------------------------------------------------------------- */

/* Bytes of a text that fill at most so many columns; one column for each code point. */
static size_t fitting(const char *text, size_t columns)
{
    size_t bytes = 0;
    for (size_t used = 0; text[bytes] != '\0'; bytes++) {
        if (((unsigned char)text[bytes] & 0xC0) != 0x80 && ++used > columns) {
            break;
        }
    }
    return bytes;
}

static void add_bytes(page *p, const char *text, size_t bytes)
{
    void *memory = p->text;
    if (p->failed ||
        lf_grow(p->allocator, &memory, &p->capacity, p->bytes + bytes + 2, 1) != LF_OK) {
        p->failed = true;
        return;
    }
    p->text = memory;
    memcpy(p->text + p->bytes, text, bytes);
    p->bytes += bytes;
    p->text[p->bytes++] = '\n';
    p->text[p->bytes] = '\0';
}

/* One line, cut at the last column, without blanks at its end. */
LF_PRINTF(2, 3) static void line(page *p, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t bytes = fitting(text, COLUMNS);
    while (bytes > 0 && text[bytes - 1] == ' ') {
        bytes--;
    }
    add_bytes(p, text, bytes);
}

/* A sentence behind a dash, over as many lines as it takes. */
static void wrapped(page *p, const char *sentence)
{
    const char *lead = "- ";
    while (*sentence != '\0') {
        size_t bytes = fitting(sentence, COLUMNS - 4);
        if (sentence[bytes] != '\0') {
            size_t space = bytes;
            while (space > 0 && sentence[space] != ' ') {
                space--;
            }
            bytes = space > 0 ? space : bytes;
        }
        line(p, "  %s%.*s", lead, (int)bytes, sentence);
        sentence += bytes + strspn(sentence + bytes, " ");
        lead = "  ";
    }
}

static char *cell(page *p)
{
    p->next_cell = (p->next_cell + 1) % (sizeof p->cells / sizeof p->cells[0]);
    return p->cells[p->next_cell];
}

/* The value at a path of keys such as "sharpe.daily_net.annual". */
static const json_t *value_at(const json_t *root, const char *path)
{
    while (root != NULL && *path != '\0') {
        char key[64];
        const size_t bytes = strcspn(path, ".");
        (void)snprintf(key, sizeof key, "%.*s", (int)bytes, path);
        root = json_object_get(root, key);
        path += bytes + (path[bytes] == '.');
    }
    return root;
}

/* A number times a scale; "-" for what is undefined. */
static const char *scaled(page *p, const json_t *value, int digits, double scale)
{
    char *out = cell(p);
    const double number = scale * json_number_value(value);
    if (!json_is_number(value)) {
        return "-";
    }
    if (fabs(number) < 1e9) {
        /* Minus nothing is nothing. */
        const double unit = pow(10, -digits);
        const double shown = fabs(number) < unit / 2 ? 0 : number;
        (void)snprintf(out, sizeof p->cells[0], "%.*f", digits, shown);
    } else {
        (void)snprintf(out, sizeof p->cells[0], "%.4g", number);
    }
    return out;
}

static const char *number(page *p, const json_t *root, const char *path, int digits)
{
    return scaled(p, value_at(root, path), digits, 1);
}

static const char *percent(page *p, const json_t *root, const char *path, int digits)
{
    return scaled(p, value_at(root, path), digits, 100);
}

/* "[low, high]", or "" when there is none. */
static const char *interval(page *p, const json_t *root, const char *path, int digits, double scale)
{
    const json_t *pair = value_at(root, path);
    const char *low = scaled(p, json_array_get(pair, 0), digits, scale);
    const char *high = scaled(p, json_array_get(pair, 1), digits, scale);
    char *out = cell(p);
    (void)snprintf(out, sizeof p->cells[0], "[%.13s, %.13s]", low, high);
    return json_is_number(json_array_get(pair, 0)) ? out : "";
}

static const char *text_at(const json_t *root, const char *path, const char *otherwise)
{
    const char *text = json_string_value(value_at(root, path));
    return text != NULL ? text : otherwise;
}

/* ---- sections --------------------------------------------------------------------------- */

static void write_head(page *p, const json_t *root)
{
    const json_t *meta = json_object_get(root, "meta");
    const bool in_sample = json_is_true(json_object_get(meta, "in_sample"));
    const long long trials = (long long)json_integer_value(json_object_get(meta, "trials"));
    line(p, "%.80s%s", text_at(meta, "title", "run"), in_sample ? " (IN SAMPLE)" : "");
    line(
        p,
        "%s: %s orders, P(up) of %s, cost factor %s, hold %s s",
        text_at(meta, "strategy", "strategy"),
        text_at(meta, "options.entry", "unknown"),
        text_at(meta, "options.horizon", "unknown"),
        number(p, meta, "options.cost_factor", 1),
        scaled(p, value_at(meta, "options.hold_ns"), 0, 1e-9)
    );
    line(
        p,
        "days %s, rows %s, configurations tried %lld",
        number(p, meta, "days", 0),
        number(p, meta, "rows", 0),
        trials
    );
}

/* Nothing where the market's volume is not known. */
static void write_capacity(page *p, const json_t *c)
{
    if (!json_is_number(json_object_get(c, "zero_lots"))) {
        return;
    }
    line(
        p,
        "  Size: %s lots an order, %s %% of the market, %s of the depth met taking, %s waiting",
        number(p, c, "order_lots", 0),
        percent(p, c, "market_share", 3),
        number(p, c, "depth.marketable.size_to_depth", 2),
        number(p, c, "depth.passive.size_to_depth", 2)
    );
    line(
        p,
        "  Capacity: impact %s bps a side by the square-root law; net is 0 at %s lots an order",
        number(p, c, "impact_bps_per_side", 3),
        number(p, c, "zero_lots", 0)
    );
}

static void write_pnl(page *p, const json_t *root)
{
    static const struct {
        const char *label;
        const char *total;
        const char *per_trade;
    } rows[] = {
        {"at the mid", "gross_at_mid", ""},
        {"- spread", "spread_cost", ""},
        {"= gross", "gross", "gross_per_trade"},
        {"- fees", "fees", "fees_per_trade"},
        {"= NET", "net", "net_per_trade"},
    };
    const json_t *pnl = json_object_get(root, "pnl");
    const json_t *costs = json_object_get(root, "costs");
    line(p, "%s", "");
    line(
        p,
        "PROFIT AND LOSS %12s %12s   trades %s",
        "total",
        "per trade",
        number(p, pnl, "trades", 0)
    );
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const bool has_both = rows[i].per_trade[0] != '\0';
        line(
            p,
            "  %-12s %13s %12s",
            rows[i].label,
            number(p, pnl, rows[i].total, 2),
            has_both ? number(p, pnl, rows[i].per_trade, 4) : ""
        );
    }
    line(
        p,
        "  Fees: net is 0 at %s bps a side (%s a share); paid %s bps%s%.40s",
        number(p, pnl, "break_even_bps_per_side", 3),
        number(p, pnl, "break_even_per_share", 5),
        number(p, pnl, "cost_paid_bps_per_side", 3),
        text_at(costs, "fees_name", "")[0] == '\0' ? "" : ", ",
        text_at(costs, "fees_name", "")
    );
    line(
        p,
        "  Spread and fees: net is 0 at %s bps a side; paid %s bps",
        number(p, pnl, "break_even_at_mid_bps_per_side", 3),
        number(p, costs, "total_bps_per_side", 3)
    );
    line(
        p,
        "  Won %s %% of trades, held %s s, turnover %s a day",
        percent(p, pnl, "win_rate", 1),
        number(p, pnl, "mean_hold_seconds", 1),
        number(p, pnl, "turnover_per_day", 2)
    );
    write_capacity(p, json_object_get(pnl, "capacity"));
}

static void write_parts(page *p, const char *label, const char *word, const json_t *row)
{
    line(
        p,
        "  %s%-*.17s %6s %11s %11s %11s %11s %11s",
        label,
        (int)(20 - strlen(label)),
        word,
        number(p, row, "trades", 0),
        number(p, row, "held", 2),
        number(p, row, "spread", 2),
        number(p, row, "latency", 2),
        number(p, row, "fees", 2),
        number(p, row, "net", 2)
    );
}

/* Where the net came from; nothing without round trips. */
static void write_attribution(page *p, const json_t *root)
{
    const json_t *all = value_at(root, "pnl.attribution");
    size_t i;
    json_t *row;
    if (json_array_size(json_object_get(all, "by_exit_reason")) == 0) {
        return;
    }
    line(p, "%s", "");
    line(
        p,
        "%-22s %6s %11s %11s %11s %11s %11s",
        "WHERE IT CAME FROM",
        "trades",
        "move held",
        "spread",
        "latency",
        "fees",
        "net"
    );
    json_array_foreach(json_object_get(all, "by_entry"), i, row)
    {
        write_parts(p, "in by ", text_at(row, "liquidity", ""), row);
    }
    json_array_foreach(json_object_get(all, "by_exit_reason"), i, row)
    {
        write_parts(p, "out: ", text_at(row, "exit_reason", ""), row);
    }
    write_parts(p, "all", "", all);
    if (json_number_value(json_object_get(all, "rest")) != 0) {
        line(p, "  %s more were earned than these fills explain", number(p, all, "rest", 9));
    }
}

static void write_sharpe(page *p, const json_t *root)
{
    static const char *const names[][2] = {
        {"intraday_gross", "intraday gross"},
        {"intraday_net", "intraday net"},
        {"daily_net", "daily net"},
    };
    const json_t *all = value_at(root, "pnl.sharpe");
    line(p, "%s", "");
    line(p, "SHARPE, A YEAR %9s  %-24s %6s %9s  %s", "ratio", "95 %", "PSR", "deflated", "periods");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *s = json_object_get(all, names[i][0]);
        line(
            p,
            "  %-14s %7s  %-24s %6s %9s  %s",
            names[i][1],
            number(p, s, "annual", 2),
            interval(p, s, "annual_interval", 2, 1),
            number(p, s, "psr", 3),
            number(p, s, "deflated", 3),
            number(p, s, "periods", 0)
        );
    }
}

static void write_risk(page *p, const json_t *root)
{
    const json_t *risk = json_object_get(root, "risk");
    line(p, "%s", "");
    line(
        p,
        "RISK  largest fall %s (%.16s to %.16s UTC), losing days %s of %s",
        number(p, risk, "max_drawdown", 2),
        text_at(risk, "max_drawdown_from", "-"),
        text_at(risk, "max_drawdown_to", "-"),
        number(p, risk, "losing_days", 0),
        number(p, risk, "days", 0)
    );
    line(
        p,
        "  worst day %s (%s), loss stops %s, days not flat %s",
        number(p, risk, "worst_day_net", 2),
        text_at(risk, "worst_day", "-"),
        number(p, risk, "loss_stop_days", 0),
        number(p, risk, "unflat_days", 0)
    );
    line(
        p,
        "  in position %s %%, without a valid book %s %%, ledger checks that held %s",
        percent(p, risk, "exposure", 1),
        percent(p, risk, "masked_share", 2),
        number(p, risk, "ledger_checks", 0)
    );
}

static void write_direction(page *p, const char *label, const json_t *d)
{
    line(
        p,
        "  %-16s %7s %7s %8s  %7s %-16s %6s %-16s",
        label,
        number(p, d, "rows", 0),
        percent(p, d, "accuracy", 2),
        percent(p, d, "majority", 2),
        percent(p, d, "less_majority", 2),
        interval(p, d, "less_majority_interval", 2, 100),
        number(p, d, "auc", 4),
        interval(p, d, "auc_interval", 3, 1)
    );
}

/* The tests against one baseline; nothing where there are none. */
static void write_against(page *p, const char *label, const json_t *baseline)
{
    const json_t *better = json_object_get(baseline, "model_better");
    if (!json_is_number(json_object_get(better, "hits_p"))) {
        return;
    }
    line(
        p,
        "  better than %-22s hits %7s points, p %-7s Brier %8s, p %s",
        label,
        percent(p, better, "hits", 2),
        number(p, better, "hits_p", 4),
        number(p, better, "brier", 4),
        number(p, better, "brier_p", 4)
    );
}

static void write_signal(page *p, const json_t *root)
{
    const json_t *signal = json_object_get(root, "signal");
    const json_t *ret = json_object_get(signal, "ret_1min");
    line(p, "%s", "");
    line(
        p,
        "SIGNAL, %% %15s %7s %8s  %7s %-16s %6s %-16s",
        "rows",
        "hit",
        "majority",
        "more",
        "95 %",
        "AUC",
        "95 %"
    );
    write_direction(p, "1 min model", value_at(signal, "up_1min"));
    write_direction(p, "  queue sign", value_at(signal, "up_1min.baselines.queue_sign"));
    write_direction(p, "  OFI sign", value_at(signal, "up_1min.baselines.ofi_sign"));
    if (json_is_object(value_at(signal, "walk.up_1min.logistic3"))) {
        write_direction(p, "  logistic", value_at(signal, "walk.up_1min.logistic3"));
    }
    write_direction(p, "5 min model", value_at(signal, "up_5min"));
    line(
        p,
        "  1 min, all rows with a label: hit %s %s %%, of which %s %% moved",
        percent(p, value_at(signal, "up_1min"), "all_accuracy", 2),
        interval(p, value_at(signal, "up_1min"), "all_accuracy_interval", 2, 100),
        percent(p, value_at(signal, "up_1min"), "moving_share", 1)
    );
    write_against(p, "the queue's sign", value_at(signal, "up_1min.baselines.queue_sign"));
    write_against(p, "the OFI's sign", value_at(signal, "up_1min.baselines.ofi_sign"));
    write_against(p, "the logistic", value_at(signal, "walk.up_1min.logistic3"));
    write_against(p, "the training's majority", value_at(signal, "walk.up_1min.prior"));
    line(
        p,
        "  1-min return: IC %s %s of all rows, %s mean of days, rank IC %s, ICIR %s",
        number(p, ret, "ic_all", 4),
        interval(p, ret, "ic_interval", 3, 1),
        number(p, ret, "ic", 4),
        number(p, ret, "rank_ic", 4),
        number(p, ret, "icir", 2)
    );
    line(
        p,
        "  1-min return: R^2 %s %% %s",
        percent(p, ret, "r2", 3),
        interval(p, ret, "r2_interval", 2, 100)
    );
}

/* What the queue model decides about the passive strategy. */
static void write_bracket(page *p, const json_t *e)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(e, "queue_bracket"), i, row)
    {
        line(
            p,
            "  queue %-12s passive entries: %s %% of orders with a fill, net %s",
            text_at(row, "queue", ""),
            percent(p, row, "fill_rate", 1),
            number(p, row, "net", 2)
        );
    }
}

static void write_execution(page *p, const json_t *root)
{
    const json_t *e = json_object_get(root, "execution");
    const json_t *after = json_object_get(e, "markouts");
    line(p, "%s", "");
    line(
        p,
        "EXECUTION  %s orders, %s %% filled (passive %s %%), taker %s %% of lots, rejected %s",
        number(p, e, "orders", 0),
        percent(p, e, "fill_rate", 1),
        percent(p, e, "fill_rate_passive", 1),
        percent(p, e, "by_liquidity.taker.lot_share", 1),
        number(p, e, "by_status.rejected", 0)
    );
    line(
        p,
        "  bps: slippage %s from the decision, %s from arrival; half spread %s; latency %s",
        number(p, e, "slippage_decision_bps", 3),
        number(p, e, "slippage_arrival_bps", 3),
        number(p, e, "half_spread_bps", 3),
        number(p, e, "latency_cost_bps", 3)
    );
    line(
        p,
        "  markout bps: %s after 1 s, %s after 10 s, %s after 1 min, %s after 5 min",
        number(p, json_array_get(after, 0), "bps", 3),
        number(p, json_array_get(after, 1), "bps", 3),
        number(p, json_array_get(after, 2), "bps", 3),
        number(p, json_array_get(after, 3), "bps", 3)
    );
    write_bracket(p, e);
}

static void write_variants(page *p, const json_t *root)
{
    size_t i;
    json_t *v;
    line(p, "%s", "");
    line(
        p,
        "%-22s %6s %6s %6s %10s %9s %10s %8s %9s",
        "STRATEGIES",
        "orders",
        "fill %",
        "trades",
        "gross",
        "fees",
        "net",
        "a trade",
        "zero bps"
    );
    json_array_foreach(json_object_get(root, "variants"), i, v)
    {
        line(
            p,
            "  %-20.20s %6s %6s %6s %10s %9s %10s %8s %9s",
            text_at(v, "name", ""),
            number(p, v, "orders", 0),
            percent(p, v, "fill_rate", 1),
            number(p, v, "trades", 0),
            number(p, v, "gross", 2),
            number(p, v, "fees", 2),
            number(p, v, "net", 2),
            number(p, v, "net_per_trade", 3),
            number(p, v, "break_even_bps_per_side", 3)
        );
    }
}

static void write_warnings(page *p, const json_t *root)
{
    const json_t *list = json_object_get(root, "warnings");
    size_t i;
    json_t *sentence;
    if (json_array_size(list) == 0) {
        return;
    }
    line(p, "%s", "");
    line(p, "WARNINGS");
    json_array_foreach(list, i, sentence)
    {
        if (json_is_string(sentence)) {
            wrapped(p, json_string_value(sentence));
        }
    }
}

/* ---- the page --------------------------------------------------------------------------- */

lf_status
lf_report_text(const lf_allocator *allocator, const char *metrics_json, char **out, lf_error *error)
{
    page p = {.allocator = allocator};
    json_t *root = lfi_parse(metrics_json);
    *out = NULL;
    if (!lfi_is_metrics(root)) {
        json_decref(root);
        return lf_error_set(
            error, LF_FORMAT, "these are not the metrics of a run; see docs/formats/metrics.md."
        );
    }
    write_head(&p, root);
    write_pnl(&p, root);
    write_attribution(&p, root);
    write_sharpe(&p, root);
    write_risk(&p, root);
    write_signal(&p, root);
    write_execution(&p, root);
    write_variants(&p, root);
    write_warnings(&p, root);
    json_decref(root);
    if (p.failed) {
        lf_release(allocator, p.text);
        return lf_error_set(error, LF_NOMEM, "not enough memory for the text of the report.");
    }
    *out = p.text;
    return LF_OK;
}
