// What was earned and what it cost: summary, P&L over time, days, costs, risk, variants.
"use strict";

function perTrade(value, pnl) {
  return isNumber(value) && pnl.trades > 0 ? value / pnl.trades : null;
}

function difference(a, b) {
  return isNumber(a) && isNumber(b) ? a - b : null;
}

/* ---- summary ---------------------------------------------------------------------------- */

function verdict({ pnl, costs }) {
  if (!(pnl.trades > 0)) return "There are no trades: nothing can be said about profit or loss.";
  const start =
    `${money(pnl.gross_at_mid)} at the mid, less ${money(pnl.spread_cost)} of spread and ${money(pnl.fees)} of fees, ` +
    `leaves ${money(pnl.net)} on ${count(pnl.trades)} round trips. `;
  if (!(pnl.gross > 0)) return `${start}Gross is not positive, so no schedule of fees makes this pay.`;
  return `${start}Fees of ${bps(pnl.break_even_bps_per_side)} a side would leave nothing; ${bps(costs.fees_bps_per_side)} were paid.`;
}

function headline(title, value, small, isLoss) {
  return el("div", {}, el("dt", {}, title), el("dd", { class: isLoss ? "loss" : null }, value), el("dd", { class: "small" }, small));
}

function headlines({ pnl, costs, execution, risk }) {
  const sharpe = pnl.sharpe?.intraday_net || {};
  const between = range(sharpe.annual_interval, (value) => fixed(value, 1));
  return el(
    "dl",
    { class: "headlines" },
    headline("Net P&L", money(pnl.net), pnl.trades > 0 ? `${money(pnl.net_per_trade)} a round trip` : "no round trips", pnl.net < 0),
    headline("Gross, after spread", money(pnl.gross), `${money(pnl.gross_at_mid)} at the mid`, pnl.gross < 0),
    headline("Costs", money(costs.total), `spread ${money(costs.spread)}, fees ${money(costs.fees)}`),
    headline("Break-even fee", bps(pnl.break_even_bps_per_side), isNumber(pnl.break_even_bps_per_side) ? `a side; paid ${bps(costs.fees_bps_per_side)}` : "no fills", pnl.break_even_bps_per_side < 0),
    headline("Round trips", count(pnl.trades), execution.orders > 0 ? `${percent(pnl.win_rate)} won net; ${count(execution.orders)} orders, ${percent(execution.fill_rate)} filled` : "no orders"),
    headline("Sharpe, net, a year", fixed(sharpe.annual, 2), between ? `95 %: ${between}` : "no interval: too little data", sharpe.annual < 0),
    headline("Largest drawdown", money(risk.max_drawdown), `days lost: ${count(risk.losing_days)} of ${count(risk.days)}`),
    headline("In the market", percent(risk.exposure), `${percent(risk.masked_share)} of the time masked`),
  );
}

function statement({ pnl, costs }) {
  const split = isNumber(costs.commission);
  const row = (name, value, side) => [name, signed(value), signed(perTrade(value, pnl), (v) => fixed(v, 4)), signed(side, (v) => fixed(v, 3))];
  const less = (value) => (isNumber(value) ? -value : null);
  const rows = [
    row("Gross at the mid", pnl.gross_at_mid, pnl.break_even_at_mid_bps_per_side),
    row("Spread paid", less(pnl.spread_cost), less(costs.spread_bps_per_side)),
    marked(row("Gross", pnl.gross, pnl.break_even_bps_per_side), "sum"),
    ...(split
      ? [row("Commission", less(costs.commission), null), row("Exchange and regulators", less(costs.exchange_and_regulatory), null)]
      : [row("Fees", less(pnl.fees), less(costs.fees_bps_per_side))]),
    marked(row("Net", pnl.net, difference(pnl.break_even_bps_per_side, costs.fees_bps_per_side)), "total"),
  ];
  return table("From the mid to the net", ["", "#Total", "#A round trip", "#bps a side"], rows);
}

