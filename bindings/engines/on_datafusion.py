"""DataFusion: a function in SQL over Parquet."""

from __future__ import annotations

import sys
from pathlib import Path

import fleet
import pyarrow
from datafusion import SessionContext
from veritee import engines


def main(folder: Path) -> None:
    context = SessionContext()
    context.register_parquet("fleet", str(folder / "fleet.parquet"))
    verifier = fleet.verifier()
    context.register_udf(engines.datafusion_function(verifier))
    context.register_udf(engines.datafusion_function(verifier, pyarrow.binary(), name="veritee_binary"))

    rows = context.sql("SELECT id, veritee(evidence) AS answer FROM fleet").to_arrow_table().to_pylist()
    fleet.assert_all([{"id": row["id"], **row["answer"]} for row in rows], "datafusion, SQL over Parquet")
    rows = context.sql("SELECT id, veritee_binary(arrow_cast(evidence, 'Binary')) AS answer FROM fleet").to_arrow_table().to_pylist()
    fleet.assert_all([{"id": row["id"], **row["answer"]} for row in rows], "datafusion, another type by a cast")

    counts = context.sql(
        "SELECT answer['outcome'] AS outcome, answer['exit_code'] AS code, count(*) AS machines "
        "FROM (SELECT veritee(evidence) AS answer FROM fleet) GROUP BY 1, 2 ORDER BY 2"
    ).to_arrow_table().to_pylist()
    wanted = fleet.expected().values()
    assert sum(row["machines"] for row in counts) == fleet.ROWS
    for row in counts:
        assert row["machines"] == sum((each["outcome"], each["exit_code"]) == (row["outcome"], row["code"]) for each in wanted)
    none = context.sql("SELECT veritee(evidence) FROM fleet WHERE id < 0").to_arrow_table()
    assert none.num_rows == 0
    context.from_arrow(pyarrow.table({"evidence": pyarrow.array([b"x"], pyarrow.binary())}), name="memory")
    try:
        context.sql("SELECT veritee(evidence) FROM memory").to_arrow_table()
        print("datafusion: a column of another type than declared is cast by the planner", flush=True)
    except Exception as error:  # noqa: BLE001
        print(f"datafusion: a column of another type than declared is refused when planned: {str(error)[:80]}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
