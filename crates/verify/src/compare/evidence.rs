//! What evidence says.

use super::{Side, Topic};
use crate::facts;
use std::collections::BTreeMap;
use veritee_audit::{Fact, Party, Reach};
use veritee_compose::{Deployment, UnboundCompose, deployment};
use veritee_eventlog::{AppIdentity, Event, EventLog, ReplayedLog, fold, replay};
use veritee_model::evidence::EventLogFormat;
use veritee_model::report::QuoteFacts;
use veritee_model::{Budget, Evidence, Item, Rtmr, RtmrIndex, Sha256Digest};
use veritee_quote::{Body, Quote};
use x509_parser::pem::Pem;

const DEBUG: &str = "reads and changes the machine's memory";

/// What lets the host read or steer a machine, by the bit of TDATTRIBUTES (Intel TDX Module Base Architecture, ATTRIBUTES).
const ATTRIBUTES: [(u32, bool, &str, &str); 3] = [
    (0, true, "debug", DEBUG),
    (28, false, "sept_ve_disable", "can inject exceptions"),
    (29, true, "migratable", "can move the machine to another"),
];

impl Side {
    /// What evidence says, unverified. Parts that cannot be read are named among the problems.
    #[must_use]
    pub fn of_evidence(evidence: &Evidence, budget: &Budget) -> Self {
        let mut side = Self::default();
        let quote = evidence.quote.as_ref().and_then(|item| match Quote::parse_within(&item.bytes, budget) {
            Ok(quote) => Some(quote),
            Err(error) => {
                side.problems.push(format!("{}: {error}", item.source));
                None
            }
        });
        if let Some(quote) = &quote {
            side.quote(quote);
        }
        let registers = quote.as_ref().and_then(Quote::td).map(|td| td.rtmrs);
        side.log(evidence, registers.as_ref(), budget);
        side.compose(evidence, budget);
        side.claims(evidence);
        side.bindings(evidence);
        side.hardware(evidence);
        if let Some(gpus) = &evidence.gpus {
            side.plain(Topic::Gpus, "gpus", gpus.sha256().to_string());
        }
        side
    }

    fn quote(&mut self, quote: &Quote) {
        match quote.body() {
            Body::Td(td) => {
                self.registers(&facts::quote(quote, td));
                self.plain(Topic::Registers, "seam_attributes", td.seam_attributes.to_string());
                // Every member that a longer body adds, whatever they are called.
                self.members(Topic::Registers, "extension", &serde_json::to_value(&td.extension));
            }
            Body::Sgx(enclave) => {
                self.members(Topic::Registers, "enclave", &serde_json::to_value(enclave));
                let reach = enclave.is_debug().then_some(Reach::to(Party::Host, 2, DEBUG));
                let word = if enclave.is_debug() { "on" } else { "off" };
                self.add(Topic::Registers, "debug", Fact::reaching(word, reach));
            }
        }
        if let Some(hint) = quote.pck_hint() {
            self.plain(Topic::Platform, "fmspc", hint.fmspc.to_string());
        }
        let enclave = quote.qe_report();
        self.plain(Topic::Platform, "qe.mr_signer", enclave.mr_signer.to_string());
        self.version(Topic::Platform, "qe.isv_svn", u64::from(enclave.isv_svn));
    }

    fn members(&mut self, topic: Topic, name: &str, value: &serde_json::Result<serde_json::Value>) {
        let Ok(serde_json::Value::Object(members)) = value else { return };
        for (member, value) in members {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.plain(topic, format!("{name}.{member}"), text);
        }
    }

