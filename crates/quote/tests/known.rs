//! Which item of which collateral decides, what is held against it, and that no order, name or number of files and
//! nothing that the judged party brings changes that.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use std::sync::LazyLock;
use veritee_quote::Budget;
use veritee_quote::{
    Collateral, Expiry, KnownCollateral, Origin, Quote, QuoteError, TcbStatus, TrustRoot, VerifiedQuote,
    Verifier, View,
};
use veritee_quote::{QuoteReason, ReasonClass, UnixTime};
use veritee_testkit::pki::time;
use veritee_testkit::{Forged, Role, Shape, SigningKey, Universe};

const EARLIER: &str = "2026-09-15T00:00:00Z";
const LATER: &str = "2026-10-10T00:00:00Z";
const YESTERDAY: &str = "2026-10-14T00:00:00Z";

static GENUINE: LazyLock<Forged> = LazyLock::new(|| Universe::new(1).forge());

fn root() -> TrustRoot {
    TrustRoot::from_der(&GENUINE.root_der).unwrap()
}

fn quote() -> Quote {
    Quote::parse(&GENUINE.quote).unwrap()
}

fn as_of() -> UnixTime {
    GENUINE.as_of
}

/// The same universe with a change, as collateral.
fn set(change: impl FnOnce(Universe) -> Universe) -> Collateral {
    Collateral::from_json(change(Universe::new(1)).forge().collateral_json().as_bytes()).unwrap()
}

fn plain() -> Collateral {
    set(|it| it)
}

/// Under which the machine is out of date.
fn out_of_date(universe: Universe) -> Universe {
    universe.tcb_info(|info| info.levels[0].status = "OutOfDate".into())
}

fn numbered(universe: Universe, number: u32, issued: &str) -> Universe {
    universe.tcb_info(|info| {
        info.evaluation_number = number.into();
        info.issue_date = issued.into();
    })
}

fn expired_tcb_info(universe: Universe) -> Universe {
    universe.tcb_info(|info| info.next_update = YESTERDAY.into())
}

/// TCB info and QE identity signed by another signer than the one that they mostly are.
fn new_signer(universe: Universe) -> Universe {
    universe.pki(|pki| pki.replace_key(Role::TcbSigner, SigningKey::derive(77, "another signer")))
}

fn known(given: &[(&Collateral, Origin)]) -> KnownCollateral {
    let mut known = KnownCollateral::new(&root(), &Budget::STANDARD);
    for (number, (collateral, origin)) in given.iter().enumerate() {
        known.add(collateral, *origin, &format!("{number}.json"));
    }
    known
}

fn callers(sets: &[Collateral]) -> KnownCollateral {
    known(&sets.iter().map(|set| (set, Origin::Caller)).collect::<Vec<_>>())
}

fn judge(known: &KnownCollateral) -> Result<VerifiedQuote, QuoteError> {
    known.verify(&quote(), View::Judge, as_of(), Expiry::Enforce)
}

#[track_caller]
fn refused(sets: &[Collateral], reason: QuoteReason) {
    // Whatever the order, and given twice.
    for turn in 0..sets.len() {
        let mut turned = sets.to_vec();
        turned.rotate_left(turn);
        turned.extend(sets.to_vec());
        let error = judge(&callers(&turned)).unwrap_err();
        assert_eq!(error.reason(), reason, "turned by {turn}: {error}");
        turned.reverse();
        assert_eq!(judge(&callers(&turned)).unwrap_err().reason(), reason, "reversed, turned by {turn}");
    }
}

#[track_caller]
fn verified(sets: &[Collateral], status: TcbStatus) -> VerifiedQuote {
    let first = judge(&callers(sets)).unwrap();
    let mut reversed = sets.to_vec();
    reversed.reverse();
    let second = judge(&callers(&reversed)).unwrap();
    assert_eq!(first.tcb().status, status);
    assert_eq!(serde_json::to_value(&first).unwrap(), serde_json::to_value(&second).unwrap());
    first
}

