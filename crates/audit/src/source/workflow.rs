//! Files of continuous integration as jobs and steps: GitHub's workflows and actions, GitLab's and CircleCI's jobs.
//!
//! Read by the same YAML reader as compose files. Everything is the audited party's text.

use super::SourceFile;
use crate::script::{Command, commands_of};
use veritee_compose::yaml::{self, YamlNode, YamlValue};
use veritee_model::Budget;

/// A file of continuous integration.
pub(crate) struct Workflow {
    /// Names of the events that start it.
    pub(crate) events: Vec<String>,
    pub(crate) jobs: Vec<Job>,
}

/// A job.
#[derive(Default)]
pub(crate) struct Job {
    /// Words that choose the machine, and where they stand.
    pub(crate) machine: Vec<String>,
    pub(crate) offset: usize,
    pub(crate) steps: Vec<Step>,
}

/// A step: an action that is used, commands, or both.
#[derive(Default)]
pub(crate) struct Step {
    pub(crate) uses: Option<String>,
    /// Inputs of the action, flattened: `with.tags` is `tags`.
    pub(crate) inputs: Vec<(String, String)>,
    pub(crate) run: String,
    pub(crate) commands: Vec<Command>,
    /// Its failure does not end the job.
    pub(crate) may_fail: bool,
    pub(crate) offset: usize,
}

impl Step {
    pub(crate) fn input(&self, name: &str) -> Option<&str> {
        self.inputs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a file; the error is the reader's words.
pub(crate) fn read(file: &SourceFile, budget: &Budget) -> Result<Workflow, String> {
    let stream = yaml::read(&file.text, budget).map_err(|error| error.to_string())?;
    let mut workflow = Workflow { events: Vec::new(), jobs: Vec::new() };
    for document in &stream.documents {
        // YAML 1.1 readers take the key `on` for true.
        if let Some(on) = document.get("on").or_else(|| document.get("true")) {
            workflow.events.extend(names(on));
        }
        match document.get("jobs").and_then(YamlNode::entries) {
            Some(jobs) => workflow.jobs.extend(jobs.iter().map(|job| github(&job.node, budget))),
            None => {
                // A composite action has its steps below `runs`.
                if let Some(runs) = document.get("runs") {
                    workflow.jobs.push(github(runs, budget));
                }
                let jobs = document.entries().unwrap_or(&[]).iter();
                workflow.jobs.extend(jobs.filter_map(|job| gitlab(&job.node, budget)));
            }
        }
    }
    Ok(workflow)
}

fn github(node: &YamlNode, budget: &Budget) -> Job {
    let machine = node.get("runs-on").or_else(|| node.get("machine"));
    let steps = items(node.get("steps"));
    Job {
        machine: machine.map(names).unwrap_or_default(),
        offset: machine.unwrap_or(node).span.start,
        steps: steps.iter().map(|step| github_step(step, budget)).collect(),
    }
}

fn github_step(node: &YamlNode, budget: &Budget) -> Step {
    let run = node.get("run");
    // CircleCI: `run: {command: ...}`.
    let run = run.and_then(|run| run.get("command")).or(run).and_then(text).unwrap_or_default();
    let mut inputs = Vec::new();
    if let Some(with) = node.get("with") {
        flatten(with, "", &mut inputs);
    }
    let env = node.get("env").and_then(YamlNode::entries).unwrap_or(&[]).iter();
    inputs.extend(env.filter_map(|entry| Some((format!("env.{}", entry.key), text(&entry.node)?))));
    Step {
        uses: node.get("uses").and_then(text),
        inputs,
        commands: commands_of(&without_expressions(&run), budget),
        run,
        may_fail: node.get("continue-on-error").and_then(text).is_some_and(|value| value != "false"),
        offset: node.get("uses").or_else(|| node.get("run")).unwrap_or(node).span.start,
    }
}

fn gitlab(node: &YamlNode, budget: &Budget) -> Option<Job> {
    let parts = ["before_script", "script", "after_script"].into_iter().filter_map(|key| node.get(key));
    let mut steps = Vec::new();
    for part in parts {
        let lines = items(Some(part));
        let lines = if lines.is_empty() { core::slice::from_ref(part) } else { lines };
        for line in lines {
            let Some(run) = text(line) else { continue };
            steps.push(Step {
                commands: commands_of(&without_expressions(&run), budget),
                run,
                may_fail: node.get("allow_failure").and_then(text).is_some_and(|value| value == "true"),
                offset: line.span.start,
                ..Step::default()
            });
        }
    }
    let tags = node.get("tags");
    let machine = tags.map(|tags| names(tags).into_iter().chain(["self-hosted".to_owned()]).collect());
    (!steps.is_empty()).then(|| Job {
        machine: machine.unwrap_or_default(),
        offset: tags.unwrap_or(node).span.start,
        steps,
    })
}

/// Expressions of the forge are values that the shell never sees: `${{ vars.X }}` becomes `${vars_X}`.
fn without_expressions(run: &str) -> String {
    let mut out = String::with_capacity(run.len());
    let mut rest = run;
    while let Some((before, after)) = rest.split_once("${{") {
        out.push_str(before);
        let (inner, tail) = after.split_once("}}").unwrap_or((after, ""));
        out.push_str("${");
        out.extend(inner.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
        out.push('}');
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn items(node: Option<&YamlNode>) -> &[YamlNode] {
    match node.map(|node| &node.value) {
        Some(YamlValue::Sequence(items)) => items,
        _ => &[],
    }
}

/// The scalars of a scalar, a list, or the keys of a mapping.
fn names(node: &YamlNode) -> Vec<String> {
    match &node.value {
        YamlValue::Sequence(items) => items.iter().filter_map(text).collect(),
        YamlValue::Mapping(entries) => {
            let labels = node.get("labels").map(names).unwrap_or_default();
            entries.iter().map(|entry| entry.key.clone()).chain(labels).collect()
        }
        _ => text(node).into_iter().collect(),
    }
}

fn text(node: &YamlNode) -> Option<String> {
    match &node.value {
        YamlValue::String(text)
        | YamlValue::Integer(text)
        | YamlValue::Float(text)
        | YamlValue::Timestamp(text) => Some(text.clone()),
        YamlValue::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn flatten(node: &YamlNode, path: &str, into: &mut Vec<(String, String)>) {
    match &node.value {
        YamlValue::Mapping(entries) => {
            for entry in entries {
                let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                flatten(&entry.node, &path, into);
            }
        }
        YamlValue::Sequence(items) => items.iter().for_each(|item| flatten(item, path, into)),
        _ => into.extend(text(node).map(|value| (path.to_owned(), value))),
    }
}
