/* Delays of own messages: constant, drawn, recorded; longer when the market hurries. */
#include <lobflow/execution.h>
#include <lobflow/frame.h>

#include <math.h>
#include <string.h>

/* The event rate is a sum that fades with this time constant, beside the mean of the session. */
#define RATE_WINDOW_NS ((double)(100 * LF_NS_PER_MILLISECOND))
/* Before so many events the session's mean says nothing. */
#define RATE_EVENTS_MIN 100

/* One recorded order: when it was sent and how long the two ways took. */
typedef struct trip {
    int64_t request_ns;
    int64_t exchange_ns; /* <= 0: refused by the gateway */
    int64_t response_ns;
} trip;

struct lf_latency {
    lf_allocator allocator;
    bool has_allocator;
    lf_latency_options options;
    trip *trips; /* [trip_count] ascending in request and, where there is one, exchange time */
    size_t trip_count;
    /* Measured decisions: time and number of those up to it. */
    int64_t *times_ns; /* [time_count] ascending */
    double *up_to;     /* [time_count] */
    size_t time_count;
    /* The event rate. */
    int64_t open_ns;
    int64_t last_ns;
    double recent; /* events, faded */
    int64_t event_count;
};

static const lf_allocator *allocator_of(const lf_latency *latency)
{
    return latency->has_allocator ? &latency->allocator : NULL;
}

/* ---- files ------------------------------------------------------------------------------ */

/* Values of a whole-number column; NULL after saying what is wrong. */
static const int64_t *
numbers_of(lf_frame *frame, const char *name, const char *path, lf_status *status, lf_error *error)
{
    const size_t column = lf_frame_find(frame, name);
    if (column == SIZE_MAX || lf_frame_column(frame, column).kind != LF_COLUMN_I64) {
        *status = lf_error_set(
            error, LF_MISMATCH, "%s has no column of whole numbers named %s.", path, name
        );
        return NULL;
    }
    return lf_frame_i64(frame, column);
}

static lf_status check_trip(const lf_latency *latency, size_t i, const char *path, lf_error *error)
{
    const trip *const at = &latency->trips[i];
    const trip *const before = i > 0 ? &latency->trips[i - 1] : NULL;
    const bool refused = at->exchange_ns <= 0;
    const bool ascends =
        before == NULL ||
        (at->request_ns >= before->request_ns &&
         (refused || before->exchange_ns <= 0 || at->exchange_ns >= before->exchange_ns));
    if (ascends && at->response_ns >= at->request_ns &&
        (refused || (at->exchange_ns >= at->request_ns && at->response_ns >= at->exchange_ns))) {
        return LF_OK;
    }
    return lf_error_set(
        error,
        LF_DATA,
        "%s, row %zu: times must ascend from row to row and from request to exchange to response "
        "(%lld, %lld, %lld).",
        path,
        i + 1,
        (long long)at->request_ns,
        (long long)at->exchange_ns,
        (long long)at->response_ns
    );
}

static lf_status read_trips(lf_latency *latency, lf_error *error)
{
    const char *const path = latency->options.rows;
    lf_frame *frame = NULL;
    lf_status status = lf_frame_read(path, &frame, error);
    if (status != LF_OK) {
        return status;
    }
    const size_t count = lf_frame_row_count(frame);
    if (count == 0) {
        lf_frame_destroy(frame);
        return lf_error_set(error, LF_DATA, "%s has no rows.", path);
    }
    const int64_t *const request = numbers_of(frame, "request_ns", path, &status, error);
    const int64_t *const exchange = numbers_of(frame, "exchange_ns", path, &status, error);
    const int64_t *const response = numbers_of(frame, "response_ns", path, &status, error);
    if (status == LF_OK) {
        latency->trips = lf_allocate(allocator_of(latency), count, sizeof *latency->trips);
        if (latency->trips == NULL) {
            status = lf_error_set(error, LF_NOMEM, "No memory for %zu recorded delays.", count);
        }
    }
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        latency->trips[i] = (trip){request[i], exchange[i], response[i]};
        status = check_trip(latency, i, path, error);
        latency->trip_count = i + 1;
    }
    lf_frame_destroy(frame);
    return status;
}