#[test]
fn a_revocation_counts_whatever_stands_beside_it() {
    type Change = fn(Universe) -> Universe;
    let beside: [Change; 8] = [
        |it| it,
        expired_tcb_info,
        |it| it.qe_identity(|identity| identity.next_update = YESTERDAY.into()),
        |it| it.pck_crl(|list| list.next_update = Some(time(YESTERDAY))),
        |it| it.pck_crl(|list| list.this_update = time("2026-11-01T00:00:00Z")),
        |it| it.tcb_info(|info| info.fmspc = "000000000001".into()),
        |it| it.tcb_info(|info| info.signed_by = Role::Stranger),
        |it| it.qe_identity(|identity| identity.signed_by = Role::Stranger),
    ];
    for change in beside {
        let revoking = set(|it| change(it.revoke(Role::Pck)));
        refused(&[plain(), revoking.clone()], QuoteReason::PckRevoked);
        refused(
            &[plain(), revoking, set(|it| it.pck_crl(|list| list.this_update = time(LATER)))],
            QuoteReason::PckRevoked,
        );
    }
    // Of another kind of TEE, under the same CA.
    let sgx = Universe::with_shape(1, Shape::SgxV4).pki(|pki| *pki = Universe::new(1).pki).revoke(Role::Pck);
    let sgx = Collateral::from_json(sgx.forge().collateral_json().as_bytes()).unwrap();
    refused(&[plain(), sgx.clone()], QuoteReason::PckRevoked);
    // Alone: the revocation is told, not that the rest is missing.
    refused(&[sgx], QuoteReason::PckRevoked);
    refused(&[set(|it| expired_tcb_info(it.revoke(Role::Pck)))], QuoteReason::PckRevoked);
}

#[test]
fn what_the_root_has_revoked_is_held_against_every_set() {
    let revoking = |role| set(|it| expired_tcb_info(it.revoke(role)));
    refused(&[plain(), revoking(Role::PlatformCa)], QuoteReason::CaRevoked);
    refused(&[plain(), revoking(Role::Root)], QuoteReason::RootRevoked);
    refused(&[plain(), revoking(Role::TcbSigner)], QuoteReason::SignerRevoked);
    let by_older_root = |it: Universe| {
        it.change(|it| {
            it.collateral.tcb_info_issuer_chain = vec![Role::TcbSigner, Role::OlderRoot];
            it.collateral.qe_identity_issuer_chain = vec![Role::TcbSigner, Role::OlderRoot];
        })
    };
    let older_root = set(by_older_root);
    verified(std::slice::from_ref(&older_root), TcbStatus::UpToDate);
    let revoked = set(|it| expired_tcb_info(by_older_root(it.revoke(Role::OlderRoot))));
    refused(&[older_root.clone(), revoked.clone()], QuoteReason::RootRevoked);
    // What hangs from the pinned one stays.
    verified(&[plain(), older_root, revoked], TcbStatus::UpToDate);
}

#[test]
fn what_a_revoked_signer_has_signed_outbids_nobody() {
    let old_signer = Universe::new(1).pki.serial(Role::TcbSigner);
    let callers_own = set(|it| {
        new_signer(out_of_date(it)).root_crl(|list| {
            list.this_update = time(LATER);
            list.revoke(&old_signer);
        })
    });
    verified(std::slice::from_ref(&callers_own), TcbStatus::OutOfDate);
    for number in [19, 20, 21, 99, u32::MAX] {
        let bid = set(|it| {
            numbered(it, number, LATER).qe_identity(|identity| identity.evaluation_number = number.into())
        });
        verified(&[callers_own.clone(), bid], TcbStatus::OutOfDate);
    }
    // In favour of the revoked one alone there is nothing.
    let nothing_else = set(|it| it.root_crl(|list| list.revoke(&old_signer)));
    refused(&[nothing_else, plain()], QuoteReason::SignerRevoked);
}

