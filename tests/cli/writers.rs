//! What stands at the place of an output decides how it is written; a signal leaves whole files or none.
#![cfg(unix)]

use crate::program::{Folder, Ran};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn policy_to(folder: &Folder, place: &str) -> Ran {
    folder.run(&["policy", "init", "-o", place])
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_new_file_has_what_the_umask_leaves_of_0666() {
    let folder = Folder::empty();
    for (umask, wanted) in [("077", 0o600), ("022", 0o644), ("007", 0o660), ("000", 0o666)] {
        let command =
            format!("umask {umask}; {} policy init -o p{umask}.toml", env!("CARGO_BIN_EXE_veritee"));
        let status = Command::new("sh").args(["-c", &command]).current_dir(folder.path()).status().unwrap();
        assert!(status.success());
        assert_eq!(mode(&folder.file(&format!("p{umask}.toml"))), wanted, "umask {umask}");
    }
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode_and_is_another_file() {
    let folder = Folder::empty();
    for wanted in [0o600, 0o640, 0o444, 0o755] {
        folder.write("p.toml", "old");
        set_mode(&folder.file("p.toml"), wanted);
        let before = std::fs::metadata(folder.file("p.toml")).unwrap().ino();
        policy_to(&folder, "p.toml").ends(0);
        assert_eq!(mode(&folder.file("p.toml")), wanted);
        assert_ne!(
            std::fs::metadata(folder.file("p.toml")).unwrap().ino(),
            before,
            "replaced, not written into"
        );
        assert!(folder.read("p.toml").contains("schema"));
        std::fs::remove_file(folder.file("p.toml")).unwrap();
    }
}

#[test]
fn what_a_link_points_at_is_replaced_and_the_link_stays() {
    let folder = Folder::empty();
    std::fs::create_dir(folder.file("there")).unwrap();
    folder.write("there/file", "old");
    symlink("there/file", folder.file("link")).unwrap();
    symlink("link", folder.file("link-to-link")).unwrap();
    symlink(folder.file("there/new"), folder.file("dangling")).unwrap();
    symlink("loop", folder.file("loop")).unwrap();
    symlink("nowhere/file", folder.file("nowhere-link")).unwrap();
    for (link, target) in [("link", "there/file"), ("link-to-link", "there/file"), ("dangling", "there/new")]
    {
        policy_to(&folder, link).ends(0);
        assert!(std::fs::symlink_metadata(folder.file(link)).unwrap().is_symlink(), "{link}");
        assert!(folder.read(target).contains("schema"), "{target}");
        std::fs::write(folder.file(target), "old").unwrap();
    }
    for link in ["loop", "nowhere-link"] {
        assert!(policy_to(&folder, link).ends(1).err.contains(link));
        assert!(std::fs::symlink_metadata(folder.file(link)).unwrap().is_symlink(), "{link}");
    }
}

#[test]
fn a_pipe_is_written_to_and_stays_a_pipe() {
    let folder = Folder::empty();
    fifo(&folder.file("pipe"));
    let path = folder.file("pipe");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        std::fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
        text
    });
    policy_to(&folder, "pipe").ends(0);
    assert!(reader.join().unwrap().contains("schema"));
    assert!(std::fs::symlink_metadata(folder.file("pipe")).unwrap().file_type().is_fifo());
}

#[test]
fn devices_are_written_to_and_never_replaced() {
    let folder = Folder::empty();
    // Links in a folder of our own: the devices themselves are only ever written to.
    for (device, code) in [("/dev/full", 1), ("/dev/null", 0)] {
        if !std::fs::symlink_metadata(device).is_ok_and(|found| found.file_type().is_char_device()) {
            eprintln!("skipped: no {device}");
            continue;
        }
        symlink(device, folder.file("device")).unwrap();
        let ran = policy_to(&folder, "device").ends(code);
        assert_eq!(ran.err.is_empty(), code == 0, "{}", ran.err);
        assert!(std::fs::symlink_metadata(device).unwrap().file_type().is_char_device());
        std::fs::remove_file(folder.file("device")).unwrap();
    }
}

