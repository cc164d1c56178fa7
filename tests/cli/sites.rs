//! `site` and the page that `serve` shows.

use crate::program::Folder;

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
