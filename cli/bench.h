/* What the files of the verb bench share: measured passes, one day in memory, the stages. */
#ifndef LOBFLOW_CLI_BENCH_H
#define LOBFLOW_CLI_BENCH_H

#include "cli.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Events of one timed piece: as many as a batch of a feed has. */
#define BENCH_PIECE ((size_t)1024)
#define BENCH_RESULTS_MAX ((size_t)80)
#define BENCH_RUNS_MAX 1000
#define BENCH_FOLDER_BYTES 512
#define BENCH_PATH_BYTES 1200

#ifdef __clang__
#define BENCH_COMPILER __VERSION__
#else
#define BENCH_COMPILER "gcc " __VERSION__
#endif

/* ---- measuring (bench_measure.c) -------------------------------------------------------- */

/*
 * The passes of one variant. A pass is cut into pieces that are timed on their own; what lies
 * between bench_end() and the next bench_begin() is not measured.
 */
typedef struct bench_pass {
    int64_t begin_ns;
    double clock_ns; /* what reading the clock twice takes; subtracted from each piece */
    double *pieces;  /* [piece_count] ns an event, of all runs but the first */
    size_t piece_count;
    size_t piece_capacity;
    double run_ns; /* sums over this run */
    size_t run_events;
    size_t run_bytes;
    lf_status status;
} bench_pass;

void bench_begin(bench_pass *pass);
/* End a piece: how many events it took in and how many bytes it read or wrote. */
void bench_end(bench_pass *pass, size_t events, size_t bytes);
/* Count a piece that was timed by other means. */
void bench_note(bench_pass *pass, double ns, size_t events, size_t bytes);

/* One line of the table. */
typedef struct bench_result {
    const char *stage;
    const char *variant;
    double ns_p50;  /* an event, over the pieces of all runs */
    double ns_p99;  /* an event, over the pieces of all runs */
    double ns_mean; /* an event, median of the runs */
    size_t events;  /* of one run */
    size_t bytes;   /* of one run */
} bench_result;

/* ---- the day (bench_day.c) -------------------------------------------------------------- */

typedef struct bench_day {
    lf_source_list found; /* as it was given */
    lf_source_list plain; /* the same day inflated; empty when it was never compressed */
    int64_t text_bytes;
    lf_instrument instrument;
    lf_event *events;
    lf_trade *trades;
    size_t event_count;
    size_t event_capacity;
    size_t trade_count;
    size_t trade_capacity;
    lf_frame *rows; /* features and labels of each second, as the verb writes them */
} bench_day;

/* The models that are timed, fitted on the rows of the day. */
typedef enum bench_model_kind {
    BENCH_LOGISTIC,
    BENCH_SYMMETRIC,
    BENCH_BRIEF
} bench_model_kind;

#define BENCH_MODELS 3

/* ---- the verb --------------------------------------------------------------------------- */

typedef struct bench {
    int runs;
    const char *only;            /* a stage, or NULL */
    char data[BENCH_PATH_BYTES]; /* as it was given; "": simulate */
    double clock_ns;
    double memory_speed;             /* bytes copied in a ns */
    char folder[BENCH_FOLDER_BYTES]; /* for files that are thrown away */
    char program[BENCH_PATH_BYTES];  /* this program's own file */
    bench_day day;
    lf_model *models[BENCH_MODELS]; /* NULL until it is asked for */
    bench_result results[BENCH_RESULTS_MAX];
    size_t result_count;
} bench;

/* What one pass does. */
typedef lf_status (*bench_action
)(const bench *work, void *context, bench_pass *pass, lf_error *error);

/* Run a variant: once to warm up, then as often as asked; adds its line. */
lf_status bench_measure(
    bench *work,
    const char *stage,
    const char *variant,
    bench_action action,
    void *context,
    lf_error *error
);
/* True when a stage was asked for. */
bool bench_wants(const bench *work, const char *stage);
/* The time that the clock itself takes, ns. */
double bench_clock_cost(void);
/* Name of the processor, or "unknown". */
void bench_cpu_name(char *out, size_t capacity);
/* Path of a file in the folder for thrown-away files. */
void bench_path(const bench *work, const char *name, char out[BENCH_PATH_BYTES]);

/* Find the day that work->data names (or simulate one when it is ""), inflate it, take it into
   memory. */
lf_status bench_day_open(bench *work, lf_error *error);
void bench_day_close(bench *work);
/* The day without its compression. */
const lf_source *bench_day_plain(const bench *work);
/* The rows of the day, made when they are first asked for. */
lf_status bench_day_rows(bench *work, lf_error *error);
/* Remove a folder and what is in it. */
void bench_remove(const char *folder);

/*
 * Inflate all members of an archive with nothing else done to them (bench_inflate.c). They go to
 * files of a folder, or nowhere when folder is NULL. *bytes is 0 when path is no archive.
 */
lf_status bench_inflate(const char *path, const char *folder, int64_t *bytes, lf_error *error);

/* The stages, in line order. Each adds its lines. */
lf_status bench_memcpy(bench *work, lf_error *error);
lf_status bench_l3(bench *work, lf_error *error);
lf_status bench_feed(bench *work, lf_error *error);
/* Part of the stage feed (bench_itch.c). */
lf_status bench_itch(bench *work, lf_error *error);
lf_status bench_dbn(bench *work, lf_error *error);
lf_status bench_feature(bench *work, lf_error *error);
lf_status bench_label(bench *work, lf_error *error);
lf_status bench_model(bench *work, lf_error *error);
/* Part of the stage model (bench_scorer.c). */
lf_status bench_scorer(bench *work, lf_error *error);
lf_status bench_backtest(bench *work, lf_error *error);
/* The venue alone, in front of the stage backtest (bench_venue.c). */
lf_status bench_venue(bench *work, lf_error *error);
lf_status bench_frame(bench *work, lf_error *error);
lf_status bench_run(bench *work, lf_error *error);

#ifdef __cplusplus
}
#endif

#endif
