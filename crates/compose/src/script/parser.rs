//! The grammar of the shell (POSIX, and what of Bash the scripts of deployments use), down to simple commands.

mod braces;
mod builtin;
mod compound;
mod cursor;
mod simple;

pub(super) use builtin::without_prefix;

use super::{Pipeline, Problem, Reads, Role, Script, known};
use crate::construct::ConstructKind;
use crate::position::Span;
use std::collections::HashSet;
use veritee_model::{Budget, Sha256Digest};

/// Nesting of compound commands, substitutions and expansions.
const DEPTH: usize = 64;

/// Conditions that are kept for a command; those further inside are left out.
const GUARDS: usize = 24;

/// Times that reading goes on behind something that cannot be read.
const RECOVERIES: usize = 8;

/// Here-documents that one line may announce.
const DOCUMENTS: usize = 16;

/// Reads a script. What cannot be read ends the reading and is listed as a problem.
#[must_use]
pub fn read(role: Role, text: &str, budget: &Budget) -> Script {
    let mut nodes = budget.script_nodes;
    let script = read_within(role, text, budget, &mut nodes);
    let mut scripts = [script];
    super::nested::read_files(&mut scripts, &mut nodes);
    let [script] = scripts;
    script
}

/// Reads the text of a command: of a container, of a health check, of the build of an image.
#[must_use]
pub fn read_text(text: &str, budget: &Budget) -> Script {
    read(Role::Command, text, budget)
}

/// As [`read_text`], for many texts of one document that have one allowance of nodes together.
#[must_use]
pub fn read_text_within(text: &str, budget: &Budget, nodes: &mut usize) -> Script {
    let mut scripts = [read_within(Role::Command, text, budget, nodes)];
    super::nested::read_files(&mut scripts, nodes);
    let [script] = scripts;
    script
}

/// Reads scripts that run one after another in one machine: what one of them writes another may run. All together have
/// one allowance of nodes.
#[must_use]
pub fn read_all<'t>(texts: impl IntoIterator<Item = (Role, &'t str)>, budget: &Budget) -> Vec<Script> {
    let mut nodes = budget.script_nodes;
    let read = |(role, text)| read_within(role, text, budget, &mut nodes);
    let mut scripts: Vec<Script> = texts.into_iter().map(read).collect();
    super::nested::read_files(&mut scripts, &mut nodes);
    scripts
}

fn read_within(role: Role, text: &str, budget: &Budget, nodes: &mut usize) -> Script {
    let sha256 = Sha256Digest::of(text.as_bytes());
    let script = Script {
        role,
        text: text.to_owned(),
        known: if role == Role::PreLaunch { known::find(&sha256) } else { None },
        sha256,
        ..Script::empty()
    };
    let mut parser = Parser::new(text, *nodes, script);
    let result = if text.len() > budget.script_bytes {
        Err(Fail { at: 0, what: "a script larger than allowed" })
    } else {
        parser.whole()
    };
    if let Err(fail) = result {
        let span = Span::new(fail.at, text.len());
        let detail = fail.what.to_owned();
        let problem = Problem { kind: ConstructKind::ScriptSyntax, span, detail, command: None };
        parser.script.problems.insert(0, problem);
    }
    parser.finish();
    *nodes = parser.nodes;
    parser.script
}

/// Why reading ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fail {
    at: usize,
    pub(super) what: &'static str,
}

/// Where the parser is, in the structure of the script.
#[derive(Clone, Default)]
pub(super) struct Scope {
    pub(super) guards: Vec<usize>,
    pub(super) function: Option<String>,
    pub(super) in_subshell: bool,
    pub(super) substitution_depth: usize,
    pub(super) conditional: bool,
    /// The pipeline and place of the compound command around.
    pub(super) stage: Option<(usize, usize)>,
    /// Where a substitution around reads from.
    pub(super) reader: Option<Reads>,
    pub(super) nesting: usize,
}

pub(super) struct PendingDocument {
    command: usize,
    redirection: usize,
    delimiter: String,
    strip_tabs: bool,
    is_quoted: bool,
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) nodes: usize,
    pub(super) depth: usize,
    /// Nesting around the text itself.
    pub(super) top_depth: usize,
    /// Where the outermost command begins that is being read.
    pub(super) top: usize,
    pub(super) scope: Scope,
    pub(super) documents: Vec<PendingDocument>,
    pub(super) export_all: bool,
    pub(super) exported: HashSet<String>,
    /// Places where something was tried that does not stand there.
    pub(super) refuted: HashSet<usize>,
    pub(super) script: Script,
}

impl<'a> Parser<'a> {
    /// At the beginning of a text; what is read is added to the script.
    pub(super) fn new(text: &'a str, nodes: usize, script: Script) -> Self {
        Self {
            text,
            at: 0,
            end: text.len(),
            nodes,
            depth: 0,
            top_depth: 0,
            top: 0,
            scope: Scope::default(),
            documents: Vec::new(),
            export_all: false,
            exported: HashSet::new(),
            refuted: HashSet::new(),
            script,
        }
    }

