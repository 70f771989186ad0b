// How good the forecasts were, beside what they must beat.
"use strict";

const HORIZONS = [["up_1min", "1 minute"], ["up_5min", "5 minutes"]];

function predictors(signal, horizon) {
  const at = signal[horizon];
  const walk = signal.walk?.[horizon];
  const rows = [];
  if (at) rows.push(["Model", at, true], ["Sign of queue imbalance", at.baselines?.queue_sign], ["Sign of 1-min flow", at.baselines?.ofi_sign]);
  if (walk?.logistic3) rows.push(["Logistic of 3 features", walk.logistic3]);
  return rows.filter((row) => row[1]);
}

function scoreTable(title, rows) {
  const three = (value) => fixed(value, 3);
  const head = ["Forecast", "#Rows that moved", "#Effective", "#AUC", "#95 %", "#Hit rate", "#95 %", "#Majority", "#Hit rate less majority", "#95 %", "#Log loss", "#Brier"];
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
      fixed(d.log_loss, 4),
      fixed(d.brier, 4),
    ];
    return strong ? marked(row, "strong") : row;
  });
  return figures(`Scores, ${title}`, head, body);
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
    el("h4", {}, "AUC (one half is no skill)"),
    whiskers(`AUC, ${title}`, aucs, 0.5, (value, digits) => fixed(value, digits ?? 3)),
    el("h4", {}, "Hit rate less the majority rate"),
    whiskers(`Hit rate less majority, ${title}`, hits, 0, (value, digits) => fixed(100 * value, Math.max(0, (digits ?? 3) - 2)) + " pts"),
    scoreTable(title, rows),
  ];
}

function horizonCharts(signal, horizon, title) {
  const at = signal[horizon];
  const hours = (at.by_hour || []).map((row) => ({ label: `${String(row.hour).padStart(2, "0")}h`, value: row.accuracy, beside: row.majority, rows: row.rows }));
  const tenths = (at.by_confidence || []).map((row) => ({ label: String(row.decile), value: row.accuracy, beside: at.majority, rows: row.rows }));
  return [
    el("h4", {}, "Hit rate by hour of the session's day"),
    rates(`Hit rate by hour, ${title}`, hours, "bar: majority rate of the hour"),
    el("h4", {}, "Hit rate by tenth of confidence"),
    rates(`Hit rate by confidence, ${title}`, tenths, "1 least sure, 10 surest; bar: majority rate"),
    el("h4", {}, "Calibration"),
    calibration(`Calibration, ${title}`, at.calibration || []),
    figures(
      `Hit rate by hour, ${title}`,
      ["Hour", "#Rows", "#Hit rate", "#Majority"],
      hours.map((row) => [row.label, count(row.rows), percent(row.value, 2), percent(row.beside, 2)]),
    ),
    figures(
      `By confidence and calibration, ${title}`,
      ["Tenth", "#Rows", "#Distance from 1/2", "#Hit rate", "#Predicted P(up)", "#Went up"],
      (at.by_confidence || []).map((row, i) => {
        const bin = at.calibration?.[i] || {};
        return [String(row.decile), count(row.rows), fixed(row.mean_distance, 4), percent(row.accuracy, 2), fixed(bin.mean_predicted, 4), fixed(bin.share_up, 4)];
      }),
    ),
  ];
}

function returnFacts(signal) {
  const r = signal.ret_1min || {};
  const four = (value) => fixed(value, 4);
  const two = (value) => percent(value, 2);
  return facts("Forecast of the 1-minute return", [
    ["Correlation with what came (IC), mean of days", four(r.ic)],
    ["its 95 % interval", rangeOr(r.ic_interval, four)],
    ["Rank correlation", four(r.rank_ic)],
    ["IC over its spread between days (ICIR)", fixed(r.icir, 2)],
    ["R² against the forecast 0", two(r.r2)],
    ["its 95 % interval", rangeOr(r.r2_interval, two)],
    ["Rows", count(r.rows)],
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
  place.append(columns(part("Expected return", returnFacts(signal)), part("Walk forward", walkFacts(metrics))));
}

/* ---- importance ------------------------------------------------------------------------- */

const LEAST_SHOWN = 20;

function importanceTable(head, list) {
  const sorted = [...list].sort((a, b) => (b.gain ?? 0) - (a.gain ?? 0));
  const most = sorted[0]?.gain_share || 1;
  const row = (one) => [one.feature, bar(one.gain_share / most), percent(one.gain_share), count(one.split)];
  const columnsOf = ["Feature", "Share of gain", "#", "#Splits"];
  const shown = table(`Importance in ${words(head)}`, columnsOf, sorted.slice(0, LEAST_SHOWN).map(row));
  if (sorted.length <= LEAST_SHOWN) return part(words(head), shown);
  const rest = el("details", { class: "figures" }, el("summary", {}, `The other ${sorted.length - LEAST_SHOWN}`), table(`Less important in ${words(head)}`, columnsOf, sorted.slice(LEAST_SHOWN).map(row)));
  return part(words(head), shown, rest);
}

function importanceSection({ metrics }) {
  const heads = Object.entries(metrics.meta.importance || {}).filter(([, list]) => list.length);
  if (!heads.length) return;
  section(
    "importance",
    "Importance",
    "Which features the last model's trees use: share of the loss that splits on a feature took away, and their number. Gain says what a model leans on, not what works.",
    el("div", { class: "columns three" }, ...heads.map(([head, list]) => importanceTable(head, list))),
  );
}