/// Devices of our own in a folder of our own, with the numbers of the null device and of the full one: the machine's are not
/// touched. Only where this process may make some.
#[test]
fn devices_of_our_own_are_written_to_and_never_replaced() {
    let folder = Folder::empty();
    for (name, minor, code) in [("null", "3", 0), ("full", "7", 1)] {
        let path = folder.file(name);
        let made = Command::new("mknod").arg(&path).args(["c", "1", minor]).output();
        let usable = made.is_ok_and(|made| made.status.success())
            && std::fs::OpenOptions::new().write(true).open(&path).is_ok();
        if !usable {
            eprintln!("skipped: no devices can be made here");
            return;
        }
        let ran = policy_to(&folder, name).ends(code);
        assert_eq!(ran.err.is_empty(), code == 0, "{}", ran.err);
        assert!(std::fs::symlink_metadata(&path).unwrap().file_type().is_char_device(), "{name}");
        symlink(name, folder.file("link")).unwrap();
        policy_to(&folder, "link").ends(code);
        assert!(std::fs::symlink_metadata(folder.file("link")).unwrap().is_symlink());
        std::fs::remove_file(folder.file("link")).unwrap();
    }
    let mut names = folder.names();
    names.sort();
    assert_eq!(names, ["full", "null"], "no temporary file");
}

/// Whoever may write everywhere is asked under another user, where there is a tool for that.
#[test]
fn a_folder_that_cannot_be_written_is_told_before_the_work() {
    let folder = Folder::new();
    let closed = folder.file("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::write(closed.join("file"), "old").unwrap();
    set_mode(&closed, 0o555);
    set_mode(folder.path(), 0o755);
    let may = std::fs::write(closed.join("tried"), "").is_ok();
    let run = |place: &str| {
        let program = env!("CARGO_BIN_EXE_veritee");
        let arguments = ["verify", "missing.json", "-o", place];
        let mut command = if may {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", program]);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments).current_dir(folder.path()).output()
    };
    for place in ["closed/new", "closed/file"] {
        let ran = match run(place) {
            Ok(output) => Ran::of(output),
            Err(_) => {
                return eprintln!("skipped: this user may write everywhere, and nobody else can be asked");
            }
        };
        if ran.err.contains("setpriv") || ran.code == 126 || ran.code == 127 {
            return eprintln!("skipped: the program cannot be run under another user here");
        }
        assert_eq!(ran.code, 1, "{place}: {}", ran.err);
        assert!(ran.err.contains("ermission denied") && !ran.err.contains("missing.json"), "{}", ran.err);
        assert_eq!(std::fs::read_to_string(closed.join("file")).unwrap(), "old");
    }
    set_mode(&closed, 0o755);
}

/// Templates that people fill in: hours of their work are not replaced by an empty one.
#[test]
fn a_policy_and_a_review_that_were_edited_stay() {
    let folder = Folder::new();
    folder.write("edited.toml", policy_to(&folder, "-").ends(0).out.replace("name = ", "# mine\nname = "));
    let before = folder.read("edited.toml");
    let err = policy_to(&folder, "edited.toml").ends(2).err;
    assert!(err.contains("is there already") && err.contains("help: "), "{err}");
    assert_eq!(folder.read("edited.toml"), before);
    folder.run(&["review", "init", "app-compose.json", "-o", "review.toml"]).ends(0);
    folder.run(&["review", "init", "app-compose.json", "-o", "review.toml"]).ends(0);
    let filled = folder.read("review.toml").replace("NAME, ORGANISATION", "Jane Doe, Example Audits");
    folder.write("review.toml", &filled);
    folder.run(&["review", "init", "app-compose.json", "-o", "review.toml"]).ends(2);
    assert_eq!(folder.read("review.toml"), filled);
}

#[test]
fn open_descriptors_are_written_to_at_their_end() {
    let folder = Folder::empty();
    let program = env!("CARGO_BIN_EXE_veritee");
    let shell = |line: &str| {
        let mut command = Command::new("sh");
        Ran::of(command.args(["-c", line]).current_dir(folder.path()).output().unwrap()).ends(0)
    };
    symlink("/dev/stdout", folder.file("out")).unwrap();
    for place in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "out"] {
        // A pipe.
        let ran = shell(&format!("{program} policy init -o {place} | cat"));
        assert!(ran.out.contains("schema"), "{place}: {}", ran.out);
        // A file that has something already: it stays, in the same file.
        folder.write("log", "before\n");
        let before = std::fs::metadata(folder.file("log")).unwrap().ino();
        shell(&format!("{program} policy init -o {place} >> log && echo after >> log"));
        let text = folder.read("log");
        assert!(
            text.starts_with("before\n") && text.contains("schema") && text.ends_with("after\n"),
            "{place}"
        );
        assert_eq!(std::fs::metadata(folder.file("log")).unwrap().ino(), before, "{place}");
    }
    shell(&format!("{program} policy init -o /dev/fd/3 3> third"));
    assert!(folder.read("third").contains("schema"));
}

#[test]
fn a_refusal_names_the_place_and_no_temporary_file() {
    let folder = Folder::empty();
    symlink("nowhere/file", folder.file("dangling")).unwrap();
    for (place, words) in [
        ("no/folder/file", "there is no folder no/folder"),
        ("dangling", "there is no folder ./nowhere"),
        ("/dev/full", "No space left"),
        ("..", "folder"),
    ] {
        let err = policy_to(&folder, place).ends(1).err;
        assert!(err.contains(place) && err.contains(words) && !err.contains(".tmp"), "{err}");
    }
}

#[test]
fn what_cannot_be_written_is_told_before_the_work() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("taken")).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(folder.file("socket")).unwrap();
    let names = folder.names();
    for place in ["taken", "socket", "no/folder/file", "evidence.json/file", ".", "/", ""] {
        // The input is missing as well: the place is what is told.
        let ran = folder.run(&["verify", "missing.json", "-o", place]);
        assert!(ran.code == 1 || ran.code == 2, "{place}: {} {}", ran.code, ran.err);
        assert!(!ran.err.contains("missing.json"), "{place}: {}", ran.err);
        assert_eq!(folder.names(), names, "{place}");
    }
    drop(socket);
}

