/* Stages of the verb bench: books of single orders, and the day as Databento files. */
#include "bench.h"

#include <lobflow/l3.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

/* ---- l3 --------------------------------------------------------------------------------- */

/* As many orders as live on a busy day of a whole venue, and the messages that are timed. */
#define LIVE ((size_t)1500000)
#define MESSAGES ((size_t)1000000)

/* One message; shares as in an ITCH day: half adds, the rest mostly removals. */
typedef struct message {
    uint64_t id;
    int64_t price;
    uint32_t lots;
    char kind; /* A add, D remove, E reduce, U modify */
    int8_t side;
} message;

typedef struct l3_work {
    lf_l3_ids ids;
    message *messages; /* [LIVE + MESSAGES]: first the book, then what is timed */
} l3_work;

/* Near the touch mostly, with a long tail. */
static int64_t some_price(lf_random *random, int side)
{
    const int64_t away = (int64_t)(lf_random_exponential(random) * 40);
    return side > 0 ? 100000 - away : 100001 + away;
}

/* Victims of cancels are drawn evenly from all live orders: the worst case for caches. */
static void make_messages(l3_work *work, uint64_t *live)
{
    lf_random random;
    size_t live_count = 0;
    lf_random_seed(&random, 7, 0);
    for (size_t i = 0; i < LIVE + MESSAGES; i++) {
        message *const m = &work->messages[i];
        const uint64_t what = i < LIVE ? 0 : lf_random_below(&random, 100);
        m->side = lf_random_below(&random, 2) == 0 ? 1 : -1;
        m->price = some_price(&random, m->side);
        m->lots = 100;
        if (what < 47) {
            m->kind = 'A';
            m->id = work->ids == LF_L3_IDS_GROWING ? i + 1 : (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
            live[live_count++] = m->id;
            continue;
        }
        const size_t victim = (size_t)lf_random_below(&random, live_count);
        m->id = live[victim];
        m->kind = what < 90 ? 'D' : what < 95 ? 'E' : 'U';
        m->lots = m->kind == 'E' ? 10 : 100;
        if (m->kind == 'D') {
            live[victim] = live[--live_count];
        }
    }
}

static lf_status apply(lf_l3 *l3, const message *m)
{
    switch (m->kind) {
    case 'A':
        return lf_l3_add(l3, 0, m->id, m->side, m->price, m->lots);
    case 'D':
        return lf_l3_remove(l3, m->id);
    case 'E':
        return lf_l3_reduce(l3, m->id, m->lots);
    default:
        return lf_l3_modify(l3, 0, m->id, m->side, m->price, m->lots);
    }
}

static lf_status l3_pass(const bench *bench_work, void *context, bench_pass *pass, lf_error *error)
{
    const l3_work *const work = context;
    const message *const m = work->messages;
    const lf_l3_options options = {.ids = work->ids, .order_capacity = LIVE};
    lf_l3 *l3;
    volatile int64_t sink = 0;
    (void)bench_work;
    lf_status status = lf_l3_create(&options, &l3, error);
    for (size_t i = 0; status == LF_OK && i < LIVE; i++) {
        status = apply(l3, &m[i]);
    }
    const size_t end = LIVE + MESSAGES - LF_L3_LOOK_TABLE;
    for (size_t from = LIVE; status == LF_OK && from < end; from += BENCH_PIECE) {
        const size_t to = from + BENCH_PIECE < end ? from + BENCH_PIECE : end;
        bench_begin(pass);
        for (size_t i = from; i < to && (status == LF_OK || status == LF_DATA); i++) {
            lf_l3_prefetch(l3, m[i + LF_L3_LOOK_TABLE].id, LF_L3_STEP_TABLE);
            lf_l3_prefetch(l3, m[i + LF_L3_LOOK_ORDER].id, LF_L3_STEP_ORDER);
            lf_l3_prefetch(l3, m[i + LF_L3_LOOK_QUEUE].id, LF_L3_STEP_QUEUE);
            status = apply(l3, &m[i]);
            sink = lf_l3_best(l3, 0, 1)->lots[0];
        }
        bench_end(pass, to - from, (to - from) * sizeof(message));
        /* A change of an order that an execution took whole is unknown: counted, no failure. */
        status = status == LF_DATA ? LF_OK : status;
    }
    (void)sink;
    lf_l3_destroy(l3);
    return status;
}

lf_status bench_l3(bench *work, lf_error *error)
{
    l3_work how = {.messages = malloc((LIVE + MESSAGES) * sizeof(message))};
    uint64_t *const live = malloc((LIVE + MESSAGES) * sizeof *live);
    lf_status status = how.messages != NULL && live != NULL
                           ? LF_OK
                           : lf_error_set(error, LF_NOMEM, "No memory for messages.");
    for (int any = 0; any < 2 && status == LF_OK; any++) {
        how.ids = any ? LF_L3_IDS_ANY : LF_L3_IDS_GROWING;
        make_messages(&how, live);
        status = bench_measure(work, "l3", any ? "any ids" : "growing ids", l3_pass, &how, error);
    }
    free(live);
    free(how.messages);
    return status;
}

/* ---- dbn -------------------------------------------------------------------------------- */

typedef struct dbn_work {
    lf_source source;
    size_t event_count;
    bool is_compressed;
} dbn_work;

/* Read at once, and decompressed at once, as the reader of DBN does. */
#define BUFFER_BYTES ((size_t)128 * 1024)

typedef struct raw_file {
    int file;
    char *bytes, *plain; /* [BUFFER_BYTES] */
    ZSTD_DStream *zstd;
} raw_file;

static void close_raw(raw_file *raw)
{
    free(raw->bytes);
    free(raw->plain);
    (void)ZSTD_freeDStream(raw->zstd);
    if (raw->file >= 0) {
        (void)close(raw->file);
    }
}

/* Bytes that a piece of a file has when it is decompressed; 0: it is damaged. */
static size_t decompress(raw_file *raw, size_t bytes)
{
    ZSTD_inBuffer in = {raw->bytes, bytes, 0};
    ZSTD_outBuffer out;
    size_t sum = 0;
    do {
        out = (ZSTD_outBuffer){raw->plain, BUFFER_BYTES, 0};
        if (ZSTD_isError(ZSTD_decompressStream(raw->zstd, &out, &in))) {
            return 0;
        }
        sum += out.pos;
    } while (in.pos < in.size || out.pos == out.size);
    return sum;
}

/* The file's bytes, decompressed when they are compressed, and nothing else. */
static lf_status bytes_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const dbn_work *const how = context;
    raw_file raw = {
        .file = open(how->source.path, O_RDONLY | O_CLOEXEC),
        .bytes = malloc(BUFFER_BYTES),
        .plain = malloc(BUFFER_BYTES),
        .zstd = ZSTD_createDStream(),
    };
    size_t bytes = 0;
    ssize_t got = raw.file >= 0 && raw.bytes != NULL && raw.plain != NULL && raw.zstd != NULL;
    (void)work;
    bench_begin(pass);
    while (got > 0) {
        got = read(raw.file, raw.bytes, BUFFER_BYTES);
        if (got > 0) {
            bytes += how->is_compressed ? decompress(&raw, (size_t)got) : (size_t)got;
        }
    }
    bench_end(pass, how->event_count, bytes);
    close_raw(&raw);
    return bytes > 0 ? LF_OK : lf_error_set(error, LF_IO, "%s cannot be read.", how->source.path);
}

