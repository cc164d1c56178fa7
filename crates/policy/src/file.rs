//! The policy file as it is written.

use crate::gpu::Gpu;
use crate::images::Images;
use crate::words;
use serde::Deserialize;
use veritee_model::{
    AppId, CheckId, ComposeHash, Fmspc, InstanceId, Kind, MrConfigId, MrOwner, MrOwnerConfig, MrSeam,
    MrSignerSeam, Mrtd, NameClass, Reason, ReportData, Rtmr, Severity, Sha256Digest, TcbStatus, TdAttributes,
    TeeTcbSvn, UnixTime, Xfam,
};

/// The name of this version of the format.
pub const SCHEMA: &str = "veritee/policy/v1";

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
    /// Which enclave, of SGX quotes.
    #[serde(default)]
    pub sgx: Sgx,
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
    /// Who may speak for images, and where they are asked for.
    #[serde(default)]
    pub images: Images,
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

/// `[sgx]`: fields of an enclave's report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sgx {
    /// One of these enclaves, by measurement.
    #[serde(alias = "mr_enclave", deserialize_with = "words::some")]
    pub mrenclave: Vec<Sha256Digest>,
    /// One of these signers.
    #[serde(alias = "mr_signer", deserialize_with = "words::some")]
    pub mrsigner: Vec<Sha256Digest>,
    /// Exact ISVPRODID.
    pub isv_prod_id: Option<u16>,
    /// Least ISVSVN.
    #[serde(alias = "minimum_isv_svn")]
    pub isv_svn: Option<u16>,
    /// Exact CONFIGID, 64 bytes.
    pub config_id: Option<ReportData>,
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
    #[serde(deserialize_with = "words::some")]
    pub machine: Vec<MachineRegisters>,
    /// Image hashes (`sha256(sha256sum.txt)`) that are accepted where the prover supplies the manifest.
    #[serde(deserialize_with = "words::some")]
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
    #[serde(default, deserialize_with = "words::optional_name")]
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
            sgx: Sgx::default(),
            root: None,
            expect: Expect::default(),
            os: Os::default(),
            gpu: Gpu::default(),
            images: Images::default(),
            require: Vec::new(),
            waive: Vec::new(),
            exception: Vec::new(),
            audit: Audit::default(),
        }
    }
}

impl Policy {
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
            (self.td.pins() || self.sgx.pins(), CheckId::PlatformTdAttributes),
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
}

impl Sgx {
    /// Whether it names values that a quote has to have.
    pub(crate) const fn pins(&self) -> bool {
        !self.mrenclave.is_empty()
            || !self.mrsigner.is_empty()
            || self.isv_prod_id.is_some()
            || self.isv_svn.is_some()
            || self.config_id.is_some()
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
