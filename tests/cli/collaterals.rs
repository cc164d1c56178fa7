//! Which collateral decides is one question with one answer: in every command, form and order.

use crate::program::{AS_OF, Folder, machine, unmarked};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use veritee_testkit::pki::time;
use veritee_testkit::{Role, SigningKey, Universe};

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs the commands of a vector, each of which must end with the code before it.
#[track_caller]
fn vector(name: &str) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors/collateral").join(name);
    let folder = Folder::empty();
    copy(&from, folder.path());
    let mut ran = 0;
    for line in folder.read("expected.txt").lines() {
        let (code, command) = line.split_once(' ').unwrap();
        let arguments: Vec<&str> = command.split(' ').collect();
        folder.run(&arguments).ends(code.parse().unwrap());
        ran += 1;
    }
    assert!(ran > 2, "{name} has commands");
}

#[test]
fn a_revocation_counts_beside_what_has_expired() {
    vector("revocation-beside-expired");
}

#[test]
fn a_revoked_signer_does_not_outbid() {
    vector("revoked-signer-outbids");
}

#[test]
fn an_older_tcb_info_does_not_decide_by_a_newer_neighbour() {
    vector("collateral-tie-older-tcb-decides");
}

#[test]
fn what_is_judged_does_not_choose_its_judge() {
    vector("batch-own-collateral");
}

#[test]
fn an_exception_hides_no_check_behind_it() {
    vector("batch-exception-skips-platform");
}

#[test]
fn what_came_along_with_a_quote_is_looked_at() {
    vector("batch-native-drops-parts");
}

#[test]
fn names_of_files_decide_nothing() {
    vector("batch-revoked");
}

#[test]
fn a_store_never_goes_back() {
    vector("import-forgets-newer");
}

const RULES: [&str; 7] = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];

/// Outcome and reasons of steps 1 and 2.
type Said = (String, Vec<String>);

fn said(json: &serde_json::Value) -> Said {
    let verdict = json.get("verdict").unwrap_or(json);
    let reasons = verdict["reasons"].as_array().unwrap();
    let words = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (words(&verdict["outcome"]), reasons.iter().map(words).collect())
}

fn report(folder: &Folder, arguments: &[&str]) -> serde_json::Value {
    let ran = folder.run(&[arguments, &RULES, &["--format", "json"]].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err))
}

fn first_line(out: &str) -> serde_json::Value {
    serde_json::from_str(out.lines().next().unwrap()).unwrap()
}

/// One of several collaterals of the machine.
#[derive(Debug, Clone, Default)]
struct Drawn {
    number: u32,
    out_of_date: bool,
    later: bool,
    expired: bool,
    lists_expired: bool,
    revokes: Option<Role>,
    signer: bool,
    damaged: bool,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let role = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Role::Pck)),
        1 => Just(Some(Role::TcbSigner)),
        1 => Just(Some(Role::PlatformCa)),
    ];
    let rare = || proptest::bool::weighted(0.2);
    (19..22_u32, any::<bool>(), any::<bool>(), rare(), rare(), role, any::<bool>(), rare()).prop_map(
        |(number, out_of_date, later, expired, lists_expired, revokes, signer, damaged)| Drawn {
            number,
            out_of_date,
            later,
            expired,
            lists_expired,
            revokes,
            signer,
            damaged,
        },
    )
}

