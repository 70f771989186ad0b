/**
 * @file
 * Readers of market data: files in, batches of events out.
 *
 * An event is one change of one book, with the book after it. Every feed gives the same record, so
 * nothing after this module knows which venue it came from.
 */
#ifndef LOBFLOW_FEED_H
#define LOBFLOW_FEED_H

#include <lobflow/base.h>
#include <lobflow/l3.h>

#include <assert.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Levels a side that an event carries; deeper ones of a feed are dropped. */
#define LF_LEVELS_MAX 10

/** Price of a missing bid level: below every price. Its size is 0. */
#define LF_BID_NONE INT64_MIN
/** Price of a missing ask level: above every price. Its size is 0. */
#define LF_ASK_NONE INT64_MAX

/** The best levels of a book. Level 0 is the best; missing levels are LF_*_NONE with size 0. */
typedef struct lf_quotes {
    int64_t bid_ticks[LF_LEVELS_MAX];
    int64_t bid_lots[LF_LEVELS_MAX];
    int64_t ask_ticks[LF_LEVELS_MAX];
    int64_t ask_lots[LF_LEVELS_MAX];
} lf_quotes;

/** What a message did. */
typedef enum lf_event_kind {
    LF_EVENT_ADD = 0,     /* a new limit order */
    LF_EVENT_CANCEL = 1,  /* part of an order taken back */
    LF_EVENT_DELETE = 2,  /* an order taken back whole */
    LF_EVENT_EXECUTE = 3, /* a visible execution */
    LF_EVENT_HIDDEN = 4,  /* an execution against a hidden order; the book does not change */
    LF_EVENT_CROSS = 5,   /* an auction trade; not a trade for features */
    LF_EVENT_HALT = 6,    /* trading or quoting stops or resumes; see the flags */
    LF_EVENT_QUOTE = 7,   /* a new best quote or snapshot of levels */
    LF_EVENT_TRADE = 8,   /* a trade report apart from the book */
    LF_EVENT_OTHER = 9,   /* counts as an event, changes nothing */
    LF_EVENT_KIND_COUNT = 10
} lf_event_kind;

/** Flags of an event. */
typedef enum lf_event_flag {
    /** The state after this event may not be used although its levels look fine: halt, auction,
        rebuild under way. */
    LF_EVENT_MASKED = 1 << 0,
    /** A reset: what lies before this event is forgotten (end of a halt, first event after a gap
        or after a book rebuild). */
    LF_EVENT_RESET = 1 << 1,
    /** The last message of its packet or transaction. */
    LF_EVENT_LAST = 1 << 2,
    /** Made from a snapshot, not from order flow. */
    LF_EVENT_SNAPSHOT = 1 << 3,
} lf_event_flag;

/** Aggressor sign of a trade whose feed does not tell: the feature module applies Lee-Ready. */
#define LF_SIGN_UNKNOWN INT8_C(2)

/** One trade inside an event. */
typedef struct lf_trade {
    int64_t price_units; /* in the feed's price unit: instrument.units_per_tick to the tick */
    int64_t size_lots;
    int8_t sign; /* aggressor: +1 buyer, -1 seller, 0 none, LF_SIGN_UNKNOWN not told */
    bool hidden; /* the resting order was not displayed */
    uint8_t reserved[6];
} lf_trade;

/** What a message did to a single order. */
typedef enum lf_change_kind {
    LF_CHANGE_ADD = 0,    /* it joins the end of the queue at its price */
    LF_CHANGE_REDUCE = 1, /* it loses lots; with its last ones it goes */
    LF_CHANGE_MODIFY = 2, /* a new price or size; smaller at the same price keeps the place */
    LF_CHANGE_FILL = 3,   /* executed where it rested; what it loses is a change of its own */
    LF_CHANGE_CLEAR = 4,  /* all orders of the book are gone */
} lf_change_kind;