function sharpes({ pnl }) {
  const all = pnl.sharpe || {};
  const two = (value) => fixed(value, 2);
  const names = [["daily_gross", "Days, gross"], ["daily_net", "Days, net"], ["intraday_gross", "Minutes, gross"], ["intraday_net", "Minutes, net"]];
  const rows = names.map(([key, label]) => {
    const one = all[key] || {};
    const between = range(one.annual_interval, (value) => fixed(value, 1));
    return { label, value: one.annual, interval: one.annual_interval, text: two(one.annual) + (between ? ` (${between})` : ""), strong: key.endsWith("net") };
  });
  const numbers = names.map(([key, label]) => {
    const one = all[key] || {};
    return [
      label,
      two(one.annual),
      rangeOr(one.annual_interval, two),
      count(one.periods),
      percent(one.psr),
      percent(one.deflated),
      two(one.deflated_benchmark_annual),
      count(one.min_track_record_periods),
      two(one.skewness),
      two(one.kurtosis),
    ];
  });
  const head = ["", "#A year", "#95 %", "#Periods", "#P(above 0)", "#Deflated", "#Best of no skill", "#Periods needed", "#Skewness", "#Kurtosis"];
  const trials = all.trials > 1 ? `the best of ${count(all.trials)} trials` : "1 trial";
  const doubts =
    `Whiskers: 95 %, bootstrap of days or of blocks of minutes. Deflated: confidence that the ratio is above what ${trials} without ` +
    `skill would show: ${percent(all.intraday_net?.deflated)} by minutes, ${percent(all.daily_net?.deflated)} by days.`;
  return el(
    "div",
    {},
    whiskers("Sharpe ratios a year with 95 % intervals", rows, 0, (value, digits) => fixed(value, digits ?? 1)),
    isNumber(all.intraday_net?.annual) ? note(doubts) : null,
    figures("Sharpe ratios", head, numbers),
  );
}

function warningBox(warnings) {
  if (!warnings.length) return el("p", { class: "calm" }, "No warnings. That is not a recommendation: see what this cannot show, below.");
  return el(
    "div",
    { class: "warnings", role: "region", "aria-label": "Warnings" },
    el("h3", {}, warnings.length === 1 ? "A warning" : `${count(warnings.length)} warnings`),
    el("ol", {}, ...warnings.map((text) => el("li", {}, text))),
  );
}

function summarySection({ metrics }) {
  section(
    "summary",
    "Summary",
    verdict(metrics),
    headlines(metrics),
    warningBox(metrics.warnings),
    columns(part("From the mid to the net", statement(metrics)), part("Sharpe ratios", sharpes(metrics))),
  );
}

/* ---- over time -------------------------------------------------------------------------- */

const VARIANT_LOOKS = [
  { color: "--line-1", dash: [2, 3] },
  { color: "--line-2", dash: [8, 4] },
  { color: "--line-3", dash: [8, 3, 2, 3] },
  { color: "--line-4", dash: [5, 2] },
  { color: "--line-5", dash: [12, 3] },
];

function readCurves(series) {
  const [main, ...others] = series.curves;
  // The run begins at nothing, one step before the first row ends.
  const read = (list, digits) => [0, ...undelta(list, digits)];
  const steps = (curve) => [-1, ...undelta(curve.step)];
  const fall = read(main.fall, main.digits).map((value) => 0 - value);
  const tables = [[steps(main), read(main.gross, main.digits), read(main.net, main.digits)]];
  for (const other of others) tables.push([steps(other), read(other.net, other.digits)]);
  const [step, ...lines] = tables.length > 1 ? uPlot.join(tables) : tables[0];
  return { equity: [step, ...lines.map((line) => withoutGaps(step, line))], fall: [steps(main), fall], others };
}

