//! Protects the rebuild from a mirror of packages that holds something else every day.

use crate::item::Item;
use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::dockerfile::{Stage, Step};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-004",
    title: "apt takes whatever the mirror has today",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Build],
    remedy: "point the sources at a snapshot (snapshot.debian.org, snapshot.ubuntu.com) before apt-get update",
    answers: &[Item::Q5.opens(), Item::Inputs.fails()],
    check,
    ..Rule::PLAIN
};

pattern!(SNAPSHOT, r"snapshot\.(?:debian\.org|ubuntu\.com|cloudflare\.debian\.org)", ["snapshot."]);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for build in subject.live_builds() {
        for stage in build.stages() {
            for (offset, bootstrap) in unpinned_updates(stage) {
                let note = Note::fail(&build.place(offset), build.line_at(offset));
                sink.add(if bootstrap { note.severity(Severity::Low) } else { note });
            }
        }
    }
}

/// Updates before the sources of the stage are a snapshot; and whether the switch comes later, so that only the
/// tools for it are unpinned.
fn unpinned_updates(stage: &Stage) -> Vec<(usize, bool)> {
    let mut updates = Vec::new();
    let mut snapshot = false;
    for step in &stage.steps {
        match step {
            Step::Run { commands, text, offset, .. } => {
                // Within one RUN the order decides as well: text before the update must hold the switch.
                let switch = SNAPSHOT.find(text).map(|hit| hit.start());
                let update = commands.iter().find(|command| {
                    matches!(command.program(), "apt-get" | "apt" | "aptitude") && command.has("update")
                });
                if let Some(update) = update
                    && !snapshot
                    && switch.is_none_or(|switch| switch > update.offset)
                {
                    updates.push(*offset);
                }
                snapshot |= switch.is_some();
            }
            Step::Setting { text, .. } => snapshot |= SNAPSHOT.is_match(text),
            Step::Add { sources, .. } | Step::Copy { sources, .. } => {
                snapshot |= sources.iter().any(|source| source.contains("snapshot"));
            }
            Step::Start { .. } | Step::Check { .. } => {}
        }
    }
    updates.into_iter().map(|offset| (offset, snapshot)).collect()
}
