"""Why there is no answer. What is answered with *no* is no exception: it is a report that says so."""

from __future__ import annotations


class VeriteeError(Exception):
    """No answer. ``code`` is a word that does not change; ``next_step`` says what to do about it."""

    code: str
    message: str
    next_step: str

    def __init__(self, code: str, message: str, next_step: str = "") -> None:
        super().__init__(code, message, next_step)
        self.code = code
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"


class EvidenceError(VeriteeError):
    """The evidence, or a part of it, cannot be read."""


class CollateralError(VeriteeError):
    """Collateral that was given cannot be used."""


class PolicyError(VeriteeError):
    """The policy cannot be read."""


class ColumnError(VeriteeError):
    """A table has no column of evidence, or one of another type."""


class NotVerified(VeriteeError):
    """What :meth:`Report.require` raises: ``code`` is the gravest reason."""

    exit_code: int
    reasons: tuple[str, ...]

    def __init__(self, code: str, message: str, exit_code: int = 1, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(code, message)
        self.args = (code, message, exit_code, reasons)
        self.exit_code = exit_code
        self.reasons = reasons
