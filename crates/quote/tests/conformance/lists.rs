//! Both revocation lists.

use crate::judge::{Case, tdx};
use veritee_quote::QuoteReason;
use veritee_quote::{Stage, TcbStatus};
use veritee_testkit::certificate::oids;
use veritee_testkit::pki::time;
use veritee_testkit::{Algorithm, CrlSpec, Extension, Forged, Name, Role, Shape, Universe, der};

fn refused(name: impl Into<String>, qvl: &'static [u8], reason: QuoteReason, forged: Forged) -> Case {
    Case::refused(name, qvl, (reason, Stage::Collateral), forged)
}

#[derive(Debug, Clone, Copy)]
enum List {
    Root,
    Pck,
}

impl List {
    fn changed(self, change: impl FnOnce(&mut CrlSpec)) -> Forged {
        match self {
            Self::Root => tdx().root_crl(change),
            Self::Pck => tdx().pck_crl(change),
        }
        .forge()
    }
}

type Change = fn(&mut CrlSpec);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for list in [List::Root, List::Pck] {
        cases.extend(one(list));
        cases.extend(dates(list));
    }
    cases.extend(mixed());
    cases
}

fn one(list: List) -> Vec<Case> {
    let (malformed, issuer) = (QuoteReason::CrlMalformed, QuoteReason::CrlIssuer);
    let unknown = |oid: &str| Extension::new(oid, true, der::sequence(&[]));
    let rows: [(&str, &[u8], QuoteReason, Option<&str>, Change); 20] = [
        ("signed by a stranger", &[32], QuoteReason::CrlSignature, None, |it| it.signed_by = Role::Stranger),
        ("with one bit of its signature flipped", &[32], QuoteReason::CrlSignature, None, |it| {
            it.edit_signature = Some(|signature| *signature.last_mut().unwrap() ^= 1);
        }),
        ("of another issuer", &[29, 41], issuer, None, |it| it.issuer = Name::intel("Intel SGX Root CB")),
        ("that names another key", &[29], issuer, Some("key-identifiers"), |it| {
            it.extensions[1].value = veritee_testkit::pki::authority_key_id(&[7; 20]);
        }),
        ("without CRL number", &[31], malformed, Some("crl-extensions"), |it| {
            it.extensions.retain(|it| it.oid != oids::CRL_NUMBER);
        }),
        ("without authority key identifier", &[31], malformed, Some("crl-extensions"), |it| {
            it.extensions.retain(|it| it.oid != oids::AKI);
        }),
        ("without extensions", &[31], malformed, None, |it| it.extensions.clear()),
        ("with CRL number twice", &[30, 31], malformed, Some("crl-extensions"), |it| {
            it.extensions.push(it.extensions[0].clone());
        }),
        ("of version 1", &[30], malformed, None, |it| it.version = None),
        ("of version 3", &[30], malformed, None, |it| it.version = Some(2)),
        ("without nextUpdate", &[30], malformed, None, |it| it.next_update = None),
        ("with RSA as outer algorithm", &[30, 32], malformed, None, |it| {
            it.outer_algorithm = Algorithm::rsa_sha256();
        }),
        ("with RSA as inner algorithm", &[30, 32], malformed, None, |it| {
            it.inner_algorithm = Algorithm::rsa_sha256();
        }),
        ("with an unknown critical extension", &[30], malformed, None, |it| {
            it.extensions.push(Extension::new("1.2.3.4", true, der::null()));
        }),
        ("with a byte after its end", &[28, 40], malformed, None, |it| it.edit_der = Some(|der| der.push(0))),
        ("cut by a byte", &[28, 40], malformed, None, |it| {
            it.edit_der = Some(|der| der.truncate(der.len() - 1));
        }),
        ("that is empty", &[28, 40], malformed, None, |it| it.edit_der = Some(|der| der.clear())),
        ("with a negative serial number", &[30], malformed, Some("serial-number"), |it| {
            it.revoke(&[0x80, 1]);
        }),
        ("with serial number zero", &[30], malformed, Some("serial-number"), |it| it.revoke(&[0])),
        ("with a serial number of 21 bytes", &[30], malformed, Some("serial-number"), |it| {
            it.revoke(&[1; 21]);
        }),
    ];
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|(name, qvl, reason, divergence, change)| {
            let case = refused(format!("{list:?} CRL {name}"), qvl, reason, list.changed(change));
            match divergence {
                Some(divergence) => case.diverges(divergence),
                None => case,
            }
        })
        .collect();
    for (name, oid) in [("delta list", "2.5.29.27"), ("partial list", "2.5.29.28")] {
        let forged = list.changed(|it| it.extensions.push(unknown(oid)));
        cases.push(refused(format!("{list:?} CRL that is a {name}"), &[30], malformed, forged));
    }
    cases
}

