//! Attacks of the kinds that were once answered wrongly, with inputs of our own. Each row names its kind; where a kind has
//! its inputs elsewhere, [`ELSEWHERE`] names the file and words that stand in it. A kind with fewer than three is an error.
#![cfg(unix)]

mod bounds;
mod commands;
mod givers;
mod reports;

use crate::program::AS_OF;
use bounds::BOUNDS;
use commands::{COMMANDS, POLICIES};
use givers::{COLLATERAL, STORE};
use reports::{DIFF, REPORTS};
use std::collections::BTreeMap;
use std::path::Path;

const RULES: [&str; 7] = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];
const YESTERDAY: &str = "2026-10-14T00:00:00Z";
const EARLIER: &str = "2026-10-02T00:00:00Z";
const LATER: &str = "2026-10-10T00:00:00Z";

/// Kind, what is tried, and the try: it panics where the answer is wrong.
type Variant = (&'static str, &'static str, fn());

const ALL: [&[Variant]; 7] = [BOUNDS, COLLATERAL, STORE, POLICIES, COMMANDS, REPORTS, DIFF];

/// Kinds whose inputs stand in tables of other tests: file, and words that stand in it, one for each input.
const ELSEWHERE: &[(&str, &str, &[&str])] = &[
    (
        "red/binding-about-another-domain",
        "crates/verify/tests/attacks/served.rs",
        &[
            "a_handshake_with_another_name_than_the_one_asked_about",
            "a_bound_certificate_shown_under_another_name",
        ],
    ),
    (
        "red/binding-about-another-domain",
        "crates/verify/tests/attacks/caa.rs",
        &[
            "answers_for_a_domain_that_nothing_else_names",
            "answers_for_another_domain_than_the_one_asked_about",
            "an_unlisted_certificate_or_account_names_no_domain_and_binds_none",
        ],
    ),
    (
        "red/inference-two-logs",
        "crates/evidence/tests/it/twice.rs",
        &[
            "two_logs_of_one_machine_are_refused",
            "two_configurations_or_composes_of_one_machine_are_refused",
            "what_is_said_of_one_quote_twice_has_to_agree",
        ],
    ),
    (
        "red/ra-tls-own-quote-not-judged",
        "crates/verify/tests/attacks/ra_tls.rs",
        &[
            "a_quote_inside_of_a_platform_that_the_policy_refuses",
            "the_quote_of_an_older_module_inside",
            "the_quote_of_a_machine_with_another_owner_or_other_features_inside",
            "the_quote_of_a_machine_with_a_service_td_inside",
            "a_second_quote_for_the_same_key_is_judged_as_well",
        ],
    ),
    (
        "bounds/app-compose-unknown-keys-quadratic",
        "tests/cli/bounds.rs",
        &["\"keys.json\"", "\"objects.json\"", "\"long.json\"", "\"control.json\""],
    ),
    (
        "bounds/interp-quadratic-memory",
        "tests/cli/bounds.rs",
        &["\"environment.yml\"", "\"command.yml\"", "\"plain.yml\"", "\"nested.yml\"", "\"labels.yml\""],
    ),
    (
        "bounds/script-redirections-quadratic",
        "tests/cli/bounds.rs",
        &["\"redirections.json\"", "\"appends.json\"", "\"substitutions.json\"", "\"assignments.json\""],
    ),
    ("bounds/scripts-memory-five", "tests/cli/bounds.rs", &["\"five.json\""]),
    (
        "bounds/scripts-memory-five",
        "crates/compose/tests/bounded.rs",
        &["\"a pipeline\"", "\"a pipeline of filters\"", "scripts_of_one_document_have_one_allowance"],
    ),
    (
        "bounds/source-one-line-memory",
        "tests/cli/bounds.rs",
        &["\"tree/c.js\"", "\"tree/d.py\"", "\"tree/e.js\"", "\"tree/f.sh\""],
    ),
    (
        "bounds/collateral-late-failure",
        "tests/cli/bounds.rs",
        &["a_refusal_that_decides_ends_the_other_requests"],
    ),
    (
        "bounds/collateral-late-failure",
        "crates/collateral/tests/asking.rs",
        &[
            "an_answer_that_is_cut_off_or_has_no_end_is_no_answer",
            "a_service_that_is_busy_for_too_long_is_an_error_with_its_address",
            "the_fault_that_is_reported_does_not_depend_on_who_answers_first",
        ],
    ),
    (
        "bounds/ctrl-c-second-request",
        "tests/cli/bounds.rs",
        &["[\"-INT\", \"-TERM\"]", "\"--evaluation\", \"both\"", "\"--anew\"", "\"--evaluation\",\n"],
    ),
    (
        "bounds/fetched-time-is-as-of",
        "tests/cli/bounds.rs",
        &[
            "out of the store it is as old as it was",
            "\"--store\", \"s\", \"--root\", \"root.pem\", \"--as-of\", AS_OF, \"--format\", \"json\"",
            "What is imported bears the time of the import",
        ],
    ),
    (
        "bounds/folder-total-unbounded",
        "tests/cli/folders.rs",
        &["\"verify\", \"--offline\", \"big\"", "\"--ingress\", \"big\"", "\"--collateral\", \"big\""],
    ),
    (
        "bounds/git-fifo-hangs",
        "tests/cli/trees.rs",
        &[
            "\"tree/.git/HEAD\",",
            "\"tree/.git/objects/pack/x.idx\"",
            "\"tree/.git/packed-refs\"",
            "/dev/zero",
        ],
    ),
    (
        "bounds/batch-interrupted-output-kept",
        "tests/cli/writers.rs",
        &[
            "a part is never taken for the whole",
            "no temporary file stays behind",
            "an_interrupted_batch_has_written_whole_lines",
        ],
    ),
    (
        "bounds/output-ignores-umask",
        "tests/cli/writers.rs",
        &[
            "a_new_file_has_what_the_umask_leaves_of_0666",
            "a_file_that_is_replaced_keeps_its_mode_and_is_another_file",
            "the_evidence_that_is_saved_is_written_the_same_way",
        ],
    ),
    (
        "bounds/proxy-unreadable-ignored",
        "tests/cli/bounds.rs",
        &["\"garbage://\"", "\"http://\"", "\"ftp://127.0.0.1:1\"", "\"socks5://127.0.0.1:1\""],
    ),
    (
        "names that are no text",
        "tests/cli/folders.rs",
        &[
            "names_that_are_no_text_hide_nothing",
            "b\"parts/e\\xff.json\"",
            "b\"c/c\\xfe.json\"",
            "b\"tree/d\\xff/Dockerfile\"",
        ],
    ),
    (
        "pipes in a file's place",
        "tests/cli/pipes.rs",
        &[
            "&[\"--collateral\", \"pipe\"]",
            "\"collateral\", \"import\", \"pipe\"",
            "\"batch\", \"pipe\"",
            "a_pipe_in_a_folder_is_named_and_not_waited_for",
            "a_pipe_that_is_open_already_is_read",
        ],
    ),
    (
        "signals",
        "tests/cli/pipes.rs",
        &["\"verify\", \"-\"", "\"--collateral\", \"-\"", "\"audit\", \"-\"", "\"render\", \"-\""],
    ),
    (
        "a store that cannot be written",
        "crates/collateral/tests/store.rs",
        &["(false, true)", "(true, false)", "Mode::Offline", "Warning::NotKept"],
    ),
    ("bounds/store-link-trailing-slash", "tests/cli/bounds.rs", &["\"link/\"", "\"link/.\"", "\"./link//\""]),
    ("bounds/store-prune-not-a-file", "tests/cli/bounds.rs", &["create_dir(&object)", "s/objects/tmp-1-x"]),
    (
        "bounds/store-prune-not-a-file",
        "crates/collateral/tests/store.rs",
        &["a_folder_in_a_file_s_place_is_set_aside_by_prune"],
    ),
];

