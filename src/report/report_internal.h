/* What the files of the metrics share: bound columns, the account of a strategy, JSON helpers. */
#ifndef LOBFLOW_REPORT_INTERNAL_H
#define LOBFLOW_REPORT_INTERNAL_H

#include <lobflow/report.h>
#include <lobflow/stats.h>
#include <lobflow/train.h>

#include <jansson.h>

/* ---- tables ----------------------------------------------------------------------------- */

/* One column of a table; numbers may be stored as float64, int64 or bool. */
typedef struct lfi_cells {
    const lf_frame *frame;
    const void *values;
    size_t index;
    lf_column_kind kind;
} lfi_cells;

double lfi_cell(const lfi_cells *cells, size_t row);
int64_t lfi_cell_time(const lfi_cells *cells, size_t row);
const char *lfi_cell_text(const lfi_cells *cells, size_t row);

/* Columns of each table that the metrics read, by place. */
enum {
    LFI_ORDER_ID,
    LFI_ORDER_DECISION,
    LFI_ORDER_SENT,
    LFI_ORDER_VENUE,
    LFI_ORDER_DONE,
    LFI_ORDER_SYMBOL,
    LFI_ORDER_SIDE,
    LFI_ORDER_KIND,
    LFI_ORDER_PRICE, /* NaN: none */
    LFI_ORDER_LOTS,
    LFI_ORDER_FILLED,
    LFI_ORDER_STATUS,
    LFI_ORDER_REASON,
    LFI_ORDER_MID_DECISION,
    LFI_ORDER_MID_ARRIVAL,
    LFI_ORDER_DEPTH, /* NaN where the table has no such column */
    LFI_ORDER_COUNT
};

enum {
    LFI_FILL_ORDER,
    LFI_FILL_TIME,
    LFI_FILL_SYMBOL,
    LFI_FILL_SIDE,
    LFI_FILL_PRICE,
    LFI_FILL_LOTS,
    LFI_FILL_LIQUIDITY,
    LFI_FILL_FEE,
    LFI_FILL_MID,
    LFI_FILL_MID_DECISION,
    LFI_FILL_COUNT
};

enum {
    LFI_TRADE_ENTRY,
    LFI_TRADE_EXIT,
    LFI_TRADE_SYMBOL,
    LFI_TRADE_SIDE,
    LFI_TRADE_LOTS,
    LFI_TRADE_ENTRY_PRICE,
    LFI_TRADE_EXIT_PRICE,
    LFI_TRADE_GROSS,
    LFI_TRADE_FEES,
    LFI_TRADE_NET,
    LFI_TRADE_REASON,
    LFI_TRADE_RULE,
    LFI_TRADE_COUNT
};

enum {
    LFI_EQUITY_TIME,
    LFI_EQUITY_SYMBOL,
    LFI_EQUITY_VALID,
    LFI_EQUITY_MID,
    LFI_EQUITY_POSITION,
    LFI_EQUITY_FEES,
    LFI_EQUITY_GROSS,
    LFI_EQUITY_COUNT
};

#define LFI_CELLS_MAX 16

typedef struct lfi_table {
    size_t rows;
    lfi_cells cells[LFI_CELLS_MAX];
} lfi_table;

/* Find the columns of one of the four tables; LF_MISMATCH names what is missing. */
lf_status lfi_table_bind(
    lf_frame *frame, lf_backtest_table table, const char *strategy, lfi_table *out, lf_error *error
);

/* ---- days and curves -------------------------------------------------------------------- */

/* Which day an instant belongs to. */
typedef struct lfi_calendar {
    lf_zone *zone;
    /* Added to local times before their date is taken: 7 h where the session of a day begins at
       17:00 of the evening before. */
    int64_t shift_ns;
} lfi_calendar;

/* Day of an instant, named as its session is; days since 1970. */
int64_t lfi_local_day(const lfi_calendar *calendar, int64_t time_ns);
/* Day of a row of the equity table. A row tells of the time since the one before it, so midnight
   ends a day; the first row of a session tells of nothing yet, and there it begins one. */
int64_t lfi_equity_day(const lfi_calendar *calendar, const lfi_table *equity, size_t row);

/* What happened in one day, all symbols together. */
typedef struct lfi_day {
    int64_t date;     /* days since 1970 */
    int64_t first_ns; /* grid times of the session */
    int64_t last_ns;
    double gross; /* P&L of the day */
    double fees;
    size_t trade_count;
    size_t minute; /* number of its first minute */
    size_t step;   /* number of its first step */
    size_t step_count;
} lfi_day;

/* Rows of the equity table that are one symbol's day, in order of time. */
typedef struct lfi_piece {
    size_t part; /* of the table, that holds them */
    size_t first;
    size_t end;
    size_t symbol; /* index into the account's symbols */
    int64_t date;
} lfi_piece;

