// The page of the latency surface: net by delay for each leg, and what delays do to orders.
"use strict";

const surface = JSON.parse(document.getElementById("surface").textContent);
const LEGS = ["feed", "decision", "entry", "cancel", "response", "all"];
const MEANING = {
  feed: "the market's news to us",
  decision: "features and prediction",
  entry: "a new order to the venue",
  cancel: "a cancel to the venue",
  response: "the venue's answer to us",
  all: "all five at once",
};

// Cells of a way to enter and a leg by ascending delay; the one without delay belongs to each.
function cellsOf(entry, leg) {
  return surface.cells
    .filter((each) => each.entry === entry && (each.leg === leg || each.latency_ns === 0))
    .sort((a, b) => a.latency_ns - b.latency_ns);
}

function delayName(ns) {
  return ns === 0 ? "0" : duration(ns);
}

/* ---- drawings --------------------------------------------------------------------------- */

/*
 * Lines over delays, which stand at equal distances. `lines`: {name, leg, values, hints}; `band`:
 * intervals of the last line, or null.
 */
function delayLines(label, delays, lines, band, unit) {
  return drawing(label, (svg, width) => {
    const [left, right, top, bottom] = [62, width - 76, 12, 240];
    const inBand = band ? band.flat() : [];
    const [low, high] = bounds([0, ...lines.flatMap((line) => line.values), ...inBand], 0.06);
    const y = scale(low, high, bottom, top);
    const list = ticks(low, high, 5);
    const digits = tickDigits(list);
    leftAxis(svg, list, y, left, right, (value) => fixed(value, digits));
    svg.append(shape("line", { x1: left, x2: right, y1: y(0), y2: y(0), class: "zero" }));
    const x = scale(0, Math.max(1, delays.length - 1), left + 14, right - 10);
    const every = Math.ceil((56 * delays.length) / (right - left));
    delays.forEach((ns, i) => {
      if (i % every === 0) svg.append(shape("text", { x: x(i), y: bottom + 16, class: "middle" }, delayName(ns)));
    });
    if (band && band.every((pair) => pair.every(isNumber))) {
      const there = band.map((pair, i) => `${x(i).toFixed(1)},${y(pair[1]).toFixed(1)}`);
      const back = band.map((pair, i) => `${x(i).toFixed(1)},${y(pair[0]).toFixed(1)}`).reverse();
      svg.append(shape("polygon", { points: [...there, ...back].join(" "), class: "band" }));
    }
    const names = [];
    for (const line of lines) {
      const spots = line.values.map((value, i) => [x(i), y(value), value, i]).filter((spot) => isNumber(spot[2]));
      if (spots.length === 0) continue;
      const group = shape("g", { class: `curve leg-${LEGS.indexOf(line.leg)} ${line.leg}` });
      group.append(shape("polyline", { points: spots.map((spot) => `${spot[0].toFixed(1)},${spot[1].toFixed(1)}`).join(" ") }));
      for (const spot of spots) {
        group.append(hint(shape("circle", { cx: spot[0], cy: spot[1], r: line.leg === "all" ? 4 : 3 }), line.hints[spot[3]]));
      }
      names.push({ at: spots.at(-1)[1], name: line.name, group });
      svg.append(group);
    }
    names.sort((a, b) => a.at - b.at);
    names.forEach((entry, i) => {
      if (i > 0) entry.at = Math.max(entry.at, names[i - 1].at + 14);
    });
    const over = names.length ? Math.max(0, names.at(-1).at - bottom) : 0;
    for (const entry of names) {
      entry.group.append(shape("text", { x: right - 2, y: entry.at - over + 4 }, entry.name));
    }
    svg.append(shape("text", { x: left + 6, y: top + 4, class: "soft" }, unit));
    return bottom + 24;
  });
}

function netDrawing(entry) {
  const delays = cellsOf(entry, "all").map((each) => each.latency_ns);
  const lines = LEGS.map((leg) => {
    const cells = cellsOf(entry, leg);
    return {
      name: leg,
      leg,
      values: cells.map((each) => each.net),
      hints: cells.map((each) => `${leg}, ${delayName(each.latency_ns)}: net ${money(each.net)}, gross ${money(each.gross)}, ${count(each.round_trips)} round trips`),
    };
  });
  const band = cellsOf(entry, "all").map((each) => each.net_interval);
  return delayLines(`Net by delay, ${entry}`, delays, lines, band, `net, ${surface.currency}`);
}

