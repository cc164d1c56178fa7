//! A service of the compose, field by field, after interpolation and merging.
//!
//! Fields with a structure are typed. Plain scalars and lists of scalars are read through [`Service::scalar`],
//! [`Service::flag`] and [`Service::list`] by their key in the Compose specification. Keys that no accessor covers are
//! in [`crate::Deployment::constructs`].

mod build;
mod keys;
mod mount;
mod parse;
mod port;

pub use build::{Build, ContextKind};
pub use mount::{FileMount, Mount, MountKind, absolute_path};
pub use port::Port;

pub(crate) use keys::{RESOURCE_KEYS, TOP_LEVEL_KEYS};
pub(crate) use mount::pieces_of;
pub(crate) use parse::{Parser, key_values};

use crate::image::ImageReference;
use crate::position::Span;
use crate::provenance::Provenance;
use crate::tree::{Tree, TreeEntry};
use crate::value::Value;

/// A service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// `services.NAME`.
    pub path: String,
    /// Where its name stands in the YAML text.
    pub key_span: Span,
    /// Whether `docker compose up` starts it.
    pub activity: Activity,
    /// `image`.
    pub image: Option<ImageReference>,
    /// `build`: where present, the image is built inside the CVM and `image` only names the result.
    pub build: Option<Build>,
    /// `environment`, the effective entries only: of two entries with the same name the later.
    pub environment: Vec<EnvironmentVariable>,
    /// Entries of `environment` that a later entry of the same name replaced.
    pub replaced_environment: Vec<EnvironmentVariable>,
    /// `env_file`: read from the guest's file system when the compose is started.
    pub env_files: Vec<EnvFile>,
    /// `command`.
    pub command: Option<CommandLine>,
    /// `entrypoint`.
    pub entrypoint: Option<CommandLine>,
    /// `volumes`.
    pub mounts: Vec<Mount>,
    /// `ports`. Ignored by Docker where `network_mode` is `host`.
    pub ports: Vec<Port>,
    /// `extra_hosts`, as names and addresses.
    pub extra_hosts: Vec<KeyValue>,
    /// `sysctls`.
    pub sysctls: Vec<KeyValue>,
    /// `labels`.
    pub labels: Vec<KeyValue>,
    /// `annotations`.
    pub annotations: Vec<KeyValue>,
    /// `configs`.
    pub configs: Vec<FileMount>,
    /// `secrets`.
    pub secrets: Vec<FileMount>,
    /// `depends_on`.
    pub depends_on: Vec<String>,
    /// `networks`, by name, with what stands below the name.
    pub networks: Vec<TreeEntry>,
    /// `healthcheck.test`.
    pub healthcheck: Option<CommandLine>,
    /// `logging`.
    pub logging: Option<Logging>,
    /// `post_start`, `pre_start`, `pre_stop`.
    pub hooks: Vec<Hook>,
    /// The whole service, for what has no field.
    pub tree: Tree,
}

/// Whether a service is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// It is started.
    Active,
    /// It has profiles, none of which is on.
    Profiles(Vec<String>),
    /// It has zero replicas.
    NoReplicas,
    /// Whether it is started is chosen by somebody else, through this.
    Chosen {
        /// Who chooses.
        provenance: Provenance,
        /// The provenance rests on an assumption.
        assumed: bool,
        /// `COMPOSE_PROFILES`, `scale` or `deploy.replicas`.
        through: String,
    },
}

impl Activity {
    /// Whether it is, or can be, started.
    #[must_use]
    pub const fn can_run(&self) -> bool {
        matches!(self, Self::Active | Self::Chosen { .. })
    }
}

/// An entry of `environment`.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentVariable {
    /// Its name. Not known where the name itself is interpolated (`- ${X}`).
    pub name: Value,
    /// Its value. Of a bare name: what the environment of `docker compose` gives. `None` where it stays unset.
    pub value: Option<Value>,
    /// It was written without a value.
    pub bare: bool,
    /// `services.NAME.environment.KEY-OR-INDEX`.
    pub path: String,
    /// Where the entry stands in the YAML text.
    pub span: Span,
}

