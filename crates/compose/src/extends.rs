//! `extends` within one document: a service takes over what another service of the same document says.
//!
//! Applied as compose-go does: to each document by itself, after interpolation and before it is merged with earlier
//! documents. A service of another file stays unresolved and is listed: the hash does not cover that file.
//!
//! Source: compose-go, `loader/extends.go`.

use crate::construct::ConstructKind;
use crate::merge::{self, MergeError};
use crate::position::Span;
use crate::tree::{Tree, TreeEntry};
use crate::yaml::MergeTag;
use std::collections::{HashMap, HashSet};

/// Why a document's `extends` cannot be resolved.
#[derive(Debug)]
pub(crate) enum ExtendsError {
    /// Both say things of different kinds about one place.
    Merge(MergeError),
    /// Together the services grow beyond so many nodes.
    TooLarge(usize),
}

/// What is to be listed.
pub(crate) struct Remark {
    pub(crate) kind: ConstructKind,
    pub(crate) span: Span,
    pub(crate) path: String,
    pub(crate) detail: String,
}

/// Paths that carry `!reset` or `!override`.
type Tagged = [(Vec<String>, MergeTag, Span)];

/// What a service extends.
enum Base {
    /// Nothing, or what was taken over already.
    None,
    /// A service of the same document.
    Here(String),
    /// What cannot be followed: another file, or a name that is not known.
    Elsewhere,
}

/// Resolves all services of a document, in place.
pub(crate) fn apply(
    tree: &mut Tree,
    tagged: &Tagged,
    limit: usize,
    limit_bytes: usize,
) -> Result<Vec<Remark>, ExtendsError> {
    let Some(services) = services(tree) else { return Ok(Vec::new()) };
    if !services.iter().any(|entry| entry.tree.get("extends").is_some()) {
        return Ok(Vec::new());
    }
    let index: HashMap<String, usize> =
        services.iter().enumerate().map(|(place, entry)| (entry.key.clone(), place)).collect();
    let mut by_service: HashMap<&str, Vec<&[String]>> = HashMap::new();
    for (path, _, _) in tagged {
        if let [services, name, rest @ ..] = path.as_slice()
            && services == "services"
        {
            by_service.entry(name).or_default().push(rest);
        }
    }
    let mut resolving = Resolving {
        services,
        index,
        tagged: by_service,
        remarks: Vec::new(),
        refused: HashSet::new(),
        circular: HashSet::new(),
        nodes: 0,
        bytes: 0,
        limit,
        limit_bytes,
    };
    for place in 0..resolving.services.len() {
        resolving.follow(place)?;
    }
    Ok(resolving.remarks)
}

fn services(tree: &mut Tree) -> Option<&mut Vec<TreeEntry>> {
    let Tree::Mapping(entries, _) = tree else { return None };
    match entries.iter_mut().find(|entry| entry.key == "services").map(|entry| &mut entry.tree) {
        Some(Tree::Mapping(services, _)) => Some(services),
        _ => None,
    }
}

struct Resolving<'a> {
    services: &'a mut Vec<TreeEntry>,
    index: HashMap<String, usize>,
    /// Tagged paths below each service.
    tagged: HashMap<&'a str, Vec<&'a [String]>>,
    remarks: Vec<Remark>,
    /// Places that were refused.
    refused: HashSet<Span>,
    /// Services that lead to themselves. Compose refuses the file; nothing is taken over.
    circular: HashSet<usize>,
    nodes: usize,
    bytes: usize,
    limit: usize,
    limit_bytes: usize,
}

