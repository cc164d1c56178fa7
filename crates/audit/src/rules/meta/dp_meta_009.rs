//! Protects against a guest with a login for everybody.

use crate::facts::guest::is_development;
use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-META-009",
    title: "development image of the guest",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Guest],
    remedy: "deploy on a production image: a development image has an ssh daemon and root",
    answers: &[Item::E7.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let os = &subject.context.os;
    let place = Place { file: "os".to_owned(), ..Place::default() };
    if is_development(os) {
        let name = os.image_name.as_deref().unwrap_or("matched by measurement");
        sink.add(Note::fail(&place, name));
    }
}
