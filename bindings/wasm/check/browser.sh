#!/usr/bin/env bash
# Drives the page in headless Chromium and looks at it with axe-core. Outside of ./test.sh: it needs a browser and two npm
# packages, which it installs below target/.
# usage: bindings/wasm/check/browser.sh [FOLDER FOR SCREENSHOTS]
# MODULE and PROGRAM may name what is built already, CHROMIUM the browser.
set -euo pipefail
cd "$(dirname "$0")/../../.."
for tool in node npm "${CHROMIUM:-chromium}"; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is absent" >&2; exit 0; }
done
CHROMIUM=$(command -v "${CHROMIUM:-chromium}")
export CHROMIUM
module=${MODULE:-target/wasm/veritee.wasm}
[ -n "${MODULE:-}" ] || bindings/wasm/build.sh "$module"
[ -e "$module" ] || exit 0
program=${PROGRAM:-target/debug/veritee}
[ -n "${PROGRAM:-}" ] || cargo build --locked --quiet
tools=target/browser-tools
mkdir -p "$tools"
[ -d "$tools/node_modules/axe-core" ] ||
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --prefix "$tools" --no-audit --no-fund --silent playwright-core@1.56.1 axe-core@4.14.1
"$program" site --wasm "$module" -o target/site
NODE_PATH=$PWD/$tools/node_modules node bindings/wasm/check/browser.mjs target/site/index.html "$program" "${1:-target/screenshots}"
