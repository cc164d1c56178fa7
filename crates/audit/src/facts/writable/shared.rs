//! What another service writes, wherever the service mentions it.
//!
//! A list of loaders is never whole. So a path below the mount of a volume that another service writes to counts wherever
//! it stands, unless what stands there is known to take it for data: a program that reads and writes files, an option, a
//! variable or a directive whose name says that data lies there. Everything else may load code or settings from it.

use super::{Area, CODE_FOLDERS, Folders, Loaded, runs};
use crate::facts::code;
use crate::names::words;
use crate::program::Program;
use crate::script::Command;
use crate::view::Service;
use std::collections::BTreeMap;
use veritee_compose::service::absolute_path;
use veritee_model::Place;

/// Programs that take a path for data, and start nothing that lies there.
#[rustfmt::skip]
const DATA_PROGRAMS: &[&str] = &[
    "[", "[[", "basename", "cat", "chgrp", "chmod", "chown", "cmp", "cp", "cut", "df", "diff", "dirname", "du", "echo",
    "egrep", "export", "false", "fgrep", "file", "find", "fuser", "grep", "gzip", "head", "inotifywait", "install", "ln",
    "ls", "md5sum", "minio", "mkdir", "mkfifo", "mv", "printf", "readlink", "realpath", "restic", "rm", "rmdir", "rsync",
    "sha256sum", "sleep", "sort", "stat", "sync", "tail", "tar", "tee", "test", "touch", "true", "uniq", "unzip", "wc",
    "zip",
];

/// Programs that put what lies at one path at another.
const COPIES: &[&str] = &["cp", "mv", "ln", "install", "rsync"];

/// Words of a name that says that data lies there.
#[rustfmt::skip]
const DATA: &[&str] = &[
    "ARCHIVE", "BACKUP", "BACKUPS", "BUCKET", "CACHE", "CERT", "CERTIFICATE", "CERTIFICATES", "CERTS", "CHAINDATA", "CONTENT",
    "DATA", "DATABASE", "DATADIR", "DATASET", "DB", "DBPATH", "DIR", "DIRECTORY", "DOCROOT", "DOCUMENTS", "DOWNLOAD",
    "DOWNLOADS", "HOST", "IMPORTS", "INPUT", "IPC", "KEY", "KEYS", "LOG", "LOGS", "MEDIA", "OUTPUT", "PASSWORD", "PERSIST",
    "PID", "PIDFILE", "QUEUE", "RECORDINGS", "ROOT", "SECRET", "SNAPSHOT", "SNAPSHOTS", "SOCK", "SOCKET", "SPOOL", "STATE",
    "STATIC", "STORAGE", "STORE", "TEMP", "TMP", "TOKEN", "UNIX", "UPLOAD", "UPLOADS", "WAL", "WORKSPACE",
];

/// Words of a name that says otherwise, whatever else stands in it.
#[rustfmt::skip]
const LOADS: &[&str] = &[
    "ADDON", "ADDONS", "APP", "AUTOLOAD", "CA", "CLASSPATH", "CODE", "COMMAND", "CONF", "CONFIG", "ENGINE", "EXEC", "EXTENSION",
    "EXTENSIONS", "HOOK", "HOOKS", "INCLUDE", "INIT", "LIB", "LIBRARY", "LOAD", "LOADER", "LOADMODULE", "MODULE", "MODULES",
    "PLUGIN", "PLUGINS", "PRELOAD", "PROVIDER", "REQUIRE", "SCRIPT", "SCRIPTS", "TEMPLATE", "TEMPLATES", "THEME", "THEMES",
    "TRUSTED", "TRUST", "TRUSTSTORE", "WASM",
];

/// Folders below which programs look for settings by themselves.
const SETTINGS: &[&str] = &["/etc", "/config"];

/// Folders in which code lies; below them anything may.
const CODE: &[&str] = &["/app", "/usr/src/app", "/code", "/var/www", "/var/www/html", "/srv/app"];

/// Of these, folders of certificates and names.
const NO_SETTINGS: &[&str] =
    &["/etc/letsencrypt", "/etc/hostname", "/etc/hosts", "/etc/certs", "/etc/nginx/certs"];

/// Folders in which programs look for code, wherever they lie: their names.
#[rustfmt::skip]
const LOOKED_IN: &[&str] = &[
    "addons", "agents", "autodeploy", "autoload", "autostart", "bin", "cgi-bin", "code", "components", "conf", "conf.d",
    "config", "cron", "cron.d", "cron.daily", "cron.hourly", "crontabs", "custom", "custom_components",
    "custom_nodes", "dags", "daily", "deploy", "deployments", "docker-entrypoint-initdb.d", "dropins", "entrypoint.d",
    "extensions", "flows", "functions", "handlers", "hooks", "hourly", "htdocs", "html", "init.d", "initdb.d", "jars", "jobs.d", "lib",
    "lib64", "libs", "middleware", "middlewares", "migrations", "mods-enabled", "modules", "node_modules", "nodes",
    "pipeline", "pipelines", "playbooks", "plugins", "policies", "providers", "recipes", "rules", "rulesets", "sbin",
    "scripts", "servlets", "settings", "site-packages", "sites-enabled", "skills", "src", "systemd", "tasks.d",
    "templates", "themes", "tools", "triggers", "wasm", "webapps", "weekly", "workflows", "www", "wwwroot",
];

