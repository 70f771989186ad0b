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
  constructor(series, clock, trips) {
    Object.assign(this, { series, clock, trips, symbol: null, day: 0, chosen: null, shown: [], masked: [] });
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
    this.caption.textContent = tripText(trip, this.clock);
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

const ROWS = 25;

class TripTable {
  constructor(trips, clock, jump) {
    Object.assign(this, { trips, clock, jump, page: 0, chosen: null, order: ["entryStep", 1], keep: {} });
    const price = priceOf(trips.flatMap((trip) => [trip.entryPrice, trip.exitPrice]));
    const asMoney = moneyOf(trips.map((trip) => trip.gross));
    const many = new Set(trips.map((trip) => trip.symbol)).size > 1;
    this.head = [
      ["Entry", "entryStep", (trip) => this.button(trip), ""],
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
    ];
    this.body = el("tbody");
    this.where = el("span", { class: "where", role: "status" });
    this.node = el("div", { class: "trips" }, this.filters(), this.frame(), this.pager());
    this.fill();
  }

  button(trip) {
    const text = `${this.clock.days[trip.day].date} ${timeOfDay(trip.from, 1)}`;
    return el("button", { type: "button", class: "link", title: "Show it in the charts" }, text);
  }

  filters() {
    const choice = (label, name, list) =>
      el(
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
    const each = (key) => [...new Set(this.trips.map((trip) => trip[key]))].map((word) => [words(word), (trip) => trip[key] === word]);
    const all = ["all", null];
    return el(
      "div",
      { class: "controls" },
      choice("Result", "result", [all, ["won", (trip) => trip.net > 0], ["lost", (trip) => trip.net <= 0]]),
      choice("Side", "side", [all, ["long", (trip) => trip.side > 0], ["short", (trip) => trip.side < 0]]),
      choice("Exit", "exit", [all, ...each("reason")]),
      choice("Rule", "rule", [all, ...each("rule")]),
    );
  }

  frame() {
    const heads = this.head.map(([text, key, , kind]) =>
      el("th", { scope: "col", class: kind || null, "data-key": key }, el("button", { type: "button", click: () => this.sort(key) }, text)),
    );
    return el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Round trips" },
      el("table", {}, el("caption", { class: "unseen" }, "Round trips"), el("thead", {}, el("tr", {}, ...heads)), this.body),
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
    return this.trips
      .filter((trip) => keep.every((test) => test(trip)))
      .sort((a, b) => sign * ((a[key] > b[key]) - (a[key] < b[key])) || a.number - b.number);
  }

  fill() {
    const list = this.list();
    const pages = Math.max(1, Math.ceil(list.length / ROWS));
    this.page = Math.min(Math.max(0, this.page), pages - 1);
    const first = this.page * ROWS;
    const shown = list.slice(first, first + ROWS);
    this.body.replaceChildren(...shown.map((trip) => this.row(trip)));
    this.back.disabled = this.page === 0;
    this.next.disabled = this.page === pages - 1;
    this.where.textContent = list.length ? `${count(first + 1)} to ${count(first + shown.length)} of ${count(list.length)}` : "none";
    for (const th of this.node.querySelectorAll("th[data-key]")) {
      const sorted = th.dataset.key === this.order[0];
      th.setAttribute("aria-sort", sorted ? (this.order[1] > 0 ? "ascending" : "descending") : "none");
    }
  }

  row(trip) {
    const cells = this.head.map(([, , text, kind], i) => cell(i === 0 ? "th" : "td", text(trip), kind === "number"));
    cells[0].setAttribute("scope", "row");
    return el("tr", { "aria-current": trip === this.chosen ? "true" : null, click: () => this.choose(trip) }, ...cells);
  }

  choose(trip) {
    this.chosen = trip;
    this.fill();
    this.jump(trip);
  }
}

function tripSections(report) {
  const { series, clock } = report;
  const trips = readTrips(series, clock);
  const view = new DayView(series, clock, trips);
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
    new TripTable(trips, clock, (trip) => {
      view.show(trip.day, trip.symbol, trip);
      report.markStep(trip.entryStep);
      document.getElementById("day").scrollIntoView({ block: "start" });
      say(tripText(trip, clock));
    }).node,
  );
}
