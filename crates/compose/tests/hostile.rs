//! Hostile documents: bounded time and memory, and an error that says what is too much.

use proptest::prelude::*;
use std::fmt::Write as _;
use veritee_compose::yaml::{self, YamlError};
use veritee_compose::{ComposeFileError, ConstructKind, Context, Deployment, UnboundCompose, interpolation};
use veritee_model::{Budget, Reason};

const BUDGET: Budget = Budget::STANDARD;

fn compose(yaml: &str) -> Deployment {
    Deployment::from_compose_yaml(yaml.as_bytes(), &Context::default()).unwrap()
}

fn refused(yaml: &str) -> ComposeFileError {
    compose(yaml).compose.unwrap_err()
}

#[test]
fn ten_thousand_services_are_read() {
    let mut yaml = "services:\n".to_owned();
    for n in 0..10_000 {
        let _ = writeln!(
            yaml,
            "  s{n}:\n    image: registry.example.org/team/application-{n}:1.0.0-with-a-long-tag\n    environment: [A=$X, B]\n    ports: ['80:80']"
        );
    }
    assert!(yaml.len() > 900_000);
    let deployment = compose(&yaml);
    assert_eq!(deployment.services().len(), 10_000);
    assert_eq!(deployment.services()[9_999].ports.len(), 1);
}

#[test]
fn sixty_four_anchors_inside_of_one_another_are_read() {
    let mut yaml = "x:\n".to_owned();
    for depth in 0..64 {
        let _ = writeln!(yaml, "{}a{depth}: &a{depth}", "  ".repeat(depth + 1));
    }
    let _ = writeln!(yaml, "{}v: 1\nservices: {{s: {{image: i}}}}", "  ".repeat(65));
    assert!(compose(&yaml.replace("x:", "x-x:")).compose.is_ok());
}

#[test]
fn a_billion_laughs_are_refused_before_they_are_expanded() {
    let mut yaml = "x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..20 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(yaml, "x-{level}: &a{level} [{aliases}]");
    }
    yaml.push_str("services: {s: {image: i}}\n");
    let error = refused(&yaml);
    assert_eq!(error.reason(), Reason::ComposeFileTooLarge);
    assert!(matches!(error, ComposeFileError::Yaml(YamlError::TooMuchExpansion { .. })), "{error}");
}

#[test]
fn a_long_text_behind_many_aliases_is_refused() {
    let yaml = format!(
        "x-a: &a {}\nx-b: [{}]\nservices: {{s: {{image: i}}}}\n",
        "y".repeat(1 << 20),
        "*a, ".repeat(1000)
    );
    assert_eq!(refused(&yaml).reason(), Reason::ComposeFileTooLarge);
}

#[test]
fn twenty_thousand_alias_nodes_are_read_and_reported() {
    let yaml = format!(
        "x-a: &a [{}]\nx-b: [{}]\nservices: {{s: {{image: i}}}}\n",
        "1, ".repeat(200),
        "*a, ".repeat(100)
    );
    let deployment = compose(&yaml);
    assert!(deployment.compose.is_ok());
    assert_eq!(deployment.constructs_of(ConstructKind::AliasExpansion).count(), 1);
}

#[test]
fn deep_nesting_is_refused() {
    for yaml in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        let error = yaml::read(&yaml, &BUDGET).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
    let deep: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(yaml::read(&deep, &BUDGET).is_err());
}

#[test]
fn more_nodes_or_bytes_than_allowed_are_refused() {
    let many = format!("a: [{}]", "x,".repeat(500_000));
    assert!(matches!(yaml::read(&many, &BUDGET), Err(YamlError::TooMuchExpansion { .. })));
    let large = " ".repeat(BUDGET.app_compose_bytes + 1);
    assert!(matches!(yaml::read(&large, &BUDGET), Err(YamlError::TooLarge { .. })));
    assert!(Deployment::from_compose_yaml(large.as_bytes(), &Context::default()).is_err());
}

#[test]
fn more_merge_tags_than_allowed_are_refused() {
    let tags: String = (0..1000).map(|n| format!("    k{n}: !reset x\n")).collect();
    let yaml = format!("services:\n  s:\n    image: i\n---\nservices:\n  s:\n{tags}");
    assert!(matches!(refused(&yaml), ComposeFileError::TooManyMergeTags { .. }));
}

