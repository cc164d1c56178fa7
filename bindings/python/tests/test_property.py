"""Whatever stands in a table: one row each, and none that passes."""

from __future__ import annotations

import pyarrow as pa
import veritee
from conftest import SAMPLE_AS_OF, sample
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

QUOTE, COLLATERAL = sample("tdx_quote")
VERIFIER = veritee.Verifier(as_of=SAMPLE_AS_OF, collateral=COLLATERAL)
LONG = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def damaged(change: tuple[int, int]) -> bytes:
    at, bit = change
    copy = bytearray(QUOTE)
    copy[at % 632] ^= 1 << bit  # header, body, signature: every bit there counts
    return bytes(copy)


ROWS = st.lists(
    st.one_of(st.none(), st.binary(max_size=200), st.just(QUOTE), st.tuples(st.integers(0, 1 << 16), st.integers(0, 7)).map(damaged)),
    max_size=12,
)


@LONG
@given(rows=ROWS, begin=st.integers(0, 12), kind=st.sampled_from([pa.binary(), pa.large_binary(), pa.binary_view()]), cuts=st.lists(st.integers(0, 12), max_size=3))
def test_one_row_in_one_row_out_and_only_the_genuine_pass(rows: list[bytes | None], begin: int, kind: pa.DataType, cuts: list[int]) -> None:
    array = pa.array(rows, kind)[begin:]
    edges = sorted({0, len(array), *(min(cut, len(array)) for cut in cuts)})
    chunked = pa.chunked_array([array[a:b] for a, b in zip(edges, edges[1:])], kind)
    table = pa.table(VERIFIER.verify_arrow(chunked))
    table.validate(full=True)
    assert [code == 0 for code in table["exit_code"].to_pylist()] == [row == QUOTE for row in rows[begin:]]


@LONG
@given(text=st.text(max_size=400), as_of=st.integers(0, 253_402_300_799))
def test_text_is_answered_or_refused_with_a_code(text: str, as_of: int) -> None:
    for ask in (veritee.replay, veritee.measure, lambda each: veritee.audit(each, as_of=as_of), lambda each: veritee.verify(each, as_of=as_of)):
        try:
            ask(text)  # type: ignore[operator]
        except veritee.VeriteeError as error:
            assert error.code and error.message and error.next_step
        except ValueError as error:
            assert "half of a pair" in str(error)
