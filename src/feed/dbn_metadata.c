/* Metadata at the head of a DBN file: dataset, schema, span, and what symbols stand for. */
#include "dbn.h"

#include <stdio.h>

/* Before the lists: prefix of 8 bytes and 100 bytes of fixed length. */
#define PREFIX_BYTES 8
#define FIXED_BYTES 100
#define DATASET_BYTES 16
#define CSTR_BYTES_V1 22
#define CSTR_BYTES 71

static const struct {
    uint16_t schema;
    uint8_t rtype;
    uint16_t bytes;
    const char *name;
} schemas[] = {
    {LF_DBN_MBO, DBN_RTYPE_MBO, sizeof(dbn_mbo), "mbo"},
    {LF_DBN_MBP_1, DBN_RTYPE_MBP_1, DBN_MBP_1_BYTES, "mbp-1"},
    {LF_DBN_MBP_10, DBN_RTYPE_MBP_10, sizeof(dbn_mbp), "mbp-10"},
    {LF_DBN_TRADES, DBN_RTYPE_TRADE, sizeof(dbn_trade), "trades"},
};

static size_t index_of(uint16_t schema)
{
    size_t i = 0;
    while (i < sizeof schemas / sizeof schemas[0] && schemas[i].schema != schema) {
        i++;
    }
    return i;
}

size_t lfi_dbn_record_bytes(uint16_t schema)
{
    const size_t i = index_of(schema);
    return i < sizeof schemas / sizeof schemas[0] ? schemas[i].bytes : 0;
}

uint8_t lfi_dbn_rtype(uint16_t schema)
{
    const size_t i = index_of(schema);
    return i < sizeof schemas / sizeof schemas[0] ? schemas[i].rtype : UINT8_MAX;
}

const char *lfi_dbn_schema_name(uint16_t schema)
{
    const size_t i = index_of(schema);
    return i < sizeof schemas / sizeof schemas[0] ? schemas[i].name : NULL;
}

void lfi_dbn_metadata_clear(dbn_metadata *metadata, const lf_allocator *allocator)
{
    lf_release(allocator, metadata->intervals);
    lf_release(allocator, metadata->bytes);
    *metadata = (dbn_metadata){0};
}

lf_status lfi_dbn_metadata_add(
    dbn_metadata *metadata, const lf_allocator *allocator, const dbn_interval *interval
)
{
    void *intervals = metadata->intervals;
    const lf_status status = lf_grow(
        allocator,
        &intervals,
        &metadata->interval_capacity,
        metadata->interval_count + 1,
        sizeof *metadata->intervals
    );
    metadata->intervals = intervals;
    if (status == LF_OK) {
        metadata->intervals[metadata->interval_count++] = *interval;
    }
    return status;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Where a reading of the bytes stands. */
typedef struct cursor {
    const unsigned char *bytes;
    size_t at, end;
    const char *path;
    lf_error *error;
} cursor;

static lf_status bad(const cursor *c, const char *what)
{
    return lf_error_set_at(
        c->error,
        LF_FORMAT,
        c->path,
        LF_POSITION_NONE,
        (int64_t)c->at,
        "%s; the metadata of the DBN file are damaged",
        what
    );
}

/* Little-endian number of some bytes; the caller knows that they are there. */
static uint64_t number(cursor *c, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint64_t)c->bytes[c->at + i] << (8 * i);
    }
    c->at += bytes;
    return value;
}

static bool has(const cursor *c, uint64_t bytes)
{
    return bytes <= c->end - c->at;
}

/* A text of fixed length, cut at its NUL; false when it has none or does not fit. */
static bool text(cursor *c, size_t bytes, char *out, size_t out_bytes)
{
    const char *const from = (const char *)c->bytes + c->at;
    const char *const nul = memchr(from, '\0', bytes);
    c->at += bytes;
    if (nul == NULL || (size_t)(nul - from) >= out_bytes) {
        return false;
    }
    memcpy(out, from, (size_t)(nul - from) + 1);
    return true;
}

static lf_status skip_symbols(cursor *c, size_t cstr_bytes, const char *what)
{
    char message[64];
    (void)snprintf(message, sizeof message, "the list of %s is longer than the metadata", what);
    if (!has(c, 4)) {
        return bad(c, message);
    }
    const uint64_t bytes = number(c, 4) * cstr_bytes;
    if (!has(c, bytes)) {
        return bad(c, message);
    }
    c->at += bytes;
    return LF_OK;
}

