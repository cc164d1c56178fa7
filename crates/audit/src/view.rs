//! The deployment as the rules read it: services with their values, each value with who can choose it.
//!
//! Flat on purpose: a rule asks for `privileged`, `cap_add` or `logging.driver` of a service and gets values with
//! places, whatever way the document spelled them.

use core::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use veritee_compose::script as shell;
use veritee_model::Place;

mod image;
mod mount;
mod url;

pub(crate) use image::{ImageReference, Pin};
pub(crate) use mount::{Mount, Port, normalise};
pub(crate) use url::addresses;
pub(crate) use veritee_compose::Provenance;

/// One part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The text that counts: for an expression its result where it is fixed, else its default.
    pub(crate) text: String,
    pub(crate) provenance: Provenance,
    /// The variable, when it is an expression.
    pub(crate) variable: Option<String>,
    /// The default inside the expression.
    pub(crate) default: Option<String>,
    /// `${N:?text}`: compose refuses to start without it.
    pub(crate) required: bool,
}

/// A value with its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    /// As it stands in the document.
    pub(crate) raw: String,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) place: Place,
}

/// Stands for a part that somebody outside chooses, where a text is looked at as a whole.
pub(crate) const HOLE: char = '\u{fffc}';

impl Value {
    pub(crate) fn provenance(&self) -> Provenance {
        self.pieces.iter().map(|piece| piece.provenance).max().unwrap_or(Provenance::Literal)
    }

    /// The text, when nobody outside has a part in it.
    pub(crate) fn fixed(&self) -> Option<String> {
        (!self.provenance().is_settable()).then(|| self.effective())
    }

    /// The text with defaults where somebody outside can choose.
    pub(crate) fn effective(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    /// The text with a [`HOLE`] where somebody outside can choose.
    pub(crate) fn shape(&self) -> String {
        let mut shape = String::new();
        for piece in &self.pieces {
            if piece.provenance.is_settable() {
                shape.push(HOLE);
            } else {
                shape.push_str(&piece.text);
            }
        }
        shape
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &Piece)> {
        self.pieces.iter().filter_map(|piece| Some((piece.variable.as_deref()?, piece)))
    }
}

/// Whether a service starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Activity {
    Active,
    /// Only when one of these profiles is switched on.
    Profile(Vec<String>),
    /// Scaled to zero.
    Nought,
}

/// One effective entry of a service's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvironmentEntry {
    pub(crate) name: String,
    /// The name itself comes from outside.
    pub(crate) name_settable: bool,
    /// No value: it is taken from the environment.
    pub(crate) bare: bool,
    pub(crate) value: Value,
    /// An earlier entry of the same name, which this one replaces.
    pub(crate) replaces: Option<String>,
}

/// A service.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) activity: Activity,
    pub(crate) place: Place,
    /// Every scalar below the service by its path: `privileged`, `cap_add.0`, `logging.options.tag`.
    pub(crate) scalars: Vec<(String, Value)>,
    pub(crate) environment: Vec<EnvironmentEntry>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) ports: Vec<Port>,
    /// Files of variables, each with who chooses what is in it.
    pub(crate) variable_files: Vec<(Value, Provenance)>,
    /// Contents of the configs that are mounted into it, by name.
    pub(crate) configs: Vec<(String, Value)>,
    /// The programs in its commands, hooks, health checks and configs.
    pub(crate) programs: Vec<Program>,
}

impl Service {
    pub(crate) fn is_active(&self) -> bool {
        self.activity == Activity::Active
    }

    /// The scalar at a path.
    pub(crate) fn scalar(&self, path: &str) -> Option<&Value> {
        self.scalars.iter().find(|(key, _)| key == path).map(|(_, value)| value)
    }

    /// The scalar at a path or all below it.
    pub(crate) fn below<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.scalars.iter().filter_map(move |(key, value)| {
            let rest = key.strip_prefix(path)?;
            (rest.is_empty() || rest.starts_with('.')).then_some((key.as_str(), value))
        })
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.below(path).next().is_some()
    }

    pub(crate) fn is_true(&self, path: &str) -> bool {
        self.scalar(path).is_some_and(|value| {
            value.provenance().is_settable()
                || matches!(value.effective().to_ascii_lowercase().as_str(), "true" | "yes" | "on")
        })
    }

    pub(crate) fn image(&self) -> Option<&Value> {
        self.scalar("image")
    }

    /// Values that run as commands, or are read as configuration: with the path of each.
    pub(crate) fn executed(&self) -> impl Iterator<Item = (&str, &Value)> {
        const RUN: &[&str] =
            &["command", "entrypoint", "healthcheck.test", "post_start", "pre_stop", "pre_start"];
        let commands = self
            .scalars
            .iter()
            .filter(|(key, _)| {
                RUN.iter().any(|run| {
                    key.strip_prefix(run).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                })
            })
            .map(|(key, value)| (key.as_str(), value));
        commands.chain(self.configs.iter().map(|(name, value)| (name.as_str(), value)))
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&EnvironmentEntry> {
        self.environment.iter().find(|entry| entry.name == name)
    }
}

