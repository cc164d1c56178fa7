//! The arrows inside the audit: facts lie below rules, no rule reads another, an id stands in its own file, and files
//! form no circle.
#![allow(missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Files by their path below `src`, without tests.
fn files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let shipped = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
                found.insert(name, shipped);
            }
        }
    }
    found
}

/// The files that a file names with `crate::`: the longest path that is a module.
fn named(text: &str, files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    for rest in code.split("crate::").skip(1) {
        paths(rest, String::new(), &mut |path| {
            let mut path = path.to_owned();
            while !path.is_empty() {
                let file = format!("{path}.rs");
                if files.contains_key(&file) {
                    found.insert(file);
                    break;
                }
                path = path.rsplit_once('/').map_or(String::new(), |(head, _)| head.to_owned());
            }
        });
    }
    found
}

/// Every path that begins at a text: `a::b`, `a::{self, b::c}`.
fn paths(text: &str, before: String, visit: &mut impl FnMut(&str)) {
    let word: String = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if let Some(list) = text.strip_prefix('{') {
        let mut depth = 0;
        let end = list
            .char_indices()
            .find(|(_, c)| {
                depth += match c {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                depth < 0
            })
            .map_or(list.len(), |(at, _)| at);
        let mut start = 0;
        let mut depth = 0;
        for (at, c) in list[..end].char_indices().chain([(end, ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    paths(list[start..at].trim(), before.clone(), visit);
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let path = if before.is_empty() { word.clone() } else { format!("{before}/{word}") };
    match text[word.len()..].strip_prefix("::") {
        Some(rest) => paths(rest, path, visit),
        None => visit(&path),
    }
}

fn is_rule(file: &str) -> bool {
    file.starts_with("rules/") && file.contains("/dp_")
}

#[test]
fn files_form_no_circle() {
    let files = files();
    let arrows: BTreeMap<&str, BTreeSet<String>> =
        files.iter().map(|(name, text)| (name.as_str(), named(text, &files))).collect();
    // Whatever reaches itself is part of a circle.
    for start in files.keys() {
        let mut open: Vec<Vec<&str>> = vec![vec![start]];
        let mut seen = BTreeSet::new();
        while let Some(way) = open.pop() {
            for next in &arrows[way[way.len() - 1]] {
                assert!(next != start || way.len() == 1, "a circle: {} -> {start}", way.join(" -> "));
                if next != start && seen.insert(next.as_str()) {
                    let mut way = way.clone();
                    way.push(next);
                    open.push(way);
                }
            }
        }
    }
}

#[test]
fn no_rule_reads_another_and_nothing_below_names_rules() {
    let files = files();
    let above = ["audit.rs", "diff.rs", "diff/findings.rs", "lib.rs", "review_file.rs"];
    for (name, text) in &files {
        for other in named(text, &files) {
            assert!(!is_rule(&other), "{name} reads the rule {other}");
            let may =
                above.contains(&name.as_str()) || name.starts_with("stage/") || name.starts_with("rules");
            assert!(may || !other.starts_with("rules"), "{name} lies below the rules and names {other}");
        }
        if is_rule(name) {
            assert!(!text.contains("super::dp_"), "{name} reads a rule beside it");
        }
    }
}

#[test]
fn an_id_of_a_rule_stands_in_its_own_file_only() {
    for (name, text) in files() {
        let own = name.rsplit('/').next().unwrap().trim_end_matches(".rs").to_uppercase().replace('_', "-");
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            let mut rest = line;
            while let Some((_, after)) = rest.split_once("\"DP-") {
                let id = format!("DP-{}", after.split('"').next().unwrap_or(""));
                // What is asked elsewhere has no file of its own.
                let elsewhere =
                    name == "rules.rs" && veritee_audit::ELSEWHERE.iter().any(|rule| rule.id == id);
                assert!(id == own || elsewhere, "{name}:{}: {id}", number + 1);
                rest = after;
            }
        }
    }
}

#[test]
fn every_file_of_a_rule_begins_with_what_it_protects() {
    for (name, text) in files().iter().filter(|(name, _)| is_rule(name)) {
        let first = text.lines().next().unwrap_or("");
        let sentence = first.strip_prefix("//! ").unwrap_or("");
        assert!(sentence.len() > 20 && sentence.ends_with(['.', '?']), "{name}: {first}");
    }
}
