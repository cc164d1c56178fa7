//! Protects values from the host, which writes files that nothing measures.

use crate::facts::mounts;
use crate::facts::outside::{Variable, describe, is_dstacks_own, variables};
use crate::item::Item;
use crate::names::NameClass;
use crate::rule::{Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::View;
use veritee_compose::Provenance;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-017",
    title: "the host chooses a value",
    severity: Severity::Medium,
    needs: &[Need::Compose],
    remedy: "take the value from the compose file: user_config and .sys-config.json are not measured",
    answers: &[Item::Q1.fails_from(Severity::High), Item::M1.tells()],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for service in subject.view.iter().flat_map(View::active) {
        for (mount, _) in mounts::paths(service).filter(|(_, path)| mounts::is_hosts_file(path)) {
            let evidence = format!(
                "{} volumes: {} -> {} (the host writes this file, and nothing measures it)",
                service.name, mount.source.raw, mount.target
            );
            let note = Note::fail(&mount.source.place, evidence).severity(Severity::High);
            sink.add(note.about("a file that the host writes"));
        }
        for (file, content) in &service.variable_files {
            // The decrypted environment is DP-ENV-012's to judge.
            if !content.is_settable() || file.raw.contains("decrypted-env") {
                continue;
            }
            let evidence = format!("{} env_file: {} (what is in it is not measured)", service.name, file.raw);
            sink.add(Note::fail(&file.place, evidence).severity(Severity::High).about("a file of variables"));
        }
    }
    for provenance in [Provenance::Host, Provenance::Remote, Provenance::Unknown] {
        for variable in variables(subject, provenance) {
            let severity = if is_grave(&variable) { Severity::High } else { Severity::Medium };
            let who = match provenance {
                Provenance::Remote => "fetched from another machine",
                Provenance::Unknown => "its origin was not understood: counts as the host's",
                _ => "from files that the host supplies and nothing measures",
            };
            let evidence = format!("{} ({who})", variable.evidence());
            let mut note = Note::fail(&variable.place(), evidence).severity(severity).about(variable.name);
            for used in variable.uses.iter().skip(1) {
                note = note.also(&used.place, describe(used));
            }
            sink.add(note);
        }
    }
}

/// It decides where data goes, what runs, who is trusted; or with which key.
fn is_grave(variable: &Variable<'_>) -> bool {
    let weighty = [
        NameClass::Endpoint,
        NameClass::Code,
        NameClass::Trust,
        NameClass::IdentityKey,
        NameClass::RuntimeHook,
        NameClass::AdminCredential,
    ];
    let outbound = variable.uses.iter().any(|used| used.in_authority);
    outbound || !is_dstacks_own(variable.name) && weighty.into_iter().any(|class| variable.is(class))
}
