//! One self-contained HTML page: no script, no resource from elsewhere, everything escaped.
//!
//! The verdict, what it was loosened by and what it does not show come first, then the chain of trust as a picture,
//! then what failed and what the audit found; the rest is folded and opens without script, in print too by hand.

mod picture;

use crate::links::{self, Link};
use crate::page::{Block, Inline, Page, Table, page};
use crate::summary::{Status, documents_alone};
use std::collections::BTreeSet;
use veritee_model::text::inert;
use veritee_model::{CheckId, Reason, Report, VerdictOutcome};

/// The report as an HTML page for browsers and archives.
///
/// Every string of the report is escaped and isolated from the text direction around it; the page's own content
/// security policy forbids scripts and every load. Headings, table scopes and words beside symbols make it readable
/// without colour and by ear.
#[must_use]
pub fn html(report: &Report) -> String {
    let page = page(report);
    let mut out = String::new();
    head(&mut out, &page);
    let mut writer = Writer { out, test_root: page.test_root, named: BTreeSet::new() };
    let sections = sections(&page.blocks);
    for (number, section) in sections.iter().enumerate() {
        if number == 0 {
            writer.verdict(report, section);
        } else {
            writer.section(section);
        }
    }
    writer.out.push_str("</main>\n</body>\n</html>\n");
    writer.out
}

/// A heading of the second level with what stands below it; what stands before the first one is the verdict.
struct Section<'a> {
    heading: &'static str,
    blocks: Vec<&'a Block>,
}

fn sections(blocks: &[Block]) -> Vec<Section<'_>> {
    let mut sections = vec![Section { heading: "Verdict", blocks: Vec::new() }];
    for block in blocks {
        match block {
            Block::Heading(2, words) => sections.push(Section { heading: words, blocks: Vec::new() }),
            other => {
                if let Some(section) = sections.last_mut() {
                    section.blocks.push(other);
                }
            }
        }
    }
    sections
}

/// Whether a section stands open. What somebody must see before they trust the page does.
fn open(heading: &str) -> bool {
    matches!(
        heading,
        "Steps"
            | "Failures"
            | "Waived by policy"
            | "Judged otherwise"
            | "Notices"
            | "Findings"
            | "Verify it yourself"
    )
}

/// The colour and the shape of the verdict; its words stand beside them.
fn tone(report: &Report) -> (&'static str, &'static str) {
    let unattested = report.audit.as_ref().is_some_and(|audit| !audit.attested);
    match report.verdict.outcome {
        VerdictOutcome::Verified if unattested => ("plain", "–"),
        VerdictOutcome::Verified => ("good", "✓"),
        VerdictOutcome::Incomplete => ("caution", "?"),
        VerdictOutcome::Findings => ("caution", "!"),
        VerdictOutcome::Refused => ("bad", "✗"),
        VerdictOutcome::NotGenuine => ("forged", "✗✗"),
    }
}

struct Writer {
    out: String,
    test_root: bool,
    /// Checks whose row has its anchor already: a check may stand there once for each machine.
    named: BTreeSet<CheckId>,
}

impl Writer {
    fn verdict(&mut self, report: &Report, section: &Section<'_>) {
        let (tone, symbol) = tone(report);
        self.out.push_str("<header class=\"verdict ");
        self.out.push_str(tone);
        self.out.push_str("\">\n<span class=\"seal\" aria-hidden=\"true\">");
        self.out.push_str(symbol);
        self.out.push_str("</span>\n<div>\n");
        for block in &section.blocks {
            self.block(section.heading, block);
        }
        self.out.push_str("</div>\n</header>\n");
        self.loosened(report);
        if !documents_alone(report) {
            let links = links::links(report);
            let open = links.iter().filter(|link| link.status == Status::NotChecked);
            self.not_shown(&open.collect::<Vec<_>>());
            self.chain(report, &links);
        }
    }

    /// Every way in which the verdict rests on less than the default policy.
    fn loosened(&mut self, report: &Report) {
        if report.policy.loosened.is_empty() {
            return;
        }
        self.out.push_str("<section class=\"loosened\">\n<h2>Looser than the default</h2>\n<ul>\n");
        for words in &report.policy.loosened {
            self.out.push_str("<li>");
            enclosed(&mut self.out, "<bdi>", words, "</bdi>\n");
        }
        self.out.push_str("</ul>\n</section>\n");
    }

    /// What nobody may read out of the verdict, in our words.
    fn not_shown(&mut self, open: &[&Link]) {
        if open.is_empty() {
            return;
        }
        self.out.push_str("<section class=\"not-shown\">\n<h2>What this does not show</h2>\n<ul>\n");
        for link in open {
            self.out.push_str("<li>");
            self.sentence(link);
            self.out.push('\n');
        }
        self.out.push_str("</ul>\n</section>\n");
    }

