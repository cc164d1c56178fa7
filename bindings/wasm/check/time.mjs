// The time of one evidence by the WebAssembly module, warm, beside `veritee batch --jobs 1` in the same run.
// usage: node time.mjs MODULE PROGRAM [COPIES]
// PROGRAM has to be a release build for the ratio to mean anything.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engine } from "../engine.mjs";

const [modulePath, program, copies = "200"] = process.argv.slice(2);
const vectors = new URL("../../../test-vectors/quickstart/", import.meta.url).pathname;
const evidence = readFileSync(join(vectors, "evidence.json"));
const policy = readFileSync(join(vectors, "policy.toml"));
const start = performance.now();
const verifier = engine(new WebAssembly.Module(readFileSync(modulePath)));
const load = performance.now() - start;
const once = () => {
  const began = performance.now();
  const told = verifier.verify({
    files: [{ name: "evidence.json", bytes: evidence, role: "evidence" }, { name: "policy.toml", bytes: policy, role: "policy" }],
    asOf: 1773532800,
  });
  if (told.outcome !== "verified") throw new Error(told.outcome);
  return performance.now() - began;
};
const first = once();
const times = Array.from({ length: 30 }, once).sort((one, other) => one - other);
const median = times[15];

const folder = mkdtempSync(join(tmpdir(), "veritee-time-"));
const lines = join(folder, "lines.jsonl");
const line = JSON.stringify(JSON.parse(evidence)) + "\n";
const batch = (many) => {
  writeFileSync(lines, line.repeat(many));
  const began = performance.now();
  execFileSync(program, ["batch", lines, "--jobs", "1", "--engine", "both", "--offline", "--as-of", "2026-03-15T00:00:00Z", "--policy",
    join(vectors, "policy.toml")], { stdio: ["ignore", "ignore", "ignore"], maxBuffer: 1 << 28 });
  return performance.now() - began;
};
batch(1);
// What starting takes is taken out.
const native = (batch(Number(copies)) - batch(1)) / (Number(copies) - 1);
rmSync(folder, { recursive: true });
console.log(`load ${load.toFixed(0)} ms, first ${first.toFixed(1)} ms, warm ${median.toFixed(1)} ms (median of 30, all forms of the report)`);
console.log(`batch --jobs 1: ${native.toFixed(2)} ms a line; ratio ${(median / native).toFixed(1)}`);
