use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::{HOLE, Service, Value};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-021",
    title: "whoever deploys chooses what runs",
    severity: Severity::High,
    blocks: Blocks::From(Severity::Critical),
    needs: &[Need::Compose],
    remedy: "write the command literally; pass values as environment variables, not into the text of a shell",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        for key in ["command", "entrypoint", "healthcheck.test", "post_start", "pre_start", "pre_stop"] {
            let values: Vec<(&str, &Value)> = service.below(key).collect();
            judge(service, &values, sink);
        }
    }
}

fn judge(service: &Service, values: &[(&str, &Value)], sink: &mut Sink<'_>) {
    // In a health check the first word says how the rest is run.
    let words: Vec<(&str, &Value, String)> = values
        .iter()
        .map(|(path, value)| (*path, *value, value.shape()))
        .filter(|(_, _, shape)| shape != "CMD")
        .collect();
    let shell = words.iter().any(|(_, _, shape)| runs_shell(shape));
    for (index, (path, value, shape)) in words.iter().enumerate() {
        if !shape.contains(HOLE) {
            continue;
        }
        let chooses_program =
            index == 0 && shape.split_whitespace().next().is_some_and(|word| word.contains(HOLE));
        let (severity, why) = if chooses_program {
            (Severity::Critical, "the program itself")
        } else if shell {
            (Severity::High, "compose puts the value into the text of a shell, which runs what is in it")
        } else {
            continue;
        };
        let line = value.raw.lines().find(|line| line.contains('$')).unwrap_or(&value.raw).trim();
        let evidence = format!("{} {path}: {line} ({why})", service.name);
        sink.add(Note::fail(&value.place, evidence).severity(severity).about(&service.name));
    }
}

/// A shell by itself, `sh -c ...` in one text, or the marker of a health check that is run by one.
fn runs_shell(shape: &str) -> bool {
    let first = shape.split_whitespace().next().unwrap_or("");
    let program = first.rsplit('/').next().unwrap_or(first);
    first == "CMD-SHELL" || matches!(program, "sh" | "bash" | "ash" | "dash" | "zsh")
}
