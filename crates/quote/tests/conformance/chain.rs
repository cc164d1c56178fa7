//! Which certificates a quote's chain has, in which order and form; and certification data without a chain.

use crate::judge::{Case, in_quote, tdx};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus};
use veritee_testkit::{Certification, Forged, Name, QuoteSpec, Role, Shape, Universe};

fn refused(name: impl Into<String>, qvl: &'static [u8], reason: QuoteReason, forged: Forged) -> Case {
    Case::refused(name, qvl, (reason, Stage::Certificates), forged)
}

fn with_chain(chain: &[Role]) -> Forged {
    in_quote(|it| it.quote(|quote| quote.certification = Certification::Chain(chain.to_vec(), vec![0])))
}

fn with_pem(edit: impl FnOnce(String) -> String) -> Forged {
    let pem = edit(tdx().pki.pem(&[Role::Pck, Role::PlatformCa, Role::Root]));
    in_quote(|it| it.quote(|quote| quote.certification = Certification::Raw(5, pem.into_bytes())))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = orders();
    cases.extend(compositions());
    cases.extend(subordinate_authority());
    cases.extend(stranger_universe());
    cases.extend(pem_forms());
    cases.extend(certification_types());
    cases
}

fn orders() -> Vec<Case> {
    use Role::{OlderRoot, Pck, PlatformCa, Root};
    let mut cases = Vec::new();
    for order in [
        [Pck, Root, PlatformCa],
        [PlatformCa, Pck, Root],
        [PlatformCa, Root, Pck],
        [Root, Pck, PlatformCa],
        [Root, PlatformCa, Pck],
    ] {
        let case = Case::verified(
            format!("chain in order {order:?}"),
            &[0],
            TcbStatus::UpToDate,
            with_chain(&order),
        );
        cases.push(if order[0] == Pck { case } else { case.diverges("chain-order") });
    }
    cases.push(Case::verified(
        "root of the same key with other dates",
        &[0],
        TcbStatus::UpToDate,
        with_chain(&[Pck, PlatformCa, OlderRoot]),
    ));
    cases
}

fn compositions() -> Vec<Case> {
    use Role::{OlderRoot, Pck, PlatformCa, ProcessorCa, Root, Stranger, StrangerCa, TcbSigner};
    let mut cases = Vec::new();
    for (name, qvl, chain, reason, divergence) in [
        (
            "chain without root",
            &[2][..],
            &[Pck, PlatformCa][..],
            QuoteReason::PckChainMalformed,
            Some("chain-length"),
        ),
        ("chain without CA", &[7], &[Pck, Root], QuoteReason::PckChainMalformed, None),
        ("chain without PCK", &[12], &[PlatformCa, Root], QuoteReason::PckChainMalformed, None),
        ("chain of nothing", &[1, 2, 7, 12], &[], QuoteReason::PckChainMalformed, None),
        (
            "chain with an unrelated fourth",
            &[],
            &[Pck, PlatformCa, Root, TcbSigner],
            QuoteReason::PckChainMalformed,
            Some("chain-length"),
        ),
        (
            "chain with its root twice",
            &[],
            &[Pck, PlatformCa, Root, Root],
            QuoteReason::PckChainMalformed,
            Some("chain-length"),
        ),
        ("chain with two roots and no CA", &[7], &[Pck, Root, OlderRoot], QuoteReason::PckChainRole, None),
        (
            "chain with two CAs and no PCK",
            &[12],
            &[PlatformCa, ProcessorCa, Root],
            QuoteReason::PckChainRole,
            None,
        ),
        (
            "chain with a TCB signer as PCK",
            &[12, 39],
            &[TcbSigner, PlatformCa, Root],
            QuoteReason::PckChainRole,
            None,
        ),
        (
            "chain under a root of the same name and another key",
            &[6, 18],
            &[Pck, PlatformCa, Stranger],
            QuoteReason::PckChainUntrusted,
            Some("root-in-chain"),
        ),
        (
            "chain with a CA under another root",
            &[8, 10],
            &[Pck, StrangerCa, Root],
            QuoteReason::PckChainUntrusted,
            None,
        ),
    ] {
        let case = refused(name, qvl, reason, with_chain(chain));
        cases.push(match divergence {
            Some(divergence) => case.diverges(divergence),
            None => case,
        });
    }
    cases
}

