//! The collateral store and `watch` in the hands of an operator: wrong places, names, what a monitor asks.

use crate::program::{AS_OF, Folder};
use serde_json::Value;

const AT: [&str; 4] = ["--root", "root.pem", "--as-of", AS_OF];

fn collateral(folder: &Folder, words: &[&str]) -> crate::program::Ran {
    folder.run(&[&["collateral"], words, &AT[..]].concat())
}

#[test]
fn a_store_that_is_not_there_is_not_made_by_looking_into_it() {
    let folder = Folder::new();
    for words in [&["show"][..], &["check"], &["prune"], &["export", "snap"]] {
        let ran = collateral(&folder, &[words, &["--store", "typo"]].concat()).ends(3);
        assert!(ran.err.contains("there is no store at typo"), "{words:?}: {}", ran.err);
        assert!(!folder.file("typo").exists(), "{words:?}");
    }
    // In the usual place too, where nothing was fetched yet.
    collateral(&folder, &["show"]).ends(3);
}

#[test]
fn nothing_taken_is_no_success() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("empty")).unwrap();
    let ran = collateral(&folder, &["import", "empty", "--store", "s"]).ends(3);
    assert!(ran.err.contains("empty holds no collateral"), "{}", ran.err);
    // The file that `fetch -o` wrote is taken by its name.
    let ran = collateral(&folder, &["import", "collateral.json", "--store", "s"]).ends(0);
    assert!(ran.out.contains("1 taken, 0 refused"), "{}", ran.out);
    folder.write("none.json", "{}");
    collateral(&folder, &["import", "none.json", "--store", "t"]).ends(3);
    // A snapshot of nothing is none.
    let other = folder.run(&["collateral", "export", "snap", "--store", "s"]).ends(3);
    assert!(other.out.contains("0 files in snap"), "{}", other.out);
}

#[test]
fn what_an_older_snapshot_left_is_said() {
    let folder = Folder::new();
    collateral(&folder, &["import", "collateral.json", "--store", "s"]).ends(0);
    std::fs::create_dir(folder.file("snap")).unwrap();
    folder.write("snap/old.json", "{}");
    let ran = collateral(&folder, &["export", "snap", "--store", "s"]).ends(0);
    assert!(ran.err.contains("1 other files of snap"), "{}", ran.err);
    let again = collateral(&folder, &["export", "clean", "--store", "s"]).ends(0);
    assert!(!again.err.contains("other files"), "{}", again.err);
}

#[test]
fn a_monitor_is_told_of_what_has_expired() {
    let folder = Folder::new();
    collateral(&folder, &["import", "collateral.json", "--store", "s"]).ends(0);
    let check = |at: &str, format: &str| {
        folder.run(&[
            "collateral",
            "check",
            "--store",
            "s",
            "--root",
            "root.pem",
            "--as-of",
            at,
            "--format",
            format,
        ])
    };
    let now: Value = serde_json::from_str(&check(AS_OF, "json").ends(0).out).unwrap();
    assert_eq!((&now["schema"], &now["entries"]), (&"veritee/store-check/v1".into(), &1.into()));
    assert_eq!(now["expired"].as_array().unwrap().len(), 0);
    let late = check("2027-10-15", "jsonl").ends(0).out;
    assert_eq!(late.lines().count(), 1);
    let late: Value = serde_json::from_str(&late).unwrap();
    assert!(late["expired"][0]["for"].as_str().unwrap().starts_with("tdx "), "{late}");
}

fn watch(folder: &Folder, more: &[&str]) -> crate::program::Ran {
    let with = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline", "--once"];
    folder.run(&[&["watch", "--database", "w.redb"], more, &with[..]].concat())
}

#[test]
fn evidence_of_two_machines_is_watched_by_the_paths_that_were_typed() {
    let folder = Folder::new();
    for name in ["rack1", "rack2"] {
        std::fs::create_dir(folder.file(name)).unwrap();
        std::fs::copy(folder.file("evidence.json"), folder.file(&format!("{name}/evidence.json"))).unwrap();
    }
    let ran =
        watch(&folder, &["--evidence", "rack1/evidence.json", "--evidence", "./rack2/evidence.json"]).ends(0);
    for name in ["rack1/evidence.json", "rack2/evidence.json"] {
        assert!(ran.out.contains(&format!("  {name}  verified")), "{}", ran.out);
        let history = folder.run(&["history", "--local", "w.redb", name, "--at", "2099-01-01"]);
        assert!(history.out.contains(&format!("target   {name}")), "{} {}", history.out, history.err);
    }
    let twice =
        watch(&folder, &["--evidence", "rack1/evidence.json", "--evidence", "rack1/evidence.json"]).ends(2);
    assert!(twice.err.contains("name each target once"), "{}", twice.err);
}

