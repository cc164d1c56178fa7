//! Compose's interpolation: no panic, stretches that cover the text without a gap, and the same again when written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_compose::Span;
use veritee_compose::interpolation::{InterpolationError, Operator, Segment, parse};

const fn span(segment: &Segment) -> Span {
    match segment {
        Segment::Literal { span, .. } | Segment::Variable { span, .. } => *span,
        _ => Span::at(0),
    }
}

fn assert_cover(text: &str, segments: &[Segment], start: usize, end: usize) {
    let mut at = start;
    for segment in segments {
        let span = span(segment);
        assert!(span.start == at && span.end > at, "{span:?} does not follow {at}");
        let source = text.get(span.range()).expect("inside the text");
        match segment {
            Segment::Literal { text, .. } => assert_eq!(source.replace("$$", "$"), *text),
            Segment::Variable { name, operand, .. } => {
                assert!(source.starts_with('$') && source.contains(name.as_str()));
                if let (Some(first), Some(last)) = (operand.first(), operand.last()) {
                    assert_cover(text, operand, self::span(first).start, self::span(last).end);
                    assert!(self::span(last).end < span.end);
                }
            }
            _ => unreachable!("no other segment"),
        }
        at = span.end;
    }
    assert_eq!(at, end, "the end is not covered");
}

/// With braces only where there were some: another brace on a line can move the end of an operand before it.
fn written(source: &str, segments: &[Segment]) -> String {
    let mut out = String::new();
    for segment in segments {
        let braced = source.get(span(segment).range()).is_some_and(|text| text.starts_with("${"));
        match segment {
            Segment::Literal { text, .. } => out.push_str(&text.replace('$', "$$")),
            Segment::Variable { name, .. } if !braced => out.push_str(&format!("${name}")),
            Segment::Variable { name, operator: None, .. } => out.push_str(&format!("${{{name}}}")),
            Segment::Variable { name, operator: Some(operator), operand, .. } => {
                out.push_str(&format!("${{{name}{}{}}}", operator.as_str(), written(source, operand)));
            }
            _ => unreachable!("no other segment"),
        }
    }
    out
}

type Shape = Vec<(String, Option<Operator>)>;

fn shape(segments: &[Segment], out: &mut Shape) {
    for segment in segments {
        match segment {
            Segment::Literal { text, .. } => out.push((text.clone(), None)),
            Segment::Variable { name, operator, operand, .. } => {
                out.push((format!("${name}"), *operator));
                shape(operand, out);
                out.push(("end".to_owned(), None));
            }
            _ => unreachable!("no other segment"),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let template = match parse(text) {
        Ok(template) => template,
        Err(error @ (InterpolationError::Invalid { at } | InterpolationError::TooDeep { at })) => {
            assert!(text.get(at..).is_some_and(|rest| rest.starts_with('$')), "{error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    assert_cover(text, &template.segments, 0, text.len());
    if template.plain_brace_in_operand {
        return;
    }
    let again = parse(&written(text, &template.segments)).expect("a template that was written reads back");
    let (mut before, mut after) = (Shape::new(), Shape::new());
    shape(&template.segments, &mut before);
    shape(&again.segments, &mut after);
    assert_eq!(before, after);
});