    pub(super) fn registers(&mut self, quote: &QuoteFacts) {
        let topic = Topic::Registers;
        for (name, value) in [
            ("mrtd", quote.mrtd.to_string()),
            ("rtmr0", quote.rtmr0.to_string()),
            ("rtmr1", quote.rtmr1.to_string()),
            ("rtmr2", quote.rtmr2.to_string()),
            ("rtmr3", quote.rtmr3.to_string()),
            ("mr_config_id", quote.mr_config_id.to_string()),
            ("mr_owner", quote.mr_owner.to_string()),
            ("mr_owner_config", quote.mr_owner_config.to_string()),
            ("mr_seam", quote.mr_seam.to_string()),
            ("mr_signer_seam", quote.mr_signer_seam.to_string()),
            ("td_attributes", quote.td_attributes.to_string()),
            ("xfam", quote.xfam.to_string()),
            ("report_data", quote.report_data.to_string()),
        ] {
            self.plain(topic, name, value);
        }
        let bits = u64::from_le_bytes(*quote.td_attributes.as_bytes());
        for (bit, opens, name, why) in ATTRIBUTES {
            let set = bits.checked_shr(bit).is_some_and(|bits| bits & 1 == 1);
            let reach = (set == opens).then_some(Reach::to(Party::Host, 2, why));
            let word = if set { "on" } else { "off" };
            self.add(topic, format!("td_attributes.{name}"), Fact::reaching(word, reach));
        }
        if let Some(service) = &quote.mr_service_td {
            let why = "another machine was bound to this one: it can move it";
            let reach = (!service.is_zero()).then_some(Reach::to(Party::Host, 2, why));
            self.add(topic, "mr_service_td", Fact::reaching(service.to_string(), reach));
        }
        // What could be updated while the machine runs stands in the second field.
        for (name, svn) in
            [("tee_tcb_svn", Some(&quote.tee_tcb_svn)), ("tee_tcb_svn_2", quote.tee_tcb_svn_2.as_ref())]
        {
            for (index, svn) in svn.into_iter().flat_map(|svn| svn.as_bytes()).enumerate() {
                self.version(Topic::Platform, &format!("{name}.{index}"), u64::from(*svn));
            }
        }
    }

    /// A security version: whatever a higher one closes is open under a lower one.
    pub(super) fn version(&mut self, topic: Topic, name: &str, version: u64) {
        let far = u8::MAX.saturating_sub(u8::try_from(version).unwrap_or(u8::MAX));
        let reach = Reach::to(Party::Host, far, "has weaknesses open that newer versions close");
        self.add(topic, name, Fact::reaching(version.to_string(), [reach]));
    }

    fn log(&mut self, evidence: &Evidence, quoted: Option<&[Rtmr; 4]>, budget: &Budget) {
        let Some(item) = &evidence.event_log else { return };
        let parsed = match item.format {
            EventLogFormat::DstackJson => EventLog::parse_json(&item.item.bytes, budget),
            EventLogFormat::Ccel => EventLog::parse_ccel(&item.item.bytes, budget),
        };
        let log = match parsed {
            Ok(log) => log,
            Err(error) => return self.problems.push(format!("{}: {error}", item.item.source)),
        };
        let trace = fold(&log);
        let own = RtmrIndex::ALL.map(|register| trace.register(register));
        if let Some(Err(error)) = quoted.map(|quoted| replay(&log, quoted)) {
            self.problems.push(format!("{}: is not the log of the quote: {error}", item.item.source));
        }
        for (name, value) in ["rtmr0", "rtmr1", "rtmr2", "rtmr3"].into_iter().zip(own) {
            if value != Rtmr::ZERO {
                self.claimed(Topic::Registers, name, &value.to_string());
            }
        }
        // Against itself it always replays: nothing is shown by that, and nothing is said to be.
        if let Ok(replayed) = replay(&log, &own) {
            self.identity(&replayed, &item.item.source);
        }
    }

