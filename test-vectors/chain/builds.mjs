// Hashes of dstack's released contracts as built from its tags, for crates/chain/src/builds.rs:
// node builds.mjs CLONE FOLDER   CLONE: of github.com/Dstack-TEE/dstack; FOLDER: node_modules with solc@0.8.22,
// @openzeppelin/contracts@5.4.0 and @openzeppelin/contracts-upgradeable@5.4.0, as the tags' lock file names them.
// Outside the gate. Prints a line for each build: hash, contract, first tag of this source, evmVersion. CC0.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [clone, folder] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(folder, "package.json"));
const solc = require("solc");
const show = (tag, path) => execFileSync("git", ["-C", clone, "show", `${tag}:${path}`], { encoding: "utf8" });
const list = (tag) => execFileSync("git", ["-C", clone, "ls-tree", "-r", "--name-only", tag, "kms/auth-eth/contracts/"], { encoding: "utf8" });

// Without the compiler's metadata, a CBOR map before its length. The contract's own address is zero here as it is masked there.
const bare = (hex) => {
  const length = parseInt(hex.slice(-4), 16) * 2 + 4;
  return hex.slice(0, hex.length - length);
};
for (const tag of ["v0.5.5", "v0.5.9"]) {
  for (const evmVersion of ["paris", "shanghai"]) {
    const paths = list(tag).split("\n").filter((path) => path.endsWith(".sol") && !path.includes("/test"));
    const sources = Object.fromEntries(paths.map((path) => [path.replace("kms/auth-eth/", ""), { content: show(tag, path) }]));
    const settings = { evmVersion, optimizer: { enabled: true, runs: 200 }, outputSelection: { "*": { "*": ["evm.deployedBytecode.object"] } } };
    const found = (path) => {
      try { return { contents: readFileSync(join(folder, "node_modules", path), "utf8") }; } catch (error) { return { error: String(error) }; }
    };
    const built = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings }), { import: found }));
    const wrong = (built.errors ?? []).filter((error) => error.severity === "error");
    if (wrong.length) throw new Error(wrong[0].formattedMessage);
    for (const name of ["DstackApp", "DstackKms"]) {
      const code = bare(built.contracts[`contracts/${name}.sol`][name].evm.deployedBytecode.object);
      const { keccak256 } = await import(join(folder, "node_modules/js-sha3/src/sha3.js")).then((module) => module.default);
      console.log(`0x${keccak256(Buffer.from(code, "hex"))} ${name} ${tag} ${evmVersion} ${code.length / 2} bytes`);
    }
  }
}
