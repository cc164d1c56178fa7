//! Scripts that people wrote: those of the corpus, of the cases and of the vectors.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use veritee_compose::service::CommandLine;
use veritee_compose::{Context, Deployment};

/// A file that is larger holds something else.
const LARGEST: u64 = 1 << 20;

/// All scripts under the folders that are there.
pub(crate) fn texts() -> BTreeSet<String> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut found = BTreeSet::new();
    for folder in
        ["../shared/compose-corpus", "../shared/cases", "test-vectors/audit", "test-vectors/compose"]
    {
        let folder = root.join(folder);
        if folder.exists() {
            walk(&folder, &mut found);
        } else {
            println!("skipped: {} is absent", folder.display());
        }
    }
    found.retain(|text| !text.contains('\0') && !text.trim().is_empty());
    found
}

fn walk(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            walk(&entry.path(), found);
        } else if kind.is_file() && entry.metadata().unwrap().len() <= LARGEST {
            file(&entry.path(), found);
        }
    }
}

fn file(path: &Path, found: &mut BTreeSet<String>) {
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => {
            if let Ok(value) = serde_json::from_str(&text) {
                json(&value, found);
            }
        }
        Some("yml" | "yaml") => compose(&text, found),
        Some("sh") => {
            found.insert(text);
        }
        _ if name.contains("Dockerfile") => dockerfile(&text, found),
        _ => {}
    }
}

fn json(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| json(value, found)),
        Value::Object(entries) => {
            for (key, value) in entries {
                match value.as_str() {
                    Some(text) if key == "script" || key.ends_with("_script") => {
                        found.insert(text.to_owned());
                    }
                    Some(text) if key == "docker_compose_file" => compose(text, found),
                    _ => json(value, found),
                }
            }
        }
        // A document within a document.
        Value::String(text) if text.starts_with('{') => {
            if let Ok(value) = serde_json::from_str(text) {
                json(&value, found);
            }
        }
        _ => {}
    }
}

/// Words of commands that are text for a shell.
fn compose(text: &str, found: &mut BTreeSet<String>) {
    let Ok(deployment) = Deployment::from_compose_yaml(text.as_bytes(), &Context::default()) else { return };
    for service in deployment.services() {
        let lines: [&Option<CommandLine>; 3] = [&service.command, &service.entrypoint, &service.healthcheck];
        for word in lines.into_iter().flatten().flat_map(|line| &line.words) {
            if word.text.contains([' ', '\n']) {
                found.insert(word.text.clone());
            }
        }
    }
}

/// The text behind RUN in its plain form.
fn dockerfile(text: &str, found: &mut BTreeSet<String>) {
    let mut run: Option<String> = None;
    for line in text.lines() {
        let begins = line.strip_prefix("RUN ").filter(|rest| !rest.starts_with(['[', '-', '<']));
        let Some(piece) = run.as_ref().map(|_| line).or(begins) else { continue };
        let whole = run.get_or_insert_default();
        whole.push_str(piece);
        whole.push('\n');
        if !line.ends_with('\\') {
            found.extend(run.take());
        }
    }
}
