//! Mounts that a service has from others.

use super::{Fault, FaultKind, Mount, Service};
use std::collections::{BTreeMap, BTreeSet};

/// Steps of `volumes_from` that are followed: more of them than services can only go round.
const HEIRS: usize = 16;

/// Mounts that are inherited in all: a document of a few kilobytes could ask for the product of its services.
const INHERITED: usize = 10_000;

/// What `volumes_from` brings into a service counts as its own, at the entry that asks for it. Where it brings more than
/// [`INHERITED`], the entry at which it stopped.
pub(super) fn inherit_mounts<'d>(services: &mut [Service<'d>]) -> Option<Fault> {
    let mut by_name: BTreeMap<&'d str, Vec<usize>> = BTreeMap::new();
    for (index, service) in services.iter().enumerate() {
        by_name.entry(service.name).or_default().push(index);
    }
    let mut left = INHERITED;
    for _ in 0..HEIRS.min(services.len()) {
        let mut inherited: Vec<(usize, Mount<'d>)> = Vec::new();
        for (index, service) in services.iter().enumerate() {
            let mut known: BTreeSet<(String, String)> = service.mounts.iter().map(whole).collect();
            for (_, entry) in service.below("volumes_from") {
                let (text, read_only) = (entry.effective(), entry.effective().ends_with(":ro"));
                let givers = by_name.get(text.split(':').next().unwrap_or("")).into_iter().flatten();
                for mount in givers.filter_map(|giver| services.get(*giver)).flat_map(|giver| &giver.mounts) {
                    if !known.insert(whole(mount)) {
                        continue;
                    }
                    let Some(rest) = left.checked_sub(1) else {
                        return Some(Fault {
                            place: entry.place.clone(),
                            what: format!(
                                "volumes_from: brings more than {INHERITED} mounts; the rest is not read"
                            ),
                            kind: FaultKind::NotModelled,
                        });
                    };
                    left = rest;
                    let mut mount = mount.clone();
                    mount.source.place = entry.place.clone();
                    mount.read_only |= read_only;
                    inherited.push((index, mount));
                }
            }
        }
        if inherited.is_empty() {
            return None;
        }
        for (index, mount) in inherited {
            if let Some(service) = services.get_mut(index) {
                service.mounts.push(mount);
            }
        }
    }
    None
}

/// What makes a mount another one.
fn whole(mount: &Mount<'_>) -> (String, String) {
    (mount.target.to_string(), mount.source.effective())
}
