//! Step 9, as far as this version goes: the key provider is measured, the chain is not read.

use crate::run::Run;
use veritee_eventlog::AppIdentity;
use veritee_model::{Check, CheckId, Reason};

pub(crate) fn check(run: &mut Run<'_>, identity: Option<&AppIdentity>) {
    if identity.is_some() {
        run.record(Check::not_checked(
            CheckId::GovernanceHistory,
            Reason::GovernanceNotChecked,
            "this version reads no chain: ask who may authorise another compose",
        ));
    }
}
