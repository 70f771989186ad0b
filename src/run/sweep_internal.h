/* Parameter sets of a sweep: what is varied, what each set was worth. */
#ifndef LFI_SWEEP_INTERNAL_H
#define LFI_SWEEP_INTERNAL_H

#include "trade_internal.h"

#include <lobflow/stats.h>

/* Keys that are varied, and all their combinations. */
#define LFI_AXES_MAX ((size_t)8)
#define LFI_SETS_MAX ((size_t)4096)

/* One key and its values. */
typedef struct lfi_axis {
    const char *key;
    char **values; /* [value_count] pieces of the text, owned */
    size_t value_count;
} lfi_axis;

/* What sweep.keys says. */
typedef struct lfi_axes {
    char text[1024]; /* cut into pieces */
    char *values[512];
    lfi_axis axes[LFI_AXES_MAX];
    size_t axis_count;
    size_t set_count; /* product */
} lfi_axes;

/* Understand sweep.keys. LF_RANGE or LF_NOT_FOUND naming what is wrong. */
lf_status lfi_axes_read(const lf_config *config, lfi_axes *out, lf_error *error);
/* Value of an axis in a set; the last axis moves fastest. */
const char *lfi_axes_value(const lfi_axes *axes, size_t set, size_t axis);
/* The configuration of a set, as one would write it for a run of its own. */
lf_status
lfi_axes_set(const lfi_axes *axes, size_t set, const lf_config *base, lf_config *out, lf_error *e);

/* What a set was worth. */
typedef struct lfi_set_score {
    int64_t orders;
    int64_t filled_orders; /* with a fill at all */
    int64_t fills;
    int64_t trades;
    int64_t winning_trades;
    int64_t losing_days;
    int64_t unflat_days;
    double gross;
    double fees;
    double net;
    double turnover; /* currency */
    double exposure; /* share of the session in position */
    double max_drawdown;
    lf_sharpe sharpe; /* of 1-min changes of the net */
} lfi_set_score;

/* Score all sets of a desk that has traded. out: [set_count] */
lf_status lfi_sweep_score(lfi_desk *desk, lfi_set_score *out, lf_error *error);

/* What is said about all sets together. */
typedef struct lfi_sweep_facts {
    const lfi_desk *desk;
    const lfi_axes *axes;
    const lfi_set_score *scores; /* [axes->set_count] */
    const char *title;
    const char *model_id;
    int64_t trials; /* configurations looked at so far, these included */
} lfi_sweep_facts;

/* The table of all sets as JSON, and as a frame; owned by the caller. */
lf_status lfi_sweep_json(const lfi_sweep_facts *facts, char **out, lf_error *error);
lf_status lfi_sweep_frame(const lfi_sweep_facts *facts, lf_frame **out, lf_error *error);
/* Values of a set as a JSON object in one line; NULL without memory; end it with free(). */
char *lfi_sweep_parameters(const lfi_axes *axes, size_t set);

/* Trade all sets and write the folder. */
lf_status lfi_sweep_trade(
    const lf_run_job *job,
    const lfi_trading *trading,
    const char *folder,
    char **json,
    lf_error *error
);

/* A Sharpe ratio of minutes as one of a year. */
double lfi_sweep_annual(const lfi_desk *desk, double ratio);

#endif
