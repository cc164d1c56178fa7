#!/usr/bin/env bash
# The steps of the action: a report, its SARIF, its summary. Ends with the program's exit code.
# Reads EVIDENCE or COMPOSE, POLICY, COLLATERAL, FAIL_ON, PROGRAM; writes to GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, RUNNER_TEMP.
set -euo pipefail
program=${PROGRAM:-veritee}
folder=$(mktemp -d "${RUNNER_TEMP:?}/veritee.XXXXXX")
report=$folder/report.json

if [ -n "${EVIDENCE:-}" ] && [ -z "${COMPOSE:-}" ]; then
  arguments=(verify "$EVIDENCE" --offline)
  [ -z "${COLLATERAL:-}" ] || arguments+=(--collateral "$COLLATERAL")
elif [ -n "${COMPOSE:-}" ] && [ -z "${EVIDENCE:-}" ]; then
  arguments=(audit "$COMPOSE")
else
  echo "give evidence or compose, one of both" >&2
  exit 2
fi
[ -z "${POLICY:-}" ] || arguments+=(--policy "$POLICY")
[ -z "${FAIL_ON:-}" ] || arguments+=(--fail-on "$FAIL_ON")

code=0
"$program" "${arguments[@]}" --format json -o "$report" || code=$?
echo "exit-code=$code" >>"${GITHUB_OUTPUT:?}"
# Without a report there is no verdict: the program has said why.
[ -s "$report" ] || exit "$code"

"$program" render "$report" --format sarif -o "$folder/veritee.sarif" || true
"$program" render "$report" --format markdown >>"${GITHUB_STEP_SUMMARY:?}" || true
"$program" render "$report" || true
case $code in
  0) outcome=verified ;;
  10) outcome=not-genuine ;;
  11) outcome=refused ;;
  12) outcome=findings ;;
  13) outcome=incomplete ;;
  *) exit "$code" ;;
esac
{
  echo "outcome=$outcome"
  echo "report=$report"
  echo "sarif=$folder/veritee.sarif"
} >>"$GITHUB_OUTPUT"
exit "$code"
