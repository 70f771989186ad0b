/* A study from options to fits: blocks, depth law, next interval, queue logit. */
#include "study_internal.h"

#include <lobflow/stats.h>

#include <math.h>
#include <string.h>

#define DEFAULT_WINDOW_NS (10 * LF_NS_PER_SECOND)
#define DEFAULT_BLOCK_NS (30 * LF_NS_PER_MINUTE)

lf_status lf_study_create(
    const lf_instrument *instrument,
    const lf_study_options *options,
    lf_study **out,
    lf_error *error
)
{
    *out = NULL;
    const lf_allocator *allocator = options != NULL ? options->allocator : NULL;
    lf_study *study = lf_allocate(allocator, 1, sizeof *study);
    if (study == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the impact study");
    }
    if (options != NULL) {
        study->options = *options;
    }
    if (allocator != NULL) {
        study->memory = *allocator;
        study->allocator = &study->memory;
    }
    lf_study_options *o = &study->options;
    study->instrument = *instrument;
    o->window_ns = o->window_ns != 0 ? o->window_ns : DEFAULT_WINDOW_NS;
    o->block_ns = o->block_ns != 0 ? o->block_ns : DEFAULT_BLOCK_NS;
    o->from_ns = o->from_ns != 0 ? o->from_ns : instrument->session_open_ns;
    o->to_ns = o->to_ns != 0 ? o->to_ns : instrument->session_close_ns;
    if (o->window_ns <= 0 || o->block_ns % o->window_ns != 0 ||
        o->to_ns - o->from_ns < o->block_ns) {
        const lf_status status = lf_error_set(
            error,
            LF_RANGE,
            "the impact study needs a window that divides %lld minutes and hours of at least that "
            "length",
            (long long)(o->block_ns / LF_NS_PER_MINUTE)
        );
        lf_study_destroy(study);
        return status;
    }
    study->bins_per_block = (size_t)(o->block_ns / o->window_ns);
    study->block_count = (size_t)((o->to_ns - o->from_ns) / o->block_ns);
    study->bin_count = study->bins_per_block * study->block_count;
    study->bins = lf_allocate(allocator, study->bin_count, sizeof *study->bins);
    study->blocks = lf_allocate(allocator, study->block_count, sizeof *study->blocks);
    study->observations = lf_allocate(allocator, study->bin_count, sizeof *study->observations);
    if (study->bins == NULL || study->blocks == NULL || study->observations == NULL) {
        lf_study_destroy(study);
        return lf_error_set(error, LF_NOMEM, "no memory for the impact study");
    }
    study->last_ts_ns = LF_TIME_NONE;
    lf_random_seed(&study->random, o->seed, 0);
    *out = study;
    return LF_OK;
}

void lf_study_destroy(lf_study *study)
{
    if (study == NULL) {
        return;
    }
    const lf_allocator memory = study->memory;
    const lf_allocator *allocator = study->allocator != NULL ? &memory : NULL;
    lf_release(allocator, study->bins);
    lf_release(allocator, study->blocks);
    lf_release(allocator, study->observations);
    lf_release(allocator, study->moves);
    lf_release(allocator, study);
}

/* The bins that count, as observations. */
static void take_observations(lf_study *study)
{
    for (size_t i = 0; i < study->bin_count; i++) {
        const lfi_study_bin *const bin = &study->bins[i];
        if (i % study->bins_per_block == 0) {
            study->blocks[i / study->bins_per_block].observation_first =
                (int64_t)study->observation_count;
        }
        if (bin->counts) {
            study->observations[study->observation_count++] = (lf_study_observation){
                .begin_ns = study->options.from_ns + (int64_t)i * study->options.window_ns,
                .change_ticks = (double)(bin->mid2_end - bin->mid2_begin) / 2,
                .ofi_lots = bin->ofi[0],
                .ofi_no_price_change_lots = bin->ofi_no_price_change,
                .trade_imbalance_lots = bin->trade_imbalance,
            };
            study->blocks[i / study->bins_per_block].observation_count++;
        }
    }
}

/* x and y of a block's regressions: [bins_per_block] each, twice that for the pair. */
typedef struct columns {
    double *change, *ofi, *trade, *quiet, *pair;
} columns;

