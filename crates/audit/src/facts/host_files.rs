//! Lines of scripts that read what the host supplies, which nothing measures.

use crate::pattern::pattern;
use crate::script::{Script, ScriptCommand};
use crate::text::Lines;
use std::collections::BTreeSet;
use veritee_compose::script::Command;

pattern!(HOST_FILE, r"user_config|\.user-config|\.?sys-config", ["user_config", "user-config", "sys-config"]);

/// The lines whose commands name the file.
pub(crate) fn lines(script: &Script<'_>) -> BTreeSet<u32> {
    let items = script.commands().iter();
    let mut found: BTreeSet<u32> = items.filter(|item| names(item)).map(|item| item.line).collect();
    let source = script.source;
    let at = Lines::new(&source.text);
    let reads = |command: &&Command| {
        let inputs = command.redirections.iter().filter(|redirection| redirection.operator.starts_with('<'));
        inputs
            .filter(|redirection| redirection.document.is_none())
            .any(|redirection| HOST_FILE.is_match(&redirection.target.shown()))
    };
    let lines =
        source.commands.iter().filter(reads).map(|command| at.index(command.span.start).saturating_add(1));
    found.extend(lines.filter_map(|line| u32::try_from(line).ok()));
    found
}

/// Whether a command names the file; one that only prints its name does not read it.
fn names(item: &ScriptCommand) -> bool {
    let prints = matches!(item.command.program(), "echo" | "printf" | "logger" | ":");
    !prints && item.command.words.iter().any(|word| HOST_FILE.is_match(word))
}

/// The first of the lines, and how many there are.
pub(crate) fn evidence(script: &Script<'_>, line: u32, count: usize) -> String {
    let index = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
    let text = script.text().lines().nth(index).unwrap_or("");
    format!("{} ({count} lines in all)", script.quote(line, text.trim()))
}
