//! Step 1: is the quote genuine?
//!
//! Which collateral decides is [`veritee_quote::KnownCollateral`]'s to say; here its answer becomes checks. Where the
//! judged party's collateral would decide otherwise than the judging side's, or takes an item of the judging side's
//! away by a revocation, the verdicts with and without are made, and the gravest under the policy is the one that
//! counts: so nothing that the judged party adds turns a refusal into a pass.

mod windows;

use crate::memory::Known;
use crate::run::Run;
use crate::{Engine, Request, facts};
use core::cmp::Ordering;
use veritee_model::report::Notice;
use veritee_model::{Check, CheckId, ExitCode, Kind, Reason, Verdict};
use veritee_quote::divergence::{Acceptance, Opinion, Ours, Theirs, compare};
use veritee_quote::{Damaged, DecidingItem, Expiry, Quote, QuoteError, Stage, VerifiedQuote, View};

/// The stages of the engine in the order in which it makes them, with the check that each becomes.
const STAGES: [(Stage, CheckId); 6] = [
    (Stage::Format, CheckId::QuoteFormat),
    (Stage::Collateral, CheckId::QuoteCollateral),
    (Stage::Certificates, CheckId::QuoteCertificates),
    (Stage::Enclave, CheckId::QuoteEnclave),
    (Stage::Signature, CheckId::QuoteSignature),
    (Stage::TcbLevel, CheckId::QuoteTcbLevel),
];

/// Makes the checks of step 1; the verified quote when all of them hold.
pub(crate) fn check(run: &mut Run<'_>) -> Option<VerifiedQuote> {
    let request = run.request;
    run.remark(notices_of_root(request));
    let Some(item) = &request.evidence.quote else {
        for (_, id) in STAGES {
            run.record(Check::not_checked(id, Reason::QuoteMissing, "no quote was given"));
        }
        return None;
    };
    let quote = match Quote::parse_within(&item.bytes, request.budget) {
        Ok(quote) => quote,
        Err(error) => {
            run.record_all(stopped(&QuoteError::Parse(error)));
            return None;
        }
    };
    run.quote = quote.td().map(|td| facts::quote(&quote, td));
    run.enclave = facts::enclave(&quote);
    let judged = judge(request, &quote, true);
    run.remark(notices_of(&judged));
    run.record_all(judged.checks);
    run.tcb = judged.verified.as_ref().map(|verified| facts::tcb(verified, judged.decided_by));
    judged.verified
}

/// That the trust root is another than Intel's.
fn notices_of_root(request: &Request<'_>) -> Vec<Notice> {
    let root = request.grounds.root();
    let detail = || format!("the trust root is `{}`", root.name());
    let notice = || Notice { reason: Reason::RootNotIntel, detail: detail(), location: None };
    (!root.is_intel()).then(notice).into_iter().collect()
}

/// What was passed over, and of which evaluations the two documents are.
fn notices_of(judged: &Judged) -> Vec<Notice> {
    let unusable = judged.unusable.iter().map(|(detail, name)| Notice {
        reason: Reason::CollateralItemUnusable,
        detail: detail.clone(),
        location: Some(name.clone()),
    });
    let differ = judged.verified.as_ref().and_then(windows::evaluations);
    let differ = differ.map(|detail| Notice { reason: Reason::EvaluationsDiffer, detail, location: None });
    unusable.chain(differ).collect()
}

/// What steps 1 and 2 come to for one quote: the evidence's own, or one that a certificate in it carries.
pub(crate) struct Judged {
    /// The quote, where it is genuine; something in its collateral may have expired, and then a check says so.
    pub(crate) verified: Option<VerifiedQuote>,
    /// The checks of step 1, before the policy settles them; that of the second engine where it was asked.
    pub(crate) checks: Vec<Check>,
    /// What of the collateral could not be used, and what it was called.
    pub(crate) unusable: Vec<(String, String)>,
    /// Which items decided, where the quote is genuine.
    pub(crate) decided_by: Vec<String>,
}

