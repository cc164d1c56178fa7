//! `veritee explain`

use crate::cli::{Explain, Format, Global};
use crate::failure::Failure;
use core::fmt::Write as _;
use include_dir::{Dir, include_dir};
use veritee_model::{CheckId, ExitCode, Reason, Step};

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/docs/reasons");
static RULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/docs/rules");
const GLOSSARY: &str = include_str!("../../docs/glossary.md");

pub(crate) fn run(options: &Explain, global: &Global) -> Result<ExitCode, Failure> {
    super::only(global, &[Format::Human], "explain")?;
    let text = match &options.code {
        _ if options.list => list(),
        Some(code) => page(code)?,
        None => list(),
    };
    crate::output::data(&text, global)?;
    Ok(ExitCode::Verified)
}

/// The page of a code, a check, a rule or a word.
pub(crate) fn page(code: &str) -> Result<String, Failure> {
    if let Some(reason) = Reason::from_code(code) {
        let file = PAGES.get_file(format!("{code}.md"));
        return file
            .and_then(|file| file.contents_utf8())
            .map(str::to_owned)
            .ok_or_else(|| Failure::internal(format!("`{reason}` has no page: please report this")));
    }
    if let Some(check) = CheckId::from_id(code) {
        return Ok(check_page(check));
    }
    let rule = code.to_ascii_uppercase();
    if let Some(rule) = veritee_audit::find_rule(&rule) {
        let file = RULES.get_file(format!("{}.md", rule.id));
        return file
            .and_then(|file| file.contents_utf8())
            .map(str::to_owned)
            .ok_or_else(|| Failure::internal(format!("`{}` has no page: please report this", rule.id)));
    }
    if let Some(rule) = veritee_audit::ELSEWHERE.iter().find(|known| known.id == rule) {
        return Ok(format!(
            "# {}\n\nQuestion: {}\nNot asked by this version: {}.\n",
            rule.id, rule.question, rule.why
        ));
    }
    if let Some(text) = exit_code(code).or_else(|| word(code)).or_else(|| item(code)) {
        return Ok(text + &step(code).unwrap_or_default());
    }
    let near = near(code);
    let help = if near.is_empty() {
        "`veritee explain --list` lists all".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    let shown = veritee_model::text::shortened(&veritee_model::text::inert(code), 60);
    Err(Failure::usage(format!(
        "`{shown}` is neither a reason code nor a check, a rule or a word of the screen"
    ))
    .help(help))
}

/// Words of the screen with what they mean, by their headings: the word, and other words for it after commas.
fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    GLOSSARY.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'))
}

/// A word of the screen, however it is spelled.
fn word(typed: &str) -> Option<String> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    let typed = plain(typed);
    // RTMR3 is an RTMR, Stage 0 is a stage, advisories are what an advisory is.
    let bare = typed.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let one = typed.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let one = one.or_else(|| typed.strip_suffix('s').map(str::to_owned)).unwrap_or_default();
    let find = |wanted: &str| {
        let is = |heading: &str| heading.split(", ").any(|word| plain(word) == wanted);
        words().find(|(heading, _)| !wanted.is_empty() && is(heading))
    };
    let found = find(&typed).or_else(|| find(bare)).or_else(|| find(&one));
    found.map(|(heading, text)| {
        let word = heading.split(", ").next().unwrap_or(heading);
        format!("# {word}\n\n{}\n", text.trim())
    })
}

/// One of the nine steps, with its checks.
fn step(typed: &str) -> Option<String> {
    let step = Step::ALL.into_iter().find(|step| step.name() == typed.to_ascii_lowercase())?;
    let mut text = String::from("\nChecks of this step:\n");
    for check in CheckId::ALL.iter().filter(|check| check.step() == step) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:28} {}", check.id(), check.question());
    }
    Some(text)
}

/// What an exit code says.
fn exit_code(typed: &str) -> Option<String> {
    let number: u8 = typed.parse().ok()?;
    ExitCode::ALL.iter().any(|(code, _)| code.code() == number).then(|| word("exit code"))?
}

/// A question for a person, or an item of a checklist, by its id.
fn item(typed: &str) -> Option<String> {
    let id = typed.to_ascii_uppercase();
    let audit = veritee_audit::audit_facts(&veritee_audit::Context::default());
    if let Some(question) = audit.questions.iter().find(|question| question.id == id) {
        let mut text =
            format!("# {id}\n\nA question for a person: {}\nWhy: {}\n", question.question, question.why);
        for command in &question.commands {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "Look: {command}");
        }
        text.push_str("\n`veritee review init` writes all of them down, with what was found.\n");
        return Some(text);
    }
    let (list, name) = match id.chars().next()? {
        'Q' => (&audit.quick_check, "Quick Check"),
        'E' => (&audit.erc733, "ERC-733"),
        _ => return None,
    };
    let item = list.iter().find(|item| item.id == id)?;
    let mut text = format!("# {id}\n\n{name}: {}\nDecided by: {}\n", item.question, item.rules.join(", "));
    if let Some(person) = item.person {
        let _ = writeln!(text, "For a person: {person}");
    }
    Some(text)
}

/// Codes and checks that someone who typed this may have meant, the nearest first.
fn near(typed: &str) -> Vec<&'static str> {
    const MOST: usize = 5;
    const SIMILAR: f64 = 0.85;
    let typed = veritee_model::text::shortened(&typed.to_ascii_lowercase(), 60);
    let known = Reason::ALL
        .iter()
        .map(|reason| reason.code())
        .chain(CheckId::ALL.iter().map(|check| check.id()))
        .chain(words().map(|(word, _)| word));
    let similarity = |known: &str| match known.contains(typed.as_str()) && typed.len() > 2 {
        true => 1.0,
        false => strsim::jaro_winkler(known, &typed),
    };
    let mut near: Vec<(f64, &str)> = known.map(|known| (similarity(known), known)).collect();
    near.retain(|(similarity, _)| *similarity >= SIMILAR);
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    near.into_iter().take(MOST).map(|(_, known)| known).collect()
}

fn check_page(check: CheckId) -> String {
    let required =
        if check.required_by_default() { "required by default" } else { "not required by default" };
    format!(
        "# {check}\n\nStep: {}\nQuestion: {}\nIt is {required}; a policy can say otherwise.\n",
        check.step(),
        check.question()
    )
}

fn list() -> String {
    let mut out = String::from("Reason codes\n");
    for reason in Reason::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {:44} {}", reason.code(), reason.title());
    }
    out.push_str("\nWords of the screen\n");
    for (word, _) in words() {
        let _ = writeln!(out, "  {word}");
    }
    out.push_str("\nChecks\n");
    for check in CheckId::ALL {
        let _ = writeln!(out, "  {:44} {}", check.id(), check.question());
    }
    out.push_str("\nRules of the audit\n");
    for rule in veritee_audit::rules() {
        let _ = writeln!(out, "  {:44} {}", rule.id, rule.title);
    }
    for rule in veritee_audit::ELSEWHERE {
        let _ = writeln!(out, "  {:44} {} (not asked by this version)", rule.id, rule.question);
    }
    out
}
