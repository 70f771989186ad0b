/* A table as Arrow C data: schema, batch and stream. */
#include <lobflow/frame.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "frame_internal.h"

/* Validity, values or offsets, characters. */
#define BUFFERS_MAX 3

/*
 * What a schema or a batch points to. The parent and each child hold it, because Arrow lets a
 * consumer move single children out and release them on their own, in any order.
 */
typedef struct block {
    atomic_size_t holders;
    lf_allocator allocator;
    bool has_allocator;
    size_t count;
    struct ArrowSchema *schemas; /* [count], schema only */
    struct ArrowSchema **schema_pointers;
    char *names;
    struct ArrowArray *arrays; /* [count], batch only */
    struct ArrowArray **array_pointers;
    const void *(*buffers)[BUFFERS_MAX]; /* [count + 1], the last one is the parent's */
    lfi_buffer **shared;                 /* [count] or NULL entries */
    void *(*made)[2];                    /* [count] bits, or offsets and characters */
} block;

typedef struct stream_state {
    lf_allocator allocator;
    bool has_allocator;
    lf_frame *shape; /* no rows, only names and kinds */
    struct ArrowArray batch;
} stream_state;

static block *create_block(const lf_allocator *allocator, size_t count)
{
    block *made = lf_allocate(allocator, 1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        made->allocator = *allocator;
    }
    made->count = count;
    atomic_init(&made->holders, 1);
    return made;
}

static void release_block(block *held)
{
    if (atomic_fetch_sub_explicit(&held->holders, 1, memory_order_acq_rel) != 1) {
        return;
    }
    const lf_allocator copy = held->allocator;
    const lf_allocator *allocator = held->has_allocator ? &copy : NULL;
    for (size_t i = 0; held->shared != NULL && i < held->count; i++) {
        lfi_buffer_release(held->shared[i]);
    }
    for (size_t i = 0; held->made != NULL && i < held->count; i++) {
        lf_release(allocator, held->made[i][0]);
        lf_release(allocator, held->made[i][1]);
    }
    lf_release(allocator, held->schemas);
    lf_release(allocator, held->schema_pointers);
    lf_release(allocator, held->names);
    lf_release(allocator, held->arrays);
    lf_release(allocator, held->array_pointers);
    lf_release(allocator, held->buffers);
    lf_release(allocator, held->shared);
    lf_release(allocator, held->made);
    lf_release(allocator, held);
}

/* ---- schema ---- */

static void release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL) {
            schema->children[i]->release(schema->children[i]);
        }
    }
    schema->release = NULL;
    release_block(schema->private_data);
}

static const char *format_of(lf_column_kind kind)
{
    switch (kind) {
    case LF_COLUMN_F64:
        return "g";
    case LF_COLUMN_I64:
        return "l";
    case LF_COLUMN_TIME:
        return "tsn:UTC";
    case LF_COLUMN_BOOL:
        return "b";
    case LF_COLUMN_TEXT:
        return "u";
    }
    return "n";
}

static bool begin_schema(const lf_allocator *allocator, block *held, const lf_frame *frame)
{
    size_t name_bytes = 0;
    for (size_t i = 0; i < held->count; i++) {
        name_bytes += strlen(frame->columns[i].name) + 1;
    }
    held->schemas = lf_allocate(allocator, held->count, sizeof *held->schemas);
    held->schema_pointers = lf_allocate(allocator, held->count, sizeof *held->schema_pointers);
    held->names = lf_allocate(allocator, name_bytes, 1);
    return held->schemas != NULL && held->schema_pointers != NULL && held->names != NULL;
}

