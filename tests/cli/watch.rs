//! Watching as a user does it: rounds over evidence and over loopback, what changed, what was seen then.

use crate::chains::{START, contracts, saved};
use crate::program::{AS_OF, Folder, Ran, machine};
use serde_json::Value;
use std::path::PathBuf;
use veritee_loopback::{Reply, Server};
use veritee_model::Sha256Digest;
use veritee_testkit::chain::Info;

/// One round over `evidence.json`, with more arguments.
fn round(folder: &Folder, more: &[&str]) -> Ran {
    let mut arguments = vec!["watch", "--database", "watch.redb", "--evidence", "evidence.json", "--once"];
    arguments.extend(["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"]);
    arguments.extend(more);
    folder.run(&arguments)
}

fn record(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap()
}

/// The change of this fact in a record.
fn change(record: &Value, fact: &str) -> (String, String) {
    let changes = record["changes"].as_array().unwrap_or_else(|| panic!("nothing changed: {record}"));
    let change =
        changes.iter().find(|change| change["fact"] == fact).unwrap_or_else(|| panic!("{changes:?}"));
    let one = |name: &str| change[name][0].as_str().unwrap_or_default().to_owned();
    (one("removed"), one("added"))
}

/// Another machine's evidence in the place of the first one's.
fn redeploy(folder: &Folder) {
    let compose = String::from_utf8(machine().app_compose).unwrap().replacen('{', "{ ", 1);
    let other = Folder::of(&machine().app_compose(&compose));
    folder.write("evidence.json", other.read("evidence.json"));
}

#[test]
fn what_changed_has_an_exit_code_of_its_own_and_stands_in_one_chain() {
    let folder = Folder::new();
    let first = round(&folder, &["--format", "jsonl"]).ends(0);
    assert_eq!(record(&first)["facts"]["outcome"][0], "verified");
    let same = round(&folder, &[]).ends(0);
    assert!(same.out.contains("record 2  evidence.json  verified (exit code 0)"), "{}", same.out);
    redeploy(&folder);
    let third = round(&folder, &["--format", "jsonl"]).ends(14);
    let (removed, added) = change(&record(&third), "compose-hash");
    assert!(removed.len() == 64 && added.len() == 64 && removed != added);
    // What is exported is what was printed, and each line is hashed by the next one.
    let export = folder.run(&["watch", "export", "watch.redb"]).ends(0).out;
    let lines: Vec<&str> = export.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[2]), (3, first.out.trim_end(), third.out.trim_end()));
    let hash = |line: &str| Sha256Digest::of(line.as_bytes()).to_string();
    assert_eq!(record(&third)["previous"], hash(lines[1]));
    let head = hash(lines[2]);
    let checked = folder.run(&["watch", "check", "watch.redb", "--head", &head]).ends(0);
    assert!(checked.out.contains("UNBROKEN  3 records") && checked.out.contains(&head), "{}", checked.out);
    // An export is checked like the database, and tells where it was changed.
    folder.write("export.jsonl", &export);
    folder.run(&["watch", "check", "export.jsonl", "--head", &head]).ends(0);
    folder.write("export.jsonl", export.replacen("\"verified\"", "\"verifieD\"", 1));
    let broken = folder.run(&["watch", "check", "export.jsonl"]).ends(3);
    assert!(broken.out.contains("BROKEN") && broken.out.contains("record 2: names"), "{}", broken.out);
    folder.write("export.jsonl", lines[..2].join("\n"));
    let cut = folder.run(&["watch", "check", "export.jsonl", "--head", &head]).ends(3);
    assert!(cut.out.contains("the end was cut off"), "{}", cut.out);
}

