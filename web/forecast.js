// How good the forecasts were, beside what they must beat.
"use strict";

const HORIZONS = [["up_1min", "1 minute"], ["up_5min", "5 minutes"]];

function predictors(signal, horizon) {
  const at = signal[horizon];
  const walk = signal.walk?.[horizon];
  const rows = [];
  if (at) rows.push(["Model", at, true], ["Sign of queue imbalance", at.baselines?.queue_sign], ["Sign of 1-min flow", at.baselines?.ofi_sign]);
  if (walk?.logistic3) rows.push(["Logistic of 3 features", walk.logistic3]);
  if (walk?.prior) rows.push(["Majority in training", walk.prior]);
  return rows.filter((row) => row[1]);
}

function scoreTable(title, rows) {
  const three = (value) => fixed(value, 3);
  const four = (value) => fixed(value, 4);
  const head = ["Forecast", "#Rows that moved", "#Effective", "#AUC", "#95 %", "#Hit rate", "#95 %", "#Majority", "#Hit rate less majority", "#95 %", "#All rows: hits", "#95 %", "#Log loss", "#95 %", "#Brier", "#95 %"];
  const body = rows.map(([name, d, strong]) => {
    const row = [
      name,
      count(d.rows),
      count(d.effective_rows),
      three(d.auc),
      rangeOr(d.auc_interval, three),
      percent(d.accuracy),
      rangeOr(d.accuracy_interval, (value) => percent(value)),
      percent(d.majority),
      points(d.less_majority),
      rangeOr(d.less_majority_interval, points),
      percent(d.all_accuracy),
      rangeOr(d.all_accuracy_interval, (value) => percent(value)),
      four(d.log_loss),
      rangeOr(d.log_loss_interval, four),
      four(d.brier),
      rangeOr(d.brier_interval, four),
    ];
    return strong ? marked(row, "strong") : row;
  });
  return figures(`Scores, ${title}`, head, body);
}

// A probability of error in words that do not pretend to digits.
function chance(p) {
  if (!isNumber(p)) return DASH;
  return p < 0.0001 ? "< 0.0001" : fixed(p, p < 0.01 ? 4 : 3);
}

// What the two tests of a baseline say together.
function verdictOf(better) {
  const found = [[better.hits, better.hits_p], [better.brier, better.brier_p]].filter(([, p]) => isNumber(p) && p < 0.05);
  if (!found.length) return { text: "within chance", class: "whole" };
  if (found.every(([by]) => by > 0)) return { text: "better", class: "strong" };
  if (found.every(([by]) => by < 0)) return { text: "worse", class: "loss" };
  return "both";
}

// The model against each baseline, by hits and by the squared error of its probabilities.
function testTable(title, rows) {
  const tests = rows.filter(([, d]) => d.model_better && isNumber(d.model_better.hits_p));
  if (!tests.length) return null;
  const head = ["Model against", "It is", "#More hits", "#p", "#Less Brier", "#p"];
  const body = tests.map(([name, { model_better: b }]) => [
    name,
    verdictOf(b),
    points(b.hits),
    chance(b.hits_p),
    signedFixed(b.brier, 4),
    chance(b.brier_p),
  ]);
  return el(
    "div",
    {},
    el("h4", {}, "Against what it must beat"),
    table(`Tests against baselines, ${title}`, head, body),
    note("Diebold-Mariano on the same rows, with the lag of the overlap and the correction for small samples; p is two-sided. Signs forecast no probability, so they have no Brier score."),
  );
}

function signedFixed(value, digits) {
  return (value > 0 ? "+" : "") + fixed(value, digits);
}

function movedNote(at) {
  const worth = isNumber(at.effective_rows) ? ` They are worth ${count(at.effective_rows)} independent ones.` : "";
  const all = isNumber(at.all_accuracy) ? ` Over all rows, where one that did not move is a miss, the hit rate is ${percent(at.all_accuracy)}${range(at.all_accuracy_interval, (value) => percent(value)) ? ` (${range(at.all_accuracy_interval, (value) => percent(value))})` : ""}.` : "";
  return note(`${count(at.rows)} rows moved, ${percent(at.moving_share)} of those with a label.${worth}${all}`);
}

