//! A picture of a verdict that says its date and what was not checked, drawn from signed data and from nothing else.

use crate::bundle::demand_keys;
use crate::envelope::{self, Envelope};
use crate::{PublicKey, STATEMENT_TYPE, SealError, SigningKey, Statement};
use core::fmt::Write as _;
use ring::rand::SecureRandom;
use veritee_model::text::{inert, shortened};
use veritee_model::{CheckId, Kind, VerdictOutcome};

const OPENS: &str = "<metadata>";
const CLOSES: &str = "</metadata>";
const PLACE: &str = "the badge's data";

/// Draws the badge of a statement, with the signed statement inside.
///
/// # Errors
/// When the source of randomness fails.
pub fn badge(
    statement: &Statement,
    keys: &[SigningKey],
    random: &dyn SecureRandom,
) -> Result<String, SealError> {
    let envelope = envelope::write(STATEMENT_TYPE, statement.to_json().as_bytes(), keys, random)?;
    Ok(draw(statement, &envelope))
}

/// Takes the signed statement out of a badge, and draws it again: every byte has to be the same. Only which digests the
/// signatures name is free, for that is signed nowhere.
///
/// The bytes are untrusted; the caller caps their length.
///
/// # Errors
/// When there is no statement in it, a key has not signed it, or the picture is another.
pub fn open_badge(svg: &[u8], keys: &[PublicKey]) -> Result<Statement, SealError> {
    demand_keys(keys)?;
    let missing = |what: &str| SealError::Malformed { place: PLACE.to_owned(), what: what.to_owned() };
    let text = core::str::from_utf8(svg).map_err(|_not_text| missing("the badge is not UTF-8"))?;
    let (_, rest) = text.split_once(OPENS).ok_or_else(|| missing("the picture has no `metadata`"))?;
    let (data, _) = rest.split_once(CLOSES).ok_or_else(|| missing("the `metadata` does not end"))?;
    let envelope = Envelope::read(PLACE, data.as_bytes())?;
    // What is not signed of an envelope could be markup: none of it is taken over.
    let plain = envelope.plain().unwrap_or_default();
    let payload = envelope.verify(PLACE, STATEMENT_TYPE, keys)?;
    let statement = Statement::read(PLACE, &payload)?;
    let drawn = draw(&statement, &plain);
    if drawn == text {
        return Ok(statement);
    }
    let at = drawn.bytes().zip(text.bytes()).position(|(ours, theirs)| ours != theirs);
    Err(SealError::Badge { at: at.unwrap_or(drawn.len().min(text.len())) })
}

const WIDTH: usize = 460;
const LINE: usize = 18;
const TOP: usize = 46;
/// Characters in a line of the small text.
const COLUMNS: usize = 66;
/// Lines of names of checks; the rest is counted.
const NAME_LINES: usize = 3;

fn draw(statement: &Statement, envelope: &str) -> String {
    let own = &statement.predicate.veritee;
    let lines = lines(statement);
    let height = lines.len().saturating_mul(LINE).saturating_add(TOP).saturating_add(4);
    let headline = escaped(&own.headline);
    let colour = colour(statement);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"t d\">\n\
         <title id=\"t\">veritee: {headline}</title>\n<desc id=\"d\">{}</desc>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" rx=\"4\" fill=\"#ffffff\" stroke=\"{colour}\"/>\n\
         <rect width=\"{WIDTH}\" height=\"30\" rx=\"4\" fill=\"{colour}\"/>\n\
         <g font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\">\n\
         <text x=\"10\" y=\"20\" fill=\"#ffffff\" font-weight=\"bold\">{headline}</text>\n",
        escaped(&described(statement)),
    );
    for (at, line) in lines.iter().enumerate() {
        let y = at.saturating_mul(LINE).saturating_add(TOP);
        // Writing to a String cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{y}\" fill=\"#24292f\" font-size=\"11\">{}</text>",
            escaped(line)
        );
    }
    // The envelope is JSON of base64, hexadecimal and constants: nothing in it is markup.
    let _ = write!(svg, "</g>\n{OPENS}{envelope}{CLOSES}\n</svg>\n");
    svg
}

/// Green is for what was verified with nothing let pass, under Intel's root.
fn colour(statement: &Statement) -> &'static str {
    let own = &statement.predicate.veritee;
    match own.outcome {
        VerdictOutcome::Verified
            if own.loosened.is_empty() && own.intel_root == Some(true) && own.kind == Kind::Machine =>
        {
            "#1a6b2f"
        }
        VerdictOutcome::Verified | VerdictOutcome::Incomplete | VerdictOutcome::Findings => "#7a5200",
        VerdictOutcome::NotGenuine | VerdictOutcome::Refused => "#a40e26",
    }
}

fn lines(statement: &Statement) -> Vec<String> {
    let own = &statement.predicate.veritee;
    let mut lines =
        vec![format!("as of {}, by veritee {}", statement.predicate.time_verified, own.tool.version)];
    match own.intel_root {
        Some(true) => {}
        Some(false) => lines.push("NOT UNDER INTEL'S ROOT".to_owned()),
        None => lines.push("nothing is attested under Intel's root".to_owned()),
    }
    lines.push(match own.loosened.len() {
        0 => "the policy lets nothing pass that the default refuses".to_owned(),
        1 => "the policy is looser than the default in 1 way".to_owned(),
        count => format!("the policy is looser than the default in {count} ways"),
    });
    lines.push(format!("DevProof: {}", own.stage));
    match own.not_checked.len() {
        0 => lines.push("every check was made".to_owned()),
        count => lines.push(format!("NOT CHECKED ({count}):")),
    }
    lines.extend(names(&own.not_checked));
    lines.into_iter().map(|line| shortened(&inert(&line), COLUMNS)).collect()
}

/// Names of checks in a few lines; how many did not fit stands at the end.
fn names(checks: &[CheckId]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (at, check) in checks.iter().enumerate() {
        let left = checks.len().saturating_sub(at);
        let more = format!(" and {left} more");
        let room = COLUMNS.saturating_sub(more.len());
        let full = lines.len() == NAME_LINES;
        match lines.last_mut() {
            Some(line) if line.len().saturating_add(check.id().len()).saturating_add(2) <= room => {
                line.push_str(", ");
                line.push_str(check.id());
            }
            Some(line) if full => {
                line.push_str(&more);
                return lines;
            }
            _ => lines.push(check.id().to_owned()),
        }
    }
    lines
}

/// All of it in words, for those who do not see the picture.
fn described(statement: &Statement) -> String {
    let own = &statement.predicate.veritee;
    let list = |words: Vec<String>| if words.is_empty() { "nothing".to_owned() } else { words.join("; ") };
    format!(
        "Outcome {}. As of {}. Policy loosened by: {}. Not checked: {}. DevProof: {}.",
        own.headline,
        statement.predicate.time_verified,
        list(own.loosened.iter().map(|line| inert(line)).collect()),
        list(own.not_checked.iter().map(ToString::to_string).collect()),
        inert(&own.stage.to_string()),
    )
}

/// Text in XML. What a terminal or a reader of text would act on was made inert before.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
