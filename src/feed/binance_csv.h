/* What the files of the reader of Binance's csv files share: layouts, rows, what a file holds. */
#ifndef LOBFLOW_FEED_BINANCE_CSV_H
#define LOBFLOW_FEED_BINANCE_CSV_H

#include "binance.h"

#define LFI_CSV_FIELDS_MAX 8

typedef enum lfi_csv_kind {
    LFI_CSV_TICKER = 0, /* best levels after each change of them */
    LFI_CSV_TRADES = 1,
    LFI_CSV_AGGREGATES = 2, /* trades of one order at one price */
} lfi_csv_kind;

/* What a column holds, and what its name in a header has in it. */
typedef enum lfi_csv_role {
    LFI_CSV_ID = 0,
    LFI_CSV_PRICE,
    LFI_CSV_SIZE,
    LFI_CSV_BID,
    LFI_CSV_BID_SIZE,
    LFI_CSV_ASK,
    LFI_CSV_ASK_SIZE,
    LFI_CSV_TIME,
    LFI_CSV_MAKER,
    LFI_CSV_NUMBER, /* the others are looked at, and not kept */
    LFI_CSV_AMOUNT,
    LFI_CSV_MATCH,
} lfi_csv_role;

/* The columns of a file. */
typedef struct lfi_csv_layout {
    lfi_csv_kind kind;
    bool is_spot;
    bool has_all; /* ids follow one another */
    uint8_t field_count;
    uint8_t roles[LFI_CSV_FIELDS_MAX]; /* lfi_csv_role */
    const char *names[LFI_CSV_FIELDS_MAX];
} lfi_csv_layout;

/* A row as numbers. A trade has price and size, a ticker the best levels; sides as in LFI_BID. */
typedef struct lfi_csv_row {
    lfi_binance_scale price_scale, size_scale; /* places given by the caller */
    int64_t id, ts_ns;
    int64_t prices[2], sizes[2]; /* of a trade the first ones */
    bool buyer_is_maker;
} lfi_csv_row;

/* Longer rows are none. */
#define LFI_CSV_ROW_BYTES_MAX 512

/* One reading of a file. */
typedef struct lfi_csv_half {
    lfi_stream *stream; /* owned; NULL: there is no second reading */
    char first[LFI_CSV_ROW_BYTES_MAX];
    size_t first_bytes; /* of the first row, which the layout was found by; 0: it was read */
} lfi_csv_half;

/* A file, or a member ("a.zip:b"), whose rows are read one after the other. */
typedef struct lfi_csv_input {
    lfi_csv_half halves[2];
    int half;           /* the one that is read */
    lfi_stream *stream; /* of it */
    const lfi_csv_layout *layout;
    lfi_csv_row row; /* the newest one */
    /* Where two halves of the period stand row by row: the rows before this number are read first,
       then the file again for the others. 0: all rows as they stand. */
    int64_t split_id;
} lfi_csv_input;

/* Open it and find its layout by the first row, and by the header where there is one. LF_OK,
   LF_FORMAT when it is no such file, LF_IO or LF_NOMEM; after a failure there is nothing to close.
 */
lf_status lfi_csv_open(
    const lf_allocator *allocator,
    const char *name,
    int64_t split_id,
    lfi_csv_input *out,
    lf_error *error
);
void lfi_csv_close(lfi_csv_input *input);

/* Bytes read so far, of the file and of its text; a file of two halves is read twice. */
int64_t lfi_csv_input_bytes(const lfi_csv_input *input);
int64_t lfi_csv_text_bytes(const lfi_csv_input *input);

/* Read the next row; *got is false at the end. LF_OK, LF_FORMAT, LF_IO or LF_NOMEM. */
lf_status lfi_csv_next(lfi_csv_input *input, bool *got, lf_error *error);

#endif
