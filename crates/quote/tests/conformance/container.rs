//! The JSON around the collateral's parts, and parts beyond the budget.

use crate::judge::{Case, run, tdx};
use serde_json::Value;
use veritee_quote::Budget;
use veritee_quote::QuoteReason;
use veritee_quote::{Collateral, Expiry, Stage, TrustRoot};
use veritee_testkit::{CrlSpec, Forged};

fn genuine() -> Value {
    serde_json::from_str(&tdx().forge().collateral_json()).unwrap()
}

#[track_caller]
fn refused(json: &[u8], reason: QuoteReason) {
    let forged = tdx().forge();
    let root = TrustRoot::from_der(&forged.root_der).unwrap();
    let verified = Collateral::from_json(json)
        .and_then(|collateral| collateral.verify_at(&root, forged.as_of, Expiry::Enforce));
    assert_eq!(verified.unwrap_err().reason(), reason);
}

#[test]
fn every_part_but_the_pck_chain_has_to_be_there_and_to_be_text() {
    let names: Vec<String> = genuine().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 9);
    for name in names {
        let mut without = genuine();
        without.as_object_mut().unwrap().remove(&name);
        refused(without.to_string().as_bytes(), QuoteReason::CollateralMalformed);
        for value in [Value::Null, Value::from(1), Value::Array(Vec::new())] {
            let mut other = genuine();
            other[&name] = value;
            refused(other.to_string().as_bytes(), QuoteReason::CollateralMalformed);
        }
    }
}

#[test]
fn a_part_that_is_there_twice_is_refused_whichever_is_genuine() {
    let json = tdx().forge().collateral_json();
    for name in ["pck_crl", "root_ca_crl", "tcb_info", "qe_identity_signature"] {
        for twice in [json.replacen('{', &format!("{{\"{name}\":\"\","), 1), {
            let end = json.strip_suffix('}').unwrap();
            format!("{end},\"{name}\":\"\"}}")
        }] {
            refused(twice.as_bytes(), QuoteReason::CollateralMalformed);
        }
    }
}

#[test]
fn what_is_no_json_object_is_refused() {
    let json = tdx().forge().collateral_json();
    let cut = &json[..json.len() - 1];
    let more = format!("{json} {{}}");
    let list = format!("[{json}]");
    for text in ["", "null", "[]", "{}", "\"text\"", cut, &more, &list] {
        refused(text.as_bytes(), QuoteReason::CollateralMalformed);
    }
    refused(&[0xff, 0xfe], QuoteReason::CollateralMalformed);
    refused("[".repeat(200_000).as_bytes(), QuoteReason::CollateralMalformed);
}

#[test]
fn fields_that_nobody_knows_nest_no_deeper_than_the_budget_allows() {
    let forged = tdx().forge();
    let nested = |depth: usize| {
        let brackets = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        forged.collateral_json().replacen('{', &format!("{{\"new\":{brackets},"), 1)
    };
    // The object around them is one level.
    let most = Budget::STANDARD.json_depth - 1;
    assert!(Collateral::from_json(nested(most).as_bytes()).is_ok());
    for depth in [most + 1, 10_000, 1_000_000] {
        refused(nested(depth).as_bytes(), QuoteReason::CollateralMalformed);
    }
}

#[test]
fn lists_that_can_be_decoded_in_no_way_are_refused() {
    for name in ["pck_crl", "root_ca_crl"] {
        for text in ["not hex, not base64", "-----BEGIN X509 CRL-----\n", "abcde"] {
            let mut other = genuine();
            other[name] = Value::from(text);
            refused(other.to_string().as_bytes(), QuoteReason::CollateralMalformed);
        }
    }
}

#[test]
fn parts_beyond_the_budget_are_refused_for_their_size() {
    let budget = Budget::STANDARD;
    for (name, limit) in
        [("tcb_info", budget.collateral_json_bytes), ("qe_identity", budget.collateral_json_bytes)]
    {
        let mut other = genuine();
        other[name] = Value::from(" ".repeat(limit + 1));
        refused(other.to_string().as_bytes(), QuoteReason::CollateralTooLarge);
    }
}

/// Chains beyond the budget are refused before anything of them is decoded.
#[test]
fn ten_thousand_certificates_are_refused_in_every_chain() {
    let stage = Stage::Collateral;
    let mut cases = Vec::new();
    let many = |forged: &Forged| forged.collateral.tcb_info_issuer_chain.repeat(5_000);
    let genuine = tdx().forge();
    let mut forged = genuine.clone();
    forged.collateral.tcb_info_issuer_chain = many(&genuine);
    cases.push(Case::refused(
        "signers of the TCB info",
        &[],
        (QuoteReason::SignerChainMalformed, stage),
        forged,
    ));
    let mut forged = genuine.clone();
    forged.collateral.qe_identity_issuer_chain = many(&genuine);
    cases.push(Case::refused(
        "signers of the QE identity",
        &[],
        (QuoteReason::SignerChainMalformed, stage),
        forged,
    ));
    let mut forged = genuine.clone();
    forged.collateral.pck_crl_issuer_chain = many(&genuine);
    cases.push(
        Case::refused("issuers of the list", &[], (QuoteReason::CrlChainMalformed, stage), forged)
            .diverges("crl-issuer-chain"),
    );
    run(cases);
}

#[test]
fn a_list_of_four_thousand_entries_is_searched_to_its_end() {
    let last = |crl: &mut CrlSpec| {
        for number in 0_u32..4_000 {
            crl.revoke(&[&[1][..], &number.to_be_bytes()].concat());
        }
    };
    let genuine = tdx().pck_crl(last);
    let revoked = genuine.clone().revoke(veritee_testkit::Role::Pck).forge();
    run(vec![
        Case::verified("not among them", &[0], veritee_quote::TcbStatus::UpToDate, genuine.forge()),
        Case::refused("the last of them", &[16, 43], (QuoteReason::PckRevoked, Stage::Certificates), revoked),
    ]);
}
