//! The policy file: every lever once where it refuses and once where it lets pass.

use crate::collateral::expired_case;
use crate::platform::{CLOSED, STATUSES, with_attributes, with_service_td, with_status};
use crate::quote::on;
use crate::support::{Case, assert_notice, assert_verdict, attacks, find, machine};
use veritee_model::{CheckId, Reason, Report, VerdictOutcome};
use veritee_policy::Policy;
use veritee_testkit::dstack::Machine;
use veritee_testkit::dstack::event::Event;

const REFUSED: VerdictOutcome = VerdictOutcome::Refused;
/// The quote inside the certificate is of the same platform and judged by the same policy.
const INSIDE_TOO: &[CheckId] = &[CheckId::BindingRaTls];
const BECAUSE: &str = "reason = \"made for a test\"\n";

#[track_caller]
fn loosened(report: &Report, words: &str) {
    assert!(report.policy.loosened.iter().any(|line| line.contains(words)), "{:?}", report.policy.loosened);
}

/// `[expect]` with one line.
fn expecting(line: &str) -> Case {
    Case::new(&machine()).policy(&format!("[expect]\n{line}\n"))
}

fn outdated() -> Case {
    on(|universe| universe.tcb_info(|info| info.levels[0].status = "OutOfDate".into()))
}

fn advised(policy: &str) -> Case {
    on(|universe| {
        universe.tcb_info(|info| {
            info.levels[0].advisories = vec!["INTEL-SA-00001".into(), "INTEL-SA-00002".into()];
        })
    })
    .policy(policy)
}

fn pinned(register: &str, digits: &str) -> Case {
    let mut case = Case::new(&machine());
    let start = case.policy.find(&format!("{register} = \"")).unwrap() + register.len() + 4;
    case.policy.replace_range(start..start + digits.len(), digits);
    case
}

/// A machine whose one container is privileged.
fn risky() -> Case {
    let digest = format!("docker.io/library/nginx@sha256:{}", "0".repeat(64));
    let compose =
        veritee_testkit::dstack::APP_COMPOSE.replace(&digest, &format!("{digest}\\n    privileged: true"));
    Case::new(&machine().app_compose(&compose))
}