/** One change of a single order, as lf_l3_add() and its like take it. */
typedef struct lf_order_change {
    uint64_t order_id;   /* 0: LF_CHANGE_CLEAR */
    int64_t price_ticks; /* LF_CHANGE_ADD and LF_CHANGE_MODIFY, else 0 */
    int64_t lots;
    uint8_t kind; /* lf_change_kind */
    int8_t side;  /* +1 bid, -1 ask, 0: LF_CHANGE_REDUCE, LF_CHANGE_FILL and LF_CHANGE_CLEAR */
    uint8_t reserved[6];
} lf_order_change;

static_assert(sizeof(lf_order_change) == 32, "lf_order_change crosses modules: keep its size");

/** One change of one book, with the book after it. */
typedef struct lf_event {
    int64_t ts_exchange_ns;
    int64_t ts_local_ns;  /* when it reached us; equals ts_exchange_ns where the feed has none */
    uint64_t order_id;    /* 0 where the feed has none */
    int64_t price_units;  /* of the message's order; 0 where it has none */
    int64_t size_lots;    /* of the message, as in the feed */
    uint32_t instrument;  /* number within the feed, from 0 */
    uint32_t flags;       /* lf_event_flag */
    uint32_t trade_first; /* index into the batch's trades */
    uint16_t trade_count;
    uint8_t kind; /* lf_event_kind */
    int8_t side;  /* of the message's resting order: +1 bid, -1 ask, 0 none */
    lf_quotes quotes;
} lf_event;

static_assert(sizeof(lf_event) == 376, "lf_event crosses modules and languages: keep its size");

/** Some events in order, borrowed from the feed until its next call. */
typedef struct lf_batch {
    const lf_event *events; /* [event_count] */
    const lf_trade *trades; /* [trade_count] */
    size_t event_count;     /* 0 at the end of the data */
    size_t trade_count;
} lf_batch;

/** What is traded, and in which units its events speak. */
typedef struct lf_instrument {
    char symbol[32];
    char venue[32];
    char currency[8];
    int64_t tick_nano;      /* one tick in 1e-9 of the currency */
    int64_t lot_nano;       /* one lot in 1e-9 of the unit traded (1 share = 1e9) */
    int64_t units_per_tick; /* price units to the tick */
    int32_t level_count;    /* M: levels a side that events carry, 1 to LF_LEVELS_MAX */
    /** Quotes and trades of one timestamp have no order between them (AlgoSeek): a trade is signed
        by the last valid state of an earlier timestamp. */
    bool ties_unordered;
    bool has_local_times; /* local times are as recorded, not made from a constant latency */
    bool is_inverse;      /* sizes are contracts worth a fixed amount of the currency */
    bool has_orders;      /* lf_feed_changes() tells what happened to single orders */
    /** Continuous trading of this day, [open, close). */
    int64_t session_open_ns;
    int64_t session_close_ns;
    lf_date date;       /* trading day in the venue's zone */
    char time_zone[32]; /* the venue's, by its tzdata name ("America/New_York") */
} lf_instrument;

/** One symbol-day on disk. */
typedef struct lf_source {
    char path[1024];  /* archive, folder or first file */
    char path2[1024]; /* second file of a pair (LOBSTER orderbook), or "" */
    /** "lobster", "algoseek", "dbn", "itch", "binance", "binance_csv", "coinbase", "cme" */
    char format[16];
    char symbol[32];
    lf_date date;
    int32_t level_count; /* as the feed has them, before the cut to LF_LEVELS_MAX */
    /* Captures: what reading them once has found out. path2 is the file to begin with when the book
       of path comes from an earlier day; events outside [from_ns, to_ns) only set the book. */
    char venue[32];
    int64_t tick_nano, lot_nano, clock_shift_ns, from_ns, to_ns;
    /* Of csv files in which two halves of the period stand row by row: rows of path and of path2
       from these numbers on are the later half. 0: rows are in order. */
    int64_t split_ids[2];
    bool has_local_times;
} lf_source;

/** A list of symbol-days, ordered by date and then symbol. */
typedef struct lf_source_list {
    lf_source *sources; /* [count], owned */
    size_t count;
} lf_source_list;

