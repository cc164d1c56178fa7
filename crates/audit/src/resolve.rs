//! From the resolved deployment to the flat [`View`] that the rules read.
//!
//! The only file that knows the compose crate's types. It decides nothing.

use crate::text::Lines;
use crate::view::{
    Activity, EnvironmentEntry, Fault, FaultKind, Mount, Piece, Port, Provenance, Script, Service, Use,
    Value, View, addresses,
};
use core::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use veritee_compose::service::{self, MountKind};
use veritee_compose::{self as compose, ComposeFile, ConstructKind, Deployment, DocumentError, Span, Text};
use veritee_model::Place;
use veritee_model::text::shortened;

/// What the rules read of a deployment.
pub(crate) fn view(deployment: &Deployment) -> View {
    let mounted = deployment
        .compose
        .iter()
        .flat_map(|file| mounted(file))
        .map(|(name, first)| (name.to_owned(), first.to_owned()));
    let lines = Lines::new(deployment.compose_text().unwrap_or(""));
    let configs = deployment.compose.iter().flat_map(|file| &file.configs).enumerate();
    Resolver {
        deployment,
        files: Files::of(deployment),
        mounted: mounted.collect(),
        config_index: configs.map(|(index, config)| (config.key.clone(), index)).collect(),
        lines,
    }
    .view()
}

/// What is left of a document that cannot be read as one: its fault.
pub(crate) fn unreadable(error: &DocumentError) -> View {
    let differential = matches!(
        error,
        DocumentError::DuplicateKey { .. }
            | DocumentError::ByteOrderMark
            | DocumentError::NulCharacter { .. }
    );
    let kind = if differential { FaultKind::Differential } else { FaultKind::Unreadable };
    let place = Place { file: "app_compose".to_owned(), ..Place::default() };
    let fault = |kind| Fault { place: place.clone(), what: error.to_string(), kind };
    let mut faults = vec![fault(kind)];
    if differential {
        faults.push(fault(FaultKind::Unreadable));
    }
    View { file: "app_compose".to_owned(), faults, ..View::default() }
}

/// Names under which the texts stand in reports.
struct Files {
    document: &'static str,
    compose: &'static str,
}

impl Files {
    fn of(deployment: &Deployment) -> Self {
        if deployment.manifest.is_some() {
            Self { document: "app_compose", compose: "docker_compose_file" }
        } else {
            Self { document: "docker-compose.yaml", compose: "docker-compose.yaml" }
        }
    }
}

struct Resolver<'a> {
    deployment: &'a Deployment,
    files: Files,
    mounted: BTreeMap<String, String>,
    config_index: BTreeMap<String, usize>,
    lines: Lines,
}

