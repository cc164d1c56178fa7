//! What the outputs look like, as files: `tests/snapshots/<sample>.<format>`.
//!
//! `VERITEE_UPDATE_SNAPSHOTS=1 cargo test -p veritee-report` writes them anew; read the difference before committing.

use crate::samples;
use std::path::Path;
use veritee_report::{HumanOptions, html, human, json, markdown, sarif};

fn compare(name: &str, rendered: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("VERITEE_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, rendered).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let differs = kept.lines().zip(rendered.lines()).position(|(old, new)| old != new);
    assert!(
        kept == rendered,
        "{name} differs from line {}; VERITEE_UPDATE_SNAPSHOTS=1 writes it anew\n{rendered}",
        differs.map_or(kept.lines().count().min(rendered.lines().count()), |line| line) + 1
    );
}

#[test]
fn the_first_screen_of_each_report_is_as_kept() {
    for (name, report) in samples::shown() {
        compare(&format!("{name}.txt"), &human(&report, &HumanOptions::default()));
    }
}

#[test]
fn the_full_text_of_each_report_is_as_kept() {
    for (name, report) in samples::shown() {
        let options = HumanOptions { verbose: 2, ..HumanOptions::default() };
        compare(&format!("{name}.full.txt"), &human(&report, &options));
    }
}

#[test]
fn the_json_of_each_report_is_as_kept() {
    for (name, report) in samples::shown() {
        compare(&format!("{name}.json"), &json(&report));
    }
}

#[test]
fn the_markdown_of_each_report_is_as_kept() {
    for (name, report) in samples::shown() {
        compare(&format!("{name}.md"), &markdown(&report));
    }
}

#[test]
fn the_html_of_each_report_is_as_kept() {
    for (name, report) in samples::shown() {
        compare(&format!("{name}.html"), &html(&report));
    }
}

#[test]
fn the_sarif_of_each_report_is_as_kept() {
    for (name, report) in samples::shown() {
        compare(&format!("{name}.sarif"), &sarif(&report));
    }
}
