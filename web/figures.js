// Small drawings in SVG: values with intervals, rates, calibration, days, markouts.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes = {}, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, typeof value === "number" ? Math.round(value * 100) / 100 : value);
  }
  if (text !== undefined) node.textContent = text;
  return node;
}

function hint(node, text) {
  node.append(shape("title", {}, text));
  return node;
}

/*
 * A drawing that is made again whenever its width changes, so that its letters keep their size.
 * `draw(svg, width)` gives the height.
 */
function drawing(label, draw) {
  const box = el("div", { class: "drawing" });
  let last = 0;
  function again() {
    const width = Math.floor(box.clientWidth);
    if (width < 10 || width === last) return;
    last = width;
    const svg = shape("svg", { role: "img", "aria-label": label, width });
    const height = draw(svg, width);
    svg.setAttribute("height", height);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`); // paper scales it
    box.replaceChildren(svg);
  }
  new ResizeObserver(again).observe(box);
  return box;
}

function scale(low, high, from, to) {
  const factor = high > low ? (to - from) / (high - low) : 0;
  return (value) => from + (value - low) * factor;
}

// Bounds of all finite values, with air.
function bounds(values, air = 0.06) {
  const list = values.filter(isNumber);
  if (list.length === 0) return [0, 1];
  const low = Math.min(...list);
  const high = Math.max(...list);
  const more = (high - low || Math.abs(high) || 1) * air;
  return [low - more, high + more];
}

function leftAxis(svg, list, at, left, right, format) {
  for (const value of list) {
    const y = at(value);
    svg.append(
      shape("line", { x1: left, x2: right, y1: y, y2: y, class: "grid" }),
      shape("text", { x: left - 6, y: y + 4, class: "end" }, format(value)),
    );
  }
}

/* ---- values with intervals -------------------------------------------------------------- */

/*
 * Rows of {label, value, interval, text, strong} as dots with whiskers on one scale, with a line at
 * the value that means nothing.
 */
function whiskers(label, rows, reference, format) {
  if (!rows.some((row) => isNumber(row.value))) return note("Too little data.");
  return drawing(label, (svg, width) => {
    const narrow = width < 460;
    // A letter of 12 pixels is about 6.8 wide, 7.3 when bold.
    const longest = (key) => Math.max(...rows.map((row) => row[key].length * (row.strong ? 7.3 : 6.8)));
    const left = narrow ? 4 : longest("label") + 8;
    const right = narrow ? width - 12 : width - longest("text") - 12;
    const step = narrow ? 44 : 27;
    const top = narrow ? 18 : 12;
    const bottom = rows.length * step + (narrow ? 2 : 4);
    const ends = rows.flatMap((row) => [row.value, ...(row.interval || [])]);
    const [low, high] = bounds([...ends, reference]);
    const x = scale(low, high, left + 4, right - 4);
    const list = ticks(low, high, Math.max(2, (right - left) / 80));
    const digits = tickDigits(list);
    for (const value of list) {
      svg.append(
        shape("line", { x1: x(value), x2: x(value), y1: 0, y2: bottom, class: "grid" }),
        shape("text", { x: x(value), y: bottom + 16, class: "middle" }, format(value, digits)),
      );
    }
    svg.append(shape("line", { x1: x(reference), x2: x(reference), y1: 0, y2: bottom, class: "reference" }));
    rows.forEach((row, i) => {
      const y = top + i * step + (narrow ? 8 : 0);
      const both = Array.isArray(row.interval) && row.interval.every(isNumber);
      const group = shape("g", { class: row.strong ? "strong" : "weak" });
      group.append(shape("text", { x: narrow ? left : 0, y: narrow ? y - 10 : y + 4, class: "label" }, row.label));
      group.append(
        shape("text", { x: narrow ? width : right + 12, y: narrow ? y - 10 : y + 4, class: narrow ? "end label" : "label" }, row.text),
      );
      if (both) {
        group.append(shape("line", { x1: x(row.interval[0]), x2: x(row.interval[1]), y1: y, y2: y, class: "whisker" }));
        for (const end of row.interval) {
          group.append(shape("line", { x1: x(end), x2: x(end), y1: y - 4, y2: y + 4, class: "whisker" }));
        }
      }
      if (isNumber(row.value)) group.append(shape("circle", { cx: x(row.value), cy: y, r: 4, class: "dot" }));
      svg.append(hint(group, `${row.label}: ${row.text}`));
    });
    return bottom + 24;
  });
}

/* ---- rates ------------------------------------------------------------------------------ */

// A whisker upright at x; nothing without an interval.
function upWhisker(group, x, interval, y) {
  if (!Array.isArray(interval) || !interval.every(isNumber)) return;
  group.append(shape("line", { x1: x, x2: x, y1: y(interval[0]), y2: y(interval[1]), class: "whisker" }));
  for (const end of interval) {
    group.append(shape("line", { x1: x - 4, x2: x + 4, y1: y(end), y2: y(end), class: "whisker" }));
  }
}

/*
 * Items of {label, value, interval, beside, rows, worth}: a dot for the rate with its whisker and a
 * bar for what it must beat; open dots lie below.
 */
function rates(label, items, axis) {
  return drawing(label, (svg, width) => {
    const [left, right, top, bottom] = [44, width - 6, 10, 170];
    const [low, high] = bounds([...items.flatMap((item) => [item.value, item.beside, ...(item.interval || [])]), 0.5], 0.06);
    const y = scale(low, high, bottom, top);
    const list = ticks(low, high, 4);
    const digits = Math.max(0, tickDigits(list) - 2);
    leftAxis(svg, list, y, left, right, (value) => fixed(100 * value, digits) + " %");
    const step = (right - left) / Math.max(1, items.length);
    items.forEach((item, i) => {
      const x = left + step * (i + 0.5);
      const half = Math.min(11, step * 0.35);
      const above = item.value >= item.beside;
      const group = shape("g", { class: above ? "above" : "below" });
      if (isNumber(item.beside)) {
        group.append(shape("line", { x1: x - half, x2: x + half, y1: y(item.beside), y2: y(item.beside), class: "beside" }));
      }
      if (isNumber(item.value)) {
        upWhisker(group, x, item.interval, y);
        group.append(shape("circle", { cx: x, cy: y(item.value), r: 4.5, class: "dot" }));
      }
      group.append(shape("rect", { x: x - step / 2, y: top, width: step, height: bottom - top, class: "touch" }));
      const between = range(item.interval, (value) => percent(value));
      const text = `${item.label}: ${percent(item.value)}${between ? ` (${between})` : ""}, to beat ${percent(item.beside)}, ${count(item.rows)} rows worth ${count(item.worth)}`;
      svg.append(hint(group, text));
      if (step > 24 || i % 2 === 0) svg.append(shape("text", { x, y: bottom + 16, class: "middle" }, item.label));
    });
    svg.append(shape("text", { x: (left + right) / 2, y: bottom + 33, class: "middle soft" }, axis));
    return bottom + 40;
  });
}

/* ---- calibration ------------------------------------------------------------------------ */

function calibration(label, bins) {
  return drawing(label, (svg, width) => {
    const size = Math.min(width - 52, 250);
    const [left, top] = [46, 8];
    const all = bins.flatMap((bin) => [bin.mean_predicted, bin.share_up, ...(bin.share_up_interval || [])]);
    const [low, high] = bounds(all, 0.05);
    const x = scale(low, high, left, left + size);
    const y = scale(low, high, top + size, top);
    const list = ticks(low, high, 4);
    const digits = tickDigits(list);
    leftAxis(svg, list, y, left, left + size, (value) => fixed(value, digits));
    for (const value of list) {
      svg.append(
        shape("line", { x1: x(value), x2: x(value), y1: top, y2: top + size, class: "grid" }),
        shape("text", { x: x(value), y: top + size + 16, class: "middle" }, fixed(value, digits)),
      );
    }
    svg.append(shape("line", { x1: x(low), y1: y(low), x2: x(high), y2: y(high), class: "reference" }));
    for (const bin of bins) {
      if (!isNumber(bin.mean_predicted) || !isNumber(bin.share_up)) continue;
      const dot = shape("circle", { cx: x(bin.mean_predicted), cy: y(bin.share_up), r: 4.5, class: "dot" });
      const between = range(bin.share_up_interval, (value) => fixed(value, 4));
      const text = `tenth ${bin.bin}: predicted ${fixed(bin.mean_predicted, 4)}, went up ${fixed(bin.share_up, 4)}${between ? ` (${between})` : ""}, ${count(bin.rows)} rows`;
      const group = shape("g", { class: "strong" });
      upWhisker(group, x(bin.mean_predicted), bin.share_up_interval, y);
      group.append(dot);
      svg.append(hint(group, text));
    }
    svg.append(shape("text", { x: left + size / 2, y: top + size + 34, class: "middle soft" }, "predicted P(up)"));
    svg.append(shape("text", { x: left + 8, y: top + 14, class: "soft" }, "share that went up"));
    return top + size + 42;
  });
}

/* ---- days ------------------------------------------------------------------------------- */

// Net of each day as a bar from 0, its gross as a mark; a click shows the day.
function dayBars(label, days, show) {
  return drawing(label, (svg, width) => {
    const [left, right, top, bottom] = [64, width - 4, 8, 190];
    const [low, high] = bounds([0, ...days.flatMap((day) => [day.net, day.gross])]);
    const y = scale(low, high, bottom, top);
    const list = ticks(low, high, 5);
    const digits = tickDigits(list);
    leftAxis(svg, list, y, left, right, (value) => fixed(value, digits));
    svg.append(shape("line", { x1: left, x2: right, y1: y(0), y2: y(0), class: "zero" }));
    const step = (right - left) / days.length;
    const every = Math.ceil(78 / step);
    days.forEach((day, i) => {
      const x = left + step * i;
      const wide = Math.min(42, Math.max(1, step * 0.7));
      const from = x + (step - wide) / 2;
      const group = shape("g", { class: day.net < 0 ? "down" : "up", click: () => show(i) });
      group.append(
        shape("rect", { x: from, width: wide, y: Math.min(y(0), y(day.net)), height: Math.abs(y(day.net) - y(0)), class: "column" }),
        shape("line", { x1: from, x2: from + wide, y1: y(day.gross), y2: y(day.gross), class: "beside" }),
        shape("rect", { x, y: top, width: step, height: bottom - top, class: "touch" }),
      );
      svg.append(hint(group, `${day.date}: net ${money(day.net)}, gross ${money(day.gross)}, ${count(day.trades)} trades`));
      if (i % every === 0 && x + 70 <= width) {
        svg.append(shape("text", { x: every === 1 ? x + step / 2 : x, y: bottom + 16, class: every === 1 ? "middle" : "soft" }, day.date));
      }
    });
    return bottom + 24;
  });
}

/* ---- markouts --------------------------------------------------------------------------- */

// Lines of {name, values} over labels; each line has its own mark and its name at its end.
function markoutLines(label, labels, lines) {
  return drawing(label, (svg, width) => {
    const [left, right, top, bottom] = [52, width - 92, 10, 190];
    const [low, high] = bounds([0, ...lines.flatMap((line) => line.values)], 0.1);
    const y = scale(low, high, bottom, top);
    const list = ticks(low, high, 5);
    const digits = tickDigits(list);
    leftAxis(svg, list, y, left, right, (value) => fixed(value, digits));
    svg.append(shape("line", { x1: left, x2: right, y1: y(0), y2: y(0), class: "zero" }));
    const x = scale(0, labels.length - 1, left + 12, right - 12);
    labels.forEach((text, i) => svg.append(shape("text", { x: x(i), y: bottom + 16, class: "middle" }, text)));
    const names = [];
    lines.forEach((line, k) => {
      const spots = line.values.map((value, i) => [x(i), y(value), value]).filter((spot) => isNumber(spot[2]));
      if (spots.length === 0) return;
      const group = shape("g", { class: `line line-${k}` });
      group.append(shape("polyline", { points: spots.map((spot) => `${spot[0].toFixed(1)},${spot[1].toFixed(1)}`).join(" ") }));
      spots.forEach((spot, i) => {
        group.append(hint(shape("circle", { cx: spot[0], cy: spot[1], r: 4 }), `${line.name} after ${labels[i]}: ${bps(spot[2])}`));
      });
      names.push([spots.at(-1)[1], line.name, k]);
      svg.append(group);
    });
    names.sort((a, b) => a[0] - b[0]);
    names.forEach((name, i) => {
      if (i > 0) name[0] = Math.max(name[0], names[i - 1][0] + 15);
      svg.append(shape("text", { x: right + 2, y: name[0] + 4, class: `name-${name[2]}` }, name[1]));
    });
    svg.append(shape("text", { x: left + 6, y: top + 6, class: "soft" }, "bps, positive is better"));
    return bottom + 24;
  });
}
