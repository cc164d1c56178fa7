import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { load, VeriteeError } from "veritee";

const vector = (path) => readFileSync(join(process.env.VECTORS, path));
const evidence = vector("quickstart/evidence.json");
const policy = vector("quickstart/policy.toml");
const quote = vector("quote/tdx_quote.bin");
const collateral = vector("quote/tdx_quote.collateral.json");
const SPRING = 1773532800;
const QUOTED = 1752833762;
const folder = dirname(createRequire(import.meta.url).resolve("veritee/package.json"));
const veritee = await load();
const refused = (code) => (error) => error instanceof VeriteeError && error.code === code && error.help !== "";

test("the module imports nothing, the package needs nothing", () => {
  const module = new WebAssembly.Module(readFileSync(join(folder, "veritee.wasm")));
  assert.deepEqual(WebAssembly.Module.imports(module), []);
  const about = JSON.parse(readFileSync(join(folder, "package.json")));
  assert.deepEqual([about.dependencies, about.scripts], [undefined, undefined]);
  assert.equal(about.version, veritee.version);
});

test("an evidence is verified, in the forms that are asked for", () => {
  const answer = veritee.verify({ name: "evidence.json", bytes: evidence }, { asOf: new Date("2026-03-15"), policy });
  assert.equal(answer.verified, true);
  assert.deepEqual([answer.outcome, answer.exitCode], ["verified", 0]);
  assert.equal(answer.report.verdict.outcome, "verified");
  assert.deepEqual([answer.html, answer.text, answer.evidence], [undefined, undefined, undefined]);
  const whole = veritee.verify(evidence.toString(), { asOf: SPRING, policy: policy.toString(), forms: ["html", "text", "evidence"] });
  assert.match(whole.html, /^<!DOCTYPE html>/);
  assert.match(whole.text, /^VERIFIED/);
  const again = veritee.verify(whole.evidence, { asOf: SPRING, policy });
  assert.equal(again.verified, true);
});

test("a nonce that is not there, and a time when collateral has expired, are no", () => {
  const stale = veritee.verify(evidence, { asOf: SPRING, policy, nonce: new Uint8Array(32) });
  assert.equal(stale.verified, false);
  const late = veritee.verify(evidence, { asOf: 2000000000, policy });
  assert.equal(late.verified, false);
});

test("no answer depends on what was asked before", async () => {
  const asks = [
    (it) => it.verify(evidence, { asOf: SPRING, policy }).json,
    (it) => it.verify(evidence, { asOf: SPRING }).json,
    (it) => it.verify(evidence, { asOf: SPRING + 1, policy, remember: false }).json,
    (it) => JSON.stringify(it.verifyQuote(quote, { asOf: QUOTED, collateral, checks: true })),
    (it) => JSON.stringify(it.verifyQuote(quote, { asOf: QUOTED, collateral: { name: "x", bytes: collateral }, checks: true })),
    (it) => JSON.stringify(it.verifyQuote(quote, { asOf: QUOTED })),
  ];
  const fresh = await Promise.all(asks.map(async (ask) => ask(await load())));
  for (const number of [0, 0, 1, 2, 0, 3, 3, 4, 3, 5, 4, 0, 5, 3]) assert.equal(asks[number](veritee), fresh[number], `question ${number}`);
});

test("a quote alone", () => {
  const verdict = veritee.verifyQuote(quote, { asOf: QUOTED, collateral, checks: true });
  assert.deepEqual([verdict.verified, verdict.genuine, verdict.tcbStatus, verdict.rtmrs.length], [true, true, "UpToDate", 4]);
  assert.ok(verdict.checks.length > 0);
  const forged = Uint8Array.from(quote);
  forged[200] ^= 1;
  const no = veritee.verifyQuote(forged, { asOf: QUOTED, collateral });
  assert.deepEqual([no.verified, no.genuine, no.outcome, no.tcbStatus], [false, false, "not-genuine", null]);
  assert.equal(veritee.verifyQuote(quote, { asOf: QUOTED }).verified, false, "no collateral");
});

test("documents that nothing vouches for", () => {
  const parts = JSON.parse(evidence);
  const compose = parts.app_compose.value;
  assert.ok(veritee.audit(compose, { asOf: SPRING }).findings.length > 0);
  assert.equal(veritee.composeHash(compose), createHash("sha256").update(compose).digest("hex"));
  assert.equal(veritee.replay(parts.event_log.value).registers.length, 4);
  assert.equal(veritee.measure(parts.vm_config.value).schema, "veritee/measure/v1");
  assert.deepEqual(veritee.machines(vector("evidence/evidence-set-v1.json")), ["one"]);
});

test("what could be meant in two ways is refused", () => {
  for (const asOf of [undefined, null, "2026-03-15", 1772323200n]) {
    assert.throws(() => veritee.verify(evidence, { asOf }), TypeError);
  }
  for (const asOf of [1772323200000, -1, 0.5, NaN, new Date("x")]) {
    assert.throws(() => veritee.verify(evidence, { asOf }), RangeError);
  }
  assert.throws(() => veritee.verify(evidence), TypeError);
  assert.throws(() => veritee.verify(evidence, { asOf: 1, colateral: collateral }), /no option `colateral`/);
  assert.throws(() => veritee.verify(evidence, { asOf: 1, nonce: "00" }), TypeError);
  assert.throws(() => veritee.verify(evidence, { asOf: 1, forms: ["pdf"] }), RangeError);
  assert.throws(() => veritee.verify(new Uint16Array(2), { asOf: 1 }), TypeError);
  assert.throws(() => veritee.composeHash("\ud800"), RangeError);
});

test("what has no verdict has a code", () => {
  assert.throws(() => veritee.verify("x", { asOf: 1 }), refused("evidence-unrecognised"));
  assert.throws(() => veritee.verify([], { asOf: 1 }), refused("evidence-missing"));
  assert.throws(() => veritee.verify(evidence, { asOf: 1, policy: "nonsense = [" }), refused("policy-unreadable"));
  assert.throws(() => veritee.verify(evidence, { asOf: 1, nonce: new Uint8Array(3) }), refused("question"));
  assert.throws(() => veritee.replay(quote), refused("event-log-missing"));
  assert.equal(veritee.verifyQuote(quote, { asOf: QUOTED, collateral }).verified, true, "and the next is answered");
});

test("the entry for browsers takes the module as bytes, Response or promise of one", async () => {
  const browser = await import(pathToFileURL(join(folder, "browser.mjs")));
  const bytes = readFileSync(join(folder, "veritee.wasm"));
  for (const module of [bytes, new Response(bytes), Promise.resolve(new Response(bytes))]) {
    const it = await browser.load(module);
    assert.equal(it.verifyQuote(quote, { asOf: QUOTED, collateral }).verified, true);
  }
  await assert.rejects(browser.load(new Response("", { status: 404 })), /404/);
});