#[test]
fn a_refusal_says_why_in_its_line() {
    let folder = Folder::new();
    let policy = folder.read("policy.toml");
    let mut value: Value = serde_json::from_str(&folder.read("evidence.json")).unwrap();
    value["collateral"] = Value::Array(Vec::new());
    folder.write("evidence.json", value.to_string());
    let ran = watch(&folder, &["--evidence", "evidence.json"]);
    assert!(ran.code != 0 && ran.out.contains("machines: collateral-missing"), "{policy} {}", ran.out);
}

#[test]
fn a_webhook_that_nothing_can_be_sent_to_is_refused_at_the_start() {
    let folder = Folder::new();
    for (url, why) in [
        ("ftp://hook.example/x", "neither https nor http"),
        ("http://127.0.0.1:9/secret", "--allow-local"),
        ("http://hook.example/secret", "--allow-local"),
        ("https://user:word@hook.example/", "--webhook"),
    ] {
        let ran = watch(&folder, &["--evidence", "evidence.json", "--webhook", url]).ends(2);
        assert!(ran.err.contains(why), "{url}: {}", ran.err);
        assert!(!ran.err.contains("secret"), "{}", ran.err);
        assert!(!folder.file("w.redb").exists());
    }
}

#[test]
fn whose_collateral_is_missing_stands_in_the_line_and_in_the_summary() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("none")).unwrap();
    let arguments = ["batch", "quote.bin", "--collateral", "none", "--root", "root.pem", "--as-of", AS_OF];
    let ran = folder.run(&arguments);
    let line: Value = serde_json::from_str(ran.out.trim()).unwrap();
    assert_eq!(line["reasons"][0], "collateral-missing", "{line}");
    let of = |member: &str| line["lacks"][member].as_str().unwrap().to_owned();
    let command = format!(
        "veritee collateral fetch --tee {} --fmspc {} --ca {} -o FILE",
        of("tee"),
        of("fmspc"),
        of("ca")
    );
    assert!(line["detail"].as_str().unwrap().contains(&of("fmspc")));
    assert!(ran.err.contains(&command), "{}", ran.err);
}

#[test]
fn what_is_no_evidence_is_told_so_with_a_step_that_works() {
    let folder = Folder::new();
    let ran = folder.run(&["batch", "quote.bin", "--root", "root.pem", "--as-of", AS_OF]);
    folder.write("lines.jsonl", ran.out.repeat(2));
    folder.write("line.json", &ran.out);
    watch(&folder, &["--evidence", "evidence.json"]);
    let record = folder.run(&["watch", "export", "w.redb"]).ends(0).out;
    folder.write("record.json", record.lines().next().unwrap());
    for (file, words) in [
        ("lines.jsonl", "lines of `veritee batch`"),
        ("line.json", "lines of `veritee batch`"),
        ("record.json", "give the evidence itself"),
    ] {
        for arguments in [&["diff", file, file][..], &["verify", file, "--offline"]] {
            let ran = folder.run(arguments).ends(3);
            assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
        }
    }
    let ran = folder.run(&["diff", "evidence.json", "policy.toml"]).ends(3);
    assert!(ran.err.contains("two composes") && !ran.err.contains("--policy"), "{}", ran.err);
}

#[test]
fn a_name_that_asks_for_a_form_which_a_command_has_not_is_refused() {
    let folder = Folder::new();
    for arguments in [
        &["policy", "check", "policy.toml", "-o", "x.json"][..],
        &["evidence", "forms", "-o", "x.json"],
        &["collateral", "prune", "-o", "x.jsonl"],
        &["batch", "quote.bin", "-o", "x.json"],
        &["collateral", "--format", "html", "show"],
    ] {
        folder.run(arguments).ends(2);
        assert!(!folder.file(arguments[arguments.len() - 1]).exists());
    }
    for group in ["collateral", "evidence", "policy", "review"] {
        let help = folder.run(&[group, "--help"]).ends(0).out;
        assert!(!help.contains("sarif") && !help.contains("markdown"), "{help}");
    }
}

#[test]
fn each_command_has_the_manual_page_that_others_name() {
    let folder = Folder::new();
    let main = folder.run(&["man"]).ends(0).out;
    assert!(main.contains("veritee\\-batch(1)"), "{main}");
    let page = folder.run(&["man", "batch"]).ends(0).out;
    assert!(page.contains(".TH veritee-batch 1") && page.contains("resume"), "{page}");
    let deeper = folder.run(&["man", "collateral", "fetch"]).ends(0).out;
    assert!(deeper.contains("veritee-collateral-fetch"), "{deeper}");
    folder.run(&["man", "bach"]).ends(2);
}
