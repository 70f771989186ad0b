/* Lookups in columns of states and trades: the quote before, the mid after, bars of time. */
#include "study_internal.h"

#include <math.h>

bool lfi_study_state_valid(const lf_study_states *states, size_t i)
{
    return states->bid_lots[i] > 0 && states->ask_lots[i] > 0 &&
           states->bid_ticks[i] < states->ask_ticks[i];
}

/* Number of rows with a time before an instant, or also at it. */
static size_t rows_until(const int64_t *ts_ns, size_t count, int64_t at_ns, bool takes_equal)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ts_ns[middle] < at_ns || (takes_equal && ts_ns[middle] == at_ns)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void lf_study_quotes_before(
    const lf_study_states *states,
    const int64_t *at_ns,
    size_t count,
    int64_t lag_ns,
    int64_t units_per_tick,
    int64_t *bid_units,
    int64_t *ask_units
)
{
    for (size_t i = 0; i < count; i++) {
        const size_t rows = rows_until(states->ts_ns, states->count, at_ns[i] - lag_ns, false);
        const bool is_valid = rows > 0 && lfi_study_state_valid(states, rows - 1);
        bid_units[i] = is_valid ? states->bid_ticks[rows - 1] * units_per_tick : LF_BID_NONE;
        ask_units[i] = is_valid ? states->ask_ticks[rows - 1] * units_per_tick : LF_ASK_NONE;
    }
}

void lf_study_mids_at(
    const lf_study_states *states,
    const int64_t *at_ns,
    size_t count,
    int64_t delay_ns,
    double *mids
)
{
    for (size_t i = 0; i < count; i++) {
        const size_t rows = rows_until(states->ts_ns, states->count, at_ns[i] + delay_ns, true);
        mids[i] = NAN;
        if (rows > 0 && lfi_study_state_valid(states, rows - 1)) {
            mids[i] = (double)(states->bid_ticks[rows - 1] + states->ask_ticks[rows - 1]) / 2;
        }
    }
}

void lf_study_trade_bars(
    const lf_study_trades *trades,
    const lf_study_bar_options *options,
    size_t count,
    lf_study_bar *bars
)
{
    const double unit_value = options->unit_value != 0 ? options->unit_value : 1;
    size_t next = rows_until(trades->ts_ns, trades->count, options->begin_ns, true);
    double last_price = next > 0 ? (double)trades->price_units[next - 1] : NAN;
    for (size_t j = 0; j < count; j++) {
        lf_study_bar bar = {0};
        const int64_t end_ns = options->begin_ns + (int64_t)(j + 1) * options->bar_ns;
        for (; next < trades->count && trades->ts_ns[next] <= end_ns; next++) {
            const double lots = (double)trades->size_lots[next];
            const double price = (double)trades->price_units[next];
            const int8_t told = trades->signs[next];
            const double sign = told == LF_SIGN_UNKNOWN ? 0 : told;
            bar.lots += lots;
            bar.signed_lots += sign * lots;
            bar.value += price * lots * unit_value;
            bar.root_flow += sign * sqrt(price * lots * unit_value);
            bar.trade_count++;
            last_price = price;
        }
        bar.last_price = last_price;
        bars[j] = bar;
    }
}
