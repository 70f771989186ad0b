/* Records of a DBN file as they are, or as levels or trades; all its instruments or one symbol. */
#include "convert.h"

#include <stdio.h>
#include <stdlib.h>

/* Books of one instrument while single orders become levels. */
typedef struct instrument {
    uint32_t id;
    lf_l3 *l3;
    dbn_level levels[DBN_LEVELS]; /* as they were written last */
    bool is_in_snapshot;
    bool is_open; /* records were written whose event has not ended */
    dbn_mbo last; /* of a snapshot */
} instrument;

typedef struct records {
    lfi_convert *convert;
    lfi_dbn_in *in;
    uint16_t from, to;
    uint32_t *ids; /* [id_count] of the symbol that was asked for; NULL: all */
    size_t id_count, id_capacity;
    instrument **instruments; /* [instrument_count], ordered by id */
    size_t instrument_count, instrument_capacity;
} records;

bool lfi_convert_is_direct(uint16_t from, uint16_t to)
{
    return from == to || to == LF_DBN_TRADES || (from == LF_DBN_MBO && to == LF_DBN_MBP_10);
}

/* ---- metadata --------------------------------------------------------------------------- */

static lf_status choose(records *r, dbn_metadata *kept, const char *symbol, lf_error *error)
{
    const dbn_metadata *const metadata = lfi_dbn_in_metadata(r->in);
    const lf_allocator *const allocator = r->convert->allocator;
    for (size_t i = 0; i < metadata->interval_count; i++) {
        const dbn_interval *const interval = &metadata->intervals[i];
        void *ids = r->ids;
        if (strcmp(interval->symbol, symbol) != 0) {
            continue;
        }
        lf_status status =
            lf_grow(allocator, &ids, &r->id_capacity, r->id_count + 1, sizeof *r->ids);
        r->ids = ids;
        if (status == LF_OK) {
            r->ids[r->id_count++] = interval->instrument_id;
            status = lfi_dbn_metadata_add(kept, allocator, interval);
        }
        if (status != LF_OK) {
            return lf_error_set(error, status, "no memory for the symbols of a DBN file");
        }
    }
    return r->id_count > 0
               ? LF_OK
               : lf_error_set(
                     error,
                     LF_UNSUPPORTED,
                     "the file maps no number to %s, so its records cannot be told apart",
                     symbol
                 );
}

/* The bytes as they stood, with the new schema; or made anew for one symbol. */
static lf_status put_metadata(records *r, const char *symbol, lf_error *error)
{
    const dbn_metadata *const metadata = lfi_dbn_in_metadata(r->in);
    lfi_convert *const c = r->convert;
    const size_t schema_at = 24;
    if (symbol == NULL) {
        metadata->bytes[schema_at] = (unsigned char)(r->to & 0xFF);
        metadata->bytes[schema_at + 1] = (unsigned char)(r->to >> 8);
        c->report->plain_bytes = (int64_t)metadata->byte_count;
        return lfi_dbn_out_write(c->out, metadata->bytes, metadata->byte_count, error);
    }
    dbn_metadata kept = {
        .version = metadata->version,
        .schema = r->to,
        .start = metadata->start,
        .end = metadata->end,
        .limit = metadata->limit,
        .has_ts_out = metadata->has_ts_out,
    };
    memcpy(kept.dataset, metadata->dataset, sizeof kept.dataset);
    lf_status status = choose(r, &kept, symbol, error);
    if (status == LF_OK) {
        status = lfi_dbn_metadata_encode(&kept, c->allocator, error);
    }
    if (status == LF_OK) {
        c->report->plain_bytes = (int64_t)kept.byte_count;
        status = lfi_dbn_out_write(c->out, kept.bytes, kept.byte_count, error);
    }
    lfi_dbn_metadata_clear(&kept, c->allocator);
    return status;
}

/* ---- levels from single orders ---------------------------------------------------------- */

