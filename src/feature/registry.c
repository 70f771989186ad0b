/* The registry: one entry per feature, in the order of a row. docs and model folders follow it. */
#include "feature_internal.h"

/* A feature without a partner. */
#define NONE (-1)

/* The integrated OFI of one window: the four differ in nothing else. */
#define FITTED_OFI(window, text, length_ns) \
    { \
        .name = "ofi_integrated_" window, .group = "fitted", .unit = "-", \
        .formula = "sum_m w_m (sum of e_m over " text ") / Q, w: first principal vector", \
        .source = "Cont, Cucuringu, Zhang (2023), Quantitative Finance 23(10)", \
        .warmup_ns = (length_ns), .mirror = LF_MIRROR_ODD, .partner = NONE, .is_fitted = true, \
    }

static const lf_feature_info registry[] = {
    [LFI_OFI_1S] =
        {
            .name = "ofi_1s",
            .group = "ofi",
            .unit = "lots",
            .formula = "sum of e_1 over 1 s",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_integer = true,
        },
    [LFI_OFI_10S] =
        {
            .name = "ofi_10s",
            .group = "ofi",
            .unit = "lots",
            .formula = "sum of e_1 over 10 s",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_integer = true,
        },
    [LFI_OFI_1MIN] =
        {
            .name = "ofi_1min",
            .group = "ofi",
            .unit = "lots",
            .formula = "sum of e_1 over 1 min",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_integer = true,
        },
    [LFI_OFI_5MIN] =
        {
            .name = "ofi_5min",
            .group = "ofi",
            .unit = "lots",
            .formula = "sum of e_1 over 5 min",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_integer = true,
        },
    [LFI_OFI_NORM_1MIN] =
        {
            .name = "ofi_norm_1min",
            .group = "ofi",
            .unit = "-",
            .formula = "ofi_1min / Q_1min",
            .source = "Cont, Cucuringu, Zhang (2023), Quantitative Finance 23(10)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_OFI_MULTI_1MIN] =
        {
            .name = "ofi_multi_1min",
            .group = "ofi",
            .unit = "-",
            .formula = "(1/M) sum_m (sum of e_m over 1 min) / Q_1min",
            .source = "Xu, Gould, Howison (2019), Market Microstructure and Liquidity 4(3-4)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_OFI_MULTI_5MIN] =
        {
            .name = "ofi_multi_5min",
            .group = "ofi",
            .unit = "-",
            .formula = "(1/M) sum_m (sum of e_m over 5 min) / Q_5min",
            .source = "Xu, Gould, Howison (2019), Market Microstructure and Liquidity 4(3-4)",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_OFI_BID_1MIN] =
        {
            .name = "ofi_bid_1min",
            .group = "ofi",
            .unit = "-",
            .formula = "sum of dW_1 over 1 min / Q_1min",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_OFI_ASK_1MIN,
        },
    [LFI_OFI_ASK_1MIN] =
        {
            .name = "ofi_ask_1min",
            .group = "ofi",
            .unit = "-",
            .formula = "sum of dV_1 over 1 min / Q_1min",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_OFI_BID_1MIN,
        },
    [LFI_OFI_ACCEL_1MIN] =
        {
            .name = "ofi_accel_1min",
            .group = "ofi",
            .unit = "-",
            .formula = "(6 ofi_10s - ofi_1min) / Q_1min",
            .source = "docs/modules/feature.md",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_VOLUME_IMBALANCE] =
        {
            .name = "volume_imbalance",
            .group = "depth",
            .unit = "-",
            .formula = "(sum B - sum A) / (sum B + sum A), all M levels",
            .source = "Cartea, Donnelly, Jaimungal (2018), Applied Mathematical Finance 25(1)",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_DEPTH_IMBALANCE_L1] =
        {
            .name = "depth_imbalance_l1",
            .group = "depth",
            .unit = "-",
            .formula = "(B_1 - A_1) / (B_1 + A_1)",
            .source = "Cartea, Donnelly, Jaimungal (2018), Applied Mathematical Finance 25(1)",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_DEPTH_IMBALANCE_L3] =
        {
            .name = "depth_imbalance_l3",
            .group = "depth",
            .unit = "-",
            .formula = "the same over the first 3 levels",
            .source = "Cartea, Donnelly, Jaimungal (2018), Applied Mathematical Finance 25(1)",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_DEPTH_IMBALANCE_L5] =
        {
            .name = "depth_imbalance_l5",
            .group = "depth",
            .unit = "-",
            .formula = "the same over the first 5 levels",
            .source = "Cartea, Donnelly, Jaimungal (2018), Applied Mathematical Finance 25(1)",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_DEPTH_IMBALANCE_CHANGE_10S] =
        {
            .name = "depth_imbalance_change_10s",
            .group = "depth",
            .unit = "-",
            .formula = "depth_imbalance_l5(t) - depth_imbalance_l5(t - 10 s)",
            .source = "docs/modules/feature.md",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
        },
    [LFI_SPREAD_BPS] =
        {
            .name = "spread_bps",
            .group = "depth",
            .unit = "bps",
            .formula = "1e4 (a_1 - b_1) / mid",
            .source = "Huang, Stoll (1996), J. Financial Economics 41(3)",
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_SPREAD_Z_SCORE] =
        {
            .name = "spread_z_score",
            .group = "depth",
            .unit = "-",
            .formula = "(spread - mean) / sd, time-weighted over 5 min; 0 if sd = 0",
            .source = "docs/modules/feature.md",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_TOTAL_DEPTH] =
        {
            .name = "total_depth",
            .group = "depth",
            .unit = "lots",
            .formula = "sum B + sum A",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
            .is_integer = true,
        },
    [LFI_DEPTH_RATIO] =
        {
            .name = "depth_ratio",
            .group = "depth",
            .unit = "-",
            .formula = "sum B / sum A",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_INVERSE,
            .partner = NONE,
        },
    [LFI_DEPTH_CHANGE_1MIN] =
        {
            .name = "depth_change_1min",
            .group = "depth",
            .unit = "-",
            .formula = "total_depth / its time-weighted mean over 1 min - 1",
            .source = "docs/modules/feature.md",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_BUY_VOLUME_1MIN] =
        {
            .name = "buy_volume_1min",
            .group = "trade",
            .unit = "lots",
            .formula = "sum of v with s = +1 over 1 min",
            .source = "Lee, Ready (1991), J. Finance 46(2)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_SELL_VOLUME_1MIN,
            .is_integer = true,
        },
    [LFI_SELL_VOLUME_1MIN] =
        {
            .name = "sell_volume_1min",
            .group = "trade",
            .unit = "lots",
            .formula = "sum of v with s = -1 over 1 min",
            .source = "Lee, Ready (1991), J. Finance 46(2)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_BUY_VOLUME_1MIN,
            .is_integer = true,
        },
    [LFI_TRADE_IMBALANCE] =
        {
            .name = "trade_imbalance",
            .group = "trade",
            .unit = "-",
            .formula = "(buy - sell) / (buy + sell) over 1 min; 0 without signed trades",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_TRADE_IMBALANCE_10S] =
        {
            .name = "trade_imbalance_10s",
            .group = "trade",
            .unit = "-",
            .formula = "(buy - sell) / (buy + sell) over 10 s; 0 without signed trades",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_TRADE_IMBALANCE_5MIN] =
        {
            .name = "trade_imbalance_5min",
            .group = "trade",
            .unit = "-",
            .formula = "(buy - sell) / (buy + sell) over 5 min; 0 without signed trades",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_TRADE_COUNT_1MIN] =
        {
            .name = "trade_count_1min",
            .group = "trade",
            .unit = "-",
            .formula = "prints that start in 1 min",
            .source = "docs/modules/feature.md",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
            .is_integer = true,
        },
    [LFI_AVG_TRADE_SIZE_5MIN] =
        {
            .name = "avg_trade_size_5min",
            .group = "trade",
            .unit = "lots",
            .formula = "volume of the prints of 5 min / their number",
            .source = "docs/modules/feature.md",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_LARGE_TRADE_INDICATOR] =
        {
            .name = "large_trade_indicator",
            .group = "trade",
            .unit = "0/1",
            .formula = "1 if a large print starts in 10 s",
            .source = "docs/modules/feature.md",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
            .is_integer = true,
        },
    [LFI_LARGE_TRADE_IMBALANCE_1MIN] =
        {
            .name = "large_trade_imbalance_1min",
            .group = "trade",
            .unit = "-",
            .formula = "sum of s * size of large prints / size of all prints, 1 min",
            .source = "docs/modules/feature.md",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
        },
    [LFI_VPIN] =
        {
            .name = "vpin",
            .group = "trade",
            .unit = "[0, 1]",
            .formula = "mean of abs(buy - sell) / V over the last 50 full buckets",
            .source = "Easley, Lopez de Prado, O'Hara (2012), Review of Financial Studies 25(5)",
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_BID_SLOPE] =
        {
            .name = "bid_slope",
            .group = "shape",
            .unit = "ticks per 100 lots",
            .formula = "100 (b_1 - b_M) / sum B",
            .source = "Naes, Skjeltorp (2006), J. Financial Markets 9(4)",
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_ASK_SLOPE,
        },
    [LFI_ASK_SLOPE] =
        {
            .name = "ask_slope",
            .group = "shape",
            .unit = "ticks per 100 lots",
            .formula = "100 (a_M - a_1) / sum A",
            .source = "Naes, Skjeltorp (2006), J. Financial Markets 9(4)",
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_BID_SLOPE,
        },
    [LFI_SLOPE_IMBALANCE] =
        {
            .name = "slope_imbalance",
            .group = "shape",
            .unit = "-",
            .formula = "(ask_slope - bid_slope) / (ask_slope + bid_slope)",
            .source = "Naes, Skjeltorp (2006), J. Financial Markets 9(4)",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
        },
    [LFI_MICROPRICE_OFFSET_BPS] =
        {
            .name = "microprice_offset_bps",
            .group = "shape",
            .unit = "bps",
            .formula = "1e4 (P - mid) / mid, P = sum (B a + A b) / sum (B + A), 5 levels",
            .source = "Stoikov (2018), Quantitative Finance 18(12)",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_BOOK_PRESSURE] =
        {
            .name = "book_pressure",
            .group = "shape",
            .unit = "-",
            .formula = "(x - y) / (x + y), x = sum B / (mid - b), y = sum A / (a - mid)",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_BID_CONCENTRATION] =
        {
            .name = "bid_concentration",
            .group = "shape",
            .unit = "-",
            .formula = "B_1 / sum B",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_ASK_CONCENTRATION,
        },
    [LFI_ASK_CONCENTRATION] =
        {
            .name = "ask_concentration",
            .group = "shape",
            .unit = "-",
            .formula = "A_1 / sum A",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_BID_CONCENTRATION,
        },
    [LFI_RESILIENCE] =
        {
            .name = "resilience",
            .group = "shape",
            .unit = "[0, 1]",
            .formula = "mean share of depth back 5 s after a large print, over 5 min",
            .source = "Large (2007), J. Financial Markets 10(1)",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_MOMENTUM_10S] =
        {
            .name = "momentum_10s",
            .group = "price",
            .unit = "bps",
            .formula = "1e4 ln(mid(t) / mid(t - 10 s))",
            .source = "docs/modules/feature.md",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_PRICE_MOMENTUM_1MIN] =
        {
            .name = "price_momentum_1min",
            .group = "price",
            .unit = "bps",
            .formula = "1e4 ln(mid(t) / mid(t - 1 min))",
            .source = "docs/modules/feature.md",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_PRICE_MOMENTUM_5MIN] =
        {
            .name = "price_momentum_5min",
            .group = "price",
            .unit = "bps",
            .formula = "1e4 ln(mid(t) / mid(t - 5 min))",
            .source = "docs/modules/feature.md",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
        },
    [LFI_VOLATILITY_1MIN] =
        {
            .name = "volatility_1min",
            .group = "price",
            .unit = "bps",
            .formula = "1e4 sqrt(sum of squared log returns of mid over 1 min)",
            .source = "Andersen, Bollerslev, Diebold, Labys (2003), Econometrica 71(2)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_VOLATILITY_5MIN] =
        {
            .name = "volatility_5min",
            .group = "price",
            .unit = "bps",
            .formula = "1e4 sqrt(sum of squared log returns of mid over 5 min)",
            .source = "Andersen, Bollerslev, Diebold, Labys (2003), Econometrica 71(2)",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_VWAP_DISTANCE] =
        {
            .name = "vwap_distance",
            .group = "price",
            .unit = "bps",
            .formula = "1e4 (mid - vwap) / mid, vwap of the session so far",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
        },
    [LFI_EFFICIENCY_5MIN] =
        {
            .name = "efficiency_5min",
            .group = "price",
            .unit = "[0, 1]",
            .formula = "abs(mid(t) - mid(t - 5 min)) / path length of mid",
            .source = "Kaufman (1995), Smarter Trading",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_SESSION_FRACTION] =
        {
            .name = "session_fraction",
            .group = "time",
            .unit = "[0, 1]",
            .formula = "(t - session start) / session length",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_EVENT_RATE_10S] =
        {
            .name = "event_rate_10s",
            .group = "time",
            .unit = "1/s",
            .formula = "events in 10 s / 10",
            .source = "docs/modules/feature.md",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_EVENT_BURST_10S] =
        {
            .name = "event_burst_10s",
            .group = "time",
            .unit = "-",
            .formula = "30 * events in 10 s / events in 5 min; 0 if none",
            .source = "docs/modules/feature.md",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_SECONDS_SINCE_TRADE] =
        {
            .name = "seconds_since_trade",
            .group = "time",
            .unit = "s",
            .formula = "t - time of the last trade of the session",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_SECONDS_SINCE_MID_CHANGE] =
        {
            .name = "seconds_since_mid_change",
            .group = "time",
            .unit = "s",
            .formula = "t - time of the last event of the session that moved mid",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_KYLE_LAMBDA_5MIN] =
        {
            .name = "kyle_lambda_5min",
            .group = "impact",
            .unit = "ticks per lot",
            .formula = "OLS slope of change of mid on signed volume, 30 bars of 10 s",
            .source = "Kyle (1985), Econometrica 53(6)",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_AMIHUD_5MIN] =
        {
            .name = "amihud_5min",
            .group = "impact",
            .unit = "bps per million",
            .formula = "mean of abs(return) / traded value over 30 bars of 10 s",
            .source = "Amihud (2002), J. Financial Markets 5(1)",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_ROLL_SPREAD_5MIN] =
        {
            .name = "roll_spread_5min",
            .group = "impact",
            .unit = "ticks",
            .formula = "2 sqrt(max(0, -c)), c = mean product of successive price changes",
            .source = "Roll (1984), J. Finance 39(4)",
            .warmup_ns = 5 * LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_EFFECTIVE_SPREAD_1MIN] =
        {
            .name = "effective_spread_1min",
            .group = "impact",
            .unit = "bps",
            .formula = "volume-weighted mean of 2 s (p - mid') / mid' * 1e4, 1 min",
            .source = "Huang, Stoll (1996), J. Financial Economics 41(3)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_REALIZED_SPREAD_1MIN] =
        {
            .name = "realized_spread_1min",
            .group = "impact",
            .unit = "bps",
            .formula = "volume-weighted mean of 2 s (p - mid(u + 5 s)) / mid' * 1e4",
            .source = "Huang, Stoll (1996), J. Financial Economics 41(3)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_PRICE_IMPACT_1MIN] =
        {
            .name = "price_impact_1min",
            .group = "impact",
            .unit = "bps",
            .formula = "volume-weighted mean of 2 s (mid(u + 5 s) - mid') / mid' * 1e4",
            .source = "Huang, Stoll (1996), J. Financial Economics 41(3)",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_TRADE_SIGN_EWMA] =
        {
            .name = "trade_sign_ewma",
            .group = "impact",
            .unit = "[-1, 1]",
            .formula = "y <- y + 0.1 (s - y) at the start of each print",
            .source = "docs/modules/feature.md",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_scale_free = true,
        },
    [LFI_DEPLETION_BID_10S] =
        {
            .name = "depletion_bid_10s",
            .group = "queue",
            .unit = "-",
            .formula = "sum of max(0, -dW_1) over 10 s / Q_10s",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_DEPLETION_ASK_10S,
        },
    [LFI_DEPLETION_ASK_10S] =
        {
            .name = "depletion_ask_10s",
            .group = "queue",
            .unit = "-",
            .formula = "sum of max(0, -dV_1) over 10 s / Q_10s",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_DEPLETION_BID_10S,
        },
    [LFI_REPLENISH_BID_10S] =
        {
            .name = "replenish_bid_10s",
            .group = "queue",
            .unit = "-",
            .formula = "sum of max(0, dW_1) over 10 s / Q_10s",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_REPLENISH_ASK_10S,
        },
    [LFI_REPLENISH_ASK_10S] =
        {
            .name = "replenish_ask_10s",
            .group = "queue",
            .unit = "-",
            .formula = "sum of max(0, dV_1) over 10 s / Q_10s",
            .source = "Cont, Kukanov, Stoikov (2014), J. Financial Econometrics 12(1)",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_SWAP,
            .partner = LFI_REPLENISH_BID_10S,
        },
    [LFI_MID_CHANGES_10S] =
        {
            .name = "mid_changes_10s",
            .group = "queue",
            .unit = "-",
            .formula = "events in 10 s that moved mid",
            .source = "docs/modules/feature.md",
            .warmup_ns = 10 * LF_NS_PER_SECOND,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
            .is_integer = true,
        },
    [LFI_MID_REVERSAL_1MIN] =
        {
            .name = "mid_reversal_1min",
            .group = "queue",
            .unit = "[0, 1]",
            .formula = "share of the moves of mid in 1 min against the move before",
            .source = "docs/modules/feature.md",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_ONE_TICK_SHARE_1MIN] =
        {
            .name = "one_tick_share_1min",
            .group = "queue",
            .unit = "[0, 1]",
            .formula = "share of the time in 1 min with a_1 - b_1 = 1 tick",
            .source = "docs/modules/feature.md",
            .warmup_ns = LF_NS_PER_MINUTE,
            .mirror = LF_MIRROR_EVEN,
            .partner = NONE,
        },
    [LFI_OFI_INTEGRATED_1S] = FITTED_OFI("1s", "1 s", LF_NS_PER_SECOND),
    [LFI_OFI_INTEGRATED_10S] = FITTED_OFI("10s", "10 s", 10 * LF_NS_PER_SECOND),
    [LFI_OFI_INTEGRATED_1MIN] = FITTED_OFI("1min", "1 min", LF_NS_PER_MINUTE),
    [LFI_OFI_INTEGRATED_5MIN] = FITTED_OFI("5min", "5 min", 5 * LF_NS_PER_MINUTE),
    [LFI_MICROPRICE_OFFSET_TICKS] =
        {
            .name = "microprice_offset_ticks",
            .group = "fitted",
            .unit = "ticks",
            .formula = "expected change of mid, by imbalance of the best sizes and spread",
            .source = "Stoikov (2018), Quantitative Finance 18(12)",
            .mirror = LF_MIRROR_ODD,
            .partner = NONE,
            .is_fitted = true,
        },
};

static_assert(
    sizeof registry / sizeof registry[0] == LFI_FEATURE_COUNT_ALL, "every feature has its entry"
);

size_t lf_feature_count(void)
{
    return LFI_FEATURE_COUNT;
}

size_t lf_feature_count_all(void)
{
    return LFI_FEATURE_COUNT_ALL;
}

bool lf_feature_is_fitted(size_t index)
{
    return index >= LFI_FEATURE_COUNT && index < LFI_FEATURE_COUNT_ALL;
}

const lf_feature_info *lf_feature_at(size_t index)
{
    assert(index < LFI_FEATURE_COUNT_ALL);
    return &registry[index];
}