function horizonScores(signal, horizon, title) {
  const rows = predictors(signal, horizon);
  const three = (value) => fixed(value, 3);
  const aucs = rows.map(([label, d, strong]) => {
    const between = range(d.auc_interval, three);
    return { label, value: d.auc, interval: d.auc_interval, text: three(d.auc) + (between ? ` (${between})` : ""), strong };
  });
  const hits = rows.map(([label, d, strong]) => {
    const between = range(d.less_majority_interval, (value) => fixed(100 * value, 1));
    return { label, value: d.less_majority, interval: d.less_majority_interval, text: points(d.less_majority) + (between ? ` (${between})` : ""), strong };
  });
  return [
    movedNote(signal[horizon]),
    el("h4", {}, "AUC (one half is no skill)"),
    whiskers(`AUC, ${title}`, aucs, 0.5, (value, digits) => fixed(value, digits ?? 3)),
    el("h4", {}, "Hit rate less the majority rate"),
    whiskers(`Hit rate less majority, ${title}`, hits, 0, (value, digits) => fixed(100 * value, Math.max(0, (digits ?? 3) - 2)) + " pts"),
    testTable(title, rows),
    scoreTable(title, rows),
  ].filter(Boolean);
}

// Rows of one kind as a drawing takes them.
function kinds(list, label, majority) {
  return (list || []).map((row) => ({
    label: label(row),
    value: row.accuracy,
    interval: row.accuracy_interval,
    beside: majority ?? row.majority,
    rows: row.rows,
    worth: row.effective_rows,
  }));
}

function spreadLabel({ low, high }) {
  return low === high ? fixed(low, 0) : `${fixed(low, 0)}–${fixed(high, 0)}`;
}

function kindTable(label, first, items, also = []) {
  const head = [first, "#Rows", "#Effective", "#Hit rate", "#95 %", "#Majority", ...also.map(([name]) => name)];
  const body = items.map((row, i) => [
    row.label,
    count(row.rows),
    count(row.worth),
    percent(row.value, 2),
    rangeOr(row.interval, (value) => percent(value)),
    percent(row.beside, 2),
    ...also.map(([, value]) => value(i)),
  ]);
  return figures(label, head, body);
}

function calibrationTable(title, bins) {
  const four = (value) => fixed(value, 4);
  const head = ["Tenth", "#Rows", "#Predicted P(up)", "#Went up", "#95 %"];
  const rows = bins.map((bin) => [String(bin.bin), count(bin.rows), four(bin.mean_predicted), four(bin.share_up), rangeOr(bin.share_up_interval, four)]);
  return figures(`Calibration, ${title}`, head, rows);
}

function horizonCharts(signal, horizon, title) {
  const at = signal[horizon];
  const hours = kinds(at.by_hour, (row) => `${String(row.hour).padStart(2, "0")}h`);
  const tenths = kinds(at.by_confidence, (row) => String(row.decile), at.majority);
  const spreads = kinds(at.by_spread, spreadLabel);
  const error = isNumber(at.calibration_error) ? ` (mean distance ${fixed(at.calibration_error, 4)})` : "";
  return [
    el("h4", {}, "Hit rate by tenth of confidence"),
    rates(`Hit rate by confidence, ${title}`, tenths, "1 least sure, 10 surest; bar: majority rate"),
    kindTable(`Hit rate by confidence, ${title}`, "Tenth", tenths, [["#Distance from 1/2", (i) => fixed(at.by_confidence[i].mean_distance, 4)]]),
    el("h4", {}, "Hit rate by hour of the session's day"),
    rates(`Hit rate by hour, ${title}`, hours, "bar: majority rate of the hour"),
    kindTable(`Hit rate by hour, ${title}`, "Hour", hours),
    el("h4", {}, "Hit rate by spread in ticks"),
    rates(`Hit rate by spread, ${title}`, spreads, "quarters of the rows; bar: majority rate"),
    kindTable(`Hit rate by spread, ${title}`, "Ticks", spreads),
    el("h4", {}, `Calibration${error}`),
    calibration(`Calibration, ${title}`, at.calibration || []),
    calibrationTable(title, at.calibration || []),
  ];
}

function dayTable(list) {
  const four = (value) => fixed(value, 4);
  const rows = list.map((day) => [day.date, day.symbol, count(day.rows), four(day.ic), rangeOr(day.ic_interval, four), four(day.rank_ic), rangeOr(day.rank_ic_interval, four)]);
  return figures("Correlation by day", ["Day", "Symbol", "#Rows", "#IC", "#95 %", "#Rank IC", "#95 %"], rows);
}

