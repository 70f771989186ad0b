/*
 * One day of events through venues and pipeline, on two clocks.
 *
 * The venues live in exchange time and see each event when it happens; the pipeline lives in local
 * time and sees it a feed latency later. Between the two run messages, each with its own delay.
 * Everything is done in order of time. What falls on one instant is done in an order that lets
 * nobody act on what he cannot know: events at the venue, events at the pipeline, reports, wakes,
 * and last the requests that arrive at the venue.
 */
#include "backtest_internal.h"

#include <string.h>

/* Names a message of a day for the draw of its delay: days do not share their luck. */
#define MESSAGE(keeper, number) ((uint64_t)(keeper)->day_number << 32 | (uint64_t)(number))

/* ---- messages --------------------------------------------------------------------------- */

static lf_status check_ledger(lfi_book_keeper *keeper, lf_error *error)
{
    keeper->counts.ledger_checks++;
    return lf_ledger_check(&keeper->ledger, error);
}

/* Book a fill into the strategy's true account, at the time of the venue. */
static lf_status
book_fill(lfi_replay *replay, lfi_book_keeper *keeper, const lf_fill *fill, lf_error *error)
{
    lf_status status = lf_ledger_fill(&keeper->ledger, fill, error);
    if (status == LF_OK) {
        status =
            lfi_trip_fill(keeper, &replay->units, fill, &keeper->sent[fill->order_id - 1], error);
    }
    if (status == LF_OK && replay->backtest->check_every_fill) {
        status = check_ledger(keeper, error);
    }
    return status;
}

/* A report sets out for the strategy. */
static lf_status
send_report(lfi_book_keeper *keeper, const lf_report *report, int64_t due_ns, lf_error *error)
{
    return lf_channel_push(keeper->reports, due_ns, report) == LF_OK
               ? LF_OK
               : lf_error_set(error, LF_NOMEM, "No memory for reports on their way.");
}

