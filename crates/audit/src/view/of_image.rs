//! What an image's own config adds to a service: environment, entry point and arguments, where the document does not say
//! otherwise, as the engine merges them.
//!
//! Only of an image that the document pins and whose file was read: of any other the config is a claim.
//! Source: Docker Engine, `daemon/commit.go` (merge of configs), `container.CreateDaemonEnvironment`.

use super::EnvironmentEntry;
use crate::field::Field;
use crate::image_facts::ImageRun;
use std::collections::BTreeSet;
use veritee_compose::{Tree, Value, service};
use veritee_model::Place;

/// The entry point and the arguments that the image brings. Whoever sets an entry point, be it an empty one, takes the
/// image's arguments away with it.
pub(super) fn commands<'d>(
    run: &'d ImageRun,
    service: &service::Service,
    image: &Place,
) -> Vec<(String, Field<'d>)> {
    let says = |key: &str| service.tree.get(key).is_some_and(|tree| !matches!(tree, Tree::Null(_)));
    let (entry_point, command) = (says("entrypoint"), says("command"));
    let list = |key: &str, name: &str, values: &'d [Value]| -> Vec<(String, Field<'d>)> {
        let values = values.iter().enumerate();
        values
            .map(|(at, value)| (format!("{key}.{at}"), field(value, image, &format!("{name}.{at}"))))
            .collect()
    };
    let mut out = Vec::new();
    if !entry_point {
        out.extend(list("entrypoint", "Entrypoint", &run.entry_point));
    }
    if !entry_point && !command {
        out.extend(list("command", "Cmd", &run.command));
    }
    out
}

/// Variables that the document does not name. A name without a value takes the image's variable away as well; what stands in
/// a file of variables is not known, and replaces the image's where it is there.
pub(super) fn environment<'d>(
    run: &'d ImageRun,
    service: &service::Service,
    image: &Place,
) -> Vec<EnvironmentEntry<'d>> {
    let mut named: BTreeSet<&str> =
        service.environment.iter().map(|entry| entry.name.text.as_str()).collect();
    let mut out = Vec::new();
    for (name, value) in &run.environment {
        if named.insert(name) {
            out.push(EnvironmentEntry {
                name,
                name_settable: false,
                bare: false,
                value: field(value, image, &format!("Env.{name}")),
                replaces: None,
            });
        }
    }
    out
}

/// At the line that names the image, below it.
fn field<'d>(value: &'d Value, image: &Place, path: &str) -> Field<'d> {
    Field {
        value,
        raw: &value.text,
        place: Place { path: format!("{}.{path}", image.path), ..image.clone() },
    }
}
