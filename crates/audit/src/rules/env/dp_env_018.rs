//! Protects the environment from being replaced by the host, who knows the public key as well.

use crate::facts::protection::{self, Protection};
use crate::rule::{Need, Note, Rule, Sink, Whose};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-018",
    title: "the environment is not authenticated",
    severity: Severity::Medium,
    needs: &[Need::Manifest],
    remedy: "set requirements.launch_token_hash: otherwise the host, too, can replace every allowed value",
    whose: Some(Whose::Host),
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    let count = view.allowed.as_ref().map_or(0, std::collections::BTreeSet::len);
    if count == 0 {
        return;
    }
    let place = view.member("allowed_envs");
    match protection::launch_token(view) {
        Protection::Holds(how) => sink.add(Note::pass(&view.place(), how)),
        Protection::Absent => {
            let evidence =
                format!("{count} allowed names, no launch_token_hash: the encryption key is public");
            sink.add(Note::fail(&place, evidence));
        }
        Protection::Void(why) => {
            sink.add(Note::fail(
                &place,
                format!("{count} allowed names, and the launch token counts nothing: {why}"),
            ));
        }
    }
}
