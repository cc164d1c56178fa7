#!/usr/bin/env bash
# Builds the wheel, installs it in a clean environment, and tests it there: pytest, hypothesis, mypy over package and tests.
# usage: bindings/python/check.sh [PYTEST_ARGUMENT...]
# Two minutes beyond the wheel's build (build.sh). Outside of the main gate: it asks the package registry for pinned tools.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/target/python
wheel=${VERITEE_WHEEL:-$("$here/build.sh")}
export VERITEE_WHEEL=$wheel PYTHONDONTWRITEBYTECODE=1
rm -rf "$work/clean"
python3 -m venv "$work/clean"
# Nothing but the wheel: it must be importable, and judge, alone.
"$work/clean/bin/pip" install --quiet --disable-pip-version-check --no-index "$wheel"
"$work/clean/bin/python" -I -c 'import veritee, sys; assert veritee.compose_hash(b"")[:8] == "e3b0c442"; print("veritee", veritee.__version__, "alone on Python", sys.version.split()[0])'
"$work/clean/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements-check.txt"
cd "$here"
"$work/clean/bin/python" -m mypy --strict --cache-dir "$work/mypy" --exclude engines.py -p veritee
"$work/clean/bin/python" -m pytest -q -p no:cacheprovider tests "$@"
ls -l "$wheel" | awk '{ print $NF ": " $5 " bytes" }'
sha256sum "$wheel" | cut -d' ' -f1
