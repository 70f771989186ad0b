// How orders became fills: rates, slippage, markouts, who provided liquidity.
"use strict";

function countsTable(label, object) {
  const rows = Object.entries(object || {}).filter(([, value]) => value !== 0);
  return rows.length ? table(label, [label, "#Orders"], rows.map(([name, value]) => [words(name), count(value)])) : null;
}

function fillParts(execution) {
  const parts = execution.by_liquidity || {};
  const named = [["All", execution], ["Taker", parts.taker], ["Maker", parts.maker], ["Maker, crossed", parts.maker_crossed]];
  return named.filter(([name, fills]) => fills && (name === "All" || fills.fills > 0));
}

function fillTable(execution) {
  const three = (value) => fixed(value, 3);
  const head = ["Fills", "#Number", "#Lots", "#Share", "#Fees", "#Against the mid at the decision, bps", "#at arrival, bps", "#at the fill, bps", "#Cost of latency, bps"];
  const rows = fillParts(execution).map(([name, f]) => [
    name,
    count(f.fills),
    count(f.lots),
    percent(f.lot_share),
    signed(f.fees),
    three(f.slippage_decision_bps),
    three(f.slippage_arrival_bps),
    three(f.half_spread_bps),
    three(f.latency_cost_bps),
  ]);
  return table("Fills and slippage", head, rows);
}

function markoutPart(execution) {
  const named = fillParts(execution).filter(([, fills]) => fills.markouts?.some((row) => isNumber(row.bps)));
  if (!named.length) return note("No fills with a price after them.");
  const labels = named[0][1].markouts.map((row) => row.after.replace(/(\d+)/, "$1 "));
  const lines = named.length > 2 ? named : named.slice(0, 1);
  const head = ["Fills", ...labels.map((text) => `#${text}, bps`), ...labels.map((text) => `#${text}, lots`)];
  const rows = named.map(([name, fills]) => [name, ...fills.markouts.map((row) => fixed(row.bps, 3)), ...fills.markouts.map((row) => count(row.lots))]);
  return el(
    "div",
    {},
    markoutLines("Markouts after a fill", labels, lines.map(([name, fills]) => ({ name, values: fills.markouts.map((row) => row.bps) }))),
    figures("Markouts", head, rows),
  );
}

function rateFacts(execution) {
  return facts("Orders", [
    ["Orders sent", count(execution.orders)],
    ["with any fill", percent(execution.fill_rate)],
    ["of entries", percent(execution.fill_rate_entries)],
    ["of marketable orders", percent(execution.fill_rate_marketable)],
    ["of passive orders", percent(execution.fill_rate_passive)],
    ["Lots filled of lots sent", percent(execution.lot_fill_rate)],
    ["Signals", count(execution.signals)],
    ["Signals refused", count(execution.rejected)],
    ["Fills that came before a cancel", count(execution.cancel_races)],
    ["Exits sent again", count(execution.retries)],
  ]);
}

// The place in a queue is a model: what it decides.
function bracketPart(execution) {
  const rows = (execution.queue_bracket ?? []).map((row) => [
    words(row.queue),
    percent(row.fill_rate),
    count(row.trades),
    signed(row.gross),
    signed(row.net),
  ]);
  if (rows.length < 2) return null;
  const nets = execution.queue_bracket.map((row) => ({ label: words(row.queue), value: row.net, interval: null, text: money(row.net) }));
  return part(
    "Passive entries by queue model",
    whiskers("Net of passive entries by queue model", nets, 0, money),
    table("Queue bracket", ["Removals before us", "#Filled", "#Trades", "#Gross", "#Net"], rows),
    note("With a book of levels nobody sees who left a queue. Risk averse: those behind us; optimistic: those before us. The truth lies between."),
  );
}

function latencyText(meta) {
  const latency = meta.options?.latency;
  if (!latency) return null;
  const names = ["feed", "decision", "entry", "cancel", "response"];
  return `Delays: ${names.map((name) => `${name} ${duration(latency[`${name}_ns`])}`).join(", ")}.`;
}

function executionSection({ metrics }) {
  const { execution, meta } = metrics;
  const counts = [
    countsTable("By kind", execution.by_kind),
    countsTable("By status", execution.by_status),
    countsTable("By reason", execution.by_reason),
    countsTable("Refused by the venue", execution.rejects),
  ].filter(Boolean);
  section(
    "execution",
    "Execution",
    "Slippage is side × (price − mid): positive was paid. Markouts are side × (mid later − price): positive was earned.",
    latencyText(meta) ? note(latencyText(meta)) : null,
    fillTable(execution),
    columns(part("After a fill", markoutPart(execution)), part("Orders", rateFacts(execution))),
    bracketPart(execution),
    counts.length ? el("div", { class: "columns four" }, ...counts) : null,
  );
}