static lf_status find_instrument(records *r, uint32_t id, instrument **out, lf_error *error)
{
    const lf_allocator *const allocator = r->convert->allocator;
    size_t low = 0, high = r->instrument_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (r->instruments[middle]->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < r->instrument_count && r->instruments[low]->id == id) {
        *out = r->instruments[low];
        return LF_OK;
    }
    const lf_l3_options books = {.allocator = allocator, .order_capacity = 64};
    void *list = r->instruments;
    lf_status status = lf_grow(
        allocator, &list, &r->instrument_capacity, r->instrument_count + 1, sizeof *r->instruments
    );
    r->instruments = list;
    instrument *const fresh = status == LF_OK ? lf_allocate(allocator, 1, sizeof *fresh) : NULL;
    if (fresh == NULL || lf_l3_create(&books, &fresh->l3, error) != LF_OK) {
        lf_release(allocator, fresh);
        return lf_error_set(error, LF_NOMEM, "no memory for the book of instrument %u", id);
    }
    fresh->id = id;
    for (int m = 0; m < DBN_LEVELS; m++) {
        fresh->levels[m].bid_price = fresh->levels[m].ask_price = DBN_PRICE_NONE;
    }
    memmove(
        &r->instruments[low + 1],
        &r->instruments[low],
        (r->instrument_count - low) * sizeof(instrument *)
    );
    r->instruments[low] = fresh;
    r->instrument_count++;
    *out = fresh;
    return LF_OK;
}

static void take_levels(const instrument *self, dbn_level out[DBN_LEVELS])
{
    const lf_l3_side *const bids = lf_l3_best(self->l3, 0, 1);
    const lf_l3_side *const asks = lf_l3_best(self->l3, 0, -1);
    for (int m = 0; m < DBN_LEVELS; m++) {
        const int64_t bid_lots = bids->lots[m] < UINT32_MAX ? bids->lots[m] : UINT32_MAX;
        const int64_t ask_lots = asks->lots[m] < UINT32_MAX ? asks->lots[m] : UINT32_MAX;
        out[m] = (dbn_level){
            .bid_price = bid_lots > 0 ? bids->prices[m] : DBN_PRICE_NONE,
            .ask_price = ask_lots > 0 ? asks->prices[m] : DBN_PRICE_NONE,
            .bid_size = (uint32_t)bid_lots,
            .ask_size = (uint32_t)ask_lots,
            .bid_count = bids->orders[m],
            .ask_count = asks->orders[m],
        };
    }
}

/* Which level of a side has a price; one behind the last when none has. */
static uint8_t depth_in(const dbn_level *levels, char side, int64_t price)
{
    uint8_t m = 0;
    while (m < DBN_LEVELS && (side == 'B' ? levels[m].bid_price : levels[m].ask_price) != price) {
        m++;
    }
    return m;
}

static lf_status put_levels(records *r, instrument *self, const dbn_mbo *m, lf_error *error)
{
    lfi_convert *const c = r->convert;
    dbn_mbp record = {
        .message =
            {
                .header = m->header,
                .price = m->price,
                .size = m->size,
                .action = m->action,
                .side = m->side,
                .flags = m->flags,
                .ts_recv = m->ts_recv,
                .ts_in_delta = m->ts_in_delta,
                .sequence = m->sequence,
            },
    };
    record.message.header.length = sizeof record / 4;
    record.message.header.rtype = DBN_RTYPE_MBP_10;
    take_levels(self, record.levels);
    if (m->action != 'T' && (m->side == 'B' || m->side == 'A')) {
        const uint8_t now = depth_in(record.levels, m->side, m->price);
        const uint8_t before = depth_in(self->levels, m->side, m->price);
        record.message.depth = now < before ? now : before;
        record.message.depth = record.message.depth < DBN_LEVELS ? record.message.depth : 0;
    }
    memcpy(self->levels, record.levels, sizeof record.levels);
    self->is_open = true;
    return lfi_convert_hold(c, &record, sizeof record, error);
}

