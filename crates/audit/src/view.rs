//! A deployment as the rules read it: `veritee-compose`'s values, each with its place, by path.
//!
//! Flat on purpose: a rule asks for `privileged`, `cap_add` or `logging.driver` of a service and gets values with
//! places, whatever way the document spelled them. Nothing is read or decided here.

mod inherited;
mod line;
mod of_image;
mod paths;

use crate::field::{Field, RUN, is_at};
use crate::image_facts::{ImageFacts, ImageRun};
use crate::opening::Openings;
use crate::program::{Program, Programs};
use crate::script::Script;
use crate::text::Lines;
use crate::uses::{self, Use};
use core::cell::{OnceCell, RefCell};
use line::Line;
use paths::Paths;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use veritee_compose::json::JsonNode;
use veritee_compose::script as shell;
use veritee_compose::service::{self, MountKind, absolute_path};
use veritee_compose::{
    ComposeFile, ConstructKind, Deployment, DocumentError, Enforcement, EnvironmentModel, Manifest, Part,
    Provenance, Resource, Span, Text, Value,
};
use veritee_model::{Budget, ComposeHash, Place};

/// One effective entry of a service's environment.
#[derive(Debug, Clone)]
pub(crate) struct EnvironmentEntry<'d> {
    pub(crate) name: &'d str,
    /// The name itself comes from outside.
    pub(crate) name_settable: bool,
    /// No value: it is taken from the environment.
    pub(crate) bare: bool,
    pub(crate) value: Field<'d>,
    /// An earlier entry of the same name, which this one replaces.
    pub(crate) replaces: Option<String>,
}

/// A volume entry, in either spelling.
#[derive(Debug, Clone)]
pub(crate) struct Mount<'d> {
    pub(crate) entry: &'d service::Mount,
    pub(crate) source: Field<'d>,
    pub(crate) target: &'d str,
    /// The source is a path of the machine, not the name of a volume.
    pub(crate) host_path: bool,
    /// The service cannot write there.
    pub(crate) read_only: bool,
}

impl Mount<'_> {
    /// The path on the machine with relative parts resolved; `None` for a named volume.
    pub(crate) fn path(&self) -> Option<String> {
        self.host_path.then(|| absolute_path(&of_the_guest(self.source.value)))
    }
}

/// The text of a path with the guest's own variables resolved: compose runs as root, in /dstack.
pub(crate) fn of_the_guest(value: &Value) -> String {
    let text = |part: &'_ Part| match part.source.as_deref() {
        Some("PWD") if part.provenance == Provenance::System => "/dstack".to_owned(),
        Some("HOME") if part.provenance == Provenance::System => "/root".to_owned(),
        _ => part.effective().into_owned(),
    };
    value.parts.iter().map(text).collect()
}

/// A published port.
#[derive(Debug, Clone)]
pub(crate) struct Port<'d> {
    /// The port inside the container; its text is the whole entry.
    pub(crate) value: Field<'d>,
    /// Bound to the loopback interface only.
    pub(crate) loopback: bool,
    /// `udp` and the like, where it is written and nobody outside chooses it.
    pub(crate) protocol: Option<&'d str>,
}