/// Judges a quote by all that is known: the collateral of the judging side, and what stands in the evidence.
///
/// With `names_items` it says which items of collateral decided and from whom.
pub(crate) fn judge(request: &Request<'_>, quote: &Quote, names_items: bool) -> Judged {
    let grounds = request.grounds;
    let (as_of, expiry) = (request.as_of, grounds.verifier().expiry());
    let known = grounds.known_for(request);
    let verifier = known.verifier();
    let verify = |view, expiry| verifier.verify_in(quote, view, as_of, expiry);
    let mut answer = Answer::of(View::Judge, verify(View::Judge, expiry), &verify);
    for (view, otherwise) in verifier.verify_otherwise(quote, as_of) {
        let otherwise = Answer::of(view, otherwise, &verify);
        let [own, other] = [&answer, &otherwise].map(|answer| answer.exit_code(request, &known, quote));
        // At a tie the judging side's own verdict stays.
        if own.graver(other) != own {
            answer = otherwise;
        }
    }
    let mut checks = Vec::with_capacity(STAGES.len().saturating_add(1));
    checks.extend(answer.checks(request, &known, quote));
    checks.extend(second_engine(request, &known, quote, &answer));
    let decisive = answer.refusal();
    let damaged = verifier.known().damaged().filter(|damaged| !is_told(damaged, decisive));
    let unusable = damaged.map(|damaged| shown(&known, damaged)).collect();
    // For a line among millions only where the judged party had a part in it.
    let named = (names_items || known.is_own()) && answer.result.is_ok();
    let decided_by = if named { answer.decided_by(request, &known, quote) } else { Vec::new() };
    Judged { verified: answer.result.ok(), checks, unusable, decided_by }
}

fn is_told(damaged: &Damaged, refusal: Option<&QuoteError>) -> bool {
    matches!(refusal, Some(QuoteError::Collateral(error)) if *error == damaged.error)
}

fn shown(known: &Known<'_>, damaged: &Damaged) -> (String, String) {
    let name = known.name(damaged.origin, &damaged.name);
    (
        format!("passed over, not genuine collateral under this root: {}", damaged.error),
        format!("{} ({})", veritee_model::text::inert(name), damaged.origin),
    )
}

/// What the engine says in one view.
struct Answer {
    view: View,
    /// The quote when nothing but an expiry stands against it.
    result: Result<VerifiedQuote, QuoteError>,
    /// What has expired that the policy does not let pass: its check fails, and all else is judged all the same, so
    /// that "genuine" or "forged" is said with reason.
    expired: Option<QuoteError>,
}

impl Answer {
    fn of(
        view: View,
        result: Result<VerifiedQuote, QuoteError>,
        verify: &dyn Fn(View, Expiry) -> Result<VerifiedQuote, QuoteError>,
    ) -> Self {
        match result {
            Err(error) if error.reason().is_expiry() => {
                Self { view, result: verify(view, Expiry::Report), expired: Some(error) }
            }
            result => Self { view, result, expired: None },
        }
    }

    /// Which items decided, from where and from whom.
    fn decided_by(&self, request: &Request<'_>, known: &Known<'_>, quote: &Quote) -> Vec<String> {
        let shown = |item: &DecidingItem| {
            let name = veritee_model::text::inert(known.name(item.origin, &item.name));
            format!("{}: {name} ({})", item.source, item.origin)
        };
        known.verifier().deciding(quote, self.view, request.as_of).iter().map(shown).collect()
    }

    /// Why the engine does not accept it.
    fn refusal(&self) -> Option<&QuoteError> {
        self.result.as_ref().err().or(self.expired.as_ref())
    }

    fn checks(&self, request: &Request<'_>, own: &Known<'_>, quote: &Quote) -> Vec<Check> {
        let known = own.verifier().known();
        // Collateral that a copy broke, or that somebody else signed, says nothing of the machine. The quote itself may: it
        // is not hidden behind what came along with it.
        let unusable = |error: &QuoteError| {
            error.stage() == Stage::Collateral
                && error.reason().class() == veritee_quote::ReasonClass::Refused
        };
        let forged = match &self.result {
            Err(error) if unusable(error) => known.contradiction(quote, self.view, request.as_of),
            _ => None,
        };
        let mut checks = match (&self.result, &forged) {
            (Ok(verified), _) => passed(verified),
            (Err(error), None) => stopped(error),
            (Err(error), Some(forged)) => {
                let mut checks = stopped(error);
                if let Some((_, id)) = STAGES.iter().find(|(stage, _)| *stage == forged.stage())
                    && let Some(check) = checks.iter_mut().find(|check| check.id == *id)
                {
                    *check = refused(*id, forged);
                }
                checks
            }
        };
        // A revocation is told before what is missing or has expired, which stays true beside it.
        let expiry = request.grounds.verifier().expiry();
        let beside = match (&self.expired, &self.result) {
            (Some(expired), _) => Some(expired.clone()),
            (None, Err(error)) if error.stage() == Stage::Certificates => {
                known.collateral_error(quote, self.view, request.as_of, expiry)
            }
            (None, _) => None,
        };
        let failed = self.result.as_ref().err().map(QuoteError::stage);
        if let Some(error) = beside.filter(|error| failed.is_none_or(|failed| error.stage() < failed))
            && let Some((_, id)) = STAGES.iter().find(|(stage, _)| *stage == error.stage())
            && let Some(check) = checks.iter_mut().find(|check| check.id == *id)
        {
            *check = refused(*id, &error);
        }
        // Whatever is not in force, yet or any more, is told with all windows: one fault at a time sends nobody to
        // the hour at which everything holds.
        if let Some(check) = checks.iter_mut().find(|check| check.reason.is_some_and(is_of_time)) {
            let dates = known.dates(quote, self.view, request.as_of);
            if !dates.is_empty() {
                check.detail = format!("{}; {}", check.detail, windows::all(&dates, request.as_of));
            }
        }
        if let Some(check) = checks.iter_mut().find(|check| check.reason.is_some_and(is_revocation))
            && let Some(list) = known.deciding(quote, self.view, request.as_of, self.refusal()).revoking
        {
            let name = veritee_model::text::inert(own.name(list.origin, &list.name));
            let by = format!("named by the {} of {} in {name} ({})", list.source, list.issued, list.origin);
            check.detail = format!("{}; {by}", check.detail);
        }
        checks
    }