    fn sentence(&mut self, link: &Link) {
        for words in [link.from.words(), " → ", link.to.words(), ", ", link.shows, ": ", link.found] {
            escape(&mut self.out, words);
        }
    }

    fn chain(&mut self, report: &Report, links: &[Link]) {
        self.out.push_str("<section id=\"chain\">\n<h2>Chain of trust");
        self.out.push_str(if self.test_root { " (TEST ROOT)</h2>\n" } else { "</h2>\n" });
        let intel = report.root.as_ref().is_none_or(|root| root.intel);
        picture::picture(&mut self.out, links, intel);
        self.out.push_str("<details>\n<summary>The picture in words</summary>\n<ul>\n");
        for link in links {
            self.out.push_str("<li>");
            status(&mut self.out, link.status);
            self.out.push(' ');
            self.sentence(link);
            for (number, check) in link.checks.iter().enumerate() {
                self.out.push_str(if number == 0 { " (" } else { ", " });
                self.out.push_str("<a href=#check-");
                self.out.push_str(check.id());
                self.out.push('>');
                self.out.push_str(check.id());
                self.out.push_str("</a>");
            }
            self.out.push_str(if link.checks.is_empty() { "\n" } else { ")\n" });
        }
        self.out.push_str("</ul>\n</details>\n</section>\n");
    }

    fn section(&mut self, section: &Section<'_>) {
        let folded = !open(section.heading);
        self.out.push_str(if folded { "<details>\n<summary>" } else { "<section class=items>\n" });
        self.heading(2, section.heading);
        self.out.push_str(if folded { "</summary>\n" } else { "" });
        let mut inside = false;
        let has_items = section.blocks.iter().any(|block| matches!(block, Block::Section(_)));
        for block in &section.blocks {
            // The folded items below are their own overview.
            if has_items && !inside && matches!(block, Block::Table(_)) {
                continue;
            }
            if let Block::Section(parts) = block {
                self.out.push_str(if inside { "</details>\n" } else { "" });
                self.out.push_str("<details>\n<summary><h3>");
                line(&mut self.out, parts);
                self.out.push_str(if self.test_root {
                    " (TEST ROOT)</h3></summary>\n"
                } else {
                    "</h3></summary>\n"
                });
                inside = true;
            } else {
                self.within(section.heading, inside, block);
            }
        }
        self.out.push_str(if inside { "</details>\n" } else { "" });
        self.out.push_str(if folded { "</details>\n" } else { "</section>\n" });
    }

    fn block(&mut self, section: &str, block: &Block) {
        self.within(section, false, block);
    }

    /// `named`: what folds the block has named it already.
    fn within(&mut self, section: &str, named: bool, block: &Block) {
        match block {
            Block::Heading(level, words) => self.heading(*level, words),
            Block::Section(parts) | Block::Paragraph(parts) => {
                self.out.push_str("<p>");
                line(&mut self.out, parts);
                self.out.push('\n');
            }
            Block::Alarm(words) => {
                self.out.push_str("<p class=\"alarm\" role=\"alert\">");
                escape(&mut self.out, words);
                self.out.push_str("</p>\n");
            }
            Block::List(items) => {
                self.out.push_str("<ul>\n");
                for item in items {
                    self.out.push_str("<li>");
                    line(&mut self.out, item);
                    self.out.push('\n');
                }
                self.out.push_str("</ul>\n");
            }
            Block::Table(rows) => self.table(section, named, rows),
            Block::Command(command) => {
                self.out.push_str("<pre>");
                escape(&mut self.out, command);
                self.out.push_str("</pre>\n");
            }
        }
    }

    fn heading(&mut self, level: u8, words: &str) {
        self.out.push_str(if level == 1 { "<h1>" } else { "<h2>" });
        escape(&mut self.out, words);
        self.out.push_str(if self.test_root { " (TEST ROOT)" } else { "" });
        self.out.push_str(if level == 1 { "</h1>\n" } else { "</h2>\n" });
    }

    /// Every cell of several carries the name of its column, so that a narrow page can show a row as a card. What HTML lets
    /// be left out is left out: quotes around one word, a row ends where the next begins, and a header in a row or a column of headers is one of that
    /// row or column.
    fn table(&mut self, section: &str, named: bool, table: &Table) {
        self.out.push_str("<table>\n");
        if !named {
            self.out.push_str("<caption>");
            escape(&mut self.out, section);
            self.out.push_str("</caption>\n");
        }
        self.out.push_str("<thead><tr>");
        for name in table.head {
            self.out.push_str("<th>");
            escape(&mut self.out, name);
        }
        self.out.push_str("\n<tbody>");
        for row in &table.rows {
            self.row(section, table.head, row);
        }
        self.out.push_str("</table>\n");
    }

