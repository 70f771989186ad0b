// Building the page: elements, sections, tables. Texts are always set as texts.
"use strict";

// el("p", {class: "note"}, "text", child, ...). Properties that are functions are listeners.
function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function say(text) {
  document.getElementById("said").textContent = text;
}

// A section that stands in the list of contents, there with the part of its title before a colon.
function section(id, title, lead, ...children) {
  document.getElementById("contents").append(el("a", { href: `#${id}` }, title.split(":")[0]));
  title = title.replace(/^.*: /, "");
  const node = el(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, title),
    lead ? el("p", { class: "lead" }, lead) : null,
    ...children,
  );
  document.getElementById("main").append(node);
  return node;
}

function part(title, ...children) {
  return el("div", { class: "part" }, el("h3", {}, title), ...children);
}

function columns(...children) {
  return el("div", { class: "columns" }, ...children);
}

function note(text) {
  return el("p", { class: "note" }, text);
}

// A cell: text, number as text, node, or {text, class, title}.
function cell(tag, value, isNumeric) {
  const full = value !== null && typeof value === "object" && !(value instanceof Node);
  const content = full ? value.text : value;
  const classes = [isNumeric ? "number" : "", full && value.class ? value.class : ""].join(" ").trim();
  return el(tag, { class: classes || null, title: full ? value.title : null }, content ?? DASH);
}

/*
 * A table in a box that scrolls when the screen is narrow. `head` has a text for each column; those
 * whose text begins with "#" hold numbers. The first cell of a row is its heading.
 */
function table(label, head, rows, options = {}) {
  const numeric = head.map((text) => text.startsWith("#"));
  const heads = head.map((text, i) =>
    el("th", { scope: "col", class: numeric[i] ? "number" : null }, text.replace(/^#/, "")),
  );
  const body = rows.map((row) =>
    el(
      "tr",
      { class: row.className || null },
      ...row.map((value, i) => {
        const made = cell(i === 0 ? "th" : "td", value, numeric[i]);
        if (i === 0) made.setAttribute("scope", "row");
        return made;
      }),
    ),
  );
  const whole = el(
    "table",
    { class: options.class || null },
    el("caption", { class: options.caption ? null : "unseen" }, options.caption || label),
    options.headless ? null : el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...body),
  );
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, whole);
}

// A row of a table that is set apart.
function marked(row, className) {
  row.className = className;
  return row;
}

// Two columns of names and values. Short values stay in one line: a date is not broken at its hyphens.
function facts(label, rows) {
  const whole = (value) => (typeof value === "string" && value.length <= 28 ? { text: value, class: "whole" } : value);
  return table(label, ["", "#"], rows.map(([name, value]) => [name, whole(value)]), { headless: true, class: "facts" });
}

// The numbers behind a drawing.
function figures(label, head, rows) {
  return el("details", { class: "figures" }, el("summary", {}, `Figures: ${label}`), table(label, head, rows));
}

// A share as a bar in a cell.
function bar(share) {
  const width = isNumber(share) ? Math.max(0, Math.min(1, share)) * 100 : 0;
  return el("span", { class: "bar", "aria-hidden": "true" }, el("i", { style: `width:${width.toFixed(2)}%` }));
}

// Money with a class for a loss; the sign says it too.
function signed(value, format = money) {
  return { text: format(value), class: isNumber(value) && value < 0 ? "loss" : "" };
}
