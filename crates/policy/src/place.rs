//! Where in the file an entry stands.

use crate::error::{PolicyError, PolicyFault};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step of the way to an entry.
pub(crate) trait Key {
    fn step<'v, 'i>(&self, value: &'v DeValue<'i>) -> Option<&'v Spanned<DeValue<'i>>>;
}

impl Key for &str {
    fn step<'v, 'i>(&self, value: &'v DeValue<'i>) -> Option<&'v Spanned<DeValue<'i>>> {
        match value {
            DeValue::Table(table) => {
                table.iter().find(|(key, _)| key.get_ref() == *self).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

impl Key for usize {
    fn step<'v, 'i>(&self, value: &'v DeValue<'i>) -> Option<&'v Spanned<DeValue<'i>>> {
        match value {
            DeValue::Array(list) => list.get(*self),
            _ => None,
        }
    }
}

/// The places of a file's entries, read a second time once something is wrong with one.
pub(crate) struct Places<'a>(&'a str);

impl<'a> Places<'a> {
    pub(crate) const fn of(text: &'a str) -> Self {
        Self(text)
    }

    /// The error at the entry, or at the last step of the way to it that stands in the file.
    pub(crate) fn error(&self, path: &[&dyn Key], fault: PolicyFault) -> PolicyError {
        PolicyError { place: self.find(path).map(|at| line_and_column(self.0, at)), fault }
    }

    fn find(&self, path: &[&dyn Key]) -> Option<usize> {
        let document = DeTable::parse(self.0).ok()?;
        let root = Spanned::new(document.span(), DeValue::Table(document.into_inner()));
        let (mut here, mut at) = (&root, None);
        for key in path {
            let Some(next) = key.step(here.get_ref()) else { break };
            (here, at) = (next, Some(next.span().start));
        }
        at
    }
}

/// 1-based.
pub(crate) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().map_or(1, |tail| tail.chars().count().saturating_add(1));
    (line, column)
}
