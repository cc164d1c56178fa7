//! The commands of scripts, containers and builds as the rules ask for them. The reading is `veritee-compose`'s.

use crate::facts::code::{is_shell, runs_input};
use crate::text::Lines;
use core::cell::OnceCell;
use std::rc::Rc;
use veritee_compose::script::{self as shell, Invocation};
use veritee_compose::{Deployment, EnvironmentModel};
use veritee_model::text::shortened;
use veritee_model::{Budget, Place};

/// One program that a text starts, with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Program and arguments: quotes removed, values of the text's own variables filled in, other expansions as they
    /// stand. What only starts another program (`sudo`, `env`, `timeout`) is left out.
    pub(crate) words: Vec<String>,
    /// Its output goes into another command.
    pub(crate) piped: bool,
    /// Its output goes into a file.
    pub(crate) redirected: bool,
    /// Where it stands in the text, or the command that holds its text.
    pub(crate) offset: usize,
    /// What it reads, of a program that runs what it reads.
    pub(crate) input: Input,
}

/// What a program reads that runs the text that it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// Nothing that the text tells of.
    None,
    /// This text.
    Text(String),
    /// The output of another program, or a file or connection: not known here.
    Unread,
}

impl Command {
    fn new(script: &shell::Script, index: usize, command: &shell::Command, invocation: &Invocation) -> Self {
        let redirected = command.redirections.iter().any(|redirection| redirection.operator.contains('>'));
        let program = invocation.program().unwrap_or("");
        let computed = invocation.words.first().is_some_and(|word| word.literal().is_none());
        let reads_code = || {
            let input = |code: &shell::Code| matches!(code, shell::Code::Input { .. });
            computed || (runs_input(program) || is_shell(program)) && invocation.code().iter().any(input)
        };
        // The text of a here-document for a shell was read as one.
        let document = |operator: &str| operator.starts_with("<<") && is_shell(program);
        let reads = |r: &shell::Redirection| r.operator.starts_with('<') && !document(&r.operator);
        let fed = command.position > 0 || command.redirections.iter().any(reads);
        let input = if !fed || !reads_code() {
            Input::None
        } else {
            script.input_text(index).map_or(Input::Unread, Input::Text)
        };
        Self {
            words: invocation.texts(),
            piped: script.is_piped(command),
            redirected,
            offset: command.span.start,
            input,
        }
    }

    /// The program's name without its path.
    pub(crate) fn program(&self) -> &str {
        self.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
    }

    /// Its arguments.
    pub(crate) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or(&[])
    }

    /// The first argument that is no option.
    pub(crate) fn subcommand(&self) -> Option<&str> {
        self.arguments().iter().map(String::as_str).find(|word| !word.starts_with('-'))
    }

    /// What `docker`, `ctr` and the like are asked to do: options before it have values of their own.
    pub(crate) fn verb(&self) -> Option<&str> {
        const VALUED: &[&str] = &[
            "-H",
            "--host",
            "-c",
            "--context",
            "--config",
            "-l",
            "--log-level",
            "-n",
            "--namespace",
            "-a",
            "--address",
            "--tlscacert",
            "--tlscert",
            "--tlskey",
        ];
        let mut is_value = false;
        self.arguments().iter().map(String::as_str).find(|word| {
            let skipped = core::mem::replace(&mut is_value, VALUED.contains(word));
            !skipped && !word.starts_with('-')
        })
    }

    /// Whether a word is the option, or gives it a value behind `=`.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.words
            .iter()
            .any(|word| word == option || word.strip_prefix(option).is_some_and(|rest| rest.starts_with('=')))
    }

    /// Whether a cluster of short options, or the long one, is present: `-fsSLk` has `k`.
    pub(crate) fn has_flag(&self, short: char, long: &str) -> bool {
        self.words.iter().any(|word| {
            word == long
                || (word.starts_with('-')
                    && !word.starts_with("--")
                    && word.chars().skip(1).all(|c| c.is_ascii_alphabetic())
                    && word.contains(short))
        })
    }

    /// Whether it fetches images.
    pub(crate) fn is_pull(&self) -> bool {
        matches!(self.program(), "docker" | "nerdctl" | "podman" | "docker-compose") && self.has("pull")
    }

    /// The words with blanks between them.
    pub(crate) fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// The programs that a text starts, those of shells inside of it too.
pub(crate) fn commands_of(text: &str, budget: &Budget) -> Vec<Command> {
    commands_in(&shell::read_text(text, budget))
}

pub(crate) fn commands_in(script: &shell::Script) -> Vec<Command> {
    let commands = script.commands.iter().enumerate();
    commands
        .flat_map(|(index, command)| {
            let found = script.invocations(command).into_iter();
            found.map(|invocation| Command::new(script, index, command, &invocation)).collect::<Vec<_>>()
        })
        .collect()
}

/// Longest line that is quoted, in characters.
const QUOTED: usize = 300;

