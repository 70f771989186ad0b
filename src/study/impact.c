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
    if (study->bins == NULL || study->blocks == NULL) {
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
    lf_release(allocator, study->moves);
    lf_release(allocator, study);
}

/* x and y of a block's regressions: [bins_per_block] each. */
typedef struct columns {
    double *change, *ofi, *trade, *quiet;
} columns;

static void fit_block(lf_study *study, size_t index, columns c)
{
    const lfi_study_bin *bins = &study->bins[index * study->bins_per_block];
    lf_study_block *block = &study->blocks[index];
    size_t n = 0;
    int64_t updates = 0, depth2 = 0;
    for (size_t i = 0; i < study->bins_per_block; i++) {
        updates += bins[i].update_count;
        depth2 += bins[i].update_depth2;
        if (!bins[i].counts) {
            continue;
        }
        c.change[n] = (double)(bins[i].mid2_end - bins[i].mid2_begin) / 2;
        c.ofi[n] = (double)bins[i].ofi[0];
        c.trade[n] = (double)bins[i].trade_imbalance;
        c.quiet[n] = (double)bins[i].ofi_no_price_change;
        n++;
    }
    const lfi_study_line line = lfi_study_ols(c.ofi, c.change, n);
    *block = (lf_study_block){
        .begin_ns = study->options.from_ns + (int64_t)index * study->options.block_ns,
        .observation_count = (int64_t)n,
        .alpha = line.alpha,
        .beta = line.beta,
        .beta_se = line.beta_se,
        .r2_ofi = line.r2,
        .r2_trade_imbalance = lfi_study_ols(c.trade, c.change, n).r2,
        .r2_ofi_no_price_change = lfi_study_ols(c.quiet, c.change, n).r2,
        .depth_mean = updates > 0 ? (double)depth2 / (2.0 * (double)updates) : NAN,
    };
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
    result->lambda = -lfi_study_ols(x, y, n).beta;
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
    result->block_count = study->block_count;
    result->level_count = study->instrument.level_count;
    result->r2_ofi = block_mean(study, offsetof(lf_study_block, r2_ofi));
    result->r2_trade_imbalance = block_mean(study, offsetof(lf_study_block, r2_trade_imbalance));
    result->r2_ofi_no_price_change =
        block_mean(study, offsetof(lf_study_block, r2_ofi_no_price_change));
    result->beta_mean = block_mean(study, offsetof(lf_study_block, beta));
    result->depth_mean = block_mean(study, offsetof(lf_study_block, depth_mean));
}

static bool has_observation(const lf_study *study)
{
    for (size_t i = 0; i < study->bin_count; i++) {
        if (study->bins[i].counts) {
            return true;
        }
    }
    return false;
}

lf_status lf_study_finish(
    lf_study *study, lf_study_result *result, const lf_study_block **blocks, lf_error *error
)
{
    lfi_study_collected(study);
    if (!has_observation(study)) {
        return lf_error_set(
            error, LF_DATA, "the impact study found no valid book in the hours asked for"
        );
    }
    /* The longest columns are those of the next-interval regression; a block's four are shorter. */
    const size_t longest = 4 * study->bins_per_block + study->bin_count + study->block_count;
    double *work = lf_allocate(study->allocator, 2 * longest, sizeof *work);
    if (work == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the impact study");
    }
    const size_t n = study->bins_per_block;
    for (size_t i = 0; i < study->block_count; i++) {
        fit_block(study, i, (columns){work, work + n, work + 2 * n, work + 3 * n});
    }
    *result = (lf_study_result){0};
    fit_means(study, result);
    fit_depth_law(study, work, work + longest, result);
    fit_next(study, work, work + longest, result);
    lf_release(study->allocator, work);
    lf_status status = fit_queue(study, result);
    if (status == LF_OK) {
        status = lfi_study_levels(
            study->allocator,
            study->bins,
            study->bins_per_block,
            study->block_count,
            (size_t)study->instrument.level_count,
            result
        );
    }
    *blocks = study->blocks;
    return status == LF_OK ? LF_OK : lf_error_set(error, status, "no memory for the impact study");
}
