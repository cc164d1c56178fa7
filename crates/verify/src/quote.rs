//! Step 1: is the quote genuine?

use crate::run::Run;
use crate::{Engine, Request, facts, second_opinion};
use core::cmp::Ordering;
use core::fmt::Display;
use veritee_model::{Check, CheckId, Reason, UnixTime};
use veritee_quote::divergence::{Acceptance, Opinion, Ours, Theirs, compare};
use veritee_quote::quote::CertificationType;
use veritee_quote::{Collateral, Expiry, Quote, QuoteError, Stage, VerifiedQuote};

/// The stages of the engine in the order in which it makes them, with the check that each becomes.
const STAGES: [(Stage, CheckId); 6] = [
    (Stage::Format, CheckId::QuoteFormat),
    (Stage::Collateral, CheckId::QuoteCollateral),
    (Stage::Certificates, CheckId::QuoteCertificates),
    (Stage::Enclave, CheckId::QuoteEnclave),
    (Stage::Signature, CheckId::QuoteSignature),
    (Stage::TcbLevel, CheckId::QuoteTcbLevel),
];

/// A quote verified under one of the collaterals given.
pub(crate) struct Genuine {
    pub(crate) verified: VerifiedQuote,
    collateral_json: String,
}

/// Makes the checks of step 1; the verified quote when all of them hold.
pub(crate) fn check(run: &mut Run<'_>) -> Option<VerifiedQuote> {
    let request = run.request;
    if !request.root.is_intel() {
        run.notice(Reason::RootNotIntel, format!("the trust root is `{}`", request.root.name()), None);
    }
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
    if request.evidence.collateral.len() > MOST {
        too_many(run);
        return None;
    }
    let expiry = if request.policy.collateral.allow_expired { Expiry::Report } else { Expiry::Enforce };
    let result = verify_under_any(request, &quote, expiry);
    second_engine(run, &item.bytes, &result);
    let (genuine, expired) = match result {
        Ok(genuine) => (genuine, None),
        Err(refusal) => match genuine_but_expired(request, &quote, &refusal.error) {
            Some(genuine) => (genuine, Some(refusal.error)),
            None => {
                run.record_all(stopped(&refusal.error));
                return None;
            }
        },
    };
    run.record_all(passed(&genuine.verified, expired.as_deref()));
    run.tcb = Some(facts::tcb(&genuine.verified));
    Some(genuine.verified)
}

/// The quote when nothing but an expiry stands against it. The check of the expired item still fails; all else can be
/// judged, and "genuine" said with reason.
fn genuine_but_expired(request: &Request<'_>, quote: &Quote, error: &QuoteError) -> Option<Genuine> {
    let expired = matches!(
        error.reason(),
        Reason::CertificateExpired | Reason::CrlExpired | Reason::TcbInfoExpired | Reason::QeIdentityExpired
    );
    if expired { verify_under_any(request, quote, Expiry::Report).ok() } else { None }
}

/// Why no collateral sufficed: the error under the one that came furthest, and that collateral.
pub(crate) struct Refusal {
    pub(crate) error: Box<QuoteError>,
    collateral_json: Option<String>,
}

impl Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.error.fmt(f)
    }
}

/// More collaterals than this are refused: one evidence is of one machine, and what is passed over could be the one
/// that decides.
const MOST: usize = 64;

/// Verifies under each collateral given.
///
/// Of those that are genuine, in force and for this platform, the newest decides, whether it accepts or refuses: an
/// older one must not hide what Intel has found out since. A revocation decides at any age, since none is ever taken
/// back. Collateral that is not genuine, not in force or for another platform decides only where there is no other.
pub(crate) fn verify_under_any(
    request: &Request<'_>,
    quote: &Quote,
    expiry: Expiry,
) -> Result<Genuine, Refusal> {
    let mut newest: Option<(Age, Result<Genuine, Refusal>)> = None;
    let mut furthest: Option<Refusal> = None;
    for item in &request.evidence.collateral {
        let (age, result) = verify_under(request, quote, &item.bytes, expiry);
        let error = result.as_ref().err().map(|refusal| refusal.error.as_ref());
        if error.is_some_and(is_revocation) {
            return result;
        }
        match age.filter(|_| !error.is_some_and(is_of_another_platform)) {
            Some(age) if newest.as_ref().is_none_or(|(known, _)| age > *known) => {
                newest = Some((age, result));
            }
            Some(_) => {}
            None => {
                if let Err(refusal) = result
                    && furthest.as_ref().is_none_or(|known| rank(&refusal.error) > rank(&known.error))
                {
                    furthest = Some(refusal);
                }
            }
        }
    }
    match (newest, furthest) {
        (Some((_, result)), _) => result,
        (None, Some(refusal)) => Err(refusal),
        (None, None) => {
            let wanted = quote.pck_hint().map(|hint| (hint.fmspc, hint.ca));
            let error = QuoteError::CollateralMissing { tee: quote.tee(), wanted };
            Err(Refusal { error: Box::new(error), collateral_json: None })
        }
    }
}

/// Lower of the two evaluation numbers, then the latest issue of anything.
type Age = (u32, Option<UnixTime>);

