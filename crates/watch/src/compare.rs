//! What was last shown of a target, and what a new look changes in it.

use crate::record::{Change, Fact, Facts, Unshown};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What was last shown of a target, fact by fact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known(BTreeMap<Fact, Last>);

/// A fact as it was last shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// Its values.
    pub values: BTreeSet<String>,
    /// Number of the record that showed it.
    pub number: u64,
}

impl Known {
    /// What differs now, and what is not shown now. What is shown for the first time is no change. A look that reached
    /// nothing shows nothing but that, and nothing is said of the rest.
    #[must_use]
    pub fn compare(&self, now: &Facts) -> (Vec<Change>, Vec<Unshown>) {
        let mut changes = Vec::new();
        let mut unshown = Vec::new();
        let reached = now.get(&Fact::Reached).is_none_or(|values| !values.contains("no"));
        for (fact, last) in &self.0 {
            match now.get(fact) {
                Some(values) if *values == last.values => {}
                Some(values) => changes.push(Change {
                    fact: *fact,
                    added: values.difference(&last.values).cloned().collect(),
                    removed: last.values.difference(values).cloned().collect(),
                    since: last.number,
                }),
                None if reached => unshown.push(Unshown { fact: *fact, last: last.number }),
                None => {}
            }
        }
        (changes, unshown)
    }

    /// Takes over what the record with this number shows.
    pub fn learn(&mut self, number: u64, now: &Facts) {
        for (fact, values) in now {
            self.0.insert(*fact, Last { values: values.clone(), number });
        }
    }

    /// A fact as it was last shown.
    #[must_use]
    pub fn last(&self, fact: Fact) -> Option<&Last> {
        self.0.get(&fact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(list: &[(Fact, &[&str])]) -> Facts {
        let set = |values: &&[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        list.iter().map(|(fact, values)| (*fact, set(values))).collect()
    }

    #[test]
    fn the_first_look_changes_nothing_and_the_same_again_neither() {
        let mut known = Known::default();
        let now = facts(&[(Fact::AllowAnyDevice, &["false"]), (Fact::Findings, &[])]);
        assert_eq!(known.compare(&now), (vec![], vec![]));
        known.learn(1, &now);
        assert_eq!(known.compare(&now), (vec![], vec![]));
    }

    #[test]
    fn a_flag_that_was_hidden_while_it_changed_is_compared_with_what_was_shown_before() {
        let mut known = Known::default();
        known.learn(1, &facts(&[(Fact::AllowAnyDevice, &["false"])]));
        let hidden = facts(&[(Fact::Reached, &["yes"])]);
        let (changes, unshown) = known.compare(&hidden);
        assert!(changes.is_empty());
        assert_eq!(unshown, vec![Unshown { fact: Fact::AllowAnyDevice, last: 1 }]);
        known.learn(2, &hidden);
        let (changes, _) = known.compare(&facts(&[(Fact::AllowAnyDevice, &["true"])]));
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].since, 1);
        assert!(changes[0].added.contains("true") && changes[0].removed.contains("false"));
    }

    #[test]
    fn what_was_empty_and_has_a_member_now_has_changed() {
        let mut known = Known::default();
        known.learn(4, &facts(&[(Fact::Findings, &[])]));
        let (changes, _) = known.compare(&facts(&[(Fact::Findings, &["DP-IMG-002 high fail"])]));
        assert_eq!(changes[0].added.len(), 1);
        assert_eq!(changes[0].since, 4);
    }

    #[test]
    fn a_look_that_reached_nothing_says_nothing_of_the_rest() {
        let mut known = Known::default();
        known.learn(1, &facts(&[(Fact::Reached, &["yes"]), (Fact::Owner, &["0x1"])]));
        let (changes, unshown) = known.compare(&facts(&[(Fact::Reached, &["no"])]));
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].fact, Fact::Reached);
        assert!(unshown.is_empty());
    }

    #[test]
    fn names_of_facts_are_kebab_case_and_unknown_ones_are_read() {
        assert_eq!(Fact::RequireTcbUpToDate.name(), "require-tcb-up-to-date");
        assert_eq!(serde_json::from_str::<Fact>("\"of-a-later-version\"").ok(), Some(Fact::Other));
    }
}
