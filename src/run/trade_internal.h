/* Days being traded, and what the report wants to know of them. */
#ifndef LFI_TRADE_INTERNAL_H
#define LFI_TRADE_INTERNAL_H

#include "holdout_internal.h"
#include "units_internal.h"

#include <lobflow/report.h>

/* The configured strategy and what stands beside it. */
#define LFI_STRATEGIES_MAX ((size_t)6)

/* The configured strategy first; both kinds of entry, with and without the cost gate; the passive
   one with the queue models at both ends of what a book of levels allows. Or one's own strategy,
   and the same with those queue models. */
size_t lfi_strategies(const lf_run_job *job, lf_strategy_options out[LFI_STRATEGIES_MAX]);

/* The long tables of a run, see spool.c. */
typedef struct lfi_spool lfi_spool;

typedef struct lfi_desk {
    const lf_run_job *job;
    const lfi_trading *trading;
    const char *folder; /* of the run; files of finished days lie below it */
    lfi_units units;
    /* [strategy_count] owned; NULL when trading begins: those of lfi_strategies(). */
    lf_strategy_options *strategies;
    size_t strategy_count;
    bool lean;                  /* minutes only, as lf_backtest_options.lean */
    lf_backtest *backtest;      /* of the symbol that is put together */
    lf_backtest *all;           /* holds the tables of all symbols so far */
    lfi_spool *spool;           /* where predictions and equity go; NULL: all holds them too */
    size_t walk_row;            /* of trading->walk, compared next */
    lf_backtest_counts *counts; /* [strategy_count] owned */
    double *turnover;           /* [strategy_count] owned; currency */
    char *data_text;            /* one line for each day that was traded, owned */
    size_t data_bytes;
    size_t data_capacity;
    int64_t trial_count; /* configurations looked at so far */
    double tick;         /* of the days so far; NaN: not all have the same */
    char first_date[11];
    char last_date[11];
    char time_zone[32];   /* of the first day: hours of the report are its */
    int64_t day_shift_ns; /* of the first day: lf_report_facts.day_shift_ns */
    int64_t session_ns;   /* of the longest day */
    char symbols[64];     /* separated by spaces, "..." when they are many */
    lfi_holdout holdout;  /* days traded here that the model's training held out */
    lf_status
        held_status; /* LF_NOMEM: some of them are not in the list, or the shift is not known */
} lfi_desk;

/* Trade only the days of the sources [first, first + count), into files that lfi_desk_trade()
   takes; the desk must then be closed in every case. */
lf_status lfi_desk_trade_part(lfi_desk *desk, size_t first, size_t count, lf_error *error);
/* Trade all symbols; the desk must then be closed in every case. */
lf_status lfi_desk_trade(lfi_desk *desk, lf_error *error);
/* Sessions a year, and minutes of one: those that trade around the clock do so every day. */
double lfi_desk_days_per_year(const lfi_desk *desk);
double lfi_desk_minutes_per_day(const lfi_desk *desk);
/* Remember that a day was traded, for title and data text. Without memory it is left out. */
void lfi_desk_note(lfi_desk *desk, const lf_instrument *instrument, const lf_feed_stats *stats);
void lfi_desk_close(lfi_desk *desk);
/* Folder of a strategy's tables: that of the run for the first, one below it for each other. */
lf_status
lfi_desk_folder(const lfi_desk *desk, size_t strategy, char out[LFI_PATH_BYTES], lf_error *error);

lf_status lfi_spool_create(const lf_run_job *job, lfi_spool **out, lf_error *error);
/* End it; files that are not finished disappear. NULL is accepted. */
void lfi_spool_destroy(lfi_spool *spool);
/* Take predictions and equity of the day that the desk's backtest holds, and empty them. */
lf_status lfi_spool_put(lfi_desk *desk, const char *symbol, lf_error *error);
/* Complete the files. */
lf_status lfi_spool_finish(lfi_spool *spool, lf_error *error);
/* The tables again, for the report, borrowed. */
lf_report_parts lfi_spool_predictions(const lfi_spool *spool);
lf_report_parts lfi_spool_equity(const lfi_spool *spool, size_t strategy);

/* "GOOG 2012-06-21 to 2012-06-22", or the title that is configured. */
void lfi_desk_title(const lfi_desk *desk, char *out, size_t bytes);
/* Trading days that a model's training held out is a look; it is written down before anything is
   shown. findings: owned, for the report; untouched when there are no such days. */
lf_status lfi_desk_count_look(
    lfi_desk *desk, lfi_trading *trading, const char *folder, char **findings, lf_error *error
);
/* Files of a folder, whole or not at all. */
lf_status
lfi_write_table(const lf_frame *frame, const char *folder, const char *name, lf_error *error);
lf_status lfi_write_text(const char *text, const char *folder, const char *name, lf_error *error);
/* Remove what an older run left under a name; nothing there is well. LF_OK, LF_RANGE or LF_IO. */
lf_status lfi_forget(const char *folder, const char *name, lf_error *error);

#endif