    /// Reads all of it. What cannot be read is left out up to the end of the line on which it begins, a few times;
    /// the first fault is given back.
    pub(super) fn whole(&mut self) -> Result<(), Fail> {
        let (end, depth, scope) = (self.end, self.depth, self.scope.clone());
        let mut result = Ok(());
        for _ in 0..RECOVERIES {
            let Err(fail) = self.rest_of_text() else { return result };
            if result.is_ok() {
                result = Err(fail);
            }
            (self.end, self.depth, self.scope) = (end, depth, scope.clone());
            self.documents.clear();
            self.at = self.top.min(end);
            let line = self.rest().find('\n').unwrap_or(end);
            self.advance(line.saturating_add(1));
        }
        result
    }

    fn rest_of_text(&mut self) -> Result<(), Fail> {
        self.top = self.at;
        self.list(&[])?;
        if self.at < self.end {
            self.top = self.at;
            return Err(self.fail("a character that begins no command"));
        }
        Ok(())
    }

    /// Commands up to one of the reserved words `stops`, a `)`, a `;;` or the end.
    pub(super) fn list(&mut self, stops: &[&str]) -> Result<(), Fail> {
        self.enter()?;
        loop {
            self.skip_separators()?;
            let rest = self.rest();
            let at_end =
                matches!(self.peek(), None | Some(b')')) || rest.starts_with(";;") || rest.starts_with(";&");
            if at_end || self.reserved().is_some_and(|word| stops.contains(&word)) {
                break;
            }
            let before = self.at;
            if self.depth == self.top_depth.saturating_add(1) {
                self.top = before;
            }
            self.and_or()?;
            // Behind a command a parenthesis begins nothing: the shell refuses it.
            if self.at == before || self.peek() == Some(b'(') {
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

    pub(super) fn new_pipeline(&mut self) -> usize {
        let pipeline = self.script.pipelines.len();
        self.script.pipelines.push(Pipeline {
            parent: self.scope.stage,
            reads: self.scope.stage.map(Reads::Input).or(self.scope.reader),
            stages: 1,
        });
        pipeline
    }

    fn pipeline(&mut self) -> Result<(), Fail> {
        let pipeline = self.new_pipeline();
        let mut negated = false;
        while matches!(self.reserved(), Some("!" | "time")) {
            negated |= self.reserved() == Some("!");
            let length = self.reserved().map_or(0, str::len);
            self.advance(length);
            self.skip_blanks();
            if self.rest().starts_with("-p") && self.peek_at(2).is_none_or(super::word::is_meta) {
                self.advance(2);
                self.skip_blanks();
            }
        }
        let first = self.script.commands.len();
        let assignments = self.script.assignments.len();
        let outer = self.scope.stage;
        let mut position = 0_usize;
        loop {
            self.scope.stage = Some((pipeline, position));
            self.command(pipeline, position)?;
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
        self.scope.stage = outer;
        if negated {
            for command in self.script.commands.get_mut(first..).unwrap_or(&mut []) {
                command.is_negated = true;
            }
        }
        if position > 0 {
            if let Some(found) = self.script.pipelines.get_mut(pipeline) {
                found.stages = position.saturating_add(1);
            }
            // Every command of a pipeline runs in a subshell.
            for command in self.script.commands.get_mut(first..).unwrap_or(&mut []) {
                command.in_subshell = true;
            }
            for assignment in self.script.assignments.get_mut(assignments..).unwrap_or(&mut []) {
                assignment.temporary = true;
            }
        }
        Ok(())
    }

    pub(super) fn command(&mut self, pipeline: usize, position: usize) -> Result<(), Fail> {
        self.charge(1)?;
        let start = self.at;
        if self.rest().starts_with("((") {
            let before = self.at;
            if let Some(found) = self.arithmetic() {
                self.note_arithmetic(&found.text, Span::new(before, self.at));
                return self.trailing_redirections(start, (pipeline, position));
            }
        }
        match self.reserved() {
            _ if self.peek() == Some(b'(') => self.subshell(start)?,
            Some("{") => {
                self.advance(1);
                self.list(&["}"])?;
                self.expect("}")?;
            }
            Some("if") => self.condition()?,
            Some("while" | "until") => self.while_loop()?,
            Some("for" | "select") => self.for_loop()?,
            Some("case") => self.case()?,
            Some("function") => return self.function_keyword(),
            Some("coproc") => return self.coprocess(pipeline, position),
            Some("[[") => self.double_bracket(pipeline, position)?,
            Some("then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}") => {
                return Err(self.fail("a reserved word where a command should stand"));
            }
            _ => return self.simple(pipeline, position),
        }
        self.trailing_redirections(start, (pipeline, position))
    }
}