fn dates(list: List) -> Vec<Case> {
    let at = |change: Change| list.changed(change);
    vec![
        refused(
            format!("{list:?} CRL expired a second ago"),
            &[79],
            QuoteReason::CrlExpired,
            at(|it| it.next_update = Some(time("2026-10-14T23:59:59Z"))),
        ),
        refused(
            format!("{list:?} CRL whose next update is due this second"),
            &[79],
            QuoteReason::CrlExpired,
            at(|it| it.next_update = Some(time("2026-10-15T00:00:00Z"))),
        ),
        Case::verified(
            format!("{list:?} CRL in its last second"),
            &[0],
            TcbStatus::UpToDate,
            at(|it| it.next_update = Some(time("2026-10-15T00:00:01Z"))),
        ),
        refused(
            format!("{list:?} CRL from the next second"),
            &[79],
            QuoteReason::CrlNotYetValid,
            at(|it| it.this_update = time("2026-10-15T00:00:01Z")),
        )
        .diverges("crl-this-update"),
        refused(
            format!("{list:?} CRL from seven months later"),
            &[79],
            QuoteReason::CrlNotYetValid,
            at(|it| {
                (it.this_update, it.next_update) =
                    (time("2027-05-15T00:00:00Z"), Some(time("2027-06-15T00:00:00Z")));
            }),
        )
        .diverges("crl-this-update"),
        Case::verified(
            format!("{list:?} CRL in its first second"),
            &[0],
            TcbStatus::UpToDate,
            at(|it| it.this_update = time("2026-10-15T00:00:00Z")),
        ),
    ]
}

fn mixed() -> Vec<Case> {
    let genuine = tdx().forge();
    let mut swapped = genuine.clone();
    std::mem::swap(&mut swapped.collateral.root_ca_crl, &mut swapped.collateral.pck_crl);
    let mut root_twice = genuine.clone();
    root_twice.collateral.pck_crl = genuine.collateral.root_ca_crl.clone();
    let mut pck_twice = genuine.clone();
    pck_twice.collateral.root_ca_crl = genuine.collateral.pck_crl.clone();
    let processor = Universe::under(1, Shape::TdxV4, Role::ProcessorCa).forge();
    let mut other_list = genuine.clone();
    other_list.collateral.pck_crl = processor.collateral.pck_crl.clone();
    let attacker = tdx().pck_crl(|crl| crl.signed_by = Role::Pck).forge();
    vec![
        refused("CRLs swapped", &[29, 41], QuoteReason::CrlIssuer, swapped),
        refused("root CRL in place of the PCK CRL", &[29, 41], QuoteReason::CrlIssuer, root_twice),
        refused("PCK CRL in place of the root CRL", &[29], QuoteReason::CrlIssuer, pck_twice),
        refused("CRL of the other PCK CA", &[29, 41], QuoteReason::CrlIssuer, other_list),
        refused("PCK CRL signed by the PCK itself", &[32], QuoteReason::CrlSignature, attacker),
        refused(
            "collateral of the other PCK CA",
            &[41],
            QuoteReason::CrlIssuer,
            Forged { quote: genuine.quote.clone(), ..processor.clone() },
        ),
        refused(
            "quote of the other PCK CA",
            &[41],
            QuoteReason::CrlIssuer,
            Forged { quote: processor.quote, ..genuine },
        ),
    ]
}
