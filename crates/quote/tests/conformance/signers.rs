//! The chains of the TCB signer and of the PCK revocation list's issuer, and the trust root itself.

use crate::judge::{Case, tdx, under_genuine_root};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus};
use veritee_testkit::certificate::{CertificateSpec, oids};
use veritee_testkit::pki::time;
use veritee_testkit::{Algorithm, Forged, Name, Role, Universe};

fn refused(name: impl Into<String>, qvl: &'static [u8], reason: QuoteReason, forged: Forged) -> Case {
    Case::refused(name, qvl, (reason, Stage::Collateral), forged)
}

fn marked(case: Case, divergence: Option<&'static str>) -> Case {
    match divergence {
        Some(name) => case.diverges(name),
        None => case,
    }
}

/// Which of the two identical signer chains is changed.
#[derive(Debug, Clone, Copy)]
enum Signed {
    TcbInfo,
    QeIdentity,
}

impl Signed {
    const BOTH: [Self; 2] = [Self::TcbInfo, Self::QeIdentity];

    /// The changed universe's issuer chain in the genuine collateral.
    fn swap(self, changed: &Universe) -> Forged {
        let (mut forged, changed) = (tdx().forge(), changed.forge().collateral);
        match self {
            Self::TcbInfo => forged.collateral.tcb_info_issuer_chain = changed.tcb_info_issuer_chain,
            Self::QeIdentity => forged.collateral.qe_identity_issuer_chain = changed.qe_identity_issuer_chain,
        }
        forged
    }

    /// The document signed by another role, with that role's chain.
    fn signed_by(self, signer: Role, chain: &[Role]) -> Universe {
        tdx().change(|it| match self {
            Self::TcbInfo => {
                it.tcb_info.signed_by = signer;
                it.collateral.tcb_info_issuer_chain = chain.to_vec();
            }
            Self::QeIdentity => {
                it.qe_identity.signed_by = signer;
                it.collateral.qe_identity_issuer_chain = chain.to_vec();
            }
        })
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for signed in Signed::BOTH {
        cases.extend(signer_certificate(signed));
        cases.extend(signer_chain(signed));
    }
    cases.extend(crl_issuer_certificate());
    cases.extend(crl_issuer_chain());
    cases.extend(trust_root());
    cases
}

type Change = fn(&mut CertificateSpec);

fn signer_certificate(signed: Signed) -> Vec<Case> {
    let signer = Role::TcbSigner;
    let rows: [(&str, &[u8], QuoteReason, Option<&str>, Change); 13] = [
        ("signed by a stranger", &[23], QuoteReason::SignerChainSignature, None, |it| {
            it.signed_by = Role::Stranger;
        }),
        ("with one bit of its signature flipped", &[23], QuoteReason::SignerChainSignature, None, |it| {
            it.edit_signature = Some(|signature| *signature.last_mut().unwrap() ^= 1);
        }),
        ("that names another issuer", &[25], QuoteReason::SignerChainUntrusted, None, |it| {
            it.issuer = Name::intel("Intel SGX Root CB");
        }),
        (
            "that names another issuer key",
            &[25],
            QuoteReason::SignerChainUntrusted,
            Some("key-identifiers"),
            |it| {
                it.extension_mut(oids::AKI).value = veritee_testkit::pki::authority_key_id(&[7; 20]);
            },
        ),
        ("without digitalSignature", &[23], QuoteReason::SignerChainRole, Some("key-usage"), |it| {
            it.set_key_usage(0x40);
        }),
        ("that says it is a CA", &[23], QuoteReason::SignerChainRole, None, |it| {
            it.set_basic_constraints(true, None);
        }),
        ("of another name", &[22], QuoteReason::SignerChainRole, Some("certificate-names"), |it| {
            it.subject.set_common_name("Intel SGX PCK Certificate");
        }),
        ("expired a second ago", &[80], QuoteReason::CertificateExpired, None, |it| {
            it.not_after = time("2026-10-14T23:59:59Z");
        }),
        ("valid from the next second", &[], QuoteReason::CertificateNotYetValid, None, |it| {
            it.not_before = time("2026-10-15T00:00:01Z");
        }),
        ("with RSA as outer algorithm", &[1, 23], QuoteReason::SignerChainMalformed, None, |it| {
            it.outer_algorithm = Algorithm::rsa_sha256();
        }),
        ("with RSA as inner algorithm", &[1, 23], QuoteReason::SignerChainMalformed, None, |it| {
            it.inner_algorithm = Algorithm::rsa_sha256();
        }),
        ("of X.509 version 1", &[1, 23], QuoteReason::SignerChainMalformed, None, |it| it.version = None),
        ("with a byte after its end", &[1], QuoteReason::SignerChainMalformed, None, |it| {
            it.edit_der = Some(|der| der.push(0));
        }),
    ];
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|(name, qvl, reason, divergence, change)| {
            let forged = signed.swap(&tdx().certificate(signer, change));
            marked(refused(format!("{signed:?} signer {name}"), qvl, reason, forged), divergence)
        })
        .collect();
    for oid in [oids::AKI, oids::SKI, oids::CRL_DISTRIBUTION, oids::KEY_USAGE, oids::BASIC_CONSTRAINTS] {
        let forged = signed.swap(&tdx().certificate(signer, |it| it.remove_extension(oid)));
        let name = format!("{signed:?} signer without extension {oid}");
        cases.push(
            refused(name, &[24], QuoteReason::SignerChainRole, forged).diverges("certificate-extensions"),
        );
    }
    cases.extend(signer_dates(signed));
    cases
}

