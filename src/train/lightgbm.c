/*
 * LightGBM's C interface, loaded at run time: the only file that knows it.
 *
 * The prototypes are our own (from LightGBM's documentation of its C API), because its header does
 * not stand in the Python wheel that most people install. A wheel is enough: nothing is linked.
 */
#include "train_internal.h"

#include <dlfcn.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Codes of the C API. */
enum {
    DTYPE_FLOAT32 = 0,
    DTYPE_FLOAT64 = 1,
    IMPORTANCE_SPLIT = 0,
    IMPORTANCE_GAIN = 1,
    ROW_MAJOR = 1,
    DATA_STOP = 1, /* evaluation data: 0 is the training data, 1 the first added */
};

typedef void *dataset;
typedef void *booster;

/* The functions that are used, by their names in the library without "LGBM_". */
#define LFI_LIGHTGBM_MAP(X) \
    X(GetLastError, const char *, (void)) \
    X(RegisterLogCallback, int, (void (*)(const char *))) \
    X(SetMaxThreads, int, (int)) \
    X(DatasetCreateFromMat, \
      int, \
      (const void *, int, int32_t, int32_t, int, const char *, dataset, dataset *)) \
    X(DatasetSetField, int, (dataset, const char *, const void *, int, int)) \
    X(DatasetSetFeatureNames, int, (dataset, const char **, int)) \
    X(DatasetFree, int, (dataset)) \
    X(BoosterCreate, int, (dataset, const char *, booster *)) \
    X(BoosterAddValidData, int, (booster, dataset)) \
    X(BoosterUpdateOneIter, int, (booster, int *)) \
    X(BoosterGetPredict, int, (booster, int, int64_t *, double *)) \
    X(BoosterSaveModelToString, int, (booster, int, int, int, int64_t, int64_t *, char *)) \
    X(BoosterFeatureImportance, int, (booster, int, int, double *)) \
    X(BoosterFree, int, (booster))

struct lfi_lightgbm {
    const lf_allocator *allocator;
    void *library;
#define LFI_MEMBER(name, result, parameters) result(*name) parameters;
    LFI_LIGHTGBM_MAP(LFI_MEMBER)
#undef LFI_MEMBER
};

/* LightGBM hands out pieces of lines about its progress; nobody asked for them. */
static void be_silent(const char *text)
{
    (void)text;
}

/* ---- finding the library ---------------------------------------------------------------- */

#define PATH_BYTES 4096

static bool is_file(const char *path)
{
    return access(path, R_OK) == 0;
}

/* The first file below a virtual environment or a folder that is the library. */
static bool find_below(const char *folder, char out[PATH_BYTES])
{
    static const char *const patterns[] = {
        "/lib_lightgbm.so",
        "/lib/lib_lightgbm.so",
        "/lib/python3*/site-packages/lightgbm/lib/lib_lightgbm.so",
    };
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        char pattern[PATH_BYTES];
        glob_t found = {0};
        const int needed = snprintf(pattern, sizeof pattern, "%s%s", folder, patterns[i]);
        if (needed < 0 || (size_t)needed >= sizeof pattern) {
            continue;
        }
        const bool is_found = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0;
        if (is_found) {
            (void)snprintf(out, PATH_BYTES, "%s", found.gl_pathv[0]);
        }
        globfree(&found);
        if (is_found && is_file(out)) {
            return true;
        }
    }
    return false;
}

/* A virtual environment in one of the folders above the program: a checkout or an installation. */
static bool find_beside_program(char out[PATH_BYTES])
{
    char folder[PATH_BYTES];
    const ssize_t bytes = readlink("/proc/self/exe", folder, sizeof folder - 16);
    if (bytes <= 0) {
        return false;
    }
    folder[bytes] = '\0';
    /* build/preset/bin/lobflow in a checkout is the deepest place. */
    for (int above = 0; above < 4; above++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL) {
            return false;
        }
        (void)snprintf(slash, 8, "/.venv");
        if (find_below(folder, out)) {
            return true;
        }
        *slash = '\0';
    }
    return false;
}

