/* The record of trials: one SQLite table, one row for each trial that was finished. */
#include "train_internal.h"

#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

struct lfi_trials {
    const lf_allocator *allocator;
    sqlite3 *database;
    char path[1024];
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS trials ("
    " id INTEGER PRIMARY KEY,"
    " search TEXT NOT NULL," /* hash of rows and options: trials of one search share it */
    " number INTEGER NOT NULL,"
    " parameters TEXT NOT NULL,"
    " accuracy REAL, auc REAL, log_loss REAL, brier REAL, ic REAL, least_best_round REAL,"
    " started TEXT NOT NULL,"
    " seconds REAL NOT NULL,"
    " UNIQUE (search, number))";

static lf_status failed(const lfi_trials *trials, lf_error *error)
{
    const int code = sqlite3_errcode(trials->database);
    /* Another file, another table: not ours to write into. */
    const bool is_foreign = code == SQLITE_NOTADB || code == SQLITE_ERROR;
    return lf_error_set(
        error,
        is_foreign ? LF_FORMAT : LF_IO,
        "%s: %s; name another file for the trials.",
        trials->path,
        sqlite3_errmsg(trials->database)
    );
}

lf_status lfi_trials_open(
    const lf_allocator *allocator, const char *path, bool is_new_fine, lfi_trials **out, lf_error *e
)
{
    *out = NULL;
    if (!is_new_fine && access(path, F_OK) != 0) {
        return lf_error_set(e, LF_NOT_FOUND, "%s: there is no such file of trials.", path);
    }
    lfi_trials *trials = lf_allocate(allocator, 1, sizeof *trials);
    if (trials == NULL) {
        return lf_error_set(e, LF_NOMEM, "not enough memory for a file of trials.");
    }
    trials->allocator = allocator;
    (void)snprintf(trials->path, sizeof trials->path, "%s", path);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    lf_status status = LF_OK;
    if (sqlite3_open_v2(path, &trials->database, flags, NULL) != SQLITE_OK) {
        status = failed(trials, e);
    } else {
        /* Two searches may write into one file. */
        (void)sqlite3_busy_timeout(trials->database, 10000);
        if (sqlite3_exec(trials->database, schema, NULL, NULL, NULL) != SQLITE_OK) {
            status = failed(trials, e);
        }
    }
    if (status != LF_OK) {
        lfi_trials_close(trials);
        return status;
    }
    *out = trials;
    return LF_OK;
}

void lfi_trials_close(lfi_trials *trials)
{
    if (trials != NULL) {
        (void)sqlite3_close(trials->database);
        lf_release(trials->allocator, trials);
    }
}

static int bind_number(sqlite3_stmt *statement, int place, double value)
{
    return isfinite(value) ? sqlite3_bind_double(statement, place, value)
                           : sqlite3_bind_null(statement, place);
}

lf_status lfi_trials_put(lfi_trials *trials, const lfi_trial *trial, lf_error *error)
{
    static const char text[] =
        "INSERT INTO trials (search, number, parameters, started, seconds, accuracy, auc, log_loss,"
        " brier, ic, least_best_round) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    const double numbers[] = {
        trial->seconds,
        trial->accuracy,
        trial->auc,
        trial->log_loss,
        trial->brier,
        trial->ic,
        trial->least_best_round,
    };
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(trials->database, text, -1, &statement, NULL) != SQLITE_OK) {
        return failed(trials, error);
    }
    bool is_good =
        sqlite3_bind_text(statement, 1, trial->search, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 2, trial->number) == SQLITE_OK &&
        sqlite3_bind_text(statement, 3, trial->parameters, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_text(statement, 4, trial->started, -1, SQLITE_STATIC) == SQLITE_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && is_good; i++) {
        is_good = bind_number(statement, 5 + (int)i, numbers[i]) == SQLITE_OK;
    }
    is_good = is_good && sqlite3_step(statement) == SQLITE_DONE;
    const lf_status status = is_good ? LF_OK : failed(trials, error);
    (void)sqlite3_finalize(statement);
    return status;
}

lf_status lfi_trials_get(
    lfi_trials *trials,
    const char *search,
    int64_t number,
    bool *found,
    double *log_loss,
    lf_error *e
)
{
    sqlite3_stmt *statement = NULL;
    static const char text[] = "SELECT log_loss FROM trials WHERE search = ? AND number = ?";
    *found = false;
    if (sqlite3_prepare_v2(trials->database, text, -1, &statement, NULL) != SQLITE_OK) {
        return failed(trials, e);
    }
    lf_status status = LF_OK;
    if (sqlite3_bind_text(statement, 1, search, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int64(statement, 2, number) != SQLITE_OK) {
        status = failed(trials, e);
    } else {
        const int step = sqlite3_step(statement);
        *found = step == SQLITE_ROW;
        if (*found) {
            const bool is_null = sqlite3_column_type(statement, 0) == SQLITE_NULL;
            *log_loss = is_null ? NAN : sqlite3_column_double(statement, 0);
        } else if (step != SQLITE_DONE) {
            status = failed(trials, e);
        }
    }
    (void)sqlite3_finalize(statement);
    return status;
}

lf_status lfi_trials_count(lfi_trials *trials, int64_t *out, lf_error *error)
{
    sqlite3_stmt *statement = NULL;
    static const char text[] = "SELECT COUNT(*) FROM trials";
    *out = 0;
    if (sqlite3_prepare_v2(trials->database, text, -1, &statement, NULL) != SQLITE_OK) {
        return failed(trials, error);
    }
    lf_status status = LF_OK;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *out = sqlite3_column_int64(statement, 0);
    } else {
        status = failed(trials, error);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* One choice; a trial that is recorded already is not a new look. */
static lf_status
add_choice(lfi_trials *trials, const char *search, const lf_train_choice *choice, lf_error *error)
{
    static const char text[] =
        "INSERT OR IGNORE INTO trials (search, number, parameters, started, seconds)"
        " VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ'), 0)";
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(trials->database, text, -1, &statement, NULL) != SQLITE_OK) {
        return failed(trials, error);
    }
    const bool is_good =
        sqlite3_bind_text(statement, 1, search, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 2, choice->number) == SQLITE_OK &&
        sqlite3_bind_text(statement, 3, choice->parameters, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_DONE;
    const lf_status status = is_good ? LF_OK : failed(trials, error);
    (void)sqlite3_finalize(statement);
    return status;
}

lf_status lf_train_trials_add(
    const char *path,
    const char *search,
    const lf_train_choice *choices,
    size_t count,
    int64_t *recorded,
    lf_error *error
)
{
    lfi_trials *trials = NULL;
    lf_status status = lfi_trials_open(NULL, path, true, &trials, error);
    if (status == LF_OK && sqlite3_exec(trials->database, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        status = failed(trials, error);
    }
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        status = add_choice(trials, search, &choices[i], error);
    }
    if (status == LF_OK &&
        sqlite3_exec(trials->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        status = failed(trials, error);
    }
    if (status == LF_OK) {
        status = lfi_trials_count(trials, recorded, error);
    }
    lfi_trials_close(trials); /* undoes what was not committed */
    return status;
}

lf_status lf_train_trial_count(const char *path, int64_t *out, lf_error *error)
{
    lfi_trials *trials = NULL;
    *out = 0;
    lf_status status = lfi_trials_open(NULL, path, false, &trials, error);
    if (status == LF_OK) {
        status = lfi_trials_count(trials, out, error);
    }
    lfi_trials_close(trials);
    return status;
}
