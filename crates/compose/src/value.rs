//! A scalar of the compose after interpolation: its text, part by part, and who chooses each part.

use crate::interpolation::Operator;
use crate::position::Span;
use crate::provenance::Provenance;
use core::ops::Range;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// No short form has more pieces; a hostile one must not cost the square of its length.
const MOST_PIECES: usize = 15;

/// What kind of YAML scalar a value was written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarKind {
    /// A string.
    String,
    /// `true` or `false`.
    Bool,
    /// An integer.
    Integer,
    /// A floating point number.
    Float,
    /// A timestamp; Compose has no use for one.
    Timestamp,
}

/// A stretch of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The text, if it is known; else the reference as it is written, for display (`${NAME:-default}`).
    pub text: String,
    /// Whether `text` is what will stand there.
    pub known: bool,
    /// Who chooses it.
    pub provenance: Provenance,
    /// The variable it comes from. Of the default of an unset variable: that variable.
    pub source: Option<String>,
    /// The operator of the reference, if it has one.
    pub operator: Option<Operator>,
    /// The operand of the operator, resolved, where it can stand in for the variable.
    pub operand: Vec<Self>,
    /// The provenance rests on an assumption: `allowed_envs` is not known.
    pub assumed: bool,
    /// Where it stands in the YAML text.
    pub span: Span,
}

impl Part {
    /// Text of the document.
    #[must_use]
    pub fn literal(text: impl Into<String>, span: Span) -> Self {
        Self {
            text: text.into(),
            known: true,
            provenance: Provenance::Literal,
            source: None,
            operator: None,
            operand: Vec::new(),
            assumed: false,
            span,
        }
    }

    /// The default that stands in for the variable, resolved, where the reference has one.
    #[must_use]
    pub fn default(&self) -> Option<String> {
        let has_one = self.operator.is_some_and(Operator::is_default);
        has_one.then(|| self.operand.iter().map(Self::effective).collect())
    }

    /// The text that counts: what will stand there where that is known, else the default, else nothing.
    #[must_use]
    pub fn effective(&self) -> Cow<'_, str> {
        if self.known { Cow::Borrowed(&self.text) } else { Cow::Owned(self.default().unwrap_or_default()) }
    }
}

/// A mention of a variable, resolved or not. A value lists all of them, those inside of operands too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The variable.
    pub name: String,
    /// How it is mentioned.
    pub form: ReferenceForm,
    /// Who chooses its value.
    pub provenance: Provenance,
    /// The provenance rests on an assumption.
    pub assumed: bool,
    /// The default beside it as it is written, if it has one.
    pub default: Option<String>,
    /// Where it stands in the YAML text.
    pub span: Span,
}

impl Reference {
    /// `${NAME:?text}`: Compose refuses to start without it.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        matches!(self.form, ReferenceForm::Operator(operator) if operator.is_required())
    }
}

/// How a variable is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceForm {
    /// `$NAME` or `${NAME}`.
    Plain,
    /// With an operator.
    Operator(Operator),
    /// A name without `$`: an entry of `environment` or `build.args` without value, or `environment:` of a config
    /// or secret.
    Bare,
}

/// A scalar after interpolation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The texts of the parts joined. Where a part is not known this holds its reference: for display and for
    /// offsets, not for comparison. Use [`Value::literal`] to compare.
    pub text: String,
    /// The parts; joined they make the text.
    pub parts: Vec<Part>,
    /// All mentions of variables.
    pub references: Vec<Reference>,
    /// What it was written as.
    pub kind: ScalarKind,
    /// Where the scalar stands in the YAML text.
    pub span: Span,
    /// Where the alias stands through which it came.
    pub alias: Option<Span>,
}

/// A scalar of which nothing stands there.
static NOTHING: Value = Value {
    text: String::new(),
    parts: Vec::new(),
    references: Vec::new(),
    kind: ScalarKind::String,
    span: Span { start: 0, end: 0 },
    alias: None,
};

