//! The policy file as it is written.

use crate::error::{PolicyError, PolicyFault};
use crate::gpu::Gpu;
use crate::place::{Key, Places};
use crate::words;
use serde::Deserialize;
use veritee_model::report::loosened;
use veritee_model::{
    AppId, CheckId, ComposeHash, Fmspc, InstanceId, Kind, MrConfigId, MrOwner, MrOwnerConfig, MrSeam,
    MrSignerSeam, Mrtd, NameClass, Reason, Rtmr, Severity, Sha256Digest, Step, TcbStatus, TdAttributes,
    TeeTcbSvn, UnixTime, Xfam,
};

/// The name of this version of the format.
pub const SCHEMA: &str = "veritee/policy/v1";

type Path<'a> = Vec<&'a dyn Key>;

/// An entry of the policy: whether it loosens, its name, its reason, where it stands.
type Entry<'a> = (bool, String, Option<&'a String>, Path<'a>);

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
    #[serde(deserialize_with = "words::date")]
    pub time: UnixTime,
    /// Why it is fixed.
    pub reason: Option<String>,
}

/// `[tcb]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tcb {
    /// Statuses that are accepted.
    #[serde(deserialize_with = "words::acceptable")]
    pub accept: Vec<TcbStatus>,
    /// Why, where more than `UpToDate` is.
    pub reason: Option<String>,
    /// Lowest acceptable TCB evaluation data number.
    pub minimum_evaluation_number: Option<u32>,
    /// Oldest acceptable date of the TCB levels that matched.
    #[serde(deserialize_with = "words::optional_date")]
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

/// `[advisories]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Advisories {
    /// Let pass.
    #[serde(deserialize_with = "words::advisories")]
    pub allow: Vec<String>,
    /// Never let pass.
    #[serde(deserialize_with = "words::advisories")]
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
    /// One of these TDX modules, by measurement.
    #[serde(deserialize_with = "words::some")]
    pub mr_seam: Vec<MrSeam>,
    /// Signer of the TDX module; zero is Intel.
    pub mr_signer_seam: Option<MrSignerSeam>,
    /// Exact SEAM attributes.
    pub seam_attributes: Option<TdAttributes>,
    /// Least security version of the TDX module, byte by byte (TEE_TCB_SVN).
    pub minimum_tee_tcb_svn: Option<TeeTcbSvn>,
    /// Exact RTMR3.
    pub rtmr3: Option<Rtmr>,
    /// Exact MRCONFIGID.
    pub mr_config_id: Option<MrConfigId>,
    /// Exact MROWNER.
    pub mr_owner: Option<MrOwner>,
    /// Exact MROWNERCONFIG.
    pub mr_owner_config: Option<MrOwnerConfig>,
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
    #[serde(deserialize_with = "words::some")]
    pub app_id: Vec<AppId>,
    /// One of these instances.
    #[serde(deserialize_with = "words::some")]
    pub instance_id: Vec<InstanceId>,
    /// One of these composes.
    #[serde(deserialize_with = "words::some")]
    pub compose_hash: Vec<ComposeHash>,
    /// One of these key providers.
    #[serde(deserialize_with = "words::some")]
    pub key_provider: Vec<KeyProvider>,
    /// One of these processor families.
    #[serde(deserialize_with = "words::some")]
    pub fmspc: Vec<Fmspc>,
}

/// A key provider, as its boot event names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyProvider {
    /// `kms`, `local-sgx`, `tpm` or `none`.
    #[serde(deserialize_with = "words::name")]
    pub name: String,
    /// Its identifier, hex; for `kms` the root CA's public key (SPKI, DER).
    #[serde(deserialize_with = "words::hex_text")]
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
    #[serde(default, deserialize_with = "words::optional_date")]
    pub expires: Option<UnixTime>,
}

