/*
 * Trades symbol-days, several at once, each into a file of its own.
 *
 * A day needs one thing of the day before: what crosses the border (vpin's open bucket). When that
 * day is not finished yet, whoever takes the later one reads its trades first, which is much less
 * than trading it. Nothing else is shared, so the files are the same whoever makes them.
 */
#include "given_internal.h"
#include "units_internal.h"

#include <dirent.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENDING ".unit"

/* ---- which days ------------------------------------------------------------------------- */

/* True when a span holds a part of the day's session. Without rows made before, spans are those of
   one model, which trades every day. */
static bool is_traded(const lfi_trading *trading, size_t day)
{
    if (trading->days == NULL) {
        return true;
    }
    const lf_instrument *const instrument = &trading->days[day].instrument;
    for (size_t i = 0; i < trading->span_count; i++) {
        if (trading->spans[i].from_ns < instrument->session_close_ns &&
            trading->spans[i].to_ns > instrument->session_open_ns) {
            return true;
        }
    }
    return false;
}

static void add_unit(lfi_units *units, size_t day)
{
    const lf_source *const sources = units->job->sources;
    lfi_unit *const unit = &units->units[units->unit_count];
    *unit = (lfi_unit){.day = day, .previous = LFI_UNIT_NONE};
    for (size_t i = units->unit_count; i-- > 0;) {
        if (strcmp(sources[units->units[i].day].symbol, sources[day].symbol) == 0) {
            unit->previous = i;
            unit->number = units->units[i].number + 1;
            break;
        }
    }
    if (units->trading->days != NULL) {
        unit->carry = units->trading->days[day].carry;
        unit->carry_known = true;
    } else if (!units->needs_carry || unit->previous == LFI_UNIT_NONE) {
        unit->carry_known = true; /* it is zero */
    }
    units->unit_count++;
}

/* Whether what a model looks at depends on the days before. */
static bool needs_carry(const lfi_trading *trading)
{
    const size_t vpin = lf_feature_find("vpin");
    for (size_t i = 0; i < trading->span_count; i++) {
        size_t count = 0;
        const lf_model *const model = trading->spans[i].model;
        const size_t *const features = model != NULL ? lf_model_features(model, &count) : NULL;
        if (model == NULL && trading->given == NULL) {
            return true; /* a strategy of one's own may look at all features */
        }
        for (size_t f = 0; f < count; f++) {
            if (features[f] == vpin) {
                return true;
            }
        }
    }
    return false;
}

static bool is_unit_name(const char *name)
{
    const size_t length = strlen(name);
    const size_t ending = sizeof ENDING - 1;
    return length == 16 + ending && strcmp(name + 16, ENDING) == 0;
}

/* Count the files of finished days, and remove them when asked to. */
static size_t sweep_folder(const char *folder, bool remove_them)
{
    DIR *const list = opendir(folder);
    size_t count = 0;
    if (list == NULL) {
        return 0;
    }
    for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        char path[LFI_PATH_BYTES];
        if (is_unit_name(entry->d_name)) {
            count++;
            if (remove_them && lfi_path(folder, entry->d_name, path, NULL) == LF_OK) {
                (void)unlink(path);
            }
        }
    }
    (void)closedir(list);
    return count;
}

static lf_status add_units(lfi_units *units, lf_error *error)
{
    const lf_run_job *const job = units->job;
    const lfi_given *const given = units->trading->given;
    for (size_t i = 0; i < job->source_count; i++) {
        bool traded = is_traded(units->trading, i);
        if (given != NULL) {
            const lf_status status = lfi_given_touches(given, job, i, &traded, error);
            if (status != LF_OK) {
                return status;
            }
        }
        if (traded) {
            add_unit(units, i);
        }
    }
    return given == NULL || units->unit_count > 0
               ? LF_OK
               : lf_error_set(
                     error,
                     LF_MISMATCH,
                     "No prediction lies in a session of the %zu days at hand (the first is %s); "
                     "compare symbols and times.",
                     job->source_count,
                     job->sources[0].symbol
                 );
}