    fn identity(&mut self, replayed: &ReplayedLog, source: &str) {
        let events: Vec<&Event> = replayed.log().of_register(RtmrIndex::Rtmr3).collect();
        let text = |event: &&Event| crate::event_log::payload_text(event);
        let mut ready = false;
        self.boot(events.iter().map(|event| {
            let after = ready;
            ready |= event.name() == "system-ready";
            (event.name(), text(event), after)
        }));
        if events.is_empty() {
            return;
        }
        let topic = Topic::Identity;
        let identity = match AppIdentity::read(replayed) {
            Ok(identity) => identity,
            Err(error) => {
                // What the events say one by one is compared all the same, and what is absent stands as absent.
                self.problems.push(format!("{source}: its events name no application: {error}"));
                for (name, event) in [
                    ("app_id", "app-id"),
                    ("compose_hash", "compose-hash"),
                    ("instance_id", "instance-id"),
                    ("os_image_hash", "os-image-hash"),
                ] {
                    let found = events.iter().find(|found| found.name() == event);
                    let found = found.map(|event| hex::encode(event.payload()));
                    self.plain(topic, name, found.unwrap_or_else(|| "(no event)".to_owned()));
                }
                let found = events.iter().find(|found| found.name() == "key-provider").map(text);
                let said = found.unwrap_or_else(|| "(no event)".to_owned());
                self.claimed_keys(&said);
                self.claimed(topic, "key_provider", &said);
                return;
            }
        };
        self.plain(topic, "app_id", identity.app_id().to_string());
        self.plain(topic, "compose_hash", identity.compose_hash().to_string());
        self.plain(topic, "instance_id", identity.instance_id().map(ToString::to_string).unwrap_or_default());
        if let Some(hash) = identity.os_image_hash_claimed() {
            self.plain(topic, "os_image_hash", hash.to_string());
        }
        let provider = identity.key_provider();
        self.keys(provider.name(), &hex::encode(provider.id()));
    }

