//! The PCK chain in the quote, its SGX extension, and its revocation.

use crate::judge::{Case, in_quote, tdx};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus};
use veritee_testkit::certificate::oids;
use veritee_testkit::pki::time;
use veritee_testkit::{Algorithm, Extension, Forged, Name, Role, SgxExtension, Universe, der};

/// The roles in the chain of a quote, with the QVL codes for: invalid, missing extensions, wrong issuer.
const CHAIN: [(Role, &[u8], &[u8], &[u8]); 3] = [
    (Role::Pck, &[13], &[14], &[15]),
    (Role::PlatformCa, &[8], &[9], &[10]),
    (Role::Root, &[3, 17], &[4], &[5]),
];

fn refused(name: impl Into<String>, qvl: &'static [u8], reason: QuoteReason, forged: Forged) -> Case {
    Case::refused(name, qvl, (reason, Stage::Certificates), forged)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = extensions();
    cases.extend(parts());
    cases.extend(links());
    cases.extend(dates());
    cases.extend(encodings());
    cases.extend(revocations());
    cases.extend(sgx_extension());
    cases
}

fn extensions() -> Vec<Case> {
    let mut cases = Vec::new();
    for (role, _, missing, _) in CHAIN {
        for oid in [oids::AKI, oids::SKI, oids::CRL_DISTRIBUTION, oids::KEY_USAGE, oids::BASIC_CONSTRAINTS] {
            let forged = in_quote(|it| it.certificate(role, |it| it.remove_extension(oid)));
            let case = refused(
                format!("{role:?} without extension {oid}"),
                missing,
                QuoteReason::PckChainRole,
                forged,
            );
            let noticed_by_peer = role == Role::PlatformCa && oid == oids::BASIC_CONSTRAINTS;
            cases.push(if noticed_by_peer { case } else { case.diverges("certificate-extensions") });
        }
    }
    cases
}

fn parts() -> Vec<Case> {
    let mut cases = Vec::new();
    for role in [Role::PlatformCa, Role::Root] {
        let (invalid, diverges) = if role == Role::Root { (&[3][..], true) } else { (&[8][..], false) };
        let forged = in_quote(|it| it.certificate(role, |it| it.set_basic_constraints(false, None)));
        let case = refused(format!("{role:?} that is no CA"), invalid, QuoteReason::PckChainRole, forged);
        cases.push(if diverges { case.diverges("root-in-chain") } else { case });
        for (bit, name) in [(0x02, "keyCertSign"), (0x04, "cRLSign")] {
            let forged = in_quote(|it| it.certificate(role, |it| it.set_key_usage(bit)));
            let case =
                refused(format!("{role:?} without {name}"), invalid, QuoteReason::PckChainRole, forged);
            let noticed_by_peer = role == Role::PlatformCa && name == "cRLSign";
            cases.push(if noticed_by_peer { case } else { case.diverges("key-usage") });
        }
    }
    let forged = in_quote(|it| it.certificate(Role::Root, |it| it.set_basic_constraints(true, Some(0))));
    cases.push(
        refused("Root that allows no CA below it", &[3], QuoteReason::PckChainRole, forged)
            .diverges("root-in-chain"),
    );
    let forged = in_quote(|it| it.certificate(Role::PlatformCa, |it| it.set_basic_constraints(true, None)));
    cases.push(Case::verified("PlatformCa without path length", &[0], TcbStatus::UpToDate, forged));
    let forged = in_quote(|it| it.certificate(Role::Pck, |it| it.set_basic_constraints(true, None)));
    cases.push(refused("Pck that says it is a CA", &[13], QuoteReason::PckChainRole, forged));
    let forged = in_quote(|it| it.certificate(Role::Pck, |it| it.set_key_usage(0x40)));
    cases.push(
        refused("Pck without digitalSignature", &[13], QuoteReason::PckChainRole, forged)
            .diverges("key-usage"),
    );
    for name in ["Intel SGX PCK Processor CA", "SGX PCK Certificate", "Intel SGX PCK Certificate\0", ""] {
        let forged = in_quote(|it| it.certificate(Role::Pck, |it| it.subject.set_common_name(name)));
        cases.push(
            refused(format!("Pck named {name:?}"), &[12, 39], QuoteReason::PckChainRole, forged)
                .diverges("certificate-names"),
        );
    }
    let forged = in_quote(|it| {
        let name = Name::intel("Intel SGX Other CA");
        it.certificate(Role::Pck, |it| it.issuer = name.clone())
            .certificate(Role::PlatformCa, |it| it.subject = name.clone())
    });
    cases.push(refused("PlatformCa of another name", &[7], QuoteReason::PckChainRole, forged));
    let forged = in_quote(|it| {
        let name = Name::intel("Intel SGX Other Root");
        it.certificate(Role::Root, |it| (it.subject, it.issuer) = (name.clone(), name.clone()))
    });
    cases.push(
        refused("Root of another name", &[2, 6], QuoteReason::PckChainUntrusted, forged)
            .diverges("root-in-chain"),
    );
    cases
}

