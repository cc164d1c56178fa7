//! Inputs made to be misread, to crash a reader, or to cost it more than the budget.

use crate::support::*;
use proptest::prelude::*;
use rmpv::Value as Msgpack;
use serde_json::json;
use veritee_evidence::{BinaryProblem, ReadError, parts};
use veritee_model::Evidence;

fn error(bytes: &[u8]) -> ReadError {
    read(bytes).unwrap_err()
}

#[test]
fn no_truncation_of_any_form_panics_and_none_reads_as_the_whole() {
    for (name, bytes) in one_of_every_form() {
        let whole = read(&bytes).unwrap();
        for length in 0..bytes.len() {
            if let Ok(readout) = read(&bytes[..length]) {
                // A bare quote has no length of its own; its structure is judged by the quote engine. Of a PEM file
                // or a page only what follows the last block may be missing.
                let cut_tail = ["certificate in PEM", "page", "veritee"].contains(&name) && readout == whole;
                let shorter_tail = readout.machines == whole.machines || name.starts_with("quote");
                let pem = name == "certificate in PEM" && bytes[length..].trim_ascii() == b"";
                assert!(cut_tail || shorter_tail || pem, "{name} cut to {length}");
            }
        }
    }
}

#[test]
fn the_real_report_can_be_cut_anywhere() {
    let report = vector("source/near_report.json");
    for length in (0..report.trim_ascii_end().len()).step_by(2503) {
        assert!(read(&report[..length]).is_err(), "{length}");
    }
}

#[test]
fn data_after_the_end_is_refused_with_its_place() {
    for (name, mut bytes) in one_of_every_form() {
        if name.starts_with("quote") || name == "page" {
            continue;
        }
        let end = bytes.trim_ascii_end().len();
        bytes.truncate(end);
        bytes.extend(b"\n{}");
        let error = error(&bytes);
        assert_eq!(error.reason().code(), "evidence-malformed", "{name}: {error}");
        if bytes[0] == b'{' {
            assert_eq!(error.place().offset, Some(end + 1), "{name}");
        }
    }
}

