/* Batches of any Arrow producer as a table: every width of number, every layout of text. */
#include <lobflow/frame.h>

#include <math.h>
#include <string.h>

#include "frame_internal.h"

/* How the values of an Arrow column lie in memory. */
typedef enum layout {
    LAYOUT_NONE = 0,
    LAYOUT_BOOL,
    LAYOUT_I8,
    LAYOUT_U8,
    LAYOUT_I16,
    LAYOUT_U16,
    LAYOUT_I32,
    LAYOUT_U32,
    LAYOUT_I64,
    LAYOUT_U64,
    LAYOUT_F16,
    LAYOUT_F32,
    LAYOUT_F64,
    LAYOUT_TEXT,       /* 32-bit offsets */
    LAYOUT_LARGE_TEXT, /* 64-bit offsets */
    LAYOUT_TEXT_VIEW,  /* 16-byte views */
} layout;

/* How one column is read. */
typedef struct source {
    layout values;
    layout texts;     /* of the dictionary, LAYOUT_NONE without one */
    int64_t scale_ns; /* what a unit of a time is, else 1 */
    lf_column_kind kind;
} source;

typedef struct import {
    const lf_allocator *allocator;
    const char *name;
    lf_error *error;
    struct ArrowSchema schema;
    source *sources;
    lf_frame *frame;
} import;

/* ---- formats ---- */

static const struct plain_format {
    char format;
    layout values;
    lf_column_kind kind;
} plain_formats[] = {
    {'b', LAYOUT_BOOL, LF_COLUMN_BOOL},
    {'c', LAYOUT_I8, LF_COLUMN_I64},
    {'C', LAYOUT_U8, LF_COLUMN_I64},
    {'s', LAYOUT_I16, LF_COLUMN_I64},
    {'S', LAYOUT_U16, LF_COLUMN_I64},
    {'i', LAYOUT_I32, LF_COLUMN_I64},
    {'I', LAYOUT_U32, LF_COLUMN_I64},
    {'l', LAYOUT_I64, LF_COLUMN_I64},
    {'L', LAYOUT_U64, LF_COLUMN_I64},
    {'e', LAYOUT_F16, LF_COLUMN_F64},
    {'f', LAYOUT_F32, LF_COLUMN_F64},
    {'g', LAYOUT_F64, LF_COLUMN_F64},
    {'u', LAYOUT_TEXT, LF_COLUMN_TEXT},
    {'U', LAYOUT_LARGE_TEXT, LF_COLUMN_TEXT},
};

static bool parse_time_format(const char *format, source *out)
{
    static const struct {
        const char *start;
        layout values;
        int64_t scale_ns;
    } rows[] = {
        {"tss:", LAYOUT_I64, LF_NS_PER_SECOND},
        {"tsm:", LAYOUT_I64, LF_NS_PER_MILLISECOND},
        {"tsu:", LAYOUT_I64, 1000},
        {"tsn:", LAYOUT_I64, 1},
        {"tdD", LAYOUT_I32, LF_NS_PER_DAY},
        {"tdm", LAYOUT_I64, LF_NS_PER_MILLISECOND},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strncmp(format, rows[i].start, strlen(rows[i].start)) == 0) {
            /* A time without a zone is taken as UTC; one with a zone is UTC inside. */
            *out = (source){rows[i].values, LAYOUT_NONE, rows[i].scale_ns, LF_COLUMN_TIME};
            return true;
        }
    }
    return false;
}

static bool parse_format(const char *format, source *out)
{
    if (strcmp(format, "vu") == 0) {
        *out = (source){LAYOUT_TEXT_VIEW, LAYOUT_NONE, 1, LF_COLUMN_TEXT};
        return true;
    }
    for (size_t i = 0; format[1] == '\0' && i < sizeof plain_formats / sizeof plain_formats[0];
         i++) {
        if (format[0] == plain_formats[i].format) {
            *out = (source){plain_formats[i].values, LAYOUT_NONE, 1, plain_formats[i].kind};
            return true;
        }
    }
    return parse_time_format(format, out);
}

