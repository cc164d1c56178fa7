//! Protects the measured document from parts that stand elsewhere.

use crate::facts::mounts;
use crate::facts::words::names_code;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-CMP-008",
    title: "part of the application is outside the document",
    severity: Severity::High,
    needs: &[Need::Compose],
    remedy: "write everything into the one measured file",
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for (path, value) in view.globals_below("include") {
        sink.add(Note::fail(&value.place, format!("{path}: {}", value.raw)).about("include"));
    }
    for service in view.active() {
        for (mount, _) in mounts::paths(service) {
            let beside = mount.source.raw.starts_with('.') && !mount.source.is_settable();
            if beside && takes_code(mount.target) {
                let evidence = format!(
                    "{} volumes: {} -> {} (program text that stands beside the document)",
                    service.name, mount.source.raw, mount.target
                );
                sink.add(Note::fail(&mount.source.place, evidence).about(mount.target));
            }
        }
        // What stood in the same file is taken over already; whatever is left could not be followed.
        for (path, value) in service.below("extends") {
            sink.add(
                Note::fail(&value.place, format!("{} {path}: {}", service.name, value.raw)).about("extends"),
            );
        }
    }
}

/// Whether what lies at a target is run: by its ending, or by the name of the folder.
fn takes_code(target: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "src",
        "dist",
        "lib",
        "bin",
        "scripts",
        "plugins",
        "extensions",
        "migrations",
        "node_modules",
        "site-packages",
    ];
    let target = target.trim_end_matches('/');
    names_code(target) || target.rsplit('/').next().is_some_and(|last| FOLDERS.contains(&last))
}
