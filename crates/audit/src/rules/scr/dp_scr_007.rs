//! What the host supplies is measured by nothing.

use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::{self, ScriptCommand};
use crate::subject::Subject;
use crate::text::Lines;
use crate::view::{Script, View};
use std::collections::BTreeSet;
use veritee_compose::script::Command;
use veritee_model::text::shortened;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-007",
    title: "a script reads what the host supplies unmeasured",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Manifest],
    remedy: "take settings from the measured document",
    check,
};

pattern!(HOST_FILE, r"user_config|\.user-config|\.?sys-config");

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in &view.scripts {
        let lines = lines(script, view);
        let Some(first) = lines.first() else { continue };
        let published = script.key == "pre_launch_script" && script.known.is_some();
        let severity = if published { Severity::Low } else { Severity::High };
        let text =
            script.text().lines().nth(usize::try_from(first.saturating_sub(1)).unwrap_or(0)).unwrap_or("");
        let text = shortened(text.trim(), 300);
        let evidence = format!("{} line {first}: {text} ({} lines in all)", script.key, lines.len());
        let place = Place { line: Some(*first), ..script.place.clone() };
        sink.add(Note::fail(&place, evidence).severity(severity));
    }
}

/// The lines whose commands name the file.
fn lines(script: &Script, view: &View) -> BTreeSet<u32> {
    let items = script::commands(script, view).iter();
    let mut found: BTreeSet<u32> = items.filter(|item| names(item)).map(|item| item.line).collect();
    let Some(source) = script.source() else { return found };
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