/* P&L changes in equal stretches of time over whole sessions, all symbols together. */
typedef struct lfi_curve {
    size_t count;
    double *gross; /* [count] */
    double *net;
    uint32_t *days; /* [count] index into the account's days */
} lfi_curve;

/* A fall of the net P&L from its highest point. */
typedef struct lfi_drawdown {
    double amount;   /* >= 0 */
    int64_t peak_ns; /* LF_TIME_NONE without a fall */
    int64_t trough_ns;
} lfi_drawdown;

/* ---- one strategy ----------------------------------------------------------------------- */

/* Everything about one strategy that more than one section needs. */
typedef struct lfi_account {
    const lf_report_strategy *strategy;
    const lf_allocator *allocator;
    lfi_table tables[LF_BACKTEST_TABLE_COUNT]; /* that of equity: the part that is open */
    size_t open_part;
    lfi_piece *pieces; /* in the order of the equity table */
    size_t piece_count;
    char **symbols; /* of the pieces, in the order of their first one */
    size_t symbol_count;
    size_t equity_rows;
    lfi_day *days;
    size_t day_count;
    lfi_curve minutes;
    int64_t step_ns;
    size_t step_count; /* of all days */
    lfi_drawdown drawdown;
    double lot_size; /* of the asset in a lot, from trades; 1 when they do not tell */
    double gross;
    double fees;
    double order_count;
    double filled_orders; /* with any fill */
    double traded_lots;   /* both sides */
    double traded_value;
    double spread_cost; /* paid at fills against the mid at the venue; negative = earned */
    double trade_count;
    double trade_lots; /* of round trips */
    double winning_trades;
    double hold_seconds; /* summed */
    double in_position_rows;
    double invalid_rows;
    double session_count; /* symbol-days with a mid */
    double moves_squared; /* of the log of the mid from minute to minute, summed over sessions */
} lfi_account;

/* Who wants to see the P&L changes of each step of a day, [count] of all symbols together. Days
   come in their order, once the account knows how many days and steps there are. */
typedef struct lfi_watcher {
    void *context;
    void (*day
    )(void *context,
      const lfi_account *account,
      const double *gross,
      const double *net,
      size_t count);
} lfi_watcher;

/* watcher: may be NULL. */
lf_status lfi_account_create(
    const lf_allocator *allocator,
    const lf_report_strategy *strategy,
    const lfi_calendar *calendar,
    int64_t step_ns,
    const lfi_watcher *watcher,
    lfi_account *out,
    lf_error *error
);
void lfi_account_release(lfi_account *account);

/* Open the part of the equity table that holds a piece, as the account's table. */
lf_status lfi_account_open(lfi_account *account, size_t part, lf_error *error);
/* Number of the equity table's parts. */
size_t lfi_account_parts(const lfi_account *account);
/* Days, pieces, P&L of minutes and steps from the equity table. */
lf_status lfi_account_days(
    lfi_account *account, const lfi_calendar *calendar, const lfi_watcher *watcher, lf_error *error
);
/* The day with a date; NULL without one. */
lfi_day *lfi_account_day(const lfi_account *account, int64_t date);

/* Order ids begin again with every day of every symbol, so a fill finds its order by all three. */
typedef struct lfi_order_key {
    const char *symbol;
    int64_t day;
    double order_id;
    size_t row;
} lfi_order_key;

/* [orders->rows] owned; NULL without memory. */
lfi_order_key *lfi_join_index(
    const lf_allocator *allocator, const lfi_calendar *calendar, const lfi_table *orders
);
/* Row of an order; SIZE_MAX when there is none. */
size_t lfi_join_find(
    const lfi_order_key *keys, size_t count, const char *symbol, int64_t day, double order_id
);

/* Fees a share and in bps of the value a side at which nothing is left; NaN without fills. */
double lfi_break_even_per_share(const lfi_account *account);
double lfi_break_even_bps(const lfi_account *account);

/* Share of the session without a valid state. */
double lfi_masked_share(const lfi_account *account);

/* ---- building JSON ---------------------------------------------------------------------- */

/* One call of lf_report_metrics(). */
typedef struct lfi_metrics {
    const lf_report_run *run;
    const lf_report_facts *facts;
    const lf_allocator *allocator;
    lfi_calendar calendar;
    lfi_account *accounts;  /* [strategy_count] */
    lf_frame *predictions;  /* that are scored: all, or some of many; NULL: none */
    size_t predicted_rows;  /* before some were chosen */
    size_t every;           /* one of so many was */
    lf_train_scores scores; /* of the predictions */
    bool has_scores;
    json_t *root;
    bool failed; /* some value had no memory */
} lfi_metrics;

