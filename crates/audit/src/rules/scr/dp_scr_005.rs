use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-005",
    title: "a script starts containers or images of its own",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Manifest],
    remedy: "start every container from the measured compose file",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (script, item) in script::all(subject) {
        let command = &item.command;
        let starts = match command.program() {
            "docker" | "podman" | "nerdctl" => {
                let verb = command.subcommand();
                let compose = verb == Some("compose")
                    && ["up", "run", "create", "start"].iter().any(|word| command.has(word));
                compose
                    || matches!(verb, Some("run" | "create" | "load" | "import" | "tag" | "build" | "pull"))
                    || verb == Some("image")
                        && ["load", "import", "tag", "pull"].iter().any(|word| command.has(word))
            }
            "docker-compose" => ["up", "run", "create", "start"].iter().any(|word| command.has(word)),
            _ => false,
        };
        if starts {
            sink.add(Note::fail(
                &item.place(script),
                format!("{} line {}: {}", script.key, item.line, item.text),
            ));
        }
    }
}
