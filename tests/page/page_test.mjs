// Opens the pages of make_pages in Chromium without a network and uses them as a reader would.
// Call: node page_test.mjs WEB_FOLDER PAGES_FOLDER CHROMIUM
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [webFolder, pagesFolder, chromiumPath] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(webFolder), "package.json"));
const { chromium } = require("playwright-core");

const WIDTHS = [1400, 400];
const SECTIONS = ["summary", "curve", "days", "sources", "day", "trips", "orders", "forecast", "execution", "costs", "risk", "variants", "data", "limits"];

// A page with everything that it says and asks for written down; all but its own file is refused.
async function open(browser, name, options) {
  const context = await browser.newContext({ offline: true, ...options });
  context.setDefaultTimeout(20000);
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error.stack)));
  page.on("requestfailed", (request) => faults.push(`failed: ${request.url()}`));
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith("file:") && url.endsWith(`/${name}`)) return route.continue();
    faults.push(`asked for ${url}`);
    return route.abort();
  });
  await page.goto(pathToFileURL(path.join(pagesFolder, name)).href);
  if (options.javaScriptEnabled !== false) await settle(page);
  return { page, faults, close: () => context.close() };
}

async function settle(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30)))));
}

// Pixels of a chart's canvas that have the colour of a CSS variable, at full strength.
function painted(page, index, color) {
  return page.evaluate(
    ([at, name]) => {
      const canvas = document.querySelectorAll(".uplot canvas")[at];
      const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
      const probe = copy.getContext("2d", { willReadFrequently: true });
      probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
      probe.fillRect(0, 0, 1, 1);
      const wanted = probe.getImageData(0, 0, 1, 1).data;
      probe.clearRect(0, 0, 1, 1);
      probe.drawImage(canvas, 0, 0);
      const { data } = probe.getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let i = 0; i < data.length; i += 4) {
        const same = [0, 1, 2].every((k) => Math.abs(data[i + k] - wanted[k]) < 8);
        if (same && data[i + 3] > 200) found++;
      }
      return found;
    },
    [index, color],
  );
}

function metric(page, keys) {
  return page.evaluate((list) => list.reduce((at, key) => at[key], JSON.parse(document.getElementById("metrics").textContent)), keys);
}

async function hasNoSidewaysScroll(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `the page is ${over} pixels too wide`);
}

/* ---- parts ------------------------------------------------------------------------------- */

async function checkSections(page) {
  for (const id of SECTIONS) {
    assert.equal(await page.locator(`section#${id} h2`).count(), 1, `section ${id}`);
    assert.equal(await page.locator(`nav a[href="#${id}"]`).count(), 1, `link to ${id}`);
  }
  await page.locator('nav a[href="#costs"]').click();
  assert.equal(await page.evaluate(() => location.hash), "#costs");
  for (const details of await page.locator("details").all()) {
    await details.locator("summary").first().click();
    assert.equal(await details.getAttribute("open"), "");
    await details.locator("summary").first().click();
  }
}

// Each table of round trips ends with the same line, and nothing is left without a source.
async function checkSources(page) {
  const totals = await page.locator("#sources tr.total").allInnerTexts();
  assert.equal(totals.length, 2);
  assert.equal(totals[0], totals[1]);
  assert.equal(await metric(page, ["pnl", "attribution", "rest"]), 0);
  assert.equal(await page.locator("#sources").getByText("do not explain").count(), 0);
  const net = await metric(page, ["pnl", "attribution", "net"]);
  assert.equal(net, await metric(page, ["pnl", "net"]));
}

async function checkTheme(page) {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await paper();
  await page.locator("#theme").click();
  await settle(page);
  assert.notEqual(await paper(), before);
  assert.ok((await painted(page, 0, "--net")) > 200, "the chart is drawn in the new theme");
  await page.locator("#theme").click();
  await settle(page);
  assert.equal(await paper(), before);
}

const legend = (page, chart) => page.locator(".chart").nth(chart).locator(".u-legend").innerText();

