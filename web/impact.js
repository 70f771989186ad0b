// The page of the price-impact study: points by half hour, the depth law, levels, all days.
"use strict";

const studies = JSON.parse(document.getElementById("studies").textContent);

function nameOf(study) {
  return `${study.symbol} ${study.date}, windows of ${duration(study.window_ns)}`;
}

function r2(value) {
  return fixed(value, 3);
}

// Four digits that count, whatever the size: betas of thin and thick books differ by orders.
function small(value) {
  if (!isNumber(value)) return DASH;
  const digits = value === 0 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value))));
  return digits > 9 ? value.toExponential(3).replace("-", "−") : fixed(value, digits);
}

/* ---- the key of a drawing --------------------------------------------------------------- */

function key(items) {
  return el(
    "ul",
    { class: "key" },
    ...items.map(([name, text]) => {
      const svg = shape("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" });
      svg.append(shape("rect", { width: 12, height: 12, class: name }));
      return el("li", {}, el("span", { class: "drawing" }, svg), text);
    }),
  );
}

/* ---- axes ------------------------------------------------------------------------------- */

function bottomAxis(svg, list, x, top, bottom, format) {
  for (const value of list) {
    svg.append(
      shape("line", { x1: x(value), x2: x(value), y1: top, y2: bottom, class: "grid" }),
      shape("text", { x: x(value), y: bottom + 16, class: "middle" }, format(value)),
    );
  }
}

function plain(list) {
  const digits = tickDigits(list);
  return (value) => fixed(value, digits);
}

/* ---- points of a half hour -------------------------------------------------------------- */

// Points of each half hour: its slice of the day's.
function pointsByBlock(study) {
  let first = 0;
  return study.halfhours.map((block) => {
    const end = first + block.observations;
    const ofi = study.points.ofi_lots.slice(first, end);
    const change = study.points.change_half_ticks.slice(first, end).map((value) => value / 2);
    first = end;
    return { ofi, change };
  });
}

// Ends of a fitted line that stays within the drawing.
function lineWithin({ alpha, beta }, from, to, [low, high]) {
  if (beta === 0) return [from, to];
  const cuts = [(low - alpha) / beta, (high - alpha) / beta].sort((a, b) => a - b);
  return [Math.max(from, cuts[0]), Math.min(to, cuts[1])];
}

function scatter(block, points, ofiBounds, changeBounds) {
  const label = `From ${block.begin}: change of the mid against OFI, R² ${r2(block.r2_ofi)}`;
  return drawing(label, (svg, width) => {
    const [left, right, top, bottom] = [44, width - 6, 6, 190];
    const x = scale(...ofiBounds, left, right);
    const y = scale(...changeBounds, bottom, top);
    const across = ticks(...ofiBounds, Math.max(2, (right - left) / 75));
    const up = ticks(...changeBounds, 4);
    leftAxis(svg, up, y, left, right, plain(up));
    bottomAxis(svg, across, x, top, bottom, plain(across));
    points.ofi.forEach((value, i) => {
      svg.append(shape("circle", { cx: x(value), cy: y(points.change[i]), r: 2.4, class: "spot" }));
    });
    if (isNumber(block.beta) && points.ofi.length > 0) {
      const ends = lineWithin(block, Math.min(...points.ofi), Math.max(...points.ofi), changeBounds);
      const spots = ends.map((end) => `${x(end).toFixed(1)},${y(block.alpha + block.beta * end).toFixed(1)}`);
      svg.append(shape("polyline", { points: spots.join(" "), class: "fit" }));
    }
    svg.append(shape("text", { x: left + 6, y: top + 12, class: "soft" }, "ticks"));
    svg.append(shape("text", { x: right - 4, y: bottom - 6, class: "soft end" }, "OFI, lots"));
    return bottom + 22;
  });
}

function pointsSection(study) {
  const all = pointsByBlock(study);
  const ofiBounds = bounds(all.flatMap((points) => points.ofi));
  const changeBounds = bounds(all.flatMap((points) => points.change));
  const boxes = study.halfhours.map((block, i) =>
    part(`${block.begin}: R² ${r2(block.r2_ofi)}, β ${small(block.beta)}`, scatter(block, all[i], ofiBounds, changeBounds)),
  );
  const grid = columns(...boxes);
  grid.classList.add("three");
  section(
    "points",
    "Points",
    "Each dot is one window: its order flow imbalance and the change of the mid. One line a half hour, on the same axes.",
    grid,
  );
}

