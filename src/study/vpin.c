/* VPIN over arrays: bulk volume classification, buckets of equal volume, their imbalance. */
#include "study_internal.h"

#include <lobflow/stats.h>

#include <math.h>

void lf_study_bulk_sd(const double *price_changes, size_t count, size_t window, double *sds)
{
    size_t defined = 0;
    for (size_t i = 0; i < count; i++) {
        const bool is_new = i > 0 && isfinite(price_changes[i - 1]);
        defined += is_new ? 1 : 0;
        if (!is_new || defined < window) {
            sds[i] = i > 0 && !is_new ? sds[i - 1] : NAN;
            continue;
        }
        double squares = 0;
        size_t found = 0;
        for (size_t j = i; found < window; j--) {
            if (isfinite(price_changes[j - 1])) {
                squares += price_changes[j - 1] * price_changes[j - 1];
                found++;
            }
        }
        sds[i] = sqrt(squares / (double)window);
    }
}

void lf_study_bulk_shares(
    const double *price_changes, const double *sds, size_t count, double degrees, double *buy_shares
)
{
    for (size_t i = 0; i < count; i++) {
        const double change = price_changes[i], sd = sds[i];
        if (!isfinite(change) || !(sd >= 0) || change == 0) {
            buy_shares[i] = 0.5;
        } else if (sd == 0) {
            buy_shares[i] = change > 0 ? 1 : 0;
        } else {
            const double z = change / sd;
            buy_shares[i] = degrees > 0 ? lf_stats_t_cdf(z, degrees) : lf_stats_normal_cdf(z);
        }
    }
}

/* Where full buckets go, and the one being filled. */
typedef struct filling {
    lf_study_bucket *buckets;
    size_t capacity, full;
    double buy_lots, sell_lots;
    int64_t filled_lots;
} filling;

static void pour(filling *to, int64_t lots, double buy_share)
{
    to->buy_lots += (double)lots * buy_share;
    to->sell_lots += (double)lots * (1 - buy_share);
    to->filled_lots += lots;
}

static void close_bucket(filling *to, size_t row)
{
    if (to->buckets != NULL && to->full < to->capacity) {
        to->buckets[to->full] = (lf_study_bucket){to->buy_lots, to->sell_lots, row};
    }
    to->full++;
    to->buy_lots = to->sell_lots = 0;
    to->filled_lots = 0;
}

static void fill_row(filling *to, int64_t lots, double buy_share, int64_t bucket_lots, size_t row)
{
    while (lots > 0) {
        if (to->filled_lots == 0 && lots >= bucket_lots &&
            (to->buckets == NULL || to->full >= to->capacity)) {
            /* Nobody will see these buckets: a row of 2^62 lots must not take as many steps. */
            to->full += (size_t)(lots / bucket_lots);
            lots %= bucket_lots;
            continue;
        }
        const int64_t room = bucket_lots - to->filled_lots;
        const int64_t part = lots < room ? lots : room;
        pour(to, part, buy_share);
        lots -= part;
        if (part == room) {
            close_bucket(to, row);
        }
    }
}

lf_status lf_study_fill_buckets(
    const int64_t *size_lots,
    const double *buy_shares,
    size_t count,
    int64_t bucket_lots,
    lf_study_bucket *buckets,
    size_t capacity,
    size_t *bucket_count,
    lf_error *error
)
{
    *bucket_count = 0;
    if (bucket_lots < 1) {
        return lf_error_set(error, LF_RANGE, "a bucket of VPIN holds at least one lot");
    }
    filling to = {.buckets = buckets, .capacity = capacity};
    for (size_t i = 0; i < count; i++) {
        if (size_lots[i] < 0 || !(buy_shares[i] >= 0 && buy_shares[i] <= 1)) {
            return lf_error_set(
                error,
                LF_RANGE,
                "row %zu of VPIN: a size is at least 0 and a share of buying from 0 to 1",
                i
            );
        }
        fill_row(&to, size_lots[i], buy_shares[i], bucket_lots, i);
    }
    *bucket_count = to.full;
    if (buckets != NULL && to.full > capacity) {
        return lf_error_set(
            error, LF_RANGE, "VPIN: %zu full buckets, but room for %zu", to.full, capacity
        );
    }
    return LF_OK;
}

void lf_study_vpin(const lf_study_bucket *buckets, size_t count, size_t window, double *vpin)
{
    for (size_t i = 0; i < count; i++) {
        vpin[i] = NAN;
        if (i + 1 < window) {
            continue;
        }
        double sum = 0;
        for (size_t j = i + 1 - window; j <= i; j++) {
            const double buy = buckets[j].buy_lots, sell = buckets[j].sell_lots;
            sum += fabs(buy - sell) / (buy + sell);
        }
        vpin[i] = sum / (double)window;
    }
}