#[test]
fn each_item_is_chosen_by_its_own_number_and_date() {
    // A newer TCB info beside an older QE identity, and the other way round.
    let newer = set(|it| {
        numbered(out_of_date(it), 21, LATER).qe_identity(|identity| identity.evaluation_number = 19)
    });
    let with_newer_lists = set(|it| {
        it.pck_crl(|list| list.this_update = time(LATER)).root_crl(|list| list.this_update = time(LATER))
    });
    let verdict = verified(&[newer.clone(), with_newer_lists], TcbStatus::OutOfDate);
    let used = verdict.judged_by();
    assert_eq!((used.tcb_info().evaluation_number, used.qe_identity().evaluation_number), (21, 20));
    // At the same number the later issue; a later issue of a lower number is Intel's service to those who lag.
    verified(&[plain(), set(|it| numbered(out_of_date(it), 20, LATER))], TcbStatus::OutOfDate);
    verified(&[newer, set(|it| numbered(it, 20, "2026-10-12T00:00:00Z"))], TcbStatus::OutOfDate);
    verified(&[plain(), set(|it| numbered(out_of_date(it), 19, LATER))], TcbStatus::UpToDate);
    // Lists by their number first.
    let lists = [
        set(|it| it.pck_crl(|list| list.set_number(7))),
        set(|it| {
            it.pck_crl(|list| {
                list.set_number(6);
                list.this_update = time(LATER);
            })
        }),
    ];
    assert_eq!(verified(&lists, TcbStatus::UpToDate).collateral().pck_crl_number, "07");
}

#[test]
fn an_honest_verdict_may_take_its_items_from_two_sets() {
    let stale_documents =
        set(|it| expired_tcb_info(it.qe_identity(|identity| identity.next_update = YESTERDAY.into())));
    let stale_lists = set(|it| {
        it.pck_crl(|list| {
            list.this_update = time(EARLIER);
            list.next_update = Some(time(YESTERDAY));
        })
    });
    refused(std::slice::from_ref(&stale_documents), QuoteReason::TcbInfoExpired);
    refused(std::slice::from_ref(&stale_lists), QuoteReason::CrlExpired);
    verified(&[stale_documents.clone(), stale_lists.clone()], TcbStatus::UpToDate);
    let for_another_family = set(|it| it.tcb_info(|info| info.fmspc = "000000000001".into()));
    verified(&[stale_lists, for_another_family], TcbStatus::UpToDate);
    refused(
        &[stale_documents, set(|it| expired_tcb_info(numbered(it, 99, LATER)))],
        QuoteReason::TcbInfoExpired,
    );
}

#[test]
fn what_has_expired_never_outbids_what_is_in_force() {
    let expired = set(|it| expired_tcb_info(numbered(it, 99, LATER)));
    let in_force = set(out_of_date);
    for expiry in [Expiry::Enforce, Expiry::Report] {
        let verdict =
            callers(&[expired.clone(), in_force.clone()]).verify(&quote(), View::Judge, as_of(), expiry);
        let verdict = verdict.unwrap();
        assert_eq!(verdict.tcb().status, TcbStatus::OutOfDate);
        assert!(verdict.collateral().expired.is_empty());
    }
    // Alone it decides for who lets it, and is named.
    let alone = callers(&[expired]).verify(&quote(), View::Judge, as_of(), Expiry::Report).unwrap();
    assert_eq!(alone.collateral().expired.len(), 1);
}

#[test]
fn what_is_damaged_or_expired_is_never_called_missing() {
    let mut damaged = plain().parts().clone();
    damaged.tcb_info.push(' ');
    let damaged = Collateral::from_parts(damaged);
    refused(std::slice::from_ref(&damaged), QuoteReason::TcbInfoSignature);
    verified(&[damaged.clone(), plain()], TcbStatus::UpToDate);
    assert_eq!(callers(&[damaged, plain()]).damaged().count(), 1);
    refused(&[set(expired_tcb_info)], QuoteReason::TcbInfoExpired);
    assert_eq!(judge(&callers(&[])).unwrap_err().reason(), QuoteReason::CollateralMissing);
}

type Verdict = Result<VerifiedQuote, QuoteError>;

/// The verdict in the judging side's view, and those that are made beside it.
fn all_views(known: &KnownCollateral) -> (Verdict, Vec<(View, Verdict)>) {
    (judge(known), known.verify_otherwise(&quote(), as_of(), Expiry::Enforce))
}

/// The judging side's verdict and the one under everything.
fn both(known: &KnownCollateral) -> (Verdict, Option<Verdict>) {
    let (own, others) = all_views(known);
    let all = others.into_iter().find(|(view, _)| *view == View::All);
    (own, all.map(|(_, verdict)| verdict))
}

