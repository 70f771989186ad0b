/* What the files of the feed module share: text streams, file names, the table of readers. */
#ifndef LOBFLOW_FEED_INTERNAL_H
#define LOBFLOW_FEED_INTERNAL_H

#include <lobflow/feed.h>
#include <lobflow/l3.h>

/* Lines of a file, of a compressed file, or of a member of an archive. */
typedef struct lfi_stream lfi_stream;

/*
 * Open path, or its member (NULL: the file itself, decompressed). name_out is what errors call it.
 */
lf_status lfi_stream_open(
    const lf_allocator *allocator,
    const char *path,
    const char *member,
    lfi_stream **out,
    lf_error *error
);

/* Bytes that may be read behind a line, whatever they hold: as many as a LOBSTER row that
   lobster_wide.c reads has at most, with some more. */
#define LFI_LINE_SLACK 2048

/* Let lines be so long, not only what one buffer holds; memory is taken when one comes. */
void lfi_stream_allow_lines(lfi_stream *stream, size_t bytes_max);

/*
 * Next line without its ending ("\n" or "\r\n"; the last line may have none); *line is NULL at the
 * end. Borrowed until the next call.
 */
lf_status lfi_stream_line(lfi_stream *stream, const char **line, size_t *bytes, lf_error *error);

/* A file may end in empty lines, but nothing may follow them: the line is then NULL. An empty line
   in the middle stays, to be refused at its own number; source is whose file it is. LF_OK, or as
   lfi_stream_line(). */
lf_status lfi_stream_skip_empty_end(
    lfi_stream *stream, const char **line, size_t bytes, const char *source, lf_error *error
);

/*
 * The text of a stream that is in memory and not given out yet; LFI_LINE_SLACK bytes behind it may
 * be read. Who knows where its first line ends may step over it: at moves behind the line end and
 * line_number counts it.
 */
typedef struct lfi_window {
    const char *at, *end;
    int64_t line_number;
} lfi_window;

lfi_window *lfi_stream_window(lfi_stream *stream);

/*
 * Name for errors ("a.zip:b.csv"), number of the last line, bytes read, bytes of text so far, and
 * bytes of text as the archive announces them (0: it does not).
 */
const char *lfi_stream_name(const lfi_stream *stream);
int64_t lfi_stream_line_number(const lfi_stream *stream);
int64_t lfi_stream_input_bytes(const lfi_stream *stream);
int64_t lfi_stream_text_bytes(const lfi_stream *stream);
int64_t lfi_stream_text_total(const lfi_stream *stream);

/* Close; NULL is accepted. */
void lfi_stream_close(lfi_stream *stream);

/*
 * Call visit with the name of each regular member of an archive. LF_FORMAT when the file is no
 * archive that lobflow reads.
 */
typedef lf_status (*lfi_member_visit)(void *context, const char *member, lf_error *error);
lf_status
lfi_archive_list(const char *path, lfi_member_visit visit, void *context, lf_error *error);

/* True when the first bytes are those of zip, 7z or tar. */
bool lfi_archive_probe(const char *path);

/* What a LOBSTER file name says. */
typedef struct lfi_lobster_name {
    char symbol[32];
    lf_date date;
    int32_t level_count;
    bool is_message; /* else orderbook */
} lfi_lobster_name;

/*
 * Parse SYMBOL_YYYY-MM-DD_START_END_{message|orderbook}_LEVELS.csv[.gz|.bz2|.xz|.zst]; any folder.
 */
bool lfi_lobster_name_parse(const char *path, lfi_lobster_name *out);

/* Opening of US equity sessions after local midnight. */
#define LFI_US_OPEN_NS ((9 * 60 + 30) * LF_NS_PER_MINUTE)

/* Session, currency, tick, lot and date of a US equity day. */
lf_status
lfi_us_session(const lf_allocator *allocator, lf_date date, lf_instrument *out, lf_error *error);

/* Whether a symbol is one of a list with commas. */
bool lfi_is_listed(const char *list, const char *symbol);

/* ---- rows of LOBSTER files -------------------------------------------------------------- */

/* What is wrong with a row: "FIELD must be EXPECTED, found TEXT". */
typedef struct lfi_fault {
    char field[64];
    char expected[128];
    const char *text; /* [bytes], in the line */
    size_t bytes;
} lfi_fault;

