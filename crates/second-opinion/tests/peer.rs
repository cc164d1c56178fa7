//! The version that is asked, and words that are safe.

use veritee_quote::UnixTime;
use veritee_quote::divergence::{SecondEngine as _, Theirs};
use veritee_second_opinion::DcapQvl;

#[test]
fn the_version_in_its_name_is_the_one_that_is_linked() {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let manifest = std::fs::read_to_string(workspace).unwrap();
    let pinned = manifest.lines().find(|line| line.starts_with("dcap-qvl = ")).unwrap();
    let version = DcapQvl.name().strip_prefix("dcap-qvl ").unwrap();
    assert!(pinned.contains(&format!("version = \"={version}\"")), "{pinned}");
}

#[test]
fn collateral_that_cannot_be_read_is_a_refusal_with_safe_words() {
    let Theirs::Refuses(words) = DcapQvl.ask(&[], "\u{1b}[2J", &[], UnixTime::from_seconds(0)) else {
        panic!("accepted")
    };
    assert!(!words.contains('\u{1b}'), "{words:?}");
}