fn signer_dates(signed: Signed) -> Vec<Case> {
    let last: Change = |it| it.not_after = time("2026-10-15T00:00:00Z");
    let first: Change = |it| it.not_before = time("2026-10-15T00:00:00Z");
    let seconds = [("last", last), ("first", first)];
    let case = |(name, change)| {
        let forged = signed.swap(&tdx().certificate(Role::TcbSigner, change));
        let name = format!("{signed:?} signer in its {name} second");
        Case::verified(name, &[0], TcbStatus::UpToDate, forged)
    };
    seconds.into_iter().map(case).collect()
}

fn signer_chain(signed: Signed) -> Vec<Case> {
    use Role::{OlderRoot, Pck, PlatformCa, ProcessorCa, Root, Stranger, StrangerSigner, TcbSigner};
    let (untrusted, role) = (QuoteReason::SignerChainUntrusted, QuoteReason::SignerChainRole);
    let malformed = QuoteReason::SignerChainMalformed;
    let rows: [(&str, &[u8], QuoteReason, Option<&str>, Role, &[Role]); 13] = [
        ("without root", &[2], malformed, Some("chain-length"), TcbSigner, &[TcbSigner]),
        ("of the root alone", &[22], malformed, None, TcbSigner, &[Root]),
        ("of nothing", &[1, 22], malformed, None, TcbSigner, &[]),
        (
            "with an unrelated third",
            &[],
            malformed,
            Some("chain-length"),
            TcbSigner,
            &[TcbSigner, Root, PlatformCa],
        ),
        ("of a PCK, and signed by it", &[22, 23], malformed, None, Pck, &[Pck, PlatformCa, Root]),
        ("of a PCK and the root, and signed by the PCK", &[22, 25], role, None, Pck, &[Pck, Root]),
        ("of a PCK and its CA, and signed by the PCK", &[2, 22], role, None, Pck, &[Pck, PlatformCa]),
        ("of a PCK CA, and signed by it", &[22], role, None, PlatformCa, &[PlatformCa, Root]),
        ("of the other PCK CA, and signed by it", &[22], role, None, ProcessorCa, &[ProcessorCa, Root]),
        ("of the root twice, and signed by the root", &[22], role, None, Root, &[Root, OlderRoot]),
        (
            "of a stranger's signer and root",
            &[6, 26],
            untrusted,
            None,
            StrangerSigner,
            &[StrangerSigner, Stranger],
        ),
        (
            "of a stranger's signer under the root",
            &[23, 25],
            untrusted,
            None,
            StrangerSigner,
            &[StrangerSigner, Root],
        ),
        (
            "of the signer under a stranger's root",
            &[26],
            untrusted,
            Some("root-in-chain"),
            TcbSigner,
            &[TcbSigner, Stranger],
        ),
    ];
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|(name, qvl, reason, divergence, signer, chain)| {
            let forged = signed.signed_by(signer, chain).forge();
            marked(refused(format!("{signed:?} chain {name}"), qvl, reason, forged), divergence)
        })
        .collect();
    cases.push(
        Case::verified(
            format!("{signed:?} chain in the other order"),
            &[0],
            TcbStatus::UpToDate,
            signed.signed_by(TcbSigner, &[Root, TcbSigner]).forge(),
        )
        .diverges("chain-order"),
    );
    cases.push(Case::verified(
        format!("{signed:?} chain with another certificate of the root's key"),
        &[0],
        TcbStatus::UpToDate,
        signed.signed_by(TcbSigner, &[TcbSigner, OlderRoot]).forge(),
    ));
    let revoked = tdx().revoke(TcbSigner).forge();
    if matches!(signed, Signed::TcbInfo) {
        cases.push(refused("TCB signer revoked", &[27], QuoteReason::SignerRevoked, revoked));
    } else {
        // Only the identity's signer has the revoked serial number.
        let other = tdx().certificate(TcbSigner, |it| it.serial = vec![0x12; 19]);
        let mut forged = signed.swap(&other);
        forged.collateral.root_ca_crl =
            tdx().root_crl(|crl| crl.revoke(&[0x12; 19])).forge().collateral.root_ca_crl;
        cases.push(refused("QE identity's signer revoked", &[27], QuoteReason::SignerRevoked, forged));
    }
    cases
}

