//! Texts that a script hands to a shell, read as the script itself is: behind `-c`, for `eval`, in traps and aliases,
//! in here-documents, in files that it writes and that are run.
//!
//! Their commands stand behind those of the script itself. What is not plain text is not read here; whoever asks what
//! reaches an interpreter ([`super::Executions`]) is told of it.

use super::code::{Code, Language};
use super::facts::WriteKind;
use super::invocation::Invocation;
use super::parser::{Parser, Scope};
use super::unit::{self, Started};
use super::word::base_name;
use super::{Problem, Script, WordPart, produced};
use crate::construct::ConstructKind;
use crate::position::Span;
use std::collections::{BTreeSet, HashSet};

/// Shells within shells that are followed.
const NESTING: usize = 8;

/// How often files are looked for that a text from a file writes.
const ROUNDS: usize = 4;

/// Where a text runs.
#[derive(Clone, Default)]
struct Place {
    /// In the shell of the command, not in one of its own.
    here: bool,
    /// It is the body of an alias of this name.
    alias: Option<String>,
}

impl Parser<'_> {
    /// Follows all texts that the commands hand on, and settles what is known of variables only at the end.
    pub(super) fn finish(&mut self) {
        let Script { values, assignments, .. } = &mut self.script;
        values.read(assignments);
        self.follow_from(0);
        // An export counts for all assignments to the name, wherever they stand.
        for assignment in &mut self.script.assignments {
            assignment.exported |= self.exported.contains(&assignment.name);
            if !self.script.assigned.contains(&assignment.name) {
                self.script.assigned.insert(assignment.name.clone());
            }
        }
    }

    fn follow_from(&mut self, first: usize) {
        let mut at = first;
        while at < self.script.commands.len() {
            self.follow(at);
            at = at.saturating_add(1);
        }
    }

    fn follow(&mut self, index: usize) {
        let Script { commands, values, .. } = &mut self.script;
        let Some(command) = commands.get(index) else { return };
        let span = command.span;
        let ways = values.ways(&command.words);
        let fits = ways == 0 || values.spend(values.filled_bytes(&command.words).saturating_mul(ways));
        if !fits {
            self.problem(index, span, "more values than are followed");
        }
        let Some(command) = self.script.commands.get(index) else { return };
        for invocation in self.script.invocations(command) {
            if invocation.words.first().is_some_and(|word| word.literal().is_none()) {
                self.problem(index, span, "a command whose name is computed");
            }
            for code in invocation.code() {
                self.follow_code(index, span, &invocation, &code);
            }
        }
    }

    fn follow_code(&mut self, index: usize, span: Span, invocation: &Invocation, code: &Code) {
        match code {
            Code::Words { words, language: Language::Shell, here } => {
                let text: Vec<String> = words.iter().map(|word| readable(&word.parts)).collect();
                let is_plain = words.iter().all(|word| word.literal().is_some());
                if *here && !is_plain {
                    self.problem(index, span, invocation.program().unwrap_or("eval"));
                }
                self.text(index, &text.join(" "), &Place { here: *here, alias: None });
            }
            Code::Alias { name, text } => {
                let is_plain = text.literal().is_some();
                if !is_plain {
                    self.problem(index, span, "alias");
                }
                let place = Place { here: true, alias: Some(name.clone()) };
                self.text(index, &readable(&text.parts), &place);
            }
            Code::File { here: true, .. } => self.problem(index, span, "source"),
            Code::Input { language } => {
                let Some(kind) = unit::of_language(*language) else { return };
                if let Some(parts) = produced::input(&self.script, index) {
                    let text = unit::commands(&readable(&parts), kind);
                    self.text(index, &text, &Place::default());
                }
            }
            Code::Words { .. } | Code::File { .. } => {}
        }
    }

    fn problem(&mut self, index: usize, span: Span, what: &str) {
        let problem = Problem {
            kind: ConstructKind::ScriptOpaque,
            span,
            detail: what.to_owned(),
            command: Some(index),
        };
        self.script.problems.push(problem);
    }

    /// Reads a text that a command hands on. Its commands are added behind all others.
    fn text(&mut self, index: usize, text: &str, place: &Place) {
        let Some(command) = self.script.commands.get(index) else { return };
        let span = command.span;
        if command.nesting >= NESTING {
            return self.problem(index, span, "shells within shells deeper than allowed");
        }
        let scope = Scope {
            guards: command.guards.clone(),
            function: place.alias.clone().or_else(|| command.function.clone()),
            in_subshell: command.in_subshell || !place.here,
            substitution_depth: command.substitution_depth,
            conditional: true,
            // An alias runs where its name stands.
            stage: if place.alias.is_some() { None } else { Some((command.pipeline, command.position)) },
            reader: None,
            nesting: command.nesting.saturating_add(1),
        };
        match self.inside(text, span, scope) {
            Ok(()) => {
                self.script.followed.insert(index);
            }
            Err(what) => self.problem(index, span, what),
        }
    }

    /// Reads a text between backticks out of which backslashes were taken.
    pub(super) fn backtick_text(&mut self, text: &str, open: usize) -> Result<(), super::parser::Fail> {
        let around = self.enter_substitution(false)?;
        let scope = self.scope.clone();
        let span = Span::new(open, self.at);
        let read = self.inside(text, span, scope);
        self.leave_substitution(around)?;
        read.map_err(|what| self.fail_at(open, what))
    }

    /// Reads another text in a scope; all that it holds stands at `span`.
    fn inside(&mut self, text: &str, span: Span, scope: Scope) -> Result<(), &'static str> {
        self.charge(text.len() / 8).map_err(|fail| fail.what)?;
        let marks = self.marks();
        let script = core::mem::replace(&mut self.script, Script::empty());
        let mut inner = Parser {
            depth: self.depth,
            top_depth: self.depth,
            scope,
            export_all: self.export_all,
            exported: core::mem::take(&mut self.exported),
            ..Parser::new(text, self.nodes, script)
        };
        let result = inner.whole().map_err(|fail| fail.what);
        self.nodes = inner.nodes;
        self.exported = inner.exported;
        self.script = inner.script;
        self.settle(&marks, span);
        result
    }

    fn marks(&self) -> [usize; 4] {
        let script = &self.script;
        [script.commands.len(), script.assignments.len(), script.guards.len(), script.problems.len()]
    }

    /// Gives everything that was added since `marks` the span of the command that handed the text on.
    fn settle(&mut self, marks: &[usize; 4], span: Span) {
        let [commands, assignments, guards, problems] = *marks;
        let script = &mut self.script;
        for command in script.commands.get_mut(commands..).unwrap_or(&mut []) {
            command.span = span;
            command.words.iter_mut().for_each(|word| word.span = span);
            for redirection in &mut command.redirections {
                redirection.target.span = span;
                if let Some(document) = &mut redirection.document {
                    document.span = span;
                }
            }
        }
        for assignment in script.assignments.get_mut(assignments..).unwrap_or(&mut []) {
            assignment.span = span;
            if let Some(word) = &mut assignment.value {
                word.span = span;
            }
        }
        for guard in script.guards.get_mut(guards..).unwrap_or(&mut []) {
            guard.span = span;
        }
        for problem in script.problems.get_mut(problems..).unwrap_or(&mut []) {
            problem.span = span;
        }
        let Script { values, assignments, .. } = script;
        values.read(assignments);
    }
}

