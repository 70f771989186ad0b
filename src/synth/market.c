/* The simulated market: a latent price, an activity clock, and order flow that keeps a book at it.
 */
#include "synth_internal.h"

#include <lobflow/feed.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A price unit of LOBSTER is 1/100 tick. */
#define UNITS_PER_TICK 100
#define TIME_ZONE "America/New_York"
/* Seconds that the book runs before the session, so that the first event finds it settled. */
#define WARM_UP_S 300
#define FIRST_ORDERS 200
/* Activity: logs of Ornstein-Uhlenbeck of one hour and of three minutes; spread: five minutes. */
#define ACTIVITY_TIME_S 3600.0
#define BURST_TIME_S 180.0
#define SPREAD_TIME_S 300.0
/* Steps of what symbols have in common; some events of a busy stock are as far apart. */
#define FACTOR_STEP_S 0.05
/* Activities, as factors, between which a planted drift must exist. */
#define ACTIVITY_LEAST 0.01
#define ACTIVITY_MOST 100
/* Beyond these a day's price would leave the ladder. */
#define SHOCK_TICKS_MOST 1000
#define SHOCK_RATE_MOST 10
/* The return that a planted share is about. */
#define MINUTE_S 60.0

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
        .alpha_shock_rate = 0.02,
        .activity = 1,
    };
}

void lfi_synth_instant(lf_synth *s, int64_t gap_ns)
{
    const int64_t now_ns = s->instrument.session_open_ns + (int64_t)(s->time_s * 1e9);
    s->ts_ns = now_ns > s->ts_ns ? now_ns : s->ts_ns + gap_ns;
}

/* The drift that explains the planted share at the pace of this moment. */
static double drift_now(const lf_synth *s, double activity, double heat)
{
    const lf_synth_model *r = &s->model;
    if (!(s->options.alpha > 0)) {
        return 0;
    }
    /* Sizes are geometric: mean 1 / p, mean square (2 - p) / p^2. */
    const double last = -expm1(-1 / r->market_size_mean);
    const double mean = 1 / (last * r->market_size_mean);
    const double rate = (r->market_rate + r->hidden_rate) * activity;
    const double cold = activity == heat ? 0 : r->impact_share * (activity - heat);
    const double noise = r->volatility * r->volatility * (heat + cold) * MINUTE_S;
    const lfi_flow_moments moments =
        lfi_synth_flow_moments(&s->signs, rate, s->kappa, 2 - last, MINUTE_S);
    return lfi_synth_drift(&moments, s->options.alpha, s->impact, noise) / mean;
}

/* One second of an Ornstein-Uhlenbeck process. */
static void wander(lf_synth *s, double *log, double sd, double time_s)
{
    *log += -*log / time_s + sd * sqrt(2 / time_s) * lf_random_normal(&s->random);
}

/* A factor over the day: a line through the middles of the parts; 0 when none is given. */
static double profile(const double parts[LF_SYNTH_PARTS], double at)
{
    const double place = at * LF_SYNTH_PARTS - 0.5;
    const double low = fmin(fmax(floor(place), 0), LF_SYNTH_PARTS - 2);
    const double share = fmin(fmax(place - low, 0), 1);
    return parts[(int)low] * (1 - share) + parts[(int)low + 1] * share;
}

/* Once a second: the U of the day, the slow activity, the spread and the depth of new orders. */
static void each_second(lf_synth *s)
{
    const lf_synth_model *m = &s->model;
    wander(s, &s->activity_log, m->activity_sd, ACTIVITY_TIME_S);
    wander(s, &s->spread_log, m->spread_wobble, SPREAD_TIME_S);
    if (m->burst_sd > 0) {
        wander(s, &s->burst_log, m->burst_sd, BURST_TIME_S);
    }
    const double at = s->time_s < 0 ? 0 : s->time_s / s->session_s;
    const double z2 = (2 * at - 1) * (2 * at - 1);
    /* Mean 1 over the day; the first and last half hours are three times as busy as noon. */
    const double u = m->activity[0] > 0 ? profile(m->activity, at) : 0.65 + 1.75 * z2 * z2;
    const double spread = m->spread[0] > 0 ? profile(m->spread, at) : at < 0.1 ? 1.5 - 5 * at : 1;
    const double variance = m->activity_sd * m->activity_sd + m->burst_sd * m->burst_sd;
    s->activity = s->options.activity * u * exp(s->activity_log + s->burst_log - variance / 2);
    /* Of the same mean over the days as the activity, for a shape u. */
    const double p = m->volatility_power;
    s->heat = p == 1 ? s->activity
                     : s->options.activity * pow(s->activity / s->options.activity, p) *
                           exp((p - p * p) * variance / 2);
    s->half_spread = m->half_spread * exp(s->spread_log) * spread;
    s->depth_scale = m->depth[0] > 0 ? profile(m->depth, at) : 1 - 0.65 * (at < 0.5 ? z2 * z2 : 0);
    s->drift = drift_now(s, s->activity, s->heat);
    s->next_second_s += 1;
}

