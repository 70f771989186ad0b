/* Lines of the stage feed: messages of ITCH to the books of all stocks, in memory. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As many orders as live on a busy day of a whole venue, and the messages that are timed. */
#define LIVE ((size_t)1500000)
#define MESSAGES ((size_t)1000000)
#define STOCKS_MAX 2000
/* The longest message that is made, and its length. */
#define MESSAGE_BYTES ((size_t)2 + 36)
/* Messages of one timed piece, so that looking ahead is not cut off too often. */
#define PIECE ((size_t)16384)

/* A live order. */
typedef struct order {
    uint64_t id;
    uint16_t stock;
} order;

typedef struct itch_work {
    size_t stock_count;
    unsigned char *bytes; /* [byte_count]: first the books, then what is timed */
    size_t byte_count, timed_at;
    order *live; /* [live_count] */
    size_t live_count;
    double shares[STOCKS_MAX]; /* of messages, summed up */
    uint64_t last_id;
    int64_t time_ns;
} itch_work;

static void put(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    }
}

/* Stock k has the share 1 / (k + 1) of all messages. */
static void make_shares(itch_work *work)
{
    double sum = 0;
    for (size_t i = 0; i < work->stock_count; i++) {
        sum += 1.0 / (double)(i + 1);
        work->shares[i] = sum;
    }
}

static uint16_t some_stock(const itch_work *work, lf_random *random)
{
    const double at = lf_random_uniform(random) * work->shares[work->stock_count - 1];
    size_t low = 0, high = work->stock_count - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (work->shares[middle] < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (uint16_t)low;
}

/* A message with its head; where the rest goes. */
static unsigned char *begin_message(itch_work *work, char type, size_t bytes, uint16_t stock)
{
    unsigned char *const at = work->bytes + work->byte_count;
    work->byte_count += 2 + bytes;
    work->time_ns += 1000;
    memset(at, 0, 2 + bytes);
    put(at, bytes, 2);
    at[2] = (unsigned char)type;
    put(at + 3, stock, 2);
    put(at + 7, (uint64_t)work->time_ns, 6);
    return at + 2 + 11;
}

static uint32_t some_price(lf_random *random, bool is_bid)
{
    const uint32_t away = (uint32_t)(lf_random_exponential(random) * 40);
    return 100 * (is_bid ? 10000 - away % 9999 : 10001 + away);
}

static void add_order(itch_work *work, lf_random *random)
{
    const bool is_bid = lf_random_below(random, 2) == 0;
    const order fresh = {++work->last_id, some_stock(work, random)};
    unsigned char *const m = begin_message(work, 'A', 36, fresh.stock);
    put(m, fresh.id, 8);
    m[8] = is_bid ? 'B' : 'S';
    put(m + 9, 100, 4);
    memcpy(m + 13, "STOCK   ", 8);
    put(m + 21, some_price(random, is_bid), 4);
    work->live[work->live_count++] = fresh;
}

/* Shares as on a day of the venue; victims are drawn evenly from all live orders: the worst case
   for caches. */
static void some_message(itch_work *work, lf_random *random)
{
    const uint64_t what = lf_random_below(random, 100);
    const size_t victim = (size_t)lf_random_below(random, work->live_count);
    order *const o = &work->live[victim];
    if (what < 48) {
        add_order(work, random);
    } else if (what < 90) {
        put(begin_message(work, 'D', 19, o->stock), o->id, 8);
        *o = work->live[--work->live_count];
    } else if (what < 95) {
        unsigned char *const m = begin_message(work, 'U', 35, o->stock);
        put(m, o->id, 8);
        o->id = ++work->last_id;
        put(m + 8, o->id, 8);
        put(m + 16, 100, 4);
        put(m + 20, some_price(random, lf_random_below(random, 2) == 0), 4);
    } else {
        unsigned char *const m =
            begin_message(work, what < 99 ? 'E' : 'X', what < 99 ? 31 : 23, o->stock);
        put(m, o->id, 8);
        put(m + 8, 10, 4);
    }
}

static void make_messages(itch_work *work)
{
    lf_random random;
    lf_random_seed(&random, 7, 0);
    make_shares(work);
    work->byte_count = work->live_count = 0;
    work->last_id = 0;
    for (size_t i = 0; i < LIVE; i++) {
        add_order(work, &random);
    }
    work->timed_at = work->byte_count;
    for (size_t i = 0; i < MESSAGES; i++) {
        some_message(work, &random);
    }
}

/* Bytes of so many messages. */
static size_t bytes_of(const unsigned char *at, size_t messages)
{
    size_t bytes = 0;
    for (size_t i = 0; i < messages; i++) {
        bytes += 2 + ((size_t)at[bytes] << 8 | at[bytes + 1]);
    }
    return bytes;
}

static lf_status
itch_pass(const bench *bench_work, void *context, bench_pass *pass, lf_error *error)
{
    const itch_work *const work = context;
    lf_itch_books *books;
    size_t taken, at = work->timed_at;
    (void)bench_work;
    lf_status status = lf_itch_books_create(NULL, &books, error);
    if (status == LF_OK) {
        status = lf_itch_books_push(books, work->bytes, work->timed_at, &taken, error);
    }
    for (size_t done = 0; status == LF_OK && done < MESSAGES; done += PIECE) {
        const size_t count = MESSAGES - done < PIECE ? MESSAGES - done : PIECE;
        const size_t bytes = bytes_of(work->bytes + at, count);
        bench_begin(pass);
        status = lf_itch_books_push(books, work->bytes + at, bytes, &taken, error);
        bench_end(pass, count, bytes);
        at += taken;
    }
    lf_itch_books_destroy(books);
    return status;
}

lf_status bench_itch(bench *work, lf_error *error)
{
    static const struct {
        const char *variant;
        size_t stock_count;
    } rows[] = {
        {"ITCH, all books, 1 stock", 1},
        {"ITCH, all books, 2000", STOCKS_MAX},
    };
    itch_work *const how = calloc(1, sizeof *how);
    lf_status status = how != NULL ? LF_OK : lf_error_set(error, LF_NOMEM, "No memory.");
    if (status == LF_OK) {
        how->bytes = malloc((LIVE + MESSAGES) * MESSAGE_BYTES);
        how->live = malloc((LIVE + MESSAGES) * sizeof *how->live);
        status = how->bytes != NULL && how->live != NULL
                     ? LF_OK
                     : lf_error_set(error, LF_NOMEM, "No memory for messages.");
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == LF_OK; i++) {
        how->stock_count = rows[i].stock_count;
        make_messages(how);
        status = bench_measure(work, "feed", rows[i].variant, itch_pass, how, error);
    }
    if (how != NULL) {
        free(how->bytes);
        free(how->live);
    }
    free(how);
    return status;
}
