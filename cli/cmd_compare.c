/* The verb compare: runs side by side, what was set otherwise, and their days in pairs. */
#include "flags.h"

#include <lobflow/stats.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 8
#define DAYS_MAX 4096
#define SETTINGS_MAX 256

/* clang-format off: one flag a line. */
const cli_flag cli_compare_flags[] = {
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

const char cli_compare_about[] =
    "Numbers of the first strategy of each run, the settings that are not the same everywhere, "
    "and\nthe net of each later run less that of the first, day by day, with a 95 % interval.\n"
    "Folders of `backtest --sweep` are shown set by set.";

/* ---- runs ------------------------------------------------------------------------------- */

typedef struct run {
    const char *path;
    char name[64]; /* last part of the path */
    json_t *metrics;
} run;

/* Numbers that are shown: path in metrics.json, words, factor and digits. */
static const struct {
    const char *path;
    const char *label;
    double factor;
    int digits;
} numbers[] = {
    {"meta.days", "days", 1, 0},
    {"pnl.trades", "trades", 1, 0},
    {"pnl.gross", "gross", 1, 2},
    {"pnl.fees", "fees", 1, 2},
    {"pnl.net", "net", 1, 2},
    {"pnl.net_per_trade", "net a trade", 1, 4},
    {"pnl.win_rate", "trades won, %", 100, 1},
    {"pnl.break_even_bps_per_side", "break-even, bps a side", 1, 3},
    {"pnl.capacity.market_share", "of the market's lots, %", 100, 3},
    {"pnl.capacity.impact_bps_per_side", "impact by the law, bps", 1, 3},
    {"pnl.capacity.zero_lots", "impact ends it at, lots", 1, 0},
    {"pnl.sharpe.intraday_gross.annual", "Sharpe intraday gross", 1, 2},
    {"pnl.sharpe.intraday_net.annual", "Sharpe intraday net", 1, 2},
    {"pnl.sharpe.daily_net.annual", "Sharpe daily net", 1, 2},
    {"risk.max_drawdown", "largest fall", 1, 2},
    {"risk.losing_days", "losing days", 1, 0},
    {"risk.exposure", "in position, %", 100, 1},
    {"execution.orders", "orders", 1, 0},
    {"execution.fill_rate", "orders filled, %", 100, 1},
    {"execution.slippage_decision_bps", "slippage, bps", 1, 3},
    {"signal.up_1min.accuracy", "1 min: hit rate, %", 100, 2},
    {"signal.up_1min.less_majority", "1 min: above majority, pts", 100, 2},
    {"signal.up_1min.auc", "1 min: AUC", 1, 4},
    {"signal.up_5min.accuracy", "5 min: hit rate, %", 100, 2},
    {"signal.up_5min.auc", "5 min: AUC", 1, 4},
    {"signal.ret_1min.ic", "1 min: IC", 1, 4},
};
#define NUMBER_COUNT (sizeof numbers / sizeof numbers[0])

static const json_t *at(const json_t *value, const char *path)
{
    while (*path != '\0' && value != NULL) {
        char key[64];
        const size_t length = strcspn(path, ".");
        (void)snprintf(key, sizeof key, "%.*s", (int)length, path);
        value = json_object_get(value, key);
        path += length + (path[length] == '.');
    }
    return value;
}

static double number_at(const json_t *value, const char *path)
{
    const json_t *const found = at(value, path);
    return json_is_number(found) ? json_number_value(found) : NAN;
}

static void take_name(const char *path, char out[64])
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') {
        end--;
    }
    size_t from = end;
    while (from > 0 && path[from - 1] != '/') {
        from--;
    }
    const size_t length = end - from;
    (void)snprintf(out, 64, "%.*s", (int)(length < 63 ? length : 63), path + from);
}

static lf_status open_run(const char *path, run *out, lf_error *error)
{
    char file[2048];
    char *text = NULL;
    size_t bytes = 0;
    *out = (run){.path = path};
    take_name(path, out->name);
    (void)snprintf(file, sizeof file, "%s/metrics.json", path);
    lf_status status = lf_file_read_all(NULL, file, &text, &bytes, error);
    if (status != LF_OK) {
        return status;
    }
    json_error_t fault;
    out->metrics = json_loadb(text, bytes, 0, &fault);
    lf_release(NULL, text);
    if (!json_is_object(at(out->metrics, "pnl")) || !json_is_object(at(out->metrics, "meta"))) {
        return lf_error_set(
            error, LF_FORMAT, "%s: not the metrics of a run; name a folder that run wrote.", file
        );
    }
    return LF_OK;
}

/* ---- settings --------------------------------------------------------------------------- */

/* A setting of a run: its value as config.toml spells it, without the comment. */
typedef struct setting {
    char key[96];
    char values[RUNS_MAX][64];
} setting;

typedef struct settings {
    setting list[SETTINGS_MAX];
    size_t count;
} settings;