/// A service.
#[derive(Debug, Clone)]
pub(crate) struct Service<'d> {
    pub(crate) name: &'d str,
    pub(crate) place: Place,
    /// As it was read.
    pub(crate) entry: &'d service::Service,
    /// Every scalar below the service by its path: `privileged`, `cap_add.0`, `logging.options.tag`.
    pub(crate) fields: Vec<(String, Field<'d>)>,
    paths: Paths,
    /// Position of the first entry of each name in `environment`.
    by_name: BTreeMap<&'d str, usize>,
    /// Command lines that were asked about, by their key.
    lines: RefCell<BTreeMap<String, Rc<Line>>>,
    pub(crate) environment: Vec<EnvironmentEntry<'d>>,
    pub(crate) mounts: Vec<Mount<'d>>,
    pub(crate) ports: Vec<Port<'d>>,
    /// Files of variables, each with who chooses what is in it.
    pub(crate) variable_files: Vec<(Field<'d>, Provenance)>,
    /// Contents of the configs that it is the first to mount, by path.
    pub(crate) configs: Vec<(String, Field<'d>)>,
    /// The programs in its commands, hooks, health checks and configs.
    pub(crate) programs: Vec<Program>,
}

impl<'d> Service<'d> {
    pub(crate) const fn is_active(&self) -> bool {
        self.entry.activity.can_run()
    }

    /// The scalar at a path.
    pub(crate) fn scalar(&self, path: &str) -> Option<&Field<'d>> {
        self.paths.first(&self.fields, path)
    }

    /// The scalar at a path or all below it.
    pub(crate) fn below(&self, path: &str) -> impl Iterator<Item = (&str, &Field<'d>)> + use<'_, 'd> {
        let fields = self.paths.below(&self.fields, path).into_iter().filter_map(|at| self.fields.get(at));
        fields.map(|(key, field)| (key.as_str(), field))
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.paths.has(&self.fields, path)
    }

    pub(crate) fn is_true(&self, path: &str) -> bool {
        self.scalar(path).is_some_and(|field| field.is_settable() || field.says_true())
    }

    pub(crate) fn image(&self) -> Option<&Field<'d>> {
        self.scalar("image")
    }

    /// Values that run as commands: with the path of each.
    pub(crate) fn run(&self) -> impl Iterator<Item = (&str, &Field<'d>)> {
        let runs = |key: &str| RUN.iter().any(|run| is_at(key, run));
        self.fields.iter().map(|(key, field)| (key.as_str(), field)).filter(move |(key, _)| runs(key))
    }

    /// Values that run as commands, or are read as configuration: with the path of each.
    pub(crate) fn executed(&self) -> impl Iterator<Item = (&str, &Field<'d>)> {
        self.run().chain(self.configs.iter().map(|(path, field)| (path.as_str(), field)))
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&EnvironmentEntry<'d>> {
        self.environment.get(*self.by_name.get(name)?)
    }

    /// Docker starts it again by itself, whatever the guest does before.
    pub(crate) fn restart(&self) -> Option<&Field<'d>> {
        self.scalar("restart")
            .filter(|restart| matches!(restart.effective().as_str(), "always" | "unless-stopped"))
    }
}

/// A document that could not be read, or that two readers read differently.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) place: Place,
    pub(crate) what: String,
    pub(crate) kind: FaultKind,
}

/// What a fault means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The document cannot be read at all.
    Unreadable,
    /// Two readers can see two documents.
    Differential,
    /// A construct that is not modelled.
    NotModelled,
}

/// What holds of every store of a document: asked once, for names there may be thousands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stores {
    /// Every network is one of docker's own.
    pub(crate) networks_stay_inside: bool,
    /// Whoever works inside, or in a console, speaks to every store beside it.
    pub(crate) somebody_is_inside: bool,
    /// A service publishes the port of a store.
    pub(crate) passed_on: bool,
}

/// Who writes to each source of a mount: the first two services are enough to name one that is another.
pub(crate) type Writers = BTreeMap<String, Vec<String>>;

/// The names of each service of which its own texts make more than one whole argument.
pub(crate) type Spoken = BTreeMap<String, BTreeSet<String>>;

/// A whole deployment, or what is left of a document that cannot be read.
#[derive(Debug, Clone)]
pub(crate) struct View<'d> {
    /// Name of the document for people.
    pub(crate) file: &'static str,
    /// Name of the compose file for people.
    pub(crate) text_file: &'static str,
    deployment: Option<&'d Deployment>,
    /// Where the app_compose's members stand.
    members: BTreeMap<&'d str, Span>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) services: Vec<Service<'d>>,
    /// Scalars outside the services: `networks.x.driver`, `volumes.x.driver_opts.device`, `x-dstack.kms`, `include.0`.
    pub(crate) globals: Vec<(String, Field<'d>)>,
    global_paths: Paths,
    /// `None`: not known, every name counts as the operator's.
    pub(crate) allowed: Option<BTreeSet<&'d str>>,
    /// All places where variables flow to, by variable.
    pub(crate) uses: BTreeMap<&'d str, Vec<Use<'d>>>,
    pub(crate) scripts: Vec<Script<'d>>,
    /// All that the scripts run, once it was asked for.
    executions: OnceCell<Vec<shell::Execution>>,
    /// Position of the first active service of each name.
    by_name: OnceCell<BTreeMap<String, usize>>,
    /// What is known of the stores of the document, asked once for each of many names.
    pub(crate) stores: OnceCell<Stores>,
    /// What settings open, read once for the rules that ask.
    pub(crate) openings: OnceCell<Openings>,
    /// Who writes to each part of the machine's storage.
    pub(crate) writers: OnceCell<Writers>,
    /// What the services' own texts make of their variables.
    pub(crate) spoken: OnceCell<Spoken>,
    pub(crate) has_profiles: bool,
}

