//! Step 1: collateral that is forged, stale, of the future, revoked, or speaks of another platform.

use crate::quote::on;
use crate::support::{Case, attacks, find, machine};
use veritee_model::evidence::RecordedBy;
use veritee_model::{CheckId, Item, Outcome, Reason, Report, VerdictOutcome};
use veritee_testkit::pki::time;
use veritee_testkit::{Forged, Role, Shape, Universe};
use veritee_verify::{verify_in_short, verify_quote};

const NOT_GENUINE: VerdictOutcome = VerdictOutcome::NotGenuine;
const REFUSED: VerdictOutcome = VerdictOutcome::Refused;
const ID: CheckId = CheckId::QuoteCollateral;

/// The genuine machine beside collateral that speaks of it otherwise.
fn beside(change: impl FnOnce(Universe) -> Universe) -> Case {
    with(|forged| *forged = change(machine().universe).forge())
}

/// The genuine machine beside this collateral.
fn with(change: impl FnOnce(&mut Forged)) -> Case {
    let mut forged = machine().universe.forge();
    change(&mut forged);
    Case::new(&machine()).change(|case| {
        case.evidence.certificates = None;
        case.evidence.collateral[0].bytes = forged.collateral_json().into_bytes();
    })
}

type Change = fn(Universe) -> Universe;

const BEFORE: &str = "2026-10-14T23:59:59Z";
const AFTER: &str = "2026-10-15T00:00:01Z";

const EXPIRED: [(Reason, Change); 7] = [
    (Reason::TcbInfoExpired, |universe| universe.tcb_info(|info| info.next_update = BEFORE.into())),
    (Reason::QeIdentityExpired, |universe| {
        universe.qe_identity(|identity| identity.next_update = BEFORE.into())
    }),
    (Reason::CrlExpired, |universe| universe.pck_crl(|crl| crl.next_update = Some(time(BEFORE)))),
    (Reason::CrlExpired, |universe| universe.root_crl(|crl| crl.next_update = Some(time(BEFORE)))),
    (Reason::CertificateExpired, |universe| {
        universe.certificate(Role::TcbSigner, |it| it.not_after = time(BEFORE))
    }),
    (Reason::CertificateExpired, |universe| {
        universe.certificate(Role::PlatformCa, |it| it.not_after = time(BEFORE))
    }),
    (Reason::CertificateExpired, |universe| {
        universe.certificate(Role::Root, |it| it.not_after = time(BEFORE))
    }),
];

const OF_THE_FUTURE: [(Reason, Change); 7] = [
    (Reason::TcbInfoNotYetValid, |universe| universe.tcb_info(|info| info.issue_date = AFTER.into())),
    (Reason::QeIdentityNotYetValid, |universe| {
        universe.qe_identity(|identity| identity.issue_date = AFTER.into())
    }),
    (Reason::CrlNotYetValid, |universe| universe.pck_crl(|crl| crl.this_update = time(AFTER))),
    (Reason::CrlNotYetValid, |universe| universe.root_crl(|crl| crl.this_update = time(AFTER))),
    (Reason::CertificateNotYetValid, |universe| {
        universe.certificate(Role::TcbSigner, |it| it.not_before = time(AFTER))
    }),
    (Reason::CertificateNotYetValid, |universe| {
        universe.certificate(Role::PlatformCa, |it| it.not_before = time(AFTER))
    }),
    (Reason::CertificateNotYetValid, |universe| {
        universe.certificate(Role::Root, |it| it.not_before = time(AFTER))
    }),
];

const ALLOW_EXPIRED: &str = "[collateral]\nallow_expired = true\nreason = \"looking at an old recording\"\n";

/// Two collaterals for one platform: the older accepts what the newer does not.
fn older_and(newer: impl FnOnce(Universe) -> Universe) -> (Case, Item) {
    let older = Case::new(&machine());
    let newer = newer(machine().universe.change(|universe| {
        universe.tcb_info.issue_date = "2026-10-10T00:00:00Z".into();
        universe.qe_identity.issue_date = "2026-10-10T00:00:00Z".into();
        universe.tcb_info.evaluation_number = 21;
        universe.qe_identity.evaluation_number = 21;
    }));
    (older, Item::new(newer.forge().collateral_json(), "newer.json"))
}

