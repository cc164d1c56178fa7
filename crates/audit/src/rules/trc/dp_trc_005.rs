//! Protects the link between the repository's compose file and the deployed one.

use crate::pattern::pattern;
use crate::rule::{Need, Note, Rule, Sink};
use crate::source::kind::FileKind;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-TRC-005",
    title: "the repository's compose file is not the deployed one",
    severity: Severity::Medium,
    needs: &[Need::Manifest, Need::Compose, Need::Source],
    remedy: "commit the compose file as it is deployed, or the script that makes it",
    check,
    ..Rule::PLAIN
};

pattern!(
    PLACEHOLDER,
    r"\$\{[^}\n]*\}|\$[A-Za-z_][A-Za-z0-9_]*|__[A-Z_]+__|\{\{[^}\n]*\}\}",
    ["$", "__", "{{"]
);

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let (Some(source), Some(deployed)) = (&subject.source, subject.compose_text()) else { return };
    let deployed = lines(deployed);
    let closest = source
        .live(&[FileKind::Compose])
        .map(|file| (differences(&lines(&file.text), &deployed), file))
        .min_by_key(|(count, _)| *count);
    let Some((count, file)) = closest else { return };
    if count == 0 {
        sink.add(Note::pass(&file.whole(), "equal to the deployed compose file, placeholders aside"));
    } else {
        sink.add(Note::fail(&file.whole(), format!("{count} lines differ, placeholders and comments aside")));
    }
}

/// Lines that mean something, without comments and indentation at their ends.
fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .collect()
}

/// Lines of either text that the other lacks; a placeholder matches anything.
fn differences(template: &[&str], deployed: &[&str]) -> usize {
    let mut left: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for line in deployed {
        let count = left.entry(line).or_default();
        *count = count.saturating_add(1);
    }
    let mut open = Vec::new();
    for line in template {
        match left.get_mut(line).filter(|count| **count > 0) {
            Some(count) => *count = count.saturating_sub(1),
            None => open.push(*line),
        }
    }
    let mut rest: Vec<&str> =
        left.iter().flat_map(|(line, count)| core::iter::repeat_n(*line, *count)).collect();
    // Bounded: a template that shares nothing is not compared line by line.
    if open.len() > 200 {
        return open.len().saturating_add(rest.len());
    }
    let mut missing = 0_usize;
    for line in open {
        match rest.iter().position(|candidate| fits(line, candidate)) {
            Some(index) => {
                rest.swap_remove(index);
            }
            None => missing = missing.saturating_add(1),
        }
    }
    missing.saturating_add(rest.len())
}

fn fits(template: &str, line: &str) -> bool {
    let mut rest = line;
    let mut parts = PLACEHOLDER.split(template).into_iter().peekable();
    let Some(first) = parts.next() else { return false };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at.saturating_add(part.len())..).unwrap_or(""),
            None => return false,
        }
    }
    true
}
