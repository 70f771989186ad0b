/* The table: typed columns that grow together. */
#include <lobflow/frame.h>

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "frame_internal.h"

/* Half of all slots are free at least, so that a search ends soon. */
#define SLOTS_FIRST 16
/* Rows of the first growth: a small table should not take memory eight times. */
#define CAPACITY_FIRST 64

struct lfi_buffer {
    atomic_size_t holders;
    lf_allocator allocator;
    bool has_allocator;
    bool is_borrowed; /* the data are somebody else's */
    void *data;
};

/* ---- buffers ---- */

/* A buffer around data, which are taken over unless they are borrowed. */
static lfi_buffer *wrap(const lf_allocator *allocator, void *data, bool is_borrowed)
{
    lfi_buffer *buffer = lf_allocate(allocator, 1, sizeof *buffer);
    if (buffer == NULL) {
        return NULL;
    }
    atomic_init(&buffer->holders, 1);
    buffer->data = data;
    buffer->is_borrowed = is_borrowed;
    buffer->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        buffer->allocator = *allocator;
    }
    return buffer;
}

static lfi_buffer *create_buffer(const lf_allocator *allocator, size_t count, size_t item_bytes)
{
    void *const data = lf_allocate(allocator, count, item_bytes);
    lfi_buffer *const buffer = data != NULL ? wrap(allocator, data, false) : NULL;
    if (buffer == NULL) {
        lf_release(allocator, data);
    }
    return buffer;
}

void *lfi_buffer_data(lfi_buffer *buffer)
{
    return buffer->data;
}

lfi_buffer *lfi_buffer_share(lfi_buffer *buffer)
{
    atomic_fetch_add_explicit(&buffer->holders, 1, memory_order_relaxed);
    return buffer;
}

void lfi_buffer_release(lfi_buffer *buffer)
{
    if (buffer == NULL ||
        atomic_fetch_sub_explicit(&buffer->holders, 1, memory_order_acq_rel) != 1) {
        return;
    }
    const lf_allocator copy = buffer->allocator;
    const lf_allocator *allocator = buffer->has_allocator ? &copy : NULL;
    lf_release(allocator, buffer->is_borrowed ? NULL : buffer->data);
    lf_release(allocator, buffer);
}

bool lfi_buffer_is_borrowed(const lfi_buffer *buffer)
{
    return buffer->is_borrowed;
}

/* An Arrow batch holds it too, or it is somebody else's. */
static bool is_shared(lfi_buffer *buffer)
{
    return buffer->is_borrowed || atomic_load_explicit(&buffer->holders, memory_order_acquire) > 1;
}

/* ---- dictionaries ---- */

/* The slot of a text, or the free slot where it belongs. */
static size_t find_slot(const lfi_dictionary *dictionary, const char *text, size_t length)
{
    const size_t mask = dictionary->slot_count - 1;
    for (size_t slot = (size_t)lf_hash64(text, length, 0) & mask;; slot = (slot + 1) & mask) {
        const uint32_t entry = dictionary->slots[slot];
        if (entry == 0 || (dictionary->lengths[entry - 1] == length &&
                           memcmp(dictionary->texts[entry - 1], text, length) == 0)) {
            return slot;
        }
    }
}

