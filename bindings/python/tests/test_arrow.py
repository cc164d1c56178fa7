"""Tables in, tables out."""

from __future__ import annotations

import json
import pickle
import threading
import time
from collections.abc import Callable
from typing import Any

import polars
import pyarrow as pa
import pytest
import veritee
from conftest import AS_OF, SAMPLE_AS_OF, sample

QUOTE, COLLATERAL = sample("tdx_quote")
BINARY = [pa.binary(), pa.large_binary(), pa.binary_view()]
TEXT = [pa.string(), pa.large_string(), pa.string_view()]


@pytest.fixture(scope="module")
def quotes() -> veritee.Verifier:
    return veritee.Verifier(as_of=SAMPLE_AS_OF, collateral=COLLATERAL)


def codes(answers: Any) -> list[int]:
    return pa.table(answers)["exit_code"].to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", BINARY + TEXT, ids=str)
@pytest.mark.parametrize("index", [None, pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()], ids=str)
def test_every_type_for_bytes_and_text_gives_the_same_answers(quotes: veritee.Verifier, kind: Any, index: Any) -> None:
    plain = kind in BINARY
    values = [QUOTE if plain else QUOTE.hex(), None, b"nonsense" if plain else "nonsense", QUOTE if plain else QUOTE.hex()]
    if index is None:
        array = pa.array(values, kind)
    else:
        distinct = pa.array([values[0], values[2]], kind)
        array = pa.DictionaryArray.from_arrays(pa.array([0, None, 1, 0], index), distinct)
    assert codes(quotes.verify_arrow(array)) == [0, 3, 3, 0]
    assert codes(quotes.verify_arrow(pa.table({"e": array}), "e")) == [0, 3, 3, 0]


def test_a_null_among_a_dictionary_s_values_is_null(quotes: veritee.Verifier) -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int8()), pa.array([QUOTE, None], pa.binary()))
    table = pa.table(quotes.verify_arrow(array))
    assert table["exit_code"].to_pylist() == [3, 0]
    assert table["error_code"].to_pylist() == ["evidence-null", None]


@pytest.mark.parametrize("wrong", [pa.int64(), pa.float32(), pa.bool_(), pa.list_(pa.binary()), pa.binary(4), pa.timestamp("us"), pa.struct([("a", pa.binary())])], ids=str)
def test_another_type_is_refused_by_its_name_even_in_an_empty_table(quotes: veritee.Verifier, wrong: Any) -> None:
    with pytest.raises(veritee.ColumnError, match="expected Binary, LargeBinary, BinaryView") as raised:
        quotes.verify_arrow(pa.table({"e": pa.array([], wrong)}), "e")
    assert raised.value.code == "column-type"


def test_an_empty_table_gives_an_empty_table_with_the_schema(quotes: veritee.Verifier) -> None:
    for empty in (
        pa.table({"e": pa.array([], pa.binary())}),
        pa.table({"e": pa.chunked_array([], pa.binary())}),
        pa.table({"e": pa.chunked_array([pa.array([], pa.binary()), pa.array([], pa.binary())])}),
    ):
        answers = pa.table(quotes.verify_arrow(empty, "e"))
        assert answers.num_rows == 0
        assert answers.column_names == [name for name, _ in veritee.columns()][:-1]
        assert answers.schema.metadata[b"veritee.columns"] == veritee.COLUMNS_VERSION.encode()


def test_a_column_of_nulls_alone_is_rows(quotes: veritee.Verifier) -> None:
    table = pa.table(quotes.verify_arrow(pa.table({"e": pa.nulls(3)}), "e"))
    assert table["exit_code"].to_pylist() == [3] * 3 and table["outcome"].null_count == 3


