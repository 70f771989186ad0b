/* The verb synth: simulated days. */
#include "flags.h"
#include "synth.h"

#include <math.h>
#include <string.h>

/* clang-format off: one flag a line. */
const cli_flag cli_synth_flags[] = {
    {"output", 'o', CLI_VALUE, "DIR", "folder for the days", NULL},
    {"days", 0, CLI_VALUE, "N", "number of days (1)", NULL},
    {"seed", 0, CLI_VALUE, "S", "same seed, same bytes (1)", NULL},
    {"symbol", 0, CLI_VALUE, "X,Y", "name of the stock, or of several (SYN)", NULL},
    {"correlation",
     0,
     CLI_VALUE,
     "R",
     "of the latent returns of several symbols, through one common factor (0)",
     NULL},
    {"continuous",
     0,
     CLI_SWITCH,
     NULL,
     "a day begins where the last one ended, after a night",
     NULL},
    {"jobs", 'j', CLI_VALUE, "N", "symbol-days written at once; the bytes are the same (1)", NULL},
    {"first-date",
     0,
     CLI_VALUE,
     "YYYY-MM-DD",
     "first day; weekends are passed over (2024-01-02)",
     NULL},
    {"preset", 0, CLI_VALUE, "NAME", "small_tick or large_tick (small_tick)", NULL},
    {"like", 0, CLI_MANY, "DATA", "fit the market to days of one symbol, of any feed", NULL},
    {"config", 0, CLI_VALUE, "M.toml", "a market that was fitted, or numbers of it", NULL},
    {"levels", 0, CLI_VALUE, "N", "levels a side in the files, 1 to 10 (10)", NULL},
    {"alpha",
     0,
     CLI_VALUE,
     "A",
     "share of the latent 1-min variance that past flow explains (0)",
     NULL},
    {"alpha-half-life",
     0,
     CLI_VALUE,
     "H",
     "how long a trade's sign, and a shock, keep pulling the price (1min)",
     NULL},
    {"alpha-shock",
     0,
     CLI_VALUE,
     "E",
     "news: ticks that the price has still to go after a trade that shows it (0)",
     NULL},
    {"alpha-shock-rate", 0, CLI_VALUE, "R", "of them a second, at activity 1 (0.02)", NULL},
    {"activity", 0, CLI_VALUE, "F", "factor on every rate (1)", NULL},
    {"check",
     0,
     CLI_SWITCH,
     NULL,
     "print what the days look like, beside targets and DATA; needs no folder",
     NULL},
    {"data-symbol", 0, CLI_VALUE, "X", "symbol of DATA, where it holds several", NULL},
    {"data-date", 0, CLI_VALUE, "YYYY-MM-DD", "day of DATA, likewise", NULL},
    {"data-format", 0, CLI_VALUE, "NAME", "format of DATA; without it found by content", NULL},
    CLI_JSON_FLAG,
    {0},
};
/* clang-format on */

const char cli_synth_about[] =
    "The folder also gets synth.toml, which tells a run how much was planted:\n"
    "  lobflow synth -o days --days 5 --alpha 0.05\n"
    "  lobflow run days/synth.toml --data days -o run\n"
    "and model.toml with the numbers of a market that was fitted:\n"
    "  lobflow synth -o like --like GOOG.zip --days 5 --check\n"
    "  lobflow synth -o more --config like/model.toml --seed 2";

/* ---- options ---------------------------------------------------------------------------- */

static bool
take_int(const cli_args *args, const char *name, int64_t low, int64_t high, int64_t *out)
{
    const char *const text = cli_text(args, name);
    return text == NULL ||
           (lf_int64_parse(text, strlen(text), out) == LF_OK && *out >= low && *out <= high);
}

static bool take_number(const cli_args *args, const char *name, double *out)
{
    const char *const text = cli_text(args, name);
    return text == NULL || (lf_double_parse(text, strlen(text), out) == LF_OK && isfinite(*out));
}