static bool grow_slots(const lf_allocator *allocator, lfi_dictionary *dictionary)
{
    const size_t wanted = dictionary->slot_count == 0 ? SLOTS_FIRST : dictionary->slot_count * 2;
    uint32_t *slots = lf_allocate(allocator, wanted, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    lf_release(allocator, dictionary->slots);
    dictionary->slots = slots;
    dictionary->slot_count = wanted;
    for (size_t i = 0; i < dictionary->count; i++) {
        const size_t slot = find_slot(dictionary, dictionary->texts[i], dictionary->lengths[i]);
        slots[slot] = (uint32_t)i + 1;
    }
    return true;
}

static bool reserve_text(const lf_allocator *allocator, lfi_dictionary *dictionary)
{
    const size_t needed = dictionary->count + 1;
    void *texts = dictionary->texts;
    void *lengths = dictionary->lengths;
    const bool good =
        lf_grow(
            allocator, &texts, &dictionary->texts_capacity, needed, sizeof *dictionary->texts
        ) == LF_OK &&
        lf_grow(
            allocator, &lengths, &dictionary->lengths_capacity, needed, sizeof *dictionary->lengths
        ) == LF_OK;
    dictionary->texts = texts;
    dictionary->lengths = lengths;
    if (good && needed * 2 > dictionary->slot_count) {
        return grow_slots(allocator, dictionary);
    }
    return good;
}

uint32_t lfi_dictionary_code(
    const lf_allocator *allocator, lfi_dictionary *dictionary, const char *text, size_t length
)
{
    if (dictionary->slot_count > 0) {
        const uint32_t entry = dictionary->slots[find_slot(dictionary, text, length)];
        if (entry != 0) {
            return entry - 1;
        }
    }
    if (dictionary->count >= UINT32_MAX - 1 || !reserve_text(allocator, dictionary)) {
        return UINT32_MAX;
    }
    char *copy = lf_allocate(allocator, length + 1, 1);
    if (copy == NULL) {
        return UINT32_MAX;
    }
    if (length > 0) {
        memcpy(copy, text, length);
    }
    const uint32_t code = (uint32_t)dictionary->count;
    dictionary->slots[find_slot(dictionary, text, length)] = code + 1;
    dictionary->texts[code] = copy;
    dictionary->lengths[code] = length;
    dictionary->count++;
    return code;
}

static void end_dictionary(const lf_allocator *allocator, lfi_dictionary *dictionary)
{
    for (size_t i = 0; i < dictionary->count; i++) {
        lf_release(allocator, dictionary->texts[i]);
    }
    lf_release(allocator, dictionary->texts);
    lf_release(allocator, dictionary->lengths);
    lf_release(allocator, dictionary->slots);
}

/* ---- tables ---- */

const lf_allocator *lfi_frame_allocator(const lf_frame *frame)
{
    return frame->has_allocator ? &frame->allocator : NULL;
}

static size_t item_bytes(lf_column_kind kind)
{
    switch (kind) {
    case LF_COLUMN_F64:
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return 8;
    case LF_COLUMN_BOOL:
        return 1;
    case LF_COLUMN_TEXT:
        return sizeof(uint32_t);
    }
    return 0;
}

static lf_status check_specs(const lf_column_spec *specs, size_t column_count, lf_error *error)
{
    if (column_count == 0) {
        return lf_error_set(error, LF_RANGE, "A table needs at least one column.");
    }
    for (size_t i = 0; i < column_count; i++) {
        if (specs[i].name == NULL || item_bytes(specs[i].kind) == 0) {
            return lf_error_set(
                error, LF_RANGE, "Column %zu of the table has no name or an unknown kind.", i
            );
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(specs[i].name, specs[j].name) == 0) {
                return lf_error_set(
                    error,
                    LF_RANGE,
                    "Columns %zu and %zu of the table have the same name \"%s\".",
                    j,
                    i,
                    specs[i].name
                );
            }
        }
    }
    return LF_OK;
}

static bool begin_column(lf_frame *frame, lfi_column *column, const lf_column_spec *spec)
{
    const lf_allocator *allocator = lfi_frame_allocator(frame);
    const size_t bytes = strlen(spec->name) + 1;
    column->kind = spec->kind;
    column->name = lf_allocate(allocator, bytes, 1);
    column->buffer = create_buffer(allocator, frame->capacity, item_bytes(spec->kind));
    if (column->name == NULL || column->buffer == NULL) {
        return false;
    }
    memcpy(column->name, spec->name, bytes);
    return spec->kind != LF_COLUMN_TEXT ||
           lfi_dictionary_code(allocator, &column->dictionary, "", 0) == 0;
}

lf_status lf_frame_create(
    const lf_allocator *allocator,
    const lf_column_spec *specs,
    size_t column_count,
    size_t capacity,
    lf_frame **out,
    lf_error *error
)
{
    *out = NULL;
    const lf_status status = check_specs(specs, column_count, error);
    if (status != LF_OK) {
        return status;
    }
    lf_frame *frame = lf_allocate(allocator, 1, sizeof *frame);
    if (frame == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for a table.");
    }
    frame->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        frame->allocator = *allocator;
    }
    frame->capacity = capacity;
    frame->columns = lf_allocate(allocator, column_count, sizeof *frame->columns);
    bool good = frame->columns != NULL;
    for (size_t i = 0; good && i < column_count; i++) {
        frame->column_count = i + 1;
        good = begin_column(frame, &frame->columns[i], &specs[i]);
    }
    if (!good) {
        lf_frame_destroy(frame);
        return lf_error_set(
            error, LF_NOMEM, "No memory for a table of %zu x %zu.", capacity, column_count
        );
    }
    *out = frame;
    return LF_OK;
}

