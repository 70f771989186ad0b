/* Messages on their way between strategy and venue: a ring that keeps their order. */
#include <lobflow/execution.h>

#include <string.h>

struct lf_channel {
    lf_allocator allocator;
    bool has_allocator;
    size_t item_bytes;
    size_t capacity;
    size_t first;
    size_t count;
    int64_t last_due_ns;  /* of the latest push */
    int64_t *due_ns;      /* [capacity] */
    unsigned char *items; /* [capacity * item_bytes] */
};

static const lf_allocator *allocator_of(const lf_channel *channel)
{
    return channel->has_allocator ? &channel->allocator : NULL;
}

lf_status lf_channel_create(
    const lf_allocator *allocator,
    size_t item_bytes,
    size_t capacity,
    lf_channel **out,
    lf_error *error
)
{
    *out = NULL;
    if (item_bytes == 0 || capacity == 0) {
        return lf_error_set(error, LF_RANGE, "A channel needs items and room for at least one.");
    }
    lf_channel *const channel = lf_allocate(allocator, 1, sizeof *channel);
    if (channel != NULL) {
        channel->has_allocator = allocator != NULL;
        if (allocator != NULL) {
            channel->allocator = *allocator;
        }
        channel->item_bytes = item_bytes;
        channel->capacity = capacity;
        channel->last_due_ns = INT64_MIN;
        channel->due_ns = lf_allocate(allocator, capacity, sizeof *channel->due_ns);
        channel->items = lf_allocate(allocator, capacity, item_bytes);
    }
    if (channel == NULL || channel->due_ns == NULL || channel->items == NULL) {
        lf_channel_destroy(channel);
        return lf_error_set(error, LF_NOMEM, "No memory for a channel of %zu messages.", capacity);
    }
    *out = channel;
    return LF_OK;
}

void lf_channel_destroy(lf_channel *channel)
{
    if (channel == NULL) {
        return;
    }
    const lf_allocator allocator = channel->allocator;
    const lf_allocator *const used = channel->has_allocator ? &allocator : NULL;
    lf_release(used, channel->due_ns);
    lf_release(used, channel->items);
    lf_release(used, channel);
}

/* Twice the room, the ring laid out from its first message. */
static lf_status grow(lf_channel *channel)
{
    const lf_allocator *const allocator = allocator_of(channel);
    const size_t capacity = 2 * channel->capacity;
    const size_t bytes = channel->item_bytes;
    int64_t *const due_ns = lf_allocate(allocator, capacity, sizeof *due_ns);
    unsigned char *const items = lf_allocate(allocator, capacity, bytes);
    if (due_ns == NULL || items == NULL) {
        lf_release(allocator, due_ns);
        lf_release(allocator, items);
        return LF_NOMEM;
    }
    for (size_t i = 0; i < channel->count; i++) {
        const size_t from = (channel->first + i) % channel->capacity;
        due_ns[i] = channel->due_ns[from];
        memcpy(items + i * bytes, channel->items + from * bytes, bytes);
    }
    lf_release(allocator, channel->due_ns);
    lf_release(allocator, channel->items);
    channel->due_ns = due_ns;
    channel->items = items;
    channel->capacity = capacity;
    channel->first = 0;
    return LF_OK;
}

lf_status lf_channel_push(lf_channel *channel, int64_t due_ns, const void *item)
{
    if (channel->count == channel->capacity) {
        const lf_status status = grow(channel);
        if (status != LF_OK) {
            return status;
        }
    }
    if (due_ns > channel->last_due_ns) {
        channel->last_due_ns = due_ns;
    }
    const size_t at = (channel->first + channel->count) % channel->capacity;
    channel->due_ns[at] = channel->last_due_ns;
    memcpy(channel->items + at * channel->item_bytes, item, channel->item_bytes);
    channel->count++;
    return LF_OK;
}

int64_t lf_channel_due(const lf_channel *channel)
{
    return channel->count == 0 ? INT64_MAX : channel->due_ns[channel->first];
}

bool lf_channel_take(lf_channel *channel, void *item)
{
    if (channel->count == 0) {
        return false;
    }
    memcpy(item, channel->items + channel->first * channel->item_bytes, channel->item_bytes);
    channel->first = (channel->first + 1) % channel->capacity;
    channel->count--;
    return true;
}
