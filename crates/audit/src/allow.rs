//! Allowances: a rule, a reason, an end.
//!
//! An allowed finding stays in every output with the words that allow it. It no longer decides the exit code; it
//! still counts for the DevProof stage, which no policy can raise.

use crate::pattern::pattern;
use veritee_model::{Finding, Place, UnixTime};

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
    /// Only findings whose place (`file:line path`) contains this text.
    pub place: Option<String>,
}

/// How an allowance came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllowOutcome {
    /// It allowed at least one finding.
    Applied,
    /// It matched nothing.
    Unmatched,
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

    fn matches(&self, finding: &Finding) -> bool {
        finding.rule == self.rule && self.place.as_deref().is_none_or(|part| finding.location.contains(part))
    }
}

/// Marks the findings that the policy allows; one outcome per allowance, in order.
pub(crate) fn apply(
    allows: &[Allow],
    as_of: Option<UnixTime>,
    findings: &mut [Finding],
) -> Vec<AllowOutcome> {
    allows
        .iter()
        .map(|allow| {
            if let Err(outcome) = allow.in_force(as_of) {
                return outcome;
            }
            let mut outcome = AllowOutcome::Unmatched;
            for finding in findings.iter_mut().filter(|finding| allow.matches(finding)) {
                finding.allowed.get_or_insert_with(|| allow.reason.clone());
                outcome = AllowOutcome::Applied;
            }
            outcome
        })
        .collect()
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

pattern!(COMMENT, r"(?:#|//)[ \t]*veritee:[ \t]*allow[ \t]+(DP-[A-Z]+-[0-9]{3})[ \t]+(\S.*?)[ \t]*$");

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
    for allow in allows {
        let Some(line) = allow.place.line else { continue };
        let covered = if allow.next_line { line.checked_add(1) } else { Some(line) };
        for finding in findings.iter_mut() {
            let here = finding.place.as_ref().is_some_and(|place| {
                place.file == allow.place.file && place.line.is_some() && place.line == covered
            });
            if here && finding.rule == allow.rule {
                finding.allowed.get_or_insert_with(|| format!("inline: {}", allow.reason));
                allow.applied = true;
            }
        }
    }
}