#[test]
fn a_key_given_twice_is_refused_wherever_an_object_is_interpreted() {
    let hex = hex::encode(forged_quote());
    let tcb = tcb_info();
    let doubled_tcb = tcb.replacen('{', "{\"app_compose\": \"{}\", ", 1);
    let as_string = serde_json::to_string(&doubled_tcb).unwrap();
    for (text, pointer) in [
        (format!(r#"{{"quote":"{hex}","event_log":"[]","report_data":"","quote":"00"}}"#), "/quote"),
        (format!(r#"{{"quote":"{hex}","report_data":"","quo\u0074e":"00"}}"#), "/quote"),
        (doubled_tcb.clone(), "/app_compose"),
        (format!(r#"{{"app_id":"","tcb_info":{doubled_tcb}}}"#), "/tcb_info/app_compose"),
        (format!(r#"{{"app_id":"","tcb_info":{as_string}}}"#), "/tcb_info#/app_compose"),
        (format!(r#"{{"instances":[{{"quote":"{hex}","quote":null}}]}}"#), "/instances/0/quote"),
        (
            format!(r#"{{"model_attestations":[{{"intel_quote":"{hex}","info":{{"a":1,"a":2}}}}]}}"#),
            "/model_attestations/0/info/a",
        ),
    ] {
        let error = error(text.as_bytes());
        assert_eq!(error.reason().code(), "evidence-duplicate-key", "{text}");
        assert_eq!(error.place().pointer, pointer);
        assert!(error.place().offset.is_some());
    }
    let config = r#"{"cpu_count":1,"cpu_count":2}"#;
    assert_eq!(code(&scale_container(config)), "evidence-duplicate-key");
    let page = agent_page().replacen("{&#34;", "{&#34;mrtd&#34;:&#34;00&#34;,&#34;", 1);
    assert_eq!(code(page.as_bytes()), "evidence-duplicate-key");
    assert!(parts::add_vm_config(&mut Evidence::default(), config.as_bytes(), "v", &BUDGET).is_err());
}

#[test]
fn invalid_utf8_is_refused_at_its_offset() {
    let mut bytes = tcb_info().into_bytes();
    bytes[40] = 0xff;
    let error = error(&bytes);
    assert_eq!((error.reason().code(), error.place().offset), ("evidence-malformed", Some(40)));
    let mut scale = scale_container("");
    let end = scale.len() - 1;
    scale[end] = 4;
    scale.push(0xff);
    assert!(matches!(read(&scale), Err(ReadError::Binary { problem: BinaryProblem::NotUtf8, .. })));
}

#[test]
fn a_lone_surrogate_is_no_text() {
    let text =
        format!(r#"{{"quote":"{}","vm_config":"\ud800","report_data":""}}"#, hex::encode(forged_quote()));
    let error = error(text.as_bytes());
    assert_eq!((error.reason().code(), error.place().pointer.as_str()), ("evidence-malformed", "/vm_config"));
}

#[test]
fn hex_with_an_odd_digit_or_a_bad_one_is_refused_at_its_place() {
    let hex = hex::encode(forged_quote());
    let odd = error(&hex.as_bytes()[..hex.len() - 1]);
    assert_eq!((odd.reason().code(), odd.place().offset), ("evidence-malformed", Some(hex.len() - 1)));
    assert!(odd.to_string().contains("odd"), "{odd}");
    let mut bad = hex.clone().into_bytes();
    bad[100] = b'g';
    assert_eq!(error(&bad).place().offset, Some(100));
    for bad in ["0x", "0xzz"] {
        assert!(read(bad.as_bytes()).is_err());
    }
    let answer = json!({ "quote": &hex[1..], "report_data": "" }).to_string();
    let error = error(answer.as_bytes());
    assert_eq!((error.reason().code(), error.place().pointer.as_str()), ("evidence-malformed", "/quote"));
}

#[test]
fn depth_is_limited_before_anything_recurses() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{{\"quote\":{}1{}}}", open.repeat(100_000), close.repeat(100_000));
        let error = error(deep.as_bytes());
        assert!(error.to_string().contains("deeper than 64"), "{error}");
    }
    let inside_a_string = json!({ "tcb_info": "[".repeat(100_000) }).to_string();
    assert!(error(inside_a_string.as_bytes()).to_string().contains("deeper than 64"));
    let deep = [vec![0x91; 100_000], vec![0xc0]].concat();
    let mut map = vec![0x81, 0xa1, b'v'];
    map.extend(&deep);
    assert!(matches!(read(&map), Err(ReadError::Binary { problem: BinaryProblem::Msgpack, .. })));
}

#[test]
fn more_bytes_than_the_budget_are_refused_unread() {
    let mut budget = BUDGET;
    budget.input_bytes = 100;
    let error = veritee_evidence::read("input", &[b'{'; 101], &budget).unwrap_err();
    assert_eq!(error.reason().code(), "evidence-too-large");
    let mut budget = BUDGET;
    budget.app_compose_bytes = 4;
    assert!(matches!(
        veritee_evidence::read("input", tcb_info().as_bytes(), &budget),
        Err(ReadError::TooLarge { what: "bytes of app_compose", .. })
    ));
    let mut budget = BUDGET;
    budget.event_log_bytes = 4;
    assert!(veritee_evidence::read("input", tcb_info().as_bytes(), &budget).is_err());
    assert!(parts::add_event_log(&mut Evidence::default(), LOG.as_bytes(), "l", &budget).is_err());
}

#[test]
fn an_object_of_a_million_members_is_refused() {
    let members: Vec<String> = (0..1_000_000).map(|index| format!("\"{index}\":0")).collect();
    assert_eq!(code(format!("{{{}}}", members.join(",")).as_bytes()), "evidence-too-large");
    let instances = vec!["{}"; 1_000_000].join(",");
    assert_eq!(code(format!("{{\"instances\":[{instances}]}}").as_bytes()), "evidence-too-large");
}

#[test]
fn a_compact_length_that_claims_a_hundred_megabytes_allocates_nothing() {
    let claimed = ((100_000_000_u32) << 2 | 2).to_le_bytes();
    for head in [vec![0, 0], [vec![0, 0], scale_vector(&forged_quote())].concat()] {
        let bytes = [head.clone(), claimed.to_vec(), vec![0; 64]].concat();
        let error = error(&bytes);
        assert!(
            matches!(
                error,
                ReadError::Binary {
                    problem: BinaryProblem::Truncated { needed: 100_000_000, .. }
                        | BinaryProblem::TooManyEvents { .. },
                    ..
                }
            ),
            "{error}"
        );
    }
    // A length that would fit into fewer bytes, and one of more than four bytes.
    for bad in [vec![1, 0], vec![2, 0, 0, 0], vec![3, 0, 0, 0, 0], vec![7, 0, 0, 0, 0, 1]] {
        let bytes = [vec![0, 0], bad, vec![0; 64]].concat();
        assert!(matches!(read(&bytes), Err(ReadError::Binary { problem: BinaryProblem::CompactLength, .. })));
    }
}

#[test]
fn msgpack_that_claims_four_billion_entries_allocates_nothing() {
    for bad in [
        vec![0xdf, 0xff, 0xff, 0xff, 0xff],
        vec![0x81, 0xa1, b'v', 0xdd, 0xff, 0xff, 0xff, 0xff],
        vec![0x81, 0xa1, b'v', 0xc6, 0xff, 0xff, 0xff, 0xff],
    ] {
        assert!(matches!(read(&bad), Err(ReadError::Binary { problem: BinaryProblem::Msgpack, .. })));
    }
}

#[test]
fn a_msgpack_container_with_anything_unknown_missing_or_doubled_is_refused() {
    let changed = |change: &dyn Fn(&mut MsgpackContainer)| {
        let mut container = MsgpackContainer::new();
        change(&mut container);
        error(&container.bytes())
    };
    let refused = [
        changed(&|container| container.version = 2),
        changed(&|container| container.stack_kind = "other"),
        changed(&|container| container.platform.push(("quote", integers(&[1])))),
        changed(&|container| container.platform.push(("more", Msgpack::Nil))),
        changed(&|container| drop(container.platform.remove(0))),
        changed(&|container| container.platform[0].1 = Msgpack::Array(vec![256.into()])),
        changed(&|container| container.platform[0].1 = "00".into()),
        changed(&|container| container.stack[0].1 = integers(&[9; 63])),
        changed(&|container| container.stack[2].1 = Msgpack::Binary(b"{}".to_vec())),
        changed(&|container| container.stack[1].1 = Msgpack::Array(vec![1.into()])),
        changed(&|container| {
            container.stack[1].1 =
                Msgpack::Array(vec![map(&[("event", "a".into()), ("payload", "?".into())])]);
        }),
        changed(&|container| container.stack.push(("report_data_payload", "x".into()))),
        changed(&|container| container.stack[2].1 = "not json".into()),
    ];
    for error in refused {
        assert_eq!(error.reason().code(), "evidence-malformed", "{error}");
    }
    let many = changed(&|container| container.platform[1].1 = Msgpack::Array(vec![Msgpack::Nil; 8193]));
    assert_eq!(many.reason().code(), "evidence-too-large");
    let large = [MsgpackContainer::new().bytes(), vec![0; 1 << 20]].concat();
    assert_eq!(code(&large), "evidence-too-large");
}

#[test]
fn a_gzip_bomb_in_a_certificate_is_stopped_at_the_budget() {
    let bomb = compressed(&vec![b' '; 64 << 20]);
    let certificate = certificate(&[(QUOTE, forged_quote()), (EVENT_LOG, bomb)]);
    assert!(certificate.der().len() < 200_000);
    let error = error(certificate.der());
    assert_eq!(error.reason().code(), "evidence-too-large");
    assert!(error.to_string().contains("inflated"), "{error}");
}

#[test]
fn a_compressed_log_that_is_cut_corrupt_or_followed_by_bytes_is_refused() {
    let good = compressed(LOG.as_bytes());
    let mut corrupt = good.clone();
    *corrupt.last_mut().unwrap() ^= 1;
    let mut middle = good.clone();
    let half = middle.len() - 9;
    middle[half] ^= 0x55;
    let second = compressed(b"[]")[6..].to_vec();
    for log in [
        good[..good.len() - 1].to_vec(),
        corrupt,
        middle,
        [good.clone(), second].concat(),
        b"ELGZv1".to_vec(),
    ] {
        let certificate = certificate(&[(QUOTE, forged_quote()), (EVENT_LOG, log)]);
        assert!(matches!(read(certificate.der()), Err(ReadError::Binary { .. })));
    }
}

#[test]
fn a_certificate_with_an_extension_given_twice_is_refused() {
    for arc in [QUOTE, EVENT_LOG, APP_ID, ATTESTATION] {
        let value = if arc == ATTESTATION { scale_container("") } else { forged_quote() };
        let doubled = certificate(&[(QUOTE, forged_quote()), (arc, value.clone()), (arc, value)]);
        for bytes in [doubled.der().to_vec(), doubled.pem().into_bytes()] {
            assert_eq!(code(&bytes), "evidence-malformed");
        }
    }
}

#[test]
fn a_certificate_with_two_different_quotes_is_refused() {
    let other = [forged_quote(), vec![1]].concat();
    let certificate = certificate(&[(QUOTE, other), (ATTESTATION, scale_container(VM_CONFIG))]);
    assert!(error(certificate.der()).to_string().ends_with("the leaf carries two different quotes"));
}

#[test]
fn an_extension_that_is_not_one_octet_string_is_refused() {
    for value in [forged_quote(), [octets(&forged_quote()), vec![0]].concat(), vec![4, 5, 1], Vec::new()] {
        let certificate = certificate_raw(&[(QUOTE, value)]);
        assert!(error(certificate.der()).to_string().contains("octet string"));
    }
}

#[test]
fn a_private_key_in_the_file_is_refused_and_never_kept() {
    let pem = certificate(&[(QUOTE, forged_quote())]).pem();
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for text in [format!("{pem}{key}"), format!("{key}{pem}")] {
        let error = error(text.as_bytes());
        assert!(error.next_step().contains("private keys"), "{error}");
    }
    for text in [
        format!("{pem}more text\n"),
        format!("{pem}-----BEGIN CERTIFICATE-----\n"),
        pem.replace("END CERTIFICATE", "END CERTIFICATES"),
        pem.repeat(9),
    ] {
        assert!(matches!(read(text.as_bytes()), Err(ReadError::Certificate { .. })), "{text}");
    }
}

#[test]
fn a_chain_whose_first_certificate_has_no_quote_is_refused() {
    let chain = format!("{}{}", certificate_raw(&[]).pem(), certificate(&[(QUOTE, forged_quote())]).pem());
    assert!(error(chain.as_bytes()).next_step().contains("leaf first"));
}

#[test]
fn a_page_with_two_text_areas_or_one_that_can_be_edited_is_refused() {
    let page = agent_page();
    for (text, part) in [
        (page.replace("</body>", "<textarea readonly>{}</textarea></body>"), "got 2"),
        (page.replace("<body>", "<body><!-- <TextArea readonly>{}</textarea> -->"), "got 2"),
        (page.replace("<textarea readonly>", "<textarea>"), "not read-only"),
        (page.replace("<textarea readonly>", "<textarea class=\"readonly-ish\">"), "not read-only"),
        (page.replace("</textarea>", ""), "not closed"),
        (page.replace("<textarea readonly>", "<textarea readonly"), "not"),
        ("<html><style>textarea {}</style></html>".to_owned(), "got 0"),
        (page.replace("&#34;", "&bogus;"), "reference"),
    ] {
        let error = error(text.as_bytes());
        assert_eq!(error.reason().code(), "evidence-malformed", "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_page_that_hides_its_info_is_named() {
    let page = "<html><style>textarea {}</style><p>TCB info is not public</p></html>";
    assert_eq!(code(page.as_bytes()), "evidence-not-public");
}

#[test]
fn ten_million_character_references_cost_one_pass() {
    let page = format!("<html><textarea readonly>{}</textarea>", "&amp;".repeat(10_000_000));
    assert_eq!(code(page.as_bytes()), "evidence-malformed");
    let open = format!("<html><textarea readonly>{}</textarea>", "&".repeat(10_000_000));
    assert_eq!(code(open.as_bytes()), "evidence-malformed");
}

#[test]
fn one_claim_with_two_values_is_a_contradiction_not_a_choice() {
    let mut info = json!({ "app_id": "01", "compose_hash": "fF", "tcb_info": tcb_info() });
    assert!(read(info.to_string().as_bytes()).is_ok(), "upper and lower case are one value");
    info["compose_hash"] = "fe".into();
    let error = error(info.to_string().as_bytes());
    assert_eq!(error.reason().code(), "evidence-contradictory");
    assert!(error.to_string().contains("compose_hash"), "{error}");
}

#[test]
fn a_field_of_another_type_is_refused_not_converted() {
    let hex = hex::encode(forged_quote());
    for text in [
        json!({ "quote": 1, "report_data": "" }),
        json!({ "quote": [hex], "report_data": "" }),
        json!({ "quote": hex, "event_log": {}, "report_data": "" }),
        json!({ "quote": hex, "vm_config": 1, "report_data": "" }),
        json!({ "quote": hex, "report_data": 1 }),
        json!({ "quote": "not hex!", "report_data": "" }),
        json!({ "attestation": 5 }),
        json!({ "attestation": "" }),
        json!({ "tcb_info": 5 }),
        json!({ "tcb_info": "5" }),
        json!({ "mrtd": "00", "rtmr0": "00", "app_compose": 5 }),
        json!({ "model_attestations": [{}] }),
        json!({ "app_cert": "no certificate" }),
    ] {
        assert_eq!(code(text.to_string().as_bytes()), "evidence-malformed", "{text}");
    }
    // What is null is not there: nothing says which form it was to be.
    assert_eq!(code(json!({ "intel_quote": null }).to_string().as_bytes()), "evidence-unrecognised");
}

#[test]
fn errors_never_carry_control_characters_of_the_input() {
    for text in [
        "{\"\u{1b}[2J\u{202e}\":1,\"\u{1b}[2J\u{202e}\":2}",
        "{\"schema\":\"veritee/\u{202e}x\"}",
        "\u{202e}\u{1b}]0;x\u{7}",
    ] {
        let error = veritee_evidence::read("na\u{1b}me", text.as_bytes(), &BUDGET).unwrap_err();
        assert!(!error.to_string().chars().any(veritee_model::text::is_hazardous), "{error:?}");
    }
}

#[test]
fn a_report_of_four_thousand_similar_quotes_is_read_in_one_pass() {
    let entry = |index: u32| {
        let quote = [forged_quote(), index.to_le_bytes().to_vec(), vec![0; 2048]].concat();
        json!({ "intel_quote": hex::encode(quote) })
    };
    let report = json!({ "model_attestations": (0..4096).map(entry).collect::<Vec<_>>() }).to_string();
    assert_eq!(read(report.as_bytes()).unwrap().machines.len(), 4096);
}

#[test]
fn a_quote_beyond_any_real_size_reads_for_the_engine_to_refuse_and_survives_the_document() {
    let quote = [forged_quote(), vec![0; 1 << 20]].concat();
    let evidence = read(&quote).unwrap().select(None).unwrap();
    let document = veritee_evidence::to_json(&evidence, "1");
    assert_eq!(read(document.as_bytes()).unwrap().select(None).unwrap(), evidence);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_to_any_form_panics(
        form in 0_usize..16,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
    ) {
        let forms = FORMS.get_or_init(one_of_every_form);
        let mut bytes = forms[form % forms.len()].1.clone();
        for (index, byte, kind) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        if let Err(error) = read(&bytes) {
            prop_assert!(!error.to_string().is_empty());
            prop_assert!(!error.next_step().is_empty());
        }
        let _ = parts::add_event_log(&mut Evidence::default(), &bytes, "x", &BUDGET);
        let _ = parts::add_collateral(&mut Evidence::default(), &bytes, "x", &BUDGET);
        let _ = parts::add_certificates(&mut Evidence::default(), &bytes, "x", &BUDGET);
    }

    #[test]
    fn no_random_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512), first in 0_u8..8) {
        let heads: [&[u8]; 8] = [b"", &[0, 0], &[0x83], &[0x30, 0x82], b"{", b"<textarea readonly>", b"\"", &[4, 0]];
        let _ = read(&[heads[usize::from(first)], &bytes].concat());
    }
}

static FORMS: std::sync::OnceLock<Vec<(&'static str, Vec<u8>)>> = std::sync::OnceLock::new();
