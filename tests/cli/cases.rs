//! Inputs that were once answered wrongly, with the right answer. The folder lies beside the repository where it exists.
#![cfg(unix)]

use crate::program::Folder;
use std::path::PathBuf;

fn case(name: &str) -> Option<PathBuf> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases").join(name);
    if !folder.is_dir() {
        eprintln!("skipped: {name} is absent");
        return None;
    }
    Some(folder)
}

/// Runs in the case's folder; the exit code is one of these and the output has the words.
#[track_caller]
fn answers(name: &str, arguments: &str, codes: &[i32], words: &str) {
    let Some(folder) = case(name) else { return };
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let output = Folder::empty().command(&arguments).current_dir(folder).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let code = output.status.code().unwrap();
    assert!(codes.contains(&code), "{name}: exit {code}\n{out}\n{err}");
    assert!(out.contains(words) || err.contains(words), "{name}: no `{words}` in\n{out}\n{err}");
}

const JUDGED: &str =
    "--root root.der --policy policy.toml --as-of 2026-10-15T00:00:00Z --offline --format json";

#[test]
fn a_certificate_s_own_quote_is_judged() {
    for (chain, reason) in [
        ("out-of-date", "tcb-out-of-date"),
        ("other-module", "ra-tls-other-machine"),
        ("other-xfam-owner", "ra-tls-other-machine"),
    ] {
        let arguments = format!(
            "verify quote.bin --event-log log.json --app-compose app_compose.json {JUDGED} --collateral collateral.json \
             --certificate chain-{chain}.pem --nonce {}",
            "5a".repeat(32)
        );
        answers("red/ra-tls-own-quote-not-judged", &arguments, &[11], reason);
    }
}

#[test]
fn one_file_speaks_of_one_machine() {
    for file in ["answer.json", "other-app.json"] {
        let arguments =
            format!("verify {file} --app-compose app_compose.json --collateral collateral.json {JUDGED}");
        answers("red/two-quotes-in-one-answer", &arguments, &[3, 10], "given twice");
    }
    answers(
        "red/two-quotes-in-one-answer",
        &format!("quote verify answer.json --collateral collateral.json {JUDGED}"),
        &[3, 10],
        "given twice",
    );
    answers("red/two-quotes-in-one-answer", "evidence convert answer.json", &[3], "given twice");
    for file in ["two-logs.json", "same-quote-other-claims.json"] {
        let arguments =
            format!("verify {file} --app-compose app_compose.json --collateral collateral.json {JUDGED}");
        answers("red/inference-two-logs", &arguments, &[3, 10, 11], "given twice");
    }
}

#[test]
fn bindings_speak_of_the_domain_in_question() {
    let name = "red/binding-about-another-domain";
    answers(name, &format!("verify served-elsewhere.json {JUDGED}"), &[0, 13], "served-other-name");
    let ingress =
        JUDGED.replace("root.der", "root-ingress.der").replace("policy.toml", "policy-ingress.toml");
    answers(name, &format!("verify caa-elsewhere.json {ingress}"), &[0, 13], "caa-undecided");
}

#[test]
fn what_an_honest_operator_causes_is_no_forgery() {
    let end = "--root root.der --policy policy.toml --as-of 2026-10-15T00:00:00Z --offline --format json --collateral collateral.json --app-compose app_compose.json";
    answers("bugs/ra-tls-expired", &format!("verify chain.pem {end}"), &[11], "ra-tls-expired");
    answers(
        "bugs/ingress-extra-file",
        &format!("verify evidences {end}"),
        &[0, 11, 13],
        "ingress-file-unlisted",
    );
    answers(
        "bugs/container-runtime-events-only",
        &format!("verify attestation.bin {end}"),
        &[0, 11, 13],
        "events replay to rtmr3",
    );
    answers("bugs/ccel-zero-tail", "eventlog replay ccel.bin", &[0], "");
    answers(
        "bugs/part-file-tcb-info",
        "verify quote.bin --event-log tcb_info.json --collateral collateral.json --as-of 2026-08-20T00:00:00Z --offline --format json",
        &[0, 11, 12, 13],
        "events replay to rtmr3",
    );
    answers(
        "bugs/aci-report",
        "verify aci.json --offline --format json",
        &[13],
        "aci.json#/attestation/evidence/quote",
    );
    answers(
        "bugs/sgx-quote-verify",
        "quote verify quote.bin --collateral collateral.json --policy policy.toml --as-of 2025-07-01T00:00:00Z --offline",
        &[0],
        "",
    );
    answers(
        "bugs/sgx-quote-verify",
        "verify quote.bin --collateral collateral.json --policy policy.toml --as-of 2025-07-01T00:00:00Z --offline --format json",
        &[11],
        "quote-not-tdx",
    );
    answers(
        "bugs/vm-config-release-candidate",
        "verify getquote.json --collateral collateral.json --policy policy.toml --as-of 2026-05-20T00:00:00Z --offline --format json",
        &[0, 11, 12, 13],
        "rtmr0 is that of",
    );
    answers(
        "bugs/pem-without-newline",
        "quote verify no-newline-between-first-two.bin --collateral collateral.json --as-of 1784102583 --offline",
        &[0],
        "",
    );
    answers("bugs/identity-missing-words", &format!("verify getquote.json {end}"), &[11], "boot-incomplete");
    answers(
        "bugs/tcb-not-supported-where",
        "quote verify quote.bin --collateral collateral.json --as-of 2026-08-20T00:00:00Z --offline",
        &[11],
        "SEAMLDR ACM",
    );
    answers(
        "bugs/collateral-byte-arrays",
        "quote verify quote.bin --collateral collateral.json --as-of 2026-08-20T00:00:00Z --offline",
        &[0],
        "VERIFIED",
    );
}

#[test]
fn answers_of_intel_in_a_folder_are_put_together() {
    let Some(case) = case("bugs/collateral-folder-raw-answers") else { return };
    let folder = Folder::empty();
    std::fs::create_dir(folder.file("c")).unwrap();
    for entry in std::fs::read_dir(&case).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".der")
            || name.ends_with(".pem")
            || matches!(name.as_str(), "tcb.json" | "qe_identity.json")
        {
            std::fs::copy(&path, folder.file(&format!("c/{name}"))).unwrap();
        }
    }
    std::fs::copy(case.join("quote.bin"), folder.file("quote.bin")).unwrap();
    folder
        .run(&["quote", "verify", "quote.bin", "--collateral", "c", "--as-of", "2026-08-20", "--offline"])
        .ends(0);
}
