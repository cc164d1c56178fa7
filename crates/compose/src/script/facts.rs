//! What a script does to files, and which of its commands can run.

use super::origin::{Resolver, measured};
use super::{Command, Redirection, Script, Word, WordPart};
use crate::environment::EnvironmentModel;
use crate::position::Span;
use crate::provenance::Provenance;
use crate::service::absolute_path;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteKind {
    /// `>`.
    Replace,
    /// `>>`.
    Append,
    /// `tee`.
    Tee,
    /// `cp`, `mv`, `install`, `ln`.
    Copy,
    /// `curl -o`, `wget -O` and the like.
    Download,
    /// `sed -i`, `dd of=`.
    Edit,
}

/// A file that a script writes.
#[derive(Debug, Clone, PartialEq)]
pub struct FileWrite {
    /// How.
    pub kind: WriteKind,
    /// The absolute path, where nothing in it is expanded; relative ones are taken from `/dstack`.
    pub path: Option<String>,
    /// The path as a word.
    pub target: Word,
    /// Who chooses what is written.
    pub provenance: Provenance,
    /// What is written, where all of it is plain text.
    pub content: Option<String>,
    /// Index of the command in [`Script::commands`].
    pub command: usize,
    /// Where the command stands.
    pub span: Span,
    pub(super) parts: Vec<WordPart>,
}

impl Script {
    /// The files that it writes, in the order of the text. Redirections to descriptors and to `/dev/null` are left out.
    #[must_use]
    pub fn writes(&self, environment: &EnvironmentModel) -> Vec<FileWrite> {
        let mut resolver = Resolver::new(self, environment);
        let mut writes = Vec::new();
        for (index, command) in self.commands.iter().enumerate() {
            for redirection in &command.redirections {
                let kind = match redirection.operator.as_str() {
                    ">" | ">|" | "&>" | ">&" | "<>" => WriteKind::Replace,
                    ">>" | "&>>" => WriteKind::Append,
                    _ => continue,
                };
                if !is_descriptor(redirection) {
                    writes.push(self.write(kind, &redirection.target, index, command, &mut resolver));
                }
            }
            for (kind, target) in file_arguments(command) {
                writes.push(self.write(kind, target, index, command, &mut resolver));
            }
        }
        writes
    }

    fn write(
        &self,
        kind: WriteKind,
        target: &Word,
        index: usize,
        command: &Command,
        resolver: &mut Resolver<'_>,
    ) -> FileWrite {
        let parts = self.content(command, kind);
        let provenance = match kind {
            WriteKind::Replace | WriteKind::Append | WriteKind::Tee => {
                self.pipeline_output(index, command, resolver)
            }
            WriteKind::Download => Provenance::Remote,
            WriteKind::Copy | WriteKind::Edit => resolver.output(command).join(copied(command, resolver)),
        };
        let whole = parts.as_ref().map(|parts| Word::new(parts.clone(), command.span));
        FileWrite {
            kind,
            path: target.literal().map(absolute_path),
            target: target.clone(),
            provenance: measured(whole.as_ref().map_or(provenance, |word| resolver.word(word))),
            content: whole.as_ref().and_then(Word::literal).map(str::to_owned),
            command: index,
            span: command.span,
            parts: parts.unwrap_or_default(),
        }
    }

    /// The worst of what the commands of a pipeline up to this one print.
    fn pipeline_output(&self, index: usize, command: &Command, resolver: &mut Resolver<'_>) -> Provenance {
        let mut worst = resolver.output(command);
        // Commands of one pipeline stand close together in the text.
        for earlier in self.commands.get(..index).unwrap_or(&[]).iter().rev().take(64) {
            if earlier.pipeline == command.pipeline {
                worst = worst.join(resolver.output(earlier));
            }
        }
        worst
    }

    /// The text that a command writes, where it writes its here-document or its arguments.
    fn content(&self, command: &Command, kind: WriteKind) -> Option<Vec<WordPart>> {
        if matches!(kind, WriteKind::Copy | WriteKind::Download | WriteKind::Edit) || command.position > 0 {
            return None;
        }
        let document =
            command.redirections.iter().rev().find_map(|redirection| redirection.document.as_ref());
        match (command.program(), document) {
            (Some("cat" | "tee"), Some(document)) => Some(document.parts.clone()),
            (Some("echo"), _) => {
                let mut parts = Vec::new();
                let words = command
                    .arguments()
                    .iter()
                    .filter(|word| !matches!(word.literal(), Some("-n" | "-e" | "-ne" | "-en")));
                for (index, word) in words.enumerate() {
                    if index > 0 {
                        super::word::push_literal(&mut parts, " ");
                    }
                    parts.extend(word.parts.iter().cloned());
                }
                parts.push(WordPart::Literal("\n".to_owned()));
                Some(parts)
            }
            _ => None,
        }
    }

