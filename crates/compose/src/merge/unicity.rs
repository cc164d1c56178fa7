//! Sequences whose elements have a key: of two with the same key the later takes the place of the earlier.

use crate::service::pieces_of;
use crate::tree::Tree;
use std::collections::HashMap;

#[derive(Clone, Copy)]
enum Key {
    /// What stands before the first `=`, or the whole text.
    BeforeEquals,
    /// The target of a mount.
    MountTarget,
    /// The target of a device.
    DeviceTarget,
    /// The target of a config or secret, or its name below this folder.
    FileTarget(&'static str),
    /// The whole text, or the fields of a published port.
    Port,
    /// The path of an env_file.
    EnvFile,
    /// The whole text.
    Whole,
}

fn key_of(path: &[&str]) -> Option<Key> {
    Some(match path {
        ["networks", _, "labels"] | ["networks", _, "ipam", "options"] => Key::BeforeEquals,
        ["services", _, tail @ ..] => match tail {
            [
                "annotations" | "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "labels"
                | "links" | "profiles" | "sysctls" | "tmpfs",
            ]
            | ["build", "args" | "additional_contexts" | "platform" | "tags" | "labels"]
            | ["deploy", "labels"]
            | ["networks", _, "aliases" | "link_local_ips"] => Key::BeforeEquals,
            ["volumes"] => Key::MountTarget,
            ["devices"] => Key::DeviceTarget,
            ["configs"] => Key::FileTarget(""),
            ["secrets"] => Key::FileTarget("/run/secrets"),
            ["ports"] => Key::Port,
            ["env_file"] => Key::EnvFile,
            ["expose"] => Key::Whole,
            _ => return None,
        },
        _ => return None,
    })
}

/// Makes every keyed sequence below `tree` unique; the later element takes the place of the earlier. `environment` is
/// left as it is: there the replaced entries are of interest, and the service says which ones count.
///
/// Two elements whose keys are not known are kept apart: which of them wins is the choice of whoever sets them.
pub(crate) fn enforce_unicity(tree: &mut Tree, path: &mut Vec<String>) {
    match tree {
        Tree::Mapping(entries, _) => {
            for entry in entries {
                path.push(entry.key.clone());
                enforce_unicity(&mut entry.tree, path);
                path.pop();
            }
        }
        Tree::Sequence(elements, _) => {
            let steps: Vec<&str> = path.iter().map(String::as_str).collect();
            let Some(key) = key_of(&steps) else { return };
            let mut out: Vec<Tree> = Vec::with_capacity(elements.len());
            let mut places: HashMap<String, usize> = HashMap::new();
            for element in elements.drain(..) {
                let Some(name) = name(&element, key) else {
                    out.push(element);
                    continue;
                };
                if let Some(place) = places.get(&name).and_then(|index| out.get_mut(*index)) {
                    *place = element;
                } else {
                    places.insert(name, out.len());
                    out.push(element);
                }
            }
            *elements = out;
        }
        _ => {}
    }
}

fn name(element: &Tree, key: Key) -> Option<String> {
    let field = |name: &str| element.get(name).and_then(Tree::scalar);
    let known = |name: &str| field(name).and_then(|value| value.literal()).map(str::to_owned);
    let Some(value) = element.scalar() else {
        return match key {
            Key::MountTarget | Key::DeviceTarget => known("target"),
            Key::FileTarget(folder) => match field("target") {
                Some(target) => target.literal().map(str::to_owned),
                None => known("source").map(|source| format!("{folder}/{source}")),
            },
            Key::EnvFile => known("path"),
            Key::Port => Some(port_name(element)),
            Key::BeforeEquals | Key::Whole => None,
        };
    };
    match key {
        Key::BeforeEquals => match value.split_once('=') {
            Some((name, _)) => name.literal().map(str::to_owned),
            None => value.literal().map(str::to_owned),
        },
        Key::MountTarget => {
            let pieces = pieces_of(value);
            let target = pieces.get(1).or_else(|| pieces.first())?;
            target.literal().map(str::to_owned)
        }
        Key::DeviceTarget => {
            let pieces = value.split(':');
            pieces.get(1).or_else(|| pieces.first())?.literal().map(str::to_owned)
        }
        Key::FileTarget(folder) => value.literal().map(|source| format!("{folder}/{source}")),
        Key::Port | Key::EnvFile | Key::Whole => value.literal().map(str::to_owned),
    }
}

fn port_name(element: &Tree) -> String {
    let field = |name: &str, default: &str| {
        element
            .get(name)
            .and_then(Tree::scalar)
            .map_or_else(|| default.to_owned(), |value| value.text.clone())
    };
    let (host, published) = (field("host_ip", "0.0.0.0"), field("published", ""));
    format!("{host}:{published}:{}/{}", field("target", ""), field("protocol", "tcp"))
}
