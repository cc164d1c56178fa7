//! Protects the reader of a green line from files that nobody looked at.

use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::source::kind::FileKind;
use crate::source::{Source, SourceFile};
use crate::subject::Subject;
use veritee_model::{Place, Severity};

pub(super) const RULE: Rule = Rule {
    id: "DP-SRC-027",
    title: "what the tree holds",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Source],
    remedy: "audit the tree without --compose, or name the document that is deployed by it",
    check,
    ..Rule::PLAIN
};

const KINDS: &[(FileKind, &str)] = &[
    (FileKind::Dockerfile, "Dockerfiles"),
    (FileKind::Shell, "scripts and makefiles"),
    (FileKind::Workflow, "files of continuous integration"),
    (FileKind::Manifest, "package manifests"),
];

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(source) = &subject.source else { return };
    for (kind, words) in KINDS {
        list(source, *kind, words, "read", sink);
    }
    let code = |file: &&SourceFile| file.kind == FileKind::Code && !file.test_like;
    let parsed: Vec<&SourceFile> = source.files.iter().filter(code).filter(|file| file.is_parsed()).collect();
    if let Some(first) = parsed.first() {
        let all = source.files.iter().filter(code).count();
        let text = format!("{} of {all} files of code have a word of a rule and were parsed", parsed.len());
        sink.add(Note::info(&first.whole(), text).about("files of code"));
    }
    list(source, FileKind::Lock, "lock files", "there; what they pin is not compared", sink);
    documents(subject, source, sink);
}

/// One line with all places of a kind.
fn list(source: &Source<'_>, kind: FileKind, words: &str, what: &str, sink: &mut Sink<'_>) {
    let files: Vec<_> = source.files.iter().filter(|file| file.kind == kind).collect();
    let Some(first) = files.first() else { return };
    let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let note = Note::info(&first.whole(), format!("{} {words}, {what}: {}", files.len(), names.join(", ")));
    let note = files.iter().skip(1).fold(note, |note, file| note.also(&file.whole(), file.path.clone()));
    sink.add(note.about(words));
}

/// Every document that says what is deployed: judged, or said not to be.
fn documents(subject: &Subject<'_>, source: &Source<'_>, sink: &mut Sink<'_>) {
    let judged = &subject.context.judged;
    for document in &source.documents {
        let place = Place { file: document.path.clone(), ..Place::default() };
        let note = match &document.bytes {
            Err(why) => Note::unknown(&place, format!("this document was not judged: {why}")),
            Ok(_) if judged.contains(&document.path) => {
                Note::info(&place, "judged: its findings name it, and it has a verdict of its own")
            }
            Ok(_) if document.variant => {
                Note::info(&place, "not judged: by its path a variant for development, a test or an example")
            }
            Ok(_) if subject.view.is_some() => {
                Note::info(&place, "not judged: another document was given as the one that is deployed")
            }
            Ok(_) => Note::unknown(&place, "not judged: no document was given as the one that is deployed"),
        };
        sink.add(note.about(&document.path));
    }
}
