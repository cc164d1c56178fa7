//! The docker compose file: documents read, interpolated, merged in order, and taken apart into services and resources.

use crate::construct::{Construct, ConstructKind, Text};
use crate::environment::EnvironmentModel;
use crate::extends::{self, ExtendsError};
use crate::merge::{self, MergeError};
use crate::position::Span;
use crate::service::{
    Activity, KeyValue, MountKind, Parser, RESOURCE_KEYS, Service, TOP_LEVEL_KEYS, key_values,
};
use crate::tree::{self, ResolveError, Tree, TreeEntry};
use crate::value::{ScalarKind, Value};
use crate::yaml::{self, MergeTag, YamlError, YamlStream, YamlValue};
use core::fmt;
use veritee_model::{Budget, Reason};

/// Nodes that aliases may add before a person loses track.
const ALIAS_NODES: usize = 10_000;

/// `!reset` and `!override` tags of a document. Real ones have a few.
const MERGE_TAGS: usize = 256;

/// The compose file.
#[derive(Debug, Clone, PartialEq)]
pub struct ComposeFile {
    /// The text that all spans are about.
    pub text: String,
    /// `name`.
    pub name: Option<Value>,
    /// The services.
    pub services: Vec<Service>,
    /// Entries of `volumes`.
    pub volumes: Vec<Resource>,
    /// Entries of `networks`.
    pub networks: Vec<Resource>,
    /// Entries of `configs`.
    pub configs: Vec<Resource>,
    /// Entries of `secrets`.
    pub secrets: Vec<Resource>,
    /// `include`, if there is any: content that the hash does not cover.
    pub include: Option<Tree>,
    /// Top-level `x-` entries. What they claim is not checked by anybody.
    pub extensions: Vec<TreeEntry>,
    /// How many YAML documents were merged.
    pub documents: usize,
    /// All comments, with their places: for `# veritee: allow RULE reason`.
    pub comments: Vec<(Span, String)>,
    /// The whole merged file.
    pub tree: Tree,
}

/// An entry of `volumes`, `networks`, `configs` or `secrets`.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its key.
    pub key: String,
    /// Path of it, `configs.KEY`.
    pub path: String,
    /// Where its key stands.
    pub key_span: Span,
    /// It is made outside of this compose.
    pub external: bool,
    /// `file`: read from the guest's file system.
    pub file: Option<Value>,
    /// `content`.
    pub content: Option<Value>,
    /// `environment`: the name of a variable.
    pub environment: Option<Value>,
    /// What that variable gives.
    pub environment_value: Option<Value>,
    /// `driver`.
    pub driver: Option<Value>,
    /// `driver_opts`.
    pub driver_options: Vec<KeyValue>,
    /// The whole entry.
    pub tree: Tree,
}

/// Why there is no compose file to reason about. Never a reason to look for values by pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ComposeFileError {
    /// app_compose has no `docker_compose_file`.
    Missing,
    /// `docker_compose_file` is no string.
    NotAString {
        /// Where it stands in the document.
        span: Span,
        /// What it is.
        got: &'static str,
    },
    /// The file was masked by whoever published the document.
    Masked,
    /// The text is not YAML, or two readers could read it differently.
    Yaml(YamlError),
    /// The text is one line with `\n` written out: it was escaped twice.
    EscapedTwice,
    /// A document is no mapping.
    NotAMapping {
        /// Where the document stands.
        span: Span,
        /// What it is.
        got: &'static str,
    },
    /// There is no document, or no services in it.
    NoServices,
    /// A text that Compose refuses to interpolate.
    Interpolation(ResolveError),
    /// Two documents contradict each other.
    Merge(MergeError),
    /// There are more documents than allowed: each is merged over all before it.
    TooManyDocuments {
        /// Documents allowed.
        limit: usize,
    },
    /// A document has more `!reset` and `!override` tags than allowed.
    TooManyMergeTags {
        /// Tags allowed.
        limit: usize,
    },
    /// Services that extend each other grow beyond the budget.
    ExtendsTooLarge {
        /// Nodes allowed.
        limit: usize,
    },
    /// With interpolation the file grows beyond the budget.
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
}

impl ComposeFileError {
    /// The stable reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Missing | Self::NotAString { .. } | Self::Masked => Reason::ComposeFileMissing,
            Self::Yaml(error) => error.reason(),
            Self::TooLarge { .. }
            | Self::TooManyDocuments { .. }
            | Self::TooManyMergeTags { .. }
            | Self::ExtendsTooLarge { .. } => Reason::ComposeFileTooLarge,
            _ => Reason::ComposeFileMalformed,
        }
    }

    /// Where it stands in the YAML text, where there is such a place.
    #[must_use]
    pub const fn span(&self) -> Option<Span> {
        match self {
            Self::Yaml(error) => Some(Span::at(error.offset())),
            Self::NotAMapping { span, .. } => Some(*span),
            Self::Interpolation(error) => Some(error.span),
            Self::Merge(error) => Some(error.second),
            _ => None,
        }
    }
}

