/*
 * Goal: exactly the predictability that was planted is there, and none where none was. Method: the
 * closed form of the flow's moments against a simulation of the flow alone; then whole days, where
 * the return of the latent price is regressed on the flow before it, and the sign of the flow
 * stands for a model that knows everything.
 */
#include "synth_internal.h"

#include <lobflow/book.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void init_signs(lfi_signs *pool, double exponent, lf_random *random)
{
    const lf_synth_model model = {.metaorders = 2, .length_exponent = exponent};
    lfi_signs_init(pool, &model, random);
}

#define SECONDS 23400
#define MINUTE 60
/* Starts of the minutes that are looked at: every 5 s. */
#define STRIDE 5

static void assert_near(double value, double expected, double share)
{
    if (!(fabs(value - expected) <= share * fabs(expected))) {
        fail_msg("%.6g is not within %.1f %% of %.6g", value, 100 * share, expected);
    }
}

/* ---- the flow alone --------------------------------------------------------------------- */

static void test_sign_memory_closed_form(void **state)
{
    (void)state;
    enum {
        COUNT = 2000000
    };
    static const struct {
        int64_t lag;
        double tolerance; /* standard errors grow with the memory */
    } rows[] = {{1, 0.006}, {2, 0.006}, {10, 0.008}, {100, 0.008}, {1000, 0.008}};
    static int8_t signs[COUNT];
    lf_random random;
    lfi_signs pool;
    double surprise, surprises = 0, squares = 0;
    lf_random_seed(&random, 11, 0);
    init_signs(&pool, 1.55, &random);
    for (int i = 0; i < COUNT; i++) {
        signs[i] = (int8_t)lfi_signs_next(&pool, &random, &surprise);
        surprises += surprise;
        squares += surprise * surprise;
    }
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        double product = 0;
        for (int64_t i = 0; i + rows[r].lag < COUNT; i++) {
            product += signs[i] * signs[i + rows[r].lag];
        }
        product /= COUNT - (double)rows[r].lag;
        print_message(
            "lag %d: %.4f, closed form %.4f\n",
            (int)rows[r].lag,
            product,
            lfi_signs_acf(&pool, rows[r].lag)
        );
        assert_true(fabs(product - lfi_signs_acf(&pool, rows[r].lag)) < rows[r].tolerance);
    }
    /* The memory decays as lag^-0.55 over two decades, before the longest metaorders end. */
    const double slope = log(lfi_signs_acf(&pool, 200) / lfi_signs_acf(&pool, 2)) / log(100);
    assert_true(slope < -0.45 && slope > -0.65);
    /* A surprise has mean 0 and mean square 1 - acf(1). */
    assert_true(fabs(surprises / COUNT) < 0.003);
    assert_near(squares / COUNT, 1 - lfi_signs_acf(&pool, 1), 0.005);
}

/* Sums over simulated minutes of flow with sizes of mean 1 and mean square 2. */
static lfi_flow_moments simulate_flow(lfi_signs *pool, double rate, double kappa, int windows)
{
    lf_random random;
    lfi_flow_moments sum = {0};
    double x = 0, now = 0;
    lf_random_seed(&random, 5, 0);
    double next = lf_random_exponential(&random) / rate;
    for (int window = -100; window < windows; window++) {
        const double before = x, end = now + MINUTE;
        double integral = 0, surprises = 0, surprise;
        while (now < end) {
            const double until = next < end ? next : end, decay = exp(-kappa * (until - now));
            integral += x * (1 - decay) / kappa;
            x *= decay;
            now = until;
            if (now == next) {
                x += lfi_signs_next(pool, &random, &surprise) * lf_random_exponential(&random);
                surprises += surprise;
                next = now + lf_random_exponential(&random) / rate;
            }
        }
        if (window >= 0) {
            sum.variance += before * before / windows;
            sum.covariance += before * integral / windows;
            sum.integral_variance += integral * integral / windows;
            sum.surprise_covariance += integral * surprises / windows;
        }
    }
    return sum;
}

static void test_flow_moments_closed_form(void **state)
{
    (void)state;
    static const struct {
        double rate, half_life;
    } rows[] = {{2.5, 60}, {0.5, 20}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        lf_random random;
        lfi_signs pool;
        lf_random_seed(&random, 12, 0);
        init_signs(&pool, 1.55, &random);
        const double kappa = log(2) / rows[r].half_life;
        const lfi_flow_moments found = simulate_flow(&pool, rows[r].rate, kappa, 100000);
        const lfi_flow_moments m = lfi_synth_flow_moments(&pool, rows[r].rate, kappa, 2, MINUTE);
        assert_near(found.variance, m.variance, 0.04);
        assert_near(found.covariance, m.covariance, 0.04);
        assert_near(found.integral_variance, m.integral_variance, 0.04);
        assert_near(found.surprise_covariance, m.surprise_covariance, 0.06);
    }
}

