#!/usr/bin/env bash
# Evidence of GPUs in repositories of others, which are not part of this one: what each file must give.
#
# Outside of `test.sh`. Needs clones, bare or not: NVIDIA/attestation-sdk at 73c032e, NVIDIA/nvtrust at 0281730 and
# confidential-containers/trustee at 78962cd.
# usage: test-vectors/gpu/repositories.sh ATTESTATION_SDK NVTRUST TRUSTEE [PROGRAM]
set -euo pipefail
sdk=${1:?usage: repositories.sh ATTESTATION_SDK NVTRUST TRUSTEE [PROGRAM]}
trust=${2:?usage: repositories.sh ATTESTATION_SDK NVTRUST TRUSTEE [PROGRAM]}
trustee=${3:?usage: repositories.sh ATTESTATION_SDK NVTRUST TRUSTEE [PROGRAM]}
program=$(realpath "${4:-target/release/veritee}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_CACHE_HOME=$folder/cache
failed=0

get() { # repository, commit, path: the file, under its last name
  git -C "$1" show "$2:$3" >"$folder/$(basename "$3")"
}
sdk_file() { get "$sdk" 73c032e "$1"; }
trust_file() { get "$trust" 0281730 "$1"; }
trustee_file() { get "$trustee" 78962cd "deps/verifier/test_data/nvidia/$1"; }

# what it is, exit code, words that one check must hold each (separated by |), arguments of `gpu verify`
expect() {
  local what=$1 code=$2 words=$3 got=0 word
  shift 3
  (cd "$folder" && "$program" gpu verify "$@" --offline --format json >report.json 2>err) || got=$?
  if [ "$got" != "$code" ]; then
    echo "FAILED $what: exit code $got, expected $code" >&2
    failed=1
  fi
  IFS='|' read -ra all <<<"$words"
  for word in "${all[@]}"; do
    if ! grep -qF -- "$word" "$folder/report.json"; then
      echo "FAILED $what: nothing says \`$word\`" >&2
      failed=1
    fi
  done
  echo "$what: $got"
}

data=nv-attestation-sdk-cpp/unit-tests/testdata
samples=$data/sample_attestation_data
for file in "$samples"/gpu/{blackwell,hopper}{AttestationReport,CertChain}.txt \
  "$samples"/gpu/hopper{AttestationReportExpired,CertChainExpired,AttestationReportInvalidSignature}.txt \
  "$samples"/switch/switch{AttestationReport,AttestationReportInvalidSignature,CertChain}.txt \
  "$data"/switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml "$data"/NV_GPU_DRIVER_GH100_550.144.03.xml \
  "$data"/incorrect_{cert_chain,signature}_driver_rim.xml "$data"/evidence_hopper_590_12.json \
  "$data"/sample_rims/NV_{GPU_DRIVER_GH100_535.86.09_measurement_mismatch,GPU_DRIVER_GH100_570.124.03_expired}.xml \
  "$data"/sample_rims/NV_GPU_VBIOS_1010_0200_882_96005E0001_measurement_mismatch.xml \
  "$data"/sample_rims/NV_SWITCH_BIOS_5612_0002_890_9610550001_{invalid_signature,measurement_mismatch}.xml \
  common-test-data/serialized_test_evidence/{hopper_evidence,hopper_evidence_cert_hold,multi_gpu_hopper,multi_switch_ls10,switch_evidence_ls10}.json; do
  sdk_file "$file"
done
for file in gpu_evidence switch_evidence; do
  trust_file "guest_tools/ppcie-verifier-sdk-cpp/tests/data/$file.json"
done
today=2026-11-29T00:00:00Z
switch_manifest=switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml
genuine() { echo "genuine under NVIDIA's device root: $1"; }

expect "Blackwell" 13 "$(genuine "GB100 A01 GSP BROM")|gpu-rim-missing|NV_GPU_CC_DRIVER_GB100_" \
  blackwellAttestationReport.txt --certificate blackwellCertChain.txt --as-of "$today"
expect "Hopper" 13 "$(genuine "GH100 A01 GSP BROM")|gpu-rim-missing" \
  hopperAttestationReport.txt --certificate hopperCertChain.txt --as-of "$today"
expect "Hopper, signature broken" 10 "gpu-report-signature" \
  hopperAttestationReportInvalidSignature.txt --certificate hopperCertChain.txt --as-of "$today"
expect "switch with its manifest, in force today" 0 "$(genuine "LS_10 A01 FSP BROM")|31 of 31 measurements equal" \
  switchAttestationReport.txt --certificate switchCertChain.txt --gpu-collateral "$switch_manifest" --as-of "$today"
expect "switch, signature broken" 10 "gpu-report-signature" \
  switchAttestationReportInvalidSignature.txt --certificate switchCertChain.txt --as-of "$today"
expect "switch, manifest of a broken signature" 10 "gpu-rim-signature" switchAttestationReport.txt --certificate \
  switchCertChain.txt --gpu-collateral NV_SWITCH_BIOS_5612_0002_890_9610550001_invalid_signature.xml --as-of "$today"
# It is one of GH100's that was given the version: of another product, so it is not used.
expect "switch, manifest of another product" 13 "gpu-rim-missing" switchAttestationReport.txt --certificate switchCertChain.txt \
  --gpu-collateral NV_SWITCH_BIOS_5612_0002_890_9610550001_measurement_mismatch.xml --as-of "$today"
expect "the same switch four times" 11 "gpu-device-repeated" multi_switch_ls10.json --as-of "$today"
expect "four GPUs" 13 "4 distinct devices over one nonce" multi_gpu_hopper.json --as-of "$today"
expect "one GPU" 13 "$(genuine "GH100 A01 GSP BROM")" hopper_evidence.json --as-of "$today"
expect "one GPU, whose certificate was on hold" 13 "gpu-revocation-not-checked" hopper_evidence_cert_hold.json --as-of "$today"
expect "a switch" 13 "$(genuine "LS_10 A01 FSP BROM")" switch_evidence_ls10.json --as-of "$today"
expect "driver 590.12" 13 "$(genuine "GH100 A01 GSP BROM")|NV_GPU_DRIVER_GH100_590.12" evidence_hopper_590_12.json --as-of "$today"
# Eight GPUs and four switches of one machine, over one nonce, in two files.
python3 - "$folder" <<'PYTHON'
import json, sys
folder = sys.argv[1]
all = []
for name in ("gpu_evidence", "switch_evidence"):
    data = json.load(open(f"{folder}/{name}.json"))
    all += data if isinstance(data, list) else data.get("evidences") or data.get("evidence_list")
json.dump(all, open(f"{folder}/machine.json", "w"))
PYTHON
expect "8 GPUs and 4 switches" 13 "12 distinct devices over one nonce|4 switches and 8 GPUs name each other" \
  machine.json --as-of "$today"
expect "8 GPUs without their switches" 13 "gpu-switches-not-attested" gpu_evidence.json --as-of "$today"

# What a service said of the SDK's samples: no report, so nothing to check.
for file in hopperClaimsv3_detached_eat switch_detached_eat; do
  sdk_file "$samples/$file.json"
  expect "$file" 13 "gpu-service-answer" "$file.json" --as-of "$today"
done
trustee_file hopperAttestationReport.txt
# CoCo's report (with a zero byte behind it), whose nonce is the first 32 bytes of its runtime data's hash; and chains that its tests call bad.
for file in hopper_coco_report1 hopper_coco_certs1 hopper_cert_chain_case{1,2,3,4}; do trustee_file "$file.txt"; done
coco=87d8e24ab336adafe228d49e83d745f6dba4ae505372b6a5704820856b343fec
expect "CoCo's report" 13 "$(genuine "GH100 A01 GSP BROM")|the nonce that was asked for" \
  hopper_coco_report1.txt --certificate hopper_coco_certs1.txt --gpu-nonce "$coco" --as-of "$today"
expect "CoCo's report over another nonce" 11 "gpu-nonce-mismatch" \
  hopper_coco_report1.txt --certificate hopper_coco_certs1.txt --gpu-nonce "${coco//8/9}" --as-of "$today"
expect "a chain as it should be" 13 "$(genuine "GH100 A01 GSP BROM")" \
  hopperAttestationReport.txt --certificate hopper_cert_chain_case1.txt --as-of "$today"
for case in "2 the root alone" "3 without an intermediate CA" "4 without the leaf"; do
  expect "a chain ${case#* }" 11 "gpu-chain-malformed" \
    hopperAttestationReport.txt --certificate "hopper_cert_chain_case${case%% *}.txt" --as-of "$today"
done
exit "$failed"