function returnFacts(signal) {
  const r = signal.ret_1min || {};
  const four = (value) => fixed(value, 4);
  const two = (value) => percent(value, 2);
  return facts("Forecast of the 1-minute return", [
    ["Correlation with what came (IC), all rows", four(r.ic_all)],
    ["its 95 % interval", rangeOr(r.ic_interval, four)],
    ["Rank correlation, all rows", four(r.rank_ic_all)],
    ["its 95 % interval", rangeOr(r.rank_ic_interval, four)],
    [`IC, mean of ${count(r.days)} days`, four(r.ic)],
    ["its 95 % interval", rangeOr(r.ic_days_interval, four)],
    ["Rank correlation, mean of days", four(r.rank_ic)],
    ["IC over its spread between days (ICIR)", fixed(r.icir, 2)],
    ["R² against the forecast 0", two(r.r2)],
    ["its 95 % interval", rangeOr(r.r2_interval, two)],
    ["Rows", count(r.rows)],
    ["worth independent rows", count(r.effective_rows)],
    ["Median spread, ticks", fixed(signal.median_spread_ticks, 1)],
  ]);
}

function walkFacts({ signal, meta }) {
  const walk = signal.walk || {};
  const beats = { true: "yes", false: "no" }[String(walk.model_beats_logistic3)] || DASH;
  const pair = (key) => `${fixed(walk[key]?.model_auc, 4)} / ${fixed(walk[key]?.logistic3?.auc, 4)}`;
  return facts("Walk forward", [
    ["Folds", count(walk.folds)],
    ["AUC at 1 minute, model / logistic", pair("up_1min")],
    ["AUC at 5 minutes, model / logistic", pair("up_5min")],
    ["The model beats the logistic at 1 minute", beats],
    ["Least rounds of boosting in a fold", count(walk.least_best_round)],
    ["Leak suspected", { true: "yes", false: "no" }[String(signal.leak_suspected)] || DASH],
    ["Planted alpha (simulated data)", fixed(meta.planted_alpha, 4)],
    ["Hit rate that it allows at most", percent(meta.planted_accuracy_bound, 2)],
  ]);
}

// The true scores among those of walks on permuted labels.
function permutationPart({ signal }) {
  const all = signal.walk?.permutations;
  if (!all) return null;
  const names = [
    ["auc_1min", "AUC at 1 minute", (value) => fixed(value, 4)],
    ["auc_5min", "AUC at 5 minutes", (value) => fixed(value, 4)],
    ["less_majority_1min", "Hit rate less majority, 1 minute", points],
    ["less_majority_5min", "Hit rate less majority, 5 minutes", points],
    ["ic", "IC of all rows", (value) => fixed(value, 4)],
  ];
  const rows = names.filter(([key]) => all[key]).map(([key, label, show]) => {
    const one = all[key];
    return [label, show(one.truth), show(one.mean), `${show(one.low)} to ${show(one.high)}`, count(one.reached), chance(one.p)];
  });
  return part(
    `${count(all.count)} walks on permuted labels`,
    table("Permuted labels", ["", "#True labels", "#Permuted, mean", "#least to largest", "#Reach it", "#p"], rows),
    note("Labels exchanged in whole blocks of time say nothing about the features any more. p: share of the orders, the true one included, that score as high as the true one."),
  );
}

function forecastSection({ metrics }) {
  const { signal } = metrics;
  const has = HORIZONS.filter(([key]) => signal[key]);
  const place = section("forecast", "Forecast", has.length ? "Scored on rows whose mid moved. Whiskers are 95 % intervals that allow for overlapping horizons." : null);
  if (has.length) {
    const whole = ([key, title]) => part(`Up in ${title}`, ...horizonScores(signal, key, title), ...horizonCharts(signal, key, title));
    place.append(columns(...has.map(whole)));
  } else {
    place.append(note("There are no predictions in this run."));
  }
  const permuted = permutationPart(metrics);
  if (permuted) place.append(permuted);
  place.append(columns(part("Expected return", returnFacts(signal), signal.ret_1min?.by_day?.length ? dayTable(signal.ret_1min.by_day) : null), part("Walk forward", walkFacts(metrics))));
}

/* ---- importance ------------------------------------------------------------------------- */

const LEAST_SHOWN = 20;

