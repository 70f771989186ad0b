/* Packets of CME MDP 3.0: one sequence out of the two sides of a channel, and what is in them. */
#include "cme.h"

#include <string.h>

/* ---- arbitration ------------------------------------------------------------------------ */

bool lfi_cme_channel_create(lfi_cme_channel *channel, const lf_allocator *allocator)
{
    *channel = (lfi_cme_channel){
        .allocator = allocator,
        .slots = lf_allocate(allocator, LFI_CME_WINDOW, sizeof *channel->slots),
    };
    return channel->slots != NULL;
}

void lfi_cme_channel_clear(lfi_cme_channel *channel)
{
    for (size_t i = 0; channel->slots != NULL && i < LFI_CME_WINDOW; i++) {
        lf_release(channel->allocator, channel->slots[i].bytes);
    }
    lf_release(channel->allocator, channel->slots);
    *channel = (lfi_cme_channel){0};
}

static lfi_cme_slot *slot_of(const lfi_cme_channel *channel, uint64_t sequence)
{
    return &channel->slots[sequence % LFI_CME_WINDOW];
}

/* Hand on the packet that is due. */
static void hand_on(
    lfi_cme_channel *channel,
    const unsigned char *bytes,
    size_t count,
    int64_t ts_ns,
    lfi_cme_take take,
    void *context
)
{
    const lfi_cme_packet packet = {
        .sequence = (uint32_t)channel->next,
        .ts_ns = ts_ns,
        .bytes = bytes,
        .count = count,
        .after_gap = channel->is_after_gap,
        .after_start = channel->is_after_start,
    };
    channel->is_after_gap = channel->is_after_start = false;
    channel->newest_ns = ts_ns > channel->newest_ns ? ts_ns : channel->newest_ns;
    channel->packet_count++;
    channel->next++;
    take(context, &packet);
}

/* Hand on what is held and due, up to the next hole. */
static void drain(lfi_cme_channel *channel, lfi_cme_take take, void *context)
{
    for (lfi_cme_slot *slot = slot_of(channel, channel->next); slot->is_held;
         slot = slot_of(channel, channel->next)) {
        slot->is_held = false;
        channel->held_count--;
        hand_on(channel, slot->bytes, slot->count, slot->ts_ns, take, context);
    }
}

/* Give up the hole before the first packet that is held, or before `upto` when none is. */
static void give_up(lfi_cme_channel *channel, uint64_t upto, lfi_cme_take take, void *context)
{
    const uint64_t first = channel->next;
    while (channel->next < upto &&
           (channel->held_count == 0 || !slot_of(channel, channel->next)->is_held)) {
        channel->next = channel->held_count == 0 ? upto : channel->next + 1;
    }
    channel->gap_count++;
    channel->missing_count += (int64_t)(channel->next - first);
    channel->is_after_gap = true;
    drain(channel, take, context);
}

void lfi_cme_channel_finish(lfi_cme_channel *channel, lfi_cme_take take, void *context)
{
    while (channel->held_count > 0) {
        give_up(channel, channel->next + LFI_CME_WINDOW, take, context);
    }
}

static void begin(lfi_cme_channel *channel, uint64_t sequence, int64_t ts_ns)
{
    channel->next = sequence;
    channel->start_ns = channel->newest_ns = ts_ns;
    channel->sides[0] = channel->sides[1] = 0;
    channel->has_started = channel->is_after_start = true;
    channel->is_after_gap = false;
}

static lf_status hold(
    lfi_cme_channel *channel,
    uint64_t sequence,
    const unsigned char *bytes,
    size_t count,
    int64_t ts_ns
)
{
    lfi_cme_slot *const slot = slot_of(channel, sequence);
    if (slot->is_held) {
        channel->copy_count++;
        return LF_OK;
    }
    void *room = slot->bytes;
    const lf_status status = lf_grow(channel->allocator, &room, &slot->capacity, count, 1);
    slot->bytes = room;
    if (status != LF_OK) {
        return status;
    }
    memcpy(slot->bytes, bytes, count);
    slot->count = count;
    slot->ts_ns = ts_ns;
    slot->is_held = true;
    channel->held_count++;
    return LF_OK;
}

