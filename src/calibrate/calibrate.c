/* Which queue model is true: the same probes in a venue for each model and in one that knows. */
#include <lobflow/calibrate.h>

#include <lobflow/book.h>

#include <math.h>

/* The first venue has exact queues, the others are in the order of the fits. */
#define VENUES (LF_CALIBRATE_FITS + 1)

/* Exponents tried for each power form: 1 is in proportion, and above 5 the forms hardly differ. */
static const double exponents[] = {0.5, 1.0, 1.5, 2.0, 3.0, 5.0};
static const lf_queue_model powers[] = {LF_QUEUE_POWER, LF_QUEUE_POWER2, LF_QUEUE_POWER3};
static const lf_queue_model plain[] = {
    LF_QUEUE_RISK_AVERSE, LF_QUEUE_OPTIMISTIC, LF_QUEUE_LOG, LF_QUEUE_LOG2};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static_assert(
    COUNT(powers) * COUNT(exponents) + COUNT(plain) == LF_CALIBRATE_FITS, "each fit has its model"
);

#define NOT_FILLED (-1)

typedef struct probe {
    uint64_t id; /* 0: none rests */
    int64_t begin_ns;
    int64_t fill_ns[VENUES]; /* after the beginning, or NOT_FILLED */
    int waiting;             /* venues that have not filled it */
    bool is_void, is_crossed;
} probe;

struct lf_calibrator {
    lf_allocator allocator;
    bool has_allocator;
    int64_t horizon_ns;
    lf_market *market;
    lf_venue *venues[VENUES];
    lf_instrument instrument;
    probe probes[2]; /* 0 bid, 1 ask */
    uint64_t last_id;
    lf_calibrate_result found;
};

/* ---- life ------------------------------------------------------------------------------- */

static void name_fits(lf_calibrate_result *found)
{
    size_t at = 0;
    for (size_t i = 0; i < COUNT(plain); i++) {
        found->fits[at++].model = plain[i];
    }
    for (size_t i = 0; i < COUNT(powers); i++) {
        for (size_t k = 0; k < COUNT(exponents); k++) {
            found->fits[at].model = powers[i];
            found->fits[at++].n = exponents[k];
        }
    }
}

lf_status lf_calibrate_create(
    const lf_allocator *allocator, int64_t horizon_ns, lf_calibrator **out, lf_error *error
)
{
    *out = NULL;
    if (horizon_ns <= 0) {
        return lf_error_set(error, LF_RANGE, "The time that a probe rests must be above 0.");
    }
    lf_calibrator *const self = lf_allocate(allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for probes.");
    }
    self->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        self->allocator = *allocator;
    }
    self->horizon_ns = horizon_ns;
    name_fits(&self->found);
    *out = self;
    return LF_OK;
}

static void close_venues(lf_calibrator *self)
{
    for (int i = 0; i < VENUES; i++) {
        lf_venue_destroy(self->venues[i]);
        self->venues[i] = NULL;
    }
    lf_market_destroy(self->market);
    self->market = NULL;
    for (int side = 0; side < 2; side++) {
        self->found.void_count += self->probes[side].id != 0;
        self->probes[side] = (probe){0};
    }
}

void lf_calibrate_destroy(lf_calibrator *self)
{
    if (self == NULL) {
        return;
    }
    const lf_allocator allocator = self->allocator;
    const lf_allocator *const used = self->has_allocator ? &allocator : NULL;
    close_venues(self);
    lf_release(used, self);
}

lf_status lf_calibrate_begin(lf_calibrator *self, const lf_instrument *instrument, lf_error *error)
{
    close_venues(self);
    self->instrument = *instrument;
    if (!instrument->has_orders) {
        return lf_error_set(
            error,
            LF_MISMATCH,
            "Which queue model is true shows where the data have single orders (Databento mbo, "
            "NASDAQ ITCH, CME by order, Coinbase full); those of %s (%s) do not.",
            instrument->symbol,
            instrument->venue
        );
    }
    lf_status status = lf_market_create(
        self->has_allocator ? &self->allocator : NULL, instrument, &self->market, error
    );
    for (int i = 0; i < VENUES && status == LF_OK; i++) {
        lf_execution_options options;
        lf_execution_options_default(&options);
        options.fees.schedule = LF_FEE_SCHEDULE_NONE;
        options.queue.model = i == 0 ? LF_QUEUE_FIFO : self->found.fits[i - 1].model;
        if (i > 0 && self->found.fits[i - 1].n > 0.0) {
            options.queue.n = self->found.fits[i - 1].n;
        }
        status = lf_market_open(self->market, &options, &self->venues[i], error);
    }
    return status;
}

/* ---- probes ----------------------------------------------------------------------------- */

static void hear(lf_calibrator *self, int venue)
{
    for (lf_report report; lf_venue_take(self->venues[venue], &report);) {
        for (int side = 0; side < 2; side++) {
            probe *const at = &self->probes[side];
            if (at->id != report.order_id) {
                continue;
            }
            if (report.kind == LF_REPORT_FILL) {
                at->fill_ns[venue] = report.ts_venue_ns - at->begin_ns;
                at->waiting--;
                at->is_crossed =
                    at->is_crossed || (venue == 0 && report.fill.liquidity != LF_LIQUIDITY_MAKER);
            } else if (report.kind == LF_REPORT_EXPIRED || report.kind == LF_REPORT_REJECTED) {
                at->is_void = true;
            }
        }
    }
}

