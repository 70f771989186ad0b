/* Symbol-days of any feed into one DBN file, or one of them into a file of ITCH. */
#include "convert.h"

#include <stdio.h>

/* Of Databento's list of publishers: where LOBSTER's days come from, and none. */
#define PUBLISHER_NASDAQ 2
#define PUBLISHER_NONE 0

/* YYYYMMDD of the day that lies so many days after a date. */
static uint32_t day_number(lf_date date, int64_t days)
{
    const lf_date d = lf_date_from_days(lf_date_to_days(date) + days);
    return (uint32_t)d.year * 10000 + (uint32_t)d.month * 100 + (uint32_t)d.day;
}

/* Decimals of a unit in 1e-9 as a digit; 0 when it is no power of ten, or more than one. */
static char decimals_of(int64_t unit_nano)
{
    char decimals = '9';
    for (; unit_nano % 10 == 0 && decimals > '0'; unit_nano /= 10) {
        decimals--;
    }
    return unit_nano == 1 ? decimals : '\0';
}

/* "XNAS.LOBFLOW.5u": the venue's market code, levels when fewer than ten, u when ties are open. A
   crypto venue has tick and lot instead of the point: "BINU.LOBFLOW13". */
static void name_dataset(const lf_instrument *instrument, char out[17])
{
    char rest[6] = "";
    size_t count = 0;
    const char tick = decimals_of(instrument->tick_nano), lot = decimals_of(instrument->lot_nano);
    const bool is_crypto =
        strncmp(instrument->venue, "BINANCE", 7) == 0 || strcmp(instrument->venue, "COINBASE") == 0;
    if (is_crypto && tick != '\0' && lot != '\0') {
        rest[count++] = tick;
        rest[count++] = lot;
    }
    if (instrument->level_count < DBN_LEVELS) {
        if (count == 0) {
            rest[count++] = '.';
        }
        rest[count++] = (char)('0' + instrument->level_count % DBN_LEVELS);
        rest[count++] = instrument->ties_unordered ? 'u' : '\0';
    }
    (void)snprintf(out, 16, "%.4s%s%s", lfi_dbn_own_code(instrument->venue), DBN_OWN_DATASET, rest);
}

static lf_status put_metadata(
    lfi_convert *c, const lf_source_list *sources, const lf_instrument *instrument, lf_error *error
)
{
    const lf_date last = sources->sources[sources->count - 1].date;
    dbn_metadata m = {
        .version = DBN_VERSION_NEWEST,
        .schema = (uint16_t)c->options->schema,
        .start = (uint64_t)(lf_date_to_days(instrument->date) * LF_NS_PER_DAY),
        .end = (uint64_t)((lf_date_to_days(last) + 1) * LF_NS_PER_DAY),
        .stype_in = DBN_RAW_SYMBOL,
        .stype_out = DBN_INSTRUMENT_ID,
    };
    dbn_interval interval = {
        .instrument_id = 1,
        .first_day = day_number(instrument->date, 0),
        .end_day = day_number(last, 1),
    };
    (void)snprintf(interval.symbol, sizeof interval.symbol, "%s", instrument->symbol);
    name_dataset(instrument, m.dataset);
    lf_status status = lfi_dbn_metadata_add(&m, c->allocator, &interval);
    if (status != LF_OK) {
        status = lf_error_set(error, status, "no memory for the metadata of a DBN file");
    }
    if (status == LF_OK) {
        status = lfi_dbn_metadata_encode(&m, c->allocator, error);
    }
    if (status == LF_OK) {
        c->report->plain_bytes = (int64_t)m.byte_count;
        status = lfi_dbn_out_write(c->out, m.bytes, m.byte_count, error);
    }
    lfi_dbn_metadata_clear(&m, c->allocator);
    return status;
}

static bool go_on(const lfi_convert *c, const lf_feed *feed, size_t day, size_t days)
{
    const lf_feed_stats *const stats = lf_feed_stats_of(feed);
    const double part = stats->input_bytes_total > 0
                            ? (double)stats->input_bytes / (double)stats->input_bytes_total
                            : 0;
    return c->options->progress == NULL ||
           c->options->progress(c->options->context, ((double)day + part) / (double)days);
}

/* What a day's events are about. */
static void take_instrument(lfi_convert *c, const lf_instrument *instrument, const char *format)
{
    c->tick_nano = instrument->tick_nano;
    c->unit_nano = instrument->tick_nano / instrument->units_per_tick;
    c->level_count = instrument->level_count;
    c->publisher_id = strcmp(instrument->venue, "NASDAQ") == 0 ? PUBLISHER_NASDAQ : PUBLISHER_NONE;
    c->has_local_time = instrument->has_local_times || strcmp(format, "dbn") == 0;
    c->has_changes = instrument->has_orders;
}

