//! Step 2: is the platform acceptable under the policy?

use crate::run::Run;
use veritee_model::Check;
use veritee_quote::VerifiedQuote;

pub(crate) fn check(run: &mut Run<'_>, verified: Option<&VerifiedQuote>) {
    let Some(verified) = verified else { return };
    let checks: Vec<Check> = veritee_policy::platform::judge(run.request.policy, verified);
    for check in checks {
        run.record(check);
    }
}
