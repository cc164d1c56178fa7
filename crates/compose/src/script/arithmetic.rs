//! Arithmetic: `((…))`, `$((…))`, `$[…]` and the index of an array. Commands may stand in all of them.
//!
//! Whether two parentheses begin arithmetic or a subshell within something is told only by how they end. So it is
//! tried; what was read is taken back where it is none. A place is tried once, however often what is around it is read.

use super::WordPart;
use super::parser::{Fail, Parser, Scope};

/// What stands between the signs, and what is expanded in it.
pub(super) struct Arithmetic {
    pub(super) text: String,
    pub(super) operand: Vec<WordPart>,
}

/// How an expression ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Close {
    /// With `))`. `;` and the end of a line stand in none, but in the head of a loop.
    Parentheses { in_loop: bool },
    /// With `]`.
    Bracket,
}

/// Where reading was before something was tried.
struct Before {
    at: usize,
    end: usize,
    depth: usize,
    scope: Scope,
    lengths: [usize; 5],
}

impl Parser<'_> {
    /// `((…))`; `None` where it is a subshell in a subshell or in a substitution.
    pub(super) fn arithmetic(&mut self) -> Option<Arithmetic> {
        self.tried(2, Close::Parentheses { in_loop: false })
    }

    /// `((…; …; …))` behind `for`.
    pub(super) fn loop_head(&mut self) -> Option<Arithmetic> {
        self.tried(2, Close::Parentheses { in_loop: true })
    }

    /// `[…]`; `None` where it is not closed on its line.
    pub(super) fn bracket(&mut self) -> Option<Arithmetic> {
        self.tried(1, Close::Bracket)
    }

    /// Runs `read`, and takes back all that it read where it gives nothing.
    pub(super) fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.refuted.contains(&self.at) {
            return None;
        }
        let before = self.before();
        let documents = core::mem::take(&mut self.documents);
        let found = read(self);
        self.documents = documents;
        if found.is_none() {
            self.refuted.insert(before.at);
            self.take_back(before);
        }
        found
    }

    fn tried(&mut self, signs: usize, close: Close) -> Option<Arithmetic> {
        self.attempt(|parser| {
            parser.charge(1).ok()?;
            parser.enter().ok()?;
            parser.advance(signs);
            let found = parser.expression(close).ok().flatten();
            parser.leave();
            found
        })
    }

    /// Up to the end of the expression; `None` where it is none.
    fn expression(&mut self, close: Close) -> Result<Option<Arithmetic>, Fail> {
        let start = self.at;
        let mut operand = Vec::new();
        let mut level = 0_usize;
        let (open, shut) = if close == Close::Bracket { (b'[', b']') } else { (b'(', b')') };
        loop {
            let Some(byte) = self.peek() else { return Ok(None) };
            if byte == shut && level == 0 {
                break;
            }
            match byte {
                b'"' => self.double_quoted(&mut operand)?,
                b'$' | b'`' | b'\\' => self.quoted_piece(&mut operand, shut)?,
                // Of an index alone the text in quotes is a key.
                b'\'' if close == Close::Bracket => {
                    self.single_quoted()?;
                }
                b'\'' => return Ok(None),
                b'\n' | b';' if close != (Close::Parentheses { in_loop: true }) => return Ok(None),
                _ => {
                    if byte == open {
                        level = level.saturating_add(1);
                    } else if byte == shut {
                        level = level.saturating_sub(1);
                    }
                    self.next_char();
                }
            }
        }
        let text = self.text.get(start..self.at).unwrap_or("").to_owned();
        self.advance(1);
        if close != Close::Bracket {
            if self.peek() != Some(b')') {
                return Ok(None);
            }
            self.advance(1);
        }
        operand.retain(|part| !matches!(part, WordPart::Literal(_)));
        Ok(Some(Arithmetic { text, operand }))
    }

    fn before(&self) -> Before {
        let script = &self.script;
        Before {
            at: self.at,
            end: self.end,
            depth: self.depth,
            scope: self.scope.clone(),
            lengths: [
                script.commands.len(),
                script.assignments.len(),
                script.guards.len(),
                script.problems.len(),
                script.pipelines.len(),
            ],
        }
    }

    fn take_back(&mut self, before: Before) {
        let [commands, assignments, guards, problems, pipelines] = before.lengths;
        (self.at, self.end, self.depth, self.scope) = (before.at, before.end, before.depth, before.scope);
        self.script.commands.truncate(commands);
        self.script.assignments.truncate(assignments);
        self.script.values.forget_behind(assignments);
        self.script.guards.truncate(guards);
        self.script.problems.truncate(problems);
        self.script.pipelines.truncate(pipelines);
    }
}