impl fmt::Display for ComposeFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the app_compose has no docker_compose_file"),
            Self::NotAString { got, .. } => write!(f, "docker_compose_file: expected a string, got {got}"),
            Self::Masked => f.write_str("docker_compose_file is masked"),
            Self::Yaml(error) => error.fmt(f),
            Self::EscapedTwice => {
                f.write_str("the compose file has its line breaks written out as \\n: escaped twice")
            }
            Self::NotAMapping { span, got } => {
                write!(f, "byte {}: expected a mapping as document, got {got}", span.start)
            }
            Self::NoServices => f.write_str("the compose file has no services"),
            Self::Interpolation(error) => error.fmt(f),
            Self::Merge(error) => error.fmt(f),
            Self::TooManyDocuments { limit } => write!(f, "more than {limit} documents in one file"),
            Self::TooManyMergeTags { limit } => {
                write!(f, "more than {limit} !reset and !override tags in a document")
            }
            Self::ExtendsTooLarge { limit } => {
                write!(f, "services that extend each other have more than {limit} nodes")
            }
            Self::TooLarge { limit } => {
                write!(f, "interpolated, the compose file has more than {limit} bytes")
            }
        }
    }
}

impl core::error::Error for ComposeFileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Yaml(error) => Some(error),
            Self::Interpolation(error) => Some(error),
            Self::Merge(error) => Some(error),
            _ => None,
        }
    }
}

/// Reads a compose file against an environment, and lists what is not modelled. The text is attacker-controlled.
pub fn read(
    text: &str,
    environment: &EnvironmentModel,
    budget: &Budget,
) -> (Result<ComposeFile, ComposeFileError>, Vec<Construct>) {
    let mut constructs = Vec::new();
    let result = read_into(text, environment, budget, &mut constructs);
    (result, constructs)
}

fn read_into(
    text: &str,
    environment: &EnvironmentModel,
    budget: &Budget,
    constructs: &mut Vec<Construct>,
) -> Result<ComposeFile, ComposeFileError> {
    if text == "[MASKED]" {
        return Err(ComposeFileError::Masked);
    }
    let escaped_twice = text.contains("\\n") && !text.trim_end().contains('\n');
    let stream = yaml::read(text, budget).map_err(|error| {
        if escaped_twice { ComposeFileError::EscapedTwice } else { ComposeFileError::Yaml(error) }
    })?;
    note_stream(text, &stream, constructs);
    let tree = match merged(text, &stream, environment, budget, constructs) {
        Err(ComposeFileError::NotAMapping { .. }) if escaped_twice => {
            return Err(ComposeFileError::EscapedTwice);
        }
        other => other?,
    };
    let mut parser = Parser { environment, constructs: Vec::new() };
    let Some(entries) = tree.get("services").map(Tree::entries).filter(|entries| !entries.is_empty()) else {
        return Err(ComposeFileError::NoServices);
    };
    let mut services: Vec<Service> = entries.iter().map(|entry| parser.service(entry)).collect();
    start_dependencies(&mut services);
    check_top_level(&tree, &mut parser);
    let mut section = |name: &str| resources(&tree, name, &mut parser);
    let (volumes, networks) = (section("volumes"), section("networks"));
    let (configs, secrets) = (section("configs"), section("secrets"));
    if tree.get("include").is_none() {
        let defined: Vec<&[Resource]> = vec![&volumes, &networks, &configs, &secrets];
        check_consistency(&services, &defined, &mut parser);
    }
    constructs.append(&mut parser.constructs);
    Ok(ComposeFile {
        text: text.to_owned(),
        name: tree.get("name").and_then(Tree::scalar).cloned(),
        services,
        volumes,
        networks,
        configs,
        secrets,
        include: tree.get("include").cloned(),
        extensions: tree.entries().iter().filter(|entry| entry.key.starts_with("x-")).cloned().collect(),
        documents: stream.documents.len(),
        comments: stream.comments,
        tree,
    })
}

