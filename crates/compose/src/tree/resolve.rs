//! Interpolation of one document: values only, after YAML is read, before documents are merged.

use super::{Tree, TreeEntry};
use crate::environment::{EnvironmentModel, Lookup};
use crate::interpolation::{self, InterpolationError, Operator, Segment};
use crate::position::Span;
use crate::provenance::Provenance;
use crate::value::{Part, Reference, ReferenceForm, ScalarKind, Value};
use crate::yaml::{YamlNode, YamlValue};
use core::fmt;

/// A text that Compose refuses to interpolate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveError {
    /// Where the scalar stands in the YAML text.
    pub span: Span,
    /// What is wrong with it.
    pub error: InterpolationError,
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: the text cannot be interpolated: {}", self.span.start, self.error)
    }
}

impl core::error::Error for ResolveError {}

/// Remarks that interpolation leaves.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Remarks {
    /// Operands whose end versions of Compose see at different places.
    pub(crate) plain_braces: Vec<Span>,
    /// Timestamps, which Compose has no use for.
    pub(crate) timestamps: Vec<Span>,
}

/// Resolves a document against the environment.
///
/// # Errors
/// With the first text that Compose refuses to interpolate.
pub fn resolve(text: &str, node: &YamlNode, environment: &EnvironmentModel) -> Result<Tree, ResolveError> {
    resolve_with(text, node, environment, &mut Remarks::default())
}

pub(crate) fn resolve_with(
    text: &str,
    node: &YamlNode,
    environment: &EnvironmentModel,
    remarks: &mut Remarks,
) -> Result<Tree, ResolveError> {
    let scalar = |text: &str, kind| {
        let mut value = Value::of(vec![Part::literal(text, node.span)], kind, node.span);
        value.alias = node.alias;
        Tree::Scalar(value)
    };
    Ok(match &node.value {
        YamlValue::Null => Tree::Null(node.span),
        YamlValue::Bool(value) => scalar(if *value { "true" } else { "false" }, ScalarKind::Bool),
        YamlValue::Integer(value) => scalar(value, ScalarKind::Integer),
        YamlValue::Float(value) => scalar(value, ScalarKind::Float),
        YamlValue::Timestamp(value) => {
            remarks.timestamps.push(node.span);
            scalar(value, ScalarKind::Timestamp)
        }
        YamlValue::String(value) => Tree::Scalar(interpolate(text, value, node, environment, remarks)?),
        YamlValue::Sequence(elements) => {
            let mut out = Vec::with_capacity(elements.len());
            for element in elements {
                out.push(resolve_with(text, element, environment, remarks)?);
            }
            Tree::Sequence(out, node.span)
        }
        YamlValue::Mapping(entries) => {
            let mut out = Vec::with_capacity(entries.len());
            for entry in entries {
                let tree = resolve_with(text, &entry.node, environment, remarks)?;
                out.push(TreeEntry { key: entry.key.clone(), key_span: entry.key_span, tree });
            }
            Tree::Mapping(out, node.span)
        }
    })
}

fn interpolate(
    text: &str,
    scalar: &str,
    node: &YamlNode,
    environment: &EnvironmentModel,
    remarks: &mut Remarks,
) -> Result<Value, ResolveError> {
    let places = Places::new(text, scalar, node.span);
    if !scalar.contains('$') {
        let span = places.place(Span::new(0, scalar.len()));
        let mut value = Value::of(vec![Part::literal(scalar, span)], ScalarKind::String, node.span);
        value.alias = node.alias;
        return Ok(value);
    }
    let template = interpolation::parse(scalar).map_err(|error| ResolveError { span: node.span, error })?;
    if template.plain_brace_in_operand {
        remarks.plain_braces.push(node.span);
    }
    let mut resolver = Resolver { text, scalar, places, environment, references: Vec::new() };
    let parts = resolver.parts(&template.segments);
    let references = resolver.references;
    let mut value = Value::of(parts, ScalarKind::String, node.span);
    value.references = references;
    value.alias = node.alias;
    Ok(value)
}

/// Maps offsets of a resolved scalar to the YAML text, as well as that can be told.
struct Places {
    span: Span,
    verbatim: Option<usize>,
    /// Offsets of the dollar signs in the scalar and in the text, where there are as many in one as in the other.
    dollars: Vec<(usize, usize)>,
}

