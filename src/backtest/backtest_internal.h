/* What the files of the backtest share: one strategy's account, the delayed feed, the tables. */
#ifndef LFI_BACKTEST_INTERNAL_H
#define LFI_BACKTEST_INTERNAL_H

#include <lobflow/backtest.h>

/* ---- tables ----------------------------------------------------------------------------- */

/* Columns by place, in the order of docs/formats/run.md. */
enum {
    LFI_ORDERS_ID,
    LFI_ORDERS_DECISION,
    LFI_ORDERS_SENT,
    LFI_ORDERS_VENUE,
    LFI_ORDERS_DONE,
    LFI_ORDERS_SYMBOL,
    LFI_ORDERS_SIDE,
    LFI_ORDERS_KIND,
    LFI_ORDERS_PRICE,
    LFI_ORDERS_LOTS,
    LFI_ORDERS_FILLED,
    LFI_ORDERS_STATUS,
    LFI_ORDERS_REASON,
    LFI_ORDERS_RULE,
    LFI_ORDERS_MID_DECISION,
    LFI_ORDERS_MID_ARRIVAL,
    LFI_ORDERS_DEPTH_ARRIVAL,
    LFI_ORDERS_P_UP,
    LFI_ORDERS_EXPECTED,
};

enum {
    LFI_FILLS_ORDER,
    LFI_FILLS_VENUE,
    LFI_FILLS_LOCAL,
    LFI_FILLS_SYMBOL,
    LFI_FILLS_SIDE,
    LFI_FILLS_PRICE,
    LFI_FILLS_LOTS,
    LFI_FILLS_LIQUIDITY,
    LFI_FILLS_FEE,
    LFI_FILLS_MID_VENUE,
    LFI_FILLS_MID_DECISION,
    LFI_FILLS_REASON,
    LFI_FILLS_AFTER_CANCEL,
};

enum {
    LFI_TRADES_ENTRY,
    LFI_TRADES_EXIT,
    LFI_TRADES_SYMBOL,
    LFI_TRADES_SIDE,
    LFI_TRADES_LOTS,
    LFI_TRADES_ENTRY_PRICE,
    LFI_TRADES_EXIT_PRICE,
    LFI_TRADES_GROSS,
    LFI_TRADES_FEES,
    LFI_TRADES_NET,
    LFI_TRADES_REASON,
    LFI_TRADES_RULE,
    LFI_TRADES_BEST,
    LFI_TRADES_WORST,
};

enum {
    LFI_EQUITY_TS,
    LFI_EQUITY_NAME,
    LFI_EQUITY_IS_VALID,
    LFI_EQUITY_MID_PRICE,
    LFI_EQUITY_LOTS,
    LFI_EQUITY_CASH,
    LFI_EQUITY_FEE_SUM,
    LFI_EQUITY_GROSS_SUM,
    LFI_EQUITY_NET_SUM,
};

enum {
    LFI_PREDICTIONS_TS,
    LFI_PREDICTIONS_SYMBOL,
    LFI_PREDICTIONS_UP_1MIN,
    LFI_PREDICTIONS_UP_5MIN,
    LFI_PREDICTIONS_RET_BPS,
    LFI_PREDICTIONS_MODEL,
    LFI_PREDICTIONS_VALID,
    LFI_PREDICTIONS_MID,
    LFI_PREDICTIONS_SPREAD,
    LFI_PREDICTIONS_OFI_NORM,
    LFI_PREDICTIONS_OFI,
    LFI_PREDICTIONS_IMBALANCE,
    LFI_PREDICTIONS_LABEL_RET_1MIN,
    LFI_PREDICTIONS_LABEL_UP_1MIN,
    LFI_PREDICTIONS_LABEL_RET_5MIN,
    LFI_PREDICTIONS_LABEL_UP_5MIN,
};

lf_status lfi_backtest_table_create(
    const lf_allocator *allocator, lf_backtest_table table, lf_frame **out, lf_error *error
);
lf_status lfi_predictions_create(const lf_allocator *allocator, lf_frame **out, lf_error *error);

