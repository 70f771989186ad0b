/* The model's forecasts of a direction by kind of row: calibration, confidence, hour, spread. */
#include "train_internal.h"

#include <math.h>
#include <string.h>

/* The moving rows that were predicted, closed up. */
typedef struct moving {
    const lf_allocator *allocator;
    double *p;
    double *up;
    double *edge; /* |p - 1/2| */
    double *spread;
    double *ranks; /* of what is cut */
    double *key;   /* what is cut by */
    int64_t *times;
    uint32_t *blocks;
    size_t count;
} moving;

static void moving_release(moving *m)
{
    double *const columns[] = {m->p, m->up, m->edge, m->spread, m->ranks, m->key};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        lf_release(m->allocator, columns[i]);
    }
    lf_release(m->allocator, m->times);
    lf_release(m->allocator, m->blocks);
}

static lf_status moving_create(const lf_allocator *allocator, size_t rows, moving *out)
{
    *out = (moving){.allocator = allocator};
    double **const columns[] = {
        &out->p, &out->up, &out->edge, &out->spread, &out->ranks, &out->key};
    bool is_whole = true;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        *columns[i] = lf_allocate(allocator, rows + 1, sizeof(double));
        is_whole = is_whole && *columns[i] != NULL;
    }
    out->times = lf_allocate(allocator, rows + 1, sizeof *out->times);
    out->blocks = lf_allocate(allocator, rows + 1, sizeof *out->blocks);
    if (!is_whole || out->times == NULL || out->blocks == NULL) {
        moving_release(out);
        return LF_NOMEM;
    }
    return LF_OK;
}

static void moving_fill(const lfi_scored *rows, int horizon, int64_t horizon_ns, moving *m)
{
    const double *p = rows->up[horizon][LF_TRAIN_MODEL];
    const double *up = rows->labels[horizon];
    for (size_t i = 0; i < rows->count; i++) {
        if (!isnan(p[i]) && !isnan(up[i])) {
            m->p[m->count] = p[i];
            m->up[m->count] = up[i];
            m->edge[m->count] = fabs(p[i] - 0.5);
            m->spread[m->count] = rows->spread[i];
            m->times[m->count++] = rows->times[i];
        }
    }
    (void)lf_stats_time_blocks(m->times, m->count, lfi_block_ns(horizon_ns), m->blocks);
}

/* Sums of the rows in one bin. */
typedef struct bin_sums {
    lf_share_sums hits;
    lf_share_sums ups;
    double key;
    double low;
    double high;
} bin_sums;

static void bin_add(bin_sums *b, const moving *m, size_t i)
{
    const double p = m->p[i];
    const double key = m->key[i];
    const double hit = p == 0.5 ? 0.5 : (p > 0.5) == (m->up[i] > 0.5) ? 1 : 0;
    b->low = b->hits.rows == 0 ? key : fmin(b->low, key);
    b->high = b->hits.rows == 0 ? key : fmax(b->high, key);
    b->key += key;
    lf_stats_share_add(&b->hits, hit, m->blocks[i]);
    lf_stats_share_add(&b->ups, m->up[i], m->blocks[i]);
}

static lf_train_bin bin_of(const bin_sums *b)
{
    const lf_share hits = lf_stats_share_of(&b->hits);
    const lf_share ups = lf_stats_share_of(&b->ups);
    const bool is_empty = hits.rows == 0;
    return (lf_train_bin){
        .low = is_empty ? NAN : b->low,
        .mean = b->key / hits.rows,
        .high = is_empty ? NAN : b->high,
        .rows = hits.rows,
        .effective_rows = hits.effective_rows,
        .share_up = ups.share,
        .share_up_interval = ups.interval,
        .accuracy = hits.share,
        .accuracy_interval = hits.interval,
        .majority = fmax(ups.share, 1 - ups.share),
    };
}

/* Parts of equal count by rank of a column, equal values together; NaN rows are left out. */
static lf_status cut_by_rank(moving *m, const double *column, size_t parts, lf_train_bin *out)
{
    bin_sums sums[LF_TRAIN_TENTHS] = {0};
    size_t known = 0;
    for (size_t i = 0; i < m->count; i++) {
        m->key[i] = column[i];
        if (!isnan(column[i])) {
            m->ranks[known++] = column[i];
        }
    }
    double *const values = lf_allocate(m->allocator, known + 1, sizeof *values);
    lf_status status = values == NULL ? LF_NOMEM : LF_OK;
    if (status == LF_OK) {
        memcpy(values, m->ranks, known * sizeof *values);
        status = lf_stats_midranks(m->allocator, values, known, m->ranks);
    }
    lf_release(m->allocator, values);
    if (status != LF_OK) {
        return status;
    }
    for (size_t i = 0, k = 0; i < m->count; i++) {
        if (!isnan(column[i])) {
            const double share = (m->ranks[k++] - 0.5) / (double)known;
            bin_add(&sums[(size_t)((double)parts * share)], m, i);
        }
    }
    for (size_t b = 0; b < parts; b++) {
        out[b] = bin_of(&sums[b]);
    }
    return LF_OK;
}

