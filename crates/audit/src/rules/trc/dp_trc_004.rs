//! Protects the public record of deployments from lagging behind.

use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::source::records;
use crate::subject::Subject;
use std::collections::BTreeSet;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-TRC-004",
    title: "the recorded deployments do not list what is attested",
    severity: Severity::Medium,
    needs: &[Need::Compose, Need::Source],
    remedy: "record the compose hash and image digest that the quote shows, after the machine has booted",
    answers: &[Item::Q4.shows()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    let records = records::find(source);
    let recorded_digests: BTreeSet<&str> =
        records.iter().flat_map(|record| record.digests.iter().map(String::as_str)).collect();
    let recorded_hashes: BTreeSet<&str> =
        records.iter().flat_map(|record| record.hashes.iter().map(String::as_str)).collect();
    let Some(first) = records.first() else { return };
    let place = first.file.whole();
    if let Some(hash) = subject.compose_hash() {
        if recorded_hashes.contains(hash.as_str()) || recorded_digests.contains(hash.as_str()) {
            sink.add(Note::pass(&place, format!("compose hash {hash} is recorded")));
            return;
        }
        if recorded_digests.is_empty() && !recorded_hashes.is_empty() {
            sink.add(Note::fail(&place, format!("compose hash {hash} is not recorded")));
            return;
        }
    }
    let attested: BTreeSet<&str> = subject.images().iter().filter_map(|image| image.digest_hex()).collect();
    if recorded_digests.is_empty() || attested.is_empty() {
        return;
    }
    if attested.iter().any(|digest| recorded_digests.contains(digest)) {
        sink.add(Note::pass(&place, "an attested image digest is recorded"));
    } else {
        let list = |set: &BTreeSet<&str>| {
            set.iter()
                .map(|hex| format!("sha256:{}", hex.get(..12).unwrap_or(hex)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let evidence = format!("attested: {}; recorded: {}", list(&attested), list(&recorded_digests));
        sink.add(Note::fail(&place, evidence));
    }
}
