"""Rules and collateral that any number of evidences are judged by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from . import _engine, _given
from ._engine import Answers, QuoteVerdict
from ._given import BytesLike, Document, Documents, Time
from ._report import Report

_Files = tuple[tuple[str, bytes], ...]


def columns() -> list[tuple[str, str]]:
    """Every column of an answer with what it says, in their order; the last, ``report``, only where it is asked for."""
    return _engine.columns()


def spark_schema(*, report: bool = False) -> str:
    """The columns of an answer in the words of Spark's SQL, which takes them by their position."""
    return _engine.spark_schema(report)


_Rules = tuple[int, _Files, _Files, bytes | None, int | None]


def _made(
    as_of: int,
    collateral: _Files,
    gpu_collateral: _Files,
    policy: bytes | None,
    memory_bytes: int | None,
    heard: tuple[bytes, ...],
) -> _engine.Run:
    run = _engine.Run(list(collateral), list(gpu_collateral), policy, as_of, memory_bytes)
    run.learn(list(heard))
    return run


# A worker that gets the same verifier with every part of a table goes on with what it remembers.
_shared = lru_cache(maxsize=4)(_made)


class Verifier:
    """Judges any number of evidences by the same rules. Collateral is verified once; hosts, enclaves and composes that were
    seen are remembered, within ``memory_bytes`` (0 remembers none). Threads may share one, and it can be pickled: what was given and heard goes along,
    what is remembered does not."""

    def __init__(
        self,
        *,
        as_of: Time,
        collateral: Documents = (),
        gpu_collateral: Documents = (),
        policy: Document | None = None,
        memory_bytes: int | None = None,
    ) -> None:
        if memory_bytes is not None and (type(memory_bytes) is not int or memory_bytes < 0):
            raise TypeError(f"memory_bytes: expected a number of bytes, got {memory_bytes!r}")
        self._rules: _Rules = (
            _given.seconds(as_of),
            tuple(_given.files(collateral, "collateral", "collateral")),
            tuple(_given.files(gpu_collateral, "gpu_collateral", "gpu-collateral")),
            _given.policy(policy),
            memory_bytes,
        )
        self._run = _made(*self._rules, ())
        self._is_shared = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self._rules, tuple(self._run.heard))

    def __repr__(self) -> str:
        return f"<veritee.Verifier: as of {self.as_of:%Y-%m-%dT%H:%M:%SZ}, run {self.run}>"

    @property
    def as_of(self) -> datetime:
        """The time of all verdicts."""
        return datetime.fromtimestamp(self._rules[0], timezone.utc)

    @property
    def run(self) -> str:
        """A name for policy, time, root, engines and collateral: answers under one name can stand in one table."""
        return self._run.name

    @property
    def notes(self) -> list[str]:
        """What of the collateral was passed over and why."""
        return self._run.notes

    @property
    def loosened(self) -> list[str]:
        """Every way in which the policy is looser than the default."""
        return self._run.loosened

    def _own(self) -> _engine.Run:
        if self._is_shared:
            self._run = _made(*self._rules, tuple(self._run.heard))
            self._is_shared = False
        return self._run

    def learn(self, entries: Document | Iterable[Document]) -> list[bytes]:
        """Takes in what the collateral inside these evidences says of revocations: it holds for all that are judged after.

        Gives back what was new, as documents for :meth:`learn` of a verifier elsewhere.
        """
        given = [each for _, each in _given.files(entries, "entries", "entry")]
        return self._own().learn(given)

    def learn_arrow(self, data: Any, column: str | None = None) -> list[bytes]:
        """The same for the rows of a table."""
        return self._own().learn_arrow(data, column)

    def verify(
        self,
        evidence: Document,
        *,
        select: str | None = None,
        nonce: BytesLike | None = None,
        report_data: BytesLike | None = None,
        name: str = "evidence",
    ) -> Report:
        """Judges one machine with both engines."""
        bytes_, label = _given.document(evidence, "evidence"), _given.label(select)
        told = self._run.verify(name, bytes_, label, _given.nonce(nonce), _given.report_data(report_data))
        return Report(*told)

    def verify_quote(self, quote: Document) -> QuoteVerdict:
        """Judges one quote alone, by the native engine: genuine, and on an acceptable platform?"""
        return self._run.verify_quote(quote if type(quote) is bytes else _given.document(quote, "quote"))

    def verify_arrow(
        self,
        data: Any,
        column: str | None = None,
        *,
        keep: Iterable[str] = (),
        report: bool = False,
        learn: bool = True,
    ) -> Answers:
        """Judges every row of a table, or of one array, by the native engine: one row in, one row out, in the same order.

        ``data`` is anything with the Arrow C interface, of pyarrow, polars, DuckDB, DataFusion and so on; the column holds
        bytes or text. ``keep`` names columns that are put before the answer's, untouched. What any row says of revocations
        holds for all of them; ``learn=False`` leaves that out, where :meth:`learn_arrow` has seen the whole table before
        and this is a part of it.
        """
        if isinstance(keep, str):
            raise TypeError("keep: expected names of columns, got one str: give a list")
        kept = list(keep)
        for name in kept:
            if not isinstance(name, str):
                raise TypeError(f"keep: expected names of type str, got {type(name).__name__}")
        if column is not None and not isinstance(column, str):
            raise TypeError(f"column: expected a name of type str, got {type(column).__name__}")
        run = self._own() if learn else self._run
        return run.verify_arrow(data, column, kept, report, learn)


def _unpickled(rules: _Rules, heard: tuple[bytes, ...]) -> Verifier:
    verifier = Verifier.__new__(Verifier)
    verifier._rules = rules
    verifier._run = _shared(*rules, heard)
    verifier._is_shared = True
    return verifier
