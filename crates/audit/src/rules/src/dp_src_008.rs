use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::SourceFile;
use crate::source::kind::FileKind;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-008",
    title: "CI builds an image that nobody can rebuild",
    severity: Severity::Medium,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "build with outputs type=registry,rewrite-timestamp=true and SOURCE_DATE_EPOCH; pin actions by commit; push no moving tag",
    check,
};

pattern!(BUILD_ACTION, r"docker/(?:build-push-action|bake-action)@");
pattern!(BUILD_COMMAND, r"docker(?:[ \t]+buildx)?[ \t]+build\b");
pattern!(
    DATE,
    r"(?:--build-arg|build-args)[^\n]*(?:\$\(date|github\.event\.head_commit\.timestamp)|BUILD_DATE="
);
pattern!(LATEST, r"(?m)(?:^|[\s,=:/])[A-Za-z0-9_./${}\- ]+:latest\b|value=latest\b|type=raw,[^\n]*latest");
pattern!(
    ACTION,
    r#"(?m)^[ \t]*-?[ \t]*uses:[ \t]*['"]?([A-Za-z0-9_.-]+)/([A-Za-z0-9_./-]+)@([A-Za-z0-9_./-]+)"#
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for file in source.live(&[FileKind::Workflow]) {
        let build = BUILD_ACTION.find(&file.text).or_else(|| BUILD_COMMAND.find(&file.text));
        if let Some(build) = build {
            judge_build(file, build.start(), sink);
        }
        actions(file, sink);
    }
}

fn judge_build(file: &SourceFile, offset: usize, sink: &mut Sink<'_>) {
    if !file.text.contains("rewrite-timestamp") {
        let evidence = format!("{} (without rewrite-timestamp)", file.line_at(offset));
        sink.add(Note::fail(&file.place(offset), evidence));
    }
    if let Some(hit) = DATE.find(&file.text) {
        sink.add(
            Note::fail(&file.place(hit.start()), file.line_at(hit.start()))
                .about("the build holds its own date"),
        );
    }
    let pushes =
        file.text.contains("push: true") || file.text.contains("docker push") || file.text.contains("--push");
    if let Some(hit) = LATEST.find(&file.text).filter(|_| pushes) {
        let start = hit.end().saturating_sub(1);
        sink.add(Note::fail(&file.place(start), file.line_at(start)).about("pushes a moving tag"));
    }
}

fn actions(file: &SourceFile, sink: &mut Sink<'_>) {
    for groups in ACTION.captures_iter(&file.text) {
        let (Some(owner), Some(reference)) = (groups.get(1), groups.get(3)) else { continue };
        let full = reference.len() == 40 && reference.as_str().bytes().all(|byte| byte.is_ascii_hexdigit());
        // The forge's own actions run on the forge's own machines.
        if full || matches!(owner.as_str(), "actions" | "github") {
            continue;
        }
        let evidence = file.line_at(owner.start());
        sink.add(
            Note::fail(&file.place(owner.start()), evidence)
                .severity(Severity::Low)
                .about("action not pinned by commit"),
        );
    }
}
