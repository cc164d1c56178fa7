//! The interpolation grammar of Docker Compose, quirks included.
//!
//! `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`, `${NAME+other}`, `${NAME:?message}`,
//! `${NAME?message}` with nesting, `$$` for a dollar sign. A `$` before anything else stays as it is, except that `${`
//! must be closed on its line. Source: compose-go, package `template`. The text is attacker-controlled.

use crate::position::Span;
use core::fmt;

/// Nesting of defaults beyond which a text is refused. Real ones have two levels.
const DEPTH: usize = 16;

/// What stands between name and operand of a braced reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `:-`: the operand where the variable is unset or empty.
    DefaultIfEmpty,
    /// `-`: the operand where the variable is unset.
    DefaultIfUnset,
    /// `:+`: the operand where the variable is set and not empty.
    OtherIfFilled,
    /// `+`: the operand where the variable is set.
    OtherIfSet,
    /// `:?`: Compose refuses to start where the variable is unset or empty.
    RequiredFilled,
    /// `?`: Compose refuses to start where the variable is unset.
    RequiredSet,
}

impl Operator {
    const ALL: [(&'static str, Self); 6] = [
        (":-", Self::DefaultIfEmpty),
        (":+", Self::OtherIfFilled),
        (":?", Self::RequiredFilled),
        ("-", Self::DefaultIfUnset),
        ("+", Self::OtherIfSet),
        ("?", Self::RequiredSet),
    ];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DefaultIfEmpty => ":-",
            Self::DefaultIfUnset => "-",
            Self::OtherIfFilled => ":+",
            Self::OtherIfSet => "+",
            Self::RequiredFilled => ":?",
            Self::RequiredSet => "?",
        }
    }

    /// `:-` or `-`.
    #[must_use]
    pub const fn is_default(self) -> bool {
        matches!(self, Self::DefaultIfEmpty | Self::DefaultIfUnset)
    }

    /// `:?` or `?`.
    #[must_use]
    pub const fn is_required(self) -> bool {
        matches!(self, Self::RequiredFilled | Self::RequiredSet)
    }
}

/// A stretch of a template. Spans are byte ranges of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Segment {
    /// Text that stands as it is; `$$` has become `$`.
    Literal {
        /// The text.
        text: String,
        /// Where it stands.
        span: Span,
    },
    /// A reference to a variable.
    Variable {
        /// Its name.
        name: String,
        /// The operator, if it has one.
        operator: Option<Operator>,
        /// The operand, parsed in its turn.
        operand: Vec<Self>,
        /// Where the whole reference stands.
        span: Span,
    },
}

/// Why a text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InterpolationError {
    /// `${` without a name, with an unknown operator, or not closed on its line.
    Invalid {
        /// Offset of the dollar sign in the template.
        at: usize,
    },
    /// Defaults are nested deeper than allowed.
    TooDeep {
        /// Offset of the dollar sign in the template.
        at: usize,
    },
}

impl fmt::Display for InterpolationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { at } => write!(f, "offset {at}: '${{' begins no valid interpolation"),
            Self::TooDeep { at } => write!(f, "offset {at}: interpolation nested deeper than {DEPTH} levels"),
        }
    }
}

impl core::error::Error for InterpolationError {}

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    /// The stretches in order; joined they cover the text.
    pub segments: Vec<Segment>,
    /// A plain `{` stands inside of an operand: versions of Compose disagree where such an operand ends.
    pub plain_brace_in_operand: bool,
}

/// Parses a text as Compose does.
///
/// # Errors
/// Where Compose refuses the text, or where defaults are nested too deep.
pub fn parse(text: &str) -> Result<Template, InterpolationError> {
    let mut template = Template::default();
    template.segments = scan(text, 0, 0, &mut template.plain_brace_in_operand)?;
    Ok(template)
}

fn scan(text: &str, base: usize, depth: usize, plain: &mut bool) -> Result<Vec<Segment>, InterpolationError> {
    let mut scanner =
        Scanner { text, base, segments: Vec::new(), literal: String::new(), from: 0, line: None };
    let mut at = 0;
    while let Some(dollar) =
        text.get(at..).and_then(|rest| rest.find('$')).map(|found| at.saturating_add(found))
    {
        scanner.push(at, dollar);
        at = scanner.reference(dollar, depth, plain)?;
    }
    scanner.push(at, text.len());
    scanner.flush(text.len());
    Ok(scanner.segments)
}

