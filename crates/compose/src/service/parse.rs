//! From the merged tree to services.

use super::keys::{MODELLED, UNMODELLED};
use super::{
    Activity, Build, CommandLine, ContextKind, EnvFile, EnvironmentVariable, FileMount, Hook, KeyValue,
    Logging, Mount, Port, Service,
};
use crate::construct::{Construct, ConstructKind, Text};
use crate::environment::EnvironmentModel;
use crate::image::ImageReference;
use crate::provenance::Provenance;
use crate::service::mount::absolute_path;
use crate::tree::{Tree, TreeEntry, joined};
use crate::value::{Part, Reference, ReferenceForm, ScalarKind, Value};

/// Makes services; collects what it does not understand.
pub(crate) struct Parser<'a> {
    pub(crate) environment: &'a EnvironmentModel,
    pub(crate) constructs: Vec<Construct>,
}

impl Parser<'_> {
    pub(crate) fn service(&mut self, entry: &TreeEntry) -> Service {
        let path = joined("services", &entry.key);
        let tree = &entry.tree;
        self.check_keys(tree, &path);
        let (environment, replaced_environment) = self.environment_entries(tree, &path);
        let command = |key: &str| command_line(tree.get(key), &joined(&path, key));
        let healthcheck = tree.get("healthcheck").and_then(|check| check.get("test"));
        Service {
            name: entry.key.clone(),
            key_span: entry.key_span,
            activity: self.activity(tree),
            image: tree
                .get("image")
                .and_then(Tree::scalar)
                .cloned()
                .map(|value| ImageReference::parse(value, joined(&path, "image"))),
            build: tree.get("build").and_then(|build| self.build(build, &joined(&path, "build"))),
            environment,
            replaced_environment,
            env_files: self.env_files(tree, &path),
            command: command("command"),
            entrypoint: command("entrypoint"),
            mounts: self.elements(tree, &path, "volumes", Mount::read),
            ports: self.elements(tree, &path, "ports", Port::read),
            extra_hosts: self.hosts(tree, &path),
            sysctls: self.pairs(tree, &path, "sysctls"),
            labels: self.pairs(tree, &path, "labels"),
            annotations: self.pairs(tree, &path, "annotations"),
            configs: self.elements(tree, &path, "configs", FileMount::read),
            secrets: self.elements(tree, &path, "secrets", FileMount::read),
            depends_on: names(tree.get("depends_on")).into_iter().map(|entry| entry.key).collect(),
            networks: names(tree.get("networks")),
            healthcheck: command_line(healthcheck, &joined(&path, "healthcheck.test")),
            logging: tree.get("logging").map(|logging| Logging {
                driver: logging.get("driver").and_then(Tree::scalar).cloned(),
                options: key_values(logging.get("options"), &joined(&path, "logging.options")),
            }),
            hooks: hooks(tree, &path),
            tree: tree.clone(),
            path,
        }
    }

    fn check_keys(&mut self, tree: &Tree, path: &str) {
        if !matches!(tree, Tree::Mapping(..)) {
            self.wrong_type(tree, path.to_owned(), "a mapping");
        }
        for entry in tree.entries() {
            let key = entry.key.as_str();
            let kind = if MODELLED.contains(&key) || key.starts_with("x-") {
                continue;
            } else if key == "extends" {
                ConstructKind::Extends
            } else if UNMODELLED.contains(&key) {
                ConstructKind::UnmodelledComposeKey
            } else {
                ConstructKind::UnknownComposeKey
            };
            self.add(kind, entry.key_span, joined(path, key), entry.key.clone());
        }
    }

    /// `up` starts a service unless it has profiles that are not on, or no replicas.
    fn activity(&self, tree: &Tree) -> Activity {
        let replicas = tree.get("deploy").and_then(|deploy| deploy.get("replicas"));
        for (through, count) in [("scale", tree.get("scale")), ("deploy.replicas", replicas)] {
            let Some(value) = count.and_then(Tree::scalar) else { continue };
            match value.literal() {
                Some(text) if text.parse::<u64>() == Ok(0) => return Activity::NoReplicas,
                Some(_) => {}
                None => {
                    let (provenance, assumed) = (value.provenance(), value.is_assumed());
                    return Activity::Chosen { provenance, assumed, through: through.to_owned() };
                }
            }
        }
        let profiles = tree.get("profiles").map_or(&[][..], Tree::elements);
        if profiles.is_empty() {
            return Activity::Active;
        }
        let lookup = self.environment.lookup("COMPOSE_PROFILES");
        let names: Vec<&Value> = profiles.iter().filter_map(Tree::scalar).collect();
        let chosen_name = names.iter().find(|name| !name.is_known());
        let is_chosen = lookup.provenance != Provenance::Unset && lookup.known.is_none();
        if is_chosen || chosen_name.is_some() {
            let provenance =
                chosen_name.map_or(lookup.provenance, |name| name.provenance().join(lookup.provenance));
            let through = "COMPOSE_PROFILES".to_owned();
            return Activity::Chosen { provenance, assumed: lookup.assumed, through };
        }
        let on: Vec<&str> = lookup.known.as_deref().unwrap_or("").split(',').map(str::trim).collect();
        let is_on = on.contains(&"*") || names.iter().any(|name| on.contains(&name.text.as_str()));
        if is_on {
            Activity::Active
        } else {
            Activity::Profiles(names.iter().map(|name| name.text.clone()).collect())
        }
    }

    fn environment_entries(
        &mut self,
        tree: &Tree,
        path: &str,
    ) -> (Vec<EnvironmentVariable>, Vec<EnvironmentVariable>) {
        let path = joined(path, "environment");
        let entries: Vec<EnvironmentVariable> = match tree.get("environment") {
            None | Some(Tree::Null(_)) => Vec::new(),
            Some(Tree::Mapping(entries, _)) => {
                entries.iter().filter_map(|entry| self.mapped(entry, &path)).collect()
            }
            Some(Tree::Sequence(elements, _)) => {
                let indexed = elements.iter().enumerate();
                indexed
                    .filter_map(|(index, element)| self.listed(element, joined(&path, &index.to_string())))
                    .collect()
            }
            Some(other) => {
                self.wrong_type(other, path, "a sequence or a mapping");
                Vec::new()
            }
        };
        last_wins(entries)
    }

    fn mapped(&mut self, entry: &TreeEntry, path: &str) -> Option<EnvironmentVariable> {
        let path = joined(path, &entry.key);
        let name = Value::literal_text(entry.key.clone(), entry.key_span);
        match &entry.tree {
            Tree::Null(_) => Some(self.bare(name, path)),
            Tree::Scalar(value) => {
                let span = entry.key_span.join(value.span);
                Some(EnvironmentVariable { name, value: Some(value.clone()), bare: false, path, span })
            }
            other => {
                self.wrong_type(other, path, "a scalar");
                None
            }
        }
    }

    fn listed(&mut self, element: &Tree, path: String) -> Option<EnvironmentVariable> {
        let Some(entry) = element.scalar() else {
            self.wrong_type(element, path, "a scalar");
            return None;
        };
        match entry.split_once('=') {
            Some((name, value)) => {
                Some(EnvironmentVariable { name, value: Some(value), bare: false, path, span: entry.span })
            }
            None => Some(self.bare(entry.clone(), path)),
        }
    }

    /// An entry without value takes the value that the environment of `docker compose` gives.
    fn bare(&self, name: Value, path: String) -> EnvironmentVariable {
        let span = name.span;
        let value = self.bare_value(&name);
        EnvironmentVariable { name, value, bare: true, path, span }
    }

    pub(crate) fn bare_value(&self, name: &Value) -> Option<Value> {
        let Some(text) = name.literal() else {
            // Whoever chooses the name chooses what it brings.
            return Some(name.clone());
        };
        let lookup = self.environment.lookup(text);
        let reference = Reference {
            name: text.to_owned(),
            form: ReferenceForm::Bare,
            provenance: lookup.provenance,
            assumed: lookup.assumed,
            default: None,
            span: name.span,
        };
        let known = lookup.known.is_some() || lookup.provenance == Provenance::Unset;
        let part = Part {
            text: lookup.known.unwrap_or_else(|| if known { String::new() } else { format!("${{{text}}}") }),
            known,
            provenance: lookup.provenance,
            source: Some(text.to_owned()),
            assumed: lookup.assumed,
            ..Part::literal("", name.span)
        };
        let mut value = Value::of(vec![part], ScalarKind::String, name.span);
        value.references = vec![reference];
        Some(value)
    }

    fn env_files(&mut self, tree: &Tree, path: &str) -> Vec<EnvFile> {
        let path = joined(path, "env_file");
        let entries: Vec<&Tree> = match tree.get("env_file") {
            None | Some(Tree::Null(_)) => Vec::new(),
            Some(Tree::Sequence(elements, _)) => elements.iter().collect(),
            Some(other) => vec![other],
        };
        let mut files = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let path = joined(&path, &index.to_string());
            let file = entry.scalar().or_else(|| entry.get("path").and_then(Tree::scalar)).cloned();
            let Some(file) = file else {
                self.wrong_type(entry, path, "a path");
                continue;
            };
            let required = entry.get("required").and_then(Tree::scalar).cloned();
            files.push(EnvFile { content: content_of(&file), file, required, path });
        }
        files
    }

    fn build(&mut self, tree: &Tree, path: &str) -> Option<Build> {
        if tree.is_null() {
            return None;
        }
        let field = |name: &str| tree.get(name).and_then(Tree::scalar).cloned();
        let context = tree.scalar().cloned().or_else(|| field("context"));
        let mut args = key_values(tree.get("args"), &joined(path, "args"));
        for arg in &mut args {
            if arg.value.is_none() {
                arg.value = self.bare_value(&arg.key);
            }
        }
        Some(Build {
            context_kind: ContextKind::of(context.as_ref()),
            context,
            dockerfile: field("dockerfile"),
            dockerfile_inline: field("dockerfile_inline"),
            args,
            additional_contexts: key_values(
                tree.get("additional_contexts"),
                &joined(path, "additional_contexts"),
            ),
            target: field("target"),
            path: path.to_owned(),
            span: tree.span(),
            tree: tree.clone(),
        })
    }

    fn elements<T>(
        &mut self,
        tree: &Tree,
        path: &str,
        key: &str,
        read: impl Fn(&Tree, String) -> Option<T>,
    ) -> Vec<T> {
        let path = joined(path, key);
        let elements = match tree.get(key) {
            None | Some(Tree::Null(_)) => return Vec::new(),
            Some(Tree::Sequence(elements, _)) => elements,
            Some(other) => {
                self.wrong_type(other, path, "a sequence");
                return Vec::new();
            }
        };
        let mut out = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            let path = joined(&path, &index.to_string());
            match read(element, path.clone()) {
                Some(read) => out.push(read),
                None => self.wrong_type(element, path, "a scalar or a mapping"),
            }
        }
        out
    }

    fn pairs(&mut self, tree: &Tree, path: &str, key: &str) -> Vec<KeyValue> {
        let path = joined(path, key);
        if let Some(other @ Tree::Scalar(_)) = tree.get(key) {
            self.wrong_type(other, path.clone(), "a sequence or a mapping");
        }
        key_values(tree.get(key), &path)
    }

    /// `NAME:ADDRESS` or `NAME=ADDRESS`, or a mapping from names to addresses.
    fn hosts(&mut self, tree: &Tree, path: &str) -> Vec<KeyValue> {
        let path = joined(path, "extra_hosts");
        let Some(hosts) = tree.get("extra_hosts") else { return Vec::new() };
        if !matches!(hosts, Tree::Sequence(..)) {
            return key_values(Some(hosts), &path);
        }
        let indexed = hosts.elements().iter().enumerate();
        indexed
            .filter_map(|(index, element)| {
                let value = element.scalar()?;
                let path = joined(&path, &index.to_string());
                let split = value.split_once('=').or_else(|| value.split_once(':'));
                Some(match split {
                    Some((key, address)) => KeyValue { key, value: Some(address), path },
                    None => KeyValue { key: value.clone(), value: None, path },
                })
            })
            .collect()
    }

    pub(crate) fn wrong_type(&mut self, tree: &Tree, path: String, expected: &str) {
        let detail = format!("expected {expected}, got {}", tree.kind());
        self.add(ConstructKind::ComposeType, tree.span(), path, detail);
    }

    pub(crate) fn add(
        &mut self,
        kind: ConstructKind,
        span: crate::position::Span,
        path: String,
        detail: String,
    ) {
        self.constructs.push(Construct { kind, text: Text::ComposeFile, span, path, detail });
    }
}

