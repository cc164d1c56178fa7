//! Protects the way from the reviewed commit to the image: who can change what is built, and can anybody repeat it?

use crate::facts::downloads::{fetches_code, is_checksum};
use crate::item::Item;
use crate::names::{NameClass, classify};
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script::Command;
use crate::source::SourceFile;
use crate::source::kind::FileKind;
use crate::source::workflow::{self, Job, Step, Workflow};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-008",
    title: "CI builds an image that nobody can rebuild",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "build with outputs type=registry,rewrite-timestamp=true and SOURCE_DATE_EPOCH; pin actions by commit; push no moving tag; give no secrets to code of a pull request; let every step that attests fail the job",
    answers: &[Item::Q5.opens()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for file in source.live(&[FileKind::Workflow]) {
        match workflow::read(file, &subject.context.budget) {
            Ok(workflow) => judge(file, &workflow, sink),
            Err(error) => {
                sink.add(Note::unknown(&file.whole(), format!("this file was not read: {error}")));
            }
        }
    }
}

fn judge(file: &SourceFile, workflow: &Workflow, sink: &mut Sink<'_>) {
    let steps = || workflow.jobs.iter().flat_map(|job| &job.steps);
    let pushes = steps().any(pushes);
    let mut built = false;
    for job in &workflow.jobs {
        let ships =
            job.steps.iter().any(|step| builds(step) || self::pushes(step) || deploys(step).is_some());
        own_machine(file, job, ships, sink);
        for step in &job.steps {
            if builds(step) && !built {
                built = true;
                rebuild(file, step, sink);
            }
            stranger(file, workflow, step, sink);
            fetched(file, step, sink);
            action(file, step, sink);
            attests(file, step, sink);
            deployment(file, step, sink);
            if pushes {
                moving_tag(file, step, sink);
            }
        }
    }
}

fn builds(step: &Step) -> bool {
    let action = step.uses.as_deref().is_some_and(|uses| {
        uses.starts_with("docker/build-push-action@") || uses.starts_with("docker/bake-action@")
    });
    action
        || step.commands.iter().any(|command| {
            matches!(command.program(), "docker" | "podman" | "buildah" | "nerdctl")
                && (command.has("build") || command.has("bud"))
        })
}

fn pushes(step: &Step) -> bool {
    step.input("push").is_some_and(|value| value != "false")
        || step
            .commands
            .iter()
            .any(|command| command.has("push") && command.program() != "git" || command.has("--push"))
}

fn rebuild(file: &SourceFile, step: &Step, sink: &mut Sink<'_>) {
    let place = file.place(step.offset);
    if !file.text.contains("rewrite-timestamp") {
        let what = step.uses.clone().unwrap_or_else(|| shown(step));
        sink.add(Note::fail(&place, format!("{what} (without rewrite-timestamp)")));
    }
    let dated = |text: &str| {
        text.contains("$(date") || text.contains("BUILD_DATE=") || text.contains("head_commit.timestamp")
    };
    let arguments =
        step.inputs.iter().filter(|(name, _)| name == "build-args").map(|(_, value)| value.as_str());
    let run = step.commands.iter().any(|command| command.has("--build-arg")).then_some(step.run.as_str());
    if arguments.chain(run).any(dated) {
        let note = Note::fail(&place, "a build argument holds the date of the build");
        sink.add(note.about("the build holds its own date"));
    }
}

fn shown(step: &Step) -> String {
    let command = step.commands.iter().find(|command| command.has("build") || command.has("bud"));
    command.map_or_else(|| step.run.clone(), Command::text)
}

/// `:latest` in tags or in what is pushed.
fn moving_tag(file: &SourceFile, step: &Step, sink: &mut Sink<'_>) {
    let is_moving = |text: &str| {
        text.split([' ', ',', '\n']).any(|word| {
            let word = word.trim();
            word.ends_with(":latest") || word == "value=latest" || word.ends_with("=latest")
        })
    };
    let tags = step.inputs.iter().filter(|(name, _)| name == "tags").map(|(_, value)| value.clone());
    let run = step.commands.iter().filter(|command| command.has("push") || command.has("build"));
    let all = tags.chain(run.map(Command::text));
    if let Some(text) = all.into_iter().find(|text| is_moving(text)) {
        sink.add(Note::fail(&file.place(step.offset), text).about("pushes a moving tag"));
    }
}

/// Code of whoever opens a pull request runs where the repository's secrets are.
fn stranger(file: &SourceFile, workflow: &Workflow, step: &Step, sink: &mut Sink<'_>) {
    let trusted = workflow
        .events
        .iter()
        .any(|event| matches!(event.as_str(), "pull_request_target" | "workflow_run" | "issue_comment"));
    let checks_out = step.uses.as_deref().is_some_and(|uses| uses.starts_with("actions/checkout@"));
    let theirs = |text: &str| {
        text.contains("pull_request.head")
            || text.contains("github.head_ref")
            || text.contains("refs/pull/")
            || text.contains("workflow_run.head")
    };
    let reference = step.inputs.iter().any(|(_, value)| theirs(value)) && checks_out;
    let fetched = step.commands.iter().any(|command| command.program() == "git") && theirs(&step.run)
        || step.commands.iter().any(|command| command.program() == "gh" && command.has("checkout"));
    if trusted && (reference || fetched) {
        let evidence = format!(
            "{}: the code of a pull request runs beside the repository's secrets",
            file.line_at(step.offset)
        );
        let note = Note::fail(&file.place(step.offset), evidence).severity(Severity::High);
        sink.add(note.about("code of strangers builds"));
    }
}

