/* Symbol-days of a DBN file: each symbol of its metadata, each session that it spans. */
#include "dbn.h"

#include <stdio.h>
#include <stdlib.h>

/* One symbol, which may be "" for a file that names none. */
static lf_status add_symbol(
    lfi_dbn_list *list,
    const lf_source *base,
    const char *symbol,
    const char *dataset,
    lf_date first
)
{
    for (size_t i = 0; i < list->session_count; i++) {
        void *sources = list->sources;
        const lf_status status =
            lf_grow(NULL, &sources, &list->capacity, list->count + 1, sizeof *list->sources);
        list->sources = sources;
        if (status != LF_OK) {
            return status;
        }
        lf_source *const source = &list->sources[list->count++];
        *source = *base;
        source->date = lfi_dbn_session_date(dataset, first, i);
        const size_t length = strlen(symbol);
        const size_t kept = length < sizeof source->symbol ? length : sizeof source->symbol - 1;
        memcpy(source->symbol, symbol, kept);
        source->symbol[kept] = '\0';
    }
    return LF_OK;
}

static int by_symbol(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static lf_status
no_symbol(const dbn_metadata *metadata, const char *path, const char *symbol, lf_error *error)
{
    char known[200] = "";
    for (size_t i = 0; i < metadata->interval_count; i++) {
        const size_t used = strlen(known);
        if (i > 0 &&
            strcmp(metadata->intervals[i].symbol, metadata->intervals[i - 1].symbol) == 0) {
            continue;
        }
        (void)snprintf(
            known + used,
            sizeof known - used,
            "%s%s",
            used > 0 ? ", " : "",
            used > 120 ? "..." : metadata->intervals[i].symbol
        );
        if (used > 120) {
            break;
        }
    }
    return lf_error_set_at(
        error,
        LF_NOT_FOUND,
        path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the file does not hold %s; it holds %s",
        symbol,
        known[0] != '\0' ? known : "no symbols, only numbers"
    );
}

/* All symbols, each once, in order; or the one that was asked for. */
static lf_status add_symbols(
    lfi_dbn_list *list,
    const lf_source *base,
    const dbn_metadata *metadata,
    lf_date first,
    const char *chosen,
    lf_error *error
)
{
    const size_t count = metadata->interval_count;
    const char **const symbols = lf_allocate(NULL, count, sizeof *symbols);
    if (symbols == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the list of symbols");
    }
    for (size_t i = 0; i < count; i++) {
        symbols[i] = metadata->intervals[i].symbol;
    }
    qsort(symbols, count, sizeof *symbols, by_symbol);
    lf_status status = LF_OK;
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        const bool is_new = i == 0 || strcmp(symbols[i], symbols[i - 1]) != 0;
        if (is_new && (chosen == NULL || lfi_is_listed(chosen, symbols[i]))) {
            status = add_symbol(list, base, symbols[i], metadata->dataset, first);
        }
    }
    lf_release(NULL, symbols);
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the list of symbols");
    }
    return list->count > 0 ? LF_OK : no_symbol(metadata, base->path, chosen, error);
}

static bool is_listed(const char *dataset, lf_date first, size_t count, lf_date date)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_date_to_days(lfi_dbn_session_date(dataset, first, i)) == lf_date_to_days(date)) {
            return true;
        }
    }
    return false;
}

static lf_status list_file(
    lfi_dbn_in *in,
    lf_source *base,
    const lf_feed_options *options,
    lfi_dbn_list *out,
    lf_error *error
)
{
    const dbn_metadata *const metadata = lfi_dbn_in_metadata(in);
    const char *const name = lfi_dbn_schema_name(metadata->schema);
    uint64_t first_ts = 0;
    lf_date first;
    if (name == NULL) {
        return lfi_dbn_in_fail(
            in,
            error,
            LF_UNSUPPORTED,
            "DBN schema number %d; mbo, mbp-1, mbp-10 and trades are read",
            metadata->schema
        );
    }
    const bool has_ten = metadata->schema == LF_DBN_MBO || metadata->schema == LF_DBN_MBP_10;
    base->level_count = has_ten ? lfi_dbn_own(metadata->dataset).level_count : 1;
    lf_status status = lfi_dbn_first_time(in, &first_ts, error);
    if (status == LF_OK) {
        status = lfi_dbn_sessions(metadata, first_ts, NULL, &first, &out->session_count, error);
    }
    if (status != LF_OK) {
        return status;
    }
    lf_date asked;
    if (options->date != NULL && lf_date_parse(options->date, &asked) == LF_OK &&
        !is_listed(metadata->dataset, first, out->session_count, asked)) {
        first = asked; /* a day of which the file has less than half, perhaps */
        out->session_count = 1;
    }
    if (metadata->interval_count > 0) {
        return add_symbols(out, base, metadata, first, options->symbol, error);
    }
    const char *const symbol = options->symbol != NULL ? options->symbol : "";
    status = add_symbol(out, base, symbol, metadata->dataset, first);
    return status == LF_OK ? LF_OK : lf_error_set(error, status, "no memory for %s", base->path);
}

lf_status
lfi_dbn_find(const char *path, const lf_feed_options *options, lfi_dbn_list *out, lf_error *error)
{
    lf_source base = {.format = "dbn"};
    lfi_dbn_in *in;
    *out = (lfi_dbn_list){0};
    (void)snprintf(base.path, sizeof base.path, "%s", path);
    lf_status status = lfi_dbn_in_open(NULL, path, &in, error);
    if (status == LF_OK) {
        status = list_file(in, &base, options, out, error);
        lfi_dbn_in_close(in);
    }
    if (status != LF_OK) {
        lf_release(NULL, out->sources);
        *out = (lfi_dbn_list){0};
    }
    return status;
}
