#!/usr/bin/env bash
# nv-local-gpu-verifier 2.7.3 (Python registry) compares measurement 35 even where the video decoder is off.
#
# Measurement 35 depends on the video decoder NVDEC0. A report says whether it is off (0x55) or on (0xaa), and the verifier
# means to leave the measurement out where it is off: `verifier.py` sets `is_msr_35_valid` so. But it compares the bytes of
# the report with a member of a Python Enum, and these are never equal. Seen with the package's own sample report
# (hopperAttestationReport.txt, driver 550.90.07), whose decoder is off: the measurement still counts. So a machine whose
# measurement 35 differs with the decoder off is refused by this verifier and accepted by NVIDIA's C++ one.
# Needs: python3 with venv and the Python registry. Ends with 0 while this still holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nv-local-gpu-verifier==2.7.3
"$folder/venv/bin/python" - <<'PYTHON'
import importlib.metadata, logging, os
logging.disable(logging.CRITICAL)
import verifier
from verifier.attestation import AttestationReport
from verifier.config import BaseSettings, HopperSettings
from verifier.verifier import Verifier

version = importlib.metadata.version("nv-local-gpu-verifier")
assert version == "2.7.3", version
samples = os.path.join(list(verifier.__path__)[0], "samples")
report = bytes.fromhex(open(os.path.join(samples, "hopperAttestationReport.txt")).read().strip())
settings = HopperSettings()
parsed = AttestationReport(report, settings)
opaque = parsed.get_response_message().get_opaque_data()
status = opaque.get_data("OPAQUE_FIELD_ID_NVDEC0_STATUS")
assert status == bytes([BaseSettings.NVDEC_STATUS.DISABLED.value]), status
assert status != BaseSettings.NVDEC_STATUS.DISABLED

class NoMeasurements:
    def get_measurements(self):
        return {}

found = Verifier(parsed, NoMeasurements(), NoMeasurements(), settings)
assert found.is_msr_35_valid is True, "the exception is taken now"
print(f"nv-local-gpu-verifier {version}: decoder {status.hex()} (off), measurement 35 counts all the same")
PYTHON
