//! One broken chain or list for every rule of RFC 5280 that applies to Intel's chains, in the manner of x509-limbo:
//! what a general suite says must fail when a path is built has to fail in this crate's own walk.
//!
//! `rfc5280_rules.rs` lists the rules by section with the cases that break them, here and in the neighbouring tables.
//!
//! Classes of x509-limbo that do not apply, because no step of the walk reads what they are about:
//! - names of servers (SAN, wildcards, common names as host names, punycode): Intel's certificates name no server. An
//!   extension with such names is passed over unless it is critical, and then refused;
//! - what name constraints, policies and extended key usage say: a certificate that has one of these narrowing
//!   extensions is refused whatever it says (4.2.1.5, 4.2.1.10 to 4.2.1.12, 4.2.1.14 below);
//! - authority information access: nothing is ever fetched;
//! - rules of the CA/Browser Forum on key sizes and RSA: no key but P-256 is read;
//! - fractions of a second: the as-of time has none;
//! - building a path out of many candidates (cycles, a hundred intermediates, depth limits): a chain has exactly three
//!   or two certificates. Attempts at the fixed parts are below (6.1).

use crate::judge::{Case, in_quote, tdx};
use veritee_quote::QuoteReason;
use veritee_quote::Stage;
use veritee_testkit::certificate::oids;
use veritee_testkit::{Algorithm, CertificateSpec, Certification, CrlSpec, Extension, Name, Role, der};

type Change = fn(&mut CertificateSpec);

const MALFORMED: QuoteReason = QuoteReason::PckChainMalformed;

/// The certificates in a quote's chain that a change is made to, one after the other.
const ALL: &[Role] = &[Role::Pck, Role::PlatformCa, Role::Root];
const AUTHORITIES: &[Role] = &[Role::PlatformCa, Role::Root];
const ISSUED: &[Role] = &[Role::Pck, Role::PlatformCa];
const END: &[Role] = &[Role::Pck];

/// Words after the role's name, where, what comes of it, the listed difference (for the root it is always
/// `root-in-chain`), the change.
type Row = (&'static str, &'static [Role], QuoteReason, Option<&'static str>, Change);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, roles, reason, divergence, change) in
        [key_identifiers(), narrowing(), constraints(), fields(), algorithms()].concat()
    {
        for role in roles {
            let forged = in_quote(|it| it.certificate(*role, change));
            let case = Case::refused(format!("{role:?} {name}"), &[1], (reason, Stage::Certificates), forged);
            let divergence = if *role == Role::Root { Some("root-in-chain") } else { divergence };
            cases.push(match divergence {
                Some(divergence) => case.diverges(divergence),
                None => case,
            });
        }
    }
    cases.extend(signers());
    cases.extend(compositions());
    cases.extend(lists());
    cases
}

fn critical(certificate: &mut CertificateSpec, oid: &str) {
    certificate.extension_mut(oid).critical = true;
}

fn key_identifiers() -> Vec<Row> {
    const KEY_IDENTIFIERS: Option<&str> = Some("key-identifiers");
    vec![
        ("with a critical authority key identifier", ALL, MALFORMED, None, |it| {
            critical(it, oids::AKI);
        }),
        ("with a critical subject key identifier", ALL, MALFORMED, None, |it| {
            critical(it, oids::SKI);
        }),
        ("whose authority key identifier has no key", ALL, MALFORMED, KEY_IDENTIFIERS, |it| {
            it.extension_mut(oids::AKI).value = der::sequence(&[]);
        }),
        (
            "whose authority key identifier is an issuer and a serial number",
            ALL,
            MALFORMED,
            KEY_IDENTIFIERS,
            |it| {
                let name = der::element(0xa1, &der::element(0xa4, &it.issuer.der()));
                it.extension_mut(oids::AKI).value = der::sequence(&[name, der::element(0x82, &[1])]);
            },
        ),
        ("whose authority key identifier names a serial number too", ALL, MALFORMED, KEY_IDENTIFIERS, |it| {
            let key = der::element(0x80, &[7; 20]);
            it.extension_mut(oids::AKI).value = der::sequence(&[key, der::element(0x82, &[1])]);
        }),
        ("with authority key identifier twice", ALL, MALFORMED, KEY_IDENTIFIERS, |it| {
            let copy = it.extension_mut(oids::AKI).clone();
            it.extensions.push(copy);
        }),
        ("with subject key identifier twice", ALL, MALFORMED, KEY_IDENTIFIERS, |it| {
            let copy = it.extension_mut(oids::SKI).clone();
            it.extensions.push(copy);
        }),
        ("whose subject key identifier is no octet string", ALL, MALFORMED, KEY_IDENTIFIERS, |it| {
            it.extension_mut(oids::SKI).value = der::bit_string(0, &[7; 20]);
        }),
    ]
}

