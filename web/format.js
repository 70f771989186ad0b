// Numbers, times and words as a person reads them. What is undefined is a dash.
"use strict";

const DASH = "–";

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

// Fixed decimals, thousands in groups, a real minus; what rounds to nothing has no sign.
function fixed(value, digits) {
  if (!isNumber(value)) return DASH;
  const text = Math.abs(value).toFixed(digits);
  if (text.includes("e")) return value.toExponential(3).replace("-", "−");
  const [whole, part] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = value < 0 && Number(text) !== 0 ? "−" : "";
  return sign + grouped + (part ? "." + part : "");
}

function count(value) {
  return fixed(value, 0);
}

// Decimals for money of this size: two, more where they would hide the number.
function moneyDigits(size) {
  return !(size > 0) || size >= 0.1 ? 2 : size >= 0.001 ? 4 : 7;
}

function money(value) {
  return isNumber(value) ? fixed(value, moneyDigits(Math.abs(value))) : DASH;
}

// The format of a column: all its values with the same decimals.
function moneyOf(values) {
  const digits = moneyDigits(values.filter(isNumber).reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  return (value) => fixed(value, digits);
}

function percent(value, digits = 1) {
  return isNumber(value) ? fixed(100 * value, digits) + " %" : DASH;
}

// A share as percentage points: "+2.8 pts".
function points(value) {
  if (!isNumber(value)) return DASH;
  return (value > 0 ? "+" : "") + fixed(100 * value, 1) + " pts";
}

function bps(value) {
  return isNumber(value) ? fixed(value, 3) + " bps" : DASH;
}

// "0.527 to 0.567", or "" when there is none.
function range(pair, format) {
  return Array.isArray(pair) && isNumber(pair[0]) && isNumber(pair[1])
    ? `${format(pair[0])} to ${format(pair[1])}`
    : "";
}

function rangeOr(pair, format) {
  return range(pair, format) || DASH;
}

// A duration in its largest fitting unit.
function duration(ns) {
  if (!isNumber(ns)) return DASH;
  const units = [["h", 3600e9], ["min", 60e9], ["s", 1e9], ["ms", 1e6], ["µs", 1e3]];
  const [unit, size] = units.find(([, least]) => Math.abs(ns) >= least) || ["ns", 1];
  return `${fixed(ns / size, Number.isInteger(ns / size) ? 0 : 1)} ${unit}`;
}

// Seconds of a day, with 0 "10:04", with 1 "10:04:31", with 2 "10:04:31.250".
function timeOfDay(seconds, digits = 0) {
  const unit = digits > 1 ? 1000 : 1;
  const all = Math.floor(seconds * unit + 1e-6);
  const part = (value) => String(value).padStart(2, "0");
  const whole = Math.floor(all / unit);
  let text = `${part(Math.floor(whole / 3600) % 24)}:${part(Math.floor(whole / 60) % 60)}`;
  if (digits > 0) text += `:${part(whole % 60)}`;
  return digits > 1 ? `${text}.${String(all % unit).padStart(3, "0")}` : text;
}

// Words of the tables: "session_end" is "session end".
function words(name) {
  return String(name).replace(/_/g, " ");
}

// Round values that divide a range into about so many parts.
function ticks(low, high, parts) {
  const rough = (high - low) / Math.max(1, parts);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((times) => times * power >= rough * 0.999) * power;
  const list = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) list.push(k * step);
  return list;
}

// Decimals that write ticks exactly.
function tickDigits(list) {
  const step = list.length > 1 ? Math.abs(list[1] - list[0]) : Math.abs(list[0]) || 1;
  let digits = 0;
  while (digits < 9 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-4) digits++;
  return digits;
}
