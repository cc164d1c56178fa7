#!/usr/bin/env bash
# The compose hash of dstack's two SDKs: PyPI dstack-sdk 0.5.4 and npm @phala/dstack-sdk 0.5.8.
#
# dstack measures sha256 over the exact bytes of app_compose. Both SDKs offer a function for "the compose hash" that
# takes a parsed document, sorts its members and hashes what it writes anew. Seen, on one valid document:
#   - neither gives the measured hash for a document as the dashboard writes it (indented, members not sorted);
#   - the two agree with each other on it, but not for a member that is null (Python leaves it out, JavaScript writes
#     it), nor for members whose names are whole numbers (JavaScript lists them by value, Python as text), nor for 1.0
#     (JavaScript writes 1);
#   - a docker_config that is null, which JavaScript hashes, is a TypeError in Python.
# Whoever compares a hash made by one of them with the event log of a machine calls an honest machine wrong.
# Needs: python3 with venv, node and npm. Ends with 0 while this still holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check --no-deps dstack-sdk==0.5.4
npm install --silent --no-fund --no-audit --ignore-scripts --omit=peer @phala/dstack-sdk@0.5.8 @noble/hashes@1.8.0 >/dev/null
sdk=$(python/bin/python -c 'import importlib.util as u; print(u.find_spec("dstack_sdk").submodule_search_locations[0])')

cat >hash.py <<'PYTHON'
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("compose_hash", sys.argv[1] + "/get_compose_hash.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(module.get_compose_hash(module.AppCompose.from_dict(json.load(open(sys.argv[2])))))
PYTHON
cat >hash.mjs <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const { getComposeHash } = createRequire(import.meta.url)("@phala/dstack-sdk/get-compose-hash");
console.log(getComposeHash(JSON.parse(readFileSync(process.argv[2], "utf8"))));
JAVASCRIPT

both() { # name, document: prints exact, Python's, JavaScript's
  printf '%s' "$2" >"$1.json"
  exact=$(sha256sum <"$1.json" | cut -d' ' -f1)
  py=$(python/bin/python hash.py "$sdk" "$1.json")
  js=$(node hash.mjs "$1.json")
  echo "$1: measured ${exact:0:12}, Python ${py:0:12}, JavaScript ${js:0:12}"
}
base='"runner": "docker-compose", "manifest_version": 2, "docker_compose_file": "services: {}"'
both plain "{ $base }"
[ "$py" = "$js" ] && [ "$py" != "$exact" ]
both null "{ $base, \"key_provider_id\": null }"
[ "$py" != "$js" ]
both whole-number-names "{ $base, \"x-notes\": {\"10\": \"ten\", \"9\": \"nine\"} }"
[ "$py" != "$js" ]
both one-point-zero "{ $base, \"x-weight\": 1.0 }"
[ "$py" != "$js" ]
printf '%s' '{"docker_compose_file":"services: {}","manifest_version":2,"runner":"docker-compose"}' >sorted.json
both sorted "$(cat sorted.json)"
[ "$py" = "$exact" ] && [ "$js" = "$exact" ]
printf '%s' "{ $base, \"docker_config\": null }" >docker-config-null.json
if python/bin/python hash.py "$sdk" docker-config-null.json >out 2>err; then echo "docker_config null is read" >&2; exit 1; fi
grep -q "multiple values for keyword argument 'docker_config'" err
node hash.mjs docker-config-null.json >/dev/null
echo "docker_config null: Python raises TypeError, JavaScript answers"
echo "only a document without blanks, with sorted members, hashes to what is measured"
