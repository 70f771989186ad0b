/* Orders found by what their fills say of them. */
#include "report_internal.h"

#include <stdlib.h>
#include <string.h>

static int compare_keys(const void *left, const void *right)
{
    const lfi_order_key *a = left;
    const lfi_order_key *b = right;
    if (a->day != b->day) {
        return a->day < b->day ? -1 : 1;
    }
    if (a->order_id < b->order_id || a->order_id > b->order_id) {
        return a->order_id < b->order_id ? -1 : 1;
    }
    return strcmp(a->symbol, b->symbol);
}

lfi_order_key *
lfi_join_index(const lf_allocator *allocator, const lfi_calendar *calendar, const lfi_table *orders)
{
    lfi_order_key *keys = lf_allocate(allocator, orders->rows + 1, sizeof *keys);
    for (size_t i = 0; keys != NULL && i < orders->rows; i++) {
        keys[i] = (lfi_order_key){
            .symbol = lfi_cell_text(&orders->cells[LFI_ORDER_SYMBOL], i),
            .day = lfi_local_day(calendar, lfi_cell_time(&orders->cells[LFI_ORDER_SENT], i)),
            .order_id = lfi_cell(&orders->cells[LFI_ORDER_ID], i),
            .row = i,
        };
    }
    if (keys != NULL && orders->rows > 1) {
        qsort(keys, orders->rows, sizeof *keys, compare_keys);
    }
    return keys;
}

size_t lfi_join_find(
    const lfi_order_key *keys, size_t count, const char *symbol, int64_t day, double order_id
)
{
    const lfi_order_key wanted = {symbol, day, order_id, 0};
    const lfi_order_key *found =
        count == 0 ? NULL : bsearch(&wanted, keys, count, sizeof wanted, compare_keys);
    return found == NULL ? SIZE_MAX : found->row;
}
