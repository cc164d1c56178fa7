// Records a registry with 500 applications from hardhat 2.29.1 on loopback: node kms500.mjs VERITEE FOLDER OUT.json.gz
// FOLDER holds node_modules as live.py needs them. What is kept is the document that `veritee history --save` writes.
// Written for the project; CC0.
import { execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const [veritee, folder, out] = process.argv.slice(2).map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const solc = createRequire(join(folder, "package.json"))("solc");

const source = (name) => ({ content: readFileSync(join(here, name), "utf8") });
const input = {
  language: "Solidity",
  sources: { "c/GovApp.sol": source("GovApp.sol"), "c/GovKms.sol": source("GovKms.sol") },
  settings: {
    evmVersion: "shanghai", optimizer: { enabled: true, runs: 200 },
    outputSelection: { "*": { "*": ["evm.bytecode.object", "evm.methodIdentifiers"] } },
  },
};
const found = (path) => {
  try { return { contents: readFileSync(join(folder, "node_modules", path), "utf8") }; } catch (error) { return { error: String(error) }; }
};
const compiled = JSON.parse(solc.compile(JSON.stringify(input), { import: found }));
const wrong = (compiled.errors ?? []).filter((error) => error.severity === "error");
if (wrong.length) throw new Error(wrong[0].formattedMessage);
const contract = (file, name) => compiled.contracts[`c/${file}.sol`][name].evm;

// ABI: words, and byte strings behind them.
const word = (number) => BigInt(number).toString(16).padStart(64, "0");
const bytes = (hex) => word(hex.length / 2) + hex.padEnd(Math.ceil(hex.length / 64) * 64, "0");
const tuple = (values) => {
  let at = values.length * 32, head = "", tail = "";
  for (const value of values) {
    if (typeof value === "string") { head += value.padStart(64, "0"); continue; }
    const part = value.words ? word(value.words.length) + value.words.join("") : bytes(value.bytes);
    head += word(at); tail += part; at += part.length / 2;
  }
  return head + tail;
};
const call = (evm, name, values) => {
  const [signature] = Object.keys(evm.methodIdentifiers).filter((one) => one.startsWith(name + "("));
  return "0x" + evm.methodIdentifiers[signature] + tuple(values);
};
const hash = (seed) => (BigInt(seed + 1) * 0x9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251f86c6a11d0c18e95n % (1n << 256n)).toString(16).padStart(64, "0");
const text = (value) => Buffer.from(value).toString("hex");

writeFileSync(join(folder, "hardhat.config.js"), "module.exports = {networks: {hardhat: {chainId: 31337}}};\n");
const port = 20000 + Math.floor(Math.random() * 20000);
const node = spawn("node", ["node_modules/hardhat/internal/cli/bootstrap.js", "node", "--hostname", "127.0.0.1", "--port", String(port)],
  { cwd: folder, env: { ...process.env, HOME: folder }, stdio: "ignore" });
const rpc = async (method, ...params) => {
  const reply = await fetch(`http://127.0.0.1:${port}`, { method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) });
  const { result, error } = await reply.json();
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
};
try {
  for (let tries = 0; ; tries++) {
    try { await rpc("eth_chainId"); break; } catch (error) { if (tries > 300) throw error; }
    await new Promise((done) => setTimeout(done, 100));
  }
  const [owner] = await rpc("eth_accounts");
  const send = async (to, data) => {
    const transaction = { from: owner, data, gas: "0xffffff" };
    if (to) transaction.to = to;
    const receipt = await rpc("eth_getTransactionReceipt", await rpc("eth_sendTransaction", transaction));
    if (receipt.status !== "0x1") throw new Error("a transaction failed");
    return receipt;
  };
  const deploy = async (evm, values = []) => (await send(null, "0x" + evm.bytecode.object + tuple(values))).contractAddress;
  const bare = (address) => address.slice(2);
  const kms = contract("GovKms", "GovKms");
  const app = await deploy(contract("GovApp", "GovApp"));
  const implementation = await deploy(kms);
  const initialise = call(kms, "initialize", [bare(owner), bare(app)]).slice(2);
  const registry = await deploy(contract("GovApp", "GovProxy"), [bare(implementation), { bytes: initialise }]);
  const on = (name, ...values) => send(registry, call(kms, name, values));
  const filled = (size) => Array.from({ length: size }, (_, at) => ((at * 31 + 7) % 256).toString(16).padStart(2, "0")).join("");
  await on("setKmsInfo", { bytes: "02" + filled(32) }, { bytes: filled(91) }, { bytes: filled(5000) }, { bytes: filled(9000) });
  await on("setGatewayAppId", { bytes: text("0x55760b065a3f1eabdb1a4d7abb94950f31b91a84") });
  for (let image = 0; image < 20; image++) await on("setOsImage", hash(image), word(1));
  for (let image = 0; image < 8; image++) await on("setOsImage", hash(image), word(0));
  for (let mr = 0; mr < 5; mr++) await on("setMr", hash(100 + mr), word(1));
  await on("setDevice", hash(200), word(1));
  for (let first = 0; first < 500; first += 25) {
    await on("deployApps", { words: Array.from({ length: 25 }, (_, at) => hash(1000 + first + at)) }, hash(300));
  }
  const logs = await rpc("eth_getLogs", { address: registry, fromBlock: "0x0", toBlock: "latest" });
  const apps = logs.filter((log) => log.topics.length === 3 && !/^0x0+$/.test(log.topics[1]));
  const one = "0x" + apps[250].topics[1].slice(26);
  const saved = join(folder, "kms500.json");
  const host = `31337=http://127.0.0.1:${port}`;
  try {
    execFileSync(veritee, ["history", one, "--rpc", host, "--registry", `31337:${registry}`, "--allow-local", "--from-block", "1", "--save", saved],
      { stdio: ["ignore", "inherit", "inherit"] });
  } catch (error) { if (error.status !== 13) throw error; } // One endpoint: incomplete is the right answer.
  const document = readFileSync(saved);
  writeFileSync(out, gzipSync(document, { level: 9 }));
  console.log(`${logs.length} logs, ${apps.length} applications, ${document.length} bytes, app ${one}, registry ${registry}`);
} finally { node.kill(); }
