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
    DATA_STOP = 1, /* evaluation data: 0 is the training data, 1 the first added */
};

typedef void *dataset;
typedef void *booster;

/* The functions that are used, by their names in the library without "LGBM_". */
#define LFI_LIGHTGBM_MAP(X) \
    X(GetLastError, const char *, (void)) \
    X(RegisterLogCallback, int, (void (*)(const char *))) \
    X(SetMaxThreads, int, (int)) \
    X(DatasetCreateFromSampledColumn, \
      int, \
      (double **, \
       int **, \
       int32_t, \
       const int *, \
       int32_t, \
       int32_t, \
       int64_t, \
       const char *, \
       dataset *)) \
    X(DatasetCreateByReference, int, (dataset, int64_t, dataset *)) \
    X(DatasetPushRows, int, (dataset, const void *, int, int32_t, int32_t, int32_t)) \
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

bool lf_train_find_lightgbm(char *out, size_t capacity)
{
    char found[PATH_BYTES] = "";
    if (!find_library(NULL, found) || strlen(found) >= capacity) {
        return false;
    }
    memcpy(out, found, strlen(found) + 1);
    return true;
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

/* ---- datasets --------------------------------------------------------------------------- */

static lf_status failed(const lfi_lightgbm *api, lf_error *error)
{
    return lf_error_set(error, LF_DATA, "LightGBM: %s.", api->GetLastError());
}

/* A sample as LightGBM takes it: for each feature the values that are not zero, and where they
   stand. Values are closed up where they lie. */
typedef struct sampled {
    double *values[LF_MODEL_FEATURES_MAX];
    int *rows[LF_MODEL_FEATURES_MAX];
    int counts[LF_MODEL_FEATURES_MAX];
} sampled;

static void close_up(const lfi_sample *sample, int *rows, sampled *out)
{
    /* LightGBM's kZeroThreshold. */
    const double zero = (double)1e-35f;
    for (size_t f = 0; f < sample->feature_count; f++) {
        int used = 0;
        out->values[f] = sample->values + f * sample->capacity;
        out->rows[f] = rows + f * sample->count;
        for (size_t i = 0; i < sample->count; i++) {
            const double value = out->values[f][i];
            if (isnan(value) || fabs(value) > zero) {
                out->values[f][used] = value;
                out->rows[f][used++] = (int)i;
            }
        }
        out->counts[f] = used;
    }
}

/* An empty dataset for all rows of a query, its bins made from a sample of them. */
static lf_status create_by_sample(
    const lfi_lightgbm *api,
    const lfi_data *data,
    lfi_sample *sample,
    const char *parameters,
    dataset *out,
    lf_error *error
)
{
    const char *names[LF_MODEL_FEATURES_MAX];
    const size_t width = sample->feature_count;
    if (sample->row_count > INT32_MAX) {
        return lf_error_set(error, LF_RANGE, "LightGBM takes at most 2147483647 rows.");
    }
    sampled *columns = lf_allocate(data->allocator, 1, sizeof *columns);
    int *rows = lf_allocate(data->allocator, sample->count + 1, width * sizeof *rows);
    lf_status status = LF_OK;
    if (columns == NULL || rows == NULL) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for the bins.");
    } else {
        close_up(sample, rows, columns);
        for (size_t i = 0; i < width; i++) {
            names[i] = lfi_feature_info(data, i)->name;
        }
        const bool is_made = api->DatasetCreateFromSampledColumn(
                                 columns->values,
                                 columns->rows,
                                 (int32_t)width,
                                 columns->counts,
                                 (int32_t)sample->count,
                                 (int32_t)sample->row_count,
                                 (int64_t)sample->row_count,
                                 parameters,
                                 out
                             ) == 0;
        const bool is_good = is_made && api->DatasetSetFeatureNames(*out, names, (int)width) == 0;
        status = is_good ? LF_OK : failed(api, error);
    }
    lf_release(data->allocator, rows);
    lf_release(data->allocator, columns);
    lfi_sample_release(data->allocator, sample);
    return status;
}

/* Rows on their way into a dataset, and what is kept of them. */
typedef struct pushing {
    const lfi_lightgbm *api;
    dataset set;
    size_t row_count; /* pushed so far */
    float *labels;
    const lfi_line *start; /* what boosting begins from, or NULL: the mean label */
    double *starts;        /* its values; NULL with start */
} pushing;

