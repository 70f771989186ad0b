/* Part of the stage model: the scorer's kernels beside LightGBM itself, on the same forests. */
#include "bench.h"

#include <dlfcn.h>
#include <string.h>

/* What is timed: as many trees and leaves as a large model of this kind has. */
#define TREES 500
#define LEAVES 31
#define ROWS_MOST ((size_t)8192)
#define BATCH_ROWS ((size_t)1024)

/* LightGBM's constants. */
#define FLOAT64 1
#define RAW_SCORE 1
#define ROW_MAJOR 1
#define ONE_THREAD "num_threads=1"

/* The calls of LightGBM that predict; its own header is no plain C. */
typedef struct lightgbm {
    void *library;
    void *booster;
    void *fast;
    int (*load)(const char *text, int *iterations, void **booster);
    int (*free_booster)(void *booster);
    int (*init_fast
    )(void *booster,
      int predict_type,
      int first,
      int count,
      int data_type,
      int32_t width,
      const char *parameters,
      void **fast);
    int (*free_fast)(void *fast);
    int (*predict_fast)(void *fast, const void *row, int64_t *length, double *out);
    int (*predict_many
    )(void *booster,
      const void *rows,
      int data_type,
      int32_t count,
      int32_t width,
      int is_row_major,
      int predict_type,
      int first,
      int iterations,
      const char *parameters,
      int64_t *length,
      double *out);
} lightgbm;

typedef struct scorer_work {
    lf_scorer *scorer;
    lightgbm theirs;
    double *rows; /* [row_count][width], shuffled */
    double row[LF_MODEL_FEATURES_MAX];
    double *out; /* [row_count] of the last pass */
    double *expected;
    size_t row_count;
    size_t width;
} scorer_work;

/* ---- LightGBM --------------------------------------------------------------------------- */

static lf_status open_lightgbm(lightgbm *api, const char *text, int32_t width, lf_error *error)
{
    char path[BENCH_PATH_BYTES];
    if (!lf_train_find_lightgbm(path, sizeof path)) {
        return lf_error_set(error, LF_DEPENDENCY, "LightGBM was not found.");
    }
    api->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const struct {
        const char *name;
        void *out;
    } calls[] = {
        {"LGBM_BoosterLoadModelFromString", &api->load},
        {"LGBM_BoosterFree", &api->free_booster},
        {"LGBM_BoosterPredictForMatSingleRowFastInit", &api->init_fast},
        {"LGBM_FastConfigFree", &api->free_fast},
        {"LGBM_BoosterPredictForMatSingleRowFast", &api->predict_fast},
        {"LGBM_BoosterPredictForMat", &api->predict_many},
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        void *const call = api->library != NULL ? dlsym(api->library, calls[i].name) : NULL;
        if (call == NULL) {
            return lf_error_set(error, LF_DEPENDENCY, "%s has no %s.", path, calls[i].name);
        }
        memcpy(calls[i].out, &call, sizeof call);
    }
    int iterations = 0;
    if (api->load(text, &iterations, &api->booster) != 0 ||
        api->init_fast(api->booster, RAW_SCORE, 0, -1, FLOAT64, width, ONE_THREAD, &api->fast) !=
            0) {
        return lf_error_set(error, LF_FORMAT, "LightGBM does not take its own model.");
    }
    return LF_OK;
}

static void close_lightgbm(lightgbm *api)
{
    if (api->fast != NULL) {
        (void)api->free_fast(api->fast);
    }
    if (api->booster != NULL) {
        (void)api->free_booster(api->booster);
    }
    if (api->library != NULL) {
        (void)dlclose(api->library);
    }
}

/* ---- passes ----------------------------------------------------------------------------- */

/* A row that was just made lies in the cache. */
static const double *take_row(scorer_work *w, size_t i)
{
    memcpy(w->row, w->rows + i * w->width, w->width * sizeof *w->row);
    return w->row;
}

static lf_status lightgbm_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    scorer_work *const w = context;
    int64_t length = 0;
    (void)work;
    (void)error;
    for (size_t i = 0; i < w->row_count; i++) {
        const double *const row = take_row(w, i);
        bench_begin(pass);
        (void)w->theirs.predict_fast(w->theirs.fast, row, &length, &w->out[i]);
        bench_end(pass, 1, w->width * sizeof(double));
    }
    return LF_OK;
}

