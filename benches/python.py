"""One quote through veritee's Python package and through dcap-qvl 0.7.0, by turns, in CPU time of this thread.

The tenth percentile of the rounds counts: it is steady on a busy machine, where wall time is not.
"""

from __future__ import annotations

import importlib.metadata
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dcap_qvl
import veritee

QUOTES = Path(__file__).resolve().parents[1] / "test-vectors/quote"
AS_OF = 1_752_833_762
ROUNDS, CALLS = (400, 5) if "--quick" not in sys.argv else (20, 2)
LIMITS = {"prepared": 0.30, "remembered": 0.12, "cold": 0.85}

quote = (QUOTES / "tdx_quote.bin").read_bytes()
collateral = (QUOTES / "tdx_quote.collateral.json").read_bytes()
theirs = dcap_qvl.QuoteCollateralV3.from_json(collateral.decode())


def peer() -> None:
    assert dcap_qvl.verify(quote, theirs, AS_OF).status == "UpToDate"


def peer_from_bytes() -> None:
    """What `cold` does too: the collateral comes as the JSON that a service sends."""
    assert dcap_qvl.verify(quote, dcap_qvl.QuoteCollateralV3.from_json(collateral.decode()), AS_OF).status == "UpToDate"


def ours(verifier: veritee.Verifier) -> Callable[[], None]:
    def verify() -> None:
        verdict = verifier.verify_quote(quote)
        assert verdict.verified and verdict.tcb_status == "UpToDate"

    return verify


def cold() -> None:
    assert veritee.verify_quote(quote, collateral, as_of=AS_OF).tcb_status == "UpToDate"


contestants = {
    "dcap-qvl": peer,
    "from bytes": peer_from_bytes,
    "cold": cold,
    "prepared": ours(veritee.Verifier(as_of=AS_OF, collateral=collateral, memory_bytes=0)),
    "remembered": ours(veritee.Verifier(as_of=AS_OF, collateral=collateral)),
}
times: dict[str, list[float]] = {name: [] for name in contestants}
for name, call in contestants.items():
    call()
for _ in range(ROUNDS):
    for name, call in contestants.items():
        begin = time.thread_time_ns()
        for _ in range(CALLS):
            call()
        times[name].append((time.thread_time_ns() - begin) / CALLS / 1000)
tenth = {name: sorted(each)[len(each) // 10] for name, each in times.items()}
median = {name: sorted(each)[len(each) // 2] for name, each in times.items()}

print(f"veritee {veritee.__version__} beside dcap-qvl {importlib.metadata.version('dcap-qvl')}, Python {sys.version.split()[0]}, µs of CPU a quote")
worst = 0
for name in contestants:
    # Each beside the peer's call that begins with the same: cold from bytes, the others from parsed collateral.
    ratio = tenth[name] / tenth["from bytes" if name == "cold" else "dcap-qvl"]
    limit = LIMITS.get(name)
    told = "" if limit is None else f"  at most {limit:.2f}: {'held' if ratio <= limit else 'NOT HELD'}"
    worst |= limit is not None and ratio > limit
    print(f"{name:12} {tenth[name]:8.1f} (median {median[name]:8.1f})  {ratio:5.2f} x{told}")
sys.exit(worst)