#[test]
fn a_dash_is_standard_output() {
    let folder = Folder::empty();
    let names = folder.names();
    let shown = folder.run(&["policy", "init"]).ends(0).out;
    assert_eq!(policy_to(&folder, "-").ends(0).out, shown);
    assert_eq!(folder.names(), names, "no file of that name");
}

#[test]
fn the_evidence_that_is_saved_is_written_the_same_way() {
    let folder = Folder::new();
    folder.write("kept.json", "old");
    set_mode(&folder.file("kept.json"), 0o600);
    symlink("kept.json", folder.file("saved.json")).unwrap();
    folder.verify("evidence.json", &["--save-evidence", "saved.json"]).ends(0);
    assert!(std::fs::symlink_metadata(folder.file("saved.json")).unwrap().is_symlink());
    assert_eq!(mode(&folder.file("kept.json")), 0o600);
    assert!(folder.read("kept.json").contains("veritee/evidence/v1"));
    folder.verify("evidence.json", &["--save-evidence", "no/folder/saved.json"]).ends(1);
}

/// A batch whose input never ends, told to stop.
fn interrupted(folder: &Folder, signals: &[&str], more: &[&str]) -> Ran {
    let arguments = [&["batch", "--offline", "-"], more].concat();
    let mut child = folder
        .command(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        use std::io::Write as _;
        while stdin.write_all(&b"00\n".repeat(4096)).is_ok() {}
    });
    std::thread::sleep(std::time::Duration::from_millis(700));
    for signal in signals {
        let status = Command::new("kill").args([*signal, &child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
    let started = std::time::Instant::now();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert!(started.elapsed().as_secs() < 20);
    feeder.join().unwrap();
    ran
}

#[test]
fn an_interrupted_batch_names_no_file_and_leaves_none() {
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::empty();
        folder.write("out.jsonl", "old");
        let names = folder.names();
        let ran = interrupted(&folder, &[signal], &["-o", "out.jsonl"]);
        assert_ne!(ran.code, 0);
        assert!(ran.err.contains("interrupted"), "{}", ran.err);
        assert_eq!(folder.read("out.jsonl"), "old", "a part is never taken for the whole");
        assert_eq!(folder.names(), names, "no temporary file stays behind");
    }
}

#[test]
fn an_interrupted_batch_has_written_whole_lines() {
    for signal in ["-INT", "-TERM"] {
        let folder = Folder::empty();
        let arguments = ["batch", "--offline", "-"];
        let mut child = folder
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, b"00\n00\n00\n").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(700));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let ran = Ran::of(child.wait_with_output().unwrap()).ends(1);
        drop(stdin);
        assert_eq!(ran.out.lines().count(), 3);
        assert!(ran.out.ends_with('\n'));
    }
}
