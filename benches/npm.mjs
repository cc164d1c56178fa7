// One quote through veritee's npm package and through @phala/dcap-qvl 0.3.9, by turns, in CPU time of this process.
// usage: node benches/npm.mjs [FOLDER] [--quick]
// FOLDER has both packages in its node_modules (benches/npm.sh makes one). The tenth percentile of the rounds counts: it is
// steady on a busy machine, where wall time is not.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const quick = process.argv.includes("--quick");
const [ROUNDS, CALLS] = quick ? [10, 1] : [100, 5];
const LIMITS = { cold: 0.7, prepared: 0.2, remembered: 0.08 };
const AS_OF = 1752833762;
const folder = resolve(words[0] ?? ".");
const find = createRequire(join(folder, "package.json"));
const { load } = await import(pathToFileURL(find.resolve("veritee")));
const peer = await import(pathToFileURL(find.resolve("@phala/dcap-qvl")));
const verify = peer.verify ?? peer.default.verify;

const vectors = new URL("../test-vectors/quote/", import.meta.url);
const quote = readFileSync(new URL("tdx_quote.bin", vectors));
const collateral = readFileSync(new URL("tdx_quote.collateral.json", vectors));
const theirs = () => JSON.parse(collateral.toString());
const parsed = theirs();
const right = (status) => {
  if (status !== "UpToDate") throw new Error(`expected UpToDate, got ${status}`);
};
// A module for each, so that none finds what another left.
const [one, two, three] = await Promise.all([load(), load(), load()]);
const unlike = new Map();
const contestants = {
  peer: async () => right((await verify(quote, parsed, AS_OF)).status),
  "from bytes": async () => right((await verify(quote, theirs(), AS_OF)).status),
  // Another name of the same collateral is another rule: it is read and verified anew.
  cold: () => {
    const number = (unlike.get("cold") ?? 0) + 1;
    unlike.set("cold", number);
    const named = { name: `set-${number % 2}`, bytes: collateral };
    right(one.verifyQuote(quote, { asOf: AS_OF, collateral: named }).tcbStatus);
  },
  prepared: () => right(two.verifyQuote(quote, { asOf: AS_OF, collateral, remember: false }).tcbStatus),
  remembered: () => right(three.verifyQuote(quote, { asOf: AS_OF, collateral }).tcbStatus),
};
// Both are compiled by the time that counts.
for (const call of Object.values(contestants)) for (let times = 0; times < (quick ? 2 : 20); times += 1) await call();
const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, call] of Object.entries(contestants)) {
    const begin = process.cpuUsage();
    for (let each = 0; each < CALLS; each += 1) await call();
    const { user, system } = process.cpuUsage(begin);
    times[name].push((user + system) / CALLS);
  }
}
const at = (name, part) => times[name].sort((first, second) => first - second)[Math.floor(times[name].length * part)];
console.log(`veritee ${one.version} beside @phala/dcap-qvl 0.3.9, Node ${process.versions.node}, µs of CPU a quote`);
let worst = 0;
for (const name of Object.keys(contestants)) {
  // Each beside the peer's call that begins with the same: cold from bytes, the others from parsed collateral.
  const ratio = at(name, 0.1) / at(name === "cold" ? "from bytes" : "peer", 0.1);
  const limit = LIMITS[name];
  if (limit !== undefined && ratio > limit) worst = 1;
  const told = limit === undefined ? "" : `  at most ${limit.toFixed(2)}: ${ratio <= limit ? "held" : "NOT HELD"}`;
  console.log(`${name.padEnd(12)} ${at(name, 0.1).toFixed(0).padStart(7)} (median ${at(name, 0.5).toFixed(0).padStart(7)})  ${ratio.toFixed(2)} x${told}`);
}
process.exitCode = worst;