function shareDrawing(entry) {
  const cells = cellsOf(entry, "all");
  const line = {
    name: "filled",
    leg: "all",
    values: cells.map((each) => (isNumber(each.fill_rate) ? 100 * each.fill_rate : null)),
    hints: cells.map((each) => `${delayName(each.latency_ns)}: ${percent(each.fill_rate)} of the lots of entries filled`),
  };
  return delayLines(`Filled lots of entries, ${entry}`, cells.map((each) => each.latency_ns), [line], null, "per cent");
}

function slippageDrawing(entry) {
  const cells = cellsOf(entry, "all");
  const lines = [
    { name: "slippage", leg: "all", key: "slippage_bps" },
    { name: "adverse", leg: "decision", key: "adverse_bps" },
  ].map((line) => ({
    ...line,
    values: cells.map((each) => each[line.key]),
    hints: cells.map((each) => `${delayName(each.latency_ns)}: ${bps(each[line.key])}`),
  }));
  return delayLines(`Slippage and adverse selection, ${entry}`, cells.map((each) => each.latency_ns), lines, null, "bps");
}

/* ---- sections --------------------------------------------------------------------------- */

function breakEven(summary, leg) {
  const point = summary.break_even[leg];
  return isNumber(point.ns) ? duration(point.ns) : `none: ${point.why}`;
}

function summarySection() {
  const boxes = surface.summary.map((summary) => {
    const best = cellsOf(summary.entry, "all")[0];
    return part(
      words(summary.entry),
      facts(`Summary, ${summary.entry}`, [
        ["Gross without delay", money(best.gross)],
        ["Net without delay", signed(best.net)],
        ["95 % interval, round trips taken as independent", rangeOr(best.net_interval, money)],
        ["Round trips", count(best.round_trips)],
        ["Break-even, all delays at once", breakEven(summary, "all")],
        ["Gross edge left at 50 ms", percent(summary.gross_left_at_50ms, 0)],
      ]),
    );
  });
  section(
    "summary",
    "Summary",
    `What is left of the profit when news, decisions, orders, cancels and answers take time. In ${surface.currency}, over ${count(surface.days)} ${surface.days === 1 ? "day" : "days"}.`,
    columns(...boxes),
  );
}

function entrySection(entry) {
  const delays = cellsOf(entry, "all").map((each) => each.latency_ns);
  const format = moneyOf(surface.cells.map((each) => each.net));
  const rows = delays.map((ns, i) => [
    delayName(ns),
    ...LEGS.map((leg) => signed(cellsOf(entry, leg)[i].net, format)),
  ]);
  const orders = cellsOf(entry, "all").map((each) => [
    delayName(each.latency_ns),
    count(each.round_trips),
    percent(each.fill_rate),
    fixed(each.slippage_bps, 3),
    fixed(each.adverse_bps, 3),
    count(each.late_cancels),
    count(each.race_fills),
    signed(isNumber(each.race_loss) ? -each.race_loss : null),
  ]);
  section(
    entry,
    words(entry).replace(/^./, (letter) => letter.toUpperCase()),
    `One leg delayed, the others at 0; the thick line delays all at once (band: 95 % interval).`,
    part("Net", netDrawing(entry), figures("net by delay and leg", ["Delay", ...LEGS.map((leg) => `#${leg}`)], rows)),
    columns(part("Entries filled", shareDrawing(entry)), part("Cost of the price", slippageDrawing(entry))),
    part(
      "All delays at once",
      table(
        `Orders, ${entry}`,
        ["Delay", "#Round trips", "#Filled", "#Slippage bps", "#Adverse bps", "#Late cancels", "#Race fills", "#Race profit"],
        orders,
      ),
    ),
  );
}

function meaningSection() {
  section(
    "meaning",
    "Meaning",
    null,
    facts("Delays", LEGS.map((leg) => [leg, MEANING[leg]])),
    note(
      "Slippage: what was paid beyond the mid at the decision. Adverse: how far the mid moved against fills of resting orders within a second. Race fills: fills while a cancel was on its way, and what they were worth a second later.",
    ),
  );
}

function budgetSection() {
  if (!surface.measured) return;
  section(
    "budget",
    "Budget",
    "What was asked for, and what this machine needed while it made this page.",
    table(
      "Budget",
      ["Step", "#Asked below", "#Median", "#99 %"],
      surface.measured.map((row) => [row.what, duration(row.asked_ns), duration(row.p50_ns), duration(row.p99_ns)]),
    ),
  );
}

document.getElementById("head").append(
  el("p", { class: "kicker" }, "lobflow"),
  el("h1", {}, document.title),
  el("p", { class: "under" }, surface.dates[0] === surface.dates[1] ? surface.dates[0] : surface.dates.join(" to ")),
);
summarySection();
for (const summary of surface.summary) entrySection(summary.entry);
budgetSection();
meaningSection();