impl Drawn {
    fn json(&self) -> String {
        let genuine = machine().universe;
        let serial = self.revokes.map(|role| (role, genuine.pki.serial(role)));
        let issued = if self.later { "2026-10-10T00:00:00Z" } else { "2026-10-02T00:00:00Z" };
        let over = "2026-10-14T00:00:00Z";
        let mut universe: Universe = genuine
            .tcb_info(|info| {
                info.evaluation_number = self.number.into();
                info.issue_date = issued.into();
                if self.out_of_date {
                    info.levels[0].status = "OutOfDate".into();
                }
                if self.expired {
                    info.next_update = over.into();
                }
            })
            .pck_crl(|list| {
                list.this_update = time(issued);
                if self.lists_expired {
                    list.next_update = Some(time(over));
                }
            });
        if self.signer {
            universe =
                universe.pki(|pki| pki.replace_key(Role::TcbSigner, SigningKey::derive(77, "another")));
        }
        match serial {
            Some((Role::Pck, serial)) => universe.collateral.pck_crl.revoke(&serial),
            Some((_, serial)) => universe.collateral.root_crl.revoke(&serial),
            None => {}
        }
        let mut forged = universe.forge();
        if self.damaged {
            forged.collateral.tcb_info.text.push(' ');
        }
        forged.collateral_json()
    }
}

#[test]
fn every_command_says_the_same_of_the_same_quote_and_collaterals() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("quotes")).unwrap();
    std::fs::copy(folder.file("quote.bin"), folder.file("quotes/quote.bin")).unwrap();
    let quote = std::fs::read(folder.file("quote.bin")).unwrap();
    folder.write("lines.txt", format!("{}\n", hex::encode(&quote)));
    let config = Config { cases: 16, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&proptest::collection::vec(drawn(), 1..5), |sets| {
            let _ = std::fs::remove_dir_all(folder.file("sets"));
            std::fs::create_dir(folder.file("sets")).unwrap();
            let names: Vec<String> = (0..sets.len()).map(|number| format!("sets/{number}.json")).collect();
            for (name, set) in names.iter().zip(&sets) {
                folder.write(name, set.json());
            }
            let in_order: Vec<&str> = names.iter().flat_map(|name| ["--collateral", name]).collect();
            let reversed: Vec<&str> = names.iter().rev().flat_map(|name| ["--collateral", name]).collect();
            let expected =
                said(&report(&folder, &[&["quote", "verify", "quote.bin"], &in_order[..]].concat()));
            for given in [&reversed[..], &["--collateral", "sets"]] {
                for engine in ["both", "native"] {
                    let given = [given, &["--engine", engine]].concat();
                    let alone = report(&folder, &[&["quote", "verify", "quote.bin"], &given[..]].concat());
                    prop_assert_eq!(said(&alone), expected.clone(), "quote verify, {:?}", given);
                    for input in ["quotes", "lines.txt"] {
                        let ran = folder.run(&[&["batch", input], &given[..], &RULES].concat());
                        prop_assert_eq!(
                            said(&first_line(&ran.out)),
                            expected.clone(),
                            "batch {}, {:?}",
                            input,
                            given
                        );
                    }
                    let arguments = [&["batch", "-"], &given[..], &RULES].concat();
                    let ran = folder.feed(&arguments, folder.read("lines.txt").as_bytes());
                    prop_assert_eq!(said(&first_line(&ran.out)), expected.clone(), "batch -, {:?}", given);
                }
            }
            // In the whole pipeline the checks of both steps are these too.
            let whole = report(&folder, &[&["verify", "quote.bin"], &reversed[..]].concat());
            let failed = |step: &str| -> Vec<String> {
                let checks = whole["checks"].as_array().unwrap().iter();
                let of_step = checks.filter(|check| check["step"] == step && check["outcome"] == "fail");
                of_step.map(|check| check["reason"].as_str().unwrap().to_owned()).collect()
            };
            for reason in failed("quote").into_iter().chain(failed("platform")) {
                prop_assert!(
                    expected.1.contains(&reason),
                    "verify says {}, the others {:?}",
                    reason,
                    expected
                );
            }
            let refused = expected.0 == "not-genuine" || expected.0 == "refused";
            prop_assert_eq!(!failed("quote").is_empty() || !failed("platform").is_empty(), refused);
            Ok(())
        })
        .unwrap();
}

/// Exit codes, from grave to light: what the judged party adds may not go down in it.
fn gravity(outcome: &str) -> u8 {
    match outcome {
        "not-genuine" => 4,
        "refused" => 3,
        "incomplete" => 2,
        "findings" => 1,
        _ => 0,
    }
}

