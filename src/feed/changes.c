/* What happened to single orders, for who follows queues: kept event by event beside a batch. */
#include "feed_internal.h"

#include <string.h>

static lf_status no_memory(lf_error *error)
{
    return lf_error_set(error, LF_NOMEM, "no memory for the orders of an event");
}

lf_status lfi_changes_start(
    lfi_changes *changes, const lf_allocator *allocator, size_t batch_events, lf_error *error
)
{
    *changes = (lfi_changes){
        .allocator = allocator,
        .ends = lf_allocate(allocator, batch_events + 1, sizeof *changes->ends),
    };
    return changes->ends != NULL ? LF_OK : no_memory(error);
}

void lfi_changes_end(lfi_changes *changes)
{
    lf_release(changes->allocator, changes->items);
    lf_release(changes->allocator, changes->ends);
    *changes = (lfi_changes){0};
}

void lfi_changes_begin_batch(lfi_changes *changes)
{
    const size_t kept = changes->count - changes->first;
    if (kept > 0) {
        memmove(changes->items, changes->items + changes->first, kept * sizeof *changes->items);
    }
    changes->first = 0;
    changes->count = kept;
}

lf_status lfi_changes_push(lfi_changes *changes, const lf_order_change *change, lf_error *error)
{
    if (changes->ends == NULL) {
        return LF_OK;
    }
    if (changes->count == changes->capacity) {
        void *items = changes->items;
        const lf_status status = lf_grow(
            changes->allocator,
            &items,
            &changes->capacity,
            changes->count + 1,
            sizeof *changes->items
        );
        changes->items = items;
        if (status != LF_OK) {
            return no_memory(error);
        }
    }
    changes->items[changes->count++] = *change;
    return LF_OK;
}

lf_order_change lfi_change_that_adds(uint64_t order_id, const lf_l3_order *order)
{
    return (lf_order_change){
        .order_id = order_id,
        .price_ticks = order->price,
        .lots = order->lots,
        .kind = LF_CHANGE_ADD,
        .side = order->side,
    };
}

static lf_status tell(void *context, uint64_t order_id, const lf_l3_order *order)
{
    const lf_order_change change = lfi_change_that_adds(order_id, order);
    return lfi_changes_push(context, &change, NULL);
}

lf_status lfi_changes_close(lfi_changes *changes, size_t index, const lf_l3 *l3, lf_error *error)
{
    lf_status status = LF_OK;
    if (changes->ends == NULL) {
        return LF_OK;
    }
    if (changes->is_behind) {
        changes->count = changes->first;
        const lf_order_change clear = {.kind = LF_CHANGE_CLEAR};
        status = lfi_changes_push(changes, &clear, error);
        if (status == LF_OK) {
            status = lf_l3_each(l3, 0, tell, changes);
            status = status != LF_OK ? no_memory(error) : LF_OK;
        }
        changes->is_behind = status != LF_OK;
    }
    changes->ends[index] = (uint32_t)changes->count;
    changes->first = changes->count;
    return status;
}

void lfi_changes_drop(lfi_changes *changes)
{
    changes->count = changes->first;
    changes->is_behind = true;
}