/// Extensions that narrow what a certificate is for, not critical: easy to pass over.
fn narrowing() -> Vec<Row> {
    const NAME: Option<&str> = Some("narrowing-extensions");
    fn add(certificate: &mut CertificateSpec, oid: &str, value: Vec<u8>) {
        certificate.extensions.push(Extension::new(oid, false, value));
    }
    /// Nothing but directory names below another organisation's.
    fn somebody_else(certificate: &mut CertificateSpec) {
        let base = der::element(0xa4, &Name::common("Somebody else").der());
        add(certificate, "2.5.29.30", der::sequence(&[der::element(0xa0, &der::sequence(&[base]))]));
    }
    vec![
        ("with policy mappings that are not critical", AUTHORITIES, MALFORMED, NAME, |it| {
            let pair = der::sequence(&[der::oid("1.2.3"), der::oid("1.2.4")]);
            add(it, "2.5.29.33", der::sequence(&[pair]));
        }),
        // The peer obeys those of a CA, and passes over those of an end certificate, which may have none.
        ("with name constraints that are not critical", END, MALFORMED, NAME, somebody_else),
        ("with name constraints that are not critical", AUTHORITIES, MALFORMED, None, somebody_else),
        ("with policy constraints that are not critical", ALL, MALFORMED, NAME, |it| {
            add(it, "2.5.29.36", der::sequence(&[der::element(0x80, &[0])]));
        }),
        ("with an extended key usage that is not critical", ALL, MALFORMED, NAME, |it| {
            add(it, oids::EXTENDED_KEY_USAGE, der::sequence(&[der::oid("1.3.6.1.5.5.7.3.1")]));
        }),
        ("with an empty extended key usage", ALL, MALFORMED, None, |it| {
            add(it, oids::EXTENDED_KEY_USAGE, der::sequence(&[]));
        }),
        ("with inhibit any-policy that is not critical", ALL, MALFORMED, NAME, |it| {
            add(it, "2.5.29.54", der::integer(0));
        }),
    ]
}

fn constraints() -> Vec<Row> {
    vec![
        (
            "whose basic constraints are not critical",
            AUTHORITIES,
            MALFORMED,
            Some("extension-criticality"),
            |it| it.extension_mut(oids::BASIC_CONSTRAINTS).critical = false,
        ),
        (
            "that may sign certificates and is no CA",
            END,
            QuoteReason::PckChainRole,
            Some("key-usage"),
            |it| {
                it.set_key_usage(0xc4);
            },
        ),
        ("whose path length is negative", AUTHORITIES, MALFORMED, None, |it| {
            it.extension_mut(oids::BASIC_CONSTRAINTS).value =
                der::sequence(&[der::boolean(true), der::raw_integer(&[0xff])]);
        }),
        ("with a critical extension of a private arc", ALL, MALFORMED, None, |it| {
            it.extensions.push(Extension::new("1.3.6.1.4.1.99999.1", true, der::octet_string(&[])));
        }),
        ("with critical distribution points of the newest delta list", ALL, MALFORMED, None, |it| {
            it.extensions.push(Extension::new("2.5.29.46", true, der::sequence(&[])));
        }),
        ("with critical names of servers", ALL, MALFORMED, Some("extension-encoding"), |it| {
            let name = der::element(0x82, b"example.com");
            it.extensions.push(Extension::new("2.5.29.17", true, der::sequence(&[name])));
        }),
    ]
}

/// Where the extensions begin: the last element of the signed part.
fn before_extensions(tbs: &[u8]) -> usize {
    let ends_here = |at: &usize| match tbs[*at..] {
        [0xa3, 0x82, high, low, ..] => *at + 4 + usize::from(u16::from_be_bytes([high, low])) == tbs.len(),
        [0xa3, 0x81, length, ..] => *at + 3 + usize::from(length) == tbs.len(),
        _ => false,
    };
    (0..tbs.len()).find(ends_here).expect("there are extensions")
}

