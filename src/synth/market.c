/* The simulated market: a latent price, an activity clock, and order flow that keeps a book at it.
 */
#include "synth_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Events handed out at once, and room for the messages of one step behind them. */
#define BATCH_EVENTS 1024
#define STEP_EVENTS 256
/* Messages of one revision of quotes; the rest follows with the next step. */
#define REVISION_MAX 100
/* A price unit of LOBSTER is 1/100 tick. */
#define UNITS_PER_TICK 100
/* Seconds that the book runs before the session, so that the first event finds it settled. */
#define WARM_UP_S 120
/* Tail of metaorder lengths: sign memory with exponent 0.55; METHODS: 1.5 to 1.6 on real markets.
 */
#define LENGTH_EXPONENT 1.55
/* Activity: log Ornstein-Uhlenbeck, one hour, sd 0.35; spread: five minutes. */
#define ACTIVITY_TIME_S 3600.0
#define ACTIVITY_SD 0.35
#define SPREAD_TIME_S 300.0

struct lf_synth {
    const lf_allocator *allocator;
    lf_allocator memory;
    lf_synth_options options;
    lf_instrument instrument;
    lfi_synth_rates rates;
    lfi_ladder ladder;
    lfi_signs signs;
    lf_random random;
    lf_event *events; /* [BATCH_EVENTS + STEP_EVENTS] */
    lf_trade *trades;
    size_t event_count, trade_count;
    double latent;       /* ticks */
    double flow;         /* signed executed size / mean size, decaying */
    double drift, kappa; /* ticks per second per flow; decay per second */
    double activity_log, spread_log, activity, half_spread, depth_scale;
    double time_s; /* since the open; negative during warm-up */
    int64_t ts_ns; /* of the last message */
    double session_s, next_second_s;
    lf_quotes shown;
    bool is_silent;
};

void lf_synth_options_default(lf_synth_options *options)
{
    *options = (lf_synth_options){
        .symbol = "SYN",
        .first_date = {2024, 1, 2},
        .day_count = 1,
        .seed = 1,
        .preset = LF_SYNTH_SMALL_TICK,
        .level_count = 10,
        .alpha = 0,
        .alpha_half_life_ns = 60 * LF_NS_PER_SECOND,
        .activity = 1,
    };
}

/*
 * Rates are chosen, not fitted: some 1,100 (small tick) and 900 (large tick) events a minute, a
 * volatility of 10 bps a minute as of a liquid share, and a book in which the mid's noise around
 * the latent price is so small that the variance ratio stays near 1. docs/modules/synth.md measures
 * them.
 */
const lfi_synth_rates *lfi_synth_rates_of(lf_synth_preset preset)
{
    static const lfi_synth_rates all[] = {
        [LF_SYNTH_SMALL_TICK] =
            {
                .price_start = 10000,
                .volatility = 1.5,
                .half_spread = 2.2,
                .spread_wobble = 0.25,
                .limit_rate = 8,
                .cancel_rate = 0.06,
                .market_rate = 1.4,
                .hidden_rate = 0.3,
                .depth_ticks = 6,
                .size_mean = 120,
                .market_size_mean = 90,
                .queue_response = 0.8,
            },
        [LF_SYNTH_LARGE_TICK] =
            {
                .price_start = 3000,
                .volatility = 0.387,
                .half_spread = 0.08,
                .spread_wobble = 0,
                .limit_rate = 9,
                .cancel_rate = 0.02,
                .market_rate = 1.5,
                .hidden_rate = 0.2,
                .depth_ticks = 3,
                .size_mean = 300,
                .market_size_mean = 200,
                .queue_response = 0.98,
            },
    };
    return &all[preset];
}

/* Geometric with a mean, at least 1. */
static int64_t draw_size(lf_random *random, double mean)
{
    const double size = ceil(lf_random_exponential(random) * mean);
    return size < 1 ? 1 : (int64_t)size;
}

static int32_t bid_limit(const lf_synth *s)
{
    return (int32_t)floor(s->latent - s->half_spread);
}

static int32_t ask_limit(const lf_synth *s)
{
    return (int32_t)ceil(s->latent + s->half_spread);
}

/* Time of the next message: a little after the last, never at the same ns. */
static void next_instant(lf_synth *s, int64_t gap_ns)
{
    const int64_t now_ns = s->instrument.session_open_ns + (int64_t)(s->time_s * 1e9);
    s->ts_ns = now_ns > s->ts_ns ? now_ns : s->ts_ns + gap_ns;
}