/// A program that one of dstack's scripts starts.
#[derive(Debug, Clone)]
pub(crate) struct ScriptCommand {
    pub(crate) command: Command,
    /// Index of the command in the script; it may start several programs.
    pub(crate) index: usize,
    /// Line within the script, counted from 1.
    pub(crate) line: u32,
    /// The line as it stands.
    pub(crate) text: Rc<str>,
    /// Nothing shows that it cannot run.
    pub(crate) reachable: bool,
}

/// Programs that the guest calls in the shell that ran the pre-launch script.
pub(crate) const GUEST_CALLS: &[&str] = &[
    "docker",
    "docker-compose",
    "jq",
    "nerdctl",
    "systemctl",
    "dstack-util",
    "tdxctl",
    "chmod",
    "mkdir",
    "cat",
    "cp",
    "command",
    "builtin",
    "source",
    ".",
    "exec",
    "eval",
    "test",
    "[",
    "bash",
    "sh",
];

/// One of the scripts that dstack runs, with the document's environment.
#[derive(Debug, Clone)]
pub(crate) struct Script<'d> {
    /// `pre_launch_script`, `init_script` or `bash_script`.
    pub(crate) key: &'d str,
    pub(crate) place: Place,
    /// As it was read, and which of all scripts it is.
    pub(crate) source: &'d shell::Script,
    pub(crate) index: usize,
    environment: &'d EnvironmentModel,
    commands: OnceCell<Vec<ScriptCommand>>,
    writes: OnceCell<Vec<shell::FileWrite>>,
    lines: OnceCell<Lines>,
}

impl<'d> Script<'d> {
    /// The scripts of a deployment, in the order in which they run.
    pub(crate) fn all(deployment: &'d Deployment) -> Vec<Self> {
        let names = deployment.manifest.iter().flat_map(|manifest| &manifest.scripts);
        let sources = deployment.scripts.iter().zip(names).enumerate();
        sources
            .map(|(index, (source, name))| Self {
                key: &name.path,
                place: Place { file: name.path.clone(), line: Some(1), ..Place::default() },
                source,
                index,
                environment: &deployment.environment,
                commands: OnceCell::new(),
                writes: OnceCell::new(),
                lines: OnceCell::new(),
            })
            .collect()
    }

    pub(crate) fn text(&self) -> &'d str {
        &self.source.text
    }

    pub(crate) fn is_pre_launch(&self) -> bool {
        self.source.role == shell::Role::PreLaunch
    }

    /// The published script that it is, byte by byte.
    pub(crate) fn published(&self) -> Option<&'static shell::KnownScript> {
        self.source.known.filter(|_| self.is_pre_launch())
    }

    /// The place of a line, counted from 1.
    pub(crate) fn at_line(&self, line: u32) -> Place {
        Place { line: Some(line), ..self.place.clone() }
    }

    /// Number and text of the line at an offset.
    pub(crate) fn line_at(&self, offset: usize) -> (u32, &'d str) {
        let index = self.lines().index(offset);
        let line = self.lines().line(self.text(), index);
        (u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX), line.trim())
    }

    /// Where its lines begin.
    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(self.text()))
    }

    /// `KEY line N: TEXT`.
    pub(crate) fn quote(&self, line: u32, text: &str) -> String {
        format!("{} line {line}: {}", self.key, shortened(text, QUOTED))
    }

    /// Its programs, in order. Linear in the script, and done once.
    pub(crate) fn commands(&self) -> &[ScriptCommand] {
        self.commands.get_or_init(|| self.read())
    }

    fn read(&self) -> Vec<ScriptCommand> {
        let source = self.source;
        let lines = self.lines();
        let called = source.called(if self.is_pre_launch() { GUEST_CALLS } else { &[] });
        let mut last: Option<(usize, Rc<str>)> = None;
        let mut found = Vec::new();
        for (index, command) in source.commands.iter().enumerate() {
            let line = lines.index(command.span.start);
            let text = match &last {
                Some((known, text)) if *known == line => Rc::clone(text),
                _ => Rc::from(shortened(lines.line(&source.text, line).trim(), QUOTED)),
            };
            last = Some((line, Rc::clone(&text)));
            let is_dead = command.function.as_ref().is_some_and(|function| !called.contains(function));
            let reachable = !is_dead && !source.is_unreachable(command, self.environment);
            for invocation in source.invocations(command) {
                found.push(ScriptCommand {
                    command: Command::new(source, index, command, &invocation),
                    index,
                    line: u32::try_from(line.saturating_add(1)).unwrap_or(u32::MAX),
                    text: Rc::clone(&text),
                    reachable,
                });
            }
        }
        found
    }

    /// The first program of a command, or what stands behind it where it starts none.
    pub(crate) fn item(&self, command: usize) -> Option<&ScriptCommand> {
        let items = self.commands();
        items.get(items.partition_point(|item| item.index < command))
    }

    /// The files that it writes.
    pub(crate) fn writes(&self) -> impl Iterator<Item = Write<'_>> {
        let writes = self.writes.get_or_init(|| self.source.writes(self.environment));
        writes.iter().filter_map(|write| {
            // A redirection alone is no program; the next command stands for its line.
            let item = self.item(write.command).or_else(|| self.commands().last())?;
            Some(Write { script: self, item, write })
        })
    }

    /// Whether it fetches images.
    pub(crate) fn pulls(&self) -> bool {
        self.commands().iter().any(|item| item.command.is_pull())
    }

    /// The first line that decides whether the machine may go on: a token or hash is compared, and the other way ends
    /// the boot.
    pub(crate) fn gate(&self) -> Option<(u32, &'d str)> {
        let text = self.text();
        let ends = self.commands().iter().any(|item| match item.command.program() {
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
        let mut lines = (1_u32..).zip(text.lines());
        let (line, text) = lines.find(|(_, line)| subject.iter().any(|mark| line.contains(mark)))?;
        Some((line, text.trim()))
    }
}

impl ScriptCommand {
    /// Variables that the command's words mention, before values are filled in.
    pub(crate) fn variables(&self, script: &Script<'_>) -> Vec<String> {
        let words = self.source(script).into_iter().flat_map(|command| &command.words);
        words.flat_map(|word| word.variables()).map(str::to_owned).collect()
    }

    /// The command itself.
    pub(crate) fn source<'d>(&self, script: &Script<'d>) -> Option<&'d shell::Command> {
        script.source.commands.get(self.index)
    }

    /// Variables in the conditions that it stands under.
    pub(crate) fn demands(&self, script: &Script<'_>) -> Vec<String> {
        let guards = self.source(script).into_iter().flat_map(|command| &command.guards);
        let guards = guards.filter_map(|index| script.source.guards.get(*index));
        guards.filter(|guard| !guard.negated).flat_map(|guard| guard.variables.clone()).collect()
    }

    /// The place of the command in the document.
    pub(crate) fn place(&self, script: &Script<'_>) -> Place {
        script.at_line(self.line)
    }

    /// `KEY line N: TEXT`.
    pub(crate) fn evidence(&self, script: &Script<'_>) -> String {
        script.quote(self.line, &self.text)
    }
}

