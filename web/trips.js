// Round trips: one day's price and position with its trades, and the table that jumps to them.
"use strict";

function readTrips(series, clock) {
  const t = series.trades;
  const column = (name, digits = 0) => undelta(t[name], digits);
  const [entry, exit, side, lots] = ["entry_ms", "exit_ms", "side", "lots"].map((name) => column(name));
  const [entryPrice, exitPrice] = ["entry_price", "exit_price"].map((name) => column(name, t.price_digits));
  const [gross, fees] = ["gross", "fees"].map((name) => column(name, t.money_digits));
  const [symbol, reason, rule] = ["symbol", "reason", "rule"].map((name) => column(name).map((w) => t[`${name}_words`][w]));
  const origin = clock.days.length ? clock.days[0].first_ms : 0;
  return entry.map((ms, i) => ({
    number: i + 1,
    day: clock.dayOfTime(origin + ms),
    from: clock.secondsOfTime(origin + ms),
    to: clock.secondsOfTime(origin + exit[i]),
    entryStep: clock.stepOfTime(origin + ms),
    entryMs: origin + ms,
    exitMs: origin + exit[i],
    held: exit[i] - ms,
    side: side[i],
    lots: lots[i],
    entryPrice: entryPrice[i],
    exitPrice: exitPrice[i],
    gross: gross[i],
    fees: fees[i],
    net: gross[i] - fees[i],
    symbol: symbol[i],
    reason: reason[i],
    rule: rule[i],
  }));
}

/* ---- one day ---------------------------------------------------------------------------- */

// Price and position of one symbol on one day.
class DayView {
  constructor(report, trips) {
    const { series, clock } = report;
    Object.assign(this, { report, series, clock, trips, symbol: null, day: 0, chosen: null, shown: [], masked: [] });
    this.symbols = [...new Set(series.sessions.map((one) => one.symbol))];
    this.linked = new Linked("day");
    const common = { linked: this.linked, marks: dayMarks, at: (x) => timeOfDay(x, 1), below: (u) => shade(u, this.masked, "--mask") };
    const price = {
      ...common,
      label: "Mid price with round trips",
      height: 320,
      digits: series.price_digits,
      series: [{ label: "mid", color: "--ink", width: 1 }],
      above: (u) => this.drawTrips(u),
      reach: (low, high) => this.reach(low, high),
    };
    const position = {
      ...common,
      label: "Position",
      height: 130,
      digits: 0,
      zero: true,
      series: [{ label: "position, lots", color: "--net", fill: "--net-wash", stepped: true }],
    };
    this.price = new Chart(price, [[], []]);
    this.position = new Chart(position, [[], []]);
    this.caption = el("p", { class: "chosen", "aria-live": "off" });
    this.node = el("div", {}, this.controls(), this.price.node, this.position.node, this.caption);
    this.show(0, this.symbols[0]);
  }

  controls() {
    const choice = (label, texts, change) =>
      el("label", {}, `${label} `, el("select", { change }, ...texts.map((text, i) => el("option", { value: i }, text))));
    const days = choice("Day", this.clock.days.map((day) => day.date), (event) => this.show(Number(event.target.value), this.symbol));
    const symbols = choice("Symbol", this.symbols, (event) => this.show(this.day, this.symbols[Number(event.target.value)]));
    this.dayChoice = days.querySelector("select");
    this.symbolChoice = symbols.querySelector("select");
    this.before = el("button", { type: "button", click: () => this.show(this.day - 1, this.symbol) }, "Day before");
    this.after = el("button", { type: "button", click: () => this.show(this.day + 1, this.symbol) }, "Day after");
    return el(
      "div",
      { class: "controls" },
      days,
      this.symbols.length > 1 ? symbols : null,
      el("span", { class: "buttons" }, this.before, this.after),
      zoomButtons(this.linked, "Whole day"),
    );
  }

  // Show a day; a symbol that has no session on it shows an empty chart.
  show(day, symbol, chosen = null) {
    if (day < 0 || day >= this.clock.days.length) return;
    Object.assign(this, { day, symbol, chosen });
    const session = this.series.sessions.find((one) => one.day === day && one.symbol === symbol);
    const open = this.clock.opening(day);
    const at = (step) => open + step * this.clock.stepSeconds;
    const { first_ms: first, last_ms: last } = this.clock.days[day];
    const times = session ? undelta(session.step).map(at) : [];
    this.masked = [];
    for (let i = 0; session && i < session.masked.length; i += 2) {
      this.masked.push([at(session.masked[i]), at(session.masked[i] + session.masked[i + 1])]);
    }
    this.shown = this.trips.filter((trip) => trip.day === day && trip.symbol === symbol);
    this.linked.setLimits(open, open + (last - first) / 1000);
    this.price.setData([times, session ? undelta(session.mid, this.series.price_digits) : []]);
    this.position.setData([times, session ? undelta(session.position) : []]);
    this.linked.reset();
    this.dayChoice.value = String(day);
    this.symbolChoice.value = String(this.symbols.indexOf(symbol));
    this.before.disabled = day === 0;
    this.after.disabled = day === this.clock.days.length - 1;
    if (chosen) this.showTrip(chosen);
    else this.caption.textContent = `${count(this.shown.length)} round trips on this day.`;
  }

