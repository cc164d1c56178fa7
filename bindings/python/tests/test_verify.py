"""Verdicts, and what there is none of."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import threading
import time
from dataclasses import FrozenInstanceError
from datetime import timezone
from pathlib import Path

import pytest
import veritee
from conftest import AS_OF, ROOT, SAMPLE_AS_OF, VECTORS, sample


def test_a_genuine_machine_is_verified_and_says_what_it_runs(evidence: bytes, policy: bytes) -> None:
    report = veritee.verify(evidence, as_of=AS_OF, policy=policy)
    assert report and report.verified and report.require() is report
    assert report.verdict == veritee.Verdict("verified", 0, (), report.verdict.summary)
    assert report.as_of == AS_OF
    assert report.tcb is not None and report.tcb.status == "UpToDate" and report.tcb.date.tzinfo == timezone.utc
    assert report.identity is not None
    compose = json.loads(report.evidence or "")
    assert compose["schema"] == "veritee/evidence/v1"
    assert {check.outcome for check in report.checks} == {"pass", "not-checked"}
    assert report.stage.startswith("Stage 0")
    assert report.findings and report.findings[0].rule.startswith("DP-")
    assert report.text.startswith("VERIFIED") and report.html.startswith("<!")
    with pytest.raises(FrozenInstanceError):
        report.json = "{}"  # type: ignore[misc]


def test_the_evidence_that_a_report_gives_back_repeats_it(evidence: bytes, policy: bytes) -> None:
    report = veritee.verify(evidence, as_of=AS_OF, policy=policy)
    again = veritee.verify(report.evidence or "", as_of=AS_OF, policy=policy)
    assert again.verdict == report.verdict and again.checks == report.checks


def test_a_forged_machine_is_false(forged: bytes, policy: bytes) -> None:
    report = veritee.verify(forged, as_of=AS_OF, policy=policy)
    assert not report and report.verdict.exit_code == 10 and report.verdict.outcome == "not-genuine"
    with pytest.raises(veritee.NotVerified) as raised:
        report.require()
    assert raised.value.code == report.verdict.reasons[0] and raised.value.exit_code == 10
    assert pickle.loads(pickle.dumps(raised.value)).reasons == report.verdict.reasons


def test_an_altered_compose_is_refused(altered: bytes, policy: bytes) -> None:
    verdict = veritee.verify(altered, as_of=AS_OF, policy=policy).verdict
    assert (verdict.exit_code, verdict.reasons[0]) == (11, "compose-hash-mismatch")


def test_the_built_in_policy_refuses_what_the_quickstart_allows(evidence: bytes) -> None:
    assert veritee.verify(evidence, as_of=AS_OF).verdict.exit_code != 0


def test_a_nonce_that_is_not_bound_is_refused(evidence: bytes, policy: bytes) -> None:
    verdict = veritee.verify(evidence, as_of=AS_OF, policy=policy, nonce=b"\0" * 32).verdict
    assert (verdict.exit_code, verdict.reasons) == (11, ("report-data-mismatch",))


@pytest.mark.parametrize(
    ("as_of", "outcome", "genuine", "reason"),
    [
        (SAMPLE_AS_OF, "verified", True, None),
        (SAMPLE_AS_OF + 86_400 * 365, "refused", True, "crl-expired"),
        (1_600_000_000, "refused", False, "certificate-not-yet-valid"),
    ],
)
def test_a_quote_alone_has_a_verdict_under_the_policy(as_of: int, outcome: str, genuine: bool, reason: str | None) -> None:
    verdict = veritee.verify_quote(*sample("tdx_quote"), as_of=as_of)
    assert (verdict.outcome, bool(verdict), verdict.genuine_quote) == (outcome, outcome == "verified", genuine)
    assert verdict.reasons[:1] == ([reason] if reason else [])
    assert verdict.tcb_status == ("UpToDate" if genuine else None) and len(verdict.mrtd or "") == 96
    assert verdict.rtmrs is not None and len(verdict.report_data or "") == 128 and len(verdict.signed_sha256 or "") == 64
    assert json.loads(verdict.to_json())["verdict"]["exit_code"] == verdict.exit_code


def test_one_bit_of_a_quote_is_noticed_wherever_it_stands() -> None:
    quote, collateral = sample("tdx_quote")
    verifier = veritee.Verifier(as_of=SAMPLE_AS_OF, collateral=collateral)
    assert verifier.verify_quote(quote)
    for at in range(0, 1200, 7):
        damaged = bytearray(quote)
        damaged[at] ^= 1
        try:
            assert not verifier.verify_quote(damaged), at
        except veritee.EvidenceError:
            pass
    assert verifier.verify_quote(quote), "a memory that was asked about forgeries still knows the genuine one"


@pytest.mark.parametrize("wrong", [b"", b"\0", b"{", b"not evidence", b"{}", "\u202e", b"[" * 100_000, b"\x04\x00" + b"\xff" * 5000])
def test_what_is_no_evidence_is_an_exception_with_a_code(wrong: bytes) -> None:
    with pytest.raises(veritee.EvidenceError) as raised:
        report = veritee.verify(wrong, as_of=0)
        assert not report, "a quote that cannot be read is a report that says no"
        raise veritee.EvidenceError(report.verdict.reasons[0], "x", "y")
    error = raised.value
    assert error.code == error.code.lower() and " " not in error.code and error.next_step
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and copy.code == error.code and str(copy) == str(error)


def test_collateral_and_policies_that_are_none_are_told_apart() -> None:
    with pytest.raises(veritee.PolicyError, match="policy"):
        veritee.Verifier(as_of=0, policy="verdict = 'always yes'")
    with pytest.raises(veritee.VeriteeError):
        veritee.Verifier(as_of=0, collateral=b"{}")
    with pytest.raises(veritee.EvidenceError, match="two files have this name|given twice|name"):
        raise veritee.EvidenceError("name-twice", "two files have this name")


def test_a_compose_hash_is_of_exact_text() -> None:
    assert veritee.compose_hash('{"a":1}') != veritee.compose_hash('{"a": 1}')
    assert veritee.compose_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_an_audit_says_that_nothing_is_attested(evidence: bytes) -> None:
    for document in (evidence, "services:\n  a:\n    image: busybox\n    privileged: true\n"):
        told = veritee.audit(document, as_of=AS_OF)
        assert told["audit"]["attested"] is False and told["kind"] == "documents" and told["findings"]
    with pytest.raises(veritee.EvidenceError) as raised:
        veritee.audit(sample("tdx_quote")[0], as_of=AS_OF)
    assert raised.value.code in ("compose-missing", "evidence-unrecognised")


def test_a_log_replays_to_the_registers_of_its_quote(evidence: bytes, policy: bytes) -> None:
    told = veritee.replay(evidence)
    quote = veritee.verify(evidence, as_of=AS_OF, policy=policy).quote
    assert quote is not None and told["verified"] is False
    assert told["registers"][3] == quote.rtmr3
    with pytest.raises(veritee.EvidenceError):
        veritee.replay(b"[]{}")


def test_a_machine_is_measured_from_its_vm_config(evidence: bytes) -> None:
    told = veritee.measure(json.loads(evidence)["vm_config"]["value"])
    assert told["schema"] == "veritee/measure/v1" and len(told["expected"]["rtmr0"]["value"]) == 96
    with pytest.raises(veritee.EvidenceError) as raised:
        veritee.measure(b'{"cpu_count": -1}')
    assert raised.value.code == "vm-config-unreadable"


def test_machines_of_an_answer_are_taken_apart() -> None:
    several = (VECTORS / "evidence/cloud-attestations.json").read_bytes()
    each = veritee.machines(several)
    assert len(each) > 1 and len({label for label, _ in each}) == len(each)
    assert all(json.loads(one)["schema"] == "veritee/evidence/v1" for _, one in each)
    with pytest.raises(veritee.EvidenceError) as raised:
        veritee.verify(several, as_of=AS_OF)
    assert raised.value.code == "evidence-machine-not-chosen"


def test_a_verifier_says_the_same_as_one_call(evidence: bytes, forged: bytes, policy: bytes, verifier: veritee.Verifier) -> None:
    for _ in range(2):
        for each in (evidence, forged):
            once = veritee.verify(each, as_of=AS_OF, policy=policy)
            assert verifier.verify(each).json == once.json
    copy = pickle.loads(pickle.dumps(verifier))
    assert copy.run == verifier.run and copy.verify(evidence).json == verifier.verify(evidence).json


def test_the_lock_is_let_go_while_judging(evidence: bytes, policy: bytes) -> None:
    seen, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(time.perf_counter())
            time.sleep(0.0005)

    thread = threading.Thread(target=look)
    thread.start()
    begin = time.perf_counter()
    veritee.Verifier(as_of=AS_OF, policy=policy).verify(evidence)
    end = time.perf_counter()
    done.set()
    thread.join()
    assert any(begin < moment < end for moment in seen), "no other thread ran in between"


def test_the_report_is_the_program_s_byte_for_byte(evidence: bytes, policy: bytes, tmp_path: Path) -> None:
    program = os.environ.get("VERITEE", str(ROOT / "target/release/veritee"))
    if not Path(program).is_file():
        pytest.skip("no program: build it, or name it in VERITEE")
    (tmp_path / "evidence").write_bytes(evidence)
    (tmp_path / "policy.toml").write_bytes(policy)
    words = [program, "verify", "evidence", "--offline", "--policy", "policy.toml", "--as-of", AS_OF.isoformat().replace("+00:00", "Z"), "--format", "json"]
    told = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
    assert told.stdout.decode() == veritee.verify(evidence, as_of=AS_OF, policy=policy).json
