/* The day that the verb bench measures: found or simulated, inflated, and held in memory. */
#include "bench.h"

#include <lobflow/synth.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- files that are thrown away --------------------------------------------------------- */

void bench_path(const bench *work, const char *name, char out[BENCH_PATH_BYTES])
{
    (void)snprintf(out, BENCH_PATH_BYTES, "%s/%s", work->folder, name);
}

void bench_remove(const char *folder)
{
    DIR *const open = folder[0] != '\0' ? opendir(folder) : NULL;
    for (const struct dirent *entry; open != NULL && (entry = readdir(open)) != NULL;) {
        char path[BENCH_PATH_BYTES];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (unlink(path) != 0) { /* a folder: those of this verb are one deep */
            bench_remove(path);
        }
    }
    if (open != NULL) {
        (void)closedir(open);
        (void)rmdir(folder);
    }
}

/* In memory where the system has such a place, because the speed of a disk is not ours. */
static lf_status make_folder(bench *work, lf_error *error)
{
    const char *const places[] = {getenv("TMPDIR"), "/dev/shm", "/tmp"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const int length =
            places[i] == NULL
                ? -1
                : snprintf(work->folder, sizeof work->folder, "%s/lobflow-bench-XXXXXX", places[i]);
        if (length > 0 && (size_t)length < sizeof work->folder && mkdtemp(work->folder) != NULL) {
            return LF_OK;
        }
    }
    work->folder[0] = '\0';
    return lf_error_set(error, LF_IO, "No folder can be made in $TMPDIR, /dev/shm or /tmp.");
}

/* ---- finding it ------------------------------------------------------------------------- */

static lf_status simulate(const char *folder, lf_error *error)
{
    lf_synth_options options;
    lf_synth_options_default(&options);
    return lf_synth_write(&options, folder, NULL, NULL, error);
}

static lf_status find_day(bench *work, lf_error *error)
{
    bench_day *const day = &work->day;
    const char *const path = work->data;
    char folder[BENCH_PATH_BYTES];
    bench_path(work, "text", folder);
    lf_status status = lf_mkdirs(folder, error);
    if (status == LF_OK && work->data[0] == '\0') {
        cli_say(NULL, "no --data, so a simulated day is measured");
        memcpy(work->data, folder, sizeof folder);
        status = simulate(folder, error);
    }
    if (status == LF_OK) {
        status = lf_feed_find(&path, 1, NULL, &day->found, error);
    }
    if (status == LF_OK && day->found.count > 1) {
        cli_say(NULL, "only the first of several days is measured");
    }
    if (status == LF_OK) {
        status = bench_inflate(day->found.sources[0].path, folder, &day->text_bytes, error);
    }
    if (status == LF_OK && day->text_bytes > 0) {
        const char *const plain = folder;
        status = lf_feed_find(&plain, 1, NULL, &day->plain, error);
    }
    return status;
}

const lf_source *bench_day_plain(const bench *work)
{
    const bench_day *const day = &work->day;
    return day->plain.count > 0 ? &day->plain.sources[0] : &day->found.sources[0];
}

/* ---- events in memory ------------------------------------------------------------------- */

static lf_status append(bench_day *day, const lf_batch *batch)
{
    void *events = day->events;
    void *trades = day->trades;
    const size_t event_count = day->event_count + batch->event_count;
    const size_t trade_count = day->trade_count + batch->trade_count;
    lf_status status =
        lf_grow(NULL, &events, &day->event_capacity, event_count, sizeof *day->events);
    day->events = events;
    if (status == LF_OK) {
        status = lf_grow(NULL, &trades, &day->trade_capacity, trade_count, sizeof *day->trades);
        day->trades = trades;
    }
    if (status != LF_OK) {
        return status;
    }
    for (size_t i = 0; i < batch->event_count; i++) {
        lf_event *const event = &day->events[day->event_count + i];
        *event = batch->events[i];
        event->trade_first += (uint32_t)day->trade_count;
    }
    for (size_t i = 0; i < batch->trade_count; i++) {
        day->trades[day->trade_count + i] = batch->trades[i];
    }
    day->event_count = event_count;
    day->trade_count = trade_count;
    return LF_OK;
}

static lf_status read_events(bench *work, lf_error *error)
{
    bench_day *const day = &work->day;
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    lf_status status = lf_feed_open(bench_day_plain(work), NULL, &feed, error);
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, error);
        if (status == LF_OK && append(day, &batch) != LF_OK) {
            status = lf_error_set(error, LF_NOMEM, "No memory for the events of the day.");
        }
    }
    if (status == LF_OK) {
        day->instrument = *lf_feed_instrument(feed);
    }
    if (status == LF_OK && day->event_count == 0) {
        status = lf_error_set(error, LF_DATA, "The day has no events.");
    }
    lf_feed_close(feed);
    return status;
}

lf_status bench_day_open(bench *work, lf_error *error)
{
    lf_status status = make_folder(work, error);
    if (status == LF_OK) {
        status = find_day(work, error);
    }
    return status == LF_OK ? read_events(work, error) : status;
}

void bench_day_close(bench *work)
{
    bench_day *const day = &work->day;
    lf_source_list_clear(&day->found);
    lf_source_list_clear(&day->plain);
    lf_release(NULL, day->events);
    lf_release(NULL, day->trades);
    lf_frame_destroy(day->rows);
    for (size_t i = 0; i < BENCH_MODELS; i++) {
        lf_model_destroy(work->models[i]);
    }
    bench_remove(work->folder);
}

/* ---- rows ------------------------------------------------------------------------------- */

/* A CSV has no kinds: a column of whole numbers comes back as one of integers. */
static lf_status cast_numbers(lf_frame *frame, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t i = 0; i < lf_frame_column_count(frame) && status == LF_OK; i++) {
        if (lf_frame_column(frame, i).kind == LF_COLUMN_I64) {
            status = lf_frame_cast(frame, i, LF_COLUMN_F64, error);
        }
    }
    return status;
}

lf_status bench_day_rows(bench *work, lf_error *error)
{
    static const lf_label_spec labels[] = {
        {LF_LABEL_RETURN, LF_NS_PER_MINUTE}, {LF_LABEL_RETURN, 5 * LF_NS_PER_MINUTE}};
    static const lf_run_features_options options = {.labels = labels, .label_count = 2};
    bench_day *const day = &work->day;
    if (day->rows != NULL) {
        return LF_OK;
    }
    char path[BENCH_PATH_BYTES];
    bench_path(work, "rows.csv", path);
    lf_config config;
    lf_config_default(&config);
    const lf_run_job job = {.config = &config, .sources = bench_day_plain(work), .source_count = 1};
    lf_status status = lf_run_features(&job, &options, path, error);
    if (status == LF_OK) {
        status = lf_frame_read(path, &day->rows, error);
    }
    return status == LF_OK ? cast_numbers(day->rows, error) : status;
}
