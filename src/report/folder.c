/* A run folder read back: tables of every strategy and the text of the metrics. */
#include "report_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Strategies beside the main one; a run has a handful. */
#define STRATEGIES_MAX 64

struct lf_report_folder {
    const lf_allocator *allocator;
    char *metrics;
    lf_report_run run;
    lf_report_strategy strategies[STRATEGIES_MAX];
};

static const char *const table_files[LF_BACKTEST_TABLE_COUNT] = {
    [LF_BACKTEST_ORDERS] = "orders.parquet",
    [LF_BACKTEST_FILLS] = "fills.parquet",
    [LF_BACKTEST_TRADES] = "trades.parquet",
    [LF_BACKTEST_EQUITY] = "equity.parquet",
};

typedef struct file_name {
    char text[4096];
} file_name;

static lf_status join(const char *folder, const char *name, file_name *out, lf_error *error)
{
    const int needed = snprintf(out->text, sizeof out->text, "%s/%s", folder, name);
    if (needed < 0 || (size_t)needed >= sizeof out->text) {
        return lf_error_set(error, LF_IO, "%s: the name of the folder is too long.", folder);
    }
    return LF_OK;
}

static bool exists(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (file != NULL) {
        (void)fclose(file);
    }
    return file != NULL;
}

/* Read one table and see that its columns are those of a run. */
static lf_status read_table(
    const char *folder, lf_backtest_table table, lf_report_strategy *strategy, lf_error *error
)
{
    file_name file;
    lfi_table columns;
    lf_status status = join(folder, table_files[table], &file, error);
    if (status == LF_OK) {
        status = lf_frame_read(file.text, &strategy->tables[table], error);
    }
    return status != LF_OK
               ? status
               : lfi_table_bind(strategy->tables[table], table, strategy->name, &columns, error);
}

static lf_status
read_strategy(lf_report_folder *folder, const char *where, const char *name, lf_error *error)
{
    if (folder->run.strategy_count == STRATEGIES_MAX) {
        return lf_error_set(
            error, LF_FORMAT, "%s: more than %d strategies in a run.", where, STRATEGIES_MAX
        );
    }
    /* Counted before it is whole, so that closing ends what was read. */
    lf_report_strategy *strategy = &folder->strategies[folder->run.strategy_count++];
    (void)snprintf(strategy->name, sizeof strategy->name, "%s", name);
    lf_status status = LF_OK;
    for (int t = 0; t < LF_BACKTEST_TABLE_COUNT && status == LF_OK; t++) {
        status = read_table(where, (lf_backtest_table)t, strategy, error);
    }
    return status;
}

/* ---- folders below ---------------------------------------------------------------------- */

typedef struct names {
    char (*list)[256];
    size_t count;
    size_t capacity;
} names;

