//! What a saved report says: its saved facts, not the evidence behind it.

use super::{Found, Side, Topic};
use std::collections::BTreeMap;
use veritee_audit::{Fact, Party, Reach};
use veritee_model::report::{IdentityFacts, TcbFacts};
use veritee_model::{Outcome, Report, TcbStatus};

impl Side {
    /// The facts of a saved report.
    #[must_use]
    pub fn of_report(report: &Report) -> Self {
        let mut side = Self::default();
        if let Some(quote) = &report.quote {
            side.registers(quote);
        }
        if let Some(tcb) = &report.tcb {
            side.tcb(tcb);
        }
        if let Some(identity) = &report.identity {
            side.application(identity);
        }
        let events = report.events.iter();
        side.boot(events.map(|event| (event.name.as_str(), event.payload.clone(), event.after_system_ready)));
        for input in &report.inputs {
            match input.name.as_str() {
                "gpus" => side.plain(Topic::Gpus, "gpus", input.sha256.to_string()),
                "app-compose" => {
                    side.claimed(Topic::Identity, "compose_hash", &input.sha256.to_string());
                }
                _ => {}
            }
        }
        if let Some(audit) = &report.audit {
            let not_asked = audit.not_asked.iter().map(|rule| rule.rule.clone()).collect();
            let mut found = Found { findings: report.findings.clone(), not_asked, flows: BTreeMap::new() };
            for flow in &audit.data_flow {
                found.add_flow(&flow.name, &flow.provenance, &flow.power);
            }
            side.findings = Some(found);
        }
        side.verdict(report);
        side
    }

    fn tcb(&mut self, tcb: &TcbFacts) {
        let topic = Topic::Platform;
        let known = "has known weaknesses of the platform open";
        let reach = match tcb.status {
            TcbStatus::UpToDate => None,
            TcbStatus::Revoked => Some(Reach::to(Party::Host, 3, known)),
            TcbStatus::OutOfDate | TcbStatus::OutOfDateConfigurationNeeded => {
                Some(Reach::to(Party::Host, 2, known))
            }
            _ => Some(Reach::new(Party::Host, known)),
        };
        self.add(topic, "tcb_status", Fact::reaching(tcb.status.to_string(), reach));
        self.plain(topic, "advisories", "listed");
        for advisory in &tcb.advisories {
            let reach = Reach::new(Party::Host, "has known weaknesses of the platform open");
            self.add(topic, format!("advisories.{advisory}"), Fact::reaching("applies", [reach]));
        }
        self.plain(topic, "fmspc", tcb.fmspc.to_string());
        // What guests call their device id was computed in more than one way.
        self.plain(topic, "ppid_sha256", tcb.ppid_sha256.to_string());
        self.plain(topic, "tcb_date", tcb.date.to_string());
        self.plain(topic, "evaluation_number", tcb.evaluation_number.to_string());
    }

    fn application(&mut self, identity: &IdentityFacts) {
        let topic = Topic::Identity;
        self.plain(topic, "app_id", identity.app_id.to_string());
        self.plain(topic, "compose_hash", identity.compose_hash.to_string());
        self.plain(topic, "instance_id", identity.instance_id.map(|id| id.to_string()).unwrap_or_default());
        if let Some(hash) = &identity.os_image_hash_claimed {
            self.plain(topic, "os_image_hash", hash.clone());
        }
        if let Some(name) = &identity.key_provider {
            self.keys(name, identity.key_provider_id.as_deref().unwrap_or_default());
        }
    }

    fn verdict(&mut self, report: &Report) {
        let topic = Topic::Verdict;
        self.plain(topic, "outcome", report.headline());
        self.plain(topic, "stage", report.stage.to_string());
        for check in &report.checks {
            let word = match (check.outcome, check.reason) {
                (Outcome::Pass, _) => "pass".to_owned(),
                (_, Some(reason)) => reason.code().to_owned(),
                (Outcome::Fail, None) => "fail".to_owned(),
                (Outcome::NotChecked, None) => "not checked".to_owned(),
            };
            let waived = if check.waived.is_some() { ", waived" } else { "" };
            self.plain(topic, format!("checks.{}", check.id), format!("{word}{waived}"));
        }
        self.plain(topic, "policy", report.policy.name.clone());
        for line in &report.policy.loosened {
            self.plain(topic, format!("policy.loosened[{line}]"), "loosened");
        }
        if let Some(root) = &report.root {
            // Whoever holds a root can make every signature below it.
            let party = Party::Holder(format!("the root key {}", root.spki_sha256));
            let reach = (!root.intel).then(|| Reach::new(party, "can forge every quote"));
            self.add(topic, "root", Fact::reaching(root.name.clone(), reach));
        }
    }
}
