//! What a case is, and what two engines say of it.

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;
use std::collections::BTreeSet;
use veritee_quote::divergence::{Acceptance, Opinion, Ours, SecondEngine as _, Theirs, compare};
use veritee_quote::{
    Body, Collateral, Expiry, Quote, QuoteError, Stage, TcbStatus, TrustRoot, VerifiedQuote, td_attributes,
};
use veritee_quote::{QuoteReason, UnixTime};
use veritee_second_opinion::DcapQvl;
use veritee_testkit::{Forged, Role, Shape, Universe};

/// One change to a genuine universe, and what has to come of it.
pub(crate) struct Case {
    pub(crate) name: String,
    /// Status codes of Intel's QVL that stand for this fault.
    pub(crate) qvl: &'static [u8],
    pub(crate) expected: Expected,
    /// The listed difference from dcap-qvl 0.7.1, where its answer is another one.
    pub(crate) divergence: Option<&'static str>,
    pub(crate) forged: Forged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Verified(TcbStatus),
    Refused(QuoteReason, Stage),
}

impl Case {
    pub(crate) fn refused(
        name: impl Into<String>,
        qvl: &'static [u8],
        (reason, stage): (QuoteReason, Stage),
        forged: Forged,
    ) -> Self {
        let expected = Expected::Refused(reason, stage);
        Self { name: name.into(), qvl, expected, divergence: None, forged }
    }

    pub(crate) fn verified(
        name: impl Into<String>,
        qvl: &'static [u8],
        status: TcbStatus,
        forged: Forged,
    ) -> Self {
        let expected = Expected::Verified(status);
        Self { name: name.into(), qvl, expected, divergence: None, forged }
    }

    pub(crate) fn diverges(mut self, divergence: &'static str) -> Self {
        self.divergence = Some(divergence);
        self
    }
}

/// Our engine, all the way: quote, root, collateral, verdict.
pub(crate) fn ours(forged: &Forged) -> Result<VerifiedQuote, QuoteError> {
    let quote = Quote::parse(&forged.quote)?;
    let root = TrustRoot::from_der(&forged.root_der)?;
    let collateral = Collateral::from_json(forged.collateral_json().as_bytes())?;
    let prepared = collateral.verify_at(&root, forged.as_of, Expiry::Enforce)?;
    prepared.verify(&quote, forged.as_of)
}

pub(crate) fn outcome(forged: &Forged) -> Expected {
    match ours(forged) {
        Ok(verified) => Expected::Verified(verified.tcb().status),
        Err(error) => Expected::Refused(error.reason(), error.stage()),
    }
}

/// An answer that two engines can give alike: a status with its advisories, or a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Verified { status: String, advisories: BTreeSet<String> },
    Refused(String),
}

impl Answer {
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Refused(_), Self::Refused(_)) => true,
            _ => self == other,
        }
    }
}

/// Our answer under the strict attribute rules, which the peer has built in and we leave to the policy.
pub(crate) fn our_answer(root: &[u8], quote: &[u8], collateral: &[u8], as_of: UnixTime) -> Answer {
    let judged = || -> Result<VerifiedQuote, QuoteError> {
        let quote = Quote::parse(quote)?;
        let root = TrustRoot::from_der(root)?;
        let prepared = Collateral::from_json(collateral)?.verify_at(&root, as_of, Expiry::Enforce)?;
        prepared.verify(&quote, as_of)
    };
    match judged() {
        Err(error) => Answer::Refused(format!("{}: {error}", error.reason())),
        Ok(verified) => match open_to_its_host(verified.body()) {
            Some(fault) => Answer::Refused(fault),
            None => Answer::Verified {
                status: verified.tcb().status.name().to_owned(),
                advisories: verified.tcb().launch.advisories.iter().cloned().collect(),
            },
        },
    }
}

fn open_to_its_host(body: &Body) -> Option<String> {
    match body {
        Body::Td(report) => td_attributes::examine(report).first().map(ToString::to_string),
        Body::Sgx(report) => report.is_debug().then(|| "debug enclave".to_owned()),
    }
}

