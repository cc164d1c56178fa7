#!/bin/bash
# Asks shfmt anew about every script (Debian's package shfmt; about four minutes on two cores).
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts=$(mktemp)
trap 'rm -f "$scripts"' EXIT
VERITEE_SHELL_SCRIPTS=$scripts cargo test --locked -p veritee-compose --all-features --test shell -- --ignored write_the_scripts
python3 test-vectors/shell/answers.py "$scripts" test-vectors/shell
echo "$(shfmt --version) $(dpkg-query -W -f '${Package} ${Version}' shfmt)"
