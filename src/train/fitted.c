/* Fitted features while training: parameters from the rows of a span, columns made with them. */
#include "train_internal.h"

#include <lobflow/study.h>

#include <math.h>
#include <stdlib.h>

#define FITTED LF_FEATURE_FITTED_COUNT
#define WINDOWS LF_FEATURE_WINDOW_COUNT
/* The micro-price stands behind the windows. */
#define MICROPRICE LF_FEATURE_WINDOW_COUNT
#define QUOTES 4

struct lfi_fitted {
    const size_t *features; /* borrowed, [feature_count] */
    size_t feature_count;
    lf_feature_fitted parameters; /* zero before a fit */
    lf_study_integrated integrated[WINDOWS];
    lf_study_microprice microprice;
    lf_feature_ingredient_columns ingredients; /* of the day that is open */
    double *values;                            /* [FITTED][capacity] of the day that is open */
    size_t capacity;
};

/* ---- gathering rows --------------------------------------------------------------------- */

/* What the fits need of the rows seen so far. */
typedef struct gatherer {
    const lf_allocator *allocator;
    bool is_wanted[FITTED];
    int32_t level_count; /* 0: no row yet */
    lf_study_integrated_sums sums[WINDOWS];
    int64_t *quotes[QUOTES]; /* bid and ask in ticks, bid and ask in lots */
    size_t count;
    size_t capacities[QUOTES];
} gatherer;

static void
gatherer_begin(const lf_allocator *allocator, const size_t *features, size_t count, gatherer *out)
{
    *out = (gatherer){.allocator = allocator};
    for (size_t i = 0; i < count; i++) {
        if (lf_feature_is_fitted(features[i])) {
            out->is_wanted[features[i] - lf_feature_count()] = true;
        }
    }
}

static void gatherer_end(gatherer *g)
{
    for (int i = 0; i < QUOTES; i++) {
        lf_release(g->allocator, g->quotes[i]);
    }
}

/* A state for the micro-price; sizes of 0 part what comes before from what comes after. */
static lf_status add_state(gatherer *g, const int64_t state[QUOTES], lf_error *error)
{
    for (int i = 0; i < QUOTES; i++) {
        void *column = g->quotes[i];
        const lf_status status =
            lf_grow(g->allocator, &column, &g->capacities[i], g->count + 1, sizeof(int64_t));
        g->quotes[i] = column;
        if (status != LF_OK) {
            return lf_error_set(error, status, "not enough memory for the states of the book.");
        }
        g->quotes[i][g->count] = state[i];
    }
    g->count++;
    return LF_OK;
}

static lf_status add_break(gatherer *g, lf_error *error)
{
    static const int64_t nothing[QUOTES] = {LF_BID_NONE, LF_ASK_NONE, 0, 0};
    const bool is_open = g->count > 0 && g->quotes[2][g->count - 1] != 0;
    return is_open ? add_state(g, nothing, error) : LF_OK;
}

static lf_status add_row(gatherer *g, const lf_feature_ingredients *row, lf_error *error)
{
    const int64_t state[QUOTES] = {row->bid_ticks, row->ask_ticks, row->bid_lots, row->ask_lots};
    for (int w = 0; w < WINDOWS; w++) {
        if (g->is_wanted[w]) {
            lf_study_integrated_add(&g->sums[w], row->ofi[w], row->level_count);
        }
    }
    return g->is_wanted[MICROPRICE] ? add_state(g, state, error) : LF_OK;
}

/* All books of one fit have as many levels, because each level has its weight. */
static lf_status
check_levels(gatherer *g, const lf_feature_ingredient_columns *columns, lf_error *error)
{
    if (g->level_count != 0 && columns->level_count != g->level_count) {
        return lf_error_set(
            error,
            LF_MISMATCH,
            "the days have books of %d and of %d levels; ofi_integrated needs the same number on "
            "all of them.",
            (int)g->level_count,
            (int)columns->level_count
        );
    }
    g->level_count = columns->level_count;
    return LF_OK;
}

/* ---- fitting ---------------------------------------------------------------------------- */

static lf_status explain(size_t at, const lf_error *inner, lf_error *error)
{
    return lf_error_set(
        error,
        inner->status,
        "%s cannot be fitted: %s; give more data, or leave it out.",
        lf_feature_at(lf_feature_count() + at)->name,
        inner->message
    );
}

