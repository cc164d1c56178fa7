//! The word lists of the name classifier (audit reference, section 2.4), one file for each kind of name.

mod behaviour;
mod endpoint;
mod harmless;
mod joined;
mod process;
mod secret;
mod trust;

pub(super) use behaviour::*;
pub(super) use endpoint::*;
pub(super) use harmless::*;
pub(super) use joined::*;
pub(super) use process::*;
pub(super) use secret::*;
pub(super) use trust::*;
