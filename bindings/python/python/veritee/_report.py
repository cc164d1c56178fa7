"""Reports as dataclasses. The JSON is what counts: the classes show what programs ask for most."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Mapping, TypeVar

from ._errors import NotVerified

Outcome = Literal["verified", "not-genuine", "refused", "findings", "incomplete"]


@dataclass(frozen=True)
class Verdict:
    """What it all adds up to under the policy."""

    outcome: Outcome
    exit_code: int
    reasons: tuple[str, ...]
    summary: str


@dataclass(frozen=True)
class Check:
    """One question. ``not-checked`` is never a pass."""

    id: str
    step: str
    outcome: Literal["pass", "fail", "not-checked"]
    required: bool
    detail: str
    reason: str | None = None
    expected: str | None = None
    got: str | None = None
    where: str | None = None
    waived: str | None = None


@dataclass(frozen=True)
class Quote:
    """The quote's fields: trusted only as far as the checks of the step ``quote`` passed."""

    version: int
    tee: str
    signed_sha256: str
    mrtd: str
    rtmr0: str
    rtmr1: str
    rtmr2: str
    rtmr3: str
    report_data: str
    mr_config_id: str
    td_attributes: str


@dataclass(frozen=True)
class Tcb:
    """The platform, from verified collateral."""

    status: str
    platform: str
    qe: str
    date: datetime
    advisories: tuple[str, ...]
    evaluation_number: int
    fmspc: str
    ppid_sha256: str
    collateral_issued: datetime
    collateral_expires: datetime
    module: str | None = None


@dataclass(frozen=True)
class Identity:
    """The application, from the replayed log only."""

    app_id: str
    compose_hash: str
    mr_aggregated: str
    instance_id: str | None = None
    key_provider: str | None = None
    key_provider_id: str | None = None
    os_image_hash_claimed: str | None = None


@dataclass(frozen=True)
class Finding:
    """What a rule of the audit says."""

    rule: str
    severity: Literal["info", "low", "medium", "high", "critical"]
    status: str
    title: str
    where: str
    evidence: str
    assumed: bool
    blocks: bool
    remedy: str | None = None
    allowed: str | None = None


T = TypeVar("T")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _made(kind: type[T], found: Mapping[str, Any]) -> T:
    """The members that the class knows; later versions of the format have more."""
    given: dict[str, Any] = {}
    for known in fields(kind):  # type: ignore[arg-type]
        if known.name in found:
            value = found[known.name]
            if isinstance(value, list):
                value = tuple(value)
            elif "datetime" in str(known.type):
                value = _time(value)
            given[known.name] = value
    return kind(**given)


@dataclass(frozen=True)
class Report:
    """A report. Two are equal when their JSON is, byte for byte."""

    json: str
    """As ``--format json`` writes it."""
    text: str = field(repr=False, compare=False)
    """As ``--format human`` writes it."""
    html: str = field(repr=False, compare=False)
    """As ``--format html`` writes it: a page without scripts."""
    evidence: str | None = field(default=None, repr=False, compare=False)
    """The evidence with all that the verdict rests on, as ``--save-evidence`` writes it."""
    notes: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """What was passed over while reading."""

    def __repr__(self) -> str:
        return f"<veritee.Report: {self.verdict.outcome}, exit code {self.verdict.exit_code}>"

    def __bool__(self) -> bool:
        """As :attr:`verified`: a report that says no is false."""
        return self.verified

    @cached_property
    def raw(self) -> Mapping[str, Any]:
        """All of it."""
        parsed: Mapping[str, Any] = json.loads(self.json)
        return parsed

    @property
    def verified(self) -> bool:
        """Every required check passed."""
        return self.verdict.exit_code == 0

    def require(self) -> Report:
        """Itself where it is verified; :class:`NotVerified` else."""
        if not self.verified:
            verdict = self.verdict
            code = verdict.reasons[0] if verdict.reasons else verdict.outcome
            raise NotVerified(code, verdict.summary, verdict.exit_code, verdict.reasons)
        return self

    @cached_property
    def verdict(self) -> Verdict:
        return _made(Verdict, self.raw["verdict"])

    @cached_property
    def as_of(self) -> datetime:
        return _time(self.raw["as_of"])

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        return tuple(_made(Check, check) for check in self.raw["checks"])

    @cached_property
    def quote(self) -> Quote | None:
        return _made(Quote, self.raw["quote"]) if "quote" in self.raw else None

    @cached_property
    def tcb(self) -> Tcb | None:
        return _made(Tcb, self.raw["tcb"]) if "tcb" in self.raw else None

    @cached_property
    def identity(self) -> Identity | None:
        return _made(Identity, self.raw["identity"]) if "identity" in self.raw else None

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(_made(Finding, finding) for finding in self.raw["findings"])

    @property
    def stage(self) -> str:
        """The DevProof line."""
        return str(self.raw["stage"])
