//! A Dockerfile in a source tree: no panic, the same findings twice, every finding of a rule that exists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use veritee_audit::{MemoryTree, audit_source};
use veritee_compose::{Context, Deployment};
use veritee_fuzz::audit_twice;

static DEPLOYMENT: LazyLock<Deployment> = LazyLock::new(|| {
    let yaml = b"services:\n  web:\n    build: .\n    environment:\n      - KEY=$KEY\n";
    Deployment::from_compose_yaml(yaml, &Context::default()).expect("a compose file")
});

fuzz_target!(|data: &[u8]| {
    let tree = MemoryTree::new([("Dockerfile", data)]);
    audit_twice(|context| audit_source(None, &tree, context));
    audit_twice(|context| audit_source(Some(&DEPLOYMENT), &tree, context));
});
