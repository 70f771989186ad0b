/*
 * Depth messages of a Binance capture read by lobflow's own readers, as one line of JSON. Started
 * by binance.py, which has put the messages, one JSON a line, into the file.
 *
 *     bench_binance_messages FILE ROUNDS TICK_PLACES LOT_PLACES
 */
#include "../../src/feed/binance_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a pass adds up; every reader must find the same. */
typedef struct sums {
    size_t messages, levels;
    int64_t ids, prices, sizes; /* u; ticks and lots of all levels */
} sums;

static int64_t now_ns(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (int64_t)at.tv_sec * LF_NS_PER_SECOND + at.tv_nsec;
}

/* Where messages begin and how long they are, found before anything is timed. */
typedef struct texts {
    const char **begins;
    size_t *bytes;
    size_t count;
} texts;

static bool split(const char *text, size_t bytes, texts *out)
{
    size_t count = 1;
    for (size_t i = 0; i < bytes; i++) {
        count += text[i] == '\n';
    }
    *out = (texts){
        .begins = calloc(count, sizeof *out->begins),
        .bytes = calloc(count, sizeof *out->bytes),
    };
    if (out->begins == NULL || out->bytes == NULL) {
        return false;
    }
    for (const char *at = text, *const end = text + bytes; at < end;) {
        const char *const newline = memchr(at, '\n', (size_t)(end - at));
        const size_t length = (size_t)((newline != NULL ? newline : end) - at);
        out->begins[out->count] = at;
        out->bytes[out->count++] = length;
        at += length + 1;
    }
    return true;
}

static bool read_messages(const texts *lines, lfi_binance_message *m, sums *out)
{
    lfi_binance_fault fault;
    *out = (sums){0};
    for (size_t k = 0; k < lines->count; k++) {
        if (!lfi_binance_parse(lines->begins[k], lines->bytes[k], m, &fault)) {
            return false;
        }
        for (size_t i = 0; i < m->level_count; i++) {
            out->prices += m->levels[i].price_ticks;
            out->sizes += m->levels[i].size_lots;
        }
        out->messages++;
        out->levels += m->level_count;
        out->ids += m->last_id;
    }
    return true;
}

static int measure(const texts *lines, int rounds, lfi_binance_message *m)
{
    sums found = {0};
    printf("{\"ns\": [");
    for (int i = 0; i < rounds + 1; i++) { /* the first one warms up */
        const int64_t begin = now_ns();
        if (!read_messages(lines, m, &found)) {
            fprintf(stderr, "a message is not understood\n");
            return 1;
        }
        if (i > 0) {
            printf("%s%lld", i > 1 ? ", " : "", (long long)(now_ns() - begin));
        }
    }
    printf(
        "], \"messages\": %zu, \"levels\": %zu, \"ids\": %lld, \"prices\": %lld, \"sizes\": "
        "%lld}\n",
        found.messages,
        found.levels,
        (long long)found.ids,
        (long long)found.prices,
        (long long)found.sizes
    );
    return 0;
}

int main(int count, char **words)
{
    char *data = NULL;
    size_t bytes = 0;
    int64_t numbers[3] = {0}; /* rounds, places of a tick, of a lot */
    lf_error error;
    for (int i = 0; i < 3; i++) {
        if (count != 5 ||
            lf_int64_parse(words[2 + i], strlen(words[2 + i]), &numbers[i]) != LF_OK) {
            fprintf(stderr, "usage: bench_binance_messages FILE ROUNDS TICK_PLACES LOT_PLACES\n");
            return 2;
        }
    }
    if (lf_file_read_all(NULL, words[1], &data, &bytes, &error) != LF_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    lfi_binance_message m = {
        .price_scale = {.places = (unsigned)numbers[1]},
        .size_scale = {.places = (unsigned)numbers[2]},
        .level_capacity = LFI_BINANCE_LEVELS_OF(bytes),
    };
    char *const text = calloc(bytes + LFI_LINE_SLACK, 1);
    m.levels = calloc(m.level_capacity, sizeof *m.levels);
    texts lines = {0};
    int code = 1;
    if (text != NULL && m.levels != NULL) {
        memcpy(text, data, bytes);
        code = split(text, bytes, &lines) ? measure(&lines, (int)numbers[0], &m) : 1;
    }
    free(lines.begins);
    free(lines.bytes);
    free(text);
    free(m.levels);
    lf_release(NULL, data);
    return code;
}