fn insert_before_extensions(tbs: &mut Vec<u8>, element: &[u8]) {
    let at = before_extensions(tbs);
    // A signed part of this size has a header of four bytes.
    *tbs = der::sequence(&[tbs[4..at].to_vec(), element.to_vec(), tbs[at..].to_vec()]);
}

fn fields() -> Vec<Row> {
    vec![
        ("without issuer", ISSUED, QuoteReason::PckChainUntrusted, None, |it| {
            it.issuer.raw = Some(der::sequence(&[]));
        }),
        ("with an issuer's unique identifier", ALL, MALFORMED, None, |it| {
            it.edit_tbs = Some(|tbs| insert_before_extensions(tbs, &der::element(0x81, &[0, 7])));
        }),
        ("with a subject's unique identifier", ALL, MALFORMED, None, |it| {
            it.edit_tbs = Some(|tbs| insert_before_extensions(tbs, &der::element(0x82, &[0, 7])));
        }),
        ("with a serial number with needless zeros", END, MALFORMED, None, |it| it.serial = vec![0, 0x11]),
        ("with a serial number with needless zeros", AUTHORITIES, MALFORMED, Some("serial-number"), |it| {
            it.serial = vec![0, 0x11];
        }),
        ("valid from after its end", ISSUED, QuoteReason::CertificateNotYetValid, None, |it| {
            (it.not_before, it.not_after) = (it.not_after, it.not_before);
        }),
        ("whose curve is written out", ALL, MALFORMED, None, |it| {
            let algorithm =
                der::sequence(&[der::oid("1.2.840.10045.2.1"), der::sequence(&[der::integer(1)])]);
            it.spki = Some(der::sequence(&[algorithm, der::bit_string(0, &[4; 65])]));
        }),
        ("whose curve is left out", ALL, MALFORMED, None, |it| {
            let algorithm = der::sequence(&[der::oid("1.2.840.10045.2.1")]);
            it.spki = Some(der::sequence(&[algorithm, der::bit_string(0, &[4; 65])]));
        }),
        ("with a key on P-192", ALL, MALFORMED, None, |it| {
            let algorithm = der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid("1.2.840.10045.3.1.1")]);
            it.spki = Some(der::sequence(&[algorithm, der::bit_string(0, &[4; 49])]));
        }),
        ("whose extensions are a set", ALL, MALFORMED, None, |it| {
            it.edit_tbs = Some(|tbs| {
                let at = before_extensions(tbs);
                let header = if tbs[at + 1] == 0x82 { 4 } else { 3 };
                assert_eq!(tbs[at + header], 0x30);
                tbs[at + header] = 0x31;
            });
        }),
    ]
}

fn algorithms() -> Vec<Row> {
    fn with_parameters() -> Algorithm {
        Algorithm(der::sequence(&[der::oid("1.2.840.10045.4.3.2"), der::null()]))
    }
    fn sha1() -> Algorithm {
        Algorithm(der::sequence(&[der::oid("1.2.840.10045.4.1")]))
    }
    vec![
        ("whose two algorithms differ in their parameters", ALL, MALFORMED, None, |it| {
            it.outer_algorithm = with_parameters();
        }),
        ("whose algorithms have parameters", ALL, MALFORMED, None, |it| {
            (it.inner_algorithm, it.outer_algorithm) = (with_parameters(), with_parameters());
        }),
        ("signed by ECDSA with SHA-1", ALL, MALFORMED, None, |it| {
            (it.inner_algorithm, it.outer_algorithm) = (sha1(), sha1());
        }),
        ("whose signed part names SHA-384", ALL, MALFORMED, None, |it| {
            it.inner_algorithm = Algorithm::ecdsa_sha384();
        }),
        ("without signature", ALL, MALFORMED, None, |it| {
            it.edit_der = Some(|der| {
                let header = if der[1] == 0x82 { 4 } else { 3 };
                let length = usize::from(u16::from_be_bytes([der[header + 2], der[header + 3]])) + 4;
                *der = der::sequence(&[der[header..header + length].to_vec()]);
            });
        }),
        ("with an empty signature", ALL, QuoteReason::PckChainSignature, None, |it| {
            it.edit_signature = Some(Vec::clear);
        }),
        ("with a signature of zeros", ALL, QuoteReason::PckChainSignature, None, |it| {
            it.edit_signature =
                Some(|signature| *signature = der::sequence(&[der::integer(0), der::integer(0)]));
        }),
        ("with bytes after its signature", ALL, QuoteReason::PckChainSignature, None, |it| {
            it.edit_signature = Some(|signature| signature.push(0));
        }),
    ]
}

