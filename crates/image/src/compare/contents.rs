//! The files: what a container sees on each side, and what layers hide.

use super::cause::Cause;
use super::collect::{Packages, python_package};
use super::noise::{self, BUILD_MOUNTS, Mask};
use super::{Differences, Place, Read, pairs};
use crate::entry::{Entry, EntryKind, Owner};
use crate::layer::Layer;
use crate::tree::{Node, Tree};
use core::cmp::Ordering;
use core::iter::Peekable;
use std::collections::BTreeSet;

pub(super) fn compare(sides: [&Read; 2], out: &mut Differences) {
    let trees = sides.map(|side| Tree::new(&side.layers));
    let same_count = sides[0].layers.len() == sides[1].layers.len();
    let context = Context { sides, trees: [&trees[0], &trees[1]], metadata: !same_count };
    context.merge(out);
    context.hidden(out);
    packages(&context, out);
    let mut is_order_same = same_count;
    if same_count {
        for (number, (one, other)) in sides[0].layers.iter().zip(&sides[1].layers).enumerate() {
            is_order_same &= pairs::compare(number, one, other, out);
        }
    } else {
        layer_count(sides, out);
    }
    context.ambiguous(is_order_same, out);
}

/// A difference in the number of layers, with how many of the lowest are the same.
fn layer_count(sides: [&Read; 2], out: &mut Differences) {
    let [one, other] = sides.map(|side| &side.layers);
    let shared = one.iter().zip(other).take_while(|(one, other)| one.diff_id == other.diff_id).count();
    out.add(Cause::LayerCount, || Place {
        path: Some(format!("the lowest {shared} are the same")),
        deployed: Some(format!("{} layers", one.len())),
        rebuilt: Some(format!("{} layers", other.len())),
        ..Place::default()
    });
}

struct Context<'c, 'l> {
    sides: [&'l Read; 2],
    trees: [&'c Tree<'l>; 2],
    /// Whether times and owners are compared here; pairs of layers tell them where they can be paired.
    metadata: bool,
}

/// A path of one side, with its own entry and the one that has its content.
#[derive(Clone, Copy)]
struct Seen<'l> {
    node: Node,
    own: &'l Entry,
    content: &'l Entry,
}

impl Seen<'_> {
    fn layer(&self) -> Option<usize> {
        usize::try_from(self.node.entry.0).ok()
    }

    fn is_hard_link(&self) -> bool {
        self.node.entry != self.node.content
    }
}

