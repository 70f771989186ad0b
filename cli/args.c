/* Command lines understood through a table of flags, and help made from the same table. */
#include "cli.h"

#include <stdarg.h>
#include <string.h>

static const cli_flag common[] = {
    {"config", 'c', CLI_VALUE, "FILE.toml", "read the configuration of a run", NULL},
    {"set", 0, CLI_VALUE, "SECTION.KEY=VALUE", "set any key of the configuration", NULL},
    {"print-config", 0, CLI_SWITCH, NULL, "print the whole configuration and stop", NULL},
    {0},
};

static const cli_flag help_flag = {"help", 'h', CLI_SWITCH, NULL, "show this", NULL};

/* ---- tables ----------------------------------------------------------------------------- */

const cli_flag *cli_flag_at(const cli_verb *verb, size_t index)
{
    size_t i = 0;
    for (const cli_flag *flag = verb->flags; flag->name != NULL; flag++, i++) {
        if (i == index) {
            return flag;
        }
    }
    for (const cli_flag *flag = common; verb->takes_config && flag->name != NULL; flag++, i++) {
        if (i == index) {
            return flag;
        }
    }
    return i == index ? &help_flag : NULL;
}

static const cli_flag *find_long(const cli_verb *verb, const char *name, size_t length)
{
    for (size_t i = 0; cli_flag_at(verb, i) != NULL; i++) {
        const cli_flag *const flag = cli_flag_at(verb, i);
        if (strlen(flag->name) == length && memcmp(flag->name, name, length) == 0) {
            return flag;
        }
    }
    return NULL;
}

static const cli_flag *find_letter(const cli_verb *verb, char letter)
{
    for (size_t i = 0; cli_flag_at(verb, i) != NULL; i++) {
        if (cli_flag_at(verb, i)->letter == letter) {
            return cli_flag_at(verb, i);
        }
    }
    return NULL;
}

/* ---- errors ----------------------------------------------------------------------------- */

int cli_usage(const cli_args *args, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "lobflow %s: ", args->verb->name);
    vfprintf(stderr, format, list);
    fprintf(stderr, "\nTry: lobflow %s --help\n", args->verb->name);
    va_end(list);
    return CLI_USAGE;
}

static int unknown_flag(const cli_args *args, const char *word)
{
    const char *names[64];
    size_t count = 0;
    for (size_t i = 0; cli_flag_at(args->verb, i) != NULL && count < 64; i++) {
        names[count++] = cli_flag_at(args->verb, i)->name;
    }
    const char *const name = word + strspn(word, "-");
    char typed[64];
    (void)snprintf(typed, sizeof typed, "%.*s", (int)strcspn(name, "="), name);
    const char *const near = lf_suggest(typed, names, count);
    return near != NULL ? cli_usage(args, "there is no %s; did you mean --%s?", word, near)
                        : cli_usage(args, "there is no %s.", word);
}

int cli_fail(const lf_error *error)
{
    cli_progress_end();
    if (error->status == LF_CANCELLED) {
        fprintf(stderr, "lobflow: %s\n", error->message);
        return CLI_INTERRUPTED;
    }
    fprintf(stderr, "lobflow: %s\n", error->message);
    return CLI_FAILED;
}

int cli_refuse(const cli_args *args, const lf_error *error)
{
    cli_progress_end();
    return error->status == LF_NOMEM ? cli_fail(error) : cli_usage(args, "%s", error->message);
}

/* ---- parsing ---------------------------------------------------------------------------- */

static bool add_word(cli_args *args, const cli_flag *flag, const char *value)
{
    if (args->count == CLI_WORDS_MAX) {
        return false;
    }
    args->words[args->count].flag = flag;
    args->words[args->count].value = value;
    args->count++;
    return true;
}