struct Scanner<'a> {
    text: &'a str,
    base: usize,
    segments: Vec<Segment>,
    literal: String,
    from: usize,
    // (end of the line, last '}' in it), of the line looked at last.
    line: Option<(usize, Option<usize>)>,
}

impl Scanner<'_> {
    /// Reads what begins at the dollar sign at `dollar` and returns where to go on.
    fn reference(
        &mut self,
        dollar: usize,
        depth: usize,
        plain: &mut bool,
    ) -> Result<usize, InterpolationError> {
        let after = dollar.saturating_add(1);
        let rest = self.text.get(after..).unwrap_or("");
        let invalid = InterpolationError::Invalid { at: self.base.saturating_add(dollar) };
        if rest.starts_with('$') {
            self.literal.push('$');
            return Ok(after.saturating_add(1));
        }
        let name = leading_name(rest);
        if !name.is_empty() {
            let end = after.saturating_add(name.len());
            self.variable(name, None, Vec::new(), dollar, end);
            return Ok(end);
        }
        let Some(body) = rest.strip_prefix('{') else {
            self.literal.push('$');
            return Ok(after);
        };
        let name = leading_name(body);
        let tail = body.get(name.len()..).unwrap_or("");
        if name.is_empty() {
            return Err(invalid);
        }
        let name_end = after.saturating_add(1).saturating_add(name.len());
        if tail.starts_with('}') {
            let end = name_end.saturating_add(1);
            self.variable(name, None, Vec::new(), dollar, end);
            return Ok(end);
        }
        let Some((sign, operator)) = Operator::ALL.into_iter().find(|(sign, _)| tail.starts_with(sign))
        else {
            return Err(invalid);
        };
        let operand_start = name_end.saturating_add(sign.len());
        let last = self.last_brace(operand_start).ok_or(invalid)?;
        let close = self.closing_brace(after, last, plain).unwrap_or(last);
        if depth >= DEPTH {
            return Err(InterpolationError::TooDeep { at: self.base.saturating_add(dollar) });
        }
        let operand = self.text.get(operand_start..close).unwrap_or("");
        let base = self.base.saturating_add(operand_start);
        let operand = scan(operand, base, depth.saturating_add(1), plain)?;
        let end = close.saturating_add(1);
        self.variable(name, Some(operator), operand, dollar, end);
        Ok(end)
    }

    /// The last `}` on the line of `from`, at or after `from`: the pattern of compose-go is greedy and stops at LF.
    fn last_brace(&mut self, from: usize) -> Option<usize> {
        if self.line.is_none_or(|(end, _)| from > end) {
            let rest = self.text.get(from..)?;
            let line = rest.split('\n').next().unwrap_or(rest);
            let last = line.rfind('}').map(|found| from.saturating_add(found));
            self.line = Some((from.saturating_add(line.len()), last));
        }
        self.line.and_then(|(_, last)| last).filter(|last| *last >= from)
    }

    /// compose-go counts every `{`, skips the byte after it, and takes the `}` that brings the count to zero.
    fn closing_brace(&self, open: usize, last: usize, plain: &mut bool) -> Option<usize> {
        let bytes = self.text.as_bytes().get(open..=last)?;
        let mut level = 0_usize;
        let mut at = 0_usize;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'}' => {
                    level = level.saturating_sub(1);
                    if level == 0 {
                        return Some(open.saturating_add(at));
                    }
                }
                b'{' => {
                    level = level.saturating_add(1);
                    *plain |= at > 0 && bytes.get(at.saturating_sub(1)) != Some(&b'$');
                    at = at.saturating_add(1);
                }
                _ => {}
            }
            at = at.saturating_add(1);
        }
        None
    }

    fn variable(
        &mut self,
        name: &str,
        operator: Option<Operator>,
        operand: Vec<Segment>,
        from: usize,
        to: usize,
    ) {
        self.flush(from);
        let span = Span::new(self.base.saturating_add(from), self.base.saturating_add(to));
        self.segments.push(Segment::Variable { name: name.to_owned(), operator, operand, span });
        self.from = to;
    }

    fn push(&mut self, from: usize, to: usize) {
        self.literal.push_str(self.text.get(from..to).unwrap_or(""));
    }

    fn flush(&mut self, to: usize) {
        if !self.literal.is_empty() {
            let span = Span::new(self.base.saturating_add(self.from), self.base.saturating_add(to));
            self.segments.push(Segment::Literal { text: core::mem::take(&mut self.literal), span });
        }
        self.from = to;
    }
}

