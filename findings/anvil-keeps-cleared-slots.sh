#!/usr/bin/env bash
# anvil 1.7.1 (npm @foundry-rs/anvil-linux-amd64) leaves a storage slot that was set to zero in the contract's trie.
#
# In Ethereum a slot of value zero is absent: clearing one takes its leaf out (Yellow Paper, section 4.1). anvil keeps a leaf
# whose value is the empty string (0x80), also for a zero that is written to a slot that never held anything. Seen with a
# contract of eight bytes that stores what it is told, and the storageHash of eth_getProof beside the root that py-trie
# 3.1.0 makes of the same slots:
#   one slot, two slots                       the root of these slots
#   the second set to zero                    not the root of the one that is left, but of both with 0x80 in the second
#   zero written to a slot never used         a third leaf
# So proofs that anvil serves fit no other client once anything was removed, and whoever rebuilds a contract's storage from
# what is known to be in it (veritee does, to show that a list is complete) must test that on another node.
# Needs: Linux on x86-64, npm, python3 with venv. Ends with 0 while this still holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$folder" @foundry-rs/anvil-linux-amd64@1.7.1 >/dev/null
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check trie==3.1.0 'eth-hash[pycryptodome]==0.7.1' rlp==4.1.0
python/bin/python - node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil <<'PYTHON'
import json, socket, subprocess, sys, time, urllib.request
import rlp
from eth_hash.auto import keccak
from trie import HexaryTrie

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
node = subprocess.Popen([sys.argv[1], "--silent", "--port", str(port)], stdout=subprocess.DEVNULL)


def ask(method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}", body, {"Content-Type": "application/json"})
    answer = json.load(urllib.request.urlopen(request, timeout=10))
    assert "error" not in answer, answer
    return answer["result"]


def send(data, to=None):
    transaction = {"from": ask("eth_accounts")[0], "data": data, "gas": "0x30d40", **({"to": to} if to else {})}
    name = ask("eth_sendTransaction", transaction)
    for _ in range(200):
        if receipt := ask("eth_getTransactionReceipt", name):
            assert receipt["status"] == "0x1", receipt
            return receipt
        time.sleep(0.05)
    sys.exit("no receipt")


def root(slots):
    trie = HexaryTrie({})
    for slot, value in slots.items():
        trie.set(keccak(slot.to_bytes(32, "big")), rlp.encode(value.to_bytes(32, "big").lstrip(b"\0")))
    return "0x" + trie.root_hash.hex()


try:
    for _ in range(200):
        try:
            version = ask("web3_clientVersion")
            break
        except OSError:
            time.sleep(0.1)
    # Stores the second word of what it is called with in the slot that the first names.
    contract = send("0x67602035600035550060005260086018f3")["contractAddress"]
    seen = []
    for slot, value in [(1, 5), (2, 7), (2, 0), (3, 0)]:
        send("0x" + format(slot, "064x") + format(value, "064x"), contract)
        seen.append(ask("eth_getProof", contract, [], "latest")["storageHash"])
    print(version)
    expected = [{1: 5}, {1: 5, 2: 7}, {1: 5}, {1: 5}]
    kept = [{1: 5}, {1: 5, 2: 7}, {1: 5, 2: 0}, {1: 5, 2: 0, 3: 0}]
    what = ["one slot set", "two slots set", "the second set to zero", "zero written to a third"]
    for words, hash, right, as_kept in zip(what, seen, expected, kept):
        print(f"{words:24} {hash[:14]}…  root of what is set: {hash == root(right)}, with leaves of zero: {hash == root(as_kept)}")
    same = [hash == root(right) for hash, right in zip(seen, expected)] == [True, True, False, False]
    same = same and all(hash == root(as_kept) for hash, as_kept in zip(seen, kept))
    sys.exit(0 if same and version == "anvil/v1.7.1" else "this has changed")
finally:
    node.kill()
PYTHON
