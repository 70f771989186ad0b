/* Exchanges the labels of whole blocks of time, to see that nothing is found where nothing is. */
#include "train_internal.h"

#include <string.h>

bool lfi_is_label(const lf_frame *frame, size_t column)
{
    static const char *const beginnings[] = {
        "ret_", "up_", "smooth_", "barrier_", "meta_", "uniqueness_", "attribution_"};
    const lf_column_spec spec = lf_frame_column(frame, column);
    bool found = false;
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        found = found || strncmp(spec.name, beginnings[i], strlen(beginnings[i])) == 0;
    }
    return found && spec.kind == LF_COLUMN_F64;
}

/* First rows of the blocks that hold as many rows as the first one; returns their number. */
static size_t block_rows(const int64_t *times, size_t count, int64_t block_ns)
{
    size_t rows = 0;
    while (rows < count && times[rows] < times[0] + block_ns) {
        rows++;
    }
    return rows;
}

lf_status lf_train_permute_labels(lf_frame *day, int64_t block_ns, uint64_t seed, lf_error *error)
{
    const size_t time_column = lf_frame_find(day, "ts_event");
    const size_t count = lf_frame_row_count(day);
    if (block_ns <= 0) {
        return lf_error_set(error, LF_RANGE, "a block of labels must last longer than 0 ns.");
    }
    if (time_column == SIZE_MAX) {
        return lf_error_set(error, LF_MISMATCH, "rows need the column \"ts_event\".");
    }
    const size_t width = block_rows(lf_frame_i64(day, time_column), count, block_ns);
    const size_t blocks = width == 0 ? 0 : count / width;
    size_t *from = lf_allocate(NULL, blocks + 1, sizeof *from);
    double *copy = lf_allocate(NULL, count + 1, sizeof *copy);
    size_t labels = 0;
    if (from == NULL || copy == NULL) {
        lf_release(NULL, from);
        lf_release(NULL, copy);
        return lf_error_set(error, LF_NOMEM, "not enough memory to permute %zu rows.", count);
    }
    lf_random random;
    lf_random_seed(&random, seed, 0);
    for (size_t i = 0; i < blocks; i++) {
        from[i] = i;
    }
    for (size_t i = blocks; i > 1; i--) {
        const size_t other = (size_t)lf_random_below(&random, i);
        const size_t kept = from[i - 1];
        from[i - 1] = from[other];
        from[other] = kept;
    }
    for (size_t c = 0; c < lf_frame_column_count(day); c++) {
        if (!lfi_is_label(day, c)) {
            continue;
        }
        double *values = lf_frame_f64(day, c);
        labels++;
        memcpy(copy, values, count * sizeof *copy);
        for (size_t i = 0; i < blocks; i++) {
            memcpy(values + i * width, copy + from[i] * width, width * sizeof *copy);
        }
    }
    lf_release(NULL, from);
    lf_release(NULL, copy);
    return labels > 0 ? LF_OK : lf_error_set(error, LF_MISMATCH, "the rows have no label columns.");
}