/// Parts as the text of a shell script; what a substitution gives is a name that nobody gives a value.
fn readable(parts: &[WordPart]) -> String {
    let plain: Vec<WordPart> = parts
        .iter()
        .map(|part| match part {
            WordPart::Substitution { .. } => WordPart::Variable {
                name: "_".to_owned(),
                expression: String::new(),
                operand: Vec::new(),
                unquoted: true,
            },
            other => other.clone(),
        })
        .collect();
    super::invocation::shown(&plain)
}

/// Reads the files that scripts of one machine write as plain text and that one of them, or the guest, runs.
pub(super) fn read_files(scripts: &mut [Script], nodes: &mut usize) {
    let mut done: HashSet<(usize, usize, usize)> = HashSet::new();
    for _ in 0..ROUNDS {
        let run = run_names(scripts);
        let mut is_over = true;
        for (at, script) in scripts.iter_mut().enumerate() {
            let found: Vec<(usize, String)> = written(script)
                .into_iter()
                .filter_map(|write| {
                    let is_done = done.contains(&(at, write.command, write.order));
                    let kind = unit::started(&write.path)
                        .or_else(|| run.contains(base_name(&write.path)).then_some(Started::Script))
                        .filter(|_| !is_done)?;
                    done.insert((at, write.command, write.order));
                    let parts = produced::output(script, write.command, write.kind)?;
                    Some((write.command, unit::commands(&readable(&parts), kind)))
                })
                .collect();
            is_over &= found.is_empty();
            if !found.is_empty() {
                resume(script, nodes, found);
            }
        }
        if is_over {
            return;
        }
    }
}

