//! Several documents of one file, merged as compose-go merges them: in order, the later over the earlier.
//!
//! Source: compose-go, packages `override` and `loader`. Sequences are appended and made unique by key, a few places
//! are replaced as a whole, `!reset` and `!override` drop what earlier documents said.

mod unicity;

pub(crate) use unicity::enforce_unicity;

use crate::position::Span;
use crate::tree::{Tree, TreeEntry};
use crate::value::{Part, ScalarKind, Value};
use crate::yaml::{MergeTag, YamlNode, YamlValue};
use core::fmt;

/// Two documents say things of different kinds about one place; Compose refuses that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeError {
    /// The path of the place.
    pub path: String,
    /// Where the earlier document says it.
    pub first: Span,
    /// Where the later one says it.
    pub second: Span,
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, first, second } = self;
        write!(
            f,
            "{path}: byte {} cannot override byte {}: they are of different kinds",
            second.start, first.start
        )
    }
}

impl core::error::Error for MergeError {}

/// Paths that carry `!reset` or `!override` in a document.
pub(crate) fn tagged_paths(node: &YamlNode) -> Vec<(Vec<String>, MergeTag, Span)> {
    let mut out = Vec::new();
    let mut path = Vec::new();
    collect(node, &mut path, &mut out);
    out
}

