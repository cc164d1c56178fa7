//! Parse and verify Intel SGX and TDX quotes against Intel collateral: offline, at a time that you name, with typed
//! answers.
//!
//! # Verifying one quote
//!
//! ```
//! use veritee_quote::{Collateral, Expiry, Quote, TcbStatus, TrustRoot, UnixTime, td_attributes};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let quote = include_bytes!("../samples/tdx_quote.bin");
//! let collateral = include_bytes!("../samples/tdx_quote.collateral.json");
//! let as_of = UnixTime::parse("2025-07-01T00:00:00Z")?;
//!
//! let quote = Quote::parse(quote)?;
//! let collateral = Collateral::from_json(collateral)?;
//! let prepared = collateral.verify_at(&TrustRoot::intel(), as_of, Expiry::Enforce)?;
//! let verified = prepared.verify(&quote, as_of)?;
//!
//! // Genuine is not yet trusted: the decision is a policy's.
//! let td = verified.td().ok_or("not a TDX machine")?;
//! assert_eq!(verified.tcb().status, TcbStatus::UpToDate);
//! assert!(td_attributes::examine(td).is_empty());
//! println!("genuine, MRTD {}", td.mrtd);
//! # Ok(())
//! # }
//! ```
//!
//! # The values, from bytes to fact
//!
//! | value | what it is | who can make one |
//! |---|---|---|
//! | [`Quote`] | laid out as its version demands; nothing in it is verified | anyone |
//! | [`Collateral`] | Intel's statements as they came; nothing in it is verified | anyone |
//! | [`PreparedCollateral`] | every signature, part, revocation and date of it checked under a [`TrustRoot`] | [`Collateral::verify_at`] |
//! | [`KnownCollateral`] | any number of sets, taken apart into items, each checked under a [`TrustRoot`] | [`KnownCollateral::add`] |
//! | [`VerifiedQuote`] | genuine at one time under one root | [`PreparedCollateral::verify`], [`KnownCollateral::verify`], [`Verifier::verify`] |
//!
//! [`Quote::pck_hint`] and [`Collateral::fmspc`] read unverified bytes: they choose collateral and prove nothing.
//!
//! # What is checked, in order
//!
//! The stages are those of [`Stage`]; an error tells which one failed ([`QuoteError::stage`]), and then all before
//! it have passed and none after it was made.
//!
//! 1. **Format** ([`Quote::parse`]): versions 3 (SGX), 4 (SGX, TDX) and 5 (SGX, TD 1.0, 1.5, 1.5 extended); ECDSA
//!    P-256; Intel's vendor id; every length used up exactly; only zero bytes behind.
//! 2. **Collateral**: TCB signer, PCK CA, revocation lists, TCB info and QE identity down from the root
//!    ([`Collateral::verify_at`]); in force at the as-of time; for this kind of TEE, FMSPC and PCEID.
//! 3. **Certificates**: exactly PCK, CA and root, in any order; names, parts, path length, key usage, key
//!    identifiers, signatures, revocation, dates.
//! 4. **Enclave**: the PCK signed the quoting enclave's report; the report holds the hash of the attestation key;
//!    the enclave is the one that Intel names and not in debug mode.
//! 5. **Signature**: the attestation key signed the quote.
//! 6. **TCB level**: the TDX module is one that Intel names; platform, module and enclave reach a level, at launch
//!    and now; none of them is revoked.
//!
//! # What is not checked
//!
//! - Any status but *revoked* and *not supported* passes: [`Tcb::status`] is for a policy, as are advisories,
//!   evaluation numbers and the age of collateral.
//! - TD attributes: [`td_attributes::examine`] reports what opens a TD; an SGX enclave has
//!   [`EnclaveReport::is_debug`].
//! - What runs inside: MRTD, RTMRs and REPORTDATA are genuine and mean nothing by themselves. A quote can be a
//!   recording.
//! - Whether collateral is the newest there is: a withheld newer TCB info or revocation list shows only when the
//!   old one expires.
//!
//! # Semantics
//!
//! Intel's QVL 1.27, and stricter where `docs/divergences.md` of the repository says so; each difference from it
//! and from dcap-qvl 0.7.1 has a test there. Signatures over TCB info and QE identity are checked over the raw
//! bytes, never over a JSON writer's idea of them.
//!
//! Certificates and lists are walked by this crate, not by a path builder (each rule of RFC 5280 that applies has a
//! broken chain or list in the tests, `conformance/rfc5280.rs`): chains of Intel's end in a CA as often as in an end
//! certificate, come in any order and with an older root of the same key, and a revocation list is verified once for
//! thousands of quotes. The walk asks for more than a general one would: the exact parts, both ends of every date,
//! key identifiers, key usage, path length, no unknown critical extension, one algorithm. Signatures are ring's.
//!
//! # Many quotes
//!
//! Six of nine signatures belong to the collateral: prepare it once. [`KnownCollateral`] holds any number of sets and
//! says which item of which decides, and what any of them revokes; a [`Verifier`] over it remembers hosts, by **the exact bytes** that were verified; see there for why not by the proven fact. [`Quote`],
//! [`PreparedCollateral`] and [`VerifiedQuote`] are cheap to clone and cross threads. [`Verifier::verify_batch`] uses
//! all cores with the feature `rayon`.
//!
//! Prepared collateral occupies 5 KiB and 20 bytes for every revoked certificate; serial numbers are looked up by
//! bisection, so a quote costs the same under a list of none and of 600,000. A remembered host occupies 9 KiB.
//! `cargo bench -p veritee-quote --features rayon --bench ratios` measures all of this.
//!
//! # Identity of a quote
//!
//! Use [`Quote::signed_sha256`]. The bytes outside the signed region can be varied without changing the verdict:
//! zero bytes behind the quote, line ends and order of the chain, the zero byte behind it, another self-signed
//! certificate of the root's key, and `s` against `n - s` of each ECDSA signature. No single bit can.
//!
//! # Limits
//!
//! Every input has a cap in [`Budget`]; reading takes time and memory in proportion to its length.
//! The crate opens no file and no socket and reads no clock. Built for `wasm32-unknown-unknown` it imports nothing;
//! `wasm/run.sh` lets such a module judge genuine and damaged quotes under Node. Not tested in a browser itself.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod bytes;
mod collateral;
pub mod divergence;
pub mod error;
mod facts;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod known;
mod pck;
mod prepared;
mod qe_identity;
pub mod quote;
mod reason;
mod revocations;
mod root;
mod tcb;
mod tcb_info;
pub mod td_attributes;
mod verification;
mod verified;
mod verifier;
mod wire;
mod x509;

