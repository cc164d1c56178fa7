//! One change at a time to a genuine universe: the reason and the stage that come of it, beside the status code of
//! Intel's QVL for that fault and the answer of dcap-qvl 0.7.1.
#![expect(clippy::type_complexity, reason = "tables of cases")]

#[path = "conformance/chain.rs"]
mod chain;
#[path = "conformance/classes.rs"]
mod classes;
#[path = "conformance/container.rs"]
mod container;
#[path = "conformance/documents.rs"]
mod documents;
#[path = "conformance/enclave.rs"]
mod enclave;
#[path = "conformance/format.rs"]
mod format;
#[path = "conformance/judge.rs"]
mod judge;
#[path = "conformance/lists.rs"]
mod lists;
#[path = "conformance/pck.rs"]
mod pck;
#[path = "conformance/rfc5280.rs"]
mod rfc5280;
#[path = "conformance/rfc5280_rules.rs"]
mod rfc5280_rules;
#[path = "conformance/second_table.rs"]
mod second_table;
#[path = "conformance/signers.rs"]
mod signers;
#[path = "conformance/x509.rs"]
mod x509;

use judge::{Case, run};
use std::collections::BTreeSet;
use veritee_quote::divergence::{Divergence, Opinion};

#[test]
fn faults_of_the_quote_s_layout() {
    run(format::cases());
}

#[test]
fn faults_of_the_pck_chain() {
    run(pck::cases());
}

#[test]
fn chains_of_other_composition_and_certification_data_without_one() {
    run(chain::cases());
}

#[test]
fn certificates_that_two_readers_may_read_in_two_ways() {
    run(x509::cases());
}

#[test]
fn rules_of_rfc_5280() {
    run(rfc5280::cases());
}

#[test]
fn every_rule_of_rfc_5280_that_applies_has_a_case_that_breaks_it() {
    rfc5280_rules::check_rules(&all());
}

#[test]
fn faults_of_the_signers_of_collateral() {
    run(signers::cases());
}

#[test]
fn faults_of_the_revocation_lists() {
    run(lists::cases());
}

#[test]
fn faults_of_tcb_info_and_qe_identity() {
    run(documents::cases());
}

#[test]
fn faults_of_enclave_signature_module_and_level() {
    run(enclave::cases());
}

#[test]
fn the_peer_s_classes() {
    run(classes::cases());
}

fn all() -> Vec<Case> {
    let mut cases = format::cases();
    cases.extend(pck::cases());
    cases.extend(chain::cases());
    cases.extend(x509::cases());
    cases.extend(rfc5280::cases());
    cases.extend(signers::cases());
    cases.extend(lists::cases());
    cases.extend(documents::cases());
    cases.extend(enclave::cases());
    cases.extend(classes::cases());
    cases
}

/// The program's second opinion goes by this: where the engines differ, the comparer finds the difference under its
/// name; where they do not, it says so.
#[test]
fn every_case_goes_through_the_comparer_and_comes_out_under_its_name() {
    let mut failures = Vec::new();
    for case in all() {
        let opinion = judge::opinion(&case.forged);
        let fits = match (&opinion, case.divergence) {
            (Opinion::BothAccept | Opinion::BothRefuse { .. }, None) => true,
            // What is wrong with a root can be told by what it is, or by its being the root's.
            (Opinion::Listed { divergence, .. }, Some(name)) => {
                divergence.name() == name || case.name.starts_with("Root ")
            }
            // The cases are held against the peer's own strict settings; the program leaves those to the policy.
            (Opinion::Listed { divergence, .. }, None) => *divergence == Divergence::TdAttributesByPolicy,
            _ => false,
        };
        if !fits {
            failures.push(format!("{}: {:?}, {opinion:?}", case.name, case.divergence));
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Each row of both tables of `docs/divergences.md` has a case that went through the comparer, and no case has a name
/// that no row has.
#[test]
fn every_row_of_the_document_has_its_case_and_every_case_its_row() {
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/divergences.md")).unwrap();
    let rows: BTreeSet<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name))
        .collect();
    let marked = all().into_iter().filter_map(|case| case.divergence);
    let beyond = second_table::cases().into_iter().map(|case| case.row);
    let cases: BTreeSet<&str> = marked.chain(beyond).collect();
    assert_eq!(cases, rows);
    let listed: BTreeSet<&str> = Divergence::ALL.iter().map(|row| row.name()).collect();
    assert!(listed.is_subset(&rows), "{:?}", listed.difference(&rows));
}

#[test]
fn every_row_that_is_no_single_fault_comes_out_as_the_document_says() {
    second_table::run();
}

#[test]
fn every_class_of_the_peer_s_generator_has_its_case() {
    let names: BTreeSet<String> = all().into_iter().map(|case| case.name).collect();
    let missing: Vec<_> = classes::PEER_CLASSES.iter().filter(|class| !names.contains(**class)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

/// Codes of QVL 1.27 that no quote and no collateral can reach, with the cause.
const UNREACHABLE: [(u8, &str); 17] = [
    (33, "only the separate call for a CA's revocation list"),
    (34, "only the separate call for a CA's revocation list"),
    (36, "null pointers; a value of ours cannot be missing"),
    (52, "older versions; 37 since"),
    (54, "not returned by any code"),
    (58, "older name of 62"),
    (59, "older name of 63"),
    (61, "only the separate call for an enclave report"),
    (65, "only the separate call for an enclave report"),
    (66, "only the separate call for an enclave report"),
    (67, "only the separate call for an enclave report"),
    (68, "only the separate call for an enclave report"),
    (69, "only the separate call for an enclave report"),
    (70, "only the separate call for an enclave report"),
    (77, "parameters of the wrong kind; a value of ours cannot be"),
    // The relaunch table has them: `conformance_tcb.rs`.
    (87, "relaunch table"),
    (88, "relaunch table"),
];

#[test]
fn every_reachable_status_code_of_qvl_has_its_case() {
    let mut covered: BTreeSet<u8> = BTreeSet::new();
    for case in all() {
        covered.extend(case.qvl);
    }
    let unreachable: BTreeSet<u8> = UNREACHABLE.iter().map(|(code, _)| *code).collect();
    for code in 0..=88 {
        let (has_case, cannot) = (covered.contains(&code), unreachable.contains(&code));
        assert!(has_case || cannot, "no case for QVL status {code}");
        assert!(!(has_case && cannot), "QVL status {code} is called unreachable and has a case");
    }
}