#[test]
fn silent_flags_and_the_root_key_are_compared_and_the_proofs_are_kept() {
    let folder = Folder::new();
    let payloads = machine().payloads();
    let root_key = hex::decode(machine().key_provider.id).unwrap();
    let (mut world, kms, app) = contracts(START, payloads.app_id, payloads.compose_hash, &root_key);
    folder.write("chain.json", saved(&world, payloads.app_id, kms.address));
    let bare = folder.read("evidence.json");
    let with_chain = |folder: &Folder| {
        folder.write("bare.json", &bare);
        folder
            .run(&["evidence", "convert", "bare.json", "--chain", "chain.json", "-o", "evidence.json"])
            .ends(0);
    };
    with_chain(&folder);
    let first = record(&round(&folder, &["--format", "jsonl"]).ends(0));
    assert_eq!(first["facts"]["allow-any-device"][0], "true");
    assert_eq!(first["facts"]["require-tcb-up-to-date"][0], "true");
    // Proofs come back exactly, by their digest.
    let digest = first["machines"][0]["kept"][0]["sha256"].as_str().unwrap().to_owned();
    let kept = folder.run(&["watch", "export", "watch.redb", "--kept", &digest]).ends(0);
    assert_eq!(kept.out, folder.read("chain.json"));
    // Without chain reads nothing of it is shown, and that is no pass; a finding that rested on them is gone.
    folder.write("evidence.json", &bare);
    let hidden = round(&folder, &[]).ends(14);
    assert!(hidden.out.contains("NOT SHOWN  allow-any-device: last in record 1"), "{}", hidden.out);
    // Meanwhile flags and key were set without a log.
    world.transaction();
    app.flags(&mut world, true, false);
    app.require_tcb_silently(&mut world, false);
    let other = Info {
        k256: vec![2; 33],
        ca: vec![7; 91],
        quote: vec![4; 500],
        event_log: b"[]".to_vec(),
        gateway: "any".to_owned(),
    };
    kms.set_info(&mut world, &other, false);
    world.mine(START + 100);
    folder.write("chain.json", saved(&world, payloads.app_id, kms.address));
    with_chain(&folder);
    let third = round(&folder, &["--format", "jsonl"]);
    let (code, third) = (third.code, record(&third));
    assert_eq!(code, 14);
    let turned = |fact| change(&third, fact);
    assert_eq!(turned("allow-any-device"), ("true".to_owned(), "false".to_owned()));
    assert_eq!(turned("require-tcb-up-to-date"), ("true".to_owned(), "false".to_owned()));
    assert_eq!(turned("upgrades-disabled"), ("false".to_owned(), "true".to_owned()));
    assert!(turned("registry-ca-key").1.contains(&"07".repeat(91)));
    let mut changes = third["changes"].as_array().unwrap().iter();
    let any_device = changes.find(|change| change["fact"] == "allow-any-device").unwrap();
    assert_eq!(any_device["since"], 1, "compared with what was shown last");
}

#[test]
fn chain_reads_of_another_application_say_nothing_of_this_one() {
    let folder = Folder::new();
    let payloads = machine().payloads();
    let root_key = hex::decode(machine().key_provider.id).unwrap();
    let (world, kms, _) = contracts(START, [7; 20], payloads.compose_hash, &root_key);
    folder.write("chain.json", saved(&world, [7; 20], kms.address));
    let convert = ["evidence", "convert", "evidence.json", "--chain", "chain.json", "-o", "with.json"];
    folder.run(&convert).ends(0);
    folder.write("evidence.json", folder.read("with.json"));
    let first = record(&round(&folder, &["--format", "jsonl"]).ends(0));
    let facts = first["facts"].as_object().unwrap();
    for fact in ["contract", "owner", "allowed-compose-hashes", "registry", "registry-ca-key"] {
        assert!(!facts.contains_key(fact), "{fact}: {}", facts[fact]);
    }
    let fault = first["facts"]["chain-faults"][0].as_str().unwrap();
    assert!(fault.contains("not shown to be"), "{fault}");
    assert_eq!(first["blocks"].as_array().map_or(0, Vec::len), 0);
}

#[test]
fn a_webhook_that_fails_loses_no_record_and_its_path_is_a_secret() {
    let folder = Folder::new();
    let server = Server::http();
    server.on("/secret", [Reply::status(404), Reply::text("thanks")]);
    let url = server.url("/secret");
    let hook = ["--webhook", &url, "--allow-local"];
    round(&folder, &hook).ends(0);
    assert_eq!(server.count("/secret"), 0, "nothing has changed");
    redeploy(&folder);
    let refused = round(&folder, &hook).ends(14);
    assert!(refused.err.contains("record 2 is kept") && refused.err.contains("404"), "{}", refused.err);
    assert!(!refused.err.contains("secret"), "{}", refused.err);
    assert!(folder.run(&["watch", "check", "watch.redb"]).ends(0).out.contains("1 not announced"));
    round(&folder, &hook).ends(0);
    let export = folder.run(&["watch", "export", "watch.redb"]).ends(0).out;
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.body == export.lines().nth(1).unwrap().as_bytes()));
    assert!(folder.run(&["watch", "check", "watch.redb"]).ends(0).out.contains("0 not announced"));
    // Addresses are guarded as everywhere.
    redeploy(&folder);
    folder.write("evidence.json", Folder::new().read("evidence.json"));
    let guarded = round(&folder, &["--webhook", "https://10.0.0.1/secret"]).ends(2);
    assert!(guarded.err.contains("10.0.0.1 (private)") && !guarded.err.contains("secret"), "{}", guarded.err);
    // Nobody listens there.
    let away = round(&folder, &["--webhook", "http://127.0.0.1:1/secret", "--allow-local"]).ends(14);
    assert!(away.err.contains("record 4 is kept") && !away.err.contains("secret"), "{}", away.err);
}

