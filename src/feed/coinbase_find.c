/* Finds the symbol-days of Coinbase captures: each product of a file, each day of it. */
#include "coinbase.h"

#include <stdio.h>
#include <string.h>

/* Lines that are looked at to tell what a file is. */
#define PROBE_LINES 100
/* A snapshot of a whole book has some MiB; other files in a folder have no line ends at all. */
#define PROBE_LINE_MAX ((size_t)4 << 20)
#define PRODUCTS_MAX 256

/* What a file holds of one product. */
typedef struct product {
    char name[32];
    uint64_t price_fractions, size_fractions; /* decimals met, as in lfi_binance_scale */
    int64_t first_ns, last_ns;                /* times of updates and trades */
    int64_t update_count;
    bool has_snapshot;
} product;

typedef struct scan {
    const char *name;
    lfi_stream *in;
    lfi_coinbase_part part;
    product products[PRODUCTS_MAX];
    size_t count;
    int64_t ahead_ns; /* most that the exchange's clock was before the local one */
    bool has_local;   /* all lines have a local time */
    /* A snapshot of single orders that does not say whose it is, and its decimals. */
    bool has_orders;
    uint64_t orders_price_fractions, orders_size_fractions;
} scan;

/* Days found so far. */
typedef struct day_list {
    lf_source *sources; /* [count], owned */
    size_t count, capacity;
} day_list;

/* ---- recognising ------------------------------------------------------------------------ */

bool lfi_coinbase_probe(const char *name)
{
    lfi_stream *in = NULL;
    bool found = false, goes_on = lfi_capture_open(NULL, name, &in, NULL) == LF_OK;
    if (goes_on) {
        lfi_stream_allow_lines(in, PROBE_LINE_MAX);
    }
    for (int i = 0; i < PROBE_LINES && goes_on && !found; i++) {
        const char *text;
        size_t bytes;
        lfi_binance_fault fault;
        lfi_coinbase_line line;
        goes_on = lfi_stream_line(in, &text, &bytes, NULL) == LF_OK && text != NULL;
        if (!goes_on || bytes == 0) {
            continue;
        }
        /* Other text costs no more than a look at its first line. */
        const bool is_usual = text[0] == '{' || (text[0] >= '1' && text[0] <= '9');
        goes_on = is_usual && memchr(text, '{', bytes < 32 ? bytes : 32) != NULL;
        if (goes_on) {
            goes_on = lfi_coinbase_open_line(text, bytes, &line, NULL, &fault);
            found = goes_on && lfi_coinbase_is_message(&line);
            lfi_coinbase_close(&line);
        }
    }
    lfi_stream_close(in);
    return found;
}

/* ---- scanning --------------------------------------------------------------------------- */

static product *find_product(scan *s, const char *name, lf_error *error)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->products[i].name, name) == 0) {
            return &s->products[i];
        }
    }
    if (s->count == PRODUCTS_MAX) {
        (void)lf_error_set_at(
            error,
            LF_UNSUPPORTED,
            s->name,
            lfi_stream_line_number(s->in),
            LF_POSITION_NONE,
            "a capture of more than %d products",
            PRODUCTS_MAX
        );
        return NULL;
    }
    product *const p = &s->products[s->count++];
    *p = (product){.first_ns = LF_TIME_NONE, .last_ns = LF_TIME_NONE};
    memcpy(p->name, name, sizeof p->name);
    return p;
}

static lf_status take_part(scan *s, int64_t local_ns, lf_error *error)
{
    const lfi_coinbase_part *const part = &s->part;
    if (part->kind == LFI_COINBASE_OTHER) {
        return LF_OK;
    }
    if (part->kind == LFI_COINBASE_ORDERS && part->product[0] == '\0') {
        s->orders_price_fractions |= part->price_scale.fractions;
        s->orders_size_fractions |= part->size_scale.fractions;
        s->has_orders = true;
        return LF_OK;
    }
    product *const p = find_product(s, part->product, error);
    if (p == NULL) {
        return LF_UNSUPPORTED;
    }
    p->price_fractions |= part->price_scale.fractions;
    p->size_fractions |= part->size_scale.fractions;
    const bool is_snapshot =
        part->kind == LFI_COINBASE_SNAPSHOT || part->kind == LFI_COINBASE_ORDERS;
    p->has_snapshot = p->has_snapshot || is_snapshot;
    p->update_count += part->kind == LFI_COINBASE_UPDATE || part->kind == LFI_COINBASE_OPEN;
    if (is_snapshot) {
        return LF_OK;
    }
    if (p->first_ns == LF_TIME_NONE || part->ts_ns < p->first_ns) {
        p->first_ns = part->ts_ns;
    }
    if (p->last_ns == LF_TIME_NONE || part->ts_ns > p->last_ns) {
        p->last_ns = part->ts_ns;
    }
    if (local_ns == LFI_BINANCE_NONE) {
        s->has_local = false;
    } else if (part->ts_ns - local_ns > s->ahead_ns) {
        s->ahead_ns = part->ts_ns - local_ns;
    }
    return LF_OK;
}

static lf_status scan_line(scan *s, const char *text, size_t bytes, lf_error *error)
{
    lfi_coinbase_line line;
    lfi_binance_fault fault;
    /* The part has no places: only the marks that decimals leave are asked for here. */
    lf_status status = lfi_coinbase_make_room(NULL, &s->part, bytes, error);
    if (status != LF_OK) {
        return status;
    }
    bool fine = lfi_coinbase_open_line(text, bytes, &line, &s->part, &fault);
    while (fine && status == LF_OK && !line.is_done) {
        fine = lfi_coinbase_next(&line, &s->part, &fault);
        status = fine ? take_part(s, line.local_ns, error) : LF_OK;
    }
    lfi_coinbase_close(&line);
    return fine ? status : lfi_binance_fail(s->in, &fault, text, bytes, error);
}

