//! Addresses in an image's own environment that say what the image was built from.
//!
//! Images keep there where their sources came from, beside the checksum that the build held them against, or the
//! repository of a package beside the package's version. Such a value is measured with the image, and nobody who deploys
//! has chosen it. Of a document's own environment nothing is taken for that: nobody has built anything there.

use crate::field::Field;
use crate::view::{EnvironmentEntry, Service, View};

/// Whether a variable of the image's own says what the image was built from.
pub(super) fn is_source(service: &Service<'_>, entry: &EnvironmentEntry<'_>) -> bool {
    let of_image = format!("{}.image.Env.", service.place.path);
    let is_own = |entry: &EnvironmentEntry<'_>| entry.value.place.path.starts_with(&of_image);
    let own = |name: &str| {
        let beside = service.environment.iter().find(|other| other.name == name && is_own(other));
        beside.and_then(|other| other.value.fixed())
    };
    let has_checksum = |stem: &str| {
        ["SHA", "SHA1", "SHA256", "SHA384", "SHA512", "CHECKSUM"]
            .iter()
            .filter_map(|kind| own(&format!("{stem}_{kind}")))
            .any(|text| text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    // `X_ASC_URL` is where the signature of what `X_URL` names was.
    let mut stems = ["_URL", "_ASC_URL"].iter().filter_map(|tail| entry.name.strip_suffix(tail));
    let repository = entry.name.strip_suffix("_REPO");
    is_own(entry)
        && (stems.any(has_checksum)
            || repository.is_some_and(|stem| own(&format!("{stem}_VERSION")).is_some()))
}

/// What images of active services say that they were built from: the service, the variable, its value.
pub(crate) fn sources<'a>(view: &'a View<'_>) -> Vec<(&'a Service<'a>, &'a str, &'a Field<'a>)> {
    let entries =
        view.active().flat_map(|service| service.environment.iter().map(move |entry| (service, entry)));
    let sources = entries.filter(|(service, entry)| is_source(service, entry));
    sources.map(|(service, entry)| (service, entry.name, &entry.value)).collect()
}