async function checkCurve(page) {
  const over = page.locator(".u-over").nth(0);
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5);
  await settle(page);
  assert.match(await legend(page, 0), /2012-06-20 \d\d:\d\d:\d\d/, "the value under the pointer has its time");
  assert.match(await legend(page, 1), /2012-06-20/, "linked charts share the pointer");
  const shown = () => page.evaluate(() => allCharts[0].options.linked.shown);
  const [from, to] = await shown();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
  await page.mouse.up();
  const [near, far] = await shown();
  assert.ok(Math.abs((far - near) / (to - from) - 0.2) < 0.02, "dragging zooms to what was marked");
  await page.mouse.dblclick(box.x + box.width * 0.5, box.y + 50);
  assert.deepEqual(await shown(), [from, to], "a double click shows all");
  await page.mouse.click(box.x + box.width * 0.9, box.y + 50);
  await page.waitForFunction(() => document.querySelector("#day select").value === "4");
  await page.locator(".chart").nth(0).focus();
  await page.keyboard.press("+");
  const [low, high] = await shown();
  assert.ok(Math.abs((high - low) / (to - from) - 0.5) < 1e-6, "plus zooms");
  await page.keyboard.press("ArrowRight");
  assert.ok((await shown())[0] > low, "an arrow moves");
  await page.keyboard.press("0");
  assert.deepEqual(await shown(), [from, to]);
  await page.locator(".chart").nth(0).locator(".u-legend th[role=button]").nth(1).press("Enter");
  await settle(page);
  assert.equal(await page.evaluate(() => allCharts[0].plot.series[2].show), false, "a key hides a line");
  assert.ok((await painted(page, 0, "--net")) < 50);
  await page.locator(".chart").nth(0).locator(".u-legend th[role=button]").nth(1).press("Enter");
}

// The curve must end where the metrics end, and fall as far.
async function checkNumbers(page) {
  const last = await page.evaluate(() => allCharts[0].data[2].at(-1));
  const gaps = await page.evaluate(() => allCharts[0].data.flat().filter((value) => !Number.isFinite(value)).length);
  assert.equal(gaps, 0, "every line has a value wherever the pointer is");
  const deepest = await page.evaluate(() => allCharts[1].data[1].reduce((low, value) => Math.min(low, value), 0));
  assert.ok(Math.abs(last - (await metric(page, ["pnl", "net"]))) < 1e-3);
  assert.ok(Math.abs(deepest + (await metric(page, ["risk", "max_drawdown"]))) < 1e-3);
  const net = await page.locator(".headlines dd").first().innerText();
  assert.equal(Number(net.replace("−", "-").replace(/,/g, "")), Math.round(100 * last) / 100);
  assert.equal(await page.locator(".warnings li").count(), (await metric(page, ["warnings"])).length);
}

async function checkTrips(page) {
  const total = await metric(page, ["pnl", "trades"]);
  assert.match(await page.locator("#trips .where").innerText(), new RegExp(`^1 to 25 of ${total}$`));
  await page.locator('#trips th[data-key="net"] button').click();
  assert.equal(await page.locator('#trips th[data-key="net"]').getAttribute("aria-sort"), "ascending");
  await page.locator('#trips select[data-filter="result"]').selectOption({ label: "lost" });
  await page.locator("#trips button", { hasText: "Next" }).click();
  assert.match(await page.locator("#trips .where").innerText(), /^26 to /);
  await page.locator('#trips select[data-filter="result"]').selectOption({ label: "all" });
  const button = page.locator("#trips tbody tr:nth-child(3) button");
  const day = (await button.innerText()).slice(0, 10);
  await button.focus();
  await page.keyboard.press("Enter");
  await settle(page);
  assert.equal(await page.locator("#day select option:checked").first().innerText(), day, "the chart shows its day");
  assert.match(await page.locator("#day .chosen").innerText(), /^Round trip \d+: (long|short) 100 GOOG on 2012-06-/);
  const [low, high] = await page.evaluate(() => allCharts[2].options.linked.shown);
  assert.ok(high - low < 3600, "the chart is zoomed to it");
  assert.ok((await painted(page, 2, "--loss")) > 20, "it is drawn");
  assert.ok((await painted(page, 2, "--ink")) > 100, "the price is drawn");
  assert.ok((await painted(page, 3, "--net")) > 50, "the position is drawn");
  assert.ok(await page.locator("#day").evaluate((node) => Math.abs(node.getBoundingClientRect().top) < 400), "it is on the screen");
  await page.locator("#day button", { hasText: "Whole day" }).click();
  const after = page.locator("#day button", { hasText: "Day after" });
  if (await after.isEnabled()) await after.click();
}