/// A machine of the operator's own can put anything into what it builds.
fn own_machine(file: &SourceFile, job: &Job, ships: bool, sink: &mut Sink<'_>) {
    if let Some(label) = job.machine.iter().find(|label| label.contains("self-hosted")).filter(|_| ships) {
        let evidence = format!("runs-on: {label}: whoever runs that machine decides what is built");
        sink.add(Note::fail(&file.place(job.offset), evidence).about("builds on a machine of its own"));
    }
}

fn fetched(file: &SourceFile, step: &Step, sink: &mut Sink<'_>) {
    let checked = step.commands.iter().any(is_checksum);
    for (index, command) in step.commands.iter().enumerate() {
        let next = step.commands.get(index.saturating_add(1)).filter(|_| command.piped);
        let runs = matches!(command.program(), "curl" | "wget") && next.is_some();
        if let Some(why) = fetches_code(command, next, checked).filter(|_| runs) {
            let evidence = format!("{} ({why})", command.text());
            let note = Note::fail(&file.place(step.offset), evidence).severity(Severity::High);
            sink.add(note.about("runs what a server hands out"));
        }
    }
}

fn action(file: &SourceFile, step: &Step, sink: &mut Sink<'_>) {
    let Some(uses) = step.uses.as_deref().filter(|uses| !uses.starts_with("./")) else { return };
    let pinned = match uses.strip_prefix("docker://") {
        Some(image) => image.contains("@sha256:"),
        None => uses.rsplit_once('@').is_some_and(|(_, reference)| {
            reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
        }),
    };
    // The forge's own actions run on the forge's own machines.
    let owner = uses.split('/').next().unwrap_or("");
    if pinned || matches!(owner, "actions" | "github") {
        return;
    }
    let note = Note::fail(&file.place(step.offset), uses).severity(Severity::Low);
    sink.add(note.about("action not pinned by commit"));
}

/// A step that attests or signs, and may fail unseen.
fn attests(file: &SourceFile, step: &Step, sink: &mut Sink<'_>) {
    let action = step.uses.as_deref().is_some_and(|uses| {
        ["attest", "slsa", "cosign", "provenance", "sigstore"].iter().any(|word| uses.contains(word))
    });
    let run = step.commands.iter().any(|command| {
        matches!(command.program(), "cosign" | "slsa-verifier" | "gh")
            && ["sign", "attest", "verify", "attestation", "verify-image", "verify-attestation"]
                .iter()
                .any(|verb| command.subcommand() == Some(*verb))
    });
    if step.may_fail && (action || run) {
        let evidence = format!("{}: continue-on-error", file.line_at(step.offset));
        sink.add(Note::fail(&file.place(step.offset), evidence).about("attestation may fail unseen"));
    }
}

/// The command that deploys, where a step has one.
fn deploys(step: &Step) -> Option<&Command> {
    step.commands.iter().find(|command| {
        let deploys = ["deploy", "create", "update", "upgrade", "compose"];
        matches!(
            command.program(),
            "phala" | "tee-cloud" | "vmm-cli" | "vmm-cli.py" | "dstack" | "dstack-cli"
        ) && command.arguments().iter().any(|word| deploys.contains(&word.as_str()))
    })
}

/// Values that a deployment gets from the forge's settings: whoever may change these chooses them.
fn deployment(file: &SourceFile, step: &Step, sink: &mut Sink<'_>) {
    let Some(command) = deploys(step) else { return };
    let mut given = Vec::new();
    for (index, word) in command.words.iter().enumerate() {
        let next = command.words.get(index.saturating_add(1)).map(String::as_str);
        let value = match word.as_str() {
            "-e" | "--env" => next,
            _ => word
                .strip_prefix("--env=")
                .or_else(|| word.strip_prefix("-e").filter(|rest| rest.contains('='))),
        };
        given.extend(value.and_then(|value| value.split_once('=')).filter(|(_, value)| value.contains('$')));
    }
    for (name, _) in given {
        let severity = match classify(name) {
            NameClass::Endpoint
            | NameClass::Image
            | NameClass::Code
            | NameClass::Trust
            | NameClass::RuntimeHook => Severity::High,
            _ => Severity::Medium,
        };
        let evidence = format!("{}: {name} comes from the settings of the forge", command.text());
        let note = Note::fail(&file.place(step.offset), evidence).severity(severity);
        sink.add(note.about(format!("{name} is chosen by whoever holds the forge's settings")));
    }
}
