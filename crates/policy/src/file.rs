//! The policy file as it is written.

use crate::error::PolicyError;
use crate::gpu::Gpu;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use veritee_model::{
    AppId, CheckId, ComposeHash, Fmspc, InstanceId, Mrtd, NameClass, Reason, Rtmr, Severity, Sha256Digest,
    Step, TcbStatus, TdAttributes, UnixTime, Xfam,
};

/// The name of this version of the format.
pub const SCHEMA: &str = "veritee/policy/v1";

/// Shortest reason that is taken for one.
const REASON_CHARACTERS: usize = 10;

/// What a relying party demands. [`Policy::default`] is the strict one: `UpToDate` only, no advisory, debugging
/// refused, Intel's root, the operating system measured or pinned, the audit run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// [`SCHEMA`].
    pub schema: String,
    /// A name for reports.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// A fixed time of the verdict, where the caller gives none.
    #[serde(default)]
    pub as_of: Option<FixedTime>,
    /// TCB status and evaluation.
    #[serde(default)]
    pub tcb: Tcb,
    /// Advisories.
    #[serde(default)]
    pub advisories: Advisories,
    /// Age of collateral.
    #[serde(default)]
    pub collateral: Collateral,
    /// TD attributes.
    #[serde(default)]
    pub td: Td,
    /// Another trust root than Intel's.
    #[serde(default)]
    pub root: Option<RootOfTrust>,
    /// Which application.
    #[serde(default)]
    pub expect: Expect,
    /// Which operating system.
    #[serde(default)]
    pub os: Os,
    /// Which GPUs.
    #[serde(default)]
    pub gpu: Gpu,
    /// Checks that must be made beyond the default ones.
    #[serde(default)]
    pub require: Vec<CheckId>,
    /// Checks of the default that need not be made.
    #[serde(default)]
    pub waive: Vec<Waiver>,
    /// Reasons that are let pass.
    #[serde(default)]
    pub exception: Vec<Exception>,
    /// The audit.
    #[serde(default)]
    pub audit: Audit,
}

/// `[as_of]`: the time for which the verdict is made when the caller names none. A time in the past hides what has
/// become known since, so it needs a reason.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedTime {
    /// The time.
    pub time: UnixTime,
    /// Why it is fixed.
    pub reason: Option<String>,
}

/// `[tcb]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tcb {
    /// Statuses that are accepted.
    #[serde(deserialize_with = "acceptable")]
    pub accept: Vec<TcbStatus>,
    /// Why, where more than `UpToDate` is.
    pub reason: Option<String>,
    /// Lowest acceptable TCB evaluation data number.
    pub minimum_evaluation_number: Option<u32>,
    /// Oldest acceptable date of the TCB levels that matched.
    pub minimum_date: Option<UnixTime>,
}

impl Default for Tcb {
    fn default() -> Self {
        Self {
            accept: vec![TcbStatus::UpToDate],
            reason: None,
            minimum_evaluation_number: None,
            minimum_date: None,
        }
    }
}

/// A status that a policy may accept: any but `Revoked`, which Intel gives where keys are compromised.
struct Acceptable(TcbStatus);

impl<'de> Deserialize<'de> for Acceptable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match TcbStatus::deserialize(deserializer)? {
            TcbStatus::Revoked => Err(D::Error::custom("`Revoked` cannot be accepted")),
            status => Ok(Self(status)),
        }
    }
}

fn acceptable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<TcbStatus>, D::Error> {
    Ok(Vec::<Acceptable>::deserialize(deserializer)?.into_iter().map(|status| status.0).collect())
}

/// `[advisories]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Advisories {
    /// Let pass.
    pub allow: Vec<String>,
    /// Never let pass.
    pub refuse: Vec<String>,
    /// What to do with those in neither list.
    pub others: Others,
    /// Why, where any is let pass.
    pub reason: Option<String>,
}

/// What to do with advisories that no list names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Others {
    /// Refuse them.
    #[default]
    Refuse,
    /// Let them pass.
    Allow,
}

/// `[collateral]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collateral {
    /// Oldest acceptable issue, in days, by artefact.
    pub max_age_days: MaximumAge,
    /// Let collateral pass that has expired at the as-of time (never such as is not valid yet).
    pub allow_expired: bool,
    /// Why expired collateral is let pass.
    pub reason: Option<String>,
}

