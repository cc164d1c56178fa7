#!/usr/bin/env bash
# The Python package beside PyPI's dcap-qvl 0.7.0 on the same quote, in one run; and where the packages called dcap-qvl
# answer otherwise than veritee on real quotes.
# usage: benches/python.sh [speed] [answers]
# Builds the wheel (bindings/python/build.sh), installs it and pinned peers below target/peers. `answers` wants the real
# quotes of ../shared/vectors, which are not part of the repository, and Node for the npm packages.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
work=$root/target/peers
wheel=${VERITEE_WHEEL:-$("$root/bindings/python/build.sh")}
[ -x "$work/bin/python" ] || python3 -m venv "$work"
"$work/bin/pip" install --quiet --disable-pip-version-check dcap-qvl==0.7.0
"$work/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
for part in ${*:-speed answers}; do
    case $part in
    speed) "$work/bin/python" "$here/python.py" ;;
    answers)
        if command -v npm >/dev/null; then
            npm install --silent --no-save --no-audit --no-fund --prefix "$work/npm" @phala/dcap-qvl@0.3.9 @phala/dcap-qvl-web@0.3.3 >/dev/null || echo "npm packages: not installed" >&2
        fi
        "$work/bin/python" "$here/answers.py" "$root/../shared/vectors" "$work/npm"
        ;;
    esac
done