/// An entry of `env_file`.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvFile {
    /// Path of the file, relative to `/dstack`.
    pub file: Value,
    /// `required`, where it is written.
    pub required: Option<Value>,
    /// Who chooses the content of the file.
    pub content: Provenance,
    /// `services.NAME.env_file.INDEX`.
    pub path: String,
}

/// A command line.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandLine {
    /// Its words, or the one text that Compose splits into words.
    pub words: Vec<Value>,
    /// It was written as one text.
    pub is_text: bool,
    /// Path of it.
    pub path: String,
    /// Where it stands in the YAML text.
    pub span: Span,
}

impl CommandLine {
    /// The words joined by spaces, for matching and display.
    #[must_use]
    pub fn text(&self) -> String {
        self.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The worst provenance of its words.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        self.words.iter().map(Value::provenance).max().unwrap_or(Provenance::Literal)
    }
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyValue {
    /// The name.
    pub key: Value,
    /// The value, if there is one.
    pub value: Option<Value>,
    /// Path of the entry.
    pub path: String,
}

/// `logging`.
#[derive(Debug, Clone, PartialEq)]
pub struct Logging {
    /// `driver`.
    pub driver: Option<Value>,
    /// `options`.
    pub options: Vec<KeyValue>,
}

/// A command that runs at an event of the container's life.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    /// `post_start`, `pre_start` or `pre_stop`.
    pub event: String,
    /// What runs.
    pub command: Option<CommandLine>,
    /// The whole hook.
    pub tree: Tree,
}

/// A switch.
#[derive(Debug, Clone, PartialEq)]
pub enum Flag {
    /// On.
    On,
    /// Off, or not written.
    Off,
    /// Chosen by somebody else, or no truth value.
    Chosen(Provenance),
}

impl Service {
    /// What stands under a key of the service.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.tree.get(key)
    }

    /// A scalar: `pid`, `ipc`, `uts`, `cgroup`, `userns_mode`, `network_mode`, `restart`, `pull_policy`, `user`,
    /// `runtime`, `platform`, `hostname`, `container_name` and so on.
    #[must_use]
    pub fn scalar(&self, key: &str) -> Option<&Value> {
        self.tree.get(key).and_then(Tree::scalar)
    }

    /// A switch: `privileged`, `read_only`, `init`, `tty`, `use_api_socket` and so on, with the words that Compose
    /// takes for truth values.
    #[must_use]
    pub fn flag(&self, key: &str) -> Flag {
        let Some(value) = self.scalar(key) else { return Flag::Off };
        match value.literal().map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "y" | "yes" | "on") => Flag::On,
            Some("false" | "n" | "no" | "off") => Flag::Off,
            Some(_) => Flag::Chosen(Provenance::Unknown),
            None => Flag::Chosen(value.provenance()),
        }
    }

    /// The scalars of a list (or the one scalar): `cap_add`, `cap_drop`, `devices`, `security_opt`, `dns`, `dns_search`,
    /// `dns_opt`, `links`, `external_links`, `volumes_from`, `tmpfs`, `expose`, `profiles`, `group_add`,
    /// `device_cgroup_rules` and so on.
    #[must_use]
    pub fn list(&self, key: &str) -> Vec<&Value> {
        match self.tree.get(key) {
            Some(Tree::Scalar(value)) => vec![value],
            Some(Tree::Sequence(elements, _)) => elements.iter().filter_map(Tree::scalar).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether `network_mode` is `host`.
    #[must_use]
    pub fn is_host_network(&self) -> bool {
        self.scalar("network_mode").is_some_and(|mode| mode.literal() == Some("host"))
    }

    /// Effective entries of `environment` with this name.
    pub fn variables<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a EnvironmentVariable> {
        self.environment.iter().filter(move |entry| entry.name.literal() == Some(name))
    }
}