fn merged(
    text: &str,
    stream: &YamlStream,
    environment: &EnvironmentModel,
    budget: &Budget,
    constructs: &mut Vec<Construct>,
) -> Result<Tree, ComposeFileError> {
    if stream.documents.len() > budget.yaml_documents {
        return Err(ComposeFileError::TooManyDocuments { limit: budget.yaml_documents });
    }
    let mut whole: Option<Tree> = None;
    let mut remarks = tree::Remarks::default();
    for document in &stream.documents {
        if !matches!(document.value, YamlValue::Mapping(_)) {
            return Err(ComposeFileError::NotAMapping { span: document.span, got: document.kind() });
        }
        let tagged = merge::tagged_paths(document);
        if tagged.len() > MERGE_TAGS {
            return Err(ComposeFileError::TooManyMergeTags { limit: MERGE_TAGS });
        }
        let mut document = document.clone();
        merge::without_resets(&mut document);
        let mut resolved = tree::resolve_with(text, &document, environment, &mut remarks)
            .map_err(ComposeFileError::Interpolation)?;
        for remark in extends::apply(&mut resolved, &tagged, budget.yaml_nodes, budget.yaml_text_bytes)
            .map_err(of_extends)?
        {
            note(constructs, remark.kind, remark.span, &remark.path, &remark.detail);
        }
        let base = whole.take();
        let mut next = match base {
            None => resolved,
            Some(mut base) => {
                for (path, _, _) in &tagged {
                    merge::drop_path(&mut base, path);
                }
                merge::merge(base, resolved, &mut Vec::new()).map_err(ComposeFileError::Merge)?
            }
        };
        merge::enforce_unicity(&mut next, &mut Vec::new());
        whole = Some(next);
        for (path, tag, span) in tagged {
            let detail = if tag == MergeTag::Reset { "!reset" } else { "!override" };
            note(constructs, ConstructKind::MergeTag, span, &path.join("."), detail);
        }
    }
    for span in remarks.plain_braces {
        note(constructs, ConstructKind::BraceInOperand, span, "", "'{' inside of a default");
    }
    for span in remarks.timestamps {
        note(constructs, ConstructKind::Timestamp, span, "", text.get(span.range()).unwrap_or(""));
    }
    let whole = whole.ok_or(ComposeFileError::NoServices)?;
    let mut bytes = 0_usize;
    whole.scalars("", &mut |_, value| bytes = bytes.saturating_add(value.text.len()));
    if bytes > budget.yaml_text_bytes {
        return Err(ComposeFileError::TooLarge { limit: budget.yaml_text_bytes });
    }
    Ok(whole)
}

fn of_extends(error: ExtendsError) -> ComposeFileError {
    match error {
        ExtendsError::Merge(error) => ComposeFileError::Merge(error),
        ExtendsError::TooLarge(limit) => ComposeFileError::ExtendsTooLarge { limit },
    }
}

fn note(constructs: &mut Vec<Construct>, kind: ConstructKind, span: Span, path: &str, detail: &str) {
    let (path, detail) = (path.to_owned(), detail.to_owned());
    constructs.push(Construct { kind, text: Text::ComposeFile, span, path, detail });
}

fn note_stream(text: &str, stream: &YamlStream, constructs: &mut Vec<Construct>) {
    if let Some(second) = stream.documents.get(1) {
        let detail = format!("{} documents", stream.documents.len());
        note(constructs, ConstructKind::MultipleDocuments, second.span, "", &detail);
    }
    for (span, tag) in &stream.foreign_tags {
        note(constructs, ConstructKind::ForeignTag, *span, "", tag);
    }
    if stream.alias_nodes > ALIAS_NODES {
        let detail = format!("aliases add {} nodes", stream.alias_nodes);
        note(constructs, ConstructKind::AliasExpansion, Span::at(0), "", &detail);
    }
    if stream.byte_order_mark {
        note(constructs, ConstructKind::ByteOrderMark, Span::new(0, 3), "", "U+FEFF");
    }
    let mut at = 0_usize;
    for line in text.split_inclusive('\n') {
        let indent = line.len().saturating_sub(line.trim_start_matches([' ', '\t']).len());
        let has_tab = line.get(..indent).is_some_and(|indent| indent.contains('\t'));
        // Inside of block scalars tabs are text; there an indentation of spaces comes first.
        if has_tab && line.starts_with('\t') {
            note(
                constructs,
                ConstructKind::TabIndentation,
                Span::new(at, at.saturating_add(indent)),
                "",
                "tab",
            );
        }
        at = at.saturating_add(line.len());
    }
}

/// A service that an active one depends on is started with it.
fn start_dependencies(services: &mut [Service]) {
    let by_name: std::collections::HashMap<String, usize> =
        services.iter().enumerate().map(|(index, service)| (service.name.clone(), index)).collect();
    let mut queue: Vec<usize> = services
        .iter()
        .enumerate()
        .filter(|(_, s)| s.activity == Activity::Active)
        .map(|(index, _)| index)
        .collect();
    while let Some(index) = queue.pop() {
        let names = services.get(index).map(|service| service.depends_on.clone()).unwrap_or_default();
        for target in names.iter().filter_map(|name| by_name.get(name)) {
            if let Some(service) = services.get_mut(*target)
                && matches!(service.activity, Activity::Profiles(_))
            {
                service.activity = Activity::Active;
                queue.push(*target);
            }
        }
    }
}