static double fit_both(columns c, size_t n)
{
    double coefficients[LFI_STUDY_COLUMNS_MAX];
    for (size_t i = 0; i < n; i++) {
        c.pair[2 * i] = c.ofi[i];
        c.pair[2 * i + 1] = c.trade[i];
    }
    return lfi_study_fit(c.pair, c.change, n, 2, 0, coefficients)
               ? lfi_study_r2(c.pair, c.change, n, 2, coefficients)
               : NAN;
}

/* Mean depth of a block over its best-quote updates, observations or not. */
static double block_depth(const lf_study *study, size_t index)
{
    const lfi_study_bin *const bins = &study->bins[index * study->bins_per_block];
    int64_t updates = 0, depth2 = 0;
    for (size_t i = 0; i < study->bins_per_block; i++) {
        updates += bins[i].update_count;
        depth2 += bins[i].update_depth2;
    }
    return updates > 0 ? (double)depth2 / (2.0 * (double)updates) : NAN;
}

static void fit_block(lf_study *study, size_t index, columns c)
{
    lf_study_block *const block = &study->blocks[index];
    const lf_study_observation *const rows = &study->observations[block->observation_first];
    const size_t n = (size_t)block->observation_count;
    for (size_t i = 0; i < n; i++) {
        c.change[i] = rows[i].change_ticks;
        c.ofi[i] = (double)rows[i].ofi_lots;
        c.trade[i] = (double)rows[i].trade_imbalance_lots;
        c.quiet[i] = (double)rows[i].ofi_no_price_change_lots;
    }
    const lfi_study_line line = lfi_study_ols(c.ofi, c.change, n);
    block->begin_ns = study->options.from_ns + (int64_t)index * study->options.block_ns;
    block->alpha = line.alpha;
    block->beta = line.beta;
    block->beta_se = line.beta_se;
    block->r2_ofi = line.r2;
    block->r2_trade_imbalance = lfi_study_ols(c.trade, c.change, n).r2;
    block->r2_both = fit_both(c, n);
    block->r2_ofi_no_price_change = lfi_study_ols(c.quiet, c.change, n).r2;
    block->depth_mean = block_depth(study, index);
}

static double block_mean(const lf_study *study, size_t offset)
{
    double sum = 0;
    int64_t count = 0;
    for (size_t i = 0; i < study->block_count; i++) {
        double value;
        memcpy(&value, (const char *)&study->blocks[i] + offset, sizeof value);
        if (!isnan(value)) {
            sum += value;
            count++;
        }
    }
    return count > 0 ? sum / (double)count : NAN;
}

/* beta = c / depth^lambda in the two steps of Cont, Kukanov, Stoikov; x and y are work space. */
static void fit_depth_law(const lf_study *study, double *x, double *y, lf_study_result *result)
{
    size_t n = 0;
    for (size_t i = 0; i < study->block_count; i++) {
        const lf_study_block *block = &study->blocks[i];
        if (block->beta > 0 && block->depth_mean > 0) {
            x[n] = log(block->depth_mean);
            y[n++] = log(block->beta);
        }
    }
    const lfi_study_line law = lfi_study_ols(x, y, n);
    result->lambda = -law.beta;
    result->r2_depth_law = law.r2;
    for (size_t i = 0; i < n; i++) {
        x[i] = exp(-result->lambda * x[i]);
        y[i] = exp(y[i]);
    }
    result->c = lfi_study_ols(x, y, n).beta;
}

static void fit_next(const lf_study *study, double *x, double *y, lf_study_result *result)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < study->bin_count; i++) {
        const lfi_study_bin *now = &study->bins[i], *next = &study->bins[i + 1];
        if (now->counts && next->counts) {
            x[n] = (double)now->ofi[0];
            y[n++] = (double)(next->mid2_end - next->mid2_begin) / 2;
        }
    }
    result->r2_next = lfi_study_ols(x, y, n).r2;
}