fn collect(node: &YamlNode, path: &mut Vec<String>, out: &mut Vec<(Vec<String>, MergeTag, Span)>) {
    if let Some(tag) = node.merge_tag {
        out.push((path.clone(), tag, node.span));
        return;
    }
    match &node.value {
        YamlValue::Mapping(entries) => {
            for entry in entries {
                path.push(entry.key.clone());
                collect(&entry.node, path, out);
                path.pop();
            }
        }
        YamlValue::Sequence(elements) => {
            for (index, element) in elements.iter().enumerate() {
                path.push(index.to_string());
                collect(element, path, out);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The document without the nodes that are tagged `!reset`.
pub(crate) fn without_resets(node: &mut YamlNode) {
    match &mut node.value {
        YamlValue::Mapping(entries) => {
            entries.retain(|entry| entry.node.merge_tag != Some(MergeTag::Reset));
            for entry in entries.iter_mut().filter(|entry| entry.node.merge_tag.is_none()) {
                without_resets(&mut entry.node);
            }
        }
        YamlValue::Sequence(elements) => {
            elements.retain(|element| element.merge_tag != Some(MergeTag::Reset));
            for element in elements.iter_mut().filter(|element| element.merge_tag.is_none()) {
                without_resets(element);
            }
        }
        _ => {}
    }
}

/// Drops the place at `path` from what earlier documents said.
pub(crate) fn drop_path(tree: &mut Tree, path: &[String]) {
    let Some((step, rest)) = path.split_first() else { return };
    let Tree::Mapping(entries, _) = tree else { return };
    if rest.is_empty() {
        entries.retain(|entry| entry.key != *step);
        return;
    }
    if let Some(entry) = entries.iter_mut().find(|entry| entry.key == *step) {
        drop_path(&mut entry.tree, rest);
    }
}

/// Merges `over` into `base`.
pub(crate) fn merge(base: Tree, over: Tree, path: &mut Vec<String>) -> Result<Tree, MergeError> {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    match rule(&steps) {
        Rule::Replace => return Ok(over),
        Rule::Sequence => return Ok(appended(to_sequence(base), to_sequence(over))),
        Rule::Hosts => return Ok(appended_unless_present(to_sequence(base), to_sequence(over))),
        Rule::Mapping => return merge_mappings(to_mapping(base), to_mapping(over), path),
        Rule::Build => return merge_mappings(to_build(base), to_build(over), path),
        Rule::Logging if drivers_differ(&base, &over) => return Ok(over),
        Rule::Logging => return merge_mappings(base, over, path),
        Rule::Default => {}
    }
    match (base, over) {
        (base, Tree::Null(_)) => Ok(base),
        (base @ Tree::Mapping(..), over) => merge_mappings(base, over, path),
        (Tree::Sequence(first, span), Tree::Sequence(second, _)) => {
            Ok(Tree::Sequence(first.into_iter().chain(second).collect(), span))
        }
        (base @ Tree::Sequence(..), over) => Err(refused(path, &base, &over)),
        (_, over) => Ok(over),
    }
}

fn merge_mappings(base: Tree, over: Tree, path: &mut Vec<String>) -> Result<Tree, MergeError> {
    let (mut entries, span, other) = match (base, over) {
        (Tree::Mapping(entries, span), Tree::Mapping(other, _)) => (entries, span, other),
        (base, over) => return Err(refused(path, &base, &over)),
    };
    let mut places: std::collections::HashMap<String, usize> =
        entries.iter().enumerate().map(|(index, entry)| (entry.key.clone(), index)).collect();
    for entry in other {
        let known = places.get(&entry.key).copied().and_then(|index| entries.get_mut(index));
        match known {
            Some(place) if entry.key.starts_with("x-") => *place = entry,
            Some(place) => {
                path.push(entry.key);
                let earlier = core::mem::replace(&mut place.tree, Tree::Null(entry.key_span));
                place.tree = merge(earlier, entry.tree, path)?;
                path.pop();
            }
            None => {
                places.insert(entry.key.clone(), entries.len());
                entries.push(entry);
            }
        }
    }
    Ok(Tree::Mapping(entries, span))
}

fn refused(path: &[String], base: &Tree, over: &Tree) -> MergeError {
    MergeError { path: path.join("."), first: base.span(), second: over.span() }
}

enum Rule {
    Default,
    Replace,
    Sequence,
    Hosts,
    Mapping,
    Build,
    Logging,
}

fn rule(path: &[&str]) -> Rule {
    match path {
        ["networks" | "volumes", _, "labels"] => Rule::Sequence,
        ["services", _, tail @ ..] => match tail {
            ["command" | "entrypoint"] | ["healthcheck", "test"] => Rule::Replace,
            [
                "annotations" | "dns" | "dns_opt" | "dns_search" | "env_file" | "label_file" | "environment"
                | "labels" | "sysctls" | "tmpfs",
            ]
            | ["build", "args" | "additional_contexts" | "labels"]
            | ["deploy", "labels"] => Rule::Sequence,
            ["extra_hosts"] | ["build", "extra_hosts"] => Rule::Hosts,
            ["depends_on" | "networks"] => Rule::Mapping,
            ["build"] => Rule::Build,
            ["logging"] => Rule::Logging,
            ["ulimits", _] => Rule::Replace,
            _ => Rule::Default,
        },
        _ => Rule::Default,
    }
}

fn drivers_differ(base: &Tree, over: &Tree) -> bool {
    let driver = |tree: &Tree| tree.get("driver").and_then(Tree::scalar).map(|value| value.text.clone());
    match (driver(base), driver(over)) {
        (Some(first), Some(second)) => first != second,
        _ => false,
    }
}

fn appended(base: Tree, over: Tree) -> Tree {
    let span = base.span();
    Tree::Sequence(sequence(base).into_iter().chain(sequence(over)).collect(), span)
}

fn appended_unless_present(base: Tree, over: Tree) -> Tree {
    let span = base.span();
    let mut elements = sequence(base);
    let text = |element: &Tree| element.scalar().map(|value| value.text.clone());
    let known: std::collections::HashSet<_> = elements.iter().map(text).collect();
    elements.extend(sequence(over).into_iter().filter(|element| !known.contains(&text(element))));
    Tree::Sequence(elements, span)
}

fn sequence(tree: Tree) -> Vec<Tree> {
    if let Tree::Sequence(elements, _) = tree { elements } else { Vec::new() }
}

/// A mapping becomes a sequence of `key=value`, sorted; a scalar a sequence of one.
fn to_sequence(tree: Tree) -> Tree {
    match tree {
        Tree::Mapping(mut entries, span) => {
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            let mut out = Vec::new();
            for entry in entries {
                let key = entry.key;
                let key_span = entry.key_span;
                match entry.tree {
                    Tree::Null(_) => out.push(Tree::Scalar(Value::literal_text(key, key_span))),
                    Tree::Scalar(value) => out.push(Tree::Scalar(pair(&key, key_span, value))),
                    Tree::Sequence(elements, _) => {
                        let values = elements.into_iter().filter_map(|element| element.scalar().cloned());
                        out.extend(values.map(|value| Tree::Scalar(pair(&key, key_span, value))));
                    }
                    Tree::Mapping(..) => {}
                }
            }
            Tree::Sequence(out, span)
        }
        Tree::Scalar(value) => {
            let span = value.span;
            Tree::Sequence(vec![Tree::Scalar(value)], span)
        }
        Tree::Null(span) => Tree::Sequence(Vec::new(), span),
        sequence @ Tree::Sequence(..) => sequence,
    }
}

fn pair(key: &str, key_span: Span, value: Value) -> Value {
    let mut parts = vec![Part::literal(format!("{key}="), key_span)];
    parts.extend(value.parts);
    let mut out = Value::of(parts, ScalarKind::String, key_span.join(value.span));
    out.references = value.references;
    out.alias = value.alias;
    out
}

/// A sequence of names becomes a mapping from names to nothing.
fn to_mapping(tree: Tree) -> Tree {
    let Tree::Sequence(elements, span) = tree else { return tree };
    let entries = elements.into_iter().filter_map(|element| {
        let value = element.scalar()?;
        Some(TreeEntry { key: value.text.clone(), key_span: value.span, tree: Tree::Null(value.span) })
    });
    Tree::Mapping(entries.collect(), span)
}

/// `build: path` becomes `build: {context: path}`.
fn to_build(tree: Tree) -> Tree {
    let Tree::Scalar(value) = tree else { return tree };
    let span = value.span;
    Tree::Mapping(
        vec![TreeEntry { key: "context".to_owned(), key_span: span, tree: Tree::Scalar(value) }],
        span,
    )
}
