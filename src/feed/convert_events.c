/* Events of any feed as records of DBN: ten levels after each message, or trades alone. */
#include "convert.h"

lf_status lfi_convert_flush(lfi_convert *c, bool is_last, lf_error *error)
{
    lfi_held *const held = &c->held;
    if (held->count == 0) {
        return LF_OK;
    }
    unsigned char *const flags =
        &held->bytes
             [held->bytes[1] == DBN_RTYPE_MBO ? offsetof(dbn_mbo, flags)
                                              : offsetof(dbn_trade, flags)];
    *flags = (unsigned char)(is_last ? *flags | DBN_LAST : *flags & ~DBN_LAST);
    c->report->record_count++;
    c->report->plain_bytes += (int64_t)held->count;
    const lf_status status = lfi_dbn_out_write(c->out, held->bytes, held->count, error);
    held->count = 0;
    return status;
}

lf_status lfi_convert_hold(lfi_convert *c, const void *record, size_t bytes, lf_error *error)
{
    const lf_status status = lfi_convert_flush(c, false, error);
    memcpy(c->held.bytes, record, bytes);
    c->held.count = bytes;
    return status;
}

int8_t lfi_aggressor(const lf_trade *trade)
{
    return (int8_t)(trade->sign == 1 ? 1 : trade->sign == -1 ? -1 : 0);
}

uint8_t lfi_convert_flags(const lfi_convert *c, const lf_event *event)
{
    return (uint8_t
    )(((event->flags & LF_EVENT_MASKED) != 0 ? DBN_MAYBE_BAD_BOOK : 0) |
      ((event->flags & LF_EVENT_SNAPSHOT) != 0 ? DBN_SNAPSHOT : 0) |
      (c->has_local_time ? 0 : DBN_BAD_TS_RECV));
}

/* ---- records ---------------------------------------------------------------------------- */

static lf_status to_size(int64_t lots, uint32_t *out, lf_error *error)
{
    if (lots < 0 || lots > UINT32_MAX) {
        return lf_error_set(
            error, LF_RANGE, "a size of %lld lots does not fit into DBN's 32 bits", (long long)lots
        );
    }
    *out = (uint32_t)lots;
    return LF_OK;
}

static char side_of(int8_t side)
{
    return side > 0 ? 'B' : side < 0 ? 'A' : 'N';
}

static dbn_header
header_of(const lfi_convert *c, const lf_event *event, uint8_t rtype, size_t bytes)
{
    return (dbn_header){
        .length = (uint8_t)(bytes / 4),
        .rtype = rtype,
        .publisher_id = c->publisher_id,
        .instrument_id = 1,
        .ts_event = (uint64_t)event->ts_exchange_ns,
    };
}

static lf_status to_trade(
    lfi_convert *c, const lf_event *event, const lfi_part *part, dbn_trade *out, lf_error *error
)
{
    const bool has_levels = c->options->schema != LF_DBN_TRADES;
    *out = (dbn_trade){
        .header = header_of(
            c,
            event,
            has_levels ? DBN_RTYPE_MBP_10 : DBN_RTYPE_TRADE,
            has_levels ? sizeof(dbn_mbp) : sizeof(dbn_trade)
        ),
        .price = part->price_nano,
        .action = part->action,
        .side = side_of(part->side),
        .flags = (uint8_t)(lfi_convert_flags(c, event) | part->flags),
        .ts_recv = (uint64_t)event->ts_local_ns,
        .sequence = c->sequence++,
    };
    return to_size(part->lots, &out->size, error);
}

lf_status
lfi_convert_order(lfi_convert *c, const lf_event *event, const lfi_part *part, lf_error *error)
{
    if (c->itch != NULL) {
        return lfi_itch_out_part(c, event, part, error);
    }
    dbn_mbo record = {
        .header = header_of(c, event, DBN_RTYPE_MBO, sizeof record),
        .order_id = part->order_id,
        .price = part->price_nano,
        .flags = (uint8_t)(lfi_convert_flags(c, event) | part->flags),
        .action = part->action,
        .side = side_of(part->side),
        .ts_recv = (uint64_t)event->ts_local_ns,
        .sequence = c->sequence++,
    };
    const lf_status status = to_size(part->lots, &record.size, error);
    return status == LF_OK ? lfi_convert_hold(c, &record, sizeof record, error) : status;
}

static lf_status
to_levels(const lfi_convert *c, const lf_quotes *q, dbn_level out[DBN_LEVELS], lf_error *error)
{
    lf_status status = LF_OK;
    for (int m = 0; m < DBN_LEVELS && status == LF_OK; m++) {
        const bool has_bid = q->bid_lots[m] > 0, has_ask = q->ask_lots[m] > 0;
        out[m] = (dbn_level){
            .bid_price = has_bid ? q->bid_ticks[m] * c->tick_nano : DBN_PRICE_NONE,
            .ask_price = has_ask ? q->ask_ticks[m] * c->tick_nano : DBN_PRICE_NONE,
        };
        status = to_size(q->bid_lots[m], &out[m].bid_size, error);
        if (status == LF_OK) {
            status = to_size(q->ask_lots[m], &out[m].ask_size, error);
        }
    }
    return status;
}

