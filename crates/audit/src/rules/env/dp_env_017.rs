use super::variables;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::{Provenance, View};
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-ENV-017",
    title: "the host chooses a value",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "take the value from the compose file: user_config and .sys-config.json are not measured",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for service in subject.view.iter().flat_map(View::active) {
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
            let outbound = variable.uses.iter().any(|used| used.in_authority);
            let severity = if outbound { Severity::High } else { Severity::Medium };
            let who = match provenance {
                Provenance::Remote => "fetched from another machine",
                Provenance::Unknown => "its origin was not understood: counts as the host's",
                _ => "from files that the host supplies and nothing measures",
            };
            let evidence = format!("{} ({who})", variable.evidence());
            sink.add(Note::fail(&variable.place(), evidence).severity(severity).about(variable.name));
        }
    }
}
