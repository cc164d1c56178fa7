use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::{self, ScriptCommand};
use crate::subject::Subject;
use crate::view::View;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-006",
    title: "a script runs what somebody outside wrote",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Manifest],
    remedy: "never evaluate values from the environment or the host as code",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (script, item) in script::all(subject) {
        if let Some(why) = evaluates(view, item) {
            let evidence = format!("{} line {}: {} ({why})", script.key, item.line, item.text);
            sink.add(Note::fail(&item.place(script), evidence));
        }
    }
}

fn evaluates(view: &View, item: &ScriptCommand) -> Option<String> {
    let command = &item.command;
    let settable = |word: &String| outside(view, word.as_str());
    match command.program() {
        "eval" => {
            if item.text.contains("user_config") || item.text.contains("sys-config") {
                return Some("eval of what the host supplies".to_owned());
            }
            command.arguments().iter().find_map(settable).map(|name| format!("eval of {name}"))
        }
        "source" | "." => {
            let file = command.arguments().first()?;
            let foreign = ["user_config", "user-config", "sys-config", "decrypted-env", "host-shared"]
                .iter()
                .any(|mark| file.contains(mark));
            if foreign {
                Some("a file that somebody outside writes".to_owned())
            } else {
                settable(file).map(|name| format!("the file is named by {name}"))
            }
        }
        "bash" | "sh" | "ash" if command.has("-c") => {
            command.arguments().iter().find_map(settable).map(|name| format!("-c with {name}"))
        }
        _ => {
            let first = command.words.first()?;
            if first.starts_with('$') {
                settable(first).map(|name| format!("{name} is the command"))
            } else {
                None
            }
        }
    }
}

/// The first variable of a word that somebody outside chooses.
fn outside(view: &View, word: &str) -> Option<String> {
    let mut rest = word;
    while let Some((_, after)) = rest.split_once('$') {
        let after = after.strip_prefix('{').unwrap_or(after);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let name = after.get(..end).unwrap_or("");
        let chosen = view.allowed.as_ref().is_some_and(|allowed| allowed.contains(name))
            || view.provenance_of(name).is_settable();
        if !name.is_empty() && chosen {
            return Some(name.to_owned());
        }
        rest = after.get(end..).unwrap_or("");
    }
    None
}
