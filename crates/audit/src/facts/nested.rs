//! Images that a container starts by itself.

use crate::facts::docker;
use crate::field::Field;
use crate::image::Image;
use crate::names::words;
use crate::pattern::pattern;
use crate::view::Service;
use std::collections::BTreeSet;

/// An image that a container starts by itself.
pub(crate) struct NestedImage {
    pub(crate) image: Image<'static>,
    pub(crate) how: String,
}

pattern!(YAML_IMAGE, r##"(?m)^[ \t-]*image:[ \t]*['"]?([^\s'"#]+)"##, ["image:"]);

/// Images that a service starts, or names beside the docker socket.
pub(crate) fn nested(service: &Service<'_>) -> Vec<NestedImage> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, value) in service.executed() {
        // Configuration counts only when the container can act on it.
        let text = value.effective();
        for groups in YAML_IMAGE.captures_iter(&text) {
            if let Some(image) = groups.get(1) {
                push(&mut found, &mut seen, image.as_str(), value, format!("a compose file in {path}"));
            }
        }
    }
    for program in &service.programs {
        for command in &program.commands {
            if let Some(image) = started(command) {
                let how = format!("{}: {}", program.path, command.text());
                let settable = image.contains('$');
                if seen.insert(image.to_owned()) {
                    let image = Image::parse(image, program.place.clone()).chosen(settable);
                    found.push(NestedImage { image, how });
                }
            }
        }
    }
    if docker::access(service).is_some() {
        for entry in service.environment.iter().filter(|entry| names_image(entry.name)) {
            let settable = entry.value.is_settable();
            let text = match entry.value.effective() {
                text if text.is_empty() && settable => format!("${}", entry.name),
                text => text,
            };
            // A bare hash names no image to start.
            let bare_hash = text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !text.is_empty() && !bare_hash {
                push(
                    &mut found,
                    &mut seen,
                    &text,
                    &entry.value,
                    format!("environment.{} beside the docker socket", entry.name),
                );
            }
        }
    }
    found
}

fn push(
    found: &mut Vec<NestedImage>,
    seen: &mut BTreeSet<String>,
    text: &str,
    value: &Field<'_>,
    how: String,
) {
    if seen.insert(text.to_owned()) {
        let settable = text.contains('$') || value.is_settable() && value.effective() == text;
        let image = Image::parse(text, value.place.clone()).chosen(settable);
        found.push(NestedImage { image, how });
    }
}

/// The image that `docker run`, `create` or `pull` names.
fn started(command: &crate::script::Command) -> Option<&str> {
    if !matches!(command.program(), "docker" | "podman" | "nerdctl") {
        return None;
    }
    if !matches!(command.subcommand(), Some("run" | "create" | "pull")) {
        return None;
    }
    let verb = command.subcommand()?;
    let rest = command.arguments().iter().skip_while(|word| word.as_str() != verb).skip(1);
    let mut takes_value = false;
    for word in rest {
        if takes_value {
            takes_value = false;
        } else if let Some(option) = word.strip_prefix('-') {
            takes_value = !word.contains('=') && takes_argument(option);
        } else {
            return Some(word);
        }
    }
    None
}

/// Options of `docker run` that are followed by a word of their own.
fn takes_argument(option: &str) -> bool {
    const VALUED: &[&str] = &[
        "v",
        "e",
        "p",
        "u",
        "w",
        "h",
        "l",
        "-name",
        "-volume",
        "-env",
        "-publish",
        "-network",
        "-user",
        "-workdir",
        "-entrypoint",
        "-mount",
        "-env-file",
        "-label",
        "-platform",
        "-restart",
        "-device",
        "-cap-add",
        "-security-opt",
        "-memory",
        "-cpus",
        "-hostname",
        "-add-host",
        "-pid",
        "-gpus",
    ];
    VALUED.contains(&option)
}

/// A variable whose name speaks of an image, whatever else it speaks of.
fn names_image(name: &str) -> bool {
    let words = words(name);
    let address =
        ["URL", "URI", "HOST", "SERVER"].iter().any(|tail| words.last().is_some_and(|last| last == tail));
    !address && words.iter().any(|word| word == "IMAGE" || word == "IMAGES")
}
