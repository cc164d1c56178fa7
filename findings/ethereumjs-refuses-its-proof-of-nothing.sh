#!/usr/bin/env bash
# @ethereumjs/mpt 10.1.3 (npm) refuses the proof that it makes itself of an empty trie.
#
# Its verifiers promise null for a key that is proven absent. In a trie that holds nothing any key is absent, the root says
# so alone (56e81f17…b421), and the proof has no nodes: go-ethereum and others answer so for each slot of an account that is
# no contract or whose storage is empty. Seen, each time with the proof that createMerkleProof of this package gives:
#   a key beside another one          proven absent: null
#   the trie still empty              the proof is []; both verifiers throw "Invalid proof provided"
#   the only key deleted again        the same
#   [0x80] instead (the empty node)   thrown out too: "Invalid proof provided", or "Invalid node"
# py-trie 3.1.0 takes the same [] for the same root as the proof of absence. So a verifier built on this package calls an
# honest node a liar just where a list is empty (no owner, nobody allowed) and must look at the root before it asks.
# Needs: node 20 or later, npm, python3 with venv. Ends with 0 while this still holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$folder" @ethereumjs/mpt@10.1.3 >/dev/null
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check trie==3.1.0 'eth-hash[pycryptodome]==0.7.1' rlp==4.1.0
cat >seen.mjs <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import { createMPT, createMerkleProof, verifyMPTWithMerkleProof, verifyMerkleProof } from "@ethereumjs/mpt";
const { version } = JSON.parse(readFileSync("node_modules/@ethereumjs/mpt/package.json", "utf8"));
console.log(`@ethereumjs/mpt ${version}`);
const [one, other] = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
const seen = [];
async function show(what, trie, proof) {
  const root = trie.root();
  const asked = [
    async () => verifyMPTWithMerkleProof(await createMPT({ useKeyHashing: true }), root, one, proof),
    () => verifyMerkleProof(one, proof, { root, useKeyHashing: true }),
  ];
  const answers = [];
  for (const ask of asked) {
    try {
      answers.push(String(await ask()));
    } catch (error) {
      answers.push(error.message.split("\n")[0]);
    }
  }
  seen.push(`${proof.length} ${answers.join(" | ")}`);
  const short = Buffer.from(root).toString("hex").slice(0, 8);
  console.log(`${what.padEnd(18)} root ${short}, ${proof.length} node(s): ${answers.join(" | ")}`);
}
const trie = await createMPT({ useKeyHashing: true });
await show("empty", trie, await createMerkleProof(trie, one));
await trie.put(other, Uint8Array.of(5));
await show("beside another", trie, await createMerkleProof(trie, one));
await trie.del(other);
await show("deleted again", trie, await createMerkleProof(trie, one));
await show("the empty node", trie, [Uint8Array.of(0x80)]);
const refused = "Invalid proof provided";
const expected = [`0 ${refused} | ${refused}`, "1 null | null", `0 ${refused} | ${refused}`, `1 Invalid node | ${refused}`];
if (version !== "10.1.3" || seen.join("\n") !== expected.join("\n")) {
  console.error("this has changed");
  process.exit(1);
}
JAVASCRIPT
node seen.mjs
python/bin/python - <<'PYTHON'
from importlib.metadata import version
from eth_hash.auto import keccak
from trie import HexaryTrie

trie = HexaryTrie({})
proof = trie.get_proof(keccak(bytes([1]) * 32))
answer = HexaryTrie.get_from_proof(trie.root_hash, keccak(bytes([1]) * 32), proof)
print(f"py-trie {version('trie')}: root {trie.root_hash.hex()[:8]}, {len(proof)} node(s): {answer!r}")
assert (len(proof), answer) == (0, b""), "py-trie has changed"
PYTHON
