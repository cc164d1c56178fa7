//! Characters, reserved words, guards and limits.

use super::{DEPTH, Fail, GUARDS, Parser, PendingDocument};
use crate::position::Span;
use crate::script::word::is_meta;
use crate::script::{Guard, Reads, variables_of};

/// The pipelines around a substitution, and the here-documents that its line has announced before it: their text stands
/// behind the line on which the substitution ends.
pub(in crate::script) struct Around {
    stage: Option<(usize, usize)>,
    reader: Option<Reads>,
    documents: Vec<PendingDocument>,
}

impl Parser<'_> {
    pub(super) fn push_guard(&mut self, first: usize, negated: bool) {
        self.push_guard_range(first, self.script.commands.len(), negated);
    }

    pub(super) fn push_guard_range(&mut self, first: usize, end: usize, negated: bool) {
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

    pub(super) fn add_guard(&mut self, guard: Guard) {
        if self.scope.guards.len() < GUARDS {
            self.scope.guards.push(self.script.guards.len());
            self.script.guards.push(guard);
        }
    }

    // --- characters ---------------------------------------------------------------------------------------

    /// The reserved word that begins here, if one does.
    pub(super) fn reserved(&self) -> Option<&'static str> {
        const WORDS: [&str; 21] = [
            "if", "then", "elif", "else", "fi", "while", "until", "for", "select", "do", "done", "case",
            "esac", "in", "function", "{", "}", "!", "[[", "time", "coproc",
        ];
        let rest = self.rest();
        let length = rest.bytes().take(9).position(is_meta).unwrap_or(rest.len().min(9));
        WORDS.into_iter().find(|word| word.len() == length && rest.starts_with(word))
    }

    pub(super) fn expect(&mut self, word: &'static str) -> Result<(), Fail> {
        if self.reserved() != Some(word) {
            return Err(self.fail("a compound command that is not closed"));
        }
        self.advance(word.len());
        Ok(())
    }

    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.advance(1),
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.advance(2),
                Some(b'#') => {
                    let line = self.rest().find('\n').unwrap_or(self.end.saturating_sub(self.at));
                    self.advance(line);
                }
                _ => return,
            }
        }
    }

    pub(super) fn skip_newlines(&mut self) -> Result<(), Fail> {
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.advance(1);
            self.read_documents()?;
        }
    }

    pub(super) fn skip_separators(&mut self) -> Result<(), Fail> {
        loop {
            self.skip_newlines()?;
            match self.peek() {
                Some(b';') if !matches!(self.peek_at(1), Some(b';' | b'&')) => self.advance(1),
                Some(b'&') if self.peek_at(1) != Some(b'&') && self.peek_at(1) != Some(b'>') => {
                    self.advance(1);
                }
                _ => return Ok(()),
            }
        }
    }

    /// A name; lines may go on within it.
    pub(in crate::script) fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(byte) = self.peek() {
            let is_part =
                byte == b'_' || byte.is_ascii_alphabetic() || (!name.is_empty() && byte.is_ascii_digit());
            if is_part {
                name.push(char::from(byte));
                self.advance(1);
            } else if !name.is_empty() && byte == b'\\' && self.peek_at(1) == Some(b'\n') {
                self.advance(2);
            } else {
                break;
            }
        }
        name
    }

    /// Backslashes at the ends of lines.
    pub(in crate::script) fn skip_joined_lines(&mut self) {
        while self.rest().starts_with("\\\n") {
            self.advance(2);
        }
    }

    pub(in crate::script) fn rest(&self) -> &str {
        self.text.get(self.at..self.end).unwrap_or("")
    }

    pub(in crate::script) fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    pub(in crate::script) fn peek_at(&self, ahead: usize) -> Option<u8> {
        let at = self.at.saturating_add(ahead);
        if at < self.end { self.text.as_bytes().get(at).copied() } else { None }
    }

    pub(in crate::script) fn next_char(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.advance(character.len_utf8());
        Some(character)
    }

    pub(in crate::script) fn advance(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.end);
    }

    // --- limits -------------------------------------------------------------------------------------------

    pub(in crate::script) fn limit_to(&mut self, end: usize) -> usize {
        core::mem::replace(&mut self.end, end)
    }

    pub(in crate::script) fn restore(&mut self, end: usize) {
        self.end = end;
    }

    pub(in crate::script) fn enter(&mut self) -> Result<(), Fail> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH { Err(self.fail("nesting deeper than allowed")) } else { Ok(()) }
    }

    pub(in crate::script) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// The output of what stands in a substitution is a word, its input that of the command with the word. Gives back
    /// where the parser was.
    pub(in crate::script) fn enter_substitution(&mut self, takes_output: bool) -> Result<Around, Fail> {
        self.scope.substitution_depth = self.scope.substitution_depth.saturating_add(1);
        self.enter()?;
        let stage = self.scope.stage.take();
        let reader = self.scope.reader;
        let here = if takes_output { stage.map(Reads::Output) } else { stage.map(Reads::Input) };
        self.scope.reader = here.or(reader);
        Ok(Around { stage, reader, documents: core::mem::take(&mut self.documents) })
    }

    pub(in crate::script) fn leave_substitution(&mut self, around: Around) -> Result<(), Fail> {
        // Shells differ over a text that begins behind the substitution that announces it.
        if !self.documents.is_empty() {
            return Err(self.fail("a here-document that is not closed"));
        }
        self.documents = around.documents;
        self.scope.substitution_depth = self.scope.substitution_depth.saturating_sub(1);
        self.scope.stage = around.stage;
        self.scope.reader = around.reader;
        self.leave();
        Ok(())
    }

    pub(in crate::script) fn charge(&mut self, nodes: usize) -> Result<(), Fail> {
        let left = self.nodes.checked_sub(nodes.max(1));
        self.nodes = left.ok_or_else(|| self.fail("more words than allowed"))?;
        Ok(())
    }

    pub(in crate::script) const fn fail(&self, what: &'static str) -> Fail {
        Fail { at: self.at, what }
    }

    pub(in crate::script) const fn fail_at(&self, at: usize, what: &'static str) -> Fail {
        Fail { at, what }
    }
}
