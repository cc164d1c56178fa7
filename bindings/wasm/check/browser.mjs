// Drives the page of `veritee site` in headless Chromium: from a file and from `veritee serve`, with mouse and keyboard,
// with good, wrong and huge files; counts what the content security policy stops; asks axe-core about the page and about
// reports of every verdict; takes screenshots.
// usage: node browser.mjs PAGE PROGRAM SCREENSHOTS
// playwright-core and axe-core are found by NODE_PATH; CHROMIUM names the browser.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const [pageFile, program, shots] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(process.env.NODE_PATH, "x.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const vectors = new URL("../../../test-vectors/", import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), "veritee-browser-"));
mkdirSync(shots, { recursive: true });
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const launch = (args = []) => chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });

let passed = 0, failed = 0;
function expect(what, holds, more = "") {
  if (holds) passed += 1;
  else {
    failed += 1;
    console.log(`FAILED: ${what} ${more}`.slice(0, 600));
  }
}

// Evidence of every verdict.
const quickstart = join(vectors, "quickstart/evidence.json");
const policy = join(vectors, "quickstart/policy.toml");
const gateway = join(vectors, "quickstart/gateway.json");
const document = JSON.parse(readFileSync(quickstart));
const forged = structuredClone(document);
const quote = Buffer.from(document.quote.value, "hex");
quote[700] ^= 1;
forged.quote.value = quote.toString("hex");
forged.quote.sha256 = createHash("sha256").update(quote).digest("hex");
const made = (name, bytes) => { writeFileSync(join(work, name), bytes); return join(work, name); };
const forgedFile = made("forged.json", JSON.stringify(forged));
const quoteFile = made("quote.bin", Buffer.from(document.quote.value, "hex"));
const collateralFile = made("collateral.json", document.collateral[0].value);
const CASES = {
  loosened: { files: [quickstart, policy], outcome: "verified" },
  refused: { files: [gateway], outcome: "refused", time: "2026-03-01T00:00" },
  "not-genuine": { files: [forgedFile, policy], outcome: "not-genuine" },
  incomplete: { files: [quoteFile, collateralFile], outcome: "incomplete", time: "2026-03-15T00:00" },
  "page-only": { files: [join(vectors, "evidence/agent-page.html")], outcome: "refused", time: "2026-03-01T00:00" },
};

const ready = (page) => page.waitForSelector("#v-verify[data-version]", { state: "attached", timeout: 120000 });
async function opened(browser, place, options = {}) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.requests = [];
  page.errors = [];
  page.on("request", (request) => page.requests.push(request.url()));
  page.on("pageerror", (error) => page.errors.push(String(error)));
  await page.addInitScript(() => {
    window.stopped = [];
    addEventListener("securitypolicyviolation", (event) => window.stopped.push(`${event.effectiveDirective} ${event.blockedURI}`));
  });
  await page.goto(place);
  return page;
}
async function verify(page, { files, time }) {
  await page.setInputFiles("#v-files", files);
  await page.waitForFunction((count) => document.querySelectorAll("#v-rows tr").length === count, files.length);
  if (time) await page.fill("#v-time", time);
  await page.click("#v-verify");
  await page.waitForSelector("#v-result:not([hidden])", { timeout: 120000 });
  return page.getAttribute("#v-result", "data-outcome");
}
async function accessible(page, what) {
  const { violations } = await page.evaluate(`${axe}; axe.run(document)`);
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(`axe finds nothing serious: ${what}`, grave.length === 0,
    JSON.stringify(grave.map(({ id, nodes }) => [id, nodes.length, nodes[0].html, nodes[0].failureSummary])));
  return violations.filter(({ impact }) => impact !== "serious" && impact !== "critical").map(({ id }) => id);
}
// `policies`: each that stops the deliberate request says so, that of the page and that of a server's header.
const nothingElse = (page, what, policies = 1) => page.evaluate(() => window.stopped).then((stopped) =>
  expect(`nothing but the deliberate request was stopped: ${what}`, stopped.every((line) => line.startsWith("connect-src ")) && stopped.length <= policies,
    stopped.join("; ")));

