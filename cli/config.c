/* The configuration of a command line, and the job that it describes. */
#include "cli.h"

#include <malloc.h>
#include <string.h>

/* The key that gives others their defaults, and so must come first. */
#define PRESET_KEY "model.preset"

/* ---- configuration ---------------------------------------------------------------------- */

/* The file of --config, or the plain word of `run` that ends in .toml. */
static const char *config_path(const cli_args *args)
{
    const char *const given = cli_text(args, "config");
    const char *const word = cli_text(args, NULL);
    return given == NULL && word != NULL && cli_is_toml(word) ? word : given;
}

/* Split SECTION.KEY=VALUE; the name goes to `name`. */
static const char *split_set(const char *word, char *name, size_t capacity)
{
    const char *const equals = strchr(word, '=');
    if (equals == NULL || (size_t)(equals - word) >= capacity) {
        return NULL;
    }
    memcpy(name, word, (size_t)(equals - word));
    name[equals - word] = '\0';
    return equals + 1;
}

/* The preset that the command line asks for, or NULL. */
static const char *asked_preset(const cli_args *args)
{
    const char *sets[CLI_WORDS_MAX];
    const size_t count = cli_many(args, "set", sets, CLI_WORDS_MAX);
    const char *preset = cli_text(args, "preset");
    for (size_t i = 0; i < count; i++) {
        char name[128];
        const char *const value = split_set(sets[i], name, sizeof name);
        if (value != NULL && strcmp(name, PRESET_KEY) == 0) {
            preset = value;
        }
    }
    return preset;
}

static lf_status read_base(const cli_args *args, lf_config *out, lf_error *error)
{
    const char *const path = config_path(args);
    const char *const preset = asked_preset(args);
    lf_config_default(out);
    if (path != NULL) {
        return cli_toml(path, preset, out, error);
    }
    return preset != NULL ? lf_config_set_text(out, PRESET_KEY, preset, error) : LF_OK;
}

/* Flags with a key of their own. A --set with a name belongs to the configuration. */
static lf_status apply_flags(const cli_args *args, lf_config *out, lf_error *error)
{
    for (size_t i = 0; i < args->count; i++) {
        const cli_flag *const flag = args->words[i].flag;
        const char *const word = args->words[i].value;
        if (flag == NULL || flag->key == NULL || strcmp(flag->key, PRESET_KEY) == 0 ||
            (strcmp(flag->name, "set") == 0 && strchr(word, '=') != NULL)) {
            continue;
        }
        const lf_status status =
            lf_config_set_text(out, flag->key, flag->kind == CLI_SWITCH ? "true" : word, error);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

static lf_status apply_sets(const cli_args *args, lf_config *out, lf_error *error)
{
    for (size_t i = 0; i < args->count; i++) {
        const cli_flag *const flag = args->words[i].flag;
        const char *const word = args->words[i].value;
        char name[128];
        if (flag == NULL || strcmp(flag->name, "set") != 0) {
            continue;
        }
        const char *const value = split_set(word, name, sizeof name);
        if (value == NULL && flag->key != NULL) {
            continue; /* was a flag with a key */
        }
        if (value == NULL) {
            return lf_error_set(
                error, LF_RANGE, "--set %s: write SECTION.KEY=VALUE, as risk.hold=2min.", word
            );
        }
        const lf_status status =
            strcmp(name, PRESET_KEY) == 0 ? LF_OK : lf_config_set_text(out, name, value, error);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

int cli_config(const cli_args *args, lf_config *out, bool *done)
{
    lf_error error;
    lf_status status = read_base(args, out, &error);
    *done = false;
    if (status == LF_OK) {
        status = apply_flags(args, out, &error);
    }
    if (status == LF_OK) {
        status = apply_sets(args, out, &error);
    }
    if (status == LF_OK) {
        status = lf_config_check(out, &error);
    }
    if (status != LF_OK) {
        /* A configuration that cannot be used is a matter of usage, not of data. */
        (void)cli_fail(&error);
        return status == LF_IO || status == LF_NOMEM ? CLI_FAILED : CLI_USAGE;
    }
    if (cli_has(args, "print-config")) {
        char *text = NULL;
        *done = true;
        if (lf_config_text(out, NULL, &text, &error) != LF_OK) {
            return cli_fail(&error);
        }
        fputs(text, stdout);
        lf_release(NULL, text);
    }
    return CLI_DONE;
}

/* ---- jobs ------------------------------------------------------------------------------- */

/* The words that name data: plain ones from number `skip` on, but for the configuration's. */
static size_t data_words(const cli_args *args, size_t skip, const char **out)
{
    const char *plain[CLI_WORDS_MAX];
    const size_t plain_count = cli_many(args, NULL, plain, CLI_WORDS_MAX);
    size_t count = 0;
    for (size_t i = skip; i < plain_count; i++) {
        if (!cli_is_toml(plain[i])) {
            out[count++] = plain[i];
        }
    }
    return count + cli_many(args, "data", out + count, CLI_WORDS_MAX - count);
}

int cli_job_open(const cli_args *args, size_t skip, cli_job *out, bool *done)
{
    const char *paths[CLI_WORDS_MAX];
    lf_error error;
    memset(out, 0, sizeof *out);
    const int code = cli_config(args, &out->config, done);
    if (code != CLI_DONE || *done) {
        return code;
    }
    const size_t count = data_words(args, skip, paths);
    if (count == 0 && out->config.path_count == 0) {
        return cli_usage(args, "no data is named.");
    }
    lf_feed_options feed;
    lf_run_feed_options(&out->config, &feed);
    if (lf_feed_check(&feed, &error) != LF_OK) {
        return cli_refuse(args, &error);
    }
    if (lf_run_find(&out->config, paths, count, &out->sources, &error) != LF_OK) {
        return cli_fail(&error);
    }
    out->job = (lf_run_job){
        .config = &out->config,
        .sources = out->sources.sources,
        .source_count = out->sources.count,
        .progress = cli_progress,
        .say = cli_say,
    };
    return CLI_DONE;
}

void cli_job_close(cli_job *job)
{
    lf_source_list_clear(&job->sources);
}

int cli_check(const cli_args *args, const cli_job *job, lf_run_use use)
{
    lf_error error;
    return lf_run_check(&job->job, use, &error) == LF_OK ? CLI_DONE : cli_refuse(args, &error);
}

void cli_return_memory(void)
{
#ifdef __GLIBC__
    /* Blocks from 256 kB on get pages of their own. Without this the threshold rises to 32 MB as
       such blocks are freed, and smaller ones stay with the process. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 18);
#endif
}

/* ---- small things ----------------------------------------------------------------------- */

bool cli_is_toml(const char *word)
{
    const size_t length = strlen(word);
    return length > 5 && strcmp(word + length - 5, ".toml") == 0;
}

int cli_need_table(const cli_args *args, const char **out)
{
    lf_error error;
    const int code = cli_need(args, "output", out);
    if (code != CLI_DONE) {
        return code;
    }
    return lf_frame_check_path(*out, &error) == LF_OK ? CLI_DONE : cli_refuse(args, &error);
}

int cli_need(const cli_args *args, const char *name, const char **out)
{
    *out = cli_text(args, name);
    if (*out != NULL) {
        return CLI_DONE;
    }
    for (const cli_flag *flag = args->verb->flags; flag->name != NULL; flag++) {
        if (strcmp(flag->name, name) == 0 && flag->letter != 0) {
            return cli_usage(args, "-%c %s is needed.", flag->letter, flag->value);
        }
    }
    return cli_usage(args, "--%s is needed.", name);
}
