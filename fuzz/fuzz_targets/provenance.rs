//! Bundles, statements and cosign's annotations that anybody wrote: no panic, the same answers twice, and nothing verifies
//! that does not speak of the image.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use veritee_image::Digest;
use veritee_model::Budget;
use veritee_provenance::sigstore::{Subject, verify};
use veritee_provenance::{Build, Claims, Statement, Subjects, Trust, cosign};

static TRUST: LazyLock<Trust> = LazyLock::new(|| Trust::pinned().expect("pinned roots are read"));

fuzz_target!(|data: &[u8]| {
    let budget = Budget::STANDARD;
    let image = Subjects {
        index: None,
        manifest: Digest::parse("sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f"),
    };
    let run = || verify(data, Subject::Image(&image), &TRUST, &budget);
    match (run(), run()) {
        (Ok(signed), Ok(_)) => {
            assert!(signed.level.is_some() && signed.signer.is_some() && !signed.times.is_empty());
            Claims::default().add_signed(&signed, &[]);
        }
        (Err(one), Err(other)) => assert_eq!(one.name, other.name),
        _ => panic!("verified once and not twice"),
    }
    if let Ok(statement) = Statement::read(data, &budget) {
        assert_eq!(Statement::read(data, &budget).as_ref(), Ok(&statement));
        if let Some(build) = Build::of(&statement) {
            let mut claims = Claims::default();
            claims.add_unsigned(&build);
            assert!(claims.list.len() <= 1);
        }
    }
    let _ = cosign::signed_digest(data, &budget);
    let text = String::from_utf8_lossy(data).into_owned();
    let annotations: BTreeMap<String, String> = ["certificate", "chain", "bundle"]
        .map(|name| (format!("dev.sigstore.cosign/{name}"), text.clone()))
        .into();
    let _ = cosign::bundle(data, cosign::ENVELOPE, &annotations, &budget);
});
