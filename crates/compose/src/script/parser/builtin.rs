//! Builtins that set variables or export them.

use super::Parser;
use crate::construct::ConstructKind;
use crate::position::Span;
use crate::script::word::is_name;
use crate::script::{Problem, Word, WordPart};

impl Parser<'_> {
    /// What the builtins that set variables do to them.
    pub(super) fn builtin(&mut self, words: &[Word], span: Span) {
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
                        Some(text) if is_name(text) => self.assign_input(text, word.span),
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
            Some("enable") => self.opaque(span, "enable"),
            Some("set") => {
                let text: Vec<_> = arguments.iter().map(Word::prefix).collect();
                let short = text
                    .iter()
                    .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('a'));
                self.export_all |= short || text.windows(2).any(|pair| pair == ["-o", "allexport"]);
            }
            _ => {}
        }
    }

    pub(super) fn declaration(&mut self, arguments: &[Word], exported: bool) {
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
                let value = without_prefix(word, name.len().saturating_add(1));
                self.assign(name, Some(value), word.span, exported);
            } else if exported {
                self.exported.insert(name);
            }
        }
    }

    pub(super) fn opaque(&mut self, span: Span, what: &str) {
        self.script.problems.push(Problem {
            kind: ConstructKind::ScriptOpaque,
            span,
            detail: what.to_owned(),
            command: Some(self.script.commands.len()),
        });
    }

    /// A variable that the next command reads out of its input.
    fn assign_input(&mut self, name: &str, span: Span) {
        let input = Some(self.script.commands.len());
        self.assign(name.to_owned(), None, span, false);
        if let Some(assignment) = self.script.assignments.last_mut() {
            assignment.input = input;
        }
    }
}

/// The word without the first bytes of its literal text.
pub(in crate::script) fn without_prefix(word: &Word, length: usize) -> Word {
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
    let rest = Word::new(parts, Span::new(word.span.start.saturating_add(length), word.span.end));
    if word.is_part { Word { text: None, is_part: true, ..rest } } else { rest }
}