/// Evidence on one line: a quote, and collateral that came with it.
fn evidence_with(folder: &Folder, quote: &str, collateral: &[String]) -> String {
    let mut arguments = vec!["evidence", "convert", quote];
    for name in collateral {
        arguments.extend(["--collateral", name]);
    }
    let ran = folder.run(&arguments).ends(0);
    // What converts is a judging side. The judged party marks nothing.
    let evidence: serde_json::Value = serde_json::from_str(&unmarked(&ran.out)).unwrap();
    assert_eq!(evidence["collateral"].as_array().map(Vec::len), Some(collateral.len()));
    evidence.to_string()
}

#[test]
fn nothing_that_the_judged_party_adds_turns_a_refusal_into_a_pass() {
    let folder = Folder::new();
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let cases = (proptest::collection::vec(drawn(), 0..3), proptest::collection::vec(drawn(), 1..3));
    TestRunner::new(config)
        .run(&cases, |(own, brought)| {
            let _ = std::fs::remove_dir_all(folder.file("own"));
            std::fs::create_dir(folder.file("own")).unwrap();
            for (number, set) in own.iter().enumerate() {
                folder.write(&format!("own/{number}.json"), set.json());
            }
            let brought_as: Vec<String> =
                (0..brought.len()).map(|number| format!("brought-{number}.json")).collect();
            for (name, set) in brought_as.iter().zip(&brought) {
                folder.write(name, set.json());
            }
            folder.write("with.json", evidence_with(&folder, "quote.bin", &brought_as));
            let judge = |file: &str| {
                said(&report(
                    &folder,
                    &["quote", "verify", file, "--collateral", "own", "--engine", "native"],
                ))
            };
            let (before, after) = (judge("quote.bin"), judge("with.json"));
            if gravity(&before.0) >= 3 {
                prop_assert!(
                    gravity(&after.0) >= gravity(&before.0).min(3),
                    "{:?} became {:?} by {:?} beside {:?}",
                    before,
                    after,
                    brought,
                    own
                );
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_one_line_reveals_holds_for_all_of_the_run() {
    let folder = Folder::new();
    let quote = hex::encode(std::fs::read(folder.file("quote.bin")).unwrap());
    folder.write("revoking.json", Drawn { number: 20, revokes: Some(Role::Pck), ..Drawn::default() }.json());
    // Another machine of the same CA, whose evidence brings a list that names the first.
    let other = Universe::new(1)
        .pki(|pki| pki.replace_key(Role::Pck, SigningKey::derive(99, "another host")))
        .forge();
    folder.write("other.bin", other.quote);
    let brings = evidence_with(&folder, "other.bin", &["revoking.json".to_owned()]);
    let lines = format!("{quote}\n{brings}\n{quote}\n");
    let arguments = |input: &str| {
        let mut all = vec![
            "batch".to_owned(),
            input.to_owned(),
            "--collateral".to_owned(),
            "collateral.json".to_owned(),
        ];
        all.extend(RULES.map(str::to_owned));
        all
    };
    let run = |input: &str, fed: Option<&str>| {
        let arguments = arguments(input);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match fed {
            Some(lines) => folder.feed(&arguments, lines.as_bytes()),
            None => folder.run(&arguments),
        }
    };
    let outcomes = |out: &str| -> Vec<(String, String)> {
        out.lines()
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                (line["input"].as_str().unwrap().to_owned(), line["outcome"].as_str().unwrap().to_owned())
            })
            .collect()
    };
    // A file is read for its collateral first.
    folder.write("lines.txt", &lines);
    let ran = run("lines.txt", None).ends(10);
    let told = outcomes(&ran.out);
    assert_eq!((told[0].1.as_str(), told[2].1.as_str()), ("not-genuine", "not-genuine"), "{told:?}");
    // So is a folder, whatever the names.
    std::fs::create_dir(folder.file("many")).unwrap();
    folder.write("many/a.hex", &quote);
    folder.write("many/b.json", &brings);
    assert_eq!(outcomes(&run("many", None).ends(10).out)[0].1, "not-genuine");
    // A stream in one portion knows it as well; one that was answered before is corrected by name.
    let padding = format!("{quote}\n").repeat(1100);
    let ran = run("-", Some(&format!("{padding}{brings}\n"))).ends(10);
    let told = outcomes(&ran.out);
    let last = told.iter().rfind(|(input, _)| input == "line 1").unwrap();
    assert_eq!(last.1, "not-genuine");
    assert!(ran.out.contains("\"kind\":\"correction\"") || told[0].1 == "not-genuine");
}

#[test]
fn what_of_a_folder_is_passed_over_is_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("c")).unwrap();
    std::fs::copy(folder.file("collateral.json"), folder.file("c/good.json")).unwrap();
    folder.write("c/notes.txt", "not collateral");
    folder.write("c/damaged.json", Drawn { number: 21, damaged: true, ..Drawn::default() }.json());
    for arguments in
        [&["quote", "verify", "quote.bin"][..], &["verify", "evidence.json"], &["batch", "lines.txt"]]
    {
        folder.write("lines.txt", hex::encode(std::fs::read(folder.file("quote.bin")).unwrap()));
        let ran = folder.run(&[arguments, &["--collateral", "c"], &RULES].concat()).ends(0);
        for name in ["notes.txt", "damaged.json"] {
            assert!(ran.err.contains(&format!("{name}: passed over")), "{arguments:?} {name}: {}", ran.err);
        }
    }
}