static setting *setting_of(settings *all, const char *key)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->list[i].key, key) == 0) {
            return &all->list[i];
        }
    }
    if (all->count == SETTINGS_MAX) {
        return NULL;
    }
    setting *const made = &all->list[all->count++];
    (void)snprintf(made->key, sizeof made->key, "%s", key);
    for (size_t r = 0; r < RUNS_MAX; r++) {
        (void)snprintf(made->values[r], sizeof made->values[r], "-");
    }
    return made;
}

/* Value of a line of our own TOML: to the comment, or to the end of a text in quotes. */
static void take_value(const char *from, size_t length, char out[64])
{
    size_t end = 0;
    bool quoted = false;
    while (end < length && (quoted || from[end] != '#')) {
        quoted ^= from[end] == '"' && (end == 0 || from[end - 1] != '\\');
        end++;
    }
    while (end > 0 && from[end - 1] == ' ') {
        end--;
    }
    if (end > 1 && from[0] == '"' && from[end - 1] == '"') {
        from++;
        end -= 2;
    }
    (void)snprintf(out, 64, "%.*s", (int)(end < 63 ? end : 63), from);
}

static void read_settings(settings *all, const json_t *metrics, size_t which)
{
    const char *text = json_string_value(at(metrics, "meta.config_toml"));
    char section[32] = "";
    while (text != NULL && *text != '\0') {
        const size_t length = strcspn(text, "\n");
        const char *const equals = memchr(text, '=', length);
        if (*text == '[') {
            (void
            )snprintf(section, sizeof section, "%.*s", (int)strcspn(text + 1, "]\n"), text + 1);
        } else if (equals != NULL && *text != '#') {
            char key[96];
            const size_t bytes = strcspn(text, " =");
            (void)snprintf(key, sizeof key, "%s.%.*s", section, (int)bytes, text);
            const size_t skip = (size_t)(equals - text) + 1 + strspn(equals + 1, " ");
            setting *const found = setting_of(all, key);
            if (found != NULL) {
                take_value(text + skip, length - skip, found->values[which]);
            }
        }
        text += length + (text[length] == '\n');
    }
}

static bool differs(const setting *one, size_t run_count)
{
    for (size_t r = 1; r < run_count; r++) {
        if (strcmp(one->values[r], one->values[0]) != 0) {
            return true;
        }
    }
    return false;
}

/* ---- days in pairs ---------------------------------------------------------------------- */

/* Net of a run less that of another on the days that both have. */
typedef struct pairs {
    size_t days;
    double mean;
    double low;
    double high; /* 95 %; NaN below two days */
} pairs;

static pairs pair_days(const json_t *first, const json_t *second)
{
    double *const values = malloc(DAYS_MAX * sizeof *values);
    pairs out = {.mean = NAN, .low = NAN, .high = NAN};
    size_t i = 0;
    size_t k = 0;
    const json_t *left = NULL;
    const json_t *right = NULL;
    json_array_foreach(at(first, "pnl.by_day"), i, left)
    {
        json_array_foreach(at(second, "pnl.by_day"), k, right)
        {
            if (values != NULL && out.days < DAYS_MAX &&
                json_equal(json_object_get(left, "date"), json_object_get(right, "date"))) {
                values[out.days++] = number_at(right, "net") - number_at(left, "net");
            }
        }
    }
    if (out.days > 0) {
        out.mean = lf_stats_mean(values, out.days);
    }
    if (out.days > 1) {
        const double n = (double)out.days;
        const double half =
            lf_stats_t_quantile(0.975, n - 1.0) * lf_stats_sd(values, out.days) / sqrt(n);
        out.low = out.mean - half;
        out.high = out.mean + half;
    }
    free(values);
    return out;
}

/* ---- text ------------------------------------------------------------------------------- */

static void print_value(double value, int digits)
{
    char text[64] = "-";
    if (isfinite(value)) {
        (void)snprintf(text, sizeof text, "%.*f", digits, value);
    }
    /* What is 0 in these digits has no sign. */
    const bool is_zero = isfinite(value) && strtod(text, NULL) == 0.0;
    printf(" %16s", is_zero && text[0] == '-' ? text + 1 : text);
}

static void print_text(const run *runs, size_t count, const settings *all)
{
    printf("%-28s", "");
    for (size_t r = 0; r < count; r++) {
        printf(" %16.16s", runs[r].name);
    }
    printf("\n");
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        printf("%-28s", numbers[i].label);
        for (size_t r = 0; r < count; r++) {
            const double value = number_at(runs[r].metrics, numbers[i].path);
            print_value(value * numbers[i].factor, numbers[i].digits);
        }
        printf("\n");
    }
    bool any = false;
    for (size_t i = 0; i < all->count; i++) {
        if (!differs(&all->list[i], count)) {
            continue;
        }
        printf("%s%-28s", any ? "" : "\nSettings that differ\n", all->list[i].key);
        any = true;
        for (size_t r = 0; r < count; r++) {
            printf(" %16.16s", all->list[i].values[r]);
        }
        printf("\n");
    }
    printf("\nNet a day, less that of %s\n", runs[0].name);
    for (size_t r = 1; r < count; r++) {
        const pairs days = pair_days(runs[0].metrics, runs[r].metrics);
        printf("%-28.28s", runs[r].name);
        print_value(days.mean, 2);
        if (isfinite(days.low)) {
            printf("   95 %% %.2f to %.2f", days.low, days.high);
        }
        printf("   %zu common day%s\n", days.days, days.days == 1 ? "" : "s");
    }
}

