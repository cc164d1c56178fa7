//! The rows of `docs/divergences.md` that are no single fault of a quote or collateral: what the comparer makes of a
//! universe of each.

use crate::judge::{SEED, opinion, ours, tdx};
use veritee_quote::Budget;
use veritee_quote::QuoteReason;
use veritee_quote::divergence::{Acceptance, Divergence, Opinion, Ours, compare};
use veritee_quote::{Collateral, Expiry, Quote, QuoteError, TrustRoot};
use veritee_testkit::{Body, Forged, Role, Shape, Universe};

/// What has to come of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The engines differ, under this name.
    Listed(Divergence),
    /// Only Intel's library differs: the two engines refuse together.
    BothRefuse,
    /// Only Intel's library differs: the two engines accept together.
    BothAccept,
}

pub(crate) struct Row {
    pub(crate) row: &'static str,
    wanted: Wanted,
    opinion: Opinion,
}

pub(crate) fn cases() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |row, wanted, forged: &Forged| rows.push(Row { row, wanted, opinion: opinion(forged) });
    let listed = |row: Divergence| (row.name(), Wanted::Listed(row));

    let (name, wanted) = listed(Divergence::TdAttributesByPolicy);
    for attributes in [[0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0x30, 0, 0, 0, 0], [0, 1, 0, 0x10, 0, 0, 0, 0]] {
        row(name, wanted, &tdx().quote(|quote| quote.td().td_attributes = attributes).forge());
    }

    row("current-tcb-revoked", Wanted::BothRefuse, &now_at("Revoked", &[]));

    let (name, wanted) = listed(Divergence::CurrentAdvisories);
    for advisories in [&["INTEL-SA-01999"][..], &["INTEL-SA-01998", "INTEL-SA-01999"]] {
        for status in ["UpToDate", "SWHardeningNeeded", "OutOfDate"] {
            row(name, wanted, &now_at(status, advisories));
        }
    }
    row("current-advisories", Wanted::BothAccept, &now_at("UpToDate", &[]));

    let (name, wanted) = listed(Divergence::EnclaveConfiguration);
    for shape in [Shape::SgxV3, Shape::TdxV4, Shape::TdxV5Td15] {
        for status in ["ConfigurationNeeded", "OutOfDateConfigurationNeeded"] {
            let universe = Universe::with_shape(SEED, shape);
            row(name, wanted, &universe.qe_identity(|it| it.levels[0].status = status.to_owned()).forge());
        }
    }

    let (name, wanted) = listed(Divergence::OlderRootRevoked);
    let chains: [fn(Universe) -> Universe; 3] = [
        |it| it.change(|it| it.collateral.pck_crl_issuer_chain[1] = Role::OlderRoot),
        |it| it.change(|it| it.collateral.tcb_info_issuer_chain[1] = Role::OlderRoot),
        |it| it.change(|it| it.collateral.qe_identity_issuer_chain[1] = Role::OlderRoot),
    ];
    for change in chains {
        row(name, wanted, &change(tdx()).revoke(Role::OlderRoot).forge());
        row(name, Wanted::BothAccept, &change(tdx()).forge());
    }

    row("issue-dates", Wanted::BothRefuse, &tdx().at("2026-09-30T00:00:00Z").forge());
    row("crl-next-update", Wanted::BothRefuse, &tdx().at("2027-10-01T00:00:00Z").forge());
    let spaced = |text: String| text.replacen(':', ": ", 1);
    row("raw-bytes", Wanted::BothAccept, &tdx().tcb_info(|it| it.edit = Some(spaced)).forge());
    let mut rewritten = tdx().forge();
    rewritten.collateral.tcb_info.text.push(' ');
    row("raw-bytes", Wanted::BothRefuse, &rewritten);
    let mut unchecked = tdx().forge();
    unchecked.collateral.qe_identity.text.clear();
    row("one-call", Wanted::BothRefuse, &unchecked);

    // Beyond the single faults: what only the last level lacks, the peer never comes to.
    let (name, wanted) = listed(Divergence::UnreachedLevel);
    row(name, wanted, &tdx().tcb_info(|it| it.edit = Some(without_last_components)).forge());
    let (name, wanted) = listed(Divergence::TcbInfoForm);
    row(name, wanted, &tdx().tcb_info(|it| it.edit = Some(with_an_odd_last_date)).forge());

    rows.push(too_large());
    rows.push(expired());
    rows
}

