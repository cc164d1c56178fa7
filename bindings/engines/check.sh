#!/usr/bin/env bash
# The Python package on Spark, Ray and DataFusion, a worker killed in mid-partition: no row lost, none twice.
# usage: bindings/engines/check.sh [spark] [ray] [datafusion]
# From a fresh clone: builds the wheel, installs it with the engines below target/engines, runs. About 4 minutes beyond the
# wheel's build, 1.2 GB from the package registry. Outside of the main gate.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/target/engines
mkdir -p "$work"

if [[ " ${*:-spark} " == *" spark "* ]] && ! java -version 2>&1 | grep -qE '"(17|21)\.'; then
    echo "Spark needs Java 17: apt-get install openjdk-17-jre-headless" >&2
    exit 2
fi
wheel=${VERITEE_WHEEL:-$("$root/bindings/python/build.sh")}
if [ ! -x "$work/venv/bin/python" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
fi
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"

run=$(mktemp -d "$work/run.XXXXXX")
trap 'rm -rf "$run"' EXIT
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore
"$work/venv/bin/python" -c 'import sys, pathlib, fleet; fleet.parquet(pathlib.Path(sys.argv[1]))' "$run/fleet.parquet"
for engine in ${*:-datafusion ray spark}; do
    started=$SECONDS
    (cd "$run" && "$work/venv/bin/python" "$here/on_$engine.py" "$run")
    echo "$engine: $((SECONDS - started)) s"
done