#[test]
fn the_judged_party_fills_gaps_and_outbids_nobody() {
    let judged =
        |own: &Collateral, brought: &Collateral| known(&[(own, Origin::Caller), (brought, Origin::Judged)]);
    // A newer, kinder TCB info: the judging side's own verdict stays, the other is made too.
    let kinder = set(|it| numbered(it, 21, LATER));
    let (own, other) = both(&judged(&set(out_of_date), &kinder));
    assert_eq!(own.unwrap().tcb().status, TcbStatus::OutOfDate);
    assert_eq!(other.unwrap().unwrap().tcb().status, TcbStatus::UpToDate);
    // A newer, stricter one is made too.
    let (own, other) = both(&judged(&plain(), &set(|it| numbered(out_of_date(it), 21, LATER))));
    assert_eq!(own.unwrap().tcb().status, TcbStatus::UpToDate);
    assert_eq!(other.unwrap().unwrap().tcb().status, TcbStatus::OutOfDate);
    // Nothing that is older, or the same, makes a second verdict.
    for same in [plain(), set(|it| numbered(it, 19, EARLIER))] {
        assert!(both(&judged(&plain(), &same)).1.is_none());
    }
    // What has expired at the judging side, or is damaged, is no gap.
    for own in [set(expired_tcb_info), set(|it| it.tcb_info(|info| info.signed_by = Role::Stranger))] {
        assert!(both(&judged(&own, &plain())).0.is_err());
    }
    // What is for another family is one.
    let elsewhere = set(|it| it.tcb_info(|info| info.fmspc = "000000000001".into()));
    assert_eq!(both(&judged(&elsewhere, &plain())).0.unwrap().tcb().status, TcbStatus::UpToDate);
    assert!(judge(&known(&[(&plain(), Origin::Judged)])).is_ok());
    // A revocation that it brings counts for the judging side's verdict as well.
    assert_eq!(
        judge(&judged(&plain(), &set(|it| expired_tcb_info(it.revoke(Role::Pck))))).unwrap_err().reason(),
        QuoteReason::PckRevoked
    );
}

/// The judging side's 18 by the usual signer says out of date. Two others by another signer, of the same and of a lower
/// number, are kinder.
fn judges_own(more: &[(u32, u32)]) -> Vec<Collateral> {
    let mut own = vec![set(|it| {
        numbered(out_of_date(it), 21, LATER).qe_identity(|identity| identity.evaluation_number = 21)
    })];
    own.extend(more.iter().map(|(number, identity)| {
        set(|it| {
            numbered(new_signer(it), *number, EARLIER)
                .qe_identity(|known| known.evaluation_number = (*identity).into())
        })
    }));
    own
}

/// A list of somebody else's that takes an item of the judging side's away does not make room for a kinder one.
#[test]
fn a_revocation_that_the_judged_party_brings_makes_no_room_for_a_kinder_item() {
    let signer = Universe::new(1).pki.serial(Role::TcbSigner);
    let revoking = set(|it| expired_tcb_info(new_signer(it)).root_crl(|list| list.revoke(&signer)));
    for more in [vec![(18, 20)], vec![(18, 18)], vec![(18, 20), (18, 18)]] {
        let own = judges_own(&more);
        assert_eq!(judge(&callers(&own)).unwrap().tcb().status, TcbStatus::OutOfDate);
        for origin in [Origin::Judged, Origin::Bystander] {
            let mut given: Vec<_> = own.iter().map(|set| (set, Origin::Caller)).collect();
            given.push((&revoking, origin));
            let (first, others) = all_views(&known(&given));
            assert_eq!(
                first.unwrap().tcb().status,
                TcbStatus::UpToDate,
                "what the revoked signer signed is gone"
            );
            let (_, own_view) = others.iter().find(|(view, _)| *view == View::Own).unwrap();
            assert_eq!(own_view.as_ref().unwrap().tcb().status, TcbStatus::OutOfDate, "{origin} {more:?}");
        }
        // The judging side's own list takes it away for good, also when somebody else has given it before.
        for order in [[Origin::Caller, Origin::Judged], [Origin::Judged, Origin::Caller]] {
            let mut given: Vec<_> = order.iter().map(|origin| (&revoking, *origin)).collect();
            given.extend(own.iter().map(|set| (set, Origin::Caller)));
            let (first, others) = all_views(&known(&given));
            assert_eq!((first.unwrap().tcb().status, others.len()), (TcbStatus::UpToDate, 0));
        }
    }
}