/* Hand out a message when it shows in the visible book, or when it is a trade. */
static lf_event *emit(lf_synth *s, lf_event_kind kind, uint64_t id, int32_t side, int64_t lots)
{
    lf_event *event = &s->events[s->event_count];
    lfi_ladder_quotes(&s->ladder, s->options.level_count, &event->quotes);
    const bool is_shown = memcmp(&event->quotes, &s->shown, sizeof s->shown) != 0;
    if (s->is_silent || (!is_shown && kind != LF_EVENT_HIDDEN)) {
        s->shown = event->quotes;
        return NULL;
    }
    s->shown = event->quotes;
    s->event_count++;
    event->ts_exchange_ns = event->ts_local_ns = s->ts_ns;
    event->order_id = id;
    event->size_lots = lots;
    event->price_units = 0;
    event->instrument = 0;
    event->flags = LF_EVENT_LAST;
    event->trade_first = (uint32_t)s->trade_count;
    event->trade_count = 0;
    event->kind = (uint8_t)kind;
    event->side = (int8_t)side;
    return event;
}

static void emit_trade(lf_synth *s, lf_event *event, int64_t price_units, int64_t lots, bool hidden)
{
    if (event != NULL) {
        event->price_units = price_units;
        event->trade_count = 1;
        s->trades[s->trade_count++] = (lf_trade){
            .price_units = price_units,
            .size_lots = lots,
            .sign = (int8_t)-event->side,
            .hidden = hidden,
        };
    }
}

static void add_order(lf_synth *s, int32_t side, int32_t ticks, int64_t lots)
{
    const uint32_t slot = lfi_ladder_add(&s->ladder, side, ticks, lots);
    if (slot == LFI_SYNTH_NONE) {
        return;
    }
    lf_event *event = emit(s, LF_EVENT_ADD, s->ladder.orders[slot].id, side, lots);
    if (event != NULL) {
        event->price_units = (int64_t)ticks * UNITS_PER_TICK;
    }
}

static void remove_order(lf_synth *s, uint32_t slot, int64_t lots)
{
    const lfi_order order = s->ladder.orders[slot];
    lfi_ladder_reduce(&s->ladder, slot, lots);
    const lf_event_kind kind = lots == order.lots ? LF_EVENT_DELETE : LF_EVENT_CANCEL;
    lf_event *event = emit(s, kind, order.id, order.side, lots);
    if (event != NULL) {
        event->price_units = (int64_t)order.ticks * UNITS_PER_TICK;
    }
}

/* Quotes that the latent price has overtaken leave; prices that it opened are taken up. */
static void revise(lf_synth *s)
{
    lfi_ladder *ladder = &s->ladder;
    const int32_t bid = bid_limit(s), ask = ask_limit(s);
    for (int i = 0; i < REVISION_MAX; i++) {
        const bool bid_stale = ladder->best[0] > bid, ask_stale = ladder->best[1] < ask;
        if (!bid_stale && !ask_stale) {
            break;
        }
        const int side = ask_stale ? 1 : 0;
        const uint32_t slot = ladder->levels[side][ladder->best[side]].first;
        remove_order(s, slot, ladder->orders[slot].lots);
        next_instant(s, 200 + (int64_t)lf_random_below(&s->random, 1800));
    }
    const double mean = s->rates.size_mean * s->depth_scale;
    if (ladder->best[0] < bid) {
        add_order(s, 1, bid, draw_size(&s->random, mean));
        next_instant(s, 200 + (int64_t)lf_random_below(&s->random, 1800));
    }
    if (ladder->best[1] > ask) {
        add_order(s, -1, ask, draw_size(&s->random, mean));
        next_instant(s, 200 + (int64_t)lf_random_below(&s->random, 1800));
    }
}

/* How far, in [0, 1), the latent price is from making the touch stale: long queues where far. */
static double touch_distance(const lf_synth *s, int32_t side)
{
    return side > 0 ? s->latent - s->half_spread - bid_limit(s)
                    : ask_limit(s) - (s->latent + s->half_spread);
}

