//! The recipes in `docs/contributing/` name the files that an addition touches; here the lists are held true.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const RECIPES: [&str; 5] = ["rule", "form", "check", "reason", "format"];

/// What is never part of a recipe: the recipes, the record of changes, seeds of fuzzers (found by themselves), builds.
const LEFT_OUT: [&str; 8] = [
    "docs/contributing",
    "tests/recipes.rs",
    "CHANGELOG.md",
    "fuzz/seeds",
    "fuzz/target",
    "target",
    ".git",
    "findings",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn recipe(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("docs/contributing/{name}.md"))).unwrap()
}

/// The words in backticks of a text.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The files of the table, some with a `*` for any name in a folder.
fn listed(recipe: &str) -> Vec<&str> {
    recipe
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| quoted(line).first().copied())
        .collect()
}

fn found_by(recipe: &str) -> Vec<&str> {
    let line =
        recipe.lines().find(|line| line.contains("Found by: ")).expect("the example is found by something");
    quoted(line.split("Found by: ").nth(1).unwrap())
}

fn fits(pattern: &str, file: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == file,
        Some((before, after)) => file
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|middle| !middle.contains('/')),
    }
}

fn files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        if LEFT_OUT.contains(&name.as_str()) || name.ends_with("/target") || name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            found.push((name, text));
        }
    }
}

#[test]
fn every_recipe_names_exactly_the_files_that_its_example_touched() {
    let mut all = Vec::new();
    files(&root(), &mut all);
    for name in RECIPES {
        let recipe = recipe(name);
        let (listed, words) = (listed(&recipe), found_by(&recipe));
        assert!(!listed.is_empty() && !words.is_empty(), "{name}");
        let touched: BTreeSet<&str> = all
            .iter()
            .filter(|(_, text)| words.iter().any(|word| text.contains(word)))
            .map(|(file, _)| file.as_str())
            .collect();
        let unlisted: Vec<&&str> =
            touched.iter().filter(|file| !listed.iter().any(|pattern| fits(pattern, file))).collect();
        assert!(unlisted.is_empty(), "docs/contributing/{name}.md does not name {unlisted:?}");
        for pattern in listed {
            let exists = all.iter().any(|(file, _)| fits(pattern, file));
            assert!(exists, "docs/contributing/{name}.md names {pattern}, which is not there");
            let is_touched = touched.iter().any(|file| fits(pattern, file));
            // The reader's own file need not repeat the name of its form.
            assert!(
                is_touched || name == "form",
                "docs/contributing/{name}.md: its example does not touch {pattern}"
            );
        }
    }
}

#[test]
fn a_check_touches_few_files() {
    let mut all = Vec::new();
    files(&root(), &mut all);
    let snapshots =
        all.iter().filter(|(file, text)| file.contains("/snapshots/") && text.contains("binding.caa"));
    assert_eq!(snapshots.count(), 0, "snapshots repeat what was not checked");
}

#[test]
fn the_first_page_links_every_recipe() {
    let (readme, contributing) =
        (recipe("README"), std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap());
    for name in RECIPES {
        assert!(readme.contains(&format!("({name}.md)")), "{name}");
    }
    assert!(contributing.contains("docs/contributing/") && contributing.contains("./test.sh quick"));
}
