//! The grammar of the shell (POSIX, and what of Bash the scripts of deployments use), down to simple commands.

mod builtin;
mod compound;
mod cursor;
mod simple;

use super::{Problem, Role, Script, known};
use crate::construct::ConstructKind;
use crate::position::Span;
use std::collections::HashSet;
use veritee_model::{Budget, Sha256Digest};

/// Nesting of compound commands, substitutions and expansions.
const DEPTH: usize = 64;

/// Conditions that are kept for a command; those further inside are left out.
const GUARDS: usize = 24;

/// Here-documents that one line may announce.
const DOCUMENTS: usize = 16;

/// Reads a script. What cannot be read ends the reading and is listed as a problem.
#[must_use]
pub fn read(role: Role, text: &str, budget: &Budget) -> Script {
    let sha256 = Sha256Digest::of(text.as_bytes());
    let script = Script {
        role,
        text: text.to_owned(),
        known: if role == Role::PreLaunch { known::find(&sha256) } else { None },
        sha256,
        commands: Vec::new(),
        assignments: Vec::new(),
        guards: Vec::new(),
        problems: Vec::new(),
        assigned: HashSet::new(),
    };
    let mut parser = Parser {
        text,
        at: 0,
        end: text.len(),
        nodes: budget.script_nodes,
        depth: 0,
        scope: Scope::default(),
        documents: Vec::new(),
        pipelines: 0,
        export_all: false,
        exported: HashSet::new(),
        script,
    };
    let result = if text.len() > budget.script_bytes {
        Err(Fail { at: 0, what: "a script larger than allowed" })
    } else {
        parser.whole()
    };
    if let Err(fail) = result {
        let span = Span::new(fail.at, text.len());
        let detail = fail.what.to_owned();
        parser.script.problems.insert(0, Problem { kind: ConstructKind::ScriptSyntax, span, detail });
    }
    // An export counts for all assignments to the name, wherever they stand.
    for assignment in &mut parser.script.assignments {
        assignment.exported |= parser.exported.contains(&assignment.name);
        if !parser.script.assigned.contains(&assignment.name) {
            parser.script.assigned.insert(assignment.name.clone());
        }
    }
    parser.script
}

/// Why reading ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fail {
    at: usize,
    what: &'static str,
}

/// Where the parser is, in the structure of the script.
#[derive(Clone, Default)]
struct Scope {
    guards: Vec<usize>,
    function: Option<String>,
    in_subshell: bool,
    substitution_depth: usize,
    conditional: bool,
}

struct PendingDocument {
    command: usize,
    redirection: usize,
    delimiter: String,
    strip_tabs: bool,
    is_quoted: bool,
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    end: usize,
    nodes: usize,
    depth: usize,
    scope: Scope,
    documents: Vec<PendingDocument>,
    pipelines: usize,
    export_all: bool,
    exported: HashSet<String>,
    pub(super) script: Script,
}

impl Parser<'_> {
    fn whole(&mut self) -> Result<(), Fail> {
        self.list(&[])?;
        if self.at < self.end {
            return Err(self.fail("a character that begins no command"));
        }
        Ok(())
    }

    /// Commands up to one of the reserved words `stops`, a `)`, a `;;` or the end.
    pub(super) fn list(&mut self, stops: &[&str]) -> Result<(), Fail> {
        self.enter()?;
        loop {
            self.skip_separators()?;
            let at_end = matches!(self.peek(), None | Some(b')')) || self.rest().starts_with(";;");
            if at_end || self.reserved().is_some_and(|word| stops.contains(&word)) {
                break;
            }
            let before = self.at;
            self.and_or()?;
            if self.at == before {
                return Err(self.fail("a character that begins no command"));
            }
        }
        self.leave();
        Ok(())
    }

    fn and_or(&mut self) -> Result<(), Fail> {
        let outer = self.scope.conditional;
        let depth = self.scope.guards.len();
        let mut first = self.script.commands.len();
        let mut negated = false;
        self.pipeline()?;
        loop {
            self.skip_blanks();
            let rest = self.rest();
            let is_or = rest.starts_with("||");
            if !is_or && !rest.starts_with("&&") {
                break;
            }
            self.advance(2);
            self.skip_newlines()?;
            if is_or {
                self.scope.guards.truncate(depth);
            }
            // Behind `||` nothing before needs to hold.
            negated |= is_or;
            self.push_guard(first, negated);
            first = self.script.commands.len();
            self.scope.conditional = true;
            self.pipeline()?;
        }
        self.scope.guards.truncate(depth);
        self.scope.conditional = outer;
        Ok(())
    }

    fn pipeline(&mut self) -> Result<(), Fail> {
        self.pipelines = self.pipelines.saturating_add(1);
        let pipeline = self.pipelines;
        let mut negated = false;
        while matches!(self.reserved(), Some("!" | "time")) {
            negated |= self.reserved() == Some("!");
            let length = self.reserved().map_or(0, str::len);
            self.advance(length);
            self.skip_blanks();
        }
        let first = self.script.commands.len();
        let assignments = self.script.assignments.len();
        let mut position = 0_usize;
        loop {
            let start = self.script.commands.len();
            self.command(pipeline, position)?;
            for command in self.script.commands.get_mut(start..).unwrap_or(&mut []) {
                if command.pipeline != pipeline && command.outer.is_none() {
                    command.outer = Some((pipeline, position));
                }
                command.is_negated |= negated;
            }
            self.skip_blanks();
            let rest = self.rest();
            let sign = if rest.starts_with("|&") {
                2
            } else if rest.starts_with('|') && !rest.starts_with("||") {
                1
            } else {
                break;
            };
            self.advance(sign);
            self.skip_newlines()?;
            position = position.saturating_add(1);
        }
        if position > 0 {
            // Every command of a pipeline runs in a subshell.
            for command in self.script.commands.get_mut(first..).unwrap_or(&mut []) {
                command.in_subshell = true;
            }
            for assignment in self.script.assignments.get_mut(assignments..).unwrap_or(&mut []) {
                assignment.temporary = true;
            }
        } else if let Some(command) = self.script.commands.get_mut(first..).and_then(|rest| rest.first_mut())
            && command.outer.is_some_and(|(outer, _)| outer == pipeline)
        {
            // A compound command that is not piped.
            for command in self.script.commands.get_mut(first..).unwrap_or(&mut []) {
                if command.outer == Some((pipeline, 0)) {
                    command.outer = None;
                }
            }
        }
        Ok(())
    }

    fn command(&mut self, pipeline: usize, position: usize) -> Result<(), Fail> {
        self.charge(1)?;
        let start = self.at;
        if self.rest().starts_with("((") {
            let before = self.at;
            if let Some(text) = self.arithmetic() {
                self.note_arithmetic(&text, Span::new(before, self.at));
                return self.trailing_redirections(start);
            }
        }
        if self.peek() == Some(b'(') {
            return self.subshell(start);
        }
        match self.reserved() {
            Some("{") => {
                self.advance(1);
                self.list(&["}"])?;
                self.expect("}")?;
                self.trailing_redirections(start)
            }
            Some("if") => self.condition(start),
            Some("while" | "until") => self.while_loop(start),
            Some("for" | "select") => self.for_loop(start),
            Some("case") => self.case(start),
            Some("function") => self.function_keyword(),
            Some("[[") => self.double_bracket(pipeline, position),
            Some(word @ ("then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}" | "]]" | "in")) => {
                let _ = word;
                Err(self.fail("a reserved word where a command should stand"))
            }
            _ => self.simple(pipeline, position),
        }
    }
}
