"""Ray Data: by the block, on two workers, one of which dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import fleet
import pyarrow
import pyarrow.parquet
import ray
from veritee import engines


def main(folder: Path) -> None:
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=160 << 20,
        logging_level="ERROR",
        log_to_driver=False,
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    # Workers inherit the path on which check.sh put this folder.
    whole = pyarrow.parquet.read_table(folder / "fleet.parquet")
    dataset = ray.data.from_arrow([whole.slice(begin, 150) for begin in range(0, fleet.ROWS, 150)])
    verifier = fleet.verifier()
    answered = engines.ray_batches(dataset, verifier, keep=["id"], batch_size=100)
    fleet.assert_all(answered.take_all(), "ray, nobody dies")

    dying = fleet.verifier(fleet.Dying)
    dying.marker = str(folder / "ray-self")
    answered = engines.ray_batches(dataset, dying, keep=["id"], batch_size=100)
    fleet.assert_all(answered.take_all(), "ray, killed in mid-block")
    assert Path(dying.marker).exists(), "nobody was killed"

    nulls = ray.data.from_arrow(pyarrow.table({"evidence": pyarrow.nulls(3)}))
    codes = [row["exit_code"] for row in engines.ray_batches(nulls, verifier).take_all()]
    assert codes == [3, 3, 3], codes
    learnt = engines.ray_learn(dataset, verifier)
    one = fleet.verifier()
    for row in fleet.rows():
        if row is not None:
            one.learn(row)
    assert learnt >= 1 and verifier.run == one.run, "the workers have heard what one process hears"
    print(f"ray: {learnt} pieces of collateral heard by the workers, as by one process", flush=True)
    ray.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
