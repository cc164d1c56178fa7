//! Parse and verify Intel SGX and TDX quotes against Intel collateral.
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
mod der;
pub mod error;
mod facts;
mod pck;
mod prepared;
mod qe_identity;
pub mod quote;
mod root;
mod tcb;
mod tcb_info;
pub mod td_attributes;
mod verified;
mod verifier;
mod wire;
mod x509;

pub use bytes::{
    CpuSvn, EnclaveAttributes, MrEnclave, MrSigner, PceId, PlatformInstanceId, SeamAttributes, TdId,
};
pub use collateral::{Collateral, CollateralParts, Expiry, PcsAnswers};
pub use der::DerError;
pub use error::{CollateralError, ParseError, QuoteError, Stage};
pub use facts::{CollateralFacts, ExpiredItem, SourceDates};
pub use pck::{CaKind, PckExtension, SgxType, Stated};
pub use prepared::PreparedCollateral;
pub use qe_identity::QeIdentity;
pub use quote::{Body, EnclaveReport, Header, PckHint, Quote, TdReport, Tee};
pub use root::TrustRoot;
pub use tcb::{Evaluation, ReachedLevel, Tcb, TcbStatus};
pub use tcb_info::{IsvLevel, LevelVerdict, TcbInfo, TcbLevel, TdxModule, TdxModuleIdentity};
pub use verified::{Platform, VerifiedQuote};
pub use verifier::{STANDARD_MEMORY, Statistics, Verifier};
pub use x509::pem::PemError;