lf_status lfi_frame_create_like(const lf_frame *frame, lf_frame **out)
{
    const lf_allocator *allocator = lfi_frame_allocator(frame);
    lf_column_spec *specs = lf_allocate(allocator, frame->column_count, sizeof *specs);
    if (specs == NULL) {
        return LF_NOMEM;
    }
    for (size_t i = 0; i < frame->column_count; i++) {
        specs[i] = lf_frame_column(frame, i);
    }
    const lf_status status = lf_frame_create(allocator, specs, frame->column_count, 0, out, NULL);
    lf_release(allocator, specs);
    return status;
}

void lf_frame_destroy(lf_frame *frame)
{
    if (frame == NULL) {
        return;
    }
    const lf_allocator copy = frame->allocator;
    const lf_allocator *allocator = frame->has_allocator ? &copy : NULL;
    for (size_t i = 0; i < frame->column_count; i++) {
        lf_release(allocator, frame->columns[i].name);
        lfi_buffer_release(frame->columns[i].buffer);
        end_dictionary(allocator, &frame->columns[i].dictionary);
    }
    lf_release(allocator, frame->columns);
    lf_release(allocator, frame);
}

size_t lf_frame_row_count(const lf_frame *frame)
{
    return frame->row_count;
}

size_t lf_frame_column_count(const lf_frame *frame)
{
    return frame->column_count;
}

lf_column_spec lf_frame_column(const lf_frame *frame, size_t column)
{
    assert(column < frame->column_count);
    return (lf_column_spec){frame->columns[column].name, frame->columns[column].kind};
}

