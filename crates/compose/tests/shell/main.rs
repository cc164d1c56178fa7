//! The reader of shell scripts beside another one: Debian's `shfmt`, whose answers are in `test-vectors/shell`.
//!
//! Every simple command that shfmt sees, wherever it stands, is one of ours, with the same name and as many words; and so is
//! every command that Bash ran when it was given scripts that do no harm.
#![allow(missing_docs, clippy::print_stdout, clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod dice;
mod differences;
mod generator;
mod texts;
mod traced;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use veritee_compose::script::{Command, Script, read_text};
use veritee_model::{Budget, Sha256Digest};

const GENERATED: u64 = 20_000;
const TRACED: u64 = 1_500;

/// What stands where shfmt refuses a script: nothing is held against it.
const REFUSED: &str = "--------";

fn answers(name: &str) -> String {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/shell"));
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The commands of a script as `answers.py` writes them: `name/words`, in the order of their bytes.
fn list(script: &Script) -> String {
    // What shells, evals and traps are handed is not in shfmt's tree; it is read behind all others.
    let own = script.commands.iter().filter(|command| command.nesting == 0 && !command.words.is_empty());
    let mut records: Vec<String> = own.map(record).collect();
    records.sort_unstable();
    records.join(" ")
}

fn record(command: &Command) -> String {
    let mut spans: Vec<_> = command.words.iter().map(|word| word.span).collect();
    // The words of a list in braces stand where the list stands; in text that is read twice all stand where it stands.
    if spans.iter().any(|span| *span != command.span) {
        spans.dedup();
    }
    let mut text = String::new();
    match command.words[0].literal() {
        None => text.push('*'),
        Some(name @ ("[[" | "let")) => return format!("{name}/"),
        Some(name) => {
            for byte in name.bytes() {
                if byte.is_ascii_alphanumeric() || b"_./:+=-".contains(&byte) {
                    text.push(char::from(byte));
                } else {
                    write!(text, "%{byte:02X}").unwrap();
                }
            }
        }
    }
    format!("{text}/{}", spans.len())
}

fn read(text: &str) -> Script {
    read_text(text, &Budget::STANDARD)
}

fn short(text: &str) -> String {
    Sha256Digest::of(text.as_bytes()).to_string()[..8].to_owned()
}

#[test]
fn no_command_that_shfmt_sees_is_lost_in_twenty_thousand_scripts() {
    let hashes = answers("generated.txt");
    let lists = answers("lists.txt");
    let mut lists = lists.lines();
    let mut faults = Vec::new();
    let (mut read_by_both, mut commands) = (0_u64, 0_usize);
    let mut number = 0;
    for wanted in hashes.split_ascii_whitespace() {
        let text = generator::script(number);
        let ours = list(&read(&text));
        if wanted != REFUSED {
            read_by_both += 1;
            commands += ours.split(' ').count();
            let in_full = lists.next();
            if short(&ours) != wanted {
                faults
                    .push(format!("--- {number}\n{text}\nours:  {ours}\nshfmt: {}", in_full.unwrap_or("?")));
            }
        } else {
            lists.next();
        }
        number += 1;
    }
    assert_eq!(number, GENERATED, "as many answers as scripts; make.sh writes them");
    println!("{read_by_both} scripts, {commands} commands");
    assert!(read_by_both > GENERATED * 9 / 10, "only {read_by_both} scripts are scripts to shfmt");
    assert!(faults.is_empty(), "{} of {number}:\n{}", faults.len(), faults[..faults.len().min(5)].join("\n"));
}

#[test]
fn no_command_that_shfmt_sees_is_lost_in_the_scripts_of_the_corpus_and_the_cases() {
    let rows = answers("texts.txt");
    let answers: BTreeMap<&str, &str> = rows.lines().filter_map(|line| line.split_once(' ')).collect();
    let (mut held, mut faults) = (0, Vec::new());
    for text in texts::texts() {
        let name = Sha256Digest::of(text.as_bytes()).to_string()[..16].to_owned();
        let Some(wanted) = answers.get(name.as_str()) else {
            println!("skipped: shfmt was not asked about {name}; test-vectors/shell/make.sh does");
            continue;
        };
        held += 1;
        let ours = list(&read(&text));
        if *wanted != REFUSED && *wanted != short(&ours) {
            faults.push(format!("--- {name}\n{text}\nours: {ours}"));
        }
    }
    println!("{held} scripts held against shfmt");
    assert!(held > 20, "the vectors of the repository alone are more");
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn where_the_readers_differ_the_reason_is_known() {
    let theirs = answers("differences.txt");
    assert_eq!(theirs.lines().count(), differences::ROWS.len(), "make.sh writes an answer for each row");
    for (row, theirs) in differences::ROWS.iter().zip(theirs.lines()) {
        let script = read(row.script);
        assert_eq!(list(&script), row.ours, "{}", row.script);
        assert_ne!(row.ours, theirs, "no difference: {}", row.script);
        assert_eq!(script.is_complete(), !row.is_said, "{}: {:?}", row.script, script.problems);
        assert!(row.reason.ends_with('.'), "{}", row.reason);
    }
}

#[test]
fn no_command_that_bash_runs_is_lost() {
    let answers = answers("traced.txt");
    let (mut number, mut run, mut faults) = (0, 0, Vec::new());
    for word in answers.split_ascii_whitespace() {
        let ran = u64::from_str_radix(word, 16).unwrap();
        let text = traced::script(number);
        let script = read(&text);
        let names: BTreeSet<&str> = script.commands.iter().filter_map(Command::program).collect();
        for name in (0..traced::NAMES).filter(|bit| ran >> bit & 1 == 1).map(|bit| format!("c{bit}")) {
            run += 1;
            if !names.contains(name.as_str()) {
                faults.push(format!("--- {number}: {name}, {:?}\n{text}", script.problems));
            }
        }
        number += 1;
    }
    assert_eq!(number, TRACED, "as many answers as scripts; make.sh writes them");
    assert!(run > 10_000, "{run} commands ran");
    assert!(faults.is_empty(), "{} of {run}:\n{}", faults.len(), faults[..faults.len().min(4)].join("\n"));
}

/// Writes what `make.sh` asks shfmt about.
#[test]
#[ignore = "called by test-vectors/shell/make.sh"]
fn write_the_scripts() {
    let path = std::env::var("VERITEE_SHELL_SCRIPTS").unwrap();
    let generated: Vec<String> = (0..GENERATED).map(generator::script).collect();
    let rows: Vec<String> = differences::ROWS.iter().map(|row| row.script.to_owned()).collect();
    let texts: Vec<String> = texts::texts().into_iter().collect();
    // Two zero bytes end a part.
    let traced: Vec<String> = (0..TRACED).map(traced::script).collect();
    let parts = [generated, rows, texts, traced]
        .map(|part| part.iter().map(|script| format!("{script}\0")).collect::<String>());
    std::fs::write(path, parts.join("\0")).unwrap();
}
