//! The published vectors of this family: what compose-go and yaml.v3 make of the same texts, and what the audit needs.
#![allow(clippy::print_stderr)]

use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use veritee_compose::interpolation::{self, Operator, Segment};
use veritee_compose::service::{Flag, KeyValue, MountKind, Service, absolute_path};
use veritee_compose::yaml::{self, YamlNode, YamlValue};
use veritee_compose::{
    ComposeFile, ConstructKind, Context, Definition, Deployment, EnvironmentModel, Provenance, ReferenceForm,
    UnboundCompose, Value, bind, compose_file,
};
use veritee_model::{Budget, ComposeHash};

fn vectors(name: &str) -> Json {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/compose")).join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn cases(vectors: &Json) -> &[Json] {
    vectors["cases"].as_array().unwrap()
}

fn text(json: &Json, key: &str) -> String {
    json[key].as_str().unwrap_or_else(|| panic!("no {key} in {json}")).to_owned()
}

// --- yaml.v3 ----------------------------------------------------------------------------------------------

fn typed(node: &YamlNode) -> Json {
    match &node.value {
        YamlValue::Null => json!({ "null": true }),
        YamlValue::Bool(value) => json!({ "bool": value.to_string() }),
        YamlValue::Integer(digits) => json!({ "int": digits }),
        YamlValue::Float(digits) => json!({ "float64": digits }),
        YamlValue::Timestamp(_) => json!("timestamp"),
        YamlValue::String(text) => json!({ "str": text }),
        YamlValue::Sequence(elements) => json!({ "seq": elements.iter().map(typed).collect::<Vec<_>>() }),
        YamlValue::Mapping(entries) => {
            let map: Map<String, Json> =
                entries.iter().map(|entry| (entry.key.clone(), typed(&entry.node))).collect();
            json!({ "map": map })
        }
        _ => panic!("a new kind of value"),
    }
}

/// Go's kinds that come to one here.
fn levelled(json: &Json) -> Json {
    match json {
        Json::Object(map) if map.contains_key("time.Time") => json!("timestamp"),
        Json::Object(map) if map.contains_key("uint64") => json!({ "int": map["uint64"] }),
        Json::Object(map) => {
            Json::Object(map.iter().map(|(key, value)| (key.clone(), levelled(value))).collect())
        }
        Json::Array(elements) => Json::Array(elements.iter().map(levelled).collect()),
        other => other.clone(),
    }
}

#[test]
fn yaml_is_read_as_yaml_v3_reads_it() {
    let vectors = vectors("yaml-v3.json");
    for case in cases(&vectors) {
        let read = yaml::read(&text(case, "yaml"), &Budget::STANDARD);
        match (case.get("expected"), read) {
            (Some(expected), Ok(stream)) => {
                let ours: Vec<Json> = stream.documents.iter().map(typed).collect();
                assert_eq!(Json::Array(ours), levelled(expected), "{case}");
            }
            (Some(_), Err(error)) => panic!("{case}: {error}"),
            // The parser skips a tab before the first key; it is listed as a construct.
            (None, Ok(_)) => assert!(text(case, "yaml").starts_with('\t'), "{case} is accepted"),
            (None, Err(_)) => {}
        }
    }
    assert!(cases(&vectors).len() > 90);
}

// --- templates --------------------------------------------------------------------------------------------

fn substituted(segments: &[Segment], environment: &Json) -> Option<String> {
    let mut out = String::new();
    for segment in segments {
        match segment {
            Segment::Literal { text, .. } => out.push_str(text),
            Segment::Variable { name, operator, operand, .. } => {
                let value = environment[name.as_str()].as_str();
                let filled = value.filter(|value| !value.is_empty());
                let operand = substituted(operand, environment)?;
                out.push_str(match operator {
                    Some(Operator::DefaultIfEmpty) => filled.unwrap_or(&operand),
                    Some(Operator::DefaultIfUnset) => value.unwrap_or(&operand),
                    Some(Operator::OtherIfFilled) => filled.map_or(value.unwrap_or(""), |_| &operand),
                    Some(Operator::OtherIfSet) => value.map_or("", |_| &operand),
                    Some(Operator::RequiredFilled) => filled?,
                    Some(Operator::RequiredSet) => value?,
                    None => value.unwrap_or(""),
                });
            }
            _ => panic!("a new kind of segment"),
        }
    }
    Some(out)
}

#[test]
fn templates_are_read_as_compose_go_reads_them() {
    let vectors = vectors("template.json");
    for case in cases(&vectors) {
        let template = interpolation::parse(&text(case, "template")).ok();
        let ours = template.and_then(|template| substituted(&template.segments, &vectors["environment"]));
        assert_eq!(ours.as_deref(), case.get("expected").and_then(Json::as_str), "{case}");
    }
    assert!(cases(&vectors).len() > 200);
}