/* One word that begins with a dash, and its value; *at moves past what was used. */
static int parse_flag(cli_args *out, int argc, char **argv, int *at, const cli_flag **many)
{
    const char *const word = argv[*at];
    const bool is_long = word[1] == '-';
    const char *const equals = is_long ? strchr(word, '=') : NULL;
    const char *value = equals != NULL ? equals + 1 : NULL;
    const cli_flag *flag = NULL;
    if (is_long) {
        const size_t length = equals != NULL ? (size_t)(equals - word - 2) : strlen(word + 2);
        flag = find_long(out->verb, word + 2, length);
    } else {
        flag = find_letter(out->verb, word[1]);
        value = word[2] != '\0' ? word + 2 : NULL;
    }
    if (flag == NULL) {
        return unknown_flag(out, word);
    }
    if (flag->kind == CLI_SWITCH) {
        if (value != NULL) {
            return cli_usage(out, "--%s takes no value.", flag->name);
        }
    } else if (value == NULL) {
        if (*at + 1 >= argc) {
            return cli_usage(out, "--%s needs %s.", flag->name, flag->value);
        }
        value = argv[++*at];
    }
    *many = flag->kind == CLI_MANY ? flag : NULL;
    return add_word(out, flag, value) ? CLI_DONE : cli_usage(out, "too many words.");
}

int cli_parse(const cli_verb *verb, int argc, char **argv, cli_args *out)
{
    const cli_flag *many = NULL; /* takes the plain words that follow */
    bool only_words = false;
    out->verb = verb;
    out->count = 0;
    for (int i = 0; i < argc; i++) {
        const char *const word = argv[i];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
            many = NULL;
        } else if (!only_words && word[0] == '-' && word[1] != '\0') {
            const int code = parse_flag(out, argc, argv, &i, &many);
            if (code != CLI_DONE) {
                return code;
            }
        } else if (!add_word(out, many, word)) {
            return cli_usage(out, "too many words.");
        }
    }
    return CLI_DONE;
}

static bool is_flag(const cli_args *args, size_t i, const char *name)
{
    const cli_flag *const flag = args->words[i].flag;
    return name == NULL ? flag == NULL : flag != NULL && strcmp(flag->name, name) == 0;
}

bool cli_has(const cli_args *args, const char *name)
{
    for (size_t i = 0; i < args->count; i++) {
        if (is_flag(args, i, name)) {
            return true;
        }
    }
    return false;
}

const char *cli_text(const cli_args *args, const char *name)
{
    for (size_t i = args->count; i-- > 0;) {
        if (is_flag(args, i, name)) {
            return args->words[i].value;
        }
    }
    return NULL;
}

const char *cli_text_at(const cli_args *args, size_t index)
{
    for (size_t i = 0; i < args->count; i++) {
        if (is_flag(args, i, NULL) && index-- == 0) {
            return args->words[i].value;
        }
    }
    return NULL;
}

size_t cli_many(const cli_args *args, const char *name, const char **out, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < args->count && count < capacity; i++) {
        if (is_flag(args, i, name)) {
            out[count++] = args->words[i].value;
        }
    }
    return count;
}

/* ---- help ------------------------------------------------------------------------------- */

void cli_help(const cli_verb *verb, FILE *to)
{
    fprintf(to, "lobflow %s %s\n\n%s\n\n", verb->name, verb->usage, verb->help);
    for (size_t i = 0; cli_flag_at(verb, i) != NULL; i++) {
        const cli_flag *const flag = cli_flag_at(verb, i);
        char left[64];
        (void)snprintf(
            left,
            sizeof left,
            "--%s%s%s",
            flag->name,
            flag->value != NULL ? " " : "",
            flag->value != NULL ? flag->value : ""
        );
        if (flag->letter != 0) {
            fprintf(to, "  -%c, %-28s %s\n", flag->letter, left, flag->help);
        } else {
            fprintf(to, "      %-28s %s\n", left, flag->help);
        }
    }
    if (verb->about != NULL) {
        fprintf(to, "\n%s\n", verb->about);
    }
}
