//! Binding an app_compose to the measured hash, and the documents that two readers could read differently.
#![allow(clippy::print_stderr, clippy::arithmetic_side_effects)]

use proptest::prelude::*;
use std::path::PathBuf;
use veritee_compose::{AppCompose, DocumentError, Normalisation, UnboundCompose, bind};
use veritee_model::{Budget, ComposeHash, Reason};

const BUDGET: Budget = Budget::STANDARD;
const PLAIN: &[u8] = br#"{"name":"a","b":[1,{"c":"d"}],"manifest_version":2}"#;

fn refused(raw: &[u8]) -> DocumentError {
    AppCompose::parse(raw, &BUDGET).unwrap_err()
}

fn hint(raw: &[u8], measured_bytes: &[u8]) -> Option<Normalisation> {
    let error = bind(raw, &ComposeHash::of(measured_bytes), &BUDGET).unwrap_err();
    assert_eq!(error.reason(), Reason::ComposeHashMismatch);
    error.hint
}

#[test]
fn the_measured_bytes_bind_and_keep_their_hash() {
    let hash = ComposeHash::of(PLAIN);
    let bound = bind(PLAIN, &hash, &BUDGET).unwrap();
    assert_eq!((bound.raw(), bound.hash()), (PLAIN, &hash));
    assert_eq!(bound.document().unwrap().get("name").unwrap().as_str(), Some("a"));
}

#[test]
fn a_document_with_another_hash_does_not_bind_whatever_normalisation_would_make_it_match() {
    let with = |text: &str| text.as_bytes().to_vec();
    let sorted = br#"{"b":[1,{"c":"d"}],"manifest_version":2,"name":"a"}"#;
    let spaced = br#"{"name": "a", "b": [1, {"c": "d"}], "manifest_version": 2}"#;
    let pretty2 = "{\n  \"name\": \"a\",\n  \"b\": [\n    1,\n    {\n      \"c\": \"d\"\n    }\n  ],\n  \"manifest_version\": 2\n}";
    let pretty4 = pretty2.replace("  ", "    ");
    let escaped = serde_json::to_vec(core::str::from_utf8(PLAIN).unwrap()).unwrap();
    let cases: [(Vec<u8>, Vec<u8>, Normalisation); 14] = [
        (PLAIN.to_vec(), [PLAIN, b"\n"].concat(), Normalisation::NewlineAdded),
        ([PLAIN, b"\n"].concat(), PLAIN.to_vec(), Normalisation::NewlineRemoved),
        ([PLAIN, b"\r\n"].concat(), PLAIN.to_vec(), Normalisation::NewlineRemoved),
        ([b" \n", PLAIN, b"\n\n"].concat(), PLAIN.to_vec(), Normalisation::WhitespaceTrimmed),
        (with(&pretty2.replace('\n', "\r\n")), with(pretty2), Normalisation::LineFeeds),
        (with(pretty2), with(&pretty2.replace('\n', "\r\n")), Normalisation::CarriageReturns),
        ([b"\xef\xbb\xbf", PLAIN].concat(), PLAIN.to_vec(), Normalisation::ByteOrderMarkRemoved),
        (escaped.clone(), PLAIN.to_vec(), Normalisation::StringUnescaped),
        (escaped[1..escaped.len() - 1].to_vec(), PLAIN.to_vec(), Normalisation::StringUnescaped),
        (with(pretty2), PLAIN.to_vec(), Normalisation::Compact),
        (with(pretty2), sorted.to_vec(), Normalisation::CompactSorted),
        (PLAIN.to_vec(), spaced.to_vec(), Normalisation::Spaced),
        (PLAIN.to_vec(), with(pretty2), Normalisation::Pretty2),
        (PLAIN.to_vec(), with(&pretty4), Normalisation::Pretty4),
    ];
    for (given, measured, expected) in cases {
        assert_eq!(hint(&given, &measured), Some(expected), "{}", String::from_utf8_lossy(&given));
    }
    let ascii = br#"{"a":"\u00e4\ud83d\ude00"}"#;
    assert_eq!(hint("{\"a\":\"ä\u{1f600}\"}".as_bytes(), ascii), Some(Normalisation::Compact));
}