static lf_status apply(instrument *self, const dbn_mbo *m)
{
    const int side = m->side == 'B' ? 1 : -1;
    if (m->action == 'R') {
        lf_l3_clear(self->l3, 0);
        return LF_OK;
    }
    if (m->action == 'C') {
        return lf_l3_reduce(self->l3, m->order_id, m->size);
    }
    if ((m->action != 'A' && m->action != 'M') || (m->side != 'B' && m->side != 'A') ||
        !lfi_dbn_is_price(m->price)) {
        return LF_OK;
    }
    return m->action == 'A' ? lf_l3_add(self->l3, 0, m->order_id, side, m->price, m->size)
                            : lf_l3_modify(self->l3, 0, m->order_id, side, m->price, m->size);
}

/* The whole snapshot becomes one record. */
static lf_status end_snapshot(records *r, instrument *self, lf_error *error)
{
    dbn_mbo m = self->last;
    m.action = 'A';
    m.side = 'N';
    self->is_in_snapshot = false;
    self->is_open = false;
    const lf_status status = put_levels(r, self, &m, error);
    self->is_open = false;
    return status == LF_OK ? lfi_convert_flush(r->convert, true, error) : status;
}

/* The end of an event whose last record shows nothing: the record before it takes the flag, or,
   where others came between, a note does. */
static lf_status end_event(records *r, instrument *self, const dbn_mbo *m, lf_error *error)
{
    lfi_convert *const c = r->convert;
    uint32_t held_id = 0;
    lf_status status = LF_OK;
    if (c->held.count > 0) {
        memcpy(&held_id, c->held.bytes + offsetof(dbn_header, instrument_id), sizeof held_id);
    }
    if (self->is_open && (c->held.count == 0 || held_id != self->id)) {
        dbn_mbo note = *m;
        note.action = 'N';
        status = put_levels(r, self, &note, error);
    }
    if (status == LF_OK && self->is_open) {
        status = lfi_convert_flush(c, true, error);
    }
    self->is_open = false;
    return status;
}

static lf_status order_to_levels(records *r, const unsigned char *bytes, lf_error *error)
{
    dbn_mbo m;
    instrument *self = NULL;
    dbn_level levels[DBN_LEVELS];
    memcpy(&m, bytes, sizeof m);
    lf_status status = find_instrument(r, m.header.instrument_id, &self, error);
    const bool is_snapshot = (m.flags & DBN_SNAPSHOT) != 0;
    if (status == LF_OK && self->is_in_snapshot && !is_snapshot) {
        status = end_snapshot(r, self, error);
    }
    if (status != LF_OK) {
        return status;
    }
    if (is_snapshot && !self->is_in_snapshot) {
        lf_l3_clear(self->l3, 0);
        self->is_in_snapshot = true;
    }
    status = apply(self, &m);
    if (status != LF_OK && status != LF_DATA) {
        return lfi_dbn_in_fail(r->in, error, status, "the order cannot be put into the book");
    }
    status = LF_OK;
    self->last = m;
    r->convert->report->other_count += m.action == 'F' || m.action == 'N';
    if (is_snapshot) {
        return (m.flags & DBN_LAST) != 0 ? end_snapshot(r, self, error) : LF_OK;
    }
    take_levels(self, levels);
    if (m.action == 'T' || memcmp(levels, self->levels, sizeof levels) != 0) {
        status = put_levels(r, self, &m, error);
    }
    return status == LF_OK && (m.flags & DBN_LAST) != 0 ? end_event(r, self, &m, error) : status;
}

/* ---- records ---------------------------------------------------------------------------- */

static lf_status put_as_is(records *r, const unsigned char *record, lf_error *error)
{
    const size_t bytes = 4 * (size_t)record[0];
    r->convert->report->record_count++;
    r->convert->report->plain_bytes += (int64_t)bytes;
    return lfi_dbn_out_write(r->convert->out, record, bytes, error);
}