/*
 * With a zone the reference price is the middle between two ticks, and jumps to the next one when
 * the latent price is more than half a tick and the zone away: the model with uncertainty zones of
 * Robert and Rosenbaum (2011). Near the edge the latent price is slower, a change of its clock that
 * leaves it a martingale; the factor keeps its mean speed.
 */
static double pace(const lf_synth *s)
{
    const double c = s->model.stickiness;
    if (s->model.zone <= 0 || c <= 0) {
        return 1;
    }
    const double off = fmin(fabs(s->latent - s->reference) / (0.5 + s->model.zone), 1);
    /* Mean of (1 - u) / (1 - c u) over u, twice: time in the zone, in units of the even pace. */
    const double slow = 2 * (c + (1 - c) * log1p(-c)) / (c * c);
    return slow * (1 - c * off);
}

static void follow(lf_synth *s)
{
    const double reach = 0.5 + s->model.zone;
    if (s->model.zone <= 0) {
        const bool is_away = fabs(s->latent - s->reference) >= s->model.follow_ticks;
        s->reference = is_away ? s->latent : s->reference;
    } else if (fabs(s->latent - s->reference) > reach) {
        /* It comes to rest at the nearest middle; a long jump is one jump. */
        const double rest = s->latent > s->reference ? reach - 1 : 1 - reach;
        s->reference = floor(s->latent - rest) + 0.5;
    }
}

/*
 * What all symbols have in common since the last event: a random walk on one grid of instants, so
 * that each symbol can be simulated alone.
 */
static double move_factor(lf_synth *s)
{
    double sum = 0;
    while (s->common > 0 && s->factor_s + FACTOR_STEP_S <= s->time_s) {
        s->factor_s += FACTOR_STEP_S;
        sum += lf_random_normal(&s->factor);
    }
    return sum * s->common * sqrt(FACTOR_STEP_S * s->heat * pace(s));
}

static void move_latent(lf_synth *s, double wait_s)
{
    s->latent += move_factor(s);
    s->latent += s->drift * s->flow * wait_s +
                 s->diffusion * sqrt(s->heat * wait_s * pace(s)) * lf_random_normal(&s->random);
    s->flow *= exp(-s->kappa * wait_s);
    if (s->shock != 0) {
        const double part = s->shock * -expm1(-s->kappa * wait_s);
        s->latent += part;
        s->shock -= part;
    }
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
    const lf_synth_model *r = &s->model;
    const double cancel = r->cancel_rate * s->ladder.live_count;
    const double shock = s->options.alpha_shock_ticks > 0 ? s->options.alpha_shock_rate : 0;
    const double total =
        r->limit_rate + 2 * r->improve_rate + cancel + r->market_rate + r->hidden_rate + shock;
    const double wait_s = lf_random_exponential(&s->random) / (total * s->activity);
    s->time_s += wait_s;
    lfi_synth_instant(s, 1000);
    while (s->next_second_s <= s->time_s) {
        each_second(s);
    }
    move_latent(s, wait_s);
    follow(s);
    lfi_synth_withdraw(s);
    double pick = lf_random_uniform(&s->random) * total - r->limit_rate;
    if (pick < 0) {
        lfi_synth_limit_order(s);
    } else if ((pick -= 2 * r->improve_rate) < 0) {
        lfi_synth_better_quote(s, pick < -r->improve_rate ? 1 : -1);
    } else if ((pick -= cancel) < 0) {
        lfi_synth_cancel(s);
    } else if ((pick -= r->market_rate) < 0) {
        lfi_synth_market_order(s);
    } else if (shock == 0 || pick < r->hidden_rate) {
        lfi_synth_hidden_execution(s);
    } else {
        lfi_synth_shock(s);
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
    const lf_status status = lf_zone_create(s->allocator, TIME_ZONE, &zone, error);
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
    snprintf(in->time_zone, sizeof in->time_zone, TIME_ZONE);
    in->tick_nano = 10000000;
    in->lot_nano = 1000000000;
    in->units_per_tick = UNITS_PER_TICK;
    in->level_count = s->options.level_count;
    return LF_OK;
}

/* Whether all days can be told in ns since 1970; of seven days five are traded. */
static bool dates_fit(const lf_synth_options *o)
{
    const int64_t last = lf_date_to_days(o->first_date) + (int64_t)o->day_count * 7 / 5 + 2;
    return o->first_date.year >= 1678 && lf_date_from_days(last).year <= 2261;
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
    if (!(o->alpha_shock_ticks >= 0 && o->alpha_shock_ticks <= SHOCK_TICKS_MOST) ||
        !(o->alpha_shock_rate > 0 && o->alpha_shock_rate <= SHOCK_RATE_MOST)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "synth: a shock must be from 0 to %d ticks, at a rate in (0, %d] a second",
            SHOCK_TICKS_MOST,
            SHOCK_RATE_MOST
        );
    }
    if (!lf_lobster_is_symbol(o->symbol, strlen(o->symbol))) {
        return lf_error_set(
            error,
            LF_RANGE,
            "synth: the symbol must be a name of letters A-Z, a-z, digits and -.+=^$, first no mark"
        );
    }
    if (!dates_fit(o)) {
        return lf_error_set(
            error, LF_RANGE, "synth: days must lie from 1678 to 2261 to be told in ns since 1970"
        );
    }
    const lf_synth_model *model = o->model != NULL ? o->model : lfi_synth_preset(o->preset);
    if (!(o->correlation >= 0 && o->correlation <= 1 - model->impact_share)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "synth: the correlation must be from 0 to %.2f, which is what market orders leave",
            1 - model->impact_share
        );
    }
    return lfi_synth_model_check(model, error);
}