lf_status lfi_frame_export_schema(const lf_frame *frame, struct ArrowSchema *out)
{
    const lf_allocator *allocator = lfi_frame_allocator(frame);
    block *held = create_block(allocator, frame->column_count);
    if (held == NULL) {
        return LF_NOMEM;
    }
    if (!begin_schema(allocator, held, frame)) {
        release_block(held);
        return LF_NOMEM;
    }
    char *name = held->names;
    for (size_t i = 0; i < held->count; i++) {
        const size_t bytes = strlen(frame->columns[i].name) + 1;
        memcpy(name, frame->columns[i].name, bytes);
        atomic_fetch_add(&held->holders, 1);
        held->schemas[i] = (struct ArrowSchema){
            .format = format_of(frame->columns[i].kind),
            .name = name,
            .flags = ARROW_FLAG_NULLABLE,
            .release = release_schema,
            .private_data = held,
        };
        held->schema_pointers[i] = &held->schemas[i];
        name += bytes;
    }
    *out = (struct ArrowSchema){
        .format = "+s",
        .name = "",
        .n_children = (int64_t)held->count,
        .children = held->schema_pointers,
        .release = release_schema,
        .private_data = held,
    };
    return LF_OK;
}

/* ---- batch ---- */

static void release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
    }
    array->release = NULL;
    release_block(array->private_data);
}

static bool begin_batch(const lf_allocator *allocator, block *held)
{
    held->arrays = lf_allocate(allocator, held->count, sizeof *held->arrays);
    held->array_pointers = lf_allocate(allocator, held->count, sizeof *held->array_pointers);
    held->buffers = lf_allocate(allocator, held->count + 1, sizeof *held->buffers);
    held->shared = lf_allocate(allocator, held->count, sizeof(lfi_buffer *));
    held->made = lf_allocate(allocator, held->count, sizeof *held->made);
    return held->arrays != NULL && held->array_pointers != NULL && held->buffers != NULL &&
           held->shared != NULL && held->made != NULL;
}

static bool pack_bits(const lf_allocator *allocator, const uint8_t *from, size_t count, void **out)
{
    unsigned char *bits = lf_allocate(allocator, count / 8 + 1, 1);
    if (bits == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bits[i / 8] = (unsigned char)(bits[i / 8] | ((from[i] != 0 ? 1U : 0U) << (i % 8)));
    }
    *out = bits;
    return true;
}

/* Offsets and characters of a text column; false also when 2^31 bytes do not hold them. */
static bool
spell_texts(const lf_allocator *allocator, const lf_frame *frame, size_t column, void *(*out)[2])
{
    const lfi_dictionary *dictionary = &frame->columns[column].dictionary;
    const uint32_t *codes = lfi_frame_codes(frame, column);
    size_t total = 0;
    for (size_t row = 0; row < frame->row_count; row++) {
        total += dictionary->lengths[codes[row]];
    }
    if (total > INT32_MAX) {
        return false;
    }
    int32_t *offsets = lf_allocate(allocator, frame->row_count + 1, sizeof *offsets);
    char *characters = lf_allocate(allocator, total, 1);
    (*out)[0] = offsets;
    (*out)[1] = characters;
    if (offsets == NULL || characters == NULL) {
        return false;
    }
    size_t at = 0;
    for (size_t row = 0; row < frame->row_count; row++) {
        const size_t length = dictionary->lengths[codes[row]];
        memcpy(characters + at, dictionary->texts[codes[row]], length);
        at += length;
        offsets[row + 1] = (int32_t)at;
    }
    return true;
}