/* Which level of a side has a price, in the book after the event or before it; 0 when none has. */
static uint8_t depth_of(const lfi_convert *c, const lf_event *event, const lfi_part *part)
{
    const lf_quotes *const states[] = {&event->quotes, &c->before};
    for (int i = 0; i < 2; i++) {
        const int64_t *const ticks = part->side > 0 ? states[i]->bid_ticks : states[i]->ask_ticks;
        for (uint8_t m = 0; m < DBN_LEVELS && part->side != 0; m++) {
            if (part->price_nano % c->tick_nano == 0 &&
                ticks[m] == part->price_nano / c->tick_nano) {
                return m;
            }
        }
    }
    return 0;
}

static lf_status put_levels(
    lfi_convert *c,
    const lf_event *event,
    const lfi_part *part,
    const lf_quotes *quotes,
    lf_error *error
)
{
    dbn_mbp record;
    lf_status status = to_trade(c, event, part, &record.message, error);
    record.message.depth = part->action == 'T' ? 0 : depth_of(c, event, part);
    if (status == LF_OK) {
        status = to_levels(c, quotes, record.levels, error);
    }
    return status == LF_OK ? lfi_convert_hold(c, &record, sizeof record, error) : status;
}

/* ---- events ----------------------------------------------------------------------------- */

static lfi_part trade_part(const lfi_convert *c, const lf_trade *trade)
{
    return (lfi_part){
        .action = 'T',
        .side = lfi_aggressor(trade),
        .price_nano = trade->price_units * c->unit_nano,
        .lots = trade->size_lots,
        .flags = trade->hidden ? DBN_PUBLISHER : 0,
    };
}

/* What an event does apart from its trades; no action when it does nothing else. */
static lfi_part change_part(const lfi_convert *c, const lf_event *event)
{
    static const char actions[LF_EVENT_KIND_COUNT] = {
        [LF_EVENT_ADD] = 'A',
        [LF_EVENT_CANCEL] = 'C',
        [LF_EVENT_DELETE] = 'C',
        [LF_EVENT_EXECUTE] = 'C',
        [LF_EVENT_CROSS] = 'N',
        [LF_EVENT_HALT] = 'N',
        [LF_EVENT_QUOTE] = 'M',
        [LF_EVENT_OTHER] = 'N',
    };
    const bool is_note = actions[event->kind] == 'N' && event->kind != LF_EVENT_CROSS;
    const bool is_ours = event->kind == LF_EVENT_CROSS || event->kind == LF_EVENT_HALT;
    return (lfi_part){
        .action = actions[event->kind],
        .side = event->side,
        .price_nano = is_note ? DBN_PRICE_NONE : event->price_units * c->unit_nano,
        .lots = is_note ? 0 : event->size_lots,
        .flags = is_ours ? DBN_PUBLISHER : 0,
    };
}

static lf_status
convert_levels(lfi_convert *c, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    const lfi_part change = change_part(c, event);
    lf_status status = LF_OK;
    for (uint16_t i = 0; i < event->trade_count && status == LF_OK; i++) {
        const lfi_part part = trade_part(c, &trades[i]);
        /* A trade shows the book that it met, unless it is all that happens. */
        const lf_quotes *const shown = change.action != 0 ? &c->before : &event->quotes;
        status = put_levels(c, event, &part, shown, error);
    }
    if (status == LF_OK && change.action != 0) {
        status = put_levels(c, event, &change, &event->quotes, error);
    }
    return status == LF_OK ? lfi_convert_flush(c, true, error) : status;
}

static lf_status
convert_trades(lfi_convert *c, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    lf_status status = LF_OK;
    c->report->silent_count += event->trade_count == 0;
    for (uint16_t i = 0; i < event->trade_count && status == LF_OK; i++) {
        const lfi_part part = trade_part(c, &trades[i]);
        dbn_trade record;
        status = to_trade(c, event, &part, &record, error);
        if (status == LF_OK) {
            status = lfi_convert_hold(c, &record, sizeof record, error);
        }
    }
    return status == LF_OK ? lfi_convert_flush(c, true, error) : status;
}

static void count(lfi_convert *c, const lf_event *event, const lf_trade *trades)
{
    lf_convert_report *const report = c->report;
    const bool is_masked = (event->flags & LF_EVENT_MASKED) != 0;
    report->event_count++;
    report->local_count += c->itch != NULL && event->ts_local_ns != event->ts_exchange_ns;
    for (uint16_t i = 0; i < event->trade_count; i++) {
        report->hidden_count += trades[i].hidden;
    }
    report->halt_count += event->kind == LF_EVENT_HALT && is_masked && !c->was_masked;
    report->cross_count += event->kind == LF_EVENT_CROSS;
    /* The end of a masked spell is a reset to every reader. */
    report->reset_count += (event->flags & LF_EVENT_RESET) != 0 && !c->was_masked;
    c->was_masked = is_masked;
}

lf_status
lfi_convert_event(lfi_convert *c, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    count(c, event, trades);
    lf_status status;
    if (c->itch != NULL) {
        return lfi_convert_orders(c, event, trades, error);
    }
    switch (c->options->schema) {
    case LF_DBN_MBO:
        status = lfi_convert_orders(c, event, trades, error);
        break;
    case LF_DBN_TRADES:
        status = convert_trades(c, event, trades, error);
        break;
    default:
        status = convert_levels(c, event, trades, error);
        break;
    }
    c->before = event->quotes;
    return status;
}