/* ---- half hours ------------------------------------------------------------------------- */

const BARS = [
  ["ofi", "r2_ofi", "order flow imbalance"],
  ["trades", "r2_trade_imbalance", "trade imbalance"],
  ["quiet", "r2_ofi_no_price_change", "OFI of events that leave both best prices in place"],
];

function blockBars(study) {
  return drawing("R² by half hour", (svg, width) => {
    const [left, right, top, bottom] = [44, width - 4, 8, 210];
    const y = scale(0, 1, bottom, top);
    leftAxis(svg, [0, 0.2, 0.4, 0.6, 0.8, 1], y, left, right, (value) => fixed(value, 1));
    const step = (right - left) / Math.max(1, study.halfhours.length);
    const wide = Math.max(1, Math.min(18, (step * 0.8) / BARS.length));
    const every = Math.ceil(44 / step);
    study.halfhours.forEach((block, i) => {
      const from = left + step * (i + 0.5) - (wide * BARS.length) / 2;
      BARS.forEach(([name, member, text], k) => {
        if (!isNumber(block[member])) return;
        const height = bottom - y(block[member]);
        const bar = shape("rect", { x: from + k * wide, y: bottom - height, width: wide - 1, height, class: name });
        svg.append(hint(bar, `${block.begin}: ${text} ${r2(block[member])}`));
      });
      if (i % every === 0) {
        svg.append(shape("text", { x: left + step * (i + 0.5), y: bottom + 16, class: "middle" }, block.begin));
      }
    });
    return bottom + 24;
  });
}

function blockTable(study) {
  const head = ["From", "#Windows", "#β, ticks a lot", "#White s.e.", "#t", "#R² OFI", "#R² trades", "#R² both", "#R² no price change", "#Depth, lots"];
  const rows = study.halfhours.map((b) => [
    b.begin,
    count(b.observations),
    small(b.beta),
    small(b.beta_se),
    fixed(b.beta / b.beta_se, 1),
    r2(b.r2_ofi),
    r2(b.r2_trade_imbalance),
    r2(b.r2_both),
    r2(b.r2_ofi_no_price_change),
    fixed(b.depth_mean, 1),
  ]);
  return table("Half hours", head, rows);
}

function blocksSection(study) {
  section(
    "blocks",
    "By half hour",
    "Share of the variance of the mid's change that is explained within each half hour. This is the same moment, not the next one.",
    key(BARS.map(([name, , text]) => [name, text])),
    blockBars(study),
    blockTable(study),
  );
}

/* ---- depth ------------------------------------------------------------------------------ */

function depthPlot(study) {
  const blocks = study.halfhours.filter((b) => isNumber(b.beta) && isNumber(b.depth_mean));
  return drawing("β against depth, with the fitted law", (svg, width) => {
    const [left, right, top, bottom] = [64, width - 6, 8, 260];
    const depths = bounds(blocks.map((b) => b.depth_mean), 0.1);
    const betas = bounds([0, ...blocks.flatMap((b) => [b.beta, b.beta + 1.96 * b.beta_se])], 0.08);
    const x = scale(...depths, left, right);
    const y = scale(...betas, bottom, top);
    const across = ticks(...depths, Math.max(2, (right - left) / 80));
    const up = ticks(...betas, 5);
    leftAxis(svg, up, y, left, right, plain(up));
    bottomAxis(svg, across, x, top, bottom, plain(across));
    // log β = a − λ log depth goes through the means of both.
    const positive = blocks.filter((b) => b.beta > 0);
    if (isNumber(study.lambda) && positive.length > 0) {
      const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
      const a = mean(positive.map((b) => Math.log(b.beta))) + study.lambda * mean(positive.map((b) => Math.log(b.depth_mean)));
      const low = Math.max(depths[0], depths[1] / 1e4);
      const spots = Array.from({ length: 41 }, (_, i) => low + ((depths[1] - low) * i) / 40)
        .map((depth) => [x(depth), y(Math.exp(a) * depth ** -study.lambda)])
        .filter((spot) => spot[1] >= top);
      svg.append(shape("polyline", { points: spots.map((s) => `${s[0].toFixed(1)},${s[1].toFixed(1)}`).join(" "), class: "fit" }));
    }
    for (const b of blocks) {
      const group = shape("g", { class: "strong" });
      if (isNumber(b.beta_se)) {
        const ends = [b.beta - 1.96 * b.beta_se, b.beta + 1.96 * b.beta_se].map((value) => Math.min(bottom, y(value)));
        group.append(shape("line", { x1: x(b.depth_mean), x2: x(b.depth_mean), y1: ends[0], y2: ends[1], class: "whisker" }));
      }
      group.append(shape("circle", { cx: x(b.depth_mean), cy: y(b.beta), r: 4, class: "dot" }));
      svg.append(hint(group, `${b.begin}: depth ${fixed(b.depth_mean, 1)}, β ${small(b.beta)}`));
    }
    svg.append(shape("text", { x: left + 6, y: top + 12, class: "soft" }, "β, ticks a lot"));
    svg.append(shape("text", { x: (left + right) / 2, y: bottom + 34, class: "middle soft" }, "mean depth of the best level, lots"));
    return bottom + 42;
  });
}

