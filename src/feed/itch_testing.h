/*
 * What the tests of ITCH share: messages as the venue writes them, and a market that is kept in a
 * list of orders. Header only; include it after feed_testing.h.
 */
#ifndef LOBFLOW_ITCH_TESTING_H
#define LOBFLOW_ITCH_TESTING_H

#include "itch.h"

#define IT_START_NS (INT64_C(34200) * LF_NS_PER_SECOND)
#define IT_MESSAGE_MAX 64
#define IT_LOCATE 7
#define IT_STOCK "TEST"
#define IT_AT(second) (IT_START_NS + (second)*LF_NS_PER_SECOND)
/* Of a random day of three stocks. */
#define IT_MESSAGES 4000

/* One message, without its length. */
typedef struct it_message {
    unsigned char bytes[IT_MESSAGE_MAX];
    size_t count;
} it_message;

/* Messages of a file. */
typedef struct it_file {
    it_message *messages; /* [count], owned */
    size_t count, capacity;
} it_file;

LF_TESTING_UNUSED static void it_put(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    }
}

LF_TESTING_UNUSED static void it_text(unsigned char *at, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(i < strlen(text) ? text[i] : ' ');
    }
}

/* A message with its head: type, number of the stock, time after midnight. */
LF_TESTING_UNUSED static it_message it_make(char type, int locate, int64_t time_ns)
{
    it_message m = {.count = lfi_itch_bytes[(unsigned char)type]};
    m.bytes[0] = (unsigned char)type;
    it_put(m.bytes + 1, (uint64_t)locate, 2);
    it_put(m.bytes + 5, (uint64_t)time_ns, 6);
    return m;
}

LF_TESTING_UNUSED static it_message
it_stock(int locate, const char *stock, int64_t time_ns, char code)
{
    it_message m = it_make('R', locate, time_ns);
    it_text(m.bytes + 11, stock, 8);
    it_text(m.bytes + 19, "QN", 2);
    it_put(m.bytes + 21, 100, 4);
    m.bytes[29] = (unsigned char)code;
    return m;
}

LF_TESTING_UNUSED static it_message it_state(int locate, const char *stock, int64_t ns, char state)
{
    it_message m = it_make('H', locate, ns);
    it_text(m.bytes + 11, stock, 8);
    m.bytes[19] = (unsigned char)state;
    return m;
}

/* A, F or P: an order, or a trade against a hidden one. */
typedef struct it_order {
    uint64_t id;
    char side;
    uint32_t shares, price;
} it_order;

LF_TESTING_UNUSED static it_message
it_add(char type, int locate, const char *stock, int64_t time_ns, it_order o)
{
    it_message m = it_make(type, locate, time_ns);
    it_put(m.bytes + 11, o.id, 8);
    m.bytes[19] = (unsigned char)o.side;
    it_put(m.bytes + 20, o.shares, 4);
    it_text(m.bytes + 24, stock, 8);
    it_put(m.bytes + 32, o.price, 4);
    return m;
}

/* E, X: shares of an order. */
LF_TESTING_UNUSED static it_message
it_take(char type, int locate, int64_t time_ns, uint64_t id, uint32_t shares)
{
    it_message m = it_make(type, locate, time_ns);
    it_put(m.bytes + 11, id, 8);
    if (type != 'D') {
        it_put(m.bytes + 19, shares, 4);
    }
    return m;
}

LF_TESTING_UNUSED static it_message it_take_at(
    int locate, int64_t time_ns, uint64_t id, uint32_t shares, char printable, uint32_t price
)
{
    it_message m = it_take('C', locate, time_ns, id, shares);
    m.bytes[31] = (unsigned char)printable;
    it_put(m.bytes + 32, price, 4);
    return m;
}

LF_TESTING_UNUSED static it_message
it_replace(int locate, int64_t time_ns, uint64_t id, it_order fresh)
{
    it_message m = it_take('D', locate, time_ns, id, 0);
    m.bytes[0] = 'U';
    m.count = 35;
    it_put(m.bytes + 19, fresh.id, 8);
    it_put(m.bytes + 27, fresh.shares, 4);
    it_put(m.bytes + 31, fresh.price, 4);
    return m;
}

LF_TESTING_UNUSED static it_message
it_cross(int locate, const char *stock, int64_t time_ns, uint64_t shares, uint32_t price)
{
    it_message m = it_make('Q', locate, time_ns);
    it_put(m.bytes + 11, shares, 8);
    it_text(m.bytes + 19, stock, 8);
    it_put(m.bytes + 27, price, 4);
    m.bytes[39] = 'O';
    return m;
}

LF_TESTING_UNUSED static void it_append(it_file *file, it_message m)
{
    void *messages = file->messages;
    assert_int_equal(lf_grow(NULL, &messages, &file->capacity, file->count + 1, sizeof m), LF_OK);
    file->messages = messages;
    file->messages[file->count++] = m;
}