/* Fits what was wanted to the rows gathered; integrated and microprice tell how it went. */
static lf_status solve(
    const gatherer *g,
    lf_study_integrated *integrated,
    lf_study_microprice *microprice,
    lf_feature_fitted *out,
    lf_error *error
)
{
    lf_error inner = {0};
    *out = (lf_feature_fitted){0};
    for (size_t w = 0; w < WINDOWS; w++) {
        if (!g->is_wanted[w]) {
            continue;
        }
        if (lf_study_integrated_solve(&g->sums[w], &integrated[w], &inner) != LF_OK) {
            return explain(w, &inner, error);
        }
        out->integrated[w] = integrated[w].parameters;
    }
    if (g->is_wanted[MICROPRICE]) {
        const lf_study_microprice_options options = {
            .allocator = g->allocator,
            .pools_wide = true, /* a feature should be defined at every spread */
        };
        const lf_study_states states = {
            .bid_ticks = g->quotes[0],
            .ask_ticks = g->quotes[1],
            .bid_lots = g->quotes[2],
            .ask_lots = g->quotes[3],
            .count = g->count,
        };
        if (lf_study_microprice_fit(&states, &options, microprice, &inner) != LF_OK) {
            return explain(MICROPRICE, &inner, error);
        }
        out->microprice = microprice->parameters;
    }
    return LF_OK;
}

static lf_status gather_day(
    gatherer *g, const lfi_data *data, const lfi_columns *day, const lfi_span *span, lf_error *error
)
{
    const lf_feature_ingredient_columns *columns = &data->fitted->ingredients;
    lf_status status = check_levels(g, columns, error);
    for (size_t i = 0; i < day->row_count && status == LF_OK; i++) {
        if (lfi_in_span(data, day, i, span)) {
            lf_feature_ingredients row;
            lf_feature_ingredients_read(columns, i, &row);
            status = add_row(g, &row, error);
        } else {
            status = add_break(g, error);
        }
    }
    return status == LF_OK ? add_break(g, error) : status;
}

lf_status lfi_fitted_fit(const lfi_data *data, const lfi_span *span, lf_error *error)
{
    lfi_fitted *fitted = data->fitted;
    gatherer g;
    lf_status status = LF_OK;
    if (fitted == NULL) {
        return LF_OK;
    }
    gatherer_begin(data->allocator, fitted->features, fitted->feature_count, &g);
    for (size_t d = 0; d < data->days->count && status == LF_OK; d++) {
        lfi_columns day;
        if (!lfi_day_touches(data, d, span)) {
            continue;
        }
        status = lfi_day_open(data, d, &day, error);
        if (status == LF_OK) {
            status = gather_day(&g, data, &day, span, error);
            lfi_day_close(data, &day);
        }
    }
    if (status == LF_OK) {
        status = solve(&g, fitted->integrated, &fitted->microprice, &fitted->parameters, error);
    }
    gatherer_end(&g);
    return status;
}

/* ---- columns ---------------------------------------------------------------------------- */

lf_status lfi_fitted_create(lfi_data *data, lf_error *error)
{
    if (!lf_feature_needs_fitted(data->indices, data->feature_count)) {
        return LF_OK;
    }
    data->fitted = lf_allocate(data->allocator, 1, sizeof *data->fitted);
    if (data->fitted == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the fitted features.");
    }
    data->fitted->features = data->indices;
    data->fitted->feature_count = data->feature_count;
    return LF_OK;
}

void lfi_fitted_destroy(lfi_data *data)
{
    if (data->fitted != NULL) {
        lf_release(data->allocator, data->fitted->values);
        lf_release(data->allocator, data->fitted);
        data->fitted = NULL;
    }
}

static lf_status make_room(const lfi_data *data, size_t rows, lf_error *error)
{
    lfi_fitted *fitted = data->fitted;
    if (rows <= fitted->capacity) {
        return LF_OK;
    }
    lf_release(data->allocator, fitted->values);
    fitted->capacity = 0;
    fitted->values = lf_allocate(data->allocator, rows, FITTED * sizeof *fitted->values);
    if (fitted->values == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the fitted features.");
    }
    fitted->capacity = rows;
    return LF_OK;
}

lf_status lfi_fitted_open(const lfi_data *data, lfi_columns *day, lf_error *error)
{
    lfi_fitted *fitted = data->fitted;
    if (fitted == NULL) {
        return LF_OK;
    }
    lf_status status = lf_feature_ingredients_find(
        day->frame, data->indices, data->feature_count, &fitted->ingredients, error
    );
    if (status == LF_OK) {
        status = make_room(data, day->row_count, error);
    }
    for (size_t i = 0; i < day->row_count && status == LF_OK; i++) {
        lf_feature_ingredients ingredients;
        double row[FITTED];
        lf_feature_ingredients_read(&fitted->ingredients, i, &ingredients);
        lf_feature_fitted_row(&fitted->parameters, &ingredients, row);
        for (size_t k = 0; k < FITTED; k++) {
            fitted->values[k * fitted->capacity + i] = row[k];
        }
    }
    for (size_t f = 0; f < data->feature_count && status == LF_OK; f++) {
        if (lf_feature_is_fitted(data->indices[f])) {
            const size_t k = data->indices[f] - lf_feature_count();
            day->features[f] = fitted->values + k * fitted->capacity;
        }
    }
    return status;
}

