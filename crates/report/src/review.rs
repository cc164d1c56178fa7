//! The way to Stage 1: what is still needed, and the questions for a person as a file to answer.

use core::fmt::Write as _;
use veritee_model::report::{ChecklistFact, QuestionFact};
use veritee_model::text::{inert, shortened};
use veritee_model::{ComposeHash, Finding, FindingStatus, Outcome, QuestionStatus, Report, Stage, UnixTime};

/// What a report of an audited machine lacks for Stage 1, in one sentence; nothing where it has it or no audit was made.
pub(crate) fn stage_one_needs(report: &Report) -> Option<String> {
    let audit = report.audit.as_ref()?;
    if matches!(report.stage, Stage::Reviewed { .. }) {
        return None;
    }
    let mut needs = Vec::new();
    if !audit.attested {
        needs.push("the evidence of a machine that runs it".to_owned());
    }
    if let Stage::Proven(rules) = &report.stage {
        // No compose mends what contracts and their owners are.
        let of_chain = |rule: &&String| rule.starts_with("DP-CHN-");
        let (chain, compose): (Vec<&String>, Vec<&String>) = rules.iter().partition(of_chain);
        for (rules, what, one) in
            [(compose, "another compose", "this one"), (chain, "other contracts or owners of them", "these")]
        {
            if !rules.is_empty() {
                let rules: Vec<&str> = rules.into_iter().map(String::as_str).collect();
                needs.push(format!("{what} ({} stand against {one})", rules.join(", ")));
            }
        }
    }
    let open = |check: &&veritee_model::Check| check.required && check.outcome != Outcome::Pass;
    let checks = report.checks.iter().filter(open).count();
    if audit.attested && checks > 0 {
        needs.push(format!("{checks} required checks to pass"));
    }
    if report.checks.iter().any(|check| check.waived.is_some()) || !report.policy.loosened.is_empty() {
        needs.push("a policy that loosens nothing".to_owned());
    }
    let unseen: Vec<&str> =
        audit.quick_check.iter().filter(|item| is_unseen(item)).map(|item| item.id.as_str()).collect();
    let people = report.findings.iter().filter(|finding| asks_a_person(report, finding)).count();
    let questions = audit.questions.iter().filter(|question| !is_answered(question)).count();
    if let (false, Some(items)) = (matches!(report.stage, Stage::Proven(_)), range(&unseen)) {
        let why = if questions == 0 { ": not understood, which no answer settles" } else { "" };
        needs.push(format!("source, registry, chain ({items}{why})"));
    }
    // A review is bound to the hash of an app_compose, which a docker compose file alone has not.
    let has_compose =
        report.identity.is_some() || report.inputs.iter().any(|input| input.name == "app-compose");
    let how =
        if has_compose { "`veritee review init`" } else { "`veritee review init` with its app_compose" };
    match (questions, people) {
        (0, 0) => {}
        (0, people) => needs.push(format!("a word on {people} findings ({how})")),
        (questions, 0) => needs.push(format!("{questions} answers ({how})")),
        (questions, people) => {
            needs.push(format!("{questions} answers and a word on {people} findings ({how})"));
        }
    }
    (!needs.is_empty()).then(|| needs.join("; "))
}

/// `Q3-Q9` for items that follow each other, else all of them; nothing of none.
fn range(ids: &[&str]) -> Option<String> {
    let number = |id: &str| id.get(1..).and_then(|digits| digits.parse::<usize>().ok());
    let (first, last) = (ids.first()?, ids.last()?);
    let whole = number(last)?.checked_sub(number(first)?)?.checked_add(1)? == ids.len();
    Some(if whole && ids.len() > 2 { format!("{first}-{last}") } else { ids.join(", ") })
}

/// Something that was not read leaves it open: no person's answer settles that.
fn is_unseen(item: &ChecklistFact) -> bool {
    item.status == FindingStatus::Unknown
}

/// The same with why it is open.
fn not_shown(item: &ChecklistFact) -> Option<String> {
    let why = item.evidence.first().map_or("not understood", String::as_str);
    is_unseen(item).then(|| format!("{} {} ({})", item.id, item.question, line(why)))
}

/// Whether a document is the measured one a verification says, and no person.
fn asks_a_person(report: &Report, finding: &Finding) -> bool {
    let attested = report.audit.as_ref().is_some_and(|audit| audit.attested);
    finding.needs_a_person() && (attested || finding.rule != MEASURED)
}

/// The rule that asks whether the document is the measured one.
const MEASURED: &str = "DP-META-001";

const fn is_answered(question: &QuestionFact) -> bool {
    matches!(question.status, QuestionStatus::Accepted)
}

/// What a review is bound to beside the report.
#[derive(Debug, Clone)]
pub struct ReviewFor<'a> {
    /// The compose hash that the report is about.
    pub compose_hash: ComposeHash,
    /// The commit that will be reviewed, where it is known.
    pub commit: Option<&'a str>,
    /// A name for the rules that were asked.
    pub rule_set: &'a str,
    /// From when on the answers count no more.
    pub expires: Option<UnixTime>,
}