/* The bytes of a file: each message behind its length; end them with free(). */
LF_TESTING_UNUSED static unsigned char *it_bytes(const it_file *file, size_t *bytes)
{
    unsigned char *const data = malloc(file->count * (2 + IT_MESSAGE_MAX) + 1);
    assert_non_null(data);
    *bytes = 0;
    for (size_t i = 0; i < file->count; i++) {
        it_put(data + *bytes, file->messages[i].count, 2);
        memcpy(data + *bytes + 2, file->messages[i].bytes, file->messages[i].count);
        *bytes += 2 + file->messages[i].count;
    }
    return data;
}

LF_TESTING_UNUSED static const char *
it_write(const lf_testing_folder *folder, const char *name, const it_file *file)
{
    size_t bytes;
    const char *const path = lf_testing_path(folder, name);
    unsigned char *const data = it_bytes(file, &bytes);
    ft_write_bytes(path, data, bytes);
    free(data);
    return path;
}

/* ---- a market ---------------------------------------------------------------------------- */

#define IT_ORDERS_MAX 400

/* Orders of one stock in a plain list. */
typedef struct it_market {
    lf_random random;
    int locate;
    char stock[9];
    it_order orders[IT_ORDERS_MAX];
    size_t count;
    uint64_t *next_id; /* of the whole venue */
} it_market;

/* What a market looks like: ten levels a side, best first; prices in ticks. */
LF_TESTING_UNUSED static lf_quotes it_quotes(const it_market *market)
{
    lf_quotes q;
    for (int side = 0; side < 2; side++) {
        int64_t *const ticks = side == 0 ? q.bid_ticks : q.ask_ticks;
        int64_t *const lots = side == 0 ? q.bid_lots : q.ask_lots;
        int64_t last = side == 0 ? INT64_MAX : INT64_MIN;
        for (int m = 0; m < LF_LEVELS_MAX; m++) {
            ticks[m] = side == 0 ? LF_BID_NONE : LF_ASK_NONE;
            lots[m] = 0;
            for (size_t i = 0; i < market->count; i++) {
                const it_order *const o = &market->orders[i];
                const int64_t at = o->price / 100;
                const bool is_next =
                    side == 0 ? at < last && at >= ticks[m] : at > last && at <= ticks[m];
                if ((o->side == 'B') == (side == 0) && is_next) {
                    lots[m] = (at == ticks[m] ? lots[m] : 0) + o->shares;
                    ticks[m] = at;
                }
            }
            last = ticks[m];
            if (lots[m] == 0) {
                last = side == 0 ? INT64_MIN : INT64_MAX;
            }
        }
    }
    return q;
}

LF_TESTING_UNUSED static uint32_t it_below(it_market *market, uint32_t bound)
{
    return (uint32_t)lf_random_below(&market->random, bound);
}

/* An order that does not cross: bids to 99.99, asks from 100.00. */
LF_TESTING_UNUSED static it_order it_some_order(it_market *market, char side)
{
    const uint32_t away = it_below(market, 25);
    *market->next_id += 1 + it_below(market, 1000);
    return (it_order){
        .id = *market->next_id,
        .side = side,
        .shares = 1 + it_below(market, 500),
        .price = 100 * (side == 'B' ? 9999 - away : 10000 + away),
    };
}

/* Take shares from an order of the list; it goes with its last ones. */
LF_TESTING_UNUSED static void it_reduce(it_market *market, size_t index, uint32_t shares)
{
    market->orders[index].shares -= shares;
    if (market->orders[index].shares == 0) {
        market->orders[index] = market->orders[--market->count];
    }
}

/* One message of the market, which changes it. */
LF_TESTING_UNUSED static it_message it_next(it_market *market, int64_t time_ns)
{
    const uint32_t what = it_below(market, 100);
    const char side = it_below(market, 2) == 0 ? 'B' : 'S';
    if (market->count < 20 || (what < 45 && market->count < IT_ORDERS_MAX)) {
        const it_order o = it_some_order(market, side);
        market->orders[market->count++] = o;
        return it_add(what % 5 == 0 ? 'F' : 'A', market->locate, market->stock, time_ns, o);
    }
    const size_t victim = it_below(market, (uint32_t)market->count);
    it_order *const o = &market->orders[victim];
    const uint64_t id = o->id;
    const uint32_t part = 1 + it_below(market, o->shares);
    if (what < 70) {
        it_reduce(market, victim, o->shares);
        return it_take('D', market->locate, time_ns, id, 0);
    }
    if (what < 80) {
        it_order fresh = it_some_order(market, o->side);
        *o = fresh;
        return it_replace(market->locate, time_ns, id, fresh);
    }
    if (what < 96) {
        it_message m = it_take(what < 86 ? 'X' : 'E', market->locate, time_ns, id, part);
        if (what >= 90) {
            m = it_take_at(market->locate, time_ns, id, part, what < 93 ? 'N' : 'Y', o->price);
        }
        it_reduce(market, victim, part);
        return m;
    }
    const it_order hidden = {.side = 'B', .shares = 10, .price = 999950};
    return it_add('P', market->locate, market->stock, time_ns, hidden);
}

