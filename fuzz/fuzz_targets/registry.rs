//! What a registry says: no panic, the same twice, and nothing that is read is another thing than it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veritee_image::registry::{Challenge, Given, next_page, token};
use veritee_image::{Digest, Document, media};
use veritee_model::Budget;

fuzz_target!(|data: &[u8]| {
    let budget = Budget::STANDARD;
    for content_type in [None, Some(media::OCI_INDEX), Some(media::DOCKER_MANIFEST)] {
        let Ok(given) = Given::read(data, content_type, None, &budget) else { continue };
        assert_eq!(given.digest, Digest::of(data));
        let is_index = matches!(given.document, Document::Index(_));
        assert!(content_type.and_then(media::is_index).is_none_or(|claimed| claimed == is_index));
        assert_eq!(media::is_index(&given.media_type).unwrap_or(is_index), is_index);
        let again = Given::read(data, content_type, Some(&given.digest), &budget).expect("it has its digest");
        assert_eq!(again.document, given.document);
        assert!(Given::read(data, content_type, Some(&Digest::of(b"another")), &budget).is_err() || data == b"another");
    }
    let _ = token(data, &budget);
    let Ok(text) = core::str::from_utf8(data) else { return };
    if let Some(target) = next_page(text) {
        assert!(text.contains(target));
    }
    let values = [text.to_owned()];
    if let Some(challenge) = Challenge::bearer(&values) {
        assert!(!challenge.realm.is_empty());
        assert_eq!(Challenge::bearer(&values), Some(challenge));
    }
});