// Curves are thinned each in its own way; between two values a curve is where its line is drawn.
function withoutGaps(step, values) {
  const list = [...values];
  let last = -1;
  for (let i = 0; i < list.length; i++) {
    if (!isNumber(list[i])) continue;
    for (let k = last + 1; k < i; k++) {
      const share = last < 0 ? 1 : (step[k] - step[last]) / (step[i] - step[last]);
      list[k] = last < 0 ? list[i] : list[last] + share * (list[i] - list[last]);
    }
    last = i;
  }
  return list.fill(list[last] ?? 0, last + 1);
}

// Passive variants lie on each other: the chart of their distances from the most careful one.
function passiveChart(common, names, lines, equity) {
  const passive = names.map((name, i) => [name, equity[i + 1], lines[i]]).filter(([name]) => /^passive(_|$)/.test(name));
  const base = passive.find(([name]) => name === "passive_risk_averse") ?? passive.find(([name]) => name === "passive");
  const others = passive.filter((one) => one !== base);
  if (!base || !others.length) return null;
  const less = ([, values]) => values.map((value, i) => value - base[1][i]);
  const chart = new Chart(
    {
      ...common,
      label: `Passive entries, net less that of ${words(base[0])}`,
      height: 150,
      series: others.map(([name, , look]) => ({ ...look, label: `${name} less ${base[0]}`, width: 1.5 })),
    },
    [equity[0], ...others.map(less)],
  );
  return el("div", { class: "apart" }, note(`Passive entries lie close together. Here, their net less that of ${words(base[0])}:`), chart.node);
}

// Variants whose line is another one's.
function sameLines(others) {
  const same = (a, b) => a.digits === b.digits && JSON.stringify([a.step, a.net]) === JSON.stringify([b.step, b.net]);
  const pairs = others.map((other, i) => [other, others.slice(0, i).find((one) => same(one, other))]).filter(([, one]) => one);
  return pairs.length ? note(pairs.map(([other, one]) => `The line of ${words(other.name)} is that of ${words(one.name)}.`).join(" ")) : null;
}

function curvesSection(report) {
  const { series, clock } = report;
  const { equity, fall, others } = readCurves(series);
  const linked = new Linked("run");
  linked.setLimits(-1, Math.max(clock.end, 0));
  let mark = null;
  const digits = series.curves[0].digits > 4 ? series.curves[0].digits : 2;
  const starts = clock.days.slice(1).map((day) => day.step);
  const common = {
    linked,
    digits,
    zero: true,
    marks: (low, high, pixels) => clock.marks(low, high, pixels),
    at: (x) => clock.label(x),
    above: (u) => mark !== null && upright(u, mark, "--warn"),
    below: (u) => starts.length < 40 && starts.forEach((at) => upright(u, at - 0.5, "--rule")),
    click: (x) => report.showDay(clock.dayOfStep(x)),
  };
  const lines = others.slice(0, VARIANT_LOOKS.length).map((other, i) => ({ label: `${other.name}, net`, ...VARIANT_LOOKS[i], width: 1.5 }));
  const top = new Chart(
    {
      ...common,
      label: "P&L, gross and net",
      height: 330,
      series: [{ label: "gross", color: "--gross", dash: [6, 3], width: 1.5 }, { label: "net", color: "--net", width: 2 }, ...lines],
    },
    equity.slice(0, 3 + lines.length),
  );
  const bottom = new Chart(
    { ...common, label: "Drawdown of the net", height: 140, series: [{ label: "drawdown of the net", color: "--loss", fill: "--loss-wash" }] },
    fall,
  );
  report.markStep = (step) => {
    mark = step;
    linked.redraw();
  };
  section(
    "curve",
    "P&L over time",
    "Sessions are put end to end; nights and weekends take no room. Drag to zoom, double-click to see all, click to see that day below. The names under a chart hide and show its lines.",
    el("div", { class: "controls" }, zoomButtons(linked, "Whole run")),
    top.node,
    bottom.node,
    sameLines(others),
    passiveChart(common, ["", series.curves[0].name, ...others.map((other) => other.name)], [null, { color: "--net" }, ...lines], equity),
  );
}

