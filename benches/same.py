#!/usr/bin/env python3
"""Whether two builds say the same: exit code, output and errors of `verify` and `audit`, byte for byte.

usage: benches/same.py [--forms json,human] OLD NEW [FILE|DIR ...]

For a change that may cost less and must not say anything else. Without files: those of `test-vectors/` that are evidence or
composes. Ends with 1 where something differs. Nothing is fetched. Not part of the gate.
"""

import argparse
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
KINDS = ("quickstart", "evidence", "compose", "audit", "source")
FORMS = "human,json,sarif,markdown,html"
AS_OF = "2026-03-15T00:00:00Z"


def files(given):
    for top in given or [os.path.join(ROOT, "test-vectors", kind) for kind in KINDS]:
        if os.path.isfile(top):
            yield top
        for folder, _, names in os.walk(top):
            yield from (os.path.join(folder, name) for name in sorted(names))


def said(program, arguments):
    done = subprocess.run([program, *arguments], capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("given", nargs="*")
    parser.add_argument("--forms", default=FORMS)
    options = parser.parse_args()
    compared, codes, different = 0, {}, []
    for path in files(options.given):
        for command in (["verify", "--offline"], ["audit"]):
            for form in options.forms.split(","):
                arguments = [*command, path, "--as-of", AS_OF, "--format", form]
                old, new = said(options.old, arguments), said(options.new, arguments)
                compared += 1
                codes[old[0]] = codes.get(old[0], 0) + 1
                if old != new:
                    different.append(" ".join(arguments))
                    print("differs:", different[-1], flush=True)
                if old[0] in (2, 3):
                    # Refused before there is a report: in every form the same.
                    break
    print(f"{compared} compared, exit codes {dict(sorted(codes.items()))}, {len(different)} differ")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