/// `[collateral.max_age_days]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the artefacts' own names")]
pub struct MaximumAge {
    pub tcb_info: Option<u32>,
    pub qe_identity: Option<u32>,
    pub pck_crl: Option<u32>,
    pub root_ca_crl: Option<u32>,
}

/// `[td]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Td {
    /// What is let pass although the default refuses it.
    pub allow: Vec<TdLeniency>,
    /// Why.
    pub reason: Option<String>,
    /// Exact TD attributes.
    pub attributes: Option<TdAttributes>,
    /// Exact XFAM.
    pub xfam: Option<Xfam>,
}

/// TD properties that a policy may let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TdLeniency {
    /// The TD's host can read and change it.
    Debug,
    /// Profiling by the host.
    Profiling,
    /// The TD may be moved by a migration TD.
    Migratable,
    /// A service TD is bound.
    ServiceTd,
    /// `SEPT_VE_DISABLE` is off.
    SeptVeDisableOff,
}

/// `[root]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootOfTrust {
    /// SHA-256 of the root's public key (SPKI, DER).
    pub spki_sha256: Sha256Digest,
    /// Why it is trusted in place of Intel's.
    pub reason: Option<String>,
}

/// `[expect]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// One of these applications.
    pub app_id: Vec<AppId>,
    /// One of these instances.
    pub instance_id: Vec<InstanceId>,
    /// One of these composes.
    pub compose_hash: Vec<ComposeHash>,
    /// One of these key providers.
    pub key_provider: Vec<KeyProvider>,
    /// One of these processor families.
    pub fmspc: Vec<Fmspc>,
}

/// A key provider, as its boot event names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyProvider {
    /// `kms`, `local-sgx`, `tpm` or `none`.
    pub name: String,
    /// Its identifier, hex; for `kms` the root CA's public key (SPKI, DER).
    pub id: String,
}

/// `[os]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Os {
    /// Register values that are accepted, machine by machine. Any one of them suffices.
    pub machine: Vec<MachineRegisters>,
    /// Image hashes (`sha256(sha256sum.txt)`) that are accepted where the prover supplies the manifest.
    pub image_hash: Vec<Sha256Digest>,
    /// Image hashes that are refused as development images, beside those that say so themselves.
    pub development_image_hash: Vec<Sha256Digest>,
    /// Let development images pass.
    pub allow_development: bool,
    /// Why they are let pass.
    pub reason: Option<String>,
}

/// `[[os.machine]]`: registers that belong together. What is left out is not pinned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineRegisters {
    /// A name for reports.
    pub name: String,
    /// Where the values come from.
    pub reason: Option<String>,
    /// MRTD.
    pub mrtd: Option<Mrtd>,
    /// RTMR0.
    pub rtmr0: Option<Rtmr>,
    /// RTMR1.
    pub rtmr1: Option<Rtmr>,
    /// RTMR2.
    pub rtmr2: Option<Rtmr>,
}

/// `[[waive]]`: a check of the default that need not be made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The check.
    pub check: CheckId,
    /// Why.
    pub reason: Option<String>,
    /// Until when.
    #[serde(default)]
    pub expires: Option<UnixTime>,
}

/// `[[exception]]`: a reason that is let pass.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The reason.
    pub code: Reason,
    /// Only at this check.
    #[serde(default)]
    pub check: Option<CheckId>,
    /// Why.
    pub reason: Option<String>,
    /// Until when.
    #[serde(default)]
    pub expires: Option<UnixTime>,
}

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Findings at or above this severity decide the exit code.
    pub fail_on: Severity,
    /// `veritee: allow RULE reason` comments in the audited documents count. Whoever is audited writes them.
    pub honour_inline_allows: bool,
    /// Why comments are honoured.
    pub reason: Option<String>,
    /// Findings that are let pass.
    pub allow: Vec<Allowed>,
    /// What the names of variables stand for, where guessing goes wrong.
    pub variable: Vec<Variable>,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            fail_on: Severity::High,
            honour_inline_allows: false,
            reason: None,
            allow: Vec::new(),
            variable: Vec::new(),
        }
    }
}

