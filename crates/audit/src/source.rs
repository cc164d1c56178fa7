//! A source tree: files by path, read once, each with its kind.
//!
//! Every path and byte is attacker controlled. What is too large, no text, or beyond the budget is listed as
//! unread and becomes a finding; it never counts as clean.

use crate::scan::Marks;
use crate::syntax::checks::Defined;
use crate::text::Lines;
use core::cell::OnceCell;
use veritee_model::{Budget, Place};
use veritee_source::SourceTree;
use veritee_source::syntax::Stmt;

pub(crate) mod dockerfile;
pub(crate) mod environment;
pub(crate) mod grammar;
pub(crate) mod kind;
pub(crate) mod records;
pub(crate) mod starts;
pub(crate) mod survey;
pub(crate) mod workflow;

use environment::EnvironmentRead;
use grammar::Grammar;
use kind::{FileKind, is_test_like};

/// One text file.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) kind: FileKind,
    /// Tests, examples, development variants: what they hold is not what runs.
    pub(crate) test_like: bool,
    pub(crate) text: String,
    /// What its grammar says, where it was asked.
    pub(crate) grammar: Grammar,
    lines: OnceCell<Lines>,
    marks: OnceCell<Marks>,
}

impl SourceFile {
    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text))
    }

    /// Where patterns over lines are to be asked.
    pub(crate) fn marks(&self) -> &Marks {
        self.marks.get_or_init(|| Marks::of(&self.text))
    }

    /// What it says by its grammar; nothing where it was not read by it.
    pub(crate) fn tree(&self) -> &[Stmt] {
        match &self.grammar {
            Grammar::Read(_, tree) => tree,
            _ => &[],
        }
    }

    /// Whether its grammar was asked and answered, so that patterns over its lines are hints only.
    pub(crate) fn is_parsed(&self) -> bool {
        matches!(self.grammar, Grammar::Read(..))
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        self.lines().place(&self.path, &self.text, offset)
    }

    pub(crate) fn whole(&self) -> Place {
        Place { file: self.path.clone(), ..Place::default() }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The line around an offset, trimmed; of a long one the piece around the offset, so that many findings in one
    /// line of a bundle cost no square of its length.
    pub(crate) fn line_at(&self, offset: usize) -> &str {
        self.lines().excerpt(&self.text, offset).trim()
    }
}

/// A tree that was read.
pub(crate) struct Source<'a> {
    pub(crate) tree: &'a dyn SourceTree,
    pub(crate) files: Vec<SourceFile>,
    /// Paths that were not read, each with the reason.
    pub(crate) unread: Vec<(String, &'static str)>,
    /// Folders of installed and built files, which are not looked into.
    pub(crate) skipped: Vec<(String, &'static str)>,
    pub(crate) environment: Vec<EnvironmentRead>,
    /// Checks that the tree defines itself.
    pub(crate) defined: Defined,
    /// What says what is deployed.
    pub(crate) documents: Vec<survey::TreeDocument>,
}

impl<'a> Source<'a> {
    pub(crate) fn load(tree: &'a dyn SourceTree, budget: &Budget) -> Self {
        let mut source = Self {
            tree,
            files: Vec::new(),
            unread: Vec::new(),
            skipped: Vec::new(),
            environment: Vec::new(),
            defined: Defined::default(),
            documents: survey::survey(tree, budget).documents,
        };
        let mut paths = tree.paths();
        paths.sort_unstable();
        paths.dedup();
        let mut total = 0_usize;
        for path in paths {
            let kind = kind::of(&path);
            if kind == FileKind::Ignored {
                continue;
            }
            if source.files.len() >= budget.source_files {
                source.unread.push((path, "the tree has too many files"));
                continue;
            }
            match read_text(tree, &path, kind, budget, &mut total) {
                Ok(Some(text)) => {
                    let test_like = is_test_like(&path);
                    source.files.push(SourceFile {
                        path,
                        kind,
                        test_like,
                        text,
                        grammar: Grammar::NotAsked,
                        lines: OnceCell::new(),
                        marks: OnceCell::new(),
                    });
                }
                Ok(None) => {}
                Err(why) => source.unread.push((path, why)),
            }
        }
        // A link can stand for a file that counts; what is told by no name of a file is a folder or nothing to read.
        for (path, why) in tree.passed_over() {
            match kind::of(&path) {
                FileKind::Ignored | FileKind::Other => source.skipped.push((path, why)),
                _ => source.unread.push((path, why)),
            }
        }
        grammar::read(&mut source.files, budget);
        for file in &source.files {
            source.defined.add(file.tree());
        }
        source.environment = source.files.iter().flat_map(environment::reads).collect();
        source
    }

    /// Files that run, of the given kinds.
    pub(crate) fn live(&self, kinds: &'static [FileKind]) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(move |file| !file.test_like && kinds.contains(&file.kind))
    }

    pub(crate) fn has_file(&self, names: &[&str]) -> bool {
        self.files.iter().any(|file| names.contains(&file.name()))
    }
}

fn read_text(
    tree: &dyn SourceTree,
    path: &str,
    kind: FileKind,
    budget: &Budget,
    total: &mut usize,
) -> Result<Option<String>, &'static str> {
    // Names alone tell what a lock file is for.
    if kind == FileKind::Lock {
        return Ok(Some(String::new()));
    }
    let bytes = tree.read(path).ok_or("it cannot be read")?;
    if bytes.contains(&0) {
        return if kind == FileKind::Other { Ok(None) } else { Err("it is no text") };
    }
    if bytes.len() > budget.source_file_bytes {
        return if kind == FileKind::Other { Ok(None) } else { Err("it is too large") };
    }
    *total = total.saturating_add(bytes.len());
    if *total > budget.source_bytes {
        return Err("the tree is too large");
    }
    match String::from_utf8(bytes.into_owned()) {
        Ok(text) => Ok(Some(text)),
        Err(_) if kind == FileKind::Other => Ok(None),
        Err(_) => Err("it is not UTF-8"),
    }
}

#[cfg(test)]
mod tests;