// --- compose-go -------------------------------------------------------------------------------------------

fn load(case: &Json) -> Result<ComposeFile, String> {
    let mut definitions = BTreeMap::new();
    for (name, value) in case["environment"].as_object().unwrap() {
        let known = Some(value.as_str().unwrap().to_owned());
        let definition = Definition { provenance: Provenance::Measured, known, origin: String::new() };
        definitions.insert(name.clone(), vec![definition]);
    }
    let model = EnvironmentModel { allowed: Some(Vec::new()), definitions, ..EnvironmentModel::default() };
    compose_file::read(&text(case, "yaml"), &model, &Budget::STANDARD).0.map_err(|error| error.to_string())
}

fn shown(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, |value| json!(value.literal().expect("every variable is known")))
}

fn pairs(entries: &[KeyValue], keep_empty: bool) -> Json {
    let pairs = entries.iter().filter(|entry| keep_empty || !is_unset_name(entry.value.as_ref()));
    let empty = json!("");
    let pair = |entry: &KeyValue| {
        let value = shown(entry.value.as_ref());
        (entry.key.text.clone(), if keep_empty && value.is_null() { empty.clone() } else { value })
    };
    Json::Object(pairs.map(pair).collect())
}

fn is_unset_name(value: Option<&Value>) -> bool {
    value.is_some_and(|value| {
        value.references.iter().any(|reference| {
            reference.form == ReferenceForm::Bare && reference.provenance == Provenance::Unset
        })
    })
}

fn sorted(mut elements: Vec<Json>) -> Json {
    elements.sort_by_key(Json::to_string);
    Json::Array(elements)
}

fn summary(service: &Service) -> Json {
    let environment = service.environment.iter().map(|entry| {
        let unset = entry.bare && is_unset_name(entry.value.as_ref());
        (entry.name.text.clone(), if unset { Json::Null } else { shown(entry.value.as_ref()) })
    });
    let mounts = service.mounts.iter().map(|mount| {
        let kind = match mount.kind {
            MountKind::Bind => "bind",
            MountKind::Tmpfs => "tmpfs",
            _ => "volume",
        };
        let path = mount.host_path().map_or_else(|| shown(mount.source.as_ref()), Json::from);
        json!([kind, path, shown(mount.target.as_ref()), mount.read_only])
    });
    let ports = service.ports.iter().map(|port| {
        let protocol = port.protocol.as_ref().map_or("tcp", |protocol| protocol.text.as_str());
        json!([
            shown(port.host_ip.as_ref()),
            shown(port.published.as_ref()),
            shown(port.target.as_ref()),
            protocol
        ])
    });
    let list = |key: &str| sorted(service.list(key).into_iter().map(|value| shown(Some(value))).collect());
    let hosts = service.extra_hosts.iter().map(|host| {
        json!(format!("{}={}", host.key.text, host.value.as_ref().map_or("", |value| &value.text)))
    });
    let build = service.build.as_ref().map(|build| {
        let context = build.context.as_ref().map_or(".", |context| &context.text);
        json!({
            "context": absolute_path(context),
            "args": pairs(&build.args, false),
            "inline": shown(build.dockerfile_inline.as_ref()),
        })
    });
    let command = service.command.as_ref();
    json!({
        "environment": Json::Object(environment.collect()),
        "image": shown(service.image.as_ref().map(|image| &image.value)),
        "command": command.map(|line| line.words.iter().map(|word| shown(Some(word))).collect::<Vec<_>>()),
        "privileged": service.flag("privileged") == Flag::On,
        "network_mode": shown(service.scalar("network_mode")),
        "volumes": sorted(mounts.collect()),
        "ports": sorted(ports.collect()),
        "labels": pairs(&service.labels, true),
        "cap_add": list("cap_add"),
        "dns": list("dns"),
        "extra_hosts": sorted(hosts.collect()),
        "build": build,
        "restart": shown(service.scalar("restart")),
        "env_files": [],
        "depends_on": service.depends_on,
    })
}

/// Go leaves out an image that is empty, and sorts lists by other rules than JSON texts.
fn comparable(expected: &Json) -> Json {
    let mut expected = expected.clone();
    for key in ["volumes", "ports", "cap_add", "dns", "extra_hosts"] {
        expected[key] = sorted(expected[key].as_array().unwrap().clone());
    }
    expected
}

