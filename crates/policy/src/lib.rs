//! The policy file: what a relying party demands, and what it lets pass.
//!
//! A [`Policy`] is read from TOML ([`Policy::parse`]) or is the strict built-in one ([`Policy::default`]). It turns
//! facts into checks: [`platform`] judges a verified quote, [`identity`] a replayed log, [`os`] the quoted
//! registers, and [`Policy::settle`] applies the exceptions at the end.
//!
//! Rules that hold for every entry:
//! - An unknown key is an error. An entry about a value that the evidence does not have fails.
//! - What loosens the default carries a `reason`; every report repeats it.
//! - An exception that has expired is not applied, one that matched nothing is reported.
//! - No entry can waive a reason of class "not genuine".
//!
//! Not here: whether a quote is genuine (that is never a matter of policy), and which rules the audit has.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod error;
mod file;
mod gpu;
pub mod identity;
mod images;
mod loosened;
pub mod os;
mod place;
pub mod platform;
mod quote_reason;
mod settle;
mod sound;
mod template;
mod words;

pub use error::{PolicyError, PolicyFault};
pub use file::{
    Advisories, Allowed, Audit, Collateral, Exception, Expect, FixedTime, KeyProvider, MachineRegisters,
    MaximumAge, Os, Others, Policy, RootOfTrust, SCHEMA, Tcb, Td, TdLeniency, Variable, Waiver,
};
pub use gpu::{AllowedMismatch, Gpu, SwitchesDemanded};
pub use images::{Images, Mirror, signer as image_signer};
pub use quote_reason::reason_of;
pub use settle::Settled;
pub use template::{Pins, commented_template, template_from};
