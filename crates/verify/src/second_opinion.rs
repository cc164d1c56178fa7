//! What dcap-qvl 0.7.1 says of the same quote, collateral, root and time.
//!
//! Two engines written apart seldom share a fault. Where both accept, merged status and advisories have to be equal.
//! Where one refuses what the other accepts, the difference has to be one that `docs/divergences.md` lists; any
//! other is a failure of its own, because one of the two is wrong and nobody knows which.

mod listed;

use core::fmt;
use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;
use std::collections::BTreeSet;
use veritee_model::UnixTime;
use veritee_quote::QuoteError;

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
    Refuses(&'a QuoteError),
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

/// A difference between the engines that is known and argued: a row of `docs/divergences.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Divergence(&'static str);

impl Divergence {
    /// Its name there.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "as `{}` of docs/divergences.md", self.0)
    }
}

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
        (Ours::Refuses(error), Ok((status, _))) => match listed::of_refusal(error) {
            Some(name) => Opinion::Listed { divergence: Divergence(name), theirs: None },
            None => Opinion::Differ {
                ours: format!("refused, {}", error.reason()),
                theirs: format!("accepted, {status}"),
            },
        },
        (Ours::Accepts { status, .. }, Err(theirs)) => match looser(&theirs, expired_allowed) {
            Some(name) => Opinion::Listed { divergence: Divergence(name), theirs: Some(theirs) },
            None => {
                Opinion::Differ { ours: format!("accepted, {status}"), theirs: format!("refused, {theirs}") }
            }
        },
    }
}

/// What ours leaves to the policy, and the peer refuses by itself; and what ours reads and the peer does not.
fn looser(theirs: &str, expired_allowed: bool) -> Option<&'static str> {
    let says = |words: &[&str]| words.iter().any(|words| theirs.contains(words));
    if says(TD_ATTRIBUTES) {
        Some("td-attributes-by-policy")
    } else if expired_allowed && says(EXPIRED) {
        Some("expired-by-name")
    } else {
        listed::of_their_refusal(theirs)
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
