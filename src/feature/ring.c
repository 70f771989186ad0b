/* Rings of running sums: memory at the beginning, doubling inside it, one cursor per window. */
#include "feature_internal.h"

/* Slots in use at first: 4096 entries of 64 bytes are a quarter of a usual second-level cache. */
#define FIRST_SLOTS UINT64_C(4096)

bool lfi_ring_create(
    lfi_ring *ring, const lf_allocator *allocator, size_t capacity, size_t entry_bytes
)
{
    memset(ring, 0, sizeof *ring);
    /* One more for the entry at the beginning of time. */
    uint64_t slots = 2;
    while (slots < (uint64_t)capacity + 1) {
        slots *= 2;
    }
    ring->capacity = slots;
    ring->mask = (slots < FIRST_SLOTS ? slots : FIRST_SLOTS) - 1;
    ring->entry_bytes = entry_bytes;
    ring->times_ns = lf_allocate(allocator, (size_t)slots, sizeof *ring->times_ns);
    ring->entries = lf_allocate(allocator, (size_t)slots, entry_bytes);
    if (ring->times_ns == NULL || ring->entries == NULL) {
        return false;
    }
    (void)lfi_ring_restart(ring);
    return true;
}

void lfi_ring_destroy(lfi_ring *ring, const lf_allocator *allocator)
{
    lf_release(allocator, ring->times_ns);
    lf_release(allocator, ring->entries);
    memset(ring, 0, sizeof *ring);
}

void *lfi_ring_restart(lfi_ring *ring)
{
    ring->begin = 0;
    ring->end = 1;
    memset(ring->cursors, 0, sizeof ring->cursors);
    ring->times_ns[0] = INT64_MIN;
    memset(ring->entries, 0, ring->entry_bytes);
    return ring->entries;
}

/* Doubles the slots in use: entries whose place changes move into the new half, which is empty. */
static void double_slots(lfi_ring *ring)
{
    const uint64_t old_slots = ring->mask + 1;
    for (uint64_t i = ring->begin; i < ring->end; i++) {
        if ((i & old_slots) != 0) {
            const uint64_t from = i & ring->mask;
            const uint64_t to = from + old_slots;
            ring->times_ns[to] = ring->times_ns[from];
            memcpy(
                ring->entries + to * ring->entry_bytes,
                ring->entries + from * ring->entry_bytes,
                ring->entry_bytes
            );
        }
    }
    ring->mask = 2 * old_slots - 1;
}

bool lfi_ring_make_room(lfi_ring *ring, int64_t t_ns)
{
    (void)lfi_ring_seek(ring, LFI_WINDOW_5MIN, t_ns);
    const uint64_t oldest = ring->cursors[LFI_WINDOW_5MIN];
    for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
        if (ring->cursors[window] < oldest) {
            ring->cursors[window] = oldest;
        }
    }
    ring->begin = oldest;
    const uint64_t slots = ring->mask + 1;
    /* Dropping a few entries at a time would come back here at once: a quarter must be free. */
    if (ring->end - ring->begin > slots - slots / 4 && slots < ring->capacity) {
        double_slots(ring);
    }
    return ring->end - ring->begin <= ring->mask;
}

void *lfi_queue_push(lfi_ring *ring, int64_t ts_ns)
{
    if (ring->end - ring->begin > ring->mask) {
        if (ring->mask + 1 == ring->capacity) {
            return NULL;
        }
        double_slots(ring);
    }
    ring->times_ns[ring->end & ring->mask] = ts_ns;
    return lfi_ring_entry(ring, ring->end++);
}

void lfi_queue_restart(lfi_ring *ring)
{
    ring->begin = 0;
    ring->end = 0;
}

const void *lfi_ring_seek(lfi_ring *ring, int window, int64_t t_ns)
{
    const int64_t limit_ns = t_ns - lfi_window_ns(window);
    uint64_t i = ring->cursors[window];
    while (i + 1 < ring->end && ring->times_ns[(i + 1) & ring->mask] <= limit_ns) {
        i++;
    }
    ring->cursors[window] = i;
    return lfi_ring_entry(ring, i);
}
