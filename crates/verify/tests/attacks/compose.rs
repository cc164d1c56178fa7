//! Step 5: an app_compose that is not the measured one, or that two readers read differently.

use crate::support::{Case, attacks, find, machine};
use veritee_model::{CheckId, Item, Outcome, Reason, VerdictOutcome};
use veritee_testkit::dstack::config_id::MrConfig;
use veritee_testkit::dstack::{APP_COMPOSE, Machine};

const NOT_GENUINE: VerdictOutcome = VerdictOutcome::NotGenuine;
const REFUSED: VerdictOutcome = VerdictOutcome::Refused;

/// The measured compose, presented otherwise.
#[track_caller]
fn presented(bytes: impl Into<Vec<u8>>, hint: Option<&str>) {
    let report = Case::new(&machine()).app_compose(bytes).is_refused(
        CheckId::ComposeHash,
        Reason::ComposeHashMismatch,
        REFUSED,
    );
    let check = find(&report, CheckId::ComposeHash);
    assert!(check.expected.is_some() && check.got.is_some());
    match hint {
        Some(words) => assert!(check.detail.contains(words), "{}", check.detail),
        None => assert!(!check.detail.contains("would match"), "{}", check.detail),
    }
    // What is not bound is not read either.
    for id in [CheckId::ComposeDocument, CheckId::AuditRules] {
        assert_eq!(find(&report, id).outcome, Outcome::NotChecked);
    }
}

/// A compose that the machine really measured; the document itself is the attack.
#[track_caller]
fn deployed(bytes: &[u8], reason: Reason) {
    let mut machine = machine().change(|machine| machine.app_compose = bytes.to_vec());
    machine.boot();
    let report = Case::new(&machine).is_refused(CheckId::ComposeDocument, reason, REFUSED);
    assert_eq!(find(&report, CheckId::ComposeHash).outcome, Outcome::Pass, "the bytes are the measured ones");
}

fn with_config(mr_config: MrConfig) -> Machine {
    machine().change(|machine| machine.mr_config = mr_config)
}