static lf_status row_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    scorer_work *const w = context;
    (void)work;
    (void)error;
    for (size_t i = 0; i < w->row_count; i++) {
        const double *const row = take_row(w, i);
        bench_begin(pass);
        w->out[i] = lf_scorer_raw(w->scorer, row);
        bench_end(pass, 1, w->width * sizeof(double));
    }
    return LF_OK;
}

static lf_status lightgbm_many(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const scorer_work *const w = context;
    int64_t length = 0;
    (void)work;
    (void)error;
    for (size_t i = 0; i < w->row_count; i += BATCH_ROWS) {
        const size_t count = w->row_count - i < BATCH_ROWS ? w->row_count - i : BATCH_ROWS;
        bench_begin(pass);
        (void)w->theirs.predict_many(
            w->theirs.booster,
            w->rows + i * w->width,
            FLOAT64,
            (int32_t)count,
            (int32_t)w->width,
            ROW_MAJOR,
            RAW_SCORE,
            0,
            -1,
            ONE_THREAD,
            &length,
            w->out + i
        );
        bench_end(pass, count, count * w->width * sizeof(double));
    }
    return LF_OK;
}

static lf_status many_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const scorer_work *const w = context;
    (void)work;
    (void)error;
    for (size_t i = 0; i < w->row_count; i += BATCH_ROWS) {
        const size_t count = w->row_count - i < BATCH_ROWS ? w->row_count - i : BATCH_ROWS;
        bench_begin(pass);
        lf_scorer_raw_rows(w->scorer, w->rows + i * w->width, w->width, count, w->out + i);
        bench_end(pass, count, count * w->width * sizeof(double));
    }
    return LF_OK;
}

/* ---- the forests ------------------------------------------------------------------------ */

/* A variant; nothing is worth its time unless all give the same bits. */
static lf_status
measure(bench *work, scorer_work *w, const char *name, bench_action pass, lf_error *error)
{
    lf_status status = bench_measure(work, "model", name, pass, w, error);
    if (status == LF_OK && memcmp(w->out, w->expected, w->row_count * sizeof *w->out) != 0) {
        status = lf_error_set(error, LF_MISMATCH, "%s: not LightGBM's bits.", name);
    }
    return status;
}

/* Names are static: results keep them. */
typedef struct variant {
    const char *name;
    int kernel; /* of lf_scorer_kernel, or -1: LightGBM */
    bool is_many;
} variant;

static const variant VARIANTS[2][8] = {
    {
        {"500 trees: LightGBM", -1, false},
        {"500 trees: AVX-512", LF_SCORER_AVX512, false},
        {"500 trees: AVX2", LF_SCORER_AVX2, false},
        {"500 trees: walk", LF_SCORER_WALK, false},
        {"500 trees: LightGBM, many", -1, true},
        {"500 trees: AVX-512, many", LF_SCORER_AVX512, true},
        {"500 trees: AVX2, many", LF_SCORER_AVX2, true},
    },
    {
        {"500 deep: LightGBM", -1, false},
        {"500 deep: AVX-512", LF_SCORER_AVX512, false},
        {"500 deep: AVX2", LF_SCORER_AVX2, false},
        {"500 deep: walk", LF_SCORER_WALK, false},
        {"500 deep: LightGBM, many", -1, true},
        {"500 deep: AVX-512, many", LF_SCORER_AVX512, true},
        {"500 deep: AVX2, many", LF_SCORER_AVX2, true},
    },
};

static lf_status measure_forest(bench *work, scorer_work *w, bool is_deep, lf_error *error)
{
    lf_status status = LF_OK;
    int64_t length = 0;
    for (size_t i = 0; i < w->row_count; i++) {
        (void
        )w->theirs.predict_fast(w->theirs.fast, w->rows + i * w->width, &length, &w->expected[i]);
    }
    for (const variant *v = VARIANTS[is_deep]; v->name != NULL && status == LF_OK; v++) {
        if (v->kernel < 0) {
            status = measure(work, w, v->name, v->is_many ? lightgbm_many : lightgbm_pass, error);
        } else if (lf_scorer_choose(w->scorer, (lf_scorer_kernel)v->kernel)) {
            status = measure(work, w, v->name, v->is_many ? many_pass : row_pass, error);
        }
    }
    return status;
}

