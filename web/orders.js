// One order followed: the book around it, when it was decided, sent, met the venue, filled, ended.
"use strict";

// Columns of all orders to one object each; those of fills and book belong to the orders in turn.
function readOrders({ orders }, clock) {
  if (!orders) return [];
  const column = (from, name, digits = 0) => undelta(from[name], digits);
  const word = (from, name) => column(from, name).map((place) => from[`${name}_words`][place]);
  const numbers = ["decision_us", "sent_us", "venue_us", "done_us", "number", "side", "lots", "filled", "depth"];
  const prices = ["price", "mid_decision", "mid_arrival"];
  const columns = Object.fromEntries([
    ...numbers.map((name) => [name, column(orders, name)]),
    ...prices.map((name) => [name, column(orders, name, orders.price_digits)]),
    ...["symbol", "kind", "status", "reason"].map((name) => [name, word(orders, name)]),
  ]);
  const list = columns.number.map((number, i) => Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]])));
  const origin = clock.days.length ? clock.days[0].first_ms : 0;
  for (const order of list) {
    const ms = origin + order.decision_us / 1000;
    const start = clock.secondsOfTime(ms);
    const known = (value) => (value < 0 ? null : value);
    Object.assign(order, {
      day: clock.dayOfTime(ms),
      at: start,
      ms,
      price: order.kind === "passive" && order.price > 0 ? order.price : null,
      depth: known(order.depth),
      mid_decision: known(order.mid_decision),
      mid_arrival: known(order.mid_arrival),
      sent: order.sent_us < 0 ? null : order.sent_us / 1e6,
      venue: order.venue_us < 0 ? null : order.venue_us / 1e6,
      done: order.done_us < 0 ? null : order.done_us / 1e6,
      fills: [],
    });
  }
  addFills(list, orders);
  addBooks(list, orders);
  return list;
}

function addFills(list, { fills, price_digits: digits }) {
  const [order, us, lots] = ["order", "us", "lots"].map((name) => undelta(fills[name]));
  const price = undelta(fills.price, digits);
  const liquidity = undelta(fills.liquidity).map((place) => fills.liquidity_words[place]);
  order.forEach((at, i) => list[at].fills.push({ after: us[i] / 1e6, price: price[i], lots: lots[i], liquidity: liquidity[i] }));
}

function addBooks(list, { book, price_digits: digits }) {
  const ms = undelta(book.ms);
  const [bid, ask] = ["bid", "ask"].map((name) => undelta(book[name], digits));
  let from = 0;
  undelta(book.points).forEach((points, i) => {
    const part = (values) => values.slice(from, from + points);
    list[i].book = { times: part(ms).map((value) => list[i].at + value / 1000), bid: part(bid), ask: part(ask) };
    from += points;
  });
}

/* ---- the chart -------------------------------------------------------------------------- */

class OrderView {
  constructor(series, clock, orders) {
    Object.assign(this, { clock, orders, order: null });
    const known = series.orders.book.known;
    this.linked = new Linked("order");
    this.chart = new Chart(
      {
        label: known ? "Best bid and ask around an order" : "Mid around an order",
        height: 320,
        linked: this.linked,
        digits: series.price_digits,
        marks: dayMarks,
        at: (x) => timeOfDay(x, 2),
        series: known
          ? [{ label: "ask", color: "--line-2", stepped: true, width: 1.5 }, { label: "bid", color: "--line-1", stepped: true, width: 1.5 }]
          : [{ label: "mid", color: "--ink", stepped: true, width: 1.5 }],
        below: (u) => this.drawBook(u),
        above: (u) => this.drawLife(u),
        reach: (low, high) => this.reach(low, high),
      },
      known ? [[], [], []] : [[], []],
    );
    this.known = known;
    this.before = el("button", { type: "button", click: () => this.step(-1) }, "Order before");
    this.after = el("button", { type: "button", click: () => this.step(1) }, "Next order");
    this.caption = el("p", { class: "chosen", "aria-live": "off" });
    this.life = el("div");
    this.node = el(
      "div",
      {},
      el("div", { class: "controls" }, el("span", { class: "buttons" }, this.before, this.after), zoomButtons(this.linked, "Whole life")),
      this.chart.node,
      this.caption,
      this.life,
    );
  }