void lfi_fitted_use(const lfi_data *data, const lf_feature_fitted *parameters)
{
    static const lf_feature_fitted nothing;
    if (data->fitted != NULL) {
        data->fitted->parameters = parameters != NULL ? *parameters : nothing;
    }
}

const lf_feature_fitted *lfi_fitted_parameters(const lfi_data *data)
{
    return data->fitted != NULL ? &data->fitted->parameters : NULL;
}

uint64_t lfi_fitted_hash(const lfi_data *data, size_t row, uint64_t hash)
{
    lf_feature_ingredients one;
    if (data->fitted == NULL) {
        return hash;
    }
    lf_feature_ingredients_read(&data->fitted->ingredients, row, &one);
    const int64_t quotes[QUOTES] = {one.bid_ticks, one.ask_ticks, one.bid_lots, one.ask_lots};
    for (int w = 0; w < WINDOWS; w++) {
        for (int32_t m = 0; m < one.level_count; m++) {
            /* All NaN alike: their bits may differ between machines. */
            one.ofi[w][m] = isnan(one.ofi[w][m]) ? NAN : one.ofi[w][m];
        }
        hash = lf_hash64(one.ofi[w], (size_t)one.level_count * sizeof(double), hash);
    }
    return lf_hash64(quotes, sizeof quotes, hash);
}

void lfi_fitted_report(const lfi_data *data, json_t *root)
{
    const lfi_fitted *fitted = data->fitted;
    json_t *all = fitted != NULL ? json_object() : NULL;
    for (size_t f = 0; f < data->feature_count && fitted != NULL; f++) {
        const lf_feature_info *info = lfi_feature_info(data, f);
        json_t *entry = NULL;
        if (!info->is_fitted) {
            continue;
        }
        const size_t k = data->indices[f] - lf_feature_count();
        if (k == MICROPRICE) {
            entry = json_pack(
                "{s:I, s:I, s:i}",
                "rows",
                (json_int_t)fitted->microprice.transition_count,
                "moves",
                (json_int_t)fitted->microprice.move_count,
                "terms",
                fitted->microprice.term_count
            );
        } else {
            entry = json_pack(
                "{s:I, s:o}",
                "rows",
                (json_int_t)fitted->integrated[k].row_count,
                "first_share",
                lfi_number(fitted->integrated[k].first_share)
            );
        }
        (void)json_object_set_new(all, info->name, entry);
    }
    if (all != NULL) {
        (void)json_object_set_new(root, "fitted_features", all);
    }
}

/* ---- for others ------------------------------------------------------------------------- */

static lf_status
gather_frame(gatherer *g, lf_frame *frame, const size_t *features, size_t count, lf_error *error)
{
    lf_feature_ingredient_columns columns;
    lf_status status = lf_feature_ingredients_find(frame, features, count, &columns, error);
    if (status == LF_OK) {
        status = check_levels(g, &columns, error);
    }
    for (size_t i = 0; i < lf_frame_row_count(frame) && status == LF_OK; i++) {
        lf_feature_ingredients row;
        lf_feature_ingredients_read(&columns, i, &row);
        status = row.valid ? add_row(g, &row, error) : add_break(g, error);
    }
    return status == LF_OK ? add_break(g, error) : status;
}

lf_status lf_train_fit_parameters(
    const lf_train_days *days,
    const size_t *features,
    size_t feature_count,
    const lf_allocator *allocator,
    lf_feature_fitted *out,
    lf_error *error
)
{
    gatherer g;
    lf_status status = LF_OK;
    gatherer_begin(allocator, features, feature_count, &g);
    for (size_t d = 0; d < days->count && status == LF_OK; d++) {
        lf_frame *frame = NULL;
        status = days->open(days->context, d, &frame, error);
        if (status == LF_OK) {
            status = gather_frame(&g, frame, features, feature_count, error);
            if (days->close != NULL) {
                days->close(days->context, d, frame);
            }
        }
    }
    if (status == LF_OK) {
        lf_study_integrated integrated[WINDOWS];
        lf_study_microprice microprice;
        lf_feature_fitted fitted;
        status = solve(&g, integrated, &microprice, &fitted, error);
        if (status == LF_OK) {
            *out = fitted;
        }
    }
    gatherer_end(&g);
    return status;
}