fn crl_issuer_certificate() -> Vec<Case> {
    let ca = Role::PlatformCa;
    let rows: [(&str, &[u8], QuoteReason, Change); 13] = [
        ("signed by a stranger", &[8], QuoteReason::CrlChainSignature, |it| it.signed_by = Role::Stranger),
        ("that names another issuer", &[10], QuoteReason::CrlChainUntrusted, |it| {
            it.issuer = Name::intel("Intel SGX Root CB");
        }),
        ("that names another issuer key", &[10], QuoteReason::CrlChainUntrusted, |it| {
            it.extension_mut(oids::AKI).value = veritee_testkit::pki::authority_key_id(&[7; 20]);
        }),
        ("without authority key identifier", &[9], QuoteReason::CrlChainRole, |it| {
            it.remove_extension(oids::AKI);
        }),
        ("without subject key identifier", &[9], QuoteReason::CrlChainRole, |it| {
            it.remove_extension(oids::SKI);
        }),
        ("without distribution points", &[9], QuoteReason::CrlChainRole, |it| {
            it.remove_extension(oids::CRL_DISTRIBUTION);
        }),
        ("without key usage", &[9], QuoteReason::CrlChainRole, |it| it.remove_extension(oids::KEY_USAGE)),
        ("that is no CA", &[8], QuoteReason::CrlChainRole, |it| it.set_basic_constraints(false, None)),
        ("without keyCertSign", &[8], QuoteReason::CrlChainRole, |it| it.set_key_usage(0x02)),
        ("without cRLSign", &[8], QuoteReason::CrlChainRole, |it| it.set_key_usage(0x04)),
        ("expired a second ago", &[78], QuoteReason::CertificateExpired, |it| {
            it.not_after = time("2026-10-14T23:59:59Z");
        }),
        ("valid from the next second", &[], QuoteReason::CertificateNotYetValid, |it| {
            it.not_before = time("2026-10-15T00:00:01Z");
        }),
        ("with RSA as outer algorithm", &[1], QuoteReason::CrlChainMalformed, |it| {
            it.outer_algorithm = Algorithm::rsa_sha256();
        }),
    ];
    rows.into_iter()
        .map(|(name, qvl, reason, change)| {
            let mut forged = tdx().forge();
            let changed = tdx().certificate(ca, change).forge().collateral;
            forged.collateral.pck_crl_issuer_chain = changed.pck_crl_issuer_chain;
            // The peer never looks at this chain.
            refused(format!("CRL issuer {name}"), qvl, reason, forged).diverges("crl-issuer-chain")
        })
        .collect()
}