/// What compose-go checks after loading (`loader/validate.go`), as far as names are known.
fn check_consistency(services: &[Service], defined: &[&[Resource]], parser: &mut Parser<'_>) {
    use std::collections::HashSet;
    let names: HashSet<&str> = services.iter().map(|service| service.name.as_str()).collect();
    let keys = |resources: &&[Resource]| resources.iter().map(|r| r.key.clone()).collect::<HashSet<String>>();
    let sets: Vec<HashSet<String>> = defined.iter().map(keys).collect();
    let [volumes, networks, configs, secrets] = sets.as_slice() else { return };
    for service in services.iter().filter(|service| service.activity == Activity::Active) {
        let mut refuse = |span: Span, path: &str, detail: String| {
            parser.add(ConstructKind::ComposeRefuses, span, path.to_owned(), detail);
        };
        let image = service.image.as_ref().map(|image| image.value.literal());
        let has_image = image.is_some_and(|text| text != Some(""));
        if !has_image
            && service.build.is_none()
            && service.get("provider").is_none()
            && service.get("extends").is_none()
        {
            refuse(service.key_span, &service.path, "neither image nor build".to_owned());
        }
        for mount in service.mounts.iter().filter(|mount| mount.kind == MountKind::Volume) {
            let name = mount.source.as_ref().and_then(Value::literal);
            if let Some(name) = name.filter(|name| !volumes.contains(*name)) {
                refuse(mount.span, &mount.path, format!("undefined volume {name}"));
            }
        }
        for (kind, set, mounts) in
            [("config", configs, &service.configs), ("secret", secrets, &service.secrets)]
        {
            for mount in mounts {
                let name = mount.source.as_ref().and_then(Value::literal);
                if let Some(name) = name.filter(|name| !set.contains(*name)) {
                    refuse(mount.span, &mount.path, format!("undefined {kind} {name}"));
                }
            }
        }
        for network in
            service.networks.iter().filter(|entry| entry.key != "default" && !networks.contains(&entry.key))
        {
            refuse(network.key_span, &service.path, format!("undefined network {}", network.key));
        }
        for target in service.depends_on.iter().filter(|target| !names.contains(target.as_str())) {
            refuse(service.key_span, &service.path, format!("depends on undefined service {target}"));
        }
    }
}

fn check_top_level(tree: &Tree, parser: &mut Parser<'_>) {
    for entry in tree.entries() {
        let key = entry.key.as_str();
        if key == "include" {
            parser.add(ConstructKind::Include, entry.key_span, key.to_owned(), key.to_owned());
        } else if !TOP_LEVEL_KEYS.contains(&key) && !key.starts_with("x-") {
            parser.add(ConstructKind::UnknownComposeKey, entry.key_span, key.to_owned(), key.to_owned());
        }
    }
}

fn resources(tree: &Tree, section: &str, parser: &mut Parser<'_>) -> Vec<Resource> {
    let known = RESOURCE_KEYS.iter().find(|(name, _)| *name == section).map_or(&[][..], |(_, keys)| *keys);
    let Some(entries) = tree.get(section) else { return Vec::new() };
    if !matches!(entries, Tree::Mapping(..) | Tree::Null(_)) {
        parser.wrong_type(entries, section.to_owned(), "a mapping");
    }
    entries.entries().iter().map(|entry| resource(entry, section, known, parser)).collect()
}

fn resource(entry: &TreeEntry, section: &str, known: &[&str], parser: &mut Parser<'_>) -> Resource {
    let path = format!("{section}.{}", entry.key);
    for field in entry.tree.entries() {
        if !known.contains(&field.key.as_str()) && !field.key.starts_with("x-") {
            let path = format!("{path}.{}", field.key);
            parser.add(ConstructKind::UnknownComposeKey, field.key_span, path, field.key.clone());
        }
    }
    if let Some(content) = entry.tree.get("content")
        && content.scalar().is_none_or(|value| value.kind != ScalarKind::String)
    {
        parser.wrong_type(content, format!("{path}.content"), "a string");
    }
    let field = |name: &str| entry.tree.get(name).and_then(Tree::scalar).cloned();
    let external = match entry.tree.get("external") {
        None | Some(Tree::Null(_)) => false,
        Some(Tree::Scalar(value)) => value.literal() != Some("false"),
        Some(_) => true,
    };
    let environment = field("environment");
    Resource {
        key: entry.key.clone(),
        key_span: entry.key_span,
        external,
        file: field("file"),
        content: field("content"),
        environment_value: environment.as_ref().and_then(|name| parser.bare_value(name)),
        environment,
        driver: field("driver"),
        driver_options: key_values(entry.tree.get("driver_opts"), &format!("{path}.driver_opts")),
        tree: entry.tree.clone(),
        path,
    }
}