#[test]
fn was_it_safe_then() {
    let folder = Folder::new();
    let app = hex::encode(machine().payloads().app_id);
    round(&folder, &[]).ends(0);
    for subject in [app.as_str(), "evidence.json", &format!("0x{}", app.to_uppercase())] {
        let now = folder.run(&["history", "--local", "watch.redb", subject]).ends(0);
        for words in ["verdict  verified", "before that: record 1", "compose-hash", "none was seen since"] {
            assert!(now.out.contains(words), "{words}: {}", now.out);
        }
    }
    let before = folder.run(&["history", "--local", "watch.redb", &app, "--at", "2020-01-01"]).ends(3);
    assert!(before.err.contains("nothing was seen of"), "{}", before.err);
    let block = folder.run(&["history", "--local", "watch.redb", &app, "--at", "31000000"]).ends(2);
    assert!(block.err.contains("have times and no blocks"), "{}", block.err);
    // A later failure does not make it safe, nor does it hide the verdict before it.
    std::fs::remove_file(folder.file("evidence.json")).unwrap();
    round(&folder, &[]).ends(14);
    round(&folder, &[]).ends(3);
    let later = folder.run(&["history", "--local", "watch.redb", &app, "--format", "json"]).ends(3);
    let answer = &record(&later)["answers"][0];
    assert_eq!(answer["seen"]["record"]["number"], 3);
    assert_eq!(answer["last_verdict"]["record"]["exit_code"], 0);
}

#[test]
fn a_target_that_gives_nothing_is_a_record_too() {
    let folder = Folder::new();
    let mut arguments =
        vec!["watch", "--database", "watch.redb", "https://localhost:9/attestation", "--once"];
    arguments.extend(["--allow-local", "--format", "jsonl"]);
    let ran = folder.run(&arguments).ends(3);
    let record = record(&ran);
    assert_eq!(record["facts"]["reached"][0], "no");
    assert!(record["failure"].as_str().unwrap().contains("localhost"), "{record}");
    let both = folder.run(&[&arguments[..], &["--offline"]].concat()).ends(2);
    assert!(both.err.contains("--evidence"), "{}", both.err);
}

#[test]
fn a_database_that_is_none_or_damaged_or_in_use_is_told_with_what_to_do() {
    let folder = Folder::new();
    let told = |ran: Ran, words: &str| {
        let ran = ran.ends(3);
        assert!(ran.err.contains(words) && ran.err.contains("help: "), "{}", ran.err);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    };
    told(folder.run(&["watch", "check", "watch.redb"]), "there is no such file");
    round(&folder, &[]).ends(0);
    let good = std::fs::read(folder.file("watch.redb")).unwrap();
    let path: PathBuf = folder.file("watch.redb");
    {
        let _writer = veritee_watch::Store::open(&path).unwrap();
        told(round(&folder, &[]), "another process has the database open");
        // Reading beside the writer is possible.
        folder.run(&["watch", "check", "watch.redb"]).ends(0);
    }
    std::fs::write(&path, &good[..good.len() / 3]).unwrap();
    told(round(&folder, &[]), "watch.redb: ");
    told(folder.run(&["watch", "export", "watch.redb"]), "watch.redb: ");
    std::fs::write(&path, b"no database at all").unwrap();
    told(round(&folder, &[]), "watch.redb: ");
    told(folder.run(&["history", "--local", "watch.redb", "app"]), "watch.redb: ");
}

