//! What the scripts make of the environment of `docker compose`.

use super::facts::FileWrite;
use super::origin::{Resolver, measured};
use super::{Role, Script, WordPart};
use crate::environment::{AllowedName, Definition, Enforcement, EnvironmentModel};
use crate::position::LineIndex;
use crate::provenance::Provenance;

/// The file that Compose reads variables from without being told.
const DOT_ENV: &str = "/dstack/.env";

/// The environment that `allowed_envs` and the scripts make.
///
/// Exports of `pre_launch_script` reach `docker compose`, those of `init_script` do not; a `.env` file that either
/// writes does. What cannot be told makes every otherwise fixed name unknown.
#[must_use]
pub fn environment(
    scripts: &[Script],
    allowed: Vec<AllowedName>,
    enforcement: Enforcement,
) -> EnvironmentModel {
    let mut model = EnvironmentModel { allowed: Some(allowed), enforcement, ..EnvironmentModel::default() };
    let base = model.clone();
    for script in scripts.iter().filter(|script| script.role != Role::Bash) {
        if let Some(problem) = script.opaque() {
            let origin =
                format!("{} line {}: {}", script.role.key(), script.line(problem.span.start), problem.detail);
            model.opaque.get_or_insert(origin);
        }
        if script.role == Role::PreLaunch {
            exports(script, &base, &mut model);
        }
        let mut resolver = Resolver::new(core::slice::from_ref(script), &base);
        for write in script.writes(&base) {
            match &write.path {
                Some(path) if path == DOT_ENV => dot_env(script, &write, &mut resolver, &mut model),
                Some(_) => {}
                None => note_opaque(script, &write, "writes a file whose path is computed", &mut model),
            }
        }
    }
    model
}

fn exports(script: &Script, base: &EnvironmentModel, model: &mut EnvironmentModel) {
    let mut resolver = Resolver::new(core::slice::from_ref(script), base);
    let lines = LineIndex::new(script.text.as_bytes());
    for (index, assignment) in script.assignments.iter().enumerate() {
        // What the shell got from its environment stays exported when it is assigned again.
        let reaches = assignment.exported || base.is_allowed(&assignment.name);
        if !reaches || assignment.temporary {
            continue;
        }
        let value = assignment.value.as_ref();
        let provenance = measured(resolver.assignment(index).worst());
        let literal = value.and_then(|word| word.literal()).filter(|_| !assignment.conditional);
        let definitions = model.definitions.entry(assignment.name.clone()).or_default();
        // Two values for one name: neither is the known one.
        let known = if definitions.is_empty() { literal.map(str::to_owned) } else { None };
        if let Some(first) = definitions.first_mut() {
            first.known = None;
        }
        // The first of each kind stands for all of them.
        if definitions.iter().all(|definition| definition.provenance != provenance) {
            let line = lines.locate(script.text.as_bytes(), assignment.span.start).line;
            let origin = format!("{} line {line}", script.role.key());
            definitions.push(Definition { provenance, known, origin });
        }
    }
}

/// Lines `NAME=VALUE` of a file that a script writes.
fn dot_env(script: &Script, write: &FileWrite, resolver: &mut Resolver<'_>, model: &mut EnvironmentModel) {
    let origin = format!("{} (.env)", script.role.key());
    let mut line = String::new();
    let mut worst = Provenance::Literal;
    let mut understood = !write.parts.is_empty();
    let mut finish = |line: &mut String, worst: &mut Provenance| {
        let text = line.trim().strip_prefix("export ").unwrap_or(line.trim()).to_owned();
        let provenance = core::mem::replace(worst, Provenance::Literal);
        line.clear();
        if text.is_empty() || text.starts_with('#') {
            return true;
        }
        let Some((name, _)) = text.split_once('=') else { return false };
        let name = name.trim_end();
        if !name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) || name.is_empty() {
            return false;
        }
        let provenance = measured(provenance);
        let definitions = model.definitions.entry(name.to_owned()).or_default();
        if let Some(first) = definitions.first_mut() {
            first.known = None;
        }
        if definitions.iter().all(|definition| definition.provenance != provenance) {
            definitions.push(Definition { provenance, known: None, origin: origin.clone() });
        }
        true
    };
    for part in &write.parts {
        if let WordPart::Literal(text) = part {
            let mut pieces = text.split('\n');
            line.push_str(pieces.next().unwrap_or(""));
            for piece in pieces {
                understood &= finish(&mut line, &mut worst);
                line.push_str(piece);
            }
        } else {
            // A value of several lines can add names.
            worst = worst.join(resolver.parts(core::slice::from_ref(part)).worst());
            understood &= worst.is_fixed() && line.contains('=');
            line.push('\u{fffc}');
        }
    }
    understood &= finish(&mut line, &mut worst);
    if !understood {
        note_opaque(script, write, "writes .env", model);
    }
}

fn note_opaque(script: &Script, write: &FileWrite, what: &str, model: &mut EnvironmentModel) {
    if model.opaque.is_none() {
        model.opaque = Some(format!("{} line {}: {what}", script.role.key(), script.line(write.span.start)));
    }
}