lf_status lfi_units_begin(lfi_units *units, const char *folder, lf_error *error)
{
    const lf_run_job *const job = units->job;
    units->units = NULL;
    units->unit_count = 0;
    units->needs_carry = needs_carry(units->trading);
    lf_status status = lfi_path(folder, LFI_UNITS_FOLDER, units->folder, error);
    if (status == LF_OK) {
        status = lf_mkdirs(units->folder, error);
    }
    if (status == LF_OK) {
        status = lfi_common_key(units, error);
    }
    if (status != LF_OK) {
        return status;
    }
    units->units = lf_allocate(job->allocator, job->source_count + 1, sizeof *units->units);
    if (units->units == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the list of days.");
    }
    units->found_count = sweep_folder(units->folder, false);
    return add_units(units, error);
}

void lfi_units_end(lfi_units *units)
{
    lf_release(units->job->allocator, units->units);
    units->units = NULL;
}

void lfi_units_remove(const lfi_units *units)
{
    (void)sweep_folder(units->folder, true);
    (void)rmdir(units->folder);
}

lf_status lfi_unit_path(
    const lfi_units *units, const lfi_unit *unit, char out[LFI_PATH_BYTES], lf_error *error
)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%016llx" ENDING, (unsigned long long)unit->key);
    return lfi_path(units->folder, name, out, error);
}

/* ---- who trades them -------------------------------------------------------------------- */

typedef struct pool {
    lfi_units *units;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t next;    /* unit that is taken next */
    size_t limit;   /* units from here on are not wanted: an earlier one failed */
    size_t running; /* threads */
    bool stopped;   /* the person wants to stop */
} pool;

typedef struct worker {
    pool *pool;
    size_t at;    /* the unit at hand */
    bool is_main; /* tells the person itself */
} worker;

static double share_of(const lfi_units *units)
{
    double sum = 0;
    for (size_t i = 0; i < units->unit_count; i++) {
        sum += units->units[i].is_done ? 1 : units->units[i].share;
    }
    return units->unit_count > 0 ? sum / (double)units->unit_count : 1;
}

/* Progress of a day, from the thread that trades it. */
static bool on_progress(void *context, const char *stage, double share)
{
    const worker *const self = context;
    pool *const p = self->pool;
    const lf_run_job *const job = p->units->job;
    (void)pthread_mutex_lock(&p->lock);
    if (strcmp(stage, "backtest") == 0) {
        p->units->units[self->at].share = share;
    }
    const double all = share_of(p->units);
    bool goes_on = !p->stopped && self->at < p->limit;
    (void)pthread_mutex_unlock(&p->lock);
    if (self->is_main && job->progress != NULL) {
        goes_on = job->progress(job->progress_context, "backtest", all) && goes_on;
    }
    return goes_on;
}

/* A unit failed: later ones are not wanted, earlier ones may still fail first. */
static void note_failure(pool *p, size_t at, lf_status status, const lf_error *error)
{
    lfi_unit *const unit = &p->units->units[at];
    unit->status = status;
    unit->error = *error;
    p->limit = at < p->limit ? at : p->limit;
}

/* Under the lock: find out what the day before hands over, by whoever needs it. */
static lf_status find_carry(pool *p, const lf_run_job *job, size_t at, lf_error *error)
{
    lfi_unit *const unit = &p->units->units[at];
    if (unit->carry_known) {
        return LF_OK;
    }
    lfi_unit *const before = &p->units->units[unit->previous];
    while (!before->carry_known && before->status == LF_OK && !p->stopped && at < p->limit) {
        (void)pthread_cond_wait(&p->changed, &p->lock);
    }
    if (!before->carry_known) {
        return lf_error_set(error, LF_CANCELLED, "Stopped; what was finished is kept.");
    }
    if (!before->carry_out_known) {
        lfi_unit copy = *before;
        (void)pthread_mutex_unlock(&p->lock);
        const lf_status status = lfi_unit_carry(p->units, job, &copy, error);
        (void)pthread_mutex_lock(&p->lock);
        if (status != LF_OK) {
            return status;
        }
        unit->carry = copy.carry_out;
    } else {
        unit->carry = before->carry_out;
    }
    unit->carry_known = true;
    (void)pthread_cond_broadcast(&p->changed);
    return LF_OK;
}

