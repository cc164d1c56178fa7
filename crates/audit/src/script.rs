//! dstack's scripts, command by command, each with the conditions it stands under.
//!
//! Who chooses which variable is decided where the document is resolved; here is only what the commands do. A
//! condition counts only when it demands that a variable is not empty and nothing offers a way around it.

use crate::pattern::pattern;
use crate::shell::{self, Command};
use crate::subject::Subject;
use crate::text::Lines;
use crate::view::{Provenance, Script, View};
use std::rc::Rc;
use veritee_model::Place;
use veritee_model::text::shortened;

/// A command of a script.
#[derive(Debug, Clone)]
pub(crate) struct ScriptCommand {
    pub(crate) command: Command,
    /// Line within the script, counted from 1.
    pub(crate) line: u32,
    /// The line as it stands.
    pub(crate) text: String,
    /// Variables that must not be empty for the command to run.
    pub(crate) demands: Rc<[String]>,
}

/// Conditions within conditions that are followed; what stands deeper demands no more than they do.
const DEPTH: usize = 64;

struct Frame {
    /// The condition is being read.
    open: bool,
    demands: Vec<String>,
    /// The condition has an alternative: it demands nothing.
    loose: bool,
}

#[derive(Default)]
struct Frames {
    frames: Vec<Frame>,
    /// Conditions beyond [`DEPTH`].
    deeper: usize,
    current: Option<Rc<[String]>>,
}

impl Frames {
    fn keyword(&mut self, keyword: &str) {
        match keyword {
            "if" if self.frames.len() >= DEPTH => self.deeper = self.deeper.saturating_add(1),
            "if" => self.frames.push(Frame { open: true, demands: Vec::new(), loose: false }),
            "fi" if self.deeper > 0 => self.deeper = self.deeper.saturating_sub(1),
            "fi" => {
                self.frames.pop();
            }
            "elif" | "else" | "then" if self.deeper > 0 => return,
            "elif" => self.replace(true),
            "else" => self.replace(false),
            "then" => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.open = false;
                }
            }
            _ => return,
        }
        self.current = None;
    }

    fn replace(&mut self, open: bool) {
        if let Some(frame) = self.frames.last_mut() {
            *frame = Frame { open, demands: Vec::new(), loose: false };
        }
    }

    fn condition(&mut self, command: &Command) {
        if self.deeper > 0 {
            return;
        }
        if let Some(frame) = self.frames.last_mut().filter(|frame| frame.open) {
            frame.loose |= command.alternative || command.keywords.iter().any(|keyword| keyword == "!");
            frame.demands.extend(demanded(command));
        }
    }

    fn demands(&mut self) -> Rc<[String]> {
        let frames = &self.frames;
        let current = self.current.get_or_insert_with(|| {
            let closed = frames.iter().filter(|frame| !frame.open && !frame.loose);
            closed.flat_map(|frame| frame.demands.clone()).collect()
        });
        Rc::clone(current)
    }
}

/// The commands of a script, in order. Linear in the script, and done once.
pub(crate) fn commands(script: &Script) -> &[ScriptCommand] {
    script.commands.get_or_init(|| read(script))
}

fn read(script: &Script) -> Vec<ScriptCommand> {
    let lines = Lines::new(&script.text);
    let mut frames = Frames::default();
    let mut found = Vec::new();
    for command in shell::commands_and_keywords(&script.text) {
        for keyword in &command.keywords {
            frames.keyword(keyword);
        }
        frames.condition(&command);
        if command.words.is_empty() {
            continue;
        }
        let line = lines.index(command.offset);
        found.push(ScriptCommand {
            line: u32::try_from(line.saturating_add(1)).unwrap_or(u32::MAX),
            text: shortened(lines.line(&script.text, line).trim(), 300),
            demands: frames.demands(),
            command,
        });
    }
    found
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
    !allowed.contains(name) && !view.assigned.contains(name) && view.provenance_of(name) == Provenance::Unset
}

pattern!(ASSIGNED, r"(?:^|[\s;&(])([A-Za-z_][A-Za-z0-9_]*)\+?=");
pattern!(READ, r"(?m)^[ \t]*(?:read|source|\.|eval|declare|export)[ \t][^\n]*");
pattern!(WORD, r"[A-Za-z_][A-Za-z0-9_]*");

/// Names that a script may give a value to. Too many rather than too few.
pub(crate) fn assigned(text: &str) -> std::collections::BTreeSet<String> {
    let direct =
        ASSIGNED.captures_iter(text).filter_map(|groups| groups.get(1).map(|name| name.as_str().to_owned()));
    let read = READ
        .find_iter(text)
        .flat_map(|line| WORD.find_iter(line.as_str()).map(|word| word.as_str().to_owned()));
    direct.chain(read).collect()
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
pub(crate) fn all<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = (&'a Script, &'a ScriptCommand)> {
    let scripts = subject.view.iter().flat_map(|view| &view.scripts);
    scripts.flat_map(|script| commands(script).iter().map(move |command| (script, command)))
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
            commands: core::cell::OnceCell::new(),
            unparsed: Vec::new(),
        }
    }

    #[test]
    fn a_condition_joined_by_and_demands_its_variables() {
        let text = "if [[ -n \"$A\" && -n \"$B\" ]]; then\n  login\nelif [ -n \"$C\" ]; then\n  other\nelse\n  third\nfi\nlast\n";
        let script = script(text);
        let found: Vec<_> = commands(&script)
            .iter()
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
        let script = script("if [ -n \"$A\" ] || true; then\n login\nfi\n");
        let found = commands(&script);
        assert!(found.iter().all(|item| item.demands.is_empty()));
    }
}
