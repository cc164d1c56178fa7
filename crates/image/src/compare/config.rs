//! The configs, member by member.

use super::cause::Cause;
use super::{Differences, Place};
use crate::document::Config;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Members of `config` that decide what is run and how (OCI image specification, config).
const RUN: [&str; 13] = [
    "Env",
    "Cmd",
    "Entrypoint",
    "User",
    "WorkingDir",
    "StopSignal",
    "Healthcheck",
    "Shell",
    "Volumes",
    "ExposedPorts",
    "OnBuild",
    "ArgsEscaped",
    "MacAddress",
];

pub(super) fn compare(deployed: &Config, rebuilt: &Config, out: &mut Differences) {
    if deployed.digest == rebuilt.digest {
        return;
    }
    let before = out.0.len();
    let empty = Map::new();
    let object = |value: &'_ Value| value.as_object().cloned().unwrap_or_default();
    let (one, other) = (object(&deployed.value), object(&rebuilt.value));
    for key in keys(&one, &other) {
        match key.as_str() {
            "rootfs" => {}
            "created" => member(out, Cause::ConfigTimes, &key, one.get(&key), other.get(&key)),
            "history" => history(one.get(&key), other.get(&key), out),
            "config" => {
                let inner = |map: &Map<String, Value>| {
                    map.get("config").and_then(Value::as_object).unwrap_or(&empty).clone()
                };
                run(&inner(&one), &inner(&other), out);
            }
            _ => member(out, Cause::ConfigOther, &key, one.get(&key), other.get(&key)),
        }
    }
    if out.0.len() == before && deployed.diff_ids == rebuilt.diff_ids {
        out.add(Cause::ConfigOther, || Place {
            path: Some("the text".to_owned()),
            deployed: Some("written otherwise".to_owned()),
            ..Place::default()
        });
    }
}

fn keys(one: &Map<String, Value>, other: &Map<String, Value>) -> BTreeSet<String> {
    one.keys().chain(other.keys()).cloned().collect()
}

fn run(one: &Map<String, Value>, other: &Map<String, Value>, out: &mut Differences) {
    for key in keys(one, other) {
        let (left, right) = (one.get(&key), other.get(&key));
        // Go reads members whatever their case, so a member in another case decides as well.
        let is_run = RUN.iter().any(|name| name.eq_ignore_ascii_case(&key));
        let cause = match key.as_str() {
            "Labels" => {
                labels(left, right, out);
                continue;
            }
            // Set by BuildKit where Cmd or Entrypoint is in the shell's form; Linux ignores it.
            "ArgsEscaped" => Cause::ConfigOther,
            _ if is_run => Cause::ConfigRun,
            _ => Cause::ConfigOther,
        };
        member(out, cause, &format!("config.{key}"), left, right);
    }
}

fn labels(one: Option<&Value>, other: Option<&Value>, out: &mut Differences) {
    let (Some(left), Some(right)) =
        (one.map_or(Some(Map::new()), object_or_null), other.map_or(Some(Map::new()), object_or_null))
    else {
        return member(out, Cause::ConfigLabels, "config.Labels", one, other);
    };
    for key in keys(&left, &right) {
        member(out, Cause::ConfigLabels, &format!("label {key}"), left.get(&key), right.get(&key));
    }
}

fn object_or_null(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Null => Some(Map::new()),
        Value::Object(map) => Some(map.clone()),
        _ => None,
    }
}

/// An absent member and `null`, or an empty list or object, are the same to Go's reader.
fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Bool(is)) => !is,
        Some(Value::Number(_)) => false,
    }
}

fn member(out: &mut Differences, cause: Cause, path: &str, one: Option<&Value>, other: Option<&Value>) {
    if one == other || (is_empty(one) && is_empty(other)) {
        return;
    }
    out.add(cause, || Place {
        path: Some(path.to_owned()),
        deployed: one.map(shown),
        rebuilt: other.map(shown),
        ..Place::default()
    });
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn history(one: Option<&Value>, other: Option<&Value>, out: &mut Differences) {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (left, right) = (list(one), list(other));
    if left.len() != right.len() {
        out.add(Cause::ConfigHistory, || Place {
            path: Some("history".to_owned()),
            deployed: Some(format!("{} steps", left.len())),
            rebuilt: Some(format!("{} steps", right.len())),
            ..Place::default()
        });
        return;
    }
    for (number, (left, right)) in left.iter().zip(&right).enumerate() {
        let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let (left, right) = (object(left), object(right));
        for key in keys(&left, &right) {
            let cause = if key == "created" { Cause::ConfigTimes } else { Cause::ConfigHistory };
            member(out, cause, &format!("history[{number}].{key}"), left.get(&key), right.get(&key));
        }
    }
}
