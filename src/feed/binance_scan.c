/* What a capture holds, found by reading it once: symbol, venue, tick, lot, clocks, days. */
#include "binance.h"

#include <stdio.h>
#include <string.h>

const char *lfi_binance_venue_name(lfi_binance_venue venue)
{
    static const char *const names[] = {"", "BINANCE", "BINANCE_USDM", "BINANCE_COINM"};
    return names[venue];
}

int64_t lfi_binance_exchange_ns(const lfi_binance_message *m)
{
    return m->time_ns != LFI_BINANCE_NONE ? m->time_ns : m->event_ns;
}

void lfi_binance_facts_start(lfi_binance_facts *facts)
{
    *facts = (lfi_binance_facts){
        .first_ns = LF_TIME_NONE,
        .last_ns = LF_TIME_NONE,
        .ahead_ns = INT64_MIN,
        .has_local = true,
    };
}

int64_t lfi_binance_unit_nano(uint64_t fractions)
{
    int64_t unit = LF_NS_PER_SECOND;
    for (int i = lfi_binance_decimals(fractions); i > 0; i--) {
        unit /= 10;
    }
    return unit;
}

int64_t lfi_binance_tick_nano(const lfi_binance_facts *facts)
{
    return facts->info_tick > 0 ? 10 * facts->info_tick
                                : lfi_binance_unit_nano(facts->price_fractions);
}

int64_t lfi_binance_lot_nano(const lfi_binance_facts *facts)
{
    return facts->info_lot > 0 ? 10 * facts->info_lot
                               : lfi_binance_unit_nano(facts->size_fractions);
}

lf_status lfi_binance_make_room(
    const lf_allocator *allocator, lfi_binance_message *m, size_t bytes, lf_error *error
)
{
    void *levels = m->levels;
    const lf_status status = lf_grow(
        allocator, &levels, &m->level_capacity, LFI_BINANCE_LEVELS_OF(bytes), sizeof *m->levels
    );
    m->levels = levels;
    return status == LF_OK ? LF_OK
                           : lf_error_set(error, status, "no memory for the levels of a message");
}

lf_status lfi_binance_fail(
    const lfi_stream *stream,
    const lfi_binance_fault *fault,
    const char *line,
    size_t bytes,
    lf_error *error
)
{
    const int shown = bytes < 60 ? (int)bytes : 60;
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(stream),
        lfi_stream_line_number(stream),
        LF_POSITION_NONE,
        "%s must be %s, found \"%.*s%s\"; is the line cut off?",
        fault->field,
        fault->expected,
        shown,
        line,
        bytes > 60 ? "..." : ""
    );
}

/* ---- scanning --------------------------------------------------------------------------- */

static lf_status
take_symbol(lfi_binance_facts *facts, const char *symbol, const lfi_stream *in, lf_error *error)
{
    if (symbol[0] == '\0') {
        return LF_OK;
    }
    if (facts->symbol[0] == '\0') {
        (void)snprintf(facts->symbol, sizeof facts->symbol, "%s", symbol);
    }
    return strcmp(facts->symbol, symbol) == 0
               ? LF_OK
               : lf_error_set_at(
                     error,
                     LF_UNSUPPORTED,
                     lfi_stream_name(in),
                     lfi_stream_line_number(in),
                     LF_POSITION_NONE,
                     "the capture holds %s and %s, and a snapshot does not say whose it is; record "
                     "one symbol in a file",
                     facts->symbol,
                     symbol
                 );
}

static void take_times(lfi_binance_facts *facts, const lfi_binance_message *m)
{
    const int64_t ts_ns = lfi_binance_exchange_ns(m);
    if (facts->first_ns == LF_TIME_NONE || ts_ns < facts->first_ns) {
        facts->first_ns = ts_ns;
    }
    if (facts->last_ns == LF_TIME_NONE || ts_ns > facts->last_ns) {
        facts->last_ns = ts_ns;
    }
    if (m->local_ns == LFI_BINANCE_NONE) {
        facts->has_local = false;
    } else if (ts_ns - m->local_ns > facts->ahead_ns) {
        facts->ahead_ns = ts_ns - m->local_ns;
    }
}

static void take_venue(lfi_binance_facts *facts, const lfi_binance_message *m)
{
    if (m->is_coin_margined) {
        facts->venue = LFI_BINANCE_COINM;
    } else if (facts->venue != LFI_BINANCE_COINM) {
        const bool is_futures = m->before_id != LFI_BINANCE_NONE;
        facts->venue = is_futures                            ? LFI_BINANCE_USDM
                       : facts->venue == LFI_BINANCE_UNKNOWN ? LFI_BINANCE_SPOT
                                                             : facts->venue;
    }
}

static lf_status take_message(
    lfi_binance_facts *facts, const lfi_binance_message *m, const lfi_stream *in, lf_error *error
)
{
    const bool has_time = m->kind == LFI_BINANCE_DEPTH || m->kind == LFI_BINANCE_TRADE ||
                          m->kind == LFI_BINANCE_AGGREGATE;
    if (m->kind == LFI_BINANCE_OTHER) {
        return LF_OK;
    }
    if (m->kind == LFI_BINANCE_INFO) {
        facts->info_tick = m->price;
        facts->info_lot = m->size;
        return LF_OK;
    }
    facts->depth_count += m->kind == LFI_BINANCE_DEPTH;
    facts->trade_count += m->kind == LFI_BINANCE_TRADE;
    facts->aggregate_count += m->kind == LFI_BINANCE_AGGREGATE;
    facts->has_snapshot = facts->has_snapshot || m->kind == LFI_BINANCE_SNAPSHOT;
    if (m->kind == LFI_BINANCE_DEPTH) {
        take_venue(facts, m);
    }
    if (has_time) {
        take_times(facts, m);
    }
    return take_symbol(facts, m->symbol, in, error);
}

static lf_status scan_lines(
    const lf_allocator *allocator,
    lfi_stream *in,
    lfi_binance_message *m,
    lfi_binance_facts *facts,
    lf_error *error
)
{
    for (;;) {
        const char *line;
        size_t bytes;
        lfi_binance_fault fault;
        lf_status status = lfi_stream_line(in, &line, &bytes, error);
        if (status != LF_OK || line == NULL) {
            return status;
        }
        if (bytes == 0) {
            continue;
        }
        status = lfi_binance_make_room(allocator, m, bytes, error);
        if (status != LF_OK) {
            return status;
        }
        m->wanted = facts->symbol[0] != '\0' ? facts->symbol : NULL;
        if (!lfi_binance_parse(line, bytes, m, &fault)) {
            return lfi_binance_fail(in, &fault, line, bytes, error);
        }
        status = take_message(facts, m, in, error);
        if (status != LF_OK) {
            return status;
        }
    }
}

lf_status lfi_binance_scan(
    const lf_allocator *allocator, const char *name, lfi_binance_facts *facts, lf_error *error
)
{
    lfi_stream *in = NULL;
    /* No places: only the marks that decimals leave are asked for here. */
    lfi_binance_message m = {0};
    lf_status status = lfi_capture_open(allocator, name, &in, error);
    if (status == LF_OK) {
        status = scan_lines(allocator, in, &m, facts, error);
    }
    facts->price_fractions |= m.price_scale.fractions;
    facts->size_fractions |= m.size_scale.fractions;
    lf_release(allocator, m.levels);
    lfi_stream_close(in);
    return status;
}