/** How to read. Zero is the default everywhere. */
typedef struct lf_feed_options {
    const lf_allocator *allocator;
    const char *format; /* NULL: by content */
    /* These three choose among the days that are found; an only day is taken to be what they say.
       NULL and 0: as the file names have it. */
    const char *symbol; /* several with commas between: each is a day of its own */
    const char *date;   /* YYYY-MM-DD */
    int32_t level_count;
    bool strict;         /* inconsistencies of the book are errors */
    bool with_orders;    /* changes of single orders are kept where the data have them */
    size_t batch_events; /* 0: 1024 */
    /** Constant added to the exchange time where the feed has no local time, 0 to 1 day. */
    int64_t feed_latency_ns;
    /* Of feeds that do not name them (docs/formats/dbn.md, binance.md, coinbase.md say how). */
    int64_t tick_nano; /* the tick in 1e-9 of the currency; 0: found */
    int64_t lot_nano;  /* one lot in 1e-9 of the unit traded; 0: found */
} lf_feed_options;

/** What a reader met, complete once the end was reached. */
typedef struct lf_feed_stats {
    int64_t event_count;
    int64_t kind_counts[LF_EVENT_KIND_COUNT];
    int64_t halt_count;
    int64_t gap_count;
    int64_t check_count; /* visible events whose change of the book was checked */
    /** Events that contradict the book: a visible one whose size did not move at its price, a
       hidden one that moved something, levels out of order. */
    int64_t violation_count;
    int64_t crossed_count;        /* states with bid >= ask */
    int64_t one_sided_count;      /* states with a side missing */
    int64_t input_bytes;          /* read so far, as on the disk; of an archive by its share */
    int64_t input_bytes_total;    /* 0 when unknown; for progress */
    int64_t text_bytes;           /* after decompression */
    int64_t first_violation_line; /* or of a crossed state; LF_POSITION_NONE without one */
    int64_t first_ts_ns;
    int64_t last_ts_ns;
    int64_t unknown_order_count;   /* messages about orders that are not there */
    int64_t duplicate_order_count; /* orders added twice */
    int64_t overfill_count;        /* more taken from an order than it had */
    int64_t off_tick_count; /* prices of the book between two ticks, moved away from the mid */
    int64_t backward_count; /* times that went back, raised to the last one */
    int64_t skipped_count;  /* records of other kinds or instruments */
    int64_t stale_count;    /* messages that show what is known already: doubled, late */
    int64_t broken_count;   /* trades that the venue declared void later */
    /** Added to all local times, because the local clock was behind the exchange's by up to this.
     */
    int64_t clock_shift_ns;
} lf_feed_stats;

/** A reader of one symbol-day. */
typedef struct lf_feed lf_feed;

/**
 * What can be told of options before any file is looked at: format, date and symbol.
 *
 * @return LF_OK, LF_NOT_FOUND (no such format, naming those there are) or LF_RANGE
 */
LF_API LF_MUST_CHECK lf_status lf_feed_check(const lf_feed_options *options, lf_error *error);

/**
 * Whether a text may be the symbol in the names of LOBSTER files: letters, digits, and -.+=^$ that
 * share classes are written with, but not first (hidden files begin with a dot).
 *
 * @param text   [bytes], NUL somewhere at or behind its end
 */
LF_API bool lf_lobster_is_symbol(const char *text, size_t bytes);

/**
 * Find the symbol-days behind paths that a person typed: archives, folders (searched two levels
 * deep), single files, pairs. Files whose names do not say what they are need options->symbol and
 * options->date. A day that is found twice is an error.
 *
 * @param paths    [path_count]
 * @param options  may be NULL
 * @param out      filled; end it with lf_source_list_clear(); empty on failure
 * @return LF_OK, LF_NOT_FOUND, LF_FORMAT (not a format that lobflow reads, half a pair), LF_DATA (a
 *         day twice), LF_RANGE (an option), LF_UNSUPPORTED (encrypted), LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_feed_find(
    const char *const *paths,
    size_t path_count,
    const lf_feed_options *options,
    lf_source_list *out,
    lf_error *error
);

/** End a list; an empty one is accepted. */
LF_API void lf_source_list_clear(lf_source_list *list);

