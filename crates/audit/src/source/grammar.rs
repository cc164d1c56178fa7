//! Which files are read by their grammar: live code in a language that is known, with a word of a rule that asks it.

use super::SourceFile;
use super::kind::FileKind;
use crate::line_pattern::LinePattern;
use crate::line_patterns::{ASKED, SUBJECT_WORD, SURRENDER};
use veritee_model::Budget;
use veritee_source::syntax::{Language, Limits, Stmt, Unread};

/// What became of a file's grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// No rule has a word in it, or it is in no language that is known.
    NotAsked,
    /// It was read.
    Read(Language, Vec<Stmt>),
    /// It was asked and could not be read: patterns over its lines are asked instead.
    Unread(Unread),
    /// The tree has more of it than is read.
    BeyondWork,
}

/// Reads the files that have to be read, in their order.
pub(crate) fn read(files: &mut [SourceFile], budget: &Budget) {
    let limits = Limits {
        bytes: budget.source_grammar_bytes,
        tokens: budget.source_grammar_tokens,
        depth: budget.source_grammar_depth,
    };
    let mut work = 0_usize;
    for file in files.iter_mut().filter(|file| file.kind == FileKind::Code && !file.test_like) {
        let Some(language) = Language::of(&file.path) else { continue };
        let has = |pattern: &LinePattern| pattern.is_in(&file.text, file.marks());
        if !(has(&ASKED) || has(&SURRENDER) && has(&SUBJECT_WORD)) {
            continue;
        }
        // Bytes stand for tokens: no text has more of them.
        work = work.saturating_add(file.text.len());
        file.grammar = if work > budget.source_grammar_work {
            Grammar::BeyondWork
        } else {
            match parse(language, &file.text, &limits) {
                Ok(tree) => Grammar::Read(language, tree),
                // Nothing is wrong with the file: this program has no parsers.
                Err(Unread::NotBuilt) => Grammar::NotAsked,
                Err(why) => Grammar::Unread(why),
            }
        };
    }
}

#[cfg(feature = "grammars")]
use veritee_syntax::read as parse;

#[cfg(not(feature = "grammars"))]
const fn parse(_: Language, _: &str, _: &Limits) -> Result<Vec<Stmt>, Unread> {
    Err(Unread::NotBuilt)
}

/// Files that were asked for their grammar and did not answer, each with the reason.
pub(crate) fn unread(files: &[SourceFile]) -> impl Iterator<Item = (&SourceFile, String)> {
    files.iter().filter_map(|file| {
        let why = match &file.grammar {
            Grammar::Unread(why) => why.to_string(),
            Grammar::BeyondWork => "the tree has more code than is parsed".to_owned(),
            Grammar::NotAsked | Grammar::Read(..) => return None,
        };
        Some((file, why))
    })
}
