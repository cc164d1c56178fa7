//! Text made to do harm, in every string of a report at once: it must be as inert as any word.
//!
//! Each structured output is parsed by a reader of its own (html5ever, comrak with every extension, serde_json) and
//! compared, node by node, with the output for a harmless word in the same places.

use crate::samples;
use comrak::nodes::{AstNode, NodeValue};
use proptest::prelude::*;
use scraper::{Html, Node};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;
use veritee_model::text::{inert, is_hazardous};
use veritee_model::{Reason, Report};
use veritee_report::{HumanOptions, html, human, json, jsonl, markdown, parse, sarif};

/// No reason code, so that both outputs leave it out of command lines.
const HARMLESS: &str = "harmless words";

/// Where a report holds free text: every place where any string is still a report.
fn free_text(document: &Value) -> Vec<String> {
    fn strings(value: &Value, at: &str, out: &mut Vec<String>) {
        match value {
            Value::String(_) => out.push(at.to_owned()),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    strings(item, &format!("{at}/{index}"), out);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    strings(field, &format!("{at}/{name}"), out);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut all = Vec::new();
    strings(document, "", &mut all);
    all.retain(|pointer| {
        let mut changed = document.clone();
        *changed.pointer_mut(pointer).unwrap() = HARMLESS.into();
        serde_json::from_value::<Report>(changed).is_ok()
    });
    all
}

/// The sample with every optional field, the given text in every string.
fn filled_with(text: &str) -> Report {
    thread_local! {
        static PLACES: (Value, Vec<String>) = {
            let document = serde_json::from_str(&json(&samples::test_root())).unwrap();
            let places = free_text(&document);
            (document, places)
        };
    }
    PLACES.with(|(document, places)| {
        assert!(places.len() > 150, "{} places", places.len());
        let mut document = document.clone();
        for place in places {
            *document.pointer_mut(place).unwrap() = text.into();
        }
        serde_json::from_value(document).unwrap()
    })
}

/// Every output of the report holds against the text.
fn holds(text: &str) {
    let report = filled_with(text);
    human_holds(&report, text);
    json_holds(&report);
    sarif_holds(&report);
    html_holds(&report, text);
    markdown_holds(&report, text);
}

/// Compares piece by piece, so that a difference can be read.
fn same<L: AsRef<str>, R: AsRef<str>>(
    left: impl IntoIterator<Item = L>,
    right: impl IntoIterator<Item = R>,
    what: &str,
) {
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    loop {
        let (one, other) = (left.next(), right.next());
        let (one, other) = (one.as_ref().map(AsRef::as_ref), other.as_ref().map(AsRef::as_ref));
        assert_eq!(one, other, "{what}");
        if one.is_none() {
            return;
        }
    }
}

fn no_hazard(output: &str, what: &str) {
    let found = output.chars().find(|character| *character != '\n' && is_hazardous(*character));
    assert_eq!(found, None, "{what}");
}

fn human_holds(report: &Report, text: &str) {
    for (width, verbose) in [(0, 0), (80, 1), (80, 2), (133, 2)] {
        let plain = human(report, &HumanOptions { width, colour: false, verbose });
        no_hazard(&plain, "human");
        for line in plain.lines() {
            assert!(line.width() <= width.max(80), "{} columns: {line}", line.width());
        }
        let mut stripped = human(report, &HumanOptions { width, colour: true, verbose });
        for code in ["\u{1b}[1m", "\u{1b}[1;31m", "\u{1b}[1;32m", "\u{1b}[1;33m", "\u{1b}[0m"] {
            stripped = stripped.replace(code, "");
        }
        same(stripped.lines(), plain.lines(), "colour changes nothing but colour");
        if verbose > 0 && text.len() < 40 {
            let without_space = |text: &str| text.replace([' ', '\n'], "");
            let shown = without_space(&plain).matches(&without_space(&inert(text))).count();
            assert!(shown >= 50 || text.trim().is_empty(), "{text:?} is shown {shown} times");
        }
    }
}

fn json_holds(report: &Report) {
    for output in [json(report), jsonl(report)] {
        no_hazard(&output, "json");
        assert_eq!(&serde_json::from_str::<Report>(&output).unwrap(), report);
    }
}

fn sarif_holds(report: &Report) {
    let output = sarif(report);
    no_hazard(&output, "sarif");
    let log: Value = serde_json::from_str(&output).unwrap();
    crate::sarif_form::check(&log);
    let harmless: Value = serde_json::from_str(&sarif(&filled_with(HARMLESS))).unwrap();
    let results = |log: &Value| log["runs"][0]["results"].as_array().unwrap().len();
    assert_eq!(results(&log), results(&harmless));
}

/// Elements with their attributes, and text, in the order of the document.
fn html_nodes(output: &str) -> Vec<String> {
    let document = Html::parse_document(output);
    document
        .tree
        .root()
        .descendants()
        .map(|node| match node.value() {
            Node::Text(text) => format!("text {}", &**text),
            Node::Element(element) => {
                format!("element {} {:?}", element.name(), element.attrs().collect::<Vec<_>>())
            }
            other => format!("{other:?}"),
        })
        .collect()
}

fn html_holds(report: &Report, text: &str) {
    let output = html(report);
    no_hazard(&output, "html");
    let expected: Vec<String> = html_nodes(&html(&filled_with(HARMLESS)))
        .iter()
        .map(|node| node.replace(HARMLESS, &inert(text)))
        .filter(|node| node != "text ")
        .collect();
    same(html_nodes(&output), expected, "html");
}

/// Kinds and text of all nodes of a Markdown page, read with every extension that could interpret text.
fn markdown_nodes(output: &str) -> Vec<String> {
    fn walk<'a>(node: &'a AstNode<'a>, out: &mut Vec<String>) {
        out.push(match &node.data.borrow().value {
            NodeValue::Code(code) => format!("code {}", code.literal),
            NodeValue::Text(text) => format!("text {text}"),
            NodeValue::CodeBlock(block) => format!("block {}", block.literal),
            other => format!("{other:?}").split(['(', ' ', '{']).next().unwrap_or_default().to_owned(),
        });
        for child in node.children() {
            walk(child, out);
        }
    }
    let mut options = comrak::Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.superscript = true;
    options.extension.subscript = true;
    options.extension.underline = true;
    options.extension.spoiler = true;
    options.extension.math_dollars = true;
    options.extension.math_code = true;
    options.extension.wikilinks_title_after_pipe = true;
    options.extension.description_lists = true;
    options.extension.alerts = true;
    let arena = comrak::Arena::new();
    let mut out = Vec::new();
    walk(comrak::parse_document(&arena, output, &options), &mut out);
    out
}

fn markdown_holds(report: &Report, text: &str) {
    let output = markdown(report);
    no_hazard(&output, "markdown");
    let nodes = markdown_nodes(&output);
    for kind in ["Link", "Image", "HtmlInline", "HtmlBlock", "FootnoteReference", "Math", "Emph"] {
        assert!(!nodes.iter().any(|node| node == kind), "{kind}");
    }
    let shown = inert(text).replace('`', "\\u{60}");
    let expected: Vec<String> = markdown_nodes(&markdown(&filled_with(HARMLESS)))
        .iter()
        .map(|node| node.replace(HARMLESS, &shown))
        .collect();
    same(nodes, expected, "markdown");
}

const HARM: &[&str] = &[
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "\u{1b}]8;;https://example.org\u{1b}\\click\u{1b}]8;;\u{1b}\\",
    "\u{9b}31m",
    "a\r\n✓ pass  quote\nVERIFIED",
    "a\u{202e}b\u{2066}c\u{2069}\u{200f}",
    "\u{0}\u{7f}\u{feff}\u{e0041}\u{fe0f}",
    "\u{2028}# heading\u{2029}",
    "<script>alert(1)</script>",
    "</code></td></tr></table><img src=x onerror=alert(1)>",
    "\"' onmouseover=alert(1) x='",
    "<!-- ",
    "-->",
    "]]>",
    "<![CDATA[",
    "</style>",
    "</title>",
    "&lt;",
    "&#60;script&#62;",
    "&amp;amp;",
    "&notanentity",
    "| a | b |",
    "\\| x",
    "\\\\| x",
    "|",
    "\\",
    "\\\\\\",
    "a\\`b",
    "`",
    "``",
    "`|`",
    "` ` `",
    " `a` ",
    "# heading",
    "- item",
    "> quote",
    "1. one",
    "---",
    "===",
    "    code",
    "[click](https://example.org)",
    "![image](https://example.org/x.png)",
    "https://example.org",
    "www.example.org",
    "someone@example.org",
    "@someone",
    "#1",
    "owner/repo#1",
    "see GH-1",
    ":smile:",
    "$x$",
    "$`x`$",
    "~~x~~",
    "**x**",
    "__x__",
    "[^1]",
    "[[wiki|link]]",
    "||spoiler||",
    "<https://example.org>",
    "{{ 1 }}",
    "{0} {1}",
    "$(reboot)",
    "`reboot`",
    "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "e\u{301}\u{301}\u{301}",
    "שלום עולם 123",
    "مرحبا",
    " leading",
    "trailing ",
    " both ",
    "   ",
    "  two  spaces  ",
];

#[test]
fn known_attacks_are_inert_in_every_format() {
    for text in HARM {
        holds(text);
    }
}

#[test]
fn runs_of_backticks_of_any_length_stay_inside_the_code() {
    for length in [3, 79, 80, 81, 200] {
        holds(&format!("{}[x](y)", "`".repeat(length)));
    }
}

#[test]
fn a_very_long_string_is_wrapped_and_inert() {
    holds(&"a".repeat(20_000));
    holds(&"\u{1b}<|`".repeat(2_000));
    holds(&" ".repeat(5_000));
}

#[test]
fn empty_strings_render_and_are_marked_in_markdown() {
    let report = filled_with("");
    human_holds(&report, "");
    json_holds(&report);
    sarif_holds(&report);
    html_holds(&report, "");
    let output = markdown(&report);
    assert!(output.contains("| *empty* |") && !output.contains(" ``"));
}

#[test]
fn hostile_codes_never_stand_in_a_command() {
    for code in ["$(reboot)", "a;b", "a b", "-rf", "", "a\nb"] {
        let report = filled_with(code);
        let pages = [human(&report, &HumanOptions::default()), markdown(&report), sarif(&report)];
        for word in pages.iter().flat_map(|page| page.split("veritee explain ").skip(1)) {
            let word = word.split(['`', ' ', '\n']).next().unwrap();
            assert!(word == "CODE" || Reason::from_code(word).is_some(), "{code:?}: {word:?}");
        }
    }
}

#[test]
fn a_tampered_report_never_verifies_by_its_text() {
    // Every string of a refusal replaced by the words of success: the checks still add up to a refusal.
    let mut report = filled_with("verified");
    report.verdict.outcome = veritee_model::VerdictOutcome::Verified;
    report.verdict.exit_code = 0;
    "veritee/report/v1".clone_into(&mut report.schema);
    assert!(parse(json(&report).as_bytes()).is_err());
}

/// Any characters, with the dangerous ones far more often than by chance.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => any::<char>().prop_map(String::from),
        2 => proptest::sample::select(HARM).prop_map(str::to_owned),
        2 => proptest::sample::select(&["`", "|", "\\", "<", "&", "\u{1b}", "\u{202e}", " ", "\n", "{", "]("][..])
            .prop_map(str::to_owned),
        1 => "[ -~]{1,12}",
    ];
    proptest::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_string_is_inert_in_every_format(text in any_text()) {
        let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        prop_assume!(!plain);
        holds(&text);
    }
}
