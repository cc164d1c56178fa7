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
#[path = "../../verify/src/second_opinion/listed.rs"]
mod listed;
#[path = "conformance/lists.rs"]
mod lists;
#[path = "conformance/pck.rs"]
mod pck;
#[path = "conformance/rfc5280.rs"]
mod rfc5280;
#[path = "conformance/rfc5280_rules.rs"]
mod rfc5280_rules;
#[path = "conformance/signers.rs"]
mod signers;
#[path = "conformance/x509.rs"]
mod x509;

use judge::{Case, run};
use std::collections::BTreeSet;

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

/// The program's second opinion goes by this: where the engines differ, the difference has its name there, or it is
/// told to nobody as known.
#[test]
fn every_listed_difference_is_found_under_its_name_from_what_the_engines_say() {
    let mut failures = Vec::new();
    for case in all() {
        let Some(name) = case.divergence else { continue };
        let found = match judge::ours(&case.forged) {
            Err(error) => listed::of_refusal(&error),
            Ok(_) => match judge::their_answer_of(&case.forged) {
                judge::Answer::Refused(words) => listed::of_their_refusal(&words),
                // Both verify, with another status.
                judge::Answer::Verified { .. } => continue,
            },
        };
        // What is wrong with a root can be told by what it is, or by its being the root's.
        let of_root = case.name.starts_with("Root ") && found.is_some();
        if found != Some(name) && !of_root {
            let ours = judge::ours(&case.forged).err();
            failures.push(format!(
                "{}: {name}, found {found:?}; {ours:?} {:?}",
                case.name,
                judge::their_answer_of(&case.forged)
            ));
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
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
