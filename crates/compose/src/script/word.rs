//! Words: quotes, expansions, substitutions.

use super::arithmetic::Arithmetic;
use super::parser::{Fail, Parser};
use super::{Problem, Role, Word, WordPart};
use crate::construct::ConstructKind;
use crate::position::Span;

/// What ends a word outside of quotes.
pub(super) const fn is_meta(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')
}

/// The last part of a path.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a variable can have this name.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && text.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}

impl Parser<'_> {
    /// Reads one word; `None` where none begins.
    pub(super) fn word(&mut self) -> Result<Option<Word>, Fail> {
        let start = self.at;
        let mut parts = Vec::new();
        loop {
            match self.peek() {
                None => break,
                Some(b'<' | b'>') if self.peek_at(1) == Some(b'(') => {
                    self.advance(2);
                    parts.push(self.substitution(true)?);
                }
                Some(b'(') if self.opens_pattern(start) => self.pattern(&mut parts)?,
                Some(byte) if is_meta(byte) => break,
                Some(_) => self.word_piece(&mut parts)?,
            }
        }
        if self.at == start {
            return Ok(None);
        }
        self.charge(parts.len())?;
        Ok(Some(Word::new(parts, Span::new(start, self.at))))
    }

    /// Whether the parenthesis here belongs to a pattern of Bash's `extglob`: `@(…)`, `!(…)`, `?(…)`, `*(…)`, `+(…)`.
    /// An empty one is the head of a function whose name ends so.
    fn opens_pattern(&self, start: usize) -> bool {
        let before = self.text.get(start..self.at).unwrap_or("").as_bytes();
        let is_sign = matches!(before, [.., b'?' | b'*' | b'+' | b'@' | b'!']);
        let is_quoted = matches!(before, [.., b'\\' | b'$', _]);
        let inner = self.text.get(self.at..self.end).unwrap_or("").get(1..).unwrap_or("");
        is_sign && !is_quoted && !inner.trim_start_matches([' ', '\t']).starts_with(')')
    }

    /// Such a pattern, from its parenthesis on. Commands may stand in its substitutions.
    fn pattern(&mut self, parts: &mut Vec<WordPart>) -> Result<(), Fail> {
        let start = self.at;
        let mut level = 0_usize;
        loop {
            match self.peek() {
                None | Some(b'\n') => return Err(self.fail_at(start, "a pattern that is not closed")),
                Some(byte) if is_meta(byte) => {
                    push_literal(parts, char::from(byte).encode_utf8(&mut [0; 4]));
                    self.advance(1);
                    match byte {
                        b'(' => level = level.saturating_add(1),
                        b')' => level = level.saturating_sub(1),
                        _ => {}
                    }
                    if level == 0 {
                        return Ok(());
                    }
                }
                Some(_) => self.word_piece(parts)?,
            }
        }
    }

    fn word_piece(&mut self, parts: &mut Vec<WordPart>) -> Result<(), Fail> {
        match self.peek() {
            Some(b'\'') => {
                let text = self.single_quoted()?;
                push_literal(parts, &text);
            }
            Some(b'"') => self.double_quoted(parts)?,
            Some(b'\\') => {
                self.advance(1);
                match self.next_char() {
                    Some('\n') | None => {}
                    Some(character) => push_literal(parts, character.encode_utf8(&mut [0; 4])),
                }
            }
            Some(b'$') if self.peek_at(1) == Some(b'\'') => {
                self.advance(1);
                let text = self.single_quoted_with_escapes()?;
                push_literal(parts, &text);
            }
            Some(b'$') if self.peek_at(1) == Some(b'"') => self.advance(1),
            Some(b'$') => self.dollar(parts, true)?,
            Some(b'`') => parts.push(self.backticks(false)?),
            _ => {
                let rest = self.rest();
                let stop = |b: u8| is_meta(b) || matches!(b, b'\'' | b'"' | b'\\' | b'$' | b'`');
                let end = rest.bytes().position(stop).unwrap_or(rest.len());
                let text = rest.get(..end).unwrap_or("");
                push_literal(parts, text);
                self.advance(end.max(1));
            }
        }
        Ok(())
    }

    pub(super) fn single_quoted(&mut self) -> Result<String, Fail> {
        self.advance(1);
        let end = self.rest().find('\'').ok_or(self.fail("a quote that is not closed"))?;
        let text = self.rest().get(..end).unwrap_or("").to_owned();
        self.advance(end.saturating_add(1));
        Ok(text)
    }

    fn single_quoted_with_escapes(&mut self) -> Result<String, Fail> {
        self.advance(1);
        let mut text = String::new();
        loop {
            match self.next_char() {
                None => return Err(self.fail("a quote that is not closed")),
                Some('\'') => return Ok(text),
                Some('\\') => match self.next_char() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some(character) => self.escape(character, &mut text),
                    None => {}
                },
                Some(character) => text.push(character),
            }
        }
    }

    /// What stands behind a backslash between `$'` and `'`: numbers make characters, control escapes are kept as they
    /// are written.
    fn escape(&mut self, character: char, text: &mut String) {
        let (radix, most) = match character {
            '\\' | '\'' | '"' | '?' => return text.push(character),
            'a' => return text.push('\u{7}'),
            'b' => return text.push('\u{8}'),
            'e' | 'E' => return text.push('\u{1b}'),
            'f' => return text.push('\u{c}'),
            'v' => return text.push('\u{b}'),
            '0'..='7' => (8, 2),
            'x' => (16, 2),
            'u' => (16, 4),
            'U' => (16, 8),
            _ => return text.extend(['\\', character]),
        };
        let mut number = character.to_digit(8).filter(|_| radix == 8).unwrap_or(0);
        let mut count = 0_usize;
        while count < most
            && let Some(digit) = self.rest().chars().next().and_then(|next| next.to_digit(radix))
        {
            number = number.saturating_mul(radix).saturating_add(digit);
            self.advance(1);
            count = count.saturating_add(1);
        }
        match char::from_u32(number) {
            Some(made) if radix == 8 || count > 0 => text.push(made),
            _ => text.extend(['\\', character]),
        }
    }

    pub(super) fn double_quoted(&mut self, parts: &mut Vec<WordPart>) -> Result<(), Fail> {
        self.advance(1);
        push_literal(parts, "");
        loop {
            match self.peek() {
                None => return Err(self.fail("a quote that is not closed")),
                Some(b'"') => {
                    self.advance(1);
                    return Ok(());
                }
                _ => self.quoted_piece(parts, b'"')?,
            }
        }
    }

    /// A piece of double-quoted text or of a here-document, up to `end` or the next expansion.
    pub(super) fn quoted_piece(&mut self, parts: &mut Vec<WordPart>, end: u8) -> Result<(), Fail> {
        match self.peek() {
            Some(b'\\') => {
                self.advance(1);
                match self.next_char() {
                    Some('\n') | None => {}
                    Some(character @ ('$' | '`' | '"' | '\\')) => {
                        push_literal(parts, character.encode_utf8(&mut [0; 4]));
                    }
                    Some(character) => {
                        push_literal(parts, "\\");
                        push_literal(parts, character.encode_utf8(&mut [0; 4]));
                    }
                }
            }
            Some(b'$') => self.dollar(parts, false)?,
            Some(b'`') => parts.push(self.backticks(end == b'"')?),
            _ => {
                let rest = self.rest();
                let stop = |b: u8| b == end || matches!(b, b'\\' | b'$' | b'`');
                let length = rest.bytes().position(stop).unwrap_or(rest.len());
                let text = rest.get(..length).unwrap_or("");
                push_literal(parts, text);
                self.advance(length.max(1));
            }
        }
        Ok(())
    }

    /// The text of a here-document whose delimiter is not quoted.
    pub(super) fn document_parts(&mut self, end: usize) -> Result<Vec<WordPart>, Fail> {
        let mut parts = Vec::new();
        while self.at < end {
            self.quoted_piece(&mut parts, 0)?;
        }
        Ok(parts)
    }

    fn dollar(&mut self, parts: &mut Vec<WordPart>, unquoted: bool) -> Result<(), Fail> {
        self.advance(1);
        // A line may go on between the sign and what it expands.
        self.skip_joined_lines();
        match self.peek() {
            Some(b'(') if self.peek_at(1) == Some(b'(') => {
                if let Some(Arithmetic { text, operand }) = self.arithmetic() {
                    parts.push(WordPart::Arithmetic { text, operand });
                } else {
                    self.advance(1);
                    parts.push(self.substitution(false)?);
                }
            }
            Some(b'[') => match self.bracket() {
                Some(Arithmetic { text, operand }) => parts.push(WordPart::Arithmetic { text, operand }),
                None => push_literal(parts, "$"),
            },
            Some(b'(') => {
                self.advance(1);
                parts.push(self.substitution(false)?);
            }
            Some(b'{') => parts.push(self.braced(unquoted)?),
            Some(byte) if byte == b'_' || byte.is_ascii_alphabetic() => {
                let name = self.name();
                parts.push(WordPart::Variable {
                    name,
                    expression: String::new(),
                    operand: Vec::new(),
                    unquoted,
                });
            }
            Some(byte)
                if byte.is_ascii_digit()
                    || matches!(byte, b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') =>
            {
                self.advance(1);
                let name = char::from(byte).to_string();
                parts.push(WordPart::Variable {
                    name,
                    expression: String::new(),
                    operand: Vec::new(),
                    unquoted,
                });
            }
            _ => push_literal(parts, "$"),
        }
        Ok(())
    }

    fn braced(&mut self, unquoted: bool) -> Result<WordPart, Fail> {
        let start = self.at;
        self.advance(1);
        let prefix =
            self.peek().filter(|b| matches!(b, b'#' | b'!')).filter(|_| self.peek_at(1) != Some(b'}'));
        if prefix.is_some() {
            self.advance(1);
        }
        let mut name = self.name();
        while name.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(digit) = self.peek().filter(u8::is_ascii_digit)
        {
            name.push(char::from(digit));
            self.advance(1);
        }
        if name.is_empty() {
            name = self.next_char().map(String::from).unwrap_or_default();
        }
        let expression_start = self.at;
        // Quotes quote in a pattern, whatever stands around the expansion.
        let quotes = unquoted || matches!(self.peek(), Some(b'#' | b'%' | b'/' | b'^' | b','));
        let mut operand = Vec::new();
        self.enter()?;
        loop {
            match self.peek() {
                None => return Err(self.fail_at(start, "an expansion that is not closed")),
                Some(b'}') => break,
                Some(b'\'') if quotes => {
                    let text = self.single_quoted()?;
                    push_literal(&mut operand, &text);
                }
                Some(b'\'') => self.quote_in_quotes(&mut operand)?,
                Some(b'$') if quotes && self.peek_at(1) == Some(b'\'') => {
                    self.advance(1);
                    let text = self.single_quoted_with_escapes()?;
                    push_literal(&mut operand, &text);
                }
                Some(b'<' | b'>') if unquoted && self.peek_at(1) == Some(b'(') => {
                    self.advance(2);
                    operand.push(self.substitution(true)?);
                }
                Some(b'"') => self.double_quoted(&mut operand)?,
                Some(b'$' | b'`' | b'\\') => self.quoted_piece(&mut operand, b'}')?,
                Some(_) => {
                    let character = self.next_char().unwrap_or_default();
                    push_literal(&mut operand, character.encode_utf8(&mut [0; 4]));
                }
            }
        }
        self.leave();
        let mut expression = self.text.get(expression_start..self.at).unwrap_or("").to_owned();
        self.advance(1);
        if let Some(prefix) = prefix {
            expression.insert(0, char::from(prefix));
        }
        self.charge(operand.len())?;
        // The operator is no text of the operand.
        if let Some(WordPart::Literal(text)) = operand.first_mut() {
            let sign = text.trim_start_matches([':', '-', '+', '=', '?', '#', '%', '/', '^', ',', '@']);
            *text = sign.to_owned();
        }
        if expression.starts_with(":=") || expression.starts_with('=') {
            self.note_assigned_default(&name, &operand, Span::new(start, self.at));
        }
        Ok(WordPart::Variable { name, expression, operand, unquoted })
    }

    /// A single quote in an operand that double quotes stand around. It is text; but Bash looks for its partner before it
    /// looks for the brace and for the double quote, other shells do not. Where that decides what is a command and what
    /// is text, it is read as the shell of the script does, Bash's for those of the machine, and it is said.
    fn quote_in_quotes(&mut self, operand: &mut Vec<WordPart>) -> Result<(), Fail> {
        let start = self.at;
        self.advance(1);
        push_literal(operand, "'");
        let length = self.rest().find('\'');
        let text = length.and_then(|length| self.rest().get(..length));
        let is_same = text.is_some_and(|text| !text.contains(['}', '"', '`', '$', '\\']));
        if !is_same {
            let detail = "a quote that shells read differently".to_owned();
            let span = Span::new(start, self.at);
            let command = Some(self.script.commands.len());
            let kind = ConstructKind::ScriptSyntax;
            self.script.problems.push(Problem { kind, span, detail, command });
            if self.script.role == Role::Command {
                return Ok(());
            }
        }
        let length = length.ok_or_else(|| self.fail_at(start, "a quote that is not closed"))?;
        let end = self.at.saturating_add(length);
        let outer = self.limit_to(end);
        while self.at < end {
            self.quoted_piece(operand, 0)?;
        }
        self.restore(outer);
        self.advance(1);
        push_literal(operand, "'");
        Ok(())
    }

    /// What stands after `$(`, `<(` or `>(`, up to its parenthesis.
    fn substitution(&mut self, is_file: bool) -> Result<WordPart, Fail> {
        let first = self.script.commands.len();
        let takes_output = is_file && self.text.as_bytes().get(self.at.saturating_sub(2)) == Some(&b'>');
        let outer = self.enter_substitution(takes_output)?;
        self.list(&[])?;
        self.leave_substitution(outer)?;
        if self.peek() != Some(b')') {
            return Err(self.fail("a substitution that is not closed"));
        }
        self.advance(1);
        Ok(WordPart::Substitution { first, end: self.script.commands.len(), is_file })
    }

    /// `in_quotes` says that double quotes stand around: a backslash before one is then taken away too.
    fn backticks(&mut self, in_quotes: bool) -> Result<WordPart, Fail> {
        let open = self.at;
        self.advance(1);
        let first = self.script.commands.len();
        let body = self.rest();
        let mut escaped = false;
        let close = body.bytes().position(|byte| {
            let ends = byte == b'`' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let close = close.ok_or_else(|| self.fail_at(open, "a backtick that is not closed"))?;
        let end = self.at.saturating_add(close);
        // Backslashes before backtick, dollar sign and backslash are taken away before the text is read.
        if let Some(body) = body.get(..close).filter(|body| body.contains('\\')) {
            let text = without_backslashes(body, in_quotes);
            self.at = end;
            self.backtick_text(&text, open)?;
            self.advance(1);
            return Ok(WordPart::Substitution { first, end: self.script.commands.len(), is_file: false });
        }
        let outer = self.limit_to(end);
        let stage = self.enter_substitution(false)?;
        self.list(&[])?;
        self.leave_substitution(stage)?;
        if self.at < end {
            return Err(self.fail("backticks that could not be read"));
        }
        self.restore(outer);
        self.advance(1);
        Ok(WordPart::Substitution { first, end: self.script.commands.len(), is_file: false })
    }
}

pub(super) fn push_literal(parts: &mut Vec<WordPart>, text: &str) {
    if let Some(WordPart::Literal(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        parts.push(WordPart::Literal(text.to_owned()));
    }
}

/// Text between backticks, as the shell reads it.
fn without_backslashes(body: &str, in_quotes: bool) -> String {
    let mut text = String::with_capacity(body.len());
    let mut characters = body.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(next @ ('`' | '$' | '\\'))) => {
                text.push(*next);
                characters.next();
            }
            ('\\', Some('"')) if in_quotes => {}
            _ => text.push(character),
        }
    }
    text
}