impl Resolver<'_> {
    fn view(&self) -> View {
        let deployment = self.deployment;
        let manifest = deployment.manifest.as_ref().and_then(|_| {
            serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(deployment.document()).ok()
        });
        let mut view = View {
            file: self.files.document.to_owned(),
            text: deployment.compose_text().map(str::to_owned),
            text_file: self.files.compose.to_owned(),
            manifest,
            manifest_places: self.manifest_places(),
            faults: self.faults(),
            allowed: deployment
                .environment
                .allowed
                .as_ref()
                .map(|names| names.iter().map(|entry| entry.name.clone()).collect()),
            environment: deployment.environment.clone(),
            scripts: self.scripts(),
            is_bound: deployment.origin.is_attested(),
            hash: match deployment.origin {
                compose::Origin::Bound(hash) | compose::Origin::Unbound(hash) => Some(hash),
                compose::Origin::ComposeFile(_) => None,
            },
            ..View::default()
        };
        if let Ok(file) = &deployment.compose {
            let mut services: Vec<Service> =
                file.services.iter().map(|service| self.service(service, file)).collect();
            crate::program::read(&mut services, &deployment.budget);
            view.faults.extend(crate::program::faults(&services));
            view.has_profiles = services.iter().any(|service| service.has("profiles"));
            view.services = services;
            self.globals(file, &mut view);
            self.uses(file, &mut view);
        }
        view
    }

    fn manifest_places(&self) -> BTreeMap<String, Place> {
        let members = self.deployment.manifest.iter().flat_map(|manifest| manifest.members());
        members
            .map(|member| (member.key.clone(), self.place(Text::Document, member.key_span, &member.key)))
            .collect()
    }

    fn place(&self, text: Text, span: Span, path: &str) -> Place {
        // Counted here: places in the document that holds the text are not needed, and cost time in long lines.
        if text == Text::ComposeFile {
            let whole = self.deployment.compose_text().unwrap_or("");
            let place = self.lines.place(self.files.compose, whole, span.start);
            return Place { path: path.to_owned(), ..place };
        }
        let location = self.deployment.locate(text, span);
        let (file, at) = match text {
            Text::Script(index) => (self.script_key(index), location.inner),
            Text::Document | Text::ComposeFile => (self.files.document.to_owned(), location.outer),
        };
        Place {
            file,
            line: u32::try_from(at.line).ok(),
            column: u32::try_from(at.column).ok(),
            path: path.to_owned(),
        }
    }

    fn script_key(&self, index: usize) -> String {
        let sources = self.deployment.manifest.as_ref().map(|manifest| manifest.scripts.as_slice());
        sources.and_then(|sources| sources.get(index)).map_or_else(String::new, |source| source.path.clone())
    }

    fn faults(&self) -> Vec<Fault> {
        let deployment = self.deployment;
        let mut faults = Vec::new();
        let bash = deployment.manifest.as_ref().and_then(|manifest| manifest.runner()) == Some("bash");
        if let Err(error) = &deployment.compose
            && !bash
        {
            let place = error.span().map_or_else(
                || Place { file: self.files.document.to_owned(), ..Place::default() },
                |span| self.place(Text::ComposeFile, span, ""),
            );
            faults.push(Fault { place, what: error.to_string(), kind: FaultKind::Unreadable });
        }
        for construct in &deployment.constructs {
            let kind = match construct.kind {
                // Rules of their own judge these.
                ConstructKind::Include
                | ConstructKind::Extends
                | ConstructKind::ScriptSyntax
                | ConstructKind::ScriptOpaque => continue,
                kind if kind.is_differential() => FaultKind::Differential,
                kind if kind.leaves_gap() => FaultKind::NotModelled,
                _ => continue,
            };
            let place = self.place(construct.text, construct.span, &construct.path);
            faults.push(Fault { place, what: format!("{}: {}", construct.kind, construct.detail), kind });
        }
        faults
    }

    fn scripts(&self) -> Vec<Script> {
        self.deployment
            .scripts
            .iter()
            .enumerate()
            .map(|(index, script)| {
                let key = self.script_key(index);
                Script {
                    place: Place { file: key.clone(), line: Some(1), ..Place::default() },
                    known: script.known,
                    all: Arc::clone(&self.deployment.scripts),
                    index,
                    commands: OnceCell::new(),
                    writes: OnceCell::new(),
                    key,
                }
            })
            .collect()
    }

    fn service(&self, service: &service::Service, file: &ComposeFile) -> Service {
        let mut scalars: Vec<(String, Value)> = Vec::new();
        service.tree.scalars("", &mut |path, value| {
            scalars.push((path.to_owned(), self.value(value, service, path)));
        });
        for argument in service.build.iter().flat_map(|build| &build.args) {
            if let Some(value) = argument.value.as_ref().filter(|value| !value.references.is_empty()) {
                let path = format!("build.args.{}", argument.key.text);
                scalars.push((path.clone(), self.value(value, service, &path)));
            }
        }
        Service {
            name: service.name.clone(),
            activity: activity(&service.activity),
            place: self.place(Text::ComposeFile, service.key_span, &service.path),
            environment: self.environment(service),
            mounts: service.mounts.iter().filter_map(|mount| self.mount(mount, service)).collect(),
            ports: service.ports.iter().map(|port| self.port(port, service)).collect(),
            variable_files: self.variable_files(service),
            configs: self.configs(service, file),
            scalars,
            programs: Vec::new(),
        }
    }

    fn value(&self, value: &compose::Value, service: &service::Service, path: &str) -> Value {
        self.value_at(value, &format!("{}.{path}", service.path))
    }

    fn value_at(&self, value: &compose::Value, path: &str) -> Value {
        let raw = if value.references.is_empty() {
            value.text.clone()
        } else {
            let source = self.deployment.source(Text::ComposeFile, value.span).trim();
            source.trim_matches(['"', '\'']).to_owned()
        };
        let span = value.alias.unwrap_or(value.span);
        Value {
            raw,
            pieces: value.parts.iter().map(piece).collect(),
            place: self.place(Text::ComposeFile, span, path),
        }
    }

    fn environment(&self, service: &service::Service) -> Vec<EnvironmentEntry> {
        let mut earlier: BTreeMap<&str, String> = BTreeMap::new();
        for entry in &service.replaced_environment {
            let text = entry.value.as_ref().map_or("", |value| value.text.as_str());
            earlier.insert(&entry.name.text, format!("{}={text}", entry.name.text));
        }
        service
            .environment
            .iter()
            .map(|entry| {
                let mut value = match &entry.value {
                    Some(value) => self.value_at(value, &entry.path),
                    None => Value {
                        raw: entry.name.text.clone(),
                        pieces: Vec::new(),
                        place: self.place(Text::ComposeFile, entry.span, &entry.path),
                    },
                };
                let name_settable = !entry.name.provenance().is_fixed();
                if entry.bare || name_settable {
                    value.raw = self.deployment.source(Text::ComposeFile, entry.span).trim().to_owned();
                }
                EnvironmentEntry {
                    replaces: earlier.get(entry.name.text.as_str()).cloned(),
                    name: entry.name.text.clone(),
                    name_settable,
                    bare: entry.bare,
                    value,
                }
            })
            .collect()
    }

    fn variable_files(&self, service: &service::Service) -> Vec<(Value, Provenance)> {
        let files = service.env_files.iter();
        files.map(|entry| (self.value_at(&entry.file, &entry.path), entry.content)).collect()
    }

    fn mount(&self, mount: &service::Mount, service: &service::Service) -> Option<Mount> {
        // `- ${X}` alone can be any mount.
        let unknown = mount.kind == MountKind::Other;
        let source = mount.source.as_ref().or(if unknown { mount.target.as_ref() } else { None })?;
        let path = mount.path.strip_prefix(&format!("{}.", service.path)).unwrap_or(&mount.path);
        let source = self.value(source, service, path);
        let host_path = match mount.kind {
            MountKind::Bind => true,
            MountKind::Other => source.provenance().is_settable() || source.raw.starts_with('/'),
            _ => false,
        };
        let target = mount.target.as_ref().map_or_else(String::new, |target| target.text.clone());
        Some(Mount { source, target, read_only: mount.read_only, host_path })
    }

    fn port(&self, port: &service::Port, service: &service::Service) -> Port {
        let path = port.path.strip_prefix(&format!("{}.", service.path)).unwrap_or(&port.path);
        let raw =
            self.deployment.source(Text::ComposeFile, port.span).trim().trim_matches(['"', '\'']).to_owned();
        let value = Value {
            raw,
            pieces: port.target.iter().flat_map(|target| target.parts.iter().map(piece)).collect(),
            place: self.place(Text::ComposeFile, port.span, &format!("{}.{path}", service.path)),
        };
        let target = port.target.as_ref().map_or_else(String::new, |target| target.text.clone());
        Port { value, loopback: port.is_loopback(), target }
    }

    /// Contents of the configs that this service is the first to mount.
    fn configs(&self, service: &service::Service, file: &ComposeFile) -> Vec<(String, Value)> {
        if service.configs.is_empty() {
            return Vec::new();
        }
        let names: BTreeSet<&str> =
            service.configs.iter().filter_map(|config| config.source.as_ref()?.literal()).collect();
        names
            .into_iter()
            .filter(|name| self.mounted.get(*name).is_some_and(|first| *first == service.name))
            .filter_map(|name| file.configs.get(*self.config_index.get(name)?))
            .filter_map(|config| {
                let (key, value) = match (&config.content, &config.environment_value) {
                    (Some(content), _) => ("content", content),
                    (None, Some(value)) => ("environment", value),
                    (None, None) => return None,
                };
                let path = format!("{}.{key}", config.path);
                let value = self.value_at(value, &path);
                Some((path, value))
            })
            .collect()
    }

    fn globals(&self, file: &ComposeFile, view: &mut View) {
        for entry in file.tree.entries().iter().filter(|entry| entry.key != "services") {
            entry.tree.scalars(&entry.key, &mut |path, value| {
                view.globals.push((path.to_owned(), self.value_at(value, path)));
            });
        }
        view.global_index =
            view.globals.iter().enumerate().map(|(index, (path, _))| (path.clone(), index)).collect();
        for resource in file.configs.iter().chain(&file.secrets) {
            let Some(value) = &resource.environment_value else { continue };
            let path = format!("{}.environment", resource.path);
            let index = view.global_index.get(&path).copied();
            if let Some((_, global)) = index.and_then(|index| view.globals.get_mut(index)) {
                global.pieces = value.parts.iter().map(piece).collect();
            }
        }
    }

    fn uses(&self, file: &ComposeFile, view: &mut View) {
        let mut uses = Uses::default();
        for service in &file.services {
            let target = Target { service: Some(&service.name), active: service.activity.can_run() };
            service.tree.scalars("", &mut |path, value| {
                if path != "environment" && !path.starts_with("environment.") {
                    let place = format!("{}.{path}", service.path);
                    self.mentions(value, target, path, &place, &mut uses);
                }
            });
            for entry in &service.environment {
                let sink = format!("environment.{}", entry.name.text);
                for value in entry.value.iter().chain(if entry.bare { None } else { Some(&entry.name) }) {
                    self.mentions(value, target, &sink, &entry.path, &mut uses);
                }
            }
            for argument in service.build.iter().flat_map(|build| &build.args) {
                let bare = |reference: &compose::Reference| reference.form == compose::ReferenceForm::Bare;
                if let Some(value) = argument.value.as_ref().filter(|value| value.references.iter().any(bare))
                {
                    let sink = format!("build.args.{}", argument.key.text);
                    self.mentions(value, target, &sink, &argument.path, &mut uses);
                }
            }
        }
        let mounted = mounted(file);
        for resource in file.configs.iter().chain(&file.secrets) {
            let service = mounted.get(resource.key.as_str()).copied();
            let target = Target { service, active: service.is_some() };
            let fields = [
                ("content", &resource.content),
                ("environment", &resource.environment_value),
                ("file", &resource.file),
            ];
            for (key, value) in fields {
                let sink = format!("{}.{key}", resource.path);
                if let Some(value) = value {
                    self.mentions(value, target, &sink, &sink, &mut uses);
                }
            }
        }
        view.uses = uses;
    }

    /// Notes every variable that a value mentions.
    fn mentions(&self, value: &compose::Value, target: Target<'_>, sink: &str, path: &str, uses: &mut Uses) {
        if value.references.is_empty() {
            return;
        }
        let shown = self.value_at(value, path);
        let addresses: BTreeMap<String, bool> = addresses(&shown).into_iter().collect();
        let many = shown.raw.contains('\n');
        for reference in &value.references {
            let place = self.place(Text::ComposeFile, reference.span, path);
            let raw = if many { self.line(&place) } else { shortened(&shown.raw, QUOTED) };
            let address = addresses.get(&reference.name);
            uses.entry(reference.name.clone()).or_default().push(Use {
                service: target.service.map(str::to_owned),
                sink: sink.to_owned(),
                piece: mention(reference),
                raw,
                place,
                active: target.active,
                in_address: address.is_some(),
                in_authority: address == Some(&true),
            });
        }
    }

    /// The line of the compose file at a place.
    fn line(&self, place: &Place) -> String {
        let index = place.line.and_then(|line| usize::try_from(line).ok()).unwrap_or(1).saturating_sub(1);
        let text = self.deployment.compose_text().unwrap_or("");
        shortened(self.lines.line(text, index).trim(), QUOTED)
    }
}