/* ---- days, exits, rules ------------------------------------------------------------------ */

function groupTable(label, key, rows) {
  if (!rows?.length) return note("No round trips.");
  const head = [label, "#Trades", "#Won", "#Gross", "#Fees", "#Net", "#Net a trade"];
  const asMoney = moneyOf(rows.flatMap((row) => [row.gross, row.net]));
  return table(
    label,
    head,
    rows.map((row) => [words(row[key]), count(row.trades), percent(row.win_rate), signed(row.gross, asMoney), asMoney(row.fees), signed(row.net, asMoney), signed(row.net_per_trade, asMoney)]),
  );
}

function daysSection(report) {
  const { pnl } = report.metrics;
  const days = pnl.by_day || [];
  const show = (i) => report.showDay(i);
  const asMoney = moneyOf(days.flatMap((day) => [day.gross, day.net]));
  const rows = days.map((day, i) => [
    el("button", { type: "button", class: "link", click: () => show(i) }, day.date),
    signed(day.gross, asMoney),
    asMoney(day.fees),
    signed(day.net, asMoney),
    count(day.trades),
  ]);
  section(
    "days",
    "Days: Days, exits, rules",
    "Bars: net of each day. Short lines: its gross. Click a bar to see the day.",
    dayBars("Net P&L by day", days, show),
    figures("P&L by day", ["Day", "#Gross", "#Fees", "#Net", "#Trades"], rows),
    el(
      "div",
      { class: "columns wide" },
      part("Why positions ended", groupTable("Exit", "exit_reason", pnl.by_exit_reason)),
      part("By rule", groupTable("Rule", "rule", pnl.by_rule)),
    ),
  );
}

/* ---- where the net came from ------------------------------------------------------------ */

const NET_PARTS = ["held", "spread", "latency", "fees", "net"];

function partsTable(label, key, rows, all) {
  const asMoney = moneyOf([...rows, all].flatMap((row) => NET_PARTS.map((name) => row[name])));
  const line = (name, row) => [name, count(row.trades), ...NET_PARTS.map((part) => signed(row[part], asMoney))];
  return table(
    label,
    [label, "#Trades", "#Move held", "#Spread", "#Latency", "#Fees", "#Net"],
    [...rows.map((row) => line(words(row[key]), row)), marked(line("All", all), "total")],
  );
}

function fillsTable({ by_liquidity: rows }) {
  const parts = ["spread", "latency", "fees"];
  const asMoney = moneyOf(rows.flatMap((row) => parts.map((part) => row[part])));
  return table(
    "Fill",
    ["Fill", "#Fills", "#Spread", "#Latency", "#Fees"],
    rows.map((row) => [words(row.liquidity), count(row.fills), ...parts.map((part) => signed(row[part], asMoney))]),
  );
}

function sourcesSection({ metrics }) {
  const from = metrics.pnl.attribution;
  const text =
    "Move held: the mid when the way in was decided to the mid when the way out was. Latency: the move of the mid from a decision to its fill, the wait of a resting order included. " +
    "Spread: price of the fill against the mid at that time. Positive is earned; the four add up to the net.";
  if (!from?.by_exit_reason?.length) {
    section("sources", "Sources: Where the net came from", text, note("No round trips."));
    return;
  }
  section(
    "sources",
    "Sources: Where the net came from",
    text,
    el(
      "div",
      { class: "columns wide" },
      part("By why positions ended", partsTable("Exit", "exit_reason", from.by_exit_reason, from)),
      part("By how positions began", partsTable("Entry", "liquidity", from.by_entry, from)),
      part("What each kind of fill cost", fillsTable(from)),
    ),
    from.rest === 0 ? null : note(`The fills do not explain ${money(from.rest)} of the net: the tables are not complete.`),
  );
}

/* ---- costs, risk, variants --------------------------------------------------------------- */

