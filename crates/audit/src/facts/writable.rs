//! Code, loaders' settings and trust anchors that lie in a volume: nothing measures what stands there, and whoever may
//! write it, another service too, writes what the first one runs.

use crate::facts::code::is_shell;
use crate::facts::mounts::{self, Kind};
use crate::names::{self, NameClass, words};
use crate::script::Command;
use crate::view::{Mount, Service, View, Writers};
use std::collections::BTreeMap;
use veritee_model::Place;

mod shared;

/// Part of a service's files that is no part of its image.
pub(crate) struct Area {
    target: String,
    /// Another service that writes there too.
    pub(crate) writer: Option<String>,
}

/// Something that is run or trusted and lies in such a part.
pub(crate) struct Loaded {
    pub(crate) place: Place,
    pub(crate) evidence: String,
    pub(crate) writer: Option<String>,
}

/// Where programs, or the loader, look for code by themselves.
const CODE_FOLDERS: &[&str] = &[
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/usr",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/local/lib",
    "/etc/cron.d",
    "/etc/crontabs",
    "/etc/profile.d",
    "/docker-entrypoint.d",
    "/docker-entrypoint-initdb.d",
    "/etc/ld.so.conf.d",
];

/// Where programs look for the authorities that they believe.
const TRUST_FOLDERS: &[&str] = &[
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
    "/etc/ssl",
    "/etc/ssl/certs",
    "/etc/pki",
    "/etc/pki/ca-trust",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/ca-certificates",
];

/// Variables that say where code or settings of a run time come from, beside the hooks that are known by their class.
const LOADERS: &[&str] = &[
    "OPENSSL_CONF",
    "OPENSSL_MODULES",
    "OPENSSL_ENGINES",
    "NODE_PATH",
    "CLASSPATH",
    "GEM_PATH",
    "GEM_HOME",
    "PHP_INI_SCAN_DIR",
    "PHPRC",
    "LUA_PATH",
    "LUA_CPATH",
    "GCONV_PATH",
    "PATH",
    "ENV",
    "GIT_EXEC_PATH",
    "GIT_SSH_COMMAND",
    "DOTNET_STARTUP_HOOKS",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "R_PROFILE",
    "JULIA_LOAD_PATH",
    "LD_ORIGIN_PATH",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
];

/// What stands before a path of code, or of authorities, in one word.
const MARKERS: &[&str] = &[
    "-javaagent:",
    "-agentpath:",
    "-Djava.ext.dirs=",
    "-Djava.class.path=",
    "-Djavax.net.ssl.trustStore=",
    "--require=",
    "--import=",
    "--loader=",
    "--experimental-loader=",
    "--module-path=",
    "--class-path=",
    "-I",
];

/// Options behind which such a path stands as a word of its own.
const OPTIONS: &[&str] = &[
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "-cp",
    "-classpath",
    "--class-path",
    "--module-path",
    "-p",
    "--loadmodule",
    "-jar",
];

fn writers(view: &View<'_>) -> Writers {
    let mut writers = Writers::new();
    for service in view.active() {
        for mount in service.mounts.iter().filter(|mount| !mount.read_only) {
            if let Some(source) = source(mount) {
                let known = writers.entry(source).or_default();
                if known.len() < 2 && known.iter().all(|name| name != service.name) {
                    known.push(service.name.to_owned());
                }
            }
        }
    }
    writers
}

/// What two mounts of the same storage have in common; nothing for one that is empty for each service.
fn source(mount: &Mount<'_>) -> Option<String> {
    // Two names that somebody outside fills in are two, though nothing stands in their place here.
    if mount.source.effective().trim().is_empty() && !mount.source.raw.is_empty() {
        return Some(format!("chosen {}", mount.source.raw));
    }
    match mount.path() {
        Some(path) => Some(format!("path {path}")),
        None if mount.source.raw.is_empty() => None,
        None => Some(format!("named {}", mount.source.effective())),
    }
}

/// The parts of a service's files that are volumes, or folders of the machine.
pub(crate) fn areas(view: &View<'_>, service: &Service<'_>) -> Vec<Area> {
    let writers = view.writers.get_or_init(|| writers(view));
    let mut found = Vec::new();
    for mount in &service.mounts {
        let is_storage = matches!(mounts::kind(mount), Kind::Storage | Kind::Path);
        // A socket holds nothing that is loaded.
        let is_socket = mount.path().is_some_and(|path| path.ends_with(".sock"));
        if is_socket || !is_storage || !mount.target.starts_with('/') || mount.target == "/" {
            continue;
        }
        let others = source(mount).and_then(|source| writers.get(&source));
        let writer = others.into_iter().flatten().find(|name| *name != service.name).cloned();
        if writer.is_some() || !mount.read_only {
            found.push(Area { target: mount.target.trim_end_matches('/').to_owned(), writer });
        }
    }
    found
}

/// Things by the folder that they are of: asked for the first that holds a path.
struct Folders<'a, T> {
    things: BTreeMap<&'a str, (usize, T)>,
    longest: usize,
}

impl<'a, T: Copy> Folders<'a, T> {
    const fn new() -> Self {
        Self { things: BTreeMap::new(), longest: 0 }
    }

    /// Of two that are of one folder the first counts.
    fn add(&mut self, folder: &'a str, thing: T) {
        let number = self.things.len();
        self.longest = self.longest.max(folder.len());
        self.things.entry(folder).or_insert((number, thing));
    }

    fn of(areas: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut folders = Self::new();
        areas.into_iter().for_each(|(folder, thing)| folders.add(folder, thing));
        folders
    }

    /// Of this very folder.
    fn at(&self, folder: &str) -> Option<T> {
        self.things.get(folder).map(|(_, thing)| *thing)
    }