fn links() -> Vec<Case> {
    let mut cases = Vec::new();
    for (role, invalid, _, issuer) in CHAIN {
        let root = role == Role::Root;
        let mark = |case: Case| if root { case.diverges("root-in-chain") } else { case };
        let forged = in_quote(|it| it.certificate(role, |it| it.signed_by = Role::Stranger));
        cases.push(mark(refused(
            format!("{role:?} signed by a stranger"),
            invalid,
            QuoteReason::PckChainSignature,
            forged,
        )));
        let forged = in_quote(|it| {
            it.certificate(role, |it| {
                it.edit_signature = Some(|signature| *signature.last_mut().unwrap() ^= 1);
            })
        });
        cases.push(mark(refused(
            format!("{role:?} with one bit of its signature flipped"),
            invalid,
            QuoteReason::PckChainSignature,
            forged,
        )));
        let reason = if root { QuoteReason::PckChainRole } else { QuoteReason::PckChainUntrusted };
        let forged = in_quote(|it| it.certificate(role, |it| it.issuer = Name::intel("Intel SGX Root CB")));
        cases.push(mark(refused(format!("{role:?} that names another issuer"), issuer, reason, forged)));
        let forged = in_quote(|it| {
            it.certificate(role, |it| {
                it.extension_mut(oids::AKI).value = veritee_testkit::pki::authority_key_id(&[7; 20]);
            })
        });
        cases.push(
            refused(
                format!("{role:?} that names another issuer key"),
                issuer,
                QuoteReason::PckChainUntrusted,
                forged,
            )
            .diverges("key-identifiers"),
        );
    }
    cases
}

fn dates() -> Vec<Case> {
    let mut cases = Vec::new();
    for (role, ..) in CHAIN {
        let mark = |case: Case| if role == Role::Root { case.diverges("root-in-chain") } else { case };
        let forged = in_quote(|it| it.certificate(role, |it| it.not_after = time("2026-10-14T23:59:59Z")));
        cases.push(mark(refused(
            format!("{role:?} expired a second ago"),
            &[78],
            QuoteReason::CertificateExpired,
            forged,
        )));
        let forged = in_quote(|it| it.certificate(role, |it| it.not_after = time("2026-10-15T00:00:00Z")));
        cases.push(Case::verified(format!("{role:?} in its last second"), &[0], TcbStatus::UpToDate, forged));
        let forged = in_quote(|it| it.certificate(role, |it| it.not_before = time("2026-10-15T00:00:01Z")));
        cases.push(mark(refused(
            format!("{role:?} valid from the next second"),
            &[],
            QuoteReason::CertificateNotYetValid,
            forged,
        )));
        let forged = in_quote(|it| it.certificate(role, |it| it.not_before = time("2026-10-15T00:00:00Z")));
        cases.push(Case::verified(
            format!("{role:?} in its first second"),
            &[0],
            TcbStatus::UpToDate,
            forged,
        ));
    }
    cases
}

