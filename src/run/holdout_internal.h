/* Days that are held out: who has looked at them, and what is said about it. */
#ifndef LFI_HOLDOUT_INTERNAL_H
#define LFI_HOLDOUT_INTERNAL_H

#include "line_internal.h"

#include <jansson.h>

/* ---- the ledger of looks ---------------------------------------------------------------- */

/* A symbol-day as the ledger knows it. */
typedef struct lfi_held_day {
    char symbol[32];
    char date[11];
    int64_t event_count; /* tells other data of the same name apart */
} lfi_held_day;

void lfi_held_day_of(
    const lf_instrument *instrument, const lf_feed_stats *stats, lfi_held_day *out
);

/* Where looks are written down: the key train.holdout_ledger, else below $XDG_STATE_HOME, else
   below $HOME/.local/state; LF_IO when there is none of them. */
lf_status lfi_ledger_path(const lf_config *config, char out[LFI_PATH_BYTES], lf_error *error);

/* How often the day has been looked at that was looked at most; 0 without a ledger. */
lf_status lfi_ledger_count(
    const lf_run_job *job, const lfi_held_day *days, size_t count, int64_t *looks, lf_error *error
);

/* Write a look down, a line for each day. */
lf_status lfi_ledger_add(
    const lf_run_job *job,
    const lfi_held_day *days,
    size_t count,
    const char *verb,
    const char *folder,
    lf_error *error
);

/* ---- the held-out days of a job --------------------------------------------------------- */

typedef struct lfi_holdout {
    lf_train_span span; /* first and end are INT64_MAX without any */
    lfi_held_day *days; /* [count] symbol-days, owned */
    size_t count;
    size_t capacity;
    bool is_scored;
    int64_t looks; /* this one included when it is scored; -1: not known */
} lfi_holdout;

/* Find the held-out days. */
lf_status lfi_holdout_open(
    const lf_run_job *job,
    const lfi_day_rows *rows,
    const lf_train_days *days,
    lfi_holdout *out,
    lf_error *error
);
void lfi_holdout_close(const lf_run_job *job, lfi_holdout *holdout);

/* A day is being traded: when it is held out, it joins the days that are looked at. LF_NOMEM. */
lf_status lfi_holdout_traded(
    const lf_run_job *job,
    lfi_holdout *holdout,
    const lf_instrument *instrument,
    const lf_feed_stats *stats,
    lf_error *error
);

/* Count the looks at them. When they are to be scored, this look is written down first, before
   anything is known of them; when that cannot be done, they must not be scored. */
lf_status lfi_holdout_look(
    const lf_run_job *job,
    lfi_holdout *holdout,
    const char *verb,
    const char *folder,
    lf_error *error
);

/* There are held-out days. */
bool lfi_holdout_any(const lfi_holdout *holdout);

/* One sentence or two about them for a person. */
void lfi_holdout_note(const lfi_holdout *holdout, char *out, size_t bytes);

/* The text of findings with what is known of the held-out days put into them; scores is what their
   own walk found, or NULL. out: owned, end it with lf_release(). LF_NOMEM also for NULL findings.
 */
lf_status lfi_holdout_findings(
    const lf_run_job *job,
    const lfi_holdout *holdout,
    json_t *findings,
    const char *scores,
    char **out,
    lf_error *error
);

/* The held-out span that a model's training names; none without. */
lf_train_span lfi_holdout_of_training(const char *training_json);

#endif
