/* Predictions that were made elsewhere. */
#ifndef LFI_GIVEN_INTERNAL_H
#define LFI_GIVEN_INTERNAL_H

#include "line_internal.h"

/* What is read of a row. */
enum {
    LFI_GIVEN_UP,
    LFI_GIVEN_UP_LONG,
    LFI_GIVEN_RET,
    LFI_GIVEN_VALUES
};

typedef struct lfi_given {
    lf_frame *table;                 /* borrowed */
    size_t ts, symbol;               /* its columns; SIZE_MAX: not there */
    size_t values[LFI_GIVEN_VALUES]; /* likewise */
    lf_span span;                    /* the rows that they cover, without a model */
} lfi_given;

/* What stands for a model where there is none: nothing was trained, no threshold asks for flow. */
lf_model_meta lfi_meta_without_model(const lf_run_job *job, const char *kind);

/* Check a table and find its columns, which get the kinds that are needed. */
lf_status lfi_given_open(const lf_run_job *job, lf_frame *table, lfi_given *out, lf_error *error);

/* Whether there is a prediction for a day of the job. */
lf_status lfi_given_touches(
    const lfi_given *given, const lf_run_job *job, size_t day, bool *out, lf_error *error
);

/* A row for each row time of a day, with its prediction where there is one. out: [*count] owned,
   end it with lf_release(); NULL on failure. */
lf_status lfi_given_rows(
    const lfi_given *given,
    const lf_run_job *job,
    size_t day,
    lf_row **out,
    size_t *count,
    lf_error *error
);

#endif