/* Under the lock: the day is done. What it hands over must be what the next day began with. */
static lf_status note_done(pool *p, size_t at, const lfi_unit *made, lf_error *error)
{
    lfi_units *const units = p->units;
    lfi_unit *const unit = &units->units[at];
    unit->key = made->key;
    unit->source = made->source;
    unit->carry_out = made->carry_out;
    unit->carry_out_known = true;
    unit->was_done = made->was_done;
    unit->is_done = true;
    units->taken_count += made->was_done;
    for (size_t i = at + 1; i < units->unit_count; i++) {
        const lfi_unit *const next = &units->units[i];
        if (next->previous == at && units->needs_carry && units->trading->days == NULL &&
            next->carry_known && memcmp(&next->carry, &unit->carry_out, sizeof next->carry) != 0) {
            return lf_error_set(
                error,
                LF_INVARIANT,
                "%s: what crosses the border to the next day is not what a pass over its trades "
                "found; please report it.",
                units->job->sources[unit->day].path
            );
        }
    }
    return LF_OK;
}

/* Take days until there are none. */
static void work(pool *p, bool is_main)
{
    worker self = {.pool = p, .is_main = is_main};
    lf_run_job job = *p->units->job;
    job.progress = on_progress;
    job.progress_context = &self;
    (void)pthread_mutex_lock(&p->lock);
    while (p->next < p->units->unit_count && p->next < p->limit && !p->stopped) {
        lf_error error;
        self.at = p->next++;
        lf_status status = find_carry(p, &job, self.at, &error);
        if (status == LF_OK) {
            lfi_unit made = p->units->units[self.at];
            (void)pthread_mutex_unlock(&p->lock);
            status = lfi_unit_make(p->units, &job, &made, &error);
            (void)pthread_mutex_lock(&p->lock);
            if (status == LF_OK) {
                status = note_done(p, self.at, &made, &error);
            }
        }
        if (status != LF_OK) {
            note_failure(p, self.at, status, &error);
        }
        (void)pthread_cond_broadcast(&p->changed);
    }
    p->running--;
    (void)pthread_cond_broadcast(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
}

static void *run_thread(void *context)
{
    work(context, false);
    return NULL;
}

/* Show how far all are, ten times a second, until the last thread ends. */
static void watch(pool *p)
{
    const lf_run_job *const job = p->units->job;
    (void)pthread_mutex_lock(&p->lock);
    while (p->running > 0) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LF_NS_PER_SECOND / 10;
        until.tv_sec += until.tv_nsec / LF_NS_PER_SECOND;
        until.tv_nsec %= LF_NS_PER_SECOND;
        (void)pthread_cond_timedwait(&p->changed, &p->lock, &until);
        const double share = share_of(p->units);
        (void)pthread_mutex_unlock(&p->lock);
        const bool goes_on =
            job->progress == NULL || job->progress(job->progress_context, "backtest", share);
        (void)pthread_mutex_lock(&p->lock);
        if (!goes_on) {
            p->stopped = true;
            (void)pthread_cond_broadcast(&p->changed);
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
}

/* Threads beside this one, at most so many; without any this one does the work. */
static lf_status work_together(pool *p, size_t thread_count, lf_error *error)
{
    const lf_allocator *const allocator = p->units->job->allocator;
    pthread_t *const threads = lf_allocate(allocator, thread_count, sizeof *threads);
    if (threads == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for %zu threads.", thread_count);
    }
    size_t started = 0;
    p->running = thread_count;
    while (started < thread_count && pthread_create(&threads[started], NULL, run_thread, p) == 0) {
        started++;
    }
    (void)pthread_mutex_lock(&p->lock);
    p->running -= thread_count - started;
    p->running += started == 0;
    (void)pthread_mutex_unlock(&p->lock);
    if (started == 0) {
        work(p, true);
    } else {
        watch(p);
    }
    for (size_t i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    lf_release(allocator, threads);
    return LF_OK;
}

/* The error of the earliest day that failed, whoever met which first. */
static lf_status result_of(const pool *p, lf_error *error)
{
    for (size_t i = 0; i < p->units->unit_count; i++) {
        const lfi_unit *const unit = &p->units->units[i];
        if (unit->status != LF_OK && !(p->stopped && unit->status != LF_CANCELLED)) {
            if (error != NULL) {
                *error = unit->error;
            }
            return unit->status;
        }
    }
    return p->stopped ? lf_error_set(error, LF_CANCELLED, "Stopped; what was finished is kept.")
                      : LF_OK;
}

/* Tell what an earlier call left. */
static void say_taken(const lfi_units *units)
{
    const lf_run_job *const job = units->job;
    char text[160];
    if (job->say == NULL || units->found_count == 0) {
        return;
    }
    if (units->taken_count > 0) {
        (void)snprintf(
            text,
            sizeof text,
            "%zu of %zu days had been finished before and are taken as they are.",
            units->taken_count,
            units->unit_count
        );
    } else {
        (void)snprintf(
            text,
            sizeof text,
            "The %zu days finished before are of another configuration, other data or another "
            "version: all are traded anew.",
            units->found_count
        );
    }
    job->say(job->say_context, text);
}

lf_status lfi_units_trade(lfi_units *units, lf_error *error)
{
    pool p = {.units = units, .limit = SIZE_MAX, .running = 1};
    const int32_t asked = units->job->jobs;
    size_t threads = asked > 1 ? (size_t)asked : 1;
    threads = threads < units->unit_count ? threads : units->unit_count;
    if (pthread_mutex_init(&p.lock, NULL) != 0) {
        return lf_error_set(error, LF_NOMEM, "No memory for a lock.");
    }
    if (pthread_cond_init(&p.changed, NULL) != 0) {
        (void)pthread_mutex_destroy(&p.lock);
        return lf_error_set(error, LF_NOMEM, "No memory for a lock.");
    }
    lf_status status = LF_OK;
    if (threads > 1) {
        status = work_together(&p, threads, error);
    } else {
        work(&p, true);
    }
    if (status == LF_OK) {
        status = result_of(&p, error);
    }
    if (status == LF_OK) {
        say_taken(units);
    }
    (void)pthread_cond_destroy(&p.changed);
    (void)pthread_mutex_destroy(&p.lock);
    return status;
}

/* ---- a part of them --------------------------------------------------------------------- */

/* What lies before a day, from passes over the trades of all days before it. */
static lf_status find_carry_alone(lfi_units *units, size_t at, lf_error *error)
{
    for (size_t i = 0; i <= at; i++) {
        lfi_unit *const unit = &units->units[i];
        const bool is_wanted = strcmp(
                                   units->job->sources[unit->day].symbol,
                                   units->job->sources[units->units[at].day].symbol
                               ) == 0;
        if (!is_wanted || unit->carry_known) {
            continue;
        }
        lfi_unit before = units->units[unit->previous];
        const lf_status status = lfi_unit_carry(units, units->job, &before, error);
        if (status != LF_OK) {
            return status;
        }
        unit->carry = before.carry_out;
        unit->carry_known = true;
    }
    return LF_OK;
}

lf_status lfi_units_trade_part(lfi_units *units, size_t first, size_t count, lf_error *error)
{
    for (size_t i = 0; i < units->unit_count; i++) {
        const size_t day = units->units[i].day;
        if (day < first || day - first >= count) {
            continue;
        }
        lf_status status = find_carry_alone(units, i, error);
        if (status == LF_OK) {
            lfi_unit made = units->units[i];
            status = lfi_unit_make(units, units->job, &made, error);
        }
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}
