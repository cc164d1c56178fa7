//! What a policy lets pass that the default does not: every report repeats it.

use crate::file::{Others, Policy};
use veritee_model::report::loosened;
use veritee_model::{CheckId, Severity, TcbStatus};

impl Policy {
    /// Why findings do not count that count by default: said beside `fail_on`, or where the audit need not be made at
    /// all.
    pub(crate) fn threshold_reason(&self) -> Option<&String> {
        let waived = || self.waive.iter().find(|waiver| waiver.check == CheckId::AuditRules);
        self.audit.reason.as_ref().or_else(|| waived().and_then(|waiver| waiver.reason.as_ref()))
    }

    /// Every way in which the policy is looser than the default, in words.
    #[must_use]
    pub fn loosened(&self) -> Vec<String> {
        let mut out = Vec::new();
        let because = |reason: &Option<String>| reason.clone().unwrap_or_default();
        if let Some(fixed) = &self.as_of {
            out.push(format!("fixes the time at {}: {}", fixed.time, because(&fixed.reason)));
        }
        let statuses: Vec<&str> =
            self.tcb.accept.iter().filter(|s| **s != TcbStatus::UpToDate).map(|s| s.name()).collect();
        if !statuses.is_empty() {
            out.push(format!("{}{}: {}", loosened::STATUSES, statuses.join(", "), because(&self.tcb.reason)));
        }
        if !self.advisories.allow.is_empty() {
            let list = self.advisories.allow.join(", ");
            out.push(format!("{}{list}: {}", loosened::ADVISORIES, because(&self.advisories.reason)));
        }
        if self.advisories.others == Others::Allow {
            out.push(format!("{}{}", loosened::OTHER_ADVISORIES, because(&self.advisories.reason)));
        }
        if self.collateral.allow_expired {
            out.push(format!("{}{}", loosened::EXPIRED, because(&self.collateral.reason)));
        }
        if !self.td.allow.is_empty() {
            let list: Vec<String> = self.td.allow.iter().map(|entry| format!("{entry:?}")).collect();
            out.push(format!("{}{}: {}", loosened::TD, list.join(", "), because(&self.td.reason)));
        }
        if let Some(root) = &self.root {
            out.push(format!("{}{}", loosened::root(&root.spki_sha256), because(&root.reason)));
        }
        if self.os.allow_development {
            out.push(format!("allows development images: {}", because(&self.os.reason)));
        }
        for machine in &self.os.machine {
            out.push(format!("pins registers of `{}` by value: {}", machine.name, because(&machine.reason)));
        }
        if !self.os.image_hash.is_empty() {
            out.push(format!("accepts OS images by hash: {}", because(&self.os.reason)));
        }
        for (entry, reason) in self.gpu.loosening() {
            out.push(format!("{entry} lets pass: {}", reason.cloned().unwrap_or_default()));
        }
        for words in self.images.words() {
            out.push(format!("{words}: {}", because(&self.images.reason)));
        }
        for waiver in &self.waive {
            out.push(loosened::waiver(waiver.check, &because(&waiver.reason)));
        }
        for exception in &self.exception {
            let (code, value, check) = (exception.code, exception.value.as_deref(), exception.check);
            out.push(loosened::exception(code, value, check, &because(&exception.reason)));
        }
        for allowed in &self.audit.allow {
            out.push(loosened::finding(&allowed.rule, &because(&allowed.reason)));
        }
        if self.audit.honour_inline_allows {
            out.push(format!("{}{}", loosened::INLINE, because(&self.audit.reason)));
        }
        for variable in &self.audit.variable {
            if let Some(class) = variable.class {
                let because = because(&variable.reason);
                out.push(format!("takes variable {} for {}: {because}", variable.name, class.name()));
            }
        }
        if self.audit.fail_on > Severity::High {
            let because = self.threshold_reason().cloned().unwrap_or_default();
            out.push(format!("{}{}: {because}", loosened::THRESHOLD, self.audit.fail_on));
        }
        out
    }
}