function depthSection(study) {
  section(
    "depth",
    "Depth",
    "Impact falls with depth: β = c / depth^λ. A book with equal queues at every price has λ = 1 and β × 2 depth = 1.",
    columns(
      depthPlot(study),
      facts("Depth law", [
        ["λ", r2(study.lambda)],
        ["c", small(study.c)],
        ["R² of log β on log depth", r2(study.r2_depth_law)],
        ["β × 2 depth, mean", r2(study.beta_depth2)],
        ["mean β, ticks a lot", small(study.beta_mean)],
        ["mean depth, lots", fixed(study.depth_mean, 1)],
      ]),
    ),
  );
}

/* ---- levels ----------------------------------------------------------------------------- */

function levelPlot(study) {
  const labels = [...study.r2_is_levels.map((_, m) => String(m + 1)), "ridge", "integr."];
  const inside = [...study.r2_is_levels, study.r2_is_ridge, study.r2_is_integrated];
  const outside = [...study.r2_oos_levels, study.r2_oos_ridge, study.r2_oos_integrated];
  return drawing("R² by number of levels, in and out of sample", (svg, width) => {
    const [left, right, top, bottom] = [44, width - 6, 10, 250];
    const [low, high] = bounds([...inside, ...outside], 0.08);
    const y = scale(low, high, bottom, top);
    const up = ticks(low, high, 5);
    leftAxis(svg, up, y, left, right, plain(up));
    const step = (right - left) / labels.length;
    const x = (i) => left + step * (i + 0.5);
    labels.forEach((text, i) => {
      svg.append(shape("text", { x: x(i), y: bottom + 16, class: "middle" }, text));
      const group = shape("g", { class: "strong" });
      if (isNumber(inside[i]) && isNumber(outside[i])) {
        group.append(shape("line", { x1: x(i), x2: x(i), y1: y(inside[i]), y2: y(outside[i]), class: "stem" }));
        group.append(shape("circle", { cx: x(i), cy: y(outside[i]), r: 4.5, class: "dot" }));
        const open = shape("g", { class: "weak" });
        open.append(shape("circle", { cx: x(i), cy: y(inside[i]), r: 4.5, class: "dot" }));
        svg.append(hint(open, `${text}: in sample ${r2(inside[i])}`));
        svg.append(hint(group, `${text}: next half hour ${r2(outside[i])}`));
      }
    });
    svg.append(shape("text", { x: left + step * study.levels * 0.5, y: bottom + 34, class: "middle soft" }, "least squares on levels 1 to m"));
    return bottom + 42;
  });
}

function levelsSection(study) {
  const rows = study.r2_is_levels.map((value, m) => [`1 to ${m + 1}`, r2(value), r2(study.r2_oos_levels[m])]);
  rows.push(["ridge, all", r2(study.r2_is_ridge), r2(study.r2_oos_ridge)]);
  rows.push(["integrated", r2(study.r2_is_integrated), r2(study.r2_oos_integrated)]);
  section(
    "levels",
    "Levels",
    `Open dots: R² of log returns where the model was fitted. Full dots: on the next half hour. Integrated is the first principal component, ${percent(study.pc1_share)} of the levels' variance.`,
    columns(levelPlot(study), table("Levels", ["Levels", "#In sample", "#Next half hour"], rows)),
  );
}