    /// The first whose folder is the path, or lies above it.
    fn holding(&self, path: &str) -> Option<T> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let known =
            ends.take_while(|end| *end <= self.longest).filter_map(|end| self.things.get(path.get(..end)?));
        known.min_by_key(|(number, _)| *number).map(|(_, thing)| *thing)
    }
}

/// All that a service runs or trusts out of volumes.
pub(crate) fn loaded(view: &View<'_>, service: &Service<'_>) -> Vec<Loaded> {
    let areas = areas(view, service);
    if areas.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut add = |place: &Place, area: &Area, evidence: String| {
        found.push(Loaded { place: place.clone(), evidence, writer: area.writer.clone() });
    };
    let folders = Folders::of(areas.iter().map(|area| (area.target.as_str(), area)));
    let within = |path: &str| folders.holding(path);
    for program in service.programs.iter().filter(|program| !program.path.starts_with("configs.")) {
        for command in &program.commands {
            if let Some((path, area)) = runs(command).into_iter().find_map(|path| Some((path, within(path)?)))
            {
                add(&program.place, area, format!("{}: {} ({path} is run)", program.path, command.text()));
            }
        }
    }
    for entry in &service.environment {
        let text = entry.value.effective();
        let whole = loads(entry.name).then(|| pieces(&text).find_map(within)).flatten();
        let words: Vec<&str> = text.split_whitespace().collect();
        let marked = || marked(&words).into_iter().find_map(within);
        if let Some(area) = whole.or_else(marked) {
            add(&entry.value.place, area, format!("environment.{}: {}", entry.name, entry.value.raw));
        }
    }
    for (path, value) in service.configs.iter().filter(|(path, _)| is_loaders(service, path)) {
        let text = value.effective();
        if let Some(area) = pieces(&text).find_map(within) {
            add(&value.place, area, format!("{path}: {} (the loader reads it)", value.raw.trim()));
        }
    }
    for mount in &service.mounts {
        let Some(area) = folders.at(mount.target.trim_end_matches('/')) else { continue };
        let trusted = TRUST_FOLDERS.contains(&area.target.as_str());
        if trusted || area.writer.is_some() && CODE_FOLDERS.contains(&area.target.as_str()) {
            let what = if trusted { "authorities that are believed" } else { "code is looked for there" };
            add(
                &mount.source.place,
                area,
                format!("volumes: {} -> {} ({what})", mount.source.raw, mount.target),
            );
        }
    }
    shared::mentioned(service, &areas, &mut found);
    found
}

/// A file of which the dynamic loader, or a server that loads modules, reads what to load.
fn is_loaders(service: &Service<'_>, path: &str) -> bool {
    let name =
        path.strip_prefix("configs.").and_then(|rest| rest.rsplit_once('.')).map_or("", |(name, _)| name);
    let mut sources =
        service.below("configs").filter(|(key, value)| key.ends_with(".source") && value.effective() == name);
    sources.any(|(key, _)| {
        let target = key.strip_suffix(".source").and_then(|entry| service.scalar(&format!("{entry}.target")));
        target.is_some_and(|target| target.effective().starts_with("/etc/ld.so."))
    })
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | ';' | '='))
        .filter(|piece| piece.starts_with('/'))
}

/// A variable that says where code, plug-ins or settings of a run time come from.
fn loads(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let by_word = || {
        words(name).iter().any(|word| {
            matches!(
                word.as_str(),
                "PLUGIN" | "PLUGINS" | "MODULES" | "EXTENSIONS" | "PRELOAD" | "HOOKS" | "ADDONS"
            )
        })
    };
    LOADERS.contains(&upper.as_str()) || names::classify(name) == NameClass::RuntimeHook || by_word()
}

/// Paths in words that load what stands there.
fn marked<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let word = word.trim_matches(['"', '\'']);
        if let Some(path) = MARKERS.iter().find_map(|marker| word.strip_prefix(marker)) {
            found.extend(pieces(path));
        } else if let Some((name, path)) = word.split_once('=').filter(|(name, _)| name.starts_with('-')) {
            if loads(name.trim_start_matches('-')) {
                found.extend(pieces(path));
            }
        } else if word.starts_with('/')
            && let Some(before) = index.checked_sub(1).and_then(|at| words.get(at))
        {
            let named = before.starts_with("--") && loads(before.trim_start_matches('-'));
            if named || OPTIONS.contains(before) {
                found.extend(pieces(word));
            }
        }
    }
    found
}

/// Paths that a command runs or loads.
fn runs(command: &Command) -> Vec<&str> {
    let program = command.program().trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
    let mut found: Vec<&str> =
        command.words.first().map(String::as_str).into_iter().filter(|word| word.starts_with('/')).collect();
    let script = || command.arguments().iter().map(String::as_str).find(|word| !word.starts_with('-'));
    match command.program() {
        "." | "source" | "run-parts" => found.extend(script()),
        shell if is_shell(shell) => found.extend(script()),
        _ if matches!(
            program,
            "python"
                | "pypy"
                | "node"
                | "perl"
                | "ruby"
                | "php"
                | "deno"
                | "bun"
                | "lua"
                | "dotnet"
                | "Rscript"
        ) =>
        {
            found.extend(script());
        }
        _ => {}
    }
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let own: &[&str] = if matches!(program, "node" | "ruby" | "java" | "bun" | "perl" | "redis-server") {
        &words
    } else {
        &[]
    };
    found.extend(marked(own));
    let long: Vec<&str> = words.into_iter().filter(|word| !matches!(*word, "-p" | "-r" | "-cp")).collect();
    found.extend(marked(&long));
    found
}