/* Fits a model of one kind on the first half of the day and reads its first head. */
static lf_status fit_forest(bench *work, bool is_deep, char **text, size_t *bytes, lf_error *error)
{
    const lf_instrument *const day = &work->day.instrument;
    char path[BENCH_PATH_BYTES];
    char file[BENCH_PATH_BYTES];
    lf_train_options options;
    lf_train_options_init(&options, LF_TRAIN_BRIEF);
    options.num_leaves = LEAVES;
    options.max_depth = is_deep ? -1 : options.max_depth;
    options.rounds_max = TREES;
    options.early_stopping_share = 0;
    bench_path(work, is_deep ? "forest_deep" : "forest", path);
    bench_path(work, is_deep ? "forest_deep/up_1min.txt" : "forest/up_1min.txt", file);
    lf_frame *rows[] = {work->day.rows};
    const int64_t half_ns =
        day->session_open_ns + (day->session_close_ns - day->session_open_ns) / 2;
    const lf_status status = lf_train_fit(rows, 1, INT64_MIN, half_ns, &options, path, error);
    return status == LF_OK ? lf_file_read_all(NULL, file, text, bytes, error) : status;
}

/* The valid rows of the day in the order of the forest's features, shuffled. */
static lf_status gather(const bench *work, scorer_work *w, lf_error *error)
{
    lf_frame *const frame = work->day.rows;
    const size_t count = lf_frame_row_count(frame);
    const uint8_t *const valid = lf_frame_bool(frame, lf_frame_find(frame, "valid"));
    size_t *const places = lf_allocate(NULL, count + 1, sizeof *places);
    w->width = lf_scorer_feature_count(w->scorer);
    w->rows = lf_allocate(NULL, ROWS_MOST, w->width * sizeof *w->rows);
    w->out = lf_allocate(NULL, ROWS_MOST, sizeof *w->out);
    w->expected = lf_allocate(NULL, ROWS_MOST, sizeof *w->expected);
    if (places == NULL || w->rows == NULL || w->out == NULL || w->expected == NULL) {
        lf_release(NULL, places);
        return lf_error_set(error, LF_NOMEM, "No memory for the rows to score.");
    }
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        places[used] = i;
        used += valid[i] != 0;
    }
    lf_random random;
    lf_random_seed(&random, 1, 0);
    for (; used > 0 && w->row_count < ROWS_MOST; w->row_count++) {
        const size_t k = (size_t)lf_random_below(&random, used);
        for (size_t f = 0; f < w->width; f++) {
            const char *const name = lf_scorer_feature_name(w->scorer, f);
            const double *const column = lf_frame_f64(frame, lf_frame_find(frame, name));
            w->rows[w->row_count * w->width + f] = column[places[k]];
        }
        places[k] = places[--used];
    }
    lf_release(NULL, places);
    return w->row_count > 0 ? LF_OK : lf_error_set(error, LF_DATA, "The day has no valid row.");
}

static lf_status bench_forest(bench *work, bool is_deep, lf_error *error)
{
    scorer_work w = {0};
    char *text = NULL;
    size_t bytes = 0;
    lf_status status = fit_forest(work, is_deep, &text, &bytes, error);
    if (status == LF_OK) {
        status = lf_scorer_create(NULL, text, bytes, "forest", &w.scorer, error);
    }
    if (status == LF_OK) {
        status = gather(work, &w, error);
    }
    if (status == LF_OK) {
        status = open_lightgbm(&w.theirs, text, (int32_t)w.width, error);
    }
    if (status == LF_OK) {
        status = measure_forest(work, &w, is_deep, error);
    }
    close_lightgbm(&w.theirs);
    lf_scorer_destroy(w.scorer);
    lf_release(NULL, text);
    lf_release(NULL, w.rows);
    lf_release(NULL, w.out);
    lf_release(NULL, w.expected);
    return status;
}

lf_status bench_scorer(bench *work, lf_error *error)
{
    const lf_status status = bench_forest(work, false, error);
    return status == LF_OK ? bench_forest(work, true, error) : status;
}
