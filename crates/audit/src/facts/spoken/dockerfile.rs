//! The texts of an inline Dockerfile that run with the service's environment: what it starts, and what its steps write.

use parse_dockerfile::{Command as Form, Instruction};
use veritee_compose::script::quoted;

/// Commands of `CMD`, `ENTRYPOINT` and `HEALTHCHECK`; of a step, what it quotes, because it may write it into a script. A
/// file that cannot be read counts as a whole.
pub(super) fn texts(text: &str) -> Vec<String> {
    let Ok(file) = parse_dockerfile::parse(text) else { return vec![text.to_owned()] };
    let mut found = Vec::new();
    for instruction in &file.instructions {
        match instruction {
            Instruction::Cmd(cmd) => found.push(command(&cmd.arguments)),
            Instruction::Entrypoint(entry) => found.push(command(&entry.arguments)),
            Instruction::Healthcheck(check) => {
                if let parse_dockerfile::HealthcheckArguments::Cmd { arguments, .. } = &check.arguments {
                    found.push(command(arguments));
                }
            }
            Instruction::Run(run) => {
                let step = command(&run.arguments);
                let inner =
                    step.split('\'').skip(1).step_by(2).chain(run.here_docs.iter().map(|d| &*d.value));
                found.extend(inner.filter(|inner| inner.contains('$')).map(str::to_owned));
            }
            _ => {}
        }
    }
    found
}

fn command(arguments: &Form<'_>) -> String {
    match arguments {
        Form::Shell(shell) => shell.value.to_string(),
        Form::Exec(words) => quoted(words.value.iter().map(|word| &*word.value)),
        _ => String::new(),
    }
}