/// A place where a variable flows to.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    /// The service; `None` for a part outside all services.
    pub(crate) service: Option<String>,
    /// Path below the service: `environment.API_URL`, `image`, `labels.x`.
    pub(crate) sink: String,
    pub(crate) piece: Piece,
    /// What stands there; of a text of many lines only the line with the variable.
    pub(crate) raw: String,
    pub(crate) place: Place,
    pub(crate) active: bool,
    /// It feeds scheme, user, host or port of a URL, or the operand of an option that takes an address.
    pub(crate) in_address: bool,
    /// It feeds scheme, user, host or port of a URL.
    pub(crate) in_authority: bool,
}

/// One of the scripts that dstack runs.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// `pre_launch_script`, `init_script` or `bash_script`.
    pub(crate) key: String,
    pub(crate) place: Place,
    /// The published script that it is, byte by byte.
    pub(crate) known: Option<&'static shell::KnownScript>,
    /// All scripts of the deployment, and which of them it is.
    pub(crate) all: Arc<Vec<shell::Script>>,
    pub(crate) index: usize,
    /// Its commands, once they were asked for.
    pub(crate) commands: OnceCell<Vec<crate::script::ScriptCommand>>,
    pub(crate) writes: OnceCell<Vec<shell::FileWrite>>,
}

impl Script {
    /// As it was read.
    pub(crate) fn source(&self) -> Option<&shell::Script> {
        self.all.get(self.index)
    }

    pub(crate) fn text(&self) -> &str {
        self.source().map_or("", |source| &source.text)
    }

    /// The files that it writes.
    pub(crate) fn writes(&self, environment: &veritee_compose::EnvironmentModel) -> &[shell::FileWrite] {
        self.writes.get_or_init(|| self.source().map_or_else(Vec::new, |source| source.writes(environment)))
    }
}

/// What a service runs, as far as it stands in the document.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// The key: `command`, `healthcheck.test`, `post_start.0.command`, or the name of a config.
    pub(crate) path: String,
    pub(crate) place: Place,
    pub(crate) commands: Vec<crate::script::Command>,
    /// Why not all of it could be read as commands.
    pub(crate) unread: Option<String>,
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

/// A whole deployment.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// Name of the document for people.
    pub(crate) file: String,
    /// The app_compose's members; `None` for a bare compose file.
    pub(crate) manifest: Option<serde_json::Map<String, serde_json::Value>>,
    /// Lines of the app_compose's members.
    pub(crate) manifest_places: BTreeMap<String, Place>,
    /// The docker compose file, exactly.
    pub(crate) text: Option<String>,
    /// Line of the document on which the compose file's first line stands.
    pub(crate) text_file: String,
    pub(crate) faults: Vec<Fault>,
    pub(crate) services: Vec<Service>,
    /// Scalars outside the services: `networks.x.driver`, `volumes.x.driver_opts.device`, `x-dstack.kms`, `include.0`.
    pub(crate) globals: Vec<(String, Value)>,
    /// Position of each path in `globals`.
    pub(crate) global_index: BTreeMap<String, usize>,
    /// `None`: not known, every name counts as the operator's.
    pub(crate) allowed: Option<BTreeSet<String>>,
    /// All places where variables flow to, by variable.
    pub(crate) uses: BTreeMap<String, Vec<Use>>,
    /// The environment of `docker compose`.
    pub(crate) environment: veritee_compose::EnvironmentModel,
    pub(crate) scripts: Vec<Script>,
    /// All that the scripts run, once it was asked for.
    pub(crate) executions: OnceCell<Vec<shell::Execution>>,
    pub(crate) has_profiles: bool,
    /// The document was bound to a measured hash.
    pub(crate) is_bound: bool,
    /// Hash of the app_compose's bytes.
    pub(crate) hash: Option<veritee_model::ComposeHash>,
}

impl View {
    pub(crate) fn place(&self) -> Place {
        Place { file: self.file.clone(), ..Place::default() }
    }

    /// The place of an app_compose member.
    pub(crate) fn member(&self, key: &str) -> Place {
        self.manifest_places.get(key).cloned().unwrap_or_else(|| Place {
            file: self.file.clone(),
            path: key.to_owned(),
            ..Place::default()
        })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&serde_json::Value> {
        self.manifest.as_ref()?.get(key)
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// Services were read: rules about them can be asked.
    pub(crate) fn has_services(&self) -> bool {
        !self.services.is_empty()
    }

    pub(crate) fn active(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| service.is_active())
    }

    /// All texts that the scripts run, and who has a part in each.
    pub(crate) fn executions(&self) -> &[shell::Execution] {
        let all = || self.scripts.first().map_or(&[][..], |script| script.all.as_slice());
        self.executions.get_or_init(|| shell::Executions::new(all(), &self.environment).all())
    }

    /// A scalar outside the services.
    pub(crate) fn global(&self, path: &str) -> Option<&Value> {
        self.globals.get(*self.global_index.get(path)?).map(|(_, value)| value)
    }

    pub(crate) fn service_names(&self) -> BTreeSet<&str> {
        self.services.iter().map(|service| service.name.as_str()).collect()
    }

    /// Who can choose a variable.
    pub(crate) fn provenance_of(&self, name: &str) -> Provenance {
        self.environment.lookup(name).provenance
    }

    pub(crate) fn is_operator(&self, name: &str) -> bool {
        self.allowed.as_ref().is_some_and(|allowed| allowed.contains(name))
            || self.provenance_of(name) == Provenance::Operator
    }
}
