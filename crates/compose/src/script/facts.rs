//! What a script does to files, and which of its commands can run.

use super::invocation::Invocation;
use super::origin::{Resolver, measured};
use super::{Command, Redirection, Script, Word, WordPart};
use crate::environment::EnvironmentModel;
use crate::position::Span;
use crate::provenance::Provenance;
use crate::service::absolute_path;
use std::rc::Rc;

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
        let mut resolver = Resolver::new(core::slice::from_ref(self), environment);
        let mut writes = Vec::new();
        for (index, command) in self.commands.iter().enumerate() {
            // Of several redirections only the last gets the output; the others make their files empty.
            let targets = self.targets(command);
            let last = targets.iter().rposition(|target| target.kind.is_redirection());
            for (order, target) in targets.into_iter().enumerate() {
                let is_empty = target.kind.is_redirection() && Some(order) != last;
                writes.push(self.write(target, index, is_empty, &mut resolver));
            }
        }
        writes
    }

    fn write(&self, target: Target, index: usize, is_empty: bool, resolver: &mut Resolver<'_>) -> FileWrite {
        let kind = target.kind;
        let span = self.commands.get(index).map_or_else(Span::default, |command| command.span);
        let parts = if is_empty { Some(Vec::new()) } else { self.content(index, kind) };
        let provenance = match &parts {
            Some(parts) => resolver.parts(parts),
            None => resolver.written(index, kind),
        };
        let whole = parts.as_ref().map(|parts| Word::new(parts.clone(), span));
        let is_known = target.is_sure(self, resolver);
        FileWrite {
            kind,
            path: target.word.literal().filter(|_| is_known).map(absolute_path),
            target: target.word,
            provenance: measured(provenance.worst()),
            content: whole.as_ref().and_then(Word::literal).map(str::to_owned),
            command: index,
            span,
            parts: parts.unwrap_or_default(),
        }
    }

    /// The files that a command writes, with values of the script's own variables filled in.
    pub(super) fn targets(&self, command: &Command) -> Vec<Target> {
        let mut targets = Vec::new();
        for redirection in &command.redirections {
            let kind = match redirection.operator.as_str() {
                ">" | ">|" | "&>" | ">&" | "<>" => WriteKind::Replace,
                ">>" | "&>>" => WriteKind::Append,
                _ => continue,
            };
            if !is_descriptor(redirection) {
                self.target(kind, &redirection.target, &mut targets);
            }
        }
        let names = names_of(command);
        for invocation in self.invocations(command) {
            for (kind, word) in file_arguments(&invocation) {
                let mut near = targets.iter().rev().take(8);
                let is_known = near.any(|target: &Target| target.kind == kind && target.word == word);
                if !is_known && targets.len() < TARGETS {
                    targets.push(Target { kind, names: Rc::clone(&names), word });
                }
            }
        }
        targets
    }

    fn target(&self, kind: WriteKind, word: &Word, targets: &mut Vec<Target>) {
        let one = core::slice::from_ref(word);
        let names = || word.variables().into_iter().take(NAMES).map(str::to_owned).collect::<Rc<[String]>>();
        for way in 0..self.values.ways(one) {
            if let Some([filled]) = self.values.fill(one, way).as_deref()
                && !targets.iter().rev().take(8).any(|target| target.word == *filled)
            {
                targets.push(Target { kind, names: names(), word: filled.clone() });
            }
        }
        if self.values.ways(one) == 0 {
            targets.push(Target { kind, names: names(), word: word.clone() });
        }
    }

    /// The text that a command writes, where it can be told from the script.
    fn content(&self, index: usize, kind: WriteKind) -> Option<Vec<WordPart>> {
        match kind {
            WriteKind::Replace | WriteKind::Append | WriteKind::Tee => {
                super::produced::output(self, index, kind)
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
        if !is_test || condition.position > 0 || condition.is_negated || self.is_in_pipeline(condition) {
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
        let mut resolver = Resolver::new(core::slice::from_ref(self), environment);
        let answers: Vec<Provenance> =
            (0..self.assignments.len()).map(|index| measured(resolver.assignment(index).worst())).collect();
        for (assignment, answer) in self.assignments.iter_mut().zip(answers) {
            assignment.provenance = answer;
        }
    }

    /// Who chooses what a word of this script expands to.
    #[must_use]
    pub fn provenance_of(&self, word: &Word, environment: &EnvironmentModel) -> Provenance {
        Resolver::new(core::slice::from_ref(self), environment).word(word).worst()
    }
}

/// A file that a command writes.
pub(super) struct Target {
    pub(super) kind: WriteKind,
    /// Variables that have a part in the name.
    names: Rc<[String]>,
    pub(super) word: Word,
}

/// Files that the arguments of one command name.
const TARGETS: usize = 4096;

impl Target {
    /// Whether nothing but the script's own values makes the name.
    fn is_sure(&self, script: &Script, resolver: &Resolver<'_>) -> bool {
        self.names.iter().all(|name| script.values.is_sure(name) && resolver.is_given_by_script(name))
    }
}

/// Variables in a command's words; of many only some, and the first of those is none that a script can assign.
fn names_of(command: &Command) -> Rc<[String]> {
    let words = command.words.iter().filter(|word| word.literal().is_none());
    let mut names: Vec<String> =
        words.flat_map(|word| word.variables()).take(NAMES).map(str::to_owned).collect();
    if names.len() == NAMES {
        names.insert(0, String::new());
    }
    names.into()
}

/// Variables of one command that are looked at.
const NAMES: usize = 16;

impl WriteKind {
    /// The output of the command itself is written.
    pub(super) const fn is_redirection(self) -> bool {
        matches!(self, Self::Replace | Self::Append)
    }
}

fn is_descriptor(redirection: &Redirection) -> bool {
    let Some(target) = redirection.target.literal() else { return false };
    let is_number = target == "-" || (!target.is_empty() && target.bytes().all(|b| b.is_ascii_digit()));
    (redirection.operator == ">&" && is_number)
        || matches!(target, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty")
}

/// Arguments that name files a program writes.
fn file_arguments(invocation: &Invocation) -> Vec<(WriteKind, Word)> {
    let arguments = invocation.arguments();
    let plain = || arguments.iter().filter(|word| !word.prefix().starts_with('-'));
    let after = |options: &[&str]| {
        let pairs = arguments.windows(2).filter_map(|pair| match pair {
            [option, value] if option.literal().is_some_and(|text| options.contains(&text)) => {
                Some(value.clone())
            }
            _ => None,
        });
        pairs.collect::<Vec<_>>()
    };
    let last = |kind| plain().next_back().map(|word| (kind, word.clone())).into_iter().collect();
    let downloads = |words: Vec<Word>| words.into_iter().map(|word| (WriteKind::Download, word)).collect();
    match invocation.program() {
        Some("tee") => plain().map(|word| (WriteKind::Tee, word.clone())).collect(),
        Some("sponge") => plain().map(|word| (WriteKind::Tee, word.clone())).collect(),
        Some("cp" | "mv" | "install" | "ln" | "rsync" | "scp") => copies(arguments),
        Some("curl") => downloads(curl_files(arguments)),
        Some("wget") => downloads(wget_files(arguments)),
        Some("aria2c") => downloads(after(&["-o", "--out"])),
        Some("sed" | "yq" | "perl")
            if arguments
                .iter()
                .any(|word| word.prefix().starts_with("-i") || word.prefix().starts_with("-pi")) =>
        {
            plain().skip(1).map(|word| (WriteKind::Edit, word.clone())).collect()
        }
        Some("truncate" | "patch" | "ed" | "ex" | "vi" | "vim" | "touch") => last(WriteKind::Edit),
        Some("dd") => {
            let of = arguments.iter().filter(|word| word.prefix().starts_with("of="));
            of.map(|word| (WriteKind::Edit, super::parser::without_prefix(word, 3))).collect()
        }
        _ => Vec::new(),
    }
}

/// `cp A B`, `cp A B FOLDER/`, `cp -t FOLDER A`.
fn copies(arguments: &[Word]) -> Vec<(WriteKind, Word)> {
    let is_target = |word: &Word| matches!(word.literal(), Some("-t" | "--target-directory"));
    let mut plain: Vec<&Word> = arguments.iter().filter(|word| !word.prefix().starts_with('-')).collect();
    let target = match arguments.iter().position(is_target) {
        Some(at) => {
            let target = arguments.get(at.saturating_add(1));
            plain.retain(|word| target.is_none_or(|target| !core::ptr::eq(*word, target)));
            target
        }
        None => plain.pop(),
    };
    let Some(target) = target else { return Vec::new() };
    let mut found = vec![(WriteKind::Copy, target.clone())];
    // The target may be a folder.
    if let Some(folder) = target.literal() {
        let inside = plain.iter().filter_map(|word| word.literal()).filter_map(|source| {
            let name = source.trim_end_matches('/').rsplit('/').next()?;
            let path = format!("{}/{name}", folder.trim_end_matches('/'));
            Some((WriteKind::Copy, Word::new(vec![WordPart::Literal(path)], target.span)))
        });
        if folder.ends_with('/') || matches!(folder, "." | "..") || plain.len() > 1 {
            found.extend(inside.take(TARGETS));
        }
    }
    found
}

/// The file that a URL names: its last part.
fn named_by_url(word: &Word) -> Option<Word> {
    let text = word.shown();
    let path = text.split(['?', '#']).next().unwrap_or(&text);
    let (_, path) = path.split_once("://").unwrap_or(("", path));
    let (_, name) = path.rsplit_once('/')?;
    (!name.is_empty()).then(|| Word::new(vec![WordPart::Literal(name.to_owned())], word.span))
}

fn is_url(word: &Word) -> bool {
    let prefix = word.prefix();
    prefix.contains("://") || prefix.is_empty() && word.literal().is_none()
}

/// Files that `curl` writes: behind `-o`, or with `-O` named by the URL.
fn curl_files(arguments: &[Word]) -> Vec<Word> {
    let mut found = Vec::new();
    let mut by_url = false;
    for (index, word) in arguments.iter().enumerate() {
        let text = word.prefix();
        let next = || arguments.get(index.saturating_add(1)).cloned();
        if text == "--output" {
            found.extend(next());
        } else if let Some(rest) = text.strip_prefix("--output=") {
            found.push(super::parser::without_prefix(word, text.len().saturating_sub(rest.len())));
        } else if text == "--remote-name" || text == "--remote-name-all" {
            by_url = true;
        } else if text.starts_with('-') && !text.starts_with("--") {
            let letters = text.get(1..).unwrap_or("");
            by_url |= letters.contains('O') || letters.contains('J');
            if letters.ends_with('o') {
                found.extend(next());
            } else if let Some((before, _)) = letters.split_once('o')
                && before.bytes().all(|byte| b"fsSLkigv".contains(&byte))
            {
                found.push(super::parser::without_prefix(word, before.len().saturating_add(2)));
            }
        }
    }
    if by_url {
        found.extend(arguments.iter().filter(|word| is_url(word)).filter_map(named_by_url));
    }
    found.retain(|word| !matches!(word.literal(), Some("-" | "/dev/null" | "/dev/stdout")));
    found
}

/// Files that `wget` writes: behind `-O`, or named by the URL.
fn wget_files(arguments: &[Word]) -> Vec<Word> {
    let mut found = Vec::new();
    let mut is_named = false;
    for (index, word) in arguments.iter().enumerate() {
        let text = word.prefix();
        if let Some(rest) = text.strip_prefix("--output-document") {
            is_named = true;
            match rest.strip_prefix('=') {
                Some(_) => found.push(super::parser::without_prefix(
                    word,
                    text.len().saturating_sub(rest.len()).saturating_add(1),
                )),
                None => found.extend(arguments.get(index.saturating_add(1)).cloned()),
            }
        } else if text.starts_with('-') && !text.starts_with("--") {
            let letters = text.get(1..).unwrap_or("");
            if letters.ends_with('O') {
                is_named = true;
                found.extend(arguments.get(index.saturating_add(1)).cloned());
            } else if let Some((before, _)) = letters.split_once('O') {
                is_named = true;
                found.push(super::parser::without_prefix(word, before.len().saturating_add(2)));
            }
        }
    }
    if !is_named {
        found.extend(arguments.iter().filter(|word| is_url(word)).filter_map(named_by_url));
    }
    found.retain(|word| !matches!(word.literal(), Some("-" | "/dev/null" | "/dev/stdout")));
    found
}

/// No special or positional parameter.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
}
