//! Protects users from looking at a contract that is not the application's own.

use crate::facts::chain::{app, contracts};
use crate::item::Item;
use crate::rule::{Need, Note, Rule, Sink};
use crate::source::SourceFile;
use crate::source::kind::FileKind;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CHN-012",
    title: "the repository names the registry and not the application's own contract",
    severity: Severity::Medium,
    needs: &[Need::Chain, Need::Source],
    remedy: "name the application's own contract: its events, not the registry's, are the history of the application",
    answers: &[Item::E5.tells(), Item::M5.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let (Some(contracts), Some(app), Some(source)) = (contracts(subject), app(subject), &subject.source)
    else {
        return;
    };
    let naming = |address: &str| {
        let digits = address.trim_start_matches("0x").to_ascii_lowercase();
        let names = move |file: &&SourceFile| {
            matches!(file.kind, FileKind::Document | FileKind::Json)
                && !digits.is_empty()
                && file.text.to_ascii_lowercase().contains(&digits)
        };
        source.files.iter().find(names)
    };
    match (naming(&app.address), naming(&contracts.registry)) {
        (Some(file), _) => sink.add(Note::pass(&file.whole(), format!("{} is named", app.address))),
        (None, Some(file)) => sink.add(Note::fail(
            &file.whole(),
            format!(
                "{}, the registry of every application, is named; {} is not",
                contracts.registry, app.address
            ),
        )),
        (None, None) => {}
    }
}