size_t lf_frame_find(const lf_frame *frame, const char *name)
{
    for (size_t i = 0; i < frame->column_count; i++) {
        if (strcmp(frame->columns[i].name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Moves a column into a buffer of its own with room for capacity rows. */
static bool renew_buffer(lf_frame *frame, lfi_column *column, size_t capacity)
{
    const size_t bytes = item_bytes(column->kind);
    lfi_buffer *larger = create_buffer(lfi_frame_allocator(frame), capacity, bytes);
    if (larger == NULL) {
        return false;
    }
    memcpy(larger->data, column->buffer->data, frame->row_count * bytes);
    lfi_buffer_release(column->buffer);
    column->buffer = larger;
    return true;
}

lf_status lf_frame_append(lf_frame *frame, size_t row_count)
{
    size_t needed;
    if (__builtin_add_overflow(frame->row_count, row_count, &needed) || needed > SIZE_MAX / 16) {
        return LF_NOMEM;
    }
    size_t capacity = frame->capacity;
    if (needed > capacity) {
        capacity = capacity * 2 > needed ? capacity * 2 : needed;
        capacity = capacity < CAPACITY_FIRST ? CAPACITY_FIRST : capacity;
    }
    for (size_t i = 0; i < frame->column_count; i++) {
        lfi_column *column = &frame->columns[i];
        /* A buffer that others have too is not written to any more. */
        if ((capacity > frame->capacity || is_shared(column->buffer)) &&
            !renew_buffer(frame, column, capacity)) {
            return LF_NOMEM;
        }
    }
    frame->capacity = capacity;
    for (size_t i = 0; i < frame->column_count; i++) {
        const lfi_column *column = &frame->columns[i];
        const size_t bytes = item_bytes(column->kind);
        unsigned char *start = (unsigned char *)column->buffer->data + frame->row_count * bytes;
        memset(start, 0, row_count * bytes);
        for (size_t row = 0; column->kind == LF_COLUMN_F64 && row < row_count; row++) {
            ((double *)column->buffer->data)[frame->row_count + row] = (double)NAN;
        }
    }
    frame->row_count = needed;
    return LF_OK;
}

static bool borrow_column(lf_frame *frame, lfi_column *column, void *values)
{
    if (!column->buffer->is_borrowed) {
        lfi_buffer *const fresh = wrap(lfi_frame_allocator(frame), NULL, true);
        if (fresh == NULL) {
            return false;
        }
        lfi_buffer_release(column->buffer);
        column->buffer = fresh;
    }
    column->buffer->data = values;
    return true;
}

lf_status lf_frame_borrow(lf_frame *frame, void *const *columns, size_t row_count)
{
    const size_t capacity = row_count > frame->capacity ? row_count : frame->capacity;
    frame->row_count = 0;
    for (size_t i = 0; i < frame->column_count; i++) {
        lfi_column *const column = &frame->columns[i];
        if (column->kind != LF_COLUMN_TEXT) {
            if (!borrow_column(frame, column, columns[i])) {
                return LF_NOMEM;
            }
            continue;
        }
        if ((capacity > frame->capacity || is_shared(column->buffer)) &&
            !renew_buffer(frame, column, capacity)) {
            return LF_NOMEM;
        }
        memset(column->buffer->data, 0, row_count * item_bytes(column->kind));
    }
    frame->capacity = capacity;
    frame->row_count = row_count;
    return LF_OK;
}

void lf_frame_clear(lf_frame *frame)
{
    frame->row_count = 0;
}

double *lf_frame_f64(lf_frame *frame, size_t column)
{
    assert(column < frame->column_count && frame->columns[column].kind == LF_COLUMN_F64);
    return frame->columns[column].buffer->data;
}

int64_t *lf_frame_i64(lf_frame *frame, size_t column)
{
    assert(
        column < frame->column_count && (frame->columns[column].kind == LF_COLUMN_I64 ||
                                         frame->columns[column].kind == LF_COLUMN_TIME)
    );
    return frame->columns[column].buffer->data;
}

uint8_t *lf_frame_bool(lf_frame *frame, size_t column)
{
    assert(column < frame->column_count && frame->columns[column].kind == LF_COLUMN_BOOL);
    return frame->columns[column].buffer->data;
}

uint32_t *lfi_frame_codes(const lf_frame *frame, size_t column)
{
    assert(column < frame->column_count && frame->columns[column].kind == LF_COLUMN_TEXT);
    return frame->columns[column].buffer->data;
}

lf_status lf_frame_set_text(
    lf_frame *frame, size_t column, size_t first_row, size_t row_count, const char *text
)
{
    assert(first_row <= frame->row_count && row_count <= frame->row_count - first_row);
    uint32_t *codes = lfi_frame_codes(frame, column);
    const uint32_t code = lfi_dictionary_code(
        lfi_frame_allocator(frame), &frame->columns[column].dictionary, text, strlen(text)
    );
    if (code == UINT32_MAX) {
        return LF_NOMEM;
    }
    for (size_t row = first_row; row < first_row + row_count; row++) {
        codes[row] = code;
    }
    return LF_OK;
}

const char *lf_frame_text(const lf_frame *frame, size_t column, size_t row)
{
    assert(row < frame->row_count);
    return frame->columns[column].dictionary.texts[lfi_frame_codes(frame, column)[row]];
}

bool lfi_frame_same_columns(const lf_frame *a, const lf_frame *b)
{
    if (a->column_count != b->column_count) {
        return false;
    }
    for (size_t i = 0; i < a->column_count; i++) {
        if (a->columns[i].kind != b->columns[i].kind ||
            strcmp(a->columns[i].name, b->columns[i].name) != 0) {
            return false;
        }
    }
    return true;
}

/* Makes all texts of another column known, so that copying its rows cannot fail later. */
static bool learn_texts(lf_frame *frame, lfi_column *to, const lfi_column *from)
{
    for (size_t i = 0; i < from->dictionary.count; i++) {
        const uint32_t code = lfi_dictionary_code(
            lfi_frame_allocator(frame),
            &to->dictionary,
            from->dictionary.texts[i],
            from->dictionary.lengths[i]
        );
        if (code == UINT32_MAX) {
            return false;
        }
    }
    return true;
}

static void copy_codes(
    const lf_frame *frame, lfi_column *to, size_t first, const lfi_column *from, size_t count
)
{
    const uint32_t *old = from->buffer->data;
    uint32_t *codes = (uint32_t *)to->buffer->data + first;
    for (size_t row = 0; row < count; row++) {
        if (row > 0 && old[row] == old[row - 1]) {
            codes[row] = codes[row - 1];
            continue;
        }
        codes[row] = lfi_dictionary_code(
            lfi_frame_allocator(frame),
            &to->dictionary,
            from->dictionary.texts[old[row]],
            from->dictionary.lengths[old[row]]
        );
    }
}

lf_status lf_frame_concat(lf_frame *frame, const lf_frame *other)
{
    if (!lfi_frame_same_columns(frame, other)) {
        return LF_MISMATCH;
    }
    for (size_t i = 0; i < frame->column_count; i++) {
        if (frame->columns[i].kind == LF_COLUMN_TEXT &&
            !learn_texts(frame, &frame->columns[i], &other->columns[i])) {
            return LF_NOMEM;
        }
    }
    const size_t first = frame->row_count;
    const size_t count = other->row_count;
    if (lf_frame_append(frame, count) != LF_OK) {
        return LF_NOMEM;
    }
    for (size_t i = 0; i < frame->column_count; i++) {
        lfi_column *to = &frame->columns[i];
        const lfi_column *from = &other->columns[i];
        const size_t bytes = item_bytes(to->kind);
        if (to->kind == LF_COLUMN_TEXT) {
            copy_codes(frame, to, first, from, count);
        } else {
            memcpy((char *)to->buffer->data + first * bytes, from->buffer->data, count * bytes);
        }
    }
    return LF_OK;
}