/* Put an owned value into an object; a NULL value or object is noted as a failure. */
void lfi_put(lfi_metrics *m, json_t *object, const char *key, json_t *value);
/* null when not finite */
void lfi_put_number(lfi_metrics *m, json_t *object, const char *key, double value);
/* Rounded to 1e-9 of the currency, which is what the ledger counts in. */
void lfi_put_money(lfi_metrics *m, json_t *object, const char *key, double value);
void lfi_put_count(lfi_metrics *m, json_t *object, const char *key, double value);
void lfi_put_text(lfi_metrics *m, json_t *object, const char *key, const char *text);
void lfi_put_interval(lfi_metrics *m, json_t *object, const char *key, lf_interval value);
/* "2012-06-21" */
void lfi_put_date(lfi_metrics *m, json_t *object, const char *key, int64_t day);
/* "2012-06-21T14:00:00.000000000Z", or null */
void lfi_put_time(lfi_metrics *m, json_t *object, const char *key, int64_t time_ns);
json_t *lfi_put_object(lfi_metrics *m, json_t *object, const char *key);
json_t *lfi_put_list(lfi_metrics *m, json_t *object, const char *key);
json_t *lfi_append_object(lfi_metrics *m, json_t *list);
/* Parsed object of a text; NULL when there is none or it is no object. */
json_t *lfi_parse(const char *text);
/* True when a parsed value has all sections of metrics. */
bool lfi_is_metrics(const json_t *root);

/* ---- sections --------------------------------------------------------------------------- */

/* Choose the predictions that are scored. */
lf_status lfi_metrics_choose(lfi_metrics *m, lf_error *error);
lf_status lfi_metrics_signal(lfi_metrics *m, json_t *out, lf_error *error);
lf_status lfi_metrics_execution(lfi_metrics *m, json_t *out, lf_error *error);
lf_status lfi_metrics_pnl(lfi_metrics *m, json_t *out, lf_error *error);
/* Where the net came from: LF_OK or LF_NOMEM. */
lf_status lfi_metrics_attribution(lfi_metrics *m, json_t *out);
void lfi_metrics_capacity(lfi_metrics *m, json_t *out);
void lfi_metrics_risk(lfi_metrics *m, json_t *out);
void lfi_metrics_costs(lfi_metrics *m, json_t *out);
void lfi_metrics_meta(lfi_metrics *m, json_t *out);
void lfi_metrics_variants(lfi_metrics *m, json_t *out);
/* From the finished sections of the root. */
void lfi_metrics_warnings(lfi_metrics *m, json_t *out);

/* ---- the page --------------------------------------------------------------------------- */

/* The parts of the page around what is written here, made by tools/make_page.py from web/. */
#define LFI_PAGE_PARTS 4
extern const unsigned char *const lfi_page_parts[LFI_PAGE_PARTS];
extern const size_t lfi_page_part_bytes[LFI_PAGE_PARTS];

/* A page being written; after a failure nothing more is written. */
typedef struct lfi_page {
    const lf_allocator *allocator;
    lf_output *output;
    lf_error *error; /* may be NULL */
    lf_status status;
} lfi_page;

void lfi_page_bytes(lfi_page *page, const void *bytes, size_t count);
/* At most 4095 bytes. */
LF_PRINTF(2, 3) void lfi_page_format(lfi_page *page, const char *format, ...);
/* JSON with the signs of HTML escaped, so that no text in it can end the element around it. */
void lfi_page_json(lfi_page *page, const char *json);
/* A text as a JSON string; null when it is not UTF-8. */
void lfi_page_string(lfi_page *page, const char *text);
/*
 * `"key":[...]` of the marked values (NULL: all) times a scale, rounded, each but the first as the
 * difference from the one before. Values are finite.
 */
void lfi_page_column(
    lfi_page *page,
    const char *key,
    const double *values,
    const uint8_t *marks,
    size_t count,
    double scale
);

/* Mark the lowest, the highest and the last value of each of so many equal stretches. */
void lfi_thin(const double *values, size_t count, size_t stretches, uint8_t *marks);
/* Decimals that show a value of this size to seven digits, 0 to 9. */
int lfi_money_digits(double largest);

/* Where the series of the page come from. */
typedef struct lfi_series {
    const lf_report_run *run;
    lfi_calendar calendar;
    int64_t step_ns;
    double tick; /* of the prices; NaN: not known, or not the same for all symbols */
} lfi_series;

/* The JSON object of all series: docs/modules/report.md. */
void lfi_page_series(lfi_page *page, const lfi_series *series);
/* `"trades":{...}` of the main strategy; times in ms since an origin. */
void lfi_page_trades(lfi_page *page, const lfi_account *account, int64_t origin_ns);
/* `"orders":{...}`: some orders of the main strategy with the book around them; times in us since
   an origin. */
void lfi_page_orders(
    lfi_page *page, const lfi_series *series, lfi_account *account, int64_t origin_ns
);
/* The distinct words of some rows of a text column as `"key_words":[...],"key":[...]`. */
void lfi_page_words(
    lfi_page *page, const char *key, const lfi_cells *cells, const size_t *rows, size_t count
);

#endif