impl<'l> Context<'_, 'l> {
    fn seen(&self, side: usize) -> Peekable<impl Iterator<Item = (&'l [u8], Seen<'l>)>> {
        let [one, other] = self.trees;
        let tree = if side == 0 { one } else { other };
        tree.nodes()
            .filter_map(move |(path, node)| {
                let (own, content) = (tree.entry(node.entry)?, tree.entry(node.content)?);
                Some((path, Seen { node: *node, own, content }))
            })
            .peekable()
    }

    fn merge(&self, out: &mut Differences) {
        let (mut left, mut right) = (self.seen(0), self.seen(1));
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((one, _)), Some((other, _))) => one.cmp(other),
            };
            match order {
                Ordering::Less => {
                    if let Some((path, seen)) = left.next() {
                        self.alone(path, seen, 0, out);
                    }
                }
                Ordering::Greater => {
                    if let Some((path, seen)) = right.next() {
                        self.alone(path, seen, 1, out);
                    }
                }
                Ordering::Equal => {
                    if let (Some((path, one)), Some((_, other))) = (left.next(), right.next()) {
                        self.both(path, one, other, out);
                    }
                }
            }
        }
    }

    fn alone(&self, path: &[u8], seen: Seen<'_>, side: usize, out: &mut Differences) {
        let [_, other_tree] = self.trees;
        let other = if side == 0 { other_tree } else { self.trees[0] };
        let is_folder = matches!(seen.own.kind, EntryKind::Folder);
        // What an unpacking makes by itself: a folder of everybody's usual permissions, owned by root.
        let is_plain = seen.own.mode == 0o755 && seen.own.attributes.is_none();
        let cause = if is_folder && is_plain && (path.is_empty() || other.has_below(path)) {
            Cause::FolderEntries
        } else if is_folder && BUILD_MOUNTS.contains(&path) && !self.has_below(side, path) {
            Cause::BuildMounts
        } else if let Some(cause) = noise::by_path(path).filter(|_| !is_folder) {
            cause
        } else if side == 0 {
            Cause::OnlyDeployed
        } else {
            Cause::OnlyRebuilt
        };
        let text = Some(described(seen.content));
        let (deployed, rebuilt) = if side == 0 { (text, None) } else { (None, text) };
        let layer = if side == 0 { seen.layer() } else { None };
        out.add(cause, || Place { layer, path: Some(shown(path)), deployed, rebuilt });
    }

    fn has_below(&self, side: usize, path: &[u8]) -> bool {
        let [one, other] = self.trees;
        if side == 0 { one.has_below(path) } else { other.has_below(path) }
    }

    fn both(&self, path: &[u8], one: Seen<'_>, other: Seen<'_>, out: &mut Differences) {
        let mut add = |cause, deployed: String, rebuilt: String| {
            out.add(cause, || Place {
                layer: one.layer(),
                path: Some(shown(path)),
                deployed: Some(deployed),
                rebuilt: Some(rebuilt),
            });
        };
        let (left, right) = (one.content, other.content);
        if let Some(cause) = content_cause(path, left, right) {
            add(cause, described(left), described(right));
        }
        // A link's permissions are no one's.
        let has_mode = !matches!(left.kind, EntryKind::Link(_));
        if has_mode && left.mode != right.mode {
            add(Cause::Mode, format!("{:04o}", left.mode), format!("{:04o}", right.mode));
        }
        if left.attributes != right.attributes {
            let words = |entry: &Entry| match &entry.attributes {
                Some(digest) => format!("attributes with digest {}", hex::encode(digest.iter())),
                None => "none".to_owned(),
            };
            add(Cause::Attributes, words(left), words(right));
        }
        if one.is_hard_link() != other.is_hard_link() {
            let words =
                |seen: Seen<'_>| if seen.is_hard_link() { "a hard link" } else { "a file of its own" };
            add(Cause::HardLinks, words(one).to_owned(), words(other).to_owned());
        }
        if self.metadata {
            if (left.seconds, left.nanos) != (right.seconds, right.nanos) {
                add(Cause::Times, pairs::time(left), pairs::time(right));
            }
            let (left, right) = (self.owner(0, one), self.owner(1, other));
            if left != right {
                add(Cause::Owner, pairs::owner(left), pairs::owner(right));
            }
        }
    }

    fn owner(&self, side: usize, seen: Seen<'_>) -> Option<&'l Owner> {
        let [one, other] = self.sides;
        let read = if side == 0 { one } else { other };
        let layer: &Layer = read.layers.get(usize::try_from(seen.node.content.0).ok()?)?;
        layer.owners.get(usize::try_from(seen.content.owner).ok()?)
    }

    /// Entries that add something which no container sees, each side's without the other's.
    fn hidden(&self, out: &mut Differences) {
        let [one, other] = [0, 1].map(|side| self.covered(side));
        for (cause_side, set, against) in [(0, &one, &other), (1, &other, &one)] {
            for (path, text) in set.difference(against) {
                let words = Some(text.clone());
                let (deployed, rebuilt) = if cause_side == 0 { (words, None) } else { (None, words) };
                out.add(Cause::Hidden, || Place { layer: None, path: Some(shown(path)), deployed, rebuilt });
            }
        }
    }

    fn covered(&self, side: usize) -> BTreeSet<(&'l [u8], String)> {
        let [one, other] = self.trees;
        let (tree, read) = if side == 0 { (one, self.sides[0]) } else { (other, self.sides[1]) };
        let mut out = BTreeSet::new();
        for (number, layer) in read.layers.iter().enumerate() {
            for (at, entry) in layer.entries.iter().enumerate() {
                let place =
                    (u32::try_from(number).unwrap_or(u32::MAX), u32::try_from(at).unwrap_or(u32::MAX));
                // Images that are cut otherwise list folders otherwise.
                let is_left_out = self.metadata && matches!(entry.kind, EntryKind::Folder);
                let adds = entry.whiteout().is_none() && !is_left_out;
                if adds && tree.get(&entry.path).is_none_or(|node| node.entry != place) {
                    out.insert((&entry.path[..], format!("{}, mode {:04o}", described(entry), entry.mode)));
                }
            }
        }
        out
    }

    fn ambiguous(&self, is_order_same: bool, out: &mut Differences) {
        let [one, other] = self.trees;
        // The same doubtful entries in the same order are read alike, whatever the reading.
        if is_order_same && one.problems == other.problems {
            return;
        }
        for (side, tree) in [(0, one), (1, other)] {
            for (path, problem) in &tree.problems {
                let words = Some(problem.words().to_owned());
                let (deployed, rebuilt) = if side == 0 { (words, None) } else { (None, words) };
                out.add(Cause::Ambiguous, || Place {
                    layer: None,
                    path: Some(shown(path)),
                    deployed,
                    rebuilt,
                });
            }
        }
    }
}