#[test]
fn an_interval_is_a_number_and_a_unit() {
    let folder = Folder::new();
    for (text, words) in [("10", "10m"), ("0s", "at least 1s"), ("-1h", "10m"), ("1y", "10m")] {
        let interval = format!("--interval={text}");
        let ran = folder.run(&["watch", "--database", "w", "--evidence", "e", &interval]).ends(2);
        assert!(ran.err.contains(words), "{text}: {}", ran.err);
    }
    folder.run(&["watch", "--once", "app.example"]).ends(2);
}

#[cfg(unix)]
#[test]
fn a_watcher_ends_on_sigterm_with_whole_records() {
    let folder = Folder::new();
    let mut arguments = vec!["watch", "--database", "watch.redb", "--evidence", "evidence.json"];
    arguments.extend(["--interval", "1s", "--format", "jsonl"]);
    arguments.extend(["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"]);
    let mut child = folder.command(&arguments).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let seen: Vec<String> = lines.by_ref().take(2).map(Result::unwrap).collect();
    let told = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let export = folder.run(&["watch", "export", "watch.redb"]).ends(0).out;
    let printed: Vec<String> = seen.into_iter().chain(rest).collect();
    assert_eq!(export.lines().collect::<Vec<_>>(), printed);
}

/// Kills so many watchers, one after the other, on one database: each at a moment of its own, before, while and after it
/// writes. Whatever line one of them printed is in the database, and all of it is one chain.
#[cfg(unix)]
#[allow(clippy::print_stderr, reason = "the figure")]
fn kills(count: u64) {
    let folder = Folder::new();
    let names: Vec<String> = (0..6).map(|number| format!("evidence-{number}.json")).collect();
    names.iter().for_each(|name| folder.write(name, folder.read("evidence.json")));
    let mut arguments = vec!["watch", "--database", "watch.redb", "--interval", "1s", "--format", "jsonl"];
    arguments.extend(["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"]);
    names.iter().for_each(|name| arguments.extend(["--evidence", name.as_str()]));
    let mut acknowledged: Vec<String> = Vec::new();
    let mut seed = u64::from(std::process::id()) | 1;
    for round in 0..count {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut child = folder.command(&arguments).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let mut line = String::new();
            // A line that was cut by the kill was not acknowledged to anybody.
            while std::io::BufRead::read_line(&mut out, &mut line).is_ok_and(|read| read > 0)
                && line.ends_with('\n')
            {
                sender.send(std::mem::take(&mut line)).unwrap();
            }
        });
        if round % 4 < 3 {
            // Behind a record: while the next one is judged, written, flushed or printed.
            for _ in 0..=(seed >> 40) % 3 {
                acknowledged.extend(lines.recv_timeout(std::time::Duration::from_secs(60)));
            }
            std::thread::sleep(std::time::Duration::from_micros((seed >> 33) % 40_000));
        } else {
            // At any time from the start on: while it opens, repairs, or is made.
            std::thread::sleep(std::time::Duration::from_micros((seed >> 33) % 300_000));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        reader.join().unwrap();
        acknowledged.extend(lines.try_iter());
    }
    assert!(acknowledged.len() as u64 > count / 2, "{} lines show too little", acknowledged.len());
    let export = folder.run(&["watch", "export", "watch.redb"]).ends(0).out;
    let held: Vec<&str> = export.lines().collect();
    for line in &acknowledged {
        let number = record_number(line);
        assert_eq!(held.get(number - 1).copied(), Some(line.trim_end()), "record {number}");
    }
    let checked = folder.run(&["watch", "check", "watch.redb"]).ends(0);
    assert!(checked.out.contains("UNBROKEN"), "{}", checked.out);
    eprintln!("{count} kills, {} records acknowledged, {} held", acknowledged.len(), held.len());
}

#[cfg(unix)]
fn record_number(line: &str) -> usize {
    let value: Value = serde_json::from_str(line).unwrap();
    usize::try_from(value["number"].as_u64().unwrap()).unwrap()
}

/// `VERITEE_WATCH_KILLS=500 cargo test -p veritee --test cli --all-features -- --nocapture a_killed_watcher`
#[cfg(unix)]
#[test]
fn a_killed_watcher_loses_no_record_that_it_printed() {
    let count = std::env::var("VERITEE_WATCH_KILLS").ok().and_then(|count| count.parse().ok());
    kills(count.unwrap_or(4));
}
