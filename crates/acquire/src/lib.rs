//! Evidence of every machine of a dstack application that can be seen from outside.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::as_conversions))]

mod attempt;
pub mod caa;
mod cluster;
mod options;
mod plan;
mod source;
pub mod target;

pub use attempt::{Attempt, Outcome, SourceProblem};
pub use cluster::{Cluster, Directory, PhalaCloud, Resolver};
pub use options::{Cloud, Limits, Options};
pub use plan::{Address, Plan, PlanError, Step, Subject, When};
pub use source::Source;
pub use target::{Target, TargetError};