/* Where python3 has its lightgbm, without importing it. */
static bool find_by_python(char out[PATH_BYTES])
{
    FILE *pipe = popen(
        "python3 -c 'import importlib.util as u; "
        "print(u.find_spec(\"lightgbm\").submodule_search_locations[0])' 2>/dev/null",
        "r"
    );
    if (pipe == NULL) {
        return false;
    }
    char folder[PATH_BYTES] = "";
    const bool is_read = fgets(folder, sizeof folder, pipe) != NULL;
    const bool is_found = pclose(pipe) == 0 && is_read;
    folder[strcspn(folder, "\n")] = '\0';
    return is_found && find_below(folder, out);
}

static bool find_library(const char *path, char out[PATH_BYTES])
{
    if (path != NULL && path[0] != '\0') {
        (void)snprintf(out, PATH_BYTES, "%s", path);
        return find_below(path, out) || is_file(path);
    }
    const char *named = getenv("LOBFLOW_LIGHTGBM");
    if (named != NULL && named[0] != '\0') {
        (void)snprintf(out, PATH_BYTES, "%s", named);
        return find_below(named, out) || is_file(named);
    }
#ifdef LOBFLOW_VENV
    if (find_below(LOBFLOW_VENV, out)) {
        return true;
    }
#endif
    const char *active = getenv("VIRTUAL_ENV");
    return find_beside_program(out) || (active != NULL && find_below(active, out)) ||
           find_by_python(out);
}

static lf_status load_functions(lfi_lightgbm *api, const char *path, lf_error *error)
{
    const struct {
        const char *name;
        void *slot;
    } functions[] = {
#define LFI_SLOT(name, result, parameters) {"LGBM_" #name, &api->name},
        LFI_LIGHTGBM_MAP(LFI_SLOT)
#undef LFI_SLOT
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void *symbol = dlsym(api->library, functions[i].name);
        if (symbol == NULL) {
            return lf_error_set(
                error,
                LF_DEPENDENCY,
                "%s has no function %s; install LightGBM 4 (pip install lightgbm).",
                path,
                functions[i].name
            );
        }
        /* A pointer to a function has the size of one to data wherever dlsym() exists. */
        memcpy(functions[i].slot, &symbol, sizeof symbol);
    }
    return LF_OK;
}

