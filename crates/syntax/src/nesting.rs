//! Bounds before the parser, and the stack that it runs on.
//!
//! Parsers of this kind call themselves for what stands within something else, so that a text can ask for any depth of
//! stack; none of the four can be stopped from outside. Each level costs at least one token, so the stack is sized by the
//! tokens of the text, counted from above without a grammar: no lexer has to agree with theirs for it to hold. What is nested
//! deeper than any person writes is left unread before that.

use crate::lower::Depth;
use crate::tree::Stmt;
use crate::tree::{Language, Limits, Unread};
use crate::{go, python, rust, script};

/// What a token can cost of stack, from the measured worst of each parser with room to spare (`tests/hostile.rs`).
const STACK_PER_TOKEN: usize = 12 << 10;

/// What a thread needs in any case.
const STACK: usize = 1 << 20;

pub(crate) fn guarded(language: Language, text: &str, limits: &Limits) -> Result<Vec<Stmt>, Unread> {
    if text.len() > limits.bytes {
        return Err(Unread::TooLarge);
    }
    let tokens = tokens(text);
    if tokens > limits.tokens {
        return Err(Unread::TooManyTokens);
    }
    if depth(language, text) > limits.depth {
        return Err(Unread::TooDeep);
    }
    let stack = STACK.saturating_add(tokens.saturating_mul(STACK_PER_TOKEN));
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(crate::THREAD.to_owned()).stack_size(stack);
        let running = thread.spawn_scoped(scope, || read(language, text));
        // A parser that panics has read nothing.
        running.map_err(|_error| Unread::NoStack)?.join().map_err(|_panic| Unread::Failed)?
    })
}

fn read(language: Language, text: &str) -> Result<Vec<Stmt>, Unread> {
    let mut depth = Depth::default();
    let read = match language {
        Language::Go => go::read(text, &mut depth),
        Language::Python => python::read(text, &mut depth),
        Language::Rust => rust::read(text, &mut depth),
        Language::JavaScript | Language::TypeScript | Language::TypeScriptElements => {
            script::read(language, text, &mut depth)
        }
    }?;
    if depth.cut { Err(Unread::TooDeep) } else { Ok(read) }
}

/// Tokens, counted from above: a word is one, every other character that is no space is one.
fn tokens(text: &str) -> usize {
    let mut count = 0_usize;
    let mut in_word = false;
    for byte in text.bytes() {
        let word = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        if !word && !byte.is_ascii_whitespace() || word && !in_word {
            count = count.saturating_add(1);
        }
        in_word = word;
    }
    count
}

/// The deepest bracket, texts and comments left aside as far as they are told without a grammar.
///
/// A text that makes this count and a parser disagree gains depth, never stack: that is sized by tokens. Rust is counted by
/// its own lexer (`rust`).
fn depth(language: Language, text: &str) -> usize {
    if language == Language::Rust {
        return 0;
    }
    let mut counter = Counter { bytes: text.as_bytes(), at: 0, open: Vec::new(), deepest: 0 };
    counter.run(language);
    counter.deepest
}

struct Counter<'t> {
    bytes: &'t [u8],
    at: usize,
    /// For each open bracket whether it is the hole of a template.
    open: Vec<bool>,
    deepest: usize,
}

impl Counter<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at.saturating_add(ahead)).copied().unwrap_or(0)
    }

    fn step(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }

    fn push(&mut self, hole: bool) {
        self.open.push(hole);
        self.deepest = self.deepest.max(self.open.len());
    }

    fn run(&mut self, language: Language) {
        let python = language == Language::Python;
        let templates = !python && language != Language::Go;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'(' | b'[' | b'{' => {
                    self.push(false);
                    self.step(1);
                }
                b')' | b']' | b'}' => {
                    let hole = self.open.pop().unwrap_or(false);
                    self.step(1);
                    if hole {
                        self.template();
                    }
                }
                b'#' if python => self.line(),
                b'/' if !python && self.peek(1) == b'/' => self.line(),
                b'/' if !python && self.peek(1) == b'*' => self.until(b"*/", 2),
                quote @ (b'"' | b'\'') if python && self.peek(1) == quote && self.peek(2) == quote => {
                    self.until(&[quote, quote, quote], 3);
                }
                quote @ (b'"' | b'\'') => self.quoted(quote),
                b'`' if templates => {
                    self.step(1);
                    self.template();
                }
                b'`' if !python => self.until(b"`", 1),
                _ => self.step(1),
            }
        }
    }

    fn line(&mut self) {
        while self.at < self.bytes.len() && self.peek(0) != b'\n' {
            self.step(1);
        }
    }

    /// Past what ends a text or comment.
    fn until(&mut self, end: &[u8], from: usize) {
        self.step(from);
        while self.at < self.bytes.len() {
            if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(end)) {
                return self.step(end.len());
            }
            self.step(1);
        }
    }

    /// Past a text of one line; a quote that none ends in its line opens none (`<p>don't</p>`).
    fn quoted(&mut self, quote: u8) {
        let start = self.at;
        self.step(1);
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.step(2),
                b'\n' => break,
                byte if byte == quote => return self.step(1),
                _ => self.step(1),
            }
        }
        self.at = start.saturating_add(1);
    }

    /// Within a template of JavaScript: to its end, or to the next hole.
    fn template(&mut self) {
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.step(2),
                b'`' => return self.step(1),
                b'$' if self.peek(1) == b'{' => {
                    self.step(2);
                    return self.push(true);
                }
                _ => self.step(1),
            }
        }
    }
}