/// The environment of a document that cannot be read.
static NO_ENVIRONMENT: EnvironmentModel = EnvironmentModel {
    allowed: None,
    enforcement: Enforcement::Enforced,
    definitions: BTreeMap::new(),
    opaque: None,
};

impl<'d> View<'d> {
    /// What the rules read of a deployment, with what is known of its images.
    pub(crate) fn of(deployment: &'d Deployment, images: &'d BTreeMap<String, ImageFacts>) -> Self {
        let mut view = Self::empty(deployment.manifest.is_some());
        let reader = Reader::new(deployment, images, &view);
        view.deployment = Some(deployment);
        let members = deployment.manifest.iter().flat_map(|manifest| manifest.members());
        view.members = members.map(|member| (member.key.as_str(), member.key_span)).collect();
        view.faults = reader.faults();
        view.allowed = deployment
            .environment
            .allowed
            .as_ref()
            .map(|names| names.iter().map(|entry| entry.name.as_str()).collect());
        view.scripts = Script::all(deployment);
        if let Ok(file) = &deployment.compose {
            let mut programs = Programs::new(&deployment.budget);
            view.services =
                file.services.iter().map(|service| reader.service(service, &mut programs)).collect();
            let unread = inherited::inherit_mounts(&mut view.services);
            view.faults.extend(unread);
            view.faults.extend(unread_programs(&view.services));
            view.has_profiles = view.services.iter().any(|service| service.has("profiles"));
            view.globals = reader.globals(file);
            view.global_paths = Paths::of(&view.globals);
            view.uses = uses::of(
                file,
                |value, path| reader.field(value, path),
                |span, path| reader.place(Text::ComposeFile, span, path),
            );
        }
        view
    }

    /// What is left of a document that cannot be read as one: its fault.
    pub(crate) fn unreadable(error: &DocumentError) -> Self {
        let mut view = Self::empty(true);
        let fault = |kind| Fault { place: view.place(), what: error.to_string(), kind };
        let differential = matches!(
            error,
            DocumentError::DuplicateKey { .. }
                | DocumentError::ByteOrderMark
                | DocumentError::NulCharacter { .. }
        );
        let mut faults = vec![fault(FaultKind::Unreadable)];
        if differential {
            faults.insert(0, fault(FaultKind::Differential));
        }
        view.faults = faults;
        view
    }

    fn empty(is_app_compose: bool) -> Self {
        let (file, text_file) = if is_app_compose {
            ("app_compose", "docker_compose_file")
        } else {
            ("docker-compose.yaml", "docker-compose.yaml")
        };
        Self {
            file,
            text_file,
            deployment: None,
            members: BTreeMap::new(),
            faults: Vec::new(),
            services: Vec::new(),
            globals: Vec::new(),
            global_paths: Paths::default(),
            allowed: None,
            uses: BTreeMap::new(),
            scripts: Vec::new(),
            executions: OnceCell::new(),
            by_name: OnceCell::new(),
            stores: OnceCell::new(),
            openings: OnceCell::new(),
            writers: OnceCell::new(),
            spoken: OnceCell::new(),
            has_profiles: false,
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place { file: self.file.to_owned(), ..Place::default() }
    }

    /// The app_compose's members; `None` for a bare compose file.
    pub(crate) fn manifest(&self) -> Option<&'d Manifest> {
        self.deployment?.manifest.as_ref()
    }

    /// The place of an app_compose member.
    pub(crate) fn member(&self, key: &str) -> Place {
        let found = self.deployment.zip(self.members.get(key));
        let at = found.map(|(deployment, span)| deployment.locate(Text::Document, *span).outer);
        Place {
            line: at.and_then(|at| u32::try_from(at.line).ok()),
            column: at.and_then(|at| u32::try_from(at.column).ok()),
            path: key.to_owned(),
            ..self.place()
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'d JsonNode> {
        self.manifest()?.get(key)
    }

    /// A switch, with dstack's default where it is absent.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.manifest()?.flag(key)
    }