/// Of these, names that have no other meaning on the way to what lies deeper.
#[rustfmt::skip]
const ONLY_CODE: &[&str] = &[
    "addons", "autodeploy", "autoload", "cgi-bin", "cron.d", "crontabs", "custom_components", "custom_nodes", "dags", "dropins",
    "extensions", "hooks", "init.d", "initdb.d", "modules", "node_modules", "plugins", "providers", "sbin", "site-packages",
    "systemd", "webapps",
];

/// Whether programs look for code in a folder of this path: by its last name, or by one above it that means nothing else,
/// unless what lies at its end is called data.
fn is_looked_in(path: &str) -> bool {
    let names: Vec<String> = path.split('/').filter(|n| !n.is_empty()).map(str::to_ascii_lowercase).collect();
    let Some((last, above)) = names.split_last() else { return false };
    // `connect-plugins` holds plug-ins.
    let tail = last.rsplit(['-', '_']).next().unwrap_or(last);
    LOOKED_IN.contains(&last.trim_start_matches('.'))
        || ONLY_CODE.contains(&tail)
        || above.iter().any(|name| ONLY_CODE.contains(&name.as_str())) && !is_data(last)
}

/// The targets of volumes that others write to.
struct Shared<'a> {
    targets: BTreeMap<&'a str, &'a Area>,
}

/// Components of a path that are looked at.
const DEPTH: usize = 64;

impl<'a> Shared<'a> {
    fn at(&self, path: &str) -> Option<&'a Area> {
        let path = absolute_path(path);
        let mut rest = path.as_str();
        for _ in 0..DEPTH {
            if let Some(area) = self.targets.get(rest) {
                return Some(area);
            }
            rest = rest.rsplit_once('/')?.0;
        }
        None
    }

    /// The first path of the text that lies there.
    fn in_text(&self, text: &str) -> Option<&'a Area> {
        paths(text).find_map(|path| self.at(path))
    }
}

/// The absolute paths in a text.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || "/_.*~+-@%".contains(c);
    text.split(move |c: char| !is_part(c)).filter_map(|piece| {
        let at = piece.find('/')?;
        let before = piece.get(..at)?;
        let path = piece.get(at..)?;
        (before.is_empty() || before.starts_with(['@', '-', '+'])).then_some(path)
    })
}