#[test]
fn a_document_of_other_content_gives_no_hint() {
    assert_eq!(hint(PLAIN, br#"{"name":"b"}"#), None);
    assert_eq!(hint(b"\xff\xfe", PLAIN), None);
}

#[test]
fn the_error_of_a_mismatch_names_both_hashes_and_the_hint() {
    let error = bind(&[PLAIN, b"\n"].concat(), &ComposeHash::of(PLAIN), &BUDGET).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&ComposeHash::of(PLAIN).to_string()));
    assert!(text.contains(&error.got.to_string()));
    assert!(text.ends_with("it would match without the line break at the end"), "{text}");
}

#[test]
fn a_bound_document_with_a_duplicate_key_keeps_its_hash_and_is_no_document() {
    let raw = br#"{"allowed_envs":[],"name":"x","allowed_envs":["LD_PRELOAD"]}"#;
    let bound = bind(raw, &ComposeHash::of(raw), &BUDGET).unwrap();
    assert_eq!(bound.hash(), &ComposeHash::of(raw));
    let error = bound.document().unwrap_err();
    assert_eq!(error.reason(), Reason::ComposeDuplicateKey);
    let DocumentError::DuplicateKey { key, first, second, .. } = error else { panic!("{error:?}") };
    assert_eq!((key.as_str(), first.start, second.start), ("allowed_envs", 1, 30));
}

#[test]
fn duplicate_keys_are_seen_at_any_depth_and_through_escapes() {
    for raw in [
        r#"{"a":1,"a":1}"#,
        r#"{"x":[{"y":{"a":1,"b":2,"a":3}}]}"#,
        r#"{"allowed_envs":[],"allowed\u005fenvs":["X"]}"#,
        r#"{"":1,"":2}"#,
    ] {
        assert_eq!(refused(raw.as_bytes()).reason(), Reason::ComposeDuplicateKey, "{raw}");
    }
}