/// `[[exception]]`: a reason that is let pass.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The reason.
    pub code: Reason,
    /// Which value, for reasons that speak of one among many: the advisory, the register, the application.
    #[serde(default)]
    pub value: Option<String>,
    /// Only at this check.
    #[serde(default)]
    pub check: Option<CheckId>,
    /// Why.
    pub reason: Option<String>,
    /// Until when.
    #[serde(default, deserialize_with = "words::optional_date")]
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
    #[serde(deserialize_with = "words::variable")]
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
    #[serde(default, deserialize_with = "words::optional_date")]
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

    /// Checks that the policy demands beyond those that every report of this kind has to make. What a command cannot
    /// check stays open there, and is required.
    #[must_use]
    pub fn demands(&self, kind: Kind) -> Vec<CheckId> {
        let age = &self.collateral.max_age_days;
        let ages = [age.tcb_info, age.qe_identity, age.pck_crl, age.root_ca_crl];
        let tcb = self.tcb.minimum_evaluation_number.is_some() || self.tcb.minimum_date.is_some();
        let identity = !self.expect.app_id.is_empty()
            || !self.expect.instance_id.is_empty()
            || !self.expect.key_provider.is_empty();
        // One quote has the registers: those that are pinned are judged there, and no more is asked of them.
        let system = !self.os.image_hash.is_empty() || (kind != Kind::Quote && !self.os.machine.is_empty());
        let asked = [
            (tcb, CheckId::PlatformEvaluationNumber),
            (!self.advisories.refuse.is_empty(), CheckId::PlatformAdvisories),
            (ages.iter().any(Option::is_some), CheckId::PlatformCollateralAge),
            (self.td.pins(), CheckId::PlatformTdAttributes),
            (!self.expect.fmspc.is_empty(), CheckId::PlatformFmspc),
            (identity, CheckId::IdentityExpected),
            (!self.expect.compose_hash.is_empty(), CheckId::ComposeExpected),
            // What an image is called is its operator's claim: a list of such names binds only where it was measured.
            (!self.os.development_image_hash.is_empty(), CheckId::OsDevelopment),
            (system, CheckId::OsMeasured),
        ];
        let asked = asked.into_iter().filter(|(asked, _)| *asked).map(|(_, check)| check);
        let mut demands: Vec<CheckId> =
            asked.chain(self.require.iter().copied()).chain(self.gpu.demanded()).collect();
        demands.retain(|check| !kind.requires(*check));
        demands.sort();
        demands.dedup();
        demands
    }

    fn exceptions_can_match(&self, places: &Places<'_>) -> Result<(), PolicyError> {
        for (index, waiver) in self.waive.iter().enumerate() {
            if waiver.check.step() == Step::Quote && waiver.check != CheckId::QuoteSecondOpinion {
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
            let given = reason.is_some_and(|reason| reason.trim().chars().count() >= REASON_CHARACTERS);
            if loosens && !given {
                return Err(places.error(&path, PolicyFault::ReasonMissing { entry }));
            }
        }
        Ok(())
    }

    /// Why findings do not count that count by default: said beside `fail_on`, or where the audit need not be made at
    /// all.
    fn threshold_reason(&self) -> Option<&String> {
        let waived = || self.waive.iter().find(|waiver| waiver.check == CheckId::AuditRules);
        self.audit.reason.as_ref().or_else(|| waived().and_then(|waiver| waiver.reason.as_ref()))
    }

    fn longest_list(&self) -> usize {
        let audit = self.audit.allow.len().max(self.audit.variable.len());
        self.os.machine.len().max(self.waive.len()).max(self.exception.len()).max(audit)
    }

    fn is_consistent(&self, places: &Places<'_>) -> Result<(), PolicyError> {
        let contradiction =
            |path: &[&dyn Key], message| Err(places.error(path, PolicyFault::Contradiction { message }));
        let twice = |advisory: &String| self.advisories.refuse.contains(advisory);
        if let Some(index) = self.advisories.allow.iter().position(twice) {
            let path: &[&dyn Key] = &[&"advisories", &"allow", &index];
            return contradiction(path, "[advisories] allows and refuses the same advisory");
        }
        let names: Vec<&str> = self.audit.variable.iter().map(|variable| variable.name.as_str()).collect();
        let repeated = |(index, name): (usize, &&str)| names.iter().take(index).any(|known| known == name);
        if let Some(index) = names.iter().enumerate().position(repeated) {
            let path: &[&dyn Key] = &[&"audit", &"variable", &index];
            return contradiction(path, "[[audit.variable]] names a variable twice");
        }
        if let Some(index) = self.waive.iter().position(|waiver| self.require.contains(&waiver.check)) {
            return contradiction(&[&"waive", &index], "the same check is required and waived");
        }
        let named = self.demands(Kind::Documents);
        let unbound = |waiver: &Waiver| {
            matches!(
                waiver.check,
                CheckId::IdentityExpected | CheckId::ComposeExpected | CheckId::OsDevelopment
            ) && named.contains(&waiver.check)
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
        if let Some(message) = self.gpu.contradiction() {
            return contradiction(&[&"gpu"], message);
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
            out.push(format!("allows expired collateral: {}", because(&self.collateral.reason)));
        }
        if !self.td.allow.is_empty() {
            let list: Vec<String> = self.td.allow.iter().map(|entry| format!("{entry:?}")).collect();
            out.push(format!("allows TD properties {}: {}", list.join(", "), because(&self.td.reason)));
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
        for waiver in &self.waive {
            out.push(loosened::waiver(waiver.check, &because(&waiver.reason)));
        }
        for exception in &self.exception {
            let (code, value, check) = (exception.code, exception.value.as_deref(), exception.check);
            out.push(loosened::exception(code, value, check, &because(&exception.reason)));
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
            let because = self.threshold_reason().cloned().unwrap_or_default();
            out.push(format!("{}{}: {because}", loosened::THRESHOLD, self.audit.fail_on));
        }
        out
    }
}

impl Td {
    /// Whether it names values that a quote has to have.
    pub(crate) const fn pins(&self) -> bool {
        self.attributes.is_some()
            || self.xfam.is_some()
            || !self.mr_seam.is_empty()
            || self.mr_signer_seam.is_some()
            || self.seam_attributes.is_some()
            || self.minimum_tee_tcb_svn.is_some()
            || self.rtmr3.is_some()
            || self.mr_config_id.is_some()
            || self.mr_owner.is_some()
            || self.mr_owner_config.is_some()
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> PolicyError {
    let fault = PolicyFault::Syntax { message: veritee_model::text::inert(error.message()) };
    PolicyError { place: error.span().map(|span| crate::place::line_and_column(text, span.start)), fault }
}
