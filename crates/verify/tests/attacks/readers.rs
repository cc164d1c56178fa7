//! The same attacks through the documents in which evidence travels: read, then judged.

use crate::support::{Case, OPEN, assert_failed, assert_verdict, attacks, find, machine, seen};
use veritee_model::{Budget, CheckId, Evidence, Item, Outcome, Reason, Report, VerdictOutcome};
use veritee_testkit::dstack::container;
use veritee_testkit::dstack::event::Event;
use veritee_testkit::dstack::report_data::Binding;
use veritee_testkit::dstack::{ForgedMachine, Machine};
use veritee_verify::Expected;

fn quoted() -> Machine {
    machine().change(|machine| machine.binding = Binding::RaTls)
}

/// What the reader makes of these bytes, with the collateral and the policy of the genuine machine.
fn read(bytes: &[u8]) -> Case {
    let readout =
        veritee_evidence::read("input", bytes, &Budget::STANDARD).unwrap_or_else(|error| panic!("{error}"));
    let evidence = readout.select(None).unwrap();
    Case::new(&quoted()).change(|case| {
        let collateral = core::mem::take(&mut case.evidence.collateral);
        // The forged RTMR0 is made up: no virtual hardware has it.
        case.evidence = Evidence { collateral, vm_config: None, ..evidence };
        case.expected = Expected::Nothing;
    })
}

/// Checks that did not pass, beside those that are open in the best evidence.
fn open(report: &Report) -> Vec<&str> {
    let known = |id: &str| OPEN.iter().any(|open| open.id() == id) || id == "binding.nonce";
    let checks = report.checks.iter().filter(|check| check.outcome != Outcome::Pass);
    checks.map(|check| check.id.id()).filter(|id| !known(id)).collect()
}

fn container_of(forged: &ForgedMachine, first: &[Event], second: &[Event]) -> [Vec<u8>; 2] {
    let quote = &forged.platform.quote;
    [
        container::scale_parts(quote, first, second, &forged.report_data, ""),
        container::msgpack_parts(quote, first, second, &forged.report_data, ""),
    ]
}