    /// Events of RTMR3 beside those that name the application, and whether each came after `system-ready`: by name, and
    /// by how often the name came before.
    pub(super) fn boot<'a>(&mut self, events: impl Iterator<Item = (&'a str, String, bool)>) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (name, payload, after) in events {
            self.claimed(Topic::Events, "boot", "listed");
            let identity =
                ["app-id", "compose-hash", "instance-id", "os-image-hash", "key-provider"].contains(&name);
            let path = format!("boot.{}{name}", if after { "after-system-ready." } else { "" });
            let times = seen.entry(path.clone()).or_default();
            let before = *times;
            *times = before.saturating_add(1);
            // Told with the identity, where the first of them is what counts.
            if identity && !after && before == 0 {
                continue;
            }
            let path = if before == 0 { path } else { format!("{path}[{before}]") };
            self.plain(Topic::Events, path, payload);
        }
    }

    /// Who gives the application its keys, and what that says of whoever could have them.
    pub(super) fn keys(&mut self, name: &str, id: &str) {
        let reach = match name {
            "kms" => None,
            "none" => Some(Reach::to(Party::Host, 2, "runs the machine without anybody who guards its keys")),
            _ => Some(Reach::new(Party::Host, "runs the machine without a KMS")),
        };
        self.add(Topic::Identity, "key_provider", Fact::reaching(name, reach));
        if !id.is_empty() {
            let short = Sha256Digest::of(id.as_bytes()).to_string().chars().take(16).collect::<String>();
            let party = Party::Holder(format!("the {name} key (sha256 of its id: {short})"));
            let fact = Fact::reaching(id, [Reach::new(party, "holds the application's keys")]);
            self.add(Topic::Identity, "key_provider.id", fact);
        }
    }

    fn compose(&mut self, evidence: &Evidence, budget: &Budget) {
        let Some(item) = &evidence.app_compose else { return };
        match UnboundCompose::parse(&item.bytes, budget) {
            Ok(document) => {
                let resolving = deployment::Context { budget: *budget, ..deployment::Context::default() };
                self.take(Deployment::from_unbound(&document, &resolving), &item.source);
            }
            Err(error) => self.problems.push(format!("{}: {error}", item.source)),
        }
    }

    /// Values that came along, where nothing better stands there.
    fn claims(&mut self, evidence: &Evidence) {
        let claims = evidence.claims.values.iter().filter(|(name, claim)| !claim.says_nothing(name));
        for (name, claim) in claims {
            let topic = match name.as_str() {
                "mrtd" | "rtmr0" | "rtmr1" | "rtmr2" | "rtmr3" | "report_data" | "mr_config_id" => {
                    Topic::Registers
                }
                "device_id" => Topic::Platform,
                "app_id" | "instance_id" | "compose_hash" | "os_image_hash" => Topic::Identity,
                "key_provider_info" => {
                    self.claimed_keys(&claim.value);
                    continue;
                }
                _ => continue,
            };
            self.claimed(topic, name, &claim.value);
        }
    }

    fn claimed_keys(&mut self, text: &str) {
        let known = self.facts.get(&Topic::Identity).is_some_and(|facts| facts.contains_key("key_provider"));
        let value = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
        let member = |name| value.get(name).and_then(serde_json::Value::as_str);
        match (known, member("name")) {
            (true, _) => {}
            (false, Some(name)) => self.keys(name, member("id").unwrap_or_default()),
            (false, None) => self.problems.push(format!("the key provider {text:?} names nobody")),
        }
    }

    fn bindings(&mut self, evidence: &Evidence) {
        let topic = Topic::Bindings;
        if let Some(item) = &evidence.certificates {
            self.certificate("certificate", item);
        }
        if let Some(served) = &evidence.served {
            self.plain(topic, "served.server", served.server.clone());
            self.certificate("served", &served.chain);
        }
        if let Some(bound) = &evidence.bound_content {
            self.plain(topic, format!("content.{}", bound.tag), hex::encode(&bound.content));
        }
        if let Some(keys) = &evidence.kms_keys {
            self.plain(topic, "kms.ca_key", Sha256Digest::of(&keys.ca_spki).to_string());
            self.plain(topic, "kms.k256", hex::encode(&keys.k256));
        }
        for (name, item) in evidence.ingress.iter().flat_map(|ingress| &ingress.files) {
            self.plain(topic, format!("ingress.{name}"), item.sha256().to_string());
        }
        if let Some(caa) = &evidence.caa {
            self.plain(topic, format!("caa.{}", caa.domain), caa.answers.sha256().to_string());
        }
        for image in &evidence.images {
            if let Some(index) = image.files.get("index.json") {
                let digest = Sha256Digest::of(index).to_string();
                self.plain(topic, format!("image.{}", image.source), digest);
            }
        }
        for bundle in &evidence.image_bundles {
            self.plain(topic, format!("image_bundle.{}", bundle.source), bundle.sha256().to_string());
        }
    }

    /// The key of a chain's leaf, and who issued it.
    fn certificate(&mut self, name: &str, item: &Item) {
        let pem = Pem::iter_from_buffer(&item.bytes).next().and_then(Result::ok);
        let Some(Ok(leaf)) = pem.as_ref().map(Pem::parse_x509) else {
            return self.problems.push(format!("{}: holds no certificate that can be read", item.source));
        };
        self.plain(
            Topic::Bindings,
            format!("{name}.key"),
            Sha256Digest::of(leaf.public_key().raw).to_string(),
        );
        self.plain(Topic::Bindings, format!("{name}.subject"), leaf.subject().to_string());
        self.plain(Topic::Bindings, format!("{name}.issuer"), leaf.issuer().to_string());
    }

    fn hardware(&mut self, evidence: &Evidence) {
        let Some(item) = &evidence.vm_config else { return };
        let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(&item.bytes) else {
            return self
                .problems
                .push(format!("{}: the vm_config cannot be compared: no object", item.source));
        };
        for (name, value) in members {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.plain(Topic::VmConfig, name, text);
        }
    }
}