function costTable({ costs }) {
  const row = (name, total, share, side) => [name, signed(total), fixed(share, 5), fixed(side, 3)];
  const rows = [
    row("Spread", costs.spread, costs.spread_per_share, costs.spread_bps_per_side),
    row("Fees", costs.fees, costs.fees_per_share, costs.fees_bps_per_side),
    ...(isNumber(costs.commission)
      ? [
          marked(row("of which commission", costs.commission, null, null), "inner"),
          marked(row("of which exchange and regulators", costs.exchange_and_regulatory, null, null), "inner"),
        ]
      : []),
    marked(row("All", costs.total, costs.total_per_share, costs.total_bps_per_side), "total"),
  ];
  return table("Costs", ["", "#Total", "#A share", "#bps a side"], rows);
}

function breakEven({ pnl, costs }) {
  const rows = [
    ["Fees that leave nothing", bps(pnl.break_even_bps_per_side), fixed(pnl.break_even_per_share, 5)],
    ["Fees paid", bps(costs.fees_bps_per_side), fixed(costs.fees_per_share, 5)],
    ["Spread and fees that leave nothing", bps(pnl.break_even_at_mid_bps_per_side), DASH],
    ["Spread and fees paid", bps(costs.total_bps_per_side), fixed(costs.total_per_share, 5)],
  ];
  return table("What cost would end it", ["", "#A side", "#A share"], rows);
}

// What a larger size would leave, by the square-root law.
function capacityPart({ pnl }) {
  const c = pnl.capacity;
  if (!isNumber(c?.order_lots)) return null;
  const { marketable, passive } = c.depth;
  const met = (kind) => (isNumber(kind.size_to_depth) ? `${fixed(kind.size_to_depth, 3)} of ${count(kind.depth_lots)} lots` : DASH);
  const rows = [
    ["Lots an order", fixed(c.order_lots, c.order_lots < 10 ? 1 : 0)],
    ["Our share of the market's lots", percent(c.market_share, 3)],
    ["Size of the depth met, orders that take", met(marketable)],
    ["Size of the depth met, orders that wait", met(passive)],
    ["Orders larger than the depth they took from", percent(marketable.larger_share)],
    ["Lots of the market in a session", count(c.daily_volume_lots)],
    ["Volatility of a session", bps(c.daily_volatility_bps)],
    ["Edge a side, before impact", bps(c.edge_bps_per_side)],
    ["Impact eats it at, lots an order", count(c.zero_lots)],
    ["Most is left at, lots an order", count(c.best_lots)],
    ["Net there", money(c.best_net)],
  ];
  const sizes = c.sizes.map((row) => [
    `${row.times}×`,
    fixed(row.order_lots, row.order_lots < 10 ? 1 : 0),
    percent(row.market_share, 2),
    fixed(row.impact_bps_per_side, 3),
    signed(row.net),
  ]);
  const known = isNumber(c.zero_lots);
  return el(
    "div",
    { id: "capacity", class: "columns" },
    part("How much could be traded", facts("Capacity", rows)),
    part(
      "Larger orders, by the square-root law",
      known ? table("Capacity by size", ["Size", "#Lots an order", "#Of the market", "#Impact, bps a side", "#Net"], sizes) : note("The market's volume is not known."),
      note(
        `Impact is ${fixed(c.impact_factor, 1)} × volatility × √(lots of the order / lots of a session). The edge is taken to stay what it was; that all orders are filled as now is hopeful.`,
      ),
    ),
  );
}

function costsSection({ metrics }) {
  section(
    "costs",
    "Costs: Costs and capacity",
    metrics.costs.fees_name ? `Schedule of fees: ${metrics.costs.fees_name}. A negative cost is earned.` : "A negative cost is earned.",
    columns(part("What was paid", costTable(metrics)), part("What cost would end it", breakEven(metrics))),
    capacityPart(metrics),
  );
}

