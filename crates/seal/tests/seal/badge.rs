//! The picture: it says what the statement says, and no byte of it can be another.

use crate::{ed25519, p256, sample, tool, verified};
use ring::rand::SystemRandom;
use veritee_model::{Reason, Report, VerdictOutcome};
use veritee_seal::{SigningKey, Statement, badge, open_badge};

fn drawn(report: &Report, bytes: &[u8], key: &SigningKey) -> String {
    let statement = Statement::of(report, bytes, tool());
    badge(&statement, std::slice::from_ref(key), &SystemRandom::new()).unwrap()
}

/// What a person reads in the picture.
fn seen(svg: &str) -> String {
    svg.lines().filter(|line| line.starts_with("<text")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_badge_says_verdict_time_and_what_was_not_checked_and_has_no_tick() {
    for name in ["verified", "refused", "not-genuine", "incomplete", "test-root"] {
        let (bytes, report) = sample(name);
        let key = ed25519();
        let svg = drawn(&report, &bytes, &key);
        let seen = seen(&svg);
        assert!(seen.contains(report.headline()), "{name}: {seen}");
        assert!(seen.contains(&report.as_of.to_string()), "{name}");
        let open: Vec<_> = report
            .checks
            .iter()
            .filter(|check| check.outcome == veritee_model::Outcome::NotChecked)
            .map(|check| check.id)
            .collect();
        match open.first() {
            Some(first) => {
                assert!(seen.contains(&format!("NOT CHECKED ({})", open.len())), "{name}: {seen}");
                assert!(seen.contains(first.id()), "{name}");
            }
            None => assert!(seen.contains("every check was made"), "{name}: {seen}"),
        }
        assert!(open.iter().all(|id| svg.contains(id.id())), "{name}: the description names all");
        assert!(!svg.contains(['\u{2713}', '\u{2714}', '\u{2705}']) && !svg.contains("<script"), "{name}");
        assert!(!svg.contains("http://") || svg.matches("http://").count() == 1, "only the namespace");
        let green = svg.contains("#1a6b2f");
        let may = report.verdict.outcome == VerdictOutcome::Verified && report.policy.loosened.is_empty();
        assert!(!green || may, "{name}");
        let statement = open_badge(svg.as_bytes(), &[key.public().clone()]).unwrap();
        assert_eq!(statement.predicate.veritee.outcome, report.verdict.outcome);
    }
}

#[test]
fn green_is_for_what_was_verified_with_nothing_let_pass() {
    let key = ed25519();
    let mut report = verified();
    assert!(drawn(&report, b"report", &key).contains("#1a6b2f"));
    report.policy.loosened = vec!["lets something pass".to_owned()];
    let loosened = drawn(&report, b"report", &key);
    assert!(!loosened.contains("#1a6b2f") && seen(&loosened).contains("in 1 way"), "{loosened}");
    let mut quote = verified();
    quote.kind = veritee_model::Kind::Quote;
    assert!(!drawn(&quote, b"report", &key).contains("#1a6b2f"), "a quote alone is no machine");
}

#[test]
fn a_root_that_is_not_intels_is_shouted() {
    let (bytes, report) = sample("test-root");
    let svg = drawn(&report, &bytes, &ed25519());
    assert!(seen(&svg).contains("NOT UNDER INTEL") && !svg.contains("#1a6b2f"), "{svg}");
}

#[test]
fn no_byte_of_the_picture_can_be_changed() {
    let (bytes, report) = sample("refused");
    let key = p256();
    let svg = drawn(&report, &bytes, &key);
    let keys = [key.public().clone()];
    let name = svg.find(&key.public().id()).unwrap();
    let named = name..name + 64;
    for at in (0..svg.len()).step_by(13) {
        let mut other = svg.clone().into_bytes();
        other[at] ^= 1;
        if open_badge(&other, &keys).is_ok() {
            // The name of the key is a hint that nobody sees: one digit for another.
            assert!(named.contains(&at), "byte {at}");
        }
    }
    let green = svg.replace("GENUINE, REFUSED BY POLICY", "VERIFIED").replace("#a40e26", "#1a6b2f");
    let error = open_badge(green.as_bytes(), &keys).unwrap_err();
    assert_eq!(error.reason(), Reason::SealBadgeMismatch);
    // A second picture around the signed data of the first, and what hides text.
    for more in ["<text x=\"9\" y=\"9\">VERIFIED</text>", "<style>text{display:none}</style>", " "] {
        let error = open_badge(format!("{svg}{more}").as_bytes(), &keys).unwrap_err();
        assert_eq!(error.reason(), Reason::SealBadgeMismatch, "{more}");
    }
    // What DSSE lets stand in an envelope unsigned would be markup here.
    for (plain, spoilt) in [
        ("{\"payload\"", "{\"x\":\"<script>alert(1)</script>\",\"payload\""),
        ("{\"keyid\":\"", "{\"keyid\":\"<script>"),
        ("{\"keyid\"", "{\"x\":\"<style>text{opacity:0}</style>\",\"keyid\""),
        ("{\"payload\"", "{ \"payload\""),
    ] {
        let spoilt = svg.replacen(plain, spoilt, 1);
        assert_ne!(spoilt, svg);
        assert_eq!(open_badge(spoilt.as_bytes(), &keys).unwrap_err().reason(), Reason::SealBadgeMismatch);
    }
    let other = open_badge(svg.as_bytes(), &[ed25519().public().clone()]).unwrap_err();
    assert_eq!(other.reason(), Reason::SealKeyAbsent);
    for text in ["<svg/>", "<svg><metadata>", "", "\u{0}"] {
        assert_eq!(open_badge(text.as_bytes(), &keys).unwrap_err().reason(), Reason::SealMalformed);
    }
}

#[test]
fn hostile_text_of_a_report_stays_text() {
    let (bytes, mut report) = sample("verified");
    let hostile = "</metadata></svg><script>alert(1)</script>\u{202e}\u{1b}[2J&\"'";
    report.policy.loosened = vec![hostile.to_owned(), "x".repeat(1 << 20)];
    report.verdict.reasons = vec![hostile.to_owned()];
    report.tool.version = hostile.to_owned();
    let key = ed25519();
    let svg = drawn(&report, &bytes, &key);
    assert!(!svg.contains("<script") && !svg.contains(['\u{202e}', '\u{1b}']));
    assert_eq!(svg.matches("<metadata>").count(), 1);
    assert_eq!(svg.matches("</svg>").count(), 1);
    open_badge(svg.as_bytes(), &[key.public().clone()]).unwrap();
}