/* A row of a message file. */
typedef struct lfi_message {
    int64_t since_midnight_ns, order_id, size, price;
    int8_t type, direction;
} lfi_message;

/*
 * Read one message row. The fast twin takes the usual forms only, reads up to LFI_LINE_SLACK bytes
 * behind the line, and says false for the slow one to have a look; where it says true the result is
 * the same.
 */
bool lfi_message_parse(const char *line, size_t bytes, lfi_message *out, lfi_fault *fault);
bool lfi_message_parse_fast(const char *line, size_t bytes, lfi_message *out);

/* Levels a side that LOBSTER files have at most. */
#define LFI_LOBSTER_LEVELS_MAX 50
/* A field has at most a sign, ten digits and a comma. */
#define LFI_ROW_BYTES_MAX (4 * LFI_LOBSTER_LEVELS_MAX * 12)

/* Sides of a row in the order of the file. */
enum {
    LFI_ASK = 0,
    LFI_BID = 1
};

/* What one price and one size of an orderbook file stand for; missing ones as in lf_quotes. */
typedef struct lfi_pair {
    int64_t ticks, lots;
} lfi_pair;

/* A row of an orderbook file in the order of the file: level m of a side is pair 2 * m + side. */
typedef struct lfi_book_row {
    lfi_pair pairs[2 * LFI_LOBSTER_LEVELS_MAX];
} lfi_book_row;

/* The text of a row and where its pairs of price and size begin. */
typedef struct lfi_row_text {
    char text[LFI_ROW_BYTES_MAX + LFI_LINE_SLACK]; /* ends in a comma */
    uint16_t starts[2 * LFI_LOBSTER_LEVELS_MAX + 1];
    size_t bytes; /* with that comma */
} lfi_row_text;

/* How a row differs from the one before it. */
typedef enum lfi_row_change {
    LFI_ROW_BAD = 0,
    LFI_ROW_SAME = 1,
    LFI_ROW_SIZES = 2,  /* sizes at most */
    LFI_ROW_PRICES = 3, /* prices and sizes, perhaps */
} lfi_row_change;

/* Lanes of a packed row: ticks and lots of both sides, for four levels at a time. */
#define LFI_PACKED_LANES ((LFI_LOBSTER_LEVELS_MAX + 3) / 4 * 16)

/* The rows of one orderbook file, read one after the other. */
typedef struct lfi_rows {
    int32_t level_count;
    bool has_row;
    bool has_text;       /* texts[now] is that of the newest row */
    bool is_packed;      /* the newest row is packed[now_packed] and not rows[now] */
    bool is_ordered;     /* that of lfi_look */
    uint8_t now, before; /* indices of the newest row and the one before it; may be the same */
    lfi_book_row rows[2];
    /* The same of lobster_wide.c, where is_packed says so. */
    uint8_t now_packed;
    int32_t packed[2][LFI_PACKED_LANES];
    lfi_row_text texts[2];
} lfi_rows;

/* Prepare for a file of so many levels, 1 to LFI_LOBSTER_LEVELS_MAX. */
void lfi_rows_start(lfi_rows *rows, int32_t level_count);

/*
 * Read the next row; after LFI_ROW_BAD the newest row is as it was and fault says why. The whole
 * twin reads every field, the other one only what differs from the row before, and up to
 * LFI_LINE_SLACK bytes behind the line. The results are the same, but the whole twin calls every
 * change LFI_ROW_PRICES.
 */
lfi_row_change lfi_rows_read(lfi_rows *rows, const char *line, size_t bytes, lfi_fault *fault);
lfi_row_change
lfi_rows_read_whole(lfi_rows *rows, const char *line, size_t bytes, lfi_fault *fault);

/* What a row says about a price on a side; the first row has none before it to say more. */
typedef struct lfi_look {
    int side;
    int64_t ticks;
    int64_t moved_lots; /* by how much the size at that price has changed */
    bool is_same;       /* as the row before */
    bool is_ordered;    /* prices of both sides, best first; nothing behind a missing level */
} lfi_look;

/* Look at the newest row, whose change is known; rows->is_ordered is that of the row before. */
void lfi_rows_look(lfi_rows *rows, lfi_row_change change, lfi_look *look);

