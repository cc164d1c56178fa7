//! What a record says.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::{Sha256Digest, UnixTime};

/// The name of this version of the format.
pub const SCHEMA: &str = "veritee/observation/v1";

/// Bytes of a record at most: a registry with thousands of members fits, and a line of an export can be held.
pub const RECORD_BYTES: usize = 16 << 20;

/// One look at one target. Fields are only added within a version.
///
/// Its hash is the SHA-256 of the bytes as they were written, which are never written anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// [`SCHEMA`].
    pub schema: String,
    /// Its place in the chain, from 1.
    pub number: u64,
    /// Hash of the record before it; zeros in the first.
    pub previous: Sha256Digest,
    /// When it was made, by the watcher's clock. A clock can be set back: the order is that of the numbers.
    pub at: UnixTime,
    /// What the watcher asked for, in its own words.
    pub target: String,
    /// Under which names it can be asked for: the target, the app id that it names, and those that genuine machines have.
    pub subjects: BTreeSet<String>,
    /// The time of the verdicts.
    pub as_of: UnixTime,
    /// Version of the program that judged.
    pub tool: String,
    /// SHA-256 of the policy file; absent for the built-in policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Sha256Digest>,
    /// Exit code of the gravest verdict; 3 where there is none.
    pub exit_code: u8,
    /// Why there is no verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What was shown, over all machines that answered.
    pub facts: Facts,
    /// What differs from what was last shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What was shown before and is not shown now: neither as it was nor changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unshown: Vec<Unshown>,
    /// The machines, each with its verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<Machine>,
    /// The block at which the chain was read, and what is known of it, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<String>,
}

/// The facts of a look: each a set of values, since several machines may answer for one target. A fact that is not there
/// was not shown; an empty set was shown to be empty.
pub type Facts = BTreeMap<Fact, BTreeSet<String>>;

/// A fact that is compared from round to round. Names are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fact {
    /// `yes` or `no`: whether anything answered that can be judged.
    Reached,
    /// Outcome of the verdict.
    Outcome,
    /// Reason codes of the verdict.
    Reasons,
    /// App id, as measured.
    AppId,
    /// Compose hash, as measured.
    ComposeHash,
    /// Name of the key provider, as measured.
    KeyProvider,
    /// The key provider's identifier, as measured: of a KMS its root CA's public key.
    CaKey,
    /// MRTD.
    Mrtd,
    /// TCB status of the platform, merged.
    TcbStatus,
    /// Advisories that apply to the platform.
    Advisories,
    /// Findings: rule, severity and status.
    Findings,
    /// The DevProof line.
    Stage,
    /// What the application's contract is, or why it is not recognised.
    Contract,
    /// Owner of the application's contract.
    Owner,
    /// Who can take ownership of it.
    PendingOwner,
    /// Its implementation.
    Implementation,
    /// Compose hashes that it allows.
    AllowedComposeHashes,
    /// Devices that it allows.
    AllowedDevices,
    /// `allowAnyDevice`: can be set without a log.
    AllowAnyDevice,
    /// `requireTcbUpToDate`: can be set without a log.
    RequireTcbUpToDate,
    /// `_upgradesDisabled`: can be set without a log.
    UpgradesDisabled,
    /// How far the contracts' storage is explained.
    Completeness,
    /// What the registry is, or why it is not recognised.
    Registry,
    /// Owner of the registry.
    RegistryOwner,
    /// Its implementation.
    RegistryImplementation,
    /// `caPubkey` of its `kmsInfo`, and whether it is proven: can be set without a log.
    RegistryCaKey,
    /// OS images that it allows.
    RegistryOsImages,
    /// KMS measurements that it allows.
    RegistryKms,
    /// Its gateway's app id.
    GatewayAppId,
    /// About what endpoints disagree, or what of their answers is refused.
    ChainFaults,
    /// A fact of a later version.
    #[serde(other)]
    Other,
}

impl Fact {
    /// Its name in records.
    #[must_use]
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => "other".to_owned(),
        }
    }
}

/// A fact that differs from what was last shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which one.
    pub fact: Fact,
    /// Values that were not shown before.
    pub added: BTreeSet<String>,
    /// Values that are not shown any more.
    pub removed: BTreeSet<String>,
    /// Number of the record that showed the other values last.
    pub since: u64,
}

/// A fact that was shown before and is not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unshown {
    /// Which one.
    pub fact: Fact,
    /// Number of the record that showed it last.
    pub last: u64,
}

/// One machine that answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its label; empty where there is only one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Outcome of its verdict.
    pub outcome: String,
    /// Exit code of its verdict.
    pub exit_code: u8,
    /// Its verdict in one sentence.
    pub summary: String,
    /// SHA-256 of the quote's signed region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Sha256Digest>,
    /// SHA-256 of the evidence, as veritee writes it.
    pub evidence: Sha256Digest,
    /// What of it is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Kept>,
}

/// Bytes that are kept beside the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What they are: `chain` (proofs, which endpoints forget) or `evidence`.
    pub name: String,
    /// Their SHA-256: the name under which the database gives them back.
    pub sha256: Sha256Digest,
    /// Their length.
    pub bytes: u64,
}

/// A look that is not in the chain yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// See [`Observation`], also below.
    pub at: UnixTime,
    /// What was asked for.
    pub target: String,
    /// Further names under which it can be asked for.
    pub subjects: BTreeSet<String>,
    /// The time of the verdicts.
    pub as_of: UnixTime,
    /// Version of the program.
    pub tool: String,
    /// The policy.
    pub policy: Option<Sha256Digest>,
    /// Exit code of the gravest verdict.
    pub exit_code: u8,
    /// Why there is no verdict.
    pub failure: Option<String>,
    /// What was shown.
    pub facts: Facts,
    /// The machines.
    pub machines: Vec<Machine>,
    /// The blocks.
    pub blocks: Vec<String>,
    /// Bytes to keep: those that the machines name.
    pub kept: Vec<Vec<u8>>,
}

impl Draft {
    /// An empty look at a target.
    #[must_use]
    pub fn new(target: impl Into<String>, at: UnixTime, tool: impl Into<String>) -> Self {
        let target = target.into();
        Self {
            at,
            subjects: BTreeSet::from([target.clone()]),
            target,
            as_of: at,
            tool: tool.into(),
            policy: None,
            exit_code: 0,
            failure: None,
            facts: Facts::new(),
            machines: Vec::new(),
            blocks: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// Adds values to a fact.
    pub fn show<T: Into<String>>(&mut self, fact: Fact, values: impl IntoIterator<Item = T>) {
        self.facts.entry(fact).or_default().extend(values.into_iter().map(Into::into));
    }
}

impl Draft {
    /// The record that it becomes behind a chain.
    pub(crate) fn at_place(
        &self,
        chain: &crate::Chain,
        changes: Vec<Change>,
        unshown: Vec<Unshown>,
    ) -> Observation {
        Observation {
            schema: SCHEMA.to_owned(),
            number: chain.next(),
            previous: chain.head(),
            at: self.at,
            target: self.target.clone(),
            subjects: self.subjects.clone(),
            as_of: self.as_of,
            tool: self.tool.clone(),
            policy: self.policy,
            exit_code: self.exit_code,
            failure: self.failure.clone(),
            facts: self.facts.clone(),
            changes,
            unshown,
            machines: self.machines.clone(),
            blocks: self.blocks.clone(),
        }
    }
}
