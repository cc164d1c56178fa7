//! The programs of a service: its command and entry point, hooks, health check, and the configs that are mounted.

use crate::script::commands_in;
use crate::view::{Fault, FaultKind, Program, Service, Value};
use std::collections::BTreeMap;
use veritee_compose::script::{Script, quoted, read_text_within};
use veritee_model::{Budget, Place};

/// Keys whose values are run; hooks have theirs below `command`.
const RUN: &[&str] = &["command", "entrypoint", "healthcheck.test", "post_start", "pre_stop", "pre_start"];

/// Reads what the services run. All texts have one allowance together.
pub(crate) fn read(services: &mut [Service], budget: &Budget) {
    let mut reader = Reader { budget, nodes: budget.script_nodes };
    for service in services {
        service.programs = reader.programs(service);
    }
}

/// Commands of which a part could not be read.
pub(crate) fn faults(services: &[Service]) -> Vec<Fault> {
    let programs =
        services.iter().filter(|service| service.is_active()).flat_map(|service| &service.programs);
    let unread = programs.filter_map(|program| Some((program, program.unread.as_ref()?)));
    unread
        .map(|(program, why)| Fault {
            place: program.place.clone(),
            what: format!("{}: not all of it could be read as a command: {why}", program.path),
            kind: FaultKind::NotModelled,
        })
        .collect()
}

struct Reader<'a> {
    budget: &'a Budget,
    nodes: usize,
}

impl Reader<'_> {
    fn programs(&mut self, service: &Service) -> Vec<Program> {
        let mut lists: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        let mut programs = Vec::new();
        for (path, value) in &service.scalars {
            let runs = RUN.iter().any(|run| {
                path.strip_prefix(run).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            });
            let is_hook =
                ["post_start.", "pre_stop.", "pre_start."].iter().any(|hook| path.starts_with(hook));
            if !runs || is_hook && !path.contains(".command") {
                continue;
            }
            match path.rsplit_once('.') {
                Some((list, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => {
                    lists.entry(list).or_default().push(value);
                }
                _ => programs.push(self.text(path, &value.place, &value.effective(), true)),
            }
        }
        for (path, values) in lists {
            self.list(path, &values, &mut programs);
        }
        for (path, value) in &service.configs {
            programs.push(self.text(path, &value.place, &value.effective(), false));
        }
        programs
    }

    fn list(&mut self, path: &str, values: &[&Value], programs: &mut Vec<Program>) {
        let mut words: Vec<String> = values.iter().map(|value| value.effective()).collect();
        let Some(first) = values.first() else { return };
        let is_text = words.first().is_some_and(|word| word == "CMD-SHELL");
        if matches!(words.first().map(String::as_str), Some("CMD" | "CMD-SHELL" | "NONE")) {
            words.remove(0);
        }
        if is_text {
            return programs.push(self.text(path, &first.place, &words.join(" "), true));
        }
        let whole = self.text(path, &first.place, &quoted(words.iter().map(String::as_str)), true);
        let prints =
            whole.commands.first().is_some_and(|command| matches!(command.program(), "echo" | "printf"));
        programs.push(whole);
        // The entry point of the image may be a shell, or hand its arguments to one.
        let texts = values.iter().filter(|value| value.effective().contains(char::is_whitespace));
        for value in texts.filter(|_| !prints) {
            programs.push(self.text(path, &value.place, &value.effective(), false));
        }
    }

    fn text(&mut self, path: &str, place: &Place, text: &str, told: bool) -> Program {
        let script = read_text_within(text, self.budget, &mut self.nodes);
        let unread = script.problems.iter().find(|_| told && !script.is_complete());
        Program {
            path: path.to_owned(),
            place: place.clone(),
            unread: unread.map(|problem| problem.detail.clone()),
            commands: distinct(&script),
        }
    }
}

/// The commands of a text, each once.
fn distinct(script: &Script) -> Vec<crate::script::Command> {
    let mut commands = commands_in(script);
    commands.dedup();
    commands
}