  showTrip(trip) {
    const air = Math.max(2 * (trip.to - trip.from), 60 * this.clock.stepSeconds, 30);
    this.linked.show(trip.from - air, trip.to + air);
    const ends = [["in", trip.entryMs], ["out", trip.exitMs]];
    const buttons = ends.map(([word, ms]) => {
      const order = this.report.orderOf(trip.symbol, ms);
      return order ? el("button", { type: "button", click: () => this.report.showOrder(order) }, `Follow the order ${word}`) : null;
    });
    this.caption.replaceChildren(`${tripText(trip, this.clock)} `, el("span", { class: "buttons" }, ...buttons.filter(Boolean)));
  }

  // Round trips in the stretch of time that is shown.
  seen() {
    const [low, high] = this.linked.shown;
    return this.shown.filter((trip) => trip.to >= low && trip.from <= high);
  }

  // Fills lie half a spread beside the mid.
  reach(low, high) {
    const prices = this.seen().flatMap((trip) => [trip.entryPrice, trip.exitPrice]);
    return [Math.min(low, ...prices), Math.max(high, ...prices)];
  }

  drawTrips(u) {
    const seen = this.seen();
    clipped(u, (ctx) => {
      for (const trip of seen) if (trip !== this.chosen) drawTrip(u, ctx, trip, false);
      if (this.chosen) drawTrip(u, ctx, this.chosen, true);
    });
  }
}

function sideText(trip) {
  return trip.side > 0 ? "long" : "short";
}

function tripText(trip, clock) {
  const price = priceOf([trip.entryPrice, trip.exitPrice]);
  return (
    `Round trip ${trip.number}: ${sideText(trip)} ${count(trip.lots)} ${trip.symbol} on ${clock.days[trip.day].date}, ` +
    `in at ${timeOfDay(trip.from, 2)} for ${price(trip.entryPrice)}, out at ${timeOfDay(trip.to, 2)} ` +
    `for ${price(trip.exitPrice)} (${words(trip.reason)}), gross ${money(trip.gross)}, fees ${money(trip.fees)}, net ${money(trip.net)}.`
  );
}

// The format of prices: as many decimals as one of them needs, at most 6.
function priceOf(values) {
  let digits = 2;
  const needsMore = (value) => Math.abs(value - Number(value.toFixed(digits))) > 1e-7 * Math.abs(value);
  while (digits < 6 && values.some(needsMore)) digits++;
  return (value) => fixed(value, digits);
}

/* ---- the table -------------------------------------------------------------------------- */

/*
 * A list in pages that can be sorted and filtered. Options: label, rows of a page, items with a
 * number each, head [[text, key, cell(item), kind]], filters [[label, name, [[text, test]]]], order
 * [key, sign], jump(item).
 */
class ListTable {
  constructor(options) {
    Object.assign(this, { ...options, page: 0, chosen: null, keep: {} });
    this.body = el("tbody");
    this.where = el("span", { class: "where", role: "status" });
    this.node = el("div", { class: "trips" }, this.choices(), this.frame(), this.pager());
    this.fill();
  }

  // A filter for each word of a column.
  static each(items, key) {
    return [...new Set(items.map((item) => item[key]))].map((word) => [words(word), (item) => item[key] === word]);
  }

  choices() {
    const choice = ([label, name, tests]) => {
      const list = [["all", null], ...tests];
      return el(
        "label",
        {},
        `${label} `,
        el(
          "select",
          {
            "data-filter": name,
            change: (event) => {
              this.keep[name] = list[Number(event.target.value)][1];
              this.page = 0;
              this.fill();
            },
          },
          ...list.map(([text], i) => el("option", { value: i }, text)),
        ),
      );
    };
    return el("div", { class: "controls" }, ...this.filters.map(choice));
  }