#[test]
fn many_references_in_one_value_cost_no_square() {
    let text = "$A:".repeat(60_000);
    let yaml = format!(
        "services:\n  s:\n    image: '{text}'\n    command: '{text}'\n    volumes: ['{text}']\n    ports: ['{text}']\n    environment: ['{text}']\n"
    );
    assert!(compose(&yaml).compose.is_ok());
    let urls = "http://$A ".repeat(20_000);
    let deployment = compose(&format!("services: {{s: {{image: i, command: '{urls}'}}}}"));
    let command = deployment.services()[0].command.as_ref().unwrap();
    assert_eq!(veritee_compose::url::urls(&command.words[0]).len(), 20_000);
}

#[test]
fn many_documents_are_merged_in_bounded_time() {
    let yaml = "services: {s: {image: i, environment: [A=1], labels: {a: b}}}\n---\n".repeat(64);
    let deployment = compose(yaml.trim_end_matches("---\n"));
    assert_eq!(deployment.compose.unwrap().documents, 64);
    // One more than the budget has room for is an error by name.
    let more = format!("{yaml}services: {{}}\n");
    assert!(compose(&more).compose.is_err());
}

#[test]
fn a_script_of_five_megabytes_is_refused_with_its_document() {
    let script = serde_json::to_string(&"a\n".repeat(5 << 19)).unwrap();
    let raw = format!(r#"{{"pre_launch_script":{script}}}"#);
    assert_eq!(UnboundCompose::parse(raw.as_bytes(), &BUDGET).unwrap_err().reason(), Reason::ComposeTooLarge);
    let script = serde_json::to_string(&"a\n".repeat(1 << 20)).unwrap();
    let raw =
        format!(r#"{{"docker_compose_file":"services: {{s: {{image: i}}}}","pre_launch_script":{script}}}"#);
    let unbound = UnboundCompose::parse(raw.as_bytes(), &BUDGET).unwrap();
    let deployment = Deployment::from_unbound(&unbound, &Context::default());
    assert_eq!(deployment.constructs_of(ConstructKind::ScriptSyntax).count(), 1);
    assert!(deployment.environment.opaque.is_some());
}

/// Pieces that make texts which are often YAML.
fn piece() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "services:\n",
        "  s:\n",
        "    image: ",
        "    environment:\n",
        "    extends: ",
        "  t:\n",
        "s",
        "{service: t}",
        "      - ",
        "      A: ",
        "$X",
        "${X:-",
        "}",
        "\n",
        " ",
        ": ",
        "- ",
        "&a ",
        "*a",
        "<<: ",
        "!reset ",
        "!override ",
        "!x ",
        "---\n",
        "...\n",
        "[",
        "]",
        "{",
        ", ",
        "'",
        "\"",
        "|\n",
        ">-\n",
        "# c\n",
        "~",
        "1",
        "0x1",
        "1.5",
        "x-y: ",
        "    volumes: ['/a:/b']\n",
        "configs:\n  c: {content: ",
        "\t",
        "\u{e4}",
        "? ",
    ])
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,120}") {
        let _ = compose(&text);
        let _ = interpolation::parse(&text);
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic_and_every_span_lies_in_the_text(
        pieces in proptest::collection::vec(piece(), 0..40)
    ) {
        let text = pieces.concat();
        let deployment = compose(&text);
        if let Ok(file) = &deployment.compose {
            let mut spans = Vec::new();
            file.tree.scalars("", &mut |_, value| {
                spans.push(value.span);
                spans.extend(value.parts.iter().map(|part| part.span));
                spans.extend(value.references.iter().map(|reference| reference.span));
            });
            for span in spans {
                prop_assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
            }
        }
    }

    #[test]
    fn the_segments_of_a_template_cover_it(text in "[$a{}:?+\\- ]{0,24}") {
        if let Ok(template) = interpolation::parse(&text) {
            let mut at = 0;
            for segment in &template.segments {
                let span = match segment {
                    interpolation::Segment::Literal { span, .. } | interpolation::Segment::Variable { span, .. } => *span,
                    _ => unreachable!("no other segments"),
                };
                prop_assert_eq!(span.start, at);
                at = span.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