async function drive(browser, place, what, policies) {
  let page = await opened(browser, place);
  await ready(page);
  await nothingElse(page, `${what}, loaded`);

  // The deliberate request.
  await page.click("#v-send");
  await page.waitForSelector("#v-sent.pass, #v-sent.fail");
  expect(`${what}: the deliberate request is stopped`, (await page.getAttribute("#v-sent", "class")) === "pass");
  expect(`${what}: by the policy`, (await page.evaluate(() => window.stopped)).length === policies);

  // A report as the program makes it.
  expect(`${what}: verified`, (await verify(page, CASES.loosened)) === "verified");
  const [kept] = await Promise.all([page.waitForEvent("download"), page.click("button[data-part=json]")]);
  const native = execFileSync(program, ["verify", quickstart, "--policy", policy, "--offline", "--format", "json"]);
  expect(`${what}: the program's report`, native.equals(readFileSync(await kept.path())));
  const [whole] = await Promise.all([page.waitForEvent("download"), page.click("button[data-part=evidence]")]);
  const again = execFileSync(program, ["verify", await whole.path(), "--policy", policy, "--offline", "--format", "json"]);
  expect(`${what}: the evidence downloaded is verified too`, JSON.parse(again).verdict.outcome === "verified");
  const link = page.locator("#v-report .wide a[href^='#check-'] text").first();
  await link.click();
  expect(`${what}: an arrow leads to its check`, await page.evaluate(() => document.querySelector("tr:target") !== null));

  // Dropped; wrong; huge; pasted.
  await page.reload();
  await ready(page);
  const text = readFileSync(gateway, "utf8");
  const transfer = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "gateway.json"));
    return transfer;
  }, text);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await page.waitForSelector("#v-rows tr");
  await page.fill("#v-time", "2026-03-01T00:00");
  await page.click("#v-verify");
  await page.waitForSelector("#v-result[data-outcome=refused]");
  passed += 1;
  await page.click("#v-rows button");
  await page.setInputFiles("#v-files", { name: "letter.txt", mimeType: "text/plain", buffer: Buffer.from("Dear reader") });
  await page.click("#v-verify");
  await page.waitForSelector("#v-alarm:not([hidden])");
  expect(`${what}: a wrong file is refused in words`, /letter\.txt/.test(await page.textContent("#v-alarm")));
  expect(`${what}: and leaves no report`, await page.isHidden("#v-result"));
  writeFileSync(join(work, "huge.bin"), Buffer.alloc(65 << 20));
  await page.setInputFiles("#v-files", join(work, "huge.bin"));
  await page.waitForFunction(() => document.getElementById("v-alarm").textContent.includes("too-large"));
  passed += 1;
  await page.click("#v-rows button");
  await page.fill("#v-paste", document.quote.value);
  await page.click("#v-use");
  await page.waitForSelector("#v-rows tr");
  await page.click("#v-verify");
  await page.waitForSelector("#v-result[data-outcome=incomplete]");
  passed += 1;
  await nothingElse(page, `${what}, used`, policies);
  expect(`${what}: no error in a script`, page.errors.length === 0, page.errors.join("; "));
  await page.context().close();

  // By keyboard alone.
  page = await opened(browser, place);
  await ready(page);
  const tabTo = async (id) => {
    for (let count = 0; count < 60; count += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((id) => document.activeElement?.id === id, id)) return true;
    }
    return false;
  };
  expect(`${what}: keyboard reaches the files`, await tabTo("v-files"));
  // A browser opens its dialogue only for a gesture that it holds for a person's.
  const pressed = (key) => Promise.all([page.waitForEvent("filechooser", { timeout: 10000 }), page.keyboard.press(key)]);
  const [chooser] = await pressed("Enter").catch(() => pressed("Space"));
  await chooser.setFiles([quickstart, policy]);
  await page.waitForFunction(() => document.querySelectorAll("#v-rows tr").length === 2);
  expect(`${what}: keyboard reaches Verify`, await tabTo("v-verify"));
  await page.keyboard.press("Enter");
  await page.waitForSelector("#v-result[data-outcome=verified]", { timeout: 120000 });
  expect(`${what}: the report has the focus`, await page.evaluate(() => document.activeElement.id === "v-report"));
  await page.keyboard.press("Shift+Tab");
  await page.context().close();
}

