use crate::rules::src::fetches_file;
use crate::script::{self, ScriptCommand};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
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
        for (index, item) in commands.iter().enumerate() {
            let Some(how) = download(&commands, index) else { continue };
            let reachable = item.is_reachable(view);
            let severity = if reachable { how.severity() } else { Severity::Low };
            let note = if reachable { "" } else { "; unreachable: nobody can set the variables that it demands" };
            let evidence = format!("{} line {}: {} ({}{note})", script.key, item.line, item.text, how.describe());
            sink.add(Note::fail(&item.place(script), evidence).severity(severity));
        }
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

fn download(commands: &[ScriptCommand], index: usize) -> Option<Download> {
    let item = commands.get(index)?;
    if !fetches_file(&item.command) {
        return None;
    }
    let next = commands.get(index.saturating_add(1));
    if item.command.piped && next.is_some_and(|next| SHELLS.contains(&next.command.program())) {
        return Some(Download::Piped);
    }
    // `source <(curl ...)`, `bash -c "$(curl ...)"`: the interpreter stands before the download on the same line.
    let same_line = commands.get(..index).unwrap_or(&[]).iter().rev().take_while(|before| before.line == item.line);
    if same_line.into_iter().any(|before| SHELLS.contains(&before.command.program()) || before.command.program() == "eval") {
        return Some(Download::Piped);
    }
    let file = output(item)?;
    let later = commands.get(index.saturating_add(1)..).unwrap_or(&[]);
    let sums = |names: &[&str]| {
        later.iter().take(8).any(|after| names.contains(&after.command.program()) && after.command.has_flag('c', "--check"))
    };
    let runs = later.iter().any(|after| runs(after, &file));
    match (runs, sums(&["sha256sum", "sha512sum", "shasum"]), sums(&["md5sum", "sha1sum"])) {
        (false, ..) => None,
        (true, true, _) => Some(Download::Checked),
        (true, false, true) => Some(Download::Weak),
        (true, false, false) => Some(Download::Unchecked),
    }
}

/// The file that a download writes.
fn output(item: &ScriptCommand) -> Option<String> {
    let words = &item.command.words;
    let named = words.windows(2).find_map(|pair| match pair {
        [option, file] if matches!(option.as_str(), "-o" | "--output" | "-O" | "--output-document" | ">") && !file.starts_with("http") => Some(file.clone()),
        _ => None,
    });
    let from_url = || words.iter().find(|word| word.contains("://")).and_then(|url| url.rsplit('/').next()).map(str::to_owned);
    named.or_else(from_url).filter(|file| !file.is_empty() && file != "/dev/null" && file != "-")
}

fn runs(after: &ScriptCommand, file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let mentions = after.command.words.iter().any(|word| word.contains(name));
    let acts = matches!(after.command.program(), "unzip" | "tar" | "chmod" | "install" | "dpkg" | "rpm" | "pip" | "docker") || SHELLS.contains(&after.command.program());
    mentions && (acts || after.command.program() == name)
}