  step(by) {
    const at = this.orders.indexOf(this.order) + by;
    if (at >= 0 && at < this.orders.length) this.choose(this.orders[at]);
  }

  choose(order) {
    this.show(order);
    say(orderText(order, this.clock));
    this.chosen?.(order);
  }

  show(order) {
    this.order = order;
    const { times, bid, ask } = order.book;
    const end = order.at + Math.max(order.done ?? 0, ...order.fills.map((fill) => fill.after), 0);
    this.linked.setLimits(Math.min(order.at - 1, ...times), Math.max(end + 1, ...times));
    this.chart.setData(this.known ? [times, ask, bid] : [times, ask]);
    this.linked.reset();
    const at = this.orders.indexOf(order);
    this.before.disabled = at === 0;
    this.after.disabled = at === this.orders.length - 1;
    this.caption.textContent = orderText(order, this.clock);
    this.life.replaceChildren(lifeTable(order));
  }

  reach(low, high) {
    const { order } = this;
    const all = order ? [order.price, order.mid_decision, ...order.fills.map((fill) => fill.price)].filter(isNumber) : [];
    return [Math.min(low, ...all), Math.max(high, ...all)];
  }

  // The spread as a band.
  drawBook(u) {
    if (!this.order || !this.known) return;
    const { times, bid, ask } = this.order.book;
    clipped(u, (ctx) => {
      ctx.fillStyle = css("--mask");
      times.forEach((time, i) => {
        const right = times[i + 1] ?? time;
        const [x0, x1] = [time, right].map((x) => u.valToPos(x, "x", true));
        const [y0, y1] = [ask[i], bid[i]].map((y) => u.valToPos(y, "y", true));
        ctx.fillRect(x0, y0, x1 - x0, y1 - y0);
      });
    });
  }

  drawLife(u) {
    if (this.order) {
      if (this.order.venue !== null) upright(u, this.order.at + this.order.venue, "--soft");
      clipped(u, (ctx) => drawOrder(u, ctx, this.order));
    }
  }
}

// A ring where it was decided, a line where it waits, triangles where it was filled, a cross where it ended without.
function drawOrder(u, ctx, order) {
  const unit = devicePixelRatio;
  const spot = (after, price) => [u.valToPos(order.at + after, "x", true), u.valToPos(price, "y", true)];
  ctx.strokeStyle = ctx.fillStyle = css("--net");
  ctx.lineWidth = 2 * unit;
  if (order.price !== null && order.venue !== null) {
    const end = order.done ?? Math.max(0, ...order.fills.map((fill) => fill.after));
    const [[x0, y0], [x1]] = [spot(order.venue, order.price), spot(end, order.price)];
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(Math.max(x1, x0 + 2 * unit), y0);
    ctx.stroke();
  }
  if (order.mid_decision !== null) {
    ctx.beginPath();
    ctx.arc(...spot(0, order.mid_decision), 5 * unit, 0, 2 * Math.PI);
    ctx.stroke();
  }
  const size = 7 * unit;
  for (const fill of order.fills) {
    const [x, y] = spot(fill.after, fill.price);
    ctx.beginPath();
    ctx.moveTo(x, y - order.side * size);
    ctx.lineTo(x - size, y + order.side * size);
    ctx.lineTo(x + size, y + order.side * size);
    ctx.closePath();
    ctx.fill();
  }
  if (order.fills.length === 0 && order.done !== null && (order.price ?? order.mid_decision) !== null) {
    const [x, y] = spot(order.done, order.price ?? order.mid_decision);
    ctx.strokeStyle = css("--loss");
    ctx.beginPath();
    for (const turn of [1, -1]) {
      ctx.moveTo(x - size * 0.8, y - turn * size * 0.8);
      ctx.lineTo(x + size * 0.8, y + turn * size * 0.8);
    }
    ctx.stroke();
  }
}

/* ---- words ------------------------------------------------------------------------------ */

function orderSide(order) {
  return order.side > 0 ? "buy" : "sell";
}