/// Of entries with the same known name the last counts, at the place of the first.
fn last_wins(entries: Vec<EnvironmentVariable>) -> (Vec<EnvironmentVariable>, Vec<EnvironmentVariable>) {
    let mut effective: Vec<EnvironmentVariable> = Vec::with_capacity(entries.len());
    let mut replaced = Vec::new();
    let mut places = std::collections::HashMap::new();
    for entry in entries {
        let Some(name) = entry.name.literal().map(str::to_owned) else {
            effective.push(entry);
            continue;
        };
        match places.get(&name).and_then(|index: &usize| effective.get_mut(*index)) {
            Some(place) => replaced.push(core::mem::replace(place, entry)),
            None => {
                places.insert(name, effective.len());
                effective.push(entry);
            }
        }
    }
    (effective, replaced)
}

/// Who chooses the content of an env_file.
fn content_of(file: &Value) -> Provenance {
    let Some(path) = file.literal().map(absolute_path) else { return Provenance::Unknown };
    if path.contains("/.decrypted-env") {
        Provenance::Operator
    } else if path.contains("/.host-shared") || path.contains("user_config") || path.contains(".sys-config") {
        Provenance::Host
    } else {
        Provenance::Unknown
    }
}

/// A mapping, or a sequence of `KEY=VALUE`.
pub(crate) fn key_values(tree: Option<&Tree>, path: &str) -> Vec<KeyValue> {
    match tree {
        Some(Tree::Mapping(entries, _)) => {
            let pair = |entry: &TreeEntry| {
                let key = Value::literal_text(entry.key.clone(), entry.key_span);
                let path = joined(path, &entry.key);
                let values: Vec<Option<Value>> = match &entry.tree {
                    Tree::Sequence(elements, _) => {
                        elements.iter().map(|element| element.scalar().cloned()).collect()
                    }
                    other => vec![other.scalar().cloned()],
                };
                values.into_iter().map(move |value| KeyValue { key: key.clone(), value, path: path.clone() })
            };
            entries.iter().flat_map(pair).collect()
        }
        Some(Tree::Sequence(elements, _)) => {
            let pair = |(index, element): (usize, &Tree)| {
                let value = element.scalar()?;
                let path = joined(path, &index.to_string());
                Some(match value.split_once('=') {
                    Some((key, value)) => KeyValue { key, value: Some(value), path },
                    None => KeyValue { key: value.clone(), value: None, path },
                })
            };
            elements.iter().enumerate().filter_map(pair).collect()
        }
        _ => Vec::new(),
    }
}

