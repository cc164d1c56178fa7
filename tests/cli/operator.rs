//! `veritee batch` for somebody who judges many: what is walked, what a line has, what is taken over.

use crate::program::{AS_OF, Folder};
use serde_json::Value;

const UNDER: [&str; 7] =
    ["--collateral", "collateral.json", "--root", "root.pem", "--policy", "policy.toml", "--as-of"];

fn batch(folder: &Folder, input: &str, more: &[&str]) -> (i32, Vec<Value>, String) {
    let arguments = [&["batch", input], &UNDER[..], &[AS_OF], more].concat();
    let ran = folder.run(&arguments);
    let lines = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (ran.code, lines, ran.err)
}

#[test]
fn a_line_has_what_an_operator_needs() {
    let folder = Folder::new();
    let evidence: Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    let mut named = evidence.clone();
    named["id"] = "machine-7".into();
    named["app_compose"] = folder.read("app-compose.json").into();
    folder
        .write("in.jsonl", format!("{named}\n{}\n", hex(&std::fs::read(folder.file("quote.bin")).unwrap())));
    let (_, lines, err) = batch(&folder, "in.jsonl", &[]);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["key"], "machine-7");
    assert_eq!(lines[0]["kind"], "evidence");
    assert_eq!(lines[0]["freshness"], "not-shown");
    assert_eq!(lines[0]["as_of"], AS_OF);
    assert!(lines[0]["stage"].is_string() && lines[0]["findings"].is_object(), "{}", lines[0]);
    assert!(lines[0]["key_provider"].is_string(), "{}", lines[0]);
    assert_eq!(lines[1]["kind"], "quote");
    assert!(lines[1].get("stage").is_none());
    assert_eq!(err.matches("policy: forged").count(), 1, "{err}");
    assert!(err.contains("loosened: "), "{err}");
}

/// Every field of a line stands in the table of docs/formats.md; an entry that cannot be read keeps its name, and the summary
/// says why it could not be.
#[test]
fn lines_have_the_fields_that_are_documented_and_the_unreadable_keep_their_key() {
    let folder = Folder::new();
    let mut machine: Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    machine["app_compose"] = folder.read("app-compose.json").into();
    machine["id"] = 7.into();
    machine["collateral"] = serde_json::from_str(&folder.read("collateral.json")).unwrap();
    machine["nvidia_payload"] = serde_json::json!({ "evidence_list": [] });
    let cut = serde_json::json!({ "name": "cut", "quote": "0400zz" });
    let other = serde_json::json!({ "id": "other", "what": 1 });
    let quote = hex(&std::fs::read(folder.file("quote.bin")).unwrap());
    folder.write("in.jsonl", format!("{machine}\n{quote}\n{cut}\n{other}\nhello\n"));
    let (code, lines, err) = batch(&folder, "in.jsonl", &[]);
    let page =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md"))
            .unwrap();
    let section = page.split("## Lines of a batch").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let documented: Vec<&str> = rows.flat_map(|cell| cell.split(['`', ',', ' '])).collect();
    for field in lines.iter().flat_map(|line| line.as_object().unwrap().keys()) {
        assert!(documented.contains(&field.as_str()), "{field} is not documented");
    }
    let broken: Vec<_> = lines.iter().filter(|line| line.get("error").is_some()).collect();
    let keys: Vec<&Value> = broken.iter().map(|line| &line["key"]).collect();
    assert_eq!(keys, ["cut".into(), "other".into(), Value::Null].iter().collect::<Vec<_>>());
    let reasons: Vec<&Value> = broken.iter().map(|line| &line["reason"]).collect();
    assert_eq!(reasons, ["evidence-malformed", "evidence-unrecognised", "evidence-unrecognised"]);
    assert!(err.contains("unreadable: 2 evidence-unrecognised, 1 evidence-malformed"), "{err}");
    assert_eq!(lines[0]["key"], "7");
    assert_eq!(code, 3, "{err}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn one_document_over_many_lines_and_an_array_are_read() {
    let folder = Folder::new();
    let answer: Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    folder.write("pretty.json", serde_json::to_string_pretty(&answer).unwrap());
    let (_, lines, _) = batch(&folder, "pretty.json", &[]);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["input"], "pretty.json");
    assert!(lines[0]["signed_sha256"].is_string());
    for text in [
        serde_json::to_string(&[&answer, &answer]).unwrap(),
        serde_json::to_string_pretty(&[&answer, &answer]).unwrap(),
    ] {
        folder.write("array.json", text);
        let (_, lines, _) = batch(&folder, "array.json", &[]);
        let names: Vec<&Value> = lines.iter().map(|line| &line["input"]).collect();
        assert_eq!(names, ["/0", "/1"]);
    }
}

