//! Two engines beside each other: where ours and dcap-qvl 0.7.1 may differ, and that they differ nowhere else.
//!
//! Two engines written apart seldom share a fault. Where both accept, merged status and advisories have to be equal;
//! where they are not, or where one refuses what the other accepts, the difference has to be a row of
//! `docs/divergences.md` ([`Divergence`]). Any other is a failure of its own: one of the two is wrong, and nobody knows
//! which.
//!
//! Ours is recognised by the fault itself, never by its reason alone and never by its words: what the peer checks as
//! well is never listed. Of the peer there are only words.

mod listed;

use crate::verified::VerifiedQuote;
use crate::{QuoteError, TcbStatus, UnixTime};
use core::fmt;
use std::collections::BTreeSet;

macro_rules! divergences {
    ($($name:ident $row:literal;)*) => {
        /// A difference between the engines that is known and argued: a row of `docs/divergences.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Divergence { $(#[doc = $row] $name,)* }

        impl Divergence {
            /// All rows that can be seen between the two engines.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the document.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $row,)* }
            }
        }
    };
}

divergences! {
    CertificateExtensions "certificate-extensions";
    CertificateNames "certificate-names";
    ChainInQuoteFirst "chain-in-quote-first";
    ChainLength "chain-length";
    ChainOrder "chain-order";
    CollateralSize "collateral-size";
    ComponentsNotCpusvn "components-not-cpusvn";
    CrlExtensions "crl-extensions";
    CrlIssuerChain "crl-issuer-chain";
    CrlThisUpdate "crl-this-update";
    CurrentAdvisories "current-advisories";
    DuplicateLevels "duplicate-levels";
    EnclaveConfiguration "enclave-configuration";
    ExpiredByName "expired-by-name";
    ExtensionCriticality "extension-criticality";
    ExtensionEncoding "extension-encoding";
    IdentityValueOutsideMask "identity-value-outside-mask";
    JsonDepth "json-depth";
    KeyIdentifiers "key-identifiers";
    KeyUsage "key-usage";
    LevelOrder "level-order";
    NarrowingExtensions "narrowing-extensions";
    OlderRootRevoked "older-root-revoked";
    OuterCertificationType "outer-certification-type";
    PceId "pceid";
    PceSvnForm "pcesvn-form";
    PckIssuer "pck-issuer";
    PemForm "pem-form";
    QeAuthenticationLength "qe-authentication-length";
    QeIdentityVersion "qe-identity-version";
    QuoteSize "quote-size";
    RootInChain "root-in-chain";
    SeamAttributes "seam-attributes";
    SerialNumber "serial-number";
    SgxExtensionForm "sgx-extension-form";
    SgxOfVersion4And5 "sgx-of-version-4-and-5";
    TcbInfoForm "tcb-info-form";
    TcbInfoVersion "tcb-info-version";
    TcbInfoVersion2 "tcb-info-version-2";
    TcbType "tcb-type";
    TdAttributesByPolicy "td-attributes-by-policy";
    TrailingBytes "trailing-bytes";
    TrustRoot "trust-root";
    UnreachedLevel "unreached-level";
    UnreadBytes "unread-bytes";
}

impl Divergence {
    /// The row of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|row| row.name() == name)
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "as `{}` of docs/divergences.md", self.name())
    }
}

/// What our engine said, reduced to what can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ours<'a> {
    /// It accepts.
    Accepts(Acceptance<'a>),
    /// It refuses.
    Refuses(&'a QuoteError),
}

/// An acceptance of ours, with what the listed differences turn on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance<'a> {
    /// Merged status.
    pub status: TcbStatus,
    /// All advisories, in any order.
    pub advisories: &'a [String],
    /// Advisories at launch, the only ones that the peer tells (`current-advisories`).
    pub at_launch: &'a [String],
    /// Merged status had the quoting enclave's need of configuration not counted (`enclave-configuration`).
    pub unless_enclave_configuration: TcbStatus,
    /// Levels of the module or of the enclave do not stand in descending order in the document (`level-order`).
    pub levels_out_of_order: bool,
}

