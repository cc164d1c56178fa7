//! Step 1: is the quote genuine?

use crate::run::Run;
use crate::second_opinion::{self, Opinion, Ours};
use crate::{Engine, Request, facts};
use core::fmt::Display;
use veritee_model::{Check, CheckId, Reason};
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
            stopped(run, &QuoteError::Parse(error));
            return None;
        }
    };
    run.quote = quote.td().map(|td| facts::quote(&quote, td));
    let result = verify_under_any(request, &quote);
    second_engine(run, &item.bytes, &result);
    match result {
        Ok(genuine) => {
            passed(run, &genuine.verified);
            run.tcb = Some(facts::tcb(&genuine.verified));
            Some(genuine.verified)
        }
        Err(refusal) => {
            stopped(run, &refusal.error);
            None
        }
    }
}

/// Why no collateral sufficed: the error under the one that came furthest, and that collateral.
pub(crate) struct Refusal {
    pub(crate) error: QuoteError,
    collateral_json: Option<String>,
}

impl Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.error.fmt(f)
    }
}

/// Verifies under each collateral given, at most [`MOST`]. Of those that suffice the newest decides, so that nobody
/// can hide a newer TCB level behind an older one in the same evidence.
pub(crate) fn verify_under_any(request: &Request<'_>, quote: &Quote) -> Result<Genuine, Refusal> {
    /// More collaterals than this are not looked at: one evidence is of one machine.
    const MOST: usize = 16;
    let expiry = if request.policy.collateral.allow_expired { Expiry::Report } else { Expiry::Enforce };
    let mut best: Option<Genuine> = None;
    let mut furthest: Option<Refusal> = None;
    for item in request.evidence.collateral.iter().take(MOST) {
        let result = verify_under(request, quote, &item.bytes, expiry);
        match result {
            Ok(genuine) if best.as_ref().is_none_or(|best| age(&genuine) > age(best)) => best = Some(genuine),
            Ok(_) => {}
            Err((error, collateral_json)) => {
                let further = furthest.as_ref().is_none_or(|known| rank(&error) > rank(&known.error));
                if further {
                    furthest = Some(Refusal { error, collateral_json });
                }
            }
        }
    }
    match (best, furthest) {
        (Some(genuine), _) => Ok(genuine),
        (None, Some(refusal)) => Err(refusal),
        (None, None) => {
            let wanted = quote.pck_hint().map(|hint| (hint.fmspc, hint.ca));
            Err(Refusal {
                error: QuoteError::CollateralMissing { tee: quote.tee(), wanted },
                collateral_json: None,
            })
        }
    }
}

/// The error comes with the collateral in the second engine's form, where that much could be read.
fn verify_under(
    request: &Request<'_>,
    quote: &Quote,
    collateral: &[u8],
    expiry: Expiry,
) -> Result<Genuine, (QuoteError, Option<String>)> {
    let collateral = Collateral::from_json(collateral).map_err(|error| (QuoteError::from(error), None))?;
    let collateral_json = for_second_engine(quote, &collateral);
    collateral
        .verify_within(request.root, request.as_of, expiry, request.budget)
        .map_err(QuoteError::from)
        .and_then(|prepared| prepared.verify(quote, request.as_of))
        .map(|verified| Genuine { verified, collateral_json: collateral_json.clone() })
        .map_err(|error| (error, Some(collateral_json)))
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

fn age(genuine: &Genuine) -> (u32, Option<veritee_model::UnixTime>) {
    (genuine.verified.tcb().evaluation_number(), genuine.verified.collateral().latest_issue())
}

/// Which of two refusals says more: collateral for another platform says nothing of this one.
fn rank(error: &QuoteError) -> (bool, usize) {
    let other_platform = matches!(
        error.reason(),
        Reason::FmspcMismatch
            | Reason::CollateralKindMismatch
            | Reason::PceIdMismatch
            | Reason::CollateralMalformed
            | Reason::CrlIssuer
    );
    (!other_platform, STAGES.iter().position(|(stage, _)| *stage == error.stage()).unwrap_or(0))
}

fn passed(run: &mut Run<'_>, verified: &VerifiedQuote) {
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
    for ((_, id), detail) in STAGES.into_iter().zip(details) {
        run.record(Check::pass(id, detail));
    }
}

/// Earlier stages passed, this one did not, later ones were not made.
fn stopped(run: &mut Run<'_>, error: &QuoteError) {
    let stage = error.stage();
    let reached = STAGES.iter().position(|(known, _)| *known == stage).unwrap_or(0);
    for (position, (_, id)) in STAGES.into_iter().enumerate() {
        if position < reached {
            run.record(Check::pass(id, "holds"));
        } else if position == reached {
            let mut check = Check::from_reason(id, error.reason(), error.to_string());
            check.expected = error.expected();
            check.got = error.got();
            check.location = error.location();
            check.explain = error.next().map(str::to_owned);
            run.record(check);
        }
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
        Ok(genuine) => {
            let tcb = genuine.verified.tcb();
            let ours = Ours::Accepts { status: tcb.status.name(), advisories: &tcb.advisories };
            (ours, Some(&genuine.collateral_json))
        }
        Err(refusal) => (Ours::Refuses(refusal.error.reason()), refusal.collateral_json.as_ref()),
    };
    let Some(collateral_json) = collateral_json else { return };
    let allow_expired = request.policy.collateral.allow_expired;
    let opinion = second_opinion::compare(
        &ours,
        quote,
        collateral_json,
        request.root.der(),
        request.as_of,
        allow_expired,
    );
    run.record(match opinion {
        Opinion::BothAccept => {
            Check::pass(id, "dcap-qvl 0.7.1 accepts too, with the same status and advisories")
        }
        Opinion::BothRefuse { theirs } => Check::pass(id, format!("dcap-qvl 0.7.1 refuses too: {theirs}")),
        Opinion::Listed { divergence, theirs } => {
            let theirs = theirs.map_or_else(|| "accepts".to_owned(), |words| format!("refuses: {words}"));
            Check::pass(id, format!("differs as listed, {divergence}; dcap-qvl 0.7.1 {theirs}"))
        }
        Opinion::Differ { ours, theirs } => {
            Check::fail(id, Reason::EnginesDisagree, "the two engines differ in a way that is not listed")
                .compared(ours, theirs)
                .next("one of them is wrong: do not rely on either, and report this evidence")
        }
    });
}