static lf_status scan_file(scan *s, lf_error *error)
{
    lf_status status = lfi_capture_open(NULL, s->name, &s->in, error);
    for (bool goes_on = status == LF_OK; goes_on;) {
        const char *text;
        size_t bytes;
        status = lfi_stream_line(s->in, &text, &bytes, error);
        goes_on = status == LF_OK && text != NULL;
        if (goes_on && bytes > 0) {
            status = scan_line(s, text, bytes, error);
            goes_on = status == LF_OK;
        }
    }
    lf_release(NULL, s->part.levels);
    lfi_stream_close(s->in);
    return status;
}

/* ---- days ------------------------------------------------------------------------------- */

static int64_t day_of(int64_t ts_ns)
{
    return ts_ns / LF_NS_PER_DAY - (ts_ns % LF_NS_PER_DAY < 0);
}

static lf_status
add_day(day_list *list, const scan *s, const product *p, int64_t day, lf_error *error)
{
    void *sources = list->sources;
    const lf_status status =
        lf_grow(NULL, &sources, &list->capacity, list->count + 1, sizeof *list->sources);
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the list of days");
    }
    list->sources = sources;
    lf_source *const source = &list->sources[list->count++];
    *source = (lf_source){
        .format = "coinbase",
        .venue = "COINBASE",
        .date = lf_date_from_days(day),
        .level_count = LF_LEVELS_MAX,
        .tick_nano = lfi_binance_unit_nano(p->price_fractions),
        .lot_nano = lfi_binance_unit_nano(p->size_fractions),
        .clock_shift_ns = s->has_local && s->ahead_ns > 0 ? s->ahead_ns : 0,
        .has_local_times = s->has_local,
        /* The first and the last day reach to the ends of the data. */
        .from_ns = day > day_of(p->first_ns) ? day * LF_NS_PER_DAY : INT64_MIN,
        .to_ns = day < day_of(p->last_ns) ? (day + 1) * LF_NS_PER_DAY : INT64_MAX,
    };
    (void)snprintf(source->path, sizeof source->path, "%s", s->name);
    memcpy(source->symbol, p->name, sizeof source->symbol);
    return LF_OK;
}

static lf_status fail_file(const char *name, lf_status status, const char *what, lf_error *error)
{
    return lf_error_set_at(error, status, name, LF_POSITION_NONE, LF_POSITION_NONE, "%s", what);
}

/* A snapshot without a name is of the only product. */
static lf_status name_orders(scan *s, lf_error *error)
{
    if (!s->has_orders || s->count == 0) {
        return LF_OK;
    }
    if (s->count > 1) {
        return fail_file(
            s->name,
            LF_UNSUPPORTED,
            "the capture holds several products, and a snapshot of orders does not say whose it "
            "is; record one product in a file, or add \"product_id\" to the snapshot",
            error
        );
    }
    s->products[0].has_snapshot = true;
    s->products[0].price_fractions |= s->orders_price_fractions;
    s->products[0].size_fractions |= s->orders_size_fractions;
    return LF_OK;
}

static lf_status add_products(day_list *list, const scan *s, lf_error *error)
{
    lf_status status = LF_OK;
    bool has_updates = false;
    const size_t before = list->count;
    for (size_t i = 0; i < s->count && status == LF_OK; i++) {
        const product *const p = &s->products[i];
        has_updates = has_updates || p->update_count > 0;
        if (p->update_count == 0 || !p->has_snapshot) {
            continue; /* trades alone make no book */
        }
        for (int64_t day = day_of(p->first_ns); day <= day_of(p->last_ns) && status == LF_OK;
             day++) {
            status = add_day(list, s, p, day, error);
        }
    }
    if (status != LF_OK || list->count > before) {
        return status;
    }
    return has_updates ? fail_file(
                             s->name,
                             LF_DATA,
                             "the capture has no snapshot of the book (the first message of level2 "
                             "and l2_data; for the channel full the REST book of level 3); updates "
                             "alone tell changes only",
                             error
                         )
                       : fail_file(
                             s->name,
                             LF_FORMAT,
                             "the capture has no updates of a book (channels full, level2, "
                             "level2_batch, or Advanced Trade's level2); trades and best levels "
                             "alone make no "
                             "book",
                             error
                         );
}

static lf_status find_in(day_list *list, const char *name, lf_error *error)
{
    scan *const s = lf_allocate(NULL, 1, sizeof *s);
    if (s == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", name);
    }
    s->name = name;
    s->ahead_ns = INT64_MIN;
    s->has_local = true;
    lf_status status = scan_file(s, error);
    if (status == LF_OK) {
        status = name_orders(s, error);
    }
    if (status == LF_OK) {
        status = add_products(list, s, error);
    }
    lf_release(NULL, s);
    return status;
}

lf_status lfi_coinbase_find(
    char (*names)[1024], size_t count, lf_source **sources, size_t *source_count, lf_error *error
)
{
    day_list list = {0};
    lf_status status = LF_OK;
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        status = find_in(&list, names[i], error);
    }
    if (status != LF_OK) {
        lf_release(NULL, list.sources);
        list = (day_list){0};
    }
    *sources = list.sources;
    *source_count = list.count;
    return status;
}