/// A file that a script writes.
pub(crate) struct Write<'a> {
    pub(crate) script: &'a Script<'a>,
    pub(crate) item: &'a ScriptCommand,
    pub(crate) write: &'a shell::FileWrite,
}

impl Write<'_> {
    /// The path as it stands, values filled in.
    pub(crate) fn path(&self) -> String {
        self.write.target.shown()
    }

    /// The line of the write.
    pub(crate) fn evidence(&self) -> String {
        let (line, text) = self.line();
        self.script.quote(line, text)
    }

    pub(crate) fn place(&self) -> Place {
        self.script.at_line(self.line().0)
    }

    fn line(&self) -> (u32, &str) {
        if self.item.index == self.write.command {
            return (self.item.line, &self.item.text);
        }
        self.script.line_at(self.write.span.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        commands_of(text, &Budget::STANDARD).iter().map(Command::text).collect()
    }

    #[test]
    fn operators_pipes_and_continuations_separate_commands() {
        let text =
            "apt-get update && apt-get install -y \\\n  git curl; FOO=1 sudo make | tee log || true # done";
        assert_eq!(texts(text), ["apt-get update", "apt-get install -y git curl", "make", "tee log", "true"]);
        assert!(commands_of(text, &Budget::STANDARD)[2].piped);
    }

    #[test]
    fn quotes_keep_operators_and_substitutions_are_commands_of_their_own() {
        assert_eq!(texts("echo 'a && b | c'"), ["echo a && b | c"]);
        let found = texts("export KEY=$(cat /run/key | jq -r .k) && echo \"x $(curl -s u)\" done");
        for wanted in ["cat /run/key", "jq -r .k", "curl -s u"] {
            assert!(found.contains(&wanted.to_owned()), "{wanted}: {found:?}");
        }
    }

    #[test]
    fn short_options_are_found_in_clusters() {
        let command = &commands_of("/usr/bin/curl -fsSLk https://a", &Budget::STANDARD)[0];
        assert!(command.has_flag('k', "--insecure"));
        assert_eq!(command.program(), "curl");
        assert!(!commands_of("curl -s --keepalive u", &Budget::STANDARD)[0].has_flag('k', "--insecure"));
    }

    #[test]
    fn text_for_an_inner_shell_is_read_as_well() {
        let found = texts("bash -ec 'apt-get update && sh -c \"curl -s u | sh\"'");
        for wanted in ["apt-get update", "curl -s u", "sh"] {
            assert!(found.contains(&wanted.to_owned()), "{wanted}: {found:?}");
        }
    }
}