/// Both orders.
#[track_caller]
fn newest_decides(newer: Change, id: CheckId, reason: Reason, outcome: VerdictOutcome) {
    let (case, newer) = older_and(newer);
    let case = case.change(|case| case.evidence.certificates = None);
    case.is_verified();
    for position in [0, 1] {
        let mut both = case.clone();
        both.evidence.collateral.insert(position, newer.clone());
        both.is_refused(id, reason, outcome);
    }
}

/// The genuine machine a month after its collateral expired, under a policy that lets that pass.
pub(crate) fn expired_case() -> Case {
    Case::new(&machine()).policy(ALLOW_EXPIRED).change(|case| case.as_of = time("2026-11-30T00:00:00Z"))
}

/// Every window, what is not in force, and the interval in which everything is.
#[track_caller]
fn tells_all_windows(report: &Report, mark: &str, edge: &str) {
    let detail = &find(report, ID).detail;
    let windows = detail.split("windows: ").nth(1).unwrap_or_else(|| panic!("{detail}"));
    // The screen cuts what is long: when everything holds comes first.
    assert!(detail.find("all in force from ") < detail.find("windows: "), "{detail}");
    assert_eq!(windows.split(';').next().unwrap().matches(" to ").count(), 8, "{detail}");
    for words in [mark, edge, "all in force from ", "--as-of"] {
        assert!(detail.contains(words), "{words}: {detail}");
    }
}

/// A service has one memory, and a policy for each of those whom it serves: nobody's leniency is another's.
#[test]
fn one_memory_serves_policies_that_differ_and_none_loosens_another() {
    let strict = Case::new(&machine()).change(|case| case.as_of = time("2026-11-30T00:00:00Z"));
    let cases = [
        strict.clone(),
        expired_case(),
        // The judging side gives the same collateral.
        expired_case().change(|case| {
            let own = std::mem::take(&mut case.evidence.collateral);
            case.given.extend(own.into_iter().map(|item| (item, veritee_quote::Origin::Caller)));
        }),
    ];
    for case in &cases {
        let policies = [strict.read_policy(), expired_case().read_policy()];
        let alone: Vec<Report> = policies.iter().map(|policy| case.judge_under(policy)).collect();
        assert_ne!(alone[0].verdict.exit_code, 0);
        assert_eq!(find(&alone[0], ID).outcome, Outcome::Fail);
        assert_eq!(find(&alone[1], ID).outcome, Outcome::Pass);
        assert!(
            find(&alone[1], ID)
                .detail
                .contains("; ended by 2026-11-30T00:00:00Z, which the policy lets pass: ")
        );
        for order in [[0, 1, 0, 1], [1, 0, 1, 0]] {
            let grounds = case.grounds();
            for at in order {
                assert_eq!(case.judge_by(&policies[at], &grounds), alone[at]);
                let request = case.request(&policies[at], &grounds);
                assert_eq!(verify_in_short(&request).report.verdict, alone[at].verdict);
                let quote = verify_quote(&request).verdict.outcome;
                assert_eq!(quote == VerdictOutcome::Refused, at == 0, "{quote:?}");
            }
        }
    }
}