/// Why the content at a path differs; `None` where it does not.
fn content_cause(path: &[u8], one: &Entry, other: &Entry) -> Option<Cause> {
    let is_same = match (&one.kind, &other.kind) {
        (EntryKind::File { digest: left, size: one }, EntryKind::File { digest: right, size: other }) => {
            left == right && one == other
        }
        (left, right) => left == right,
    };
    if is_same {
        return None;
    }
    let (EntryKind::File { .. }, EntryKind::File { .. }) = (&one.kind, &other.kind) else {
        return Some(Cause::Kind);
    };
    if let (Some(mask), Some(left), Some(right)) = (Mask::of(path), &one.masked, &other.masked)
        && left == right
    {
        return Some(mask.cause());
    }
    Some(noise::by_path(path).unwrap_or(Cause::Contents))
}

fn described(entry: &Entry) -> String {
    match &entry.kind {
        EntryKind::File { size, digest } => format!("{size} bytes, sha256:{}", hex::encode(digest)),
        EntryKind::Link(target) | EntryKind::HardLink(target) => {
            format!("{} to {}", entry.kind.name(), shown(target))
        }
        EntryKind::Character { device: (major, minor) } | EntryKind::Block { device: (major, minor) } => {
            format!("{} {major}:{minor}", entry.kind.name())
        }
        EntryKind::Folder | EntryKind::Pipe => entry.kind.name().to_owned(),
    }
}

/// A path as text; the root is `/`.
pub(super) fn shown(path: &[u8]) -> String {
    if path.is_empty() { "/".to_owned() } else { String::from_utf8_lossy(path).into_owned() }
}

/// Old and new versions of what package managers installed.
fn packages(context: &Context<'_, '_>, out: &mut Differences) {
    let all = |side: usize| -> Packages {
        let read = if side == 0 { context.sides[0] } else { context.sides[1] };
        let python = context.seen(side).filter_map(|(path, _)| python_package(path));
        let python = python.map(|(name, version)| (format!("{name} (Python)"), version));
        read.packages.clone().into_iter().chain(python).collect()
    };
    let (one, other) = (all(0), all(1));
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    for name in names {
        let (left, right) = (one.get(name), other.get(name));
        if left != right {
            out.add(Cause::Packages, || Place {
                layer: None,
                path: Some(name.clone()),
                deployed: left.cloned(),
                rebuilt: right.cloned(),
            });
        }
    }
}
