"""What the packages called dcap-qvl answer to real quotes, beside veritee. Prints every row in which one differs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dcap_qvl
import veritee

vectors, npm = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
if not (vectors / "dcap_oracle.json").exists():
    print(f"skipped: {vectors.name} is absent")
    sys.exit(0)
rows: list[dict[str, Any]] = json.loads((vectors / "dcap_oracle.json").read_bytes())["rows"]


def read(row: dict[str, Any]) -> tuple[bytes, bytes, int]:
    return (vectors / row["quote"]).read_bytes(), (vectors / row["collateral"]).read_bytes(), row["now"]


def status_of(row: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """veritee's answer in the words of dcap-qvl: a status with advisories, or an error."""
    quote, collateral, now = read(row)
    verdict = veritee.verify_quote(quote, collateral, as_of=now)
    if verdict.tcb_status is None or "td-sept-ve-disable-missing" in verdict.reasons:
        return "error", ()
    return verdict.tcb_status, tuple(sorted(verdict.advisories))


def pypi(row: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    quote, collateral, now = read(row)
    try:
        found = json.loads(dcap_qvl.verify(quote, dcap_qvl.QuoteCollateralV3.from_json(collateral.decode()), now).to_json())
    except ValueError:
        return "error", ()
    return found["status"], tuple(sorted(found["advisory_ids"]))


NODE = """
import { readFileSync } from 'node:fs';
const [module, wasm] = process.argv.slice(2);
const loaded = await import(module);
if (wasm) await loaded.default({ module_or_path: readFileSync(wasm) });
const rows = JSON.parse(readFileSync(0));
const told = [];
for (const row of rows) {
  const quote = readFileSync(row.quote), collateral = JSON.parse(readFileSync(row.collateral));
  try {
    const found = wasm ? loaded.js_verify(new Uint8Array(quote), collateral, BigInt(row.now)) : loaded.verify(quote, collateral, row.now);
    told.push([String(found.status), [...(found.advisory_ids ?? [])].sort()]);
  } catch (error) { told.push(['error', [], String(error.message ?? error).slice(0, 80)]); }
}
console.log(JSON.stringify(told));
"""


def node(module: Path, wasm: Path | None) -> list[Any]:
    given = [{"quote": str(vectors / row["quote"]), "collateral": str(vectors / row["collateral"]), "now": row["now"]} for row in rows]
    script = npm / "answers.mjs"
    script.write_text(NODE)
    words = ["node", str(script), str(module), *([str(wasm)] if wasm else [])]
    told = subprocess.run(words, input=json.dumps(given), capture_output=True, text=True, check=False)
    if told.returncode:
        print(f"{module.name}: not run: {told.stderr.strip()[:300] or told.returncode}")
        return []
    return list(json.loads(told.stdout.strip().splitlines()[-1]))


ours = [status_of(row) for row in rows]
columns: dict[str, list[Any]] = {"PyPI dcap-qvl 0.7.0": [pypi(row) for row in rows]}
pure = npm / "node_modules/@phala/dcap-qvl"
web = npm / "node_modules/@phala/dcap-qvl-web"
for name, folder in (("npm @phala/dcap-qvl 0.3.9", pure), ("npm @phala/dcap-qvl-web 0.3.3", web)):
    if not folder.exists():
        continue
    package = json.loads((folder / "package.json").read_text())
    entry = folder / (package.get("module") or package.get("main") or "index.js")
    wasm = next(iter(sorted(folder.rglob("*.wasm"))), None)
    columns[name] = node(entry, wasm)

#: docs/divergences.md: how many rows agree.
EXPECTED = {"PyPI dcap-qvl 0.7.0": 62, "npm @phala/dcap-qvl 0.3.9": 58, "npm @phala/dcap-qvl-web 0.3.3": 54}

counts = {status: sum(one[0] == status for one in ours) for status in sorted({one[0] for one in ours})}
failed = counts != {"OutOfDate": 15, "UpToDate": 35, "error": 12}
print(f"{len(rows)} rows; veritee: {counts}")
for name, told in columns.items():
    if not told:
        continue
    other = [(row, mine, theirs) for row, mine, theirs in zip(rows, ours, told) if (mine[0], list(mine[1])) != (theirs[0], list(theirs[1]))]
    agree = len(rows) - len(other)
    failed |= agree != EXPECTED[name]
    print(f"{name}: {agree} of {len(rows)} agree{'' if agree == EXPECTED[name] else f', NOT {EXPECTED[name]} as the table says'}")
    for row, mine, theirs in other:
        missing = sorted(set(mine[1]) - set(theirs[1]))
        more = f", without {', '.join(missing)}" if missing and theirs[0] != "error" else f", {theirs[2]}" if len(theirs) > 2 else ""
        print(f"  {row['quote']} at {row['now']}: veritee {mine[0]} with {len(mine[1])} advisories, there {theirs[0]} with {len(theirs[1])}{more}")
sys.exit(failed)
