//! TRC: from the attested compose back to a commit.

mod dp_trc_001;
mod dp_trc_002;
mod dp_trc_003;
mod dp_trc_004;
mod dp_trc_005;
mod dp_trc_006;

table! {
    dp_trc_001 dp_trc_002 dp_trc_003 dp_trc_004 dp_trc_005 dp_trc_006
}

use crate::subject::{ImageReference, Subject};
use crate::tags::commit_candidate;

/// Images of active services whose tag names a commit, each with the candidate.
pub(super) fn candidates<'a>(subject: &'a Subject<'_>) -> Vec<(&'a ImageReference, String)> {
    subject
        .images()
        .iter()
        .filter_map(|image| {
            let tag = image.tag.as_deref()?;
            Some((image, commit_candidate(tag, image.digest_hex())?))
        })
        .collect()
}