static lf_status fit_queue(lf_study *study, lf_study_result *result)
{
    const size_t n = study->move_count;
    result->move_count = (int64_t)n;
    double *memory = lf_allocate(study->allocator, 3 * (n + 1), sizeof *memory);
    if (memory == NULL) {
        return LF_NOMEM;
    }
    double *uniform = memory, *last = memory + n, *up = memory + 2 * n;
    for (size_t i = 0; i < n; i++) {
        uniform[i] = study->moves[i].imbalance_uniform;
        last[i] = study->moves[i].imbalance_last;
        up[i] = study->moves[i].up;
    }
    lf_status status = lf_stats_auc(study->allocator, uniform, up, n, &result->auc_queue_imbalance);
    if (status == LF_OK) {
        status = lf_stats_auc(study->allocator, last, up, n, &result->auc_queue_imbalance_last);
    }
    if (!lfi_study_logit(uniform, up, n, &result->logit_intercept, &result->logit_slope)) {
        result->logit_intercept = result->logit_slope = NAN;
    }
    lf_release(study->allocator, memory);
    return status;
}

static void fit_means(const lf_study *study, lf_study_result *result)
{
    result->r2_ofi = block_mean(study, offsetof(lf_study_block, r2_ofi));
    result->r2_trade_imbalance = block_mean(study, offsetof(lf_study_block, r2_trade_imbalance));
    result->r2_both = block_mean(study, offsetof(lf_study_block, r2_both));
    result->r2_ofi_no_price_change =
        block_mean(study, offsetof(lf_study_block, r2_ofi_no_price_change));
    result->beta_mean = block_mean(study, offsetof(lf_study_block, beta));
    result->depth_mean = block_mean(study, offsetof(lf_study_block, depth_mean));
    result->r2_is_best = block_mean(study, offsetof(lf_study_block, r2_is_best));
    result->r2_oos_best = block_mean(study, offsetof(lf_study_block, r2_oos_best));
    result->r2_is_ridge = block_mean(study, offsetof(lf_study_block, r2_is_ridge));
    result->r2_oos_ridge = block_mean(study, offsetof(lf_study_block, r2_oos_ridge));
    result->r2_is_integrated = block_mean(study, offsetof(lf_study_block, r2_is_integrated));
    result->r2_oos_integrated = block_mean(study, offsetof(lf_study_block, r2_oos_integrated));
    result->pc1_share = block_mean(study, offsetof(lf_study_block, pc1_share));
    double sum = 0;
    int64_t count = 0;
    for (size_t i = 0; i < study->block_count; i++) {
        const double product = study->blocks[i].beta * 2 * study->blocks[i].depth_mean;
        sum += isnan(product) ? 0 : product;
        count += !isnan(product);
    }
    result->beta_depth2 = count > 0 ? sum / (double)count : NAN;
}

/* All but the levels and the queue: they need work space of one kind. */
static lf_status fit_lines(lf_study *study, lf_study_result *result)
{
    /* The longest columns are those of the next-interval regression; a block's are shorter. */
    const size_t longest = 6 * study->bins_per_block + study->bin_count + study->block_count;
    double *work = lf_allocate(study->allocator, 2 * longest, sizeof *work);
    if (work == NULL) {
        return LF_NOMEM;
    }
    const size_t n = study->bins_per_block;
    for (size_t i = 0; i < study->block_count; i++) {
        const columns c = {work, work + n, work + 2 * n, work + 3 * n, work + 4 * n};
        fit_block(study, i, c);
    }
    fit_depth_law(study, work, work + longest, result);
    fit_next(study, work, work + longest, result);
    lf_release(study->allocator, work);
    return LF_OK;
}

lf_status lf_study_finish(
    lf_study *study, lf_study_result *result, const lf_study_block **blocks, lf_error *error
)
{
    lfi_study_collected(study);
    take_observations(study);
    if (study->observation_count == 0) {
        return lf_error_set(
            error, LF_DATA, "the impact study found no valid book in the hours asked for"
        );
    }
    *result = (lf_study_result){
        .block_count = study->block_count,
        .level_count = study->instrument.level_count,
    };
    lf_status status = fit_lines(study, result);
    if (status == LF_OK) {
        status = fit_queue(study, result);
    }
    if (status == LF_OK) {
        status = lfi_study_levels(study, result);
    }
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the impact study");
    }
    fit_means(study, result);
    *blocks = study->blocks;
    return LF_OK;
}

const lf_study_observation *lf_study_observations(const lf_study *study, size_t *count)
{
    *count = study->observation_count;
    return study->observations;
}
