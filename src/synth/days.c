/* Writes the days of some symbols, several at once. */
#include "synth_internal.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

/* sd of the log return from one close to the next open, where days are continuous. */
#define NIGHT_SD 0.01
/* Streams of random numbers of the nights lie behind those of the days. */
#define NIGHT_STREAM (UINT64_C(1) << 32)

/* Work that threads share. A task is a symbol-day, or all days of a symbol that go on. */
typedef struct work {
    const lf_synth_options *options;
    const lf_synth_writing *writing;
    size_t task_count, task_next;
    double *shares; /* [task_count] of each, in days */
    double done;    /* their sum */
    pthread_mutex_t lock;
    size_t failed_task;
    lf_status status;
    lf_error error;
    bool is_stopped;
} work;

/* What one task tells its progress with. */
typedef struct task {
    work *all;
    size_t index;
    int32_t first_day;
} task;

/* The sum of all tasks' shares is what the caller is told. */
static bool on_day(void *context, int32_t day, double share)
{
    const task *own = context;
    work *all = own->all;
    pthread_mutex_lock(&all->lock);
    const double now = (double)(day - own->first_day) + share;
    all->done += now - all->shares[own->index];
    all->shares[own->index] = now;
    if (!all->is_stopped && all->writing->progress != NULL) {
        const double whole = floor(all->done);
        all->is_stopped =
            !all->writing->progress(all->writing->context, (int32_t)whole, all->done - whole);
    }
    const bool goes_on = !all->is_stopped;
    pthread_mutex_unlock(&all->lock);
    return goes_on;
}

/* Where the next day begins. */
static double after_night(const lf_synth_options *options, int32_t day, double close_ticks)
{
    lf_random random;
    const uint64_t name = lf_hash64(options->symbol, strlen(options->symbol), options->seed);
    lf_random_seed(&random, name, NIGHT_STREAM + (uint64_t)day);
    return close_ticks * exp(NIGHT_SD * lf_random_normal(&random));
}

static lf_status run_task(work *all, size_t index, lf_error *error)
{
    const bool goes_on = all->options->is_continuous;
    const int32_t day_count = all->options->day_count;
    const size_t days = goes_on ? 1 : (size_t)day_count;
    lf_synth_options options = *all->options;
    lf_synth_writing writing = *all->writing;
    task own = {.all = all, .index = index};
    const char *symbol = writing.symbols[index / days];
    memset(options.symbol, 0, sizeof options.symbol);
    memcpy(options.symbol, symbol, strlen(symbol));
    own.first_day = goes_on ? 0 : (int32_t)(index % days);
    writing.progress = on_day;
    writing.context = &own;
    const int32_t end = goes_on ? day_count : own.first_day + 1;
    lf_status status = LF_OK;
    for (int32_t day = own.first_day; day < end && status == LF_OK; day++) {
        double close_ticks = 0;
        status = lfi_synth_write_day(&options, day, &writing, &close_ticks, error);
        if (goes_on && status == LF_OK) {
            options.open_ticks = after_night(&options, day, close_ticks);
        }
    }
    return status;
}

/* Takes tasks until there are none, or one has failed. */
static void *work_on(void *context)
{
    work *all = context;
    for (;;) {
        pthread_mutex_lock(&all->lock);
        const bool is_over = all->status != LF_OK || all->task_next == all->task_count;
        const size_t index = all->task_next;
        all->task_next += !is_over;
        pthread_mutex_unlock(&all->lock);
        if (is_over) {
            return NULL;
        }
        lf_error error;
        const lf_status status = run_task(all, index, &error);
        pthread_mutex_lock(&all->lock);
        /* Of several failures the first symbol-day's is told, whichever came first. */
        if (status != LF_OK && (all->status == LF_OK || index < all->failed_task)) {
            all->status = status;
            all->error = error;
            all->failed_task = index;
        }
        pthread_mutex_unlock(&all->lock);
    }
}

static void run_all(work *all)
{
    pthread_t threads[LFI_SYNTH_JOBS];
    size_t count = 0;
    const size_t wanted = (size_t)all->writing->job_count < all->task_count
                              ? (size_t)all->writing->job_count
                              : all->task_count;
    while (count + 1 < wanted && pthread_create(&threads[count], NULL, work_on, all) == 0) {
        count++;
    }
    (void)work_on(all);
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

static lf_status
check_writing(const lf_synth_options *options, const lf_synth_writing *writing, lf_error *error)
{
    if (options->day_count < 1) {
        return lf_error_set(error, LF_RANGE, "synth: at least 1 day");
    }
    if (writing->job_count < 1 || writing->job_count > LFI_SYNTH_JOBS) {
        return lf_error_set(error, LF_RANGE, "synth: from 1 to %d jobs", LFI_SYNTH_JOBS);
    }
    if (writing->symbol_count < 1) {
        return lf_error_set(error, LF_RANGE, "synth: at least 1 symbol");
    }
    for (size_t i = 0; i < writing->symbol_count; i++) {
        if (strlen(writing->symbols[i]) >= sizeof options->symbol) {
            return lf_error_set(
                error,
                LF_RANGE,
                "synth: a symbol has at most %zu characters",
                sizeof options->symbol - 1
            );
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(writing->symbols[i], writing->symbols[k]) == 0) {
                return lf_error_set(
                    error, LF_RANGE, "synth: the symbol %s is there twice", writing->symbols[i]
                );
            }
        }
    }
    return LF_OK;
}

/* Options that cannot be used leave no folder behind. */
static lf_status
try_options(const lf_synth_options *options, const lf_synth_writing *writing, lf_error *error)
{
    lf_status status = check_writing(options, writing, error);
    for (size_t i = 0; i < writing->symbol_count && status == LF_OK; i++) {
        lf_synth_options own = *options;
        lf_synth *first = NULL;
        memset(own.symbol, 0, sizeof own.symbol);
        memcpy(own.symbol, writing->symbols[i], strlen(writing->symbols[i]));
        status = lf_synth_open(&own, 0, &first, error);
        lf_synth_close(first);
    }
    return status;
}

lf_status lf_synth_write_symbols(
    const lf_synth_options *options, const lf_synth_writing *writing, lf_error *error
)
{
    lf_status status = try_options(options, writing, error);
    if (status == LF_OK) {
        status = lf_mkdirs(writing->folder, error);
    }
    if (status != LF_OK) {
        return status;
    }
    work all = {.options = options, .writing = writing};
    all.task_count =
        writing->symbol_count * (options->is_continuous ? 1 : (size_t)options->day_count);
    all.shares = lf_allocate(options->allocator, all.task_count, sizeof *all.shares);
    if (all.shares == NULL || pthread_mutex_init(&all.lock, NULL) != 0) {
        lf_release(options->allocator, all.shares);
        return lf_error_set(error, LF_NOMEM, "no memory to write simulated days");
    }
    run_all(&all);
    pthread_mutex_destroy(&all.lock);
    lf_release(options->allocator, all.shares);
    if (all.status != LF_OK && error != NULL) {
        *error = all.error;
    }
    return all.status;
}

lf_status lf_synth_write(
    const lf_synth_options *options,
    const char *folder,
    lf_synth_progress progress,
    void *context,
    lf_error *error
)
{
    const char *symbol = options->symbol;
    const lf_synth_writing writing = {
        .symbols = &symbol,
        .symbol_count = 1,
        .job_count = 1,
        .folder = folder,
        .progress = progress,
        .context = context,
    };
    return lf_synth_write_symbols(options, &writing, error);
}
