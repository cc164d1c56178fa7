//! Reads a review, refuses answers to questions and rules that do not exist, and tells what it is bound to.

use crate::item::Item;
use crate::review::{PLACEHOLDER, Review, ReviewError, SCHEMA};
use crate::rules::{all, find};
use crate::stage::questions;
use veritee_model::text;
use veritee_model::{ComposeHash, Sha256Digest, UnixTime};

/// A name for the rules and questions of this version: another one means that something else is asked.
#[must_use]
pub fn rule_set() -> String {
    let rules =
        all().map(|rule| format!("{} {} {} {}", rule.id, rule.severity.name(), rule.title, rule.remedy));
    let lines: Vec<String> = rules.chain(questions::texts()).collect();
    Sha256Digest::of(lines.join("\n").as_bytes()).to_string()
}

fn say_something(id: &str, words: &str) -> Result<(), ReviewError> {
    if text::says_something(words) { Ok(()) } else { Err(ReviewError::Words { id: id.to_owned() }) }
}

impl Review {
    /// Reads a `review.toml`.
    ///
    /// # Errors
    /// When it is not the format, names another version, names no reviewer, answers a question twice or without words.
    pub fn parse(text: &str) -> Result<Self, ReviewError> {
        let review: Self = toml::from_str(text).map_err(|error| ReviewError::Malformed {
            at: error.span().map(|span| span.start),
            message: error.message().to_owned(),
        })?;
        if review.schema != SCHEMA {
            return Err(ReviewError::Schema { got: review.schema });
        }
        let reviewer = review.reviewer.trim();
        // The shortest names have two letters.
        if text::letters(reviewer) < 2 || reviewer.eq_ignore_ascii_case(PLACEHOLDER) {
            return Err(ReviewError::Field { name: "reviewer" });
        }
        if review.commit.len() != 40 || !review.commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ReviewError::Field { name: "commit" });
        }
        let mut seen = std::collections::BTreeSet::new();
        for answer in &review.answers {
            let known = Item::QUESTIONS.iter().any(|question| question.name() == answer.id);
            if !known || !seen.insert(answer.id.as_str()) {
                return Err(ReviewError::Answer { id: answer.id.clone() });
            }
            say_something(&answer.id, &answer.words)?;
        }
        for answer in &review.findings {
            if find(&answer.rule).is_none() {
                return Err(ReviewError::Answer { id: answer.rule.clone() });
            }
            // It would name every place, or none: whoever means every one leaves it out.
            if answer.place.as_deref().is_some_and(|place| place.trim().is_empty()) {
                return Err(ReviewError::Field { name: "place" });
            }
            say_something(&answer.rule, &answer.words)?;
        }
        Ok(review)
    }

    /// Whether the review speaks of this compose, this commit and these rules, at this time.
    ///
    /// # Errors
    /// When one of them differs or is not known, or when the review has ended. At the very second of its end it has.
    pub fn check_binding(
        &self,
        compose: Option<ComposeHash>,
        commit: Option<&str>,
        as_of: Option<UnixTime>,
    ) -> Result<(), ReviewError> {
        if compose != Some(self.compose_hash) {
            return Err(ReviewError::OtherCompose { expected: compose, got: self.compose_hash });
        }
        if commit.is_none_or(|commit| !commit.eq_ignore_ascii_case(&self.commit)) {
            return Err(ReviewError::OtherCommit {
                expected: commit.map(str::to_owned),
                got: self.commit.clone(),
            });
        }
        let rules = rule_set();
        if self.rule_set.as_ref() != Some(&rules) {
            return Err(ReviewError::OtherRules { expected: rules, got: self.rule_set.clone() });
        }
        match self.expires {
            Some(at) if as_of.is_none_or(|now| now >= at) => Err(ReviewError::Expired { at }),
            _ => Ok(()),
        }
    }
}