    pub(crate) fn text_of(&self, key: &str) -> Option<&'d str> {
        self.manifest()?.string(key)
    }

    /// The docker compose file, exactly.
    pub(crate) fn text(&self) -> Option<&'d str> {
        self.deployment?.compose_text()
    }

    /// The environment of `docker compose`.
    pub(crate) fn environment(&self) -> &'d EnvironmentModel {
        self.deployment.map_or(&NO_ENVIRONMENT, |deployment| &deployment.environment)
    }

    /// The limits under which the document was read; `None` for one that cannot be read.
    pub(crate) fn budget(&self) -> Option<&'d Budget> {
        self.deployment.map(|deployment| &deployment.budget)
    }

    /// Hash of the app_compose's bytes.
    pub(crate) fn hash(&self) -> Option<ComposeHash> {
        match self.deployment?.origin {
            veritee_compose::Origin::Bound(hash) | veritee_compose::Origin::Unbound(hash) => Some(hash),
            veritee_compose::Origin::ComposeFile(_) => None,
        }
    }

    /// The document was bound to a measured hash.
    pub(crate) fn is_bound(&self) -> bool {
        self.deployment.is_some_and(|deployment| deployment.origin.is_attested())
    }

    /// The first active service of a name.
    pub(crate) fn active_named(&self, name: &str) -> Option<&Service<'d>> {
        let by_name = self.by_name.get_or_init(|| {
            let mut first = BTreeMap::new();
            for (at, service) in self.services.iter().enumerate().filter(|(_, service)| service.is_active()) {
                first.entry(service.name.to_owned()).or_insert(at);
            }
            first
        });
        by_name.get(name).and_then(|at| self.services.get(*at))
    }

    pub(crate) fn has_services(&self) -> bool {
        !self.services.is_empty()
    }

    pub(crate) fn active(&self) -> impl Iterator<Item = &Service<'d>> {
        self.services.iter().filter(|service| service.is_active())
    }

    /// All texts that the scripts run, and who has a part in each.
    pub(crate) fn executions(&self) -> &[shell::Execution] {
        self.executions.get_or_init(|| self.origins().all())
    }

    /// Who has a part in what the scripts read, write and run.
    pub(crate) fn origins(&self) -> shell::Executions<'d> {
        let scripts = self.deployment.map_or(&[][..], |deployment| &deployment.scripts);
        shell::Executions::new(scripts, self.environment())
    }

    /// A scalar outside the services.
    pub(crate) fn global(&self, path: &str) -> Option<&Field<'d>> {
        self.global_paths.last(&self.globals, path)
    }

    /// The scalar at a path or all below it, outside the services.
    pub(crate) fn globals_below(
        &self,
        path: &str,
    ) -> impl Iterator<Item = &(String, Field<'d>)> + use<'_, 'd> {
        let positions = self.global_paths.below(&self.globals, path);
        positions.into_iter().filter_map(|at| self.globals.get(at))
    }

    pub(crate) fn service_names(&self) -> BTreeSet<&'d str> {
        self.services.iter().map(|service| service.name).collect()
    }

    /// Who can choose a variable.
    pub(crate) fn provenance_of(&self, name: &str) -> Provenance {
        self.environment().lookup(name).provenance
    }

    /// `allowed_envs` names it.
    pub(crate) fn allows(&self, name: &str) -> bool {
        self.allowed.as_ref().is_some_and(|allowed| allowed.contains(name))
    }

    pub(crate) fn is_operator(&self, name: &str) -> bool {
        self.allows(name) || self.provenance_of(name) == Provenance::Operator
    }
}

/// Commands of which a part could not be read.
fn unread_programs(services: &[Service<'_>]) -> Vec<Fault> {
    let active = services.iter().filter(|service| service.is_active());
    let unread = active.flat_map(|service| &service.programs);
    unread
        .filter_map(|program| Some((program, program.unread.as_ref()?)))
        .map(|(program, why)| Fault {
            place: program.place.clone(),
            what: format!("{}: not all of it could be read as a command: {why}", program.path),
            kind: FaultKind::NotModelled,
        })
        .collect()
}

/// Puts places to what the compose crate read.
struct Reader<'d> {
    deployment: &'d Deployment,
    file: &'static str,
    text_file: &'static str,
    text: &'d str,
    lines: Lines,
    /// The first active service that mounts each config.
    mounted: BTreeMap<&'d str, &'d str>,
    configs: BTreeMap<&'d str, &'d Resource>,
    images: &'d BTreeMap<String, ImageFacts>,
}