static lf_status ask_all(lf_calibrator *self, lf_request request, int64_t ts_ns, lf_error *error)
{
    lf_status status = LF_OK;
    for (int i = 0; i < VENUES && status == LF_OK; i++) {
        status = lf_venue_request(self->venues[i], &request, ts_ns, error);
        hear(self, i);
    }
    return status;
}

static lf_status begin_probe(lf_calibrator *self, int side, const lf_event *event, lf_error *error)
{
    const lf_quotes *const quotes = &event->quotes;
    probe *const at = &self->probes[side];
    *at = (probe){.id = ++self->last_id, .begin_ns = event->ts_exchange_ns, .waiting = VENUES};
    for (int i = 0; i < VENUES; i++) {
        at->fill_ns[i] = NOT_FILLED;
    }
    const lf_request request = {
        .order_id = at->id,
        .lots = 1,
        .price_ticks = side == 0 ? quotes->bid_ticks[0] : quotes->ask_ticks[0],
        .kind = LF_REQUEST_NEW,
        .order_kind = LF_ORDER_KIND_PASSIVE,
        .side = side == 0 ? 1 : -1,
        .post_only = true,
    };
    return ask_all(self, request, event->ts_exchange_ns, error);
}

static void count_probe(lf_calibrator *self, const probe *at)
{
    lf_calibrate_result *const found = &self->found;
    const int half = (int)(found->probe_count++ % 2);
    const int64_t truth_ns = at->fill_ns[0];
    const bool is_true = truth_ns != NOT_FILLED && truth_ns <= self->horizon_ns;
    found->filled_count += is_true;
    found->crossed_count += is_true && at->is_crossed;
    found->fill_ns += is_true ? truth_ns : 0;
    for (int i = 0; i < LF_CALIBRATE_FITS; i++) {
        lf_calibrate_fit *const fit = &found->fits[i];
        const int64_t said_ns = at->fill_ns[i + 1];
        const bool is_said = said_ns != NOT_FILLED && said_ns <= self->horizon_ns;
        fit->counts[half][is_said][is_true]++;
        if (is_said && is_true) {
            fit->time_count++;
            fit->time_bias_ns += said_ns - truth_ns;
            fit->time_distance_ns += said_ns > truth_ns ? said_ns - truth_ns : truth_ns - said_ns;
        }
    }
}

/* Ends a probe that all have filled, that nobody can tell any more, or whose time is over. */
static lf_status end_probe(lf_calibrator *self, int side, int64_t ts_ns, lf_error *error)
{
    probe *const at = &self->probes[side];
    const bool is_over = ts_ns - at->begin_ns >= self->horizon_ns;
    if (at->id == 0 || (at->waiting > 0 && !at->is_void && !is_over)) {
        return LF_OK;
    }
    if (at->is_void) {
        self->found.void_count++;
    } else {
        count_probe(self, at);
    }
    const lf_request request = {.order_id = at->id, .kind = LF_REQUEST_CANCEL};
    at->id = 0;
    return ask_all(self, request, ts_ns, error);
}

lf_status lf_calibrate_event(
    lf_calibrator *self,
    const lf_event *event,
    const lf_trade *trades,
    const lf_order_change *changes,
    size_t change_count,
    lf_error *error
)
{
    const int64_t ts_ns = event->ts_exchange_ns;
    const lf_instrument *const instrument = &self->instrument;
    lf_market_changes(self->market, changes, change_count);
    lf_status status = lf_market_event(self->market, event, trades, error);
    for (int i = 0; i < VENUES; i++) {
        hear(self, i);
    }
    for (int side = 0; side < 2 && status == LF_OK; side++) {
        status = end_probe(self, side, ts_ns, error);
        if (status == LF_OK && self->probes[side].id == 0 && lf_book_event_valid(event) &&
            ts_ns >= instrument->session_open_ns && ts_ns < instrument->session_close_ns) {
            status = begin_probe(self, side, event, error);
        }
    }
    return status;
}

const lf_calibrate_result *lf_calibrate_result_of(const lf_calibrator *self)
{
    return &self->found;
}

/* ---- losses ----------------------------------------------------------------------------- */

/* Loss of `scored` (not filled, filled) under the rate of `learnt`; half a probe each beforehand.
 */
static double loss_of(const int64_t learnt[2], const int64_t scored[2])
{
    const double rate = ((double)learnt[1] + 0.5) / ((double)learnt[0] + (double)learnt[1] + 1.0);
    return -(double)scored[1] * log(rate) - (double)scored[0] * log(1.0 - rate);
}

double lf_calibrate_log_loss(const lf_calibrate_fit *fit)
{
    double loss = 0.0;
    int64_t count = 0;
    for (int half = 0; half < 2; half++) {
        for (int said = 0; said < 2; said++) {
            loss += loss_of(fit->counts[half][said], fit->counts[1 - half][said]);
            count += fit->counts[half][said][0] + fit->counts[half][said][1];
        }
    }
    return count > 0 ? loss / (double)count : NAN;
}

double lf_calibrate_base_loss(const lf_calibrate_fit *fit)
{
    lf_calibrate_fit all = *fit;
    for (int half = 0; half < 2; half++) {
        for (int is_true = 0; is_true < 2; is_true++) {
            all.counts[half][0][is_true] += all.counts[half][1][is_true];
            all.counts[half][1][is_true] = 0;
        }
    }
    return lf_calibrate_log_loss(&all);
}