/* ---- the day in numbers ----------------------------------------------------------------- */

function summarySection(study) {
  section(
    "summary",
    "Summary",
    `Within a half hour, order flow imbalance explains ${percent(study.r2_ofi)} of the variance of the mid's change in the same window, and ${percent(study.r2_next, 2)} of the next one's. Only the second could be traded on.`,
    columns(
      facts("R squared", [
        ["R² of the change on OFI", r2(study.r2_ofi)],
        ["on trade imbalance", r2(study.r2_trade_imbalance)],
        ["on both", r2(study.r2_both)],
        ["on OFI without price changes", r2(study.r2_ofi_no_price_change)],
        ["next window's change on this OFI", fixed(study.r2_next, 5)],
      ]),
      facts("Queue imbalance", [
        ["AUC of the next move, even in time", r2(study.auc_queue_imbalance)],
        ["AUC of the last state before it", r2(study.auc_queue_imbalance_last)],
        ["logit, intercept", r2(study.logit_intercept)],
        ["logit, slope", r2(study.logit_slope)],
        ["moves of the mid", count(study.moves)],
      ]),
    ),
  );
}

/* ---- all days --------------------------------------------------------------------------- */

const MEANS = [
  ["#R² OFI", "r2_ofi", r2],
  ["#trades", "r2_trade_imbalance", r2],
  ["#both", "r2_both", r2],
  ["#no price change", "r2_ofi_no_price_change", r2],
  ["#next", "r2_next", (value) => fixed(value, 4)],
  ["#λ", "lambda", (value) => fixed(value, 2)],
  ["#β × 2 depth", "beta_depth2", (value) => fixed(value, 2)],
  ["#AUC", "auc_queue_imbalance", r2],
  ["#best, next", "r2_oos_best", r2],
  ["#integrated, next", "r2_oos_integrated", r2],
  ["#PC1", "pc1_share", r2],
];

function meanRow(label, list) {
  const mean = (member) => {
    const values = list.map((study) => study[member]).filter(isNumber);
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  };
  return marked([label, ...MEANS.map(([, member, format]) => format(mean(member)))], "total");
}

function daysSection() {
  const rows = studies.map((study) => [
    `${study.symbol} ${study.date}, ${duration(study.window_ns)}`,
    ...MEANS.map(([, member, format]) => format(study[member])),
  ]);
  const symbols = [...new Set(studies.map((study) => study.symbol))];
  const windows = [...new Set(studies.map((study) => study.window_ns))];
  for (const window of windows) {
    const same = studies.filter((study) => study.window_ns === window);
    for (const symbol of symbols) {
      const days = same.filter((study) => study.symbol === symbol);
      if (days.length > 1) rows.push(meanRow(`${symbol}, mean of ${days.length}, ${duration(window)}`, days));
    }
    if (symbols.length > 1) rows.push(meanRow(`All, mean of ${same.length}, ${duration(window)}`, same));
  }
  section("days", "All days", null, table("All days", ["Day", ...MEANS.map(([text]) => text)], rows));
}

/* ---- putting it together ---------------------------------------------------------------- */

function show(index) {
  const study = studies[index];
  document.getElementById("contents").replaceChildren();
  document.getElementById("main").replaceChildren();
  summarySection(study);
  blocksSection(study);
  pointsSection(study);
  depthSection(study);
  if (study.levels > 1) levelsSection(study);
  if (studies.length > 1) daysSection();
}

function head() {
  const first = studies[0];
  const choice = el("select", { id: "choice" });
  choice.addEventListener("change", () => {
    show(Number(choice.value));
    say(nameOf(studies[choice.value]));
  });
  studies.forEach((study, i) => choice.append(el("option", { value: String(i) }, nameOf(study))));
  document.getElementById("head").append(
    el("p", { class: "kicker" }, "lobflow"),
    el("h1", {}, document.title),
    el("p", { class: "under" }, `${first.hours} ${first.time_zone}`),
    studies.length > 1
      ? el("div", { class: "choice" }, el("label", { for: "choice" }, "Symbol, day and window"), choice)
      : el("p", {}, nameOf(first)),
  );
}

head();
show(0);
