//! One self-contained HTML page: no script, no resource from elsewhere, everything escaped.

use crate::page::{Block, Inline, Page, Table, page};
use crate::summary::Status;
use veritee_model::Report;
use veritee_model::text::inert;

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
    let mut section = "";
    for block in &page.blocks {
        match block {
            Block::Heading(level, words) => {
                section = words;
                heading(&mut out, *level, words, page.test_root);
            }
            Block::Section(parts) => {
                out.push_str("<h3>");
                line(&mut out, parts);
                out.push_str(if page.test_root { " (TEST ROOT)</h3>\n" } else { "</h3>\n" });
            }
            Block::Paragraph(parts) => {
                out.push_str("<p>");
                line(&mut out, parts);
                out.push_str("</p>\n");
            }
            Block::Alarm(words) => {
                out.push_str("<p class=\"alarm\" role=\"alert\">");
                escape(&mut out, words);
                out.push_str("</p>\n");
            }
            Block::List(items) => {
                out.push_str("<ul>\n");
                for item in items {
                    out.push_str("<li>");
                    line(&mut out, item);
                    out.push_str("</li>\n");
                }
                out.push_str("</ul>\n");
            }
            Block::Table(rows) => table(&mut out, section, rows),
            Block::Command(command) => {
                out.push_str("<pre>");
                escape(&mut out, command);
                out.push_str("</pre>\n");
            }
        }
    }
    out.push_str("</main>\n</body>\n</html>\n");
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
    out.push_str(" - veritee report</title>\n<style>\n");
    out.push_str(include_str!("html/style.css"));
    out.push_str("</style>\n</head>\n<body>\n<main>\n");
}

fn heading(out: &mut String, level: u8, words: &str, test_root: bool) {
    let tag = if level == 1 { "h1" } else { "h2" };
    out.push('<');
    out.push_str(tag);
    out.push('>');
    escape(out, words);
    if test_root {
        out.push_str(" (TEST ROOT)");
    }
    out.push_str("</");
    out.push_str(tag);
    out.push_str(">\n");
}

/// Wide tables scroll by themselves, with the keyboard too.
fn table(out: &mut String, section: &str, table: &Table) {
    out.push_str("<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"");
    escape(out, section);
    out.push_str("\">\n<table>\n<thead>\n<tr>");
    for name in table.head {
        out.push_str("<th scope=\"col\">");
        escape(out, name);
        out.push_str("</th>");
    }
    out.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (number, cell) in row.iter().enumerate() {
            out.push_str(if number == 0 { "<th scope=\"row\">" } else { "<td>" });
            line(out, cell);
            out.push_str(if number == 0 { "</th>" } else { "</td>" });
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn line(out: &mut String, parts: &[Inline]) {
    for part in parts {
        match part {
            Inline::Words(words) => escape(out, words),
            Inline::Number(number) => out.push_str(&number.to_string()),
            Inline::Status(status) => {
                out.push_str("<span class=\"");
                out.push_str(class(*status));
                out.push_str("\"><span aria-hidden=\"true\">");
                out.push_str(status.symbol());
                out.push_str("</span> ");
                out.push_str(status.word());
                out.push_str("</span>");
            }
            Inline::Code(text) => enclosed(out, "<code>", text, "</code>"),
            Inline::Text(text) => enclosed(out, "<bdi>", text, "</bdi>"),
        }
    }
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
