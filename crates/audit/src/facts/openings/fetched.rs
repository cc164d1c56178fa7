//! Code and models that come when the program starts, though no address stands there.

use super::{Asked, Found, Kind};
use crate::facts::settings::{Carrier, Setting};
use crate::pattern::pattern;
use crate::script::Command;
use veritee_model::Severity;

const CODE: &str = "installed at the start";
const MODEL: &str = "a model that a hub hands out by name";

/// `owner/name`, or `host/owner/name`: no path.
fn names_package(text: &str) -> bool {
    let is_word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '@')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@:".contains(&byte))
    };
    let file = [".wasm", ".js", ".py", ".jar", ".gguf", ".java"].iter().any(|end| text.ends_with(end));
    text.contains('/') && !file && text.split('/').all(is_word)
}

pub(super) fn setting(asked: &Asked<'_, '_>, setting: &Setting) -> Option<Found> {
    let value = setting.value.trim();
    // A plug-in that the program gets from a forge.
    let module = setting.letters().ends_with("MODULENAME") && setting.has(&["PLUGIN", "PLUGINS"]);
    if module && names_package(value) {
        return Some((Kind::Fetch, Severity::High, CODE));
    }
    let name = setting.letters();
    let hub = name.ends_with("HFREPO")
        || name.ends_with("HFMODELID")
        || name.ends_with("HFMODEL")
        || name == "MODELID"
            && (asked.image.contains("text-generation") || asked.image.contains("text-embeddings"));
    let short = setting.carrier == Carrier::Option && matches!(name.as_str(), "HF" | "HFR");
    let model = value.split(':').next().unwrap_or(value);
    ((hub || short) && names_package(model)).then_some((Kind::Fetch, Severity::Medium, MODEL))
}

pattern!(
    GRABS,
    r#"(?m)^\s*(?:@Grab(?:Resolver)?\s*\([^\n]*|@file:(?:DependsOn|Repository)\([^\n]*|//>\s*using\s+(?:dep|lib|toolkit)\b[^\n]*|//DEPS\s[^\n]*|//\s*\$\s*dep\s[^\n]*|# /// script\s*$|import\s*\$ivy[^\n]*|(?:import|export)\s[^\n]*from\s+["'](?:npm|jsr|https?):[^\n]*)"#,
    ["@grab", "@file:", "//>", "//deps", "dep", "$ivy", "/// script", "npm:", "jsr:", "https:", "http:"]
);

/// A program among the configuration texts that says which packages are got for it.
pub(super) fn text(text: &str) -> Option<(Found, String)> {
    let hit = GRABS.find(text)?;
    // Named and with nothing to get.
    let script = hit.as_str().contains("/// script") && !text.contains("dependencies");
    (!script).then(|| ((Kind::Fetch, Severity::High, CODE), hit.as_str().trim().to_owned()))
}

/// A command that names a package, no file.
pub(super) fn command(asked: &Asked<'_, '_>, command: &Command) -> Option<Found> {
    let found = Some((Kind::Fetch, Severity::High, CODE));
    let arguments = || command.arguments().iter().map(String::as_str);
    let operand = || arguments().find(|word| !word.starts_with('-') && *word != "run");
    let first = command.words.first().map_or("", String::as_str);
    match command.program() {
        "jbang" => {
            let named = operand().filter(|word| !word.starts_with(['/', '.']))?;
            let package = named.contains(':') || named.contains('@');
            package.then_some(()).and(found)
        }
        "clojure" | "clj" => {
            let deps = arguments().skip_while(|word| *word != "-Sdeps").nth(1)?;
            [":mvn/version", ":git/", ":sha"].iter().any(|key| deps.contains(key)).then_some(()).and(found)
        }
        "groovy" | "kotlinc" | "kotlin" | "scala-cli" | "amm" => {
            let text = arguments().find(|word| word.contains("@Grab") || word.contains("@file:DependsOn"));
            let flag = arguments().any(|word| word.starts_with("--dep"));
            (text.is_some() || flag).then_some(()).and(found)
        }
        "wasmer" => operand().filter(|word| names_package(word)).and(found),
        "run" if asked.image_has("wasmer") && first == "run" => {
            operand().filter(|word| names_package(word)).and(found)
        }
        "spin" | "wash" if arguments().next() == Some("up") => {
            arguments().any(|word| names_package(word) && word.contains('.')).then_some(()).and(found)
        }
        // What a control plane elsewhere says is run.
        "prefect" if matches!(arguments().next(), Some("worker" | "agent")) => {
            Some((Kind::Fetch, Severity::High, "asks a server what to do"))
        }
        "dagster-cloud" | "clearml-agent" | "spacelift-launcher" | "taskcluster" => {
            Some((Kind::Fetch, Severity::High, "asks a server what to do"))
        }
        _ => None,
    }
}
