//! Command lines of a service, read once for values in them that are asked about one by one.

use super::Service;
use crate::field::{Field, list_of};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What stands under a key that is run, or in the list that it is.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Positions in the service's fields.
    pub(crate) fields: Vec<usize>,
    /// Each of them is an entry of a list.
    pub(crate) of_words: bool,
    /// Which of them hold a variable that nothing fixes, by variable.
    pub(crate) holding: BTreeMap<String, Vec<usize>>,
}

impl<'d> Service<'d> {
    /// What stands first under a key that is run.
    pub(crate) fn first_below(&self, key: &str) -> Option<(&str, &Field<'d>)> {
        let at = *self.line(key).fields.first()?;
        self.fields.get(at).map(|(path, field)| (path.as_str(), field))
    }

    /// The command line under a key.
    pub(crate) fn line(&self, key: &str) -> Rc<Line> {
        if let Some(line) = self.lines.borrow().get(key) {
            return Rc::clone(line);
        }
        let mut line =
            Line { fields: self.paths.below(&self.fields, key), of_words: true, ..Line::default() };
        for (word, at) in line.fields.iter().enumerate() {
            let Some((_, field)) = self.fields.get(*at) else { continue };
            line.of_words &= list_of(&field.place.path).is_some();
            for part in field.parts.iter().filter(|part| !part.provenance.is_fixed()) {
                let Some(name) = &part.source else { continue };
                let words = line.holding.entry(name.to_string()).or_default();
                if words.last() != Some(&word) {
                    words.push(word);
                }
            }
        }
        let line = Rc::new(line);
        self.lines.borrow_mut().insert(key.to_owned(), Rc::clone(&line));
        line
    }
}
