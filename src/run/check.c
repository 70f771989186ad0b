/* What can be told of a call before any data are read. */
#include "line_internal.h"
#include "sweep_internal.h"

#include <string.h>

/* Names of features.set; for tables there are two more words. */
static lf_status check_set(const lf_run_job *job, lf_error *error)
{
    const char *const set = job->config->set;
    const size_t most = lf_feature_count_all() + LF_FEATURE_USERS_MAX;
    size_t count = 0;
    if (strcmp(set, "all") == 0 || strcmp(set, "mlofi") == 0) {
        return LF_OK;
    }
    size_t *const indices = lf_allocate(job->allocator, most, sizeof *indices);
    const lf_status status = indices == NULL
                                 ? lf_error_set(error, LF_NOMEM, "No memory for the columns.")
                                 : lf_feature_select_of(job->users, set, indices, &count, error);
    lf_release(job->allocator, indices);
    return status;
}

static lf_status check_training(const lf_run_job *job, lf_error *error)
{
    lf_train_options options;
    lfi_run_train_options(job, job->config->clock, &options);
    return lf_train_check(&options, error);
}

/* Only models that saw nothing of what came after may trade. */
static lf_status check_line(const lf_run_job *job, lf_error *error)
{
    const lf_config *const config = job->config;
    if (config->model_trials > 0) {
        return lf_error_set(
            error,
            LF_RANGE,
            "model.trials is for train, which may look at all days; a run trades what it has not "
            "seen. Search with train, then set the keys it found and model.trials_file."
        );
    }
    if (config->sweep[0] != '\0') {
        return lf_error_set(
            error,
            LF_RANGE,
            "sweep.keys is for backtest: train a model on earlier days, then sweep on later ones."
        );
    }
    if (!config->split.holdout && !lf_train_validation_trades(config->split.validation)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "train.validation is \"%s\": its models saw days after those that they score, so they "
            "cannot trade; use walk_forward or rolling, or compare models with `train`.",
            lf_train_validation_name(config->split.validation)
        );
    }
    return check_training(job, error);
}

static lf_status check_sweep(const lf_run_job *job, lf_error *error)
{
    lfi_axes *const axes = lf_allocate(job->allocator, 1, sizeof *axes);
    lf_config *const config = lf_allocate(job->allocator, 1, sizeof *config);
    lf_status status = axes != NULL && config != NULL ? lfi_axes_read(job->config, axes, error)
                                                      : lf_error_set(error, LF_NOMEM, "No memory.");
    for (size_t i = 0; status == LF_OK && i < axes->set_count; i++) {
        status = lfi_axes_set(axes, i, job->config, config, error);
    }
    lf_release(job->allocator, axes);
    lf_release(job->allocator, config);
    return status;
}

lf_status lf_run_check(const lf_run_job *job, lf_run_use use, lf_error *error)
{
    switch (use) {
    case LF_RUN_USE_FEATURES:
        return check_set(job, error);
    case LF_RUN_USE_TRAIN:
        return check_training(job, error);
    case LF_RUN_USE_SWEEP:
        return check_sweep(job, error);
    case LF_RUN_USE_LINE:
        return check_line(job, error);
    }
    return LF_OK;
}
