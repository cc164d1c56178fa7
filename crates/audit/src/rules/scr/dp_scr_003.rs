use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::rules::src::fetches_file;
use crate::script::{self, ScriptCommand};
use crate::subject::Subject;
use std::collections::BTreeMap;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-003",
    title: "a script runs code from the network",
    severity: Severity::Critical,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Manifest],
    remedy: "put the code into a measured image, or check a SHA-256 before it runs",
    check,
};

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "python", "python3", "node", "perl", "source", "."];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in &view.scripts {
        let commands = script::commands(script);
        let index_of = Index::of(commands);
        for (index, item) in commands.iter().enumerate() {
            let Some(how) = download(commands, index, &index_of) else { continue };
            let reachable = item.is_reachable(view);
            let severity = if reachable { how.severity() } else { Severity::Low };
            let note =
                if reachable { "" } else { "; unreachable: nobody can set the variables that it demands" };
            let evidence =
                format!("{} line {}: {} ({}{note})", script.key, item.line, item.text, how.describe());
            sink.add(Note::fail(&item.place(script), evidence).severity(severity));
        }
    }
}

/// What later commands act on, and where interpreters stand: so that each download is looked at once.
struct Index {
    /// Last command that runs or unpacks a file of this name.
    acted: BTreeMap<String, usize>,
    /// First interpreter on a line.
    interpreters: BTreeMap<u32, usize>,
}

impl Index {
    fn of(commands: &[ScriptCommand]) -> Self {
        let mut acted = BTreeMap::new();
        let mut interpreters = BTreeMap::new();
        for (index, item) in commands.iter().enumerate() {
            let program = item.command.program();
            let shell = SHELLS.contains(&program);
            if shell || program == "eval" {
                interpreters.entry(item.line).or_insert(index);
            }
            let acts = matches!(
                program,
                "unzip" | "tar" | "chmod" | "install" | "dpkg" | "rpm" | "pip" | "docker" | "gunzip" | "xz"
            );
            let words = if acts || shell {
                item.command.words.as_slice()
            } else {
                item.command.words.get(..1).unwrap_or(&[])
            };
            for word in words {
                let names =
                    word.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')));
                for name in names.filter(|name| !name.is_empty()) {
                    acted.insert(name.to_owned(), index);
                }
            }
        }
        Self { acted, interpreters }
    }
}

enum Download {
    Piped,
    Unchecked,
    Weak,
    Checked,
}

impl Download {
    const fn severity(&self) -> Severity {
        match self {
            Self::Piped | Self::Unchecked => Severity::Critical,
            Self::Weak => Severity::Medium,
            Self::Checked => Severity::Low,
        }
    }

    const fn describe(&self) -> &'static str {
        match self {
            Self::Piped => "straight into an interpreter",
            Self::Unchecked => "without checksum",
            Self::Weak => "checked by MD5 or SHA-1, which can be forged",
            Self::Checked => "checked by SHA-256",
        }
    }
}

fn download(commands: &[ScriptCommand], index: usize, known: &Index) -> Option<Download> {
    let item = commands.get(index)?;
    if !fetches_file(&item.command) {
        return None;
    }
    let later = commands.get(index.saturating_add(1)..).unwrap_or(&[]);
    if item.command.piped && later.first().is_some_and(|next| SHELLS.contains(&next.command.program())) {
        return Some(Download::Piped);
    }
    // `source <(curl ...)`, `bash -c "$(curl ...)"`: the interpreter stands before the download on the same line.
    let inside = item.command.substitution;
    if inside && known.interpreters.get(&item.line).is_some_and(|first| *first < index) {
        return Some(Download::Piped);
    }
    let file = output(item)?;
    let name = file.rsplit('/').next().unwrap_or(&file);
    if known.acted.get(name).is_none_or(|last| *last <= index) {
        return None;
    }
    let sums = |names: &[&str]| {
        let checks = |after: &ScriptCommand| {
            names.contains(&after.command.program()) && after.command.has_flag('c', "--check")
        };
        later.iter().take(8).any(checks)
    };
    if sums(&["sha256sum", "sha512sum", "shasum"]) {
        Some(Download::Checked)
    } else if sums(&["md5sum", "sha1sum"]) {
        Some(Download::Weak)
    } else {
        Some(Download::Unchecked)
    }
}

/// The file that a download writes.
fn output(item: &ScriptCommand) -> Option<String> {
    let words = &item.command.words;
    let named = words.windows(2).find_map(|pair| match pair {
        [option, file]
            if matches!(option.as_str(), "-o" | "--output" | "-O" | "--output-document" | ">")
                && !file.starts_with("http") =>
        {
            Some(file.clone())
        }
        _ => None,
    });
    let from_url = || {
        words
            .iter()
            .find(|word| word.contains("://"))
            .and_then(|url| url.rsplit('/').next())
            .map(str::to_owned)
    };
    named.or_else(from_url).filter(|file| !file.is_empty() && file != "/dev/null" && file != "-")
}