static lf_status to_trade(records *r, const unsigned char *record, lf_error *error)
{
    const dbn_message m = lfi_dbn_message(record);
    dbn_trade trade;
    if (m.action != 'T') {
        r->convert->report->silent_count++;
        return LF_OK;
    }
    if (record[1] == DBN_RTYPE_MBO) {
        dbn_mbo order;
        memcpy(&order, record, sizeof order);
        trade = (dbn_trade){
            .header = order.header,
            .price = order.price,
            .size = order.size,
            .action = order.action,
            .side = order.side,
            .flags = order.flags,
            .ts_recv = order.ts_recv,
            .ts_in_delta = order.ts_in_delta,
            .sequence = order.sequence,
        };
    } else {
        memcpy(&trade, record, sizeof trade);
    }
    trade.header.length = sizeof trade / 4;
    trade.header.rtype = DBN_RTYPE_TRADE;
    return put_as_is(r, (const unsigned char *)&trade, error);
}

static bool is_wanted(const records *r, const unsigned char *record)
{
    uint32_t id;
    memcpy(&id, record + offsetof(dbn_header, instrument_id), sizeof id);
    for (size_t i = 0; i < r->id_count; i++) {
        if (r->ids[i] == id) {
            return true;
        }
    }
    return r->ids == NULL;
}

static lf_status take_record(records *r, const unsigned char *record, lf_error *error)
{
    lf_convert_report *const report = r->convert->report;
    if (!is_wanted(r, record)) {
        return LF_OK;
    }
    report->event_count++;
    if (r->from == r->to) {
        return put_as_is(r, record, error);
    }
    if (record[1] != lfi_dbn_rtype(r->from)) {
        report->other_count++;
        return LF_OK;
    }
    return r->to == LF_DBN_TRADES ? to_trade(r, record, error) : order_to_levels(r, record, error);
}

static lf_status take_all(records *r, lf_error *error)
{
    const lf_convert_options *const options = r->convert->options;
    const int64_t total = lfi_dbn_in_input_total(r->in);
    for (;;) {
        const unsigned char *record;
        lf_status status = lfi_dbn_in_next(r->in, &record, error);
        if (status != LF_OK || record == NULL) {
            return status == LF_OK ? lfi_convert_flush(r->convert, true, error) : status;
        }
        status = take_record(r, record, error);
        if (status != LF_OK) {
            return status;
        }
        if (options->progress != NULL && r->convert->report->event_count % 65536 == 0 &&
            !options->progress(
                options->context,
                total > 0 ? (double)lfi_dbn_in_input_bytes(r->in) / (double)total : 0
            )) {
            return lf_error_set(error, LF_CANCELLED, "Stopped.");
        }
    }
}

lf_status
lfi_convert_records(lfi_convert *c, const lf_source *source, const char *path, lf_error *error)
{
    records r = {.convert = c, .to = (uint16_t)c->options->schema};
    lf_status status = lfi_dbn_in_open(c->allocator, source->path, &r.in, error);
    if (status == LF_OK) {
        const dbn_metadata *const metadata = lfi_dbn_in_metadata(r.in);
        r.from = metadata->schema;
        if (metadata->has_ts_out && r.from != r.to) {
            status = lfi_dbn_in_fail(
                r.in, error, LF_UNSUPPORTED, "records with ts_out are not made into another schema"
            );
        }
    }
    if (status == LF_OK) {
        status = lfi_dbn_out_create(c->allocator, path, &c->out, error);
    }
    if (status == LF_OK) {
        status = put_metadata(&r, c->feed->symbol, error);
    }
    if (status == LF_OK) {
        status = take_all(&r, error);
    }
    /* A snapshot that nothing follows. */
    for (size_t i = 0; i < r.instrument_count; i++) {
        if (status == LF_OK && r.instruments[i]->is_in_snapshot) {
            status = end_snapshot(&r, r.instruments[i], error);
        }
        lf_l3_destroy(r.instruments[i]->l3);
        lf_release(c->allocator, r.instruments[i]);
    }
    lf_release(c->allocator, r.instruments);
    lf_release(c->allocator, r.ids);
    lfi_dbn_in_close(r.in);
    return status;
}
