/* What the files of the verb impact share: studies of symbol-days, and ways to show them. */
#ifndef LOBFLOW_CLI_IMPACT_H
#define LOBFLOW_CLI_IMPACT_H

#include "cli.h"

#include <lobflow/study.h>

#include <jansson.h>

/* One symbol-day with one window, studied. */
typedef struct impact_study {
    lf_instrument instrument;
    int64_t window_ns, block_ns;
    int64_t from_ns, to_ns; /* of the whole blocks */
    int32_t offset_s;       /* local time less UTC at from_ns */
    lf_study_result result;
    lf_study_block *blocks;             /* [result.block_count], owned */
    lf_study_observation *observations; /* [observation_count], owned; NULL without a page */
    size_t observation_count;
} impact_study;

/* A number of the whole day, as JSON and text call it. */
typedef struct impact_entry {
    const char *key;
    const char *text;
    double value;
    bool of_levels; /* means something only with more than one level */
} impact_entry;

#define IMPACT_ENTRIES_MAX 32

/* All numbers of a day but those by half hour and by level. */
size_t impact_entries(const lf_study_result *result, impact_entry out[IMPACT_ENTRIES_MAX]);
/* HH:MM of an instant of a study's day. */
void impact_clock(const impact_study *study, int64_t ts_ns, char out[8]);
/* Tables of at most 100 columns: each study, and means when there are several. */
void impact_text(const impact_study *studies, size_t count, FILE *to);
/* docs/formats/impact.md: one object, or a list when there are several or a list is asked for; with
   the points where a study holds them. Owned by the caller; NULL without memory. */
json_t *impact_json(const impact_study *studies, size_t count, bool as_list);
/* The page with drawings. */
lf_status impact_page(const impact_study *studies, size_t count, const char *path, lf_error *error);

#endif
