//! What a service's own texts do with a variable of its environment.
//!
//! A name of the closed list is harmless because of what programs do with it: a time zone is a time zone. That holds as
//! long as nothing in the document makes something else of the value. A name that the service's own command, hook, health
//! check, configuration or inline Dockerfile mentions stays harmless only where the value can be nothing but one whole
//! argument of a program that runs no text, or is printed; any other mention takes the harmlessness away.

mod dockerfile;
mod shell;

use crate::facts::words::names_code;
use crate::field::{Field, RUN, is_at, list_of};
use crate::names::{self, NameClass};
use crate::pattern::pattern;
use crate::view::{Service, Spoken, View};
use shell::Reading;
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::script::quoted;
use veritee_model::Severity;

/// Whether the service's own texts make something of the variable.
pub(crate) fn uses(view: &View<'_>, service: &str, name: &str) -> bool {
    of(view).get(service).is_some_and(|names| names.contains(name))
}

/// Whether the texts of any service do.
pub(crate) fn anywhere(view: &View<'_>, name: &str) -> bool {
    of(view).values().any(|names| names.contains(name))
}

fn of<'v>(view: &'v View<'_>) -> &'v Spoken {
    view.spoken.get_or_init(|| read(view))
}

/// Reads every text that mentions a name from outside once.
fn read(view: &View<'_>) -> Spoken {
    let Some(budget) = view.budget() else { return Spoken::new() };
    let mut reading = Reading::new(budget);
    let mut services = Spoken::new();
    for service in view.active() {
        let names = candidates(view, service);
        if names.is_empty() {
            continue;
        }
        let environment = service.environment.iter().map(|entry| entry.name).collect();
        let mut found = BTreeSet::new();
        let mut read = |text: &str| reading.shell(text, &names, &environment, &mut found);
        commands(service).iter().for_each(|text| read(text));
        if let Some(inline) = service.scalar("build.dockerfile_inline") {
            dockerfile::texts(&inline.effective()).iter().for_each(|text| read(text));
        }
        for (path, text) in contents(view, service) {
            let code = text.starts_with("#!") || names_code(&path);
            if code && shell::is_shell_script(&path, &text) {
                reading.shell(&text, &names, &environment, &mut found);
            } else {
                configuration(&text, code, &names, &mut found);
            }
        }
        if !found.is_empty() {
            services.entry(service.name.to_owned()).or_default().extend(found);
        }
    }
    services
}

/// Whether a name's class is one that a mention can take the harmlessness from.
pub(crate) fn is_mild(name: &str) -> bool {
    match names::classify(name) {
        NameClass::Tuning => true,
        NameClass::Flag => names::flag_severity(name) <= Severity::Medium,
        _ => false,
    }
}

/// Names of the environment whose values come from outside, and that would be harmless.
fn candidates<'v>(view: &'v View<'_>, service: &'v Service<'_>) -> BTreeSet<&'v str> {
    let chosen = service.environment.iter().filter(|entry| entry.value.is_settable() || entry.bare);
    let mut names: BTreeSet<&str> = chosen.map(|entry| entry.name).collect();
    // A file of variables can hold every name that whoever deploys may give.
    if service.variable_files.iter().any(|(_, content)| content.is_settable()) {
        names.extend(view.allowed.iter().flatten());
    }
    names.retain(|name| is_mild(name));
    names
}

/// What the service runs: each text once, the entry point and its arguments as one.
fn commands(service: &Service<'_>) -> Vec<String> {
    let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut texts = Vec::new();
    for (path, field) in &service.fields {
        if !RUN.iter().any(|run| is_at(path, run)) {
            continue;
        }
        match list_of(path) {
            Some(list) => {
                let list = if matches!(list, "entrypoint" | "command") { "" } else { list };
                lists.entry(list).or_default().push(field.effective());
            }
            None => texts.push(field.effective()),
        }
    }
    // The entry point stands first, whichever the document names first.
    let whole = |key: &str| -> Vec<String> {
        service.below(key).filter(|(path, _)| list_of(path).is_some()).map(|(_, f)| f.effective()).collect()
    };
    if lists.contains_key("") {
        lists.insert("", [whole("entrypoint"), whole("command")].concat());
    }
    for (_, mut words) in lists {
        let is_text = words.first().is_some_and(|word| word == "CMD-SHELL");
        if matches!(words.first().map(String::as_str), Some("CMD" | "CMD-SHELL" | "NONE")) {
            words.remove(0);
        }
        texts.push(if is_text { words.join(" ") } else { quoted(words.iter().map(String::as_str)) });
    }
    texts
}

