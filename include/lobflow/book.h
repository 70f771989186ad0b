/**
 * @file
 * States of a book: validity, mid, order flow between two states, and what a day of states looked
 * like.
 */
#ifndef LOBFLOW_BOOK_H
#define LOBFLOW_BOOK_H

#include <lobflow/base.h>
#include <lobflow/feed.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Both best levels are there with size and bid < ask (docs/modules/book.md). */
static inline bool lf_book_valid(const lf_quotes *quotes)
{
    return quotes->bid_lots[0] > 0 && quotes->ask_lots[0] > 0 &&
           quotes->bid_ticks[0] < quotes->ask_ticks[0];
}

/** Validity of the state after an event: its quotes and its flags. */
static inline bool lf_book_event_valid(const lf_event *event)
{
    return (event->flags & LF_EVENT_MASKED) == 0 && lf_book_valid(&event->quotes);
}

/** Twice the mid, in ticks: an integer. Only for a valid state. */
static inline int64_t lf_book_mid2(const lf_quotes *quotes)
{
    return quotes->bid_ticks[0] + quotes->ask_ticks[0];
}

/** Spread in ticks; only for a valid state. */
static inline int64_t lf_book_spread(const lf_quotes *quotes)
{
    return quotes->ask_ticks[0] - quotes->bid_ticks[0];
}

/**
 * Flow into the bid side at one level between two states; a missing level is LF_BID_NONE with 0.
 *
 * Source: Cont, Kukanov, Stoikov (2014), definition of e_n; Xu, Gould, Howison (2019) for levels.
 */
static inline int64_t
lf_book_bid_flow(int64_t from_ticks, int64_t from_lots, int64_t to_ticks, int64_t to_lots)
{
    /* A better price brings its whole size; a worse one loses the whole size it left. */
    return (to_ticks >= from_ticks ? to_lots : 0) - (to_ticks <= from_ticks ? from_lots : 0);
}

/** Flow into the ask side at one level between two states; a missing level is LF_ASK_NONE. */
static inline int64_t
lf_book_ask_flow(int64_t from_ticks, int64_t from_lots, int64_t to_ticks, int64_t to_lots)
{
    return (to_ticks <= from_ticks ? to_lots : 0) - (to_ticks >= from_ticks ? from_lots : 0);
}

/**
 * Order flow imbalance e between two states at a level (0 is the best): bid flow less ask flow.
 *
 * Source: Cont, Kukanov, Stoikov (2014), definition of e_n.
 */
static inline int64_t lf_book_ofi(const lf_quotes *from, const lf_quotes *to, int level)
{
    return lf_book_bid_flow(
               from->bid_ticks[level],
               from->bid_lots[level],
               to->bid_ticks[level],
               to->bid_lots[level]
           ) -
           lf_book_ask_flow(
               from->ask_ticks[level],
               from->ask_lots[level],
               to->ask_ticks[level],
               to->ask_lots[level]
           );
}

/** What a session's states looked like; for `inspect` and for the report's "time masked". */
typedef struct lf_book_summary {
    int64_t event_count; /* events of the whole input */
    int64_t trade_count;
    int64_t hidden_trade_count;
    int64_t cross_count;
    int64_t mid_change_count; /* events whose valid state's mid differs from the last valid mid */
    int64_t crossed_count;    /* states with both sides and bid >= ask */
    int64_t one_sided_count;  /* states with a best level missing */
    int64_t masked_ns;        /* time inside the session without a valid state */
    int64_t session_ns;
    /** Over valid states, one vote an event; NaN without one; spreads above 65535 count as that. */
    double median_spread_ticks;
    int64_t longest_silence_ns; /* between two events */
} lf_book_summary;

/** A running summary. */
typedef struct lf_book_summarizer lf_book_summarizer;

/**
 * Create a summarizer for one day.
 *
 * @param instrument  copied
 * @param out         owned; NULL on failure
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_book_summarizer_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    lf_book_summarizer **out,
    lf_error *error
);

/** Take in the events of a batch. Allocates nothing; cannot fail. */
LF_API void lf_book_summarizer_push(lf_book_summarizer *summarizer, const lf_batch *batch);

/** The summary of all events so far, with time up to the session's close counted. */
LF_API void lf_book_summarizer_get(const lf_book_summarizer *summarizer, lf_book_summary *out);

/** End a summarizer; NULL is accepted. */
LF_API void lf_book_summarizer_destroy(lf_book_summarizer *summarizer);

#ifdef __cplusplus
}
#endif

#endif