fn shell(folder: &Folder, line: &str) {
    let status = std::process::Command::new("sh").args(["-c", line]).current_dir(folder.path()).status();
    assert!(status.unwrap().success(), "{line}");
}

#[test]
fn a_compressed_input_gives_what_it_holds() {
    let folder = Folder::new();
    let quote = hex(&std::fs::read(folder.file("quote.bin")).unwrap());
    let pretty: Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    folder.write("lines.jsonl", format!("{quote}\n\n{quote}\nnone\n"));
    folder.write("pretty.json", serde_json::to_string_pretty(&pretty).unwrap());
    folder.write("array.json", serde_json::to_string_pretty(&[&pretty, &pretty]).unwrap());
    for (name, count) in [("lines.jsonl", 3), ("pretty.json", 1), ("array.json", 2)] {
        let (_, plain, _) = batch(&folder, name, &[]);
        assert_eq!(plain.len(), count, "{name}");
        let packed = format!("{name}.gz");
        shell(&folder, &format!("gzip -k {name}"));
        let (_, lines, err) = batch(&folder, &packed, &[]);
        let of = |lines: &[Value], key: &str| lines.iter().map(|line| line[key].clone()).collect::<Vec<_>>();
        assert_eq!(of(&lines, "exit_code"), of(&plain, "exit_code"), "{name}: {err}");
        assert_eq!(of(&lines, "signed_sha256"), of(&plain, "signed_sha256"), "{name}");
    }
    // As shells and tools write them.
    let line = serde_json::json!({ "id": "m0", "quote": quote, "report_data": "" }).to_string();
    let units = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    folder.write("mark.jsonl", format!("\u{feff}{line}\n{line}\n"));
    folder.write("wide.jsonl", [&[0xff, 0xfe], units(&format!("{line}\r\n{line}\r\n")).as_slice()].concat());
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&line).unwrap()).unwrap();
    folder.write("behind.json", format!("{pretty}\n{pretty}\n"));
    folder.write("close.json", format!("{line}{line}"));
    for name in ["mark.jsonl", "wide.jsonl", "behind.json", "close.json"] {
        let (_, lines, err) = batch(&folder, name, &[]);
        let keys: Vec<&Value> = lines.iter().map(|line| &line["key"]).collect();
        assert_eq!(keys, ["m0", "m0"], "{name}: {err}");
    }
    // Logs that were rotated are one stream behind the other.
    shell(&folder, "cat lines.jsonl.gz lines.jsonl.gz > twice.gz");
    let (_, lines, _) = batch(&folder, "twice.gz", &[]);
    assert_eq!(lines.iter().map(|line| &line["input"]).filter(|name| name.is_string()).count(), 6);
    // A stream that ends early is said, behind what was read of it.
    shell(&folder, "head -c 300 lines.jsonl.gz > cut.gz");
    let (code, _, err) = batch(&folder, "cut.gz", &[]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("cut.gz") || err.contains("input:"), "{err}");
}

