//! Protects keys from standing in a repository.

use crate::item::Item;
use crate::known_keys::{self, KnownSecret};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-012",
    title: "private key in the repository",
    severity: Severity::Critical,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "remove the key, and replace it wherever it was used",
    answers: &[Item::E4.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for file in &source.files {
        let mut last: Option<(usize, KnownSecret)> = None;
        for (offset, secret) in known_keys::find(&file.text) {
            let line = file.lines().index(offset);
            if last.replace((line, secret)) == Some((line, secret)) {
                continue;
            }
            let severity = if file.test_like { Severity::Low } else { Severity::Critical };
            // The key itself is not repeated in reports.
            let evidence = format!("{} in {}", secret.describe(), file.path);
            sink.add(Note::fail(&file.place(offset), evidence).severity(severity).about(secret.describe()));
        }
    }
}