/* ---- the feed as the strategy sees it --------------------------------------------------- */

/* Events between the venue and us, in order; their trades lie side by side. */
typedef struct lfi_delay {
    const lf_allocator *allocator;
    lf_event *events; /* [event_first, event_count) wait */
    size_t event_capacity;
    size_t event_first;
    size_t event_count;
    lf_trade *trades;
    size_t trade_capacity;
    size_t trade_first;
    size_t trade_count;
    int64_t last_ns; /* local time of the last event in */
} lfi_delay;

/* Copy an event in. Its local time is raised to its exchange time and to the local time of the
   event before it if need be: nothing is known before it happened, and nothing overtakes. */
lf_status lfi_delay_push(lfi_delay *delay, const lf_event *event, const lf_trade *trades);
/* Local time of the first event, or INT64_MAX. */
int64_t lfi_delay_due(const lfi_delay *delay);
/* The first event and its trades, borrowed until the next push. Only when one is due. */
const lf_event *lfi_delay_take(lfi_delay *delay, const lf_trade **trades);
void lfi_delay_clear(lfi_delay *delay);
void lfi_delay_release(lfi_delay *delay);

/* ---- one strategy ----------------------------------------------------------------------- */

/* What later messages of an order refer to. */
typedef struct lfi_sent {
    int64_t mid2_decision;
    int64_t sent_ns;
    int64_t cancel_ns;     /* when a cancel was sent, INT64_MAX: none was */
    uint64_t cancel_count; /* sent so far, lost ones included */
    lf_reason reason;
    lf_reason cause;
    lf_rule rule;
} lfi_sent;

/* The open round trip, on the exchange clock. */
typedef struct lfi_trip {
    int32_t side; /* 0: flat */
    int64_t entry_lots;
    int64_t exit_lots;
    int64_t entry_nano; /* value of the fills that opened */
    int64_t exit_nano;
    int64_t fees_nano;
    int64_t entry_ns;
    int64_t mid2_low;
    int64_t mid2_high;
    lf_rule rule;
} lfi_trip;

/* What a strategy knew of its money at a row of the equity table; days before left out. */
typedef struct lfi_account {
    int64_t cash_nano;
    int64_t fees_nano;
    int64_t mid2;
} lfi_account;

/* All of one strategy: what lasts over days, then what lives for a day. */
typedef struct lfi_book_keeper {
    /* What every event looks at, side by side. */
    lf_venue *venue;
    lf_channel *requests; /* on their way to the venue */
    lf_channel *reports;  /* on their way to us */
    lf_latency *latency;
    bool hurries; /* delays depend on the events */
    lfi_trip trip;
    lf_strategy_options options;
    lf_frame *tables[LF_BACKTEST_TABLE_COUNT];
    lf_backtest_counts counts;
    lf_ledger ledger; /* every fill when the venue makes it */
    lf_ledger start;  /* the ledger when the day began */
    lfi_sent *sent;   /* [sent_count] orders of the day; id - 1 is the index */
    size_t sent_count;
    size_t sent_capacity;
    lfi_account *accounts; /* of a unit, beside the rows of the equity table */
    size_t account_capacity;
    uint64_t report_count; /* of the day */
    int64_t day_number;    /* among the days of the symbol, of the day that is traded */
    size_t first_order;    /* rows of the tables when the day began */
    size_t first_fill;
    size_t first_trade;
    size_t first_equity;
} lfi_book_keeper;

struct lf_backtest {
    lf_allocator allocator;
    bool has_allocator;
    int64_t step_ns; /* 0: the models' */
    double starting_cash;
    bool in_sample;
    bool check_every_fill;
    bool lean;
    bool is_unit;
    int64_t first_day;       /* number of its first day among those of the symbol */
    int64_t last_close_ns;   /* of the days so far */
    lf_instrument last_day;  /* of the latest day */
    int64_t money_unit_nano; /* of the latest day: one lot moving one tick */
    lf_frame *predictions;
    lfi_delay delay;
    lfi_book_keeper *strategies;
    size_t strategy_count;
};

