//! Policies that must bind, and one input in several commands.

use super::givers::out_of_date;
use super::{RULES, Variant};
use crate::program::{AS_OF, Folder, machine};
use serde_json::Value;
use veritee_testkit::{Role, Universe};

/// A policy of the forged machine's with more in it; what each command says.
#[track_caller]
fn under(folder: &Folder, body: &str, alone: i32, whole: Option<i32>) {
    folder.write("more.toml", format!("{}\n{body}", folder.read("policy.toml")));
    std::fs::create_dir_all(folder.file("in")).unwrap();
    std::fs::copy(folder.file("quote.bin"), folder.file("in/quote.bin")).unwrap();
    let rules = ["--policy", "more.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];
    let given = ["--collateral", "collateral.json"];
    for engine in ["both", "native"] {
        let more = [&rules[..], &given, &["--engine", engine]].concat();
        folder.run(&[&["quote", "verify", "quote.bin"][..], &more].concat()).ends(alone);
        folder.run(&[&["batch", "in"][..], &more].concat()).ends(alone);
        if let Some(whole) = whole {
            folder.run(&[&["verify", "evidence.json"][..], &more].concat()).ends(whole);
        }
    }
    if alone == 2 {
        let ran = folder.run(&["policy", "check", "more.toml"]).ends(2);
        assert!(ran.err.contains("line "), "{}", ran.err);
    }
}

#[track_caller]
fn refused_policy(body: &str) {
    under(&Folder::new(), body, 2, Some(2));
}

const WHY: &str = "reason = \"made for a test\"\n";

/// A machine with these changes under an exception.
#[track_caller]
fn excepted(change: impl FnOnce(Universe) -> Universe, exceptions: &[(&str, Option<&str>)], alone: i32) {
    let folder = Folder::of(&machine().universe(change));
    let entry = |(code, value): &(&str, Option<&str>)| {
        let value = value.map(|value| format!("value = \"{value}\"\n")).unwrap_or_default();
        format!("[[exception]]\ncode = \"{code}\"\n{value}{WHY}")
    };
    under(&folder, &exceptions.iter().map(entry).collect::<String>(), alone, Some(alone));
}

pub(super) const POLICIES: &[Variant] = &[
    ("red/advisory-spelling", "a tabulator behind it", || {
        refused_policy(&format!("[advisories]\nothers = \"allow\"\nrefuse = [\"INTEL-SA-01999\\t\"]\n{WHY}"));
    }),
    ("red/advisory-spelling", "another dash", || {
        refused_policy(&format!(
            "[advisories]\nothers = \"allow\"\nrefuse = [\"INTEL\u{2010}SA-01999\"]\n{WHY}"
        ));
    }),
    ("red/advisory-spelling", "digits of another script", || {
        refused_policy(&format!(
            "[advisories]\nothers = \"allow\"\nrefuse = [\"INTEL-SA-0199\u{0669}\"]\n{WHY}"
        ));
    }),
    ("red/advisory-spelling", "nothing", || {
        refused_policy(&format!("[advisories]\nothers = \"allow\"\nrefuse = [\"\"]\n{WHY}"));
    }),
    ("red/minimum-date-digits", "a year", || refused_policy("[tcb]\nminimum_date = \"2026\"\n")),
    ("red/minimum-date-digits", "eight digits with a sign", || {
        refused_policy("[tcb]\nminimum_date = \"+20250814\"\n");
    }),
    ("red/minimum-date-digits", "a number", || refused_policy("[tcb]\nminimum_date = 20250814\n")),
    ("red/minimum-date-digits", "a day that is none", || {
        refused_policy("[tcb]\nminimum_date = \"2025-02-30\"\n");
    }),
    ("red/quote-verify-ignores-policy-silently", "another RTMR2 is pinned", || {
        let folder = Folder::new();
        let policy = folder.read("policy.toml");
        let at = policy.find("rtmr2 = \"").unwrap() + 9;
        let other = format!("{}{}{}", &policy[..at], "0".repeat(96), &policy[at + 96..]);
        folder.write("policy.toml", other);
        under(&folder, "", 11, Some(11));
    }),
    ("red/quote-verify-ignores-policy-silently", "another compose is expected", || {
        let body = format!("[expect]\ncompose_hash = [\"{}\"]\n", "ab".repeat(32));
        under(&Folder::new(), &body, 13, Some(11));
    }),
    ("red/quote-verify-ignores-policy-silently", "another instance is expected", || {
        let body = format!("[expect]\ninstance_id = [\"{}\"]\n", "ab".repeat(20));
        under(&Folder::new(), &body, 13, Some(11));
    }),
    ("red/quote-verify-ignores-policy-silently", "a binding is required", || {
        let folder = Folder::new();
        let policy = folder.read("policy.toml");
        let policy =
            policy.replacen("name = \"forged\"\n", "name = \"forged\"\nrequire = [\"binding.content\"]\n", 1);
        folder.write("policy.toml", policy);
        under(&folder, "", 13, Some(13));
    }),
    ("red/quote-verify-ignores-policy-silently", "another family is expected", || {
        under(&Folder::new(), "[expect]\nfmspc = [\"000000000001\"]\n", 11, Some(11));
    }),
    ("red/batch-exception-skips-platform", "a debug TD that is out of date, and only that excepted", || {
        excepted(
            |it| out_of_date(it).quote(|quote| quote.td().td_attributes[0] |= 1),
            &[("tcb-out-of-date", None)],
            11,
        );
    }),
    ("red/batch-exception-skips-platform", "out of date and debug, and only debug excepted", || {
        excepted(
            |it| out_of_date(it).quote(|quote| quote.td().td_attributes[0] |= 1),
            &[("td-debug", None)],
            11,
        );
    }),
    ("red/batch-exception-skips-platform", "two advisories and one excepted", || {
        excepted(
            |it| {
                it.tcb_info(|info| {
                    info.levels[0].advisories = vec!["INTEL-SA-00001".into(), "INTEL-SA-00002".into()];
                })
            },
            &[("advisory-refused", Some("INTEL-SA-00001"))],
            11,
        );
    }),
    ("red/batch-exception-skips-platform", "below every level and debug, and the level excepted", || {
        excepted(
            |it| {
                it.sgx_extension(|extension| extension.components[0] = 0).quote(|quote| {
                    quote.td().td_attributes[0] |= 1;
                    quote.td().tee_tcb_svn[2] = 0;
                })
            },
            &[("tcb-not-supported", None)],
            13,
        );
    }),
];

/// `batch` says of the file what `verify` says, whichever engine is asked.
#[track_caller]
fn alike(folder: &Folder, file: &str, refuses: bool) {
    std::fs::create_dir_all(folder.file("in")).unwrap();
    std::fs::copy(folder.file(file), folder.file(&format!("in/{file}"))).unwrap();
    for engine in ["both", "native"] {
        let more = [&RULES[..], &["--collateral", "collateral.json", "--engine", engine]].concat();
        let whole = folder.run(&[&["verify", file][..], &more].concat());
        assert!(!refuses || matches!(whole.code, 3 | 10 | 11), "{}: {}", whole.code, whole.out);
        let batch = folder.run(&[&["batch", "in"][..], &more].concat()).ends(whole.code);
        assert!(whole.code == 3 || batch.out.contains("\"kind\":\"evidence\""), "{}", batch.out);
    }
}

fn with_member(folder: &Folder, change: impl FnOnce(&mut Value)) {
    let mut answer: Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    change(&mut answer);
    folder.write("changed.json", answer.to_string());
}

/// An input with links; how many lines there are, and that it is no pass.
#[track_caller]
fn linked(make: impl FnOnce(&Folder), lines: usize) {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("in")).unwrap();
    std::fs::copy(folder.file("quote.bin"), folder.file("in/a.bin")).unwrap();
    let debug = machine().universe(|it| it.quote(|quote| quote.td().td_attributes[0] |= 1)).forge();
    folder.write("debug.bin", &debug.platform.quote);
    make(&folder);
    let ran = folder.run(&[&["batch", "in", "--collateral", "collateral.json"][..], &RULES].concat());
    assert!(matches!(ran.code, 3 | 11), "{}: {}", ran.code, ran.out);
    assert_eq!(ran.out.lines().count(), lines, "{}", ran.out);
}

