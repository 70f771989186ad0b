/* Turns a day's events into the columns that the estimators take. */
#include "study_internal.h"

#include <lobflow/book.h>

#include <string.h>

/* Order of the columns. */
enum {
    TRADE_TS,
    TRADE_PRICE,
    TRADE_SIZE,
    TRADE_BID,
    TRADE_ASK,
    TRADE_COLUMNS
};
enum {
    STATE_TS,
    STATE_BID,
    STATE_ASK,
    STATE_BID_LOTS,
    STATE_ASK_LOTS,
    STATE_COLUMNS
};

/* The best quote; lots are 0 where there is none. */
typedef struct best {
    int64_t bid_ticks, ask_ticks, bid_lots, ask_lots;
} best;

static const best NO_QUOTE = {LF_BID_NONE, LF_ASK_NONE, 0, 0};

struct lf_study_tape {
    lf_allocator memory;
    const lf_allocator *allocator;
    lf_instrument instrument;
    int64_t step_ns;
    int64_t *trades[TRADE_COLUMNS]; /* [trade_capacity] */
    int8_t *signs;                  /* [sign_capacity] */
    size_t trade_count, trade_capacity, sign_capacity;
    int64_t *states[STATE_COLUMNS]; /* [state_capacity] */
    size_t state_count, state_capacity;
    best now;     /* after the last event; NO_QUOTE when it is not valid */
    best valid;   /* the last one with a state: S' of the next event */
    best earlier; /* the last one with a state and a timestamp before valid_ns */
    int64_t valid_ns;
    bool is_open; /* an event of the session was seen */
    int64_t grid_ns;
};

lf_status lf_study_tape_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    int64_t step_ns,
    lf_study_tape **out,
    lf_error *error
)
{
    *out = NULL;
    if (step_ns < 0) {
        return lf_error_set(error, LF_RANGE, "the step of a tape is not negative");
    }
    lf_study_tape *tape = lf_allocate(allocator, 1, sizeof *tape);
    if (tape == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for a tape");
    }
    if (allocator != NULL) {
        tape->memory = *allocator;
        tape->allocator = &tape->memory;
    }
    tape->instrument = *instrument;
    tape->step_ns = step_ns;
    tape->grid_ns = instrument->session_open_ns;
    tape->now = tape->valid = tape->earlier = NO_QUOTE;
    tape->valid_ns = LF_TIME_NONE;
    *out = tape;
    return LF_OK;
}

void lf_study_tape_destroy(lf_study_tape *tape)
{
    if (tape == NULL) {
        return;
    }
    const lf_allocator memory = tape->memory;
    const lf_allocator *allocator = tape->allocator != NULL ? &memory : NULL;
    for (size_t c = 0; c < TRADE_COLUMNS; c++) {
        lf_release(allocator, tape->trades[c]);
    }
    for (size_t c = 0; c < STATE_COLUMNS; c++) {
        lf_release(allocator, tape->states[c]);
    }
    lf_release(allocator, tape->signs);
    lf_release(allocator, tape);
}

/* Room for one row more in each column; they share one capacity. */
static lf_status grow_columns(
    const lf_allocator *allocator,
    int64_t **columns,
    size_t column_count,
    size_t *capacity,
    size_t row_count
)
{
    size_t reached = *capacity;
    for (size_t c = 0; c < column_count && row_count >= *capacity; c++) {
        reached = *capacity;
        const lf_status status =
            lf_grow(allocator, (void **)&columns[c], &reached, row_count + 1, sizeof **columns);
        if (status != LF_OK) {
            return status;
        }
    }
    *capacity = reached;
    return LF_OK;
}

static lf_status add_state(lf_study_tape *tape, int64_t ts_ns, const best *quote)
{
    const lf_status status = grow_columns(
        tape->allocator, tape->states, STATE_COLUMNS, &tape->state_capacity, tape->state_count
    );
    if (status != LF_OK) {
        return status;
    }
    const size_t i = tape->state_count++;
    tape->states[STATE_TS][i] = ts_ns;
    tape->states[STATE_BID][i] = quote->bid_ticks;
    tape->states[STATE_ASK][i] = quote->ask_ticks;
    tape->states[STATE_BID_LOTS][i] = quote->bid_lots;
    tape->states[STATE_ASK_LOTS][i] = quote->ask_lots;
    return LF_OK;
}

static lf_status
add_trade(lf_study_tape *tape, int64_t ts_ns, const lf_trade *trade, const best *before)
{
    lf_status status = grow_columns(
        tape->allocator, tape->trades, TRADE_COLUMNS, &tape->trade_capacity, tape->trade_count
    );
    if (status == LF_OK) {
        status = lf_grow(
            tape->allocator,
            (void **)&tape->signs,
            &tape->sign_capacity,
            tape->trade_count + 1,
            sizeof *tape->signs
        );
    }
    if (status != LF_OK) {
        return status;
    }
    const size_t i = tape->trade_count++;
    const int64_t units = tape->instrument.units_per_tick;
    const bool has_quote = before->bid_lots > 0;
    tape->trades[TRADE_TS][i] = ts_ns;
    tape->trades[TRADE_PRICE][i] = trade->price_units;
    tape->trades[TRADE_SIZE][i] = trade->size_lots;
    tape->trades[TRADE_BID][i] = has_quote ? before->bid_ticks * units : LF_BID_NONE;
    tape->trades[TRADE_ASK][i] = has_quote ? before->ask_ticks * units : LF_ASK_NONE;
    tape->signs[i] = trade->sign;
    return LF_OK;
}

