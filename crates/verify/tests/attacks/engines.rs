//! The second opinion: what agrees, what differs as listed, and what must not differ.

use crate::quote::on;
use crate::support::{Case, NONCE, assert_failed, assert_verdict, attacks, find, machine};
use veritee_model::{Check, CheckId, Outcome, Reason, Severity, Verdict, VerdictOutcome};
use veritee_quote::QuoteError;
use veritee_quote::TcbStatus;
use veritee_quote::divergence::{Acceptance, Divergence, Opinion, Ours, SecondEngine as _, Theirs, compare};
use veritee_second_opinion::DcapQvl;
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::{Forged, Shape, Universe};
use veritee_verify::Engine;

fn asked(ours: &Ours<'_>, forged: &Forged, expired_allowed: bool) -> Opinion {
    let theirs = DcapQvl.ask(&forged.quote, &forged.collateral_json(), &forged.root_der, forged.as_of);
    compare(ours, theirs, expired_allowed)
}

const fn accepts(status: TcbStatus, advisories: &[String]) -> Ours<'_> {
    Ours::Accepts(Acceptance {
        status,
        advisories,
        at_launch: advisories,
        unless_enclave_configuration: status,
        levels_out_of_order: false,
    })
}

const UP_TO_DATE: Ours<'static> = accepts(TcbStatus::UpToDate, &[]);