    /// What this answer comes to under the policy.
    fn exit_code(&self, request: &Request<'_>, known: &Known<'_>, quote: &Quote) -> ExitCode {
        let checks = self.checks(request, known, quote);
        let mut checks = Kind::Quote.complete(&answered(request, checks, self.result.as_ref().ok()));
        // What the policy demands beside this is open in every answer, and would hide what sets them apart.
        checks.retain(|check| check.reason != Some(Reason::NotAsked));
        settled(request, checks).verdict.outcome.exit_code()
    }
}

/// Something has ended or not begun.
const fn is_of_time(reason: Reason) -> bool {
    reason.is_expiry()
        || matches!(
            reason,
            Reason::CertificateNotYetValid
                | Reason::CrlNotYetValid
                | Reason::TcbInfoNotYetValid
                | Reason::QeIdentityNotYetValid
        )
}

const fn is_revocation(reason: Reason) -> bool {
    matches!(reason, Reason::PckRevoked | Reason::CaRevoked | Reason::RootRevoked | Reason::SignerRevoked)
}

/// All that a quote alone can answer: steps 1 and 2, and of step 6 the registers that the policy pins.
fn answered(request: &Request<'_>, mut made: Vec<Check>, verified: Option<&VerifiedQuote>) -> Vec<Check> {
    if let Some(verified) = verified {
        made.extend(veritee_policy::platform::judge(request.policy, verified));
        made.extend(crate::os::pins(request.policy, verified));
    }
    made
}

/// Checks of a quote alone as the policy leaves them.
struct Settled {
    checks: Vec<Check>,
    verdict: Verdict,
    notices: Vec<Notice>,
}

fn settled(request: &Request<'_>, checks: Vec<Check>) -> Settled {
    let veritee_policy::Settled { checks, notices, .. } =
        request.policy.settle(Kind::Quote, checks, request.as_of);
    let fail_on = request.fail_on.unwrap_or(request.policy.audit.fail_on);
    let verdict = Verdict::conclude(Kind::Quote, &checks, &[], fail_on);
    Settled { checks, verdict, notices }
}

/// What [`crate::verify`] says of one quote, without a report: what `batch` says of a quote that came alone.
pub(crate) fn alone(request: &Request<'_>) -> crate::QuoteAlone {
    let parsed = request.evidence.quote.as_ref().map(|item| Quote::parse_within(&item.bytes, request.budget));
    let (quote, judged) = match parsed {
        Some(Ok(quote)) => {
            let judged = judge(request, &quote, false);
            (Some(quote), judged)
        }
        other => {
            let checks = match other {
                Some(Err(error)) => stopped(&QuoteError::Parse(error)),
                _ => STAGES
                    .into_iter()
                    .map(|(_, id)| Check::not_checked(id, Reason::QuoteMissing, "no quote was given"))
                    .collect(),
            };
            (None, Judged { verified: None, checks, unusable: Vec::new(), decided_by: Vec::new() })
        }
    };
    let mut notices = notices_of_root(request);
    notices.extend(notices_of(&judged));
    let checks = Kind::Quote.complete(&answered(request, judged.checks, judged.verified.as_ref()));
    let Settled { checks, verdict, notices: of_policy } = settled(request, checks);
    notices.extend(of_policy);
    crate::QuoteAlone {
        quote,
        verified: judged.verified,
        checks,
        verdict,
        unusable: judged.unusable,
        decided_by: judged.decided_by,
        notices,
    }
}

