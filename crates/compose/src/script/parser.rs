//! The grammar of the shell (POSIX, and what of Bash the scripts of deployments use), down to simple commands.

use super::{
    Assignment, Command, Guard, Problem, Redirection, Role, Script, Word, WordPart, known, variables_of,
};
use crate::construct::ConstructKind;
use crate::position::Span;
use crate::provenance::Provenance;
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
        while matches!(self.reserved(), Some("!" | "time")) {
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

    fn subshell(&mut self, start: usize) -> Result<(), Fail> {
        self.advance(1);
        let outer = core::mem::replace(&mut self.scope.in_subshell, true);
        let assignments = self.script.assignments.len();
        self.list(&[])?;
        for assignment in self.script.assignments.get_mut(assignments..).unwrap_or(&mut []) {
            assignment.temporary = true;
        }
        self.scope.in_subshell = outer;
        if self.peek() != Some(b')') {
            return Err(self.fail_at(start, "a subshell that is not closed"));
        }
        self.advance(1);
        self.trailing_redirections(start)
    }

    fn condition(&mut self, start: usize) -> Result<(), Fail> {
        self.advance(2);
        let depth = self.scope.guards.len();
        let outer = core::mem::replace(&mut self.scope.conditional, true);
        let mut first = self.script.commands.len();
        self.list(&["then"])?;
        self.expect("then")?;
        loop {
            let inner = self.scope.guards.len();
            self.push_guard(first, false);
            let end = self.script.commands.len();
            self.list(&["elif", "else", "fi"])?;
            self.scope.guards.truncate(inner);
            // Later branches run where this condition did not hold.
            self.push_guard_range(first, end, true);
            match self.reserved() {
                Some("elif") => {
                    self.advance(4);
                    first = self.script.commands.len();
                    self.list(&["then"])?;
                    self.expect("then")?;
                }
                Some("else") => {
                    self.advance(4);
                    self.list(&["fi"])?;
                    break;
                }
                _ => break,
            }
        }
        self.expect("fi")?;
        self.scope.guards.truncate(depth);
        self.scope.conditional = outer;
        self.trailing_redirections(start)
    }

    fn while_loop(&mut self, start: usize) -> Result<(), Fail> {
        let until = self.reserved() == Some("until");
        self.advance(5);
        let outer = core::mem::replace(&mut self.scope.conditional, true);
        let first = self.script.commands.len();
        self.list(&["do"])?;
        let depth = self.scope.guards.len();
        self.push_guard(first, until);
        self.body()?;
        self.scope.guards.truncate(depth);
        self.scope.conditional = outer;
        self.trailing_redirections(start)
    }

    fn body(&mut self) -> Result<(), Fail> {
        self.expect("do")?;
        self.list(&["done"])?;
        self.expect("done")
    }

    fn for_loop(&mut self, start: usize) -> Result<(), Fail> {
        let length = self.reserved().map_or(0, str::len);
        self.advance(length);
        self.skip_blanks();
        let outer = core::mem::replace(&mut self.scope.conditional, true);
        if self.rest().starts_with("((") {
            let before = self.at;
            let close = self.rest().find("))").ok_or_else(|| self.fail("a loop that is not closed"))?;
            let text = self.rest().get(2..close).unwrap_or("").to_owned();
            self.advance(close.saturating_add(2));
            self.note_arithmetic(&text, Span::new(before, self.at));
        } else {
            let span = Span::new(self.at, self.at);
            let name = self.name();
            if name.is_empty() {
                return Err(self.fail("a loop without variable"));
            }
            self.skip_separators()?;
            if self.reserved() == Some("in") {
                self.advance(2);
                self.loop_words(&name, span)?;
            } else {
                // The words are the positional parameters.
                self.assign(name, None, span, false);
            }
        }
        self.skip_separators()?;
        if self.reserved() == Some("{") {
            self.advance(1);
            self.list(&["}"])?;
            self.expect("}")?;
        } else {
            self.body()?;
        }
        self.scope.conditional = outer;
        self.trailing_redirections(start)
    }

    fn loop_words(&mut self, name: &str, span: Span) -> Result<(), Fail> {
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            let Some(word) = self.word()? else { break };
            parts.extend(word.parts);
        }
        let span = Span::new(span.start, self.at);
        self.assign(name.to_owned(), Some(Word::new(parts, span)), span, false);
        Ok(())
    }

    fn case(&mut self, start: usize) -> Result<(), Fail> {
        self.advance(4);
        self.skip_blanks();
        let subject = self.word()?.ok_or_else(|| self.fail("a case without word"))?;
        self.skip_separators()?;
        self.expect("in")?;
        let outer = core::mem::replace(&mut self.scope.conditional, true);
        let here = self.script.commands.len();
        let variables = subject.variables().into_iter().map(str::to_owned).collect();
        let depth = self.scope.guards.len();
        self.add_guard(Guard { first: here, end: here, negated: false, variables, span: subject.span });
        loop {
            self.skip_separators()?;
            if self.reserved() == Some("esac") {
                break;
            }
            if self.peek() == Some(b'(') {
                self.advance(1);
            }
            loop {
                self.skip_blanks();
                if self.word()?.is_none() {
                    return Err(self.fail("a case without pattern"));
                }
                self.skip_blanks();
                if self.peek() != Some(b'|') {
                    break;
                }
                self.advance(1);
            }
            if self.peek() != Some(b')') {
                return Err(self.fail("a case whose pattern is not closed"));
            }
            self.advance(1);
            self.list(&["esac"])?;
            for sign in [";;&", ";;", ";&"] {
                if self.rest().starts_with(sign) {
                    self.advance(sign.len());
                    break;
                }
            }
        }
        self.expect("esac")?;
        self.scope.guards.truncate(depth);
        self.scope.conditional = outer;
        self.trailing_redirections(start)
    }

    fn function_keyword(&mut self) -> Result<(), Fail> {
        self.advance(8);
        self.skip_blanks();
        let name = self.word()?.and_then(|word| word.literal().map(str::to_owned)).unwrap_or_default();
        self.skip_blanks();
        if self.rest().starts_with('(') {
            self.advance(1);
            self.skip_blanks();
            if self.peek() != Some(b')') {
                return Err(self.fail("a function without ')'"));
            }
            self.advance(1);
        }
        self.function_body(name)
    }

    fn function_body(&mut self, name: String) -> Result<(), Fail> {
        self.skip_newlines()?;
        self.enter()?;
        let outer = self.scope.clone();
        self.scope.function = Some(name);
        self.scope.conditional = true;
        let pipeline = self.pipelines;
        self.command(pipeline, 0)?;
        self.scope = outer;
        self.leave();
        Ok(())
    }

    /// `[[ … ]]`: everything up to the closing bracket is a word.
    fn double_bracket(&mut self, pipeline: usize, position: usize) -> Result<(), Fail> {
        let start = self.at;
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            while self.peek() == Some(b'\n') {
                self.advance(1);
                self.skip_blanks();
            }
            if let Some(word) = self.word()? {
                let closes = word.literal() == Some("]]");
                words.push(word);
                if closes {
                    break;
                }
                continue;
            }
            let rest = self.rest();
            let sign = ["&&", "||", "(", ")", "<", ">", "&", "|", ";"]
                .into_iter()
                .find(|sign| rest.starts_with(sign));
            let Some(sign) = sign else { return Err(self.fail_at(start, "'[[' that is not closed")) };
            let span = Span::new(self.at, self.at.saturating_add(sign.len()));
            words.push(Word::new(vec![WordPart::Literal(sign.to_owned())], span));
            self.charge(1)?;
            self.advance(sign.len());
        }
        self.push_command(words, Vec::new(), (pipeline, position), start);
        self.trailing_redirections(start)
    }

    fn simple(&mut self, pipeline: usize, position: usize) -> Result<(), Fail> {
        let start = self.at;
        let mut words: Vec<Word> = Vec::new();
        let mut redirections = Vec::new();
        let assignments = self.script.assignments.len();
        loop {
            self.skip_blanks();
            if self.redirection(&mut redirections)? {
                continue;
            }
            if words.is_empty() && self.assignment()? {
                continue;
            }
            let Some(word) = self.word()? else { break };
            words.push(word);
            if words.len() == 1 && self.is_function_head() {
                let name = words.pop().and_then(|word| word.literal().map(str::to_owned)).unwrap_or_default();
                return self.function_body(name);
            }
        }
        if words.is_empty() && redirections.is_empty() && self.script.assignments.len() == assignments {
            return Err(self.fail("a character that begins no command"));
        }
        if !words.is_empty() {
            for assignment in self.script.assignments.get_mut(assignments..).unwrap_or(&mut []) {
                assignment.temporary = true;
            }
        }
        let index = self.script.commands.len();
        let documents = self.documents.iter_mut().filter(|document| document.command == usize::MAX);
        documents.for_each(|document| document.command = index);
        self.builtin(&words, Span::new(start, self.at));
        self.push_command(words, redirections, (pipeline, position), start);
        Ok(())
    }

    fn is_function_head(&mut self) -> bool {
        let rest = self.rest().trim_start_matches([' ', '\t']);
        let Some(inner) = rest.strip_prefix('(') else { return false };
        let Some(after) = inner.trim_start_matches([' ', '\t']).strip_prefix(')') else { return false };
        self.at = self.end.saturating_sub(after.len());
        true
    }

    fn push_command(
        &mut self,
        words: Vec<Word>,
        redirections: Vec<Redirection>,
        place: (usize, usize),
        start: usize,
    ) {
        let end = self.at.max(start);
        let trimmed = self.text.get(start..end).unwrap_or("").trim_end().len();
        self.script.commands.push(Command {
            words,
            redirections,
            pipeline: place.0,
            position: place.1,
            outer: None,
            guards: self.scope.guards.clone(),
            function: self.scope.function.clone(),
            in_subshell: self.scope.in_subshell,
            substitution_depth: self.scope.substitution_depth,
            span: Span::new(start, start.saturating_add(trimmed)),
        });
    }

    /// Redirections after a compound command: kept as a command without words.
    fn trailing_redirections(&mut self, start: usize) -> Result<(), Fail> {
        let mut redirections = Vec::new();
        loop {
            self.skip_blanks();
            if !self.redirection(&mut redirections)? {
                break;
            }
        }
        if redirections.is_empty() {
            return Ok(());
        }
        let index = self.script.commands.len();
        let documents = self.documents.iter_mut().filter(|document| document.command == usize::MAX);
        documents.for_each(|document| document.command = index);
        let pipeline = self.pipelines;
        self.push_command(Vec::new(), redirections, (pipeline, 0), start);
        Ok(())
    }

    fn redirection(&mut self, redirections: &mut Vec<Redirection>) -> Result<bool, Fail> {
        const OPERATORS: [&str; 12] =
            ["&>>", "<<<", "<<-", "&>", ">>", "<<", "<>", ">|", ">&", "<&", ">", "<"];
        let rest = self.rest();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = rest.get(digits..).unwrap_or("");
        let Some(operator) = OPERATORS.into_iter().find(|operator| after.starts_with(operator)) else {
            return Ok(false);
        };
        if digits > 0 && operator.starts_with('&') || digits > 4 {
            return Ok(false);
        }
        // `<(` and `>(` begin a word.
        if digits == 0 && matches!(operator, "<" | ">") && after.as_bytes().get(1) == Some(&b'(') {
            return Ok(false);
        }
        let descriptor = rest.get(..digits).and_then(|digits| digits.parse().ok());
        self.advance(digits.saturating_add(operator.len()));
        self.skip_blanks();
        let quoted = self.at;
        let target = self.word()?.ok_or_else(|| self.fail("a redirection without target"))?;
        if matches!(operator, "<<" | "<<-") {
            let is_quoted =
                self.text.get(quoted..self.at).is_some_and(|text| text.contains(['\'', '"', '\\']));
            if self.documents.len() >= DOCUMENTS {
                return Err(self.fail("more here-documents in a line than allowed"));
            }
            let delimiter =
                target.literal().ok_or_else(|| self.fail("a here-document without plain delimiter"))?;
            self.documents.push(PendingDocument {
                command: usize::MAX,
                redirection: redirections.len(),
                delimiter: delimiter.to_owned(),
                strip_tabs: operator == "<<-",
                is_quoted,
            });
        }
        redirections.push(Redirection { operator: operator.to_owned(), descriptor, target, document: None });
        Ok(true)
    }

    /// The bodies of the here-documents that the line announced.
    fn read_documents(&mut self) -> Result<(), Fail> {
        for pending in core::mem::take(&mut self.documents) {
            let start = self.at;
            let mut close = None;
            let mut line_start = start;
            while line_start < self.end {
                let line = self
                    .text
                    .get(line_start..self.end)
                    .and_then(|rest| rest.split('\n').next())
                    .unwrap_or("");
                let bare = if pending.strip_tabs { line.trim_start_matches('\t') } else { line };
                let next = line_start.saturating_add(line.len()).saturating_add(1);
                if bare == pending.delimiter {
                    close = Some((line_start, next));
                    break;
                }
                line_start = next;
            }
            let (end, next) =
                close.ok_or_else(|| self.fail_at(start, "a here-document that is not closed"))?;
            let span = Span::new(start, end);
            let body = self.text.get(start..end).unwrap_or("");
            let parts = if pending.is_quoted {
                let strip = |line: &str| {
                    if pending.strip_tabs { line.trim_start_matches('\t') } else { line }.to_owned()
                };
                vec![WordPart::Literal(body.split_inclusive('\n').map(strip).collect())]
            } else {
                let outer = self.limit_to(end);
                let parts = self.document_parts(end)?;
                self.restore(outer);
                parts
            };
            self.charge(parts.len())?;
            self.at = next.min(self.end);
            if let Some(redirection) = self
                .script
                .commands
                .get_mut(pending.command)
                .and_then(|command| command.redirections.get_mut(pending.redirection))
            {
                redirection.document = Some(Word::new(parts, span));
            }
        }
        Ok(())
    }

    fn assignment(&mut self) -> Result<bool, Fail> {
        let start = self.at;
        let name = self.name();
        if name.is_empty() {
            return Ok(false);
        }
        let mut is_element = false;
        if self.peek() == Some(b'[') {
            let close = self.rest().bytes().take(256).position(|byte| byte == b']');
            match close {
                Some(close) => {
                    self.advance(close.saturating_add(1));
                    is_element = true;
                }
                None => {
                    self.at = start;
                    return Ok(false);
                }
            }
        }
        let is_append = self.rest().starts_with("+=");
        if !is_append && self.peek() != Some(b'=') {
            self.at = start;
            return Ok(false);
        }
        self.advance(if is_append { 2 } else { 1 });
        if self.peek() == Some(b'(') {
            self.array(name, start)?;
            return Ok(true);
        }
        let value = self.word()?.unwrap_or_else(|| Word::new(Vec::new(), Span::at(self.at)));
        // An element, or more text for an unknown whole: the value of the variable is not this word.
        let value = if is_element || is_append { Word { text: None, ..value } } else { value };
        self.assign(name, Some(value), Span::new(start, self.at), false);
        Ok(true)
    }

    fn array(&mut self, name: String, start: usize) -> Result<(), Fail> {
        self.advance(1);
        let mut parts = Vec::new();
        loop {
            self.skip_separators()?;
            match self.word()? {
                Some(word) => parts.extend(word.parts),
                None => break,
            }
        }
        if self.peek() != Some(b')') {
            return Err(self.fail("an array that is not closed"));
        }
        self.advance(1);
        let span = Span::new(start, self.at);
        let value = Word { text: None, ..Word::new(parts, span) };
        self.assign(name, Some(value), span, false);
        Ok(())
    }

    fn assign(&mut self, name: String, value: Option<Word>, span: Span, exported: bool) {
        self.script.assignments.push(Assignment {
            name,
            value,
            exported: exported || self.export_all,
            conditional: self.scope.conditional,
            temporary: self.scope.in_subshell || self.scope.substitution_depth > 0,
            provenance: Provenance::Unknown,
            guards: self.scope.guards.clone(),
            span,
        });
    }

    pub(super) fn note_assigned_default(&mut self, name: &str, operand: &[WordPart], span: Span) {
        let value = Word::new(operand.to_vec(), span);
        self.assign(name.to_owned(), Some(value), span, false);
    }

    fn note_arithmetic(&mut self, text: &str, span: Span) {
        let mut rest = text;
        while let Some(at) = rest.find('=') {
            let before = rest.get(..at).unwrap_or("").trim_end_matches([' ', '+', '-', '*', '/', '%']);
            let name_start = before
                .rfind(|c: char| !(c == '_' || c.is_ascii_alphanumeric()))
                .map_or(0, |at| at.saturating_add(1));
            let name = before.get(name_start..).unwrap_or("");
            if name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic()) {
                self.assign(name.to_owned(), None, span, false);
            }
            rest = rest.get(at.saturating_add(1)..).unwrap_or("");
        }
    }

    /// Builtins that set variables, export them, or do what cannot be told.
    fn builtin(&mut self, words: &[Word], span: Span) {
        let words = match words.first().and_then(Word::literal) {
            Some("command" | "builtin" | "exec" | "sudo" | "nohup") => words.get(1..).unwrap_or(&[]),
            _ => words,
        };
        let Some(program) = words.first() else { return };
        let arguments = words.get(1..).unwrap_or(&[]);
        match program.literal() {
            Some("export") => self.declaration(arguments, true),
            Some("declare" | "typeset" | "readonly" | "local") => {
                let flags = |word: &&Word| {
                    word.literal().is_some_and(|text| text.starts_with('-') && text.contains('x'))
                };
                let exported = arguments.iter().any(|word| flags(&word));
                self.declaration(arguments, exported);
            }
            Some("read" | "mapfile" | "readarray" | "getopts") => {
                for word in arguments {
                    match word.literal() {
                        Some(text) if is_name(text) => self.assign(text.to_owned(), None, word.span, false),
                        Some(_) => {}
                        None => self.opaque(span, "a variable whose name is computed"),
                    }
                }
            }
            Some("printf") if arguments.first().and_then(Word::literal) == Some("-v") => {
                match arguments.get(1).and_then(Word::literal) {
                    Some(name) => self.assign(name.to_owned(), None, span, false),
                    None => self.opaque(span, "a variable whose name is computed"),
                }
            }
            Some("let") => {
                let text: Vec<_> = arguments.iter().map(Word::prefix).collect();
                self.note_arithmetic(&text.join(" "), span);
            }
            Some("eval") => self.opaque(span, "eval"),
            Some("source" | ".") => self.opaque(span, "source"),
            Some("trap") if !is_harmless_trap(arguments) => self.opaque(span, "trap"),
            Some("alias") => self.opaque(span, "alias"),
            Some("enable") => self.opaque(span, "enable"),
            Some("set") => {
                let text: Vec<_> = arguments.iter().map(Word::prefix).collect();
                let short = text
                    .iter()
                    .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('a'));
                self.export_all |= short || text.windows(2).any(|pair| pair == ["-o", "allexport"]);
            }
            Some(_) => {}
            None => self.opaque(span, "a command whose name is computed"),
        }
    }

    fn declaration(&mut self, arguments: &[Word], exported: bool) {
        for word in arguments {
            let prefix = word.prefix();
            if prefix.starts_with('-') {
                continue;
            }
            let (name, has_value) = match prefix.split_once('=') {
                Some((name, _)) => (name.trim_end_matches('+').to_owned(), true),
                None => (prefix.clone(), false),
            };
            if !is_name(&name) || (!has_value && word.literal().is_none()) {
                self.opaque(word.span, "a variable whose name is computed");
            } else if has_value {
                let value = strip_prefix(word, name.len().saturating_add(1));
                self.assign(name, Some(value), word.span, exported);
            } else if exported {
                self.exported.insert(name);
            }
        }
    }

    fn opaque(&mut self, span: Span, what: &str) {
        self.script.problems.push(Problem {
            kind: ConstructKind::ScriptOpaque,
            span,
            detail: what.to_owned(),
        });
    }

    fn push_guard(&mut self, first: usize, negated: bool) {
        self.push_guard_range(first, self.script.commands.len(), negated);
    }

    fn push_guard_range(&mut self, first: usize, end: usize, negated: bool) {
        if self.scope.guards.len() >= GUARDS {
            return;
        }
        let commands = self.script.commands.get(first..end).unwrap_or(&[]);
        let mut names: Vec<&str> = Vec::new();
        for word in commands.iter().flat_map(|command| &command.words) {
            variables_of(&word.parts, &mut names);
        }
        names.sort_unstable();
        names.dedup();
        let variables = names.into_iter().map(str::to_owned).collect();
        let spans = commands.iter().map(|command| command.span);
        let span = spans.reduce(Span::join).unwrap_or_else(|| Span::at(self.at));
        self.add_guard(Guard { first, end, negated, variables, span });
    }

    fn add_guard(&mut self, guard: Guard) {
        if self.scope.guards.len() < GUARDS {
            self.scope.guards.push(self.script.guards.len());
            self.script.guards.push(guard);
        }
    }

    // --- characters ---------------------------------------------------------------------------------------

    /// The reserved word that begins here, if one does.
    fn reserved(&self) -> Option<&'static str> {
        const WORDS: [&str; 20] = [
            "if", "then", "elif", "else", "fi", "while", "until", "for", "select", "do", "done", "case",
            "esac", "in", "function", "{", "}", "!", "[[", "time",
        ];
        let rest = self.rest();
        let length = rest.bytes().take(9).position(super::word::is_meta).unwrap_or(rest.len().min(9));
        WORDS.into_iter().find(|word| word.len() == length && rest.starts_with(word))
    }

    fn expect(&mut self, word: &'static str) -> Result<(), Fail> {
        if self.reserved() != Some(word) {
            return Err(self.fail("a compound command that is not closed"));
        }
        self.advance(word.len());
        Ok(())
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.advance(1),
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.advance(2),
                Some(b'#') => {
                    let line = self.rest().find('\n').unwrap_or(self.end.saturating_sub(self.at));
                    self.advance(line);
                }
                _ => return,
            }
        }
    }

    fn skip_newlines(&mut self) -> Result<(), Fail> {
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.advance(1);
            self.read_documents()?;
        }
    }

    fn skip_separators(&mut self) -> Result<(), Fail> {
        loop {
            self.skip_newlines()?;
            match self.peek() {
                Some(b';') if self.peek_at(1) != Some(b';') => self.advance(1),
                Some(b'&') if self.peek_at(1) != Some(b'&') && self.peek_at(1) != Some(b'>') => {
                    self.advance(1);
                }
                _ => return Ok(()),
            }
        }
    }

    pub(super) fn name(&mut self) -> String {
        let rest = self.rest();
        let is_part = |(at, byte): (usize, u8)| {
            byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit())
        };
        let length = rest.bytes().enumerate().take_while(|pair| is_part(*pair)).count();
        let name = rest.get(..length).unwrap_or("").to_owned();
        self.advance(length);
        name
    }

    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..self.end).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        let at = self.at.saturating_add(ahead);
        if at < self.end { self.text.as_bytes().get(at).copied() } else { None }
    }

    pub(super) fn next_char(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.advance(character.len_utf8());
        Some(character)
    }

    pub(super) fn advance(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.end);
    }

    // --- limits -------------------------------------------------------------------------------------------

    pub(super) fn limit_to(&mut self, end: usize) -> usize {
        core::mem::replace(&mut self.end, end)
    }

    pub(super) fn restore(&mut self, end: usize) {
        self.end = end;
    }

    pub(super) fn enter(&mut self) -> Result<(), Fail> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH { Err(self.fail("nesting deeper than allowed")) } else { Ok(()) }
    }

    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    pub(super) fn enter_substitution(&mut self) -> Result<(), Fail> {
        self.scope.substitution_depth = self.scope.substitution_depth.saturating_add(1);
        self.enter()
    }

    pub(super) fn leave_substitution(&mut self) {
        self.scope.substitution_depth = self.scope.substitution_depth.saturating_sub(1);
        self.leave();
    }

    pub(super) fn charge(&mut self, nodes: usize) -> Result<(), Fail> {
        let left = self.nodes.checked_sub(nodes.max(1));
        self.nodes = left.ok_or_else(|| self.fail("more words than allowed"))?;
        Ok(())
    }

    pub(super) const fn fail(&self, what: &'static str) -> Fail {
        Fail { at: self.at, what }
    }

    pub(super) const fn fail_at(&self, at: usize, what: &'static str) -> Fail {
        Fail { at, what }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && text.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}

/// The word without the first bytes of its literal text.
fn strip_prefix(word: &Word, length: usize) -> Word {
    let mut left = length;
    let mut parts = Vec::new();
    for part in &word.parts {
        match part {
            WordPart::Literal(text) if left > 0 => {
                let cut = left.min(text.len());
                left = left.saturating_sub(cut);
                parts.push(WordPart::Literal(text.get(cut..).unwrap_or("").to_owned()));
            }
            other => parts.push(other.clone()),
        }
    }
    Word::new(parts, Span::new(word.span.start.saturating_add(length), word.span.end))
}

/// A trap whose text is plain and neither assigns, exports, sources nor evaluates.
fn is_harmless_trap(arguments: &[Word]) -> bool {
    const WORDS: [&str; 7] = ["=", "export", "eval", "source", ". ", "read", "declare"];
    arguments
        .iter()
        .all(|word| word.literal().is_some_and(|text| !WORDS.iter().any(|bad| text.contains(bad))))
}
