//! The rules of RFC 5280 that apply to Intel's chains, by section, with the cases that break them.

use crate::judge::{Case, Expected};
use std::collections::{BTreeMap, BTreeSet};

/// Section of RFC 5280, the rule, and cases of the tables here that break it.
const RULES: &[(&str, &str, &[&str])] = &[
    (
        "4.1",
        "a certificate is DER, and nothing else",
        &[
            "Pck with a byte after its end",
            "PlatformCa cut by a byte",
            "Pck whose signed part is of indefinite length",
            "Pck whose signed part has a length with a leading zero",
            "Pck wrapped in another sequence",
            "Root whose extensions are a set",
        ],
    ),
    (
        "4.1.1.2",
        "both algorithm fields are the same",
        &[
            "Pck with RSA as outer algorithm",
            "PlatformCa with RSA as inner algorithm",
            "Root whose two algorithms differ in their parameters",
            "Pck whose signed part names SHA-384",
            "TcbInfo signer with RSA as inner algorithm",
            "CRL issuer with RSA as outer algorithm",
        ],
    ),
    (
        "4.1.1.2",
        "the algorithm is the one that Intel uses, in its one form (RFC 5758 3.2)",
        &[
            "Pck with ECDSA and SHA-384 as both algorithms",
            "Pck with Ed25519 as both algorithms",
            "PlatformCa signed by ECDSA with SHA-1",
            "Root whose algorithms have parameters",
        ],
    ),
    (
        "4.1.1.3",
        "the signature is there, and verifies",
        &[
            "Pck signed by a stranger",
            "PlatformCa with one bit of its signature flipped",
            "Root signed by a stranger",
            "Pck without signature",
            "PlatformCa with an empty signature",
            "Pck with a signature of zeros",
            "Pck with bytes after its signature",
            "Pck with a signature that leaves bits unused",
            "TcbInfo signer signed by a stranger",
            "CRL issuer signed by a stranger",
        ],
    ),
    (
        "4.1.2.1",
        "version 3 where there are extensions",
        &[
            "Pck of X.509 version 1",
            "PlatformCa of X.509 version 2",
            "Pck of version 4",
            "Pck whose version is written twice",
            "TcbInfo signer of X.509 version 1",
        ],
    ),
    (
        "4.1.2.2",
        "the serial number is positive and has at most 20 bytes",
        &[
            "Pck with a negative serial number",
            "PlatformCa with serial number zero",
            "Root with a serial number of 21 bytes",
            "Pck without serial number",
            "PlatformCa with a serial number with needless zeros",
            "TCB signer with a serial number of 21 bytes",
        ],
    ),
    (
        "4.1.2.4",
        "the issuer is not empty, and is the subject above",
        &[
            "Pck without issuer",
            "PlatformCa that names another issuer",
            "Root that names another issuer",
            "Pck whose issuer is written in another string type",
            "TCB signer without issuer",
            "CRL issuer without issuer",
        ],
    ),
    (
        "4.1.2.5",
        "both times are of the RFC's form, and the as-of time lies between them",
        &[
            "Pck with a time without seconds",
            "Pck with a time in an offset",
            "Pck with a long time with a fraction",
            "Pck valid until 31 February",
            "Pck with a third time",
            "Pck expired a second ago",
            "PlatformCa expired a second ago",
            "Root expired a second ago",
            "Pck valid from the next second",
            "PlatformCa valid from the next second",
            "Root valid from the next second",
            "Pck valid from after its end",
            "TcbInfo signer expired a second ago",
            "CRL issuer valid from the next second",
        ],
    ),
    (
        "4.1.2.6",
        "a CA has a subject",
        &["Pck without subject", "PlatformCa of another name", "Root of another name"],
    ),
    (
        "4.1.2.7",
        "the public key is of the algorithm and curve that the signature needs",
        &[
            "Pck with a public key on another curve",
            "Root with a key on P-192",
            "PlatformCa whose curve is written out",
            "Pck whose curve is left out",
            "Pck with a key of another algorithm",
            "Pck with a compressed key",
            "Pck with the point at infinity as key",
        ],
    ),
    (
        "4.1.2.8",
        "no unique identifiers",
        &["Pck with an issuer's unique identifier", "PlatformCa with a subject's unique identifier"],
    ),
    ("4.1.2.9", "there is at least one extension", &["Pck with an empty list of extensions"]),
    (
        "4.2",
        "no extension occurs twice",
        &[
            "Pck with key usage twice",
            "Pck with basic constraints twice",
            "PlatformCa with authority key identifier twice",
            "Root with subject key identifier twice",
            "SGX extension with part 1 twice",
        ],
    ),
    (
        "4.2",
        "an unknown critical extension is refused",
        &[
            "Pck with an unknown critical extension",
            "PlatformCa with an unknown critical extension",
            "Root with an unknown critical extension",
            "Pck with a critical extension of a private arc",
            "TCB signer with an unknown critical extension",
            "CRL issuer with an unknown critical extension",
        ],
    ),
    (
        "4.2",
        "critical is coded once and only when true",
        &["Pck with an extension that says it is not critical"],
    ),
    (
        "4.2.1.1",
        "authority key identifier: there, not critical, a key identifier, that of the key above",
        &[
            "Pck without extension 2.5.29.35",
            "PlatformCa without extension 2.5.29.35",
            "Root without extension 2.5.29.35",
            "Pck with a critical authority key identifier",
            "PlatformCa whose authority key identifier has no key",
            "Root whose authority key identifier names a serial number too",
            "Pck that names another issuer key",
            "PlatformCa that names another issuer key",
            "Root that names another issuer key",
        ],
    ),
    (
        "4.2.1.2",
        "subject key identifier: there, not critical",
        &[
            "Pck without extension 2.5.29.14",
            "PlatformCa without extension 2.5.29.14",
            "Root without extension 2.5.29.14",
            "PlatformCa with a critical subject key identifier",
            "Root whose subject key identifier is no octet string",
        ],
    ),
    (
        "4.2.1.3",
        "key usage: DER, and what the part needs",
        &[
            "Pck without digitalSignature",
            "PlatformCa without keyCertSign",
            "PlatformCa without cRLSign",
            "Root without keyCertSign",
            "Pck whose key usage has unused bits set",
            "Pck whose key usage counts too few unused bits",
            "Pck whose key usage is no bit string",
            "CRL issuer without cRLSign",
        ],
    ),
    ("4.2.1.4", "critical policies are refused", &["Pck with a critical policy"]),
    ("4.2.1.5", "policy mappings are refused", &["PlatformCa with policy mappings that are not critical"]),
    ("4.2.1.6", "critical names of servers are refused", &["Pck with critical names of servers"]),
    (
        "4.2.1.9",
        "basic constraints: a CA says so, critically; an end certificate does not, and signs none",
        &[
            "PlatformCa that is no CA",
            "Root that is no CA",
            "PlatformCa without extension 2.5.29.19",
            "PlatformCa whose basic constraints are not critical",
            "Pck that says it is a CA",
            "Pck that may sign certificates and is no CA",
            "TCB signer that may sign certificates and is no CA",
            "Pck whose basic constraints write out that it is no CA",
            "Pck whose basic constraints say CA with an odd boolean",
            "Pck whose basic constraints have bytes after them",
        ],
    ),
    (
        "4.2.1.9",
        "path length: for CAs only, not negative, and long enough",
        &[
            "Root that allows no CA below it",
            "Pck whose basic constraints have a path length without CA",
            "PlatformCa whose path length is negative",
            "PCK under a CA that the Platform CA may not have (four certificates)",
        ],
    ),
    (
        "4.2.1.10",
        "name constraints are refused",
        &[
            "Pck with critical name constraints",
            "Pck with name constraints that are not critical",
            "PlatformCa with name constraints that are not critical",
            "TCB signer with name constraints that are not critical",
        ],
    ),
    (
        "4.2.1.11",
        "policy constraints are refused",
        &["PlatformCa with policy constraints that are not critical"],
    ),
    (
        "4.2.1.12",
        "extended key usage is refused",
        &[
            "Pck with a critical key usage for other purposes",
            "Pck with an extended key usage that is not critical",
            "Root with an empty extended key usage",
        ],
    ),
    ("4.2.1.13", "distribution points are there", &["Pck without extension 2.5.29.31"]),
    ("4.2.1.14", "inhibit any-policy is refused", &["Root with inhibit any-policy that is not critical"]),
    (
        "5.1",
        "a list is DER, of version 2, signed with the algorithm it names",
        &[
            "Root CRL with a byte after its end",
            "Pck CRL cut by a byte",
            "Pck CRL of version 1",
            "Root CRL of version 3",
            "Pck CRL with RSA as outer algorithm",
            "Root CRL with RSA as inner algorithm",
        ],
    ),
    (
        "5.1.1.3",
        "the list's signature verifies",
        &[
            "Pck CRL signed by a stranger",
            "Root CRL with one bit of its signature flipped",
            "PCK CRL signed by the PCK itself",
        ],
    ),
    (
        "5.1.2.3",
        "the list is of the CA whose certificates it speaks of",
        &["Pck CRL of another issuer", "CRLs swapped", "CRL of the other PCK CA"],
    ),
    (
        "5.1.2.4",
        "the list is in force",
        &["Pck CRL from the next second", "Root CRL from seven months later"],
    ),
    (
        "5.1.2.5",
        "the list says when the next one is due, and that has not come",
        &[
            "Root CRL without nextUpdate",
            "Pck CRL expired a second ago",
            "Pck CRL whose next update is due this second",
        ],
    ),
    (
        "5.1.2.6",
        "an entry has a serial number and a date of the RFC's form",
        &[
            "Pck CRL with a negative serial number",
            "Root CRL with serial number zero",
            "Pck CRL with a serial number of 21 bytes",
            "Pck CRL with an entry without date",
            "Root CRL with an entry revoked on 31 February",
        ],
    ),
    (
        "5.2",
        "an unknown critical extension of a list is refused, and none occurs twice",
        &[
            "Pck CRL with an unknown critical extension",
            "Root CRL with CRL number twice",
            "Pck CRL without extensions",
        ],
    ),
    (
        "5.2.1",
        "authority key identifier: there, not critical, that of the CA's key",
        &[
            "Pck CRL without authority key identifier",
            "Root CRL with a critical authority key identifier",
            "Pck CRL that names another key",
        ],
    ),
    (
        "5.2.3",
        "CRL number: there, not critical, not negative, at most 20 bytes",
        &[
            "Root CRL without CRL number",
            "Pck CRL with a critical CRL number",
            "Pck CRL with a negative CRL number",
            "Pck CRL with a CRL number of 21 bytes",
        ],
    ),
    (
        "5.2.4",
        "delta lists are refused",
        &["Pck CRL that is a delta list", "Pck CRL that is a delta list and does not say so critically"],
    ),
    (
        "5.2.5",
        "lists of some certificates are refused",
        &["Pck CRL that is a partial list", "Root CRL of some certificates that does not say so critically"],
    ),
    (
        "5.3",
        "an unknown critical extension of an entry is refused, and none occurs twice",
        &["Pck CRL with an unknown critical extension of an entry", "Root CRL with two reasons for an entry"],
    ),
    (
        "5.3.3",
        "entries of another issuer's are refused",
        &[
            "Pck CRL with an entry of another issuer's",
            "Pck CRL with an entry of another issuer's that does not say so critically",
        ],
    ),
    (
        "6.1",
        "the path ends in the trust anchor",
        &[
            "chain under a root of the same name and another key",
            "chain with a CA under another root",
            "chain without root",
            "quote of another universe",
            "a PCK below a CA of the right name under another root",
            "a PCK signed by a CA of the right name under another root, below the right CA",
        ],
    ),
    (
        "6.1",
        "the path is Intel's, not any that can be built",
        &[
            "two CAs that issued each other, and no root",
            "the same CA twice, and no root",
            "a PCK that issued itself, beside the root",
            "a PCK directly below the root",
            "a CA in the PCK's place",
            "chain with two roots and no CA",
            "chain with an unrelated fourth",
            "ten thousand begin lines",
        ],
    ),
    (
        "6.3",
        "nothing in the path is revoked by the list of its issuer",
        &[
            "PCK revoked",
            "PCK CA revoked",
            "TCB signer revoked",
            "root revoked by its own list",
            "PCK revoked among a thousand others",
            "another certificate of the same CA in the quote, revoked",
        ],
    ),
];

/// Every rule has cases, and every case exists and is a refusal.
pub(crate) fn check_rules(all: &[Case]) {
    let by_name: BTreeMap<&str, &Case> = all.iter().map(|case| (case.name.as_str(), case)).collect();
    let mut rules = BTreeSet::new();
    for (section, rule, cases) in RULES {
        assert!(rules.insert((section, rule)), "{section} {rule} is listed twice");
        assert!(!cases.is_empty(), "{section} {rule}");
        for name in *cases {
            let case = by_name.get(name).unwrap_or_else(|| panic!("{section}: there is no case {name:?}"));
            assert!(matches!(case.expected, Expected::Refused(..)), "{section}: {name} is no refusal");
        }
    }
}
