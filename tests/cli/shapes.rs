//! Which form an output has, how wide it is, and how much of it is shown.

use crate::program::{Folder, Ran};
use std::process::Command;

#[test]
fn the_form_follows_the_name_of_the_file() {
    let folder = Folder::new();
    for (name, begins) in [
        ("r.json", "{\n"),
        ("r.jsonl", "{\"schema\""),
        ("r.sarif", "{"),
        ("r.sarif.json", "{"),
        ("r.md", "#"),
        ("r.html", "<!"),
        ("r.HTM", "<!"),
        ("r.txt", "VERIFIED"),
        ("report", "VERIFIED"),
    ] {
        folder.verify("evidence.json", &["-o", name]).ends(0);
        let text = folder.read(name);
        let first = text.trim_start_matches("TEST ROOT, NOT INTEL");
        assert!(first.contains(begins), "{name}: {}", &text[..200.min(text.len())]);
    }
    assert!(folder.read("r.sarif").contains("2.1.0") && folder.read("r.sarif.json").contains("2.1.0"));
    // What is asked for counts before the name, and a command has the forms that it has.
    folder.verify("evidence.json", &["-o", "r2.md", "--format", "json"]).ends(0);
    assert!(folder.read("r2.md").starts_with('{'));
    folder.run(&["policy", "init", "-o", "policy.json"]).ends(2);
    folder.run(&["policy", "init", "-o", "policy.json", "--format", "human"]).ends(0);
    assert!(folder.read("policy.json").contains("schema = "));
    folder.run(&["diff", "app-compose.json", "app-compose.json", "-o", "d.md"]).ends(2);
    folder.run(&["quote", "show", "quote.bin", "-o", "q.json"]).ends(0);
    assert!(folder.read("q.json").starts_with('{'));
}

#[test]
fn a_command_offers_only_the_forms_that_it_has() {
    let folder = Folder::new();
    for (arguments, form) in [
        (&["diff", "app-compose.json", "app-compose.json"][..], "sarif"),
        (&["quote", "show", "quote.bin"], "html"),
        (&["batch", "quote.bin"], "json"),
        (&["explain", "tcb-out-of-date"], "json"),
        (&["policy", "checks"], "json"),
    ] {
        let ran = folder.run(&[arguments, &["--format", form]].concat()).ends(2);
        assert!(ran.err.contains("human"), "{}", ran.err);
        // Before the command it is the same option.
        folder.run(&[&["--format", form], arguments].concat()).ends(2);
    }
    let help = folder.run(&["diff", "--help"]).ends(0).out;
    assert!(help.contains("jsonl") && !help.contains("sarif"), "{help}");
    let help = folder.run(&["verify", "--help"]).ends(0).out;
    assert!(help.contains("sarif"), "{help}");
}

#[test]
fn sections_are_shown_in_full_and_nothing_else() {
    let folder = Folder::new();
    let show = |sections: &str| folder.verify("evidence.json", &["--show", sections]).ends(0).out;
    assert!(show("checks").contains("quote.signature"));
    assert!(!show("findings").contains("quote.signature"));
    let both = show("facts,questions");
    assert!(both.contains("mrtd") && both.contains("M1"), "{both}");
    for section in ["findings", "checks", "questions", "inventory", "facts", "events", "notices", "audit"] {
        let text = show(section);
        assert!(text.contains("exit status 0"), "{section}: {text}");
    }
    folder.verify("evidence.json", &["--show", "everything"]).ends(2);
}

/// Runs on a pseudo-terminal of so many columns; nothing where none can be had.
fn on_a_terminal(folder: &Folder, columns: usize, arguments: &str) -> Option<Ran> {
    let program = env!("CARGO_BIN_EXE_veritee");
    let line = format!("stty cols {columns} rows 24 2>/dev/null; exec {program} {arguments}");
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(folder.path()).env_remove("COLUMNS");
    command.env("TERM", "xterm").env("NO_COLOR", "1").stdin(std::process::Stdio::null());
    match command.output() {
        Ok(output) => Some(Ran::of(output)),
        Err(_) => {
            eprintln!("skipped: no `script` to make a pseudo-terminal");
            None
        }
    }
}

#[test]
fn the_width_is_that_of_the_terminal() {
    let folder = Folder::new();
    let arguments =
        "verify evidence.json --policy policy.toml --root root.pem --as-of 2026-10-15T00:00:00Z --offline";
    for (columns, widest) in [(30, 40), (60, 60), (120, 120), (300, 200)] {
        let Some(ran) = on_a_terminal(&folder, columns, arguments) else { return };
        let longest = ran.out.lines().map(|line| line.trim_end().chars().count()).max().unwrap_or(0);
        assert!(longest <= widest, "{columns}: {longest}\n{}", ran.out);
        if columns >= 60 {
            assert!(longest > widest.min(80) / 2, "{columns}: {longest}\n{}", ran.out);
        }
    }
    // Elsewhere it is 80, whatever the terminal is.
    let ran = folder.verify("evidence.json", &[]);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 80), "{}", ran.out);
}

#[test]
fn a_pseudo_terminal_is_written_to() {
    let folder = Folder::empty();
    let Some(ran) = on_a_terminal(&folder, 80, "policy init -o /dev/tty") else { return };
    assert!(ran.out.contains("schema"), "{}", ran.out);
}