/// As found by the property below: 18 under identity 18, whose signer the judged party's list names, beside 18/20 and
/// 18/18 of another signer. And the same with the chain of an older root, and of a list whose CA is named.
#[test]
fn an_item_that_is_gone_by_the_judged_party_s_list_still_refuses() {
    let signer = Universe::new(1).pki.serial(Role::TcbSigner);
    let by = |it: Universe, identity: u32, issued| {
        numbered(it, 18, issued).qe_identity(|known| known.evaluation_number = identity.into())
    };
    let own = [
        set(|it| by(out_of_date(it), 18, LATER)),
        set(|it| by(new_signer(it), 20, EARLIER)),
        set(|it| by(new_signer(it), 18, EARLIER)),
    ];
    let revoking = set(|it| new_signer(it).root_crl(|list| list.revoke(&signer)));
    let mut given: Vec<_> = own.iter().map(|set| (set, Origin::Caller)).collect();
    assert_eq!(judge(&known(&given)).unwrap().tcb().status, TcbStatus::OutOfDate);
    given.push((&revoking, Origin::Judged));
    let (first, others) = all_views(&known(&given));
    let statuses: Vec<_> = others.iter().map(|(_, verdict)| verdict.as_ref().unwrap().tcb().status).collect();
    assert_eq!(first.unwrap().tcb().status, TcbStatus::UpToDate);
    assert!(statuses.contains(&TcbStatus::OutOfDate), "{statuses:?}");

    let older_root = |it: Universe| {
        it.change(|it| it.collateral.tcb_info_issuer_chain = vec![Role::TcbSigner, Role::OlderRoot])
    };
    let own = [set(|it| older_root(by(out_of_date(it), 20, LATER))), set(|it| by(it, 20, EARLIER))];
    let revoking = set(|it| it.revoke(Role::OlderRoot));
    let given = [(&own[0], Origin::Caller), (&own[1], Origin::Store), (&revoking, Origin::Judged)];
    let (first, others) = all_views(&known(&given));
    assert_eq!(first.unwrap().tcb().status, TcbStatus::UpToDate);
    let (_, own_view) = others.iter().find(|(view, _)| *view == View::Own).unwrap();
    assert_eq!(own_view.as_ref().unwrap().tcb().status, TcbStatus::OutOfDate);
}

/// What the judged party brings under a signer that it says itself is revoked counts for nothing in any view.
#[test]
fn what_fills_a_gap_is_held_against_every_revocation() {
    let signer = Universe::new(1).pki.serial(Role::TcbSigner);
    let brought = [
        set(|it| numbered(out_of_date(it), 21, LATER)),
        set(|it| numbered(new_signer(it), 20, EARLIER).root_crl(|list| list.revoke(&signer))),
    ];
    let (first, others) = all_views(&known(&[(&brought[0], Origin::Judged), (&brought[1], Origin::Judged)]));
    assert_eq!((first.unwrap().tcb().status, others.len()), (TcbStatus::UpToDate, 0));
}

#[test]
fn of_a_bystander_nothing_but_revocations_counts() {
    let with = |brought: &Collateral| known(&[(&plain(), Origin::Caller), (brought, Origin::Bystander)]);
    let (own, other) = both(&with(&set(|it| numbered(out_of_date(it), 99, LATER))));
    assert_eq!((own.unwrap().tcb().status, other.is_none()), (TcbStatus::UpToDate, true));
    assert_eq!(judge(&with(&set(|it| it.revoke(Role::Pck)))).unwrap_err().reason(), QuoteReason::PckRevoked);
    let alone = known(&[(&plain(), Origin::Bystander)]);
    assert_eq!(judge(&alone).unwrap_err().reason(), QuoteReason::CollateralMissing);
}

