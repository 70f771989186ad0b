/* The manual page and the shell completion, made from the tables of verbs and flags. */
#include "cli.h"

#include <string.h>

/* Text for roff: dashes are meant as they are, and no line may begin with a control character. */
static void roff(FILE *to, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        const bool begins = c == text || c[-1] == '\n';
        if (begins && (*c == '.' || *c == '\'')) {
            fputs("\\&", to);
        }
        if (*c == '-' || *c == '\\') {
            (void)fputc('\\', to);
        }
        (void)fputc(*c, to);
    }
}

static void man_flag(FILE *to, const cli_flag *flag)
{
    fputs(".TP\n\\fB", to);
    if (flag->letter != 0) {
        fprintf(to, "\\-%c\\fR, \\fB", flag->letter);
    }
    fputs("\\-\\-", to);
    roff(to, flag->name);
    fputs("\\fR", to);
    if (flag->value != NULL) {
        fputs(" \\fI", to);
        roff(to, flag->value);
        fputs("\\fR", to);
    }
    (void)fputc('\n', to);
    roff(to, flag->help);
    (void)fputc('\n', to);
}

void cli_print_man(FILE *to)
{
    fprintf(to, ".TH LOBFLOW 1 \"\" \"lobflow %s\"\n", LF_VERSION);
    fputs(
        ".SH NAME\nlobflow \\- order books in, an honest profit\\-and\\-loss statement out\n", to
    );
    fputs(".SH SYNOPSIS\n\\fBlobflow\\fR \\fIVERB\\fR [\\fIWORDS\\fR] [\\fIFLAGS\\fR]\n", to);
    for (const cli_verb *verb = cli_verbs; verb->name != NULL; verb++) {
        fprintf(to, ".SH %s\n\\fBlobflow %s\\fR ", verb->name, verb->name);
        roff(to, verb->usage);
        fputs("\n.PP\n", to);
        roff(to, verb->help);
        fputs(".\n", to);
        for (size_t i = 0; cli_flag_at(verb, i) != NULL; i++) {
            man_flag(to, cli_flag_at(verb, i));
        }
        if (verb->about != NULL) {
            fputs(".PP\n.nf\n", to);
            roff(to, verb->about);
            fputs("\n.fi\n", to);
        }
    }
    fputs(
        ".SH EXIT STATUS\n0 done, 1 bad data or failed, 2 wrong usage or configuration, 130 "
        "interrupted.\n",
        to
    );
}

void cli_print_completion(FILE *to)
{
    fputs("_lobflow() {\n    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}\n", to);
    fputs("    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"", to);
    for (const cli_verb *verb = cli_verbs; verb->name != NULL; verb++) {
        fprintf(to, "%s ", verb->name);
    }
    fputs("help --version\" -- \"$word\"))\n        return\n    fi\n", to);
    fputs("    case $verb:$word in\n", to);
    for (const cli_verb *verb = cli_verbs; verb->name != NULL; verb++) {
        fprintf(to, "    %s:-*) COMPREPLY=($(compgen -W \"", verb->name);
        for (size_t i = 0; cli_flag_at(verb, i) != NULL; i++) {
            fprintf(to, "%s--%s", i > 0 ? " " : "", cli_flag_at(verb, i)->name);
        }
        fputs("\" -- \"$word\")) ;;\n", to);
    }
    fputs("    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}\n", to);
    fputs("complete -o filenames -F _lobflow lobflow\n", to);
}