/// The signer of TCB info and QE identity, and the CA of the revocation list's own chain.
fn signers() -> Vec<Case> {
    type Row = (&'static str, QuoteReason, QuoteReason, Option<&'static str>, Change);
    let (signer, crl) = (QuoteReason::SignerChainMalformed, QuoteReason::CrlChainMalformed);
    let rows: [Row; 6] = [
        ("with a critical authority key identifier", signer, crl, None, |it| {
            critical(it, oids::AKI);
        }),
        ("with a critical subject key identifier", signer, crl, None, |it| {
            critical(it, oids::SKI);
        }),
        ("with name constraints that are not critical", signer, crl, Some("narrowing-extensions"), |it| {
            it.extensions.push(Extension::new("2.5.29.30", false, der::sequence(&[])));
        }),
        ("with an unknown critical extension", signer, crl, None, |it| {
            it.extensions.push(Extension::new("1.2.3.4", true, der::null()));
        }),
        ("with a serial number of 21 bytes", signer, crl, Some("serial-number"), |it| {
            it.serial = vec![1; 21];
        }),
        ("without issuer", QuoteReason::SignerChainUntrusted, QuoteReason::CrlChainUntrusted, None, |it| {
            it.issuer.raw = Some(der::sequence(&[]));
        }),
    ];
    let mut cases = Vec::new();
    for (name, signer_reason, crl_reason, divergence, change) in rows {
        let forged = tdx().certificate(Role::TcbSigner, change).forge();
        let case =
            Case::refused(format!("TCB signer {name}"), &[1], (signer_reason, Stage::Collateral), forged);
        cases.push(match divergence {
            Some(divergence) => case.diverges(divergence),
            None => case,
        });
        let changed = tdx().certificate(Role::PlatformCa, change).forge();
        let mut forged = tdx().forge();
        forged.collateral.pck_crl_issuer_chain = changed.collateral.pck_crl_issuer_chain;
        let case = Case::refused(format!("CRL issuer {name}"), &[1], (crl_reason, Stage::Collateral), forged);
        cases.push(case.diverges("crl-issuer-chain"));
    }
    let forged = tdx().certificate(Role::TcbSigner, |it| it.set_key_usage(0xc4)).forge();
    let reason = (QuoteReason::SignerChainRole, Stage::Collateral);
    cases.push(
        Case::refused("TCB signer that may sign certificates and is no CA", &[23], reason, forged)
            .diverges("key-usage"),
    );
    cases
}

/// Paths that a search might find and the fixed parts do not have.
fn compositions() -> Vec<Case> {
    use Role::{Pck, PlatformCa, ProcessorCa, Root, Stranger, StrangerCa, SubordinateCa};
    let chain = |change: Option<(Role, Change)>, chain: &[Role]| {
        in_quote(|it| {
            let it = match change {
                Some((role, change)) => it.certificate(role, change),
                None => it,
            };
            it.quote(|quote| quote.certification = Certification::Chain(chain.to_vec(), vec![0]))
        })
    };
    let role = QuoteReason::PckChainRole;
    let rows: [(&str, QuoteReason, Option<&str>, Option<(Role, Change)>, &[Role]); 7] = [
        (
            "two CAs that issued each other, and no root",
            role,
            None,
            Some((PlatformCa, |it| {
                it.issuer = Name::intel("Intel SGX PCK Platform CA 2");
                it.signed_by = SubordinateCa;
            })),
            &[Pck, SubordinateCa, PlatformCa],
        ),
        ("the same CA twice, and no root", role, Some("chain-length"), None, &[Pck, PlatformCa, PlatformCa]),
        (
            "a PCK that issued itself, beside the root",
            role,
            None,
            Some((Pck, |it| {
                it.issuer = it.subject.clone();
                it.signed_by = Pck;
            })),
            &[Pck, PlatformCa, Root],
        ),
        (
            "a PCK directly below the root",
            QuoteReason::PckChainUntrusted,
            Some("pck-issuer"),
            Some((Pck, |it| {
                it.issuer = Name::intel("Intel SGX Root CA");
                it.signed_by = Root;
            })),
            &[Pck, PlatformCa, Root],
        ),
        ("a CA in the PCK's place", role, None, None, &[ProcessorCa, PlatformCa, Root]),
        (
            "a PCK below a CA of the right name under another root",
            QuoteReason::PckChainUntrusted,
            None,
            Some((Pck, |it| it.signed_by = StrangerCa)),
            &[Pck, StrangerCa, Stranger],
        ),
        (
            "a PCK signed by a CA of the right name under another root, below the right CA",
            QuoteReason::PckChainSignature,
            None,
            Some((Pck, |it| it.signed_by = StrangerCa)),
            &[Pck, PlatformCa, Root],
        ),
    ];
    rows.into_iter()
        .map(|(name, reason, divergence, change, roles)| {
            let case = Case::refused(name, &[1], (reason, Stage::Certificates), chain(change, roles));
            match divergence {
                Some(divergence) => case.diverges(divergence),
                None => case,
            }
        })
        .collect()
}