static bool fill_column(const lf_allocator *allocator, const lf_frame *frame, size_t i, block *held)
{
    const lfi_column *column = &frame->columns[i];
    const bool is_text = column->kind == LF_COLUMN_TEXT;
    if (is_text) {
        if (!spell_texts(allocator, frame, i, &held->made[i])) {
            return false;
        }
        held->buffers[i][1] = held->made[i][0];
        held->buffers[i][2] = held->made[i][1];
    } else if (column->kind == LF_COLUMN_BOOL) {
        const uint8_t *bytes = lfi_buffer_data(column->buffer);
        if (!pack_bits(allocator, bytes, frame->row_count, &held->made[i][0])) {
            return false;
        }
        held->buffers[i][1] = held->made[i][0];
    } else if (lfi_buffer_is_borrowed(column->buffer)) {
        /* All other kinds have eight bytes. */
        held->made[i][0] = lf_allocate(allocator, frame->row_count + 1, sizeof(int64_t));
        if (held->made[i][0] == NULL) {
            return false;
        }
        memcpy(
            held->made[i][0], lfi_buffer_data(column->buffer), frame->row_count * sizeof(int64_t)
        );
        held->buffers[i][1] = held->made[i][0];
    } else {
        held->shared[i] = lfi_buffer_share(column->buffer);
        held->buffers[i][1] = lfi_buffer_data(column->buffer);
    }
    held->arrays[i] = (struct ArrowArray){
        .length = (int64_t)frame->row_count,
        .n_buffers = is_text ? 3 : 2,
        .buffers = held->buffers[i],
        .release = release_array,
        .private_data = held,
    };
    held->array_pointers[i] = &held->arrays[i];
    return true;
}

lf_status lfi_frame_export_batch(const lf_frame *frame, struct ArrowArray *out)
{
    const lf_allocator *allocator = lfi_frame_allocator(frame);
    block *held = create_block(allocator, frame->column_count);
    if (held == NULL) {
        return LF_NOMEM;
    }
    bool good = begin_batch(allocator, held);
    for (size_t i = 0; good && i < held->count; i++) {
        good = fill_column(allocator, frame, i, held);
    }
    if (!good) {
        release_block(held);
        return LF_NOMEM;
    }
    atomic_fetch_add(&held->holders, held->count);
    *out = (struct ArrowArray){
        .length = (int64_t)frame->row_count,
        .n_buffers = 1,
        .n_children = (int64_t)held->count,
        .buffers = held->buffers[held->count],
        .children = held->array_pointers,
        .release = release_array,
        .private_data = held,
    };
    return LF_OK;
}

/* ---- stream ---- */

static int stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    const stream_state *state = stream->private_data;
    return lfi_frame_export_schema(state->shape, out) == LF_OK ? 0 : ENOMEM;
}

static int stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    stream_state *state = stream->private_data;
    /* After the one batch comes a released array, which is the end of a stream. */
    *out = state->batch;
    state->batch = (struct ArrowArray){0};
    return 0;
}

static const char *stream_get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    /* The only failure there is. */
    return "not enough memory";
}

static void stream_release(struct ArrowArrayStream *stream)
{
    stream_state *state = stream->private_data;
    const lf_allocator copy = state->allocator;
    const lf_allocator *allocator = state->has_allocator ? &copy : NULL;
    if (state->batch.release != NULL) {
        state->batch.release(&state->batch);
    }
    lf_frame_destroy(state->shape);
    lf_release(allocator, state);
    stream->release = NULL;
}

lf_status lf_frame_export(const lf_frame *frame, struct ArrowArrayStream *out, lf_error *error)
{
    const lf_allocator *allocator = lfi_frame_allocator(frame);
    stream_state *state = lf_allocate(allocator, 1, sizeof *state);
    lf_status status = state == NULL ? LF_NOMEM : lfi_frame_create_like(frame, &state->shape);
    if (status == LF_OK) {
        status = lfi_frame_export_batch(frame, &state->batch);
    }
    if (status != LF_OK) {
        if (state != NULL) {
            lf_frame_destroy(state->shape);
        }
        lf_release(allocator, state);
        return lf_error_set(error, LF_NOMEM, "No memory to export a table.");
    }
    state->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        state->allocator = *allocator;
    }
    *out = (struct ArrowArrayStream){
        .get_schema = stream_get_schema,
        .get_next = stream_get_next,
        .get_last_error = stream_get_last_error,
        .release = stream_release,
        .private_data = state,
    };
    return LF_OK;
}