    /// Whether a command cannot run: one of its conditions asks for a variable to be set that nothing can set.
    ///
    /// Only plain conjunctions are understood (`[[ -n "$A" && -n "$B" ]]`, `[ -n "$A" ]`, `test -n "$A"`).
    #[must_use]
    pub fn is_unreachable(&self, command: &Command, environment: &EnvironmentModel) -> bool {
        command.guards.iter().filter_map(|index| self.guards.get(*index)).any(|guard| {
            let conditions = self.commands.get(guard.first..guard.end).unwrap_or(&[]);
            let [condition] = conditions else { return false };
            !guard.negated
                && condition.guards.len() <= command.guards.len()
                && self.never_holds(condition, environment)
        })
    }

    fn never_holds(&self, condition: &Command, environment: &EnvironmentModel) -> bool {
        let is_test = matches!(condition.program(), Some("[[" | "[" | "test"));
        if !is_test || condition.position > 0 || condition.is_negated || condition.outer.is_some() {
            return false;
        }
        let blocks = |text: &str| matches!(text, "||" | "!" | "-o" | "(");
        if condition.words.iter().any(|word| word.literal().is_some_and(blocks)) {
            return false;
        }
        condition.words.windows(2).any(|pair| match pair {
            [test, word] if test.literal() == Some("-n") => {
                let [WordPart::Variable { name, expression, operand, .. }] = word.parts.as_slice() else {
                    return false;
                };
                let is_plain = expression.is_empty() && operand.is_empty();
                let is_unset = environment.lookup(name).provenance == Provenance::Unset;
                is_plain && is_unset && is_name(name) && !self.assigned.contains(name)
            }
            _ => false,
        })
    }

    pub(crate) fn resolve(&mut self, environment: &EnvironmentModel) {
        let mut resolver = Resolver::new(self, environment);
        let answers: Vec<Provenance> = self
            .assignments
            .iter()
            .map(|assignment| {
                let value = assignment.value.as_ref().map_or(Provenance::Unknown, |word| resolver.word(word));
                measured(value)
            })
            .collect();
        for (assignment, answer) in self.assignments.iter_mut().zip(answers) {
            assignment.provenance = answer;
        }
    }

    /// Who chooses what a word of this script expands to.
    #[must_use]
    pub fn provenance_of(&self, word: &Word, environment: &EnvironmentModel) -> Provenance {
        Resolver::new(self, environment).word(word)
    }
}

fn is_descriptor(redirection: &Redirection) -> bool {
    let Some(target) = redirection.target.literal() else { return false };
    let is_number = target == "-" || (!target.is_empty() && target.bytes().all(|b| b.is_ascii_digit()));
    (redirection.operator == ">&" && is_number)
        || matches!(target, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty")
}

/// Arguments that name files a program writes.
fn file_arguments(command: &Command) -> Vec<(WriteKind, &Word)> {
    let arguments = command.arguments();
    let plain = || arguments.iter().filter(|word| !word.prefix().starts_with('-'));
    let after = |options: &[&str]| {
        let pairs = arguments.windows(2).filter_map(|pair| match pair {
            [option, value] if option.literal().is_some_and(|text| options.contains(&text)) => Some(value),
            _ => None,
        });
        pairs.map(|word| (WriteKind::Download, word)).collect::<Vec<_>>()
    };
    match command.program() {
        Some("tee") => plain().map(|word| (WriteKind::Tee, word)).collect(),
        Some("cp" | "mv" | "install" | "ln") => {
            plain().next_back().map(|word| (WriteKind::Copy, word)).into_iter().collect()
        }
        Some("curl") => after(&["-o", "--output", "-fsSLo", "-sSLo", "-sLo", "-fLo", "-Lo", "-so"]),
        Some("wget") => after(&["-O", "-qO", "--output-document"]),
        Some("sed") if arguments.iter().any(|word| word.prefix().starts_with("-i")) => {
            plain().next_back().map(|word| (WriteKind::Edit, word)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What `cp`, `mv` and the like copy.
fn copied(command: &Command, resolver: &mut Resolver<'_>) -> Provenance {
    let sources: Vec<&Word> =
        command.arguments().iter().filter(|word| !word.prefix().starts_with('-')).collect();
    let sources = sources.split_last().map_or(&[][..], |(_, sources)| sources);
    let mut worst = Provenance::Literal;
    for source in sources {
        worst = worst.join(source.literal().map_or(Provenance::Unknown, |path| resolver.file(path)));
    }
    worst
}

/// No special or positional parameter.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
}
