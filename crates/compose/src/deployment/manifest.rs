//! The fields of app_compose itself (dstack, `dstack-types`, and what its scripts read with jq).

use crate::app_compose::AppCompose;
use crate::construct::{Construct, ConstructKind, Text};
use crate::environment::AllowedName;
use crate::json::{JsonMember, JsonNode};
use crate::position::Span;
use crate::script::Role;

/// Init scripts beyond which dstack refuses a manifest.
const INIT_SCRIPTS: usize = 5;

/// Fields that dstack documents.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "allowed_envs", "bash_script", "docker_compose_file", "event_log_version", "features", "gateway_enabled",
    "init_script", "key_provider", "key_provider_id", "kms_enabled", "local_key_provider_enabled", "manifest_version",
    "name", "no_instance_id", "port_policy", "pre_launch_script", "public_logs", "public_sysinfo", "public_tcbinfo",
    "requirements", "runner", "secure_time", "snapshotter", "storage_fs", "swap_size", "tproxy_enabled",
    "verity_volumes",
];

/// Fields that dstack ignores and deployments are known to carry.
const EXTRAS: &[&str] = &["launch_token_hash", "default_gateway_domain", "docker_config", "salt"];

/// The fields of an app_compose.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    members: Vec<JsonMember>,
    /// `allowed_envs`; an absent list allows nothing. Entries that are no strings are left out and listed as
    /// constructs.
    pub allowed_envs: Vec<AllowedName>,
    /// The scripts, in the order in which they run.
    pub scripts: Vec<ScriptSource>,
    /// Fields that dstack does not document, known extras among them.
    pub unknown: Vec<UnknownField>,
}

/// A field that dstack does not document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownField {
    /// Its key.
    pub key: String,
    /// Where it stands in the document.
    pub span: Span,
    /// Deployments are known to carry it.
    pub is_known_extra: bool,
}

/// A script as it stands in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptSource {
    /// Which script it is.
    pub role: Role,
    /// `pre_launch_script`, `init_script`, `init_script.1` or `bash_script`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Where its string literal stands in the document.
    pub span: Span,
}

impl Manifest {
    pub(super) fn read(document: &AppCompose) -> (Self, Vec<Construct>) {
        let mut reader = Reader { constructs: Vec::new() };
        let manifest = Self {
            members: document.members().to_vec(),
            allowed_envs: reader.allowed_envs(document),
            scripts: reader.scripts(document),
            unknown: reader.unknown(document),
        };
        reader.types(document);
        (manifest, reader.constructs)
    }

    /// A field with its span.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&JsonNode> {
        self.members.iter().find(|member| member.key == key).map(|member| &member.node)
    }

    /// All fields, in document order.
    #[must_use]
    pub fn members(&self) -> &[JsonMember] {
        &self.members
    }

    /// A field that is a string.
    #[must_use]
    pub fn string(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(JsonNode::as_str)
    }

    /// A switch, with dstack's default where it is absent: `public_tcbinfo` and `secure_time` are on, all others off.
    /// `None` where a value of another type stands there.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key) {
            None => Some(matches!(key, "public_tcbinfo" | "secure_time")),
            Some(node) => node.as_bool(),
        }
    }

    /// Where a field stands, or the whole document.
    #[must_use]
    pub fn span(&self, key: &str) -> Span {
        self.get(key).map_or_else(Span::default, |node| node.span)
    }

    /// `runner`.
    #[must_use]
    pub fn runner(&self) -> Option<&str> {
        self.string("runner")
    }

    /// Whether dstack's gateway routes to it: `gateway_enabled`, `tproxy_enabled` or the legacy feature.
    #[must_use]
    pub fn gateway_enabled(&self) -> bool {
        self.flag("gateway_enabled") == Some(true)
            || self.flag("tproxy_enabled") == Some(true)
            || self.has_feature("tproxy-net")
    }

    /// The key provider that dstack takes: `key_provider`, else `kms`, `local` or `none` by the older switches.
    #[must_use]
    pub fn key_provider(&self) -> &str {
        if let Some(provider) = self.string("key_provider") {
            return provider;
        }
        if self.flag("kms_enabled") == Some(true) {
            "kms"
        } else if self.flag("local_key_provider_enabled") == Some(true) {
            "local"
        } else {
            "none"
        }
    }

    /// Whether the deprecated list names it. Of all its names guests still look at `tproxy-net` alone.
    #[must_use]
    pub fn has_feature(&self, feature: &str) -> bool {
        let features = self.get("features").and_then(JsonNode::elements).unwrap_or(&[]);
        features.iter().any(|node| node.as_str() == Some(feature))
    }
}

