/* Symbol-days traded apart: which there are, what each depends on, who trades them. */
#ifndef LFI_UNITS_INTERNAL_H
#define LFI_UNITS_INTERNAL_H

#include "line_internal.h"

/* Finished days of a run that is not complete, below its folder. */
#define LFI_UNITS_FOLDER ".units"

/* No unit. */
#define LFI_UNIT_NONE SIZE_MAX

/* What is kept beside the tables of a unit. */
typedef struct lfi_unit_note {
    lf_instrument instrument;
    lf_feed_stats stats;
    lf_feature_carry carry_out;
} lfi_unit_note;

/* One symbol-day that is traded. */
typedef struct lfi_unit {
    size_t day;      /* number of its source */
    size_t previous; /* the unit of the symbol's day before, or LFI_UNIT_NONE */
    int64_t number;  /* of the day among the traded ones of its symbol */
    uint64_t source; /* content of its files */
    uint64_t key;    /* what it depends on; also the name of its file */
    /* Under the lock. */
    lf_feature_carry carry; /* before the day */
    lf_feature_carry carry_out;
    bool carry_known;
    bool carry_out_known;
    bool is_done;  /* its file is there */
    bool was_done; /* the file had been there before */
    double share;  /* of the day, for progress */
    lf_status status;
    lf_error error;
} lfi_unit;

/* All of them. */
typedef struct lfi_units {
    const lf_run_job *job;
    const lfi_trading *trading;
    const lf_strategy_options *strategies; /* [strategy_count] borrowed */
    size_t strategy_count;
    bool lean; /* as lf_backtest_options.lean */
    char folder[LFI_PATH_BYTES];
    lfi_unit *units; /* [unit_count] owned, in the order of the sources */
    size_t unit_count;
    bool needs_carry;    /* some model uses what crosses a day's border */
    uint64_t common_key; /* hash of what all days depend on */
    size_t taken_count;  /* finished by an earlier call */
    size_t found_count;  /* files of finished days that lay in the folder */
} lfi_units;

/* List the days that are traded; their files lie in a folder of that folder. End it in every case.
 */
lf_status lfi_units_begin(lfi_units *units, const char *folder, lf_error *error);
void lfi_units_end(lfi_units *units);
/* Trade all that are not finished yet, as many at once as the job says. What is finished stays. */
lf_status lfi_units_trade(lfi_units *units, lf_error *error);
/* Trade those of them whose sources are [first, first + count), one after the other. */
lf_status lfi_units_trade_part(lfi_units *units, size_t first, size_t count, lf_error *error);
/* Remove the files of finished days, those of other runs included. */
void lfi_units_remove(const lfi_units *units);

/* Path of a unit's file. */
lf_status lfi_unit_path(
    const lfi_units *units, const lfi_unit *unit, char out[LFI_PATH_BYTES], lf_error *error
);
/* Content of a source, of its files and of what tells them apart. */
lf_status lfi_source_key(const lf_source *source, uint64_t *key, lf_error *error);
/* What all days depend on: version, configuration, models, files that it names. */
lf_status lfi_common_key(lfi_units *units, lf_error *error);

/* Take a unit's file when it is there, else trade the day and write it. job: with the progress of
   the caller's thread. */
lf_status
lfi_unit_make(const lfi_units *units, const lf_run_job *job, lfi_unit *unit, lf_error *error);
/* What a day hands to the next one, from a pass over its trades alone. */
lf_status
lfi_unit_carry(const lfi_units *units, const lf_run_job *job, lfi_unit *unit, lf_error *error);

#endif