#[test]
fn a_folder_with_the_parts_of_one_machine_is_one_entry() {
    let folder = Folder::new();
    for name in ["in/one", "in/deep/two"] {
        std::fs::create_dir_all(folder.file(name)).unwrap();
        for part in ["quote.bin", "event_log.json", "app-compose.json"] {
            std::fs::copy(folder.file(part), folder.file(&format!("{name}/{part}"))).unwrap();
        }
        folder.write(&format!("{name}/meta.json"), r#"{"quote": {"version": 4}, "checks": {}}"#);
    }
    let (_, lines, err) = batch(&folder, "in", &[]);
    let names: Vec<&Value> = lines.iter().map(|line| &line["input"]).collect();
    assert_eq!(names, ["deep/two", "one"], "{err}");
    let whole = folder.run(&[&["verify", "in/one"], &UNDER[..], &[AS_OF, "--format", "json"]].concat());
    let whole: Value = serde_json::from_str(&whole.out).unwrap();
    for line in &lines {
        assert_eq!((&line["kind"], &line["exit_code"]), (&"evidence".into(), &whole["verdict"]["exit_code"]));
    }
    // As the input itself too, and taken over as any other entry.
    let (_, lines, _) = batch(&folder, "in/one", &["-o", "first.jsonl"]);
    assert!(lines.is_empty());
    let (_, lines, err) = batch(&folder, "in/one", &["--resume", "first.jsonl"]);
    assert_eq!(lines[0]["input"], "one");
    assert!(err.contains("1 answers"), "{err}");
    let ran =
        folder.run(&[&["batch", "in/one"], &UNDER[..], &[AS_OF, "--resume", "answer.json"]].concat()).ends(2);
    assert!(ran.err.contains("no line of it is an answer of batch"), "{}", ran.err);
    // Quotes beside each other are each its own.
    std::fs::create_dir_all(folder.file("quotes")).unwrap();
    for name in ["a.bin", "b.bin"] {
        std::fs::copy(folder.file("quote.bin"), folder.file(&format!("quotes/{name}"))).unwrap();
    }
    assert_eq!(batch(&folder, "quotes", &[]).1.len(), 2);
}

#[test]
fn an_entry_with_several_machines_has_a_line_for_each() {
    let folder = Folder::new();
    let answer: Value = serde_json::from_str(&folder.read("answer.json")).unwrap();
    let mut other = answer.clone();
    let quote = answer["quote"].as_str().unwrap();
    other["quote"] = quote.replacen("0400", "0300", 1).into();
    let line = serde_json::json!({ "nodes": [answer, other] }).to_string();
    folder.write("in.jsonl", format!("{line}\n{answer}\n"));
    let (_, lines, err) = batch(&folder, "in.jsonl", &[]);
    let names: Vec<&Value> = lines.iter().map(|line| &line["input"]).collect();
    assert_eq!(names, ["line 1 /nodes/0", "line 1 /nodes/1", "line 2"], "{err}");
    assert_eq!(lines[0]["exit_code"], lines[2]["exit_code"]);
    assert_ne!(lines[1]["exit_code"], 0);
}

#[test]
fn folders_are_walked() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("in/a/b")).unwrap();
    for name in ["in/one.bin", "in/a/two.bin", "in/a/b/three.bin"] {
        std::fs::copy(folder.file("quote.bin"), folder.file(name)).unwrap();
    }
    let (code, lines, _) = batch(&folder, "in", &[]);
    let names: Vec<&Value> = lines.iter().map(|line| &line["input"]).collect();
    assert_eq!(names, ["a/b/three.bin", "a/two.bin", "one.bin"]);
    assert_ne!(code, 3);
}

#[test]
fn an_earlier_run_under_the_same_rules_is_taken_over() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("in")).unwrap();
    for name in ["in/a.bin", "in/b.bin"] {
        std::fs::copy(folder.file("quote.bin"), folder.file(name)).unwrap();
    }
    let whole = folder.run(&[&["batch", "in"], &UNDER[..], &[AS_OF]].concat());
    // Interrupted in the middle of a line.
    folder.write("part.jsonl", &whole.out[..whole.out.len() - 20]);
    let ran = folder.run(&[&["batch", "in", "--resume", "part.jsonl"], &UNDER[..], &[AS_OF]].concat());
    assert_eq!((ran.code, &ran.out), (whole.code, &whole.out));
    assert!(ran.err.contains("1 answers of an earlier run"), "{}", ran.err);
    assert!(ran.err.contains("as they stand there"), "{}", ran.err);
    // A verdict that was changed without what follows from it is no answer; nothing can tell one that was changed in all.
    let line = whole.out.lines().next().unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    for (member, value) in [
        ("exit_code", Value::from(11)),
        ("outcome", "refused".into()),
        ("reasons", serde_json::json!(["tcb-out-of-date"])),
        ("sha256", "00".repeat(32).into()),
        ("run", "0".repeat(16).into()),
    ] {
        let mut changed = line.clone();
        changed[member] = value;
        folder.write("changed.jsonl", format!("{changed}\n{}\n", whole.out.lines().nth(1).unwrap()));
        let arguments = [&["batch", "in", "--resume", "changed.jsonl"], &UNDER[..], &[AS_OF]].concat();
        let ran = folder.run(&arguments);
        assert_eq!((ran.code, &ran.out), (whole.code, &whole.out), "{member}");
        assert!(ran.err.contains("1 answers of an earlier run"), "{member}: {}", ran.err);
    }
    // An entry that has changed is judged again.
    std::fs::write(folder.file("in/a.bin"), b"no quote").unwrap();
    let ran = folder.run(&[&["batch", "in", "--resume", "part.jsonl"], &UNDER[..], &[AS_OF]].concat());
    assert!(ran.out.lines().next().unwrap().contains("\"error\""), "{}", ran.out);
    // Other rules: nothing is taken over.
    let other =
        folder.run(&[&["batch", "in", "--resume", "part.jsonl"], &UNDER[..], &["2026-10-16"]].concat());
    assert!(other.ends(2).err.contains("other rules"));
    folder.run(&["batch", "-", "--resume", "part.jsonl"]).ends(2);
}