static lf_status
convert_day(lfi_convert *c, const lf_source_list *sources, size_t day, lf_error *error)
{
    const lf_source *const source = &sources->sources[day];
    lf_feed_options how = *c->feed;
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    /* Events of other feeds with single orders name their order themselves. */
    how.with_orders = c->l3 != NULL && c->itch == NULL && strcmp(source->format, "cme") == 0;
    lf_status status = lf_feed_open(source, &how, &feed, error);
    if (status == LF_OK) {
        const lf_instrument *const instrument = lf_feed_instrument(feed);
        take_instrument(c, instrument, source->format);
        c->was_masked = false;
        c->is_new_day = day > 0;
        if (day == 0) {
            status = c->options->as_itch ? lfi_itch_out_begin(c, instrument, error)
                                         : put_metadata(c, sources, instrument, error);
        }
    }
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, error);
        for (size_t i = 0; i < batch.event_count && status == LF_OK; i++) {
            const lf_event *const event = &batch.events[i];
            c->changes = lf_feed_changes(feed, i, &c->change_count);
            status = lfi_convert_event(c, event, batch.trades + event->trade_first, error);
        }
        if (status == LF_OK && !go_on(c, feed, day, sources->count)) {
            status = lf_error_set(error, LF_CANCELLED, "Stopped.");
        }
    }
    lf_feed_close(feed);
    return status;
}

static lf_status
convert_days(lfi_convert *c, const lf_source_list *sources, const char *path, lf_error *error)
{
    const lf_l3_options books = {.allocator = c->allocator};
    for (size_t i = 1; i < sources->count; i++) {
        if (strcmp(sources->sources[i].symbol, sources->sources[0].symbol) != 0) {
            return lf_error_set(
                error,
                LF_RANGE,
                "the data hold %s and %s; a converted file has one symbol",
                sources->sources[0].symbol,
                sources->sources[i].symbol
            );
        }
    }
    if (c->options->as_itch && sources->count > 1) {
        return lf_error_set(
            error, LF_RANGE, "a file of ITCH has one day; choose one of %zu", sources->count
        );
    }
    lf_status status = lfi_dbn_out_create(c->allocator, path, &c->out, error);
    if (status == LF_OK && (c->options->as_itch || c->options->schema == LF_DBN_MBO)) {
        status = lf_l3_create(&books, &c->l3, error);
    }
    for (size_t i = 0; i < sources->count && status == LF_OK; i++) {
        status = convert_day(c, sources, i, error);
    }
    if (status == LF_OK && c->itch != NULL) {
        status = lfi_itch_out_finish(c, error);
    }
    lfi_itch_out_destroy(c);
    lf_l3_destroy(c->l3);
    return status;
}

/* Whether the work is one DBN file whose records become others one by one. */
static lf_status
look_at(const lfi_convert *c, const lf_source_list *sources, bool *is_direct, lf_error *error)
{
    const lf_source *const first = &sources->sources[0];
    lfi_dbn_in *in;
    *is_direct = false;
    if (strcmp(first->format, "dbn") != 0 || c->options->as_itch) {
        return LF_OK;
    }
    lf_status status = lfi_dbn_in_open(c->allocator, first->path, &in, error);
    if (status != LF_OK) {
        return status;
    }
    const uint16_t from = lfi_dbn_in_metadata(in)->schema;
    *is_direct = lfi_convert_is_direct(from, (uint16_t)c->options->schema);
    if (from == LF_DBN_TRADES && c->options->schema != LF_DBN_TRADES) {
        status = lfi_dbn_in_fail(
            in,
            error,
            LF_UNSUPPORTED,
            "trades hold no book, so they cannot become %s",
            lfi_dbn_schema_name((uint16_t)c->options->schema)
        );
    }
    lfi_dbn_in_close(in);
    for (size_t i = 1; i < sources->count && status == LF_OK && *is_direct; i++) {
        if (strcmp(sources->sources[i].path, first->path) != 0) {
            status = lf_error_set(
                error, LF_RANGE, "one DBN file at a time: %s", sources->sources[i].path
            );
        }
    }
    return status;
}

lf_status lf_feed_convert(
    const lf_source_list *sources,
    const lf_convert_options *options,
    const char *path,
    lf_convert_report *report,
    lf_error *error
)
{
    static const lf_feed_options defaults;
    lfi_convert c = {.options = options, .report = report};
    bool is_direct = false;
    c.feed = options->feed != NULL ? options->feed : &defaults;
    c.allocator = c.feed->allocator;
    *report = (lf_convert_report){0};
    if (!options->as_itch && options->schema != LF_DBN_MBO && options->schema != LF_DBN_MBP_10 &&
        options->schema != LF_DBN_TRADES) {
        return lf_error_set(error, LF_UNSUPPORTED, "mbo, mbp-10 and trades are written");
    }
    if (sources->count == 0) {
        return lf_error_set(error, LF_RANGE, "there is nothing to convert");
    }
    lf_status status = look_at(&c, sources, &is_direct, error);
    if (status == LF_OK) {
        status = is_direct ? lfi_convert_records(&c, &sources->sources[0], path, error)
                           : convert_days(&c, sources, path, error);
    }
    if (status == LF_OK) {
        status = lfi_dbn_out_finish(c.out, error);
    }
    lfi_dbn_out_destroy(c.out);
    return status;
}
