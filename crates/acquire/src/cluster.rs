//! Clusters and resolvers that are known by name (`data/clusters.toml`).
//!
//! A name is a convenience. Nothing here is trusted: what a gateway or a resolver says is evidence like any other.

use serde::Deserialize;
use std::sync::LazyLock;

/// Everything that is known by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Phala Cloud.
    pub cloud: PhalaCloud,
    /// The clusters, by name.
    #[serde(rename = "cluster")]
    pub clusters: Vec<Cluster>,
    /// Resolvers for DNS over HTTPS.
    #[serde(rename = "resolver")]
    pub resolvers: Vec<Resolver>,
}

/// Where Phala Cloud lists the instances of its applications.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhalaCloud {
    /// URL with `{app_id}` in it.
    pub attestations: String,
}

/// One cluster of Phala Cloud.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// What it is called behind the `@` of a target.
    pub name: String,
    /// Domain of its gateway, with the port where that is not 443.
    pub gateway: String,
    /// How it was learnt.
    pub seen: String,
}

/// A resolver that answers DNS over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolver {
    /// What it is called.
    pub name: String,
    /// URL of its queries (RFC 8484).
    pub url: String,
    /// How it was learnt.
    pub seen: String,
}

impl Directory {
    /// The list that this version was built with.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static DIRECTORY: LazyLock<Directory> = LazyLock::new(|| {
            // A test reads the file; a broken one cannot be released, and no names are known by it.
            toml::from_str(include_str!("../data/clusters.toml")).unwrap_or_else(|_broken| Directory {
                cloud: PhalaCloud { attestations: String::new() },
                clusters: Vec::new(),
                resolvers: Vec::new(),
            })
        });
        &DIRECTORY
    }

    /// The cluster with this name.
    #[must_use]
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }

    /// Whether a gateway (domain, with the port where that is not 443) belongs to one of the clusters.
    #[must_use]
    pub fn knows_gateway(&self, gateway: &str) -> bool {
        self.clusters.iter().any(|cluster| cluster.gateway == gateway)
    }

    /// The resolver with this name.
    #[must_use]
    pub fn resolver(&self, name: &str) -> Option<&Resolver> {
        self.resolvers.iter().find(|resolver| resolver.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Gateway;

    #[test]
    fn the_built_in_list_is_read_whole_and_every_entry_of_it_can_be_used() {
        let directory: Directory = toml::from_str(include_str!("../data/clusters.toml")).unwrap();
        assert_eq!(&directory, Directory::built_in());
        assert!(directory.clusters.len() > 10);
        let mut names: Vec<_> = directory.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), directory.clusters.len(), "a name stands for one cluster");
        for cluster in &directory.clusters {
            assert_eq!(Gateway::parse(&cluster.gateway).unwrap().to_string(), cluster.gateway);
            assert!(!cluster.seen.is_empty());
        }
        for resolver in &directory.resolvers {
            assert_eq!(url::Url::parse(&resolver.url).unwrap().scheme(), "https");
        }
        assert!(directory.cloud.attestations.contains("{app_id}"));
    }
}