/* Without memory and impact the drift has a formula of one line. */
static void test_drift_without_memory(void **state)
{
    (void)state;
    const double alpha = 0.05, rate = 2, volatility = 1.5, t = MINUTE, kappa = log(2) / 60;
    lf_random random;
    lfi_signs pool;
    lf_random_seed(&random, 13, 0);
    /* With an exponent of 60 all metaorders are one order long. */
    init_signs(&pool, 60, &random);
    const double variance = rate * 2 / (2 * kappa), g = (1 - exp(-kappa * t)) / kappa;
    const double fresh =
        rate * 2 / (kappa * kappa) *
        (t - 2 * (1 - exp(-kappa * t)) / kappa + (1 - exp(-2 * kappa * t)) / (2 * kappa));
    const double noise = volatility * volatility * t;
    const double expected =
        sqrt(alpha * noise / (variance * g * g - alpha * (variance * g * g + fresh)));
    const lfi_flow_moments m = lfi_synth_flow_moments(&pool, rate, kappa, 2, t);
    assert_near(lfi_synth_drift(&m, alpha, 0, noise), expected, 1e-9);
    assert_true(lfi_synth_drift(&m, 0, 0, noise) == 0);
    /* A flow that is forgotten within a second cannot explain half of a minute. */
    const lfi_flow_moments fast = lfi_synth_flow_moments(&pool, rate, log(2), 2, t);
    assert_true(isnan(lfi_synth_drift(&fast, 0.5, 0, noise)));
}

/* ---- whole days ------------------------------------------------------------------------- */

/* What stands at each second of a day. */
typedef struct second {
    double latent, mid, flow, activity, heat;
} second;

static size_t simulate_day(const lf_synth_options *options, int32_t day, second *out)
{
    lf_synth *synth;
    lf_batch batch;
    lf_error error;
    assert_int_equal(lf_synth_open(options, day, &synth, &error), LF_OK);
    const int64_t open_ns = lf_synth_instrument(synth)->session_open_ns;
    const double kappa = log(2) / ((double)options->alpha_half_life_ns / 1e9);
    second now = {NAN, NAN, NAN, NAN, NAN};
    int64_t now_ns = open_ns;
    size_t count = 0;
    for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
        const lfi_synth_trace *traces = lfi_synth_traces(synth);
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *event = &batch.events[i];
            int64_t grid_ns = open_ns + (int64_t)count * LF_NS_PER_SECOND;
            for (; grid_ns < event->ts_exchange_ns; grid_ns += LF_NS_PER_SECOND) {
                out[count] = now;
                out[count++].flow *= exp(-kappa * (double)(grid_ns - now_ns) / 1e9);
            }
            now = (second){
                traces[i].latent,
                (double)lf_book_mid2(&event->quotes) / 2,
                traces[i].flow,
                traces[i].activity,
                traces[i].heat,
            };
            now_ns = event->ts_exchange_ns;
        }
    }
    lf_synth_close(synth);
    return count;
}

/* What is found in some days of one planted share. */
typedef struct found {
    double share, share_error; /* and its standard error, from the scatter of the days */
    double hit, hit_latent; /* of the sign of the flow: where the mid moved, and of all minutes */
} found;

#define DAYS_MAX 64

/*
 * Flow and returns are divided by their standard deviations at the pace of the moment: the share is
 * planted at each pace, while a correlation over quick and slow minutes together is a little lower.
 */
static found look(const lf_synth_options *options)
{
    static second seconds[SECONDS + 1];
    const lf_synth_model *r =
        options->model != NULL ? options->model : lfi_synth_preset(options->preset);
    const double kappa = log(2) / ((double)options->alpha_half_life_ns / 1e9);
    double xy[DAYS_MAX] = {0}, sum = 0, xx = 0, yy = 0, hits = 0, moves = 0, latent_hits = 0, n = 0;
    lf_random random;
    lfi_signs pool;
    lf_random_seed(&random, 1, 0);
    lfi_signs_init(&pool, r, &random);
    for (int32_t day = 0; day < options->day_count; day++) {
        const size_t count = simulate_day(options, day, seconds);
        for (size_t i = MINUTE; i + MINUTE < count; i += STRIDE) {
            const second *a = &seconds[i], *b = &seconds[i + MINUTE];
            const double rate = (r->market_rate + r->hidden_rate) * a->activity;
            const double sd = sqrt(lfi_synth_flow_moments(&pool, rate, kappa, 2, MINUTE).variance);
            const double pace = r->impact_share * a->activity + (1 - r->impact_share) * a->heat;
            const double x = a->flow / sd, y = (b->latent - a->latent) / sqrt(pace);
            xy[day] += x * y;
            xx += x * x;
            yy += y * y;
            moves += b->mid != a->mid;
            n++;
            latent_hits += (x > 0) == (y > 0);
            hits += b->mid != a->mid && (x > 0) == (b->mid > a->mid);
        }
        sum += xy[day];
    }
    const double days = options->day_count, mean = sum / days;
    double squares = 0;
    for (int32_t day = 0; day < options->day_count; day++) {
        squares += (xy[day] - mean) * (xy[day] - mean);
    }
    const double share = sum * sum / (xx * yy);
    const double error = 2 * share * sqrt(squares / (days * (days - 1))) / fabs(mean);
    return (found){share, error, hits / moves, latent_hits / n};
}

