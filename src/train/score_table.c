/* Scores of a predictions table: the columns of a run instead of the rows of a walk. */
#include "train_internal.h"

#include <math.h>

/* Where each column goes. */
typedef struct slot {
    const char *name;
    double **values;
} slot;

static lf_status find_f64(lf_frame *frame, const char *name, double **out, lf_error *error)
{
    const size_t column = lf_frame_find(frame, name);
    if (column == SIZE_MAX || lf_frame_column(frame, column).kind != LF_COLUMN_F64) {
        return lf_error_set(
            error, LF_MISMATCH, "the predictions need a float64 column \"%s\".", name
        );
    }
    *out = lf_frame_f64(frame, column);
    return LF_OK;
}

lf_status lf_train_score(
    lf_frame *predictions,
    const lf_train_score_options *options,
    lf_train_scores *out,
    lf_error *error
)
{
    lfi_scored rows = {.allocator = options->allocator, .count = lf_frame_row_count(predictions)};
    const slot slots[] = {
        {"up_1min", &rows.labels[LF_HEAD_UP_1MIN]},
        {"up_5min", &rows.labels[LF_HEAD_UP_5MIN]},
        {"ret_1min", &rows.labels[LF_HEAD_RET_1MIN]},
        {"ret_5min", &rows.ret_5min},
        {"spread_ticks", &rows.spread},
        {"ret_1min_bps", &rows.ret},
        {"p_up_1min", &rows.up[0][LF_TRAIN_MODEL]},
        {"p_up_5min", &rows.up[1][LF_TRAIN_MODEL]},
        {"depth_imbalance_l1", &rows.up[0][LF_TRAIN_QUEUE_SIGN]},
        {"ofi_norm_1min", &rows.up[0][LF_TRAIN_OFI_SIGN]},
    };
    const size_t times = lf_frame_find(predictions, "ts_event");
    if (times == SIZE_MAX || lf_frame_column(predictions, times).kind != LF_COLUMN_TIME) {
        return lf_error_set(error, LF_MISMATCH, "the predictions need the column \"ts_event\".");
    }
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        const lf_status status = find_f64(predictions, slots[i].name, slots[i].values, error);
        if (status != LF_OK) {
            return status;
        }
    }
    rows.times = lf_frame_i64(predictions, times);
    rows.up[1][LF_TRAIN_QUEUE_SIGN] = rows.up[0][LF_TRAIN_QUEUE_SIGN];
    rows.up[1][LF_TRAIN_OFI_SIGN] = rows.up[0][LF_TRAIN_OFI_SIGN];
    /* Only read: lfi_score() takes the rows as const. */
    rows.days = (uint32_t *)(uintptr_t)options->days;
    out->least_best_round = NAN;
    return lfi_score(&rows, options, out, error);
}
