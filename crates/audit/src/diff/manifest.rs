//! The members of an app_compose beside its compose file.

use super::{Fact, Party, Reach};
use crate::facts::protection::{self, Protection};
use crate::names::process_control;
use crate::view::View;
use std::collections::BTreeMap;
use veritee_compose::json::JsonNode;

/// A member that is on or off, and who reaches further in which state. What it is where it is absent is the manifest's
/// to say.
struct Switch {
    key: &'static str,
    opens: bool,
    party: Party,
    why: &'static str,
}

const fn switch(key: &'static str, opens: bool, party: Party, why: &'static str) -> Switch {
    Switch { key, opens, party, why }
}

const SWITCHES: [Switch; 4] = [
    switch("public_logs", true, Party::Public, "can read the logs"),
    switch("public_sysinfo", true, Party::Public, "can read the machine's load"),
    switch("secure_time", false, Party::Host, "sets the clock"),
    switch("no_instance_id", true, Party::Host, "can move one machine's disk to another"),
];

pub(super) fn add(view: &View<'_>, facts: &mut BTreeMap<String, Fact>) {
    for member in view.manifest().iter().flat_map(|manifest| manifest.members()) {
        let key = member.key.as_str();
        if !matches!(key, "docker_compose_file" | "allowed_envs") {
            facts.insert(format!("manifest.{key}"), Fact::plain(member.node.shown()));
        }
    }
    for switch in &SWITCHES {
        if view.flag(switch.key) == Some(switch.opens) {
            let fact = facts.entry(format!("manifest.{}", switch.key));
            let fact = fact.or_insert_with(|| Fact::plain("(absent)"));
            fact.reach.push(Reach::new(switch.party.clone(), switch.why));
        }
    }
    // One switch under three names: the member, its older name and the oldest feature.
    if view.manifest().is_some_and(|manifest| manifest.gateway_enabled()) {
        let reach = Reach::new(Party::Public, "can reach the ports through the gateway");
        facts.insert("gateway".to_owned(), Fact::reaching("routes to the machine", [reach]));
    }
    key_provider(view, facts);
    ports(view, facts);
    if !matches!(protection::launch_token(view), Protection::Holds(_))
        && view.allowed.as_ref().is_some_and(|allowed| !allowed.is_empty())
    {
        let reach = Reach::new(Party::Host, "can replace the values of allowed names");
        let fact = Fact::reaching("absent: the host can replace allowed values", [reach]);
        facts.insert("launch_token".to_owned(), fact);
    }
    for name in view.allowed.iter().flatten() {
        let reach = match process_control(name, view.has_profiles) {
            Some(_) => {
                Reach::to(Party::Operator, 2, "controls what the start-up of the machine runs or trusts")
            }
            None => Reach::new(Party::Operator, "may set the variable"),
        };
        facts.insert(format!("allowed_envs.{name}"), Fact::reaching("allowed", [reach]));
    }
}

/// Who can give the application its keys. Where the root key of a KMS is named, that one only.
fn key_provider(view: &View<'_>, facts: &mut BTreeMap<String, Fact>) {
    let kms = view.manifest().is_some_and(|manifest| manifest.key_provider() == "kms");
    let pinned = view.text_of("key_provider_id").filter(|id| !id.is_empty());
    let reach = match (kms, pinned) {
        (true, Some(id)) => {
            let short: String = id.chars().take(16).collect();
            Reach::new(Party::Holder(format!("the KMS root key {short}")), "holds the application's keys")
        }
        (true, None) => Reach::new(Party::Host, "chooses the KMS that gives the keys"),
        (false, _) => Reach::to(Party::Host, 2, "starts the machine without a KMS"),
    };
    let fact = facts.entry("manifest.key_provider_id".to_owned());
    fact.or_insert_with(|| Fact::plain("(absent)")).reach.push(reach);
}

/// Ports that the gateway forwards where it is told which.
fn ports(view: &View<'_>, facts: &mut BTreeMap<String, Fact>) {
    if !matches!(protection::port_policy(view), Protection::Holds(_)) {
        return;
    }
    let listed = view.get("port_policy").and_then(|policy| policy.get("ports")).and_then(JsonNode::elements);
    for port in listed.into_iter().flatten() {
        let port = port.get("port").unwrap_or(port);
        let reach = Reach::new(Party::Public, "can connect through the gateway");
        facts.insert(format!("manifest.port_policy.ports[{port}]"), Fact::reaching("forwarded", [reach]));
    }
}