function importanceTable(head, list) {
  const sorted = [...list].sort((a, b) => (b.gain ?? 0) - (a.gain ?? 0));
  const most = sorted[0]?.gain_share || 1;
  const row = (one) => [one.feature, bar(one.gain_share / most), percent(one.gain_share), count(one.split)];
  const columnsOf = ["Feature", "Gain", "#", "#Splits"];
  const shown = table(`Importance in ${words(head)}`, columnsOf, sorted.slice(0, LEAST_SHOWN).map(row));
  if (sorted.length <= LEAST_SHOWN) return part(words(head), shown);
  const rest = el("details", { class: "figures" }, el("summary", {}, `The other ${sorted.length - LEAST_SHOWN}`), table(`Less important in ${words(head)}`, columnsOf, sorted.slice(LEAST_SHOWN).map(row)));
  return part(words(head), shown, rest);
}

// What exchanging blocks of time of one feature costs on rows that the models had not seen.
function neededPart(head, one, folds) {
  const sorted = [...one.features].sort((a, b) => (b.drop ?? 0) - (a.drop ?? 0));
  const score = one.score === "ic" ? "IC" : "AUC";
  const rows = sorted.slice(0, 12).map((f) => ({
    label: f.feature,
    value: f.drop,
    interval: f.drop_interval,
    text: `${signedFixed(f.drop, 4)}, ${count(f.positive_folds)} of ${count(folds)}`,
    strong: Array.isArray(f.drop_interval) && f.drop_interval[0] > 0,
  }));
  const gains = (f) => (isNumber(f.gain_share) ? `${percent(f.gain_share)} (${percent(f.gain_share_low)} to ${percent(f.gain_share_high)})` : DASH);
  const groups = [...(one.groups || [])].sort((a, b) => (b.drop ?? 0) - (a.drop ?? 0)).map((f) => ({
    label: `all of ${f.group}`,
    value: f.drop,
    interval: f.drop_interval,
    text: `${signedFixed(f.drop, 4)}, ${count(f.positive_folds)} of ${count(folds)}`,
    strong: Array.isArray(f.drop_interval) && f.drop_interval[0] > 0,
  }));
  const steady = [
    [`${score} with nothing exchanged`, fixed(one.base, 4)],
    ["Rank correlation of the drops between folds", fixed(one.drop_agreement, 2)],
    ["Rank correlation of the gains between folds", fixed(one.gain_agreement, 2)],
  ];
  return part(
    words(head),
    el("h4", {}, `Drop of ${score}; folds in which it is above 0`),
    whiskers(`Drop of ${score} without a feature, ${words(head)}`, rows, 0, (value, digits) => fixed(value, digits ?? 4)),
    groups.length ? el("h4", {}, "The same for all features of a group together") : null,
    groups.length ? whiskers(`Drop of ${score} without a group, ${words(head)}`, groups, 0, (value, digits) => fixed(value, digits ?? 4)) : null,
    facts(`Steadiness, ${words(head)}`, steady),
    figures(
      `Importance by fold, ${words(head)}`,
      ["Feature", `#Drop of ${score}`, "#95 %", "#Folds above 0", "#By fold", "#Share of gain (least to most)"],
      sorted.map((f) => [
        f.feature,
        signedFixed(f.drop, 4),
        rangeOr(f.drop_interval, (value) => fixed(value, 4)),
        count(f.positive_folds),
        f.drop_by_fold.map((value) => fixed(value, 4)).join("  "),
        gains(f),
      ]),
    ),
  );
}

function neededParts({ signal }) {
  const found = signal.walk?.importance;
  if (!found?.heads) return [];
  const heads = Object.entries(found.heads).filter(([, one]) => one.features?.length);
  const text =
    `Above: the last model. Below: the last ${count(found.folds)} folds, about ${count(found.rows)} unseen rows of each. Blocks of time of one feature are exchanged and the rows scored again: ` +
    "the drop is what the forecasts lose without it. Features that say the same stand in for each other, so none of them may seem needed alone. Whiskers: 95 % over the folds; bold where they stay above 0.";
  return [
    el("h3", { class: "next" }, "Out of sample, fold by fold"),
    note(text),
    el("div", { class: "columns three" }, ...heads.map(([head, one]) => neededPart(head, one, found.folds))),
  ];
}

function importanceSection({ metrics }) {
  const heads = Object.entries(metrics.meta.importance || {}).filter(([, list]) => list.length);
  const needed = neededParts(metrics);
  if (!heads.length && !needed.length) return;
  section(
    "importance",
    "Importance",
    "Which features the last model's trees use: share of the loss that splits on a feature took away, and their number. Gain says what a model leans on, not what works.",
    el("div", { class: "columns three" }, ...heads.map(([head, list]) => importanceTable(head, list))),
    ...needed,
  );
}