/* The best levels of the newest row. */
void lfi_rows_quotes(const lfi_rows *rows, lf_quotes *out);

/*
 * The same for processors with AVX-512, as far as lfi_wide_works(). The first line of a text is
 * read where it has a usual form; LFI_LINE_SLACK bytes behind the text may be read. 0 is for the
 * readers above to have a look, else the bytes that were read, line end included. Before those read
 * a row, lfi_wide_leave() gives them the row before.
 */
bool lfi_wide_works(void);
size_t lfi_wide_message(const lfi_window *text, lfi_message *out);
size_t lfi_wide_row(lfi_rows *rows, const lfi_window *text, lfi_look *look, lf_quotes *quotes);
void lfi_wide_leave(lfi_rows *rows);

/* Memory of a batch: as many trades as events. */
typedef struct lfi_room {
    lf_event *events; /* [event_capacity] */
    lf_trade *trades; /* [event_capacity] */
    size_t event_capacity;
} lfi_room;

/* Take what the options ask for; false without memory, and then there is nothing to give back. */
bool lfi_room_create(lfi_room *room, const lf_allocator *allocator, const lf_feed_options *options);

/* Give it back; a room of zeros is accepted. */
void lfi_room_destroy(lfi_room *room, const lf_allocator *allocator);

/*
 * Read one event, and its trade if it says that it has one; *got is false at the end. What the
 * event does not set stays as it was.
 */
typedef lf_status (*lfi_read_event
)(void *self, lf_event *event, lf_trade *trade, bool *got, lf_error *error);

/* Read events until the room is full or no more come; their trades follow each other. */
lf_status lfi_room_fill(
    const lfi_room *room, lfi_read_event read, void *self, lf_batch *out, lf_error *error
);

/* Changes of single orders, event by event. A reader whose option is not set keeps none. */
typedef struct lfi_changes {
    const lf_allocator *allocator;
    lf_order_change *items; /* [count] of the batch and of the open event */
    uint32_t *ends;         /* [batch_events + 1] end of each event of the batch; NULL: not kept */
    size_t count, capacity;
    size_t first;   /* of the open event */
    bool is_behind; /* changes were left out: the book is told anew */
} lfi_changes;

/* Keep changes from here on. */
lf_status lfi_changes_start(
    lfi_changes *changes, const lf_allocator *allocator, size_t batch_events, lf_error *error
);
void lfi_changes_end(lfi_changes *changes);
/* A new batch: the open event's changes go to the front. */
void lfi_changes_begin_batch(lfi_changes *changes);
/* One more change of the open event; nothing where none are kept. LF_OK or LF_NOMEM. */
lf_status lfi_changes_push(lfi_changes *changes, const lf_order_change *change, lf_error *error);
/* The open event is the batch's event `index`; the book is as after it. LF_OK or LF_NOMEM. */
lf_status lfi_changes_close(lfi_changes *changes, size_t index, const lf_l3 *l3, lf_error *error);
/* The open event is left out. */
void lfi_changes_drop(lfi_changes *changes);
/* An order that stands in a book, as a change that adds it. */
lf_order_change lfi_change_that_adds(uint64_t order_id, const lf_l3_order *order);

/* One reader, as lf_feed_* sees it. */
typedef struct lfi_reader {
    lf_status (*next)(void *self, lf_batch *out, lf_error *error);
    void (*close)(void *self);
    void *self;
    lf_instrument instrument;
    lf_feed_stats stats;
    lfi_changes changes;
} lfi_reader;

/* A reader keeps a copy of the allocator it was given, in its own memory. */
static inline const lf_allocator *lfi_keep_allocator(const lf_allocator *given, lf_allocator *kept)
{
    if (given == NULL) {
        return NULL;
    }
    *kept = *given;
    return kept;
}

/* Whoever has begun to read is what *reader calls from now on; one that could not is closed. */
static inline lf_status lfi_reader_start(
    lfi_reader *reader,
    lf_status begun,
    lf_status (*next)(void *self, lf_batch *out, lf_error *error),
    void (*close)(void *self),
    void *self
)
{
    if (begun != LF_OK) {
        close(self);
        return begun;
    }
    reader->next = next;
    reader->close = close;
    reader->self = self;
    return LF_OK;
}