struct Reader {
    constructs: Vec<Construct>,
}

impl Reader {
    fn allowed_envs(&mut self, document: &AppCompose) -> Vec<AllowedName> {
        let Some(node) = document.get("allowed_envs") else { return Vec::new() };
        let Some(elements) = node.elements() else {
            self.wrong_type("allowed_envs", node, "an array");
            return Vec::new();
        };
        let mut names = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            match element.as_str() {
                Some(name) => names.push(AllowedName { name: name.to_owned(), span: element.span }),
                None => self.wrong_type(&format!("allowed_envs.{index}"), element, "a string"),
            }
        }
        names
    }

    fn scripts(&mut self, document: &AppCompose) -> Vec<ScriptSource> {
        let mut scripts = Vec::new();
        let mut add = |role, path: String, node: &JsonNode| match node.as_str() {
            Some("") => None,
            Some(text) => {
                scripts.push(ScriptSource { role, path, text: text.to_owned(), span: node.span });
                None
            }
            None => Some(path),
        };
        let mut wrong = Vec::new();
        match document.get("init_script") {
            Some(node) if node.elements().is_some() => {
                for (index, element) in node.elements().unwrap_or(&[]).iter().enumerate() {
                    let path = format!("init_script.{index}");
                    wrong.extend(add(Role::Init, path, element).map(|path| (path, element.clone())));
                }
            }
            Some(node) => {
                wrong
                    .extend(add(Role::Init, "init_script".to_owned(), node).map(|path| (path, node.clone())));
            }
            None => {}
        }
        for (key, role) in [("pre_launch_script", Role::PreLaunch), ("bash_script", Role::Bash)] {
            if let Some(node) = document.get(key) {
                wrong.extend(add(role, key.to_owned(), node).map(|path| (path, node.clone())));
            }
        }
        for (path, node) in wrong {
            if !matches!(node.value, crate::json::JsonValue::Null) {
                self.wrong_type(&path, &node, "a string");
            }
        }
        if let Some(node) = document.get("init_script")
            && node.elements().is_some_and(|elements| elements.len() > INIT_SCRIPTS)
        {
            self.wrong_type("init_script", node, "at most five scripts");
        }
        scripts
    }

    fn unknown(&mut self, document: &AppCompose) -> Vec<UnknownField> {
        let mut unknown = Vec::new();
        for member in document.members().iter().filter(|member| !KNOWN.contains(&member.key.as_str())) {
            let is_known_extra = EXTRAS.contains(&member.key.as_str());
            unknown.push(UnknownField { key: member.key.clone(), span: member.key_span, is_known_extra });
            self.constructs.push(Construct {
                kind: ConstructKind::UnknownManifestKey,
                text: Text::Document,
                span: member.key_span,
                path: member.key.clone(),
                detail: member.key.clone(),
            });
        }
        unknown
    }

    fn types(&mut self, document: &AppCompose) {
        const FLAGS: [&str; 9] = [
            "gateway_enabled",
            "kms_enabled",
            "local_key_provider_enabled",
            "no_instance_id",
            "public_logs",
            "public_sysinfo",
            "public_tcbinfo",
            "secure_time",
            "tproxy_enabled",
        ];
        const STRINGS: [&str; 6] =
            ["name", "runner", "key_provider", "key_provider_id", "snapshotter", "storage_fs"];
        for key in FLAGS {
            if let Some(node) = document.get(key).filter(|node| node.as_bool().is_none()) {
                self.wrong_type(key, node, "a truth value");
            }
        }
        for key in STRINGS {
            let wrong = |node: &&JsonNode| node.as_str().is_none() && node.kind() != "null";
            if let Some(node) = document.get(key).filter(wrong) {
                self.wrong_type(key, node, "a string");
            }
        }
    }

    fn wrong_type(&mut self, path: &str, node: &JsonNode, expected: &str) {
        self.constructs.push(Construct {
            kind: ConstructKind::ManifestType,
            text: Text::Document,
            span: node.span,
            path: path.to_owned(),
            detail: format!("expected {expected}, got {}", node.kind()),
        });
    }
}