attacks! {
    fn an_honest_info_answer_passes_with_its_claims_compared() {
        let report = read(quoted().forge().info_json().as_bytes()).judge();
        assert_verdict(&report, VerdictOutcome::Verified);
        assert_eq!(open(&report), Vec::<&str>::new());
        assert_eq!(find(&report, CheckId::IdentityClaims).outcome, Outcome::Pass);
    }

    fn an_honest_getquote_answer_lacks_the_compose() {
        let forged = quoted().forge();
        for text in [forged.get_quote_json(), forged.verifier_request_json()] {
            let report = read(text.as_bytes()).judge();
            assert_verdict(&report, VerdictOutcome::Incomplete);
            assert_eq!(open(&report), ["compose.hash", "compose.document", "binding.ra-tls"]);
        }
    }

    fn an_honest_page_has_no_quote_and_proves_nothing() {
        let report = read(quoted().forge().page_html().as_bytes()).judge();
        assert_verdict(&report, VerdictOutcome::Incomplete);
        assert_eq!(find(&report, CheckId::QuoteFormat).reason, Some(Reason::QuoteMissing));
        // That the log is well formed is all that claims alone can show.
        let passed = report.checks.iter().filter(|check| check.outcome == Outcome::Pass);
        let passed: Vec<&str> = passed.map(|check| check.id.id()).collect();
        assert_eq!(passed, ["eventlog.format", "eventlog.digests"]);
    }

    fn a_tcb_info_whose_registers_differ_from_the_quote() {
        for register in ["mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3"] {
            let mut info: serde_json::Value = serde_json::from_str(&quoted().forge().info_json()).unwrap();
            let mut tcb_info: serde_json::Value =
                serde_json::from_str(info["tcb_info"].as_str().unwrap()).unwrap();
            tcb_info[register] = "ab".repeat(48).into();
            info["tcb_info"] = tcb_info.to_string().into();
            let report = read(info.to_string().as_bytes()).judge();
            assert_failed(&report, CheckId::IdentityClaims, Reason::ClaimContradictsQuote);
            assert_verdict(&report, VerdictOutcome::NotGenuine);
        }
    }

    fn an_info_answer_with_the_log_of_another_machine() {
        let mut forged = quoted().forge();
        forged.events = Machine::new(2).forge().events;
        // The certificate has the log of its own machine: the answer contradicts itself.
        let text = forged.info_json();
        let error = veritee_evidence::read("input", text.as_bytes(), &Budget::STANDARD).unwrap_err();
        assert_eq!(error.reason(), Reason::EvidenceContradictory);
        let mut bare = quoted();
        bare.ra_tls.edit_leaf = Some(|leaf| leaf.remove_extension("1.3.6.1.4.1.62397.1.2"));
        let mut forged = bare.forge();
        forged.events = Machine::new(2).forge().events;
        let report = read(forged.info_json().as_bytes()).judge();
        assert_failed(&report, CheckId::EventLogRtmr3, Reason::RtmrMismatch);
        assert_verdict(&report, VerdictOutcome::NotGenuine);
        assert!(report.identity.is_none());
    }

    fn an_info_answer_with_the_compose_of_another_application() {
        let mut forged = quoted().forge();
        let measured = hex::encode(quoted().compose_hash());
        forged.app_compose = br#"{"docker_compose_file":"services: {}"}"#.to_vec();
        let text = forged.info_json();
        // An agent that gives the other hash beside the other compose contradicts itself.
        let error = veritee_evidence::read("input", text.as_bytes(), &Budget::STANDARD).unwrap_err();
        assert_eq!(error.reason(), Reason::EvidenceContradictory);
        let other = hex::encode(veritee_model::Sha256Digest::of(&forged.app_compose).as_bytes());
        let report = read(text.replace(&other, &measured).as_bytes()).judge();
        assert_failed(&report, CheckId::ComposeHash, Reason::ComposeHashMismatch);
        assert_verdict(&report, VerdictOutcome::Refused);
    }

    fn virtual_hardware_that_the_registers_do_not_show() {
        let forged = quoted().forge();
        let case = read(forged.info_json().as_bytes())
            .change(|case| case.evidence.vm_config = Some(Item::new(forged.vm_config.clone(), "vm-config.json")));
        case.is_refused(CheckId::OsVirtualHardware, Reason::VirtualHardwareMismatch, VerdictOutcome::Refused);
    }

    fn the_certificate_of_another_machine_in_an_info_answer() {
        // All of the answer is the honest machine's, but for the certificate, and so its quote and its log.
        let mut forged = quoted().forge();
        forged.ra_tls_pem = Machine::new(2).forge().ra_tls_pem;
        let error = veritee_evidence::read("input", forged.info_json().as_bytes(), &Budget::STANDARD).unwrap_err();
        assert_eq!(error.reason(), Reason::EvidenceContradictory);
        // Given by itself, it brings another quote than the one judged.
        let other = Machine::new(2).forge().ra_tls_pem;
        forged.ra_tls_pem = quoted().forge().ra_tls_pem;
        let mut case = read(forged.info_json().as_bytes());
        case.evidence.certificates = Some(Item::new(other, "chain.pem"));
        let report = case.judge();
        assert_eq!(find(&report, CheckId::BindingRaTls).outcome, Outcome::Fail);
        assert_verdict(&report, VerdictOutcome::NotGenuine);
    }

    fn a_container_with_two_lists_that_differ() {
        let forged = quoted().forge();
        let stripped = container::stripped(&forged.events);
        let runtime: Vec<Event> = forged.events.iter().filter(|event| event.imr == 3).cloned().collect();
        for bytes in container_of(&forged, &stripped, &runtime) {
            let report = read(&bytes).judge();
            assert_eq!(find(&report, CheckId::EventLogRtmr3).outcome, Outcome::Pass);
            assert_eq!(find(&report, CheckId::IdentityEvents).outcome, Outcome::Pass);
        }
        let mut other = runtime;
        let compose = other.iter_mut().find(|event| event.name == "compose-hash").unwrap();
        compose.payload[0] ^= 1;
        for bytes in container_of(&forged, &stripped, &other) {
            let report = read(&bytes).judge();
            assert_failed(&report, CheckId::EventLogFormat, Reason::RuntimeListsDisagree);
            assert_verdict(&report, VerdictOutcome::NotGenuine);
        }
    }

    fn a_container_whose_reportdata_is_not_the_quote_s() {
        let forged = quoted().forge();
        let runtime: Vec<Event> = forged.events.iter().filter(|event| event.imr == 3).cloned().collect();
        let stripped = container::stripped(&forged.events);
        let bytes = container::scale_parts(&forged.platform.quote, &stripped, &runtime, &[7; 64], "");
        let report = read(&bytes).judge();
        assert_failed(&report, CheckId::IdentityClaims, Reason::ClaimContradictsQuote);
    }

    fn an_ra_tls_certificate_alone_in_each_of_its_forms() {
        use veritee_testkit::dstack::ra_tls::RaTlsForm;
        for form in [RaTlsForm::Separate, RaTlsForm::SeparateCompressed, RaTlsForm::ContainerV0, RaTlsForm::ContainerV1] {
            let machine = quoted().change(|machine| machine.ra_tls.form = form);
            let report = read(machine.forge().ra_tls_pem.as_bytes()).judge();
            assert_eq!(find(&report, CheckId::BindingRaTls).outcome, Outcome::Pass, "{form:?}");
            assert_eq!(find(&report, CheckId::IdentityEvents).outcome, Outcome::Pass, "{form:?}");
            assert_verdict(&report, VerdictOutcome::Incomplete);
        }
    }

    fn evidence_written_and_read_again_gives_the_same_checks() {
        let case = read(quoted().forge().info_json().as_bytes());
        let document = veritee_evidence::to_json(&case.evidence, "0.0.0");
        let again = veritee_evidence::read("input", document.as_bytes(), &Budget::STANDARD).unwrap();
        let again = case.clone().change(|case| case.evidence = again.select(None).unwrap());
        assert_eq!(case.judge().checks, again.judge().checks);
    }

    fn an_item_of_veritee_s_own_evidence_changed_under_its_digest_is_not_read() {
        let case = read(quoted().forge().info_json().as_bytes());
        let document = veritee_evidence::to_json(&case.evidence, "0.0.0");
        let changed = document.replacen("nginx", "nginy", 1);
        assert_ne!(changed, document);
        let error = veritee_evidence::read("input", changed.as_bytes(), &Budget::STANDARD).unwrap_err();
        assert_eq!(error.reason(), Reason::EvidenceDigestMismatch);
    }

    fn what_a_reader_gives_is_judged_like_parts_given_by_themselves() {
        let forged = quoted().forge();
        let parts = Case::of(&forged, &forged.ra_tls_pem).change(|case| case.expected = Expected::Nothing);
        let read = read(forged.info_json().as_bytes()).judge();
        let parts = parts.judge();
        for (read, parts) in read.checks.iter().zip(&parts.checks).filter(|(read, _)| read.id != CheckId::IdentityClaims) {
            assert_eq!(read, parts);
        }
        assert!(!seen().is_empty());
    }
}
