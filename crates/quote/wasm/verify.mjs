// Lets the WebAssembly module judge the published samples, and each of them damaged.
// usage: node verify.mjs MODULE FOLDER
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

const [module_path, folder] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(module_path));
assert.deepEqual(WebAssembly.Module.imports(module), [], "nothing of the outside can reach the module");
const engine = new WebAssembly.Instance(module).exports;

function judge(quote, collateral, asOf) {
  for (const byte of quote) engine.quote_byte(byte);
  for (const byte of collateral) engine.collateral_byte(byte);
  const length = engine.verify(asOf);
  return String.fromCharCode(...Array.from({ length }, (_, index) => engine.answer_byte(index)));
}

const seconds = (text) => Date.parse(text) / 1000;
const flipped = (bytes, at) => Buffer.from(bytes).fill(bytes[at] ^ 1, at, at + 1);
const samples = [
  ["tdx_quote", "2025-07-01T00:00:00Z", "verified UpToDate", 636],
  ["sgx_quote", "2025-07-01T00:00:00Z", "verified ConfigurationAndSWHardeningNeeded", 436],
  ["tdx_quote_td15ex", "2026-10-10T00:00:00Z", "verified UpToDate", 943],
  ["tdx_quote_outdated", "2026-03-01T00:00:00Z", "refused tcb-not-supported", 706],
];

let passed = 0;
function expect(name, got, wanted) {
  assert.equal(got, wanted, name);
  passed += 1;
}

for (const [name, time, wanted, signature] of samples) {
  const quote = readFileSync(`${folder}/${name}.bin`);
  const collateral = readFileSync(`${folder}/${name}.collateral.json`);
  const asOf = seconds(time);
  const start = performance.now();
  expect(name, judge(quote, collateral, asOf), wanted);
  console.log(`${name}: ${wanted}, ${(performance.now() - start).toFixed(1)} ms`);
  // A bit of what is signed, and a bit of the signature over it.
  expect(`${name}, body`, judge(flipped(quote, 100), collateral, asOf), "refused quote-signature");
  expect(`${name}, signature`, judge(flipped(quote, signature), collateral, asOf), "refused quote-signature");
  expect(`${name}, cut`, judge(quote.subarray(0, 900), collateral, asOf), "refused quote-malformed");
  const late = judge(quote, collateral, seconds("2033-01-01T00:00:00Z"));
  assert.match(late, /^refused [a-z-]+-expired$/, `${name}, years later`);
  passed += 1;
}
console.log(`${passed} passed, 0 failed`);