// How much of the result many trials, or a choice among the variants, would explain.
function luck({ pnl, risk }) {
  const sharpe = pnl.sharpe || {};
  const choice = risk.overfitting || {};
  const spread = sharpe.trial_variance_annual;
  const rows = [
    ["Configurations tried", count(sharpe.trials)],
    ["Sharpe ratios of the trials, standard deviation a year", isNumber(spread) ? fixed(Math.sqrt(spread), 2) : "not known"],
    ["Best of so many without skill, by minutes, a year", fixed(sharpe.intraday_net?.deflated_benchmark_annual, 2)],
    ["Deflated Sharpe ratio, net, by minutes", percent(sharpe.intraday_net?.deflated)],
    ["by days", percent(sharpe.daily_net?.deflated)],
    ["Years below which the best of no skill shows a ratio of 1", fixed(sharpe.min_backtest_years, 2)],
    [`Overfitting (PBO) among ${count(choice.variants)} variants`, percent(choice.probability)],
    ["The variant picked loses in the other half of the time", percent(choice.loss_probability)],
  ];
  const text =
    "Deflated: confidence that the ratio is above the best of so many tries without skill. Overfitting: the days are cut into blocks; how often the variant that is best " +
    "in half of them is below the middle in the others. One half is what no skill at all gives, and above 5 % the choice of the variant is not to be believed.";
  return el("div", {}, facts("Chance and choice", rows), note(text));
}

function riskSection({ metrics, clock }) {
  const { risk, pnl, meta } = metrics;
  const time = (text) => (text ? clock.text(Date.parse(text.replace(/\.\d+Z$/, "Z"))) : DASH);
  const left = [
    ["Largest drawdown of the net", money(risk.max_drawdown)],
    ["from", time(risk.max_drawdown_from)],
    ["to", time(risk.max_drawdown_to)],
    ["Losing days", `${count(risk.losing_days)} of ${count(risk.days)}`],
    ["Worst day", `${risk.worst_day || DASH}: ${money(risk.worst_day_net)}`],
    ["Time with a position", percent(risk.exposure)],
    ["Mean holding", isNumber(pnl.mean_hold_seconds) ? duration(Math.round(pnl.mean_hold_seconds * 10) * 1e8) : DASH],
  ];
  const right = [
    ["Traded value, both sides", count(pnl.traded_value)],
    ["Turnover a day, of starting cash", isNumber(pnl.turnover_per_day) ? `${fixed(pnl.turnover_per_day, 2)} times` : DASH],
    ["Starting cash", count(meta.starting_cash)],
    ["Time without a valid book (masked)", percent(risk.masked_share, 2)],
    ["Days stopped by the loss limit", count(risk.loss_stop_days)],
    ["Days that ended with a position", count(risk.unflat_days)],
    ["Times the ledger was checked and balanced", count(risk.ledger_checks)],
  ];
  section("risk", "Risk", null, columns(facts("Risk", left), facts("Turnover and checks", right)), part("Chance and choice", luck(metrics)));
}

function variantsSection({ metrics }) {
  const head = ["Strategy", "#Orders", "#Filled", "#Trades", "#At the mid", "#Gross", "#Fees", "#Net", "#Net a trade", "#Drawdown", "#Break-even, bps", "#Won"];
  const rows = metrics.variants.map((v, i) => {
    const row = [
      words(v.name) + (i === 0 ? " (this report)" : ""),
      count(v.orders),
      percent(v.fill_rate),
      count(v.trades),
      signed(v.gross_at_mid),
      signed(v.gross),
      money(v.fees),
      signed(v.net),
      signed(v.net_per_trade),
      money(v.max_drawdown),
      signed(v.break_even_bps_per_side, (value) => fixed(value, 3)),
      percent(v.win_rate),
    ];
    return i === 0 ? marked(row, "strong") : row;
  });
  section(
    "variants",
    "Variants",
    "The same forecasts traded in other ways: orders that take or wait, and entries only where the expected move exceeds the cost (gated).",
    table("Variants side by side", head, rows),
  );
}
