"""Arguments as people write them, to bytes and seconds. What could be meant in two ways is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Union

BytesLike = Union[bytes, bytearray, memoryview]
#: Bytes, or text that is taken as UTF-8.
Document = Union[bytes, bytearray, memoryview, str]
#: One document, several, or several by the names that reports know them by.
Documents = Union[Document, Iterable[Document], Mapping[str, Document]]
#: Seconds since 1970, or a time with its zone.
Time = Union[datetime, int]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST = 253_402_300_799  # the last second of the year 9999


def seconds(as_of: Time) -> int:
    """Seconds since 1970. A fraction of a second is left out: it has not passed yet."""
    if isinstance(as_of, bool) or not isinstance(as_of, (int, datetime)):
        raise TypeError(f"as_of: expected a datetime with a time zone, or seconds since 1970 as an int, got {type(as_of).__name__}")
    if isinstance(as_of, datetime):
        if as_of.utcoffset() is None:
            raise ValueError("as_of: the datetime has no time zone: give one, timezone.utc for instance")
        as_of = (as_of - _EPOCH) // timedelta(seconds=1)
    if not 0 <= as_of <= _LATEST:
        raise ValueError(f"as_of: expected a time from 1970 to 9999, got {as_of} seconds (milliseconds?)")
    return int(as_of)


def data(value: Any, what: str) -> bytes:
    """The bytes of something that has bytes and no other meaning."""
    if type(value) is bytes:
        return value
    try:
        view = memoryview(value)
    except TypeError:
        raise TypeError(f"{what}: expected bytes, bytearray or memoryview, got {type(value).__name__}") from None
    if view.format not in ("B", "b", "c"):
        raise TypeError(f"{what}: expected a buffer of single bytes, got one of format {view.format!r}")
    return view.tobytes()


def document(value: Any, what: str) -> bytes:
    """Bytes, or text as UTF-8."""
    if isinstance(value, str):
        try:
            return value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"{what}: character {error.start} of the text is half of a pair and has no bytes") from None
    try:
        return data(value, what)
    except TypeError as error:
        hint = "; read the file first" if hasattr(value, "__fspath__") or hasattr(value, "read") else ""
        raise TypeError(f"{what}: expected bytes, bytearray, memoryview or str, got {type(value).__name__}{hint}") from error


def files(value: Any, what: str, name: str) -> list[tuple[str, bytes]]:
    """Documents with names."""
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{what}: expected names of type str, got {type(key).__name__}")
        return [(key, document(each, f"{what}[{key!r}]")) for key, each in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)) or hasattr(value, "__next__"):
        each = list(value)
        return [(f"{name}-{number}", document(one, f"{what}[{number}]")) for number, one in enumerate(each)]
    return [(name, document(value, what))]


def nonce(value: Any) -> bytes | None:
    return None if value is None else data(value, "nonce")


def report_data(value: Any) -> bytes | None:
    return None if value is None else data(value, "report_data")


def policy(value: Any) -> bytes | None:
    return None if value is None else document(value, "policy")


def label(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"select: expected the label of a machine as str, got {type(value).__name__}")
    return value