/// Kinds that the issue names and that no case shows.
const WITHOUT_CASE: [&str; 4] =
    ["names that are no text", "pipes in a file's place", "signals", "a store that cannot be written"];

/// The least number of inputs of our own for each kind.
const LEAST: usize = 3;

#[test]
fn every_kind_has_three_inputs_of_our_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut counts: BTreeMap<&str, usize> = crate::bounds::CASES.iter().map(|(kind, _)| (*kind, 0)).collect();
    counts.extend(WITHOUT_CASE.map(|kind| (kind, 0)));
    for (kind, ..) in ALL.iter().flat_map(|variants| variants.iter()) {
        *counts.get_mut(kind).unwrap_or_else(|| panic!("{kind} is no case")) += 1;
    }
    for (kind, file, words) in ELSEWHERE {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        for word in *words {
            assert!(text.contains(word), "{kind}: {file} has no {word}");
        }
        *counts.get_mut(kind).unwrap_or_else(|| panic!("{kind} is no case")) += words.len();
    }
    let few: Vec<_> = counts.iter().filter(|(_, count)| **count < LEAST).collect();
    assert!(few.is_empty(), "{few:?}");
    let mut seen = std::collections::BTreeSet::new();
    for (kind, what, _) in ALL.iter().flat_map(|variants| variants.iter()) {
        assert!(seen.insert((kind, what)), "{kind}: {what} stands twice");
    }
}

#[track_caller]
fn run(variants: &[Variant]) {
    let mut wrong = Vec::new();
    for (kind, what, answers) in variants {
        eprintln!("{kind}: {what}");
        if std::panic::catch_unwind(answers).is_err() {
            wrong.push(format!("{kind}: {what}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn indexes_of_packs() {
    run(BOUNDS);
}

#[test]
fn collateral_of_several_givers() {
    run(COLLATERAL);
}

#[test]
fn a_store_over_time() {
    run(STORE);
}

#[test]
fn policies_that_must_bind() {
    run(POLICIES);
}

#[test]
fn one_input_in_several_commands() {
    run(COMMANDS);
}

#[test]
fn saved_reports() {
    run(REPORTS);
}

#[test]
fn whose_power_grew() {
    run(DIFF);
}