attacks! {
    fn accepting_a_status_lets_it_pass_and_says_so() {
        for (name, _, change) in STATUSES {
            let accept = format!("[tcb]\naccept = [\"UpToDate\", \"{name}\"]\n{BECAUSE}");
            let report = with_status(name, change).policy(&accept).is_verified();
            loosened(&report, name);
        }
    }

    fn accepting_one_status_does_not_accept_another() {
        for (name, reason, change) in STATUSES {
            let other = if name == "OutOfDate" { "SWHardeningNeeded" } else { "OutOfDate" };
            with_status(name, change)
                .policy(&format!("[tcb]\naccept = [\"UpToDate\", \"{other}\"]\n{BECAUSE}"))
                .is_refused(CheckId::PlatformTcbStatus, reason, REFUSED);
        }
    }

    fn a_policy_may_refuse_up_to_date_machines_too() {
        let report = Case::new(&machine())
            .policy(&format!("[tcb]\naccept = [\"OutOfDate\"]\n{BECAUSE}"))
            .judge();
        assert_verdict(&report, REFUSED);
    }

    fn advisories_allowed_by_name() {
        let both = "[advisories]\nallow = [\"INTEL-SA-00001\", \"INTEL-SA-00002\"]\n";
        loosened(&advised(&format!("{both}{BECAUSE}")).is_verified(), "INTEL-SA-00002");
        let one = format!("[advisories]\nallow = [\"INTEL-SA-00001\"]\n{BECAUSE}");
        let report = advised(&one).is_refused(CheckId::PlatformAdvisories, Reason::AdvisoryRefused, REFUSED);
        assert_eq!(find(&report, CheckId::PlatformAdvisories).got.as_deref(), Some("INTEL-SA-00002"));
    }

    fn an_advisory_that_is_written_otherwise_may_be_the_one_that_is_refused() {
        let rules = |refuse: &str| format!("[advisories]\nothers = \"allow\"\n{refuse}{BECAUSE}");
        for written in [
            "intel-sa-00001",
            "INTEL-SA-00001 ",
            "INTEL-SA-1",
            "INTEL-SA-00007,INTEL-SA-00001",
            "INTEL\u{2011}SA\u{2011}00001",
            "INTEL-SA-O0001",
        ] {
            let named = |policy: &str| {
                let advised = |info: &mut veritee_testkit::tcb_info::TcbInfo| {
                    info.levels[0].advisories = vec![written.into()];
                };
                on(|universe| universe.tcb_info(advised)).policy(policy)
            };
            named(&rules("")).is_verified();
            let refuse = rules("refuse = [\"INTEL-SA-00001\"]\n");
            named(&refuse).is_refused(CheckId::PlatformAdvisories, Reason::AdvisoryRefused, REFUSED);
        }
    }

    fn advisories_refused_by_name() {
        let others = format!("[advisories]\nothers = \"allow\"\n{BECAUSE}");
        loosened(&advised(&others).is_verified(), "advisories");
        let refuse = format!("[advisories]\nothers = \"allow\"\nrefuse = [\"INTEL-SA-00001\"]\n{BECAUSE}");
        let report = advised(&refuse).is_refused(CheckId::PlatformAdvisories, Reason::AdvisoryRefused, REFUSED);
        assert_eq!(find(&report, CheckId::PlatformAdvisories).got.as_deref(), Some("INTEL-SA-00001"));
    }

    fn a_minimum_evaluation_number() {
        for (number, passes) in [(19, true), (20, true), (21, false), (99, false)] {
            let case = Case::new(&machine()).policy(&format!("[tcb]\nminimum_evaluation_number = {number}\n"));
            if passes {
                case.is_verified();
            } else {
                let reason = Reason::EvaluationNumberTooLow;
                case.is_refused_with(CheckId::PlatformEvaluationNumber, reason, REFUSED, INSIDE_TOO);
            }
        }
        // The lower of the two counts.
        on(|universe| universe.qe_identity(|identity| identity.evaluation_number = 17))
            .policy("[tcb]\nminimum_evaluation_number = 18\n")
            .is_refused(CheckId::PlatformEvaluationNumber, Reason::EvaluationNumberTooLow, REFUSED);
    }

    fn a_minimum_date_of_the_tcb() {
        for (date, passes) in [("2025-08-13T00:00:00Z", true), ("2025-08-13T00:00:01Z", false)] {
            let case = Case::new(&machine()).policy(&format!("[tcb]\nminimum_date = \"{date}\"\n"));
            if passes {
                case.is_verified();
            } else {
                let reason = Reason::TcbDateTooOld;
                case.is_refused_with(CheckId::PlatformEvaluationNumber, reason, REFUSED, INSIDE_TOO);
            }
        }
    }

    fn a_maximum_age_artefact_by_artefact() {
        // Everything was issued fourteen days before.
        for artefact in ["tcb_info", "qe_identity", "pck_crl", "root_ca_crl"] {
            let with = |days: u32| {
                Case::new(&machine()).policy(&format!("[collateral.max_age_days]\n{artefact} = {days}\n"))
            };
            with(14).is_verified();
            let reason = Reason::CollateralTooOld;
            with(13).is_refused_with(CheckId::PlatformCollateralAge, reason, REFUSED, INSIDE_TOO);
        }
    }

    fn expired_collateral_allowed() {
        loosened(&expired_case().is_verified(), "expired");
    }

    fn a_maximum_age_holds_for_expired_collateral_that_is_allowed() {
        expired_case().policy("[collateral.max_age_days]\ntcb_info = 30\n").is_refused_with(
            CheckId::PlatformCollateralAge,
            Reason::CollateralTooOld,
            REFUSED,
            INSIDE_TOO,
        );
    }

    fn each_td_property_allowed_by_its_name_only() {
        let rows: [(&str, Case, Reason); 6] = [
            ("debug", with_attributes(CLOSED | 1), Reason::TdDebug),
            ("profiling", with_attributes(CLOSED | 1 << 4), Reason::TdAttributesRefused),
            ("migratable", with_attributes(CLOSED | 1 << 29), Reason::TdAttributesRefused),
            ("service-td", with_service_td(), Reason::TdServiceTd),
            ("service-td", with_attributes(CLOSED | 1 << 17), Reason::TdServiceTd),
            ("sept-ve-disable-off", with_attributes(0), Reason::TdSeptVeDisableMissing),
        ];
        for (name, case, reason) in rows {
            let allow = |name: &str| case.clone().policy(&format!("[td]\nallow = [\"{name}\"]\n{BECAUSE}"));
            let report = allow(name).is_verified();
            loosened(&report, "TD properties");
            let other = if name == "debug" { "migratable" } else { "debug" };
            allow(other).is_refused(CheckId::PlatformTdAttributes, reason, REFUSED);
        }
    }

    fn reserved_bits_cannot_be_allowed() {
        let all = "[td]\nallow = [\"debug\", \"profiling\", \"migratable\", \"service-td\", \"sept-ve-disable-off\"]\n";
        with_attributes(CLOSED | 1 << 7).policy(&format!("{all}{BECAUSE}")).is_refused(
            CheckId::PlatformTdAttributes,
            Reason::TdAttributesReserved,
            REFUSED,
        );
    }

    fn exact_attributes_and_xfam() {
        let with = |line: &str| Case::new(&machine()).policy(&format!("[td]\n{line}\n"));
        with("attributes = \"0000001000000000\"").is_verified();
        with("xfam = \"e702060000000000\"").is_verified();
        for (line, reason) in [
            ("attributes = \"0000005000000000\"", Reason::TdAttributesRefused),
            ("xfam = \"e702060000000001\"", Reason::TdXfamRefused),
        ] {
            with(line).is_refused_with(CheckId::PlatformTdAttributes, reason, REFUSED, INSIDE_TOO);
        }
    }

    fn an_exact_value_does_not_allow_what_is_refused() {
        with_attributes(CLOSED | 1).policy("[td]\nattributes = \"0100001000000000\"\n").is_refused(
            CheckId::PlatformTdAttributes,
            Reason::TdDebug,
            REFUSED,
        );
    }

    fn each_pinned_register_refuses_another_value() {
        for register in ["mrtd", "rtmr0", "rtmr1", "rtmr2"] {
            let report = pinned(register, "00000000").is_refused(
                CheckId::OsMeasured,
                Reason::OsRegisterUnexpected,
                REFUSED,
            );
            let place = find(&report, CheckId::OsMeasured).location.clone().unwrap();
            assert!(place.to_lowercase().starts_with(register), "{place}");
        }
    }

    fn one_machine_of_several_suffices_and_registers_of_two_do_not_mix() {
        let zeros = "0".repeat(96);
        let other = format!("[[os.machine]]\nname = \"other\"\n{BECAUSE}mrtd = \"{zeros}\"\n");
        Case::new(&machine()).policy(&other).is_verified();
        // MRTD fits one machine, RTMR2 the other.
        let mut case = pinned("mrtd", "00000000");
        let quote = &machine().forge().platform.quote;
        let rtmr2 = "11".repeat(48);
        let mrtd = hex::encode(&quote[184..232]);
        case.policy.push_str(&format!(
            "[[os.machine]]\nname = \"mixed\"\n{BECAUSE}mrtd = \"{mrtd}\"\nrtmr2 = \"{rtmr2}\"\n"
        ));
        case.is_refused(CheckId::OsMeasured, Reason::OsRegisterUnexpected, REFUSED);
    }

    fn the_expected_app_id() {
        let own = hex::encode(machine().payloads().app_id);
        let other = "ab".repeat(20);
        expecting(&format!("app_id = [\"{other}\", \"{own}\"]")).is_verified();
        expecting(&format!("app_id = [\"{other}\"]")).is_refused(
            CheckId::IdentityExpected,
            Reason::AppIdUnexpected,
            REFUSED,
        );
    }

    fn the_expected_instance_id() {
        let own = hex::encode(machine().payloads().instance_id);
        expecting(&format!("instance_id = [\"{own}\"]")).is_verified();
        expecting(&format!("instance_id = [\"{}\"]", "ab".repeat(20))).is_refused(
            CheckId::IdentityExpected,
            Reason::InstanceIdUnexpected,
            REFUSED,
        );
    }

    fn an_entry_on_a_value_that_was_not_measured_fails() {
        let machine = machine().events(|events| {
            let index = events.iter().position(|event| event.name == "instance-id").unwrap();
            events[index] = Event::runtime("instance-id", b"");
        });
        Case::new(&machine)
            .policy(&format!("[expect]\ninstance_id = [\"{}\"]\n", "ab".repeat(20)))
            .is_refused(CheckId::IdentityExpected, Reason::PolicyClaimAbsent, REFUSED);
    }

    fn the_expected_compose_hash() {
        let own = hex::encode(machine().compose_hash());
        expecting(&format!("compose_hash = [\"{own}\"]")).is_verified();
        expecting(&format!("compose_hash = [\"{}\"]", "ab".repeat(32))).is_refused(
            CheckId::ComposeExpected,
            Reason::ComposeHashUnexpected,
            REFUSED,
        );
    }

    fn the_expected_key_provider() {
        let own = machine().key_provider.id;
        let entry = |name: &str, id: &str| format!("key_provider = [{{ name = \"{name}\", id = \"{id}\" }}]");
        expecting(&entry("kms", &own)).is_verified();
        expecting(&entry("kms", &own.to_uppercase())).is_verified();
        for line in [entry("kms", "3059"), entry("local-sgx", &own), entry("none", "")] {
            expecting(&line).is_refused(
                CheckId::IdentityExpected,
                Reason::KeyProviderUnexpected,
                REFUSED,
            );
        }
    }

    fn the_expected_processor_family() {
        expecting("fmspc = [\"000000000000\", \"70a06d070000\"]").is_verified();
        expecting("fmspc = [\"000000000000\"]").is_refused_with(
            CheckId::PlatformFmspc,
            Reason::FmspcRefused,
            REFUSED,
            INSIDE_TOO,
        );
    }

    fn an_expectation_is_never_met_without_a_log() {
        let own = hex::encode(machine().payloads().app_id);
        let report =
            expecting(&format!("app_id = [\"{own}\"]")).change(|case| case.evidence.event_log = None).judge();
        assert_verdict(&report, VerdictOutcome::Incomplete);
        assert_eq!(find(&report, CheckId::IdentityExpected).reason, Some(Reason::EarlierStepFailed));
    }

    fn a_required_check_that_was_not_made_leaves_the_verdict_incomplete() {
        let require = |case: Case| case.change(|case| case.head = "require = [\"binding.nonce\"]".to_owned());
        require(Case::new(&machine())).is_verified();
        require(Case::new(&machine()).change(|case| case.expected = veritee_verify::Expected::Nothing)).is_open(
            CheckId::BindingNonce,
            Reason::FreshnessNotShown,
            VerdictOutcome::Incomplete,
        );
    }

    fn a_waived_check_is_not_missed_and_is_told() {
        let waive = format!("[[waive]]\ncheck = \"compose.hash\"\n{BECAUSE}[[waive]]\ncheck = \"compose.document\"\n{BECAUSE}");
        let case = Case::new(&machine()).change(|case| case.evidence.app_compose = None);
        let report = case.clone().policy(&waive).judge();
        assert_verdict(&report, VerdictOutcome::Verified);
        assert_eq!(find(&report, CheckId::ComposeHash).waived.as_deref(), Some("made for a test"));
        loosened(&report, "compose.hash");
        assert_verdict(&case.judge(), VerdictOutcome::Incomplete);
    }

    fn a_waiver_that_has_expired_is_not_applied() {
        let waive = format!("[[waive]]\ncheck = \"compose.hash\"\n{BECAUSE}expires = \"2026-10-15T00:00:00Z\"\n");
        let report =
            Case::new(&machine()).policy(&waive).change(|case| case.evidence.app_compose = None).judge();
        assert_verdict(&report, VerdictOutcome::Incomplete);
        assert_notice(&report, Reason::PolicyExceptionExpired);
    }

    fn a_waiver_does_not_touch_a_check_that_failed() {
        let waive = format!("[[waive]]\ncheck = \"compose.document\"\n{BECAUSE}");
        let mut machine = machine().change(|machine| machine.app_compose = b"[]".to_vec());
        machine.boot();
        let report = Case::new(&machine).policy(&waive).judge();
        assert_verdict(&report, REFUSED);
        assert_notice(&report, Reason::PolicyExceptionUnmatched);
    }

    fn an_exception_lets_its_reason_pass_and_keeps_it_visible() {
        let except = format!("[[exception]]\ncode = \"tcb-out-of-date\"\n{BECAUSE}expires = \"2026-10-15T00:00:01Z\"\n");
        let report = outdated().policy(&except).judge();
        assert_verdict(&report, VerdictOutcome::Verified);
        let check = find(&report, CheckId::PlatformTcbStatus);
        assert_eq!((check.reason, check.waived.as_deref()), (Some(Reason::TcbOutOfDate), Some("made for a test")));
        loosened(&report, "tcb-out-of-date");
    }

    fn an_exception_that_has_expired_is_not_applied() {
        let except = format!("[[exception]]\ncode = \"tcb-out-of-date\"\n{BECAUSE}expires = \"2026-10-15T00:00:00Z\"\n");
        let report = outdated().policy(&except).is_refused(
            CheckId::PlatformTcbStatus,
            Reason::TcbOutOfDate,
            REFUSED,
        );
        assert_notice(&report, Reason::PolicyExceptionExpired);
    }

    fn an_exception_for_another_check_does_not_match() {
        let except = format!("[[exception]]\ncode = \"tcb-out-of-date\"\ncheck = \"platform.advisories\"\n{BECAUSE}");
        let report = outdated().policy(&except).is_refused(
            CheckId::PlatformTcbStatus,
            Reason::TcbOutOfDate,
            REFUSED,
        );
        assert_notice(&report, Reason::PolicyExceptionUnmatched);
    }

    fn an_exception_that_matches_nothing_is_reported() {
        let except = format!("[[exception]]\ncode = \"td-debug\"\n{BECAUSE}");
        let report = Case::new(&machine()).policy(&except).is_verified();
        assert_notice(&report, Reason::PolicyExceptionUnmatched);
    }

    fn nothing_that_is_not_genuine_can_be_let_pass() {
        for code in ["rtmr-mismatch", "compose-hash-mismatch", "quote-signature", "claim-contradicts-quote"] {
            let text = format!("schema = \"veritee/policy/v1\"\nname = \"x\"\n[[exception]]\ncode = \"{code}\"\n{BECAUSE}");
            assert!(Policy::parse(&text).is_err(), "{code}");
        }
        // A policy that was not read from a file cannot do it either.
        let mut case = Case::new(&machine()).event_log(Machine::new(2).forge().event_log_json());
        case.evidence.app_compose = None;
        let mut policy = case.read_policy();
        policy.exception.push(veritee_policy::Exception {
            code: Reason::RtmrMismatch,
            value: None,
            check: None,
            reason: Some("because".to_owned()),
            expires: None,
        });
        for id in CheckId::ALL {
            policy.waive.push(veritee_policy::Waiver {
                check: *id,
                reason: Some("because".to_owned()),
                expires: None,
            });
        }
        let report = case.judge_under(&policy);
        assert_verdict(&report, VerdictOutcome::NotGenuine);
        assert_eq!(report.verdict.reasons.first().map(String::as_str), Some("rtmr-mismatch"));
    }

    fn the_threshold_for_findings_decides() {
        let with = |fail_on: &str| risky().change(|case| {
            case.policy = case.policy.replace("fail_on = \"critical\"", &format!("fail_on = \"{fail_on}\""));
        });
        let report = with("high").judge();
        assert_verdict(&report, VerdictOutcome::Findings);
        let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert!(rules.contains(&"DP-CMP-002"), "{rules:?}");
        assert_verdict(&with("critical").judge(), VerdictOutcome::Verified);
    }

    fn an_allowed_finding_is_let_pass_and_told() {
        let allow = |rule: &str, more: &str| format!("[[audit.allow]]\nrule = \"{rule}\"\n{BECAUSE}{more}");
        let with = |tables: &str| risky().change(|case| {
            case.policy = case.policy.replace("fail_on = \"critical\"\n", &format!("fail_on = \"high\"\n{tables}"));
        });
        let open = |report: &Report| {
            let counts = report.findings.iter().filter(|finding| finding.allowed.is_none());
            counts.filter(|finding| finding.severity >= veritee_model::Severity::High).count()
        };
        let plain = with("").judge();
        let report = with(&allow("DP-CMP-002", "")).judge();
        assert_eq!(open(&report) + 1, open(&plain), "{:#?}", report.findings);
        loosened(&report, "DP-CMP-002");
        let late = with(&allow("DP-CMP-002", "expires = \"2026-10-15T00:00:00Z\"\n")).judge();
        assert_eq!(open(&late), open(&plain));
        assert_notice(&late, Reason::PolicyExceptionExpired);
        let elsewhere = with(&allow("DP-CMP-002", "place = \"services.other\"\n")).judge();
        assert_eq!(open(&elsewhere), open(&plain));
        assert_notice(&elsewhere, Reason::PolicyExceptionUnmatched);
    }

    fn an_exception_for_one_expiry_lets_no_other_pass() {
        // Everything has expired; only the entry that says so of everything may let it pass.
        let case = Case::new(&machine()).change(|case| case.as_of = veritee_testkit::pki::time("2026-11-30T00:00:00Z"));
        let mut policy = case.read_policy();
        for code in [
            Reason::CertificateExpired,
            Reason::CrlExpired,
            Reason::TcbInfoExpired,
            Reason::QeIdentityExpired,
        ] {
            policy.exception.push(veritee_policy::Exception {
                code,
                value: None,
                check: None,
                reason: Some("made for a test".to_owned()),
                expires: None,
            });
        }
        let report = case.judge_under(&policy);
        assert_verdict(&report, REFUSED);
        assert_notice(&report, Reason::PolicyExceptionUnmatched);
    }

    fn a_raised_threshold_for_findings_is_told() {
        let report = Case::new(&machine()).is_verified();
        loosened(&report, "critical");
        assert_eq!(report.policy.fail_on, veritee_model::Severity::Critical);
    }
}
