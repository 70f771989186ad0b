// Opens the page of make_latency.sh in Chromium without a network and reads it as a person would.
// Call: node latency_test.mjs WEB_FOLDER PAGES_FOLDER CHROMIUM
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [webFolder, pagesFolder, chromiumPath] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(webFolder), "package.json"));
const { chromium } = require("playwright-core");

async function check(browser, options) {
  const context = await browser.newContext({ offline: true, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error.stack)));
  page.on("requestfailed", (request) => faults.push(`failed: ${request.url()}`));
  await page.goto(pathToFileURL(path.join(pagesFolder, "surface", "latency.html")).href);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60))));
  const surface = await page.evaluate(() => surface);
  for (const id of ["summary", "marketable", "passive", "budget", "meaning"]) {
    assert.equal(await page.locator(`section#${id} h2`).count(), 1, `section ${id}`);
  }
  for (const entry of ["marketable", "passive"]) {
    // One dot for each delay of each leg, the undelayed cell under every one.
    const cells = surface.cells.filter((cell) => cell.entry === entry);
    assert.equal(cells.length, 1 + 6 * 3);
    const drawing = page.locator(`section#${entry} .drawing`).first();
    assert.equal(await drawing.locator("circle").count(), 6 * 4);
    assert.equal(await drawing.locator(".curve.all polyline").count(), 1);
    // The figures behind the drawing open by keyboard, and hold the net that the data hold.
    await page.locator(`section#${entry} details summary`).focus();
    await page.keyboard.press("Enter");
    const rows = page.locator(`section#${entry} details tbody tr`);
    assert.equal(await rows.count(), 4);
    const best = cells.find((cell) => cell.latency_ns === 0);
    const shown = Number((await rows.first().locator("td").last().innerText()).replace("−", "-").replace(/,/g, ""));
    assert.ok(Math.abs(shown - best.net) < 0.006, `${entry}: ${shown} is shown for ${best.net}`);
  }
  const outside = await page.evaluate(() =>
    [...document.querySelectorAll(".drawing svg")].filter((svg) => {
      const box = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("circle, polyline, polygon, text")].some((shape) => {
        const inner = shape.getBoundingClientRect();
        return inner.top < box.top - 4 || inner.bottom > box.bottom + 4 || inner.right > box.right + 4;
      });
    }).length,
  );
  assert.equal(outside, 0, "drawings keep within their boxes");
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `the page is ${over} pixels too wide`);
  assert.deepEqual(faults, []);
  await context.close();
}

async function checkWithoutScripts(browser) {
  const context = await browser.newContext({ offline: true, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(pathToFileURL(path.join(pagesFolder, "surface", "latency.html")).href);
  assert.match(await page.locator("noscript pre, pre.text").first().innerText(), /Break-even/);
  await context.close();
}

const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
try {
  await check(browser, { viewport: { width: 1300, height: 900 } });
  await check(browser, { viewport: { width: 400, height: 900 }, colorScheme: "dark" });
  await checkWithoutScripts(browser);
} finally {
  await browser.close();
}