#[test]
fn a_hundred_files_are_all_looked_at() {
    let mut sets: Vec<Collateral> = (0..100)
        .map(|day| {
            set(|it| {
                it.tcb_info(move |info| {
                    info.issue_date = format!("2026-08-{:02}T00:00:{:02}Z", day % 28 + 1, day % 60);
                })
            })
        })
        .collect();
    sets.push(set(|it| it.revoke(Role::Pck)));
    assert_eq!(judge(&callers(&sets)).unwrap_err().reason(), QuoteReason::PckRevoked);
}

#[test]
fn dates_of_the_platform_s_certificate_are_of_the_certificate_stage() {
    use veritee_quote::Stage;
    let expired = Universe::new(1)
        .certificate(Role::Pck, |it| it.not_after = time(YESTERDAY))
        .quote(|quote| quote.qe_report_signed_by = Role::Stranger);
    let forged = expired.forge();
    let error = callers(&[plain()])
        .verify(&Quote::parse(&forged.quote).unwrap(), View::Judge, as_of(), Expiry::Enforce)
        .unwrap_err();
    assert_eq!((error.stage(), error.reason()), (Stage::Certificates, QuoteReason::CertificateExpired));
}

/// What a set in the random universes may be.
#[derive(Debug, Clone)]
struct Drawn {
    number: u32,
    identity: u32,
    out_of_date: bool,
    issued: &'static str,
    expired: (bool, bool, bool),
    revokes: Option<Role>,
    signer: bool,
    damaged: bool,
    family: bool,
    origin: Origin,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let role = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Role::Pck)),
        1 => Just(Some(Role::TcbSigner)),
        1 => Just(Some(Role::PlatformCa)),
        1 => Just(Some(Role::OlderRoot)),
    ];
    let rare = || proptest::bool::weighted(0.2);
    (
        (
            18..22_u32,
            18..22_u32,
            any::<bool>(),
            proptest::sample::select(vec![EARLIER, "2026-10-01T00:00:00Z", LATER]),
        ),
        (rare(), rare(), rare(), role),
        (
            any::<bool>(),
            rare(),
            rare(),
            proptest::sample::select(vec![Origin::Caller, Origin::Store, Origin::Judged, Origin::Bystander]),
        ),
    )
        .prop_map(
            |(
                (number, identity, out_of_date, issued),
                (a, b, c, revokes),
                (signer, damaged, family, origin),
            )| {
                Drawn {
                    number,
                    identity,
                    out_of_date,
                    issued,
                    expired: (a, b, c),
                    revokes,
                    signer,
                    damaged,
                    family,
                    origin,
                }
            },
        )
}

impl Drawn {
    fn collateral(&self) -> Collateral {
        let revoked = self.revokes.map(|role| (role, Universe::new(1).pki.serial(role)));
        let mut universe = Universe::new(1);
        if self.signer {
            universe = new_signer(universe);
        }
        if self.out_of_date {
            universe = out_of_date(universe);
        }
        let mut universe = numbered(universe, self.number, self.issued)
            .qe_identity(|identity| identity.evaluation_number = self.identity.into())
            .pck_crl(|list| list.this_update = time(self.issued));
        if self.expired.0 {
            universe = expired_tcb_info(universe);
        }
        if self.expired.1 {
            universe = universe.qe_identity(|identity| identity.next_update = YESTERDAY.into());
        }
        if self.expired.2 {
            universe = universe.pck_crl(|list| list.next_update = Some(time(YESTERDAY)));
        }
        if self.family {
            universe = universe.tcb_info(|info| info.fmspc = "000000000001".into());
        }
        match revoked {
            Some((Role::Pck, serial)) => universe.collateral.pck_crl.revoke(&serial),
            Some((_, serial)) => universe.collateral.root_crl.revoke(&serial),
            None => {}
        }
        let collateral = Collateral::from_json(universe.forge().collateral_json().as_bytes()).unwrap();
        if !self.damaged {
            return collateral;
        }
        let mut parts = collateral.parts().clone();
        parts.qe_identity.push(' ');
        Collateral::from_parts(parts)
    }
}

