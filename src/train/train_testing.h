/*
 * Rows for the tests of training: days whose next minute a slow queue imbalance foretells a little,
 * or not at all. Header only; include it after cmocka.h.
 */
#ifndef LOBFLOW_TRAIN_TESTING_H
#define LOBFLOW_TRAIN_TESTING_H

#include <lobflow/frame.h>
#include <lobflow/train.h>

#include <math.h>

#include "../../tests/testing.h"

/* The features that made-up days have; all odd. */
#define TESTING_FEATURES "ofi_norm_1min,ofi_accel_1min,depth_imbalance_l1,momentum_10s"

enum {
    TESTING_COLUMNS = 12,
    TESTING_LABEL_ROWS = 360 /* rows behind the last one that the labels look at */
};

/* How a day is made. */
typedef struct testing_day {
    size_t rows;
    int64_t first_ns;
    double skill; /* share of a step's drift that the imbalance explains; 0: nothing to find */
    uint64_t seed;
} testing_day;

static const lf_column_spec TESTING_SPECS[TESTING_COLUMNS] = {
    {"ts_event", LF_COLUMN_TIME},
    {"symbol", LF_COLUMN_TEXT},
    {"valid", LF_COLUMN_BOOL},
    {"ofi_norm_1min", LF_COLUMN_F64},
    {"ofi_accel_1min", LF_COLUMN_F64},
    {"depth_imbalance_l1", LF_COLUMN_F64},
    {"momentum_10s", LF_COLUMN_F64},
    {"ret_1min", LF_COLUMN_F64},
    {"up_1min", LF_COLUMN_F64},
    {"ret_5min", LF_COLUMN_F64},
    {"up_5min", LF_COLUMN_F64},
    {"spread_ticks", LF_COLUMN_F64},
};

/* Label of a path in half ticks over some rows; the path is a price of 100,000 half ticks. */
static double testing_return(const double *path, size_t from, size_t rows)
{
    return 1e4 * log((100000 + path[from + rows]) / (100000 + path[from]));
}

static void
testing_fill(lf_frame *frame, const testing_day *day, const double *path, const double *q)
{
    lf_random random;
    lf_random_seed(&random, day->seed, 1);
    for (size_t i = 0; i < day->rows; i++) {
        lf_frame_i64(frame, 0)[i] = day->first_ns + (int64_t)i * LF_NS_PER_SECOND;
        /* One row in 97 has no valid state. */
        lf_frame_bool(frame, 2)[i] = i % 97 != 13;
        lf_frame_f64(frame, 3)[i] = i < 60 ? NAN : 3 * q[i] + lf_random_normal(&random);
        lf_frame_f64(frame, 4)[i] = lf_random_normal(&random);
        lf_frame_f64(frame, 5)[i] = tanh(q[i]);
        lf_frame_f64(frame, 6)[i] = i < 10 ? NAN : 1e4 * (path[i] - path[i - 10]) / 100000;
        lf_frame_f64(frame, 11)[i] = 1 + (double)(i % 3);
        static const size_t horizons[2] = {60, 300};
        for (size_t h = 0; h < 2; h++) {
            const bool has_label = i + horizons[h] < day->rows;
            const double ret = has_label ? testing_return(path, i, horizons[h]) : NAN;
            lf_frame_f64(frame, 7 + 2 * h)[i] = ret;
            lf_frame_f64(frame, 8 + 2 * h)[i] = ret > 0 ? 1 : ret < 0 ? 0 : NAN;
        }
    }
}

/* A made-up day; end it with lf_frame_destroy(). */
LF_TESTING_UNUSED static lf_frame *testing_make(const testing_day *day)
{
    lf_frame *frame = NULL;
    const size_t rows = day->rows + TESTING_LABEL_ROWS;
    double *path = lf_allocate(NULL, rows, sizeof *path);
    double *q = lf_allocate(NULL, rows, sizeof *q);
    if (path == NULL || q == NULL ||
        lf_frame_create(NULL, TESTING_SPECS, TESTING_COLUMNS, day->rows, &frame, NULL) != LF_OK ||
        lf_frame_append(frame, day->rows) != LF_OK ||
        lf_frame_set_text(frame, 1, 0, day->rows, "TEST") != LF_OK) {
        fail_msg("no memory");
    }
    lf_random random;
    lf_random_seed(&random, day->seed, 0);
    for (size_t i = 1; i < rows; i++) {
        /* The imbalance forgets half of itself in 20 s; the price moves in steps, so that some
           minutes end where they began. */
        q[i] = 0.966 * q[i - 1] + 0.26 * lf_random_normal(&random);
        const double drift = day->skill * 0.2 * q[i - 1];
        const double u = lf_random_uniform(&random);
        path[i] = path[i - 1] + (u < 0.1 + drift / 2 ? 1 : u > 0.9 + drift / 2 ? -1 : 0);
    }
    testing_fill(frame, day, path, q);
    lf_release(NULL, path);
    lf_release(NULL, q);
    return frame;
}

/* Defaults that suit small days. */
LF_TESTING_UNUSED static lf_train_options testing_options(void)
{
    lf_train_options options;
    lf_train_options_init(&options, LF_TRAIN_SYMMETRIC);
    options.features = TESTING_FEATURES;
    options.min_data_in_leaf = 100;
    return options;
}

/* True when LightGBM is there; says so when not. */
LF_TESTING_UNUSED static bool testing_skip(lf_status status, const lf_error *error)
{
    if (status == LF_DEPENDENCY) {
        print_message("skipped: %s\n", error->message);
        return true;
    }
    if (status != LF_OK) {
        fail_msg("%s", error->message);
    }
    return false;
}

#endif
