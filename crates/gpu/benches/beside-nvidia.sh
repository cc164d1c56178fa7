#!/usr/bin/env bash
# The sample report of 2023 in NVIDIA's Python verifier (nv-local-gpu-verifier 2.0.0) and in veritee, as far as the Python
# verifier comes without its service: report parsed, chain of five certificates, report signature. Next it asks OCSP.
#
# Outside of `test.sh`: it takes packages from the Python registry. CPU time of one thread, the least of seven rounds.
set -euo pipefail
cd "$(dirname "$0")/../../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nv-local-gpu-verifier==2.0.0
cat >"$folder/bench.py" <<'PYTHON'
import logging, os, sys, time
logging.disable(logging.CRITICAL)
import verifier
from OpenSSL import crypto
from verifier.attestation import AttestationReport
from verifier.cc_admin_utils import CcAdminUtils
from verifier.config import BaseSettings, HopperSettings
from verifier.nvml.gpu_cert_chains import GpuCertificateChains

samples = os.path.join(list(verifier.__path__)[0], "samples")
report = bytes.fromhex(open(os.path.join(samples, "attestationReport.txt")).read().strip())
pem = open(os.path.join(samples, "gpuAkCertChain.txt"), "rb").read()
settings = HopperSettings()
mode = BaseSettings.Certificate_Chain_Verification_Mode.GPU_ATTESTATION
root = crypto.load_certificate(crypto.FILETYPE_PEM, open(os.path.join(list(verifier.__path__)[0],
    "certs", "verifier_device_root.pem"), "rb").read())

def once():
    chain = GpuCertificateChains.extract_cert_chain(pem)
    parsed = AttestationReport(report, settings)
    certificates = [each if isinstance(each, crypto.X509) else each for each in chain]
    certificates[-1] = root
    assert CcAdminUtils.verify_certificate_chain(certificates, settings, mode)
    leaf = certificates[0].to_cryptography()
    assert parsed.verify_signature(leaf, settings.signature_length, settings.HashFunction)

once()
rounds = []
for _ in range(7):
    count, start = 20, time.process_time()
    for _ in range(count):
        once()
    rounds.append((time.process_time() - start) / count)
print(f"nv-local-gpu-verifier 2.0.0: {min(rounds) * 1e3:.2f} ms a report (CPU time)")
PYTHON
# It writes a log where it stands.
(cd "$folder" && venv/bin/python bench.py)
[ "${1:-}" = --python-only ] || cargo bench --locked -p veritee-gpu --bench gpu