/// All stages hold.
fn passed(verified: &VerifiedQuote) -> Vec<Check> {
    let quote = verified.quote();
    let tcb = verified.tcb();
    let platform = verified.platform();
    let details = [
        format!(
            "version {}, {}, {} bytes signed",
            quote.header().version,
            quote.tee(),
            quote.signed_bytes().len()
        ),
        format!(
            "TCB info, QE identity and two CRLs under {}, {}{}",
            verified.root().name(),
            windows::interval(&verified.collateral().sources),
            // Who lets that pass says so beside it.
            if verified.collateral().expired.is_empty() { "" } else { "; not all of it is at this time" }
        ),
        format!("PCK certificate of {} under {}, not revoked", platform.fmspc, platform.ca.common_name()),
        "the quoting enclave is the one that Intel names, and vouches for the attestation key".to_owned(),
        "ECDSA P-256 over header and report".to_owned(),
        format!(
            "level {} of {}, evaluation {}",
            tcb.launch.platform.level.saturating_add(1),
            tcb.launch.platform.levels,
            tcb.evaluation_number()
        ),
    ];
    let stages = STAGES.into_iter().zip(details);
    stages.map(|((_, id), detail)| Check::pass(id, detail)).collect()
}

fn refused(id: CheckId, error: &QuoteError) -> Check {
    let mut check = Check::from_reason(id, veritee_policy::reason_of(error.reason()), error.to_string());
    check.expected = error.expected();
    check.got = error.got();
    check.location = error.location();
    check.explain = match error.updates().as_slice() {
        [] => error.next().map(str::to_owned),
        updates => Some(format!("the operator must install what raises it: {}", updates.join("; "))),
    };
    check
}

/// Earlier stages passed, this one did not, later ones were not made.
fn stopped(error: &QuoteError) -> Vec<Check> {
    let reached = STAGES.iter().position(|(known, _)| *known == error.stage()).unwrap_or(0);
    let stages = STAGES.into_iter().enumerate();
    stages
        .map(|(position, (_, id))| match position.cmp(&reached) {
            Ordering::Less => Check::pass(id, "holds"),
            Ordering::Equal => refused(id, error),
            Ordering::Greater => {
                Check::not_checked(id, Reason::EarlierStepFailed, "an earlier check of the quote failed")
            }
        })
        .collect()
}

fn not_asked() -> Check {
    Check::not_checked(CheckId::QuoteSecondOpinion, Reason::SecondEngineNotRun, "asked for our engine only")
}

/// The second engine's opinion; nothing where there is no set that it could be given.
fn second_engine(request: &Request<'_>, known: &Known<'_>, quote: &Quote, answer: &Answer) -> Option<Check> {
    let Engine::Both(second) = request.engine else { return Some(not_asked()) };
    let known = known.verifier().known();
    let collateral = known.as_one_set(quote, answer.view, request.as_of, answer.refusal())?.to_json();
    let ours = match (&answer.expired, &answer.result) {
        (Some(error), _) | (None, Err(error)) => Ours::Refuses(error),
        (None, Ok(verified)) => Ours::Accepts(Acceptance::of(verified)),
    };
    let root = request.grounds.root().der();
    let theirs = second.ask(quote.as_bytes(), &collateral, root, request.as_of);
    let (id, name) = (CheckId::QuoteSecondOpinion, second.name());
    Some(match compare(&ours, theirs, request.policy.collateral.allow_expired) {
        Opinion::BothAccept => {
            Check::pass(id, format!("{name} accepts too, with the same status and advisories"))
        }
        Opinion::BothRefuse { theirs } => Check::pass(id, format!("{name} refuses too: {theirs}")),
        Opinion::Listed { divergence, theirs } => {
            let theirs = match theirs {
                Theirs::Refuses(words) => format!("refuses: {words}"),
                Theirs::Accepts { status, advisories } => {
                    format!("accepts, {status} [{}]", advisories.join(", "))
                }
            };
            Check::pass(id, format!("differs as listed, {divergence}; {name} {theirs}"))
        }
        Opinion::Differ { ours, theirs } => {
            Check::fail(id, Reason::EnginesDisagree, "the two engines differ in a way that is not listed")
                .compared(ours, theirs)
                .next("one of them is wrong: do not rely on either, and report this evidence")
        }
    })
}
