//! Two layers that stand at the same height: times, owners, order, and how headers are written.

use super::cause::Cause;
use super::contents::shown;
use super::{Differences, Place};
use crate::entry::{Entry, EntryKind, Owner};
use crate::layer::Layer;
use std::collections::BTreeMap;

/// Compares what is not content. Whether the entries stand in the same order.
pub(super) fn compare(number: usize, one: &Layer, other: &Layer, out: &mut Differences) -> bool {
    if one.diff_id == other.diff_id {
        return true;
    }
    let mut pair = Pair { number, layers: [one, other], explained: false, out };
    let is_order_same = pair.order();
    pair.entries();
    pair.whiteouts();
    if one.trailing != other.trailing {
        let words = |layer: &Layer| format!("{} bytes that are not zero", layer.trailing);
        pair.add(Cause::TrailingBytes, None, words(one), words(other));
    }
    // Nothing that was looked at differs and the bytes do: padding, checksums, unused fields, the number of zeros.
    if !pair.explained && !pair.differs_in_content() {
        let words = |layer: &Layer| format!("{} bytes of archive", layer.unpacked);
        pair.add(Cause::TarForm, None, words(one), words(other));
    }
    is_order_same
}

struct Pair<'p, 'l> {
    number: usize,
    layers: [&'l Layer; 2],
    explained: bool,
    out: &'p mut Differences,
}

impl Pair<'_, '_> {
    fn add(&mut self, cause: Cause, path: Option<String>, deployed: String, rebuilt: String) {
        self.explained = true;
        let layer = Some(self.number);
        self.out.add(cause, || Place { layer, path, deployed: Some(deployed), rebuilt: Some(rebuilt) });
    }

    /// Whether the entries that both have stand in the same order.
    fn order(&mut self) -> bool {
        let [one, other] = self.layers;
        let places: BTreeMap<&[u8], usize> =
            other.entries.iter().enumerate().map(|(at, entry)| (&entry.path[..], at)).collect();
        let common = one.entries.iter().filter_map(|entry| Some((entry, *places.get(&entry.path[..])?)));
        let mut last = None;
        let mut moved = 0_u64;
        let mut first = None;
        for (entry, at) in common {
            if last.is_some_and(|last| at <= last) {
                moved = moved.saturating_add(1);
                first = first.or(Some(entry));
            }
            last = Some(at);
        }
        let Some(first) = first else { return true };
        let path = Some(shown(&first.path));
        self.add(
            Cause::Order,
            path,
            "before its neighbour".to_owned(),
            format!("moved ({moved} such places)"),
        );
        false
    }

    fn entries(&mut self) {
        let [one, other] = self.layers;
        let by_path: BTreeMap<&[u8], &Entry> =
            other.entries.iter().map(|entry| (&entry.path[..], entry)).collect();
        for left in &one.entries {
            let Some(right) = by_path.get(&left.path[..]) else { continue };
            let path = || Some(shown(&left.path));
            if (left.seconds, left.nanos) != (right.seconds, right.nanos) {
                self.add(Cause::Times, path(), time(left), time(right));
            }
            let (mine, theirs) = (owner_of(one, left), owner_of(other, right));
            if mine != theirs {
                self.add(Cause::Owner, path(), owner(mine), owner(theirs));
            }
            if left.form != right.form {
                self.add(Cause::TarForm, path(), left.form.name().to_owned(), right.form.name().to_owned());
            }
        }
    }

    /// Deletions of one side only. Whether they take away the same is for the trees to say.
    fn whiteouts(&mut self) {
        let [one, other] = self.layers.map(|layer| {
            let marks = layer.entries.iter().filter(|entry| entry.whiteout().is_some());
            marks.map(|entry| &entry.path[..]).collect::<std::collections::BTreeSet<_>>()
        });
        for path in one.difference(&other) {
            self.add(Cause::Whiteouts, Some(shown(path)), "there".to_owned(), "not there".to_owned());
        }
        for path in other.difference(&one) {
            self.add(Cause::Whiteouts, Some(shown(path)), "not there".to_owned(), "there".to_owned());
        }
    }

    fn differs_in_content(&self) -> bool {
        let [one, other] = self.layers.map(|layer| {
            layer.entries.iter().map(|entry| (&entry.path[..], content(entry))).collect::<BTreeMap<_, _>>()
        });
        one != other
    }
}

fn content(entry: &Entry) -> (&EntryKind, u32, &Option<Box<[u8; 32]>>) {
    (&entry.kind, entry.mode, &entry.attributes)
}

fn owner_of<'l>(layer: &'l Layer, entry: &Entry) -> Option<&'l Owner> {
    layer.owners.get(usize::try_from(entry.owner).ok()?)
}

pub(super) fn time(entry: &Entry) -> String {
    match entry.nanos {
        0 => entry.seconds.to_string(),
        nanos => format!("{}.{nanos:09}", entry.seconds),
    }
}

pub(super) fn owner(owner: Option<&Owner>) -> String {
    let Some(owner) = owner else { return "unknown".to_owned() };
    let name = |name: &[u8]| {
        if name.is_empty() { "-".to_owned() } else { String::from_utf8_lossy(name).into_owned() }
    };
    format!("{}:{} ({}:{})", owner.user, owner.group, name(&owner.user_name), name(&owner.group_name))
}