/// What one collateral says of the quote, and its age where it is itself genuine and in force. A refusal comes with
/// the collateral in the second engine's form, where that much could be read.
fn verify_under(
    request: &Request<'_>,
    quote: &Quote,
    collateral: &[u8],
    expiry: Expiry,
) -> (Option<Age>, Result<Genuine, Refusal>) {
    let refusal =
        |error: QuoteError, collateral_json| Err(Refusal { error: Box::new(error), collateral_json });
    let collateral = match Collateral::from_json(collateral) {
        Ok(collateral) => collateral,
        Err(error) => return (None, refusal(error.into(), None)),
    };
    let json = for_second_engine(quote, &collateral);
    let prepared = match collateral.verify_within(request.root, request.as_of, expiry, request.budget) {
        Ok(prepared) => prepared,
        Err(error) => return (None, refusal(error.into(), Some(json))),
    };
    let number = prepared.tcb_info().evaluation_number.min(prepared.qe_identity().evaluation_number);
    let age = (number, prepared.sources().iter().map(|dates| dates.latest_issued).max());
    let result = match prepared.verify(quote, request.as_of) {
        Ok(verified) => Ok(Genuine { verified, collateral_json: json }),
        Err(error) => refusal(error, Some(json)),
    };
    (Some(age), result)
}

/// A PCK chain beside the collateral is for quotes without one; dcap-qvl would take it in place of the quote's own,
/// and so judge another platform.
fn for_second_engine(quote: &Quote, collateral: &Collateral) -> String {
    let mut parts = collateral.parts().clone();
    if quote.certification().kind() == CertificationType::PckChain {
        parts.pck_certificate_chain = None;
    }
    Collateral::from_parts(parts).to_json()
}

const fn is_revocation(error: &QuoteError) -> bool {
    matches!(
        error.reason(),
        Reason::PckRevoked | Reason::CaRevoked | Reason::RootRevoked | Reason::SignerRevoked
    )
}

/// Collateral for another platform says nothing of this one.
const fn is_of_another_platform(error: &QuoteError) -> bool {
    matches!(
        error.reason(),
        Reason::FmspcMismatch
            | Reason::CollateralKindMismatch
            | Reason::PceIdMismatch
            | Reason::CrlIssuer
            | Reason::PckChainMissing
    )
}

/// Which of two refusals says more.
fn rank(error: &QuoteError) -> (bool, usize) {
    let silent = is_of_another_platform(error) || error.reason() == Reason::CollateralMalformed;
    (!silent, STAGES.iter().position(|(stage, _)| *stage == error.stage()).unwrap_or(0))
}

/// All stages hold, save what has expired.
fn passed(verified: &VerifiedQuote, expired: Option<&QuoteError>) -> Vec<Check> {
    let quote = verified.quote();
    let expires = verified.collateral().earliest_expiration();
    let expires = expires.map_or_else(String::new, |time| format!(", until {time}"));
    let tcb = verified.tcb();
    let platform = verified.platform();
    let details = [
        format!(
            "version {}, {}, {} bytes signed",
            quote.header().version,
            quote.tee(),
            quote.signed_bytes().len()
        ),
        format!("TCB info, QE identity and two CRLs under {}, in force{expires}", verified.root().name()),
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
    stages
        .map(|((stage, id), detail)| match expired.filter(|error| error.stage() == stage) {
            Some(error) => refused(id, error),
            None => Check::pass(id, detail),
        })
        .collect()
}

fn refused(id: CheckId, error: &QuoteError) -> Check {
    let mut check = Check::from_reason(id, error.reason(), error.to_string());
    check.expected = error.expected();
    check.got = error.got();
    check.location = error.location();
    check.explain = error.next().map(str::to_owned);
    check
}

fn too_many(run: &mut Run<'_>) {
    let given = run.request.evidence.collateral.len();
    run.record(Check::pass(CheckId::QuoteFormat, "holds"));
    let detail = format!("{given} collaterals were given, at most {MOST} are looked at");
    run.record(
        Check::from_reason(CheckId::QuoteCollateral, Reason::CollateralTooLarge, detail)
            .compared(format!("at most {MOST}"), given)
            .next("bring the collateral for this machine's processor family alone"),
    );
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

/// The checks of step 1 for a result that was come to elsewhere.
pub(crate) fn stage_checks(result: &Result<VerifiedQuote, QuoteError>) -> Vec<Check> {
    match result {
        Ok(verified) => passed(verified, None),
        Err(error) => stopped(error),
    }
}

fn second_engine(run: &mut Run<'_>, quote: &[u8], result: &Result<Genuine, Refusal>) {
    let request = run.request;
    let id = CheckId::QuoteSecondOpinion;
    if request.engine == Engine::Native {
        run.record(Check::not_checked(id, Reason::SecondEngineNotRun, "asked for our engine only"));
        return;
    }
    let (ours, collateral_json) = match result {
        Ok(genuine) => (Ours::Accepts(Acceptance::of(&genuine.verified)), Some(&genuine.collateral_json)),
        Err(refusal) => (Ours::Refuses(&refusal.error), refusal.collateral_json.as_ref()),
    };
    let Some(collateral_json) = collateral_json else { return };
    let theirs = second_opinion::ask(quote, collateral_json, request.root.der(), request.as_of);
    let name = second_opinion::NAME;
    run.record(match compare(&ours, theirs, request.policy.collateral.allow_expired) {
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
    });
}