/* ---- reading ---------------------------------------------------------------------------- */

#define IT_NAME "12302019.NASDAQ_ITCH50"
#define IT_MIDNIGHT_NS (INT64_C(1577682000) * LF_NS_PER_SECOND) /* of that day in New York */

/* The only day of a stock in a file. */
LF_TESTING_UNUSED static lf_source it_find(const char *path, const char *symbol)
{
    const lf_feed_options options = {.symbol = symbol};
    lf_source_list list;
    lf_error error;
    if (lf_feed_find(&path, 1, &options, &list, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(list.count, 1);
    const lf_source source = list.sources[0];
    assert_string_equal(source.format, "itch");
    lf_source_list_clear(&list);
    return source;
}

/* Events of a file, copied. */
typedef struct it_tape {
    lf_event *events; /* [count], owned */
    lf_trade *trades; /* [count]; of events that have one */
    size_t count, capacity, trade_capacity;
    lf_feed_stats stats;
} it_tape;

LF_TESTING_UNUSED static void it_keep(void *context, const lf_event *event, const lf_trade *trades)
{
    it_tape *const t = context;
    void *events = t->events, *kept = t->trades;
    assert_int_equal(lf_grow(NULL, &events, &t->capacity, t->count + 1, sizeof *event), LF_OK);
    assert_int_equal(lf_grow(NULL, &kept, &t->trade_capacity, t->count + 1, sizeof *trades), LF_OK);
    t->events = events;
    t->trades = kept;
    t->events[t->count] = *event;
    t->trades[t->count] = event->trade_count > 0 ? trades[event->trade_first] : (lf_trade){0};
    t->count++;
}

LF_TESTING_UNUSED static it_tape it_read(const char *path, const char *symbol, size_t batch_events)
{
    it_tape t = {0};
    lf_error error;
    const lf_source source = it_find(path, symbol);
    const lf_feed_options options = {.batch_events = batch_events};
    if (ft_read_events(&source, &options, it_keep, &t, &t.stats, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    return t;
}

LF_TESTING_UNUSED static void it_drop(it_tape *t)
{
    lf_release(NULL, t->events);
    lf_release(NULL, t->trades);
}

/* ---- days ------------------------------------------------------------------------------- */

/* A day of three it_stocks; the book of the first after each of its messages. */
typedef struct it_day {
    it_file file;
    size_t *places;    /* [count] of its messages in the file, owned */
    lf_quotes *quotes; /* [count], owned */
    size_t count;
} it_day;

LF_TESTING_UNUSED static const char *const it_stocks[] = {IT_STOCK, "OTHER", "LONGNAME"};

LF_TESTING_UNUSED static void it_make_day(it_day *d, uint64_t seed)
{
    static it_market markets[3];
    uint64_t next_id = 1000000;
    int64_t time_ns = IT_START_NS;
    *d = (it_day){0};
    d->places = calloc(IT_MESSAGES, sizeof *d->places);
    d->quotes = calloc(IT_MESSAGES, sizeof *d->quotes);
    assert_true(d->places != NULL && d->quotes != NULL);
    it_message begin = it_make('S', 0, time_ns - 10);
    begin.bytes[11] = 'O';
    it_append(&d->file, begin);
    for (int i = 0; i < 3; i++) {
        markets[i] = (it_market){.locate = IT_LOCATE + i, .next_id = &next_id};
        lf_random_seed(&markets[i].random, seed + (uint64_t)i, 0);
        (void)snprintf(markets[i].stock, sizeof markets[i].stock, "%s", it_stocks[i]);
        it_append(&d->file, it_stock(IT_LOCATE + i, it_stocks[i], time_ns - 9, 'P'));
    }
    for (int i = 0; i < IT_MESSAGES; i++) {
        const int which = (int)it_below(&markets[0], 3);
        time_ns += 1 + it_below(&markets[0], 100000);
        it_append(&d->file, it_next(&markets[which], time_ns));
        if (which == 0) {
            d->places[d->count] = d->file.count - 1;
            d->quotes[d->count++] = it_quotes(&markets[0]);
        }
    }
}

LF_TESTING_UNUSED static void it_drop_day(it_day *d)
{
    lf_release(NULL, d->file.messages);
    free(d->places);
    free(d->quotes);
}

#endif
