//! Intel's collateral: asked for, checked, kept, refreshed, and never silently older than before. Beside it what NVIDIA
//! says of GPUs, which is asked for only where the caller says so ([`obtain_gpus`]).
//!
//! A verdict rests on four documents of Intel's: TCB info, QE identity, and the revocation lists of the PCK CA and
//! of the root. [`obtain`] brings them for one [`Need`] out of a [`Store`] on disk, or from a [`Service`]: Intel PCS
//! version 4, or a PCCS of version 3 or 4.
//!
//! ```no_run
//! use veritee_client::{Client, Settings};
//! use veritee_collateral::{Evaluation, Mode, Need, Service, Store, obtain};
//! use veritee_model::{Budget, UnixTime};
//! use veritee_quote::{Quote, TrustRoot};
//!
//! # async fn run(quote: &[u8], folder: &std::path::Path, now: UnixTime) -> Result<(), Box<dyn std::error::Error>> {
//! let quote = Quote::parse(quote)?;
//! let need = Need::of_quote(&quote, Evaluation::Standard).ok_or("no PCK certificate in the quote")?;
//! let client = Client::new(&Settings::default())?;
//! let store = Store::open(folder, &TrustRoot::intel(), &Budget::STANDARD)?;
//! let obtained = obtain(&client, &Service::intel(), &store, &need, now, Mode::Cached).await?;
//! for warning in &obtained.warnings {
//!     eprintln!("{warning}");
//! }
//! println!("{} requests, {} bytes", obtained.requests, obtained.item.bytes.len());
//! # Ok(())
//! # }
//! ```
//!
//! # How often the service is asked
//!
//! | the store has | requests |
//! |---|---|
//! | nothing | 4, at the same time |
//! | everything, in force | 0 |
//! | another processor family, in force | 1: the TCB info |
//! | the standard set, and the early one is needed | 2: TCB info and QE identity |
//! | one part that has expired | 1: that part |
//! | whatever, with [`Mode::Refresh`] | 4 |
//!
//! One more for a quote that carries no PCK certificate ([`obtain_for_quote`]), once per platform.
//!
//! # What is believed
//!
//! Nothing that is fetched is trusted more than a file: signatures, chains, revocations and dates are verified under
//! the store's root before anything is kept, and again whenever it is read; kind of TEE, FMSPC, CA and evaluation
//! data number must be those that were asked for. What verified collateral showed to exist is remembered
//! ([`Memory`]), and an older one is reported as a [`Rollback`].
//!
//! # What is not protected
//!
//! - A service can answer with collateral that is in force and not the newest. It shows when something newer was
//!   seen before, or when the old one expires.
//! - Whoever can write into the store's folder as its owner can empty it or its memory; they cannot change what is
//!   true.
//! - The list of evaluation data numbers ([`offered_numbers`]) is not verified: it chooses and proves nothing.
//! - Expired collateral is returned offline, and it verifies only for who asks for that
//!   ([`veritee_quote::Expiry::Report`]).
//!
//! The time is an argument. The store blocks while it reads and writes its small files, never while the network is
//! waited for. Only the client's timers and the waiting for a lock use a clock of their own.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

mod answers;
mod error;
mod gpu;
mod memory;
mod need;
mod numbers;
mod obtain;
mod pcs;
mod platform;
mod service;
mod snapshot;
mod store;

pub use answers::{Answers, Checked, Received};
pub use error::{AnswerFault, Error, Fault, FaultKind, StoreError};
pub use gpu::{
    CarriedFile, GpuAsk, GpuImported, GpuItem, GpuMissing, GpuObtained, GpuService, NVIDIA_CRL, NVIDIA_OCSP,
    NVIDIA_RIM, export_gpus, import_gpus, obtain_gpus, offline_gpus,
};
pub use memory::{Mark, Memory, Rollback};
pub use need::{Evaluation, EvaluationError, Need, NeedError};
pub use numbers::{OfferedNumber, offered_numbers};
pub use obtain::{At, Mode, Obtained, Warning, obtain, obtain_both, offline};
pub use pcs::ask;
pub use platform::{Platform, obtain_for_quote};
pub use service::{
    INTEL_PCS, INTEL_ROOT_CRL, ItemKind, PccsVersion, Question, Service, ServiceError, ServiceKind,
};
pub use snapshot::{Imported, Offered, Snapshot, Written, import, import_all, snapshot};
pub use store::{
    Checkup, Found, GpuListed, Held, Holdings, Inventory, Kept, Listed, ListedItem, Lookup, Pruned, Store,
};