  frame() {
    const heads = this.head.map(([text, key, , kind]) =>
      el("th", { scope: "col", class: kind || null, "data-key": key }, el("button", { type: "button", click: () => this.sort(key) }, text)),
    );
    return el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": this.label },
      el("table", {}, el("caption", { class: "unseen" }, this.label), el("thead", {}, el("tr", {}, ...heads)), this.body),
    );
  }

  pager() {
    const turn = (by) => () => {
      this.page += by;
      this.fill();
    };
    this.back = el("button", { type: "button", click: turn(-1) }, "Before");
    this.next = el("button", { type: "button", click: turn(1) }, "Next");
    return el("div", { class: "controls" }, this.back, this.next, this.where);
  }

  sort(key) {
    const turned = this.order[0] === key;
    this.order = [key, turned ? -this.order[1] : 1];
    this.page = 0;
    this.fill();
  }

  list() {
    const [key, sign] = this.order;
    const keep = Object.values(this.keep).filter(Boolean);
    return this.items
      .filter((item) => keep.every((test) => test(item)))
      .sort((a, b) => sign * ((a[key] > b[key]) - (a[key] < b[key])) || a.number - b.number);
  }

  fill() {
    const list = this.list();
    const pages = Math.max(1, Math.ceil(list.length / this.rows));
    this.page = Math.min(Math.max(0, this.page), pages - 1);
    const first = this.page * this.rows;
    const shown = list.slice(first, first + this.rows);
    this.body.replaceChildren(...shown.map((item) => this.row(item)));
    this.back.disabled = this.page === 0;
    this.next.disabled = this.page === pages - 1;
    this.where.textContent = list.length ? `${count(first + 1)} to ${count(first + shown.length)} of ${count(list.length)}` : "none";
    for (const th of this.node.querySelectorAll("th[data-key]")) {
      const sorted = th.dataset.key === this.order[0];
      th.setAttribute("aria-sort", sorted ? (this.order[1] > 0 ? "ascending" : "descending") : "none");
    }
  }

  row(item) {
    const cells = this.head.map(([, , text, kind], i) => cell(i === 0 ? "th" : "td", text(item), kind === "number"));
    cells[0].setAttribute("scope", "row");
    return el("tr", { "aria-current": item === this.chosen ? "true" : null, click: () => this.choose(item) }, ...cells);
  }

  // Show an item as the chosen one, on the page that it is on.
  mark(item) {
    this.chosen = item;
    const at = this.list().indexOf(item);
    if (at >= 0) this.page = Math.floor(at / this.rows);
    this.fill();
  }

  choose(item) {
    this.mark(item);
    this.jump(item);
  }
}

function tripTable(trips, clock, jump) {
  const price = priceOf(trips.flatMap((trip) => [trip.entryPrice, trip.exitPrice]));
  const asMoney = moneyOf(trips.map((trip) => trip.gross));
  const many = new Set(trips.map((trip) => trip.symbol)).size > 1;
  const button = (trip) =>
    el("button", { type: "button", class: "link", title: "Show it in the charts" }, `${clock.days[trip.day].date} ${timeOfDay(trip.from, 1)}`);
  return new ListTable({
    label: "Round trips",
    rows: 25,
    items: trips,
    order: ["entryStep", 1],
    jump,
    head: [
      ["Entry", "entryStep", button, ""],
      ...(many ? [["Symbol", "symbol", (trip) => trip.symbol, ""]] : []),
      ["Side", "side", sideText, ""],
      ["Lots", "lots", (trip) => count(trip.lots), "number"],
      ["In at", "entryPrice", (trip) => price(trip.entryPrice), "number"],
      ["Out at", "exitPrice", (trip) => price(trip.exitPrice), "number"],
      ["Held", "held", (trip) => duration(trip.held * 1e6), "number"],
      ["Gross", "gross", (trip) => signed(trip.gross, asMoney), "number"],
      ["Fees", "fees", (trip) => asMoney(trip.fees), "number"],
      ["Net", "net", (trip) => signed(trip.net, asMoney), "number"],
      ["Exit", "reason", (trip) => words(trip.reason), ""],
      ["Rule", "rule", (trip) => words(trip.rule), ""],
    ],
    filters: [
      ["Result", "result", [["won", (trip) => trip.net > 0], ["lost", (trip) => trip.net <= 0]]],
      ["Side", "side", [["long", (trip) => trip.side > 0], ["short", (trip) => trip.side < 0]]],
      ["Exit", "exit", ListTable.each(trips, "reason")],
      ["Rule", "rule", ListTable.each(trips, "rule")],
    ],
  });
}

function tripSections(report) {
  const { series, clock } = report;
  const trips = readTrips(series, clock);
  const view = new DayView(report, trips);
  report.showDay = (day) => {
    view.show(day, view.symbol);
    document.getElementById("day").scrollIntoView({ block: "start" });
    say(`Showing ${clock.days[day].date}`);
  };
  section(
    "day",
    "Price: Price and position",
    `Mid price, round trips and position, in the session's time (${report.metrics.meta.time_zone || "UTC"}). A filled triangle is an entry and ` +
      "points up for a purchase; the ring is the exit. A dashed line lost after fees. Shaded: no valid book.",
    view.node,
  );
  const { shown, total } = series.trades;
  const lead = total === 0 ? "There are none." : "Click one to see it in the charts; click a heading to sort.";
  const place = section("trips", "Round trips", lead);
  if (total === 0) return;
  if (shown < total) place.append(note(`The ${count(shown)} with the largest gain or loss of ${count(total)}; trades.parquet holds all.`));
  place.append(
    tripTable(trips, clock, (trip) => {
      view.show(trip.day, trip.symbol, trip);
      report.markStep(trip.entryStep);
      document.getElementById("day").scrollIntoView({ block: "start" });
      say(tripText(trip, clock));
    }).node,
  );
}