static void limit_order(lf_synth *s)
{
    const int32_t side = lf_random_below(&s->random, 2) == 0 ? 1 : -1;
    const int32_t depth = (int32_t)floor(lf_random_exponential(&s->random) * s->rates.depth_ticks);
    const double keep = 1 - s->rates.queue_response * (1 - touch_distance(s, side));
    if (depth == 0 && lf_random_uniform(&s->random) > keep) {
        return;
    }
    const int32_t ticks = side > 0 ? bid_limit(s) - depth : ask_limit(s) + depth;
    add_order(s, side, ticks, draw_size(&s->random, s->rates.size_mean * s->depth_scale));
}

static void cancel_order(lf_synth *s)
{
    if (s->ladder.live_count == 0) {
        return;
    }
    const uint32_t slot = s->ladder.live[lf_random_below(&s->random, s->ladder.live_count)];
    const lfi_order *order = &s->ladder.orders[slot];
    const bool at_touch = order->ticks == s->ladder.best[order->side > 0 ? 0 : 1];
    const double spare = s->rates.queue_response * touch_distance(s, order->side);
    if (at_touch && lf_random_uniform(&s->random) < spare) {
        return;
    }
    /* One cancellation in ten takes back a part. */
    const bool is_part = order->lots > 1 && lf_random_below(&s->random, 10) == 0;
    const int64_t lots =
        is_part ? 1 + (int64_t)lf_random_below(&s->random, (uint64_t)order->lots - 1) : order->lots;
    remove_order(s, slot, lots);
}

/* A market order walks the queues from the front; all its fills share one instant. */
static void market_order(lf_synth *s)
{
    const int32_t sign = lfi_signs_next(&s->signs, &s->random);
    const int hit = sign > 0 ? 1 : 0;
    int64_t left = draw_size(&s->random, s->rates.market_size_mean);
    int64_t done = 0;
    /* Never the last 20 orders of the book: a market without one side is another model. */
    for (int i = 0; i < 50 && left > 0 && s->ladder.live_count > 20; i++) {
        const int32_t ticks = s->ladder.best[hit];
        if (ticks <= 0 || ticks >= LFI_SYNTH_TICKS) {
            break;
        }
        const uint32_t slot = s->ladder.levels[hit][ticks].first;
        const lfi_order order = s->ladder.orders[slot];
        const int64_t lots = left < order.lots ? left : order.lots;
        lfi_ladder_reduce(&s->ladder, slot, lots);
        lf_event *event = emit(s, LF_EVENT_EXECUTE, order.id, order.side, lots);
        emit_trade(s, event, (int64_t)ticks * UNITS_PER_TICK, lots, false);
        left -= lots;
        done += lots;
    }
    s->flow += sign * (double)done / s->rates.market_size_mean;
}

/* An execution against an order that nobody saw: inside the spread, or at the touch of one tick. */
static void hidden_execution(lf_synth *s)
{
    const int32_t bid = s->ladder.best[0], ask = s->ladder.best[1];
    if (bid <= 0 || ask >= LFI_SYNTH_TICKS) {
        return;
    }
    const int32_t sign = lfi_signs_next(&s->signs, &s->random);
    const int64_t lots = draw_size(&s->random, s->rates.market_size_mean);
    const int64_t mid_units = (int64_t)(bid + ask) * (UNITS_PER_TICK / 2);
    const bool at_mid = ask - bid < 3 || lf_random_below(&s->random, 2) == 0;
    const int64_t edge_units = (int64_t)(sign > 0 ? ask - 1 : bid + 1) * UNITS_PER_TICK;
    lf_event *event = emit(s, LF_EVENT_HIDDEN, 0, -sign, lots);
    emit_trade(s, event, at_mid ? mid_units : edge_units, lots, true);
    s->flow += sign * (double)lots / s->rates.market_size_mean;
}

/* Once a second: the U of the day, the slow activity, the spread and the depth of new orders. */
static void each_second(lf_synth *s)
{
    s->activity_log += -s->activity_log / ACTIVITY_TIME_S +
                       ACTIVITY_SD * sqrt(2 / ACTIVITY_TIME_S) * lf_random_normal(&s->random);
    s->spread_log += -s->spread_log / SPREAD_TIME_S + s->rates.spread_wobble *
                                                          sqrt(2 / SPREAD_TIME_S) *
                                                          lf_random_normal(&s->random);
    const double at = s->time_s < 0 ? 0 : s->time_s / s->session_s;
    const double z2 = (2 * at - 1) * (2 * at - 1);
    /* Mean 1 over the day; the first and last half hours are three times as busy as noon. */
    const double u = 0.65 + 1.75 * z2 * z2;
    s->activity = s->options.activity * u * exp(s->activity_log - ACTIVITY_SD * ACTIVITY_SD / 2);
    s->half_spread = s->rates.half_spread * exp(s->spread_log) * (at < 0.1 ? 1.5 - 5 * at : 1);
    s->depth_scale = 1 - 0.5 * (at < 0.5 ? z2 * z2 * z2 * z2 : 0);
    s->next_second_s += 1;
}