#[test]
fn what_is_not_one_json_object_is_refused_with_its_place() {
    let cases: [(&[u8], Reason, usize); 24] = [
        (b"", Reason::ComposeMalformed, 0),
        (b"[]", Reason::ComposeMalformed, 0),
        (b"\"a\"", Reason::ComposeMalformed, 0),
        (b"{} {}", Reason::ComposeTrailingData, 3),
        (b"{}\x00", Reason::ComposeTrailingData, 2),
        (b"{},", Reason::ComposeTrailingData, 2),
        (b"\xef\xbb\xbf{}", Reason::ComposeMalformed, 0),
        (b"{\"a\":\"\xff\"}", Reason::ComposeMalformed, 6),
        (b"{\"a\":\"\x00\"}", Reason::ComposeMalformed, 6),
        (b"{\"a\":\"\n\"}", Reason::ComposeMalformed, 6),
        (br#"{"a":"\u0000"}"#, Reason::ComposeMalformed, 6),
        (br#"{"a":"\ud800"}"#, Reason::ComposeMalformed, 6),
        (br#"{"a":"\ud800\u0041"}"#, Reason::ComposeMalformed, 6),
        (br#"{"a":"\udc00"}"#, Reason::ComposeMalformed, 6),
        (br#"{"a":"\u+041"}"#, Reason::ComposeMalformed, 6),
        (br#"{"a":"\x41"}"#, Reason::ComposeMalformed, 6),
        (br#"{"a":01}"#, Reason::ComposeMalformed, 6),
        (br#"{"a":1e999}"#, Reason::ComposeMalformed, 5),
        (br#"{"a":.5}"#, Reason::ComposeMalformed, 5),
        (br#"{"a":NaN}"#, Reason::ComposeMalformed, 5),
        (br#"{"a":1,}"#, Reason::ComposeMalformed, 7),
        (br#"{'a':1}"#, Reason::ComposeMalformed, 1),
        (b"{/**/}", Reason::ComposeMalformed, 1),
        (br#"{"a":1"#, Reason::ComposeMalformed, 6),
    ];
    for (raw, reason, offset) in cases {
        let error = refused(raw);
        assert_eq!((error.reason(), error.offset()), (reason, offset), "{error}");
        assert!(!error.to_string().is_empty() && !error.to_string().ends_with('.'));
    }
}

#[test]
fn size_and_depth_are_capped() {
    let mut budget = BUDGET;
    budget.app_compose_bytes = 10;
    let error = AppCompose::parse(PLAIN, &budget).unwrap_err();
    assert_eq!(error, DocumentError::TooLarge { limit: 10, got: PLAIN.len() });
    assert_eq!(error.reason(), Reason::ComposeTooLarge);
    let bound = bind(PLAIN, &ComposeHash::of(PLAIN), &budget).unwrap();
    assert_eq!(bound.document().unwrap_err().reason(), Reason::ComposeTooLarge);
    let deep = [r#"{"a":"#.repeat(64), "1".to_owned(), "}".repeat(64)].concat();
    assert!(AppCompose::parse(deep.as_bytes(), &BUDGET).is_ok());
    let deeper = [r#"{"a":"#, &deep, "}"].concat();
    assert!(matches!(refused(deeper.as_bytes()), DocumentError::TooDeep { limit: 64, .. }));
    let open = "[".repeat(3 << 20);
    assert!(matches!(refused(open.as_bytes()), DocumentError::TooDeep { .. }));
}

#[test]
fn a_plain_file_is_never_bound_but_says_what_its_hash_would_be() {
    let unbound = UnboundCompose::parse(PLAIN, &BUDGET).unwrap();
    assert_eq!(unbound.hash(), &ComposeHash::of(PLAIN));
    assert_eq!(unbound.document().members().len(), 3);
}

#[test]
fn every_document_of_the_corpus_parses_and_slices_back_from_its_spans() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/compose-corpus"));
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: ../shared is absent");
        return;
    };
    let mut read = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".app-compose.json") {
            continue;
        }
        let raw = std::fs::read(&path).unwrap();
        let document = AppCompose::parse(&raw, &BUDGET).unwrap();
        for member in document.members() {
            let key: String = serde_json::from_slice(&raw[member.key_span.range()]).unwrap();
            assert_eq!(key, member.key);
            let value: serde_json::Value = serde_json::from_slice(&raw[member.node.span.range()]).unwrap();
            assert_eq!(value.as_str(), member.node.as_str());
        }
        read += 1;
    }
    assert!(read >= 6, "only {read} documents");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(raw in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = AppCompose::parse(&raw, &BUDGET);
        let _ = bind(&raw, &ComposeHash::new([0; 32]), &BUDGET);
    }

    #[test]
    fn text_that_looks_like_json_is_accepted_only_where_serde_accepts_it(
        raw in "[{}\\[\\]\":,a-c0-3.eE\\\\ tru\\-]{0,24}"
    ) {
        let object = format!("{{\"k\":{raw}}}");
        let ours = AppCompose::parse(object.as_bytes(), &BUDGET);
        let theirs = serde_json::from_str::<serde_json::Value>(&object);
        match (&ours, &theirs) {
            (Ok(_), Err(error)) => prop_assert!(false, "we accept what serde refuses: {object} {error}"),
            (Err(error), Ok(_)) => {
                let stricter = matches!(error, DocumentError::DuplicateKey { .. });
                prop_assert!(stricter, "we refuse what serde accepts: {object} {error}");
            }
            _ => {}
        }
    }
}