static lf_status events_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const dbn_work *const how = context;
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    size_t events = 0, bytes = 0;
    (void)work;
    bench_begin(pass);
    lf_status status = lf_feed_open(&how->source, NULL, &feed, error);
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, error);
        events += status == LF_OK ? batch.event_count : 0;
    }
    bytes = status == LF_OK ? (size_t)lf_feed_stats_of(feed)->text_bytes : 0;
    lf_feed_close(feed);
    bench_end(pass, events, bytes);
    return status;
}

static lf_status write_file(
    const bench *work, const char *name, lf_dbn_schema schema, dbn_work *out, lf_error *error
)
{
    char path[BENCH_PATH_BYTES];
    const char *const paths[] = {path};
    lf_source plain = *bench_day_plain(work);
    const lf_source_list from = {&plain, 1};
    const lf_convert_options options = {.schema = schema};
    lf_convert_report report;
    lf_source_list found;
    bench_path(work, name, path);
    lf_status status = lf_feed_convert(&from, &options, path, &report, error);
    if (status == LF_OK) {
        status = lf_feed_find(paths, 1, NULL, &found, error);
    }
    if (status == LF_OK) {
        *out = (dbn_work){.source = found.sources[0], .event_count = work->day.event_count};
        lf_source_list_clear(&found);
    }
    return status;
}

lf_status bench_dbn(bench *work, lf_error *error)
{
    static const struct {
        const char *file, *bytes, *events; /* variants */
        lf_dbn_schema schema;
    } files[] = {
        {"bench10.dbn", "mbp-10, read() alone", "mbp-10", LF_DBN_MBP_10},
        {"bench10.dbn.zst", "mbp-10, zstd alone", "mbp-10, zstd", LF_DBN_MBP_10},
        {"bench3.dbn", "mbo, read() alone", "mbo", LF_DBN_MBO},
        {"bench3.dbn.zst", "mbo, zstd alone", "mbo, zstd", LF_DBN_MBO},
    };
    lf_status status = LF_OK;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && status == LF_OK; i++) {
        dbn_work how;
        status = write_file(work, files[i].file, files[i].schema, &how, error);
        how.is_compressed = i % 2 != 0;
        if (status == LF_OK) {
            status = bench_measure(work, "dbn", files[i].bytes, bytes_pass, &how, error);
        }
        if (status == LF_OK) {
            status = bench_measure(work, "dbn", files[i].events, events_pass, &how, error);
        }
    }
    return status;
}