static bool parse_schema(const struct ArrowSchema *schema, source *out)
{
    if (schema->format == NULL || schema->format[0] == '\0' || !parse_format(schema->format, out)) {
        return false;
    }
    if (schema->dictionary == NULL) {
        return true;
    }
    source texts;
    if (out->kind != LF_COLUMN_I64 || schema->dictionary->dictionary != NULL ||
        schema->dictionary->format == NULL || !parse_format(schema->dictionary->format, &texts) ||
        texts.kind != LF_COLUMN_TEXT) {
        return false;
    }
    out->texts = texts.values;
    out->kind = LF_COLUMN_TEXT;
    return true;
}

static lf_status parse_columns(import *in, lf_column_spec *specs)
{
    for (int64_t i = 0; i < in->schema.n_children; i++) {
        const struct ArrowSchema *child = in->schema.children[i];
        const char *name = child->name != NULL ? child->name : "";
        if (!parse_schema(child, &in->sources[i])) {
            return lf_error_set_at(
                in->error,
                LF_UNSUPPORTED,
                in->name,
                LF_POSITION_NONE,
                LF_POSITION_NONE,
                "the column \"%s\" has the Arrow type \"%s\"%s; only numbers, bools, times and "
                "texts can be read. Leave it out or convert it.",
                name,
                child->format != NULL ? child->format : "",
                child->dictionary != NULL ? " with a dictionary" : ""
            );
        }
        specs[i] = (lf_column_spec){name, in->sources[i].kind};
    }
    return LF_OK;
}

static lf_status no_memory(const import *in)
{
    return lf_error_set(in->error, LF_NOMEM, "No memory to read the table %s.", in->name);
}

static lf_status begin_frame(import *in)
{
    const size_t count = (size_t)in->schema.n_children;
    lf_column_spec *specs = lf_allocate(in->allocator, count, sizeof *specs);
    in->sources = lf_allocate(in->allocator, count, sizeof *in->sources);
    lf_status status = LF_OK;
    if (specs == NULL || in->sources == NULL) {
        status = no_memory(in);
    }
    if (status == LF_OK) {
        status = parse_columns(in, specs);
    }
    if (status == LF_OK) {
        status = lf_frame_create(in->allocator, specs, count, 0, &in->frame, in->error);
    }
    lf_release(in->allocator, specs);
    return status;
}

/* ---- values ---- */

static bool get_bit(const void *bits, int64_t index)
{
    return (((const uint8_t *)bits)[index / 8] >> (index % 8) & 1) != 0;
}

static bool is_missing(const struct ArrowArray *array, int64_t index)
{
    return array->null_count != 0 && array->buffers[0] != NULL &&
           !get_bit(array->buffers[0], index);
}

/* IEEE 754 half precision. */
static double half_to_double(uint16_t half)
{
    const int exponent = half >> 10 & 0x1f;
    const int fraction = half & 0x3ff;
    double value;
    if (exponent == 0x1f) {
        value = fraction != 0 ? (double)NAN : (double)INFINITY;
    } else if (exponent == 0) {
        value = ldexp((double)fraction, -24);
    } else {
        value = ldexp((double)(fraction + 0x400), exponent - 25);
    }
    return (half & 0x8000) != 0 ? -value : value;
}

static double get_double(layout values, const void *data, int64_t index)
{
    switch (values) {
    case LAYOUT_F64:
        return ((const double *)data)[index];
    case LAYOUT_F32:
        return (double)((const float *)data)[index];
    default:
        return half_to_double(((const uint16_t *)data)[index]);
    }
}

/* A whole number of any width; false when it does not fit. */
static bool get_whole(layout values, const void *data, int64_t index, int64_t *out)
{
    switch (values) {
    case LAYOUT_I8:
        *out = ((const int8_t *)data)[index];
        return true;
    case LAYOUT_U8:
        *out = ((const uint8_t *)data)[index];
        return true;
    case LAYOUT_I16:
        *out = ((const int16_t *)data)[index];
        return true;
    case LAYOUT_U16:
        *out = ((const uint16_t *)data)[index];
        return true;
    case LAYOUT_I32:
        *out = ((const int32_t *)data)[index];
        return true;
    case LAYOUT_U32:
        *out = ((const uint32_t *)data)[index];
        return true;
    case LAYOUT_U64:
        *out = (int64_t)((const uint64_t *)data)[index];
        return *out >= 0;
    default:
        *out = ((const int64_t *)data)[index];
        return true;
    }
}

