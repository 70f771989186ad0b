/* The latency surface: one cell for each way to enter, leg and delay. */
#ifndef LFI_LATENCY_INTERNAL_H
#define LFI_LATENCY_INTERNAL_H

#include "line_internal.h"

#include <jansson.h>

/* Where time is lost; ALL: everywhere at once. */
typedef enum lfi_leg {
    LFI_LEG_FEED,
    LFI_LEG_DECISION,
    LFI_LEG_ENTRY,
    LFI_LEG_CANCEL,
    LFI_LEG_RESPONSE,
    LFI_LEG_ALL,
    LFI_LEG_COUNT
} lfi_leg;

/* What one delay of one leg came to; all other legs are at 0 ns. Money in currency. */
typedef struct lfi_cell {
    lfi_leg leg;
    int64_t latency_ns;
    lf_order_kind entry;
    double gross;
    double fees;
    int64_t trips; /* round trips, and their net */
    double trip_sum;
    double trip_squares;
    int64_t entry_lots; /* of orders that open or turn a position */
    int64_t entry_filled_lots;
    double value;    /* of all fills, at the decision's mid */
    double slippage; /* paid beyond the decision's mid */
    double maker_value;
    double adverse; /* lost by the mid's move within a second after a maker fill */
    int64_t late_cancels;
    int64_t race_fills; /* while a cancel was on its way */
    double race_loss;   /* of those fills against the mid a second later */
} lfi_cell;

/* Trade the cells with the spans of a trading and write latency.json into the folder. */
lf_status lfi_latency_trade(
    const lf_run_job *job,
    const lfi_trading *trading,
    const lf_run_latency_options *options,
    const char *folder,
    char **json,
    lf_error *error
);

/* Name of a leg as files and flags spell it. */
const char *lfi_leg_name(lfi_leg leg);

/* What the JSON says beside the cells. */
typedef struct lfi_latency_facts {
    const lfi_cell *cells; /* [cell_count] */
    size_t cell_count;
    const char *symbols;
    const char *first_date;
    const char *last_date;
    const char *currency;
    int64_t day_count;
    bool in_sample;
    int64_t holdout_looks; /* 0: no held-out day was traded */
} lfi_latency_facts;

/* Time the work of features, prediction and decision on a day: a list of rows, and decision.csv in
   the folder with how often each time was needed; NULL: no day had rows to trade. Two passes never
   agree. */
lf_status lfi_latency_measure(
    const lf_run_job *job,
    const lfi_trading *trading,
    const char *folder,
    json_t **out,
    lf_error *error
);

/* The surface as JSON (docs/formats/latency.md), to be freed with json_decref(); NULL: no memory.
 */
json_t *lfi_latency_json(const lfi_latency_facts *facts);

#endif