fn resume(script: &mut Script, nodes: &mut usize, texts: Vec<(usize, String)>) {
    let whole = script.text.clone();
    let first = script.commands.len();
    let kept = core::mem::replace(script, Script::empty());
    let mut parser = Parser { at: whole.len(), ..Parser::new(&whole, *nodes, kept) };
    for (command, text) in texts {
        parser.text(command, &text, &Place::default());
    }
    parser.follow_from(first);
    *nodes = parser.nodes;
    *script = parser.script;
}

/// A file that a script writes with text that stands in it.
struct Written {
    command: usize,
    /// Which of the command's files.
    order: usize,
    path: String,
    kind: WriteKind,
}

fn written(script: &Script) -> Vec<Written> {
    let mut found = Vec::new();
    for (index, command) in script.commands.iter().enumerate() {
        let targets = script.targets(command);
        let last = targets.iter().rposition(|target| target.kind.is_redirection());
        for (order, target) in targets.into_iter().enumerate() {
            let gets_text = target.kind == WriteKind::Tee || Some(order) == last;
            if gets_text {
                let path = crate::service::absolute_path(&target.word.shown());
                found.push(Written { command: index, order, path, kind: target.kind });
            }
        }
    }
    found
}

/// Last parts of the names of files that are run or made runnable, and of those that are copied to them.
fn run_names(scripts: &[Script]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut copies: Vec<(String, String)> = Vec::new();
    for script in scripts {
        for invocation in script.commands.iter().flat_map(|command| script.invocations(command)) {
            for code in invocation.code() {
                if let Code::File { name, .. } = &code {
                    names.insert(base_name(&name.shown()).to_owned());
                }
            }
            let plain = invocation.arguments().iter().filter(|word| !word.prefix().starts_with('-'));
            let plain: Vec<String> = plain.map(|word| base_name(&word.shown()).to_owned()).collect();
            match (invocation.program(), plain.split_last()) {
                (Some("chmod"), _) if makes_runnable(&invocation) => names.extend(plain),
                (Some("cp" | "mv" | "install" | "ln"), Some((target, sources))) => {
                    copies.extend(sources.iter().map(|source| (source.clone(), target.clone())));
                }
                _ => {}
            }
        }
    }
    for _ in 0..ROUNDS {
        let before = names.len();
        for (source, target) in &copies {
            if names.contains(target) {
                names.insert(source.clone());
            }
        }
        if names.len() == before {
            break;
        }
    }
    names
}

fn makes_runnable(invocation: &Invocation) -> bool {
    invocation.arguments().iter().any(|word| {
        let text = word.prefix();
        let digits = text.len() >= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits && text.bytes().any(|byte| byte % 2 == 1) || text.contains('x') && text.contains(['+', '='])
    })
}