#[test]
fn answers_of_the_service_as_files_of_their_own_are_put_together() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("c")).unwrap();
    let forged = machine().universe.forge().collateral;
    let body = |member: &str, signed: &veritee_testkit::SignedJson| {
        format!("{{\"{member}\":{},\"signature\":\"{}\"}}", signed.text, hex::encode(&signed.signature))
    };
    folder.write("c/1", body("tcbInfo", &forged.tcb_info));
    folder.write("c/2", body("enclaveIdentity", &forged.qe_identity));
    folder.write("c/3", &forged.root_ca_crl);
    folder.write("c/4", hex::encode(&forged.pck_crl));
    folder.write("c/5", &forged.tcb_info_issuer_chain);
    folder.write("c/6", &forged.pck_crl_issuer_chain);
    folder.run(&[&["quote", "verify", "quote.bin", "--collateral", "c"][..], &RULES].concat()).ends(0);
    // One of them missing: the others are named, and nothing is called collateral.
    std::fs::remove_file(folder.file("c/2")).unwrap();
    let ran =
        folder.run(&[&["quote", "verify", "quote.bin", "--collateral", "c"][..], &RULES].concat()).ends(13);
    assert!(ran.err.contains("no QE identity"), "{}", ran.err);
}

#[test]
fn bytes_in_collateral_may_be_arrays_of_numbers() {
    let folder = Folder::new();
    let mut json: serde_json::Value = serde_json::from_str(&folder.read("collateral.json")).unwrap();
    for name in ["root_ca_crl", "pck_crl", "tcb_info_signature", "qe_identity_signature"] {
        let bytes = hex::decode(json[name].as_str().unwrap()).unwrap();
        json[name] = bytes.into();
        folder.write("numbers.json", json.to_string());
        let arguments = ["quote", "verify", "quote.bin", "--collateral", "numbers.json"];
        folder.run(&[&arguments[..], &RULES].concat()).ends(0);
    }
}

/// Quotes without a PCK chain, and chains of several hosts of one CA.
struct Hosts {
    folder: Folder,
}

impl Hosts {
    fn universe(key: Option<&str>) -> Universe {
        let genuine = machine().universe;
        match key {
            None => genuine,
            Some(label) => genuine.pki(|pki| pki.replace_key(Role::Pck, SigningKey::derive(78, label))),
        }
    }

