use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-004",
    title: "a script replaces the measured compose file",
    severity: Severity::Critical,
    blocks: Blocks::Always,
    needs: &[Need::Manifest],
    remedy: "leave docker-compose.yaml and .env alone: what is measured must be what runs",
    check,
};

pattern!(TARGET, r"(?:^|/)(?:docker-compose[\w.-]*\.ya?ml|compose[\w.-]*\.ya?ml|\.env|app-compose\.json)$");
pattern!(REDIRECTION, r">{1,2}[ \t]*([^\s;&|<>()]+)");

/// Commands whose last argument is written.
const WRITERS: &[&str] = &["cp", "mv", "ln", "install", "tee", "dd", "rsync", "sed", "truncate"];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for (script, item) in script::all(subject) {
        let command = &item.command;
        let exact = item.text.contains("jq")
            && item.text.contains("-r")
            && item.text.contains(".docker_compose_file")
            && item.text.contains("app-compose.json");
        let redirected = REDIRECTION
            .captures_iter(&item.text)
            .filter_map(|groups| groups.get(1))
            .any(|file| is_target(file.as_str()));
        let written = WRITERS.contains(&command.program()) && writes(command.program(), command.arguments());
        let exported = matches!(command.program(), "export" | "declare")
            && command.arguments().iter().any(|word| {
                word.starts_with("COMPOSE_FILE=")
                    || word.starts_with("COMPOSE_PROFILES=")
                    || word.starts_with("APP_COMPOSE_FILE=")
            });
        if exact && redirected {
            let evidence = format!("{} line {}: {} (the same text again)", script.key, item.line, item.text);
            sink.add(Note::pass(&item.place(script), evidence));
        } else if redirected || written || exported {
            sink.add(Note::fail(
                &item.place(script),
                format!("{} line {}: {}", script.key, item.line, item.text),
            ));
        }
    }
}

fn is_target(word: &str) -> bool {
    TARGET.is_match(word.trim_matches(['"', '\'']))
}

fn writes(program: &str, arguments: &[String]) -> bool {
    match program {
        "sed" => {
            arguments.iter().any(|word| word.starts_with("-i"))
                && arguments.iter().any(|word| is_target(word))
        }
        "tee" | "truncate" => arguments.iter().any(|word| is_target(word)),
        "dd" => arguments.iter().any(|word| word.strip_prefix("of=").is_some_and(is_target)),
        _ => arguments.last().is_some_and(|word| is_target(word)),
    }
}