static lf_status push_rows(void *context, const lfi_matrix *rows, lf_error *error)
{
    pushing *const p = context;
    const size_t first = p->row_count;
    if (p->api->DatasetPushRows(
            p->set,
            rows->x,
            DTYPE_FLOAT64,
            (int32_t)rows->row_count,
            (int32_t)rows->feature_count,
            (int32_t)first
        ) != 0) {
        return failed(p->api, error);
    }
    memcpy(p->labels + first, rows->y32, rows->row_count * sizeof *rows->y32);
    for (size_t i = 0; p->start != NULL && i < rows->row_count; i++) {
        const double *const x = rows->x + i * rows->feature_count;
        p->starts[first + i] = lfi_line_value(p->start, x, rows->feature_count);
    }
    p->row_count += rows->row_count;
    return LF_OK;
}

/* Gives a dataset a field; one without values is left out. */
static bool set_field(
    const lfi_lightgbm *api,
    dataset set,
    const char *name,
    const void *values,
    size_t count,
    int type
)
{
    return count == 0 || api->DatasetSetField(set, name, values, (int)count, type) == 0;
}

/*
 * Weights that let ups and downs count alike. LightGBM's own is_unbalance would leave its first
 * forecast, the mean label, where it is without them.
 */
static lf_status
set_weights(const pushing *p, const lf_allocator *allocator, double weights[2], lf_error *error)
{
    size_t ups = 0;
    for (size_t i = 0; i < p->row_count; i++) {
        ups += p->labels[i] > 0.5F;
    }
    if (ups == 0 || ups == p->row_count) {
        return LF_OK;
    }
    weights[0] = 0.5 * (double)p->row_count / (double)(p->row_count - ups);
    weights[1] = 0.5 * (double)p->row_count / (double)ups;
    float *of_rows = lf_allocate(allocator, p->row_count, sizeof *of_rows);
    if (of_rows == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for %zu weights.", p->row_count);
    }
    for (size_t i = 0; i < p->row_count; i++) {
        of_rows[i] = (float)weights[p->labels[i] > 0.5F];
    }
    const bool is_set = set_field(p->api, p->set, "weight", of_rows, p->row_count, DTYPE_FLOAT32);
    lf_release(allocator, of_rows);
    return is_set ? LF_OK : failed(p->api, error);
}

/* Puts all rows of a query into a dataset made for row_count of them. Weights, of rows that fall
   and that rise, are filled in when they are asked for. */
static lf_status fill_dataset(
    const lfi_lightgbm *api,
    const lfi_query *query,
    size_t row_count,
    dataset set,
    const lfi_line *start,
    double *weights,
    lf_error *error
)
{
    const lf_allocator *const allocator = query->data->allocator;
    const size_t start_count = start != NULL ? row_count : 0;
    pushing p = {.api = api, .set = set, .start = start};
    p.labels = lf_allocate(allocator, row_count + 1, sizeof *p.labels);
    p.starts = lf_allocate(allocator, start_count + 1, sizeof *p.starts);
    lf_status status = LF_OK;
    if (p.labels == NULL || p.starts == NULL) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for %zu labels.", row_count);
    }
    if (status == LF_OK) {
        status = lfi_each_day(query, push_rows, &p, error);
    }
    if (status == LF_OK &&
        (!set_field(api, set, "label", p.labels, row_count, DTYPE_FLOAT32) ||
         !set_field(api, set, "init_score", p.starts, start_count, DTYPE_FLOAT64))) {
        status = failed(api, error);
    }
    if (status == LF_OK && weights != NULL) {
        status = set_weights(&p, allocator, weights, error);
    }
    lf_release(allocator, p.starts);
    lf_release(allocator, p.labels);
    return status;
}

/* ---- boosting --------------------------------------------------------------------------- */

/* Bins of the stopping rows, whose labels are kept outside LightGBM. */
static lf_status create_stopping(
    const lfi_lightgbm *api,
    const lfi_query *query,
    dataset reference,
    const lfi_line *start,
    lfi_stopping *out,
    dataset *set,
    lf_error *error
)
{
    const lf_status status = lfi_stopping_create(query, out, error);
    if (status != LF_OK || out->row_count == 0) {
        return status;
    }
    if (api->DatasetCreateByReference(reference, (int64_t)out->row_count, set) != 0) {
        return failed(api, error);
    }
    return fill_dataset(api, query, out->row_count, *set, start, NULL, error);
}

/* What one boosting works with. */
typedef struct boosting {
    const lfi_lightgbm *api;
    const lf_train_options *options;
    lf_head head;
    dataset fit;
    dataset stop_set;
    lfi_stopping stop;
    booster model;
    lfi_round_done round_done;
    void *context;
} boosting;

