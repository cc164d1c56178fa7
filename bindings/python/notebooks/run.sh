#!/usr/bin/env bash
# Runs the notebook anew and writes it with its outputs, without paths of this machine. One minute beyond the wheel's build.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$root/target/python/notebook
wheel=${VERITEE_WHEEL:-$("$root/bindings/python/build.sh")}
if [ ! -x "$work/bin/python" ]; then
    python3 -m venv "$work"
    "$work/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
fi
"$work/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
export PATH=$work/bin:$PATH JUPYTER_PLATFORM_DIRS=1
"$work/bin/python" "$here/make.py"