/// A genuine value of another compose's.
fn of_another_compose(version: MrConfig) -> [u8; 48] {
    let mut other = Machine::new(1).app_compose(r#"{"docker_compose_file":"services: {}"}"#);
    other.mr_config = version;
    other.forge().platform.quote[48 + 184..48 + 232].try_into().unwrap()
}

attacks! {
    fn the_compose_of_another_application() {
        presented(r#"{"docker_compose_file":"services: {}"}"#, None);
    }

    fn a_compose_with_one_byte_changed() {
        presented(APP_COMPOSE.replacen("nginx", "nginy", 1), None);
    }

    fn a_compose_written_anew_is_named_in_the_hint_and_still_refused() {
        let pretty = APP_COMPOSE.replace(",\"", ",\n  \"").replace('{', "{\n  ").replace('}', "\n}");
        presented(pretty, Some("it would match as compact JSON"));
    }

    fn a_compose_with_white_space_around_it() {
        presented(format!("{APP_COMPOSE}\n"), Some("without the line break at the end"));
        presented(format!("  {APP_COMPOSE}"), Some("without the white space around it"));
        presented(format!("\u{feff}{APP_COMPOSE}"), Some("without the byte order mark"));
    }

    fn a_compose_as_a_json_string() {
        presented(serde_json::to_string(APP_COMPOSE).unwrap(), Some("with its JSON string escapes resolved"));
    }

    fn a_deployed_line_break_that_the_presented_bytes_lack() {
        let mut machine = machine().change(|machine| machine.app_compose.push(b'\n'));
        machine.boot();
        let report = Case::new(&machine).app_compose(APP_COMPOSE).is_refused(
            CheckId::ComposeHash,
            Reason::ComposeHashMismatch,
            REFUSED,
        );
        let check = find(&report, CheckId::ComposeHash);
        assert!(check.detail.contains("with a line feed added at the end"), "{}", check.detail);
    }

    fn an_empty_compose() {
        presented("", None);
    }

    fn a_deployed_compose_with_a_duplicate_key() {
        deployed(br#"{"docker_compose_file":"services: {}","docker_compose_file":"x"}"#, Reason::ComposeDuplicateKey);
        deployed(br#"{"a":{"b":1,"b":2},"docker_compose_file":"services: {}"}"#, Reason::ComposeDuplicateKey);
        deployed(
            b"{\"docker_compose_file\":\"services: {}\",\"docker\\u005fcompose_file\":\"x\"}",
            Reason::ComposeDuplicateKey,
        );
    }

    fn a_deployed_compose_with_data_after_its_end() {
        deployed(br#"{"docker_compose_file":"services: {}"} {}"#, Reason::ComposeTrailingData);
        deployed(br#"{"docker_compose_file":"services: {}"}x"#, Reason::ComposeTrailingData);
    }

    fn a_deployed_compose_that_is_no_json_object_in_utf8() {
        for bytes in [
            &b"{\"a\":\"\xff\"}"[..],
            b"\xef\xbb\xbf{\"docker_compose_file\":\"\"}",
            b"[]",
            b"null",
            b"{",
            b"",
            b"{\"a\":1,}",
            b"{\"a\":\"\x00\"}",
            b"services: {}",
            b"{\"a\":\"\\ud800\"}",
        ] {
            deployed(bytes, Reason::ComposeMalformed);
        }
    }

    fn a_deployed_compose_beyond_the_budget() {
        Case::new(&machine()).change(|case| case.budget.app_compose_bytes = 10).is_refused(
            CheckId::ComposeDocument,
            Reason::ComposeTooLarge,
            REFUSED,
        );
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        deployed(format!("{{\"a\":{deep}}}").as_bytes(), Reason::ComposeMalformed);
    }

    fn mrconfigid_of_another_compose() {
        for version in [MrConfig::V1, MrConfig::V2] {
            let machine = with_config(MrConfig::Raw(of_another_compose(version)));
            let report = Case::new(&machine).is_refused(
                CheckId::ComposeConfigId,
                Reason::MrConfigIdMismatch,
                NOT_GENUINE,
            );
            assert!(find(&report, CheckId::ComposeConfigId).expected.is_some());
        }
    }

    fn mrconfigid_version_3_of_another_compose_with_its_genuine_document() {
        let mut other = Machine::new(1).app_compose(r#"{"docker_compose_file":"services: {}"}"#);
        other.mr_config = MrConfig::V3;
        let document = other.forge().mr_config_document.unwrap();
        let machine = with_config(MrConfig::Raw(of_another_compose(MrConfig::V3)));
        let mut case = Case::new(&machine);
        case.evidence.mr_config = Some(Item::new(document, "mr-config.json"));
        let report = case.is_refused(CheckId::ComposeConfigId, Reason::MrConfigIdMismatch, NOT_GENUINE);
        assert!(find(&report, CheckId::ComposeConfigId).detail.contains("compose hash in the document"));
    }

    fn mrconfigid_version_3_with_a_changed_document() {
        let case = Case::new(&with_config(MrConfig::V3));
        let document = String::from_utf8(case.evidence.mr_config.clone().unwrap().bytes).unwrap();
        for changed in [
            document.replacen("\"version\":3", "\"version\": 3", 1),
            document.replacen("kms", "none", 1),
            format!("{document} "),
            String::new(),
        ] {
            let mut case = case.clone();
            case.evidence.mr_config = Some(Item::new(changed, "mr-config.json"));
            case.is_refused(CheckId::ComposeConfigId, Reason::MrConfigIdMismatch, NOT_GENUINE);
        }
    }

    fn mrconfigid_version_3_without_its_document() {
        Case::new(&with_config(MrConfig::V3)).change(|case| case.evidence.mr_config = None).is_open(
            CheckId::ComposeConfigId,
            Reason::MrConfigDocumentMissing,
            VerdictOutcome::Verified,
        );
    }

    fn mrconfigid_version_3_of_a_document_that_dstack_does_not_accept() {
        for document in ["{}", "[]", r#"{"version":3}"#, "x"] {
            let digest = veritee_model::Sha256Digest::of(&[b"dstack-mr-config-v3:\0", document.as_bytes()].concat());
            let mut value = [0; 48];
            value[0] = 3;
            value[1..33].copy_from_slice(digest.as_bytes());
            let mut case = Case::new(&with_config(MrConfig::Raw(value)));
            case.evidence.mr_config = Some(Item::new(document, "mr-config.json"));
            case.is_refused(CheckId::ComposeConfigId, Reason::MrConfigDocumentMalformed, REFUSED);
        }
    }

    fn mrconfigid_of_an_unknown_version_is_no_pass() {
        for version in [4, 0x7f, 0xff] {
            let mut value = [0; 48];
            value[0] = version;
            Case::new(&with_config(MrConfig::Raw(value))).is_open(
                CheckId::ComposeConfigId,
                Reason::MrConfigIdUnknown,
                VerdictOutcome::Verified,
            );
        }
    }

    fn mrconfigid_of_zero_is_no_pass() {
        Case::new(&with_config(MrConfig::Zero)).is_open(
            CheckId::ComposeConfigId,
            Reason::MrConfigIdZero,
            VerdictOutcome::Verified,
        );
    }

    fn mrconfigid_with_anything_behind_the_commitment() {
        for version in [MrConfig::V1, MrConfig::V2, MrConfig::V3] {
            let genuine = with_config(version).forge();
            let mut value: [u8; 48] = genuine.platform.quote[48 + 184..48 + 232].try_into().unwrap();
            value[47] = 1;
            let machine = with_config(MrConfig::Raw(value));
            let mut case = Case::new(&machine);
            case.evidence.mr_config =
                genuine.mr_config_document.map(|document| Item::new(document, "mr-config.json"));
            case.is_refused(CheckId::ComposeConfigId, Reason::MrConfigIdMismatch, NOT_GENUINE);
        }
    }
}
