//! The layers on each other: what a container sees before it starts.
//!
//! Whiteouts take away from the layers below, never from their own (OCI image specification, layer). Where two readers
//! could see two trees, the entry is named as a problem.

use crate::entry::{Entry, EntryKind, Whiteout, parent};
use crate::layer::Layer;
use core::ops::Bound;
use std::collections::BTreeMap;

/// Number of a layer and of an entry of it.
pub type Place = (u32, u32);

/// A path of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The entry that made it.
    pub entry: Place,
    /// The entry whose content and permissions it has: another one for a hard link.
    pub content: Place,
}

/// Why a tree may look otherwise to another reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TreeProblem {
    /// A path stands twice in one layer: the last counts.
    Twice,
    /// A path and its whiteout stand in one layer.
    WhiteoutAndEntry,
    /// A hard link leads to nothing, or to a folder.
    DanglingHardLink,
    /// A path leads through something that is no folder; a runtime follows a symbolic link there.
    ThroughNoFolder,
}

impl TreeProblem {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Twice => "stands twice in one layer",
            Self::WhiteoutAndEntry => "is taken away and added in one layer",
            Self::DanglingHardLink => "is a hard link to nothing, or to a folder",
            Self::ThroughNoFolder => "leads through a link or a file",
        }
    }
}

/// What a container sees.
#[derive(Debug, Clone)]
pub struct Tree<'l> {
    layers: &'l [Layer],
    nodes: BTreeMap<&'l [u8], Node>,
    /// Paths on which readers can differ, with the reason.
    pub problems: Vec<(&'l [u8], TreeProblem)>,
}

impl<'l> Tree<'l> {
    /// Lays the layers on each other, the lowest first.
    #[must_use]
    pub fn new(layers: &'l [Layer]) -> Self {
        let mut tree = Self { layers, nodes: BTreeMap::new(), problems: Vec::new() };
        for (number, layer) in layers.iter().enumerate() {
            tree.apply(u32::try_from(number).unwrap_or(u32::MAX), layer);
        }
        tree.problems.sort_unstable();
        tree.problems.dedup();
        tree
    }

    /// All paths, sorted by their bytes. Folders that no entry names are missing.
    pub fn nodes(&self) -> impl Iterator<Item = (&'l [u8], &Node)> {
        self.nodes.iter().map(|(path, node)| (*path, node))
    }

    /// What stands at a path.
    #[must_use]
    pub fn get(&self, path: &[u8]) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// An entry by its place.
    #[must_use]
    pub fn entry(&self, place: Place) -> Option<&'l Entry> {
        entry(self.layers, place)
    }

    /// Whether anything stands below a folder.
    #[must_use]
    pub fn has_below(&self, folder: &[u8]) -> bool {
        if folder.is_empty() {
            return !self.nodes.is_empty();
        }
        let from = [folder, b"/"].concat();
        self.nodes
            .range::<[u8], _>((Bound::Included(&from[..]), Bound::Unbounded))
            .next()
            .is_some_and(|(path, _)| path.starts_with(&from))
    }

    fn apply(&mut self, number: u32, layer: &'l Layer) {
        for entry in &layer.entries {
            match entry.whiteout() {
                Some(Whiteout::Opaque { folder }) => self.remove_below(folder),
                Some(Whiteout::Of { folder, name }) => {
                    let path = if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() };
                    self.remove_below(&path);
                    self.nodes.remove(&path[..]);
                }
                Some(Whiteout::Mark) | None => {}
            }
        }
        let gone: std::collections::BTreeSet<Vec<u8>> = layer
            .entries
            .iter()
            .filter_map(|entry| match entry.whiteout()? {
                Whiteout::Of { folder: b"", name } => Some(name.to_vec()),
                Whiteout::Of { folder, name } => Some([folder, b"/", name].concat()),
                _ => None,
            })
            .collect();
        for (at, entry) in layer.entries.iter().enumerate() {
            if entry.whiteout().is_some() {
                continue;
            }
            if gone.contains(&entry.path[..]) {
                self.problems.push((&entry.path, TreeProblem::WhiteoutAndEntry));
            }
            self.add(number, (number, u32::try_from(at).unwrap_or(u32::MAX)), entry);
        }
    }

    fn add(&mut self, layer: u32, place: Place, entry: &'l Entry) {
        let path: &'l [u8] = &entry.path;
        let mut above = parent(path);
        while !above.is_empty() {
            // The nearest folder that an entry names vouches for all above it: it was looked at when it was added.
            if let Some(node) = self.nodes.get(above) {
                if !self.is_folder(node) {
                    self.problems.push((path, TreeProblem::ThroughNoFolder));
                }
                break;
            }
            above = parent(above);
        }
        let before = self.nodes.get(path).copied();
        let is_again = before.is_some_and(|node| {
            let folders = self.is_folder(&node) && matches!(entry.kind, EntryKind::Folder);
            node.entry.0 == layer && !folders
        });
        if is_again {
            self.problems.push((path, TreeProblem::Twice));
        }
        let content = match &entry.kind {
            EntryKind::HardLink(target) => match self.nodes.get(&target[..]).copied() {
                Some(node) if !self.is_folder(&node) => node.content,
                _ => {
                    self.problems.push((path, TreeProblem::DanglingHardLink));
                    place
                }
            },
            _ => place,
        };
        if before.is_some() && !matches!(entry.kind, EntryKind::Folder) {
            self.remove_below(path);
        }
        self.nodes.insert(path, Node { entry: place, content });
    }

    fn is_folder(&self, node: &Node) -> bool {
        self.entry(node.content).is_some_and(|entry| matches!(entry.kind, EntryKind::Folder))
    }

    fn remove_below(&mut self, folder: &[u8]) {
        if folder.is_empty() {
            return self.nodes.clear();
        }
        let from = [folder, b"/"].concat();
        let range = (Bound::Included(&from[..]), Bound::Unbounded);
        let below: Vec<&'l [u8]> = self
            .nodes
            .range::<[u8], _>(range)
            .map(|(path, _)| *path)
            .take_while(|path| path.starts_with(&from))
            .collect();
        for path in below {
            self.nodes.remove(path);
        }
    }
}

pub(crate) fn entry(layers: &[Layer], (layer, entry): Place) -> Option<&Entry> {
    layers.get(usize::try_from(layer).ok()?)?.entries.get(usize::try_from(entry).ok()?)
}

#[cfg(test)]
mod tests;