const lf_allocator *lfi_backtest_allocator(const lf_backtest *backtest);

/* Products of money and lots before they are divided. */
__extension__ typedef __int128 lfi_wide;

/* ---- round trips ------------------------------------------------------------------------ */

/* What a round trip's row needs beside the fill. */
typedef struct lfi_units {
    double tick;             /* currency */
    double lot;              /* units traded in a lot */
    int64_t tick_nano;       /* currency, 1e-9 */
    int64_t money_unit_nano; /* one lot moving one tick */
} lfi_units;

/* Price of a value in 1e-9 for some lots. */
double lfi_price_of(const lfi_units *units, int64_t value_nano, int64_t lots);

/* Book a fill into the open round trip; appends a row to the trades for each that it ends. */
lf_status lfi_trip_fill(
    lfi_book_keeper *keeper,
    const lfi_units *units,
    const lf_fill *fill,
    const lfi_sent *sent,
    lf_error *error
);
/* End a round trip that was left open at a mid. */
lf_status lfi_trip_settle(
    lfi_book_keeper *keeper, const lfi_units *units, int64_t ts_ns, int64_t mid2, lf_error *error
);
/* A state's mid while the round trip is open. */
static inline void lfi_trip_mid(lfi_trip *trip, int64_t mid2)
{
    trip->mid2_low = mid2 < trip->mid2_low ? mid2 : trip->mid2_low;
    trip->mid2_high = mid2 > trip->mid2_high ? mid2 : trip->mid2_high;
}

/* ---- one day ---------------------------------------------------------------------------- */

/* One pass over one day. */
typedef struct lfi_replay {
    lf_backtest *backtest;
    const lf_backtest_day_options *options;
    const lf_instrument *instrument;
    lf_pipeline *pipeline;
    lf_market *market; /* of all strategies; their numbers are those of its venues */
    lfi_units units;
    int64_t side_ns;  /* earliest report, request or wake */
    int64_t state_ns; /* exchange time up to which masked time is counted */
    int64_t masked_ns;
    int64_t market_lots;            /* of the session's trades */
    const lf_order_change *changes; /* [change_count] of the event at hand */
    size_t change_count;
    bool state_valid; /* in the session */
    bool started;
    bool closed; /* the session is over at the venues */
    size_t first_prediction;
    size_t model_row; /* predictions from here on have the model of model_span */
    int32_t model_span;
} lfi_replay;

/* Append the equity of all strategies at a row, and its prediction when it is traded. */
lf_status lfi_record_row(lfi_replay *replay, const lf_row *row, lf_error *error);
/* Fill the money columns of an equity row. */
void lfi_write_account(
    double starting_cash,
    const lf_ledger *ledger,
    int64_t mid2,
    int64_t money_unit_nano,
    lf_frame *frame,
    size_t row
);
/* Append one strategy's equity from its own ledger when the day is over. */
lf_status lfi_record_close(lfi_replay *replay, lfi_book_keeper *keeper, lf_error *error);
/* Append a new order and remember what its fills will ask for. */
lf_status lfi_record_order(
    lfi_replay *replay, lfi_book_keeper *keeper, const lf_intent *intent, lf_error *error
);
/* Note that an order reaches the venue, before the venue acts on it. */
void lfi_record_arrival(
    lfi_replay *replay, lfi_book_keeper *keeper, const lf_request *request, int64_t ts_ns
);
/* Note what a report says about the life of an order. */
lf_status lfi_record_report(lfi_book_keeper *keeper, const lf_report *report, lf_error *error);
/* Append a fill when the strategy hears of it. */
lf_status lfi_record_fill(
    lfi_replay *replay, lfi_book_keeper *keeper, const lf_fill *fill, int64_t ts_ns, lf_error *error
);
/* Fill in what all rows of the day share: the symbol, the last model. */
lf_status lfi_record_day(lfi_replay *replay, lf_error *error);

/* LF_MISMATCH when a day lies before the end of those traded so far. */
lf_status lfi_check_order(const lf_backtest *backtest, const lf_instrument *day, lf_error *error);

#endif
