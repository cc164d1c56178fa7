//! Compose files: no panic, every node inside the text, no key twice, and an audit that accounts for all of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_compose::yaml::{YamlNode, YamlValue, read};
use veritee_compose::{Context, Deployment};
use veritee_fuzz::{assert_places, audit_twice};
use veritee_model::Budget;

fn assert_node(text: &str, node: &YamlNode) {
    for span in core::iter::once(node.span).chain(node.alias) {
        assert!(text.get(span.range()).is_some(), "{span:?}");
    }
    match &node.value {
        YamlValue::Sequence(nodes) => nodes.iter().for_each(|node| assert_node(text, node)),
        YamlValue::Mapping(entries) => {
            let mut keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
            keys.sort_unstable();
            assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "a key stands twice");
            for entry in entries {
                assert!(text.get(entry.key_span.range()).is_some());
                assert_node(text, &entry.node);
            }
        }
        _ => {}
    }
}

fuzz_target!(|data: &[u8]| {
    // What aliases may add is bounded by the budget; less of it keeps the target fast.
    let mut budget = Budget::STANDARD;
    budget.yaml_nodes = 4000;
    budget.yaml_text_bytes = 1 << 18;
    if let Ok(text) = core::str::from_utf8(data) {
        match read(text, &budget) {
            Ok(stream) => stream.documents.iter().for_each(|node| assert_node(text, node)),
            Err(error) => {
                assert!(error.offset() <= text.len(), "{error}");
                let _ = (error.reason(), error.to_string());
            }
        }
    }
    let context = Context { budget, ..Context::default() };
    let Ok(deployment) = Deployment::from_compose_yaml(data, &context) else { return };
    assert!(!deployment.origin.is_attested());
    assert_eq!(deployment, Deployment::from_compose_yaml(data, &context).expect("the same text"));
    assert_places(&deployment);
    audit_twice(|context| veritee_audit::audit(&deployment, context));
});
