//! Allowances: a rule, a reason, an end.
//!
//! An allowed finding stays in every output with the words that allow it. It no longer decides the exit code; it
//! still counts for the DevProof stage, which no policy can raise.

use crate::pattern::pattern;
use crate::review::{FindingAnswer, Review};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use veritee_model::{Finding, Place, Sha256Digest, UnixTime};

/// A policy's allowance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Rule id.
    pub rule: String,
    /// Why. Never empty in a sound policy; an empty one allows nothing.
    pub reason: String,
    /// From when on it counts no more; `None` for never. At this very second it has expired, as the policy's waivers
    /// and exceptions have.
    pub expires: Option<UnixTime>,
    /// Only this place and what is below it: a path (`services.web.image`), a file, or a file and a path with a blank
    /// between them. Segments are compared whole, so that nothing is covered that its writer did not name.
    pub place: Option<String>,
    /// Only while this stands there: the text, or `sha256:` and its hash, as the finding shows it.
    pub value: Option<String>,
}

/// How an allowance came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllowOutcome {
    /// It allowed at least one finding.
    Applied,
    /// It matched nothing.
    Unmatched,
    /// It names a place where a finding is, and something else stands there now.
    Changed,
    /// It has ended, or there is no as-of time to tell.
    Expired,
    /// It gives no reason.
    NoReason,
}

impl Allow {
    fn in_force(&self, as_of: Option<UnixTime>) -> Result<(), AllowOutcome> {
        if self.reason.trim().is_empty() {
            return Err(AllowOutcome::NoReason);
        }
        match (self.expires, as_of) {
            (None, _) => Ok(()),
            (Some(end), Some(now)) if now < end => Ok(()),
            (Some(_), _) => Err(AllowOutcome::Expired),
        }
    }

    fn names(&self, place: Option<&Place>, services: &Names<'_>) -> bool {
        let Some(wanted) = &self.place else { return true };
        place.is_some_and(|place| is_place(wanted, place, services))
    }

    fn holds(&self, value: &str) -> bool {
        let Some(seen) = &self.value else { return true };
        let hash = || format!("sha256:{}", Sha256Digest::of(value.as_bytes()));
        seen == value || seen.starts_with("sha256:") && *seen == hash()
    }

    /// Marks what it covers of a finding. A finding of several places is allowed once all of them are.
    fn cover(&self, finding: &mut Finding, services: &Names<'_>, outcome: &mut AllowOutcome) {
        if finding.rule != self.rule {
            return;
        }
        let mut judge = |place: Option<&Place>, value: &str| {
            if !self.names(place, services) {
                return false;
            }
            if self.holds(value) {
                *outcome = AllowOutcome::Applied;
                return true;
            }
            if *outcome == AllowOutcome::Unmatched {
                *outcome = AllowOutcome::Changed;
            }
            false
        };
        if finding.places.is_empty() {
            if judge(finding.place.as_ref(), &finding.value) {
                finding.allowed.get_or_insert_with(|| self.reason.clone());
            }
            return;
        }
        for spot in &mut finding.places {
            if judge(Some(&spot.place), &spot.value) {
                spot.allowed.get_or_insert_with(|| self.reason.clone());
            }
        }
        settle(finding);
    }
}

/// Allows a finding whose places are all allowed, with their words.
fn settle(finding: &mut Finding) {
    if finding.allowed.is_some() || finding.places.iter().any(|spot| spot.allowed.is_none()) {
        return;
    }
    let mut words: Vec<&str> = finding.places.iter().filter_map(|spot| spot.allowed.as_deref()).collect();
    words.dedup();
    finding.allowed = Some(words.join("; "));
}

/// Whether the text names this place: `path` or a path above it, `file`, `file:line`, or `file path` as reports show
/// it; `[0]` stands for `.0`. Segments of a path are compared whole, and so are names of services, which may hold dots.
fn is_place(wanted: &str, place: &Place, services: &Names<'_>) -> bool {
    let wanted = wanted.trim();
    let (file, path) = match wanted.split_once(' ') {
        Some((file, path)) => (Some(file), path.trim()),
        None => (None, wanted),
    };
    let plain = |path: &str| path.replace('[', ".").replace(']', "");
    // Asked for every finding of a rule, and few have such an index.
    let path = if path.contains(['[', ']']) { Cow::Owned(plain(path)) } else { Cow::Borrowed(path) };
    let is_file = |text: &str| {
        let line = || place.line.map(|line| format!("{}:{line}", place.file));
        text == place.file || line().is_some_and(|line| text == line || text.starts_with(&format!("{line}:")))
    };
    match file {
        Some(file) => is_file(file) && is_above(&path, &place.path, services),
        None if place.path.is_empty() => is_file(wanted),
        None => is_above(&path, &place.path, services),
    }
}

fn is_above(wanted: &str, path: &str, services: &Names<'_>) -> bool {
    let below = |path: &str, above: &str| {
        path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if wanted.is_empty() || !below(path, wanted) {
        return false;
    }
    // `services.a` does not name the service `a.b`.
    let owner = path.strip_prefix("services.").and_then(|rest| services.owner(rest));
    owner.is_none_or(|name| below(wanted, &format!("services.{name}")))
}

/// Names of services, which may hold dots.
struct Names<'a> {
    names: &'a BTreeSet<&'a str>,
    longest: usize,
}

impl<'a> Names<'a> {
    fn of(names: &'a BTreeSet<&'a str>) -> Self {
        Self { names, longest: names.iter().map(|name| name.len()).max().unwrap_or(0) }
    }