fn link(folder: &Folder, to: &str, name: &str) {
    std::os::unix::fs::symlink(to, folder.file(name)).unwrap();
}

pub(super) const COMMANDS: &[Variant] = &[
    ("red/batch-native-drops-parts", "a register that is claimed and not quoted", || {
        let folder = Folder::new();
        with_member(&folder, |answer| {
            answer["event_log"] = Value::Null;
            answer["report_data"] = "00".repeat(64).into();
        });
        alike(&folder, "changed.json", true);
    }),
    ("red/batch-native-drops-parts", "a log of another machine", || {
        let folder = Folder::new();
        with_member(&folder, |answer| {
            let log = answer["event_log"].as_str().unwrap().replacen("compose-hash", "compose-hasH", 1);
            answer["event_log"] = log.into();
        });
        alike(&folder, "changed.json", true);
    }),
    ("red/batch-native-drops-parts", "a compose that is not the measured one", || {
        let folder = Folder::new();
        folder.write("other.json", folder.read("app-compose.json") + " ");
        let arguments =
            ["evidence", "convert", "answer.json", "--app-compose", "other.json", "-o", "changed.json"];
        folder.run(&arguments).ends(0);
        alike(&folder, "changed.json", true);
    }),
    ("red/batch-native-drops-parts", "a certificate that cannot be bound", || {
        let folder = Folder::new();
        let other =
            machine().change(|machine| machine.ra_tls.edit_leaf = Some(|leaf| leaf.key = Role::Stranger));
        folder.write("other.pem", other.forge().ra_tls_pem);
        let arguments = [
            "evidence",
            "convert",
            "answer.json",
            "--app-compose",
            "app-compose.json",
            "--certificate",
            "other.pem",
            "-o",
            "changed.json",
        ];
        folder.run(&arguments).ends(0);
        alike(&folder, "changed.json", true);
    }),
    ("red/batch-skips-links", "a link to a link", || {
        linked(
            |folder| {
                link(folder, "debug.bin", "between.bin");
                link(folder, "../between.bin", "in/b.bin");
            },
            2,
        );
    }),
    ("red/batch-skips-links", "a link in a folder of the folder, with the whole path", || {
        linked(
            |folder| {
                std::fs::create_dir(folder.file("in/sub")).unwrap();
                let path = folder.file("debug.bin");
                link(folder, path.to_str().unwrap(), "in/sub/b.bin");
            },
            2,
        );
    }),
    ("red/batch-skips-links", "a link to itself", || linked(|folder| link(folder, "b.bin", "in/b.bin"), 2)),
    ("red/batch-skips-links", "a link that begins with a dot", || {
        linked(|folder| link(folder, "../debug.bin", "in/.b.bin"), 2);
    }),
    ("red/two-quotes-in-one-answer", "a second quote by option", || {
        let folder = Folder::new();
        let debug = machine().universe(|it| it.quote(|quote| quote.td().td_attributes[0] |= 1)).forge();
        folder.write("debug.bin", &debug.platform.quote);
        let given = ["--quote", "debug.bin", "--collateral", "collateral.json"];
        let ran = folder.run(&[&["verify", "answer.json"][..], &given, &RULES].concat());
        assert!(matches!(ran.code, 2 | 3), "{}: {} {}", ran.code, ran.out, ran.err);
    }),
    ("red/two-quotes-in-one-answer", "the member twice, in two spellings", || {
        let folder = Folder::new();
        let debug = machine().universe(|it| it.quote(|quote| quote.td().td_attributes[0] |= 1)).forge();
        let answer = folder.read("answer.json");
        let second = format!("{{\"quote\":\"{}\",", hex::encode(&debug.platform.quote));
        let twice = answer.replacen('{', &second, 1);
        folder.write("changed.json", twice);
        let ran = folder.verify("changed.json", &["--collateral", "collateral.json", "--offline"]);
        assert!(matches!(ran.code, 3 | 10), "{}: {} {}", ran.code, ran.out, ran.err);
        std::fs::create_dir(folder.file("in")).unwrap();
        std::fs::copy(folder.file("changed.json"), folder.file("in/a.json")).unwrap();
        let ran = folder.run(&[&["batch", "in", "--collateral", "collateral.json"][..], &RULES].concat());
        assert!(matches!(ran.code, 3 | 10), "{}: {}", ran.code, ran.out);
    }),
    ("red/two-quotes-in-one-answer", "a second quote under a name that nobody reads", || {
        let folder = Folder::new();
        let debug = machine().universe(|it| it.quote(|quote| quote.td().td_attributes[0] |= 1)).forge();
        with_member(&folder, |answer| answer["other"] = hex::encode(&debug.platform.quote).into());
        let ran = folder.verify("changed.json", &["--collateral", "collateral.json", "--offline"]);
        assert!(ran.err.contains("another quote"), "{}: {}", ran.code, ran.err);
    }),
    ("red/policy-init-from-unverified", "a quote that nothing signed", || {
        let folder = Folder::of(&machine().universe(|it| it.quote(|quote| quote.signed_by = Role::Stranger)));
        folder.verify("evidence.json", &["--format", "json", "-o", "report.json"]).ends(10);
        folder.run(&["policy", "init", "--from", "report.json"]).ends(2);
    }),
    ("red/policy-init-from-unverified", "a quote without collateral", || {
        let folder = Folder::new();
        let arguments =
            ["quote", "verify", "quote.bin", "--store", "none", "--format", "json", "-o", "report.json"];
        folder.run(&[&arguments[..], &RULES].concat()).ends(13);
        folder.run(&["policy", "init", "--from", "report.json"]).ends(2);
    }),
    ("red/policy-init-from-unverified", "a report of documents alone", || {
        let folder = Folder::new();
        folder.run(&["audit", "app-compose.json", "--format", "json", "-o", "report.json"]);
        folder.run(&["policy", "init", "--from", "report.json"]).ends(2);
    }),
    ("red/policy-init-from-unverified", "registers edited in a report", || {
        let folder = Folder::of(&machine().universe(|it| it.quote(|quote| quote.signed_by = Role::Stranger)));
        folder.verify("evidence.json", &["--format", "json", "-o", "report.json"]).ends(10);
        let report = folder.read("report.json").replace("\"outcome\": \"fail\"", "\"outcome\": \"pass\"");
        folder.write("report.json", report);
        let ran = folder.run(&["policy", "init", "--from", "report.json"]);
        assert!(matches!(ran.code, 2 | 3), "{}: {}", ran.code, ran.out);
    }),
];