impl<'a> Acceptance<'a> {
    /// Of a verified quote.
    #[must_use]
    pub fn of(verified: &'a VerifiedQuote) -> Self {
        let tcb = verified.tcb();
        Self {
            status: tcb.status,
            advisories: &tcb.advisories,
            at_launch: &tcb.launch.advisories,
            unless_enclave_configuration: tcb.unless_enclave_configuration(),
            levels_out_of_order: verified.levels_out_of_order(),
        }
    }

    /// Which row explains that the peer accepts with another status or other advisories.
    fn explained(&self, status: &str, advisories: &[String]) -> Option<Divergence> {
        let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
        let (theirs, all, launch) = (set(advisories), set(self.advisories), set(self.at_launch));
        let same_status = status == self.status.name();
        if same_status && theirs == launch && launch.is_subset(&all) {
            return Some(Divergence::CurrentAdvisories);
        }
        if status == self.unless_enclave_configuration.name() && (theirs == all || theirs == launch) {
            return Some(Divergence::EnclaveConfiguration);
        }
        self.levels_out_of_order.then_some(Divergence::LevelOrder)
    }
}

/// What the peer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Theirs {
    /// It accepts.
    Accepts {
        /// Intel's word for the status.
        status: String,
        /// In any order.
        advisories: Vec<String>,
    },
    /// It refuses, in these words.
    Refuses(String),
}

/// An engine written apart from ours. One that panics or hangs takes the caller with it: take only such as are fuzzed.
pub trait SecondEngine: fmt::Debug + Sync {
    /// Name and version, as reports call it. [`Divergence`] lists how dcap-qvl 0.7.1 differs, and no other.
    fn name(&self) -> &'static str;

    /// What it says of this quote under this collateral (in the form of [`crate::Collateral::to_json`]) and this root
    /// (DER) at this time. Words in the answer are safe to print.
    fn ask(&self, quote: &[u8], collateral_json: &str, root_der: &[u8], as_of: UnixTime) -> Theirs;
}

/// How the two compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opinion {
    /// Both accept, with the same status and advisories.
    BothAccept,
    /// Both refuse; why is not compared.
    BothRefuse {
        /// The second engine's words.
        theirs: String,
    },
    /// They differ as listed.
    Listed {
        /// The row.
        divergence: Divergence,
        /// What the second engine said.
        theirs: Theirs,
    },
    /// An unlisted difference.
    Differ {
        /// Ours.
        ours: String,
        /// Theirs.
        theirs: String,
    },
}

/// Compares. `expired_allowed` says whether ours was asked to let expired collateral pass.
#[must_use]
pub fn compare(ours: &Ours<'_>, theirs: Theirs, expired_allowed: bool) -> Opinion {
    let divergence = match (ours, &theirs) {
        (Ours::Refuses(_), Theirs::Refuses(words)) => return Opinion::BothRefuse { theirs: words.clone() },
        (Ours::Accepts(ours), Theirs::Accepts { status, advisories }) => {
            let listed: BTreeSet<_> = advisories.iter().collect();
            if ours.status.name() == status && ours.advisories.iter().collect::<BTreeSet<_>>() == listed {
                return Opinion::BothAccept;
            }
            ours.explained(status, advisories)
        }
        (Ours::Refuses(error), Theirs::Accepts { .. }) => listed::of_refusal(error),
        (Ours::Accepts(_), Theirs::Refuses(words)) => listed::of_their_refusal(words, expired_allowed),
    };
    match divergence {
        Some(divergence) => Opinion::Listed { divergence, theirs },
        None => Opinion::Differ { ours: ours.to_string(), theirs: theirs.to_string() },
    }
}

impl fmt::Display for Ours<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepts(ours) => accepted(f, ours.status.name(), ours.advisories),
            Self::Refuses(error) => write!(f, "refused, {}", error.reason()),
        }
    }
}

impl fmt::Display for Theirs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepts { status, advisories } => accepted(f, status, advisories),
            Self::Refuses(words) => write!(f, "refused, {words}"),
        }
    }
}

fn accepted(f: &mut fmt::Formatter<'_>, status: &str, advisories: &[String]) -> fmt::Result {
    write!(f, "accepted, {status} [{}]", advisories.join(", "))
}