#[allow(clippy::string_slice, reason = "ASCII JSON of our own making")]
fn without_last_components(mut text: String) -> String {
    let mut start = text.rfind("\"tdxtcbcomponents\"").unwrap();
    let mut end = start + text[start..].find(']').unwrap() + 1;
    if text[end..].starts_with(',') {
        end += 1;
    } else {
        start -= 1;
    }
    text.replace_range(start..end, "");
    text
}

fn with_an_odd_last_date(mut text: String) -> String {
    let start = text.rfind("\"tcbDate\":\"").unwrap() + "\"tcbDate\":\"".len();
    text.replace_range(start..=start, "x");
    text
}

/// A TD 1.5 whose platform is at the first level at launch, and at one of this status and these advisories now.
fn now_at(status: &str, advisories: &[&str]) -> Forged {
    Universe::with_shape(SEED, Shape::TdxV5Td15)
        .tcb_info(|info| {
            let mut now = info.levels[0].clone();
            now.tdx[2] = now.tdx[2].checked_sub(1).unwrap();
            now.status = status.to_owned();
            now.advisories = advisories.iter().map(|advisory| (*advisory).to_owned()).collect();
            info.levels.insert(1, now);
        })
        .quote(|quote| {
            let Body::Td(report) = &mut quote.body else { panic!("a TD") };
            report.tee_tcb_svn2[2] -= 1;
        })
        .forge()
}

/// Ours under a budget that the collateral exceeds: the peer has none.
fn too_large() -> Row {
    let forged = tdx().forge();
    let mut budget = Budget::STANDARD;
    budget.crl_bytes = 10;
    let judged = || -> Result<_, QuoteError> {
        let collateral = Collateral::from_json(forged.collateral_json().as_bytes())?;
        let root = TrustRoot::from_der(&forged.root_der)?;
        let prepared = collateral.verify_within(&root, forged.as_of, Expiry::Enforce, &budget)?;
        prepared.verify(&Quote::parse(&forged.quote)?, forged.as_of)
    };
    let error = judged().unwrap_err();
    assert_eq!(error.reason(), QuoteReason::CollateralTooLarge);
    let opinion = compare(&Ours::Refuses(&error), theirs(&forged), false);
    let row = Divergence::CollateralSize;
    Row { row: row.name(), wanted: Wanted::Listed(row), opinion }
}

/// Ours where the caller lets expired collateral pass by name.
fn expired() -> Row {
    let forged = tdx().at("2026-11-15T00:00:00Z").forge();
    assert!(ours(&forged).is_err());
    let collateral = Collateral::from_json(forged.collateral_json().as_bytes()).unwrap();
    let root = TrustRoot::from_der(&forged.root_der).unwrap();
    let prepared = collateral.verify_at(&root, forged.as_of, Expiry::Report).unwrap();
    let verified = prepared.verify(&Quote::parse(&forged.quote).unwrap(), forged.as_of).unwrap();
    let ours = Ours::Accepts(Acceptance::of(&verified));
    assert!(matches!(compare(&ours, theirs(&forged), false), Opinion::Differ { .. }));
    let row = Divergence::ExpiredByName;
    Row { row: row.name(), wanted: Wanted::Listed(row), opinion: compare(&ours, theirs(&forged), true) }
}

fn theirs(forged: &Forged) -> veritee_quote::divergence::Theirs {
    crate::judge::asked(&forged.root_der, &forged.quote, &forged.collateral_json(), forged.as_of)
}

#[track_caller]
pub(crate) fn run() {
    for Row { row, wanted, opinion } in cases() {
        let fits = match (&opinion, wanted) {
            (Opinion::BothAccept, Wanted::BothAccept) => true,
            (Opinion::BothRefuse { .. }, Wanted::BothRefuse) => true,
            (Opinion::Listed { divergence, .. }, Wanted::Listed(row)) => *divergence == row,
            _ => false,
        };
        assert!(fits, "{row}: wanted {wanted:?}, {opinion:?}");
    }
}