fn entry(extensions: &[Extension]) -> Vec<u8> {
    let date = der::element(0x17, b"261001000000Z");
    let mut parts = vec![der::raw_integer(&[0x55; 20]), date];
    parts.push(der::sequence(&extensions.iter().map(Extension::der).collect::<Vec<_>>()));
    der::sequence(&parts)
}

fn lists() -> Vec<Case> {
    type Row = (&'static str, Option<&'static str>, fn(&mut CrlSpec));
    let rows: [Row; 12] = [
        ("with a critical CRL number", Some("crl-extensions"), |it| it.extensions[0].critical = true),
        ("with a critical authority key identifier", Some("crl-extensions"), |it| {
            it.extensions[1].critical = true;
        }),
        ("that is a delta list and does not say so critically", None, |it| {
            it.extensions.push(Extension::new("2.5.29.27", false, der::integer(1)));
        }),
        ("of some certificates that does not say so critically", None, |it| {
            // onlyContainsCACerts.
            it.extensions.push(Extension::new(
                "2.5.29.28",
                false,
                der::sequence(&[der::element(0x82, &[0xff])]),
            ));
        }),
        ("with a negative CRL number", None, |it| {
            it.extensions[0].value = der::raw_integer(&[0xff]);
        }),
        ("with a CRL number of 21 bytes", None, |it| {
            it.extensions[0].value = der::raw_integer(&[1; 21]);
        }),
        ("with an entry of another issuer's", None, |it| {
            let issuer = der::sequence(&[der::element(0xa4, &Name::common("Somebody else").der())]);
            it.raw_entries.push(entry(&[Extension::new("2.5.29.29", true, issuer)]));
        }),
        ("with an entry of another issuer's that does not say so critically", None, |it| {
            let issuer = der::sequence(&[der::element(0xa4, &Name::common("Somebody else").der())]);
            it.raw_entries.push(entry(&[Extension::new("2.5.29.29", false, issuer)]));
        }),
        ("with an unknown critical extension of an entry", None, |it| {
            it.raw_entries.push(entry(&[Extension::new("1.2.3.4", true, der::null())]));
        }),
        ("with two reasons for an entry", None, |it| {
            let reason = Extension::new("2.5.29.21", false, der::enumerated(1));
            it.raw_entries.push(entry(&[reason.clone(), reason]));
        }),
        ("with an entry without date", None, |it| {
            it.raw_entries.push(der::sequence(&[der::raw_integer(&[0x55; 20])]));
        }),
        ("with an entry revoked on 31 February", None, |it| {
            let date = der::element(0x17, b"260231000000Z");
            it.raw_entries.push(der::sequence(&[der::raw_integer(&[0x55; 20]), date]));
        }),
    ];
    let mut cases = Vec::new();
    for (name, divergence, change) in rows {
        for (list, forged) in
            [("Root", tdx().root_crl(change).forge()), ("Pck", tdx().pck_crl(change).forge())]
        {
            let reason = (QuoteReason::CrlMalformed, Stage::Collateral);
            let case = Case::refused(format!("{list} CRL {name}"), &[30], reason, forged);
            cases.push(match divergence {
                Some(divergence) => case.diverges(divergence),
                None => case,
            });
        }
    }
    cases
}
