//! What is taken out of the files while their layer streams by: masked digests and the packages of a database.

use super::noise::Mask;
use crate::layer::Visitor;
use sha2::Digest as _;
use std::collections::BTreeMap;

/// Packages by name, with their versions.
pub(super) type Packages = BTreeMap<String, String>;

/// Files that are kept while they stream by. A status file of dpkg with 3,000 packages has 4 MiB.
const WATCHED_BYTES: u64 = 16 << 20;

/// Collects from one layer.
#[derive(Debug, Default)]
pub(super) struct Collector {
    watched: Option<Watched>,
    buffer: Vec<u8>,
    /// Package databases by path.
    pub(super) databases: BTreeMap<Vec<u8>, Packages>,
}

#[derive(Debug)]
enum Watched {
    Masked(Mask),
    Database(Vec<u8>, Manager),
}

#[derive(Debug, Clone, Copy)]
enum Manager {
    Dpkg,
    Apk,
}

impl Visitor for Collector {
    fn file(&mut self, path: &[u8], size: u64) -> bool {
        self.buffer.clear();
        let database = |manager| Watched::Database(path.to_vec(), manager);
        self.watched = match path {
            _ if size > WATCHED_BYTES => None,
            b"var/lib/dpkg/status" => Some(database(Manager::Dpkg)),
            b"lib/apk/db/installed" | b"usr/lib/apk/db/installed" => Some(database(Manager::Apk)),
            _ if path.starts_with(b"var/lib/dpkg/status.d/") => Some(database(Manager::Dpkg)),
            _ => Mask::of(path).map(Watched::Masked),
        };
        self.watched.is_some()
    }

    fn content(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    fn end(&mut self) -> Option<[u8; 32]> {
        match self.watched.take()? {
            Watched::Masked(mask) => Some(sha2::Sha256::digest(mask.blank(&self.buffer)?).into()),
            Watched::Database(path, manager) => {
                let text = String::from_utf8_lossy(&self.buffer);
                self.databases.insert(path, packages(&text, manager));
                None
            }
        }
    }
}

/// Stanzas between empty lines, with the name and version of each (deb822; apk's `installed`).
fn packages(text: &str, manager: Manager) -> Packages {
    let (name_key, version_key) = match manager {
        Manager::Dpkg => ("Package: ", "Version: "),
        Manager::Apk => ("P:", "V:"),
    };
    let mut packages = Packages::new();
    let (mut name, mut version) = (None, None);
    for line in text.lines().chain(core::iter::once("")) {
        if let Some(text) = line.strip_prefix(name_key) {
            name = Some(text.trim());
        } else if let Some(text) = line.strip_prefix(version_key) {
            version = Some(text.trim());
        } else if line.is_empty()
            && let (Some(name), Some(version)) = (name.take(), version.take())
        {
            packages.insert(name.to_owned(), version.to_owned());
        }
    }
    packages
}

/// A Python package by the folder of its metadata: `.../NAME-VERSION.dist-info/METADATA`.
pub(super) fn python_package(path: &[u8]) -> Option<(String, String)> {
    let folder = path.strip_suffix(b".dist-info/METADATA")?;
    let name = String::from_utf8_lossy(crate::entry::name(folder)).into_owned();
    let (name, version) = name.split_once('-')?;
    Some((name.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_each_manager_are_read_with_their_versions() {
        let dpkg =
            "Package: jq\nStatus: install ok installed\nVersion: 1.6-2\n\nPackage: tar\nVersion: 1.34\n";
        let read = packages(dpkg, Manager::Dpkg);
        assert_eq!(read.get("jq").map(String::as_str), Some("1.6-2"));
        assert_eq!(read.len(), 2);
        let apk = "C:x\nP:musl\nV:1.2.4-r0\nA:x86_64\n\nP:zlib\nV:1.3\n\n";
        assert_eq!(packages(apk, Manager::Apk).get("musl").map(String::as_str), Some("1.2.4-r0"));
        let python = python_package(b"usr/lib/python3/dist-packages/requests-2.31.0.dist-info/METADATA");
        assert_eq!(python, Some(("requests".to_owned(), "2.31.0".to_owned())));
    }
}