    fn set(key: Option<&str>, change: impl FnOnce(Universe) -> Universe) -> String {
        let chain = Some(vec![Role::Pck, Role::PlatformCa, Role::Root]);
        let it = Self::universe(key).change(|it| it.collateral.pck_certificate_chain = chain);
        change(it).forge().collateral_json()
    }

    fn new() -> Self {
        let folder = Folder::of(&machine().universe(|it| {
            it.quote(|quote| quote.certification = veritee_testkit::quote::Certification::PlainPpid)
        }));
        let pem = |key| Self::universe(key).pki.pem(&[Role::Pck, Role::PlatformCa, Role::Root]);
        folder.write("own.json", Self::set(None, |it| it));
        folder.write("own.pem", pem(None));
        for name in ["other", "third"] {
            folder.write(&format!("{name}.json"), Self::set(Some(name), |it| it));
            folder.write(&format!("{name}.pem"), pem(Some(name)));
        }
        let serial = Self::universe(None).pki.serial(Role::Pck);
        folder.write("revoking.json", Self::set(Some("other"), |it| it.pck_crl(|list| list.revoke(&serial))));
        folder.write("lines.txt", hex::encode(std::fs::read(folder.file("quote.bin")).unwrap()) + "\n");
        Self { folder }
    }

    /// What every command says with these files of the caller's, as a folder and one by one, whatever they are called.
    #[track_caller]
    fn say(&self, files: &[&str], code: i32, reason: &str) {
        let count = files.len();
        let mut first = true;
        for turn in 0..count.max(1) {
            let _ = std::fs::remove_dir_all(self.folder.file("c"));
            std::fs::create_dir(self.folder.file("c")).unwrap();
            let mut given = Vec::new();
            for (at, file) in files.iter().enumerate() {
                let name = format!("c/{}-{file}", (at + turn) % count);
                std::fs::copy(self.folder.file(file), self.folder.file(&name)).unwrap();
                given.extend(["--collateral".to_owned(), name]);
            }
            let by = (2 * turn) % given.len().max(1);
            given.rotate_left(by);
            let given: Vec<&str> = given.iter().map(String::as_str).collect();
            for given in [&given[..], &["--collateral", "c"]] {
                let said = report(&self.folder, &[&["quote", "verify", "quote.bin"], given].concat());
                assert_eq!(said["verdict"]["exit_code"], code, "{given:?}: {}", said["verdict"]);
                assert!(said["verdict"]["reasons"].to_string().contains(reason), "{}", said["verdict"]);
                let ran = self.folder.run(&[&["batch", "lines.txt"], given, &RULES].concat()).ends(code);
                assert!(ran.out.contains(reason), "{}", ran.out);
                if first {
                    let whole = report(&self.folder, &[&["verify", "quote.bin"], given].concat());
                    assert!(whole["verdict"]["reasons"].to_string().contains(reason), "{}", whole["verdict"]);
                    let arguments = [&["batch", "-"], given, &RULES].concat();
                    let lines = self.folder.read("lines.txt");
                    self.folder.feed(&arguments, lines.as_bytes()).ends(code);
                }
                first = false;
            }
        }
    }
}

#[test]
fn a_quote_without_a_chain_is_judged_by_its_own_host_s_and_by_no_other() {
    let hosts = Hosts::new();
    hosts.say(&["other.json", "third.json"], 13, "pck-chain-missing");
    hosts.say(&["own.json", "other.json", "third.json"], 0, "");
    hosts.say(&["other.json", "own.pem"], 0, "");
    hosts.say(&["other.json", "third.pem", "own.pem", "other.pem"], 0, "");
    hosts.say(&["collateral.json", "third.pem", "other.pem"], 13, "pck-chain-missing");
    hosts.say(&["other.json", "own.json", "revoking.json"], 10, "pck-revoked");
    hosts.say(&["revoking.json", "own.pem", "third.json"], 10, "pck-revoked");
}