@pytest.mark.parametrize("kind", BINARY + TEXT, ids=str)
def test_slices_with_offsets_and_chunks_give_each_row_its_own_answer(quotes: veritee.Verifier, kind: Any) -> None:
    good: Any = QUOTE if kind in BINARY else QUOTE.hex()
    bad: Any = b"bad" if kind in BINARY else "bad"
    rows = [bad, good, None, bad, good, good, None, bad, good]
    expected = [0 if row is good else 3 for row in rows]
    array = pa.array(rows, kind)
    for begin in range(len(rows)):
        assert codes(quotes.verify_arrow(array.slice(begin, 5))) == expected[begin : begin + 5]
        table = pa.table({"i": pa.array(range(len(rows))), "e": array}).slice(begin)
        answers = pa.table(quotes.verify_arrow(table, "e", keep=["i"]))
        assert answers["exit_code"].to_pylist() == expected[begin:]
        assert answers["i"].to_pylist() == list(range(begin, len(rows)))
    chunked = pa.chunked_array([array.slice(0, 2), array.slice(2, 0), array.slice(2, 6), array.slice(8)])
    assert codes(quotes.verify_arrow(chunked)) == expected
    batch = pa.record_batch({"e": array}).slice(4)
    assert codes(quotes.verify_arrow(batch, "e")) == expected[4:]
    struct = pa.table({"e": chunked}).to_struct_array()
    assert codes(quotes.verify_arrow(struct, "e")) == expected


def test_structs_that_are_null_as_a_whole_are_refused(quotes: veritee.Verifier) -> None:
    array = pa.StructArray.from_arrays([pa.array([QUOTE, QUOTE])], ["e"], mask=pa.array([False, True]))
    with pytest.raises(veritee.ColumnError) as raised:
        quotes.verify_arrow(array, "e")
    assert raised.value.code == "table-nulls"


def test_columns_are_kept_as_they_are_whatever_their_type(quotes: veritee.Verifier) -> None:
    table = pa.table(
        {
            "e": pa.array([QUOTE, None]),
            "id": pa.array(["a", "b"], pa.string_view()),
            "when": pa.array([1, None], pa.timestamp("ns", "Asia/Tokyo")),
            "nested": pa.array([[{"x": 1}], None]),
            "category": pa.array(["k", "k"]).dictionary_encode(),
            "nothing": pa.nulls(2),
        }
    )
    kept = ["nothing", "category", "nested", "when", "id"]
    answers = pa.table(quotes.verify_arrow(table, "e", keep=kept))
    assert answers.select(kept).equals(table.select(kept))
    assert answers.column_names[: len(kept)] == kept and "e" not in answers.column_names


@pytest.mark.parametrize(
    ("table", "column", "keep", "code"),
    [
        ({"a": [QUOTE]}, "e", [], "column-missing"),
        ({"a": [QUOTE]}, None, [], "column-missing"),
        ({"a": [QUOTE]}, "a", ["b"], "column-missing"),
        ({"a": [QUOTE], "outcome": ["mine"]}, "a", ["outcome"], "column-twice"),
        ({"a": [QUOTE], "b": [1]}, "a", ["b", "b"], "column-twice"),
    ],
)
def test_a_name_that_fits_no_column_or_two_is_refused(quotes: veritee.Verifier, table: Any, column: Any, keep: Any, code: str) -> None:
    with pytest.raises(veritee.ColumnError) as raised:
        quotes.verify_arrow(pa.table(table), column, keep=keep)
    assert raised.value.code == code
    two = pa.Table.from_arrays([pa.array([QUOTE])] * 2, ["e", "e"])
    with pytest.raises(veritee.ColumnError, match="two columns are called"):
        quotes.verify_arrow(two, "e")


@pytest.mark.parametrize("wrong", [None, 7, [QUOTE], {"e": [QUOTE]}, QUOTE, object()])
def test_what_has_no_arrow_interface_is_refused_by_its_type(quotes: veritee.Verifier, wrong: object) -> None:
    with pytest.raises(TypeError, match="__arrow_c_stream__"):
        quotes.verify_arrow(wrong, "e")


