/* What the files of the converter share: a job, the record that waits to be the last of its event.
 */
#ifndef LOBFLOW_FEED_CONVERT_H
#define LOBFLOW_FEED_CONVERT_H

#include "dbn.h"

#include <lobflow/l3.h>

/* A record that is held back until it is known whether its event goes on. */
typedef struct lfi_held {
    unsigned char bytes[DBN_RECORD_BYTES_MAX];
    size_t count; /* 0: none */
} lfi_held;

/* A file of ITCH that is written (itch_write.c). */
typedef struct lfi_itch_out lfi_itch_out;

/* One conversion. */
typedef struct lfi_convert {
    const lf_allocator *allocator;
    const lf_feed_options *feed;
    const lf_convert_options *options;
    lf_convert_report *report;
    lfi_dbn_out *out;
    lfi_held held;
    uint32_t sequence;
    /* Of events: units of the feed in 1e-9 of the currency, and the book before the event. */
    int64_t unit_nano, tick_nano;
    int32_t level_count;
    uint16_t publisher_id;
    bool has_local_time; /* else local times are made up */
    bool was_masked;
    bool is_new_day; /* the orders of the day before are still in the book of who reads the file */
    lf_quotes before;
    /* Of a feed of levels that knows its orders too: what happened to them in the event. */
    bool has_changes;
    const lf_order_change *changes; /* [change_count], borrowed */
    size_t change_count;
    lf_l3 *l3;          /* single orders as the reader of the file will have them */
    lfi_itch_out *itch; /* NULL: DBN is written */
} lfi_convert;

/* Write the record that is held, if there is one, as the last of its event or not. */
lf_status lfi_convert_flush(lfi_convert *c, bool is_last, lf_error *error);
/* Hold a record; the one before it is written. */
lf_status lfi_convert_hold(lfi_convert *c, const void *record, size_t bytes, lf_error *error);

/* Fields of a record made from an event. */
typedef struct lfi_part {
    char action;
    int8_t side; /* +1 bid or buyer, -1 ask or seller, 0 none */
    int64_t price_nano;
    int64_t lots;
    uint64_t order_id;
    uint8_t flags; /* besides those of the event */
} lfi_part;

/* The whole event as records of the schema. */
lf_status
lfi_convert_event(lfi_convert *c, const lf_event *event, const lf_trade *trades, lf_error *error);
/* A record of single orders. */
lf_status
lfi_convert_order(lfi_convert *c, const lf_event *event, const lfi_part *part, lf_error *error);
/* An event as single orders: its own message and what else the book needs. */
lf_status
lfi_convert_orders(lfi_convert *c, const lf_event *event, const lf_trade *trades, lf_error *error);
/* Begin a file of ITCH for a day. LF_OK, LF_UNSUPPORTED, LF_IO or LF_NOMEM. */
lf_status lfi_itch_out_begin(lfi_convert *c, const lf_instrument *instrument, lf_error *error);
/* What lfi_convert_order() and the end of an event do there. */
lf_status
lfi_itch_out_part(lfi_convert *c, const lf_event *event, const lfi_part *part, lf_error *error);
lf_status lfi_itch_out_event(lfi_convert *c, const lf_event *event, lf_error *error);
/* No part of the event has come. */
bool lfi_itch_out_is_empty(const lfi_convert *c);
/* The end of messages. */
lf_status lfi_itch_out_finish(lfi_convert *c, lf_error *error);
void lfi_itch_out_destroy(lfi_convert *c);

/* Side of an aggressor: +1, -1, 0. */
int8_t lfi_aggressor(const lf_trade *trade);
/* Flags that the event's state asks for, without LAST. */
uint8_t lfi_convert_flags(const lfi_convert *c, const lf_event *event);

/* Records of a DBN file as records of another schema, or of one of its symbols. */
lf_status
lfi_convert_records(lfi_convert *c, const lf_source *source, const char *path, lf_error *error);
/* Whether records of one schema become those of another one by one. */
bool lfi_convert_is_direct(uint16_t from, uint16_t to);

#endif