/// Adds what the service mentions of what another service writes, where nothing was found yet.
pub(super) fn mentioned(service: &Service<'_>, areas: &[Area], found: &mut Vec<Loaded>) {
    let shared = areas.iter().filter(|area| area.writer.is_some());
    let shared = Shared { targets: shared.map(|area| (area.target.as_str(), area)).collect() };
    if shared.targets.is_empty() {
        return;
    }
    let known: std::collections::BTreeSet<Place> = found.iter().map(|loaded| loaded.place.clone()).collect();
    let mut add = |place: &Place, area: &Area, evidence: String| {
        if !known.contains(place) {
            found.push(Loaded { place: place.clone(), evidence, writer: area.writer.clone() });
        }
    };
    if let Some(value) = service.scalar("working_dir")
        && let Some(area) = shared.at(&value.effective())
    {
        let why = "relative code and settings are taken from there";
        add(&value.place, area, format!("working_dir: {} ({why})", value.raw));
    }
    // What stands under a key, which many programs may share.
    let mut told = BTreeMap::new();
    for program in service.programs.iter().filter(|program| !program.path.starts_with("configs.")) {
        if let Some((area, text)) = command(service, program, &shared, &mut told) {
            add(
                &program.place,
                area,
                format!(
                    "{}: {text} (what is made of what lies below {} is not known)",
                    program.path, area.target
                ),
            );
        }
    }
    for entry in &service.environment {
        let text = entry.value.effective();
        if let Some(area) = shared.in_text(&text).filter(|_| !is_data(entry.name)) {
            let why = "what the program loads from there is not known";
            add(&entry.value.place, area, format!("environment.{}: {} ({why})", entry.name, entry.value.raw));
        }
    }
    for (path, value) in &service.configs {
        let text = value.effective();
        let hit = text.lines().find_map(|line| {
            let at = line.find('/')?;
            let area = shared.in_text(line)?;
            let timed = line.trim_start().starts_with(|c: char| c == '*' || c.is_ascii_digit());
            (timed || !is_data(line.get(..at).unwrap_or(line))).then_some((area, line))
        });
        if let Some((area, line)) = hit {
            add(&value.place, area, format!("{path}: {} (settings that load from there)", line.trim()));
        }
    }
    for mount in &service.mounts {
        let target = mount.target.trim_end_matches('/');
        let settings = SETTINGS.iter().any(|folder| is_below(target, folder)) && target != "/etc"
            || CODE.contains(&target)
            || is_looked_in(target);
        let others = NO_SETTINGS.iter().any(|folder| is_below(target, folder)) || target.contains("/cert");
        if let Some(area) = shared.targets.get(target).filter(|_| settings && !others) {
            let why = "code or settings are looked for there";
            add(
                &mount.source.place,
                area,
                format!("volumes: {} -> {} ({why})", mount.source.raw, mount.target),
            );
        }
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a name, or what stands before a path on its line, says that data lies there.
fn is_data(name: &str) -> bool {
    has(name, DATA) && !has(name, LOADS)
}

fn has(name: &str, list: &[&str]) -> bool {
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(words);
    words.any(|word| list.contains(&word.as_str()))
}

/// The first command of a program that makes something of such a path that is not known.
fn command<'a, 's>(
    service: &'s Service<'_>,
    program: &'s Program,
    shared: &Shared<'a>,
    told: &mut BTreeMap<&'s str, Option<&'a Area>>,
) -> Option<(&'a Area, String)> {
    let mut copied: Folders<'_, &'a Area> = Folders::new();
    let mut mentioned: Option<&'a Area> = None;
    for command in &program.commands {
        let copies = COPIES.contains(&command.program());
        if let Some((path, area)) = command.words.iter().find_map(|word| Some((word, shared.in_text(word)?)))
        {
            mentioned = Some(area);
            let last = command.words.last().map_or("", String::as_str);
            if copies && last != path {
                let folder = last.rsplit_once('/').map_or("", |(folder, _)| folder);
                if CODE_FOLDERS.contains(&folder) || CODE_FOLDERS.contains(&last) || last.starts_with("/etc/")
                {
                    return Some((area, command.text()));
                }
                copied.add(last, area);
            }
        }
        let from_copy = runs(command).into_iter().find_map(|path| copied.holding(path));
        if let Some(area) = from_copy.or_else(|| makes_more(command, shared)) {
            let from =
                if from_copy.is_some() { format!(" (copied out of {})", area.target) } else { String::new() };
            return Some((area, format!("{}{from}", command.text())));
        }
    }
    // What is computed out of what lies there, and run: `. "$(ls /inbox)"`, `find /inbox -exec {}`.
    let computed = |command: &&Command| {
        let first = command.words.first().map_or("", String::as_str);
        let loads = matches!(first, "." | "source" | "eval")
            || code::is_shell(command.program())
            || code::is_interpreter(command.program());
        let text = code::is_shell(command.program())
            && command.words.iter().any(|word| word.starts_with('-') && word.ends_with('c'));
        let given = !text && command.arguments().iter().any(|word| word.contains("$(") || word.contains('$'));
        first == "{}" || first.starts_with("$(") || loads && given && command.words.len() <= 3
    };
    let runs_computed = program.commands.iter().find(computed)?;
    let area = mentioned.or_else(|| {
        let find = || {
            let fields = service.below(&program.path);
            fields.map(|(_, field)| field.effective()).find_map(|text| shared.in_text(&text))
        };
        *told.entry(&program.path).or_insert_with(find)
    })?;
    Some((area, runs_computed.text()))
}

/// Whether a command takes such a path for something else than data.
fn makes_more<'a>(command: &Command, shared: &Shared<'a>) -> Option<&'a Area> {
    // What stands behind `-c` is read as commands of its own.
    let text = code::is_shell(command.program())
        && command.words.iter().any(|word| word.starts_with('-') && word.ends_with('c'));
    if text || DATA_PROGRAMS.contains(&command.program()) {
        return None;
    }
    let mut before = "";
    let interpreter = code::is_interpreter(command.program()) && code::of(&command.words).is_none();
    let mut behind_file = false;
    for (index, word) in command.words.iter().enumerate() {
        // A text of several words is read as commands of its own.
        let area = if word.contains(char::is_whitespace) { None } else { shared.in_text(word) };
        let option = match word.split_once('=') {
            Some((name, _)) if name.starts_with('-') => name,
            _ => before,
        };
        // Arguments of a program that is a file of the image, not of the interpreter: data, unless they say otherwise.
        let argument = behind_file && !(option.starts_with('-') && has(option, LOADS));
        if let Some(area) = area.filter(|_| !argument && (!option.starts_with('-') || !is_data(option))) {
            return Some(area);
        }
        behind_file |= interpreter && area.is_none() && index > 0 && !word.starts_with('-');
        before = word;
    }
    None
}
