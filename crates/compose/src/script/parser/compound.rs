//! Compound commands: conditions, loops, functions, groups.

use super::{Fail, Parser};
use crate::position::Span;
use crate::script::{Guard, Word, WordPart};

impl Parser<'_> {
    pub(super) fn subshell(&mut self, start: usize) -> Result<(), Fail> {
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
        Ok(())
    }

    pub(super) fn condition(&mut self) -> Result<(), Fail> {
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
        Ok(())
    }

    pub(super) fn while_loop(&mut self) -> Result<(), Fail> {
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
        Ok(())
    }

    pub(super) fn body(&mut self) -> Result<(), Fail> {
        self.expect("do")?;
        self.list(&["done"])?;
        self.expect("done")
    }

    pub(super) fn for_loop(&mut self) -> Result<(), Fail> {
        let length = self.reserved().map_or(0, str::len);
        self.advance(length);
        self.skip_blanks();
        let outer = core::mem::replace(&mut self.scope.conditional, true);
        if self.rest().starts_with("((") {
            let before = self.at;
            let head = self.loop_head().ok_or_else(|| self.fail("a loop that is not closed"))?;
            self.note_arithmetic(&head.text, Span::new(before, self.at));
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
        Ok(())
    }

    /// Each word is a value that the variable has in one round.
    pub(super) fn loop_words(&mut self, name: &str, span: Span) -> Result<(), Fail> {
        let mut is_empty = true;
        loop {
            self.skip_blanks();
            let Some(word) = self.word()? else { break };
            is_empty = false;
            self.charge(1)?;
            let span = Span::new(span.start, self.at);
            self.assign(name.to_owned(), Some(word), span, false);
        }
        if is_empty {
            self.assign(name.to_owned(), Some(Word::new(Vec::new(), span)), span, false);
        }
        Ok(())
    }

    pub(super) fn case(&mut self) -> Result<(), Fail> {
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
        Ok(())
    }

    pub(super) fn function_keyword(&mut self) -> Result<(), Fail> {
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

    pub(super) fn function_body(&mut self, name: String) -> Result<(), Fail> {
        self.skip_newlines()?;
        self.enter()?;
        let outer = self.scope.clone();
        self.scope.function = Some(name);
        self.scope.conditional = true;
        // Where it is called decides what it reads and where its output goes.
        self.scope.stage = None;
        self.scope.reader = None;
        self.scope.guards.clear();
        let pipeline = self.new_pipeline();
        self.scope.stage = Some((pipeline, 0));
        self.command(pipeline, 0)?;
        self.scope = outer;
        self.leave();
        Ok(())
    }

    /// `coproc [NAME] command`.
    pub(super) fn coprocess(&mut self, pipeline: usize, position: usize) -> Result<(), Fail> {
        self.advance(6);
        self.skip_blanks();
        let before = self.at;
        let name = self.name();
        self.skip_blanks();
        let is_compound = self.peek() == Some(b'(') || self.reserved().is_some_and(|word| word != "!");
        if name.is_empty() || !is_compound {
            self.at = before;
        }
        self.enter()?;
        self.command(pipeline, position)?;
        self.leave();
        Ok(())
    }

    /// `[[ … ]]`: everything up to the closing bracket is a word.
    pub(super) fn double_bracket(&mut self, pipeline: usize, position: usize) -> Result<(), Fail> {
        let start = self.at;
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            while self.peek() == Some(b'\n') {
                self.advance(1);
                self.skip_blanks();
            }
            if let Some(word) = self.word()? {
                let closes = self.text.get(word.span.range()) == Some("]]");
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
        Ok(())
    }
}
