// Judges genuine and damaged evidences by the WebAssembly module and by the program, and compares the reports byte by byte.
// usage: node same.mjs MODULE PROGRAM [COUNT]
// Evidences: those of test-vectors as they are, then COUNT (200) with one thing changed in quote, log, compose or
// vm_config, under the policy of the example and under none, at several times. Deterministic.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { engine } from "../engine.mjs";

const [modulePath, program, count = "200"] = process.argv.slice(2);
const vectors = new URL("../../../test-vectors/", import.meta.url).pathname;
const module = new WebAssembly.Module(readFileSync(modulePath));
const imports = WebAssembly.Module.imports(module);
if (imports.length > 0) throw new Error(`the module imports ${JSON.stringify(imports)}`);
const verifier = engine(module);
const work = mkdtempSync(join(tmpdir(), "veritee-same-"));
const policy = readFileSync(join(vectors, "quickstart/policy.toml"));

// A generator of numbers that is the same everywhere.
let state = 20261130;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

const TIMES = { "2026-03-01T00:00:00Z": 1772323200, "2026-10-15T00:00:00Z": 1792022400, "2033-01-01T00:00:00Z": 1988150400 };
const cases = [];
const add = (name, files, more = {}) => cases.push({ name, files, time: "2026-03-01T00:00:00Z", ...more });
const file = (path) => ({ name: basename(path), bytes: readFileSync(join(vectors, path)) });

for (const path of ["evidence.json", "evidence-without-gpus.json", "gateway.json"]) {
  for (const time of Object.keys(TIMES)) {
    for (const policed of [true, false]) add(path, [file(`quickstart/${path}`)], { time, policed });
  }
}
for (const name of readdirSync(join(vectors, "evidence"))) {
  if (name !== "README.md") add(name, [file(`evidence/${name}`)]);
}
for (const name of ["tdx_quote", "tdx_quote_td15ex", "tdx_quote_outdated", "sgx_quote"]) {
  for (const time of Object.keys(TIMES)) {
    add(name, [file(`quote/${name}.bin`)], { time, collateral: [file(`quote/${name}.collateral.json`)] });
  }
}

// The parts of the examples, a file each, as a folder has them.
const parts = ["evidence.json", "gateway.json"].map((path) => {
  const document = JSON.parse(readFileSync(join(vectors, "quickstart", path)));
  const text = (name) => document[name] && Buffer.from(document[name].value);
  const files = {
    "quote.bin": Buffer.from(document.quote.value, "hex"),
    "event_log.json": text("event_log"),
    "app_compose.json": text("app_compose"),
    "vm_config.json": text("vm_config"),
  };
  const collateral = document.collateral.map(({ value }, number) => ({ name: `${number}.json`, bytes: Buffer.from(value) }));
  return { files: Object.entries(files).filter(([, bytes]) => bytes), collateral };
});
const damages = [
  (bytes) => { bytes[random(bytes.length)] ^= 1 << random(8); return bytes; },
  (bytes) => bytes.subarray(0, random(bytes.length)),
  (bytes) => { const at = random(bytes.length); return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]); },
  (bytes) => { const at = random(bytes.length); bytes.write("0", at, "latin1"); return bytes; },
  (bytes) => Buffer.concat([bytes, bytes.subarray(0, 1 + random(40))]),
];
for (let number = 0; number < Number(count); number += 1) {
  const { files, collateral } = parts[random(parts.length)];
  // Bits of the quote first: it is what everything else hangs on.
  const which = number % 2 === 0 ? 0 : random(files.length);
  const damage = damages[number % 3 === 0 ? 0 : random(damages.length)];
  const changed = files.map(([name, bytes], at) => ({ name, bytes: at === which ? damage(Buffer.from(bytes)) : bytes }));
  add(`damaged ${number}: ${files[which][0]}`, changed, {
    collateral,
    policed: random(2) === 0,
    time: Object.keys(TIMES)[random(8) < 6 ? 0 : 1 + random(2)],
  });
}

const run = promisify(execFile);
async function byProgram({ files, collateral = [], policed, time }, place, format) {
  mkdirSync(place, { recursive: true });
  let input = join(place, files[0].name);
  if (files.length === 1) writeFileSync(input, files[0].bytes);
  else {
    input = join(place, "files");
    mkdirSync(input, { recursive: true });
    for (const { name, bytes } of files) writeFileSync(join(input, name), bytes);
  }
  const words = ["verify", input, "--offline", "--as-of", time, "--format", format];
  for (const { name, bytes } of collateral) {
    writeFileSync(join(place, name), bytes);
    words.push("--collateral", join(place, name));
  }
  if (policed) words.push("--policy", join(vectors, "quickstart/policy.toml"));
  const environment = { ...process.env, HOME: work, XDG_CACHE_HOME: join(work, "cache") };
  const options = { env: environment, maxBuffer: 1 << 26 };
  const { stdout, code } = await run(program, words, options).then(
    ({ stdout }) => ({ stdout, code: 0 }),
    ({ stdout, code }) => ({ stdout, code }),
  );
  return { stdout, code };
}
function byModule({ files, collateral = [], policed, time }) {
  const given = [
    ...files.map(({ name, bytes }) => ({ name, bytes, role: "evidence" })),
    ...collateral.map(({ name, bytes }) => ({ name, bytes, role: "collateral" })),
    ...(policed ? [{ name: "policy.toml", bytes: policy, role: "policy" }] : []),
  ];
  return verifier.verify({ files: given, asOf: TIMES[time] });
}

const seen = {};
let passed = 0, failed = 0, spent = 0, judged = 0;
let next = 0;
async function work_through() {
  while (next < cases.length) {
    const number = next++;
    const one = cases[number];
    const place = join(work, String(number));
    let told, outcome;
    const started = performance.now();
    try {
      told = byModule(one);
      outcome = told.outcome;
      judged += 1;
      spent += performance.now() - started;
    } catch (error) {
      if (error.name !== "VeriteeError") throw error;
      outcome = `unreadable`;
    }
    const { stdout, code } = await byProgram(one, place, "json");
    let same = told ? stdout === told.json && code === told.exitCode : code === 3;
    if (same && told && number % 10 === 0) {
      same = (await byProgram(one, place, "html")).stdout === told.html && (await byProgram(one, place, "human")).stdout === told.text;
    }
    rmSync(place, { recursive: true });
    seen[outcome] = (seen[outcome] ?? 0) + 1;
    if (same) passed += 1;
    else {
      failed += 1;
      console.log(`differs: ${one.name}, ${one.time}: ${outcome} here, exit code ${code} there`);
    }
  }
}
await Promise.all([work_through(), work_through()]);
rmSync(work, { recursive: true });
console.log(Object.entries(seen).map(([outcome, count]) => `${count} ${outcome}`).join(", "));
console.log(`${(spent / judged).toFixed(1)} ms a verdict with all its forms, ${judged} verdicts`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