const browser = await launch();
const served = spawn(program, ["serve", "--site", pageFile, "--listen", "127.0.0.1:0", "-v"], { stdio: ["ignore", "ignore", "pipe"] });
const asked = [];
const address = await new Promise((resolve, reject) => {
  createInterface({ input: served.stderr }).on("line", (line) => {
    if (line.startsWith("listening on ")) resolve(line.slice("listening on ".length));
    if (line.startsWith("request ")) asked.push(line);
  });
  served.on("exit", () => reject(new Error("`serve` ended")));
});
try {
  await drive(browser, `file://${pageFile}`, "file", 1);
  await drive(browser, address, "loopback", 2);
  expect("the server was asked for the page alone", asked.length > 0 && asked.every((line) => / GET (\/|other) /.test(line)), asked.join("; "));

  // Without a network.
  const offline = await opened(browser, `file://${pageFile}`, { offline: true });
  await ready(offline);
  expect("without a network", (await verify(offline, CASES.loosened)) === "verified");
  const outside = offline.requests.filter((url) => !url.startsWith("file:") && !url.startsWith("blob:"));
  expect("no request", outside.length === 0, outside.join("; "));
  await offline.context().close();

  // Without scripts, without WebAssembly.
  const scriptless = await opened(browser, `file://${pageFile}`, { javaScriptEnabled: false });
  expect("without scripts the program is named", (await scriptless.textContent("noscript")).includes("veritee verify"));
  await scriptless.context().close();
  const text = readFileSync(pageFile, "utf8");
  const lame = await opened(browser, `file://${made("lame.html", text.replace(" 'wasm-unsafe-eval'", ""))}`);
  await lame.waitForSelector("#v-alarm:not([hidden])");
  expect("without WebAssembly the program is named", (await lame.textContent("#v-alarm")).includes("veritee verify"));
  await lame.context().close();

  // Every verdict, as the page shows it and as a page of its own.
  const lesser = new Set();
  for (const [name, one] of Object.entries(CASES)) {
    for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["dark", 390]]) {
      const page = await opened(browser, `file://${pageFile}`, { colorScheme: scheme, viewport: { width, height: width === 390 ? 844 : 800 } });
      await ready(page);
      const outcome = await verify(page, one);
      expect(`${name}: ${one.outcome}`, outcome === one.outcome, outcome);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(`${name}, ${width}: nothing is wider than the page`, wide <= 0, `${wide} px`);
      (await accessible(page, `${name}, ${scheme}, ${width}`)).forEach((id) => lesser.add(id));
      await page.screenshot({ path: join(shots, `page-${name}-${scheme}-${width}.png`), fullPage: true });
      if (scheme === "light" && width === 1280) {
        const [kept] = await Promise.all([page.waitForEvent("download"), page.click("button[data-part=html]")]);
        await kept.saveAs(join(work, `${name}.html`));
      }
      await page.context().close();
      const report = await opened(browser, `file://${join(work, `${name}.html`)}`, { colorScheme: scheme, viewport: { width, height: width === 390 ? 844 : 800 } });
      (await accessible(report, `report ${name}, ${scheme}, ${width}`)).forEach((id) => lesser.add(`report: ${id}`));
      await report.screenshot({ path: join(shots, `report-${name}-${scheme}-${width}.png`), fullPage: width === 1280 });
      await report.context().close();
    }
  }
  console.log(`axe, less than serious: ${[...lesser].join(", ") || "nothing"}`);
} finally {
  served.removeAllListeners("exit");
  served.kill();
  await browser.close();
  rmSync(work, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
