//! Protects configuration from parts that the document does not fix.

use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-011",
    title: "an inline config that the document does not fix",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "escape what the program shall expand itself ($$), and keep credentials out",
    check,
    ..Rule::PLAIN
};

pattern!(
    CREDENTIAL,
    r#"(?i)(?:password|passwd|secret|api_?key|token)[ \t]*[:=][ \t]*['"]?[A-Za-z0-9+/_-]{12,}"#,
    ["password", "passwd", "secret", "apikey", "api_key", "token"]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (path, value) in &view.globals {
        if !(path.starts_with("configs.") && path.ends_with(".content")) {
            continue;
        }
        let names = value.chosen_through();
        if !names.is_empty() {
            let list: Vec<String> = names.iter().map(|name| format!("${name}")).collect();
            sink.add(Note::fail(&value.place, format!("{path}: {}", list.join(", "))).about(list.join(", ")));
        }
        if let Some(hit) = CREDENTIAL.find(&value.shape()) {
            let shown: String = hit.as_str().chars().take(16).collect();
            sink.add(
                Note::fail(&value.place, format!("{path}: {shown}..."))
                    .severity(Severity::High)
                    .about("a credential in the public document"),
            );
        }
    }
}
