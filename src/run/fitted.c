/* Fitted features in the verbs: which ones are asked for, and where their parameters come from. */
#include "line_internal.h"

void lfi_fitted_set(const size_t *features, size_t count, char out[LFI_SET_BYTES])
{
    int used = snprintf(out, LFI_SET_BYTES, "default");
    for (size_t i = 0; i < count; i++) {
        const lf_feature_info *const info = lf_feature_at(features[i]);
        if (info->is_fitted) {
            /* Five names of at most 23 characters, each once. */
            const size_t room = LFI_SET_BYTES - (size_t)used;
            used += snprintf(out + used, room, ",%s", info->name);
        }
    }
}
