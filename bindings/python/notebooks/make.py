"""Writes the notebook, runs it, and takes out what only this machine says of itself."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
WORDS = [
    """# A fleet's TCB over time

Every quote of a fleet is judged at each of several moments, with the collateral that was in force then, and the TCB status
is plotted. The same bytes have another answer at another time: Intel publishes a new TCB level, a platform that was up to
date falls behind, and past the collateral's end nothing is shown any more.

The fleet here is the real quotes of this repository (`test-vectors/quote`), each under every collateral beside them.""",
    """import io
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import matplotlib
import pyarrow as pa
import veritee
from IPython.display import Image

matplotlib.use("agg")
import matplotlib.pyplot as plt

vectors = Path("../../../test-vectors/quote")
fleet = pa.table(
    {
        "machine": [path.stem for path in sorted(vectors.glob("*.bin"))],
        "evidence": [path.read_bytes() for path in sorted(vectors.glob("*.bin"))],
    }
)
collateral = {path.name: path.read_bytes() for path in sorted(vectors.glob("*.collateral.json"))}
fleet.select(["machine"]).to_pylist()""",
    """One table of verdicts for each moment. `keep` carries the machine's name along; the verdict's own time stands in `as_of`.""",
    """first, last = datetime(2025, 2, 1, tzinfo=timezone.utc), datetime(2026, 11, 1, tzinfo=timezone.utc)
moments = [first + timedelta(days=5 * step) for step in range((last - first).days // 5)]
verdicts = pa.concat_tables(
    pa.table(
        veritee.Verifier(as_of=moment, collateral=collateral).verify_arrow(fleet, "evidence", keep=["machine"])
    )
    for moment in moments
)
assert verdicts.num_rows == fleet.num_rows * len(moments)
assert verdicts["exit_code"].null_count == 0
pa.TableGroupBy(verdicts, ["machine", "tcb_status"]).aggregate([("as_of", "min"), ("as_of", "max")]).sort_by("machine").to_pylist()""",
    """Where the collateral is not in force yet, or no longer, nothing is shown about the platform. That is plotted as "not shown",
and never left out; the verdict refuses it and says which document has ended.""",
    """ended = {"crl-expired", "tcb-info-expired", "qe-identity-expired", "certificate-expired", "certificate-not-yet-valid"}


def shown(row):
    return "not shown" if row["tcb_status"] is None or ended.intersection(row["reasons"]) else row["tcb_status"]


order = ["not shown", "Revoked", "OutOfDate", "OutOfDateConfigurationNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "SWHardeningNeeded", "UpToDate"]
figure, axes = plt.subplots(figsize=(9, 3.5))
for machine in fleet["machine"].to_pylist():
    rows = [row for row in verdicts.to_pylist() if row["machine"] == machine]
    axes.step([row["as_of"] for row in rows], [order.index(shown(row)) for row in rows], where="post", label=machine, linewidth=2, alpha=0.7)
axes.set_yticks(range(len(order)), order)
axes.set_title("TCB status as of each moment")
axes.legend(fontsize=7, loc="upper left")
figure.autofmt_xdate()
figure.tight_layout()
picture = io.BytesIO()
figure.savefig(picture, format="png", dpi=80, metadata={"Software": None})
Image(picture.getvalue())""",
    """What the operator has to look at, at the last moment at which each machine was judged genuine:""",
    """latest = {}
for row in verdicts.to_pylist():
    if shown(row) != "not shown":
        latest[row["machine"]] = {name: row[name] for name in ("as_of", "outcome", "exit_code", "tcb_status", "tcb_date", "advisories")}
for machine, row in latest.items():
    print(machine, json.dumps(row, default=str, indent=1), sep="\\n")""",
]

notebook = nbformat.v4.new_notebook(
    cells=[nbformat.v4.new_code_cell(text) if index % 2 else nbformat.v4.new_markdown_cell(text) for index, text in enumerate(WORDS)],
    metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}},
)
for index, cell in enumerate(notebook.cells):
    cell["id"] = f"cell-{index}"
NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(HERE)}}).execute()
for cell in notebook.cells:
    cell.metadata.clear()
text = nbformat.writes(notebook)
for path in (str(HERE.parents[2]), str(Path.home()), sys.prefix):
    assert path == "/" or path not in text, f"the notebook names {path}"
(HERE / "fleet.ipynb").write_text(text + "\n")
print(f"{HERE / 'fleet.ipynb'}: {len(text)} bytes, {len(notebook.cells)} cells")
