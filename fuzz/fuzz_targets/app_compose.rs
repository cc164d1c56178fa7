//! app_compose: no panic, bound by its own hash and by no other, every place inside the document.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_compose::{BoundCompose, Context, Deployment, UnboundCompose, bind};
use veritee_fuzz::{assert_places, audit_twice};
use veritee_model::{Budget, ComposeHash, Sha256Digest};

fn bound(data: &[u8]) -> BoundCompose {
    let own = ComposeHash::new(*Sha256Digest::of(data).as_bytes());
    let other = ComposeHash::new(*Sha256Digest::of(own.as_bytes()).as_bytes());
    assert!(bind(data, &other, &Budget::STANDARD).is_err(), "bound by a hash that is not its own");
    bind(data, &own, &Budget::STANDARD).expect("bytes are bound by their own hash, readable or not")
}

fuzz_target!(|data: &[u8]| {
    let bound = bound(data);
    assert_eq!(bound.raw(), data);
    let context = Context::default();
    let document = match UnboundCompose::parse(data, &Budget::STANDARD) {
        Ok(document) => document,
        Err(error) => {
            assert!(error.offset() <= data.len(), "{error}");
            let _ = (error.reason(), error.to_string());
            assert_eq!(bound.document().err(), Some(&error), "measured, but not a document");
            audit_twice(|context| veritee_audit::audit_document_error(&error, context));
            return;
        }
    };
    assert_eq!(bound.document().expect("the same document"), document.document());
    let deployment = Deployment::from_unbound(&document, &context);
    assert!(!deployment.origin.is_attested());
    assert_eq!(deployment, Deployment::from_unbound(&document, &context));
    assert_places(&deployment);
    audit_twice(|context| veritee_audit::audit(&deployment, context));
    let attested = Deployment::from_bound(&bound, &context).expect("the same document");
    assert!(attested.origin.is_attested());
    assert_eq!(attested.constructs, deployment.constructs, "what is said does not depend on who says it");
});
