/* What a day of states looked like: counts, masked time, and the exact median spread. */
#include <lobflow/book.h>

#include <math.h>
#include <string.h>

/* Spreads counted one by one, up to 655 dollars; wider ones share the last cell. */
#define SPREADS_MAX 65536

struct lf_book_summarizer {
    lf_allocator memory;
    const lf_allocator *allocator;
    lf_instrument instrument;
    lf_book_summary summary;
    int64_t *spread_counts; /* [SPREADS_MAX] events by spread in ticks */
    int64_t spread_total;
    int64_t mid2;     /* of the last valid state since the last reset, when has_mid */
    int64_t ts_ns;    /* of the last event; LF_TIME_NONE before the first */
    int64_t until_ns; /* session time is accounted for up to here */
    bool has_mid;
    bool is_valid; /* the state after the last event */
};

lf_status lf_book_summarizer_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    lf_book_summarizer **out,
    lf_error *error
)
{
    *out = NULL;
    lf_book_summarizer *self = lf_allocate(allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the summary of a book");
    }
    if (allocator != NULL) {
        self->memory = *allocator;
        self->allocator = &self->memory;
    }
    self->spread_counts = lf_allocate(allocator, SPREADS_MAX, sizeof *self->spread_counts);
    if (self->spread_counts == NULL) {
        lf_book_summarizer_destroy(self);
        return lf_error_set(error, LF_NOMEM, "no memory for the summary of a book");
    }
    self->instrument = *instrument;
    self->ts_ns = LF_TIME_NONE;
    self->until_ns = instrument->session_open_ns;
    self->summary.session_ns = instrument->session_close_ns - instrument->session_open_ns;
    *out = self;
    return LF_OK;
}

void lf_book_summarizer_destroy(lf_book_summarizer *summarizer)
{
    if (summarizer == NULL) {
        return;
    }
    const lf_allocator memory = summarizer->memory;
    const lf_allocator *allocator = summarizer->allocator != NULL ? &memory : NULL;
    lf_release(allocator, summarizer->spread_counts);
    lf_release(allocator, summarizer);
}

/* Session time up to now that had no valid state. */
static int64_t masked_until(const lf_book_summarizer *self, int64_t now_ns)
{
    const int64_t close_ns = self->instrument.session_close_ns;
    const int64_t end_ns = now_ns < close_ns ? now_ns : close_ns;
    return !self->is_valid && end_ns > self->until_ns ? end_ns - self->until_ns : 0;
}

static void take_state(lf_book_summarizer *self, const lf_event *event)
{
    lf_book_summary *s = &self->summary;
    const lf_quotes *q = &event->quotes;
    const bool both = q->bid_lots[0] > 0 && q->ask_lots[0] > 0;
    s->one_sided_count += !both;
    s->crossed_count += both && q->bid_ticks[0] >= q->ask_ticks[0];
    self->is_valid = lf_book_event_valid(event);
    if ((event->flags & LF_EVENT_RESET) != 0) {
        self->has_mid = false;
    }
    if (!self->is_valid) {
        return;
    }
    const int64_t mid2 = lf_book_mid2(q), spread = lf_book_spread(q);
    s->mid_change_count += self->has_mid && mid2 != self->mid2;
    self->has_mid = true;
    self->mid2 = mid2;
    self->spread_counts[spread < SPREADS_MAX ? spread : SPREADS_MAX - 1]++;
    self->spread_total++;
}

void lf_book_summarizer_push(lf_book_summarizer *summarizer, const lf_batch *batch)
{
    lf_book_summary *s = &summarizer->summary;
    for (size_t i = 0; i < batch->event_count; i++) {
        const lf_event *event = &batch->events[i];
        const int64_t ts_ns = event->ts_exchange_ns;
        if (summarizer->ts_ns != LF_TIME_NONE &&
            ts_ns - summarizer->ts_ns > s->longest_silence_ns) {
            s->longest_silence_ns = ts_ns - summarizer->ts_ns;
        }
        s->masked_ns += masked_until(summarizer, ts_ns);
        if (ts_ns > summarizer->until_ns) {
            summarizer->until_ns = ts_ns;
        }
        summarizer->ts_ns = ts_ns;
        s->event_count++;
        s->cross_count += event->kind == LF_EVENT_CROSS;
        for (uint16_t t = 0; t < event->trade_count; t++) {
            s->trade_count++;
            s->hidden_trade_count += batch->trades[event->trade_first + t].hidden;
        }
        take_state(summarizer, event);
    }
}

/* The spread that has a rank among all, from 0. */
static int64_t spread_at(const lf_book_summarizer *self, int64_t rank)
{
    int64_t seen = 0;
    for (int64_t spread = 0; spread < SPREADS_MAX; spread++) {
        seen += self->spread_counts[spread];
        if (seen > rank) {
            return spread;
        }
    }
    return SPREADS_MAX - 1;
}

void lf_book_summarizer_get(const lf_book_summarizer *summarizer, lf_book_summary *out)
{
    *out = summarizer->summary;
    out->masked_ns += masked_until(summarizer, summarizer->instrument.session_close_ns);
    const int64_t n = summarizer->spread_total;
    out->median_spread_ticks =
        n > 0 ? (double)(spread_at(summarizer, (n - 1) / 2) + spread_at(summarizer, n / 2)) / 2
              : NAN;
}