// An order is chosen in the list, by the buttons and from its round trip, and drawn in its book.
async function checkOrders(page) {
  const caption = () => page.locator("#orders .chosen").innerText();
  assert.match(await caption(), /^Order \d+: (buy|sell) 100 GOOG on 2012-06-18 at /, "the first one is shown");
  const before = await caption();
  await page.locator("#orders button", { hasText: "Next order" }).focus();
  await page.keyboard.press("Enter");
  assert.notEqual(await caption(), before);
  await page.locator('#orders th[data-key="ms"] button').click();
  await page.locator("#orders tbody button").first().focus();
  await page.keyboard.press("Enter");
  await settle(page);
  assert.match(await caption(), / on 2012-06-22 at /, "the last day comes first now");
  assert.equal(await page.locator('#orders tr[aria-current="true"]').count(), 1);
  const life = await page.locator("#orders .life tbody tr th").allInnerTexts();
  assert.deepEqual(life, ["Decided", "Sent", "At the venue", "Filled", "Ended"]);
  for (const [color, what] of [["--line-1", "bid"], ["--line-2", "ask"], ["--net", "decision and fill"]]) {
    assert.ok((await painted(page, 4, color)) > 20, `${what} is drawn`);
  }
  const book = await page.evaluate(() => allCharts[4].data);
  assert.ok(book[0].length > 20 && book[0].length <= 60);
  assert.ok(book[1].every((ask, i) => ask > book[2][i] && ask - book[2][i] < 0.2), "the ask lies above the bid");
  await page.locator(".chart").nth(4).focus();
  const shown = () => page.evaluate(() => allCharts[4].options.linked.shown);
  const [from, to] = await shown();
  await page.keyboard.press("+");
  const [low, high] = await shown();
  assert.ok(Math.abs((high - low) / (to - from) - 0.5) < 1e-6, "plus zooms");
  await page.keyboard.press("0");
  // From the round trip with the largest loss to the order that began it.
  await page.locator('#trips th[data-key="net"] button').click();
  if ((await page.locator('#trips th[data-key="net"]').getAttribute("aria-sort")) !== "ascending") {
    await page.locator('#trips th[data-key="net"] button').click();
  }
  const row = page.locator("#trips tbody tr").first();
  const entry = await row.locator("button").innerText();
  await row.locator("button").click();
  await page.locator("#day .chosen button", { hasText: "Follow the order in" }).click();
  await settle(page);
  assert.ok((await caption()).includes(entry.slice(0, 10)), "the order of the round trip's day");
  assert.equal(await page.evaluate(() => document.querySelector("#orders").getBoundingClientRect().top < 400), true);
}

// Every link of the list of contents can be seen, or reached by scrolling it on a phone.
async function hasWholeNav(page) {
  const cut = await page.evaluate(() => {
    const nav = document.querySelector("nav");
    return innerWidth < 640 ? 0 : nav.scrollWidth - nav.clientWidth;
  });
  assert.ok(cut <= 0, `the list of contents is cut by ${cut} pixels`);
}

async function checkDrawings(page) {
  const expected = { "#summary": 1, "#days": 1, "#forecast": 10, "#execution": 1 };
  for (const [place, least] of Object.entries(expected)) {
    assert.ok((await page.locator(`${place} .drawing svg`).count()) >= least, `drawings in ${place}`);
  }
  assert.equal(await page.locator("#forecast svg[aria-label^='Calibration, 1'] .dot").count(), 10);
  for (const label of ["Calibration, 1", "Hit rate by confidence, 1", "Hit rate by hour, 1", "Hit rate by spread, 1"]) {
    assert.ok((await page.locator(`#forecast svg[aria-label^='${label}'] .whisker`).count()) >= 3, `intervals of ${label}`);
  }
  const tests = page.locator("#forecast [aria-label='Tests against baselines, 1 minute'] tbody tr");
  assert.equal(await tests.count(), 4);
  assert.match(await tests.nth(3).innerText(), /^Majority in training\s+better\s+\+4\.5 pts\s+< 0\.0001\s+\+0\.0023\s+0\.0001$/);
  assert.match(await page.locator("#forecast [aria-label='Permuted labels'] tbody tr").first().innerText(), /0\.5583\s+0\.4986\s+0\.4710 to 0\.5231\s+0\s+0\.048/);
  const needed = page.locator("#importance svg[aria-label='Drop of AUC without a feature, up 1min']");
  assert.equal(await needed.locator(".dot").count(), 6);
  assert.ok((await needed.locator(".whisker").count()) >= 18, "importance has intervals");
  const pbo = await metric(page, ["risk", "overfitting", "probability"]);
  assert.ok(pbo >= 0 && pbo <= 1, "the variants have a probability of overfitting");
  await page.locator("#days .drawing .touch").nth(3).click();
  assert.equal(await page.locator("#day select option:checked").first().innerText(), "2012-06-21");
}

async function checkPrint(page) {
  const pdf = await page.pdf({ format: "A4" });
  assert.ok(pdf.length > 50000);
}

/* ---- pages ------------------------------------------------------------------------------- */

async function testFull(browser) {
  for (const width of WIDTHS) {
    const { page, faults, close } = await open(browser, "full.html", { viewport: { width, height: 900 }, colorScheme: "light" });
    assert.equal(await page.title(), "GOOG 2012-06-18 to 2012-06-22");
    assert.equal(await page.locator(".uplot").count(), 5);
    await hasWholeNav(page);
    assert.ok((await painted(page, 0, "--net")) > 200, "the curve is drawn");
    assert.ok((await painted(page, 1, "--loss")) > 200, "the drawdown is drawn");
    await hasNoSidewaysScroll(page);
    await checkNumbers(page);
    await checkSections(page);
    await checkSources(page);
    await checkDrawings(page);
    await checkTheme(page);
    await checkTrips(page);
    await checkOrders(page);
    if (width > 1000) await checkCurve(page);
    if (width > 1000) await checkPrint(page);
    assert.deepEqual(faults, []);
    await close();
  }
}