/// `review.toml`: every question, and every open finding that needs a person, each with what was found and how to look.
/// Nothing in it counts before a person has taken off the signs of comment and written down what they saw.
#[must_use]
pub fn review_template(report: &Report, review: &ReviewFor<'_>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "# A review for DevProof Stage 1. Answer by taking off `#` and writing what you looked at and saw."
    );
    let _ = writeln!(
        out,
        "# What stays commented out is not answered. The answers lapse when the compose, the commit or the"
    );
    let _ = writeln!(
        out,
        "# rules change, and at `expires`. Then: veritee verify EVIDENCE --review THIS --source DIR --commit HEX\n"
    );
    let _ = writeln!(out, "schema = \"veritee/review/v1\"");
    let reviewer =
        report.audit.as_ref().and_then(|audit| audit.review.as_ref()).map(|it| it.reviewer.as_str());
    let _ = match reviewer {
        Some(name) => writeln!(out, "reviewer = {}", quoted(name)),
        None => writeln!(out, "reviewer = \"NAME, ORGANISATION\""),
    };
    let _ = writeln!(out, "compose_hash = \"{}\"", review.compose_hash);
    let _ = match review.commit {
        Some(commit) => writeln!(out, "commit = {}", quoted(commit)),
        None => writeln!(out, "commit = \"\"    # the 40 hex digits of what you read: `git rev-parse HEAD`"),
    };
    let _ = writeln!(out, "rule_set = {}", quoted(review.rule_set));
    let _ = match review.expires {
        Some(at) => writeln!(out, "expires = \"{at}\""),
        None => writeln!(out, "# expires = \"2027-12-31\""),
    };
    let unseen: Vec<String> =
        report.audit.iter().flat_map(|audit| &audit.quick_check).filter_map(not_shown).collect();
    if !unseen.is_empty() {
        let _ = writeln!(out, "\n# Stage 1 needs these shown too, which no answer here does:");
        for item in &unseen {
            let _ = writeln!(out, "#   {}", line(item));
        }
    }
    for question in report.audit.iter().flat_map(|audit| &audit.questions) {
        ask(&mut out, question);
    }
    for finding in &report.findings {
        if asks_a_person(report, finding) || is_reviewed(finding, reviewer) {
            place_by_place(&mut out, finding, reviewer);
        }
    }
    out
}

/// The words with which the report's review answers a finding or place: a later review begins with them.
fn reviewed<'a>(allowed: Option<&'a String>, reviewer: Option<&str>) -> Option<&'a str> {
    allowed?.strip_prefix("reviewed by ")?.strip_prefix(reviewer?)?.strip_prefix(": ")
}

/// Whether the report's review has answered it, somewhere. What a policy lets pass asks nobody.
fn is_reviewed(finding: &Finding, reviewer: Option<&str>) -> bool {
    let spots = finding.places.iter().map(|spot| spot.allowed.as_ref());
    spots.chain([finding.allowed.as_ref()]).any(|words| reviewed(words, reviewer).is_some())
}

fn ask(out: &mut String, question: &QuestionFact) {
    let _ = writeln!(out, "\n# {}: {}", question.id, line(&question.question));
    let _ = writeln!(out, "# why: {}", line(&question.why));
    for found in &question.evidence {
        let _ = writeln!(out, "# found: {}", line(found));
    }
    for command in &question.commands {
        let _ = writeln!(out, "# look: {}", line(command));
    }
    match (&question.answer, question.status) {
        (Some(answer), status) => {
            let accepted = status == QuestionStatus::Accepted;
            let _ = writeln!(
                out,
                "[[answer]]\nid = {}\naccepted = {accepted}\nwords = {}",
                quoted(&question.id),
                quoted(answer)
            );
        }
        (None, _) => {
            let _ =
                writeln!(out, "#[[answer]]\n#id = {}\n#accepted = true\n#words = \"\"", quoted(&question.id));
        }
    }
}

fn place_by_place(out: &mut String, finding: &Finding, reviewer: Option<&str>) {
    let _ = writeln!(out, "\n# {} ({}): {}", finding.rule, finding.severity, line(&finding.title));
    let _ = writeln!(out, "# found: {} at {}", line(&finding.evidence), line(&finding.location));
    let _ = writeln!(out, "# look: veritee explain {}", finding.rule);
    if let Some(remedy) = &finding.remedy {
        let _ = writeln!(out, "# or: {}", line(remedy));
    }
    let all = reviewed(finding.allowed.as_ref(), reviewer);
    let spots: Vec<(&str, &str, Option<&str>)> = match (finding.places.as_slice(), &finding.place) {
        ([], None) => vec![("", finding.value.as_str(), all)],
        ([], Some(place)) => vec![(place.path.as_str(), finding.value.as_str(), all)],
        (spots, _) => spots
            .iter()
            .map(|spot| {
                let words = reviewed(spot.allowed.as_ref(), reviewer);
                (spot.place.path.as_str(), spot.value.as_str(), words)
            })
            .collect(),
    };
    for (path, value, words) in spots {
        let sign = if words.is_some() { "" } else { "#" };
        let _ = writeln!(out, "{sign}[[finding]]\n{sign}rule = {}", quoted(&finding.rule));
        if !path.is_empty() {
            let _ = writeln!(out, "{sign}place = {}", quoted(path));
        }
        if !value.is_empty() {
            let _ = writeln!(out, "{sign}value = {}", quoted(value));
        }
        let words = words.unwrap_or_default();
        let _ = writeln!(out, "{sign}accepted = true\n{sign}words = {}", quoted(words));
    }
}

/// One line that ends no comment: what it quotes is the audited party's.
fn line(text: &str) -> String {
    shortened(&inert(text), 240)
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() || inert(control.encode_utf8(&mut [0; 4])).len() > 4 => {
                let _ = write!(out, "\\U{:08X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