static int read_numbers(const cli_args *args, cli_synth_plan *plan)
{
    lf_synth_options *const out = &plan->options;
    int64_t jobs = 1;
    int64_t days = out->day_count;
    int64_t levels = out->level_count;
    int64_t seed = (int64_t)out->seed;
    if (!take_int(args, "days", 1, 100000, &days)) {
        return cli_usage(args, "--days %s: a whole number from 1 on.", cli_text(args, "days"));
    }
    if (!take_int(args, "levels", 1, LF_LEVELS_MAX, &levels)) {
        return cli_usage(args, "--levels %s: from 1 to 10.", cli_text(args, "levels"));
    }
    if (!take_int(args, "seed", 0, INT64_MAX, &seed)) {
        return cli_usage(args, "--seed %s: a whole number from 0 on.", cli_text(args, "seed"));
    }
    if (!take_int(args, "jobs", 1, 256, &jobs)) {
        return cli_usage(args, "--jobs %s: from 1 to 256.", cli_text(args, "jobs"));
    }
    if (!take_number(args, "correlation", &out->correlation)) {
        return cli_usage(args, "--correlation %s: a number.", cli_text(args, "correlation"));
    }
    if (!take_number(args, "alpha", &out->alpha)) {
        return cli_usage(args, "--alpha %s: a number such as 0.05.", cli_text(args, "alpha"));
    }
    if (!take_number(args, "alpha-shock", &out->alpha_shock_ticks)) {
        return cli_usage(args, "--alpha-shock %s: ticks.", cli_text(args, "alpha-shock"));
    }
    if (!take_number(args, "alpha-shock-rate", &out->alpha_shock_rate)) {
        return cli_usage(
            args, "--alpha-shock-rate %s: a number.", cli_text(args, "alpha-shock-rate")
        );
    }
    if (!take_number(args, "activity", &out->activity)) {
        return cli_usage(args, "--activity %s: a number.", cli_text(args, "activity"));
    }
    out->day_count = (int32_t)days;
    out->level_count = (int32_t)levels;
    out->seed = (uint64_t)seed;
    out->is_continuous = cli_has(args, "continuous");
    plan->job_count = (int32_t)jobs;
    return CLI_DONE;
}

/* Names with commas between them; the first is that of --check. */
static int read_symbols(const cli_args *args, cli_synth_plan *plan)
{
    const char *const given = cli_text(args, "symbol");
    const char *const text = given != NULL ? given : plan->options.symbol;
    if (strlen(text) >= sizeof plan->names) {
        return cli_usage(args, "--symbol: at most %zu characters.", sizeof plan->names - 1);
    }
    memcpy(plan->names, text, strlen(text) + 1);
    char *at = plan->names;
    for (;;) {
        char *const comma = strchr(at, ',');
        const size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        if (length >= sizeof plan->options.symbol) {
            return cli_usage(
                args, "--symbol: at most %zu characters.", sizeof plan->options.symbol - 1
            );
        }
        if (plan->symbol_count == CLI_SYMBOLS_MAX) {
            return cli_usage(args, "--symbol: at most %d symbols.", CLI_SYMBOLS_MAX);
        }
        plan->symbols[plan->symbol_count++] = at;
        if (comma == NULL) {
            break;
        }
        *comma = '\0';
        at = comma + 1;
    }
    memcpy(plan->options.symbol, plan->symbols[0], strlen(plan->symbols[0]) + 1);
    return CLI_DONE;
}

static int read_words(const cli_args *args, lf_synth_options *out)
{
    const char *const preset = cli_text(args, "preset");
    const char *const date = cli_text(args, "first-date");
    const char *const half_life = cli_text(args, "alpha-half-life");
    if (preset != NULL) {
        if (strcmp(preset, "small_tick") != 0 && strcmp(preset, "large_tick") != 0) {
            return cli_usage(args, "--preset %s: small_tick or large_tick.", preset);
        }
        out->preset = strcmp(preset, "large_tick") == 0 ? LF_SYNTH_LARGE_TICK : LF_SYNTH_SMALL_TICK;
    }
    if (date != NULL && lf_date_parse(date, &out->first_date) != LF_OK) {
        return cli_usage(args, "--first-date %s: no date; write YYYY-MM-DD.", date);
    }
    if (half_life != NULL && lf_duration_parse(half_life, &out->alpha_half_life_ns) != LF_OK) {
        return cli_usage(args, "--alpha-half-life %s: a duration such as 1min.", half_life);
    }
    return CLI_DONE;
}

/* ---- writing days ----------------------------------------------------------------------- */

typedef struct writing {
    double day_count; /* of all symbols */
} writing;

static bool on_progress(void *context, int32_t day, double share_of_day)
{
    const writing *const work = context;
    return cli_progress(NULL, "synth", ((double)day + share_of_day) / work->day_count);
}