static int compare_names(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* Whether the metrics name a strategy beside the main one; where they name none at all, all that
   is there belongs to the run. */
static bool is_named(const json_t *variants, const char *name)
{
    bool found = !json_is_array(variants);
    for (size_t v = 1; v < json_array_size(variants) && !found; v++) {
        const json_t *known = json_object_get(json_array_get(variants, v), "name");
        found = json_is_string(known) && strcmp(json_string_value(known), name) == 0;
    }
    return found;
}

/* Names of the entries that hold an equity table, in order. Others may be left from an older run
   into the same folder. */
static lf_status find_below(
    lf_report_folder *folder, const char *where, const json_t *variants, names *out, lf_error *error
)
{
    DIR *list = opendir(where);
    if (list == NULL) {
        return lf_error_set_at(
            error, LF_IO, where, LF_POSITION_NONE, LF_POSITION_NONE, "the folder cannot be read."
        );
    }
    lf_status status = LF_OK;
    for (const struct dirent *e = readdir(list); e != NULL && status == LF_OK; e = readdir(list)) {
        char inside[512];
        file_name file;
        const int needed = snprintf(
            inside, sizeof inside, "%.255s/%s", e->d_name, table_files[LF_BACKTEST_EQUITY]
        );
        if (e->d_name[0] == '.' || !is_named(variants, e->d_name) || needed < 0 ||
            join(where, inside, &file, NULL) != LF_OK || !exists(file.text)) {
            continue;
        }
        void *memory = out->list;
        status =
            lf_grow(folder->allocator, &memory, &out->capacity, out->count + 1, sizeof *out->list);
        if (status == LF_OK) {
            out->list = memory;
            (void)snprintf(out->list[out->count++], sizeof *out->list, "%.255s", e->d_name);
        }
    }
    (void)closedir(list);
    if (status != LF_OK) {
        return lf_error_set(error, status, "%s: not enough memory for its folders.", where);
    }
    if (out->count > 1) {
        qsort(out->list, out->count, sizeof *out->list, compare_names);
    }
    return LF_OK;
}

static lf_status read_below(lf_report_folder *folder, const char *where, lf_error *error)
{
    names below = {0};
    json_t *root = json_loads(folder->metrics, 0, NULL);
    lf_status status = find_below(folder, where, json_object_get(root, "variants"), &below, error);
    json_decref(root);
    for (size_t i = 0; i < below.count && status == LF_OK; i++) {
        file_name inside;
        status = join(where, below.list[i], &inside, error);
        if (status == LF_OK) {
            status = read_strategy(folder, inside.text, below.list[i], error);
        }
    }
    lf_release(folder->allocator, below.list);
    return status;
}

/* ---- the folder ------------------------------------------------------------------------- */

/* The text as it is, and the name of the main strategy from it. */
static lf_status read_metrics(
    lf_report_folder *folder, const char *where, char *name, size_t name_bytes, lf_error *error
)
{
    file_name file;
    size_t bytes = 0;
    lf_status status = join(where, "metrics.json", &file, error);
    if (status == LF_OK) {
        status = lf_file_read_all(folder->allocator, file.text, &folder->metrics, &bytes, error);
    }
    if (status != LF_OK) {
        return status;
    }
    json_error_t fault;
    json_t *root = json_loads(folder->metrics, 0, &fault);
    if (!json_is_object(root)) {
        const int64_t at = root == NULL ? fault.line : LF_POSITION_NONE;
        json_decref(root);
        return lf_error_set_at(
            error,
            LF_FORMAT,
            file.text,
            at,
            LF_POSITION_NONE,
            "this is not a JSON object; run the backtest again."
        );
    }
    json_t *strategy = json_object_get(json_object_get(root, "meta"), "strategy");
    (void)snprintf(
        name, name_bytes, "%s", json_is_string(strategy) ? json_string_value(strategy) : "main"
    );
    json_decref(root);
    return LF_OK;
}

/* Put the strategies beside the main one in the order in which the metrics name them, so that a
   page made from a folder has the bytes of the one that the run wrote. */
static void order_as_metrics(lf_report_folder *folder)
{
    json_t *root = json_loads(folder->metrics, 0, NULL);
    const json_t *variants = json_object_get(root, "variants");
    size_t next = 1;
    for (size_t v = 1; v < json_array_size(variants); v++) {
        const json_t *name = json_object_get(json_array_get(variants, v), "name");
        for (size_t s = next; s < folder->run.strategy_count && json_is_string(name); s++) {
            if (strcmp(folder->strategies[s].name, json_string_value(name)) == 0) {
                const lf_report_strategy found = folder->strategies[s];
                folder->strategies[s] = folder->strategies[next];
                folder->strategies[next++] = found;
                break;
            }
        }
    }
    json_decref(root);
}

lf_status lf_report_folder_open(
    const lf_allocator *allocator, const char *path, lf_report_folder **out, lf_error *error
)
{
    char name[32];
    file_name file;
    *out = NULL;
    lf_report_folder *folder = lf_allocate(allocator, 1, sizeof *folder);
    if (folder == NULL) {
        return lf_error_set(error, LF_NOMEM, "%s: not enough memory to read it.", path);
    }
    folder->allocator = allocator;
    folder->run.allocator = allocator;
    folder->run.strategies = folder->strategies;
    lf_status status = read_metrics(folder, path, name, sizeof name, error);
    if (status == LF_OK) {
        status = read_strategy(folder, path, name, error);
    }
    if (status == LF_OK) {
        status = join(path, "predictions.parquet", &file, error);
    }
    if (status == LF_OK) {
        status = lf_frame_read(file.text, &folder->run.predictions, error);
    }
    if (status == LF_OK) {
        status = read_below(folder, path, error);
    }
    if (status != LF_OK) {
        lf_report_folder_close(folder);
        return status;
    }
    order_as_metrics(folder);
    *out = folder;
    return LF_OK;
}

const lf_report_run *lf_report_folder_run(const lf_report_folder *folder)
{
    return &folder->run;
}

const char *lf_report_folder_metrics(const lf_report_folder *folder)
{
    return folder->metrics;
}

void lf_report_folder_close(lf_report_folder *folder)
{
    if (folder == NULL) {
        return;
    }
    for (size_t s = 0; s < folder->run.strategy_count; s++) {
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT; t++) {
            lf_frame_destroy(folder->strategies[s].tables[t]);
        }
    }
    lf_frame_destroy(folder->run.predictions);
    lf_release(folder->allocator, folder->metrics);
    lf_release(folder->allocator, folder);
}
