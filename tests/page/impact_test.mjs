// Opens the pages of make_impact.sh in Chromium without a network and uses them as a reader would.
// Call: node impact_test.mjs WEB_FOLDER PAGES_FOLDER CHROMIUM
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [webFolder, pagesFolder, chromiumPath] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(webFolder), "package.json"));
const { chromium } = require("playwright-core");

// A page whose faults are written down; it may ask for nothing.
async function open(browser, name, options) {
  const context = await browser.newContext({ offline: true, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error.stack)));
  page.on("requestfailed", (request) => faults.push(`failed: ${request.url()}`));
  await page.goto(pathToFileURL(path.join(pagesFolder, name)).href);
  if (options.javaScriptEnabled !== false) await settle(page);
  return { page, faults, close: () => context.close() };
}

async function settle(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60))));
}

// A number of the data must be the one that is shown, and every window must have its dot.
async function checkStudy(page, index) {
  const study = await page.evaluate((at) => studies[at], index);
  const sections = ["summary", "blocks", "points", "depth", ...(study.levels > 1 ? ["levels"] : [])];
  for (const id of sections) {
    assert.equal(await page.locator(`section#${id} h2`).count(), 1, `section ${id}`);
    assert.equal(await page.locator(`nav a[href="#${id}"]`).count(), 1, `link to ${id}`);
  }
  assert.equal(await page.locator("section#levels").count(), study.levels > 1 ? 1 : 0);
  const shown = await page.locator("#summary .facts").first().innerText();
  assert.ok(shown.includes(study.r2_ofi.toFixed(3)), "R² in the summary");
  assert.equal(await page.locator("#blocks tbody tr").count(), study.halfhours.length);
  const windows = study.halfhours.reduce((sum, block) => sum + block.observations, 0);
  assert.equal(await page.locator("#points .spot").count(), windows);
  assert.equal(await page.locator("#points .fit").count(), study.halfhours.length);
  assert.equal(await page.locator("#depth .dot").count(), study.halfhours.length);
  // Nothing is drawn outside of its box.
  const outside = await page.evaluate(() =>
    [...document.querySelectorAll(".drawing svg")].filter((svg) => {
      const box = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("circle, rect, polyline, line")].some((shape) => {
        const inner = shape.getBoundingClientRect();
        return inner.top < box.top - 4 || inner.bottom > box.bottom + 4 || inner.left < box.left - 4 || inner.right > box.right + 4;
      });
    }).length,
  );
  assert.equal(outside, 0, "drawings keep within their boxes");
}

async function checkAll(browser, width) {
  const { page, faults, close } = await open(browser, "all.html", { viewport: { width, height: 900 } });
  const count = await page.evaluate(() => studies.length);
  assert.equal(count, 6);
  for (const index of [0, 3, 5]) {
    await page.locator("#choice").selectOption(String(index));
    await settle(page);
    await checkStudy(page, index);
  }
  // Six studies; AAA has a mean for each window, and so have all together.
  assert.equal(await page.locator("#days tbody tr").count(), 10);
  assert.ok((await page.locator("#days").innerText()).includes("BBB 2024-01-02"));
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `the page is ${over} pixels too wide`);
  assert.deepEqual(faults, []);
  await close();
}

async function checkOne(browser) {
  const { page, faults, close } = await open(browser, "one.html", { viewport: { width: 1000, height: 800 } });
  await checkStudy(page, 0);
  assert.equal(await page.locator("#choice").count(), 0);
  assert.equal(await page.locator("#days").count(), 0);
  assert.match(await page.title(), /^Price impact, AAA 2024-01-02$/);
  assert.deepEqual(faults, []);
  await close();
}

async function checkWithoutScripts(browser) {
  const { page, close } = await open(browser, "all.html", { javaScriptEnabled: false });
  assert.match(await page.locator("noscript pre, pre.text").first().innerText(), /depth law/);
  await close();
}

const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
try {
  await checkAll(browser, 1300);
  await checkAll(browser, 400);
  await checkOne(browser);
  await checkWithoutScripts(browser);
} finally {
  await browser.close();
}
