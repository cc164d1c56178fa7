//! What of a tree says what is deployed, and whether anything in it is known at all.

use super::kind::{self, FileKind, is_test_like};
use crate::pattern::pattern;
use veritee_model::Budget;
use veritee_source::SourceTree;

/// A compose file or an app_compose that stands in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeDocument {
    /// Its path in the tree. The audited party's text.
    pub path: String,
    /// A variant for development, a test or an example, by its path: nobody says that it is deployed.
    pub variant: bool,
    /// Its name says that it is such a document. Without it the content alone does, and a reader may find that it is
    /// none.
    pub named: bool,
    /// Its bytes, or why they were not read.
    pub bytes: Result<Vec<u8>, &'static str>,
}

/// What a tree holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Documents that say what is deployed, by path.
    pub documents: Vec<TreeDocument>,
    /// How many files are of a kind that a rule looks at.
    pub recognised: usize,
}

// A compose file under any name: `services` at the top, and something that starts.
pattern!(SERVICES, r"(?m)\A(?:\u{feff}?[ \t]*\{?[ \t]*)?services[ \t]*:|^services[ \t]*:", ["services"]);
pattern!(
    STARTS,
    r"(?m)^[ \t]+-?[ \t]*(?:image|build)[ \t]*:|[{,][ \t]*(?:image|build)[ \t]*:",
    ["image", "build"]
);

/// Key of an app_compose; in evidence it stands within a string.
const KEY: &str = "docker_compose_file";

/// Looks a tree through for documents that say what is deployed. YAML and JSON are looked into, other files are told
/// by their names. Linear in the tree.
#[must_use]
pub fn survey(tree: &dyn SourceTree, budget: &Budget) -> Survey {
    let mut survey = Survey::default();
    let mut paths = tree.paths();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let kind = kind::of(&path);
        if !matches!(kind, FileKind::Ignored | FileKind::Other | FileKind::Document | FileKind::Json) {
            survey.recognised = survey.recognised.saturating_add(1);
        }
        if let Some(document) = document(tree, path, kind, budget) {
            survey.recognised = survey.recognised.saturating_add(1);
            survey.documents.push(document);
        }
    }
    survey
}

fn document(tree: &dyn SourceTree, path: String, kind: FileKind, budget: &Budget) -> Option<TreeDocument> {
    let lower = path.to_ascii_lowercase();
    let yaml = lower.ends_with(".yml") || lower.ends_with(".yaml");
    let json = kind == FileKind::Json;
    if !(json || yaml && kind != FileKind::Workflow && kind != FileKind::Ignored) {
        return None;
    }
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let stem = name.replace(['_', '.'], "-");
    let named = kind == FileKind::Compose || json && stem.contains("app-compose") && !stem.contains("schema");
    let variant = is_test_like(&path);
    let document = |bytes| Some(TreeDocument { path: path.clone(), variant, named, bytes });
    let Some(bytes) = tree.read(&path) else {
        return if named { document(Err("it cannot be read")) } else { None };
    };
    if bytes.len() > budget.source_file_bytes {
        return if named { document(Err("it is too large")) } else { None };
    }
    let text = String::from_utf8_lossy(&bytes);
    let fits = if json { text.contains(KEY) } else { SERVICES.is_match(&text) && STARTS.is_match(&text) };
    if named || fits { document(Ok(bytes.into_owned())) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use veritee_source::MemoryTree;

    #[test]
    fn composes_are_found_by_name_and_by_what_they_say() {
        let tree = MemoryTree::new([
            ("docker-compose.yml", "services: {}\n"),
            ("deploy/stack.yaml", "services:\n  a:\n    image: x\n"),
            ("deploy/values.yaml", "image: x\nservices:\n  port: 1\n"),
            ("app-compose.json", "{}"),
            (
                "out/tcb.json",
                "{\"tcb_info\":\"{\\\"app_compose\\\":\\\"{\\\\\\\"docker_compose_file\\\\\\\":1}\\\"}\"}",
            ),
            ("package.json", "{}"),
            ("examples/docker-compose.yml", "services: {}\n"),
            (".github/workflows/a.yml", "services:\n  a:\n    image: x\n"),
        ]);
        let survey = survey(&tree, &Budget::STANDARD);
        let found: Vec<_> =
            survey.documents.iter().map(|found| (found.path.as_str(), found.variant)).collect();
        assert_eq!(
            found,
            [
                ("app-compose.json", false),
                ("deploy/stack.yaml", false),
                ("docker-compose.yml", false),
                ("examples/docker-compose.yml", true),
                ("out/tcb.json", false),
            ]
        );
    }

    #[test]
    fn prose_alone_is_nothing_that_is_known() {
        let tree = MemoryTree::new([("README.md", "hello"), ("logo.svg", "<svg/>"), ("data.json", "{}")]);
        assert_eq!(survey(&tree, &Budget::STANDARD), Survey::default());
        assert_eq!(survey(&MemoryTree::new([("a.py", "")]), &Budget::STANDARD).recognised, 1);
    }
}
