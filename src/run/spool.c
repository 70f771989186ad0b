/*
 * The long tables of a run on their way: predictions, and the equity of each strategy.
 *
 * They have a row for each step of each day, so they are not kept. A day goes to the file of the
 * run folder, and to a file without a name from which the report reads it again.
 */
#include "trade_internal.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* One table. */
typedef struct channel {
    lf_frame_writer *file;
    lfi_store *store;
    size_t row_count;
} channel;

struct lfi_spool {
    const lf_run_job *job;
    channel tables[1 + LFI_STRATEGIES_MAX]; /* predictions, then the equity of each strategy */
};

lf_status lfi_spool_create(const lf_run_job *job, lfi_spool **out, lf_error *error)
{
    *out = lf_allocate(job->allocator, 1, sizeof **out);
    if (*out == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the tables.");
    }
    (*out)->job = job;
    return LF_OK;
}

void lfi_spool_destroy(lfi_spool *spool)
{
    if (spool == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof spool->tables / sizeof spool->tables[0]; i++) {
        lf_frame_writer_destroy(spool->tables[i].file);
        lfi_store_destroy(spool->tables[i].store);
    }
    lf_release(spool->job->allocator, spool);
}

/* Whether a name is that of what a process that is no more left of a file: FILE.PID.N.tmp. */
static bool is_left(const char *name, const char *file)
{
    const size_t length = strlen(file);
    long pid = 0;
    int number = 0;
    int used = 0;
    if (strncmp(name, file, length) != 0 ||
        sscanf(name + length, ".%ld.%d.tmp%n", &pid, &number, &used) != 2 || used == 0 ||
        name[length + (size_t)used] != '\0' || pid <= 0) {
        return false;
    }
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* Days go to the files for as long as it takes to put all together, so a call that was killed
   leaves a large one. */
static void remove_left(const char *folder, const char *file)
{
    DIR *const list = opendir(folder);
    if (list == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        char path[LFI_PATH_BYTES];
        if (is_left(entry->d_name, file) && lfi_path(folder, entry->d_name, path, NULL) == LF_OK) {
            (void)unlink(path);
        }
    }
    (void)closedir(list);
}

/* Begin a table with the columns of its first day. */
static lf_status
begin(const lfi_spool *spool, channel *to, const lf_frame *like, const char *path, lf_error *error)
{
    char folder[LFI_PATH_BYTES];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *const slash = strrchr(folder, '/');
    *slash = '\0';
    lf_status status = lf_mkdirs(folder, error);
    if (status == LF_OK) {
        remove_left(folder, slash + 1);
        status = lfi_store_create(spool->job->allocator, folder, &to->store, error);
    }
    return status == LF_OK ? lf_frame_writer_create(path, like, &to->file, error) : status;
}

/* A day of a table, which is then empty. */
static lf_status put_day(
    lfi_spool *spool,
    channel *to,
    lf_frame *frame,
    const char *symbol,
    const char *path,
    lf_error *error
)
{
    lf_status status = to->file != NULL ? LF_OK : begin(spool, to, frame, path, error);
    if (status == LF_OK) {
        status = lf_frame_writer_write(to->file, frame, error);
    }
    if (status == LF_OK) {
        status = lfi_store_put(to->store, frame, symbol, error);
    }
    if (status == LF_OK) {
        to->row_count += lf_frame_row_count(frame);
        lf_frame_clear(frame);
    }
    return status;
}

lf_status lfi_spool_put(lfi_desk *desk, const char *symbol, lf_error *error)
{
    lfi_spool *const spool = desk->spool;
    char path[LFI_PATH_BYTES];
    lf_status status = lfi_path(desk->folder, "predictions.parquet", path, error);
    if (status == LF_OK) {
        lf_frame *const frame = lf_backtest_predictions(desk->backtest);
        status = put_day(spool, &spool->tables[0], frame, symbol, path, error);
    }
    for (size_t i = 0; i < desk->strategy_count && status == LF_OK; i++) {
        lf_frame *const frame = lf_backtest_frame(desk->backtest, i, LF_BACKTEST_EQUITY);
        char name[LFI_PATH_BYTES];
        status = lfi_desk_folder(desk, i, name, error);
        if (status == LF_OK) {
            status = lfi_path(name, "equity.parquet", path, error);
        }
        if (status == LF_OK) {
            status = put_day(spool, &spool->tables[1 + i], frame, symbol, path, error);
        }
    }
    return status;
}

lf_status lfi_spool_finish(lfi_spool *spool, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t i = 0; i < sizeof spool->tables / sizeof spool->tables[0]; i++) {
        if (status == LF_OK && spool->tables[i].file != NULL) {
            status = lf_frame_writer_finish(spool->tables[i].file, error);
        }
    }
    return status;
}

static lf_report_parts parts_of(const channel *from)
{
    const lf_train_days days = lfi_store_days(from->store);
    return (lf_report_parts){
        .context = days.context,
        .count = days.count,
        .row_count = from->row_count,
        .open = days.open,
    };
}

lf_report_parts lfi_spool_predictions(const lfi_spool *spool)
{
    return parts_of(&spool->tables[0]);
}

lf_report_parts lfi_spool_equity(const lfi_spool *spool, size_t strategy)
{
    return parts_of(&spool->tables[1 + strategy]);
}
