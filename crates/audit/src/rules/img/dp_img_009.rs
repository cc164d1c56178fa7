use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::subject::Subject;
use crate::view::Service;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-IMG-009",
    title: "built inside the machine",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Compose],
    remedy: "build outside, reproducibly, and pin the image by digest",
    check,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for service in view.active() {
        let Some((_, first)) = service.below("build").next() else { continue };
        let (severity, why) = judge(subject, service);
        let evidence = format!("{} build: {why}", service.name);
        let place = service.scalar("build.dockerfile_inline").unwrap_or(first).place.clone();
        sink.add(Note::fail(&place, evidence).severity(severity).about(&service.name));
    }
}

fn judge(subject: &Subject<'_>, service: &Service) -> (Severity, String) {
    if let Some((path, value)) = service.below("build").find(|(_, value)| value.provenance().is_settable()) {
        return (Severity::Critical, format!("whoever deploys chooses {path}: {}", value.raw));
    }
    let context = service
        .scalar("build.context")
        .or_else(|| service.scalar("build"))
        .map_or_else(|| ".".to_owned(), |value| value.effective());
    let remote = ["http://", "https://", "git@", "git://", "ssh://", "github.com/"]
        .iter()
        .any(|prefix| context.starts_with(prefix));
    if remote {
        let full = context.rsplit_once('#').is_some_and(|(_, fragment)| {
            let commit = fragment.split(':').next().unwrap_or("");
            commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let why =
            if full { "a fixed commit, built anew at every boot" } else { "a branch or tag of a repository" };
        return (Severity::High, format!("{context} ({why})"));
    }
    let Some(inline) = service.scalar("build.dockerfile_inline") else {
        return (Severity::High, format!("context {context}: files that the document does not hold"));
    };
    let text = inline.effective();
    let copies = text.lines().any(|line| {
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap_or("").to_ascii_uppercase();
        (verb == "COPY" || verb == "ADD") && words.any(|word| word == "." || word == "./")
    });
    if copies {
        return (Severity::High, "copies the context, which is /dstack with its secrets".to_owned());
    }
    if subject.open_inputs().contains(&(inline.place.file.clone(), inline.place.path.clone())) {
        (Severity::High, "inline Dockerfile that takes what the network has today".to_owned())
    } else {
        (Severity::Medium, "inline Dockerfile with pinned inputs".to_owned())
    }
}