static bool same(const best *a, const best *b)
{
    return a->bid_ticks == b->bid_ticks && a->ask_ticks == b->ask_ticks &&
           a->bid_lots == b->bid_lots && a->ask_lots == b->ask_lots;
}

/* The rows that are due before an event in the session: the first, the grid's, a reset's. */
static lf_status add_due(lf_study_tape *tape, int64_t ts_ns, bool is_reset)
{
    lf_status status = LF_OK;
    if (tape->step_ns == 0 && !tape->is_open && tape->now.bid_lots > 0) {
        status = add_state(tape, tape->instrument.session_open_ns, &tape->now);
    }
    tape->is_open = true;
    while (status == LF_OK && tape->step_ns > 0 && tape->grid_ns < ts_ns) {
        status = add_state(tape, tape->grid_ns, &tape->now);
        tape->grid_ns += tape->step_ns;
    }
    if (status == LF_OK && is_reset) {
        status = add_state(tape, ts_ns, &NO_QUOTE);
    }
    return status;
}

static void set_state(lf_study_tape *tape, const lf_event *event)
{
    const lf_quotes *q = &event->quotes;
    tape->now = NO_QUOTE;
    if (!lf_book_event_valid(event)) {
        return;
    }
    tape->now = (best){q->bid_ticks[0], q->ask_ticks[0], q->bid_lots[0], q->ask_lots[0]};
    if (tape->valid_ns != event->ts_exchange_ns) {
        tape->earlier = tape->valid;
        tape->valid_ns = event->ts_exchange_ns;
    }
    tape->valid = tape->now;
}

/* S' of an event's trades: where ties have no order, of an earlier timestamp. */
static const best *before_trades(const lf_study_tape *tape, int64_t ts_ns)
{
    const bool is_tie = tape->instrument.ties_unordered && tape->valid_ns == ts_ns;
    return is_tie ? &tape->earlier : &tape->valid;
}

static lf_status take_event(lf_study_tape *tape, const lf_event *event, const lf_trade *trades)
{
    const int64_t ts_ns = event->ts_exchange_ns;
    const bool is_inside = ts_ns >= tape->instrument.session_open_ns;
    const bool is_reset = (event->flags & LF_EVENT_RESET) != 0;
    lf_status status = is_inside ? add_due(tape, ts_ns, is_reset) : LF_OK;
    if (is_reset) {
        tape->now = tape->valid = tape->earlier = NO_QUOTE;
        tape->valid_ns = LF_TIME_NONE;
    }
    for (uint16_t i = 0; i < event->trade_count && is_inside && status == LF_OK; i++) {
        status = add_trade(tape, ts_ns, &trades[i], before_trades(tape, ts_ns));
    }
    const best shown = tape->now;
    set_state(tape, event);
    const bool is_new = tape->state_count == 0 || !same(&shown, &tape->now);
    if (status == LF_OK && is_inside && tape->step_ns == 0 && is_new) {
        status = add_state(tape, ts_ns, &tape->now);
    }
    return status;
}

lf_status lf_study_tape_push(lf_study_tape *tape, const lf_batch *batch)
{
    for (size_t i = 0; i < batch->event_count; i++) {
        const lf_event *event = &batch->events[i];
        if (event->ts_exchange_ns >= tape->instrument.session_close_ns) {
            break;
        }
        const lf_status status = take_event(tape, event, batch->trades + event->trade_first);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

void lf_study_tape_get(const lf_study_tape *tape, lf_study_trades *trades, lf_study_states *states)
{
    if (trades != NULL) {
        *trades = (lf_study_trades){
            .ts_ns = tape->trades[TRADE_TS],
            .price_units = tape->trades[TRADE_PRICE],
            .size_lots = tape->trades[TRADE_SIZE],
            .bid_units = tape->trades[TRADE_BID],
            .ask_units = tape->trades[TRADE_ASK],
            .signs = tape->signs,
            .count = tape->trade_count,
        };
    }
    if (states != NULL) {
        *states = (lf_study_states){
            .ts_ns = tape->states[STATE_TS],
            .bid_ticks = tape->states[STATE_BID],
            .ask_ticks = tape->states[STATE_ASK],
            .bid_lots = tape->states[STATE_BID_LOTS],
            .ask_lots = tape->states[STATE_ASK_LOTS],
            .count = tape->state_count,
        };
    }
}
