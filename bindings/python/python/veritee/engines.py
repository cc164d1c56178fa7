"""Verification on engines that people already run: PySpark, Ray Data, DataFusion. Nothing is imported before it is used.

The engine cuts a table into parts, each part is judged where it lies, and the verifier with its collateral is sent there
once. An answer depends on nothing but the row, the rules and what was learnt, so a part that is judged again after a worker
died gives the same rows again, and the engine keeps one of the two.

What one row says of revocations holds for all rows only where all have been heard before: ``learn_*`` is that first pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ._verifier import Verifier, columns, spark_schema

__all__ = ["datafusion_function", "ray_batches", "ray_learn", "spark_columns", "spark_learn", "spark_verify"]


def spark_columns(table: Any, keep: Iterable[str], *, report: bool = False) -> str:
    """The schema of :func:`spark_verify` in the words of Spark's SQL. Spark takes columns by position and compares no names:
    use this text, and nothing that was typed by hand."""
    known = {field.name: field for field in table.schema.fields}
    kept = list(keep)
    for name in kept:
        if name not in known:
            raise ValueError(f"keep: there is no column {name!r}; there are: {', '.join(known)}")
        if any(name == column for column, _ in columns()):
            raise ValueError(f"keep: the answer has a column {name!r} of its own: rename the one that is kept")
    quoted = [f"`{name.replace('`', '``')}` {known[name].dataType.simpleString()}" for name in kept]
    return ", ".join([*quoted, spark_schema(report=report)])


def spark_verify(
    table: Any, verifier: Verifier, column: str = "evidence", *, keep: Iterable[str] = (), report: bool = False
) -> Any:
    """A Spark table with the answer to each row behind the columns that are kept, by the partition.

    The workers need this package and pyarrow.
    """
    kept = list(keep)
    schema = spark_columns(table, kept, report=report)
    sent = table.sparkSession.sparkContext.broadcast(verifier)

    def judge(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        for batch in batches:
            answers = sent.value.verify_arrow(batch, column, keep=kept, report=report, learn=False)
            yield from pyarrow.table(answers).to_batches()

    return table.mapInArrow(judge, schema)


def spark_learn(table: Any, verifier: Verifier, column: str = "evidence") -> int:
    """Takes in what any row says of revocations. How many pieces of collateral were new."""
    sent = table.sparkSession.sparkContext.broadcast(verifier)

    def heard(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        listener = sent.value
        for batch in batches:
            new = listener.learn_arrow(batch, column)
            if new:
                yield pyarrow.record_batch({"piece": pyarrow.array(new, pyarrow.binary())})

    pieces = table.select(column).mapInArrow(heard, "piece BINARY").distinct().collect()
    # Which worker heard a piece first is chance; the order must not be.
    return len(verifier.learn(sorted(bytes(row["piece"]) for row in pieces)))


def ray_batches(
    dataset: Any, verifier: Verifier, column: str = "evidence", *, keep: Iterable[str] = (), report: bool = False,
    **options: Any,
) -> Any:
    """A Ray dataset with the answer to each row behind the columns that are kept. ``options`` are those of ``map_batches``."""
    import ray

    kept, sent = list(keep), ray.put(verifier)

    def judge(batch: Any) -> Any:
        import pyarrow

        # The same verifier in the same process goes on with what it remembers.
        there = ray.get(sent)
        return pyarrow.table(there.verify_arrow(batch, column, keep=kept, report=report, learn=False))

    return dataset.map_batches(judge, batch_format="pyarrow", **options)


def ray_learn(dataset: Any, verifier: Verifier, column: str = "evidence") -> int:
    """Takes in what any row says of revocations. How many pieces of collateral were new."""
    import ray

    sent = ray.put(verifier)

    def heard(batch: Any) -> Any:
        import pyarrow

        new = ray.get(sent).learn_arrow(batch, column)
        return pyarrow.table({"piece": pyarrow.array(new, pyarrow.binary())})

    pieces = dataset.select_columns([column]).map_batches(heard, batch_format="pyarrow").take_all()
    return len(verifier.learn(sorted({bytes(row["piece"]) for row in pieces})))


def datafusion_function(verifier: Verifier, input_type: Any = None, *, name: str = "veritee", report: bool = False) -> Any:
    """A function for DataFusion's SQL: evidence in, a struct with the columns of an answer out.

    DataFusion takes a function for exactly one type of argument: Parquet's binary columns are read as ``binary_view``, which
    is the default here. For others declare another function, or cast in SQL (``arrow_cast(evidence, 'BinaryView')``).
    """
    import datafusion
    import pyarrow

    taken = pyarrow.binary_view() if input_type is None else input_type

    def judge(array: Any) -> Any:
        table = pyarrow.table(verifier.verify_arrow(array, report=report, learn=False))
        return table.to_struct_array().combine_chunks() if len(table) else pyarrow.array([], given)

    empty = pyarrow.table(verifier.verify_arrow(pyarrow.array([], taken), report=report, learn=False))
    given = pyarrow.struct(list(empty.schema))
    return datafusion.udf(judge, [taken], given, "immutable", name)