/// Contents of the configs that the service mounts, each with the path that it is mounted at.
fn contents(view: &View<'_>, service: &Service<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for mount in &service.entry.configs {
        let Some(source) = mount.source.as_ref().and_then(|source| source.literal()) else { continue };
        let target = mount.target.as_ref().map_or(source, |target| target.text.as_str()).to_owned();
        let content: Option<&Field<'_>> = view.global(&format!("configs.{source}.content"));
        found.extend(content.map(|content| (target, content.effective())));
    }
    found
}

pattern!(
    UNNAMED,
    r#"(?x) \bgetenv\(\s*(?:\)|[^"'\s)]) | /proc/(?:self|[0-9]+)/environ | \benviron\.(?:values|items|copy)\b
    | \benviron(?:\.get)?[\[(]\s*[^"'\s\])] | (?:values|entries|keys)\(\s*process\.env | process\.env\[\s*[^"'\s\]]
    | \bENV\.(?:each|values|map|select|find|to_h|sort|reduce) | \bENV(?:\.fetch)?[\[(]\s*[^"'\s\])] | \$ENV\{\s*\$ | %ENV\b
    | \$_ENV\b | \$_SERVER\[\s*\$ | os\.Environ\(\) | env::vars"#,
    [
        "environ",
        "getenv(",
        "process.env",
        "env.",
        "env[",
        "env(",
        "$env{",
        "%env",
        "$_env",
        "$_server[",
        "env::vars"
    ]
);

pattern!(
    RUNS,
    r#"(?x) \b(?:include|include_once|require|require_once|eval|exec|execvp|execl|system|passthru|shell_exec|popen|Popen|proc_open
    |loadstring|load|dofile|spawn|execSync|instance_eval|class_eval|assert|run|call|command|check_output|execute|os\.execute)
    [\s(@]*(?:\$|[A-Za-z_]\w*\s*[)(\[;.,]|"[^"\n]*[\#$]\{)"#
);

/// Names that a configuration file reads out of the environment: in code every mention counts, elsewhere one that looks
/// like reading it (`${PORT}`, `{$PORT}`, `%(ENV_PORT)s`, `{{ env "PORT" }}`, `ENV["PORT"]`).
fn configuration(text: &str, is_code: bool, names: &BTreeSet<&str>, found: &mut BTreeSet<String>) {
    // A name that is computed can be any, and so can each of all values.
    if UNNAMED.is_match(text) && RUNS.is_match(text) {
        found.extend(names.iter().map(|name| (*name).to_owned()));
        return;
    }
    for line in text.lines() {
        let lower = line.to_ascii_lowercase();
        let reads = is_code || line.contains(['$', '%']) || lower.contains("env") || line.contains("{{");
        if !reads {
            continue;
        }
        found.extend(
            identifiers(line)
                .map(|(_, word)| {
                    word.strip_prefix("ENV_").filter(|rest| names.contains(rest)).unwrap_or(word)
                })
                .filter(|word| names.contains(word))
                .map(str::to_owned),
        );
    }
}

/// The words of a text that can be names, each with where it stands.
fn identifiers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut at = 0_usize;
    core::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let start = at.saturating_add(rest.find(is_part)?);
            let rest = text.get(start..)?;
            let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
            at = start.saturating_add(length);
            let word = rest.get(..length)?;
            if !word.starts_with(|c: char| c.is_ascii_digit()) {
                return Some((start, word));
            }
        }
    })
}
