"""veritee: is a dstack application in an Intel TDX machine what it claims to be?

Offline and pure: no call reads a file, a clock, the environment or the network. Every verdict is given *as of* a time
that you name. A verdict of *no* is a report that says so, and is false in an ``if``; an exception means that there is no
verdict.
"""

from __future__ import annotations

import json as _json
from typing import Any

from . import _engine, _given
from ._engine import Answers, QuoteVerdict
from ._errors import CollateralError, ColumnError, EvidenceError, NotVerified, PolicyError, VeriteeError
from ._given import BytesLike, Document, Documents, Time
from ._report import Check, Finding, Identity, Quote, Report, Tcb, Verdict
from ._verifier import Verifier, columns, spark_schema

__version__: str = _engine.version
#: The version of the columns that tables of answers have.
COLUMNS_VERSION: str = _engine.columns_version

__all__ = [
    "Answers", "BytesLike", "COLUMNS_VERSION", "Check", "CollateralError", "ColumnError", "Document", "Documents",
    "EvidenceError", "Finding", "Identity", "NotVerified", "PolicyError", "Quote", "QuoteVerdict", "Report", "Tcb", "Time",
    "Verdict", "Verifier", "VeriteeError", "audit", "columns", "compose_hash", "machines", "measure", "replay",
    "spark_schema", "verify", "verify_arrow", "verify_quote",
]


def verify(
    evidence: Documents,
    *,
    as_of: Time,
    collateral: Documents = (),
    gpu_collateral: Documents = (),
    policy: Document | None = None,
    select: str | None = None,
    nonce: BytesLike | None = None,
    report_data: BytesLike | None = None,
) -> Report:
    """Judges one machine with both engines, as ``veritee verify --offline`` does: the same report, byte for byte.

    ``evidence`` is any form that the program reads, or a mapping of names to the parts of one machine's evidence.
    ``nonce`` are the 16 to 64 bytes that REPORTDATA has to carry, ``report_data`` exactly its 64 bytes.
    """
    json, text, html, whole, notes = _engine.verify(
        _given.files(evidence, "evidence", "evidence"),
        _given.files(collateral, "collateral", "collateral"),
        _given.files(gpu_collateral, "gpu_collateral", "gpu-collateral"),
        _given.policy(policy),
        _given.seconds(as_of),
        _given.label(select),
        _given.nonce(nonce),
        _given.report_data(report_data),
    )
    return Report(json, text, html, whole, tuple(notes))


def verify_quote(
    quote: Document, collateral: Documents = (), *, as_of: Time, policy: Document | None = None
) -> QuoteVerdict:
    """Judges one quote alone: genuine, and on an acceptable platform? What runs in the machine is not looked at.

    For more than one quote make a :class:`Verifier` and keep it.
    """
    return Verifier(as_of=as_of, collateral=collateral, policy=policy).verify_quote(quote)


def verify_arrow(
    data: Any,
    column: str | None = None,
    *,
    as_of: Time,
    collateral: Documents = (),
    gpu_collateral: Documents = (),
    policy: Document | None = None,
    keep: tuple[str, ...] | list[str] = (),
    report: bool = False,
) -> Answers:
    """Judges every row of a table, as :meth:`Verifier.verify_arrow` does."""
    verifier = Verifier(as_of=as_of, collateral=collateral, gpu_collateral=gpu_collateral, policy=policy)
    return verifier.verify_arrow(data, column, keep=keep, report=report)


def audit(document: Document, *, as_of: Time, policy: Document | None = None, name: str = "document") -> dict[str, Any]:
    """Audits an app_compose, a docker compose file, or the app_compose in an evidence. Nothing is attested by it, and the
    report says so: the JSON of ``veritee audit``."""
    told = _engine.audit(name, _given.document(document, "document"), _given.policy(policy), _given.seconds(as_of))
    parsed: dict[str, Any] = _json.loads(told)
    return parsed


def replay(log: Document, *, name: str = "log") -> dict[str, Any]:
    """Replays an event log to registers of its own, event by event. Nothing is verified by it: compare the registers with
    those of a quote that is genuine, or let :func:`verify` do it."""
    parsed: dict[str, Any] = _json.loads(_engine.replay(name, _given.document(log, "log")))
    return parsed


def measure(vm_config: Document, *, name: str = "vm_config") -> dict[str, Any]:
    """Computes the registers that a machine of this vm_config must have, as far as that needs no image."""
    parsed: dict[str, Any] = _json.loads(_engine.measure(name, _given.document(vm_config, "vm_config")))
    return parsed


def machines(evidence: Documents) -> list[tuple[str, bytes]]:
    """The machines of an evidence that holds several: the label and an evidence of its own for each."""
    each = _engine.machines(_given.files(evidence, "evidence", "evidence"))
    return [(label, text.encode()) for label, text in each]


def compose_hash(app_compose: Document) -> str:
    """The compose hash of an app_compose: SHA-256 over exactly these bytes, in hex.

    There is no compose hash of a parsed document: writing JSON anew changes bytes, and a machine measures bytes.
    """
    return _engine.compose_hash(_given.document(app_compose, "app_compose"))
