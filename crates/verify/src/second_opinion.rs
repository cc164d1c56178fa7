//! What dcap-qvl 0.7.1 says of the same quote, collateral, root and time.
//!
//! Two engines written apart seldom share a fault. Where both accept, merged status and advisories have to be equal.
//! Where one refuses what the other accepts, the difference has to be one that `docs/divergences.md` lists; any
//! other is a failure of its own, because one of the two is wrong and nobody knows which.

use core::fmt;
use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;
use std::collections::BTreeSet;
use veritee_model::{Reason, UnixTime};

/// What our engine said, reduced to what can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ours<'a> {
    /// Accepted with this merged status and these advisories.
    Accepts {
        /// Intel's word.
        status: &'a str,
        /// In any order.
        advisories: &'a [String],
    },
    /// Refused.
    Refuses(Reason),
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
    /// One accepts what the other refuses, as listed.
    Listed {
        /// The entry.
        divergence: Divergence,
        /// The second engine's words, where it refuses.
        theirs: Option<String>,
    },
    /// An unlisted difference.
    Differ {
        /// Ours.
        ours: String,
        /// Theirs.
        theirs: String,
    },
}

/// Differences between the engines that are known and argued (`docs/divergences.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Divergence {
    /// Ours refuses for a check that dcap-qvl does not make.
    StricterCheck(Reason),
    /// dcap-qvl refuses TD attributes that ours leaves to the policy (`platform.td-attributes`).
    TdAttributes,
    /// dcap-qvl takes SGX quotes of version 3 only.
    SgxVersion,
    /// dcap-qvl wants exactly 32 bytes of QE authentication data; Intel hashes any length.
    QeAuthenticationData,
    /// The policy lets expired collateral pass; dcap-qvl never does.
    ExpiredByPolicy,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StricterCheck(reason) => write!(f, "ours checks more ({reason})"),
            Self::TdAttributes => f.write_str("TD attributes are a matter of policy here"),
            Self::SgxVersion => f.write_str("the second engine takes SGX quotes of version 3 only"),
            Self::QeAuthenticationData => {
                f.write_str("the second engine wants 32 bytes of QE authentication data")
            }
            Self::ExpiredByPolicy => f.write_str("the policy lets expired collateral pass"),
        }
    }
}

/// Reasons for which ours alone may refuse: the named stricter checks, each of which dcap-qvl 0.7.1 lacks.
const STRICTER: &[Reason] = &[
    Reason::QuoteTrailingBytes,
    Reason::QuoteCertificationUnsupported,
    Reason::QuoteMalformed,
    Reason::PckChainMalformed,
    Reason::PckChainUntrusted,
    Reason::PckChainRole,
    Reason::SignerChainMalformed,
    Reason::SignerChainUntrusted,
    Reason::SignerChainRole,
    Reason::CrlNotYetValid,
    Reason::CrlIssuer,
    Reason::CrlMalformed,
    Reason::CrlChainMalformed,
    Reason::CrlChainUntrusted,
    Reason::CrlChainSignature,
    Reason::CrlChainRole,
    // Of the root: dcap-qvl does not look at the dates of its trust anchor.
    Reason::CertificateNotYetValid,
    Reason::CertificateExpired,
    Reason::CollateralTooLarge,
    Reason::PceIdMismatch,
    Reason::TcbInfoMalformed,
    Reason::QeIdentityMalformed,
    Reason::TdxModuleMismatch,
];

/// dcap-qvl's words for refusing TD attributes. Debugging and profiling are not among them: it is asked to let those
/// be, and says so of the quoting enclave alone.
const TD_ATTRIBUTES: &[&str] = &[
    "SEPT_VE_DISABLE is not enabled",
    "Reserved bits in TD attributes are set",
    "TD migration is enabled",
    "SERVTD_EXT is enabled",
];

/// dcap-qvl's words for what has expired.
const EXPIRED: &[&str] = &["TCBInfo expired", "QE Identity expired", "CertExpired", "CrlExpired"];

/// Asks dcap-qvl and compares. `collateral_json` is in dcap-qvl's own form; `expired_allowed` says whether the policy
/// lets expired collateral pass.
#[must_use]
pub fn compare(
    ours: &Ours<'_>,
    quote: &[u8],
    collateral_json: &str,
    root_der: &[u8],
    as_of: UnixTime,
    expired_allowed: bool,
) -> Opinion {
    let theirs = ask(quote, collateral_json, root_der, as_of);
    match (ours, theirs) {
        (Ours::Accepts { status, advisories }, Ok((their_status, their_advisories))) => {
            let same = *status == their_status
                && advisories.iter().collect::<BTreeSet<_>>()
                    == their_advisories.iter().collect::<BTreeSet<_>>();
            if same {
                return Opinion::BothAccept;
            }
            Opinion::Differ {
                ours: format!("{status} [{}]", advisories.join(", ")),
                theirs: format!("{their_status} [{}]", their_advisories.join(", ")),
            }
        }
        (Ours::Refuses(_), Err(theirs)) => Opinion::BothRefuse { theirs },
        (Ours::Refuses(reason), Ok(_)) if STRICTER.contains(reason) => {
            Opinion::Listed { divergence: Divergence::StricterCheck(*reason), theirs: None }
        }
        (Ours::Refuses(reason), Ok((status, _))) => {
            Opinion::Differ { ours: format!("refused, {reason}"), theirs: format!("accepted, {status}") }
        }
        (Ours::Accepts { status, .. }, Err(theirs)) => match listed(&theirs, expired_allowed) {
            Some(divergence) => Opinion::Listed { divergence, theirs: Some(theirs) },
            None => {
                Opinion::Differ { ours: format!("accepted, {status}"), theirs: format!("refused, {theirs}") }
            }
        },
    }
}

fn listed(theirs: &str, expired_allowed: bool) -> Option<Divergence> {
    let says = |words: &[&str]| words.iter().any(|words| theirs.contains(words));
    if says(TD_ATTRIBUTES) {
        Some(Divergence::TdAttributes)
    } else if says(&["SGX TEE quote must have version 3"]) {
        Some(Divergence::SgxVersion)
    } else if says(&["Invalid QE auth data length"]) {
        Some(Divergence::QeAuthenticationData)
    } else if expired_allowed && says(EXPIRED) {
        Some(Divergence::ExpiredByPolicy)
    } else {
        None
    }
}

type Accepted = (String, Vec<String>);

fn ask(quote: &[u8], collateral_json: &str, root_der: &[u8], as_of: UnixTime) -> Result<Accepted, String> {
    let collateral: QuoteCollateralV3 =
        serde_json::from_str(collateral_json).map_err(|error| format!("collateral: {error}"))?;
    // Service TDs and debugging are a matter of policy here, so the second engine is asked to let them be.
    let verifier = QuoteVerifier::new(root_der.to_vec()).allow_service_td(true).allow_debug(true);
    match verifier.verify(quote, &collateral, as_of.seconds()) {
        Ok(report) => Ok((report.status, report.advisory_ids)),
        Err(error) => Err(veritee_model::text::inert(&format!("{error:#}"))),
    }
}