/// `[_a-zA-Z][_a-zA-Z0-9]*`, with the two characters beyond ASCII that Go's case folding adds.
fn leading_name(text: &str) -> &str {
    let is_start = |c: char| c == '_' || c.is_ascii_alphabetic() || matches!(c, '\u{17f}' | '\u{212a}');
    let end = text
        .char_indices()
        .find(|(at, c)| !(is_start(*c) || (*at > 0 && c.is_ascii_digit())))
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Compose makes of the text where only `B` is set, to `bee`.
    fn evaluated(text: &str) -> Result<String, InterpolationError> {
        fn join(segments: &[Segment]) -> String {
            segments
                .iter()
                .map(|segment| match segment {
                    Segment::Literal { text, .. } => text.clone(),
                    Segment::Variable { name, operator, operand, .. } => {
                        let set = name == "B";
                        match operator {
                            Some(op) if op.is_default() && !set => join(operand),
                            Some(Operator::OtherIfFilled | Operator::OtherIfSet) => {
                                if set {
                                    join(operand)
                                } else {
                                    String::new()
                                }
                            }
                            _ if set => "bee".to_owned(),
                            _ => String::new(),
                        }
                    }
                })
                .collect()
        }
        parse(text).map(|template| join(&template.segments))
    }

    #[test]
    fn templates_resolve_as_compose_go_resolves_them() {
        for (text, expected) in [
            ("${A:-{x}}y", "{x}y"),
            ("$\u{17f}", ""),
            ("$1 $( ${A}", "$1 $( "),
            ("${A:-${B:-c}}d", "beed"),
            ("${A-}", ""),
            ("${A:+x}", ""),
            ("${B:+x${B}}", "xbee"),
            ("$$A", "$A"),
            ("$$$B", "$bee"),
            ("a$", "a$"),
            ("${A:-x} and ${B}", "x and bee"),
            ("${A:-$}", "$"),
            ("${A:-$$}", "$"),
            ("$A-b", "-b"),
            ("${A-x}}", "x}"),
            ("${A:-${B}-${C:-d}}", "bee-d"),
            ("{B}", "{B}"),
            ("$b", ""),
        ] {
            assert_eq!(evaluated(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_compose_go_refuses_is_refused_with_its_place() {
        for (text, at) in [
            ("x${}", 1),
            ("${A!x}", 0),
            ("${A", 0),
            ("${A:-a\nb}", 0),
            ("${1}", 0),
            ("${A:-{}}x${B}", 9),
            ("${A:-${}}", 5),
        ] {
            assert_eq!(parse(text), Err(InterpolationError::Invalid { at }), "{text}");
        }
    }

    #[test]
    fn a_plain_brace_in_a_default_is_reported_because_versions_differ() {
        assert!(parse("${A:-{x}}").unwrap().plain_brace_in_operand);
        assert!(!parse("${A:-${B}} {x}").unwrap().plain_brace_in_operand);
    }

    #[test]
    fn spans_cover_the_references_in_the_text() {
        let text = "a$$b${X:-c${Y}}";
        let template = parse(text).unwrap();
        let Segment::Variable { span, operand, .. } = &template.segments[1] else { panic!() };
        assert_eq!(&text[span.range()], "${X:-c${Y}}");
        let Segment::Variable { span, .. } = &operand[1] else { panic!() };
        assert_eq!(&text[span.range()], "${Y}");
    }

    #[test]
    fn hostile_templates_are_bounded() {
        let nested = "${A:-".repeat(100_000) + &"}".repeat(100_000);
        assert!(matches!(parse(&nested), Err(InterpolationError::TooDeep { .. })));
        let many = "${A:-x}".repeat(200_000);
        assert_eq!(parse(&many).unwrap().segments.len(), 200_000);
        let unclosed = "${A:-{".repeat(200_000) + "}";
        assert!(parse(&unclosed).is_err());
    }
}