static void cut_by_hour(moving *m, const lf_zone *zone, lf_train_bin *out)
{
    const int64_t hour_ns = 60 * LF_NS_PER_MINUTE;
    bin_sums sums[24] = {0};
    for (size_t i = 0; i < m->count; i++) {
        const int64_t offset_ns =
            zone == NULL ? 0 : lf_zone_offset_s(zone, m->times[i]) * LF_NS_PER_SECOND;
        const int64_t local_ns = m->times[i] + offset_ns;
        const int64_t of_day_ns = (local_ns % LF_NS_PER_DAY + LF_NS_PER_DAY) % LF_NS_PER_DAY;
        m->key[i] = (double)of_day_ns / (double)hour_ns;
        bin_add(&sums[of_day_ns / hour_ns], m, i);
    }
    for (int hour = 0; hour < 24; hour++) {
        out[hour] = bin_of(&sums[hour]);
    }
}

lf_status lfi_score_bins(
    const lfi_scored *rows, int horizon, const lf_train_score_options *options, lf_train_bins *out
)
{
    moving m;
    lf_status status = moving_create(options->allocator, rows->count, &m);
    if (status != LF_OK) {
        return status;
    }
    moving_fill(rows, horizon, lfi_score_horizon_ns(options, horizon), &m);
    status = cut_by_rank(&m, m.p, LF_TRAIN_TENTHS, out->calibration);
    if (status == LF_OK) {
        status = cut_by_rank(&m, m.edge, LF_TRAIN_TENTHS, out->confidence);
    }
    if (status == LF_OK) {
        status = cut_by_rank(&m, m.spread, LF_TRAIN_SPREADS, out->spreads);
    }
    cut_by_hour(&m, options->zone, out->hours);
    out->calibration_error = m.count > 0 ? 0 : NAN;
    for (int b = 0; b < LF_TRAIN_TENTHS && status == LF_OK; b++) {
        const lf_train_bin *bin = &out->calibration[b];
        if (bin->rows > 0) {
            out->calibration_error += bin->rows / (double)m.count * fabs(bin->share_up - bin->mean);
        }
    }
    moving_release(&m);
    return status;
}

/* ---- JSON ------------------------------------------------------------------------------- */

/* What each list calls its number and the mean of what it is cut by; NULL: not told. */
typedef struct list_names {
    const char *number;
    const char *mean;
    bool has_range;
    bool has_accuracy; /* else the share that went up */
    bool has_empty;    /* entries without rows stay */
} list_names;

static json_t *bin_json(const lf_train_bin *bin, int number, const list_names *names)
{
    json_t *entry = json_object();
    (void)json_object_set_new(entry, names->number, json_integer(number));
    if (names->has_range) {
        (void)json_object_set_new(entry, "low", lfi_number(bin->low));
        (void)json_object_set_new(entry, "high", lfi_number(bin->high));
    }
    if (names->mean != NULL) {
        (void)json_object_set_new(entry, names->mean, lfi_number(bin->mean));
    }
    (void)json_object_set_new(entry, "rows", json_integer((json_int_t)bin->rows));
    if (names->has_accuracy) {
        (void)json_object_set_new(entry, "effective_rows", lfi_number(bin->effective_rows));
        (void)json_object_set_new(entry, "accuracy", lfi_number(bin->accuracy));
        (void)json_object_set_new(entry, "accuracy_interval", lfi_interval(bin->accuracy_interval));
        (void)json_object_set_new(entry, "majority", lfi_number(bin->majority));
    } else {
        (void)json_object_set_new(entry, "share_up", lfi_number(bin->share_up));
        (void)json_object_set_new(entry, "share_up_interval", lfi_interval(bin->share_up_interval));
    }
    return entry;
}

static json_t *list_json(const lf_train_bin *bins, int count, int first, const list_names *names)
{
    json_t *list = json_array();
    for (int b = 0; b < count; b++) {
        if (bins[b].rows > 0 || names->has_empty) {
            (void)json_array_append_new(list, bin_json(&bins[b], b + first, names));
        }
    }
    return list;
}

json_t *lfi_bins_json(const lf_train_bins *bins)
{
    static const list_names calibration = {"bin", "mean_predicted", true, false, true};
    static const list_names confidence = {"decile", "mean_distance", true, true, true};
    static const list_names hours = {"hour", NULL, false, true, false};
    static const list_names spreads = {"quarter", "mean_spread_ticks", true, true, false};
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o}",
        "calibration_error",
        lfi_number(bins->calibration_error),
        "calibration",
        list_json(bins->calibration, LF_TRAIN_TENTHS, 1, &calibration),
        "by_confidence",
        list_json(bins->confidence, LF_TRAIN_TENTHS, 1, &confidence),
        "by_hour",
        list_json(bins->hours, 24, 0, &hours),
        "by_spread",
        list_json(bins->spreads, LF_TRAIN_SPREADS, 1, &spreads)
    );
}

lf_status lf_train_bins_json(const lf_allocator *allocator, const lf_train_bins *bins, char **out)
{
    json_t *root = lfi_bins_json(bins);
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(17);
    const size_t bytes = root == NULL ? 0 : json_dumpb(root, NULL, 0, flags);
    char *text = bytes > 0 ? lf_allocate(allocator, bytes + 1, 1) : NULL;
    *out = text;
    if (text != NULL) {
        (void)json_dumpb(root, text, bytes, flags);
        text[bytes] = '\0';
    }
    json_decref(root);
    return text != NULL ? LF_OK : LF_NOMEM;
}