def test_capsules_of_another_name_are_refused(quotes: veritee.Verifier) -> None:
    class Wrong:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return pa.array([1]).__arrow_c_array__()[0]

    with pytest.raises(Exception, match="incorrect name"):
        quotes.verify_arrow(Wrong(), "e")

    class NoCapsule:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return 7

    with pytest.raises(TypeError):
        quotes.verify_arrow(NoCapsule(), "e")


def test_a_stream_that_was_taken_over_already_is_refused(quotes: veritee.Verifier) -> None:
    capsule = pa.table({"e": pa.array([QUOTE])}).__arrow_c_stream__()

    class Twice:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return capsule

    assert codes(quotes.verify_arrow(Twice(), "e")) == [0]
    with pytest.raises(veritee.ColumnError, match="released"):
        quotes.verify_arrow(Twice(), "e")


def test_a_stream_that_breaks_off_says_why(quotes: veritee.Verifier) -> None:
    schema = pa.schema([("e", pa.binary())])

    def batches() -> Any:
        yield pa.record_batch({"e": pa.array([QUOTE])})
        raise RuntimeError("the disk is gone")

    with pytest.raises(veritee.ColumnError, match="the disk is gone"):
        quotes.verify_arrow(pa.RecordBatchReader.from_batches(schema, batches()), "e")


def test_answers_can_be_taken_as_often_as_one_likes_and_outlive_what_they_came_from(quotes: veritee.Verifier) -> None:
    table = pa.table({"id": ["x"] * 3, "e": [QUOTE, b"", None]})
    answers = quotes.verify_arrow(table, "e", keep=["id"])
    del table
    first, second = pa.table(answers), pa.table(answers)
    assert first.equals(second) and len(answers) == 3 and "3 rows" in repr(answers)
    first.validate(full=True)
    assert pa.array(answers).type == pa.struct(list(first.schema))
    assert pa.schema(answers) == first.schema
    unused = answers.__arrow_c_stream__()
    del unused, answers
    assert second["id"].to_pylist() == ["x"] * 3


def test_polars_gives_views_and_takes_answers(quotes: veritee.Verifier) -> None:
    frame = polars.DataFrame({"id": [1, 2, 3], "e": [QUOTE, None, b"bad"]})
    for data in (frame, polars.concat([frame, frame.slice(1)], rechunk=False)):
        answers = polars.DataFrame(quotes.verify_arrow(data, "e", keep=["id"]))
        assert answers["exit_code"].to_list() == [0 if row == 1 else 3 for row in data["id"].to_list()]
    assert polars.DataFrame(quotes.verify_arrow(frame.select("e"), "e"))["tcb_status"].to_list() == ["UpToDate", None, None]
    assert codes(quotes.verify_arrow(frame["e"])) == [0, 3, 3]


def test_a_row_says_what_the_report_says(evidence: bytes, forged: bytes, verifier: veritee.Verifier) -> None:
    table = pa.table(verifier.verify_arrow(pa.array([evidence, forged]), report=True))
    table.validate(full=True)
    for row, each in zip(table.to_pylist(), (evidence, forged)):
        report = verifier.verify(each)
        assert (row["outcome"], row["exit_code"]) == (report.verdict.outcome, report.verdict.exit_code)
        assert tuple(row["reasons"]) == report.verdict.reasons
        assert row["as_of"] == AS_OF and row["run"] == verifier.run and row["kind"] == "evidence"
        assert row["tcb_date"] == (report.tcb.date if report.tcb else None)
        assert report.quote is not None and [row[f"rtmr{n}"] for n in range(4)] == [report.quote.rtmr0, report.quote.rtmr1, report.quote.rtmr2, report.quote.rtmr3]
        assert '"veritee/report/v1"' in row["report"]
    genuine, false = table.to_pylist()
    assert genuine["stage"].startswith("Stage 0") and genuine["findings_critical"] is not None
    assert genuine["app_id"] and genuine["compose_hash"] and genuine["key_provider"]
    assert false["exit_code"] == 10