static lf_status read_times(lf_latency *latency, lf_error *error)
{
    const char *const path = latency->options.decision_times;
    lf_frame *frame = NULL;
    lf_status status = lf_frame_read(path, &frame, error);
    if (status != LF_OK) {
        return status;
    }
    const size_t rows = lf_frame_row_count(frame);
    if (rows == 0) {
        lf_frame_destroy(frame);
        return lf_error_set(error, LF_DATA, "%s has no rows.", path);
    }
    const int64_t *const times = numbers_of(frame, "ns", path, &status, error);
    const int64_t *const counts = numbers_of(frame, "count", path, &status, error);
    if (status == LF_OK) {
        latency->times_ns = lf_allocate(allocator_of(latency), rows, sizeof *latency->times_ns);
        latency->up_to = lf_allocate(allocator_of(latency), rows, sizeof *latency->up_to);
        if (latency->times_ns == NULL || latency->up_to == NULL) {
            status = lf_error_set(error, LF_NOMEM, "No memory for %zu decision times.", rows);
        }
    }
    double sum = 0.0;
    for (size_t i = 0; i < rows && status == LF_OK; i++) {
        if (times[i] < 0 || counts[i] <= 0 || (i > 0 && times[i] <= times[i - 1])) {
            status = lf_error_set(
                error, LF_DATA, "%s, row %zu: ns must ascend, counts be above 0.", path, i + 1
            );
            break;
        }
        sum += (double)counts[i];
        latency->times_ns[i] = times[i];
        latency->up_to[i] = sum;
        latency->time_count = i + 1;
    }
    lf_frame_destroy(frame);
    return status;
}

/* ---- life ------------------------------------------------------------------------------- */

lf_status lf_latency_create(
    const lf_allocator *allocator,
    const lf_latency_options *options,
    lf_latency **out,
    lf_error *error
)
{
    *out = NULL;
    lf_latency *const latency = lf_allocate(allocator, 1, sizeof *latency);
    if (latency == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for a latency model.");
    }
    latency->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        latency->allocator = *allocator;
    }
    latency->options = *options;
    lf_status status = LF_OK;
    if (options->model == LF_LATENCY_RECORDED) {
        status = read_trips(latency, error);
    }
    if (status == LF_OK && options->decision_times[0] != '\0') {
        status = read_times(latency, error);
    }
    if (status != LF_OK) {
        lf_latency_destroy(latency);
        return status;
    }
    *out = latency;
    return LF_OK;
}

void lf_latency_destroy(lf_latency *latency)
{
    if (latency == NULL) {
        return;
    }
    const lf_allocator allocator = latency->allocator;
    const lf_allocator *const used = latency->has_allocator ? &allocator : NULL;
    lf_release(used, latency->trips);
    lf_release(used, latency->times_ns);
    lf_release(used, latency->up_to);
    lf_release(used, latency);
}

/* ---- the event rate --------------------------------------------------------------------- */

void lf_latency_begin(lf_latency *latency, int64_t open_ns)
{
    latency->open_ns = open_ns;
    latency->last_ns = open_ns;
    latency->recent = 0.0;
    latency->event_count = 0;
}

void lf_latency_event(lf_latency *latency, int64_t ts_exchange_ns)
{
    if (latency->options.burst > 0.0 && ts_exchange_ns >= latency->last_ns) {
        const double gap = (double)(ts_exchange_ns - latency->last_ns);
        latency->recent = latency->recent * exp(-gap / RATE_WINDOW_NS) + 1.0;
        latency->last_ns = ts_exchange_ns;
        latency->event_count++;
    }
}

/* What a delay is multiplied with. */
static double hurry(const lf_latency *latency, int64_t ts_ns)
{
    const double open_for = (double)(latency->last_ns - latency->open_ns);
    if (latency->options.burst == 0.0 || latency->event_count < RATE_EVENTS_MIN ||
        open_for <= 0.0) {
        return 1.0;
    }
    const double gap = (double)(ts_ns > latency->last_ns ? ts_ns - latency->last_ns : 0);
    const double recent = latency->recent * exp(-gap / RATE_WINDOW_NS);
    const double usual = (double)latency->event_count / open_for * RATE_WINDOW_NS;
    return 1.0 + latency->options.burst * fmax(0.0, recent / usual - 1.0);
}

/* ---- recorded delays -------------------------------------------------------------------- */

static double exchange_of(const trip *at)
{
    /* A row without it stands at its request: it only matters as a neighbour. */
    return (double)(at->exchange_ns > 0 ? at->exchange_ns : at->request_ns);
}

