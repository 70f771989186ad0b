/* Timed passes of the verb bench, their quantiles, and the speed of the machine's memory. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More than the last-level cache of most machines, so that memory and not a cache is measured. */
#define MEMORY_BYTES ((size_t)256 << 20)
/* Copied at once; the kernel's pages are there after the first run. */
#define MEMORY_PIECE ((size_t)16 << 20)
#define CLOCK_SAMPLES 4096

/* ---- pieces ----------------------------------------------------------------------------- */

void bench_begin(bench_pass *pass)
{
    pass->begin_ns = lf_clock_monotonic_ns();
}

void bench_note(bench_pass *pass, double ns, size_t events, size_t bytes)
{
    ns = fmax(ns, 0);
    pass->run_ns += ns;
    pass->run_events += events;
    pass->run_bytes += bytes;
    if (events == 0 || pass->status != LF_OK) {
        return;
    }
    void *pieces = pass->pieces;
    pass->status =
        lf_grow(NULL, &pieces, &pass->piece_capacity, pass->piece_count + 1, sizeof(double));
    pass->pieces = pieces;
    if (pass->status == LF_OK) {
        pass->pieces[pass->piece_count++] = ns / (double)events;
    }
}

void bench_end(bench_pass *pass, size_t events, size_t bytes)
{
    const double taken_ns = (double)(lf_clock_monotonic_ns() - pass->begin_ns);
    bench_note(pass, taken_ns - pass->clock_ns, events, bytes);
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Nearest-rank quantile; sorts. */
static double quantile(double *values, size_t count, double share)
{
    if (count == 0) {
        return NAN;
    }
    qsort(values, count, sizeof *values, compare);
    const size_t rank = (size_t)ceil(share * (double)count);
    return values[rank > 0 ? rank - 1 : 0];
}

double bench_clock_cost(void)
{
    double samples[CLOCK_SAMPLES];
    for (int i = 0; i < CLOCK_SAMPLES; i++) {
        const int64_t begin_ns = lf_clock_monotonic_ns();
        samples[i] = (double)(lf_clock_monotonic_ns() - begin_ns);
    }
    return quantile(samples, CLOCK_SAMPLES, 0.5);
}

/* ---- variants --------------------------------------------------------------------------- */

static lf_status run_passes(
    const bench *work,
    bench_action action,
    void *context,
    bench_pass *pass,
    double *means,
    lf_error *error
)
{
    for (int i = 0; i <= work->runs; i++) {
        pass->run_ns = 0;
        pass->run_events = 0;
        pass->run_bytes = 0;
        const lf_status status = action(work, context, pass, error);
        if (status != LF_OK) {
            return status;
        }
        if (pass->status != LF_OK) {
            return lf_error_set(error, pass->status, "No memory for the times of the pieces.");
        }
        if (i == 0) { /* the first one only warms caches, pages and the clock of the core */
            pass->piece_count = 0;
            continue;
        }
        means[i - 1] = pass->run_ns / (double)pass->run_events;
    }
    return LF_OK;
}

lf_status bench_measure(
    bench *work,
    const char *stage,
    const char *variant,
    bench_action action,
    void *context,
    lf_error *error
)
{
    if (!cli_progress(NULL, stage, (double)work->result_count / (double)BENCH_RESULTS_MAX)) {
        return lf_error_set(error, LF_CANCELLED, "Stopped.");
    }
    bench_pass pass = {.clock_ns = work->clock_ns};
    double means[BENCH_RUNS_MAX];
    const lf_status status = run_passes(work, action, context, &pass, means, error);
    if (status == LF_OK) {
        work->results[work->result_count++] = (bench_result){
            .stage = stage,
            .variant = variant,
            .ns_p50 = quantile(pass.pieces, pass.piece_count, 0.50),
            .ns_p99 = quantile(pass.pieces, pass.piece_count, 0.99),
            .ns_mean = quantile(means, (size_t)work->runs, 0.50),
            .events = pass.run_events,
            .bytes = pass.run_bytes,
        };
    }
    lf_release(NULL, pass.pieces);
    return status;
}

bool bench_wants(const bench *work, const char *stage)
{
    return work->only == NULL || strcmp(work->only, stage) == 0;
}

/* ---- memory ----------------------------------------------------------------------------- */

typedef struct copy_work {
    unsigned char *from;
    unsigned char *to;
} copy_work;

static lf_status copy_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    (void)work;
    (void)error;
    const copy_work *const copy = context;
    for (size_t at = 0; at < MEMORY_BYTES; at += MEMORY_PIECE) {
        bench_begin(pass);
        memcpy(copy->to + at, copy->from + at, MEMORY_PIECE);
        bench_end(pass, MEMORY_PIECE, MEMORY_PIECE);
        /* Without a use the compiler may drop the copy. */
        __asm__ volatile("" : : "r"(copy->to) : "memory");
    }
    return LF_OK;
}

lf_status bench_memcpy(bench *work, lf_error *error)
{
    copy_work copy = {
        .from = lf_allocate(NULL, MEMORY_BYTES, 1),
        .to = lf_allocate(NULL, MEMORY_BYTES, 1),
    };
    lf_status status = LF_OK;
    if (copy.from == NULL || copy.to == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory to measure memcpy with.");
    } else {
        /* Zero pages would all be one page of the kernel. */
        memset(copy.from, 1, MEMORY_BYTES);
        status = bench_measure(work, "memcpy", "256 MiB", copy_pass, &copy, error);
    }
    if (status == LF_OK) {
        work->memory_speed = 1 / work->results[work->result_count - 1].ns_mean;
    }
    lf_release(NULL, copy.from);
    lf_release(NULL, copy.to);
    return status;
}

/* ---- the machine ------------------------------------------------------------------------ */

void bench_cpu_name(char *out, size_t capacity)
{
    char line[256];
    FILE *const file = fopen("/proc/cpuinfo", "re");
    (void)snprintf(out, capacity, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *const colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            (void)snprintf(out, capacity, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}
