//! What is given as a file and is none is not waited for, and a signal ends whatever waits.
#![cfg(unix)]

use crate::program::{AS_OF, Folder, Ran};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Far above what any of this takes on a busy machine; what waits for a pipe waits for ever.
const SOON: Duration = Duration::from_secs(60);

/// Runs, and ends the program where it does not end by itself.
#[track_caller]
fn soon(folder: &Folder, arguments: &[&str]) -> Ran {
    let mut command = folder.command(arguments);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > SOON {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{arguments:?} waits");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ran::of(child.wait_with_output().unwrap())
}

/// A folder with `pipe`, to which nobody writes; nothing where no such thing can be made.
fn with_pipe() -> Option<Folder> {
    let folder = Folder::new();
    let made = Command::new("mkfifo").arg(folder.file("pipe")).status().is_ok_and(|status| status.success());
    if !made {
        eprintln!("skipped: no mkfifo");
        return None;
    }
    std::os::unix::fs::symlink("pipe", folder.file("link")).unwrap();
    Some(folder)
}

/// As evidence, as a part of it, as collateral, as what judges it: wherever a file is named.
#[test]
fn a_pipe_with_a_name_is_no_file_and_is_not_waited_for() {
    let Some(folder) = with_pipe() else { return };
    let rules = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];
    let verify = |more: &[&'static str]| [&["verify", "evidence.json"], more, &rules].concat();
    let rows = [
        vec!["verify", "pipe", "--offline"],
        vec!["verify", "link", "--offline"],
        verify(&["--collateral", "pipe"]),
        verify(&["--collateral", "link"]),
        verify(&["--collateral", "collateral.json", "--collateral", "./pipe"]),
        verify(&["--app-compose", "pipe"]),
        verify(&["--event-log", "pipe"]),
        verify(&["--vm-config", "pipe"]),
        vec!["verify", "evidence.json", "--offline", "--policy", "pipe"],
        vec!["verify", "evidence.json", "--offline", "--root", "pipe"],
        vec!["quote", "show", "pipe"],
        vec!["quote", "verify", "quote.bin", "--offline", "--collateral", "pipe"],
        vec!["eventlog", "replay", "pipe"],
        vec!["measure", "--vm-config", "pipe"],
        vec!["audit", "pipe"],
        vec!["batch", "pipe", "--offline"],
        vec!["batch", "quote.bin", "--offline", "--collateral", "link"],
        vec!["batch", "quote.bin", "--offline", "--resume", "pipe"],
        vec!["diff", "evidence.json", "pipe"],
        vec!["render", "pipe", "--format", "json"],
        vec!["policy", "check", "pipe"],
        vec!["evidence", "convert", "pipe"],
        vec!["collateral", "import", "pipe", "--store", "s", "--root", "root.pem", "--as-of", AS_OF],
    ];
    for arguments in rows {
        let ran = soon(&folder, &arguments);
        assert!(matches!(ran.code, 2 | 3), "{arguments:?}: {} {}", ran.code, ran.err);
        assert!(ran.err.contains("pipe"), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
}

/// In a folder it is named and passed over, and hides nothing.
#[test]
fn a_pipe_in_a_folder_is_named_and_not_waited_for() {
    let Some(folder) = with_pipe() else { return };
    std::fs::create_dir(folder.file("c")).unwrap();
    std::fs::copy(folder.file("collateral.json"), folder.file("c/c.json")).unwrap();
    std::fs::rename(folder.file("pipe"), folder.file("c/pipe")).unwrap();
    let rules = ["--policy", "policy.toml", "--root", "root.pem", "--as-of", AS_OF, "--offline"];
    let ran =
        soon(&folder, &[&["verify", "evidence.json", "--collateral", "c"][..], &rules].concat()).ends(0);
    assert!(ran.err.contains("pipe"), "{}", ran.err);
    let import = ["collateral", "import", "c", "--store", "s", "--root", "root.pem", "--as-of", AS_OF];
    assert!(soon(&folder, &import).ends(0).err.contains("pipe"));
    std::fs::copy(folder.file("evidence.json"), folder.file("c/e.json")).unwrap();
    let ran = soon(&folder, &[&["batch", "c"][..], &rules].concat());
    assert!(ran.out.contains("pipe"), "{} {}", ran.out, ran.err);
}

/// A pipe without a name has a writer already.
#[test]
fn a_pipe_that_is_open_already_is_read() {
    let folder = Folder::new();
    let program = env!("CARGO_BIN_EXE_veritee");
    let whole = folder.run(&["quote", "show", "quote.bin", "--format", "json"]).ends(0);
    for place in ["/dev/stdin", "/proc/self/fd/0", "-"] {
        let line = format!("cat quote.bin | {program} quote show {place} --format json");
        let mut shell = Command::new("sh");
        let ran = Ran::of(shell.args(["-c", &line]).current_dir(folder.path()).output().unwrap()).ends(0);
        let quote = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["quote"].clone();
        assert_eq!(quote(&ran.out), quote(&whole.out), "{place}");
    }
}

/// Whatever waits for its input ends with the first signal, and leaves what stood there.
#[test]
fn a_signal_ends_what_waits_for_its_input() {
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::new();
        folder.write("out", "old");
        let names = folder.names();
        for arguments in [
            &["verify", "-", "--offline", "-o", "out"][..],
            &["verify", "evidence.json", "--offline", "--collateral", "-", "-o", "out"],
            &["quote", "show", "-", "-o", "out"],
            &["audit", "-", "-o", "out"],
            &["evidence", "convert", "-", "-o", "out"],
            &["render", "-", "--format", "json", "-o", "out"],
        ] {
            let mut command = folder.command(arguments);
            let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let stdin = child.stdin.take();
            std::thread::sleep(Duration::from_millis(700));
            assert!(child.try_wait().unwrap().is_none(), "{arguments:?} did not wait");
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            let started = Instant::now();
            let ran = Ran::of(child.wait_with_output().unwrap()).ends(3);
            drop(stdin);
            assert!(started.elapsed() < SOON, "{arguments:?}");
            assert!(ran.err.contains("interrupted"), "{arguments:?}: {}", ran.err);
            assert_eq!(folder.read("out"), "old", "{arguments:?}");
            assert_eq!(folder.names(), names, "{arguments:?}");
        }
    }
}