attacks! {
    fn expired_collateral_artefact_by_artefact() {
        for (reason, change) in EXPIRED {
            let report = on(change).is_refused(ID, reason, REFUSED);
            tells_all_windows(&report, "(ended)", BEFORE);
        }
    }

    fn collateral_of_the_future_artefact_by_artefact() {
        for (reason, change) in OF_THE_FUTURE {
            let report = on(change).is_refused(ID, reason, REFUSED);
            tells_all_windows(&report, "(not begun)", AFTER);
        }
    }

    fn what_has_ended_and_what_has_not_begun_are_told_at_once() {
        let report = on(|universe| {
            universe
                .tcb_info(|info| info.next_update = BEFORE.into())
                .qe_identity(|identity| identity.issue_date = AFTER.into())
                .pck_crl(|crl| crl.this_update = time(AFTER))
        })
        .is_refused(ID, Reason::CrlNotYetValid, REFUSED);
        let detail = &find(&report, ID).detail;
        for words in ["(ended)", "(not begun)", "at no time all in force", "fetch all of them together"] {
            assert!(detail.contains(words), "{words}: {detail}");
        }
        assert_eq!(detail.matches("(not begun)").count(), 2, "{detail}");
    }

    fn expired_collateral_passes_only_by_an_entry_of_the_policy() {
        for (_, change) in EXPIRED {
            let report = on(change).policy(ALLOW_EXPIRED).is_verified();
            assert!(report.policy.loosened.iter().any(|line| line.contains("expired")), "{:?}", report.policy);
            assert!(find(&report, CheckId::PlatformCollateralAge).detail.contains("EXPIRED"));
        }
    }

    fn no_entry_of_the_policy_lets_collateral_of_the_future_pass() {
        for (reason, change) in OF_THE_FUTURE {
            on(change).policy(ALLOW_EXPIRED).is_refused(ID, reason, REFUSED);
        }
    }

    fn the_same_evidence_is_refused_a_month_later() {
        Case::new(&machine()).change(|case| case.as_of = time("2026-11-15T00:00:00Z")).is_refused(
            ID,
            Reason::CrlExpired,
            REFUSED,
        );
        Case::new(&machine()).change(|case| case.as_of = time("2026-09-30T00:00:00Z")).is_refused(
            ID,
            Reason::CrlNotYetValid,
            REFUSED,
        );
    }

    fn collateral_of_another_fmspc() {
        beside(|universe| universe.tcb_info(|info| info.fmspc = "70A06D070001".into())).is_open(
            ID,
            Reason::FmspcMismatch,
            VerdictOutcome::Incomplete,
        );
    }

    fn collateral_of_another_pce() {
        beside(|universe| universe.tcb_info(|info| info.pce_id = "0001".into())).is_open(
            ID,
            Reason::PceIdMismatch,
            VerdictOutcome::Incomplete,
        );
    }

    fn collateral_of_another_ca() {
        beside(|_| Universe::under(1, Shape::TdxV4, Role::ProcessorCa)).is_open(
            ID,
            Reason::CrlIssuer,
            VerdictOutcome::Incomplete,
        );
    }

    fn collateral_of_another_kind_of_tee() {
        beside(|_| Universe::with_shape(1, Shape::SgxV3)).is_open(
            ID,
            Reason::CollateralKindMismatch,
            VerdictOutcome::Incomplete,
        );
    }

    fn a_file_that_is_no_collateral() {
        for text in ["", "{}", "[]", "null", "{\"tcb_info\":1}"] {
            Case::new(&machine()).change(|case| case.evidence.collateral[0].bytes = text.into()).is_open(
                ID,
                Reason::CollateralMalformed,
                VerdictOutcome::Incomplete,
            );
        }
    }

    fn collateral_beyond_the_budget() {
        Case::new(&machine()).change(|case| case.budget.crl_bytes = 10).is_open(
            ID,
            Reason::CollateralTooLarge,
            VerdictOutcome::Incomplete,
        );
        Case::new(&machine()).change(|case| case.budget.collateral_json_bytes = 10).is_open(
            ID,
            Reason::CollateralTooLarge,
            VerdictOutcome::Incomplete,
        );
    }

    fn a_changed_document_under_its_old_signature() {
        with(|forged| {
            forged.collateral.tcb_info.text = forged.collateral.tcb_info.text.replacen("OutOfDate", "UpToDate", 1);
        })
        .is_refused(ID, Reason::TcbInfoSignature, REFUSED);
        with(|forged| forged.collateral.qe_identity.text.push(' ')).is_refused(
            ID,
            Reason::QeIdentitySignature,
            REFUSED,
        );
    }

    /// Written anew by whoever kept it, the collateral says nothing of the machine; what its quote says of itself is asked all
    /// the same: a forged one is not hidden behind collateral that nobody can use.
    fn a_forged_quote_behind_a_document_written_anew() {
        let spoil = |case: &mut Case| {
            let text = String::from_utf8(case.evidence.collateral[0].bytes.clone()).unwrap();
            case.evidence.collateral[0].bytes = text.replacen("UpToDate", "Up_ToDate", 1).into_bytes();
        };
        let report = Case::new(&machine()).change(spoil).is_refused(ID, Reason::TcbInfoSignature, REFUSED);
        assert_eq!(report.headline(), "REFUSED, NOT SHOWN TO BE GENUINE");
        type Forgery = (fn(&mut Universe), CheckId, Reason);
        let rows: [Forgery; 4] = [
            (|it| it.quote.signed_by = Role::Stranger, CheckId::QuoteSignature, Reason::QuoteSignature),
            (|it| it.quote.qe_report_signed_by = Role::Stranger, CheckId::QuoteEnclave, Reason::QeReportSignature),
            (|it| it.quote.qe_report_data = Some([7; 64]), CheckId::QuoteEnclave, Reason::QeReportData),
            (|it| it.pki.certificate(Role::Pck).signed_by = Role::Stranger, CheckId::QuoteCertificates, Reason::PckChainSignature),
        ];
        for (forge, id, reason) in rows {
            let forged = machine().change(|machine| forge(&mut machine.universe));
            let case = Case::new(&forged).change(spoil);
            let report = case.is_refused_with(id, reason, NOT_GENUINE, &[ID]);
            assert_eq!(find(&report, ID).reason, Some(Reason::TcbInfoSignature));
            // What needs collateral is not said to hold.
            assert!(report.checks.iter().all(|check| check.id != CheckId::QuoteTcbLevel || check.outcome == Outcome::NotChecked));
        }
    }

    fn documents_that_are_signed_and_malformed() {
        beside(|universe| universe.tcb_info(|info| info.version = 9)).is_refused(
            ID,
            Reason::TcbInfoMalformed,
            REFUSED,
        );
        beside(|universe| universe.qe_identity(|identity| identity.id = "QVE".into())).is_refused(
            ID,
            Reason::QeIdentityMalformed,
            REFUSED,
        );
    }

    fn a_signer_of_the_attacker_s_own() {
        beside(|universe| {
            universe.change(|universe| {
                universe.tcb_info.signed_by = Role::StrangerSigner;
                universe.collateral.tcb_info_issuer_chain = vec![Role::StrangerSigner, Role::Stranger];
            })
        })
        .is_refused(ID, Reason::SignerChainUntrusted, REFUSED);
        beside(|universe| universe.certificate(Role::TcbSigner, |it| it.signed_by = Role::Stranger)).is_refused(
            ID,
            Reason::SignerChainSignature,
            REFUSED,
        );
        beside(|universe| universe.certificate(Role::TcbSigner, |it| it.set_basic_constraints(true, None)))
            .is_refused(ID, Reason::SignerChainRole, REFUSED);
        with(|forged| forged.collateral.tcb_info_issuer_chain = "not PEM".into()).is_refused(
            ID,
            Reason::SignerChainMalformed,
            REFUSED,
        );
    }

    fn a_revocation_list_of_the_attacker_s_own() {
        beside(|universe| universe.pck_crl(|crl| crl.signed_by = Role::Stranger)).is_refused(
            ID,
            Reason::CrlSignature,
            REFUSED,
        );
        with(|forged| forged.collateral.pck_crl = vec![1, 2, 3]).is_refused(ID, Reason::CrlMalformed, REFUSED);
        beside(|universe| {
            universe.change(|universe| universe.collateral.pck_crl_issuer_chain = vec![Role::StrangerCa, Role::Stranger])
        })
        .is_refused(ID, Reason::CrlChainUntrusted, REFUSED);
        with(|forged| {
            let changed = machine().universe.certificate(Role::PlatformCa, |it| it.signed_by = Role::Stranger);
            forged.collateral.pck_crl_issuer_chain = changed.forge().collateral.pck_crl_issuer_chain;
        })
        .is_refused(ID, Reason::CrlChainSignature, REFUSED);
        with(|forged| {
            let changed = machine().universe.certificate(Role::PlatformCa, |it| it.set_key_usage(2));
            forged.collateral.pck_crl_issuer_chain = changed.forge().collateral.pck_crl_issuer_chain;
        })
        .is_refused(ID, Reason::CrlChainRole, REFUSED);
        with(|forged| forged.collateral.pck_crl_issuer_chain = String::new()).is_refused(
            ID,
            Reason::CrlChainMalformed,
            REFUSED,
        );
    }

    fn two_evaluations_in_one_verdict_are_said() {
        let case = Case::new(&machine().universe(|universe| universe.qe_identity(|it| it.evaluation_number = 19)));
        let report = case.is_verified();
        crate::support::assert_notice(&report, Reason::EvaluationsDiffer);
    }

    fn what_the_root_has_revoked() {
        // A signer is Intel's and not the machine's: what it signed counts for nothing, and nothing is forged.
        let rows = [
            (Role::PlatformCa, Reason::CaRevoked, NOT_GENUINE),
            (Role::TcbSigner, Reason::SignerRevoked, REFUSED),
            (Role::Root, Reason::RootRevoked, NOT_GENUINE),
        ];
        for (role, reason, outcome) in rows {
            beside(|universe| universe.revoke(role)).is_refused(ID, reason, outcome);
        }
    }

    fn of_two_collaterals_the_newer_decides_about_the_status() {
        newest_decides(
            |universe| universe.tcb_info(|info| info.levels[0].status = "OutOfDate".into()),
            CheckId::PlatformTcbStatus,
            Reason::TcbOutOfDate,
            REFUSED,
        );
    }

    fn of_two_collaterals_the_newer_decides_that_a_level_is_revoked() {
        newest_decides(
            |universe| universe.tcb_info(|info| info.levels[0].status = "Revoked".into()),
            CheckId::QuoteTcbLevel,
            Reason::TcbRevoked,
            REFUSED,
        );
    }

    fn of_two_collaterals_the_newer_decides_that_a_level_is_out_of_support() {
        newest_decides(
            |universe| universe.tcb_info(|info| info.levels.iter_mut().for_each(|level| level.sgx[0] = 99)),
            CheckId::QuoteTcbLevel,
            Reason::TcbNotSupported,
            REFUSED,
        );
    }

    fn of_two_collaterals_the_one_that_revokes_decides() {
        newest_decides(
            |universe| universe.revoke(Role::Pck),
            CheckId::QuoteCertificates,
            Reason::PckRevoked,
            NOT_GENUINE,
        );
        newest_decides(|universe| universe.revoke(Role::TcbSigner), ID, Reason::SignerRevoked, REFUSED);
        newest_decides(|universe| universe.revoke(Role::PlatformCa), ID, Reason::CaRevoked, NOT_GENUINE);
        // A list is not outvoted by one that was issued later and has forgotten the entry.
        let (older, newer) = older_and(|universe| universe);
        let revoking = machine().universe.revoke(Role::Pck).forge().collateral_json();
        let mut case = older.change(|case| case.evidence.certificates = None);
        case.evidence.collateral.push(newer);
        case.is_verified();
        case.evidence.collateral.push(Item::new(revoking, "revoking.json"));
        case.is_refused(CheckId::QuoteCertificates, Reason::PckRevoked, NOT_GENUINE);
    }

    fn a_revoked_signer_hides_no_revoked_host() {
        // In one set, in two of either order: what a revoked signer signed counts for nothing, which is a refusal; that the
        // host's own certificate is revoked makes the quote no genuine one.
        for (role, reason) in [(Role::Pck, Reason::PckRevoked), (Role::PlatformCa, Reason::CaRevoked)] {
            let told = |case: &Case| {
                let report = case.judge();
                assert_eq!(report.verdict.outcome, NOT_GENUINE, "{reason:?}");
                let fails = |check: &&veritee_model::Check| check.outcome == Outcome::Fail;
                let reasons: Vec<_> = report.checks.iter().filter(fails).filter_map(|check| check.reason).collect();
                assert!(reasons.contains(&reason), "{reason:?}: {reasons:?}");
            };
            told(&beside(|universe| universe.revoke(Role::TcbSigner).revoke(role)));
            let alone = beside(|universe| universe.revoke(Role::TcbSigner));
            alone.is_refused(ID, Reason::SignerRevoked, REFUSED);
            let of_host = Item::new(machine().universe.revoke(role).forge().collateral_json(), "host.json");
            for position in [0, 1] {
                let mut two = alone.clone();
                two.evidence.collateral.insert(position, of_host.clone());
                told(&two);
            }
        }
    }

    fn collateral_for_others_beside_the_right_one_changes_nothing() {
        let mut case = Case::new(&machine());
        for other in [
            Universe::with_shape(1, Shape::SgxV3),
            Universe::under(1, Shape::TdxV4, Role::ProcessorCa),
            machine().universe.tcb_info(|info| info.fmspc = "000000000001".into()),
            Universe::new(2),
        ] {
            case.evidence.collateral.insert(0, Item::new(other.forge().collateral_json(), "other.json"));
        }
        case.evidence.collateral.insert(0, Item::new("{}", "broken.json"));
        case.is_verified();
    }

    fn the_refusal_by_the_right_collateral_is_told_and_not_that_of_another_platform_s() {
        let mut case = on(|universe| universe.quote(|quote| quote.signed_by = Role::Stranger));
        let other = machine().universe.tcb_info(|info| info.fmspc = "000000000001".into());
        for position in [0, 1] {
            let mut case = case.clone();
            let item = Item::new(other.forge().collateral_json(), "other.json");
            case.evidence.collateral.insert(position, item);
            case.is_refused(CheckId::QuoteSignature, Reason::QuoteSignature, NOT_GENUINE);
        }
        case.evidence.collateral.clear();
        case.is_open(ID, Reason::CollateralMissing, VerdictOutcome::Incomplete);
    }

    fn what_a_store_had_kept_of_revocations_and_lost_is_not_known() {
        let lost = || Item::new("store lists/ab: it is missing", "store lists/ab");
        let case = Case::new(&machine()).change(|case| {
            case.evidence.certificates = None;
            case.evidence.record(RecordedBy::Lost, lost());
        });
        let report =
            case.is_open(CheckId::QuoteCertificates, Reason::RevocationsLost, VerdictOutcome::Incomplete);
        assert!(find(&report, CheckId::QuoteCertificates).detail.contains("lists/ab"));
        assert!(find(&report, CheckId::QuoteSignature).outcome == Outcome::Pass);
        // What is revoked or forged anyway stays so.
        let mut revoked = beside(|universe| universe.revoke(Role::Pck));
        revoked.evidence.record(RecordedBy::Lost, lost());
        revoked.is_refused(CheckId::QuoteCertificates, Reason::PckRevoked, NOT_GENUINE);
    }

    fn collateral_cannot_be_crowded_out() {
        // The evidence brings a hundred kind ones of its own before the one that the verifier adds.
        let (mut case, newer) =
            older_and(|universe| universe.tcb_info(|info| info.levels[0].status = "OutOfDate".into()));
        let kind = case.evidence.collateral[0].clone();
        case.evidence.collateral = vec![kind; 100];
        case.evidence.collateral.push(newer);
        // The quote inside the certificate is of the same platform.
        let also = [CheckId::BindingRaTls];
        case.is_refused_with(CheckId::PlatformTcbStatus, Reason::TcbOutOfDate, REFUSED, &also);
    }

    fn what_is_damaged_beside_what_is_not_is_said() {
        let others = [
            ("broken.json", "{}".to_owned()),
            ("of-another-root.json", Universe::new(2).forge().collateral_json()),
            ("damaged.json", {
                let mut forged = machine().universe.tcb_info(|info| info.evaluation_number = 99).forge();
                forged.collateral.tcb_info.text.push(' ');
                forged.collateral_json()
            }),
        ];
        let mut case = Case::new(&machine()).change(|case| case.evidence.certificates = None);
        for (name, json) in others {
            case.evidence.collateral.push(Item::new(json, name));
            let report = case.is_verified();
            let told = report.notices.iter().filter(|notice| {
                notice.reason == Reason::CollateralItemUnusable
                    && notice.location.as_deref().is_some_and(|place| place.contains(name))
            });
            assert!(told.count() > 0, "{name}: {:?}", report.notices);
        }
    }
}
