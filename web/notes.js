// What was read, how it was run, and what none of this proves.
"use strict";

function runFacts({ meta }) {
  const rows = [
    ["Symbol", meta.symbol],
    ["Days", `${count(meta.days)}: ${meta.first_date} to ${meta.last_date}`],
    ["Rows", `${count(meta.rows)}, every ${duration(meta.step_ns)}`],
    ["Rows with a forecast", count(meta.predicted_rows)],
    ["Time zone of the session", meta.time_zone],
    ["Strategy", words(meta.strategy || DASH)],
    ["Schedule of fees", meta.fees],
    ["A lot is", isNumber(meta.lot_size) ? `${fixed(meta.lot_size, meta.lot_size === 1 ? 0 : 6)} of the asset` : DASH],
    ["Configurations tried", count(meta.trials)],
    ["Seed", String(meta.seed ?? DASH)],
    ["lobflow", meta.version],
  ];
  return facts("The run", rows.map(([name, value]) => [name, value ?? DASH]));
}

function optionText(key, value) {
  if (value === null) return DASH;
  if (key.endsWith("_ns")) return duration(value);
  return typeof value === "number" ? String(value) : words(value);
}

function optionFacts(options) {
  const rows = Object.entries(options || {}).filter(([key]) => key !== "latency");
  return rows.length ? facts("Options", rows.map(([key, value]) => [words(key.replace(/_ns$/, "")), optionText(key, value)])) : note("Only the tables of this run are known.");
}

function dataSection({ metrics }) {
  const { meta } = metrics;
  const config = meta.config_toml
    ? el("details", { class: "figures" }, el("summary", {}, "Effective configuration"), el("pre", { class: "text", tabindex: "0" }, meta.config_toml))
    : note("The configuration is not known.");
  const data = meta.data
    ? el("div", { class: "read" }, el("h3", {}, "What was read"), el("pre", { class: "text", tabindex: "0" }, meta.data.trim()))
    : null;
  section("data", "Data: Data and configuration", null, columns(part("The run", runFacts(metrics)), part("How it traded", optionFacts(meta.options))), data, config);
}

const LIMITS = [
  "Every fill is simulated. Real orders move queues and prices, and others answer to them; recorded data cannot.",
  "With aggregated depth the place in the queue is a model. Compare the passive variant with the marketable one before believing either.",
  "Delays, fees and rebates are those configured. Other brokers, venues and dates have others.",
  "The days were chosen, and so were the features, the rules and their thresholds. The number of trials says how often, if it was told truly.",
  "An interval covers chance within these days. It says nothing of days that are different.",
  "Borrowing, financing, taxes, outages, rejected logins and full disks are not in it.",
];

function limitsSection({ metrics }) {
  section(
    "limits",
    "Limits: What this cannot show",
    "For education and research; no investment advice. Trade on paper first, for long enough, and compare its fills with these.",
    el("ul", { class: "limits" }, ...LIMITS.map((text) => el("li", {}, text))),
    metrics.meta.in_sample ? note("This run is in-sample: the model had seen the rows that it traded. Its results say nothing about the future.") : null,
  );
}
