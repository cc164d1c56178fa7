//! A whole deployment: the app_compose's own fields, its scripts, the environment they make, and the compose file.
//!
//! This is what the audit reasons over. It decides nothing: it says what stands where and who chooses it.

mod manifest;

pub use manifest::{Manifest, ScriptSource};

use crate::app_compose::{AppCompose, BoundCompose, DocumentError, UnboundCompose};
use crate::compose_file::{self, ComposeFile, ComposeFileError};
use crate::construct::{Construct, ConstructKind, Text};
use crate::environment::{Enforcement, EnvironmentModel};
use crate::json::StringMap;
use crate::position::{LineColumn, LineIndex, Span};
use crate::script::{self, FileWrite, Script};
use veritee_model::{Budget, ComposeHash, Sha256Digest};

/// What the caller knows beside the document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context {
    /// Limits.
    pub budget: Budget,
    /// Whether the guest drops variables that `allowed_envs` does not name (dstack 0.4.2 or newer).
    pub enforcement: Enforcement,
}

/// Where the document comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An app_compose whose hash is the measured one.
    Bound(ComposeHash),
    /// An app_compose that nothing vouches for: "not attested".
    Unbound(ComposeHash),
    /// A compose file alone: "not attested", and who may set variables is not known.
    ComposeFile(Sha256Digest),
}

impl Origin {
    /// Whether the document is the attested one.
    #[must_use]
    pub const fn is_attested(&self) -> bool {
        matches!(self, Self::Bound(_))
    }
}

/// A place, in the YAML text or a script and in the document that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// Line and column within the YAML text or script; of the document itself: within the document.
    pub inner: LineColumn,
    /// Byte range of the document.
    pub document: Span,
    /// Line and column within the document.
    pub outer: LineColumn,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// Where the document comes from.
    pub origin: Origin,
    /// The fields of app_compose; `None` of a compose file alone.
    pub manifest: Option<Manifest>,
    /// The scripts, in the order in which they run.
    pub scripts: Vec<Script>,
    /// The limits under which it was read.
    pub budget: Budget,
    /// The environment of `docker compose`.
    pub environment: EnvironmentModel,
    /// The compose file, or why there is none to reason about.
    pub compose: Result<ComposeFile, ComposeFileError>,
    /// Everything that is not, or not wholly, modelled. Findings, never silence.
    pub constructs: Vec<Construct>,
    document: Source,
    compose_text: Option<Inner>,
    script_texts: Vec<Inner>,
}

#[derive(Debug, Clone, PartialEq)]
struct Source {
    bytes: Vec<u8>,
    lines: LineIndex,
}

#[derive(Debug, Clone, PartialEq)]
struct Inner {
    text: String,
    lines: LineIndex,
    map: StringMap,
}

impl Inner {
    fn new(text: &str, map: StringMap) -> Self {
        Self { text: text.to_owned(), lines: LineIndex::new(text.as_bytes()), map }
    }
}

impl Deployment {
    /// Reads an attested app_compose.
    ///
    /// # Errors
    /// When the measured bytes are no unambiguous document. They stay measured; nothing can be said about them.
    pub fn from_bound(bound: &BoundCompose, context: &Context) -> Result<Self, DocumentError> {
        let document = bound.document().map_err(Clone::clone)?;
        Ok(Self::from_document(bound.raw(), document, Origin::Bound(*bound.hash()), context))
    }

    /// Reads an app_compose that nothing vouches for.
    #[must_use]
    pub fn from_unbound(unbound: &UnboundCompose, context: &Context) -> Self {
        Self::from_document(unbound.raw(), unbound.document(), Origin::Unbound(*unbound.hash()), context)
    }

    /// Reads a compose file alone. `allowed_envs` is not known: every name counts as the operator's, by assumption.
    ///
    /// # Errors
    /// When the bytes are not UTF-8 or too many.
    pub fn from_compose_yaml(raw: &[u8], context: &Context) -> Result<Self, DocumentError> {
        if raw.len() > context.budget.app_compose_bytes {
            return Err(DocumentError::TooLarge { limit: context.budget.app_compose_bytes, got: raw.len() });
        }
        let text =
            core::str::from_utf8(raw).map_err(|error| DocumentError::NotUtf8 { at: error.valid_up_to() })?;
        let environment =
            EnvironmentModel { enforcement: context.enforcement, ..EnvironmentModel::default() };
        let (compose, constructs) = compose_file::read(text, &environment, &context.budget);
        Ok(Self {
            origin: Origin::ComposeFile(Sha256Digest::of(raw)),
            manifest: None,
            scripts: Vec::new(),
            budget: context.budget,
            environment,
            compose,
            constructs,
            document: Source { bytes: raw.to_vec(), lines: LineIndex::new(raw) },
            compose_text: Some(Inner::new(text, StringMap::identity(raw.len()))),
            script_texts: Vec::new(),
        })
    }