    fn row(&mut self, section: &str, head: &[&'static str], row: &[Vec<Inline>]) {
        // The line ends inside the tag: between rows it would belong to the last cell, and none would be empty.
        self.out.push_str("<tr\n");
        if let Some(Inline::Code(name)) = row.first().and_then(|cell| cell.first()) {
            self.named(section, name);
        }
        self.out.push('>');
        // What a row ends with and does not have needs no cell.
        let filled = row.iter().rposition(|cell| !cell.is_empty()).map_or(1, |last| last.saturating_add(1));
        for (number, (cell, name)) in row.iter().zip(head).take(filled).enumerate() {
            if number == 0 {
                self.out.push_str("<th>");
                line(&mut self.out, cell);
            } else {
                self.out.push_str("<td");
                // Beside its name a single value needs no other; what is not there needs none.
                if head.len() > 2 && !cell.is_empty() {
                    self.out.push_str(" data-l=");
                    attribute(&mut self.out, name);
                }
                self.out.push('>');
                line(&mut self.out, cell);
            }
        }
    }

    /// A row that others lead to gets a name, where no row before took it: that of a check or of a reason.
    fn named(&mut self, section: &str, name: &str) {
        let (prefix, name) = match section {
            "Checks" => match CheckId::from_id(name) {
                Some(check) if self.named.insert(check) => ("check-", check.id()),
                _ => return,
            },
            // They are sorted out by code: each stands there once.
            "Codes" => match Reason::from_code(name) {
                Some(reason) => ("code-", reason.code()),
                None => return,
            },
            _ => return,
        };
        self.out.push_str(" id=");
        self.out.push_str(prefix);
        self.out.push_str(name);
    }
}

/// Our own words as an attribute's value.
fn attribute(out: &mut String, words: &str) {
    let plain = !words.is_empty() && words.bytes().all(|byte| byte.is_ascii_alphanumeric());
    out.push_str(if plain { "" } else { "\"" });
    escape(out, words);
    out.push_str(if plain { "" } else { "\"" });
}

/// The style of every page, in the bytes in which it stands there: a page that shows reports under a content security
/// policy of its own names their digest.
#[must_use]
pub fn html_style() -> String {
    compact(include_str!("html/style.css"))
}

/// Without the blanks that only people need. Our own style sheet: no selector in it has a blank before a colon, and no
/// string a quote.
fn compact(style: &str) -> String {
    let mut out = String::with_capacity(style.len());
    let (mut quoted, mut blank) = (false, false);
    for character in style.chars() {
        if !quoted && character.is_ascii_whitespace() {
            blank = true;
            continue;
        }
        let tight = |character: char| matches!(character, '{' | '}' | ':' | ';' | ',');
        if blank && !tight(character) && !out.ends_with(tight) && !out.is_empty() {
            out.push(' ');
        }
        blank = false;
        if !quoted && character == '}' && out.ends_with(';') {
            out.pop();
        }
        quoted ^= character == '"';
        out.push(character);
    }
    out
}

fn head(out: &mut String, page: &Page) {
    out.push_str(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
    );
    if page.test_root {
        out.push_str("TEST ROOT - ");
    }
    escape(out, page.title);
    out.push_str(" - veritee report</title>\n<style>");
    out.push_str(&html_style());
    out.push_str("</style>\n</head>\n<body>\n<main>\n");
}

fn line(out: &mut String, parts: &[Inline]) {
    for part in parts {
        match part {
            Inline::Words(words) => escape(out, words),
            Inline::Number(number) => out.push_str(&number.to_string()),
            Inline::Status(found) => status(out, *found),
            Inline::Reason(reason) => {
                out.push_str("<a href=#code-");
                out.push_str(reason.code());
                out.push('>');
                enclosed(out, "<code>", reason.code(), "</code></a>");
            }
            Inline::Code(text) => enclosed(out, "<code>", text, "</code>"),
            Inline::Text(text) => enclosed(out, "<bdi>", text, "</bdi>"),
        }
    }
}

fn status(out: &mut String, status: Status) {
    // Its symbol stands in the style sheet: for the eye, beside the word.
    out.push_str("<b class=");
    out.push_str(class(status));
    out.push('>');
    out.push_str(status.word());
    out.push_str("</b>");
}

fn enclosed(out: &mut String, open: &str, text: &str, close: &str) {
    out.push_str(open);
    escape(out, &inert(text));
    out.push_str(close);
}

const fn class(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::Waived => "waived",
        Status::NotChecked => "not-checked",
        Status::Fail | Status::Findings => "fail",
    }
}

fn escape(out: &mut String, text: &str) {
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
}