#[test]
fn a_chain_of_the_judged_party_s_fills_the_gap_and_every_revocation_is_held_against_it() {
    let hosts = Hosts::new();
    let folder = &hosts.folder;
    let carrying = |files: &[&str], name: &str| {
        let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        folder.write(name, evidence_with(folder, "quote.bin", &files) + "\n");
    };
    carrying(&["own.json"], "own-chain.json");
    carrying(&["other.json"], "other-chain.json");
    carrying(&["revoking.json"], "brings-a-revocation.json");
    for (input, given, code) in [
        ("own-chain.json", &["other.json"][..], 0),
        ("own-chain.json", &["collateral.json", "third.json"], 0),
        ("other-chain.json", &["collateral.json"], 13),
        ("other-chain.json", &["own.json"], 0),
        ("own-chain.json", &["revoking.json"], 10),
        ("brings-a-revocation.json", &["own.json"], 10),
    ] {
        let given: Vec<&str> = given.iter().flat_map(|file| ["--collateral", file]).collect();
        let said = report(folder, &[&["quote", "verify", input], &given[..]].concat());
        assert_eq!(said["verdict"]["exit_code"], code, "{input} {given:?}: {}", said["verdict"]);
        folder.run(&[&["batch", input], &given[..], &RULES].concat()).ends(code);
    }
    // A later line of a stream reveals it: the earlier one is corrected, though its quote has no chain.
    let quote = hex::encode(std::fs::read(folder.file("quote.bin")).unwrap());
    let padding = format!("{}\n", quote).repeat(1100);
    let lines =
        format!("{}{padding}{}", folder.read("own-chain.json"), folder.read("brings-a-revocation.json"));
    let arguments = [&["batch", "-", "--collateral", "other.json"], &RULES[..]].concat();
    let ran = folder.feed(&arguments, lines.as_bytes()).ends(10);
    let last = ran.out.lines().rfind(|line| line.contains("\"line 1\"")).unwrap();
    assert!(last.contains("not-genuine"), "{last}");
}

/// A folder is looked at with everything below it, and what of it cannot be read is named.
#[test]
fn a_revocation_below_a_folder_counts() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("c/below/deeper")).unwrap();
    std::fs::copy(folder.file("collateral.json"), folder.file("c/plain.json")).unwrap();
    let revoking = Drawn { number: 20, revokes: Some(Role::Pck), ..Drawn::default() }.json();
    folder.write("c/below/deeper/revoking.json", &revoking);
    let judge = || folder.run(&[&["quote", "verify", "quote.bin", "--collateral", "c"][..], &RULES].concat());
    judge().ends(10);
    std::fs::remove_file(folder.file("c/below/deeper/revoking.json")).unwrap();
    std::fs::create_dir(folder.file("elsewhere")).unwrap();
    folder.write("elsewhere/revoking.json", &revoking);
    // A link to a folder could lead in a circle.
    std::os::unix::fs::symlink("../elsewhere", folder.file("c/link")).unwrap();
    let ran = judge().ends(0);
    assert!(ran.err.contains("c/link: passed over"), "{}", ran.err);
}

