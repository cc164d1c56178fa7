//! Values by their path, as they stand in the document: a service, or what stands beside the services, may have thousands,
//! and is asked about each of them.
//!
//! A path may stand more than once (`x.driver` as a key, and `driver` below `x`): none hides another.

use crate::field::{Field, is_at};

/// Positions of fields, by path and then as they stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Paths(Vec<usize>);

type Fields<'d> = [(String, Field<'d>)];

impl Paths {
    pub(super) fn of(fields: &Fields<'_>) -> Self {
        let mut positions: Vec<usize> = (0..fields.len()).collect();
        positions.sort_by_key(|at| fields.get(*at).map(|(path, _)| path));
        Self(positions)
    }

    /// Those whose paths do not come before this one.
    fn from(&self, fields: &Fields<'_>, path: &str) -> &[usize] {
        let before = |at: &usize| fields.get(*at).is_some_and(|(key, _)| key.as_str() < path);
        self.0.get(self.0.partition_point(before)..).unwrap_or_default()
    }

    fn exactly(&self, fields: &Fields<'_>, path: &str) -> impl Iterator<Item = usize> {
        let from = self.from(fields, path).iter().copied();
        from.take_while(move |at| fields.get(*at).is_some_and(|(key, _)| key == path))
    }

    /// The first of this path.
    pub(super) fn first<'a, 'd>(&self, fields: &'a Fields<'d>, path: &str) -> Option<&'a Field<'d>> {
        fields.get(self.exactly(fields, path).next()?).map(|(_, field)| field)
    }

    /// The last of this path.
    pub(super) fn last<'a, 'd>(&self, fields: &'a Fields<'d>, path: &str) -> Option<&'a Field<'d>> {
        fields.get(self.exactly(fields, path).last()?).map(|(_, field)| field)
    }

    /// Those of the path and below it, as they stand.
    pub(super) fn below(&self, fields: &Fields<'_>, path: &str) -> Vec<usize> {
        let head = format!("{path}.");
        let parts = self.from(fields, &head).iter().copied();
        let parts = parts.take_while(|at| fields.get(*at).is_some_and(|(key, _)| key.starts_with(&head)));
        let mut positions: Vec<usize> = self.exactly(fields, path).chain(parts).collect();
        positions.sort_unstable();
        positions
    }

    /// Whether there is any of the path or below it.
    pub(super) fn has(&self, fields: &Fields<'_>, path: &str) -> bool {
        let stands = |from: &str| {
            let at = self.from(fields, from).first().and_then(|at| fields.get(*at));
            at.is_some_and(|(key, _)| is_at(key, path))
        };
        stands(path) || stands(&format!("{path}."))
    }
}