/// `[[audit.variable]]`: what a variable is, whatever its name suggests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// The variable's name, exactly.
    pub name: String,
    /// The class that counts instead of the guessed one.
    #[serde(default)]
    pub class: Option<NameClass>,
    /// User data reaches what it names: an endpoint that the operator chooses is then critical.
    #[serde(default)]
    pub user_data: bool,
    /// Why the class is another one.
    #[serde(default)]
    pub reason: Option<String>,
}

/// `[[audit.allow]]`: a finding that is let pass.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// The rule's id.
    pub rule: String,
    /// Only at this place, compared whole: `services.web.image`.
    #[serde(default)]
    pub place: Option<String>,
    /// Only while this stands there: the text, or `sha256:` and its hash, as the finding shows it.
    #[serde(default)]
    pub value: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Until when.
    #[serde(default)]
    pub expires: Option<UnixTime>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            name: "default".to_owned(),
            description: None,
            as_of: None,
            tcb: Tcb::default(),
            advisories: Advisories::default(),
            collateral: Collateral::default(),
            td: Td::default(),
            root: None,
            expect: Expect::default(),
            os: Os::default(),
            gpu: Gpu::default(),
            require: Vec::new(),
            waive: Vec::new(),
            exception: Vec::new(),
            audit: Audit::default(),
        }
    }
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// When it is no TOML, has an unknown key or a malformed value, names what does not exist, tries to waive what
    /// cannot be waived, contradicts itself, or loosens the default without a reason.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        if policy.schema != SCHEMA {
            return Err(PolicyError::Schema { got: policy.schema });
        }
        policy.are_waivable()?;
        policy.reasons_given()?;
        policy.is_consistent()?;
        Ok(policy)
    }

    fn are_waivable(&self) -> Result<(), PolicyError> {
        for waiver in &self.waive {
            if waiver.check.step() == Step::Quote && waiver.check != CheckId::QuoteSecondOpinion {
                return Err(PolicyError::NotWaivable { code: waiver.check.id() });
            }
        }
        for exception in &self.exception {
            let code = exception.code.code();
            if exception.code.is_expiry() {
                return Err(PolicyError::ExpiryExcepted { code });
            }
            if !exception.code.is_waivable() {
                return Err(PolicyError::NotWaivable { code });
            }
        }
        Ok(())
    }

    fn reasons_given(&self) -> Result<(), PolicyError> {
        let looser_status = self.tcb.accept.iter().any(|status| *status != TcbStatus::UpToDate);
        let looser_advisories = !self.advisories.allow.is_empty() || self.advisories.others == Others::Allow;
        let mut entries: Vec<(bool, String, Option<&String>)> = vec![
            (looser_status, "[tcb] accept".to_owned(), self.tcb.reason.as_ref()),
            (looser_advisories, "[advisories]".to_owned(), self.advisories.reason.as_ref()),
            (
                self.collateral.allow_expired,
                "[collateral] allow_expired".to_owned(),
                self.collateral.reason.as_ref(),
            ),
            (!self.td.allow.is_empty(), "[td] allow".to_owned(), self.td.reason.as_ref()),
            (self.os.allow_development, "[os] allow_development".to_owned(), self.os.reason.as_ref()),
            (!self.os.image_hash.is_empty(), "[os] image_hash".to_owned(), self.os.reason.as_ref()),
            (
                self.audit.honour_inline_allows,
                "[audit] honour_inline_allows".to_owned(),
                self.audit.reason.as_ref(),
            ),
        ];
        if let Some(root) = &self.root {
            entries.push((true, "[root]".to_owned(), root.reason.as_ref()));
        }
        if let Some(fixed) = &self.as_of {
            entries.push((true, "[as_of]".to_owned(), fixed.reason.as_ref()));
        }
        for (entry, reason) in self.gpu.loosening() {
            entries.push((true, entry, reason));
        }
        for machine in &self.os.machine {
            entries.push((true, format!("[[os.machine]] `{}`", machine.name), machine.reason.as_ref()));
        }
        for waiver in &self.waive {
            entries.push((true, format!("[[waive]] `{}`", waiver.check), waiver.reason.as_ref()));
        }
        for exception in &self.exception {
            entries.push((true, format!("[[exception]] `{}`", exception.code), exception.reason.as_ref()));
        }
        for allowed in &self.audit.allow {
            entries.push((true, format!("[[audit.allow]] `{}`", allowed.rule), allowed.reason.as_ref()));
        }
        for variable in &self.audit.variable {
            let entry = format!("[[audit.variable]] `{}`", variable.name);
            entries.push((variable.class.is_some(), entry, variable.reason.as_ref()));
        }
        for (loosens, entry, reason) in entries {
            let given = reason.is_some_and(|reason| reason.trim().chars().count() >= REASON_CHARACTERS);
            if loosens && !given {
                return Err(PolicyError::ReasonMissing { entry });
            }
        }
        Ok(())
    }

    fn is_consistent(&self) -> Result<(), PolicyError> {
        if self.tcb.accept.is_empty() {
            return Err(PolicyError::Contradiction { message: "[tcb] accept is empty: nothing can pass" });
        }
        if self.advisories.allow.iter().any(|advisory| self.advisories.refuse.contains(advisory)) {
            return Err(PolicyError::Contradiction {
                message: "[advisories] allows and refuses the same advisory",
            });
        }
        let names = self.audit.variable.iter().map(|variable| variable.name.as_str());
        if names.clone().collect::<std::collections::BTreeSet<_>>().len() != names.count() {
            return Err(PolicyError::Contradiction { message: "[[audit.variable]] names a variable twice" });
        }
        if self.waive.iter().any(|waiver| self.require.contains(&waiver.check)) {
            return Err(PolicyError::Contradiction { message: "the same check is required and waived" });
        }
        let empty = |machine: &MachineRegisters| {
            machine.mrtd.is_none()
                && machine.rtmr0.is_none()
                && machine.rtmr1.is_none()
                && machine.rtmr2.is_none()
        };
        if self.os.machine.iter().any(empty) {
            return Err(PolicyError::Contradiction { message: "an [[os.machine]] pins no register" });
        }
        if let Some(message) = self.gpu.contradiction() {
            return Err(PolicyError::Contradiction { message });
        }
        Ok(())
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
            out.push(format!("accepts TCB status {}: {}", statuses.join(", "), because(&self.tcb.reason)));
        }
        if !self.advisories.allow.is_empty() {
            let list = self.advisories.allow.join(", ");
            out.push(format!("allows advisories {list}: {}", because(&self.advisories.reason)));
        }
        if self.advisories.others == Others::Allow {
            out.push(format!(
                "allows advisories that it does not name: {}",
                because(&self.advisories.reason)
            ));
        }
        if self.collateral.allow_expired {
            out.push(format!("allows expired collateral: {}", because(&self.collateral.reason)));
        }
        if !self.td.allow.is_empty() {
            let list: Vec<String> = self.td.allow.iter().map(|entry| format!("{entry:?}")).collect();
            out.push(format!("allows TD properties {}: {}", list.join(", "), because(&self.td.reason)));
        }
        if let Some(root) = &self.root {
            out.push(format!(
                "trusts another root than Intel's ({}): {}",
                root.spki_sha256,
                because(&root.reason)
            ));
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
        for waiver in &self.waive {
            out.push(format!("does not require {}: {}", waiver.check, because(&waiver.reason)));
        }
        for exception in &self.exception {
            out.push(format!("lets {} pass: {}", exception.code, because(&exception.reason)));
        }
        for allowed in &self.audit.allow {
            out.push(format!("allows findings of {}: {}", allowed.rule, because(&allowed.reason)));
        }
        if self.audit.honour_inline_allows {
            out.push(format!(
                "honours `veritee: allow` comments that the audited party writes: {}",
                because(&self.audit.reason)
            ));
        }
        for variable in &self.audit.variable {
            if let Some(class) = variable.class {
                let because = because(&variable.reason);
                out.push(format!("takes variable {} for {}: {because}", variable.name, class.name()));
            }
        }
        if self.audit.fail_on > Severity::High {
            out.push(format!("fails only on findings of severity {}", self.audit.fail_on));
        }
        out
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> PolicyError {
    let position = error.span().map(|span| {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().map_or(1, |tail| tail.chars().count().saturating_add(1));
        (line, column)
    });
    PolicyError::Syntax {
        line: position.map(|(line, _)| line),
        column: position.map(|(_, column)| column),
        message: veritee_model::text::inert(error.message()),
    }
}
