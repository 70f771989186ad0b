/* What trees start from: the three-feature logistic, as a line of the model's features. */
#include "train_internal.h"

/* Where the features of the three-feature logistic stand among the model's; false: not all do. */
static bool find_places(const lfi_data *data, size_t places[LFI_BESIDE_COUNT])
{
    for (size_t i = 0; i < LFI_BESIDE_COUNT; i++) {
        places[i] = 0;
        while (places[i] < data->feature_count && data->indices[places[i]] != data->beside[i]) {
            places[i]++;
        }
        if (places[i] == data->feature_count) {
            return false;
        }
    }
    return true;
}

lf_status lfi_start_fit(const lfi_query *query, bool *is_set, lfi_line *out, lf_error *error)
{
    const lfi_data *const data = query->data;
    size_t places[LFI_BESIDE_COUNT];
    lfi_query beside = *query;
    *out = (lfi_line){0};
    *is_set = data->options->start == LF_TRAIN_START_LOGISTIC3 && find_places(data, places);
    if (!*is_set) {
        return LF_OK;
    }
    lfi_line *const three = lf_allocate(data->allocator, 1, sizeof *three);
    if (three == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory to fit a model.");
    }
    beside.is_beside = true;
    const lf_status status = lfi_line_fit(&beside, data->options->ridge, 0, three, error);
    out->intercept = three->intercept;
    for (size_t i = 0; i < LFI_BESIDE_COUNT; i++) {
        const size_t f = places[i];
        const bool is_forbidden = three->weights[i] * (double)data->monotone[f] < 0;
        out->weights[f] = is_forbidden ? 0 : three->weights[i];
        out->means[f] = three->means[i];
    }
    lf_release(data->allocator, three);
    return status;
}