function orderText(order, clock) {
  return (
    `Order ${order.number}: ${orderSide(order)} ${count(order.lots)} ${order.symbol} on ${clock.days[order.day].date} at ${timeOfDay(order.at, 2)}, ` +
    `${words(order.kind)}, ${words(order.reason)}; ${count(order.filled)} filled (${words(order.status)}).`
  );
}

function lifeTable(order) {
  const price = priceOf([order.price, order.mid_decision, order.mid_arrival, ...order.fills.map((fill) => fill.price)].filter(isNumber));
  const met = order.price === null ? "on the other side" : "at its price";
  const row = (what, after, value, lots, remark) => [
    what,
    after === null ? DASH : timeOfDay(order.at + after, 2),
    after ? duration(after * 1e9) : DASH,
    isNumber(value) ? price(value) : DASH,
    isNumber(lots) ? count(lots) : DASH,
    remark ?? "",
  ];
  const rows = [
    row("Decided", 0, order.mid_decision, order.lots, "the mid that it saw"),
    row("Sent", order.sent, order.price, order.lots, order.price === null ? "without a limit" : "its limit"),
    row("At the venue", order.venue, order.mid_arrival, order.depth, `the mid; lots shown ${met}`),
    ...order.fills.map((fill) => row("Filled", fill.after, fill.price, fill.lots, words(fill.liquidity))),
    row("Ended", order.done, null, order.filled, words(order.status)),
  ];
  return table("Life of the order", ["", "Time", "#After the decision", "#Price", "#Lots", "What"], rows, { class: "life" });
}

/* ---- the section ------------------------------------------------------------------------ */

function orderTable(orders, clock, jump) {
  const button = (order) =>
    el("button", { type: "button", class: "link", title: "Follow it" }, `${clock.days[order.day].date} ${timeOfDay(order.at, 1)}`);
  const many = new Set(orders.map((order) => order.symbol)).size > 1;
  const met = (order) => (order.depth === null ? DASH : count(order.depth));
  return new ListTable({
    label: "Orders",
    rows: 10,
    items: orders,
    order: ["ms", 1],
    jump,
    head: [
      ["Decided", "ms", button, ""],
      ...(many ? [["Symbol", "symbol", (order) => order.symbol, ""]] : []),
      ["Side", "side", orderSide, ""],
      ["Kind", "kind", (order) => words(order.kind), ""],
      ["Why", "reason", (order) => words(order.reason), ""],
      ["Lots", "lots", (order) => count(order.lots), "number"],
      ["Depth met", "depth", met, "number"],
      ["Filled", "filled", (order) => count(order.filled), "number"],
      ["Status", "status", (order) => words(order.status), ""],
    ],
    filters: [["Kind", "kind"], ["Why", "reason"], ["Status", "status"]].map(([label, key]) => [label, key, ListTable.each(orders, key)]),
  });
}

function orderSections(report) {
  const { series, clock } = report;
  const orders = readOrders(series, clock);
  const lead =
    "The book around one order. Ring: decided, at the mid that it saw. Dashed: it reaches the venue. Line: it waits at its price. " +
    "Triangles: fills, up for a purchase. Cross: it ended without a fill. Shaded: the spread.";
  if (!orders.length) {
    section("orders", "Orders: Follow an order", "There are no orders.");
    return;
  }
  const view = new OrderView(series, clock, orders);
  const list = orderTable(orders, clock, (order) => {
    view.show(order);
    document.getElementById("orders").scrollIntoView({ block: "start" });
    say(orderText(order, clock));
  });
  view.chosen = (order) => list.mark(order);
  report.showOrder = (order) => {
    view.choose(order);
    document.getElementById("orders").scrollIntoView({ block: "start" });
  };
  // The order that was filled at a time, if it is among those that are kept.
  report.orderOf = (symbol, ms) =>
    orders.find((order) => order.symbol === symbol && order.fills.some((fill) => Math.abs(order.ms + fill.after * 1000 - ms) < 1));
  const { shown, total } = series.orders;
  section(
    "orders",
    "Orders: Follow an order",
    lead,
    view.node,
    el("h3", { class: "apart" }, "Orders"),
    shown < total ? note(`${count(shown)} of ${count(total)}: those of the largest round trips, and of the rest some, evenly; orders.parquet holds all.`) : null,
    list.node,
  );
  view.show(orders[0]);
  list.mark(orders[0]);
}
