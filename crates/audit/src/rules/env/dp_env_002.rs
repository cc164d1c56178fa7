//! Protects where data goes from whoever deploys.

use crate::facts::outside::{Variable, variables};
use crate::item::Item;
use crate::names::{NameClass, is_plain_endpoint, stem};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use std::collections::{BTreeMap, BTreeSet};
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-002",
    title: "whoever deploys chooses an endpoint",
    severity: Severity::High,
    blocks: Blocks::From(Severity::High),
    needs: &[Need::Compose],
    remedy: "write the address literally into the compose file",
    answers: &[Item::Q1.fails(), Item::M1.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let all = variables(subject, Provenance::Operator);
    let secrets = secrets(&all);
    let plain =
        |variable: &&Variable<'_>| variable.is(NameClass::Endpoint) && is_plain_endpoint(variable.name);
    for variable in all.iter().filter(plain) {
        let user_data = subject.context.names.get(variable.name).is_some_and(|word| word.user_data);
        let grave = user_data || carries_secret(variable, &secrets);
        let severity = match variable.endpoint_severity() {
            Severity::High if grave => Severity::Critical,
            severity if user_data => severity.max(Severity::Critical),
            severity => severity,
        };
        if severity == Severity::Info {
            sink.add(Note::info(&variable.place(), variable.evidence()).about(variable.name));
        } else {
            sink.add(variable.note_of(NameClass::Endpoint).severity(severity));
        }
    }
}

/// What a service gets besides endpoints.
#[derive(Default)]
struct Secrets {
    own_key: bool,
    /// Stems of the names of credentials.
    credentials: BTreeSet<String>,
}

fn secrets<'a>(all: &[Variable<'a>]) -> BTreeMap<Option<&'a str>, Secrets> {
    let mut secrets: BTreeMap<Option<&str>, Secrets> = BTreeMap::new();
    for variable in all {
        for used in &variable.uses {
            let entry = secrets.entry(used.service).or_default();
            entry.own_key |= variable.is(NameClass::IdentityKey);
            if variable.is(NameClass::ThirdPartyCredential) || variable.is(NameClass::AdminCredential) {
                entry.credentials.insert(stem(variable.name));
            }
        }
    }
    secrets
}

/// Whether the credential for this endpoint, or the application's own key, is in the same service: who moves the
/// endpoint gets it.
fn carries_secret(endpoint: &Variable<'_>, secrets: &BTreeMap<Option<&str>, Secrets>) -> bool {
    let own_stem = stem(endpoint.name);
    // A registry's credentials open the registry; which image comes from it is another rule's.
    let registry = own_stem.split('_').any(|word| word == "REGISTRY");
    endpoint.uses.iter().filter_map(|used| secrets.get(&used.service)).any(|service| {
        service.own_key || !registry && !own_stem.is_empty() && service.credentials.contains(&own_stem)
    })
}