/* ---- JSON ------------------------------------------------------------------------------- */

static json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *run_json(const run *one)
{
    json_t *const values = json_object();
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        json_object_set_new(
            values, numbers[i].path, json_number(number_at(one->metrics, numbers[i].path))
        );
    }
    return json_pack("{s:s s:o}", "run", one->path, "values", values);
}

static int print_json(const run *runs, size_t count, const settings *all)
{
    json_t *const list = json_array();
    json_t *const set = json_object();
    json_t *const days = json_array();
    for (size_t r = 0; r < count; r++) {
        json_array_append_new(list, run_json(&runs[r]));
        if (r > 0) {
            const pairs pair = pair_days(runs[0].metrics, runs[r].metrics);
            json_array_append_new(
                days,
                json_pack(
                    "{s:s s:I s:o s:[o,o]}",
                    "run",
                    runs[r].path,
                    "days",
                    (json_int_t)pair.days,
                    "mean",
                    json_number(pair.mean),
                    "interval",
                    json_number(pair.low),
                    json_number(pair.high)
                )
            );
        }
    }
    for (size_t i = 0; i < all->count; i++) {
        if (differs(&all->list[i], count)) {
            json_t *const values = json_array();
            for (size_t r = 0; r < count; r++) {
                json_array_append_new(values, json_string(all->list[i].values[r]));
            }
            json_object_set_new(set, all->list[i].key, values);
        }
    }
    json_t *const root =
        json_pack("{s:o s:o s:o}", "runs", list, "settings", set, "net_less_first", days);
    char *const text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (text == NULL) {
        lf_error error;
        (void)lf_error_set(&error, LF_NOMEM, "No memory for the comparison.");
        return cli_fail(&error);
    }
    printf("%s\n", text);
    free(text);
    return CLI_DONE;
}

/* ---- the verb --------------------------------------------------------------------------- */

/* The text of a folder's sweep.json, owned; NULL when it holds none. */
static char *sweep_of(const char *path)
{
    char file[2048];
    char *text = NULL;
    size_t bytes = 0;
    (void)snprintf(file, sizeof file, "%s/sweep.json", path);
    return lf_file_read_all(NULL, file, &text, &bytes, NULL) == LF_OK ? text : NULL;
}

/* Sweeps are tables already: they are shown one below the other. Returns -1 when there is none. */
static int show_sweeps(const cli_args *args, const char *const *paths, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        char *const text = sweep_of(paths[i]);
        found += text != NULL;
        lf_release(NULL, text);
    }
    if (found == 0) {
        return -1;
    }
    if (found < count) {
        return cli_usage(args, "name runs or sweeps, not both.");
    }
    const bool is_json = cli_has(args, "json");
    for (size_t i = 0; i < count; i++) {
        char *const text = sweep_of(paths[i]);
        if (is_json) {
            printf("%s%s", i == 0 ? "[" : ",", text);
        } else {
            printf("%s%s\n", i > 0 ? "\n" : "", paths[i]);
            cli_sweep_text(text);
        }
        lf_release(NULL, text);
    }
    fputs(is_json ? "]\n" : "", stdout);
    return CLI_DONE;
}

int cli_compare(const cli_args *args)
{
    const char *paths[CLI_WORDS_MAX];
    const size_t count = cli_many(args, NULL, paths, CLI_WORDS_MAX);
    const int shown = show_sweeps(args, paths, count);
    if (shown >= 0) {
        return shown;
    }
    if (count < 2 || count > RUNS_MAX) {
        return cli_usage(args, "name two to %d run folders.", RUNS_MAX);
    }
    run runs[RUNS_MAX] = {{0}};
    lf_error error;
    lf_status status = LF_OK;
    for (size_t r = 0; r < count && status == LF_OK; r++) {
        status = open_run(paths[r], &runs[r], &error);
    }
    settings *const all = calloc(1, sizeof *all);
    if (status == LF_OK && all == NULL) {
        status = lf_error_set(&error, LF_NOMEM, "No memory for the comparison.");
    }
    int code = CLI_DONE;
    if (status == LF_OK) {
        for (size_t r = 0; r < count; r++) {
            read_settings(all, runs[r].metrics, r);
        }
        if (cli_has(args, "json")) {
            code = print_json(runs, count, all);
        } else {
            print_text(runs, count, all);
        }
    } else {
        code = cli_fail(&error);
    }
    for (size_t r = 0; r < count; r++) {
        json_decref(runs[r].metrics);
    }
    free(all);
    return code;
}