impl Resolving<'_> {
    /// Follows a service to the one that extends nothing, and takes over on the way back. No recursion: a chain can be
    /// as long as the document.
    fn follow(&mut self, start: usize) -> Result<(), ExtendsError> {
        if self.circular.contains(&start) {
            return Ok(());
        }
        let mut chain = vec![start];
        let mut seen = HashSet::from([start]);
        let mut last = start;
        while let Some(entry) = self.services.get(last) {
            let Base::Here(name) = base(&entry.tree) else { break };
            let Some(next) = self.index.get(&name).copied() else {
                self.refuse(last, format!("extends service {name}, which is not in the document"));
                break;
            };
            let circular = !seen.insert(next);
            if circular {
                self.refuse(last, format!("extends service {name}, and so itself"));
            }
            if circular || self.circular.contains(&next) {
                self.circular.extend(chain);
                return Ok(());
            }
            chain.push(next);
            last = next;
        }
        while let (Some(from), Some(to)) = (chain.pop(), chain.last()) {
            self.take_over(from, *to)?;
        }
        Ok(())
    }

    fn take_over(&mut self, from: usize, to: usize) -> Result<(), ExtendsError> {
        let (Some(base), Some(entry)) = (self.services.get(from), self.services.get(to)) else {
            return Ok(());
        };
        if base.tree.is_null() || matches!(self::base(&entry.tree), Base::None) {
            return Ok(());
        }
        // The service itself is copied too.
        let (base_nodes, base_bytes) = size(&base.tree);
        let (own_nodes, own_bytes) = size(&entry.tree);
        self.nodes = self.nodes.saturating_add(base_nodes).saturating_add(own_nodes);
        self.bytes = self.bytes.saturating_add(base_bytes).saturating_add(own_bytes);
        if self.nodes > self.limit || self.bytes > self.limit_bytes {
            return Err(ExtendsError::TooLarge(self.limit));
        }
        let mut base = base.tree.clone();
        for rest in self.tagged.get(entry.key.as_str()).into_iter().flatten() {
            merge::drop_path(&mut base, rest);
        }
        // What the base itself could not take over is still missing from both.
        let unresolved = base.get("extends").cloned();
        let mut over = entry.tree.clone();
        remove(&mut over, "extends");
        let mut path = vec!["services".to_owned(), entry.key.clone()];
        let merged = merge::merge(base, over, &mut path).map_err(ExtendsError::Merge)?;
        if let Some(entry) = self.services.get_mut(to) {
            entry.tree = merged;
            if unresolved.is_none() {
                remove(&mut entry.tree, "extends");
            }
        }
        Ok(())
    }

    fn refuse(&mut self, place: usize, detail: String) {
        let Some(entry) = self.services.get(place) else { return };
        let span = entry.tree.get("extends").map_or(entry.key_span, Tree::span);
        // A service that extends this one carries the same entry on.
        if !self.refused.insert(span) {
            return;
        }
        let path = format!("services.{}.extends", entry.key);
        self.remarks.push(Remark { kind: ConstructKind::ComposeRefuses, span, path, detail });
    }
}

fn base(service: &Tree) -> Base {
    let name = match service.get("extends") {
        None => return Base::None,
        Some(Tree::Scalar(name)) => Some(name),
        Some(extends) if extends.get("file").is_none_or(Tree::is_null) => {
            extends.get("service").and_then(Tree::scalar)
        }
        Some(_) => return Base::Elsewhere,
    };
    name.and_then(|name| name.literal()).map_or(Base::Elsewhere, |name| Base::Here(name.to_owned()))
}

fn remove(tree: &mut Tree, key: &str) {
    if let Tree::Mapping(entries, _) = tree {
        entries.retain(|entry| entry.key != key);
    }
}

/// How many nodes a tree has, and bytes of text, by a walk whose depth the YAML reader has bounded.
fn size(tree: &Tree) -> (usize, usize) {
    let add =
        |sum: (usize, usize), one: (usize, usize)| (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1));
    match tree {
        Tree::Null(_) => (1, 0),
        Tree::Scalar(value) => (value.parts.len().max(1), value.text.len()),
        Tree::Sequence(elements, _) => elements.iter().map(size).fold((1, 0), add),
        Tree::Mapping(entries, _) => {
            entries.iter().map(|entry| add(size(&entry.tree), (0, entry.key.len()))).fold((1, 0), add)
        }
    }
}
