/* Draws rows evenly from all rows of a query in one pass, without knowing how many there are. */
#include "train_internal.h"

typedef struct drawing {
    lfi_sample *sample;
    lf_random random;
} drawing;

static void put_row(lfi_sample *sample, size_t at, const double *row)
{
    for (size_t f = 0; f < sample->feature_count; f++) {
        sample->values[f * sample->capacity + at] = row[f];
    }
}

/*
 * Vitter's algorithm R: row number i takes a random place of the sample with probability
 * capacity / i, so that at any time each row seen so far is in it with the same probability.
 */
static lf_status draw_rows(void *context, const lfi_matrix *rows, lf_error *error)
{
    drawing *const d = context;
    lfi_sample *const sample = d->sample;
    (void)error;
    for (size_t i = 0; i < rows->row_count; i++) {
        const double *const row = rows->x + i * rows->feature_count;
        sample->row_count++;
        if (sample->count < sample->capacity) {
            put_row(sample, sample->count++, row);
            continue;
        }
        const uint64_t place = lf_random_below(&d->random, sample->row_count);
        if (place < sample->capacity) {
            put_row(sample, (size_t)place, row);
        }
    }
    return LF_OK;
}

/* No more places than there can be rows. */
static size_t places(const lfi_query *query, size_t capacity)
{
    const lfi_data *const data = query->data;
    size_t rows = 0;
    for (size_t d = 0; d < data->days->count; d++) {
        rows += lfi_day_touches(data, d, &query->span) ? data->bounds[d].row_count : 0;
    }
    rows *= data->options->mirrored ? 2 : 1;
    return rows < capacity ? rows : capacity;
}

lf_status lfi_sample_rows(
    const lfi_query *query, size_t capacity, uint64_t seed, lfi_sample *out, lf_error *error
)
{
    const lf_allocator *const allocator = query->data->allocator;
    *out = (lfi_sample){
        .capacity = places(query, capacity),
        .feature_count = lfi_query_width(query),
    };
    const size_t bytes = out->feature_count * sizeof *out->values;
    out->values = lf_allocate(allocator, out->capacity + 1, bytes);
    if (out->values == NULL) {
        return lf_error_set(
            error, LF_NOMEM, "not enough memory for a sample of %zu rows.", out->capacity
        );
    }
    drawing d = {.sample = out};
    lf_random_seed(&d.random, seed, 0);
    const lf_status status = lfi_each_day(query, draw_rows, &d, error);
    if (status != LF_OK) {
        lfi_sample_release(allocator, out);
    }
    return status;
}

void lfi_sample_release(const lf_allocator *allocator, lfi_sample *sample)
{
    lf_release(allocator, sample->values);
    sample->values = NULL;
}