/// Lists of two keys of one CA's name, each with its chain: none is read under the other's.
#[test]
fn a_list_is_read_under_every_chain_of_its_issuer_s_name() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("c")).unwrap();
    let genuine = machine().universe;
    let serial = genuine.pki.serial(Role::Pck);
    let own = genuine.clone().pck_crl(|list| list.revoke(&serial)).forge().collateral;
    let renewed = genuine
        .pki(|pki| pki.replace_key(Role::PlatformCa, SigningKey::derive(79, "another key of the CA")))
        .forge()
        .collateral;
    for (first, second) in [("a", "b"), ("b", "a")] {
        folder.write(&format!("c/{first}-chain.pem"), &renewed.pck_crl_issuer_chain);
        folder.write(&format!("c/{second}-chain.pem"), &own.pck_crl_issuer_chain);
        folder.write("c/list.der", &own.pck_crl);
        std::fs::copy(folder.file("collateral.json"), folder.file("c/plain.json")).unwrap();
        folder.run(&[&["quote", "verify", "quote.bin", "--collateral", "c"][..], &RULES].concat()).ends(10);
        for name in ["a", "b"] {
            std::fs::remove_file(folder.file(&format!("c/{name}-chain.pem"))).unwrap();
        }
    }
    // The root's list alone is no empty list of a PCK CA's.
    folder.write("root.der", &own.root_ca_crl);
    folder.write("with.json", evidence_with(&folder, "quote.bin", &["collateral.json".to_owned()]));
    folder.run(&[&["quote", "verify", "with.json", "--collateral", "root.der"][..], &RULES].concat()).ends(0);
}

/// What a store holds and cannot decide yet, or no more, revokes all the same; what is damaged in it is told.
#[test]
fn a_store_revokes_at_every_time_and_names_what_is_damaged() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("files")).unwrap();
    let early = "2026-10-01T12:00:00Z";
    let later = machine()
        .universe
        .revoke(Role::Pck)
        .pck_crl(|list| list.this_update = time("2026-10-10T00:00:00Z"))
        .tcb_info(|info| info.issue_date = "2026-10-10T00:00:00Z".into());
    folder.write("files/c.json", later.forge().collateral_json());
    let at = ["--store", "s", "--root", "root.pem", "--as-of", AS_OF];
    folder.run(&[&["collateral", "import", "files"][..], &at].concat()).ends(0);
    let judge = |input: &str, as_of: &str| {
        let rules = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", as_of, "--offline"];
        let more = ["--collateral", "collateral.json", "--store", "s"];
        folder.run(&[&[&["quote", "verify"], &[input][..]].concat()[..], &more, &rules].concat())
    };
    folder.write("lines.txt", hex::encode(std::fs::read(folder.file("quote.bin")).unwrap()));
    for as_of in [early, AS_OF] {
        judge("quote.bin", as_of).ends(10);
        let rules = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", as_of, "--offline"];
        let more = ["--collateral", "collateral.json", "--store", "s"];
        folder.run(&[&["batch", "lines.txt"][..], &more, &rules].concat()).ends(10);
    }
    for entry in std::fs::read_dir(folder.file("s/objects")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    }
    assert!(judge("quote.bin", AS_OF).err.contains("note: collateral store: "));
}

/// What lies in a folder that is imported is taken, refused or named.
#[test]
fn an_import_passes_nothing_over_without_a_word() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("files/sub")).unwrap();
    let revoking = Drawn { number: 20, revokes: Some(Role::Pck), ..Drawn::default() }.json();
    folder.write("files/a.txt", &revoking);
    folder.write("files/sub/a.json", &revoking);
    folder.write("files/B.JSON", folder.read("collateral.json"));
    let at = ["--store", "s", "--root", "root.pem", "--as-of", AS_OF];
    let ran = folder.run(&[&["collateral", "import", "files"][..], &at].concat()).ends(0);
    assert!(ran.out.contains("3 taken"), "{} {}", ran.out, ran.err);
    folder.run(&[&["quote", "verify", "quote.bin", "--store", "s"][..], &RULES].concat()).ends(10);
    folder.write("files/notes.txt", "not collateral");
    let ran = folder.run(&[&["collateral", "import", "files"][..], &at].concat()).ends(0);
    assert!(ran.err.contains("notes.txt: passed over"), "{}", ran.err);
    let name = std::ffi::OsString::from_vec(b"files/c\xff.json".to_vec());
    if std::fs::write(folder.path().join(name), &revoking).is_ok() {
        folder.run(&[&["collateral", "import", "files"][..], &at].concat());
        folder.run(&[&["quote", "verify", "quote.bin", "--store", "s"][..], &RULES].concat()).ends(10);
    }
}
