//! Steps 8 and 9, as far as this version goes: they are listed, and not checked.

use crate::run::Run;
use veritee_compose::BoundCompose;
use veritee_eventlog::AppIdentity;
use veritee_model::{Check, CheckId, Reason};

/// Step 8.
pub(crate) fn audit(run: &mut Run<'_>, bound: Option<&BoundCompose>) {
    if bound.is_some() {
        run.record(Check::not_checked(
            CheckId::AuditRules,
            Reason::AuditNotRun,
            "this version does not audit: read the app_compose yourself",
        ));
    }
}

/// Step 9.
pub(crate) fn check(run: &mut Run<'_>, identity: Option<&AppIdentity>) {
    if identity.is_some() {
        run.record(Check::not_checked(
            CheckId::GovernanceHistory,
            Reason::GovernanceNotChecked,
            "this version reads no chain: ask who may authorise another compose",
        ));
    }
}
