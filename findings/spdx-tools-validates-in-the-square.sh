#!/usr/bin/env bash
# spdx-tools 0.8.5 (Python registry) needs sixteen times as long to validate an SBOM of four times as many packages.
#
# An SPDX document names each package once and relates it to another; to check that is one look in a table per relation.
# This validator lists all ids of the document anew for every end of every relation. Seen with documents made here (each
# package contained in the first, all valid), in processor time; what a machine needs in seconds does not matter:
#   four times as many packages       about 16 times as long to validate, and 4 times as long to make and to write
# So where 1200 elements take two seconds, an image listed file by file (24,000) takes over ten minutes and one of 100,000
# hours. `pyspdxtools` validates whatever it converts unless told not to: who checks provenance on each build has to leave
# that out, or cap what is read.
# Needs: python3 with venv. Ends with 0 while this still holds; takes about a minute.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check spdx-tools==0.8.5
python/bin/python - <<'PYTHON'
import importlib.metadata, sys, time
from datetime import datetime
from spdx_tools.spdx.model import (
    Actor, ActorType, CreationInfo, Document, Package, Relationship, RelationshipType, SpdxNoAssertion,
)
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from spdx_tools.spdx.writer.json.json_writer import write_document_to_file


def document(count):
    author = Actor(ActorType.TOOL, "made-here")
    info = CreationInfo("SPDX-2.3", "SPDXRef-DOCUMENT", "image", "https://example.com/image", [author], datetime(2024, 1, 1))
    names = [f"SPDXRef-package-{number}" for number in range(count)]
    packages = [Package(each, each[8:], SpdxNoAssertion(), version="1", files_analyzed=False) for each in names]
    relations = [Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, names[0])]
    relations += [Relationship(names[0], RelationshipType.CONTAINS, each) for each in names[1:]]
    return Document(info, packages=packages, relationships=relations)


def took(call, *arguments):
    start = time.process_time()
    result = call(*arguments)
    return time.process_time() - start, result


version = importlib.metadata.version("spdx-tools")
print(f"spdx-tools {version}")
took(validate_full_spdx_document, document(10))
rows = []
for count in 300, 1200:
    made, what = took(document, count)
    checked, messages = took(validate_full_spdx_document, what)
    written, _ = took(write_document_to_file, what, "out.json", False)
    assert messages == [], messages[:3]
    rows.append((checked, made + written))
    print(f"{count:5} packages: {checked:7.2f} s to validate, {made + written:6.2f} s to make and write")
ratio, linear = rows[1][0] / rows[0][0], rows[1][1] / rows[0][1]
print(f"four times the packages: validated in {ratio:.1f} times the time, made and written in {linear:.1f} times")
sys.exit(0 if version == "0.8.5" and ratio > 10 and linear < 8 else "this has changed")
PYTHON