static bool to_id(const char *symbol, uint32_t *out)
{
    int64_t value;
    if (lf_int64_parse(symbol, strlen(symbol), &value) != LF_OK || value < 0 ||
        value > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static lf_status read_interval(
    cursor *c,
    dbn_metadata *metadata,
    const lf_allocator *allocator,
    size_t cstr_bytes,
    const char *input
)
{
    dbn_interval interval = {.first_day = (uint32_t)number(c, 4)};
    char output[DBN_SYMBOL_BYTES];
    interval.end_day = (uint32_t)number(c, 4);
    if (!text(c, cstr_bytes, output, sizeof output)) {
        return bad(c, "a symbol does not end");
    }
    /* One of the two is the instrument's number; other pairs map symbols that records lack. */
    const bool is_reverse = metadata->stype_in == DBN_INSTRUMENT_ID;
    const char *const id = is_reverse ? input : output;
    const char *const symbol = is_reverse ? output : input;
    if (!to_id(id, &interval.instrument_id)) {
        return LF_OK;
    }
    memcpy(interval.symbol, symbol, strlen(symbol) + 1);
    const lf_status status = lfi_dbn_metadata_add(metadata, allocator, &interval);
    return status == LF_OK ? LF_OK : lf_error_set(c->error, status, "no memory for %s", c->path);
}

static lf_status
read_mappings(cursor *c, dbn_metadata *metadata, const lf_allocator *allocator, size_t cstr_bytes)
{
    if (!has(c, 4)) {
        return bad(c, "the list of mappings is missing");
    }
    for (uint64_t left = number(c, 4); left > 0; left--) {
        char input[DBN_SYMBOL_BYTES];
        if (!has(c, cstr_bytes + 4)) {
            return bad(c, "the list of mappings is longer than the metadata");
        }
        if (!text(c, cstr_bytes, input, sizeof input)) {
            return bad(c, "a symbol does not end");
        }
        const uint64_t count = number(c, 4);
        if (!has(c, count * (8 + cstr_bytes))) {
            return bad(c, "the intervals of a mapping are longer than the metadata");
        }
        for (uint64_t i = 0; i < count; i++) {
            const lf_status status = read_interval(c, metadata, allocator, cstr_bytes, input);
            if (status != LF_OK) {
                return status;
            }
        }
    }
    return LF_OK;
}

static size_t read_fixed(cursor *c, dbn_metadata *metadata)
{
    const size_t begin = c->at;
    size_t cstr_bytes = CSTR_BYTES_V1;
    (void)text(c, DATASET_BYTES, metadata->dataset, sizeof metadata->dataset);
    metadata->schema = (uint16_t)number(c, 2);
    metadata->start = number(c, 8);
    metadata->end = number(c, 8);
    metadata->limit = number(c, 8);
    c->at += metadata->version == 1 ? 8 : 0; /* a count of records, no longer used */
    metadata->stype_in = (uint8_t)number(c, 1);
    metadata->stype_out = (uint8_t)number(c, 1);
    metadata->has_ts_out = number(c, 1) != 0;
    if (metadata->version > 1) {
        cstr_bytes = number(c, 2);
    }
    c->at = begin + FIXED_BYTES;
    return cstr_bytes;
}

lf_status lfi_dbn_metadata_parse(
    dbn_metadata *metadata, const lf_allocator *allocator, const char *path, lf_error *error
)
{
    cursor c = {.bytes = metadata->bytes, .end = metadata->byte_count, .path = path};
    c.error = error;
    c.at = PREFIX_BYTES;
    metadata->version = metadata->bytes[3];
    if (!has(&c, FIXED_BYTES + 4)) {
        return bad(&c, "they must be at least 112 bytes long");
    }
    const size_t cstr_bytes = read_fixed(&c, metadata);
    if (cstr_bytes < 2 || cstr_bytes > DBN_SYMBOL_BYTES) {
        return bad(&c, "symbols must take 2 to 72 bytes");
    }
    const uint64_t definition_bytes = number(&c, 4);
    if (!has(&c, definition_bytes)) {
        return bad(&c, "the definition of the schema is longer than the metadata");
    }
    c.at += definition_bytes;
    lf_status status = skip_symbols(&c, cstr_bytes, "symbols");
    if (status == LF_OK) {
        status = skip_symbols(&c, cstr_bytes, "symbols found in part");
    }
    if (status == LF_OK) {
        status = skip_symbols(&c, cstr_bytes, "symbols not found");
    }
    return status == LF_OK ? read_mappings(&c, metadata, allocator, cstr_bytes) : status;
}

/* ---- writing ---------------------------------------------------------------------------- */

static void put(unsigned char **at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        *(*at)++ = (unsigned char)(value >> (8 * i));
    }
}

static void put_text(unsigned char **at, const char *from, size_t bytes)
{
    const size_t used = strlen(from) < bytes ? strlen(from) : bytes - 1;
    memcpy(*at, from, used);
    memset(*at + used, 0, bytes - used);
    *at += bytes;
}

/* Whether an interval begins a symbol of its own; those of one symbol stand together. */
static bool is_first(const dbn_metadata *metadata, size_t i)
{
    return i == 0 || strcmp(metadata->intervals[i].symbol, metadata->intervals[i - 1].symbol) != 0;
}

static void put_mappings(unsigned char **at, const dbn_metadata *metadata, size_t cstr_bytes)
{
    for (size_t i = 0; i < metadata->interval_count; i++) {
        const dbn_interval *const interval = &metadata->intervals[i];
        char id[LF_DOUBLE_TEXT_BYTES];
        if (is_first(metadata, i)) {
            size_t count = 1;
            while (i + count < metadata->interval_count && !is_first(metadata, i + count)) {
                count++;
            }
            put_text(at, interval->symbol, cstr_bytes);
            put(at, count, 4);
        }
        put(at, interval->first_day, 4);
        put(at, interval->end_day, 4);
        (void)lf_int64_format(interval->instrument_id, id);
        put_text(at, id, cstr_bytes);
    }
}

lf_status
lfi_dbn_metadata_encode(dbn_metadata *metadata, const lf_allocator *allocator, lf_error *error)
{
    const size_t cstr_bytes = metadata->version == 1 ? CSTR_BYTES_V1 : CSTR_BYTES;
    size_t symbol_count = 0;
    for (size_t i = 0; i < metadata->interval_count; i++) {
        symbol_count += is_first(metadata, i);
        if (strlen(metadata->intervals[i].symbol) >= cstr_bytes) {
            return lf_error_set(
                error, LF_RANGE, "the symbol %s is too long", metadata->intervals[i].symbol
            );
        }
    }
    size_t bytes = PREFIX_BYTES + FIXED_BYTES + 5 * (size_t)4 +
                   symbol_count * (2 * cstr_bytes + 4) +
                   metadata->interval_count * (8 + cstr_bytes);
    /* From version 3 on records begin on a multiple of eight bytes. */
    bytes = metadata->version >= 3 ? (bytes + 7) / 8 * 8 : bytes;
    unsigned char *const out = lf_allocate(allocator, bytes, 1);
    if (out == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the metadata of a DBN file");
    }
    unsigned char *at = out;
    memcpy(at, "DBN", 3);
    at += 3;
    put(&at, metadata->version, 1);
    put(&at, bytes - PREFIX_BYTES, 4);
    put_text(&at, metadata->dataset, DATASET_BYTES);
    put(&at, metadata->schema, 2);
    put(&at, metadata->start, 8);
    put(&at, metadata->end, 8);
    put(&at, metadata->limit, 8);
    put(&at, UINT64_MAX, metadata->version == 1 ? 8 : 0);
    put(&at, DBN_RAW_SYMBOL, 1);
    put(&at, DBN_INSTRUMENT_ID, 1);
    put(&at, metadata->has_ts_out, 1);
    put(&at, cstr_bytes, metadata->version == 1 ? 0 : 2);
    at = out + PREFIX_BYTES + FIXED_BYTES;
    put(&at, 0, 4); /* no definition of the schema */
    put(&at, symbol_count, 4);
    for (size_t i = 0; i < metadata->interval_count; i++) {
        if (is_first(metadata, i)) {
            put_text(&at, metadata->intervals[i].symbol, cstr_bytes);
        }
    }
    put(&at, 0, 4); /* none found in part, none not found */
    put(&at, 0, 4);
    put(&at, symbol_count, 4);
    put_mappings(&at, metadata, cstr_bytes);
    lf_release(allocator, metadata->bytes);
    metadata->bytes = out;
    metadata->byte_count = bytes;
    return LF_OK;
}