/* A text of an array; it points into the array. */
static const char *
get_text(layout texts, const struct ArrowArray *array, int64_t index, size_t *length)
{
    if (texts == LAYOUT_TEXT) {
        const int32_t *offsets = (const int32_t *)array->buffers[1] + index;
        *length = (size_t)(offsets[1] - offsets[0]);
        return *length == 0 ? "" : (const char *)array->buffers[2] + offsets[0];
    }
    if (texts == LAYOUT_LARGE_TEXT) {
        const int64_t *offsets = (const int64_t *)array->buffers[1] + index;
        *length = (size_t)(offsets[1] - offsets[0]);
        return *length == 0 ? "" : (const char *)array->buffers[2] + offsets[0];
    }
    /* A view: length, then 12 characters, or a prefix, the number of a buffer and an offset. */
    const unsigned char *view = (const unsigned char *)array->buffers[1] + 16 * index;
    int32_t words[4];
    memcpy(words, view, sizeof words);
    *length = (size_t)words[0];
    if (words[0] <= 12) {
        return (const char *)view + 4;
    }
    return (const char *)array->buffers[2 + words[2]] + words[3];
}

static lf_status bad_value(const import *in, size_t column, size_t row, const char *what)
{
    return lf_error_set_at(
        in->error,
        LF_DATA,
        in->name,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "row %zu of the column \"%s\" %s.",
        row,
        in->schema.children[column]->name,
        what
    );
}

/* ---- columns ---- */

static lf_status fill_doubles(
    const import *in, size_t column, const struct ArrowArray *array, int64_t start, size_t first
)
{
    double *to = lf_frame_f64(in->frame, column) + first;
    const size_t count = lf_frame_row_count(in->frame) - first;
    const layout values = in->sources[column].values;
    if (values == LAYOUT_F64 && count > 0) {
        memcpy(to, (const double *)array->buffers[1] + start, count * sizeof *to);
    }
    for (size_t i = 0; values != LAYOUT_F64 && i < count; i++) {
        to[i] = get_double(values, array->buffers[1], start + (int64_t)i);
    }
    for (size_t i = 0; array->null_count != 0 && i < count; i++) {
        if (is_missing(array, start + (int64_t)i)) {
            to[i] = (double)NAN;
        }
    }
    return LF_OK;
}

static lf_status fill_wholes(
    const import *in, size_t column, const struct ArrowArray *array, int64_t start, size_t first
)
{
    int64_t *to = lf_frame_i64(in->frame, column) + first;
    const size_t count = lf_frame_row_count(in->frame) - first;
    const source *from = &in->sources[column];
    for (size_t i = 0; i < count; i++) {
        const int64_t index = start + (int64_t)i;
        if (is_missing(array, index)) {
            if (from->kind != LF_COLUMN_TIME) {
                return bad_value(in, column, first + i, "is missing; fill it or make it a float");
            }
            to[i] = LF_TIME_NONE;
            continue;
        }
        const bool fits = get_whole(from->values, array->buffers[1], index, &to[i]) &&
                          !__builtin_mul_overflow(to[i], from->scale_ns, &to[i]);
        if (!fits) {
            return bad_value(in, column, first + i, "does not fit into 64 bits");
        }
    }
    return LF_OK;
}

static lf_status fill_bools(
    const import *in, size_t column, const struct ArrowArray *array, int64_t start, size_t first
)
{
    uint8_t *to = lf_frame_bool(in->frame, column) + first;
    const size_t count = lf_frame_row_count(in->frame) - first;
    for (size_t i = 0; i < count; i++) {
        if (is_missing(array, start + (int64_t)i)) {
            return bad_value(in, column, first + i, "is missing; fill it");
        }
        to[i] = get_bit(array->buffers[1], start + (int64_t)i) ? 1 : 0;
    }
    return LF_OK;
}

