//! dstack's scripts, command by command, each with the conditions it stands under.
//!
//! Who chooses which variable is decided where the document is resolved; here is only what the commands do. A
//! condition counts only when it demands that a variable is not empty and nothing offers a way around it.

use crate::pattern::pattern;
use crate::shell::{self, Command};
use crate::subject::Subject;
use crate::view::{Provenance, Script, View};
use veritee_model::Place;

/// A command of a script.
pub(crate) struct ScriptCommand {
    pub(crate) command: Command,
    /// Line within the script, counted from 1.
    pub(crate) line: u32,
    /// The line as it stands.
    pub(crate) text: String,
    /// Variables that must not be empty for the command to run.
    pub(crate) demands: Vec<String>,
}

struct Frame {
    /// The condition is being read.
    open: bool,
    demands: Vec<String>,
    /// The condition has an alternative: it demands nothing.
    loose: bool,
}

/// The commands of a script, in order.
pub(crate) fn commands(script: &Script) -> Vec<ScriptCommand> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut found = Vec::new();
    for command in shell::commands_and_keywords(&script.text) {
        for keyword in &command.keywords {
            match keyword.as_str() {
                "if" => frames.push(Frame { open: true, demands: Vec::new(), loose: false }),
                "elif" => replace(&mut frames, true),
                "else" => replace(&mut frames, false),
                "then" => {
                    if let Some(frame) = frames.last_mut() {
                        frame.open = false;
                    }
                }
                "fi" => {
                    frames.pop();
                }
                _ => {}
            }
        }
        if let Some(frame) = frames.last_mut().filter(|frame| frame.open) {
            frame.loose |= command.alternative || command.keywords.iter().any(|keyword| keyword == "!");
            frame.demands.extend(demanded(&command));
        }
        if command.words.is_empty() {
            continue;
        }
        let before = script.text.get(..command.offset).unwrap_or("");
        let line = before.matches('\n').count();
        found.push(ScriptCommand {
            line: u32::try_from(line.saturating_add(1)).unwrap_or(u32::MAX),
            text: script.text.lines().nth(line).unwrap_or("").trim().to_owned(),
            demands: frames
                .iter()
                .filter(|frame| !frame.open && !frame.loose)
                .flat_map(|frame| frame.demands.clone())
                .collect(),
            command,
        });
    }
    found
}

fn replace(frames: &mut [Frame], open: bool) {
    if let Some(frame) = frames.last_mut() {
        *frame = Frame { open, demands: Vec::new(), loose: false };
    }
}

/// The variable of `[ -n "$X" ]`, in any of the words of a test.
fn demanded(command: &Command) -> Vec<String> {
    command
        .words
        .windows(2)
        .filter_map(|pair| match pair {
            [test, operand] if test == "-n" => variable(operand),
            _ => None,
        })
        .collect()
}

fn variable(word: &str) -> Option<String> {
    let inner = word.strip_prefix('$')?;
    let name = inner.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(inner);
    let sound = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    sound.then(|| name.to_owned())
}

pattern!(VARIABLE, r"\$\{?([A-Za-z_][A-Za-z0-9_]*)");

impl ScriptCommand {
    /// Variables that the command's words mention.
    pub(crate) fn variables(&self) -> Vec<String> {
        self.command
            .words
            .iter()
            .flat_map(|word| {
                VARIABLE
                    .captures_iter(word)
                    .filter_map(|groups| groups.get(1).map(|name| name.as_str().to_owned()))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Whether the command can run: no variable that it demands is empty for ever.
    pub(crate) fn is_reachable(&self, view: &View) -> bool {
        !self.demands.iter().any(|name| is_never_set(view, name))
    }

    /// The place of the command in the document.
    pub(crate) fn place(&self, script: &Script) -> Place {
        Place { line: Some(self.line), ..script.place.clone() }
    }
}

/// Whether nobody can set a variable: not allowed, and no script assigns it.
fn is_never_set(view: &View, name: &str) -> bool {
    let Some(allowed) = &view.allowed else { return false };
    let assigned = view.scripts.iter().any(|script| assigns(&script.text, name));
    let known = view.provenance_of(name);
    !allowed.contains(name) && !assigned && known == Provenance::Unset
}

fn assigns(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(name.len())..).unwrap_or("");
        let starts =
            before.is_none_or(|character| character.is_whitespace() || matches!(character, ';' | '&' | '('));
        starts && (after.starts_with('=') || after.starts_with("+="))
    }) || text.lines().any(|line| {
        let line = line.trim_start();
        (line.starts_with("read ")
            || line.starts_with("source ")
            || line.starts_with(". ")
            || line.starts_with("eval "))
            && line.contains(name)
    })
}

/// Whether a script fetches images.
pub(crate) fn pulls(script: &Script) -> bool {
    commands(script).iter().any(|item| is_pull(&item.command))
}

pub(crate) fn is_pull(command: &Command) -> bool {
    match command.program() {
        "docker" | "nerdctl" | "podman" => command.has("pull"),
        "docker-compose" => command.has("pull"),
        _ => false,
    }
}

/// The first line that decides whether the machine may go on: a token or hash is compared, and the other way ends
/// the boot.
pub(crate) fn gate(script: &Script) -> Option<(u32, String)> {
    let text = &script.text;
    let ends = commands(script).iter().any(|item| match item.command.program() {
        "exit" => item.command.words.get(1).is_some_and(|code| code != "0"),
        "reboot" | "poweroff" | "halt" | "shutdown" => true,
        _ => false,
    });
    let subject =
        ["LAUNCH_TOKEN", "launch_token", "TOKEN_HASH", "CONFIG_HASH", "iptables", "nft ", "sha256sum"];
    let compares = text.contains("sha256sum") && (text.contains("!=") || text.contains("=="))
        || text.contains("iptables");
    if !ends || !compares {
        return None;
    }
    let (index, line) =
        text.lines().enumerate().find(|(_, line)| subject.iter().any(|mark| line.contains(mark)))?;
    Some((u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX), line.trim().to_owned()))
}

/// All commands of all scripts, with the script of each.
pub(crate) fn all<'a>(subject: &'a Subject<'_>) -> Vec<(&'a Script, ScriptCommand)> {
    subject
        .view
        .iter()
        .flat_map(|view| &view.scripts)
        .flat_map(|script| commands(script).into_iter().map(move |command| (script, command)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script {
        Script {
            key: "pre_launch_script".to_owned(),
            text: text.to_owned(),
            place: Place::default(),
            known: None,
            unparsed: Vec::new(),
        }
    }

    #[test]
    fn a_condition_joined_by_and_demands_its_variables() {
        let text = "if [[ -n \"$A\" && -n \"$B\" ]]; then\n  login\nelif [ -n \"$C\" ]; then\n  other\nelse\n  third\nfi\nlast\n";
        let found: Vec<_> = commands(&script(text))
            .into_iter()
            .filter(|item| {
                !item.command.program().starts_with('[') && !item.command.program().starts_with("-n")
            })
            .map(|item| (item.command.program().to_owned(), item.demands.join(","), item.line))
            .collect();
        let expected = [("login", "A,B", 2), ("other", "C", 4), ("third", "", 6), ("last", "", 8)];
        assert_eq!(
            found,
            expected.map(|(program, demands, line)| (program.to_owned(), demands.to_owned(), line))
        );
    }

    #[test]
    fn a_condition_with_an_alternative_demands_nothing() {
        let found = commands(&script("if [ -n \"$A\" ] || true; then\n login\nfi\n"));
        assert!(found.iter().all(|item| item.demands.is_empty()));
    }
}