fn crl_issuer_chain() -> Vec<Case> {
    use Role::{OlderRoot, Pck, PlatformCa, ProcessorCa, Root, Stranger, StrangerCa, TcbSigner};
    let malformed = QuoteReason::CrlChainMalformed;
    let with =
        |chain: &[Role]| tdx().change(|it| it.collateral.pck_crl_issuer_chain = chain.to_vec()).forge();
    let rows: [(&str, &[u8], QuoteReason, &[Role]); 9] = [
        ("without root", &[2], malformed, &[PlatformCa]),
        ("of the root alone", &[7], malformed, &[Root]),
        ("of nothing", &[1], malformed, &[]),
        ("with an unrelated third", &[], malformed, &[PlatformCa, Root, ProcessorCa]),
        ("of a TCB signer", &[7, 41], QuoteReason::CrlChainRole, &[TcbSigner, Root]),
        ("of a PCK", &[7, 41], QuoteReason::CrlChainRole, &[Pck, Root]),
        ("of a stranger", &[6, 18], QuoteReason::CrlChainUntrusted, &[StrangerCa, Stranger]),
        ("under a stranger's root", &[6, 18], QuoteReason::CrlChainUntrusted, &[PlatformCa, Stranger]),
        ("of the other CA", &[29, 41], QuoteReason::CrlIssuer, &[ProcessorCa, Root]),
    ];
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|(name, qvl, reason, chain)| {
            refused(format!("CRL issuer chain {name}"), qvl, reason, with(chain)).diverges("crl-issuer-chain")
        })
        .collect();
    for (name, chain) in [
        ("in the other order", [Root, PlatformCa]),
        ("with another certificate of the root's key", [PlatformCa, OlderRoot]),
    ] {
        cases.push(Case::verified(
            format!("CRL issuer chain {name}"),
            &[0],
            TcbStatus::UpToDate,
            with(&chain),
        ));
    }
    cases.push(refused("PCK CA revoked", &[11], QuoteReason::CaRevoked, tdx().revoke(PlatformCa).forge()));
    cases.push(refused(
        "root revoked by its own list",
        &[],
        QuoteReason::RootRevoked,
        tdx().revoke(Root).forge(),
    ));
    cases
}

fn trust_root() -> Vec<Case> {
    let with = |change: Change| {
        let changed = tdx().certificate(Role::Root, change).forge();
        Forged { root_der: changed.root_der, ..tdx().forge() }
    };
    let rows: [(&str, &[u8], Option<&str>, Change); 6] = [
        ("not signed by itself", &[17], Some("trust-root"), |it| it.signed_by = Role::Stranger),
        ("issued by another name", &[17], None, |it| it.issuer = Name::intel("Intel SGX Root CB")),
        ("that is no CA", &[17], Some("trust-root"), |it| it.set_basic_constraints(false, None)),
        ("that may not sign certificates", &[17], Some("trust-root"), |it| it.set_key_usage(0x02)),
        ("that cannot be read", &[35], None, |it| it.edit_der = Some(|der| der.truncate(100))),
        ("with a byte after its end", &[35], None, |it| it.edit_der = Some(|der| der.push(0))),
    ];
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|(name, qvl, divergence, change)| {
            marked(
                refused(format!("trust root {name}"), qvl, QuoteReason::TrustRootMalformed, with(change)),
                divergence,
            )
        })
        .collect();
    // Every chain ends in a root of the right name, but the anchor is another one.
    cases.push(refused(
        "another trust root of the same name",
        &[6, 18, 26],
        QuoteReason::SignerChainUntrusted,
        Forged { root_der: tdx().pki.der(Role::Stranger), ..tdx().forge() },
    ));
    cases.push(refused(
        "everything under a test root, verified under Intel's",
        &[6, 18, 26],
        QuoteReason::SignerChainUntrusted,
        Forged { root_der: veritee_quote::TrustRoot::intel().der().to_vec(), ..tdx().forge() },
    ));
    let renamed = tdx().change(|it| {
        for certificate in it.pki.certificates.values_mut() {
            for name in [&mut certificate.subject, &mut certificate.issuer] {
                if name.attributes[0].1 == "Intel SGX Root CA" {
                    name.set_common_name("Intel SGX Root CX");
                }
            }
        }
        it.collateral.root_crl.issuer.set_common_name("Intel SGX Root CX");
    });
    cases.push(refused(
        "a root of another name everywhere but in the anchor",
        &[2, 6],
        QuoteReason::SignerChainUntrusted,
        under_genuine_root(&renamed),
    ));
    cases
}
