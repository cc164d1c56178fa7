"""Evidence of the repository, and tables of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
import veritee

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "test-vectors"
#: Within the quickstart's collateral.
AS_OF = datetime(2026, 3, 15, tzinfo=timezone.utc)
#: Within the sample's.
SAMPLE_AS_OF = 1_752_833_762


def sample(name: str) -> tuple[bytes, bytes]:
    folder = VECTORS / "quote"
    return (folder / f"{name}.bin").read_bytes(), (folder / f"{name}.collateral.json").read_bytes()


@pytest.fixture(scope="session")
def evidence() -> bytes:
    return (VECTORS / "quickstart/evidence-without-gpus.json").read_bytes()


@pytest.fixture(scope="session")
def policy() -> bytes:
    return (VECTORS / "quickstart/policy.toml").read_bytes()


@pytest.fixture(scope="session")
def altered(evidence: bytes) -> bytes:
    """One letter of the app_compose is another one, and its digest says so."""
    return _with(evidence, "app_compose", lambda text: text.replace("docker-compose", "docker-compos3", 1))


@pytest.fixture(scope="session")
def forged(evidence: bytes) -> bytes:
    """One digit of the quote's signature is another one."""
    return _with(evidence, "quote", lambda text: text[:1280] + ("0" if text[1280] != "0" else "1") + text[1281:])


def _with(evidence: bytes, part: str, change: Callable[[str], str]) -> bytes:
    document = json.loads(evidence)
    item = document[part]
    value = change(item["value"])
    assert value != item["value"]
    raw = bytes.fromhex(value) if item["encoding"] == "hex" else value.encode()
    document[part] = {**item, "value": value, "sha256": hashlib.sha256(raw).hexdigest()}
    return json.dumps(document).encode()


@pytest.fixture(scope="session")
def verifier(policy: bytes) -> veritee.Verifier:
    return veritee.Verifier(as_of=AS_OF, policy=policy)