/* Boosts until the loss on the stopping rows has not fallen for some rounds. */
static lf_status boost_rounds(boosting *b, lfi_forest *out, lf_error *error)
{
    const bool has_stop = b->stop.row_count > 0;
    out->best_loss = NAN;
    for (int32_t round = 1; round <= b->options->rounds_max; round++) {
        int is_finished = 0;
        double loss = NAN;
        if (b->api->BoosterUpdateOneIter(b->model, &is_finished) != 0) {
            return failed(b->api, error);
        }
        if (has_stop) {
            int64_t count = 0;
            if (b->api->BoosterGetPredict(b->model, DATA_STOP, &count, b->stop.forecasts) != 0) {
                return failed(b->api, error);
            }
            lfi_stopping_add(&b->stop);
            loss = lfi_stopping_loss(&b->stop, round);
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
    if (has_stop) {
        const double errors = b->options->early_stopping_se;
        out->best_round = lfi_stopping_choose(&b->stop, out->best_round, errors);
        out->best_loss = lfi_stopping_loss(&b->stop, out->best_round);
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
static void write_parameters(const lfi_data *data, lf_head head, char *out, size_t bytes)
{
    const lf_train_options *o = data->options;
    const bool is_return = head == LF_HEAD_RET_1MIN;
    (void)snprintf(
        out,
        bytes,
        "objective=%s metric=None num_leaves=%d max_depth=%d learning_rate=%.17g "
        "min_data_in_leaf=%d seed=%llu deterministic=true force_col_wise=true verbosity=-1%s",
        is_return ? "regression" : "binary",
        o->num_leaves,
        o->max_depth,
        o->learning_rate,
        o->min_data_in_leaf,
        /* LightGBM's seeds are ints. */
        (unsigned long long)(o->seed & INT32_MAX),
        o->use_missing ? "" : " use_missing=false"
    );
    const char *before = " monotone_constraints=";
    for (size_t i = 0; i < data->feature_count && o->monotone != NULL && *o->monotone != '\0';
         i++) {
        const size_t used = strlen(out);
        (void)snprintf(out + used, bytes - used, "%s%d", before, data->monotone[i]);
        before = ",";
    }
}

/* Datasets of both spans and an empty model. */
static lf_status create_model(
    boosting *b,
    const lfi_query *fit,
    const lfi_query *stop,
    const lfi_line *start,
    lfi_sample *sample,
    const char *parameters,
    lf_error *error
)
{
    const lfi_lightgbm *const api = b->api;
    const size_t rows = sample->row_count;
    const bool is_weighted = b->options->balanced && b->head != LF_HEAD_RET_1MIN;
    double weights[2] = {1, 1};
    lf_status status = create_by_sample(api, fit->data, sample, parameters, &b->fit, error);
    if (status == LF_OK) {
        status = fill_dataset(api, fit, rows, b->fit, start, is_weighted ? weights : NULL, error);
    }
    if (status == LF_OK) {
        status = create_stopping(api, stop, b->fit, start, &b->stop, &b->stop_set, error);
        memcpy(b->stop.weights, weights, sizeof weights);
    }
    if (status == LF_OK &&
        (api->BoosterCreate(b->fit, parameters, &b->model) != 0 ||
         (b->stop.row_count > 0 && api->BoosterAddValidData(b->model, b->stop_set) != 0))) {
        status = failed(api, error);
    }
    return status;
}

static void release_model(boosting *b)
{
    if (b->model != NULL) {
        (void)b->api->BoosterFree(b->model);
    }
    if (b->stop_set != NULL) {
        (void)b->api->DatasetFree(b->stop_set);
    }
    if (b->fit != NULL) {
        (void)b->api->DatasetFree(b->fit);
    }
    lfi_stopping_release(&b->stop);
}

lf_status lfi_boost(
    const lfi_lightgbm *api,
    const lfi_query *fit,
    const lfi_query *stop,
    const lfi_line *start,
    lfi_sample *sample,
    lfi_round_done round_done,
    void *context,
    lfi_forest *out,
    lf_error *error
)
{
    char parameters[512 + 3 * LF_MODEL_FEATURES_MAX];
    const lf_allocator *const allocator = fit->data->allocator;
    const lf_train_options *const options = fit->data->options;
    boosting b = {
        .api = api,
        .options = options,
        .head = fit->head,
        .round_done = round_done,
        .context = context,
    };
    *out = (lfi_forest){0};
    write_parameters(fit->data, fit->head, parameters, sizeof parameters);
    (void)api->SetMaxThreads(options->threads > 0 ? options->threads : -1);
    lf_status status = create_model(&b, fit, stop, start, sample, parameters, error);
    if (status == LF_OK) {
        out->stop_rows = b.stop.row_count;
        status = boost_rounds(&b, out, error);
    }
    if (status == LF_OK) {
        status = keep_forest(api, fit->data, b.model, out, error);
    }
    release_model(&b);
    if (status != LF_OK) {
        lfi_forest_release(allocator, out);
    }
    return status;
}

void lfi_forest_release(const lf_allocator *allocator, lfi_forest *forest)
{
    lf_release(allocator, forest->text);
    forest->text = NULL;
}
