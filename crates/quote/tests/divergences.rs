//! `docs/divergences.md` lists exactly what the tests show.

#[path = "support/vectors.rs"]
mod common;

use common::Sample;
use veritee_quote::QuoteReason;
use veritee_quote::{Collateral, Expiry, Quote, TcbStatus, TrustRoot};
use veritee_testkit::{Body, Certification, Role, Shape, Universe};

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/divergences.md")).unwrap()
}

/// Rows of the tables: name and last cell.
fn rows(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("| `"));
    lines
        .map(|line| {
            let (name, rest) = line.split_once('`').unwrap();
            let last = rest.trim_end_matches(" |").rsplit_once("| ").unwrap().1;
            (name.to_owned(), last.to_owned())
        })
        .collect()
}

fn sources() -> String {
    let folders = ["tests", "tests/conformance", "src/tcb"];
    let mut text = String::new();
    for folder in folders {
        let path = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

#[test]
fn every_test_that_the_document_names_is_there() {
    let document = document();
    let (_, second) = document.split_once("## Differences that").unwrap();
    let sources = sources();
    for (name, test) in rows(second) {
        assert!(sources.contains(&format!("fn {}(", test.trim_matches('`'))), "{name} names no test: {test}");
    }
}

#[test]
fn white_space_in_signed_documents_is_part_of_what_is_signed() {
    let sample = Sample::tdx();
    for identity in [false, true] {
        let mut parts = Collateral::from_json(&sample.collateral).unwrap().parts().clone();
        // The same JSON to any reader, and to a verifier that writes it anew before it checks.
        let text = if identity { &mut parts.qe_identity } else { &mut parts.tcb_info };
        *text = text.replacen(':', ": ", 1);
        let changed = Collateral::from_parts(parts);
        let error = changed.verify_at(&TrustRoot::intel(), sample.as_of, Expiry::Enforce).unwrap_err();
        let expected =
            if identity { QuoteReason::QeIdentitySignature } else { QuoteReason::TcbInfoSignature };
        assert_eq!(error.reason(), expected);
    }
}

#[test]
fn advisories_of_the_current_tcb_are_merged_too() {
    let forged = Universe::with_shape(5, Shape::TdxV5Td15)
        .quote(|quote| {
            let Body::Td(report) = &mut quote.body else { panic!("a TD") };
            report.tee_tcb_svn2[0] = 3;
        })
        .forge();
    let root = TrustRoot::from_der(&forged.root_der).unwrap();
    let collateral = Collateral::from_json(forged.collateral_json().as_bytes()).unwrap();
    let prepared = collateral.verify_at(&root, forged.as_of, Expiry::Enforce).unwrap();
    let verified = prepared.verify(&Quote::parse(&forged.quote).unwrap(), forged.as_of).unwrap();
    let tcb = verified.tcb();
    // As in Intel's relaunch table: what is worse now than at launch does not change the status.
    assert_eq!(tcb.status, TcbStatus::UpToDate);
    assert_eq!(tcb.current.as_ref().unwrap().status, TcbStatus::OutOfDate);
    assert!(tcb.launch.advisories.is_empty());
    assert_eq!(tcb.advisories, ["INTEL-SA-01192"]);
    assert!(!verified.root().is_intel());
}

/// Intel's first root certificate may be revoked one day while its key stays the root's.
#[test]
fn a_revoked_older_root_is_refused_wherever_it_stands_and_accepted_until_then() {
    let in_quote = Universe::new(5).quote(|quote| {
        let chain = vec![Role::Pck, Role::PlatformCa, Role::OlderRoot];
        quote.certification = Certification::Chain(chain, vec![0]);
    });
    let chains: [fn(Universe) -> Universe; 3] = [
        |it| it.change(|it| it.collateral.pck_crl_issuer_chain[1] = Role::OlderRoot),
        |it| it.change(|it| it.collateral.tcb_info_issuer_chain[1] = Role::OlderRoot),
        |it| it.change(|it| it.collateral.qe_identity_issuer_chain[1] = Role::OlderRoot),
    ];
    let genuine = chains.map(|change| change(Universe::new(5)));
    for universe in [in_quote].into_iter().chain(genuine) {
        let judge = |universe: Universe| {
            let forged = universe.forge();
            let root = TrustRoot::from_der(&forged.root_der).unwrap();
            let collateral = Collateral::from_json(forged.collateral_json().as_bytes()).unwrap();
            let prepared = collateral
                .verify_at(&root, forged.as_of, Expiry::Enforce)
                .map_err(veritee_quote::QuoteError::from)?;
            prepared.verify(&Quote::parse(&forged.quote).unwrap(), forged.as_of)
        };
        assert!(judge(universe.clone()).is_ok());
        let error = judge(universe.revoke(Role::OlderRoot)).unwrap_err();
        assert_eq!(error.reason(), QuoteReason::RootRevoked);
    }
}