fn encodings() -> Vec<Case> {
    let mut cases = Vec::new();
    for (role, ..) in CHAIN {
        let root = role == Role::Root;
        let mut push =
            |name: &str, divergence: Option<&'static str>, change: fn(Universe, Role) -> Universe| {
                let forged = in_quote(|it| change(it, role));
                let case = refused(format!("{role:?} {name}"), &[1], QuoteReason::PckChainMalformed, forged);
                let divergence = if root { Some("root-in-chain") } else { divergence };
                cases.push(match divergence {
                    Some(name) => case.diverges(name),
                    None => case,
                });
            };
        push("with RSA as outer algorithm", None, |it, role| {
            it.certificate(role, |it| it.outer_algorithm = Algorithm::rsa_sha256())
        });
        push("with RSA as inner algorithm", None, |it, role| {
            it.certificate(role, |it| it.inner_algorithm = Algorithm::rsa_sha256())
        });
        push("with Ed25519 as both algorithms", None, |it, role| {
            it.certificate(role, |it| {
                (it.inner_algorithm, it.outer_algorithm) = (Algorithm::ed25519(), Algorithm::ed25519());
            })
        });
        push("with ECDSA and SHA-384 as both algorithms", None, |it, role| {
            it.certificate(role, |it| {
                (it.inner_algorithm, it.outer_algorithm) =
                    (Algorithm::ecdsa_sha384(), Algorithm::ecdsa_sha384());
            })
        });
        push("of X.509 version 1", None, |it, role| it.certificate(role, |it| it.version = None));
        push("of X.509 version 2", None, |it, role| it.certificate(role, |it| it.version = Some(1)));
        push("with a negative serial number", Some("serial-number"), |it, role| {
            it.certificate(role, |it| it.serial = vec![0x80, 1])
        });
        push("with serial number zero", Some("serial-number"), |it, role| {
            it.certificate(role, |it| it.serial = vec![0])
        });
        push("with a serial number of 21 bytes", Some("serial-number"), |it, role| {
            it.certificate(role, |it| it.serial = vec![1; 21])
        });
        push("with an unknown critical extension", None, |it, role| {
            it.certificate(role, |it| it.extensions.push(Extension::new("1.2.3.4", true, der::null())))
        });
        push("with key usage twice", None, |it, role| {
            it.certificate(role, |it| {
                let copy = it.extension_mut(oids::KEY_USAGE).clone();
                it.extensions.push(copy);
            })
        });
        push("with a byte after its end", None, |it, role| {
            it.certificate(role, |it| it.edit_der = Some(|der| der.push(0)))
        });
        push("cut by a byte", None, |it, role| {
            it.certificate(role, |it| it.edit_der = Some(|der| der.truncate(der.len() - 1)))
        });
        push("with a public key on another curve", None, |it, role| {
            it.certificate(role, |it| {
                it.spki = Some(der::sequence(&[
                    der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid("1.3.132.0.34")]),
                    der::bit_string(0, &[4; 97]),
                ]));
            })
        });
    }
    cases
}

fn revocations() -> Vec<Case> {
    let mut cases = vec![
        refused("PCK revoked", &[16, 43], QuoteReason::PckRevoked, tdx().revoke(Role::Pck).forge()),
        refused(
            "PCK revoked for the reason removeFromCRL",
            &[16, 43],
            QuoteReason::PckRevoked,
            tdx().revoke(Role::Pck).pck_crl(|crl| crl.revoked[0].reason = Some(8)).forge(),
        ),
        refused(
            "PCK revoked in the future",
            &[16, 43],
            QuoteReason::PckRevoked,
            tdx().revoke(Role::Pck).pck_crl(|crl| crl.revoked[0].date = time("2030-01-01T00:00:00Z")).forge(),
        ),
        refused("PCK revoked among a thousand others", &[16, 43], QuoteReason::PckRevoked, {
            let among = |crl: &mut veritee_testkit::CrlSpec| {
                for number in 0_u16..1000 {
                    crl.revoke(&[&[1][..], &number.to_be_bytes()].concat());
                }
            };
            tdx().pck_crl(among).revoke(Role::Pck).pck_crl(among).forge()
        }),
        Case::verified(
            "PCK CRL with another serial number",
            &[0],
            TcbStatus::UpToDate,
            tdx().pck_crl(|crl| crl.revoke(&[0x55; 20])).forge(),
        ),
        Case::verified(
            "PCK's serial number in the root's list",
            &[0],
            TcbStatus::UpToDate,
            tdx().change(|it| it.collateral.root_crl.revoke(&it.pki.serial(Role::Pck))).forge(),
        ),
    ];
    // A CA that only the quote shows, with another serial number than the collateral's.
    let other_ca = |it: Universe| it.certificate(Role::PlatformCa, |it| it.serial = vec![0x11; 19]);
    cases.push(Case::verified(
        "another certificate of the same CA in the quote",
        &[0],
        TcbStatus::UpToDate,
        in_quote(other_ca),
    ));
    cases.push(refused(
        "another certificate of the same CA in the quote, revoked",
        &[11],
        QuoteReason::CaRevoked,
        Forged {
            quote: other_ca(tdx()).forge().quote,
            ..tdx().root_crl(|crl| crl.revoke(&[0x11; 19])).forge()
        },
    ));
    cases
}

