#!/usr/bin/env bash
# The sigstore vectors of tinfoil-conformance through `veritee verify-bundle`: each bundle under its own trusted root, over
# the digest that it is expected for, with the signer that its own certificate names and the issuer that its policy wants.
# What only that suite's policy decides (prefixes of refs, lists of types, registers in the predicate) is listed apart.
# Outside the gate: the suite is read from its public repository, has no licence, and nothing of it is kept.
#
# usage: crates/provenance/tinfoil.sh REPOSITORY [VERITEE]   REPOSITORY: a clone of github.com/tinfoilsh/tinfoil-conformance
set -euo pipefail
repository=$1
program=$(realpath "${2:-$(dirname "$0")/../../target/debug/veritee}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git -C "$repository" archive HEAD vectors/sigstore | tar -x -C "$work"
revision=$(git -C "$repository" rev-parse --short HEAD)
python3 - "$work" "$program" "$revision" <<'END'
import base64, json, pathlib, re, subprocess, sys

work, program, revision = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
# What that suite's caller asks beyond "who signed this, and does the signature hold".
POLICY = {
    "WORKFLOW_REF_PREFIX_MISMATCH", "PREDICATE_TYPE_NOT_ALLOWED", "IN_TOTO_STATEMENT_TYPE_NOT_ALLOWED",
    "PREDICATE_MEASUREMENT_INVALID", "PAYLOAD_TYPE_MISMATCH",
}
# Rules of that suite which in-toto and the format of bundles do not have: only the first subject counts, a statement has no
# member that its version does not name, a bundle of version 0.2 is refused for being one.
OWN = {"073-subject-array-only-first-checked", "074-in-toto-statement-extra-field", "079-bundle-cert-in-x509-chain-format"}

def signer(bundle, repository):
    """The subject alternative name of the certificate, of the repository that the caller wants."""
    material = bundle.get("verificationMaterial", {})
    chain = material.get("x509CertificateChain", {}).get("certificates", [{}])
    raw = material.get("certificate", chain[0]).get("rawBytes")
    if raw is None:
        return "https://github.com/nobody"
    shown = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-noout", "-ext", "subjectAltName"],
        input=base64.b64decode(raw), capture_output=True, check=True,
    ).stdout.decode()
    name = re.search(r"URI:(\S+)", shown).group(1)
    return re.sub(r"^https://github\.com/[^/]+/[^/]+/", f"https://github.com/{repository}/", name)

tally = {}
def count(kind, fits):
    good, all_ = tally.get(kind, (0, 0))
    tally[kind] = (good + fits, all_ + 1)

for folder in sorted((work / "vectors/sigstore").iterdir()):
    if not folder.is_dir():
        continue
    asked = json.loads((folder / "input.json").read_text())
    wanted = json.loads((folder / "expected.json").read_text())
    codes = wanted.get("rejection", {}).get("code", [])
    codes = {codes} if isinstance(codes, str) else set(codes)
    (work / "bundle.json").write_bytes(base64.b64decode(asked["bundle_b64"]))
    (work / "root.json").write_bytes(base64.b64decode(asked["trust_root_b64"]))
    bundle = json.loads(base64.b64decode(asked["bundle_b64"]))
    ran = subprocess.run(
        [program, "verify-bundle", "--bundle", work / "bundle.json", "--trusted-root", work / "root.json",
         "--certificate-identity", signer(bundle, asked["repo"]),
         "--certificate-oidc-issuer", asked["policy"]["oidc_issuer"], "--format", "json",
         "sha256:" + asked["expected_digest_sha256_hex"].lower()],
        capture_output=True, text=True,
    )
    try:
        said = json.loads(ran.stdout)
    except ValueError:
        said = {"failed": (ran.stderr.splitlines() or ["nothing"])[0]}
    name = "verified" if ran.returncode == 0 else said.get("failed")
    # A panic or a wrong command line is no verdict; 2 is one for a root that is no root.
    refused = ran.returncode in (3, 10, 11) or (ran.returncode == 2 and codes == {"TRUST_ROOT_INVALID"})
    if codes and (codes <= POLICY or folder.name in OWN):
        kind, fits = "policy", refused
    elif codes:
        kind, fits = "refused", refused
    else:
        kind, fits = "accepted", ran.returncode == 0
    count(kind, fits)
    if not fits or kind == "policy":
        mark = "policy of the suite" if kind == "policy" else "DIFFERS"
        print(f"{mark}: {folder.name}: {'/'.join(sorted(codes)) or 'accept'}; {ran.returncode} {name}: {said.get('message', '')[:160]}")
for kind, (good, all_) in sorted(tally.items()):
    print(f"{kind}: {good} of {all_}")
print(f"tinfoil-conformance {revision}")
sys.exit(any(tally[kind][0] != tally[kind][1] for kind in ("accepted", "refused")))
END