/// Names of a sequence, or keys of a mapping with what stands below.
fn names(tree: Option<&Tree>) -> Vec<TreeEntry> {
    match tree {
        Some(Tree::Mapping(entries, _)) => entries.clone(),
        Some(Tree::Sequence(elements, _)) => elements
            .iter()
            .filter_map(Tree::scalar)
            .map(|value| TreeEntry {
                key: value.text.clone(),
                key_span: value.span,
                tree: Tree::Null(value.span),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn command_line(tree: Option<&Tree>, path: &str) -> Option<CommandLine> {
    let tree = tree?;
    let (words, is_text) = match tree {
        Tree::Scalar(value) => (vec![value.clone()], true),
        Tree::Sequence(elements, _) => (elements.iter().filter_map(Tree::scalar).cloned().collect(), false),
        _ => return None,
    };
    Some(CommandLine { words, is_text, path: path.to_owned(), span: tree.span() })
}

fn hooks(tree: &Tree, path: &str) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for event in ["post_start", "pre_start", "pre_stop"] {
        for (index, hook) in tree.get(event).map_or(&[][..], Tree::elements).iter().enumerate() {
            let path = format!("{path}.{event}.{index}.command");
            let command = command_line(hook.get("command"), &path);
            hooks.push(Hook { event: event.to_owned(), command, tree: hook.clone() });
        }
    }
    hooks
}
