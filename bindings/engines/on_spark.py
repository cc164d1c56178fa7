"""PySpark: by the partition, on a cluster of two workers, one of which dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import fleet
import pyspark.errors
from pyspark.sql import SparkSession
from veritee import engines


def main(folder: Path) -> None:
    here = str(Path(__file__).resolve().parent)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.executorEnv.PYTHONPATH", here)
        .config("spark.sql.files.maxPartitionBytes", "1m")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "40")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    table = spark.read.parquet(str(folder / "fleet.parquet")).repartition(8, "id")

    verifier = fleet.verifier()
    answered = engines.spark_verify(table, verifier, keep=["id"])
    fleet.assert_all([row.asDict() for row in in_utc(answered)], "spark, nobody dies")

    for who in ("self", "java"):
        dying = fleet.verifier(fleet.Dying)
        dying.marker, dying.who = str(folder / f"spark-{who}"), who
        answered = engines.spark_verify(table, dying, keep=["id"])
        fleet.assert_all([row.asDict() for row in in_utc(answered)], f"spark, killed in mid-partition: {who}")
        assert Path(dying.marker).exists(), "nobody was killed"

    spark.conf.set("spark.sql.execution.arrow.useLargeVarTypes", "true")
    kept = table.selectExpr("id", "evidence", "hex(evidence) as `odd name`")
    answered = engines.spark_verify(kept, verifier, keep=["odd name", "id"], report=True).drop("report", "odd name")
    fleet.assert_all([row.asDict() for row in in_utc(answered)], "spark, large types, reports, a column of an odd name")

    empty = table.where("id < 0")
    assert engines.spark_verify(empty, verifier, keep=["id"]).count() == 0
    learnt = engines.spark_learn(table, verifier)
    one = fleet.verifier()
    for row in fleet.rows():
        if row is not None:
            one.learn(row)
    assert learnt >= 1 and verifier.run == one.run, "a cluster has heard what one process hears"
    print(f"spark: {learnt} pieces of collateral heard by the workers, as by one process", flush=True)
    for wrong in ("nobody", "evidence_"):
        try:
            engines.spark_verify(table, verifier, keep=[wrong])
        except ValueError as error:
            assert wrong in str(error)
        else:
            raise AssertionError("a column that is not there was kept")
    try:
        engines.spark_verify(table, verifier, "id").collect()
    except pyspark.errors.PySparkException as error:
        assert "column of evidence is of type Int64" in str(error), str(error)[:500]
    else:
        raise AssertionError("numbers were taken for evidence")
    spark.stop()


def in_utc(table):
    """Rows with times that say their zone: Spark's own are the session's, without a word of it."""
    from datetime import timezone

    rows = []
    for batch in table.toArrow().to_batches():
        for row in batch.to_pylist():
            for name in ("as_of", "tcb_date"):
                row[name] = row[name].astimezone(timezone.utc) if row[name] else None
            rows.append(_Row(row))
    return rows


class _Row(dict):
    def asDict(self):  # noqa: N802
        return self


if __name__ == "__main__":
    main(Path(sys.argv[1]))
