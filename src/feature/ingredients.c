/* What the fitted features are made of: taken from the engine, named as columns, read back. */
#include "feature_internal.h"

static const char *const quote_names[LFI_QUOTE_COLUMNS] = {
    "best_bid_ticks", "best_ask_ticks", "best_bid_lots", "best_ask_lots"};

void lf_feature_ingredients_at(lf_feature_engine *engine, int64_t t_ns, lf_feature_ingredients *out)
{
    const lf_instrument *instrument = &engine->instrument;
    const int count = instrument->level_count;
    int64_t flows[LF_LEVELS_MAX * LFI_WINDOW_COUNT * 3];
    *out = (lf_feature_ingredients){
        .valid = engine->is_valid && t_ns >= instrument->session_open_ns &&
                 t_ns < instrument->session_close_ns,
        .level_count = count,
    };
    if (!out->valid) {
        return;
    }
    out->bid_ticks = engine->quotes.bid_ticks[0];
    out->ask_ticks = engine->quotes.ask_ticks[0];
    out->bid_lots = engine->quotes.bid_lots[0];
    out->ask_lots = engine->quotes.ask_lots[0];
    lf_feature_mlofi(engine, t_ns, flows);
    for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
        const bool is_warm = lf_feature_is_warm(engine, t_ns, lfi_window_ns(window));
        const double inverse_q = is_warm ? lfi_inverse_q(engine, window, t_ns) : NAN;
        for (int m = 0; m < count; m++) {
            const int64_t ofi = flows[window * 3 * count + m];
            out->ofi[window][m] = (double)ofi * inverse_q;
        }
    }
}

/* ---- as columns ------------------------------------------------------------------------- */

/* Writes "<kind><level>_<window>"; snprintf is not needed for three short words. */
void lfi_flow_name(const char *kind, int level, int window, char out[LFI_FLOW_NAME_BYTES])
{
    static const char *const levels[LF_LEVELS_MAX] = {
        "1_", "2_", "3_", "4_", "5_", "6_", "7_", "8_", "9_", "10_"};
    static const char *const windows[LFI_WINDOW_COUNT] = {"1s", "10s", "1min", "5min"};
    const char *const words[] = {kind, levels[level], windows[window]};
    size_t used = 0;
    for (int i = 0; i < 3; i++) {
        const size_t length = strlen(words[i]);
        memcpy(out + used, words[i], length);
        used += length;
    }
    out[used] = '\0';
}

lfi_needs lfi_needs_of(const size_t *indices, size_t count)
{
    lfi_needs out = {0};
    for (size_t i = 0; i < count; i++) {
        if (indices[i] == LFI_MICROPRICE_OFFSET_TICKS) {
            out.quotes = true;
        } else if (lf_feature_is_fitted(indices[i])) {
            out.windows[indices[i] - LFI_OFI_INTEGRATED_1S] = true;
        }
    }
    return out;
}

size_t
lfi_ingredient_names(const lfi_needs *needs, int level_count, char (*names)[LFI_FLOW_NAME_BYTES])
{
    size_t used = 0;
    for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
        for (int m = 0; m < level_count && needs->windows[window]; m++) {
            lfi_flow_name(LFI_INGREDIENT_KIND, m, window, names[used++]);
        }
    }
    for (int i = 0; i < LFI_QUOTE_COLUMNS && needs->quotes; i++) {
        memcpy(names[used++], quote_names[i], strlen(quote_names[i]) + 1);
    }
    return used;
}