/**
 * Open one symbol-day for reading. Memory is taken here; lf_feed_next() takes none (the library
 * that decompresses takes its own, on its first call; books of single orders, DBN's mbo, take some
 * when they have never been as large).
 *
 * @param options  may be NULL
 * @param out      owned; NULL on failure
 * @return LF_OK, LF_NOT_FOUND, LF_FORMAT, LF_RANGE (levels, year, latency), LF_IO, LF_UNSUPPORTED
 *         (encrypted) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_feed_open(
    const lf_source *source, const lf_feed_options *options, lf_feed **out, lf_error *error
);

/** What the feed's events are about; borrowed until the feed is closed. */
LF_API const lf_instrument *lf_feed_instrument(const lf_feed *feed);

/**
 * Next events in order.
 *
 * @param out  filled; event_count is 0 at the end
 * @return LF_OK, LF_FORMAT, LF_DATA (strict, or prices that do not fit the tick), LF_UNSUPPORTED,
 *         LF_IO or LF_NOMEM; after a failure only close is allowed
 *
 * Owner: the batch is borrowed until the next call on this feed.
 * Cost:  LOBSTER with ten levels 110 to 125 ns an event with AVX-512, twice that without; allocates
 *        nothing.
 */
LF_API LF_MUST_CHECK lf_status lf_feed_next(lf_feed *feed, lf_batch *out, lf_error *error);

/**
 * What happened to single orders in an event of the last batch, in order. From the first event on
 * they build the whole book: where events before the day were left out, they begin with a clear
 * book and all its orders.
 *
 * @param event  index in the batch
 * @param count  out
 * @return [count] borrowed until the next call on this feed; NULL and 0 where the instrument has no
 *         orders (lf_feed_options.with_orders was not set, or the data have levels only)
 */
LF_API const lf_order_change *lf_feed_changes(const lf_feed *feed, size_t event, size_t *count);

/** Counts so far, borrowed until the next call. */
LF_API const lf_feed_stats *lf_feed_stats_of(const lf_feed *feed);

/** Close a feed; NULL is accepted. */
LF_API void lf_feed_close(lf_feed *feed);

/* ---- writing ---------------------------------------------------------------------------- */

/** Schemas of DBN files, by their numbers in the format. */
typedef enum lf_dbn_schema {
    LF_DBN_MBO = 0,    /* single orders */
    LF_DBN_MBP_1 = 1,  /* the best level after each message; read only */
    LF_DBN_MBP_10 = 2, /* the ten best levels after each message */
    LF_DBN_TRADES = 4  /* trades without a book */
} lf_dbn_schema;

/** How to convert. */
typedef struct lf_convert_options {
    const lf_feed_options *feed; /* may be NULL; a symbol chooses among those of a DBN file */
    lf_dbn_schema schema;
    /** One day as NASDAQ ITCH 5.0 instead (docs/formats/itch.md); the schema is not looked at. */
    bool as_itch;
    /** Called now and then with the share that is done; false ends the work. May be NULL. */
    bool (*progress)(void *context, double share);
    void *context;
} lf_convert_options;

/** What a conversion wrote, and what the target cannot say or says in a way of ours only. */
typedef struct lf_convert_report {
    int64_t event_count;  /* taken in; of a DBN file: records */
    int64_t record_count; /* written */
    int64_t plain_bytes;  /* written, before compression */
    int64_t hidden_count; /* hidden executions: trades with a flag that others do not know */
    int64_t halt_count;   /* halts: notes, and doubtful books until they end */
    int64_t cross_count;  /* auction trades: notes */
    int64_t reset_count;  /* books rebuilt without a halt: not carried */
    int64_t silent_count; /* events and records without a trade, dropped from trades */
    int64_t other_count;  /* records of other kinds, fills and notes, dropped */
    int64_t repair_count; /* orders made up, so that single orders give the book of the feed */
    int64_t local_count;  /* local times that ITCH has no place for */
} lf_convert_report;