use veritee_x509::der;

pub use bytes::{
    CpuSvn, EnclaveAttributes, MrEnclave, MrSigner, PceId, PlatformInstanceId, SeamAttributes, TdId,
};
pub use collateral::{Collateral, CollateralParts, Expiry, ListIssuer, PcsAnswers, is_signer_chain};
pub use der::{DerError, DerFault};
pub use error::{CollateralError, ParseError, QuoteError, Source, Stage};
pub use facts::{CollateralFacts, ExpiredItem, SourceDates};
pub use known::{Damaged, Deciding, DecidingItem, KnownCollateral, Origin, View};
pub use pck::{CaKind, PckExtension, SgxType, Stated};
pub use prepared::PreparedCollateral;
pub use qe_identity::QeIdentity;
pub use quote::{Body, EnclaveReport, Header, PckHint, Quote, TdReport, Tee};
pub use reason::{QuoteReason, ReasonClass};
pub use root::TrustRoot;
pub use tcb::{Evaluation, ReachedLevel, Tcb, converged, relaunched};
pub use tcb_info::{IsvLevel, LevelVerdict, TcbInfo, TcbLevel, TdxModule, TdxModuleIdentity};
pub use verified::{Platform, VerifiedQuote};
pub use verifier::{Hosts, STANDARD_MEMORY, Statistics, Verifier};
/// The base that others of veritee stand on too. There is no `now`: what time it is, is the caller's to say.
pub use veritee_base::{
    Budget, Fmspc, HexError, MrConfigId, MrOwner, MrOwnerConfig, MrSeam, MrServiceTd, MrSignerSeam, Mrtd,
    Ppid, ReportData, Rtmr, Sha256Digest, TcbStatus, TdAttributes, TeeTcbSvn, TimeError, UnixTime, Xfam,
    text,
};
pub use veritee_x509::pem::PemError;

/// The examples of the read-me run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct ReadMe;
