/* Allocators, growing arrays and arenas. */
#include <lobflow/base.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A cache line, and what Arrow asks of its buffers. */
#define ALIGNMENT ((size_t)64)

struct lf_arena {
    lf_allocator allocator;
    bool has_allocator;
    size_t capacity_bytes;
    size_t used_bytes;
    unsigned char *block;
};

static bool round_up(size_t bytes, size_t *out)
{
    if (bytes > SIZE_MAX - (ALIGNMENT - 1)) {
        return false;
    }
    *out = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return true;
}

/* calloc() knows that fresh pages of the system are zero and leaves large blocks untouched until
   they are used; aligned_alloc() and memset() would fetch each page. What calloc() gave is kept in
   front of the aligned block. */
static void *allocate_plain(size_t bytes)
{
    unsigned char *const whole =
        bytes <= SIZE_MAX - ALIGNMENT ? calloc(bytes + ALIGNMENT, 1) : NULL;
    if (whole == NULL) {
        return NULL;
    }
    /* calloc() aligns to a pointer at least, so one fits between. */
    const size_t step = ALIGNMENT - (uintptr_t)whole % ALIGNMENT;
    unsigned char *const memory = whole + step;
    ((void **)(void *)memory)[-1] = whole;
    return memory;
}

void *lf_allocate(const lf_allocator *allocator, size_t count, size_t item_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, item_bytes, &bytes)) {
        return NULL;
    }
    /* One byte at least, so that NULL always means failure. */
    if (!round_up(bytes == 0 ? 1 : bytes, &bytes)) {
        return NULL;
    }
    if (allocator != NULL) {
        return allocator->allocate(allocator->context, bytes);
    }
    return allocate_plain(bytes);
}

void lf_release(const lf_allocator *allocator, void *memory)
{
    if (allocator != NULL) {
        allocator->release(allocator->context, memory);
        return;
    }
    if (memory != NULL) {
        free(((void **)memory)[-1]);
    }
}

lf_status lf_grow(
    const lf_allocator *allocator, void **memory, size_t *capacity, size_t needed, size_t item_bytes
)
{
    if (needed <= *capacity) {
        return LF_OK;
    }
    size_t wanted = needed;
    if (*capacity <= SIZE_MAX / 2 && *capacity * 2 > wanted) {
        wanted = *capacity * 2;
    }
    void *larger = lf_allocate(allocator, wanted, item_bytes);
    if (larger == NULL) {
        return LF_NOMEM;
    }
    if (*memory != NULL) {
        memcpy(larger, *memory, *capacity * item_bytes);
    }
    lf_release(allocator, *memory);
    *memory = larger;
    *capacity = wanted;
    return LF_OK;
}

lf_status lf_arena_create(const lf_allocator *allocator, size_t bytes, lf_arena **out)
{
    *out = NULL;
    if (bytes == 0) {
        return LF_RANGE;
    }
    size_t rounded;
    if (!round_up(bytes, &rounded)) {
        return LF_NOMEM;
    }
    lf_arena *arena = lf_allocate(allocator, 1, sizeof *arena);
    if (arena == NULL) {
        return LF_NOMEM;
    }
    arena->block = lf_allocate(allocator, rounded, 1);
    if (arena->block == NULL) {
        lf_release(allocator, arena);
        return LF_NOMEM;
    }
    arena->has_allocator = allocator != NULL;
    if (arena->has_allocator) {
        arena->allocator = *allocator;
    }
    arena->capacity_bytes = rounded;
    *out = arena;
    return LF_OK;
}

void lf_arena_destroy(lf_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    const lf_allocator copy = arena->allocator;
    const lf_allocator *allocator = arena->has_allocator ? &copy : NULL;
    lf_release(allocator, arena->block);
    lf_release(allocator, arena);
}

void *lf_arena_take(lf_arena *arena, size_t count, size_t item_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, item_bytes, &bytes) || !round_up(bytes, &bytes)) {
        return NULL;
    }
    assert(arena->used_bytes <= arena->capacity_bytes);
    if (bytes > arena->capacity_bytes - arena->used_bytes) {
        return NULL;
    }
    void *piece = arena->block + arena->used_bytes;
    arena->used_bytes += bytes;
    memset(piece, 0, bytes);
    return piece;
}

void lf_arena_reset(lf_arena *arena)
{
    arena->used_bytes = 0;
}
