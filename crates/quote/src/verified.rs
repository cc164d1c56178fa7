//! A quote that was verified, with everything that was learned.

use crate::bytes::{CpuSvn, PceId, PlatformInstanceId};
use crate::facts::CollateralFacts;
use crate::pck::{CaKind, SgxType, Stated};
use crate::prepared::PreparedCollateral;
use crate::quote::{Body, Header, Quote, TdReport};
use crate::root::TrustRoot;
use crate::tcb::Tcb;
use crate::verification::CertifiedPck;
use serde::{Serialize, Serializer};
use std::sync::Arc;
use veritee_base::{Fmspc, Ppid, Sha256Digest, UnixTime};

/// A genuine quote: signed by a key that an enclave of Intel's vouches for, on a platform that Intel certified and
/// has not revoked, under collateral in force at the as-of time.
///
/// Built by verification only. It is *not* a decision to trust: the TCB may be out of date, the TD may run in
/// debug mode, and nothing is said of what runs in it. A policy must look at [`Self::tcb`] and
/// [`crate::td_attributes::examine`].
///
/// Serialized it is an object of `as_of` (RFC 3339), `root` (`name`, `intel`, `spki_sha256`), `signed_sha256`
/// (SHA-256 of header and body, which the attestation key signed), `header`, `body`, `tcb`, `platform` and `collateral`:
/// what the methods of these names give, measurements and identifiers in hex. What is personal to the machine stands
/// there as its SHA-256. The quote itself, which holds the PCK certificate and with it the PPID, is not repeated.
#[derive(Debug, Clone)]
pub struct VerifiedQuote {
    quote: Quote,
    tcb: Tcb,
    facts: CollateralFacts,
    pck: Arc<CertifiedPck>,
    collateral: PreparedCollateral,
    as_of: UnixTime,
}

/// What the PCK certificate says of the platform; Intel signed it. Written out, the two identifiers that are personal to the
/// machine are their SHA-256 (`ppid_sha256`, `platform_instance_id_sha256`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Platform {
    /// Processor family.
    pub fmspc: Fmspc,
    /// CA that certified the platform.
    pub ca: CaKind,
    /// Identifier of the platform. Personal to the machine: publish its hash at most, as its serialized form does.
    #[serde(rename = "ppid_sha256", serialize_with = "sha256_of")]
    pub ppid: Ppid,
    /// PCE.
    pub pce_id: PceId,
    /// CPUSVN.
    pub cpu_svn: CpuSvn,
    /// Security version of the PCE.
    pub pce_svn: u16,
    /// SGX TCB components.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub components: [u8; 16],
    /// How SGX memory is protected.
    pub sgx_type: SgxType,
    /// Packages can be added later.
    pub dynamic_platform: Stated,
    /// Root keys are cached by Intel.
    pub cached_keys: Stated,
    /// Simultaneous multithreading is on.
    pub smt_enabled: Stated,
    /// Instance of a registered platform. As personal as the PPID, and serialized as its hash too.
    #[serde(rename = "platform_instance_id_sha256", serialize_with = "sha256_of_any")]
    pub platform_instance_id: Option<PlatformInstanceId>,
}

fn sha256_of<S: Serializer>(id: &Ppid, serializer: S) -> Result<S::Ok, S::Error> {
    Sha256Digest::of(id.as_bytes()).serialize(serializer)
}

fn sha256_of_any<S: Serializer>(id: &Option<PlatformInstanceId>, serializer: S) -> Result<S::Ok, S::Error> {
    id.map(|id| Sha256Digest::of(id.as_bytes())).serialize(serializer)
}

impl VerifiedQuote {
    pub(crate) const fn new(
        quote: Quote,
        tcb: Tcb,
        facts: CollateralFacts,
        pck: Arc<CertifiedPck>,
        collateral: PreparedCollateral,
        as_of: UnixTime,
    ) -> Self {
        Self { quote, tcb, facts, pck, collateral, as_of }
    }

    /// The quote.
    #[must_use]
    pub const fn quote(&self) -> &Quote {
        &self.quote
    }

    /// The report that it is about.
    #[must_use]
    pub const fn body(&self) -> &Body {
        self.quote.body()
    }

    /// The TD report, when it is of a TDX machine.
    #[must_use]
    pub const fn td(&self) -> Option<&TdReport> {
        self.quote.td()
    }

    /// How Intel judges the platform.
    #[must_use]
    pub const fn tcb(&self) -> &Tcb {
        &self.tcb
    }

    /// What Intel certified of the platform.
    #[must_use]
    pub fn platform(&self) -> Platform {
        let extension = &self.pck.extension;
        Platform {
            fmspc: extension.fmspc,
            ca: self.collateral.ca(),
            ppid: extension.ppid,
            pce_id: extension.pce_id,
            cpu_svn: extension.cpu_svn,
            pce_svn: extension.pce_svn,
            components: extension.components,
            sgx_type: extension.sgx_type,
            dynamic_platform: extension.dynamic_platform,
            cached_keys: extension.cached_keys,
            smt_enabled: extension.smt_enabled,
            platform_instance_id: extension.platform_instance_id,
        }
    }

    /// Dates and numbers of the collateral.
    #[must_use]
    pub const fn collateral(&self) -> &CollateralFacts {
        &self.facts
    }

    /// Levels of a TDX module or of the quoting enclave do not stand in descending order in their document.
    pub(crate) fn levels_out_of_order(&self) -> bool {
        let modules = &self.collateral.tcb_info().tdx_modules;
        let modules = modules.iter().any(|module| module.levels_out_of_order);
        modules || self.collateral.qe_identity().levels_out_of_order
    }

    /// The collateral that it was verified under.
    #[must_use]
    pub const fn judged_by(&self) -> &PreparedCollateral {
        &self.collateral
    }

    /// The root that all of it hangs from.
    #[must_use]
    pub fn root(&self) -> &TrustRoot {
        self.collateral.root()
    }

    /// The time at which all of it holds.
    #[must_use]
    pub const fn as_of(&self) -> UnixTime {
        self.as_of
    }
}

#[derive(Serialize)]
struct Out<'a> {
    as_of: UnixTime,
    root: RootOut,
    signed_sha256: Sha256Digest,
    header: &'a Header,
    body: &'a Body,
    tcb: &'a Tcb,
    platform: Platform,
    collateral: &'a CollateralFacts,
}

#[derive(Serialize)]
struct RootOut {
    name: String,
    intel: bool,
    spki_sha256: Sha256Digest,
}

impl Serialize for VerifiedQuote {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let root = self.root();
        Out {
            as_of: self.as_of,
            root: RootOut { name: root.name(), intel: root.is_intel(), spki_sha256: root.spki_sha256() },
            signed_sha256: self.quote.signed_sha256(),
            header: self.quote.header(),
            body: self.quote.body(),
            tcb: &self.tcb,
            platform: self.platform(),
            collateral: &self.facts,
        }
        .serialize(serializer)
    }
}