/**
 * Write symbol-days as one DBN file, or one of them as ITCH: to a temporary name first, compressed
 * when path ends in .zst.
 *
 * Days of one symbol follow one another. One DBN file keeps all its instruments, and its records
 * stay as they are where the schema does: byte for byte.
 *
 * @param sources  at least one, of one symbol, in order; or those of one DBN file
 * @param path     name of the file
 * @param report   filled, also on failure
 * @return LF_OK, LF_UNSUPPORTED (a schema that cannot be made of the data), LF_RANGE (several
 *         symbols; a size above 2^32 - 1), LF_CANCELLED, LF_IO, LF_NOMEM, or as lf_feed_next()
 *
 * Source: docs/formats/dbn.md says what each kind of event becomes.
 */
LF_API LF_MUST_CHECK lf_status lf_feed_convert(
    const lf_source_list *sources,
    const lf_convert_options *options,
    const char *path,
    lf_convert_report *report,
    lf_error *error
);

/* ---- CME MDP 3.0 ------------------------------------------------------------------------ */

/** Templates up to here are counted by their number. */
#define LF_CME_TEMPLATES 80

/** Kinds of entries of a book by price; implied ones come from spreads and are no orders. */
typedef enum lf_cme_side {
    LF_CME_BID = 0,
    LF_CME_ASK = 1,
    LF_CME_IMPLIED_BID = 2,
    LF_CME_IMPLIED_ASK = 3,
    LF_CME_SIDE_OTHER = 4, /* the book begins anew, and kinds that are not known */
    LF_CME_SIDE_COUNT = 5
} lf_cme_side;

/** What an entry does to its level. */
typedef enum lf_cme_action {
    LF_CME_NEW = 0,
    LF_CME_CHANGE = 1,
    LF_CME_DELETE = 2,
    LF_CME_ACTION_OTHER = 3, /* several levels at once, and actions that are not known */
    LF_CME_ACTION_COUNT = 4
} lf_cme_action;

/** What a capture of CME MDP 3.0 holds. */
typedef struct lf_cme_counts {
    int64_t frame_count;    /* of the capture */
    int64_t other_count;    /* frames that are no packets of MDP 3.0, passed over */
    int64_t damaged_count;  /* packets of a channel whose messages do not add up, passed over */
    int64_t feed_counts[2]; /* packets on feed A and on feed B */
    int64_t channel_count;  /* a feed A and its feed B are one channel */
    int64_t packet_count;   /* after arbitration: each sequence number once */
    int64_t copy_count;     /* packets whose number had been there */
    int64_t gap_count;      /* runs of numbers that neither feed brought */
    int64_t missing_count;  /* numbers in them */
    int64_t restart_count;  /* sequences that began again */
    int64_t first_ts_ns, last_ts_ns; /* sent; after arbitration */
    /* Messages of the packets after arbitration. */
    int64_t message_count;
    int64_t template_counts[LF_CME_TEMPLATES];
    int64_t unknown_count; /* messages of later templates, and groups that do not fit */
    int64_t entry_counts[LF_CME_SIDE_COUNT][LF_CME_ACTION_COUNT]; /* of books by price */
    int64_t trade_count;                                          /* entries of trade summaries */
    int64_t order_entry_count;                                    /* entries of books by order */
    int64_t instrument_count; /* securities with entries of books by price */
    int64_t definition_count; /* securities that are defined */
    int64_t update_gap_count; /* places where numbers of a security's updates are missing */
} lf_cme_counts;

/** Whether a file is a capture, plain or compressed, that begins with packets of MDP 3.0. */
LF_API bool lf_cme_is_capture(const char *path);

/** How to count. Zero is the default everywhere. */
typedef struct lf_cme_options {
    const lf_allocator *allocator;
    /** Called now and then with the share that is done; false ends the work. May be NULL. */
    bool (*progress)(void *context, double share);
    void *context;
} lf_cme_options;

