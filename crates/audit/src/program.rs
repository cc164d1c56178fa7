//! The programs of a service: its command and entry point, hooks, health check, and the configs that are mounted.

use crate::field::{Field, RUN, is_at, list_of};
use crate::script::{Command, commands_in};
use std::collections::BTreeMap;
use veritee_compose::script::{quoted, read_text_within};
use veritee_model::{Budget, Place};

/// What a service runs, as far as it stands in the document.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// The key: `command`, `healthcheck.test`, `post_start.0.command`, or the name of a config.
    pub(crate) path: String,
    pub(crate) place: Place,
    /// Its commands, each once.
    pub(crate) commands: Vec<Command>,
    /// Why not all of it could be read as commands.
    pub(crate) unread: Option<String>,
}

/// Reads what services run. All texts have one allowance together.
pub(crate) struct Programs<'a> {
    budget: &'a Budget,
    nodes: usize,
}

/// Fields by their path.
type Fields<'d> = [(String, Field<'d>)];

impl<'a> Programs<'a> {
    pub(crate) const fn new(budget: &'a Budget) -> Self {
        Self { budget, nodes: budget.script_nodes }
    }

    /// What stands under the keys that are run, and what the configs hold.
    pub(crate) fn read(&mut self, fields: &Fields<'_>, configs: &Fields<'_>) -> Vec<Program> {
        let mut lists: BTreeMap<&str, Vec<&Field<'_>>> = BTreeMap::new();
        let mut programs = Vec::new();
        for (path, field) in fields {
            let is_hook =
                ["post_start.", "pre_stop.", "pre_start."].iter().any(|hook| path.starts_with(hook));
            if !RUN.iter().any(|run| is_at(path, run)) || is_hook && !path.contains(".command") {
                continue;
            }
            match list_of(path) {
                Some(list) => lists.entry(list).or_default().push(field),
                None => programs.push(self.text(path, field, &field.effective(), true)),
            }
        }
        for (path, words) in lists {
            self.list(path, &words, &mut programs);
        }
        for (path, field) in configs {
            programs.push(self.text(path, field, &field.effective(), false));
        }
        programs
    }

    fn list(&mut self, path: &str, fields: &[&Field<'_>], programs: &mut Vec<Program>) {
        let mut words: Vec<String> = fields.iter().map(|field| field.effective()).collect();
        let Some(first) = fields.first() else { return };
        let is_text = words.first().is_some_and(|word| word == "CMD-SHELL");
        if matches!(words.first().map(String::as_str), Some("CMD" | "CMD-SHELL" | "NONE")) {
            words.remove(0);
        }
        if is_text {
            return programs.push(self.text(path, first, &words.join(" "), true));
        }
        let whole = self.text(path, first, &quoted(words.iter().map(String::as_str)), true);
        let prints =
            whole.commands.first().is_some_and(|command| matches!(command.program(), "echo" | "printf"));
        programs.push(whole);
        // The entry point of the image may be a shell, or hand its arguments to one.
        let texts = fields.iter().filter(|field| field.effective().contains(char::is_whitespace));
        for field in texts.filter(|_| !prints) {
            programs.push(self.text(path, field, &field.effective(), false));
        }
    }

    fn text(&mut self, path: &str, field: &Field<'_>, text: &str, told: bool) -> Program {
        let script = read_text_within(text, self.budget, &mut self.nodes);
        let unread = script.problems.iter().find(|_| told && !script.is_complete());
        let mut commands = commands_in(&script);
        commands.dedup();
        Program {
            path: path.to_owned(),
            place: field.place.clone(),
            unread: unread.map(|problem| problem.detail.clone()),
            commands,
        }
    }
}
