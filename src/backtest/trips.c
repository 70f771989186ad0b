/* Round trips: from flat to flat, made from the fills as the venue makes them. */
#include "backtest_internal.h"

#include <math.h>

static int64_t size_of(int64_t lots)
{
    return lots < 0 ? -lots : lots;
}

/* Part of a whole amount that goes with some of the lots. The other part is what is left, so that
   nothing is lost; 128 bits because fees times lots may not fit in 64. */
static int64_t share_of(int64_t amount, int64_t part, int64_t whole)
{
    return (int64_t)((lfi_wide)amount * part / whole);
}

double lfi_price_of(const lfi_units *units, int64_t value_nano, int64_t lots)
{
    return (double)value_nano * 1e-9 / ((double)lots * units->lot);
}

/* Ticks from the mean entry price to a mid, towards the position. */
static double ticks_from_entry(const lfi_units *units, const lfi_trip *trip, int64_t mid2)
{
    const double entry = lfi_price_of(units, trip->entry_nano, trip->entry_lots) / units->tick;
    return trip->side * (0.5 * (double)mid2 - entry);
}

static lf_status
append_trade(lfi_book_keeper *keeper, const lfi_units *units, int64_t ts_ns, const char *reason)
{
    const lfi_trip *const trip = &keeper->trip;
    lf_frame *const frame = keeper->tables[LF_BACKTEST_TRADES];
    const size_t row = lf_frame_row_count(frame);
    if (lf_frame_append(frame, 1) != LF_OK ||
        lf_frame_set_text(frame, LFI_TRADES_REASON, row, 1, reason) != LF_OK ||
        lf_frame_set_text(frame, LFI_TRADES_RULE, row, 1, lf_rule_name(trip->rule)) != LF_OK) {
        return LF_NOMEM;
    }
    const int64_t gross_nano = trip->side * (trip->exit_nano - trip->entry_nano);
    const double best =
        ticks_from_entry(units, trip, trip->side > 0 ? trip->mid2_high : trip->mid2_low);
    const double worst =
        ticks_from_entry(units, trip, trip->side > 0 ? trip->mid2_low : trip->mid2_high);
    lf_frame_i64(frame, LFI_TRADES_ENTRY)[row] = trip->entry_ns;
    lf_frame_i64(frame, LFI_TRADES_EXIT)[row] = ts_ns;
    lf_frame_i64(frame, LFI_TRADES_SIDE)[row] = trip->side;
    lf_frame_i64(frame, LFI_TRADES_LOTS)[row] = trip->entry_lots;
    lf_frame_f64(frame, LFI_TRADES_ENTRY_PRICE)[row] =
        lfi_price_of(units, trip->entry_nano, trip->entry_lots);
    lf_frame_f64(frame, LFI_TRADES_EXIT_PRICE)[row] =
        lfi_price_of(units, trip->exit_nano, trip->exit_lots);
    lf_frame_f64(frame, LFI_TRADES_GROSS)[row] = (double)gross_nano * 1e-9;
    lf_frame_f64(frame, LFI_TRADES_FEES)[row] = (double)trip->fees_nano * 1e-9;
    lf_frame_f64(frame, LFI_TRADES_NET)[row] = (double)(gross_nano - trip->fees_nano) * 1e-9;
    lf_frame_f64(frame, LFI_TRADES_BEST)[row] = best;
    lf_frame_f64(frame, LFI_TRADES_WORST)[row] = worst;
    return LF_OK;
}

static lf_status end_trip(
    lfi_book_keeper *keeper, const lfi_units *units, int64_t ts_ns, int exit_code, lf_error *error
)
{
    const char *const reason =
        exit_code == LF_EXIT_OPEN ? "open" : lf_reason_name((lf_reason)exit_code);
    if (append_trade(keeper, units, ts_ns, reason) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "No memory for the table of trades.");
    }
    keeper->counts.trade_count++;
    keeper->counts.exit_counts[exit_code]++;
    keeper->counts.in_position_ns += ts_ns - keeper->trip.entry_ns;
    keeper->trip = (lfi_trip){0};
    return LF_OK;
}

static void
open_trip(lfi_trip *trip, const lf_fill *fill, const lfi_sent *sent, int64_t lots, int64_t value)
{
    if (trip->side == 0) {
        *trip = (lfi_trip){
            .side = fill->side,
            .entry_ns = fill->ts_venue_ns,
            .mid2_low = fill->mid2_venue,
            .mid2_high = fill->mid2_venue,
            .rule = sent->rule,
        };
    }
    trip->entry_lots += lots;
    trip->entry_nano += value;
}

lf_status lfi_trip_fill(
    lfi_book_keeper *keeper,
    const lfi_units *units,
    const lf_fill *fill,
    const lfi_sent *sent,
    lf_error *error
)
{
    lfi_trip *const trip = &keeper->trip;
    const int64_t fees =
        fill->fees.commission_nano + fill->fees.exchange_nano + fill->fees.regulatory_nano;
    const int64_t held = trip->entry_lots - trip->exit_lots;
    const bool closes = trip->side == -fill->side;
    const int64_t closed = !closes ? 0 : fill->lots < held ? fill->lots : held;
    const int64_t closed_nano = share_of(fill->value_nano, closed, fill->lots);
    const int64_t closed_fees = share_of(fees, closed, fill->lots);
    if (closed > 0) {
        trip->exit_lots += closed;
        trip->exit_nano += closed_nano;
        trip->fees_nano += closed_fees;
        if (trip->exit_lots == trip->entry_lots) {
            const lf_status status =
                end_trip(keeper, units, fill->ts_venue_ns, (int)sent->cause, error);
            if (status != LF_OK) {
                return status;
            }
        }
    }
    if (fill->lots > closed) {
        open_trip(trip, fill, sent, fill->lots - closed, fill->value_nano - closed_nano);
        trip->fees_nano += fees - closed_fees;
    }
    return LF_OK;
}

lf_status lfi_trip_settle(
    lfi_book_keeper *keeper, const lfi_units *units, int64_t ts_ns, int64_t mid2, lf_error *error
)
{
    lfi_trip *const trip = &keeper->trip;
    if (trip->side == 0) {
        return LF_OK;
    }
    const int64_t lots = size_of(trip->entry_lots - trip->exit_lots);
    /* Twice the mid times the lots is rounded as lf_ledger_settle() does. */
    trip->exit_nano += (int64_t)((lfi_wide)mid2 * units->money_unit_nano * lots / 2);
    trip->exit_lots += lots;
    return end_trip(keeper, units, ts_ns, LF_EXIT_OPEN, error);
}