/* Whether the packet that is due does not come any more: both sides are well past it. */
static bool is_lost(const lfi_cme_channel *channel)
{
    const uint64_t past = channel->next + LFI_CME_SLACK;
    return channel->held_count > 0 && channel->sides[0] >= past && channel->sides[1] >= past;
}

lf_status lfi_cme_channel_push(
    lfi_cme_channel *channel,
    int side,
    const unsigned char *bytes,
    size_t count,
    lfi_cme_take take,
    void *context
)
{
    const uint64_t sequence = lfi_cme_32(bytes);
    const int64_t ts_ns = lfi_cme_time(bytes + 4);
    const bool is_past = channel->has_started && sequence < channel->next;
    if (!channel->has_started) {
        begin(channel, sequence, ts_ns);
    } else if (is_past && ts_ns > channel->newest_ns) {
        lfi_cme_channel_finish(channel, take, context);
        channel->restart_count++;
        begin(channel, sequence, ts_ns);
    } else if (is_past || ts_ns < channel->start_ns) {
        channel->copy_count++;
        return LF_OK;
    }
    if (sequence > channel->sides[side]) {
        channel->sides[side] = sequence;
    }
    while (sequence >= channel->next + LFI_CME_WINDOW) {
        give_up(channel, sequence, take, context);
    }
    if (sequence == channel->next) {
        hand_on(channel, bytes, count, ts_ns, take, context);
        drain(channel, take, context);
    } else {
        const lf_status status = hold(channel, sequence, bytes, count, ts_ns);
        if (status != LF_OK) {
            return status;
        }
    }
    while (is_lost(channel)) {
        give_up(channel, channel->next + LFI_CME_WINDOW, take, context);
    }
    return LF_OK;
}

/* ---- messages --------------------------------------------------------------------------- */

bool lfi_cme_message_next(
    const unsigned char *packet, size_t bytes, size_t *at, lfi_cme_message *out
)
{
    const unsigned char *const head = packet + *at;
    if (bytes < *at + LFI_CME_MESSAGE_HEAD) {
        return false;
    }
    const size_t size = lfi_cme_16(head);
    out->block_bytes = lfi_cme_16(head + 2);
    out->template_id = lfi_cme_16(head + 4);
    out->schema_id = lfi_cme_16(head + 6);
    out->version = lfi_cme_16(head + 8);
    if (size > bytes - *at || size < LFI_CME_MESSAGE_HEAD + (size_t)out->block_bytes) {
        return false;
    }
    out->body = head + LFI_CME_MESSAGE_HEAD;
    out->bytes = size - LFI_CME_MESSAGE_HEAD;
    *at += size;
    return true;
}

bool lfi_cme_packet_fits(const unsigned char *packet, size_t bytes)
{
    size_t at = LFI_CME_PACKET_HEAD;
    lfi_cme_message message;
    bool fits = bytes > LFI_CME_PACKET_HEAD;
    while (fits && at < bytes) {
        fits = lfi_cme_message_next(packet, bytes, &at, &message) &&
               message.schema_id == LFI_CME_SCHEMA;
    }
    return fits;
}

bool lfi_cme_group_of(const lfi_cme_message *message, size_t entry_bytes_min, lfi_cme_group *out)
{
    const size_t left = message->bytes - message->block_bytes;
    const unsigned char *const head = message->body + message->block_bytes;
    if (left < 3) {
        return false;
    }
    *out = (lfi_cme_group){.entries = head + 3, .entry_bytes = lfi_cme_16(head), .count = head[2]};
    return out->entry_bytes >= entry_bytes_min && out->count * out->entry_bytes <= left - 3;
}

void lfi_cme_second_group_of(
    const lfi_cme_message *message,
    const lfi_cme_group *first,
    size_t entry_bytes_min,
    lfi_cme_group *out
)
{
    const unsigned char *const head = first->entries + first->count * first->entry_bytes;
    const size_t left = message->bytes - (size_t)(head - message->body);
    *out = (lfi_cme_group){0};
    if (left < 8) {
        return;
    }
    const lfi_cme_group second = {
        .entries = head + 8, .entry_bytes = lfi_cme_16(head), .count = head[7]};
    if (second.entry_bytes >= entry_bytes_min && second.count * second.entry_bytes <= left - 8) {
        *out = second;
    }
}