impl Places {
    fn new(text: &str, scalar: &str, span: Span) -> Self {
        let source = text.get(span.range()).unwrap_or("");
        // Plain and quoted scalars without escapes stand verbatim, from the first or the second byte.
        let quoted = usize::from(source.starts_with(['"', '\'']));
        let verbatim = source
            .get(quoted..)
            .filter(|rest| rest.starts_with(scalar))
            .map(|_| span.start.saturating_add(quoted));
        let offsets = |text: &str| text.match_indices('$').map(|(at, _)| at).collect::<Vec<_>>();
        let mut dollars = Vec::new();
        if verbatim.is_none() {
            let (inner, outer) = (offsets(scalar), offsets(source));
            if inner.len() == outer.len() {
                dollars = inner.into_iter().zip(outer).collect();
            }
        }
        Self { span, verbatim, dollars }
    }

    fn place(&self, local: Span) -> Span {
        self.verbatim.map_or(self.span, |base| {
            Span::new(base.saturating_add(local.start), base.saturating_add(local.end))
        })
    }

    /// The place of a reference: in folded and escaped scalars its dollar sign is the same one of all.
    fn place_reference(&self, text: &str, scalar: &str, local: Span) -> Span {
        if self.verbatim.is_some() {
            return self.place(local);
        }
        let at = self.dollars.binary_search_by_key(&local.start, |(inner, _)| *inner).ok();
        let Some((_, outer)) = at.and_then(|at| self.dollars.get(at)) else { return self.span };
        let start = self.span.start.saturating_add(*outer);
        let found = Span::new(start, start.saturating_add(local.len()));
        // Folded inside of it: its place is that of the whole.
        if text.get(found.range()) == scalar.get(local.range()) { found } else { self.span }
    }
}

struct Resolver<'a> {
    text: &'a str,
    scalar: &'a str,
    places: Places,
    environment: &'a EnvironmentModel,
    references: Vec<Reference>,
}

impl Resolver<'_> {
    fn parts(&mut self, segments: &[Segment]) -> Vec<Part> {
        let mut parts = Vec::new();
        for segment in segments {
            match segment {
                Segment::Literal { text, span } => {
                    parts.push(Part::literal(text.clone(), self.places.place(*span)));
                }
                Segment::Variable { name, operator, operand, span } => {
                    parts.extend(self.variable(name, *operator, operand, *span));
                }
            }
        }
        parts
    }

    fn variable(
        &mut self,
        name: &str,
        operator: Option<Operator>,
        operand: &[Segment],
        span: Span,
    ) -> Vec<Part> {
        let lookup = self.environment.lookup(name);
        let place = self.places.place_reference(self.text, self.scalar, span);
        let written = self.scalar.get(span.range()).unwrap_or("").to_owned();
        let default = operator.filter(|op| op.is_default()).map(|_| self.written(operand));
        self.references.push(Reference {
            name: name.to_owned(),
            form: operator.map_or(ReferenceForm::Plain, ReferenceForm::Operator),
            provenance: lookup.provenance,
            assumed: lookup.assumed,
            default,
            span: place,
        });
        let operand = self.parts(operand);
        choose(name, operator, operand, &lookup, written, place)
    }

    fn written(&self, segments: &[Segment]) -> String {
        let spans = segments.iter().map(|segment| match segment {
            Segment::Literal { span, .. } | Segment::Variable { span, .. } => *span,
        });
        let whole = spans.reduce(Span::join).unwrap_or_default();
        self.scalar.get(whole.range()).unwrap_or("").to_owned()
    }
}

/// What a reference gives: known text where the variable is unset or known, else one part that is not known.
fn choose(
    name: &str,
    operator: Option<Operator>,
    operand: Vec<Part>,
    lookup: &Lookup,
    written: String,
    span: Span,
) -> Vec<Part> {
    let part = |text: String, known, provenance, operand| Part {
        text,
        known,
        provenance,
        source: Some(name.to_owned()),
        operator,
        operand,
        assumed: lookup.assumed,
        span,
    };
    let value = match (lookup.provenance, &lookup.known) {
        (Provenance::Unset, _) => None,
        (_, Some(text)) => Some(text.clone()),
        _ => return vec![part(written, false, lookup.provenance, operand)],
    };
    let filled = value.as_ref().is_some_and(|text| !text.is_empty());
    let takes_operand = match operator {
        Some(Operator::DefaultIfEmpty) => !filled,
        Some(Operator::DefaultIfUnset) => value.is_none(),
        Some(Operator::OtherIfFilled) => filled,
        Some(Operator::OtherIfSet) => value.is_some(),
        _ => false,
    };
    if takes_operand {
        let for_name = |part: Part| Part { source: part.source.or_else(|| Some(name.to_owned())), ..part };
        return operand.into_iter().map(for_name).collect();
    }
    vec![part(value.unwrap_or_default(), true, lookup.provenance, Vec::new())]
}
