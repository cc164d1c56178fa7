"""Arguments that are wrong, or could be meant in two ways."""

from __future__ import annotations

import array
import pathlib
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import veritee
from conftest import SAMPLE_AS_OF, sample


@pytest.mark.parametrize("wrong", [None, True, 1.5, "2026-03-15T00:00:00Z", date(2026, 3, 15), b"1"])
def test_a_time_of_another_type_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match="as_of: expected a datetime with a time zone"):
        veritee.Verifier(as_of=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [datetime(2026, 3, 15), -1, 1_752_833_762_000, datetime(1969, 12, 31, tzinfo=timezone.utc), 1 << 80]
)
def test_a_time_without_a_zone_or_out_of_bounds_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="as_of"):
        veritee.Verifier(as_of=wrong)  # type: ignore[arg-type]


def test_the_time_is_required() -> None:
    quote, collateral = sample("tdx_quote")
    with pytest.raises(TypeError, match="as_of"):
        veritee.verify_quote(quote, collateral)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        veritee.verify_quote(quote, collateral, SAMPLE_AS_OF)  # type: ignore[misc]


def test_one_moment_in_three_zones_is_one_time() -> None:
    utc = datetime(2025, 7, 18, 10, 16, 2, 999_999, tzinfo=timezone.utc)
    zones = [utc, utc.astimezone(ZoneInfo("Asia/Kolkata")), utc.astimezone(timezone(-timedelta(hours=9, minutes=30)))]
    assert {veritee.Verifier(as_of=time).as_of for time in zones} == {utc.replace(microsecond=0)}
    assert veritee.Verifier(as_of=SAMPLE_AS_OF).run == veritee.Verifier(as_of=utc).run


@pytest.mark.parametrize("wrong", [None, 7, 1.0, ["x", 1], object(), pathlib.Path("evidence.json"), open])
def test_evidence_that_is_no_bytes_is_refused_by_type(wrong: object) -> None:
    with pytest.raises(TypeError, match="evidence"):
        veritee.verify(wrong, as_of=0)  # type: ignore[arg-type]


def test_a_path_is_not_opened() -> None:
    with pytest.raises(TypeError, match="read the file first"):
        veritee.verify(pathlib.Path(__file__), as_of=0)  # type: ignore[arg-type]


def test_a_buffer_of_wider_numbers_is_refused() -> None:
    with pytest.raises(TypeError):
        veritee.compose_hash(array.array("i", [1, 2]))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="format 'i'"):
        veritee.verify(b"x", as_of=0, nonce=memoryview(array.array("i", [1] * 16)))


def test_half_a_pair_of_characters_has_no_bytes() -> None:
    with pytest.raises(ValueError, match="character 1"):
        veritee.compose_hash("a\ud800")


def test_bytes_bytearray_memoryview_and_a_strided_view_are_the_same_bytes() -> None:
    exact = b'{"name":"a"}'
    doubled = bytes(byte for byte in exact for _ in range(2))
    hashes = {veritee.compose_hash(each) for each in (exact, bytearray(exact), memoryview(exact), exact.decode(), memoryview(doubled)[::2])}
    assert hashes == {"".join(f"{byte:02x}" for byte in __import__("hashlib").sha256(exact).digest())}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"nonce": b"x" * 15}, "nonce: expected 16 to 64 bytes, got 15"),
        ({"nonce": b"x" * 65}, "nonce: expected 16 to 64 bytes, got 65"),
        ({"report_data": b"x" * 63}, "report_data: expected 64 bytes, got 63"),
        ({"nonce": b"x" * 32, "report_data": b"x" * 64}, "exclude each other"),
    ],
)
def test_a_nonce_of_the_wrong_length_is_refused(given: dict[str, bytes], words: str) -> None:
    quote, _ = sample("tdx_quote")
    with pytest.raises(ValueError, match=words):
        veritee.verify(quote, as_of=SAMPLE_AS_OF, **given)  # type: ignore[arg-type]


def test_text_is_no_nonce() -> None:
    with pytest.raises(TypeError, match="nonce: expected bytes"):
        veritee.verify(b"x", as_of=0, nonce="00" * 32)  # type: ignore[arg-type]


@pytest.mark.parametrize("keep", ["id", [1], [None]])
def test_names_of_columns_are_a_list_of_text(keep: object) -> None:
    with pytest.raises(TypeError, match="keep"):
        veritee.Verifier(as_of=0).verify_arrow(None, "evidence", keep=keep)  # type: ignore[arg-type]