/* What a run should know of these days. */
static lf_status write_note(const cli_synth_plan *plan, const char *folder, lf_error *error)
{
    const lf_synth_options *const options = &plan->options;
    char path[1200];
    char text[2048];
    char names[1200] = "";
    for (size_t i = 0, end = 0; i < plan->symbol_count; i++) {
        end += (size_t
        )snprintf(names + end, sizeof names - end, "%s%s", i == 0 ? "" : ", ", plan->symbols[i]);
    }
    char alpha[LF_DOUBLE_TEXT_BYTES];
    char half_life[32];
    char shocks[2 * LF_DOUBLE_TEXT_BYTES + 32] = "";
    char first_date[11];
    (void)lf_double_format(options->alpha, alpha);
    lf_duration_format(options->alpha_half_life_ns, half_life);
    lf_date_format(options->first_date, first_date);
    if (options->alpha_shock_ticks > 0) {
        char ticks[LF_DOUBLE_TEXT_BYTES];
        char rate[LF_DOUBLE_TEXT_BYTES];
        (void)lf_double_format(options->alpha_shock_ticks, ticks);
        (void)lf_double_format(options->alpha_shock_rate, rate);
        (void)snprintf(shocks, sizeof shocks, " Shocks of %s ticks, %s a second.", ticks, rate);
    }
    const int length = snprintf(
        text,
        sizeof text,
        "# Simulated by lobflow %s: %d days of %s from %s on, %s, seed %llu,\n"
        "# alpha %s with half-life %s.%s\n"
        "[report]\n"
        "planted_alpha = %s%s\n",
        LF_VERSION,
        (int)options->day_count,
        names,
        first_date,
        options->preset == LF_SYNTH_LARGE_TICK ? "large tick" : "small tick",
        (unsigned long long)options->seed,
        alpha,
        half_life,
        shocks,
        alpha,
        strpbrk(alpha, ".e") != NULL ? "" : ".0"
    );
    (void)snprintf(path, sizeof path, "%s/synth.toml", folder);
    return lf_file_write_atomic(path, text, (size_t)length, error);
}

/* The days, what a run should know of them, and the model when it is not a preset's. */
static lf_status write_days(const cli_synth_plan *plan, const char *folder, lf_error *error)
{
    const lf_synth_options *const options = &plan->options;
    writing work = {.day_count = (double)options->day_count * (double)plan->symbol_count};
    const lf_synth_writing what = {
        .symbols = plan->symbols,
        .symbol_count = plan->symbol_count,
        .job_count = plan->job_count,
        .folder = folder,
        .progress = on_progress,
        .context = &work,
    };
    lf_status status = lf_synth_write_symbols(options, &what, error);
    if (status == LF_OK) {
        status = write_note(plan, folder, error);
    }
    if (status == LF_OK && options->model != NULL) {
        char path[1200];
        char note[160];
        (void)snprintf(path, sizeof path, "%s/model.toml", folder);
        (void)snprintf(
            note,
            sizeof note,
            "%s%s (lobflow %s).",
            plan->is_fitted ? "Fitted to " : "A market as it was given",
            plan->like,
            LF_VERSION
        );
        status = lf_synth_model_write(options->model, options->preset, note, path, error);
    }
    cli_progress_end();
    return status;
}

int cli_synth(const cli_args *args)
{
    cli_synth_plan plan = {0};
    lf_error error;
    lf_synth_options_default(&plan.options);
    int code = read_numbers(args, &plan);
    if (code == CLI_DONE) {
        code = read_symbols(args, &plan);
    }
    if (code == CLI_DONE) {
        code = read_words(args, &plan.options);
    }
    if (code != CLI_DONE) {
        return code;
    }
    if (cli_text(args, NULL) != NULL && !cli_has(args, "check")) {
        return cli_usage(args, "\"%s\": data are for --check.", cli_text(args, NULL));
    }
    const char *folder = cli_text(args, "output");
    if (folder == NULL && !cli_has(args, "check")) {
        return cli_need(args, "output", &folder);
    }
    code = cli_synth_model(args, &plan);
    if (code != CLI_DONE) {
        return code;
    }
    if (folder != NULL) {
        const lf_status status = write_days(&plan, folder, &error);
        if (status != LF_OK) {
            code = cli_fail(&error);
            return status == LF_RANGE ? CLI_USAGE : code;
        }
    }
    return cli_has(args, "check") ? cli_synth_check(args, &plan) : CLI_DONE;
}
