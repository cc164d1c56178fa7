//! A page for people in Markdown (GitHub flavour), as auditors publish it.

use crate::page::{Block, Inline, Table, page};
use veritee_model::Report;
use veritee_model::text::inert;

/// The report as a Markdown page: the verdict first, then tables, then how to repeat it.
///
/// Whatever comes out of the report stands in code style, where no Markdown reader interprets anything: no link, no
/// image, no mention, no heading, no HTML. Backticks in it are written `\u{60}`.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let page = page(report);
    let mut out = String::new();
    for block in &page.blocks {
        match block {
            Block::Heading(level, words) => heading(&mut out, *level, words, page.test_root),
            Block::Section(parts) => {
                out.push_str("### ");
                line(&mut out, parts, Place::Line);
                out.push_str(if page.test_root { " (TEST ROOT)\n\n" } else { "\n\n" });
            }
            Block::Paragraph(parts) => {
                line(&mut out, parts, Place::Line);
                out.push_str("\n\n");
            }
            Block::Alarm(words) => {
                out.push_str("> **");
                out.push_str(words);
                out.push_str("**\n\n");
            }
            Block::List(items) => {
                for item in items {
                    out.push_str("- ");
                    line(&mut out, item, Place::Line);
                    out.push('\n');
                }
                out.push('\n');
            }
            Block::Table(rows) => table(&mut out, rows),
            Block::Command(command) => {
                out.push_str("```sh\n");
                out.push_str(command);
                out.push_str("\n```\n\n");
            }
        }
    }
    out.truncate(out.trim_end_matches('\n').len());
    out.push('\n');
    out
}

fn heading(out: &mut String, level: u8, words: &str, test_root: bool) {
    out.extend(core::iter::repeat_n('#', usize::from(level)));
    out.push(' ');
    out.push_str(words);
    if test_root {
        out.push_str(" (TEST ROOT)");
    }
    out.push_str("\n\n");
}

fn table(out: &mut String, table: &Table) {
    out.push('|');
    for name in table.head {
        out.push(' ');
        out.push_str(name);
        out.push_str(" |");
    }
    out.push_str("\n|");
    for _ in table.head {
        out.push_str(" --- |");
    }
    out.push('\n');
    for row in &table.rows {
        out.push('|');
        for cell in row {
            out.push(' ');
            line(out, cell, Place::Cell);
            out.push_str(" |");
        }
        out.push('\n');
    }
    out.push('\n');
}

/// In a table cell even a bar in code style ends the cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Line,
    Cell,
}

fn line(out: &mut String, parts: &[Inline], place: Place) {
    for part in parts {
        match part {
            Inline::Words(words) => out.push_str(words),
            Inline::Number(number) => out.push_str(&number.to_string()),
            Inline::Status(status) => {
                out.push_str(status.symbol());
                out.push(' ');
                out.push_str(status.word());
            }
            Inline::Reason(reason) => code(out, reason.code(), place),
            Inline::Code(text) | Inline::Text(text) => code(out, text, place),
        }
    }
}

/// A code span. Its content has no backtick, so that one backtick on each side is enough whatever the reader's
/// limits on longer fences are.
fn code(out: &mut String, text: &str, place: Place) {
    if text.is_empty() {
        out.push_str("*empty*");
        return;
    }
    let inert = inert(text);
    // A reader takes one space off each end when there is one on both.
    let padded =
        inert.starts_with(' ') && inert.ends_with(' ') && inert.contains(|character| character != ' ');
    out.push_str(if padded { "` " } else { "`" });
    for character in inert.chars() {
        match character {
            '`' => out.push_str("\\u{60}"),
            '|' if place == Place::Cell => out.push_str("\\|"),
            other => out.push(other),
        }
    }
    out.push_str(if padded { " `" } else { "`" });
}
