//! Protects the rebuild: whoever moves the tag of a base image changes what comes out of it.

use crate::item::Item;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::dockerfile::{Build, ImageUse, Step};
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-001",
    title: "base image without digest",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Build],
    remedy: "pin every FROM, COPY --from and RUN --mount=from by @sha256 digest",
    answers: &[
        Item::Q5.fails_from(Severity::Medium),
        Item::E3.tells(),
        Item::M4.tells(),
        Item::Inputs.fails(),
    ],
    check,
    ..Rule::PLAIN
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    for build in subject.live_builds() {
        let parsed = match &build.parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                let text = format!("the Dockerfile cannot be read: {error}");
                sink.add(Note::unknown(&build.place(0), text));
                continue;
            }
        };
        if let Some(syntax) = parsed.syntax.as_ref().filter(|syntax| !is_pinned(&syntax.text)) {
            sink.add(judge(build, syntax).severity(Severity::Low));
        }
        let mut images: Vec<&ImageUse> = Vec::new();
        for stage in &parsed.stages {
            images.push(&stage.from);
            for step in &stage.steps {
                match step {
                    Step::Copy { from: Some(from), .. } => images.push(from),
                    Step::Run { mounts, .. } => images.extend(mounts),
                    _ => {}
                }
            }
        }
        let mut pinned = true;
        for image in images.into_iter().filter(|image| !image.local) {
            if image.resolved.as_deref().is_none_or(|resolved| !is_pinned(resolved)) {
                pinned = false;
                sink.add(judge(build, image));
            }
        }
        if pinned {
            sink.add(Note::pass(&build.place(0), "every base image is pinned by digest"));
        }
    }
}

fn judge(build: &Build, image: &ImageUse) -> Note {
    let evidence = match &image.resolved {
        None => format!(
            "{} (a build argument without default: whoever builds chooses)",
            build.line_at(image.offset)
        ),
        Some(resolved) if image.overridable => {
            let line = build.line_at(image.offset);
            format!("{line} (with its defaults: {resolved}; --build-arg can replace them)")
        }
        Some(_) => build.line_at(image.offset).to_owned(),
    };
    Note::fail(&build.place(image.offset), evidence)
        .about(image.resolved.clone().unwrap_or_else(|| image.text.clone()))
}

fn is_pinned(image: &str) -> bool {
    image.rsplit_once("@sha256:").is_some_and(|(name, hex)| {
        !name.is_empty()
            && hex.len() == 64
            && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}
