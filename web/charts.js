// Charts over time by uPlot: linked ranges, zoom by dragging or keys, marks of round trips.
"use strict";

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/* ---- linked charts ---------------------------------------------------------------------- */

// Charts that show the same stretch of time.
class Linked {
  constructor(key) {
    this.key = key;
    this.charts = [];
    this.limits = [0, 1];
    this.shown = [0, 1];
    this.axisWidth = 0; // of the values, the same in all so that times stand below each other
  }

  // The width that an axis gets when its labels need this much; the others follow when it grows.
  widen(needed) {
    if (needed > this.axisWidth) {
      this.axisWidth = needed;
      queueMicrotask(() => this.charts.forEach((chart) => chart.plot?.redraw(false, true)));
    }
    return this.axisWidth;
  }

  // All there is to see.
  setLimits(low, high) {
    this.limits = [low, Math.max(high, low + 1e-6)];
    this.shown = [...this.limits];
  }

  show(low, high) {
    const least = (this.limits[1] - this.limits[0]) * 1e-5;
    const width = Math.min(Math.max(high - low, least), this.limits[1] - this.limits[0]);
    const from = Math.min(Math.max(low, this.limits[0]), this.limits[1] - width);
    this.shown = [from, from + width];
    for (const chart of this.charts) chart.applyRange();
  }

  reset() {
    this.show(...this.limits);
  }

  // Zoom around the middle, or move, by a share of what is shown.
  zoom(times) {
    const middle = (this.shown[0] + this.shown[1]) / 2;
    const half = ((this.shown[1] - this.shown[0]) * times) / 2;
    this.show(middle - half, middle + half);
  }

  move(share) {
    const by = (this.shown[1] - this.shown[0]) * share;
    this.show(this.shown[0] + by, this.shown[1] + by);
  }

  redraw() {
    for (const chart of this.charts) chart.plot?.redraw(false);
  }
}

const allCharts = [];

function rebuildCharts(width) {
  for (const chart of allCharts) chart.rebuild(width);
}

/* ---- one chart -------------------------------------------------------------------------- */

const KEYS = {
  ArrowLeft: (linked) => linked.move(-0.2),
  ArrowRight: (linked) => linked.move(0.2),
  "+": (linked) => linked.zoom(0.5),
  "=": (linked) => linked.zoom(0.5),
  "-": (linked) => linked.zoom(2),
  0: (linked) => linked.reset(),
  Home: (linked) => linked.reset(),
};

/*
 * Options: label, height, linked, marks(low, high, pixels), at(x) for the legend, digits of the
 * values, series [{label, color, width, dash, fill, stepped, hidden}], below(u) and above(u) to draw
 * on, click(x), zero (hold 0 on the scale), reach(low, high) for a wider scale of values.
 */
class Chart {
  constructor(options, data) {
    this.options = options;
    this.data = data;
    this.hidden = new Set(options.series.filter((one) => one.hidden).map((one) => one.label));
    this.node = el("div", {
      class: "chart",
      tabindex: "0",
      role: "group",
      "aria-label": `${options.label}. Arrow keys move, plus and minus zoom, 0 shows all.`,
      keydown: (event) => this.key(event),
    });
    options.linked.charts.push(this);
    allCharts.push(this);
    new ResizeObserver(() => this.resize()).observe(this.node);
  }

  key(event) {
    const act = KEYS[event.key];
    if (event.target !== this.node || event.ctrlKey || event.metaKey || event.altKey || !act) return;
    event.preventDefault();
    act(this.options.linked);
  }

  setData(data) {
    this.data = data;
    this.plot?.setData(data, false);
  }

  applyRange() {
    const [min, max] = this.options.linked.shown;
    this.plot?.setScale("x", { min, max });
  }

  resize() {
    const width = Math.floor(this.node.clientWidth);
    if (width < 50) return;
    if (!this.plot) this.rebuild();
    else if (width !== this.plot.width) this.plot.setSize({ width, height: this.height(width) });
  }

  height(width) {
    return width < 520 ? Math.round(this.options.height * 0.8) : this.options.height;
  }

  rebuild(forced) {
    const width = forced || Math.floor(this.node.clientWidth);
    this.plot?.destroy();
    this.plot = null;
    if (width < 50) return;
    this.plot = new uPlot(this.build(width), this.data, this.node);
    this.applyRange();
    this.reachLegend();
  }

