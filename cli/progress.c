/* A bar on a terminal, and the wish to stop. */
#include "cli.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked;
static bool bar_drawn;

static void on_signal(int number)
{
    /* The second one does what it does without us. */
    stop_asked = 1;
    (void)signal(number, SIG_DFL);
}

void cli_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool cli_progress(void *context, const char *stage, double share)
{
    static int64_t drawn_ns;
    static char drawn_stage[32];
    (void)context;
    const int64_t now_ns = lf_clock_monotonic_ns();
    const bool is_new = strcmp(drawn_stage, stage) != 0;
    /* Ten times a second is as fast as one can read. */
    if (isatty(STDERR_FILENO) && (is_new || now_ns - drawn_ns > LF_NS_PER_SECOND / 10)) {
        enum {
            WIDTH = 40
        };
        char bar[WIDTH + 1];
        const int full = share <= 0 ? 0 : share >= 1 ? WIDTH : (int)(share * WIDTH);
        memset(bar, '.', WIDTH);
        memset(bar, '#', (size_t)full);
        bar[WIDTH] = '\0';
        fprintf(stderr, "\r%-10s [%s] %3.0f %%", stage, bar, share * 100);
        drawn_ns = now_ns;
        bar_drawn = true;
        (void)snprintf(drawn_stage, sizeof drawn_stage, "%s", stage);
    }
    return stop_asked == 0;
}

void cli_progress_end(void)
{
    if (bar_drawn) {
        fprintf(stderr, "\r%*s\r", 64, "");
        bar_drawn = false;
    }
}

void cli_say(void *context, const char *sentence)
{
    (void)context;
    cli_progress_end();
    fprintf(stderr, "note: %s\n", sentence);
}
