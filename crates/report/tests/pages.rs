//! Every reason has a page, every page a reason, and what a page says of exit code and check is true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use veritee_model::{CheckId, Class, ExitCode, Reason};

const SECTIONS: [&str; 4] = ["What it means", "What it protects from", "What to do", "Where it comes from"];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Pages by code.
fn pages() -> BTreeMap<String, String> {
    std::fs::read_dir(docs().join("reasons"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            assert_eq!(path.extension().unwrap(), "md", "{}", path.display());
            let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (code, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// One line for every paragraph or list item, so that it does not matter where a page breaks its lines.
fn paragraphs(page: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        let starts = line.starts_with('#') || line.starts_with("- ");
        match out.last_mut() {
            Some(last) if open && !starts && !line.is_empty() => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ if line.is_empty() => {}
            _ => out.push(line.trim().to_owned()),
        }
        open = !line.is_empty() && !line.starts_with('#');
    }
    out
}

#[test]
fn every_reason_has_a_page_and_every_page_a_reason() {
    let reasons: BTreeSet<String> = Reason::ALL.iter().map(|reason| reason.code().to_owned()).collect();
    let pages: BTreeSet<String> = pages().into_keys().collect();
    assert_eq!(reasons.difference(&pages).collect::<Vec<_>>(), Vec::<&String>::new(), "without a page");
    assert_eq!(pages.difference(&reasons).collect::<Vec<_>>(), Vec::<&String>::new(), "without a reason");
}

#[test]
fn every_page_has_title_sections_and_narrow_lines() {
    for (code, page) in pages() {
        assert!(page.starts_with(&format!("# {code}\n\n")), "{code}: the first line is the code");
        assert!(page.ends_with('\n') && !page.ends_with("\n\n"), "{code}: one line break at the end");
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{code}: at most 80 columns");
        assert!(page.is_ascii() && !page.contains('\t'), "{code}: plain ASCII");
        let paragraphs = paragraphs(&page);
        let headings: Vec<&str> = paragraphs.iter().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, SECTIONS, "{code}");
        for section in SECTIONS {
            let at = paragraphs.iter().position(|line| line == &format!("## {section}")).unwrap();
            let text = paragraphs.get(at + 1).map_or("", String::as_str);
            assert!(text.len() > 10 && !text.starts_with('#'), "{code}: {section} is empty");
        }
    }
}

#[test]
fn every_page_says_the_reason_in_the_words_of_the_program() {
    for (code, page) in pages() {
        let Some(reason) = Reason::from_code(&code) else { continue };
        let title = paragraphs(&page).get(1).cloned().unwrap_or_default();
        assert_eq!(title.to_lowercase(), format!("{}.", reason.title()).to_lowercase(), "{code}");
    }
}

#[test]
fn every_page_states_the_exit_code_of_its_class() {
    for (code, page) in pages() {
        let Some(reason) = Reason::from_code(&code) else { continue };
        let said: Vec<String> = paragraphs(&page)
            .iter()
            .filter_map(|line| line.strip_prefix("- Exit code: ").map(str::to_owned))
            .collect();
        let allowed: &[&str] = match reason.class() {
            Class::NotGenuine => &["10 (not genuine; no policy can waive it)"],
            Class::Refused => &["11 (genuine, refused by policy)"],
            Class::Undecided => &["13 (incomplete) where the check is required", "3 (no verdict)"],
            Class::Notice => &["none; a notice never changes the verdict"],
        };
        assert_eq!(said.len(), 1, "{code}");
        assert!(said.iter().all(|said| allowed.contains(&said.as_str())), "{code}: {said:?}");
    }
}

#[test]
fn every_page_names_checks_that_exist() {
    for (code, page) in pages() {
        let line = paragraphs(&page)
            .iter()
            .find_map(|line| line.strip_prefix("- Check: ").map(str::to_owned))
            .unwrap_or_else(|| panic!("{code} names no check"));
        let Some(reason) = Reason::from_code(&code) else { continue };
        match line.as_str() {
            "any" => {}
            "none; it stands among the notices" => assert_eq!(reason.class(), Class::Notice, "{code}"),
            "none; reading stops before any" => assert!(page.contains("- Exit code: 3 "), "{code}"),
            names => {
                assert_ne!(reason.class(), Class::Notice, "{code}");
                for name in names.split(", ") {
                    let id = name.strip_prefix('`').and_then(|name| name.strip_suffix('`')).unwrap_or(name);
                    assert!(CheckId::from_id(id).is_some(), "{code}: {name}");
                }
            }
        }
    }
}

#[test]
fn no_two_pages_say_the_same() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (code, page) in pages() {
        let meaning = paragraphs(&page).iter().skip_while(|line| *line != "## What it means").nth(1).cloned();
        if let Some(other) = seen.insert(meaning.unwrap_or_default(), code.clone()) {
            panic!("{code} and {other}");
        }
    }
}

#[test]
fn the_page_of_exit_codes_has_the_table_of_the_program() {
    let page = std::fs::read_to_string(docs().join("exit-codes.md")).unwrap();
    let table: Vec<String> = page.lines().filter(|line| line.starts_with("| ")).map(str::to_owned).collect();
    let mut expected = vec!["| code | meaning |".to_owned(), "| --- | --- |".to_owned()];
    expected.extend(ExitCode::ALL.iter().map(|(code, meaning)| format!("| {} | {meaning} |", code.code())));
    assert_eq!(table, expected);
}

#[test]
fn the_page_of_formats_names_every_field_of_a_report() {
    let page = std::fs::read_to_string(docs().join("formats.md")).unwrap();
    let schema = std::fs::read_to_string(docs().join("schemas/report-v1.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    for field in schema.get("properties").and_then(serde_json::Value::as_object).unwrap().keys() {
        assert!(page.contains(&format!("\n- `{field}`")), "{field}");
    }
}