/// dcap-qvl 0.7.1 with its default settings.
pub(crate) fn their_answer(root: &[u8], quote: &[u8], collateral: &[u8], as_of: UnixTime) -> Answer {
    let collateral: QuoteCollateralV3 = match serde_json::from_slice(collateral) {
        Ok(collateral) => collateral,
        Err(error) => return Answer::Refused(error.to_string()),
    };
    let verify = || QuoteVerifier::new(root.to_vec()).verify(quote, &collateral, as_of.seconds());
    // Its certificate library asserts that the trust root names itself as issuer; one of our cases does not.
    let Ok(verdict) = std::panic::catch_unwind(verify) else { return Answer::Refused("panic".to_owned()) };
    match verdict {
        Ok(report) => {
            Answer::Verified { status: report.status, advisories: report.advisory_ids.into_iter().collect() }
        }
        Err(error) => Answer::Refused(format!("{error:#}")),
    }
}

/// What dcap-qvl 0.7.1 says when it is asked as `veritee verify` asks it: TD attributes are left to the policy.
pub(crate) fn asked(root: &[u8], quote: &[u8], collateral: &str, as_of: UnixTime) -> Theirs {
    // One of our cases has a root that the program would not take, and the peer's certificate library asserts on it.
    std::panic::catch_unwind(|| DcapQvl.ask(quote, collateral, root, as_of))
        .unwrap_or_else(|_| Theirs::Refuses("panic".to_owned()))
}

/// Both engines through the comparer.
pub(crate) fn opinion(forged: &Forged) -> Opinion {
    let theirs = asked(&forged.root_der, &forged.quote, &forged.collateral_json(), forged.as_of);
    let verdict = ours(forged);
    let ours = match &verdict {
        Ok(verified) => Ours::Accepts(Acceptance::of(verified)),
        Err(error) => Ours::Refuses(error),
    };
    compare(&ours, theirs, false)
}

/// A genuine TDX universe.
pub(crate) fn tdx() -> Universe {
    Universe::new(SEED)
}

/// A genuine SGX universe of version 3.
pub(crate) fn sgx() -> Universe {
    Universe::with_shape(SEED, Shape::SgxV3)
}

pub(crate) const SEED: u64 = 1;

/// The change is made to the certificates in the quote only: the collateral stays the genuine one.
pub(crate) fn in_quote(change: impl FnOnce(Universe) -> Universe) -> Forged {
    Forged { quote: change(tdx()).forge().quote, ..tdx().forge() }
}

/// The change is made everywhere, and the trust anchor stays the genuine one.
pub(crate) fn under_genuine_root(changed: &Universe) -> Forged {
    Forged { root_der: tdx().pki.der(Role::Root), ..changed.forge() }
}

/// Runs the cases; every failure is shown before the test fails.
#[track_caller]
pub(crate) fn run(cases: Vec<Case>) {
    let mut names = BTreeSet::new();
    let mut failures = Vec::new();
    for case in cases {
        assert!(names.insert(case.name.clone()), "two cases are named {}", case.name);
        let got = outcome(&case.forged);
        if got != case.expected {
            let detail = ours(&case.forged).map_or_else(|error| error.to_string(), |_verified| String::new());
            failures.push(format!("{}: expected {:?}, got {got:?} {detail}", case.name, case.expected));
        }
        if let Some(difference) = peer_difference(&case) {
            failures.push(difference);
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn peer_difference(case: &Case) -> Option<String> {
    let (forged, json) = (&case.forged, case.forged.collateral_json());
    let args = (&forged.root_der, &forged.quote, json.as_bytes(), forged.as_of);
    let ours = our_answer(args.0, args.1, args.2, args.3);
    let theirs = their_answer(args.0, args.1, args.2, args.3);
    match (ours.same_as(&theirs), case.divergence) {
        (true, None) | (false, Some(_)) => None,
        (false, None) => {
            Some(format!("{}: unlisted difference, ours {ours:?}, theirs {theirs:?}", case.name))
        }
        (true, Some(name)) => Some(format!("{}: agrees although {name} is listed: {theirs:?}", case.name)),
    }
}