/* Fill the book before the session and let it settle without handing anything out. */
static void warm_up(lf_synth *s)
{
    s->is_silent = true;
    s->time_s = s->next_second_s = -WARM_UP_S;
    s->ts_ns = s->instrument.session_open_ns - WARM_UP_S * LF_NS_PER_SECOND;
    each_second(s);
    for (int i = 0; i < FIRST_ORDERS; i++) {
        lfi_synth_limit_order(s);
    }
    while (s->time_s < 0) {
        step(s);
    }
    s->is_silent = false;
}

/* Where the day begins and how fast its price moves. */
static void set_prices(lf_synth *s)
{
    const lf_synth_model *r = &s->model;
    lfi_signs_init(&s->signs, r, &s->random);
    s->kappa = log(2) / ((double)s->options.alpha_half_life_ns / 1e9);
    const double rate = r->market_rate + r->hidden_rate;
    const lfi_flow_moments moments = lfi_synth_flow_moments(&s->signs, rate, s->kappa, 2, MINUTE_S);
    const double variance = r->volatility * r->volatility;
    s->impact = sqrt(r->impact_share * variance / (rate * moments.surprise_square));
    s->diffusion = sqrt((1 - r->impact_share - s->options.correlation) * variance);
    s->common = sqrt(s->options.correlation * variance);
    s->factor_s = -WARM_UP_S;
    /* Days begin at prices spread by 1 % around the preset's. */
    const double drawn = r->price_ticks * exp(0.01 * lf_random_normal(&s->random));
    const double begin = s->options.open_ticks > 0 ? s->options.open_ticks : drawn;
    const double middle = s->options.open_ticks > 0 ? begin : r->price_ticks;
    const bool is_high = middle > LFI_SYNTH_TICKS / 2.0;
    s->base_ticks = is_high ? (int64_t)(middle - LFI_SYNTH_TICKS / 2.0) : 0;
    s->latent = begin - (double)s->base_ticks;
    s->reference = r->zone > 0 ? floor(s->latent) + 0.5 : s->latent;
    s->activity_log = r->activity_sd * lf_random_normal(&s->random);
    s->session_s = (double)(s->instrument.session_close_ns - s->instrument.session_open_ns) / 1e9;
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
    s->model = options->model != NULL ? *options->model : *lfi_synth_preset(options->preset);
    s->options.model = NULL;
    s->events = lf_allocate(s->allocator, LFI_SYNTH_BATCH + LFI_SYNTH_STEP, sizeof *s->events);
    s->trades = lf_allocate(s->allocator, LFI_SYNTH_BATCH + LFI_SYNTH_STEP, sizeof *s->trades);
    s->traces = lf_allocate(s->allocator, LFI_SYNTH_BATCH + LFI_SYNTH_STEP, sizeof *s->traces);
    if (s->events == NULL || s->trades == NULL || s->traces == NULL ||
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
    lf_random_seed(&s->factor, lf_hash64("", 0, options->seed), (uint64_t)day + 1);
    set_prices(s);
    if (isnan(drift_now(s, ACTIVITY_LEAST, ACTIVITY_LEAST)) ||
        isnan(drift_now(s, ACTIVITY_MOST, ACTIVITY_MOST))) {
        lf_synth_close(s);
        return lf_error_set(
            error, LF_RANGE, "synth: no drift of this half-life can explain that much of a minute"
        );
    }
    warm_up(s);
    *out = s;
    return LF_OK;
}

const lf_instrument *lf_synth_instrument(const lf_synth *synth)
{
    return &synth->instrument;
}

const lfi_synth_trace *lfi_synth_traces(const lf_synth *synth)
{
    return synth->traces;
}

double lf_synth_latent_ticks(const lf_synth *synth)
{
    return synth->latent + (double)synth->base_ticks;
}

void lf_synth_next(lf_synth *synth, lf_batch *out)
{
    synth->event_count = synth->trade_count = 0;
    const int64_t close_ns = synth->instrument.session_close_ns;
    while (synth->event_count < LFI_SYNTH_BATCH && synth->ts_ns < close_ns) {
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
    lf_release(allocator, synth->traces);
    lfi_ladder_free(allocator, &synth->ladder);
    lf_release(allocator, synth);
}