fn subordinate_authority() -> Vec<Case> {
    use Role::{Pck, PlatformCa, Root, SubordinateCa};
    let mut cases = Vec::new();
    let below = |it: Universe| {
        it.certificate(Pck, |it| {
            it.issuer = Name::intel("Intel SGX PCK Platform CA 2");
            it.signed_by = SubordinateCa;
        })
    };
    let sub = |chain: &[Role]| {
        in_quote(|it| {
            below(it).quote(|quote| quote.certification = Certification::Chain(chain.to_vec(), vec![0]))
        })
    };
    cases.push(refused(
        "PCK under a CA that the Platform CA may not have (four certificates)",
        &[],
        QuoteReason::PckChainMalformed,
        sub(&[Pck, SubordinateCa, PlatformCa, Root]),
    ));
    cases.push(refused(
        "PCK under a CA that the Platform CA may not have (three certificates)",
        &[2],
        QuoteReason::PckChainRole,
        sub(&[Pck, SubordinateCa, PlatformCa]),
    ));
    cases
}

/// Everything is consistent, but under another root.
fn stranger_universe() -> Vec<Case> {
    let other = Universe::new(2).forge();
    let genuine = tdx().forge();
    vec![
        refused(
            "quote of another universe",
            &[6, 18],
            QuoteReason::PckChainUntrusted,
            Forged { quote: other.quote.clone(), ..genuine.clone() },
        ),
        Case::refused(
            "quote and collateral of another universe",
            &[6, 18, 26],
            (QuoteReason::SignerChainUntrusted, Stage::Collateral),
            Forged { root_der: genuine.root_der, ..other },
        ),
    ]
}

fn pem_forms() -> Vec<Case> {
    let certificate_end = "-----END CERTIFICATE-----\n";
    let mut cases = vec![
        Case::verified(
            "chain with CRLF",
            &[0],
            TcbStatus::UpToDate,
            with_pem(|pem| pem.replace('\n', "\r\n")),
        ),
        Case::verified(
            "chain without final line end",
            &[0],
            TcbStatus::UpToDate,
            with_pem(|pem| pem.trim_end().to_owned()),
        ),
    ];
    let mut push = |name: &str, divergence: Option<&'static str>, forged: Forged| {
        let case = refused(name, &[1], QuoteReason::PckChainMalformed, forged);
        cases.push(match divergence {
            Some(divergence) => case.diverges(divergence),
            None => case,
        });
    };
    push("chain with two final zero bytes", Some("pem-form"), with_pem(|pem| pem + "\0\0"));
    push("chain with words after it", Some("pem-form"), with_pem(|pem| pem + "0123456789abcdef"));
    push(
        "chain with words between certificates",
        Some("pem-form"),
        with_pem(|pem| pem.replacen(certificate_end, "-----END CERTIFICATE-----\nwords\n", 1)),
    );
    push(
        "chain with an empty line after a begin line",
        Some("pem-form"),
        with_pem(|pem| pem.replacen("CERTIFICATE-----\n", "CERTIFICATE-----\n\n", 1)),
    );
    push(
        "chain with an empty line before an end line",
        None,
        with_pem(|pem| pem.replacen("-----END", "\n-----END", 1)),
    );
    push("chain that is no PEM", None, with_pem(|_pem| "words".to_owned()));
    push(
        "chain of another label",
        Some("pem-form"),
        with_pem(|pem| pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE")),
    );
    push("chain with a damaged base64 digit", None, with_pem(|pem| pem.replacen("MII", "M!I", 1)));
    push(
        "chain without its last end line",
        Some("pem-form"),
        with_pem(|pem| pem[..pem.len() - certificate_end.len()].to_owned()),
    );
    push("ten thousand begin lines", None, with_pem(|_pem| "-----BEGIN CERTIFICATE-----\n".repeat(1500)));
    cases
}

/// Certification types without a chain, alone and with a chain in the collateral.
fn certification_types() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, certification) in [
        (1, Certification::PlainPpid),
        (2, Certification::EncryptedPpid2048),
        (3, Certification::EncryptedPpid3072),
        (4, Certification::PckCertificate),
    ] {
        let universe = |shape| {
            Universe::with_shape(1, shape).quote(|quote: &mut QuoteSpec| {
                quote.certification = certification.clone();
            })
        };
        let forged = universe(Shape::TdxV4).forge();
        cases.push(refused(
            format!("cert_type_{number}_without_pck_chain"),
            &[51],
            QuoteReason::PckChainMissing,
            forged,
        ));
        for shape in [Shape::SgxV3, Shape::TdxV4] {
            let chain = Some(vec![Role::Pck, Role::PlatformCa, Role::Root]);
            let forged = universe(shape).change(|it| it.collateral.pck_certificate_chain = chain).forge();
            let name = if shape == Shape::SgxV3 { "cert_type" } else { "tdx_cert_type" };
            cases.push(Case::verified(
                format!("{name}_{number}_with_pck_chain"),
                &[0],
                TcbStatus::UpToDate,
                forged,
            ));
        }
    }
    cases
}