/* Everything that the presets leave off, as a market that was fitted has it. */
static void fitted_market(lf_synth_model *model)
{
    lf_synth_model_default(LF_SYNTH_SMALL_TICK, model);
    model->metaorders = 1;
    model->order_mix[0] = 0.3;
    model->order_mix[2] = 0.6;
    model->order_mix[6] = 0.1;
    model->volatility_power = 2;
    model->burst_sd = 0.2;
    model->follow_ticks = 3;
    model->queue_reach = 6;
    model->size_tail = 0.5;
    model->size_patience = 1;
}

/* The planted share is found within its sampling error, and its sign is worth its bound. */
static void test_planted_share_is_found(void **state)
{
    (void)state;
    static const struct {
        lf_synth_preset preset;
        double alpha;
        int64_t half_life_s;
        double activity;
        bool is_fitted;
    } rows[] = {
        {LF_SYNTH_SMALL_TICK, 0.05, 60, 0.3, false},
        {LF_SYNTH_SMALL_TICK, 0.2, 60, 0.3, false},
        {LF_SYNTH_SMALL_TICK, 0.1, 20, 0.3, false},
        {LF_SYNTH_LARGE_TICK, 0.1, 60, 0.3, false},
        {LF_SYNTH_SMALL_TICK, 0.1, 60, 0.3, true},
    };
    lf_synth_model fitted;
    fitted_market(&fitted);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_synth_options options;
        lf_synth_options_default(&options);
        options.preset = rows[i].preset;
        options.alpha = rows[i].alpha;
        options.alpha_half_life_ns = rows[i].half_life_s * LF_NS_PER_SECOND;
        options.activity = rows[i].activity;
        options.day_count = 20;
        options.model = rows[i].is_fitted ? &fitted : NULL;
        options.correlation = rows[i].is_fitted ? 0.2 : 0;
        const found f = look(&options);
        const double bound = lf_synth_hit_bound(rows[i].alpha);
        print_message(
            "planted %.2f, found %.4f +- %.4f; hits of the mid %.4f, of all %.4f, bound %.4f\n",
            rows[i].alpha,
            f.share,
            f.share_error,
            f.hit,
            f.hit_latent,
            bound
        );
        assert_true(fabs(f.share - rows[i].alpha) < 3 * f.share_error);
        assert_true(f.share_error < 0.25 * rows[i].alpha);
        /* Minutes whose mid moved are the wilder ones, so the mid may even do better. */
        assert_true(fabs(f.hit_latent - bound) < 0.02 && f.hit > bound - 0.015);
    }
}

/* Nothing planted: past flow says nothing about the latent price. */
static void test_nothing_where_nothing_is(void **state)
{
    (void)state;
    lf_synth_options options;
    lf_synth_options_default(&options);
    options.activity = 0.3;
    options.day_count = 20;
    lf_synth_model fitted;
    fitted_market(&fitted);
    for (int is_fitted = 0; is_fitted < 2; is_fitted++) {
        options.model = is_fitted ? &fitted : NULL;
        options.correlation = is_fitted ? 0.2 : 0;
        const found f = look(&options);
        print_message("planted 0, found %.5f; hit rate %.4f\n", f.share, f.hit);
        assert_true(f.share < 0.0015);
        assert_true(fabs(f.hit - 0.5) < 0.02);
    }
}

static void test_hit_bound(void **state)
{
    (void)state;
    assert_true(lf_synth_hit_bound(0) == 0.5);
    assert_near(lf_synth_hit_bound(0.04), 0.5641, 1e-4);
    assert_near(lf_synth_hit_bound(0.5), 0.75, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_memory_closed_form),
        cmocka_unit_test(test_flow_moments_closed_form),
        cmocka_unit_test(test_drift_without_memory),
        cmocka_unit_test(test_planted_share_is_found),
        cmocka_unit_test(test_nothing_where_nothing_is),
        cmocka_unit_test(test_hit_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
