/* What a capture of CME MDP 3.0 holds: securities with ticks and depths, sessions. */
#include "cme.h"
#include "dbn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where fields stand in a definition. */
enum {
    GROUP = 23,
    ASSET = 29,
    SYMBOL = 35,
    CURRENCY = 76,
    FUTURE_STEP = 91, /* behind it the factor */
    SPREAD_STEP = 94,
    TEXT_BYTES = 79
};
/* Symbols that an error lists. */
#define LISTED 8
/* No tick is larger. */
#define TICK_MAX 1e18
/* A clock of the capture that is more behind than this was not set. */
#define AHEAD_MAX_NS LF_NS_PER_DAY

typedef struct scan {
    const lf_allocator *allocator;
    lfi_cme_capture capture;
    lfi_cme_facts *facts;
    lf_status status;
} scan;

/* ---- securities ------------------------------------------------------------------------- */

/* The security of a number, a new one where it is not known; NULL without memory. */
static lfi_cme_security *security_of(scan *s, uint32_t id)
{
    lfi_cme_facts *const f = s->facts;
    size_t low = 0, high = f->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (f->securities[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < f->count && f->securities[low].id == id) {
        return &f->securities[low];
    }
    void *room = f->securities;
    s->status = lf_grow(s->allocator, &room, &f->capacity, f->count + 1, sizeof *f->securities);
    f->securities = room;
    if (s->status != LF_OK) {
        return NULL;
    }
    lfi_cme_security *const at = &f->securities[low];
    memmove(at + 1, at, (f->count++ - low) * sizeof *at);
    *at = (lfi_cme_security){.id = id};
    (void)snprintf(at->symbol, sizeof at->symbol, "%u", (unsigned)id);
    return at;
}

/* A text of fixed length, which ends earlier at a zero. */
static void copy_text(char *out, const unsigned char *at, size_t bytes)
{
    memcpy(out, at, bytes);
    out[bytes] = '\0';
}

/* Depth of the book by price: the second group names the feeds, after that of events. */
static int32_t depth_of(const lfi_cme_message *message)
{
    size_t at = message->block_bytes;
    for (int i = 0; i < 2 && message->bytes >= at + 3; i++) {
        const unsigned char *const head = message->body + at;
        const size_t entry_bytes = lfi_cme_16(head), count = head[2];
        at += 3 + entry_bytes * count;
        if (at > message->bytes) {
            return 0;
        }
        for (size_t k = 0; i == 1 && entry_bytes >= 4 && k < count; k++) {
            const unsigned char *const entry = head + 3 + k * entry_bytes;
            if (memcmp(entry, "GBX", 3) == 0 && entry[3] >= 1 && entry[3] <= LF_LEVELS_MAX) {
                return entry[3];
            }
        }
    }
    return 0;
}

static void take_definition(scan *s, const lfi_cme_message *m)
{
    const bool is_old = m->template_id < 54;
    const bool is_spread = m->template_id == 29 || m->template_id == 56;
    const bool is_future = m->template_id == 27 || m->template_id == 54;
    const size_t step_at = is_spread ? SPREAD_STEP : FUTURE_STEP;
    if (m->block_bytes < TEXT_BYTES) {
        return;
    }
    lfi_cme_security *const at = security_of(s, lfi_cme_32(m->body + LFI_CME_DEFINITION_SECURITY));
    if (at == NULL) {
        return;
    }
    at->is_defined = true;
    copy_text(at->symbol, m->body + SYMBOL, 20);
    copy_text(at->group, m->body + GROUP, 6);
    copy_text(at->asset, m->body + ASSET, 6);
    at->level_count = depth_of(m);
    if ((is_spread || is_future) && m->block_bytes >= step_at + 16) {
        const int64_t step = lfi_cme_price(m->body + step_at, is_old);
        const int64_t factor = lfi_cme_price(m->body + step_at + 8, is_old);
        copy_text(at->currency, m->body + CURRENCY, 3);
        at->step_nano = step > 0 ? step : 0;
        at->factor_nano = factor > 0 ? factor : 0;
    }
}

/* ---- messages --------------------------------------------------------------------------- */

static void take_time(scan *s, int64_t ts_ns)
{
    lfi_cme_facts *const f = s->facts;
    f->first_ns = f->first_ns == LF_TIME_NONE || ts_ns < f->first_ns ? ts_ns : f->first_ns;
    f->last_ns = f->last_ns == LF_TIME_NONE || ts_ns > f->last_ns ? ts_ns : f->last_ns;
    const int64_t ahead_ns = ts_ns - s->capture.ts_ns;
    f->ahead_ns = ahead_ns > f->ahead_ns ? ahead_ns : f->ahead_ns;
}

/* The deepest level of a side that the venue tells of. */
static void
take_level(lfi_cme_security *security, const lfi_cme_layout *layout, const unsigned char *entry)
{
    const unsigned char type = entry[layout->type];
    const int32_t level = entry[layout->level];
    if ((type == '0' || type == '1') && level <= LF_LEVELS_MAX && level > security->deepest_level) {
        security->deepest_level = level;
    }
}

static void take_snapshot(scan *s, const lfi_cme_message *m, const lfi_cme_layout *layout)
{
    lfi_cme_group group;
    if (m->block_bytes < LFI_CME_SNAPSHOT_BYTES || !lfi_cme_group_of(m, layout->bytes, &group)) {
        return;
    }
    lfi_cme_security *const at = security_of(s, lfi_cme_32(m->body + LFI_CME_SNAPSHOT_SECURITY));
    for (size_t i = 0; at != NULL && i < group.count; i++) {
        take_level(at, layout, group.entries + i * group.entry_bytes);
    }
}

/* Entries of books by price or by order. */
static void take_book(scan *s, const lfi_cme_message *m, const lfi_cme_layout *layout)
{
    lfi_cme_group group, parts;
    const bool is_by_price = layout->kind == LFI_CME_BOOK;
    if (!lfi_cme_group_of(m, layout->bytes, &group) || m->block_bytes <= LFI_CME_INDICATOR) {
        return;
    }
    take_time(s, lfi_cme_time(m->body));
    lfi_cme_second_group_of(m, &group, LFI_CME_PART_BYTES, &parts);
    for (size_t i = 0; i < group.count; i++) {
        const unsigned char *const entry = group.entries + i * group.entry_bytes;
        lfi_cme_security *const at = security_of(s, lfi_cme_32(entry + layout->security));
        if (at == NULL) {
            return;
        }
        if (is_by_price) {
            at->has_book = true;
            take_level(at, layout, entry);
        }
        at->has_orders = at->has_orders || !is_by_price || parts.count > 0;
        at->address = s->capture.place->address;
        at->port = s->capture.place->port;
    }
}

/* lfi_cme_take */
static void take_packet(void *context, const lfi_cme_packet *packet)
{
    scan *const s = context;
    size_t at = LFI_CME_PACKET_HEAD;
    lfi_cme_message m;
    while (s->status == LF_OK && lfi_cme_message_next(packet->bytes, packet->count, &at, &m)) {
        const lfi_cme_layout *const layout = lfi_cme_layout_of(m.template_id);
        if (lfi_cme_is_definition(m.template_id)) {
            take_definition(s, &m);
        } else if (layout->kind == LFI_CME_BOOK || layout->kind == LFI_CME_ORDERS) {
            take_book(s, &m, layout);
        } else if (layout->kind == LFI_CME_SNAPSHOT) {
            take_snapshot(s, &m, layout);
        }
    }
}

lf_status
lfi_cme_scan(const lf_allocator *allocator, const char *path, lfi_cme_facts *out, lf_error *error)
{
    bool got = true;
    scan s = {.allocator = allocator, .facts = out};
    *out = (lfi_cme_facts){.first_ns = LF_TIME_NONE, .last_ns = LF_TIME_NONE};
    lf_status status = lfi_cme_capture_open(allocator, path, &s.capture, error);
    if (status != LF_OK) {
        return status;
    }
    while (status == LF_OK && s.status == LF_OK && got) {
        status = lfi_cme_capture_next(&s.capture, take_packet, &s, &got, error);
    }
    if (status == LF_OK) {
        lfi_cme_capture_finish(&s.capture, take_packet, &s);
    }
    lfi_cme_capture_close(&s.capture);
    if (status == LF_OK && s.status != LF_OK) {
        status = lf_error_set(error, s.status, "no memory for the securities of %s", path);
    }
    if (status != LF_OK) {
        lfi_cme_facts_clear(allocator, out);
    }
    return status;
}

void lfi_cme_facts_clear(const lf_allocator *allocator, lfi_cme_facts *facts)
{
    lf_release(allocator, facts->securities);
    *facts = (lfi_cme_facts){0};
}

/* ---- choosing --------------------------------------------------------------------------- */

static bool is_called(const lfi_cme_security *security, const char *symbol)
{
    char id[16];
    (void)snprintf(id, sizeof id, "%u", (unsigned)security->id);
    return strcmp(security->symbol, symbol) == 0 || strcmp(id, symbol) == 0;
}

lf_status lfi_cme_choose(
    const lfi_cme_facts *facts,
    const char *path,
    const char *symbol,
    const lfi_cme_security **out,
    lf_error *error
)
{
    char known[LISTED * 24] = "";
    size_t count = 0, at = 0;
    *out = NULL;
    for (size_t i = 0; i < facts->count; i++) {
        const lfi_cme_security *const security = &facts->securities[i];
        if (!security->has_book && !security->has_orders) {
            continue;
        }
        if (symbol == NULL || is_called(security, symbol)) {
            *out = security;
        }
        if (count < LISTED) {
            at += (size_t)snprintf(
                known + at, sizeof known - at, "%s%s", count > 0 ? ", " : "", security->symbol
            );
        }
        count++;
    }
    if (*out != NULL && (symbol != NULL || count == 1)) {
        return LF_OK;
    }
    *out = NULL;
    return lf_error_set_at(
        error,
        LF_NOT_FOUND,
        path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        count == 0       ? "the capture holds no books%s%s%s"
        : symbol == NULL ? "the capture holds several instruments; choose one with --symbol: %s%s%s"
                         : "no book of %s is in the capture; it holds %s%s",
        count == 0       ? ""
        : symbol == NULL ? known
                         : symbol,
        count == 0 || symbol == NULL ? "" : known,
        count > LISTED ? " and others" : ""
    );
}

/* ---- units ------------------------------------------------------------------------------ */

lf_status lfi_cme_set_tick(
    const lfi_cme_security *security,
    const lf_feed_options *options,
    lf_instrument *instrument,
    int64_t *step_nano,
    lf_error *error
)
{
    const lfi_cme_security *const s = security;
    const double factor = s->factor_nano > 0 ? (double)s->factor_nano * 1e-9 : 1.0;
    const double tick =
        options->tick_nano > 0 ? (double)options->tick_nano : (double)s->step_nano * factor;
    const double step = options->tick_nano > 0 ? tick / factor : (double)s->step_nano;
    instrument->tick_nano = tick < TICK_MAX ? (int64_t)(tick + 0.5) : 0;
    *step_nano = step < TICK_MAX ? (int64_t)(step + 0.5) : 0;
    if (*step_nano <= 0 || instrument->tick_nano <= 0) {
        return lf_error_set(
            error,
            LF_DATA,
            "the capture does not define the tick of %s; give it as instrument.tick, in the unit "
            "of the prices sent",
            s->symbol
        );
    }
    instrument->units_per_tick = lfi_dbn_units_per_tick(instrument->tick_nano);
    return LF_OK;
}

/* ---- sessions --------------------------------------------------------------------------- */

static int64_t session_end(const lf_source *source)
{
    lf_instrument day = {0};
    return lfi_dbn_session(LFI_CME_DATASET, NULL, source->date, &day, NULL) == LF_OK
               ? day.session_close_ns
               : INT64_MAX;
}

static lf_status
list_sessions(const lfi_cme_facts *facts, lf_source *source, lfi_dbn_list *out, lf_error *error)
{
    const dbn_metadata metadata = {
        .dataset = LFI_CME_DATASET,
        .start = (uint64_t)facts->first_ns,
        .end = (uint64_t)facts->last_ns};
    lf_date first;
    lf_status status = lfi_dbn_sessions(
        &metadata, (uint64_t)facts->first_ns, NULL, &first, &out->session_count, error
    );
    if (status != LF_OK) {
        return status;
    }
    out->sources = lf_allocate(NULL, out->session_count, sizeof *out->sources);
    if (out->sources == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the list of days");
    }
    for (; out->count < out->session_count; out->count++) {
        source->date = lfi_dbn_session_date(LFI_CME_DATASET, first, out->count);
        source->from_ns = out->count > 0 ? source->to_ns : 0;
        source->to_ns = out->count + 1 < out->session_count ? session_end(source) : INT64_MAX;
        out->sources[out->count] = *source;
    }
    return LF_OK;
}

/* ---- depths ----------------------------------------------------------------------------- */

/* How often a capture contradicts a depth of the security's book; as lf_feed_next(). */
static lf_status count_violations(
    const lf_source *source,
    const lf_feed_options *options,
    int32_t level_count,
    int64_t *out,
    lf_error *error
)
{
    lf_source whole = *source;
    lf_feed_options how = *options;
    lf_batch batch = {.event_count = 1};
    lf_feed *feed;
    whole.level_count = level_count;
    whole.from_ns = 0;
    whole.to_ns = INT64_MAX;
    how.strict = how.with_orders = false;
    lf_status status = lf_feed_open(&whole, &how, &feed, error);
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, error);
    }
    *out = status == LF_OK ? lf_feed_stats_of(feed)->violation_count : 0;
    lf_feed_close(feed);
    return status;
}