async function testEmpty(browser) {
  for (const width of WIDTHS) {
    const { page, faults, close } = await open(browser, "empty.html", { viewport: { width, height: 900 }, colorScheme: "dark" });
    assert.match(await page.locator("#summary .lead").innerText(), /^There are no trades/);
    assert.equal(await page.locator("#trips table").count(), 0);
    assert.ok((await painted(page, 0, "--net")) > 100, "a line at 0");
    assert.ok((await painted(page, 2, "--ink")) > 100, "the price is drawn");
    assert.ok(!/NaN|undefined|null|Infinity/.test(await page.locator("body").innerText()));
    await hasNoSidewaysScroll(page);
    await checkSections(page);
    await checkTheme(page);
    assert.deepEqual(faults, []);
    await close();
  }
}

// Lines that lie on each other: looks that differ, a sentence, and their distance.
async function testBracket(browser) {
  const { page, faults, close } = await open(browser, "bracket.html", { viewport: { width: 1400, height: 900 } });
  const looks = await page.evaluate(() => allCharts[0].plot.series.slice(1).map((one) => `${one._stroke ?? one.stroke()} ${one.dash}`));
  assert.equal(looks.length, 5);
  assert.equal(new Set(looks).size, 5, "no two lines look the same");
  assert.match(await page.locator("#curve").innerText(), /The line of passive gated is that of passive\./);
  const apart = await page.evaluate(() => allCharts.find((chart) => chart.options.label.startsWith("Passive entries")).data.slice(1).flat());
  assert.ok(apart.length > 100 && apart.every((value) => value === 0), "their distance is nothing");
  assert.deepEqual(faults, []);
  await close();
}

// A year is a file of less than 5 MB that can be used within 2 s, and answers at once.
async function testYear(browser) {
  const { size } = await stat(path.join(pagesFolder, "year.html"));
  assert.ok(size < 5e6, `${size} bytes`);
  const { page, faults, close } = await open(browser, "year.html", { viewport: { width: 1400, height: 900 } });
  // Until the scripts are through and two frames were drawn.
  const opened = await page.evaluate(
    () =>
      new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
      }),
  );
  const loaded = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
  const timed = async (act) => {
    const from = Date.now();
    await act();
    await settle(page);
    return Date.now() - from;
  };
  const zoom = await timed(() => page.locator("#curve button", { hasText: "+" }).click());
  const sort = await timed(() => page.locator('#trips th[data-key="net"] button').click());
  const order = await timed(() => page.locator("#orders button", { hasText: "Next order" }).click());
  console.log(`250 days: ${size} bytes, loaded after ${Math.round(loaded)} ms, asked and answered at ${Math.round(opened)} ms; zoom ${zoom}, sort ${sort}, order ${order} ms`);
  assert.equal(await metric(page, ["meta", "days"]), 250);
  assert.equal(await page.locator("#day select option").count(), 250);
  await page.locator("#day select").first().selectOption({ index: 249 });
  await settle(page);
  assert.ok((await painted(page, 2, "--ink")) > 100, "the last day is drawn");
  assert.deepEqual(faults, []);
  await close();
}

async function testHostile(browser) {
  const { page, faults, close } = await open(browser, "hostile.html", { viewport: { width: 1400, height: 900 } });
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.equal(await page.title(), "</title><script>window.broken = 1</script> (IN-SAMPLE)");
  assert.equal(await page.locator("h1 .badge").innerText(), "IN-SAMPLE");
  await page.locator("#day select").nth(1).selectOption({ label: "B&B" });
  assert.ok((await painted(page, 2, "--ink")) > 100);
  assert.equal(await page.locator("#trips th[data-key=symbol]").count(), 1);
  assert.deepEqual(faults, []);
  await close();
}

// Readers without scripts get the text.
async function testNoScripts(browser) {
  const { page, faults, close } = await open(browser, "full.html", { javaScriptEnabled: false });
  const text = await page.locator("noscript pre").innerText();
  assert.match(text, /PROFIT AND LOSS/);
  assert.match(text, /WARNINGS/);
  assert.deepEqual(faults, []);
  await close();
}

const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const test of [testFull, testEmpty, testBracket, testYear, testHostile, testNoScripts]) {
    await test(browser);
    console.log(`${test.name}: passed`);
  }
} finally {
  await browser.close();
}