/* The latent price over a wait; large tick and small tick differ in its unit alone. */
static void move_latent(lf_synth *s, double wait_s)
{
    s->latent += s->drift * s->flow * wait_s +
                 s->rates.volatility * sqrt(s->activity * wait_s) * lf_random_normal(&s->random);
    s->flow *= exp(-s->kappa * wait_s);
    /* The ladder ends at 1 tick and at 65,535: a price that came near either would reflect. */
    if (s->latent < 500) {
        s->latent = 1000 - s->latent;
    }
    if (s->latent > LFI_SYNTH_TICKS - 500) {
        s->latent = 2 * (LFI_SYNTH_TICKS - 500) - s->latent;
    }
}

static void step(lf_synth *s)
{
    const lfi_synth_rates *r = &s->rates;
    const double cancel = r->cancel_rate * s->ladder.live_count;
    const double total = r->limit_rate + cancel + r->market_rate + r->hidden_rate;
    const double wait_s = lf_random_exponential(&s->random) / (total * s->activity);
    s->time_s += wait_s;
    next_instant(s, 1000);
    while (s->next_second_s <= s->time_s) {
        each_second(s);
    }
    move_latent(s, wait_s);
    revise(s);
    const double pick = lf_random_uniform(&s->random) * total;
    if (pick < r->limit_rate) {
        limit_order(s);
    } else if (pick < r->limit_rate + cancel) {
        cancel_order(s);
    } else if (pick < r->limit_rate + cancel + r->market_rate) {
        market_order(s);
    } else {
        hidden_execution(s);
    }
}

/* The day-th day of the week that is not a weekend, from the first date on. */
static lf_date date_of(lf_date first, int32_t day)
{
    int64_t days = lf_date_to_days(first);
    for (int32_t left = day;; days++) {
        /* 1970-01-01 was a Thursday: 2 and 3 days later the weekend. */
        const int64_t weekday = ((days % 7) + 7) % 7;
        if (weekday != 2 && weekday != 3 && left-- == 0) {
            return lf_date_from_days(days);
        }
    }
}

static lf_status set_instrument(lf_synth *s, int32_t day, lf_error *error)
{
    lf_zone *zone;
    const lf_status status = lf_zone_create(s->allocator, "America/New_York", &zone, error);
    if (status != LF_OK) {
        return status;
    }
    lf_instrument *in = &s->instrument;
    in->date = date_of(s->options.first_date, day);
    in->session_open_ns = lf_zone_to_utc(zone, in->date, (9 * 60 + 30) * LF_NS_PER_MINUTE);
    in->session_close_ns = lf_zone_to_utc(zone, in->date, 16 * 60 * LF_NS_PER_MINUTE);
    lf_zone_destroy(zone);
    snprintf(in->symbol, sizeof in->symbol, "%s", s->options.symbol);
    snprintf(in->venue, sizeof in->venue, "NASDAQ");
    snprintf(in->currency, sizeof in->currency, "USD");
    in->tick_nano = 10000000;
    in->lot_nano = 1000000000;
    in->units_per_tick = UNITS_PER_TICK;
    in->level_count = s->options.level_count;
    return LF_OK;
}

static lf_status check_options(const lf_synth_options *o, lf_error *error)
{
    if (o->level_count < 1 || o->level_count > LF_LEVELS_MAX) {
        return lf_error_set(error, LF_RANGE, "synth: levels must be 1 to %d", LF_LEVELS_MAX);
    }
    if (!(o->alpha >= 0 && o->alpha <= 0.5)) {
        return lf_error_set(error, LF_RANGE, "synth: alpha must be from 0 to 0.5");
    }
    if (o->alpha_half_life_ns <= 0 || !(o->activity > 0 && o->activity <= 100)) {
        return lf_error_set(
            error, LF_RANGE, "synth: the half-life must be above 0 and activity in (0, 100]"
        );
    }
    if (o->symbol[0] == '\0' || strpbrk(o->symbol, "_/ ") != NULL) {
        return lf_error_set(
            error, LF_RANGE, "synth: the symbol must be a name without '_', '/' and spaces"
        );
    }
    return LF_OK;
}