#[test]
fn compose_files_resolve_as_compose_go_resolves_them() {
    let vectors = vectors("compose-go.json");
    for case in cases(&vectors) {
        let Some(expected) = case.get("expected") else {
            assert!(load(case).is_err(), "{case} is accepted");
            continue;
        };
        let file = load(case).unwrap_or_else(|error| panic!("{case}: {error}"));
        let services: Vec<&Service> =
            file.services.iter().filter(|service| service.activity.can_run()).collect();
        let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
        let wanted = expected["services"].as_object().unwrap();
        assert_eq!(names.len(), wanted.len(), "{case}: {names:?}");
        for service in services {
            assert_eq!(summary(service), comparable(&wanted[&service.name]), "{case}");
        }
        for config in file.configs.iter().filter(|config| config.environment.is_none()) {
            let content = shown(config.content.as_ref());
            let content = if content == json!("") { Json::Null } else { content };
            let wanted = &expected["configs"][&config.key];
            assert_eq!(&content, if wanted == &json!("") { &Json::Null } else { wanted }, "{case}");
        }
    }
    assert!(cases(&vectors).len() > 180);
}

// --- what the audit needs ---------------------------------------------------------------------------------

/// The provenance of a place: `environment.NAME`, `image`, `args.NAME` or `content.CONFIG`.
fn provenance(deployment: &Deployment, place: &str) -> String {
    let file = deployment.compose.as_ref().unwrap();
    let service = &file.services[0];
    let value = match place.split_once('.') {
        Some(("environment", name)) => service
            .environment
            .iter()
            .find(|entry| entry.name.text == name)
            .and_then(|entry| entry.value.clone()),
        Some(("args", name)) => {
            let args = &service.build.as_ref().unwrap().args;
            args.iter().find(|entry| entry.key.text == name).and_then(|entry| entry.value.clone())
        }
        Some(("configs" | "secrets", name)) => {
            let resources = file.configs.iter().chain(&file.secrets);
            resources
                .filter(|r| r.key == name)
                .find_map(|r| r.content.clone().or(r.environment_value.clone()))
        }
        _ => service.scalar(place).cloned(),
    };
    value.unwrap_or_else(|| panic!("no {place}")).provenance().name().to_owned()
}

fn check_deployment(case: &Json) {
    let raw = serde_json::to_vec(&case["app_compose"]).unwrap();
    let bound = bind(&raw, &ComposeHash::of(&raw), &Budget::STANDARD).unwrap();
    let deployment = Deployment::from_bound(&bound, &Context::default()).unwrap();
    if let Some(reason) = case["reason"].as_str() {
        assert_eq!(deployment.compose.as_ref().unwrap_err().reason().code(), reason, "{case}");
    }
    for (place, wanted) in case["provenance"].as_object().into_iter().flatten() {
        assert_eq!(provenance(&deployment, place), wanted.as_str().unwrap(), "{case}: {place}");
    }
    let listed: Vec<&str> = deployment.constructs.iter().map(|construct| construct.kind.name()).collect();
    for wanted in case["constructs"].as_array().into_iter().flatten() {
        assert!(listed.contains(&wanted.as_str().unwrap()), "{case}: {wanted} is not in {listed:?}");
    }
    if case.get("constructs").is_none() {
        let remarks = deployment.constructs.iter().filter(|c| c.kind != ConstructKind::UnknownManifestKey);
        assert_eq!(remarks.count(), 0, "{case}: {listed:?}");
    }
    for wanted in case["host_paths"].as_array().into_iter().flatten() {
        let mounts = deployment.services().iter().flat_map(|service| &service.mounts);
        let paths: Vec<String> = mounts.filter_map(veritee_compose::service::Mount::host_path).collect();
        assert!(paths.iter().any(|path| path == wanted.as_str().unwrap()), "{case}: {paths:?}");
    }
    if let Some(wanted) = case["compose_writes"].as_u64() {
        assert_eq!(deployment.compose_writes().len(), usize::try_from(wanted).unwrap(), "{case}");
    }
}

#[test]
fn deployments_resolve_as_the_vectors_say() {
    let vectors = vectors("deployments.json");
    cases(&vectors).iter().for_each(check_deployment);
    assert!(cases(&vectors).len() >= 20);
}

#[test]
fn documents_are_accepted_or_refused_as_the_vectors_say() {
    let vectors = vectors("documents.json");
    for case in cases(&vectors) {
        let raw = match case["hex"].as_str() {
            Some(digits) => (0..digits.len() / 2)
                .map(|index| u8::from_str_radix(&digits[index * 2..index * 2 + 2], 16).unwrap())
                .collect(),
            None => text(case, "text").into_bytes(),
        };
        let reason = UnboundCompose::parse(&raw, &Budget::STANDARD).err().map(|error| error.reason().code());
        assert_eq!(reason, case["reason"].as_str(), "{case}");
    }
    assert!(cases(&vectors).len() >= 15);
}
