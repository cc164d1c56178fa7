# The reader against real nodes on loopback, outside the gate: live.py VERITEE FOLDER
# FOLDER holds node_modules with hardhat@2.29.1, solc@0.8.37, @openzeppelin/contracts@5.7.0,
# @openzeppelin/contracts-upgradeable@5.7.0 and @foundry-rs/anvil-linux-amd64@1.7.1 (npm install --ignore-scripts).
# Needs eth-abi, eth-utils (PyPI). Written for the project; CC0.
import json, os, re, socket, subprocess, sys, time, urllib.request
VERITEE, FOLDER = (os.path.abspath(argument) for argument in sys.argv[1:3])
HERE = os.path.dirname(os.path.abspath(__file__))
COMPILE = """
const fs=require('fs'),solc=require('solc');
const input={language:'Solidity',sources:{'c/GovApp.sol':{content:fs.readFileSync(process.argv[1],'utf8')}},settings:{evmVersion:'shanghai',
  optimizer:{enabled:true,runs:200},outputSelection:{'*':{'*':['evm.bytecode.object']}}}};
const found=p=>{try{return {contents:fs.readFileSync('node_modules/'+p,'utf8')}}catch(e){return {error:String(e)}}};
fs.writeFileSync('compiled.json',solc.compile(JSON.stringify(input),{import:found}));
"""

def rpc(port, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}", body, {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=30))["result"]

def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]

class Node:
    def __init__(self, command):
        self.port = free_port()
        environment = dict(os.environ, HOME=FOLDER)
        self.process = subprocess.Popen([*command, str(self.port)], cwd=FOLDER, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                rpc(self.port, "eth_chainId")
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the node does not answer")
    def __enter__(self): return self
    def __exit__(self, *_): self.process.terminate(); self.process.wait()
    def record(self, out):
        subprocess.run([sys.executable, os.path.join(HERE, "record.py"), f"http://127.0.0.1:{self.port}", os.path.join(FOLDER, "compiled.json"), out], check=True)
        return json.load(open(out))["app"]

def history(subject, hosts, *more):
    rpcs = [word for host in hosts for word in ("--rpc", f"31337=http://{host}")]
    run = subprocess.run([VERITEE, "history", subject, *rpcs, "--allow-local", "--format", "json", *more], capture_output=True, text=True)
    return run.returncode, (json.loads(run.stdout) if run.stdout else run.stderr)

def expect(name, got, wanted):
    if got != wanted: raise SystemExit(f"{name}: expected {wanted}, got {got}")
    print(f"{name}: {got}")

subprocess.run(["node", "-e", COMPILE, os.path.join(HERE, "GovApp.sol")], cwd=FOLDER, check=True)
open(os.path.join(FOLDER, "hardhat.config.js"), "w").write("module.exports = {networks: {hardhat: {chainId: 31337}}};\n")
hardhat = ["node", "node_modules/hardhat/internal/cli/bootstrap.js", "node", "--hostname", "127.0.0.1", "--port"]
with Node(hardhat) as node:
    app = node.record(os.path.join(FOLDER, "hardhat.json"))
    hosts = [f"127.0.0.1:{node.port}", f"localhost:{node.port}"]
    saved = os.path.join(FOLDER, "chain.json")
    code, told = history(app, hosts, "--save", saved)
    expect("hardhat, exit code", code, 0)
    expect("hardhat, contract", told["contract"]["completeness"], "complete-now")
    expect("hardhat, block", told["block"]["known"], "endpoints-agree(2)")
    expect("hardhat, allowed", [entry["hash"][2:4] for entry in told["contract"]["compose_hashes"]], ["11", "22", "44"])
    expect("hardhat, owner", told["contract"]["owner"], "nobody: ownership was renounced")
    again = subprocess.run([VERITEE, "history", saved, "--format", "json"], capture_output=True, text=True)
    expect("hardhat, the same from the file", json.loads(again.stdout) == told, True)
    # Which composes were allowed after each step, by the script itself; a step is a block.
    steps = ["1", "12", "123", "13", "123", "123", "123", "12"] + ["12"] * 8 + ["124"] * 4
    first = told["timeline"][0]["block"]
    for offset, allowed in enumerate(steps):
        code, then = history(app, hosts, "--at", str(first + offset))
        got = "".join(sorted(word[2] for word in then["at"]["allowed"]))
        if got != allowed: raise SystemExit(f"block {first + offset}: expected {allowed}, got {got}")
    print(f"hardhat, at: {len(steps)} blocks as the script made them")
anvil = ["node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil", "--host", "127.0.0.1", "--silent", "--prune-history", "5000", "--slots-in-an-epoch", "1", "--port"]
with Node(anvil) as node:
    app = node.record(os.path.join(FOLDER, "anvil.json"))
    for _ in range(3): rpc(node.port, "evm_mine")
    code, told = history(app, [f"127.0.0.1:{node.port}"])
    head = int(rpc(node.port, "eth_blockNumber"), 16)
    expect("anvil, final block", told["block"]["number"], head - 2)
    # Cleared slots stay in its trie: no proof of Ethereum's, and refused as such or left unexplained.
    expect("anvil, exit code", code in (11, 13), True)
    expect("anvil, complete", (told["contract"] or {}).get("completeness"), None)
print("all of it")