/* Open the LOBSTER reader into *reader. */
lf_status lfi_lobster_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

/*
 * Whether a file (compressed or not) has AlgoSeek's header; then symbol, date, levels and format of
 * its first row go to *out. When another symbol is asked for (NULL: none), a file that is not
 * called as the first one is read up to a row of it, which then is the symbol. An error only when
 * the header is there, and the first row is none or the file is damaged.
 */
lf_status lfi_algoseek_probe(
    const char *path, const char *symbol, lf_source *out, bool *found, lf_error *error
);

/* Open the AlgoSeek reader into *reader. */
lf_status lfi_algoseek_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

/* Symbol-days of one file. */
typedef struct lfi_dbn_list {
    lf_source *sources; /* [count], owned: lf_release(NULL, ...) */
    size_t count, capacity;
    size_t session_count;
} lfi_dbn_list;

/* Whether a file is DBN, plain or zstd. */
bool lfi_dbn_probe(const char *path);

/* The symbol-days of a DBN file; the symbol and date of the options choose. */
lf_status
lfi_dbn_find(const char *path, const lf_feed_options *options, lfi_dbn_list *out, lf_error *error);

/* Open the DBN reader into *reader. */
lf_status lfi_dbn_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

/* The sessions of one security in a capture of CME; the symbol of the options chooses it. */
lf_status
lfi_cme_find(const char *path, const lf_feed_options *options, lfi_dbn_list *out, lf_error *error);

/* Open the reader of CME captures into *reader. */
lf_status lfi_cme_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

/* Whether a file holds messages of NASDAQ ITCH 5.0, each behind its length. */
bool lfi_itch_probe(const char *path);

/* The days of the stocks of an ITCH file that the symbol of the options lists; without one, of its
   only stock. */
lf_status
lfi_itch_find(const char *path, const lf_feed_options *options, lfi_dbn_list *out, lf_error *error);

/* Open the ITCH reader into *reader. */
lf_status lfi_itch_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

/* Whether the first lines of a file, or of a member ("a.zip:b"), are those of a Binance capture. */
bool lfi_binance_probe(const char *name);

/* The symbol-days of captures, names [count], which are sorted. *sources [*source_count] is
   owned: lf_release(NULL, ...). LF_OK, LF_FORMAT, LF_UNSUPPORTED, LF_DATA, LF_IO or LF_NOMEM. */
lf_status lfi_binance_find(
    char (*names)[1024], size_t count, lf_source **sources, size_t *source_count, lf_error *error
);

/* Open the reader of Binance captures into *reader. */
lf_status lfi_binance_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

/* The same for csv files of data.binance.vision (binance_csv.h); symbol, NULL without one, is that
   of files whose names have none. */
bool lfi_csv_probe(const char *name);
lf_status lfi_csv_find(
    char (*names)[1024],
    size_t count,
    const char *symbol,
    lf_source **sources,
    size_t *source_count,
    lf_error *error
);
lf_status lfi_csv_open_day(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

/* The same for captures of Coinbase; a file may hold several products. */
bool lfi_coinbase_probe(const char *name);
lf_status lfi_coinbase_find(
    char (*names)[1024], size_t count, lf_source **sources, size_t *source_count, lf_error *error
);
lf_status lfi_coinbase_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
);

/* ---- what readers count ----------------------------------------------------------------- */

/* Both best levels are there, and the bid is not below the ask. */
static inline bool lfi_is_crossed(const lf_quotes *q)
{
    return q->bid_lots[0] > 0 && q->ask_lots[0] > 0 && q->bid_ticks[0] >= q->ask_ticks[0];
}

/* An event that is handed out, among the counts that every reader keeps. */
static inline void lfi_count_event(lf_feed_stats *stats, const lf_event *event)
{
    const lf_quotes *const q = &event->quotes;
    if (stats->event_count == 0) {
        stats->first_ts_ns = event->ts_exchange_ns;
    }
    stats->last_ts_ns = event->ts_exchange_ns;
    stats->event_count++;
    stats->kind_counts[event->kind]++;
    stats->crossed_count += lfi_is_crossed(q);
    stats->one_sided_count += q->bid_lots[0] <= 0 || q->ask_lots[0] <= 0;
}

#endif