#[test]
fn two_evaluations_are_said_of_quotes_and_of_evidence_alike() {
    use veritee_testkit::dstack::Machine;
    let machine: Machine = crate::program::machine()
        .universe(|universe| universe.qe_identity(|identity| identity.evaluation_number = 19));
    let folder = Folder::of(&machine);
    std::fs::create_dir(folder.file("in")).unwrap();
    for name in ["quote.bin", "answer.json"] {
        std::fs::copy(folder.file(name), folder.file(&format!("in/{name}"))).unwrap();
    }
    let (_, lines, _) = batch(&folder, "in", &[]);
    let said = |line: &Value| {
        line["notices"].as_array().unwrap().iter().filter(|code| *code == "evaluations-differ").count()
    };
    assert_eq!(
        lines.iter().map(|line| line["kind"].as_str().unwrap()).collect::<Vec<_>>(),
        ["evidence", "quote"]
    );
    assert_eq!(lines.iter().map(said).collect::<Vec<_>>(), [1, 1], "{lines:#?}");
    for command in [&["quote", "verify", "quote.bin"][..], &["verify", "answer.json"]] {
        let ran = folder.run(&[command, &UNDER[..], &[AS_OF]].concat());
        assert!(ran.out.contains("TCB info of evaluation 20, QE identity of evaluation 19"), "{}", ran.out);
    }
}

#[test]
fn a_file_that_is_one_document_is_one_entry() {
    let folder = Folder::new();
    let quote = std::fs::read(folder.file("quote.bin")).unwrap();
    let broken = |text: &str| {
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| core::str::from_utf8(line).unwrap()).collect();
        lines.join("\n") + "\n"
    };
    folder.write("quote.hex", broken(&hex(&quote)));
    use base64::Engine as _;
    folder.write("quote.b64", broken(&base64::engine::general_purpose::STANDARD.encode(&quote)));
    for (input, kind) in
        [("quote.bin", "quote"), ("quote.hex", "quote"), ("quote.b64", "quote"), ("chain.pem", "evidence")]
    {
        let (_, lines, err) = batch(&folder, input, &[]);
        assert_eq!(lines.len(), 1, "{input}: {err}");
        assert_eq!((&lines[0]["input"], &lines[0]["kind"]), (&input.into(), &kind.into()), "{input}");
        assert!(lines[0].get("error").is_none(), "{}", lines[0]);
    }
    // The same on standard input.
    let arguments = [&["batch", "-"], &UNDER[..], &[AS_OF]].concat();
    let ran = folder.feed(&arguments, &quote);
    let line: Value = serde_json::from_str(ran.out.trim()).unwrap();
    assert_eq!((&line["input"], &line["kind"]), (&"standard input".into(), &"quote".into()));
    // Two quotes, one a line, are two.
    folder.write("two.hex", format!("{}\n{}\n", hex(&quote), hex(&quote)));
    assert_eq!(batch(&folder, "two.hex", &[]).1.len(), 2);
}