    fn from_document(raw: &[u8], document: &AppCompose, origin: Origin, context: &Context) -> Self {
        let (manifest, mut constructs) = Manifest::read(document);
        let mut script_texts = Vec::new();
        let sources = manifest.scripts.iter().map(|source| (source.role, source.text.as_str()));
        let mut scripts = script::read_all(sources, &context.budget);
        for source in &manifest.scripts {
            let map = StringMap::new(raw, source.span).unwrap_or_else(|| StringMap::identity(raw.len()));
            script_texts.push(Inner::new(&source.text, map));
        }
        let environment = script::environment(&scripts, manifest.allowed_envs.clone(), context.enforcement);
        for (index, script) in scripts.iter_mut().enumerate() {
            script.resolve(&environment);
            constructs.extend(script.constructs(Text::Script(index)));
        }
        let (compose, compose_text) = match document.get("docker_compose_file") {
            None => (Err(ComposeFileError::Missing), None),
            Some(node) => match node.as_str() {
                None => (Err(ComposeFileError::NotAString { span: node.span, got: node.kind() }), None),
                Some(text) => {
                    let (compose, found) = compose_file::read(text, &environment, &context.budget);
                    constructs.extend(found);
                    let map = StringMap::new(raw, node.span);
                    (compose, map.map(|map| Inner::new(text, map)))
                }
            },
        };
        let document = Source { bytes: raw.to_vec(), lines: LineIndex::new(raw) };
        let manifest = Some(manifest);
        Self {
            origin,
            manifest,
            scripts,
            budget: context.budget,
            environment,
            compose,
            constructs,
            document,
            compose_text,
            script_texts,
        }
    }

    /// The bytes of the document.
    #[must_use]
    pub fn document(&self) -> &[u8] {
        &self.document.bytes
    }

    /// The YAML text of the compose file, whether it could be read or not.
    #[must_use]
    pub fn compose_text(&self) -> Option<&str> {
        self.compose_text.as_ref().map(|inner| inner.text.as_str())
    }

    /// The services; none where the compose file could not be read.
    #[must_use]
    pub fn services(&self) -> &[crate::service::Service] {
        self.compose.as_ref().map_or(&[], |compose| compose.services.as_slice())
    }

    /// What stands at a span, as it is written there.
    #[must_use]
    pub fn source(&self, text: Text, span: Span) -> &str {
        let whole = match text {
            Text::Document => core::str::from_utf8(&self.document.bytes).unwrap_or(""),
            _ => self.inner(text).map_or("", |inner| inner.text.as_str()),
        };
        whole.get(span.range()).unwrap_or("")
    }

    /// Line and column of a span, in its own text and in the document.
    #[must_use]
    pub fn locate(&self, text: Text, span: Span) -> Location {
        let bytes = &self.document.bytes;
        let (inner, document) = match self.inner(text) {
            Some(inner) => {
                let place = inner.lines.locate(inner.text.as_bytes(), span.start);
                (Some(place), inner.map.outer_span(span))
            }
            None => (None, span),
        };
        let outer = self.document.lines.locate(bytes, document.start);
        Location { inner: inner.unwrap_or(outer), document, outer }
    }

    /// Writes of scripts to files that decide what `docker compose` runs: compose files, overrides, `.env` and
    /// app-compose.json, each with the index of its script.
    #[must_use]
    pub fn compose_writes(&self) -> Vec<(usize, FileWrite)> {
        let decides = |write: &FileWrite| write.path.as_deref().is_none_or(is_compose_path);
        let scripts = self.scripts.iter().enumerate();
        scripts
            .flat_map(|(index, script)| {
                script.writes(&self.environment).into_iter().map(move |write| (index, write))
            })
            .filter(|(_, write)| decides(write))
            .collect()
    }

    /// Constructs because of which the model may miss something.
    pub fn gaps(&self) -> impl Iterator<Item = &Construct> {
        self.constructs.iter().filter(|construct| construct.kind.leaves_gap())
    }

    /// Constructs of one kind.
    pub fn constructs_of(&self, kind: ConstructKind) -> impl Iterator<Item = &Construct> {
        self.constructs.iter().filter(move |construct| construct.kind == kind)
    }

    fn inner(&self, text: Text) -> Option<&Inner> {
        match text {
            Text::Document => None,
            Text::ComposeFile => self.compose_text.as_ref(),
            Text::Script(index) => self.script_texts.get(index),
        }
    }
}

/// Whether a file of `/dstack` decides what `docker compose` runs.
fn is_compose_path(path: &str) -> bool {
    let Some(name) = path.strip_prefix("/dstack/") else { return false };
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    let is_compose = name.starts_with("docker-compose") || name.starts_with("compose");
    (is_yaml && is_compose) || matches!(name, ".env" | "app-compose.json" | ".host-shared/app-compose.json")
}