    /// The longest name that a path below `services` begins with.
    fn owner<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut end = self.longest.min(path.len());
        while !path.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let mut candidate = path.get(..end)?;
        // A name ends where the path does, or before a dot.
        if end < path.len() && !path.get(end..)?.starts_with('.') {
            candidate = candidate.rsplit_once('.')?.0;
        }
        loop {
            if self.names.contains(candidate) {
                return Some(candidate);
            }
            candidate = candidate.rsplit_once('.')?.0;
        }
    }
}

/// Positions of the findings of each rule.
fn by_rule(findings: &[Finding]) -> BTreeMap<String, Vec<usize>> {
    let mut of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        of.entry(finding.rule.clone()).or_default().push(at);
    }
    of
}

/// Marks the findings that the policy allows; one outcome per allowance, in order.
pub(crate) fn apply(
    allows: &[Allow],
    as_of: Option<UnixTime>,
    findings: &mut [Finding],
    services: &BTreeSet<&str>,
) -> Vec<AllowOutcome> {
    let (services, of_rule) = (Names::of(services), by_rule(findings));
    allows
        .iter()
        .map(|allow| {
            if let Err(outcome) = allow.in_force(as_of) {
                return outcome;
            }
            let mut outcome = AllowOutcome::Unmatched;
            for at in of_rule.get(&allow.rule).into_iter().flatten() {
                if let Some(finding) = findings.get_mut(*at) {
                    allow.cover(finding, &services, &mut outcome);
                }
            }
            outcome
        })
        .collect()
}

/// Marks the open questions that a review answers. What is proven no review lets pass.
pub(crate) fn apply_review(review: &Review, findings: &mut [Finding], services: &BTreeSet<&str>) {
    let (services, of_rule) = (Names::of(services), by_rule(findings));
    for answer in &review.findings {
        let allow = Allow {
            rule: answer.rule.clone(),
            reason: format!("reviewed by {}: {}", review.reviewer, answer.words),
            expires: None,
            place: answer.place.clone(),
            value: answer.value.clone(),
        };
        for at in of_rule.get(&allow.rule).into_iter().flatten() {
            if let Some(finding) = findings.get_mut(*at).filter(|finding| finding.needs_a_person()) {
                if answer.accepted {
                    allow.cover(finding, &services, &mut AllowOutcome::Unmatched);
                } else {
                    reject(&allow, answer, &review.reviewer, finding, &services);
                }
            }
        }
    }
}

/// What a reviewer did not accept stays open, with the words why.
fn reject(
    allow: &Allow,
    answer: &FindingAnswer,
    reviewer: &str,
    finding: &mut Finding,
    services: &Names<'_>,
) {
    let mut outcome = AllowOutcome::Unmatched;
    allow.cover(&mut finding.clone(), services, &mut outcome);
    if outcome == AllowOutcome::Applied {
        let place = answer.place.as_deref().map(|place| format!(" at {place}")).unwrap_or_default();
        finding.evidence.push_str(&format!("; not accepted by {reviewer}{place}: {}", answer.words));
    }
}

/// A `veritee: allow RULE reason` comment in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineAllow {
    /// Rule id.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// Where the comment stands.
    pub place: Place,
    /// Whether it counted: only when the caller honours such comments, and it covers a finding.
    pub applied: bool,
    /// It stands alone on its line and speaks of the next one.
    next_line: bool,
}

pattern!(
    COMMENT,
    r"(?:#|//)[ \t]*veritee:[ \t]*allow[ \t]+(DP-[A-Z]+-[0-9]{3})[ \t]+(\S.*?)[ \t]*$",
    ["veritee:"]
);

/// The comments in a text whose first line has number `first_line` in `file`.
pub(crate) fn inline(file: &str, text: &str, first_line: u32) -> Vec<InlineAllow> {
    if !text.contains("veritee:") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(groups) = COMMENT.captures(line) else { continue };
        let (Some(whole), Some(rule), Some(reason)) = (groups.get(0), groups.get(1), groups.get(2)) else {
            continue;
        };
        let alone = line.get(..whole.start()).is_some_and(|before| before.trim().is_empty());
        let number = u32::try_from(index).ok().and_then(|index| index.checked_add(first_line));
        found.push(InlineAllow {
            rule: rule.as_str().to_owned(),
            reason: reason.as_str().to_owned(),
            place: Place { file: file.to_owned(), line: number, column: None, path: String::new() },
            applied: false,
            next_line: alone,
        });
    }
    found
}

/// Marks findings beside the comments, when they are honoured.
pub(crate) fn apply_inline(allows: &mut [InlineAllow], honour: bool, findings: &mut [Finding]) {
    if !honour {
        return;
    }
    let mut at_line: BTreeMap<(String, String, u32), Vec<usize>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        if let Some((file, line)) = finding.place.as_ref().and_then(|place| Some((&place.file, place.line?)))
        {
            at_line.entry((finding.rule.clone(), file.clone(), line)).or_default().push(at);
        }
    }
    for allow in allows {
        // Repeated in every report as the reason: it is asked what a policy's reasons are asked.
        if !veritee_model::text::gives_a_reason(&allow.reason) {
            continue;
        }
        let Some(line) = allow.place.line else { continue };
        let covered = if allow.next_line { line.checked_add(1) } else { Some(line) };
        let key = covered.map(|line| (allow.rule.clone(), allow.place.file.clone(), line));
        for at in key.and_then(|key| at_line.get(&key)).into_iter().flatten() {
            if let Some(finding) = findings.get_mut(*at) {
                finding.allowed.get_or_insert_with(|| format!("inline: {}", allow.reason));
                allow.applied = true;
            }
        }
    }
}