attacks! {
    fn both_engines_accept_what_is_genuine() {
        assert_eq!(asked(&UP_TO_DATE, &Universe::new(1).forge(), false), Opinion::BothAccept);
    }

    fn another_status_is_a_difference() {
        let ours = accepts(TcbStatus::OutOfDate, &[]);
        assert!(matches!(asked(&ours, &Universe::new(1).forge(), false), Opinion::Differ { .. }));
    }

    fn an_advisory_more_or_less_is_a_difference() {
        let advisories = ["INTEL-SA-00001".to_owned()];
        let ours = accepts(TcbStatus::UpToDate, &advisories);
        assert!(matches!(asked(&ours, &Universe::new(1).forge(), false), Opinion::Differ { .. }));
        let forged = Universe::new(1).tcb_info(|info| info.levels[0].advisories = advisories.to_vec()).forge();
        assert!(matches!(asked(&UP_TO_DATE, &forged, false), Opinion::Differ { .. }));
        assert_eq!(asked(&ours, &forged, false), Opinion::BothAccept);
    }

    fn an_acceptance_of_ours_that_the_other_refuses_is_a_difference() {
        let bit = |change: fn(&mut Forged)| {
            let mut forged = Universe::new(1).forge();
            change(&mut forged);
            asked(&UP_TO_DATE, &forged, false)
        };
        // Had our engine a hole here, this is what it would come to.
        assert!(matches!(bit(|forged| forged.quote[100] ^= 1), Opinion::Differ { .. }));
        assert!(matches!(bit(|forged| forged.collateral.tcb_info.text.push(' ')), Opinion::Differ { .. }));
        assert!(matches!(
            bit(|forged| forged.as_of = veritee_testkit::pki::time("2026-12-01T00:00:00Z")),
            Opinion::Differ { .. }
        ));
    }

    fn the_quoting_enclave_s_debug_mode_is_not_taken_for_the_td_s() {
        let forged = Universe::new(1).quote(|quote| quote.qe_report.attributes[0] |= 2).forge();
        assert!(matches!(asked(&UP_TO_DATE, &forged, false), Opinion::Differ { .. }));
    }

    fn a_platform_that_the_engines_see_differently_is_not_genuine() {
        // No real certificate has component SVNs other than its CPUSVN; each engine reads one of the two.
        let machine = on(|universe| universe.sgx_extension(|extension| extension.cpusvn[0] = 3));
        let report = machine.judge();
        assert_failed(&report, CheckId::QuoteSecondOpinion, Reason::EnginesDisagree);
        assert_verdict(&report, VerdictOutcome::Refused);
        let check = find(&report, CheckId::QuoteSecondOpinion);
        assert!(!check.required, "it counts although the policy does not ask for it");
        assert!(check.expected.is_some() && check.got.is_some());
        // The native engine alone would have let it pass: that is what the second is for.
        let native = machine.change(|case| case.engine = Engine::Native).judge();
        assert_verdict(&native, VerdictOutcome::Verified);
    }

    fn a_refusal_of_ours_that_the_other_does_not_share_has_to_be_listed() {
        let forged = Universe::new(1).forge();
        let expected = String::new;
        let name = |error: QuoteError| match asked(&Ours::Refuses(&error), &forged, false) {
            Opinion::Listed { divergence, theirs: Theirs::Accepts { .. } } => Some(divergence),
            Opinion::Differ { .. } => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(QuoteError::QuoteSignature), None);
        assert_eq!(name(QuoteError::QeReportSignature), None);
        assert_eq!(name(QuoteError::QeDebug), None);
        // Same reason, another fault: only the one that the peer does not look at is listed.
        assert_eq!(name(QuoteError::TdxModuleSigner { expected: expected(), got: expected() }), None);
        let attributes = QuoteError::TdxModuleAttributes { expected: expected(), got: expected() };
        assert_eq!(name(attributes), Some(Divergence::SeamAttributes));
    }

    fn expired_collateral_differs_as_listed_only_when_the_policy_allows_it() {
        let forged = Universe::new(1).at("2026-11-15T00:00:00Z").forge();
        assert!(matches!(asked(&UP_TO_DATE, &forged, false), Opinion::Differ { .. }));
        assert!(matches!(
            asked(&UP_TO_DATE, &forged, true),
            Opinion::Listed { divergence: Divergence::ExpiredByName, theirs: Theirs::Refuses(_) }
        ));
    }

    fn td_attributes_and_versions_differ_as_listed() {
        let debug = Universe::new(1).quote(|quote| quote.td().td_attributes = [0, 0, 0, 0x10, 1, 0, 0, 0]).forge();
        assert!(matches!(
            asked(&UP_TO_DATE, &debug, false),
            Opinion::Listed { divergence: Divergence::TdAttributesByPolicy, .. }
        ));
        let sgx = Universe::with_shape(1, Shape::SgxV4).forge();
        assert!(matches!(
            asked(&UP_TO_DATE, &sgx, false),
            Opinion::Listed { divergence: Divergence::SgxOfVersion4And5, .. }
        ));
        let short = Universe::new(1).quote(|quote| quote.qe_auth_data = vec![1; 20]).forge();
        assert!(matches!(
            asked(&UP_TO_DATE, &short, false),
            Opinion::Listed { divergence: Divergence::QeAuthenticationLength, .. }
        ));
    }

    fn advisories_of_the_tcb_as_it_is_now_are_a_listed_difference_and_refuse_by_the_policy() {
        let machine = Machine::with_shape(1, Shape::TdxV5Td15)
            .change(|machine| machine.binding = Binding::Raw(NONCE.to_vec()))
            .universe(|universe| {
                universe
                    .tcb_info(|info| {
                        let mut now = info.levels[0].clone();
                        now.tdx[2] = now.tdx[2].checked_sub(1).unwrap();
                        now.status = "SWHardeningNeeded".to_owned();
                        now.advisories = vec!["INTEL-SA-01999".to_owned()];
                        info.levels.insert(1, now);
                    })
                    .quote(|quote| quote.td().tee_tcb_svn2[2] -= 1)
            });
        let case = Case::of(&machine.forge(), "").change(|case| case.evidence.certificates = None);
        let report = case.judge();
        assert_failed(&report, CheckId::PlatformAdvisories, Reason::AdvisoryRefused);
        assert_failed(&report, CheckId::PlatformTcbStatus, Reason::TcbSwHardeningNeeded);
        assert_verdict(&report, VerdictOutcome::Refused);
        let check = find(&report, CheckId::QuoteSecondOpinion);
        assert_eq!(check.outcome, Outcome::Pass);
        assert!(check.detail.contains("`current-advisories`"), "{}", check.detail);
        let accepted = case.change(|case| {
            case.policy.push_str(
                "[tcb]\naccept = [\"UpToDate\", \"SWHardeningNeeded\"]\nreason = \"made for a test\"\n\
                 [advisories]\nallow = [\"INTEL-SA-01999\"]\nreason = \"made for a test\"\n",
            );
        });
        assert_verdict(&accepted.judge(), VerdictOutcome::Verified);
    }

    fn a_listed_difference_is_told_in_the_report() {
        let report = on(|universe| universe.quote(|quote| quote.qe_auth_data = vec![1; 20])).is_verified();
        let check = find(&report, CheckId::QuoteSecondOpinion);
        assert_eq!(check.outcome, Outcome::Pass);
        assert!(check.detail.starts_with("differs as listed"), "{}", check.detail);
    }

    fn the_second_engine_refuses_with_ours() {
        let report = Case::new(&machine())
            .change(|case| case.evidence.quote.as_mut().unwrap().bytes[100] ^= 1)
            .judge();
        let check = find(&report, CheckId::QuoteSecondOpinion);
        assert_eq!(check.outcome, Outcome::Pass);
        assert!(check.detail.starts_with("dcap-qvl 0.7.1 refuses too"), "{}", check.detail);
    }
}

#[test]
fn nothing_can_waive_that_the_engines_disagree() {
    let mut check = Check::fail(CheckId::QuoteSecondOpinion, Reason::EnginesDisagree, "made for a test");
    check.waived = Some("because we really want to".to_owned());
    assert!(!check.required, "it counts although nobody asked for it");
    let verdict = Verdict::conclude(veritee_model::Kind::Machine, &[check], &[], Severity::High);
    assert_eq!(verdict.exit_code, 11);
}