/**
 * Read a capture of CME MDP 3.0 once and count what it holds: packets of both feeds, and messages
 * of the sequence that both make together.
 *
 * @param options  may be NULL
 * @param out      filled, also on failure
 * @return LF_OK, LF_FORMAT (no capture; damaged or cut off), LF_CANCELLED, LF_IO or LF_NOMEM
 *
 * Source: docs/formats/cme.md says how packets are told apart and when one is lost.
 */
LF_API LF_MUST_CHECK lf_status
lf_cme_count(const char *path, const lf_cme_options *options, lf_cme_counts *out, lf_error *error);

/* ---- NASDAQ ITCH 5.0 -------------------------------------------------------------------- */

/** Types of messages are letters below this. */
#define LF_ITCH_TYPES 128
/** Books by the number of their stock (locate). */
#define LF_ITCH_BOOKS 65536

/** What a stream of ITCH holds. */
typedef struct lf_itch_counts {
    int64_t message_count;
    int64_t type_counts[LF_ITCH_TYPES]; /* by their letter */
    int64_t unknown_count;              /* types that are none of ITCH 5.0, stepped over */
    int64_t stock_count;                /* in the directory */
    /* Books of all stocks. */
    int64_t order_count_max; /* live at most */
    int64_t unknown_order_count;
    int64_t duplicate_order_count;
    int64_t overfill_count;
    int64_t range_count;       /* orders without shares, price or side */
    int64_t backward_count;    /* times before the latest */
    int64_t first_ns, last_ns; /* after midnight in New York */
    int64_t plain_bytes;       /* of messages with their lengths */
    bool is_capture;           /* then also: */
    int64_t frame_count;       /* of the capture */
    int64_t other_count;       /* datagrams that are no packets of the session */
    int64_t packet_count;      /* with something new, from all feeds */
    int64_t copy_count;        /* with nothing new */
    int64_t heartbeat_count;   /* and ends of the session */
    int64_t gap_count;         /* runs of messages that no feed brought */
    int64_t missing_count;     /* messages in them */
} lf_itch_counts;

/** Books of single orders of all stocks of a stream. */
typedef struct lf_itch_books lf_itch_books;

/**
 * Begin with empty books.
 *
 * @param allocator  may be NULL
 * @param out        owned; NULL on failure
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_itch_books_create(const lf_allocator *allocator, lf_itch_books **out, lf_error *error);

/** End books; NULL is accepted. */
LF_API void lf_itch_books_destroy(lf_itch_books *books);

/**
 * Apply messages, each behind its length as in a file: as many as are whole. Messages that
 * contradict the books are counted.
 *
 * @param bytes  [count] messages
 * @param taken  out, bytes of whole messages; what is left belongs in front of the next ones
 * @return LF_OK; LF_FORMAT (a message that is shorter than its type has to be, which is the first
 *         one not taken); LF_NOMEM
 *
 * Cost: one to two cache misses a message; they are brought near 16 messages before.
 */
LF_API LF_MUST_CHECK lf_status lf_itch_books_push(
    lf_itch_books *books, const void *bytes, size_t count, size_t *taken, lf_error *error
);

/** The books, by the number of their stock, prices in 1e-4; borrowed. */
LF_API const lf_l3 *lf_itch_books_l3(const lf_itch_books *books);

/** Counts so far, borrowed until the next push. */
LF_API const lf_itch_counts *lf_itch_books_counts(lf_itch_books *books);

/** Whether a file, plain or compressed, or a capture holds ITCH of several stocks, or of stocks
    that it does not name, as a capture that begins late. */
LF_API bool lf_itch_is_market(const char *path);

/**
 * Read a file or a capture of ITCH once, keep the books of all stocks, and count.
 *
 * @param allocator  may be NULL
 * @param out        filled, also on failure
 * @return LF_OK, LF_NOT_FOUND, LF_FORMAT (damaged or cut off), LF_IO or LF_NOMEM
 *
 * Source: docs/formats/itch.md.
 */
LF_API LF_MUST_CHECK lf_status lf_itch_count(
    const char *path, const lf_allocator *allocator, lf_itch_counts *out, lf_error *error
);

#ifdef __cplusplus
}
#endif

#endif
