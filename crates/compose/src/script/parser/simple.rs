//! Simple commands: words, assignments, redirections, here-documents.

use super::{DOCUMENTS, Fail, Parser, PendingDocument, braces};
use crate::position::Span;
use crate::provenance::Provenance;
use crate::script::word::is_name;
use crate::script::{Assignment, Command, Redirection, Word, WordPart};
use std::borrow::Cow;

impl Parser<'_> {
    pub(super) fn simple(&mut self, pipeline: usize, position: usize) -> Result<(), Fail> {
        let start = self.at;
        let announced = self.documents.len();
        let mut words: Vec<Word> = Vec::new();
        let mut redirections = Vec::new();
        let mut prefix = Vec::new();
        loop {
            self.skip_blanks();
            if self.redirection(&mut redirections)? {
                continue;
            }
            if words.is_empty() && self.assignment()? {
                prefix.push(self.script.assignments.len().saturating_sub(1));
                continue;
            }
            let Some(mut word) = self.word()? else { break };
            if self.peek() == Some(b'(') && declares(&words) && word.prefix().ends_with('=') {
                let parts = self.elements()?;
                word = Word::new([word.parts, parts].concat(), Span::new(word.span.start, self.at));
                (word.text, word.is_part) = (None, true);
            }
            let made = self.several(&word);
            if !made.is_empty() {
                self.charge(made.len())?;
                words.extend(made);
                continue;
            }
            if words.is_empty() {
                self.note_expanded_name(&word);
            }
            words.push(word);
            if words.len() == 1 && self.is_function_head() {
                let name = words.pop().and_then(|word| word.literal().map(str::to_owned)).unwrap_or_default();
                return self.function_body(name);
            }
        }
        if words.is_empty() && redirections.is_empty() && prefix.is_empty() {
            return Err(self.fail("a character that begins no command"));
        }
        for index in if words.is_empty() { &[] } else { prefix.as_slice() } {
            if let Some(assignment) = self.script.assignments.get_mut(*index) {
                assignment.temporary = true;
                assignment.before_command = true;
            }
        }
        let index = self.script.commands.len();
        self.documents.iter_mut().skip(announced).for_each(|document| document.command = index);
        self.builtin(&words, Span::new(start, self.at));
        self.push_command(words, redirections, (pipeline, position), start);
        Ok(())
    }

    /// The words that a word with lists in braces becomes; none where it stays what it is.
    fn several(&self, word: &Word) -> Vec<Word> {
        let raw = self.text.get(word.span.range()).unwrap_or("");
        let plain = word.literal().filter(|text| *text == raw && text.contains('{'));
        let words = plain.and_then(braces::expanded).unwrap_or_default();
        words.into_iter().map(|text| Word::new(vec![WordPart::Literal(text)], word.span)).collect()
    }

    /// A program that is named by braces or by a pattern of file names.
    fn note_expanded_name(&mut self, word: &Word) {
        let raw = braces::unquoted(self.text.get(word.span.range()).unwrap_or(""));
        if braces::is_expanded(&raw) {
            self.opaque(word.span, "a command whose name is computed");
        }
    }

    pub(super) fn is_function_head(&mut self) -> bool {
        let rest = self.rest().trim_start_matches([' ', '\t']);
        let Some(inner) = rest.strip_prefix('(') else { return false };
        let Some(after) = inner.trim_start_matches([' ', '\t']).strip_prefix(')') else { return false };
        self.at = self.end.saturating_sub(after.len());
        true
    }

    pub(super) fn push_command(
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
            nesting: self.scope.nesting,
            guards: self.scope.guards.clone(),
            function: self.scope.function.clone(),
            in_subshell: self.scope.in_subshell,
            is_negated: false,
            substitution_depth: self.scope.substitution_depth,
            span: Span::new(start, start.saturating_add(trimmed)),
        });
    }

    /// Redirections after a compound command: kept as a command without words.
    pub(super) fn trailing_redirections(&mut self, start: usize, place: (usize, usize)) -> Result<(), Fail> {
        let announced = self.documents.len();
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
        self.documents.iter_mut().skip(announced).for_each(|document| document.command = index);
        self.push_command(Vec::new(), redirections, place, start);
        Ok(())
    }

    pub(super) fn redirection(&mut self, redirections: &mut Vec<Redirection>) -> Result<bool, Fail> {
        const OPERATORS: [&str; 12] =
            ["&>>", "<<<", "<<-", "&>", ">>", "<<", "<>", ">|", ">&", "<&", ">", "<"];
        let rest = self.rest();
        let named = named_descriptor(rest);
        let digits = named.unwrap_or_else(|| rest.bytes().take_while(u8::is_ascii_digit).count());
        let after = rest.get(digits..).unwrap_or("");
        let Some(operator) = OPERATORS.into_iter().find(|operator| after.starts_with(operator)) else {
            return Ok(false);
        };
        if digits > 0 && operator.starts_with('&') || digits > 4 && named.is_none() {
            return Ok(false);
        }
        // `<(` and `>(` belong to a word.
        if matches!(operator, "<" | ">") && after.as_bytes().get(1) == Some(&b'(') {
            return Ok(false);
        }
        let written = rest.get(..digits).and_then(|digits| digits.parse().ok());
        let descriptor = if named.is_some() { Some(FIRST_FREE) } else { written };
        self.advance(digits.saturating_add(operator.len()));
        let here = self.at;
        self.skip_joined_lines();
        // `<<`, a line that goes on, and `-` are one sign.
        if self.at > here && matches!(self.peek(), Some(b'<' | b'>' | b'&' | b'|' | b'-' | b'(')) {
            return Err(self.fail("an operator over two lines"));
        }
        self.skip_blanks();
        let quoted = self.at;
        let target = self.word()?.ok_or_else(|| self.fail("a redirection without target"))?;
        if matches!(operator, "<<" | "<<-") {
            // A line that goes on within the delimiter quotes nothing.
            let written = self.text.get(quoted..self.at).unwrap_or("").replace("\\\n", "");
            let is_quoted = written.contains(['\'', '"', '\\']);
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
    pub(super) fn read_documents(&mut self) -> Result<(), Fail> {
        for pending in core::mem::take(&mut self.documents) {
            let start = self.at;
            let mut close = None;
            let mut line_start = start;
            while line_start < self.end {
                let rest = self.text.get(line_start..self.end).unwrap_or("");
                let (line, next) = document_line(rest, pending.is_quoted);
                let bare: &str = if pending.strip_tabs { line.trim_start_matches('\t') } else { &line };
                let next = line_start.saturating_add(next);
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

    pub(super) fn assignment(&mut self) -> Result<bool, Fail> {
        let start = self.at;
        let name = self.name();
        if name.is_empty() {
            return Ok(false);
        }
        let is_element = self.peek() == Some(b'[');
        if is_element && self.element().is_none() {
            self.at = start;
            return Ok(false);
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
        let value = if is_element || is_append { Word { text: None, is_part: true, ..value } } else { value };
        self.assign(name, Some(value), Span::new(start, self.at), false);
        Ok(true)
    }

    /// The index of an array's element that is given a value.
    fn element(&mut self) -> Option<()> {
        self.attempt(|parser| {
            parser.bracket()?;
            let rest = parser.rest();
            (rest.starts_with('=') || rest.starts_with("+=")).then_some(())
        })
    }

    pub(super) fn array(&mut self, name: String, start: usize) -> Result<(), Fail> {
        let parts = self.elements()?;
        let span = Span::new(start, self.at);
        let value = Word { text: None, is_part: true, ..Word::new(parts, span) };
        self.assign(name, Some(value), span, false);
        Ok(())
    }

    /// `(…)` behind `NAME=`.
    fn elements(&mut self) -> Result<Vec<WordPart>, Fail> {
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
        Ok(parts)
    }

    pub(super) fn assign(&mut self, name: String, value: Option<Word>, span: Span, exported: bool) {
        self.script.assignments.push(Assignment {
            name,
            value,
            exported: exported || self.export_all,
            conditional: self.scope.conditional,
            input: None,
            before_command: false,
            temporary: self.scope.in_subshell || self.scope.substitution_depth > 0,
            provenance: Provenance::Unknown,
            guards: self.scope.guards.clone(),
            span,
        });
    }

    pub(in crate::script) fn note_assigned_default(&mut self, name: &str, operand: &[WordPart], span: Span) {
        let value = Word::new(operand.to_vec(), span);
        self.assign(name.to_owned(), Some(value), span, false);
    }

    pub(super) fn note_arithmetic(&mut self, text: &str, span: Span) {
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
}

/// The descriptor that Bash chooses for `{NAME}>`: this one or a higher one, never input, output or errors.
const FIRST_FREE: u32 = 10;

/// How many bytes `{NAME}` before a redirection takes.
fn named_descriptor(rest: &str) -> Option<usize> {
    let (name, after) = rest.strip_prefix('{')?.split_once('}')?;
    (is_name(name) && after.starts_with(['<', '>'])).then(|| name.len().saturating_add(2))
}

/// Whether the words so far are those of a builtin that takes assignments as arguments.
fn declares(words: &[Word]) -> bool {
    let names = ["export", "declare", "typeset", "readonly", "local"];
    words.first().and_then(Word::literal).is_some_and(|word| names.contains(&word))
}

/// A line of a here-document and where the next one begins. Where the delimiter is not quoted, a line goes on behind a
/// backslash at its end: the delimiter may stand over two lines, and is none behind such a line.
fn document_line(rest: &str, is_quoted: bool) -> (Cow<'_, str>, usize) {
    let mut line = Cow::Borrowed("");
    let mut next = 0_usize;
    for piece in rest.split('\n') {
        next = next.saturating_add(piece.len()).saturating_add(1);
        let backslashes = piece.bytes().rev().take_while(|byte| *byte == b'\\').count();
        let goes_on = !is_quoted && backslashes % 2 == 1;
        let text = piece.strip_suffix('\\').filter(|_| goes_on).unwrap_or(piece);
        if next == piece.len().saturating_add(1) {
            line = Cow::Borrowed(text);
        } else {
            line.to_mut().push_str(text);
        }
        if !goes_on {
            break;
        }
    }
    (line, next)
}