/* Fill the book before the session and let it settle without handing anything out. */
static void warm_up(lf_synth *s)
{
    s->is_silent = true;
    s->time_s = s->next_second_s = -WARM_UP_S;
    s->ts_ns = s->instrument.session_open_ns - WARM_UP_S * LF_NS_PER_SECOND;
    each_second(s);
    const int orders = (int)(s->rates.limit_rate / s->rates.cancel_rate);
    for (int i = 0; i < orders; i++) {
        limit_order(s);
    }
    while (s->time_s < 0) {
        step(s);
    }
    s->is_silent = false;
}

lf_status
lf_synth_open(const lf_synth_options *options, int32_t day, lf_synth **out, lf_error *error)
{
    *out = NULL;
    lf_status status = check_options(options, error);
    if (status != LF_OK) {
        return status;
    }
    lf_synth *s = lf_allocate(options->allocator, 1, sizeof *s);
    if (s == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the simulated market");
    }
    s->options = *options;
    if (options->allocator != NULL) {
        s->memory = *options->allocator;
        s->allocator = &s->memory;
    }
    s->rates = *lfi_synth_rates_of(options->preset);
    s->events = lf_allocate(s->allocator, BATCH_EVENTS + STEP_EVENTS, sizeof *s->events);
    s->trades = lf_allocate(s->allocator, BATCH_EVENTS + STEP_EVENTS, sizeof *s->trades);
    if (s->events == NULL || s->trades == NULL ||
        lfi_ladder_init(s->allocator, &s->ladder) != LF_OK) {
        lf_synth_close(s);
        return lf_error_set(error, LF_NOMEM, "no memory for the simulated market");
    }
    status = set_instrument(s, day, error);
    if (status != LF_OK) {
        lf_synth_close(s);
        return status;
    }
    const uint64_t name = lf_hash64(s->options.symbol, strlen(s->options.symbol), options->seed);
    lf_random_seed(&s->random, name, (uint64_t)day + 1);
    lfi_signs_init(&s->signs, LENGTH_EXPONENT, &s->random);
    const double half_life_s = (double)options->alpha_half_life_ns / 1e9;
    s->kappa = log(2) / half_life_s;
    s->drift = lfi_synth_drift(
        options->alpha,
        half_life_s,
        s->rates.market_rate + s->rates.hidden_rate,
        s->rates.volatility,
        LENGTH_EXPONENT
    );
    if (isnan(s->drift)) {
        lf_synth_close(s);
        return lf_error_set(
            error, LF_RANGE, "synth: no drift of this half-life can explain that much of a minute"
        );
    }
    /* Days begin at prices spread by 1 % around the preset's. */
    s->latent = s->rates.price_start * exp(0.01 * lf_random_normal(&s->random));
    s->activity_log = ACTIVITY_SD * lf_random_normal(&s->random);
    s->session_s = (double)(s->instrument.session_close_ns - s->instrument.session_open_ns) / 1e9;
    warm_up(s);
    *out = s;
    return LF_OK;
}

const lf_instrument *lf_synth_instrument(const lf_synth *synth)
{
    return &synth->instrument;
}

double lf_synth_latent_ticks(const lf_synth *synth)
{
    return synth->latent;
}

void lf_synth_next(lf_synth *synth, lf_batch *out)
{
    synth->event_count = synth->trade_count = 0;
    const int64_t close_ns = synth->instrument.session_close_ns;
    while (synth->event_count < BATCH_EVENTS && synth->ts_ns < close_ns) {
        step(synth);
    }
    while (synth->event_count > 0 &&
           synth->events[synth->event_count - 1].ts_exchange_ns >= close_ns) {
        synth->event_count--;
        synth->trade_count -= synth->events[synth->event_count].trade_count;
    }
    *out = (lf_batch){synth->events, synth->trades, synth->event_count, synth->trade_count};
}

void lf_synth_close(lf_synth *synth)
{
    if (synth == NULL) {
        return;
    }
    const lf_allocator memory = synth->memory;
    const lf_allocator *allocator = synth->allocator != NULL ? &memory : NULL;
    lf_release(allocator, synth->events);
    lf_release(allocator, synth->trades);
    lfi_ladder_free(allocator, &synth->ladder);
    lf_release(allocator, synth);
}