/*
 * The depth of a book whose security is not defined: the deepest level that is told of, as a level
 * pushed out behind the venue's last one is never heard of again until it is new there. The book
 * may have been thin, and deeper ones only not touched: then the levels that are told of do not
 * fit, and the depth is taken as the largest one.
 */
static lf_status find_depth(
    const lfi_cme_security *security,
    const lf_feed_options *options,
    const lf_source *source,
    int32_t *out,
    lf_error *error
)
{
    const int32_t deepest = security->deepest_level;
    int64_t least, most;
    *out = security->level_count > 0 ? security->level_count : LF_LEVELS_MAX;
    if (security->level_count > 0 || deepest == 0 || deepest == LF_LEVELS_MAX ||
        options->tick_nano <= 0) {
        return LF_OK; /* without a tick it cannot be read anyway */
    }
    *out = deepest;
    lf_status status = count_violations(source, options, deepest, &least, error);
    if (status != LF_OK || least == 0) {
        return status;
    }
    status = count_violations(source, options, LF_LEVELS_MAX, &most, error);
    *out = most < least ? LF_LEVELS_MAX : deepest;
    return status;
}

/* All sessions have the depth. */
static lf_status set_depth(
    const lfi_cme_security *security,
    const lf_feed_options *options,
    lfi_dbn_list *out,
    lf_error *error
)
{
    int32_t level_count;
    const lf_status status = find_depth(security, options, &out->sources[0], &level_count, error);
    for (size_t i = 0; i < out->count; i++) {
        out->sources[i].level_count = level_count;
    }
    return status;
}

lf_status
lfi_cme_find(const char *path, const lf_feed_options *options, lfi_dbn_list *out, lf_error *error)
{
    lfi_cme_facts facts;
    const lfi_cme_security *security;
    lf_source source = {.format = "cme"};
    *out = (lfi_dbn_list){0};
    lf_status status = lfi_cme_scan(NULL, path, &facts, error);
    if (status != LF_OK) {
        return status;
    }
    status = lfi_cme_choose(&facts, path, options->symbol, &security, error);
    if (status == LF_OK) {
        (void)snprintf(source.path, sizeof source.path, "%s", path);
        (void)snprintf(source.symbol, sizeof source.symbol, "%s", security->symbol);
        source.has_local_times = facts.ahead_ns <= AHEAD_MAX_NS;
        source.clock_shift_ns = source.has_local_times ? facts.ahead_ns : 0;
        status = list_sessions(&facts, &source, out, error);
    }
    if (status == LF_OK) {
        status = set_depth(security, options, out, error);
    }
    lfi_cme_facts_clear(NULL, &facts);
    if (status != LF_OK) {
        lf_release(NULL, out->sources);
        *out = (lfi_dbn_list){0};
    }
    return status;
}
