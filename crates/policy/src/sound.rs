//! Reads a policy file and refuses what contradicts itself, can match nothing, or loosens without a reason.

use crate::error::{PolicyError, PolicyFault};
use crate::file::{MachineRegisters, Others, Policy, SCHEMA, Waiver};
use crate::place::{Key, Places};
use crate::words;
use std::collections::BTreeSet;
use veritee_model::text;
use veritee_model::{CheckId, Kind, Reason, Severity, TcbStatus};

type Path<'a> = Vec<&'a dyn Key>;

/// An entry of the policy: whether it loosens, its name, its reason, where it stands.
type Entry<'a> = (bool, String, Option<&'a String>, Path<'a>);

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// When it is no TOML, has an unknown key or a malformed value, names what does not exist, tries to waive what
    /// cannot be waived, contradicts itself, or loosens the default without a reason.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        let places = Places::of(text);
        if policy.schema != SCHEMA {
            return Err(places.error(&[&"schema"], PolicyFault::Schema { got: policy.schema }));
        }
        policy.exceptions_can_match(&places)?;
        policy.reasons_given(&places)?;
        policy.is_consistent(&places)?;
        Ok(policy)
    }

    /// Holds the rules that the policy names against those that there are. Apart from [`Self::parse`], since which rules
    /// there are is for the audit to say.
    ///
    /// # Errors
    /// At the first rule that does not exist.
    pub fn rules_exist(&self, text: &str, known: impl Fn(&str) -> bool) -> Result<(), PolicyError> {
        match self.audit.allow.iter().position(|allowed| !known(&allowed.rule)) {
            None => Ok(()),
            Some(index) => {
                let rule =
                    self.audit.allow.get(index).map_or_else(String::new, |allowed| allowed.rule.clone());
                Err(Places::of(text)
                    .error(&[&"audit", &"allow", &index, &"rule"], PolicyFault::UnknownRule { rule }))
            }
        }
    }

    fn exceptions_can_match(&self, places: &Places<'_>) -> Result<(), PolicyError> {
        for (index, waiver) in self.waive.iter().enumerate() {
            if !waiver.check.is_waivable() {
                let fault = PolicyFault::NotWaivable { code: waiver.check.id() };
                return Err(places.error(&[&"waive", &index, &"check"], fault));
            }
        }
        for (index, exception) in self.exception.iter().enumerate() {
            let code = exception.code.code();
            let fault = if exception.code.is_expiry() {
                PolicyFault::ExpiryExcepted { code }
            } else if !exception.code.is_waivable() {
                PolicyFault::NotWaivable { code }
            } else if exception.code.carries_value() != exception.value.is_some() {
                PolicyFault::Value { code, wanted: exception.code.carries_value() }
            } else if exception.code == Reason::AdvisoryRefused
                && !exception.value.as_deref().is_some_and(words::is_advisory)
            {
                PolicyFault::Value { code, wanted: true }
            } else {
                continue;
            };
            return Err(places.error(&[&"exception", &index], fault));
        }
        Ok(())
    }

    /// Entries that stand once, and whether they loosen.
    fn single_entries(&self) -> Vec<Entry<'_>> {
        let looser_status = self.tcb.accept.iter().any(|status| *status != TcbStatus::UpToDate);
        let looser_advisories = !self.advisories.allow.is_empty() || self.advisories.others == Others::Allow;
        let mut entries: Vec<Entry<'_>> = vec![
            (looser_status, "[tcb] accept".to_owned(), self.tcb.reason.as_ref(), vec![&"tcb", &"accept"]),
            (
                looser_advisories,
                "[advisories]".to_owned(),
                self.advisories.reason.as_ref(),
                vec![&"advisories"],
            ),
            (
                self.collateral.allow_expired,
                "[collateral] allow_expired".to_owned(),
                self.collateral.reason.as_ref(),
                vec![&"collateral", &"allow_expired"],
            ),
            (
                !self.td.allow.is_empty(),
                "[td] allow".to_owned(),
                self.td.reason.as_ref(),
                vec![&"td", &"allow"],
            ),
            (
                self.os.allow_development,
                "[os] allow_development".to_owned(),
                self.os.reason.as_ref(),
                vec![&"os", &"allow_development"],
            ),
            (
                !self.os.image_hash.is_empty(),
                "[os] image_hash".to_owned(),
                self.os.reason.as_ref(),
                vec![&"os", &"image_hash"],
            ),
            (self.images.loosens(), "[images]".to_owned(), self.images.reason.as_ref(), vec![&"images"]),
            (
                self.audit.honour_inline_allows,
                "[audit] honour_inline_allows".to_owned(),
                self.audit.reason.as_ref(),
                vec![&"audit", &"honour_inline_allows"],
            ),
            (
                self.audit.fail_on > Severity::High,
                "[audit] fail_on".to_owned(),
                self.threshold_reason(),
                vec![&"audit", &"fail_on"],
            ),
        ];
        if let Some(root) = &self.root {
            entries.push((true, "[root]".to_owned(), root.reason.as_ref(), vec![&"root"]));
        }
        if let Some(fixed) = &self.as_of {
            entries.push((true, "[as_of]".to_owned(), fixed.reason.as_ref(), vec![&"as_of"]));
        }
        entries
    }

    fn reasons_given(&self, places: &Places<'_>) -> Result<(), PolicyError> {
        let numbers: Vec<usize> = (0..self.longest_list()).collect();
        let mut entries = self.single_entries();
        for (entry, reason) in self.gpu.loosening() {
            let path: Path<'_> = vec![&"gpu"];
            entries.push((true, entry, reason, path));
        }
        for (mirror, at) in self.images.mirror.iter().zip(&numbers) {
            let entry = format!("[[images.mirror]] `{}`", mirror.of);
            entries.push((true, entry, mirror.reason.as_ref(), vec![&"images", &"mirror", at]));
        }
        for (machine, at) in self.os.machine.iter().zip(&numbers) {
            let entry = format!("[[os.machine]] `{}`", machine.name);
            entries.push((true, entry, machine.reason.as_ref(), vec![&"os", &"machine", at]));
        }
        for (waiver, at) in self.waive.iter().zip(&numbers) {
            let entry = format!("[[waive]] `{}`", waiver.check);
            entries.push((true, entry, waiver.reason.as_ref(), vec![&"waive", at]));
        }
        for (exception, at) in self.exception.iter().zip(&numbers) {
            let entry = format!("[[exception]] `{}`", exception.code);
            entries.push((true, entry, exception.reason.as_ref(), vec![&"exception", at]));
        }
        for (allowed, at) in self.audit.allow.iter().zip(&numbers) {
            let entry = format!("[[audit.allow]] `{}`", allowed.rule);
            entries.push((true, entry, allowed.reason.as_ref(), vec![&"audit", &"allow", at]));
        }
        for (variable, at) in self.audit.variable.iter().zip(&numbers) {
            let entry = format!("[[audit.variable]] `{}`", variable.name);
            let path: Path<'_> = vec![&"audit", &"variable", at];
            entries.push((variable.class.is_some(), entry, variable.reason.as_ref(), path));
        }
        for (loosens, entry, reason, path) in entries {
            let given = reason.is_some_and(|reason| text::gives_a_reason(reason));
            if loosens && !given {
                return Err(places.error(&path, PolicyFault::ReasonMissing { entry }));
            }
        }
        Ok(())
    }

    fn longest_list(&self) -> usize {
        let audit = self.audit.allow.len().max(self.audit.variable.len());
        let audit = audit.max(self.images.mirror.len());
        self.os.machine.len().max(self.waive.len()).max(self.exception.len()).max(audit)
    }

    fn is_consistent(&self, places: &Places<'_>) -> Result<(), PolicyError> {
        let contradiction =
            |path: &[&dyn Key], message| Err(places.error(path, PolicyFault::Contradiction { message }));
        let refused: BTreeSet<&String> = self.advisories.refuse.iter().collect();
        if let Some(index) = self.advisories.allow.iter().position(|advisory| refused.contains(advisory)) {
            let path: &[&dyn Key] = &[&"advisories", &"allow", &index];
            return contradiction(path, "[advisories] allows and refuses the same advisory");
        }
        let mut names = BTreeSet::new();
        if let Some(index) = self.audit.variable.iter().position(|it| !names.insert(it.name.as_str())) {
            let path: &[&dyn Key] = &[&"audit", &"variable", &index];
            return contradiction(path, "[[audit.variable]] names a variable twice");
        }
        if let Some(index) = self.waive.iter().position(|waiver| self.require.contains(&waiver.check)) {
            return contradiction(&[&"waive", &index], "the same check is required and waived");
        }
        let named = self.demands(Kind::Documents);
        let dated = self.tcb.minimum_evaluation_number.is_some() || self.tcb.minimum_date.is_some();
        let unbound = |waiver: &Waiver| match waiver.check {
            CheckId::IdentityExpected | CheckId::ComposeExpected | CheckId::OsDevelopment => {
                named.contains(&waiver.check)
            }
            CheckId::PlatformFmspc => !self.expect.fmspc.is_empty(),
            CheckId::PlatformTdAttributes => self.td.pins(),
            CheckId::PlatformEvaluationNumber => dated,
            CheckId::PlatformAdvisories => !self.advisories.refuse.is_empty(),
            _ => false,
        };
        if let Some(index) = self.waive.iter().position(unbound) {
            return contradiction(
                &[&"waive", &index],
                "the check is waived that a list of the policy needs to bind",
            );
        }
        if self.os.allow_development && !self.os.development_image_hash.is_empty() {
            let path: &[&dyn Key] = &[&"os", &"development_image_hash"];
            return contradiction(path, "[os] lists development images and lets them pass");
        }
        let empty = |machine: &MachineRegisters| {
            machine.mrtd.is_none()
                && machine.rtmr0.is_none()
                && machine.rtmr1.is_none()
                && machine.rtmr2.is_none()
        };
        if let Some(index) = self.os.machine.iter().position(empty) {
            return contradiction(&[&"os", &"machine", &index], "an [[os.machine]] pins no register");
        }
        let mirrors = &self.images.mirror;
        let twice = |(index, mirror): (usize, &crate::images::Mirror)| {
            mirrors.iter().take(index).any(|known| known.of == mirror.of)
        };
        if let Some(index) = mirrors.iter().enumerate().position(twice) {
            return contradiction(
                &[&"images", &"mirror", &index],
                "[[images.mirror]] names a registry twice",
            );
        }
        if let Some(message) = self.gpu.contradiction() {
            return contradiction(&[&"gpu"], message);
        }
        Ok(())
    }
}

fn syntax(file: &str, error: &toml::de::Error) -> PolicyError {
    let fault = PolicyFault::Syntax { message: text::inert(error.message()) };
    PolicyError { place: error.span().map(|span| crate::place::line_and_column(file, span.start)), fault }
}
