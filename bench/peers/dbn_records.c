/*
 * Records of a DBN file of mbo read by lobflow's own reader, as one line of JSON. Started by
 * dbn.py.
 *
 *     bench_dbn_records FILE ROUNDS records|columns|bytes
 *
 * records: each is looked at; columns: all fields of all records as arrays; bytes: the file is
 * read, decompressed where it is compressed, and nothing else.
 */
#include "../../src/feed/dbn.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#define BUFFER_BYTES ((size_t)128 * 1024)

/* What a pass adds up; every reader must find the same. */
typedef struct sums {
    uint64_t records, orders, prices, sizes;
} sums;

/* The fields of all records. */
typedef struct columns {
    uint64_t *ts_recv, *ts_event, *order_id;
    int64_t *price;
    uint32_t *size, *sequence, *instrument_id;
    int32_t *ts_in_delta;
    uint16_t *publisher_id;
    uint8_t *flags, *channel_id;
    char *action, *side;
} columns;

typedef struct job {
    const char *path;
    columns columns;
    size_t capacity;
} job;

static int64_t now_ns(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * LF_NS_PER_SECOND + at.tv_nsec;
}

static void put(const columns *c, size_t i, const unsigned char *record)
{
    dbn_mbo r;
    memcpy(&r, record, sizeof r);
    c->ts_recv[i] = r.ts_recv;
    c->ts_event[i] = r.header.ts_event;
    c->publisher_id[i] = r.header.publisher_id;
    c->instrument_id[i] = r.header.instrument_id;
    c->order_id[i] = r.order_id;
    c->price[i] = r.price;
    c->size[i] = r.size;
    c->flags[i] = r.flags;
    c->channel_id[i] = r.channel_id;
    c->action[i] = r.action;
    c->side[i] = r.side;
    c->ts_in_delta[i] = r.ts_in_delta;
    c->sequence[i] = r.sequence;
}

static lf_status read_records(job *work, bool in_columns, sums *out, lf_error *error)
{
    lfi_dbn_in *in;
    const unsigned char *record;
    size_t count = 0;
    lf_status status = lfi_dbn_in_open(NULL, work->path, &in, error);
    while (status == LF_OK) {
        status = lfi_dbn_in_next(in, &record, error);
        if (status != LF_OK || record == NULL) {
            break;
        }
        if (record[1] != DBN_RTYPE_MBO) {
            continue;
        }
        if (in_columns) {
            if (count < work->capacity) {
                put(&work->columns, count, record);
            }
        } else {
            const dbn_message m = lfi_dbn_message(record);
            out->orders += m.order_id;
            out->prices += (uint64_t)m.price;
            out->sizes += m.size;
        }
        count++;
    }
    lfi_dbn_in_close(in);
    out->records = count;
    return status;
}

/* Every byte as the reader gets it. */
static lf_status read_bytes(const job *work, lf_error *error)
{
    static char bytes[BUFFER_BYTES], plain[BUFFER_BYTES];
    const int file = open(work->path, O_RDONLY | O_CLOEXEC);
    ZSTD_DStream *const zstd = ZSTD_createDStream();
    ssize_t got = file >= 0 && zstd != NULL;
    bool is_zstd = true;
    while (got > 0) {
        got = read(file, bytes, BUFFER_BYTES);
        ZSTD_inBuffer in = {bytes, got > 0 ? (size_t)got : 0, 0};
        ZSTD_outBuffer out = {plain, BUFFER_BYTES, 0};
        while (is_zstd && (in.pos < in.size || out.pos == out.size)) {
            out.pos = 0;
            is_zstd = !ZSTD_isError(ZSTD_decompressStream(zstd, &out, &in)); /* else plain */
        }
    }
    (void)ZSTD_freeDStream(zstd);
    if (file >= 0) {
        (void)close(file);
    }
    return got == 0 && file >= 0 ? LF_OK
                                 : lf_error_set(error, LF_IO, "%s cannot be read", work->path);
}

static void add_up(const columns *c, sums *out)
{
    for (size_t i = 0; i < out->records; i++) {
        out->orders += c->order_id[i];
        out->prices += (uint64_t)c->price[i];
        out->sizes += c->size[i];
    }
}

static bool make_columns(columns *c, size_t n)
{
    void *const all[] = {
        c->ts_recv = calloc(n, sizeof *c->ts_recv),
        c->ts_event = calloc(n, sizeof *c->ts_event),
        c->order_id = calloc(n, sizeof *c->order_id),
        c->price = calloc(n, sizeof *c->price),
        c->size = calloc(n, sizeof *c->size),
        c->sequence = calloc(n, sizeof *c->sequence),
        c->instrument_id = calloc(n, sizeof *c->instrument_id),
        c->ts_in_delta = calloc(n, sizeof *c->ts_in_delta),
        c->publisher_id = calloc(n, sizeof *c->publisher_id),
        c->flags = calloc(n, 1),
        c->channel_id = calloc(n, 1),
        c->action = calloc(n, 1),
        c->side = calloc(n, 1),
    };
    bool is_there = true;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        is_there = is_there && all[i] != NULL;
    }
    return is_there; /* what is there ends with the program */
}

int main(int count, char **words)
{
    job work = {.path = count == 4 ? words[1] : NULL};
    lf_error error = {0};
    sums found = {0};
    const int rounds = count == 4 ? atoi(words[2]) : 0;
    const char mode = count == 4 ? words[3][0] : '?';
    if (rounds < 1 || strchr("rcb", mode) == NULL) {
        fprintf(stderr, "usage: bench_dbn_records FILE ROUNDS records|columns|bytes\n");
        return 2;
    }
    lf_status status = read_records(&work, false, &found, &error);
    work.capacity = found.records;
    if (status == LF_OK && mode == 'c' && !make_columns(&work.columns, work.capacity)) {
        status = lf_error_set(&error, LF_NOMEM, "no memory for columns");
    }
    printf("{\"ns\": [");
    for (int i = 0; i < rounds && status == LF_OK; i++) {
        const int64_t begin = now_ns();
        const sums before = found;
        found = (sums){0};
        status = mode == 'b' ? read_bytes(&work, &error)
                             : read_records(&work, mode == 'c', &found, &error);
        printf("%s%lld", i > 0 ? ", " : "", (long long)(now_ns() - begin));
        found = mode == 'b' ? before : found;
    }
    if (mode == 'c' && status == LF_OK) {
        add_up(&work.columns, &found);
    }
    printf("], \"records\": %llu, ", (unsigned long long)found.records);
    printf("\"orders\": %llu, ", (unsigned long long)found.orders);
    printf("\"prices\": %llu, ", (unsigned long long)found.prices);
    printf("\"sizes\": %llu}\n", (unsigned long long)found.sizes);
    if (status != LF_OK) {
        fprintf(stderr, "%s\n", error.message);
    }
    return status != LF_OK;
}