fn told(result: &Result<VerifiedQuote, QuoteError>) -> String {
    match result {
        Ok(verified) => serde_json::to_string(verified).unwrap(),
        Err(error) => error.reason().to_string(),
    }
}

fn is_revocation(result: &Result<VerifiedQuote, QuoteError>) -> bool {
    let machines = [QuoteReason::PckRevoked, QuoteReason::CaRevoked, QuoteReason::RootRevoked];
    result.as_ref().is_err_and(|error| machines.contains(&error.reason()))
}

/// Refused, or not genuine: what nothing of the judged party's may undo.
fn is_refusal(result: &Result<VerifiedQuote, QuoteError>) -> bool {
    result
        .as_ref()
        .is_err_and(|error| matches!(error.reason().class(), ReasonClass::Refused | ReasonClass::NotGenuine))
}

#[test]
fn no_order_no_duplicate_and_no_addition_undoes_a_refusal() {
    let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
    let cases = (proptest::collection::vec(drawn(), 1..6), any::<Index>(), any::<u64>());
    TestRunner::new(config)
        .run(&cases, |(drawn, chosen, seed)| {
            let sets: Vec<(Collateral, Origin)> =
                drawn.iter().map(|it| (it.collateral(), it.origin)).collect();
            let given = |sets: &[(Collateral, Origin)]| {
                known(&sets.iter().map(|(set, origin)| (set, *origin)).collect::<Vec<_>>())
            };
            let everything = given(&sets);
            let (own, others) = all_views(&everything);
            let told_of = |others: &[(View, Verdict)]| -> Vec<_> {
                others.iter().map(|(view, verdict)| (*view, told(verdict))).collect()
            };
            let accepted = own.is_ok() && others.iter().all(|(_, verdict)| verdict.is_ok());
            // Any order, with duplicates.
            let mut shuffled = sets.clone();
            let length = shuffled.len();
            for at in 0..length {
                let with =
                    usize::try_from(seed.rotate_left(u32::try_from(at).unwrap()) % 97).unwrap() % length;
                shuffled.swap(at, with);
            }
            shuffled.push(shuffled[0].clone());
            let (own_again, others_again) = all_views(&given(&shuffled));
            prop_assert_eq!(told(&own), told(&own_again));
            prop_assert_eq!(told_of(&others), told_of(&others_again));
            // With a memory, cold and warm.
            let verifier = Verifier::new(everything.clone(), Expiry::Enforce);
            for _ in 0..2 {
                prop_assert_eq!(told(&verifier.verify(&quote(), as_of())), told(&own));
                let remembered = verifier.verify_otherwise(&quote(), as_of(), Expiry::Enforce);
                prop_assert_eq!(told_of(&remembered), told_of(&others));
                for view in [View::Judge, View::All, View::Own] {
                    let late = verifier.verify_in(&quote(), view, as_of(), Expiry::Report);
                    prop_assert_eq!(
                        told(&late),
                        told(&everything.verify(&quote(), view, as_of(), Expiry::Report))
                    );
                    let deciding = everything.deciding(&quote(), view, as_of(), None).items;
                    prop_assert_eq!(verifier.deciding(&quote(), view, as_of(), Expiry::Enforce), deciding);
                }
            }
            // One fewer, and then added.
            let left_out = chosen.index(length);
            let mut fewer = sets.clone();
            fewer.remove(left_out);
            if is_revocation(&judge(&given(&fewer))) {
                prop_assert!(!accepted, "a revocation was undone: {:?}", drawn);
            }
            // Without anything of the judged party's.
            let judges: Vec<_> = sets.iter().filter(|(_, origin)| origin.is_judge()).cloned().collect();
            let without = judge(&given(&judges));
            if is_refusal(&without) {
                prop_assert!(!accepted, "the judged party has undone a refusal: {:?}", drawn);
            }
            if without.is_ok() {
                // What it adds may make it stricter, not kinder: the verdict without it is among those made.
                let kept = told(&own) == told(&without)
                    || others.iter().any(|(_, verdict)| told(verdict) == told(&without));
                prop_assert!(!accepted || kept, "{:?}", drawn);
            }
            Ok(())
        })
        .unwrap();
}
