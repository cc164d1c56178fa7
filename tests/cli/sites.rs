//! `site` and the page that `serve` shows.

use crate::program::Folder;
use serde_json::{Value, json};
use std::path::Path;

/// A module with the interface that pages call and nothing behind it.
pub(crate) fn module() -> Vec<u8> {
    let names = ["memory", "abi", "question", "file", "run", "answer", "answer_length"];
    let mut exports = vec![7];
    for name in names {
        exports.push(u8::try_from(name.len()).unwrap());
        exports.extend(name.as_bytes());
        exports.extend([0, 0]);
    }
    let mut module = b"\0asm\x01\0\0\0\x07".to_vec();
    module.push(u8::try_from(exports.len()).unwrap());
    module.extend(exports);
    module
}

#[test]
fn without_a_module_it_is_said_how_to_build_one() {
    let folder = Folder::new();
    let ran = folder.run(&["site", "-o", "site"]).ends(3);
    assert!(ran.err.contains("bindings/wasm/build.sh") && ran.err.contains("--wasm"), "{}", ran.err);
    assert!(!folder.file("site").exists());
    let ran = folder.run(&["site"]).ends(2);
    assert!(ran.err.contains("-o DIR"), "{}", ran.err);
}

#[test]
fn what_is_no_module_or_could_ask_for_something_makes_no_page() {
    let folder = Folder::new();
    let mut importing = b"\0asm\x01\0\0\0\x02\x09\x01\x03env\x01f\0\0".to_vec();
    importing.extend(&module()[8..]);
    for (bytes, words) in [
        (importing, "imports 1 items"),
        (b"<!DOCTYPE html>".to_vec(), "no WebAssembly module"),
        (b"\0asm\x01\0\0\0".to_vec(), "does not export `memory`"),
        (module()[..20].to_vec(), "cut short"),
    ] {
        folder.write("other.wasm", bytes);
        let ran = folder.run(&["site", "--wasm", "other.wasm", "-o", "site"]).ends(3);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    assert!(!folder.file("site").exists());
}

#[test]
fn the_same_module_gives_the_same_page() {
    let folder = Folder::new();
    folder.write("veritee.wasm", module());
    for site in ["one", "two"] {
        folder.run(&["site", "--wasm", "veritee.wasm", "-o", site]).ends(0);
    }
    assert_eq!(folder.read("one/index.html"), folder.read("two/index.html"));
}

#[cfg(unix)]
#[test]
fn the_server_shows_the_page_with_its_policy_as_a_header_and_no_other_file() {
    let folder = Folder::new();
    folder.write("veritee.wasm", module());
    folder.run(&["site", "--wasm", "veritee.wasm", "-o", "site"]).ends(0);
    folder.write("other.html", "<!DOCTYPE html><title>x</title>");
    let ran = folder.run(&["serve", "--site", "other.html"]).ends(2);
    assert!(ran.err.contains("veritee site"), "{}", ran.err);
    folder.write("tokens.txt", "0123456789abcdef0123456789abcdef\n");
    let served =
        crate::served::Served::start(&folder, &["--site", "site/index.html", "--tokens", "tokens.txt"]);
    let (head, body) = served.get("/");
    assert_eq!(body, folder.read("site/index.html"));
    let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("; frame-ancestors 'none'"), "{policy}");
}

/// A file and the role that it is given for.
type Given = (String, Vec<u8>, &'static str);

fn vector(path: &str, role: &'static str) -> Given {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors").join(path);
    (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap(), role)
}

/// The exit code and the report of the program; 3 and nothing where the input cannot be read.
fn by_program(folder: &Folder, files: &[Given], as_of: &str) -> (i32, String) {
    let mut words = vec!["verify".to_owned()];
    for (name, bytes, role) in files {
        folder.write(name, bytes);
        match *role {
            "evidence" => words.insert(1, name.clone()),
            role => words.extend([format!("--{role}"), name.clone()]),
        }
    }
    words.extend(["--offline", "--as-of", as_of, "--format", "json"].map(str::to_owned));
    let ran = folder.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    (ran.code, ran.out)
}

/// What the page's module says of the same.
fn by_interface(files: &[Given], as_of: u64) -> (i32, String) {
    let names: Vec<Value> = files.iter().map(|(name, _, role)| json!({"name": name, "role": role})).collect();
    let bytes: Vec<Vec<u8>> = files.iter().map(|(_, bytes, _)| bytes.clone()).collect();
    let question = json!({"ask": "verify", "files": names, "as_of": as_of}).to_string();
    let answer = veritee_ask::answer(question.as_bytes(), &bytes, &veritee_model::Budget::STANDARD);
    if answer.failed {
        return (3, String::new());
    }
    let told: Value = serde_json::from_slice(answer.part(0)).unwrap();
    let code = told["exit_code"].as_i64().unwrap().try_into().unwrap();
    (code, String::from_utf8(answer.part(1).to_vec()).unwrap())
}

#[test]
fn the_interface_of_the_page_answers_as_the_program_does_byte_for_byte() {
    let mut cases: Vec<Vec<Given>> = Vec::new();
    for name in ["evidence.json", "evidence-without-gpus.json", "gateway.json"] {
        let evidence = vector(&format!("quickstart/{name}"), "evidence");
        cases.push(vec![evidence.clone()]);
        cases.push(vec![evidence, vector("quickstart/policy.toml", "policy")]);
    }
    let forms = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors/evidence");
    for entry in std::fs::read_dir(forms).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name != "README.md" {
            cases.push(vec![vector(&format!("evidence/{name}"), "evidence")]);
        }
    }
    for name in ["tdx_quote", "tdx_quote_td15ex", "tdx_quote_outdated", "sgx_quote"] {
        let quote = vector(&format!("quote/{name}.bin"), "evidence");
        let mut forged = quote.clone();
        forged.1[100] ^= 1;
        for quote in [quote, forged] {
            cases.push(vec![quote, vector(&format!("quote/{name}.collateral.json"), "collateral")]);
        }
    }
    let folder = Folder::empty();
    let mut codes = std::collections::BTreeSet::new();
    for files in &cases {
        let program = by_program(&folder, files, "2026-03-15T00:00:00Z");
        assert_eq!(by_interface(files, 1_773_532_800), program, "{}", files[0].0);
        codes.insert(program.0);
    }
    assert!([0, 3, 10, 11, 13].into_iter().all(|code| codes.contains(&code)), "{codes:?}");
}