impl<'d> Reader<'d> {
    fn new(deployment: &'d Deployment, images: &'d BTreeMap<String, ImageFacts>, view: &View<'_>) -> Self {
        let text = deployment.compose_text().unwrap_or("");
        let configs = deployment.compose.iter().flat_map(|file| &file.configs);
        Self {
            deployment,
            file: view.file,
            text_file: view.text_file,
            text,
            lines: Lines::new(text),
            mounted: deployment.compose.as_ref().map(uses::mounted).unwrap_or_default(),
            configs: configs.map(|config| (config.key.as_str(), config)).collect(),
            images,
        }
    }

    fn image_run(&self, entry: &'d service::Service) -> Option<(&'d ImageRun, Place)> {
        let image = entry.image.as_ref().filter(|_| entry.build.is_none())?;
        let facts = self.images.get(&image.value.effective()).filter(|facts| facts.matched.is_some())?;
        let place = self.place(Text::ComposeFile, image.value.span, &format!("{}.image", entry.path));
        Some((&facts.run, place))
    }

    fn place(&self, text: Text, span: Span, path: &str) -> Place {
        // Counted here: places in the document that holds the text are not needed, and cost time in long lines.
        if text == Text::ComposeFile {
            let place = self.lines.place(self.text_file, self.text, span.start);
            return Place { path: path.to_owned(), ..place };
        }
        let location = self.deployment.locate(text, span);
        let (file, at) = match text {
            Text::Script(index) => {
                let scripts = self.deployment.manifest.iter().flat_map(|manifest| &manifest.scripts);
                let key = scripts.map(|source| source.path.clone()).nth(index);
                (key.unwrap_or_default(), location.inner)
            }
            Text::Document | Text::ComposeFile => (self.file.to_owned(), location.outer),
        };
        Place {
            file,
            line: u32::try_from(at.line).ok(),
            column: u32::try_from(at.column).ok(),
            path: path.to_owned(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let deployment = self.deployment;
        let mut faults = Vec::new();
        let bash = deployment.manifest.as_ref().and_then(|manifest| manifest.runner()) == Some("bash");
        if let Err(error) = &deployment.compose
            && !bash
        {
            let place = error.span().map_or_else(
                || Place { file: self.file.to_owned(), ..Place::default() },
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

    fn service(&self, entry: &'d service::Service, programs: &mut Programs<'_>) -> Service<'d> {
        let mut fields: Vec<(String, Field<'d>)> = Vec::new();
        entry.tree.scalars("", &mut |path, value| {
            fields.push((path.to_owned(), self.field(value, &format!("{}.{path}", entry.path))));
        });
        for argument in entry.build.iter().flat_map(|build| &build.args) {
            if let Some(value) = argument.value.as_ref().filter(|value| !value.references.is_empty()) {
                let path = format!("build.args.{}", argument.key.text);
                let field = self.field(value, &format!("{}.{path}", entry.path));
                fields.push((path, field));
            }
        }
        let configs = self.configs(entry);
        let mut environment = self.environment(entry);
        if let Some((run, place)) = self.image_run(entry) {
            fields.extend(of_image::commands(run, entry, &place));
            environment.extend(of_image::environment(run, entry, &place));
        }
        let mut by_name = BTreeMap::new();
        for (at, variable) in environment.iter().enumerate() {
            by_name.entry(variable.name).or_insert(at);
        }
        Service {
            name: &entry.name,
            place: self.place(Text::ComposeFile, entry.key_span, &entry.path),
            environment,
            by_name,
            paths: Paths::of(&fields),
            lines: RefCell::default(),
            mounts: entry.mounts.iter().filter_map(|mount| self.mount(mount)).collect(),
            ports: entry.ports.iter().map(|port| self.port(port)).collect(),
            variable_files: entry
                .env_files
                .iter()
                .map(|file| (self.field(&file.file, &file.path), file.content))
                .collect(),
            programs: programs.read(&fields, &configs),
            configs,
            fields,
            entry,
        }
    }

    fn field(&self, value: &'d Value, path: &str) -> Field<'d> {
        let raw = if value.references.is_empty() { &value.text } else { self.written(value.span) };
        Field { value, raw, place: self.place(Text::ComposeFile, value.span, path) }
    }

    /// A whole entry of which `value` is the part that counts.
    fn entry(&self, value: Option<&'d Value>, span: Span, path: &str) -> Field<'d> {
        let value = value.unwrap_or(Value::nothing());
        Field { value, raw: self.written(span), place: self.place(Text::ComposeFile, span, path) }
    }

    /// What is written at a span, without quotes around it.
    fn written(&self, span: Span) -> &'d str {
        self.text.get(span.range()).unwrap_or("").trim().trim_matches(['"', '\''])
    }

    fn environment(&self, service: &'d service::Service) -> Vec<EnvironmentEntry<'d>> {
        let mut earlier: BTreeMap<&str, String> = BTreeMap::new();
        for entry in &service.replaced_environment {
            let text = entry.value.as_ref().map_or("", |value| value.text.as_str());
            earlier.insert(&entry.name.text, format!("{}={text}", entry.name.text));
        }
        let entries = service.environment.iter();
        entries
            .map(|entry| {
                let name_settable = entry.name.is_settable();
                let mut value = match &entry.value {
                    Some(value) => self.field(value, &entry.path),
                    None => self.entry(None, entry.span, &entry.path),
                };
                if entry.bare || name_settable {
                    value.raw = self.text.get(entry.span.range()).unwrap_or("").trim();
                }
                EnvironmentEntry {
                    replaces: earlier.get(entry.name.text.as_str()).cloned(),
                    name: &entry.name.text,
                    name_settable,
                    bare: entry.bare,
                    value,
                }
            })
            .collect()
    }

    fn mount(&self, entry: &'d service::Mount) -> Option<Mount<'d>> {
        // `- ${X}` alone can be any mount.
        let unknown = entry.kind == MountKind::Other;
        let source = entry.source.as_ref().or(if unknown { entry.target.as_ref() } else { None })?;
        let source = self.field(source, &entry.path);
        let host_path = match entry.kind {
            MountKind::Bind => true,
            // Of `$PWD` and the like nobody outside has a part, and it is a path all the same.
            MountKind::Other => {
                source.is_settable()
                    || source.raw.starts_with('/')
                    || of_the_guest(source.value).starts_with('/')
            }
            _ => false,
        };
        let target = entry.target.as_ref().map_or("", |target| &target.text);
        Some(Mount { entry, source, target, host_path, read_only: entry.read_only })
    }

    fn port(&self, entry: &'d service::Port) -> Port<'d> {
        let value = self.entry(entry.target.as_ref(), entry.span, &entry.path);
        let protocol = entry.protocol.as_ref().and_then(|protocol| protocol.literal());
        Port { value, loopback: entry.is_loopback(), protocol }
    }

    /// Contents of the configs that this service is the first to mount.
    fn configs(&self, service: &'d service::Service) -> Vec<(String, Field<'d>)> {
        let names: BTreeSet<&str> =
            service.configs.iter().filter_map(|config| config.source.as_ref()?.literal()).collect();
        let own = |name: &str| self.mounted.get(name).is_some_and(|first| *first == service.name);
        names
            .into_iter()
            .filter(|name| own(name))
            .filter_map(|name| self.configs.get(name))
            .filter_map(|config| {
                let (key, value) = match (&config.content, &config.environment_value) {
                    (Some(content), _) => ("content", content),
                    (None, Some(value)) => ("environment", value),
                    (None, None) => return None,
                };
                let path = format!("{}.{key}", config.path);
                let field = self.field(value, &path);
                Some((path, field))
            })
            .collect()
    }

    fn globals(&self, file: &'d ComposeFile) -> Vec<(String, Field<'d>)> {
        let resources = file.configs.iter().chain(&file.secrets);
        let given: BTreeMap<String, &Value> = resources
            .filter_map(|resource| {
                Some((format!("{}.environment", resource.path), resource.environment_value.as_ref()?))
            })
            .collect();
        let mut globals = Vec::new();
        for entry in file.tree.entries().iter().filter(|entry| entry.key != "services") {
            entry.tree.scalars(&entry.key, &mut |path, value| {
                let mut field = self.field(value, path);
                // The name of a variable stands there; what counts is what it gives.
                field.value = given.get(path).copied().unwrap_or(value);
                globals.push((path.to_owned(), field));
            });
        }
        globals
    }
}
