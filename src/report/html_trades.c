/* The round trips of the page as columns; of too many the ones with the largest P&L. */
#include "report_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A longer table helps nobody, and the file holds all of them. */
#define TRADES_MAX 20000

/* Round trips that are kept, and columns of them. */
typedef struct trips {
    const lfi_table *table;
    uint8_t *marks;
    double *values;
    size_t kept;
} trips;

static double net_of(const lfi_table *trades, size_t row)
{
    const double net = lfi_cell(&trades->cells[LFI_TRADE_NET], row);
    return isfinite(net) ? net : 0;
}

static int compare_falling(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a < b) - (a > b);
}

/* Mark the TRADES_MAX round trips with the largest |net|; of equal ones the first. */
static void choose(trips *t)
{
    const size_t rows = t->table->rows;
    t->kept = rows;
    if (rows <= TRADES_MAX) {
        memset(t->marks, 1, rows);
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        t->values[i] = fabs(net_of(t->table, i));
    }
    qsort(t->values, rows, sizeof *t->values, compare_falling);
    const double least = t->values[TRADES_MAX - 1];
    size_t equal = 0;
    for (size_t i = 0; i < TRADES_MAX; i++) {
        equal += t->values[i] == least;
    }
    for (size_t i = 0; i < rows; i++) {
        const double size = fabs(net_of(t->table, i));
        t->marks[i] = size > least || (size == least && equal > 0);
        equal -= size == least && equal > 0;
    }
    t->kept = TRADES_MAX;
}

static void put_numbers(lfi_page *page, trips *t, const char *key, int column, double scale)
{
    for (size_t i = 0; i < t->table->rows; i++) {
        const double value = lfi_cell(&t->table->cells[column], i);
        t->values[i] = isfinite(value) ? value : 0;
    }
    lfi_page_format(page, ",");
    lfi_page_column(page, key, t->values, t->marks, t->table->rows, scale);
}

static void put_times(lfi_page *page, trips *t, const char *key, int column, int64_t origin_ns)
{
    for (size_t i = 0; i < t->table->rows; i++) {
        const int64_t time_ns = lfi_cell_time(&t->table->cells[column], i);
        t->values[i] = (double)(time_ns == LF_TIME_NONE ? 0 : time_ns - origin_ns);
    }
    lfi_page_format(page, ",");
    lfi_page_column(page, key, t->values, t->marks, t->table->rows, 1e-6);
}

#define WORDS_MAX 64

/* Place of a word in a list; words beyond the last share it. */
static size_t place_of(const char *const *words, size_t count, const char *word)
{
    size_t w = 0;
    while (w < count && strcmp(words[w], word) != 0) {
        w++;
    }
    return w < WORDS_MAX ? w : WORDS_MAX - 1;
}

/* Write a word that is not in the list yet and put it there; gives the words in the list. */
static size_t find_word(const char **words, size_t count, const char *word, lfi_page *page)
{
    size_t w = 0;
    while (w < count && strcmp(words[w], word) != 0) {
        w++;
    }
    if (w < count || count == WORDS_MAX) {
        return count;
    }
    words[count] = word;
    lfi_page_format(page, "%s", count == 0 ? "" : ",");
    lfi_page_string(page, word);
    return count + 1;
}

void lfi_page_words(
    lfi_page *page, const char *key, const lfi_cells *cells, const size_t *rows, size_t count
)
{
    const char *words[WORDS_MAX];
    size_t known = 0;
    int64_t before = 0;
    lfi_page_format(page, ",\"%s_words\":[", key);
    for (size_t i = 0; i < count; i++) {
        known = find_word(words, known, lfi_cell_text(cells, rows[i]), page);
    }
    lfi_page_format(page, "],\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        const int64_t w = (int64_t)place_of(words, known, lfi_cell_text(cells, rows[i]));
        lfi_page_format(page, "%s%lld", i == 0 ? "" : ",", (long long)(w - before));
        before = w;
    }
    lfi_page_format(page, "]");
}

/* The distinct words of a column and the index of each row's. */
static void put_words(lfi_page *page, trips *t, const char *key, int column)
{
    const lfi_cells *cells = &t->table->cells[column];
    const char *words[WORDS_MAX];
    size_t known = 0;
    lfi_page_format(page, ",\"%s_words\":[", key);
    for (size_t i = 0; i < t->table->rows; i++) {
        known = find_word(words, known, lfi_cell_text(cells, i), page);
        t->values[i] = (double)place_of(words, known, lfi_cell_text(cells, i));
    }
    lfi_page_format(page, "],");
    lfi_page_column(page, key, t->values, t->marks, t->table->rows, 1);
}

static double largest_of(const lfi_table *table, int column)
{
    double largest = 0;
    for (size_t i = 0; i < table->rows; i++) {
        const double value = fabs(lfi_cell(&table->cells[column], i));
        largest = isfinite(value) ? fmax(largest, value) : largest;
    }
    return largest;
}

void lfi_page_trades(lfi_page *page, const lfi_account *account, int64_t origin_ns)
{
    const lfi_table *table = &account->tables[LF_BACKTEST_TRADES];
    trips t = {
        .table = table,
        .marks = lf_allocate(page->allocator, table->rows + 1, sizeof *t.marks),
        .values = lf_allocate(page->allocator, table->rows + 1, sizeof *t.values),
    };
    if (t.marks == NULL || t.values == NULL) {
        if (page->status == LF_OK) {
            page->status = lf_error_set(page->error, LF_NOMEM, "not enough memory for the page.");
        }
    } else {
        const int money = lfi_money_digits(
            fmax(largest_of(table, LFI_TRADE_GROSS), largest_of(table, LFI_TRADE_FEES))
        );
        const int price = lfi_money_digits(largest_of(table, LFI_TRADE_ENTRY_PRICE));
        choose(&t);
        lfi_page_format(
            page,
            "\"trades\":{\"total\":%zu,\"shown\":%zu,\"money_digits\":%d,\"price_digits\":%d",
            table->rows,
            t.kept,
            money,
            price
        );
        put_times(page, &t, "entry_ms", LFI_TRADE_ENTRY, origin_ns);
        put_times(page, &t, "exit_ms", LFI_TRADE_EXIT, origin_ns);
        put_numbers(page, &t, "side", LFI_TRADE_SIDE, 1);
        put_numbers(page, &t, "lots", LFI_TRADE_LOTS, 1);
        put_numbers(page, &t, "entry_price", LFI_TRADE_ENTRY_PRICE, pow(10, price));
        put_numbers(page, &t, "exit_price", LFI_TRADE_EXIT_PRICE, pow(10, price));
        put_numbers(page, &t, "gross", LFI_TRADE_GROSS, pow(10, money));
        put_numbers(page, &t, "fees", LFI_TRADE_FEES, pow(10, money));
        put_words(page, &t, "symbol", LFI_TRADE_SYMBOL);
        put_words(page, &t, "reason", LFI_TRADE_REASON);
        put_words(page, &t, "rule", LFI_TRADE_RULE);
        lfi_page_format(page, "}");
    }
    lf_release(page->allocator, t.marks);
    lf_release(page->allocator, t.values);
}
