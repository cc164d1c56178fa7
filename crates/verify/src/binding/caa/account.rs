//! The ACME account that a quote binds.

use super::super::Shown;
use serde::Deserialize;
use std::collections::BTreeSet;
use veritee_model::Evidence;

/// The account document of dstack-ingress: certbot's `regr.json` has `uri`, lego's `account.json` has it inside
/// `registration`, as `uri` up to version 4 and as `accountURL` since. A member given twice is refused.
#[derive(Deserialize)]
struct Document {
    uri: Option<String>,
    registration: Option<Registration>,
}

#[derive(Deserialize)]
struct Registration {
    uri: Option<String>,
    #[serde(rename = "accountURL")]
    account_url: Option<String>,
}

/// The URI of the one account that the quote binds; none when there are several.
pub(super) fn bound(evidence: &Evidence, shown: &Shown) -> Option<String> {
    if let Some(content) = shown.content(evidence, "acme-account") {
        let uri = core::str::from_utf8(content).ok()?;
        return (!uri.is_empty()).then(|| uri.to_owned());
    }
    let (_, file) = shown.ingress_files(evidence).find(|(name, _)| *name == "acme-account.json")?;
    let document: Document = serde_json::from_slice(&file.bytes).ok()?;
    let registration = document.registration;
    let (old, new) = registration.map_or((None, None), |found| (found.uri, found.account_url));
    let uris: BTreeSet<String> =
        [document.uri, old, new].into_iter().flatten().filter(|uri| !uri.is_empty()).collect();
    let mut uris = uris.into_iter();
    uris.next().filter(|_| uris.next().is_none())
}