impl Value {
    /// The empty value, for what is not written.
    #[must_use]
    pub fn nothing() -> &'static Self {
        &NOTHING
    }

    /// A value of one part that stands in the document.
    #[must_use]
    pub fn literal_text(text: impl Into<String>, span: Span) -> Self {
        Self::of(vec![Part::literal(text, span)], ScalarKind::String, span)
    }

    /// A value of the given parts.
    #[must_use]
    pub fn of(parts: Vec<Part>, kind: ScalarKind, span: Span) -> Self {
        let text = parts.iter().map(|part| part.text.as_str()).collect();
        Self { text, parts, references: Vec::new(), kind, span, alias: None }
    }

    /// The worst provenance of its parts; of an empty value, `Literal`.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        self.parts.iter().map(|part| part.provenance).max().unwrap_or(Provenance::Literal)
    }

    /// Whether every part is known, so that `text` is what will stand there.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.parts.iter().all(|part| part.known)
    }

    /// The text, if every part is known.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        self.is_known().then_some(self.text.as_str())
    }

    /// Whether any provenance rests on an assumption.
    #[must_use]
    pub fn is_assumed(&self) -> bool {
        self.parts.iter().any(|part| part.assumed)
    }

    /// The parts that somebody can choose without changing the compose hash.
    pub fn chosen_parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| !part.provenance.is_fixed())
    }

    /// Whether somebody can choose a part of it without changing the compose hash.
    #[must_use]
    pub fn is_settable(&self) -> bool {
        self.provenance().is_settable()
    }

    /// The variables through which somebody chooses a part of it.
    #[must_use]
    pub fn chosen_through(&self) -> BTreeSet<&str> {
        self.chosen_parts().filter_map(|part| part.source.as_deref()).collect()
    }

    /// The text that counts, part by part, with defaults where somebody outside can choose.
    #[must_use]
    pub fn effective(&self) -> String {
        self.parts.iter().map(Part::effective).collect()
    }

    /// The text, when nobody outside has a part in it.
    #[must_use]
    pub fn fixed(&self) -> Option<String> {
        (!self.is_settable()).then(|| self.effective())
    }

    /// The text that counts, with what `mask` gives in the place of a part.
    #[must_use]
    pub fn masked(&self, mask: impl Fn(&Part) -> Option<char>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match mask(part) {
                Some(hole) => text.push(hole),
                None => text.push_str(&part.effective()),
            }
        }
        text
    }

    /// Each part with the range of `text` that it covers.
    pub fn ranges(&self) -> impl Iterator<Item = (Range<usize>, &Part)> {
        let mut at = 0_usize;
        self.parts.iter().map(move |part| {
            let start = at;
            at = at.saturating_add(part.text.len());
            (start..at, part)
        })
    }

    /// Offset in `text` of the first match of `wanted` that lies in known text.
    pub fn find_known(&self, mut wanted: impl FnMut(char) -> bool) -> Option<usize> {
        self.ranges().filter(|(_, part)| part.known).find_map(|(range, part)| {
            part.text.char_indices().find(|(_, c)| wanted(*c)).map(|(at, _)| range.start.saturating_add(at))
        })
    }

    /// The piece of the value that covers `range` of `text`. A part that is not known is never cut: it belongs to the
    /// piece in which it begins.
    #[must_use]
    pub fn piece(&self, range: Range<usize>) -> Self {
        let mut parts = Vec::new();
        for (place, part) in self.ranges() {
            let inside = if part.text.is_empty() {
                // Nothing, from a variable that is unset: it stays where it stood.
                (range.start <= place.start && place.start <= range.end).then(|| part.clone())
            } else if part.known {
                let start = range.start.max(place.start);
                let end = range.end.min(place.end);
                let local = start.saturating_sub(place.start)..end.saturating_sub(place.start);
                (start < end).then(|| cut_part(part, local))
            } else {
                range.contains(&place.start).then(|| part.clone())
            };
            parts.extend(inside);
        }
        let span = parts.iter().map(|part| part.span).reduce(Span::join).unwrap_or(self.span);
        let mut piece = Self::of(parts, ScalarKind::String, span);
        piece.alias = self.alias;
        piece.references = self
            .references
            .iter()
            .filter(|reference| reference.span.start < span.end && span.start < reference.span.end)
            .cloned()
            .collect();
        piece
    }

    /// The pieces before and after the first `separator` in known text.
    #[must_use]
    pub fn split_once(&self, separator: char) -> Option<(Self, Self)> {
        let at = self.find_known(|c| c == separator)?;
        let after = at.saturating_add(separator.len_utf8());
        Some((self.piece(0..at), self.piece(after..self.text.len())))
    }

    /// The pieces between the first fifteen `separator`s in known text; a value without any gives itself.
    #[must_use]
    pub fn split(&self, separator: char) -> Vec<Self> {
        let known = self.ranges().filter(|(_, part)| part.known);
        let places = known.flat_map(|(range, part)| {
            part.text.match_indices(separator).map(move |(at, _)| range.start.saturating_add(at))
        });
        let mut pieces = Vec::new();
        let mut from = 0_usize;
        for at in places.take(MOST_PIECES) {
            pieces.push(self.piece(from..at));
            from = at.saturating_add(separator.len_utf8());
        }
        pieces.push(self.piece(from..self.text.len()));
        pieces
    }
}

/// A part of known text; its span is cut too where text and document agree byte by byte.
fn cut_part(part: &Part, local: Range<usize>) -> Part {
    let text = part.text.get(local.clone()).unwrap_or("").to_owned();
    let span = if part.span.len() == part.text.len() {
        Span::new(part.span.start.saturating_add(local.start), part.span.start.saturating_add(local.end))
    } else {
        part.span
    };
    Part { text, span, ..part.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Part {
        let literal = Part::literal(text, Span::new(0, 0));
        Part { known: false, provenance: Provenance::Operator, ..literal }
    }

    #[test]
    fn a_separator_inside_of_an_unknown_part_does_not_split() {
        let span = Span::new(0, 9);
        let value =
            Value::of(vec![chosen("${X:-a=b}"), Part::literal("=c=d", span)], ScalarKind::String, span);
        let (key, rest) = value.split_once('=').unwrap();
        assert_eq!((key.text.as_str(), rest.text.as_str()), ("${X:-a=b}", "c=d"));
        assert_eq!(key.provenance(), Provenance::Operator);
        assert_eq!(rest.provenance(), Provenance::Literal);
        assert!(value.literal().is_none());
        assert_eq!(value.split('=').len(), 3);
    }

    #[test]
    fn pieces_keep_the_place_of_their_text() {
        let value = Value::literal_text("abc:def", Span::new(100, 107));
        let (_, right) = value.split_once(':').unwrap();
        assert_eq!(right.span, Span::new(104, 107));
    }
}