/* Book what the venue has to say and send it on its way to the strategy. */
static lf_status collect_reports(lfi_replay *replay, lfi_book_keeper *keeper, lf_error *error)
{
    lf_report report;
    while (lf_venue_take(keeper->venue, &report)) {
        lf_status status = lfi_record_report(keeper, &report, error);
        if (status == LF_OK && report.kind == LF_REPORT_FILL) {
            status = book_fill(replay, keeper, &report.fill, error);
        }
        if (status == LF_OK) {
            const int64_t delay_ns = lf_latency_draw(
                keeper->latency,
                LF_LEG_RESPONSE,
                report.ts_venue_ns,
                MESSAGE(keeper, keeper->report_count++),
                NULL
            );
            status = send_report(keeper, &report, report.ts_venue_ns + delay_ns, error);
        }
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

/* The gateway refuses a request: the venue never hears of it. */
static lf_status
refuse(lfi_book_keeper *keeper, const lf_request *request, int64_t due_ns, lf_error *error)
{
    const bool is_new = request->kind == LF_REQUEST_NEW;
    const lf_report report = {
        .order_id = request->order_id,
        .ts_venue_ns = due_ns,
        .kind = is_new ? LF_REPORT_REJECTED : LF_REPORT_CANCEL_REJECTED,
        .state = LF_ORDER_STATE_REJECTED,
        .reject = LF_REJECT_GATEWAY,
    };
    keeper->counts.gateway_rejects++;
    if (!is_new) {
        keeper->sent[request->order_id - 1].cancel_ns = INT64_MAX; /* it is as if never sent */
    }
    const lf_status status = lfi_record_report(keeper, &report, error);
    return status == LF_OK ? send_report(keeper, &report, due_ns, error) : status;
}

/* Names a request for its draw: a cancel that is sent again has luck of its own. */
static uint64_t name_request(lfi_book_keeper *keeper, const lf_request *request)
{
    const uint64_t name = MESSAGE(keeper, request->order_id);
    if (request->kind == LF_REQUEST_NEW) {
        return name;
    }
    const uint64_t before = keeper->sent[request->order_id - 1].cancel_count++;
    return before > 0 ? lf_hash64(&before, sizeof before, name) : name;
}

/* A request sets out for the venue. */
static lf_status send_request(lfi_book_keeper *keeper, const lf_intent *intent, lf_error *error)
{
    const bool is_new = intent->request.kind == LF_REQUEST_NEW;
    bool lost = false;
    const int64_t delay_ns = lf_latency_draw(
        keeper->latency,
        is_new ? LF_LEG_ENTRY : LF_LEG_CANCEL,
        intent->ts_sent_ns,
        name_request(keeper, &intent->request),
        &lost
    );
    const int64_t due_ns = intent->ts_sent_ns + delay_ns;
    if (lost) {
        return refuse(keeper, &intent->request, due_ns, error);
    }
    return lf_channel_push(keeper->requests, due_ns, &intent->request) == LF_OK
               ? LF_OK
               : lf_error_set(error, LF_NOMEM, "No memory for requests on their way.");
}

/* Send what a strategy has asked for on its way to the venue. */
static lf_status send_intents(lfi_replay *replay, size_t strategy, bool *any, lf_error *error)
{
    lfi_book_keeper *const keeper = &replay->backtest->strategies[strategy];
    lf_intent intent;
    while (lf_pipeline_take(replay->pipeline, strategy, &intent)) {
        const uint64_t order_id = intent.request.order_id;
        lf_status status = LF_OK;
        *any = true;
        if (intent.decided) {
            /* The pipeline reckons with the usual time; what it took may be another. */
            const int64_t delay_ns = lf_latency_draw(
                keeper->latency,
                LF_LEG_DECISION,
                intent.ts_decision_ns,
                MESSAGE(keeper, order_id),
                NULL
            );
            intent.ts_sent_ns = intent.ts_decision_ns + delay_ns;
        }
        if (intent.request.kind == LF_REQUEST_NEW) {
            status = lfi_record_order(replay, keeper, &intent, error);
        } else {
            lfi_sent *const sent = &keeper->sent[order_id - 1];
            /* Never before the order that it takes back. */
            intent.ts_sent_ns =
                intent.ts_sent_ns > sent->sent_ns ? intent.ts_sent_ns : sent->sent_ns;
            sent->cancel_ns = intent.ts_sent_ns;
        }
        if (status == LF_OK) {
            status = send_request(keeper, &intent, error);
        }
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

/* Look again for the earliest thing that is not an event. */
static void refresh(lfi_replay *replay)
{
    int64_t due = lf_pipeline_wake_due(replay->pipeline);
    for (size_t i = 0; i < replay->backtest->strategy_count; i++) {
        const lfi_book_keeper *const keeper = &replay->backtest->strategies[i];
        const int64_t report = lf_channel_due(keeper->reports);
        const int64_t request = lf_channel_due(keeper->requests);
        due = report < due ? report : due;
        due = request < due ? request : due;
    }
    replay->side_ns = due;
}

/* ---- steps ------------------------------------------------------------------------------ */

/* An event reaches the pipeline. */
static lf_status step_event(lfi_replay *replay, lf_error *error)
{
    const lf_trade *trades = NULL;
    const lf_event *const event = lfi_delay_take(&replay->backtest->delay, &trades);
    if (lf_pipeline_event(replay->pipeline, event->ts_local_ns, event, trades) != LF_OK) {
        return lf_error_set(
            error,
            LF_RANGE,
            "%s at %lld ns: the day is too busy for the feature windows, or a quantity does not "
            "fit; raise the number of events that a window can hold.",
            replay->instrument->symbol,
            (long long)event->ts_exchange_ns
        );
    }
    bool any = false;
    const lf_pipeline *const pipeline = replay->pipeline;
    for (size_t i = lf_pipeline_next(pipeline, 0); i < replay->backtest->strategy_count;
         i = lf_pipeline_next(pipeline, i + 1)) {
        const lf_status status = send_intents(replay, i, &any, error);
        if (status != LF_OK) {
            return status;
        }
    }
    if (any) {
        refresh(replay);
    }
    /* An exit that the rate limit put off waits for a time that may come before all else. */
    const int64_t wake_ns = lf_pipeline_wake_due(pipeline);
    replay->side_ns = wake_ns < replay->side_ns ? wake_ns : replay->side_ns;
    return LF_OK;
}

/* Reports that reach the strategies now. */
static lf_status step_reports(lfi_replay *replay, int64_t now_ns, bool *any, lf_error *error)
{
    for (size_t i = 0; i < replay->backtest->strategy_count; i++) {
        lfi_book_keeper *const keeper = &replay->backtest->strategies[i];
        while (lf_channel_due(keeper->reports) <= now_ns) {
            lf_report report;
            *any = lf_channel_take(keeper->reports, &report);
            lf_status status = LF_OK;
            if (report.kind == LF_REPORT_FILL) {
                status = lfi_record_fill(replay, keeper, &report.fill, now_ns, error);
            }
            if (status == LF_OK) {
                status = lf_pipeline_report(replay->pipeline, i, now_ns, &report, error);
            }
            if (status == LF_OK) {
                status = send_intents(replay, i, any, error);
            }
            if (status != LF_OK) {
                return status;
            }
        }
    }
    return LF_OK;
}

/* A strategy of one's own could not go on. */
static lf_status strategy_failed(const lfi_replay *replay, const lf_row *row, lf_error *error)
{
    char time[32];
    lf_time_format(row->ts_ns, time);
    return lf_error_set(
        error,
        lf_pipeline_failure(replay->pipeline),
        "%s: the strategy ended the run at its decision of %s.",
        replay->instrument->symbol,
        time
    );
}

/* A row or timers of the pipeline. */
static lf_status step_wake(lfi_replay *replay, lf_error *error)
{
    lf_row row;
    lf_status status = LF_OK;
    bool any = false;
    const bool is_row = lf_pipeline_wake(replay->pipeline, &row);
    if (lf_pipeline_failure(replay->pipeline) != LF_OK) {
        return strategy_failed(replay, &row, error);
    }
    if (is_row) {
        status = lfi_record_row(replay, &row, error);
        if (status == LF_OK && replay->options->on_row != NULL) {
            status = replay->options->on_row(
                replay->options->context, &row, lf_pipeline_features(replay->pipeline), error
            );
        }
    }
    for (size_t i = 0; i < replay->backtest->strategy_count && status == LF_OK; i++) {
        status = send_intents(replay, i, &any, error);
    }
    return status;
}

/* Requests that reach the venues now. */
static lf_status step_requests(lfi_replay *replay, int64_t now_ns, lf_error *error)
{
    for (size_t i = 0; i < replay->backtest->strategy_count; i++) {
        lfi_book_keeper *const keeper = &replay->backtest->strategies[i];
        while (lf_channel_due(keeper->requests) <= now_ns) {
            lf_request request;
            if (lf_channel_take(keeper->requests, &request) && request.kind == LF_REQUEST_NEW) {
                lfi_record_arrival(replay, keeper, &request, now_ns);
            }
            lf_status status = lf_venue_request(keeper->venue, &request, now_ns, error);
            if (status == LF_OK) {
                status = collect_reports(replay, keeper, error);
            }
            if (status != LF_OK) {
                return status;
            }
        }
    }
    return LF_OK;
}

/* Do everything that is due before a time. */
static lf_status advance(lfi_replay *replay, int64_t limit_ns, lf_error *error)
{
    lf_status status = LF_OK;
    while (status == LF_OK) {
        const int64_t event_ns = lfi_delay_due(&replay->backtest->delay);
        const int64_t due_ns = event_ns < replay->side_ns ? event_ns : replay->side_ns;
        if (due_ns >= limit_ns) {
            return LF_OK;
        }
        if (event_ns == due_ns) {
            status = step_event(replay, error);
            continue;
        }
        bool any = false;
        status = step_reports(replay, due_ns, &any, error);
        if (status == LF_OK && !any) {
            status = lf_pipeline_wake_due(replay->pipeline) <= due_ns
                         ? step_wake(replay, error)
                         : step_requests(replay, due_ns, error);
        }
        refresh(replay);
    }
    return status;
}

/* ---- events at the venue ---------------------------------------------------------------- */

/* Count the part of a stretch of exchange time that lies in the session without a valid state. */
static void count_masked(lfi_replay *replay, int64_t until_ns)
{
    const lf_instrument *const instrument = replay->instrument;
    int64_t from = replay->state_ns;
    from = from > instrument->session_open_ns ? from : instrument->session_open_ns;
    const int64_t to =
        until_ns < instrument->session_close_ns ? until_ns : instrument->session_close_ns;
    if (!replay->state_valid && to > from) {
        replay->masked_ns += to - from;
    }
    replay->state_ns = until_ns;
}

/* What the market trades in the session, auctions left out. */
static void count_market(lfi_replay *replay, const lf_event *event, const lf_trade *trades)
{
    const bool counts = event->kind != LF_EVENT_CROSS &&
                        event->ts_exchange_ns >= replay->instrument->session_open_ns;
    for (size_t i = 0; counts && i < event->trade_count; i++) {
        replay->market_lots += trades[i].size_lots;
    }
}

static lf_status check_latency(lfi_replay *replay, const lf_event *event, lf_error *error)
{
    const int64_t feed_ns = replay->backtest->strategies[0].options.execution.latency.feed_ns;
    replay->started = true;
    if (feed_ns == 0 || event->ts_local_ns != event->ts_exchange_ns ||
        replay->instrument->has_local_times) {
        return LF_OK;
    }
    return lf_error_set(
        error,
        LF_MISMATCH,
        "%s: the strategies expect a feed latency of %lld ns, but the feed was opened without one.",
        replay->instrument->symbol,
        (long long)feed_ns
    );
}

/* The venues end what rests, at the close itself and before anything else of that instant. */
static lf_status close_session(lfi_replay *replay, lf_error *error)
{
    lf_backtest *const backtest = replay->backtest;
    const int64_t close_ns = replay->instrument->session_close_ns;
    lf_status status = advance(replay, close_ns, error);
    count_masked(replay, close_ns);
    replay->closed = true;
    for (size_t i = 0; i < backtest->strategy_count && status == LF_OK; i++) {
        lfi_book_keeper *const keeper = &backtest->strategies[i];
        status = lf_venue_close(keeper->venue, close_ns, error);
        if (status == LF_OK) {
            status = collect_reports(replay, keeper, error);
        }
    }
    refresh(replay);
    return status;
}

/* An event happens at the venues; those with something to say of it are heard. */
static lf_status
meet_event(lfi_replay *replay, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    lf_backtest *const backtest = replay->backtest;
    count_masked(replay, event->ts_exchange_ns);
    count_market(replay, event, trades);
    replay->state_valid = lf_book_event_valid(event);
    for (size_t i = 0; i < backtest->strategy_count; i++) {
        if (backtest->strategies[i].hurries) {
            lf_latency_event(backtest->strategies[i].latency, event->ts_exchange_ns);
        }
    }
    lf_market_changes(replay->market, replay->changes, replay->change_count);
    lf_status status = lf_market_event(replay->market, event, trades, error);
    size_t reported_count;
    const uint32_t *const reported = lf_market_reported(replay->market, &reported_count);
    for (size_t i = 0; i < reported_count && status == LF_OK; i++) {
        lfi_book_keeper *const keeper = &backtest->strategies[reported[i]];
        status = collect_reports(replay, keeper, error);
        /* What it says of the event is on its way now. */
        const int64_t report_ns = lf_channel_due(keeper->reports);
        replay->side_ns = report_ns < replay->side_ns ? report_ns : replay->side_ns;
    }
    for (size_t i = 0; i < backtest->strategy_count && replay->state_valid; i++) {
        if (backtest->strategies[i].trip.side != 0) {
            lfi_trip_mid(&backtest->strategies[i].trip, lf_book_mid2(&event->quotes));
        }
    }
    return status;
}

static lf_status
take_event(lfi_replay *replay, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    lf_backtest *const backtest = replay->backtest;
    lf_status status = replay->started ? LF_OK : check_latency(replay, event, error);
    if (status == LF_OK && !replay->closed &&
        event->ts_exchange_ns >= replay->instrument->session_close_ns) {
        status = close_session(replay, error);
    }
    if (status == LF_OK) {
        status = advance(replay, event->ts_exchange_ns, error);
    }
    /* After the close the strategy goes on listening, for the next day's features, but no event
       touches its account any more. */
    if (status == LF_OK && !replay->closed) {
        status = meet_event(replay, event, trades, error);
    }
    if (status != LF_OK) {
        return status;
    }
    if (lfi_delay_push(&backtest->delay, event, trades) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "No memory for events on their way.");
    }
    return LF_OK;
}

static lf_status replay_feed(lfi_replay *replay, lf_feed *feed, lf_error *error)
{
    for (;;) {
        lf_batch batch;
        lf_status status = lf_feed_next(feed, &batch, error);
        if (status != LF_OK || batch.event_count == 0) {
            return status;
        }
        if (replay->options->on_batch != NULL) {
            status = replay->options->on_batch(replay->options->context, &batch, error);
        }
        for (size_t i = 0; i < batch.event_count && status == LF_OK; i++) {
            const lf_event *const event = &batch.events[i];
            replay->changes = lf_feed_changes(feed, i, &replay->change_count);
            status = take_event(replay, event, batch.trades + event->trade_first, error);
        }
        if (status != LF_OK) {
            return status;
        }
    }
}

/* ---- begin and end ---------------------------------------------------------------------- */

static const lf_model_meta *meta_of(const lf_span *span)
{
    return span->model != NULL ? lf_model_meta_of(span->model) : &span->meta;
}

/* No model may trade a time of this session that it was trained on, or shares a window with. */
static lf_status check_span(const lfi_replay *replay, size_t index, lf_error *error)
{
    const lf_span *const span = &replay->options->spans[index];
    const lf_instrument *const instrument = replay->instrument;
    const lf_model_meta *const meta = meta_of(span);
    const int64_t from =
        span->from_ns > instrument->session_open_ns ? span->from_ns : instrument->session_open_ns;
    const int64_t to =
        span->to_ns < instrument->session_close_ns ? span->to_ns : instrument->session_close_ns;
    if (replay->backtest->in_sample || from >= to || from >= meta->purge_until_ns ||
        to <= meta->train_first_ns) {
        return LF_OK;
    }
    char first[32];
    char until[32];
    lf_time_format(meta->train_first_ns, first);
    lf_time_format(meta->purge_until_ns, until);
    return lf_error_set(
        error,
        LF_MISMATCH,
        "%s: the model was trained on rows from %s and is not honest before %s, which this day "
        "touches; trade a later day, or ask for an in-sample run.",
        instrument->symbol,
        first,
        until
    );
}

static lf_status check_spans(const lfi_replay *replay, lf_error *error)
{
    for (size_t i = 0; i < replay->options->span_count; i++) {
        const lf_status status = check_span(replay, i, error);
        if (status != LF_OK) {
            return status;
        }
        const lf_model_meta *const meta = meta_of(&replay->options->spans[i]);
        if (meta->vpin_bucket_lots != meta_of(replay->options->spans)->vpin_bucket_lots) {
            return lf_error_set(
                error,
                LF_MISMATCH,
                "The models of one day were trained with different vpin_bucket sizes; train them "
                "with one."
            );
        }
    }
    return LF_OK;
}

static lf_status make_pipeline(lfi_replay *replay, lf_error *error)
{
    lf_backtest *const backtest = replay->backtest;
    const lf_allocator *const allocator = lfi_backtest_allocator(backtest);
    const lf_backtest_day_options *const day = replay->options;
    lf_strategy_options *const strategies =
        lf_allocate(allocator, backtest->strategy_count, sizeof *strategies);
    if (strategies == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the strategies of a day.");
    }
    for (size_t i = 0; i < backtest->strategy_count; i++) {
        strategies[i] = backtest->strategies[i].options;
    }
    const lf_model_meta *const meta = day->span_count > 0 ? meta_of(day->spans) : NULL;
    const lf_pipeline_options options = {
        .allocator = allocator,
        .strategies = strategies,
        .strategy_count = backtest->strategy_count,
        .spans = day->spans,
        .span_count = day->span_count,
        .step_ns = backtest->step_ns > 0 || meta == NULL ? backtest->step_ns : meta->step_ns,
        .rows = day->rows,
        .row_count = day->row_count,
        .is_sparing = backtest->lean && day->on_row == NULL,
        .features =
            {
                .vpin_bucket_lots = meta != NULL ? meta->vpin_bucket_lots : 0,
                .carry = day->carry,
                .window_events_max = day->window_events_max,
                .users = day->users,
            },
    };
    const lf_status status =
        lf_pipeline_create(replay->instrument, &options, &replay->pipeline, error);
    lf_release(allocator, strategies);
    return status;
}

/* Messages keep their order over days, so a day that lies before another would never be served. */
lf_status lfi_check_order(const lf_backtest *backtest, const lf_instrument *day, lf_error *error)
{
    if (day->session_open_ns >= backtest->last_close_ns) {
        return LF_OK;
    }
    char date[11];
    lf_date_format(day->date, date);
    return lf_error_set(
        error,
        LF_MISMATCH,
        "%s: %s does not follow the day traded before it; give the days of a backtest in order of "
        "time.",
        day->symbol,
        date
    );
}

static lf_status begin(lfi_replay *replay, lf_error *error)
{
    lf_backtest *const backtest = replay->backtest;
    lf_status status = lfi_check_order(backtest, replay->instrument, error);
    if (status == LF_OK) {
        status = check_spans(replay, error);
    }
    if (status == LF_OK) {
        status = make_pipeline(replay, error);
    }
    if (status == LF_OK) {
        status = lf_market_create(
            lfi_backtest_allocator(backtest), replay->instrument, &replay->market, error
        );
    }
    for (size_t i = 0; i < backtest->strategy_count && status == LF_OK; i++) {
        lfi_book_keeper *const keeper = &backtest->strategies[i];
        keeper->start = keeper->ledger;
        keeper->day_number = backtest->first_day + keeper->counts.day_count;
        keeper->sent_count = 0;
        keeper->report_count = 0;
        keeper->hurries = keeper->options.execution.latency.burst > 0;
        lf_latency_begin(keeper->latency, replay->instrument->session_open_ns);
        keeper->first_order = lf_frame_row_count(keeper->tables[LF_BACKTEST_ORDERS]);
        keeper->first_fill = lf_frame_row_count(keeper->tables[LF_BACKTEST_FILLS]);
        keeper->first_trade = lf_frame_row_count(keeper->tables[LF_BACKTEST_TRADES]);
        keeper->first_equity = lf_frame_row_count(keeper->tables[LF_BACKTEST_EQUITY]);
        status = lf_market_open(replay->market, &keeper->options.execution, &keeper->venue, error);
    }
    if (status == LF_OK) {
        const lf_fees *const fees = lf_venue_fees(backtest->strategies[0].venue);
        replay->units = (lfi_units){
            .tick = (double)replay->instrument->tick_nano * 1e-9,
            .lot = (double)replay->instrument->lot_nano * 1e-9,
            .tick_nano = replay->instrument->tick_nano,
            .money_unit_nano = fees->money_unit_nano,
        };
        backtest->money_unit_nano = fees->money_unit_nano;
        backtest->last_day = *replay->instrument;
        lfi_delay_clear(&backtest->delay);
        refresh(replay);
    }
    return status;
}

/* The strategy's own account of the day must be the venue's: same fills, booked apart. */
static lf_status check_accounts(
    const lfi_replay *replay, const lfi_book_keeper *keeper, size_t strategy, lf_error *error
)
{
    const lf_ledger *const known = lf_pipeline_ledger(replay->pipeline, strategy);
    const int64_t cash = keeper->ledger.cash_nano - keeper->start.cash_nano;
    const int64_t fills = keeper->ledger.fill_count - keeper->start.fill_count;
    if (cash == known->cash_nano && fills == known->fill_count &&
        keeper->ledger.position_lots == known->position_lots) {
        return LF_OK;
    }
    return lf_error_set(
        error,
        LF_INVARIANT,
        "%s, strategy %zu: the venue's account (cash %lld, position %lld, %lld fills) is not the "
        "strategy's (%lld, %lld, %lld); please report it.",
        replay->instrument->symbol,
        strategy,
        (long long)cash,
        (long long)keeper->ledger.position_lots,
        (long long)fills,
        (long long)known->cash_nano,
        (long long)known->position_lots,
        (long long)known->fill_count
    );
}

static void add_stats(const lfi_replay *replay, lfi_book_keeper *keeper, size_t strategy)
{
    const lf_strategy_stats *const day = lf_pipeline_stats_of(replay->pipeline, strategy);
    const lf_venue_stats *const venue = lf_venue_stats_of(keeper->venue);
    lf_backtest_counts *const counts = &keeper->counts;
    lf_strategy_stats *const sum = &counts->strategy;
    lf_venue_stats *const sums = &counts->venue;
    sum->signal_count += day->signal_count;
    for (size_t i = 0; i < sizeof sum->signal_counts / sizeof sum->signal_counts[0]; i++) {
        sum->signal_counts[i] += day->signal_counts[i];
    }
    for (int i = 0; i < LF_REASON_COUNT; i++) {
        sum->order_counts[i] += day->order_counts[i];
    }
    sum->retry_count += day->retry_count;
    sum->reject_count += day->reject_count;
    sum->fill_count += day->fill_count;
    sum->cancel_race_count += day->cancel_race_count;
    sum->rate_limited_count += day->rate_limited_count;
    sum->stopped |= day->stopped;
    sum->killed |= day->killed;
    sum->in_position_ns += day->in_position_ns;
    sums->event_count += venue->event_count;
    sums->request_count += venue->request_count;
    sums->order_count += venue->order_count;
    sums->report_count += venue->report_count;
    for (int i = 0; i < LF_REJECT_COUNT; i++) {
        sums->reject_counts[i] += venue->reject_counts[i];
    }
    for (int i = 0; i < LF_LIQUIDITY_COUNT; i++) {
        sums->fill_counts[i] += venue->fill_counts[i];
        sums->fill_lots[i] += venue->fill_lots[i];
    }
    sums->cancel_count += venue->cancel_count;
    sums->expired_count += venue->expired_count;
    sums->conservation_checks += venue->conservation_checks;
    counts->loss_stop_days += day->stopped;
    counts->kill_days += day->killed;
    counts->day_count++;
    counts->masked_ns += replay->masked_ns;
    counts->market_lots += replay->market_lots;
    counts->session_ns +=
        replay->instrument->session_close_ns - replay->instrument->session_open_ns;
    memcpy(counts->fees_name, lf_venue_fees(keeper->venue)->name, sizeof counts->fees_name);
}

/* One strategy's day is over: compare the accounts, value what is left, write the last row. */
static lf_status settle(lfi_replay *replay, size_t strategy, lf_error *error)
{
    lfi_book_keeper *const keeper = &replay->backtest->strategies[strategy];
    const int64_t mid2 = lf_venue_mid2(keeper->venue);
    /* First by itself, because that names the number that broke. */
    lf_status status = check_ledger(keeper, error);
    if (status == LF_OK) {
        status = check_accounts(replay, keeper, strategy, error);
    }
    if (status == LF_OK && keeper->ledger.position_lots != 0) {
        keeper->counts.unflat_days++;
        status = lf_ledger_settle(&keeper->ledger, mid2, replay->units.money_unit_nano, error);
        if (status == LF_OK) {
            status = lfi_trip_settle(
                keeper, &replay->units, replay->instrument->session_close_ns, mid2, error
            );
        }
    }
    if (status == LF_OK) {
        status = check_ledger(keeper, error);
    }
    if (status == LF_OK) {
        status = lfi_record_close(replay, keeper, error);
    }
    if (status == LF_OK) {
        add_stats(replay, keeper, strategy);
    }
    return status;
}

static lf_status finish(lfi_replay *replay, lf_error *error)
{
    lf_backtest *const backtest = replay->backtest;
    lf_status status = replay->closed ? LF_OK : close_session(replay, error);
    if (status == LF_OK) {
        status = advance(replay, INT64_MAX, error);
    }
    for (size_t i = 0; i < backtest->strategy_count && status == LF_OK; i++) {
        status = settle(replay, i, error);
    }
    if (status == LF_OK) {
        status = lfi_record_day(replay, error);
    }
    backtest->last_close_ns = replay->instrument->session_close_ns;
    if (status == LF_OK && replay->options->carry_out != NULL) {
        lf_pipeline_carry_get(replay->pipeline, replay->options->carry_out);
    }
    return status;
}

lf_status lf_backtest_day(
    lf_backtest *backtest, lf_feed *feed, const lf_backtest_day_options *options, lf_error *error
)
{
    lfi_replay replay = {
        .backtest = backtest,
        .options = options,
        .instrument = lf_feed_instrument(feed),
        .state_ns = INT64_MIN,
        .first_prediction = lf_frame_row_count(backtest->predictions),
        .model_row = lf_frame_row_count(backtest->predictions),
        .model_span = -1,
    };
    lf_status status = begin(&replay, error);
    if (status == LF_OK) {
        status = replay_feed(&replay, feed, error);
    }
    if (status == LF_OK) {
        status = finish(&replay, error);
    }
    for (size_t i = 0; i < backtest->strategy_count; i++) {
        lf_venue_destroy(backtest->strategies[i].venue);
        backtest->strategies[i].venue = NULL;
    }
    lf_market_destroy(replay.market);
    lf_pipeline_destroy(replay.pipeline);
    return status;
}