static lf_status fill_texts(
    const import *in, size_t column, const struct ArrowArray *array, int64_t start, size_t first
)
{
    uint32_t *to = lfi_frame_codes(in->frame, column) + first;
    const size_t count = lf_frame_row_count(in->frame) - first;
    const source *from = &in->sources[column];
    for (size_t i = 0; i < count; i++) {
        int64_t index = start + (int64_t)i;
        const struct ArrowArray *texts = array;
        bool missing = is_missing(array, index);
        if (!missing && from->texts != LAYOUT_NONE) {
            texts = array->dictionary;
            if (!get_whole(from->values, array->buffers[1], index, &index) || index < 0 ||
                index >= texts->length) {
                return bad_value(in, column, first + i, "points outside its dictionary");
            }
            index += texts->offset;
            missing = is_missing(texts, index);
        }
        if (missing) {
            continue; /* 0 is the code of "" */
        }
        const layout values = from->texts != LAYOUT_NONE ? from->texts : from->values;
        size_t length;
        const char *text = get_text(values, texts, index, &length);
        to[i] = lfi_dictionary_code(
            in->allocator, &in->frame->columns[column].dictionary, text, length
        );
        if (to[i] == UINT32_MAX) {
            return no_memory(in);
        }
    }
    return LF_OK;
}

static lf_status take_batch(const import *in, const struct ArrowArray *batch)
{
    const size_t first = lf_frame_row_count(in->frame);
    if (batch->n_children != in->schema.n_children || batch->length < 0) {
        return lf_error_set(
            in->error, LF_UNSUPPORTED, "The table %s changes its columns on the way.", in->name
        );
    }
    if (lf_frame_append(in->frame, (size_t)batch->length) != LF_OK) {
        return no_memory(in);
    }
    lf_status status = LF_OK;
    for (size_t i = 0; status == LF_OK && i < (size_t)batch->n_children; i++) {
        const struct ArrowArray *child = batch->children[i];
        const int64_t start = batch->offset + child->offset;
        switch (in->sources[i].kind) {
        case LF_COLUMN_F64:
            status = fill_doubles(in, i, child, start, first);
            break;
        case LF_COLUMN_I64:
        case LF_COLUMN_TIME:
            status = fill_wholes(in, i, child, start, first);
            break;
        case LF_COLUMN_BOOL:
            status = fill_bools(in, i, child, start, first);
            break;
        case LF_COLUMN_TEXT:
            status = fill_texts(in, i, child, start, first);
            break;
        }
    }
    return status;
}

/* ---- stream ---- */

static lf_status stream_failed(const import *in, struct ArrowArrayStream *stream)
{
    const char *text = stream->get_last_error(stream);
    return lf_error_set_at(
        in->error,
        LF_IO,
        in->name,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "cannot be read as a table: %s.",
        text != NULL ? text : "no reason given"
    );
}

static lf_status take_stream(import *in, struct ArrowArrayStream *stream)
{
    if (stream->get_schema(stream, &in->schema) != 0) {
        in->schema.release = NULL;
        return stream_failed(in, stream);
    }
    if (in->schema.format == NULL || strcmp(in->schema.format, "+s") != 0) {
        return lf_error_set(
            in->error, LF_UNSUPPORTED, "%s is no table: it has no columns.", in->name
        );
    }
    lf_status status = begin_frame(in);
    while (status == LF_OK) {
        struct ArrowArray batch = {0};
        if (stream->get_next(stream, &batch) != 0) {
            return stream_failed(in, stream);
        }
        if (batch.release == NULL) {
            break;
        }
        status = take_batch(in, &batch);
        batch.release(&batch);
    }
    return status;
}

lf_status lf_frame_import(
    const lf_allocator *allocator,
    struct ArrowArrayStream *stream,
    const char *name,
    lf_frame **out,
    lf_error *error
)
{
    *out = NULL;
import in = {.allocator = allocator, .name = name, .error = error };
    const lf_status status = take_stream(&in, stream);
    if (in.schema.release != NULL) {
        in.schema.release(&in.schema);
    }
    stream->release(stream);
    lf_release(allocator, in.sources);
    if (status != LF_OK) {
        lf_frame_destroy(in.frame);
        return status;
    }
    *out = in.frame;
    return LF_OK;
}
