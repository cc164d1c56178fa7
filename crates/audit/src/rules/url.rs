//! URL: where data goes.

mod dp_url_001;
mod dp_url_002;
mod dp_url_003;
mod dp_url_004;
mod dp_url_005;
mod dp_url_006;
mod dp_url_007;
mod dp_url_008;

table! {
    dp_url_001 dp_url_002 dp_url_003 dp_url_004 dp_url_005 dp_url_006 dp_url_007 dp_url_008
}

use crate::subject::Subject;
use crate::view::{Link, Service, Value, View, links};

/// Every URL in what active services run, read and get, with the sink.
pub(super) fn all<'a>(subject: &'a Subject<'_>) -> Vec<(&'a Service, String, &'a Value, Link)> {
    let Some(view) = &subject.view else { return Vec::new() };
    let mut found = Vec::new();
    for service in view.active() {
        for (path, value) in values(service) {
            for link in links(value) {
                found.push((service, path.clone(), value, link));
            }
        }
    }
    found
}

fn values(service: &Service) -> Vec<(String, &Value)> {
    let environment =
        service.environment.iter().map(|entry| (format!("environment.{}", entry.name), &entry.value));
    environment.chain(service.executed().map(|(path, value)| (path.to_owned(), value))).collect()
}

/// Literal URLs of hosts outside the machine. A URL whose host somebody chooses is another rule's.
pub(super) fn external<'a>(subject: &'a Subject<'_>) -> Vec<(&'a Service, String, &'a Value, Link)> {
    let Some(view) = &subject.view else { return Vec::new() };
    let services = names(view);
    all(subject)
        .into_iter()
        .filter(|(_, _, _, link)| {
            !link.authority_settable && link.host.contains('.') && !link.is_internal(&services)
        })
        .collect()
}

/// Names under which services reach each other.
pub(super) fn names(view: &View) -> std::collections::BTreeSet<&str> {
    let mut names = view.service_names();
    for service in &view.services {
        for (path, value) in &service.scalars {
            if path == "container_name"
                || path == "hostname"
                || path.starts_with("networks.") && path.contains(".aliases.")
            {
                names.insert(value.raw.as_str());
            }
            if path.starts_with("links.") {
                names.insert(value.raw.rsplit(':').next().unwrap_or(&value.raw));
            }
        }
    }
    names
}