fn sgx_extension() -> Vec<Case> {
    let mut cases = Vec::new();
    let qvl: &[u8] = &[38, 39];
    let with = |change: &dyn Fn(&mut SgxExtension)| in_quote(|it| it.sgx_extension(change));
    let mut push = |name: String, divergence: Option<&'static str>, forged: Forged| {
        let case = refused(name, qvl, QuoteReason::PckExtensionMalformed, forged);
        cases.push(match divergence {
            Some(divergence) => case.diverges(divergence),
            None => case,
        });
    };
    for part in 1..=7 {
        // The peer needs neither part 6 nor 7.
        let optional = (part > 5).then_some("sgx-extension-form");
        push(format!("SGX extension without part {part}"), optional, with(&|it| it.omit = vec![part]));
        push(
            format!("SGX extension with part {part} twice"),
            Some("sgx-extension-form"),
            with(&|it| it.repeat = vec![part]),
        );
    }
    for (name, divergence, forged) in [
        ("PPID of 15 bytes", Some("sgx-extension-form"), with(&|it| it.ppid.truncate(15))),
        ("FMSPC of 5 bytes", None, with(&|it| it.fmspc.truncate(5))),
        ("FMSPC of 7 bytes", None, with(&|it| it.fmspc.push(0))),
        ("PCEID of 1 byte", Some("sgx-extension-form"), with(&|it| it.pceid.truncate(1))),
        ("PCEID of 3 bytes", Some("sgx-extension-form"), with(&|it| it.pceid.push(0))),
        ("CPUSVN of 15 bytes", None, with(&|it| it.cpusvn.truncate(15))),
        ("CPUSVN of 17 bytes", None, with(&|it| it.cpusvn.push(0))),
        ("15 components", Some("components-not-cpusvn"), with(&|it| it.components.truncate(15))),
        ("18 components", None, with(&|it| it.components.extend([0; 2]))),
        ("component above 255", Some("components-not-cpusvn"), with(&|it| it.components[0] = 256)),
        ("PCESVN of 65536", None, with(&|it| it.pcesvn = vec![1, 0, 0])),
        ("PCESVN of no bytes", None, with(&|it| it.pcesvn = Vec::new())),
        ("PCESVN below zero", Some("pcesvn-form"), with(&|it| it.pcesvn = vec![0xff])),
        ("PCESVN with a needless zero", Some("pcesvn-form"), with(&|it| it.pcesvn = vec![0, 11])),
        ("SGX type 3", Some("sgx-extension-form"), with(&|it| it.sgx_type = 3)),
    ] {
        push(name.to_owned(), divergence, forged);
    }
    cases.push(Case::verified(
        "PCESVN of two bytes",
        &[0],
        TcbStatus::UpToDate,
        in_quote(|it| it.sgx_extension(|it| it.pcesvn = vec![1, 0])),
    ));
    cases.push(
        Case::verified(
            "PCESVN of 65535 in three bytes",
            &[0],
            TcbStatus::UpToDate,
            in_quote(|it| it.sgx_extension(|it| it.pcesvn = vec![0, 0xff, 0xff])),
        )
        .diverges("pcesvn-form"),
    );
    cases.push(refused(
        "two SGX extensions",
        qvl,
        QuoteReason::PckChainMalformed,
        in_quote(|it| it.pki(|pki| pki.sgx_extension_copies = 2)),
    ));
    cases.push(refused(
        "no SGX extension",
        qvl,
        QuoteReason::PckChainRole,
        in_quote(|it| it.pki(|pki| pki.sgx_extension_copies = 0)),
    ));
    cases
}