bool lf_feature_is_ingredient(const char *name)
{
    static const lfi_needs all = {.windows = {true, true, true, true}, .quotes = true};
    char names[LFI_INGREDIENTS_MAX][LFI_FLOW_NAME_BYTES];
    const size_t count = lfi_ingredient_names(&all, LF_LEVELS_MAX, names);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

void lfi_ingredient_values(
    const lfi_needs *needs, const lf_feature_ingredients *ingredients, double *out
)
{
    const int64_t quotes[LFI_QUOTE_COLUMNS] = {
        ingredients->bid_ticks,
        ingredients->ask_ticks,
        ingredients->bid_lots,
        ingredients->ask_lots,
    };
    const bool is_valid = ingredients->valid;
    for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
        for (int m = 0; m < ingredients->level_count && needs->windows[window]; m++) {
            *out++ = is_valid ? ingredients->ofi[window][m] : NAN;
        }
    }
    for (int i = 0; i < LFI_QUOTE_COLUMNS && needs->quotes; i++) {
        *out++ = is_valid ? (double)quotes[i] : NAN;
    }
}

static const double *find_column(lf_frame *frame, const char *name)
{
    const size_t column = lf_frame_find(frame, name);
    const bool is_there =
        column != SIZE_MAX && lf_frame_column(frame, column).kind == LF_COLUMN_F64;
    return is_there ? lf_frame_f64(frame, column) : NULL;
}

static lf_status missing(const char *name, lf_error *error)
{
    return lf_error_set(
        error,
        LF_MISMATCH,
        "The rows have no column %s, of which the fitted features are made; make the rows again "
        "with their ingredients.",
        name
    );
}

/* The first window that is looked for tells how many levels there are. */
static lf_status
find_window(lf_frame *frame, int window, lf_feature_ingredient_columns *out, lf_error *error)
{
    int m = 0;
    for (; m < LF_LEVELS_MAX; m++) {
        char name[LFI_FLOW_NAME_BYTES];
        lfi_flow_name(LFI_INGREDIENT_KIND, m, window, name);
        out->ofi[window][m] = find_column(frame, name);
        if (out->ofi[window][m] == NULL) {
            if (m == 0 || m < out->level_count) {
                return missing(name, error);
            }
            break;
        }
    }
    out->level_count = out->level_count > 0 ? out->level_count : m;
    return LF_OK;
}

lf_status lf_feature_ingredients_find(
    lf_frame *frame,
    const size_t *indices,
    size_t count,
    lf_feature_ingredient_columns *out,
    lf_error *error
)
{
    const lfi_needs needs = lfi_needs_of(indices, count);
    const size_t valid = lf_frame_find(frame, "valid");
    *out = (lf_feature_ingredient_columns){0};
    if (valid == SIZE_MAX || lf_frame_column(frame, valid).kind != LF_COLUMN_BOOL) {
        return missing("valid", error);
    }
    out->valid = lf_frame_bool(frame, valid);
    for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
        const lf_status status =
            needs.windows[window] ? find_window(frame, window, out, error) : LF_OK;
        if (status != LF_OK) {
            return status;
        }
    }
    for (int i = 0; i < LFI_QUOTE_COLUMNS && needs.quotes; i++) {
        out->quotes[i] = find_column(frame, quote_names[i]);
        if (out->quotes[i] == NULL) {
            return missing(quote_names[i], error);
        }
    }
    return LF_OK;
}

static int64_t whole(const double *column, size_t row)
{
    return column != NULL ? (int64_t)column[row] : 0;
}

void lf_feature_ingredients_read(
    const lf_feature_ingredient_columns *columns, size_t row, lf_feature_ingredients *out
)
{
    *out = (lf_feature_ingredients){
        .valid = columns->valid[row] != 0,
        .level_count = columns->level_count,
    };
    if (!out->valid) {
        return;
    }
    for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
        for (int m = 0; m < columns->level_count; m++) {
            const double *column = columns->ofi[window][m];
            out->ofi[window][m] = column != NULL ? column[row] : NAN;
        }
    }
    out->bid_ticks = whole(columns->quotes[0], row);
    out->ask_ticks = whole(columns->quotes[1], row);
    out->bid_lots = whole(columns->quotes[2], row);
    out->ask_lots = whole(columns->quotes[3], row);
}