/* Index of the last row whose time is <= t, or -1. */
static ptrdiff_t row_before(const lf_latency *latency, int64_t t_ns, bool by_exchange)
{
    size_t low = 0;
    size_t high = latency->trip_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const trip *const at = &latency->trips[middle];
        const double time = by_exchange ? exchange_of(at) : (double)at->request_ns;
        if (time <= (double)t_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (ptrdiff_t)low - 1;
}

/* Between two rows by time; before the first and after the last as there. */
static double between(double t, double t0, double t1, double v0, double v1)
{
    return t1 > t0 ? v0 + (v1 - v0) * (t - t0) / (t1 - t0) : v1;
}

static int64_t recorded(const lf_latency *latency, lf_leg leg, int64_t ts_ns, bool *lost)
{
    const bool response = leg == LF_LEG_RESPONSE;
    const ptrdiff_t before = row_before(latency, ts_ns, response);
    const ptrdiff_t last = (ptrdiff_t)latency->trip_count - 1;
    const trip *const a = &latency->trips[before < 0 ? 0 : before];
    const trip *const b = &latency->trips[before < last ? before + 1 : last];
    const double t = (double)ts_ns;
    if (response) {
        const double from = exchange_of(a);
        const double to = exchange_of(b);
        return llround(between(
            fmax(t, from), from, to, (double)a->response_ns - from, (double)b->response_ns - to
        ));
    }
    const double from = (double)a->request_ns;
    const double to = (double)b->request_ns;
    if (a->exchange_ns <= 0 || b->exchange_ns <= 0) {
        *lost = true;
        return llround(between(
            fmax(t, from), from, to, (double)a->response_ns - from, (double)b->response_ns - to
        ));
    }
    return llround(
        between(fmax(t, from), from, to, (double)a->exchange_ns - from, (double)b->exchange_ns - to)
    );
}

/* ---- drawing ---------------------------------------------------------------------------- */

static int64_t median_of(const lf_latency_options *options, lf_leg leg)
{
    switch (leg) {
    case LF_LEG_DECISION:
        return options->decision_ns;
    case LF_LEG_ENTRY:
        return options->entry_ns;
    case LF_LEG_CANCEL:
        return options->cancel_ns;
    case LF_LEG_RESPONSE:
        return options->response_ns;
    }
    return 0;
}

/* The measured time below which a share of the decisions lie. */
static int64_t decision_at(const lf_latency *latency, double share)
{
    const double wanted = share * latency->up_to[latency->time_count - 1];
    size_t low = 0;
    size_t high = latency->time_count - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (latency->up_to[middle] > wanted) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return latency->times_ns[low];
}

int64_t lf_latency_draw(lf_latency *latency, lf_leg leg, int64_t ts_ns, uint64_t key, bool *lost)
{
    const lf_latency_options *const options = &latency->options;
    const bool is_request = leg == LF_LEG_ENTRY || leg == LF_LEG_CANCEL;
    const bool measured = leg == LF_LEG_DECISION && latency->time_count > 0;
    const bool may_lose = is_request && options->lost_share > 0.0;
    const bool drawn = options->model == LF_LATENCY_LOGNORMAL && !measured;
    lf_random random;
    bool refused = false;
    if (measured || may_lose || drawn) {
        lf_random_seed(&random, options->seed, key * 4 + (uint64_t)leg);
    }
    if (may_lose) {
        refused = lf_random_uniform(&random) < options->lost_share;
    }
    double delay = (double)median_of(options, leg);
    if (measured) {
        delay = (double)decision_at(latency, lf_random_uniform(&random));
    } else if (drawn) {
        delay *= exp(options->sigma * lf_random_normal(&random));
    } else if (options->model == LF_LATENCY_RECORDED && leg != LF_LEG_DECISION) {
        delay = (double)recorded(latency, leg, ts_ns, &refused);
    }
    delay *= leg == LF_LEG_DECISION ? 1.0 : hurry(latency, ts_ns);
    if (refused) {
        *lost = true;
        /* A recorded refusal has come all the way back; others take both ways. */
        delay += options->model == LF_LATENCY_RECORDED ? 0.0 : (double)options->response_ns;
    } else if (lost != NULL) {
        *lost = false;
    }
    /* An hour: what is longer is a wrong file or option, and sums of times must not overflow. */
    return llround(fmin(delay, 3600.0 * (double)LF_NS_PER_SECOND));
}