  // The legend switches series; let keys do it too.
  reachLegend() {
    this.node.querySelectorAll(".u-legend .u-series").forEach((row, i) => {
      const head = row.querySelector("th");
      if (i === 0 || !head) return;
      head.tabIndex = 0;
      head.setAttribute("role", "button");
      head.setAttribute("aria-pressed", String(this.plot.series[i].show));
      head.addEventListener("click", () => setTimeout(() => this.noteShown(i, head)));
      head.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          head.click();
        }
      });
    });
  }

  noteShown(i, head) {
    const { label, show } = this.plot.series[i];
    head.setAttribute("aria-pressed", String(show));
    if (show) this.hidden.delete(label);
    else this.hidden.add(label);
  }

  build(width) {
    const { options } = this;
    return {
      width,
      height: this.height(width),
      pxAlign: 1,
      padding: [10, 26, 0, 0],
      scales: { x: { time: false, range: () => [...options.linked.shown] }, y: { range: (u, low, high) => this.valueRange(low, high) } },
      axes: [this.timeAxis(), this.valueAxis()],
      series: [
        { label: "time", value: (u, x) => (x === null || x === undefined ? DASH : options.at(x)) },
        ...options.series.map((one) => this.line(one)),
      ],
      cursor: {
        sync: { key: options.linked.key, setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6 },
        bind: { dblclick: () => () => options.linked.reset() },
      },
      legend: { live: true },
      hooks: {
        drawAxes: [(u) => options.below?.(u)],
        draw: [(u) => options.above?.(u)],
        setSelect: [(u) => this.select(u)],
        ready: [(u) => this.listen(u)],
      },
    };
  }

  line(one) {
    const digits = one.digits ?? this.options.digits;
    return {
      label: one.label,
      show: !this.hidden.has(one.label),
      stroke: css(one.color),
      width: one.width || 1.25,
      dash: one.dash,
      fill: one.fill ? css(one.fill) : undefined,
      fillTo: 0,
      spanGaps: true,
      paths: one.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { show: this.data[0].length < 3 },
      value: (u, value) => (value === null || value === undefined ? DASH : fixed(value, digits)),
    };
  }

  valueRange(low, high) {
    if (!isNumber(low) || !isNumber(high)) return [-1, 1];
    if (this.options.zero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
    if (this.options.reach) [low, high] = this.options.reach(low, high);
    if (low === high) return [low - (Math.abs(low) * 0.01 || 1), high + (Math.abs(high) * 0.01 || 1)];
    const air = (high - low) * 0.06;
    return [this.options.zero && low === 0 ? 0 : low - air, this.options.zero && high === 0 ? 0 : high + air];
  }

  axis() {
    const rule = { stroke: css("--rule"), width: 1 };
    return { stroke: css("--soft"), font: `12px ${css("--sans")}`, grid: rule, ticks: { ...rule, size: 4 }, gap: 6 };
  }

  timeAxis() {
    let marks = [];
    return {
      ...this.axis(),
      size: 30,
      splits: (u, axis, low, high) => {
        marks = this.options.marks(low, high, u.bbox.width / devicePixelRatio);
        return marks.map((mark) => mark.at);
      },
      values: () => marks.map((mark) => mark.text),
    };
  }

  valueAxis() {
    return {
      ...this.axis(),
      space: 28,
      size: (u, values) => this.options.linked.widen(18 + 7.2 * Math.max(4, ...(values || []).map((text) => text.length))),
      values: (u, list) => list.map((value) => fixed(value, tickDigits(list))),
    };
  }

  select(u) {
    const { left, width } = u.select;
    if (width < 4) return;
    const [from, to] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.options.linked.show(from, to);
  }

  // A press without dragging is a click at a time, unless a second one makes it a double click.
  listen(u) {
    const { click } = this.options;
    if (!click) return;
    let pressed = 0;
    let waiting = 0;
    u.over.addEventListener("mousedown", (event) => (pressed = event.clientX));
    u.over.addEventListener("click", (event) => {
      clearTimeout(waiting);
      if (event.detail > 1 || Math.abs(event.clientX - pressed) >= 4) return;
      const at = u.posToVal(u.cursor.left, "x");
      waiting = setTimeout(() => click(at), 300);
    });
  }
}

function zoomButtons(linked, all) {
  const button = (text, label, act) => el("button", { type: "button", "aria-label": label, title: label, click: act }, text);
  return el(
    "span",
    { class: "buttons" },
    button("+", "Zoom in", () => linked.zoom(0.5)),
    button("−", "Zoom out", () => linked.zoom(2)),
    button(all, all, () => linked.reset()),
  );
}

/* ---- drawing on a chart ----------------------------------------------------------------- */

// Run drawing code with the plot's own clip; coordinates are the canvas's.
function clipped(u, draw) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox);
  ctx.restore();
}

function shade(u, stretches, color) {
  clipped(u, (ctx, bbox) => {
    ctx.fillStyle = css(color);
    for (const [from, to] of stretches) {
      const [left, right] = [u.valToPos(from, "x", true), u.valToPos(to, "x", true)];
      if (right >= bbox.left && left <= bbox.left + bbox.width) {
        ctx.fillRect(left, bbox.top, Math.max(right - left, devicePixelRatio), bbox.height);
      }
    }
  });
}

function upright(u, at, color) {
  clipped(u, (ctx, bbox) => {
    const x = Math.round(u.valToPos(at, "x", true)) + 0.5;
    ctx.strokeStyle = css(color);
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4, 3].map((size) => size * devicePixelRatio));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  });
}

// Entry as a triangle that points where the trade hopes to go, exit as a ring, a line between them.
function drawTrip(u, ctx, trip, chosen) {
  const unit = devicePixelRatio;
  const spot = (seconds, price) => [u.valToPos(seconds, "x", true), u.valToPos(price, "y", true)];
  const [[x0, y0], [x1, y1]] = [spot(trip.from, trip.entryPrice), spot(trip.to, trip.exitPrice)];
  const size = (chosen ? 7 : 4.5) * unit;
  ctx.strokeStyle = ctx.fillStyle = css(trip.net > 0 ? "--net" : "--loss");
  ctx.lineWidth = (chosen ? 2.5 : 1.25) * unit;
  ctx.setLineDash(trip.net > 0 ? [] : [4 * unit, 3 * unit]);
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(x0, y0 - trip.side * size);
  ctx.lineTo(x0 - size, y0 + trip.side * size);
  ctx.lineTo(x0 + size, y0 + trip.side * size);
  ctx.closePath();
  ctx.fill();
  ctx.beginPath();
  ctx.arc(x1, y1, size * 0.75, 0, 2 * Math.PI);
  ctx.fillStyle = css("--paper");
  ctx.fill();
  ctx.stroke();
}