/// Characters of a value that are kept for each variable that it mentions: a value of many would be kept many times.
const QUOTED: usize = 200;

type Uses = BTreeMap<String, Vec<Use>>;

/// Which service a value belongs to, and whether it starts.
#[derive(Clone, Copy)]
struct Target<'a> {
    service: Option<&'a str>,
    active: bool,
}

/// The first active service that mounts each config or secret. One stands for all: a text is examined once, however
/// many services read it.
fn mounted(file: &ComposeFile) -> BTreeMap<&str, &str> {
    let mut mounted: BTreeMap<&str, &str> = BTreeMap::new();
    for service in file.services.iter().filter(|service| service.activity.can_run()) {
        for mount in service.configs.iter().chain(&service.secrets) {
            if let Some(name) = mount.source.as_ref().and_then(|source| source.literal()) {
                mounted.entry(name).or_insert(&service.name);
            }
        }
    }
    mounted
}

fn activity(activity: &service::Activity) -> Activity {
    match activity {
        service::Activity::Active | service::Activity::Chosen { .. } => Activity::Active,
        service::Activity::Profiles(names) => Activity::Profile(names.clone()),
        service::Activity::NoReplicas => Activity::Nought,
    }
}

fn piece(part: &compose::Part) -> Piece {
    let operand = || part.operand.iter().map(|part| piece(part).text).collect::<String>();
    let default = part.operator.filter(|operator| operator.is_default()).map(|_| operand());
    let text = if part.known { part.text.clone() } else { default.clone().unwrap_or_default() };
    Piece {
        text,
        provenance: part.provenance,
        variable: part.source.clone(),
        required: part.operator.is_some_and(|operator| operator.is_required()),
        default,
    }
}

fn mention(reference: &compose::Reference) -> Piece {
    let required = match reference.form {
        compose::ReferenceForm::Operator(operator) => operator.is_required(),
        _ => false,
    };
    Piece {
        text: String::new(),
        provenance: reference.provenance,
        variable: Some(reference.name.clone()),
        default: reference.default.clone(),
        required,
    }
}