lf_status lfi_lightgbm_open(
    const lf_allocator *allocator, const char *path, lfi_lightgbm **out, lf_error *error
)
{
    char found[PATH_BYTES] = "";
    *out = NULL;
    if (!find_library(path, found)) {
        return lf_error_set(
            error,
            LF_DEPENDENCY,
            "LightGBM was not found%s%s; install it with: pip install lightgbm, or set "
            "LOBFLOW_LIGHTGBM to lib_lightgbm.so.",
            found[0] == '\0' ? "" : " at ",
            found
        );
    }
    lfi_lightgbm *api = lf_allocate(allocator, 1, sizeof *api);
    if (api == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for LightGBM.");
    }
    api->allocator = allocator;
    /* OpenMP threads that spin while they wait make two threads slower than one on a busy machine;
       it reads this once, when it is loaded. */
    (void)setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
    /* Its threads outlive a dlclose(), so the library stays. */
    api->library = dlopen(found, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    lf_status status = LF_OK;
    if (api->library == NULL) {
        const char *why = dlerror();
        status = lf_error_set(
            error, LF_DEPENDENCY, "LightGBM cannot be loaded: %s.", why == NULL ? found : why
        );
    } else {
        status = load_functions(api, found, error);
    }
    if (status != LF_OK) {
        lfi_lightgbm_close(api);
        return status;
    }
    (void)api->RegisterLogCallback(be_silent);
    *out = api;
    return LF_OK;
}

void lfi_lightgbm_close(lfi_lightgbm *api)
{
    if (api == NULL) {
        return;
    }
    if (api->library != NULL) {
        (void)dlclose(api->library);
    }
    lf_release(api->allocator, api);
}

/* ---- boosting --------------------------------------------------------------------------- */

static lf_status failed(const lfi_lightgbm *api, lf_error *error)
{
    return lf_error_set(error, LF_DATA, "LightGBM: %s.", api->GetLastError());
}

static lf_status make_dataset(
    const lfi_lightgbm *api,
    const lfi_data *data,
    const lfi_matrix *rows,
    const char *parameters,
    dataset reference,
    dataset *out,
    lf_error *error
)
{
    const char *names[LF_MODEL_FEATURES_MAX];
    for (size_t i = 0; i < data->feature_count; i++) {
        names[i] = lf_feature_at(data->indices[i])->name;
    }
    if (rows->row_count > INT32_MAX) {
        return lf_error_set(error, LF_RANGE, "LightGBM takes at most 2147483647 rows.");
    }
    const bool is_made = api->DatasetCreateFromMat(
                             rows->x,
                             DTYPE_FLOAT64,
                             (int32_t)rows->row_count,
                             (int32_t)rows->feature_count,
                             ROW_MAJOR,
                             parameters,
                             reference,
                             out
                         ) == 0;
    const bool is_good =
        is_made &&
        api->DatasetSetField(*out, "label", rows->y32, (int)rows->row_count, DTYPE_FLOAT32) == 0 &&
        api->DatasetSetFeatureNames(*out, names, (int)data->feature_count) == 0;
    return is_good ? LF_OK : failed(api, error);
}

/*
 * Loss of the stopping rows after the last round. LightGBM would sum it in as many parts as there
 * are threads, and its last digits would decide which round is best; summed here in row order it is
 * the same everywhere.
 */
static lf_status stop_loss(
    const lfi_lightgbm *api,
    booster model,
    lf_head head,
    const lfi_matrix *stop,
    double *forecasts,
    double *out,
    lf_error *error
)
{
    int64_t count = 0;
    if (api->BoosterGetPredict(model, DATA_STOP, &count, forecasts) != 0) {
        return failed(api, error);
    }
    const size_t rows = stop->row_count;
    *out = head == LF_HEAD_RET_1MIN ? lf_stats_brier(forecasts, stop->y, rows)
                                    : lf_stats_log_loss(forecasts, stop->y, rows);
    return LF_OK;
}

/* What one boosting works with. */
typedef struct boosting {
    const lfi_lightgbm *api;
    const lf_train_options *options;
    lf_head head;
    const lfi_matrix *stop;
    booster model;
    double *forecasts; /* [stop->row_count] */
    lfi_round_done round_done;
    void *context;
} boosting;

/* Boosts until the loss on the stopping rows has not fallen for some rounds. */
static lf_status boost_rounds(const boosting *b, lfi_forest *out, lf_error *error)
{
    const bool has_stop = b->stop->row_count > 0;
    out->best_loss = NAN;
    for (int32_t round = 1; round <= b->options->rounds_max; round++) {
        int is_finished = 0;
        double loss = NAN;
        if (b->api->BoosterUpdateOneIter(b->model, &is_finished) != 0) {
            return failed(b->api, error);
        }
        if (has_stop) {
            const lf_status status =
                stop_loss(b->api, b->model, b->head, b->stop, b->forecasts, &loss, error);
            if (status != LF_OK) {
                return status;
            }
        }
        out->rounds = round;
        if (!has_stop || round == 1 || loss < out->best_loss) {
            out->best_round = round;
            out->best_loss = loss;
        }
        if (b->round_done != NULL && !b->round_done(b->context)) {
            return lf_error_set(error, LF_CANCELLED, "training was stopped.");
        }
        if (is_finished != 0 || round - out->best_round >= b->options->early_stopping_rounds) {
            break;
        }
    }
    return LF_OK;
}

static lf_status keep_forest(
    const lfi_lightgbm *api, const lfi_data *data, booster model, lfi_forest *out, lf_error *error
)
{
    int64_t bytes = 0;
    char none[1];
    if (api->BoosterFeatureImportance(model, out->best_round, IMPORTANCE_GAIN, out->gain) != 0 ||
        api->BoosterFeatureImportance(model, out->best_round, IMPORTANCE_SPLIT, out->split) != 0 ||
        api->BoosterSaveModelToString(
            model, 0, out->best_round, IMPORTANCE_GAIN, sizeof none, &bytes, none
        ) != 0) {
        return failed(api, error);
    }
    out->text = lf_allocate(data->allocator, (size_t)bytes + 1, 1);
    if (out->text == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for a model of LightGBM.");
    }
    if (api->BoosterSaveModelToString(
            model, 0, out->best_round, IMPORTANCE_GAIN, bytes, &bytes, out->text
        ) != 0) {
        return failed(api, error);
    }
    out->bytes = strlen(out->text);
    return LF_OK;
}

/* num_threads is left out: it would be written into the model and change its bytes. */
static void write_parameters(const lf_train_options *o, lf_head head, char *out, size_t bytes)
{
    const bool is_return = head == LF_HEAD_RET_1MIN;
    (void)snprintf(
        out,
        bytes,
        "objective=%s metric=None num_leaves=%d max_depth=%d learning_rate=%.17g "
        "min_data_in_leaf=%d seed=%llu deterministic=true force_row_wise=true verbosity=-1",
        is_return ? "regression" : "binary",
        o->num_leaves,
        o->max_depth,
        o->learning_rate,
        o->min_data_in_leaf,
        /* LightGBM's seeds are ints. */
        (unsigned long long)(o->seed & INT32_MAX)
    );
}

lf_status lfi_boost(
    const lfi_lightgbm *api,
    const lfi_data *data,
    lf_head head,
    const lfi_matrix *fit,
    const lfi_matrix *stop,
    lfi_round_done round_done,
    void *context,
    lfi_forest *out,
    lf_error *error
)
{
    char parameters[1024];
    dataset fit_set = NULL;
    dataset stop_set = NULL;
    const bool has_stop = stop->row_count > 0;
    boosting b = {
        .api = api,
        .options = data->options,
        .head = head,
        .stop = stop,
        .round_done = round_done,
        .context = context,
    };
    *out = (lfi_forest){0};
    write_parameters(data->options, head, parameters, sizeof parameters);
    (void)api->SetMaxThreads(data->options->threads > 0 ? data->options->threads : -1);
    b.forecasts = lf_allocate(data->allocator, stop->row_count + 1, sizeof *b.forecasts);
    lf_status status = LF_OK;
    if (b.forecasts == NULL) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for the stopping rows.");
    }
    if (status == LF_OK) {
        status = make_dataset(api, data, fit, parameters, NULL, &fit_set, error);
    }
    if (status == LF_OK && has_stop) {
        status = make_dataset(api, data, stop, parameters, fit_set, &stop_set, error);
    }
    if (status == LF_OK && (api->BoosterCreate(fit_set, parameters, &b.model) != 0 ||
                            (has_stop && api->BoosterAddValidData(b.model, stop_set) != 0))) {
        status = failed(api, error);
    }
    if (status == LF_OK) {
        status = boost_rounds(&b, out, error);
    }
    if (status == LF_OK) {
        status = keep_forest(api, data, b.model, out, error);
    }
    lf_release(data->allocator, b.forecasts);
    if (b.model != NULL) {
        (void)api->BoosterFree(b.model);
    }
    if (stop_set != NULL) {
        (void)api->DatasetFree(stop_set);
    }
    if (fit_set != NULL) {
        (void)api->DatasetFree(fit_set);
    }
    if (status != LF_OK) {
        lfi_forest_release(data->allocator, out);
    }
    return status;
}

void lfi_forest_release(const lf_allocator *allocator, lfi_forest *forest)
{
    lf_release(allocator, forest->text);
    forest->text = NULL;
}
