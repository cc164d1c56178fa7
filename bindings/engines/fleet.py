"""One table for all engines, and what its rows must be answered."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import veritee

ROOT = Path(__file__).resolve().parents[2]
ROWS = 1200
AS_OF = datetime(2026, 3, 15, tzinfo=timezone.utc)


def verifier(kind: type[veritee.Verifier] = veritee.Verifier, **more: Any) -> veritee.Verifier:
    policy = (ROOT / "test-vectors/quickstart/policy.toml").read_bytes()
    return kind(as_of=AS_OF, policy=policy, **more)


def rows() -> list[bytes | None]:
    """Genuine machines, forged ones, quotes without collateral, nothing, and noise, in a fixed disorder."""
    genuine = (ROOT / "test-vectors/quickstart/evidence-without-gpus.json").read_bytes()
    document = json.loads(genuine)
    compose = document["app_compose"]
    compose["value"] += " "
    compose["sha256"] = hashlib.sha256(compose["value"].encode()).hexdigest()
    forged = json.dumps(document).encode()
    quote = (ROOT / "test-vectors/quote/tdx_quote.bin").read_bytes()
    kinds: list[bytes | None] = [genuine, forged, quote, None, b"\x00noise", b'{"quote": "00"}', genuine]
    return [kinds[(7919 * row) % 1009 % len(kinds)] for row in range(ROWS)]


def parquet(path: Path) -> None:
    table = pyarrow.table({"id": pyarrow.array(range(ROWS), pyarrow.int64()), "evidence": pyarrow.array(rows(), pyarrow.binary())})
    pyarrow.parquet.write_table(table, path, row_group_size=150)


def expected() -> dict[int, Any]:
    """What each row is answered without an engine."""
    by_bytes: dict[bytes | None, Any] = {}
    alone = verifier()
    for row in set(rows()):
        [by_bytes[row]] = pyarrow.table(alone.verify_arrow(pyarrow.array([row], pyarrow.binary()), learn=False)).to_pylist()
    return {index: by_bytes[row] for index, row in enumerate(rows())}


def assert_all(got: list[dict[str, Any]], where: str) -> None:
    """Every row once, with its own answer."""
    ids = [row["id"] for row in got]
    assert len(ids) == len(set(ids)), f"{where}: {len(ids) - len(set(ids))} rows came twice"
    assert set(ids) == set(range(ROWS)), f"{where}: {ROWS - len(set(ids))} rows were lost"
    wanted = expected()
    for row in got:
        answer = {name: row[name] for name in wanted[row["id"]]}
        assert answer == wanted[row["id"]], f"{where}: row {row['id']} has another answer: {answer}"
    codes = {code: sum(row["exit_code"] == code for row in got) for code in sorted({row["exit_code"] for row in got})}
    print(f"{where}: {len(got)} rows, each once, each with its own answer; exit codes {codes}", flush=True)


class Dying(veritee.Verifier):
    """Kills the process that judges, once, after it has judged a part: ``who`` says which process of the worker."""

    marker: str = ""
    who: str = "self"

    def verify_arrow(self, *given: Any, **options: Any) -> veritee.Answers:
        answers = super().verify_arrow(*given, **options)
        if self.marker:
            try:
                os.close(os.open(self.marker, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return answers
            os.kill(os.getpid() if self.who == "self" else _java_above(os.getpid()), signal.SIGKILL)
        return answers

    def __reduce__(self) -> tuple[Any, ...]:
        return _dying, (super().__reduce__(), self.marker, self.who)


def _dying(made: tuple[Any, Any], marker: str, who: str) -> Dying:
    inner = made[0](*made[1])
    dying = Dying.__new__(Dying)
    dying.__dict__.update(inner.__dict__)
    dying.marker, dying.who = marker, who
    return dying


def _java_above(process: int) -> int:
    """The worker's own Java process, above the Python that it started."""
    while process > 1:
        status = Path(f"/proc/{process}/status").read_text()
        process = int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))
        if Path(f"/proc/{process}/comm").read_text().strip() == "java":
            return process
    raise RuntimeError("no Java process above this one")
