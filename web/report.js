// Puts the report together: head, sections in order, theme, printing.
"use strict";

function read(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/* ---- theme ------------------------------------------------------------------------------ */

// A page opened from a disk may have no storage.
function stored(value) {
  try {
    if (value === undefined) return localStorage.getItem("lobflow-theme");
    localStorage.setItem("lobflow-theme", value);
  } catch {
    return null;
  }
  return value;
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function themeButton() {
  const button = el("button", { type: "button", id: "theme" });
  const name = () => (button.textContent = isDark() ? "Light theme" : "Dark theme");
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    stored(document.documentElement.dataset.theme);
    name();
    rebuildCharts();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    name();
    rebuildCharts();
  });
  name();
  return button;
}

// Paper is light and about 700 pixels wide.
function preparePrinting() {
  let before;
  addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
    rebuildCharts(690);
  });
  addEventListener("afterprint", () => {
    if (before) document.documentElement.dataset.theme = before;
    else delete document.documentElement.dataset.theme;
    rebuildCharts();
  });
}

/* ---- head ------------------------------------------------------------------------------- */

function head({ meta }) {
  const days = `${count(meta.days)} ${meta.days === 1 ? "day" : "days"}, ${meta.first_date}${meta.days === 1 ? "" : ` to ${meta.last_date}`}`;
  document.getElementById("head").append(
    el(
      "div",
      { class: "top" },
      el("p", { class: "kicker" }, "lobflow: simulated trading, with its doubts"),
      el("span", { class: "buttons" }, el("button", { type: "button", click: () => print() }, "Print"), themeButton()),
    ),
    el("h1", {}, meta.title || "Run", meta.in_sample ? el("strong", { class: "badge" }, "IN-SAMPLE") : null),
    el(
      "p",
      { class: "under" },
      [days, meta.symbol, `strategy ${words(meta.strategy || DASH)}`, `rows every ${duration(meta.step_ns)}`, "money in the instrument's currency"].filter(Boolean).join(" · "),
    ),
  );
}

// Marks the section that is on the screen in the list of contents.
function followSections() {
  const links = new Map([...document.querySelectorAll("#contents a")].map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(entry.target.id)?.setAttribute("aria-current", "true");
      }
    },
    { rootMargin: "-20% 0px -75% 0px" },
  );
  document.querySelectorAll("main > section").forEach((node) => watch.observe(node));
}

function main() {
  const chosen = stored();
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  const series = read("series");
  const report = { metrics: read("metrics"), series, clock: new Clock(series), showDay() {}, markStep() {}, showOrder() {}, orderOf() {} };
  head(report.metrics);
  const sections = [
    summarySection,
    curvesSection,
    daysSection,
    sourcesSection,
    tripSections,
    orderSections,
    forecastSection,
    importanceSection,
    executionSection,
    costsSection,
    riskSection,
    variantsSection,
    dataSection,
    limitsSection,
  ];
  for (const add of sections) add(report);
  followSections();
  preparePrinting();
}

main();
