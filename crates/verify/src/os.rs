//! Step 6: the operating system.

use crate::run::Run;
use veritee_policy::os::{OsRegisters, Proven};
use veritee_quote::VerifiedQuote;

pub(crate) fn check(run: &mut Run<'_>, verified: Option<&VerifiedQuote>) {
    let Some(td) = verified.and_then(VerifiedQuote::td) else { return };
    let [rtmr0, rtmr1, rtmr2, _] = td.rtmrs;
    let quoted = OsRegisters { mrtd: td.mrtd, rtmr0, rtmr1, rtmr2 };
    run.record(veritee_policy::os::judge(run.request.policy, &quoted, &Proven::default()));
}
