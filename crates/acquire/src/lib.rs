//! Evidence of every machine of a dstack application that can be seen from outside; and an image out of a registry
//! ([`registry`]).
//!
//! ```no_run
//! use veritee_acquire::{Options, Plan, Target, acquire};
//! use veritee_client::{Client, Settings};
//! use veritee_model::UnixTime;
//!
//! # async fn example(now: UnixTime) -> Result<(), Box<dyn std::error::Error>> {
//! let target = Target::parse("d722c43a6f4f42d53dc7bc97ba04a1cb17ce3a34@base-prod7", None, None)?;
//! let options = Options::default();
//! let plan = Plan::new(target, &options)?;
//! println!("{plan}"); // every address that may be asked, before any is
//! let acquired = acquire(&Client::new(&Settings::default())?, &plan, &options, now).await?;
//! for machine in &acquired.machines {
//!     println!("{}: quote {}", machine.label, machine.evidence.quote.is_some());
//! }
//! # Ok(()) }
//! ```
//!
//! # From a target to evidence
//!
//! 1. [`Target::parse`] reads what the caller wrote: an id with its cluster, a gateway's address, a domain, a URL,
//!    `ra-tls://`. What another program could read as another host is refused.
//! 2. [`Plan::new`] lists the requests in order. Nothing is asked that is not in it.
//! 3. [`acquire`] takes the steps one after the other. A source that fails is an [`Attempt`]; the run fails when no
//!    quote of the application came from anywhere, and then names every attempt and what to do about it.
//!
//! `docs/fetch.md` has every URL, what it gives, its cap and its media types.
//!
//! # What is believed
//!
//! Nothing. TLS is verified by the client, but a valid certificate only says who was asked: the gateway, Phala Cloud
//! and the application may each be the attacker, and evidence is judged by `veritee-verify` afterwards. What this crate
//! sees to is that it cannot be made to mix, to hide or to wander:
//!
//! - **No mixing.** One answer about one machine stays together. Parts of two answers meet in one [`Evidence`] only when
//!   both tell of the same MRTD, RTMR0 to RTMR3 and MRCONFIGID by the quotes' bytes, from the same processor; an answer
//!   without a quote joins only when it claims exactly those registers. Everything else stays a machine of its own.
//! - **No hiding.** A claimed instance id never merges two machines, nor does a claimed app id. Machines that differ
//!   are listed in each other's `replicas`, and as [`Disagreement`]s where they should not.
//! - **No wandering.** Names that servers send become requests only when they are plain file names; redirects to other
//!   hosts are errors; a `veritee` document from a server is refused; the id asked for is recorded as the caller wrote
//!   it, whatever is answered.
//! - **No flood.** Each answer has a cap, all together have one, and so have machines and files ([`Limits`]). More is an
//!   error of that source, never a cut.
//!
//! # Freshness
//!
//! Only an application's own endpoint can show it: the nonce of [`Options`] goes where the target has a place for it,
//! and [`Acquired::asked_with_nonce`] says whose quote answers such a question. Whether REPORTDATA carries it is for the
//! verifier. Every other source may be a recording.
//!
//! # What is not done
//!
//! Collateral is not fetched, nothing is written, no clock is read: `now` is an argument and stands beside every item.
//! DNSSEC is not validated: CAA records are the word of a resolver, and none is asked unless the caller names it. That
//! no further replica exists cannot be shown from outside.
//!
//! [`Evidence`]: veritee_model::Evidence
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod acquired;
mod assemble;
mod attempt;
pub mod caa;
pub mod chain;
mod cluster;
mod options;
mod plan;
pub mod registry;
mod run;
mod source;
pub mod target;
mod unit;

pub use acquired::{AcquireError, Acquired, Disagreement, Note};
pub use attempt::{Attempt, Outcome, SourceProblem};
pub use cluster::{Cluster, Directory, PhalaCloud, Resolver};
pub use options::{Cloud, Limits, Options};
pub use plan::{Address, Plan, PlanError, Step, Subject, When};
pub use run::acquire;
pub use source::Source;
pub use target::{Target, TargetError};