def test_the_report_of_a_row_that_is_a_quote_is_of_a_quote(quotes: veritee.Verifier) -> None:
    [row] = pa.table(quotes.verify_arrow(pa.array([QUOTE]), report=True)).to_pylist()
    report = json.loads(row["report"])
    assert row["kind"] == report["kind"] == "quote"
    assert (report["verdict"]["exit_code"], report["verdict"]["reasons"]) == (row["exit_code"], row["reasons"]) == (0, [])


def test_a_row_does_not_depend_on_where_it_stands(evidence: bytes, forged: bytes, policy: bytes) -> None:
    rows = [evidence, QUOTE, forged, b"bad", None, evidence]
    table = pa.table(veritee.verify_arrow(pa.array(rows), as_of=AS_OF, policy=policy))
    verifier = veritee.Verifier(as_of=AS_OF, policy=policy)
    verifier.learn_arrow(pa.array(rows))
    for index, row in reversed(list(enumerate(rows))):
        alone = pa.table(verifier.verify_arrow(pa.array([row], pa.binary()), learn=False))
        assert alone.to_pylist() == table.slice(index, 1).to_pylist()


def test_pieces_that_were_heard_teach_another_verifier_the_same(evidence: bytes, policy: bytes) -> None:
    here = veritee.Verifier(as_of=AS_OF, policy=policy)
    before = here.run
    pieces = here.learn(evidence)
    assert pieces and here.run != before and here.learn(evidence) == []
    there = veritee.Verifier(as_of=AS_OF, policy=policy)
    assert there.learn(pieces) and there.run == here.run
    copy = pickle.loads(pickle.dumps(here))
    assert copy.run == here.run
    other = pickle.loads(pickle.dumps(there))
    other.learn(b'{"collateral": 1}')
    assert copy.run == here.run, "what one copy learns is its own"


def test_hostile_text_is_inert_in_a_table(quotes: veritee.Verifier) -> None:
    hostile = b'{"name": "\\u001b[2J\\u202e", "quote": "' + QUOTE.hex().encode() + b'"}'
    row = pa.table(quotes.verify_arrow(pa.array([hostile, b"\x1b[2J\xe2\x80\xae"]))).to_pylist()
    for text in [value for each in row for value in each.values() if isinstance(value, str)]:
        assert not any(ord(character) < 32 or character in "\u202e\x7f" for character in text), text


def test_a_row_longer_than_any_evidence_is_a_row(quotes: veritee.Verifier) -> None:
    huge = pa.array([b" " * ((64 << 20) + 1), QUOTE], pa.large_binary())
    table = pa.table(quotes.verify_arrow(huge))
    assert table["exit_code"].to_pylist() == [3, 0] and table["error_code"][0].as_py() == "evidence-too-large"


def test_many_rows_come_in_parts_of_one_table(quotes: veritee.Verifier) -> None:
    count = 40_000
    table = pa.table({"id": pa.array(range(count)), "e": pa.array([b"x"] * count)})
    answers = quotes.verify_arrow(table, "e", keep=["id"])
    got = pa.table(answers)
    assert got["id"].to_pylist() == list(range(count)) and set(got["exit_code"].to_pylist()) == {3}
    with pytest.raises(veritee.ColumnError, match="parts"):
        answers.__arrow_c_array__()


def test_two_threads_share_a_verifier_and_python_runs_on(quotes: veritee.Verifier) -> None:
    table = pa.table({"e": pa.array([QUOTE] * 2000)})
    answers: list[Any] = []
    ticks, done = [], threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    work: Callable[[], None] = lambda: answers.append(codes(quotes.verify_arrow(table, "e")))  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(2)] + [threading.Thread(target=tick)]
    [thread.start() for thread in threads]  # type: ignore[func-returns-value]
    [thread.join() for thread in threads[:2]]  # type: ignore[func-returns-value]
    done.set()
    threads[2].join()
    assert answers == [[0] * 2000] * 2 and len(ticks) > 5
